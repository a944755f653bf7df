"""na2q: a literate, tested reproduction of NA2Q and its baselines in cooperative multi-agent Q-learning."""
