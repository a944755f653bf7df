"""Settings of the methods, one class for each paper, with the source of every number.

The defaults are what the released code does, with plain bugs mended; what the presets change is in
`na2q.config.deviations`.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Len, Predicate

from na2q.config.checks import Count, Limit, Norm, Share, Since, Weight, Whole, Width, different, increasing
from na2q.config.settings import NoOptions, Settings

Orders = Annotated[tuple[Count, ...], Len(1), Predicate(different)]
"""Sizes of coalitions."""
Range = Annotated[tuple[Limit, Limit], Predicate(increasing)]
"""Two ends of a range."""


@dataclass(frozen=True)
class QMIXOptions(Settings):
    """QMIX mixing network (released code; the widths of the WQMIX repository)."""

    embed: Width = 32
    """Hidden units of the mixing network."""
    hyper: Width = 64
    """Hidden units of the hypernetworks."""


@dataclass(frozen=True)
class QTRANOptions(Settings):
    """QTRAN-base (released code; the constants of the WQMIX and QPLEX repositories)."""

    embed: Width = 64
    """Hidden units of the joint value and of V(s)."""
    opt: Weight = 1.0
    """Weight of L_opt, the equality at the greedy joint action (QTRAN paper, lambda_opt)."""
    nopt: Weight = 0.1
    """Weight of L_nopt, the bound at the joint action taken (released code)."""


@dataclass(frozen=True)
class QattenOptions(Settings):
    """Qatten's attention over agents (released code)."""

    heads: Width = 4
    """Attention heads (Qatten paper, section 4)."""
    embed: Width = 32
    """Width of queries and keys, and of the bias net c(s)."""
    hyper: Width = 64
    """Hidden units of query and head-weight nets."""
    unit_dim: Whole = 1
    """State features that key i sees; 0 takes the task's `EnvSpec.unit_dim`.

    The released configuration holds a boolean here, which the code reads as 1 (C6).
    """


@dataclass(frozen=True)
class QPLEXOptions(Settings):
    """QPLEX's duplex dueling mixer (released code; QPLEX's didactic configuration)."""

    kernels: Width = 10
    """Summands of the importance lambda_i(s, u)."""
    hyper: Width = 64
    """Hidden units of all nets."""


@dataclass(frozen=True)
class WQMIXOptions(QMIXOptions):
    """OW-QMIX: QMIX and its unrestricted central value (released code; defaults of WQMIX's own)."""

    weight: Share = 0.1
    """Weight w of transitions whose Q_tot is not below the target (WQMIX paper used 0.5 on SMAC)."""
    central_hidden: Width = 256
    """Hidden units of the central mixer."""


@dataclass(frozen=True)
class CDSOptions(QPLEXOptions):
    """CDS: QPLEX's mixer and rewards for behaviour that tells agents apart (released code).

    The defaults are CDS's own for 5m_vs_6m, which NA2Q's comparison uses on every task;
    `original` has those of other maps.
    """

    beta1: Weight = 2.0
    """Weight of what the agent's index tells about its next observation; sharpness of pi_i."""
    beta2: Weight = 1.0
    """Weight of the divergence of pi_i from the mean policy."""
    beta: Weight = 0.01
    """Weight of the intrinsic reward."""
    local_l1: Weight = 0.1
    """Weight of the L1 norm of the local heads' utilities."""
    predictor_hidden: Width = 128
    """Hidden units of the two predictors."""
    predictor_lr: Share = 1e-3
    """Learning rate of the predictors' Adam."""
    predictor_clip: Norm = 1.0
    """Largest L2 norm of a predictor's gradient."""
    predictor_batch: Count = 256
    """Rows in one step of the predictors; one row is one agent in one transition."""
    mask_padding: bool = True
    """Keep padding out of the L1 norm and the predictor minibatches (the released code does not)."""


@dataclass(frozen=True)
class DVDOptions(Settings):
    """DVD's mixer with trajectory-graph credits (released code)."""

    embed: Width = 32
    """Embedding of each agent made from the state, and width of the bias net V(s)."""
    hyper: Width = 64
    """Hidden units of the embedding net."""
    attention: Width = 16
    """Width of the encoded histories that the graph compares."""
    alive: Literal["any", "sum", "all"] = "any"
    """Which agents take part: any feature of o_i not 0; released: sum of o_i > 0; or all of them.

    On LBF, whose observations use -1 as filler, the released test drops two agents in five.
    """


