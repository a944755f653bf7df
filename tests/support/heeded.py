"""Signals that ask to stop do so in what tests start, also where `nohup` or a shell in the background ignores them."""

import signal


def heed_signals() -> None:
    """Let SIGINT and SIGHUP do what they do in a terminal, here and in processes that begin from here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
