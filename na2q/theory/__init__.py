"""The paper's mathematics as small functions of NumPy and SciPy, used by the theory chapters and their tests."""
