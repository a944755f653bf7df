"""Trained models explained: recordings, masks, shape functions, contributions, and tests of what they claim."""
