"""The built book in a real browser: what `check_site.py` and `print_site.py` share."""