@dataclass(frozen=True)
class SHAQOptions(Settings):
    """SHAQ's coefficients over sampled coalitions (released code)."""

    samples: Width = 10
    """Orders of the agents drawn for each transition."""
    embed: Width = 32
    """Hidden units of the coefficient net."""
    hyper: Width = 64
    """Hidden units of its hypernetworks."""
    alpha_lr: Share = 5e-4
    """Learning rate of the coefficient net; `original` has SHAQ's own for each map."""


@dataclass(frozen=True)
class NA2QOptions(Settings):
    """The NA2Q mixer and its VAE; each field that tells paper and code apart names its row."""

    orders: Orders = (1, 2)
    """Sizes of the coalitions that get a shape function (section 4; section 5.3 ablates 1, 2, 3)."""
    credits: Literal["semantics", "state", "uniform"] = "semantics"
    """What credits come from (section 5.3): state is w/o semantic, uniform is w/o attention.

    The released code has neither ablation. Ours drop the VAE, which nothing uses then: see `keep_vae`.
    """
    uniform_credit: Literal["one", "mean"] = "one"
    """Value of uniform credits: 1, a plain sum, or 1 / number of terms, the scale of attention credits.

    Section 5.3 does not say which.
    """
    state_bias: bool = True
    """Add f_0(s). Section 5.3 says of w/o attention that it lacks state information, which may mean off."""
    keep_vae: bool = False
    """Train the VAE for its masks even where no credit depends on it (not in the paper)."""
    shape_hidden: tuple[Width, Width] = (8, 4)
    """Hidden widths of a shape function (Table 4)."""
    shape: Literal["table4", "two_sided"] = "table4"
    """Hidden units: ELU(x) as in Table 4, which makes Q_tot - f_0 convex in the utilities, or half of
    them -ELU(-x), as monotone but free to bend down (not in the paper).

    With two hidden layers two-sided units approximate every rising function of one utility. They do not so for two:
    a pair of which one agent has to do more, no matter which, is missed by 1/6 of its range or more at given
    utilities. Three layers would do (book, on monotone shapes)."""
    anchored: Annotated[bool, Since(4, False)] = False
    """Make every shape function 0 where all utilities are 0, by taking its value there from it (not in the paper).

    A constant in f_k reaches Q_tot as credit times constant, which no agent has earned (book, on who really earned
    it)."""
    embed: Width = 64
    """Width of the attention maps w_s and w_z (App. F.3)."""
    bias_hidden: tuple[Width, Width] = (64, 32)
    """Hidden widths of f_0(s) (A15)."""
    vae_hidden: Width = 32
    """Hidden width of encoder and decoder (App. F.3; A12)."""
    beta: Weight = 0.1
    """Weight of the VAE loss (App. F.3)."""
    relu_on: Literal["semantics", "state"] = "semantics"
    """Side of Eq. (8) that passes a ReLU (A3: the paper prints the state side)."""
    scale_credits: bool = True
    """Divide the logits of Eq. (8) by the root of the number of terms (A4)."""
    td_to_encoder: bool = False
    """Let the TD error train the encoder (A6: Eq. (9) does, the released code does not)."""
    share_sample: bool = False
    """Use one sample of z for mask and credits (A7: section 4 does, the released code draws twice)."""
    target_encoder: bool = True
    """Encode target hidden states with a target copy of the VAE (A8)."""
    vae_reduction: Literal["mean", "sum"] = "mean"
    """Average the terms of Eq. (6) over agents and features, or sum them as printed (A9)."""
    mask_padding: bool = True
    """Keep padded slots out of the VAE loss (A10: a bug of the released code)."""
    log_std_range: Range = (-10.0, 2.0)
    """Clamp of the encoder's log standard deviation (A11)."""
    nonneg: Literal["project", "abs"] = "project"
    """Make weights absolute after each step, or take absolute values in the graph (A14, Table 4)."""
    mixer_optimizer: Literal["adam", "rmsprop"] = "adam"
    """Optimiser of the mixer (A13: App. F.3 names none for it; the VAE always has Adam)."""


SUBJECT = "na2q"
"""The method that the paper is on: what is trained where none is named, and what others are compared with."""

METHOD_OPTIONS: dict[str, Settings] = {
    "vdn": NoOptions(),
    "qmix": QMIXOptions(),
    "qtran": QTRANOptions(),
    "qatten": QattenOptions(),
    "qplex": QPLEXOptions(),
    "wqmix": WQMIXOptions(),
    "cds": CDSOptions(),
    "dvd": DVDOptions(),
    "shaq": SHAQOptions(),
    "na2q": NA2QOptions(),
    "iql": NoOptions(),
}
"""Settings of each method by its name; their defaults are those of preset `released`."""
