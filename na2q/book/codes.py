"""A sentence on codes for masks: whether one would pay, beside what a trained posterior holds."""

from na2q.theory.rate import Price

CLEAR = 1e-3
"""Loss that a code has to save, its nats paid, so that a sentence calls it one that pays."""


def in_words(price: Price, nats: float) -> str:
    """Say what a price means for a code, and how many nats a posterior that was trained at it holds."""
    held = f"the posterior holds {nats:.2f}"
    if price.total < price.empty - CLEAR:
        return f"a code of {price.nats:.2f} nats would pay, and {held}"
    return f"no code was found that pays: the empty one is the best known, and {held}"
