"""Identity semantics: Eq. (5) on enumerable models, Eq. (6)'s mask in closed form, Eq. (8) as printed, App. C."""

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

Numbers = Any  # an array of any shape or one number; NumPy returns numbers where arrays have no axes


def optimal_mask(obs: Numbers, l1_weight: float = 1.0) -> Numbers:
    """Mask in [0, 1] that minimises (o - M o)^2 + l1_weight |M| feature by feature, in any shape (Eq. 6).

    The derivative -2 (1 - M) o^2 + l1_weight vanishes at M = 1 - l1_weight / (2 o^2), and where that is
    negative the minimum is at 0: the mask depends on the size of the feature and on nothing else.
    """
    square = np.square(np.asarray(obs, float))
    with np.errstate(divide="ignore", over="ignore"):
        return np.maximum(0.0, 1 - l1_weight / (2 * square)) if l1_weight else np.ones_like(square)


def optimal_constant_mask(obs: Numbers, l1_weight: float = 1.0) -> Numbers:
    """Best mask (o,) that may not depend on the sample, for observations (r, o): o^2 becomes its mean."""
    return optimal_mask(np.sqrt(np.square(obs).mean(0)), l1_weight)


def literal_credits(exponents: Numbers, terms: int) -> Numbers:
    """Eq. (8) as printed: one exponent (r,) for all k, hence credits (r, terms) that are all 1/terms."""
    logits = np.repeat(exponents[:, None], terms, 1)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


# --- App. C in the model z ~ N(0, 1), x | z ~ N(z, 1) --------------------------------------------


def gaussian_kl(mean: Numbers, std: Numbers) -> Numbers:
    """KL(N(mean, std^2) || N(0, 1)) in nats, elementwise."""
    return 0.5 * (np.square(std) + np.square(mean) - 1) - np.log(std)


def log_evidence(x: Numbers) -> Numbers:
    """Log density of x ~ N(0, 2), the marginal of the model, in nats; elementwise."""
    return -0.5 * np.log(4 * np.pi) - np.square(x) / 4


def expected_log_likelihood(x: Numbers, mean: Numbers, std: Numbers) -> Numbers:
    """E_q log N(x; z, 1) for q = N(mean, std^2), in nats; elementwise."""
    return -0.5 * np.log(2 * np.pi) - 0.5 * (np.square(x - mean) + np.square(std))


def lower_bound(x: Numbers, mean: Numbers, std: Numbers) -> Numbers:
    """The evidence lower bound (App. C), E_q log p(x|z) - KL(q || p), elementwise: never above `log_evidence`."""
    return expected_log_likelihood(x, mean, std) - gaussian_kl(mean, std)


def printed_bound(x: Numbers, mean: Numbers, std: Numbers) -> Numbers:
    """App. C as printed, with + KL, elementwise: no lower bound."""
    return expected_log_likelihood(x, mean, std) + gaussian_kl(mean, std)


# --- Eq. (5) on binary models --------------------------------------------------------------------


class CausalModel(NamedTuple):
    """A binary model, enumerated: P(s, z, q) as observed and P(q = 1 | do(s)) as its graph implies."""

    graph: str
    joint: ndarray  # (s, z, q)
    do: ndarray  # (s,)


def conditional(joint: Numbers) -> Numbers:
    """Observational P(q = 1 | s), (s,)."""
    return joint[:, :, 1].sum(1) / joint.sum((1, 2))


def adjustment(joint: Numbers) -> Numbers:
    """Eq. (5): sum_z P(q = 1 | s, z) P(z), (s,)."""
    return (joint[:, :, 1] / joint.sum(2)) @ joint.sum((0, 2))


def paired_average(joint: Numbers) -> Numbers:
    """What a mixer fed with pairs (s, z) averages: sum_z P(q = 1 | s, z) P(z | s), (s,)."""
    z_given_s = joint.sum(2) / joint.sum((1, 2))[:, None]
    return ((joint[:, :, 1] / joint.sum(2)) * z_given_s).sum(1)


def bernoulli(p: Numbers) -> Numbers:
    """Append an axis of length 2 that holds the probabilities of 0 and 1: p of any shape (...), result (..., 2)."""
    p = np.asarray(p, float)
    return np.stack([1 - p, p], -1)


def confounder() -> CausalModel:
    """z causes both s and q: the case that Eq. (5) is made for."""
    p_z = bernoulli(np.array(0.5))
    s_given_z = bernoulli(np.array([0.1, 0.9]))  # (z, s)
    q_given_sz = np.array([[0.1, 0.5], [0.4, 0.9]])  # (s, z)
    joint = np.einsum("z,zs,szq->szq", p_z, s_given_z, bernoulli(q_given_sz))
    return CausalModel("z -> s, z -> q, s -> q", joint, q_given_sz @ p_z)


def mediator() -> CausalModel:
    """s acts on q only through z: adjusting for z takes the effect away."""
    p_s = bernoulli(np.array(0.5))
    z_given_s = bernoulli(np.array([0.1, 0.9]))  # (s, z)
    q_given_z = np.array([0.1, 0.8])
    joint = np.einsum("s,sz,zq->szq", p_s, z_given_s, bernoulli(q_given_z))
    return CausalModel("s -> z -> q", joint, z_given_s @ q_given_z)


def hidden_confounder() -> CausalModel:
    """A hidden c causes s and q, and z is a noisy image of s, as an observation is: it cannot help."""
    p_c = bernoulli(np.array(0.5))
    s_given_c = bernoulli(np.array([0.1, 0.9]))  # (c, s)
    z_given_s = bernoulli(np.array([0.2, 0.8]))  # (s, z)
    q_given_sc = np.array([[0.1, 0.5], [0.4, 0.9]])  # (s, c)
    joint = np.einsum("c,cs,sz,scq->szq", p_c, s_given_c, z_given_s, bernoulli(q_given_sc))
    return CausalModel("c -> s, c -> q, s -> q, s -> z, c hidden", joint, q_given_sc @ p_c)


def history(current: bool) -> CausalModel:
    """A past p causes s and q; z is the past itself, or (current) the newest observation of s and p.

    The paper's z_i encodes tau_t, which holds o_t, a function of s_t: the second case.
    """
    p_past = bernoulli(np.array(0.5))
    s_given_past = bernoulli(np.array([0.1, 0.9]))  # (p, s)
    q_given_sp = np.array([[0.1, 0.5], [0.4, 0.9]])  # (s, p)
    seen = np.array([[0.1, 0.4], [0.6, 0.9]]) if current else np.array([[0.0, 1.0], [0.0, 1.0]])  # P(z=1 | s, p)
    joint = np.einsum("p,ps,spz,spq->szq", p_past, s_given_past, bernoulli(seen), bernoulli(q_given_sp))
    name = "z = past and present" if current else "z = past"
    return CausalModel(f"p -> s, p -> q, s -> q, {name}", joint, q_given_sp @ p_past)
