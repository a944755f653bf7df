"""Training: configuration in, run folder out."""
