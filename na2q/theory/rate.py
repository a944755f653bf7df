"""What a code for masks may cost: the loss of Eq. (6) as a rate-distortion problem.

For a feature with mean square v the best mask costs psi(v) = min_M (1 - M)^2 v + M. A mask that knows a code k of the
moment costs E psi(E[o^2 | k]) instead of psi(E o^2): less, since psi is concave. The code costs its nats.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from na2q.theory.semantics import optimal_mask


def mask_cost(square: Any) -> Any:
    """psi(v) = v up to v = 1/2 and 1 - 1 / (4 v) above: loss of the best mask of a feature with mean square v."""
    v = np.asarray(square, float)
    return np.where(v <= 0.5, v, 1 - 0.25 / np.maximum(v, 0.5))


def largest_saving(square: ndarray) -> float:
    """What knowing every o^2 exactly would save on average, for squared features (r, o); summed over features."""
    return float((mask_cost(square.mean(0)) - mask_cost(square).mean(0)).sum())


class Code(NamedTuple):
    """A code of so many words for masks, and what it costs."""

    nats: float  # mutual information between moment and word
    loss: float  # mean loss of the masks, summed over features
    words: ndarray  # probability of each word, (k,)
    masks: ndarray  # its mask, (k, o)


def best_code(square: ndarray, price: float, words: int = 16, sweeps: int = 200, seed: int = 0) -> Code:
    """Code that minimises loss + price * nats, by alternating minimisation; each sweep lowers the sum.

    Blahut's and Arimoto's iteration with masks as reproductions. It finds a local minimum: an upper bound on what a
    code of that price has to cost.

    Args:
        square: squared features of the moments, (r, o).
        price: loss that one nat costs.
        words: largest number of words.
        sweeps: iterations.
        seed: of the words at the start, which are moments drawn at random.
    """
    rng = np.random.default_rng(seed)
    masks = optimal_mask(np.sqrt(square[rng.choice(len(square), words)]))
    share = np.full(words, 1 / words)
    for _ in range(sweeps):
        loss = square @ np.square(1 - masks).T + masks.sum(1)  # (r, k)
        logits = np.log(share) - (loss - loss.min(1, keepdims=True)) / price
        chosen = np.exp(logits - logits.max(1, keepdims=True))
        chosen /= chosen.sum(1, keepdims=True)
        share = np.maximum(chosen.mean(0), 1e-300)
        masks = optimal_mask(np.sqrt(chosen.T @ square / np.maximum(chosen.sum(0), 1e-300)[:, None]))
    information = np.where(chosen > 0, chosen * np.log(np.maximum(chosen, 1e-300) / share), 0).sum(1).mean()
    loss = square @ np.square(1 - masks).T + masks.sum(1)
    return Code(float(information), float((chosen * loss).sum(1).mean()), share, masks)


class Price(NamedTuple):
    """What a code is worth at a price of a nat: losses of Eq. (6) per agent, summed over features."""

    price: float
    empty: float
    """Loss of the best fixed mask, the empty code."""
    saving: float
    """What knowing every feature would save."""
    nats: float
    """What the best code found holds."""
    total: float
    """Its loss with the price of its nats."""


def priced(square: ndarray, price: float, seed: int = 0) -> Price:
    """Compare the empty code with the best of 32 words that 80 sweeps find, for squared features (r, o)."""
    code = best_code(square, price, 32, 80, seed)
    empty = float(mask_cost(square.mean(0)).sum())
    return Price(price, empty, largest_saving(square), code.nats, code.loss + price * code.nats)
