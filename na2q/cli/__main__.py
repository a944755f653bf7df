"""`python -m na2q.cli` is the command `na2q`."""

from na2q.cli import main

if __name__ == "__main__":
    main()
