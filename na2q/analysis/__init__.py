"""Analysis: run folders in, tables and pictures out."""
