"""Every field of every group of settings takes what its type allows and refuses the rest by name."""

import dataclasses
import math
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import numpy as np
import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt
from hypothesis import given, settings
from hypothesis import strategies as st

from na2q.config import ENV_OPTIONS, METHOD_OPTIONS, Settings, TrainConfig, changed, check_name, checked, configure
from na2q.config.checks import Unbounded, hints_of, in_words

CONFIG = configure("na2q", preset="released")
GROUPS = (CONFIG.agent, CONFIG.optim, CONFIG.explore, CONFIG.replay, *METHOD_OPTIONS.values(), *ENV_OPTIONS.values())
FIELDS = {f"{type(group).__name__}.{name}": (group, name) for group in GROUPS for name in hints_of(type(group))}
PLAIN = [name for name in hints_of(TrainConfig) if not hasattr(getattr(CONFIG, name), "__post_init__")]
PLAIN = [name for name in PLAIN if name not in ("method", "env", "preset", "resolved_for")]
EVERY = pytest.mark.parametrize("field", [*FIELDS, *PLAIN])
ODD = (st.none(), st.complex_numbers(), st.binary(), st.dictionaries(st.text(), st.integers()), st.just([]))
STRANGE = st.one_of(*ODD, st.builds(object))


def with_value(field: str, value: Any) -> Any:
    """Build the group of a field, or the run, with another value; return the value that is kept."""
    if field in FIELDS:
        group, name = FIELDS[field]
        return getattr(dataclasses.replace(group, **{name: value}), name)
    return getattr(changed(CONFIG, **{field: value}), field)


def type_of(field: str) -> tuple[Any, list[Any]]:
    """Plain type of a field, and its bounds."""
    hint = hints_of(type(FIELDS[field][0]))[FIELDS[field][1]] if field in FIELDS else hints_of(TrainConfig)[field]
    if get_origin(hint) is not Annotated:
        return hint, []
    base, *marks = get_args(hint)
    return base, [bound for mark in marks for bound in (mark if isinstance(mark, Interval) else [mark])]


def refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"(?s)must (be|not exceed)") as error:
        with_value(field, value)
    assert field.rpartition(".")[2] in str(error.value)


@EVERY
@settings(max_examples=20, deadline=None)
@given(value=STRANGE)
def test_values_of_another_kind_are_refused(field: str, value: Any) -> None:
    refused(field, value)


@EVERY
def test_booleans_and_numbers_are_never_taken_for_each_other(field: str) -> None:
    kind = type_of(field)[0]
    for value in (0, 1, 1.0, np.int64(1)) if kind is bool else (True, False, np.True_, (True,), [False, 1]):
        refused(field, value)
    if kind in (int, float, bool):
        refused(field, "1")
    if kind is bool:
        assert with_value(field, np.True_) is True


@EVERY
def test_not_a_number_and_needless_infinities_are_refused(field: str) -> None:
    kind, marks = type_of(field)
    for value in (math.nan, np.float64("nan"), (math.nan, math.nan), (math.nan,)):
        refused(field, value)
    if kind is float and Unbounded not in marks:
        refused(field, math.inf)
        refused(field, -math.inf)
    if kind is int:
        refused(field, math.inf)


@EVERY
def test_fractions_are_no_whole_numbers(field: str) -> None:
    if type_of(field)[0] is int:
        for value in (1.5, 2.0, np.float32(3), Fraction(7, 2)):
            refused(field, value)


@EVERY
def test_bounds_hold(field: str) -> None:
    kind, marks = type_of(field)
    for mark in marks if kind in (int, float) else ():
        step = 1 if kind is int else 1e-3
        if isinstance(mark, Ge):
            refused(field, mark.ge - step)
        if isinstance(mark, Le):
            refused(field, mark.le + step)
        if isinstance(mark, Gt):
            refused(field, mark.gt)
        if isinstance(mark, Lt):
            refused(field, mark.lt)


@EVERY
def test_numbers_of_any_exact_kind_become_plain_ones(field: str) -> None:
    kind, _ = type_of(field)
    value = getattr(*FIELDS[field]) if field in FIELDS else getattr(CONFIG, field)
    for convert in {int: (np.int64, np.uint16, Fraction), float: (np.float64, Fraction)}.get(kind, ()):
        if kind is int and convert is Fraction:
            continue
        if convert is np.uint16 and value > 2**15:
            continue
        kept = with_value(field, convert(value) if math.isfinite(value) else value)
        assert kept == value
        assert type(kept) is kind


