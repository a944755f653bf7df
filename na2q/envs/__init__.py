"""Environments behind one interface, found by name."""
