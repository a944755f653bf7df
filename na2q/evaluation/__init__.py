"""Runs compared: curves, tests over seeds, verdicts on the claims of the paper."""