@EVERY
def test_the_value_of_a_field_is_taken_again(field: str) -> None:
    value = getattr(*FIELDS[field]) if field in FIELDS else getattr(CONFIG, field)
    assert with_value(field, value) == value
    if isinstance(value, tuple):
        assert with_value(field, list(value)) == value


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("replay.capacity", 64, "replay.warmup is 100, must not exceed replay.capacity, which is 64"),
        ("replay.batch", 5001, "replay.batch is 5001, must not exceed replay.capacity"),
        ("explore.finish", 1.5, "explore.finish is 1.5, must be a number, at least 0 and at most 1"),
        ("explore.anneal_steps", 0, "explore.anneal_steps is 0, must be a whole number, at least 1"),
        ("optim.clip", 0, "optim.clip is 0, must be a number, above 0"),
        ("optim.rmsprop_alpha", 1.5, "optim.rmsprop_alpha is 1.5, must be a number, at least 0 and below 1"),
        ("optim.lr", 1e30, "optim.lr is 1e[+]30, must be a number, at least 0 and at most 1"),
        ("options.orders", (1, 1), r"options.orders is \(1, 1\), must be numbers, .*, all different"),
        ("options.orders", (), r"options.orders is \(\), must be numbers, .*1 or more of them"),
        ("options.log_std_range", (2, -10), r"log_std_range is \(2, -10\), must be 2 numbers, .*the first below"),
        ("options.shape_hidden", (0, 4), r"options.shape_hidden is \(0, 4\), must be 2 numbers, each a whole number"),
        ("options.shape_hidden", (8, 4, 2), r"must be 2 numbers"),
        ("options.state_bias", "no", "options.state_bias is 'no', must be True or False"),
        ("env_options.sight", -1, "env_options.sight is -1, must be a whole number, at least 1"),
        ("env_options.levels", "old", "env_options.levels is 'old', must be one of 'inclusive', 'legacy'"),
        ("total_steps", 100.5, "total_steps is 100.5, must be a whole number"),
        ("seed", True, "seed is True, must be a whole number, at least 0"),
        ("threads", 1_000_000, "threads is 1000000, must be a whole number, at least 1 and at most 10,000"),
        ("device", "gpu", "device is 'gpu', must be a text, such as cpu, cuda or cuda:1"),
        ("agent", CONFIG.replay, "agent is ReplayConfig.*, must be AgentConfig"),
        ("agent", {"hidden": 3}, "agent is {'hidden': 3}, must be AgentConfig"),
        ("env", "lbf-3p/3f", "env is 'lbf-3p/3f', must be a name of ASCII letters"),
        ("env", "lbf-٣p-3f", "must be a name of ASCII letters"),
        ("env", None, "env is None, must be a name"),
        ("method", ["na2q"], r"method is \['na2q'\], must be a name"),
        ("preset", "", "preset is '', must be a name"),
    ],
)
def test_the_message_names_setting_value_and_what_is_allowed(setting: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure(**{"preset": "released"} | {setting: value})


def test_infinity_is_taken_where_it_means_something() -> None:
    assert configure(**{"optim.clip": math.inf}).optim.clip == math.inf
    assert configure(preset="exact").options.log_std_range == (-math.inf, math.inf)


def test_rates_of_zero_are_kept() -> None:
    from na2q.methods import METHODS
    from na2q.spec import EnvSpec
    from na2q.training.learner import Learner

    spec = EnvSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=6)
    for method, setting in (("shaq", "alpha_lr"), ("cds", "predictor_lr")):
        config = configure(method, preset="released", **{f"options.{setting}": 0})
        learner = Learner(lambda c=config: METHODS[c.method](spec, c.agent, c.options), config.optim, 0.9, 0)
        assert 0.0 in [optimizer.param_groups[0]["lr"] for optimizer in learner.optimizers]


@dataclasses.dataclass(frozen=True)
class Own(Settings):
    """Settings of a user's own, with types that the package does not use."""

    width: int = 3
    path: Path = Path("x")
    names: tuple[str, ...] = ("a",)
    anything: Any = None
    ratio: Annotated[float, Gt(0), Lt(2)] = 1.0


def test_settings_of_ones_own_are_checked_too() -> None:
    assert Own(width=np.int32(4), names=["b", "c"], ratio=1).ratio == 1.0
    for wrong in ({"width": "3"}, {"path": "x"}, {"names": (1,)}, {"ratio": 2}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is .*must be"):
            Own(**wrong)


@given(st.floats(), st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_within_its_bounds_or_refused(value: float, low: float) -> None:
    hint = Annotated[float, Ge(low)]
    if math.isfinite(value) and value >= low:
        assert checked("x", value, hint) == value
    else:
        with pytest.raises(ValueError, match="x is"):
            checked("x", value, hint)


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "a/b", "é", "-x", 3, None, "x\n"])
def test_names_that_no_folder_could_have_are_refused(name: Any) -> None:
    with pytest.raises(ValueError, match=r"method is .*must be a name"):
        check_name("method", name)


def test_every_type_is_said_in_words() -> None:
    for group in GROUPS:
        assert all(in_words(hint) for hint in hints_of(type(group)).values())
