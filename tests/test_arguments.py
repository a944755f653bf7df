"""Public functions refuse arguments that their annotations do not allow, by name and before they begin."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from annotated_types import Ge
from bad_values import BadCall, bad_calls, checked_functions
from jaxtyping import Float

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Share

FUNCTIONS = checked_functions()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_wrong_arguments_are_refused_by_name(function: Callable[..., Any]) -> None:
    for call in bad_calls(function):
        refused(call)


def refused(call: BadCall) -> None:
    with pytest.raises(ValueError, match=rf"^{call.argument}(\[\d+\])? is .*(must be|home is not known)") as error:
        call.function(**call.given)
    assert repr(call.value) in str(error.value), call


@checks_arguments
def example(
    path: str | Path,
    *names: str,
    episodes: Copies = 3,
    epsilon: Share = 0.0,
    kind: Literal["a", "b"] = "a",
    seeds: Iterable[int] = (),
    paths: Sequence[Path] = (),
    threshold: float | Mapping[str, float] = 0.5,
    values: Float[np.ndarray, "e n"] | None = None,
    anything: Any = None,
    **settings: Annotated[int, Ge(1)],
) -> dict[str, Any]:
    return {**locals()}


def test_right_arguments_become_plain_values_of_their_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    got = example("~/x", "n", episodes=np.int64(4), epsilon=1, paths=["~/y"], threshold={"a": 1}, more=np.uint8(2))
    assert got["path"] == tmp_path / "x"
    assert got["paths"] == [tmp_path / "y"]
    assert [type(got[name]) for name in ("episodes", "epsilon")] == [int, float]
    assert got["settings"] == {"more": 2}
    assert example("x", seeds=(i for i in range(3)))["anything"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"episodes": 0}, "episodes is 0, must be a whole number, at least 1 and at most 10,000"),
        ({"epsilon": 2}, "epsilon is 2, must be a number, at least 0 and at most 1"),
        ({"kind": "c"}, "kind is 'c', must be one of 'a', 'b'"),
        ({"seeds": "123"}, "seeds is '123', must be a collection of values"),
        ({"seeds": [1, "2"]}, r"seeds\[1\] is '2', must be a whole number"),
        ({"paths": [Path("x"), 3]}, r"paths\[1\] is 3, must be a path"),
        ({"threshold": "high"}, "threshold is 'high', must be a number or Mapping"),
        ({"values": "text"}, r"values is 'text', must be an array of numbers with axes \(e n\)"),
        ({"more": 0}, "more is 0, must be a whole number, at least 1"),
        ({"path": "a\0b"}, "path is .*, must be a path"),
    ],
)
def test_the_message_names_argument_value_and_what_is_allowed(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        example(**{"path": "x"} | given)


def test_arguments_that_gather_are_checked_one_by_one() -> None:
    with pytest.raises(ValueError, match="names is 3, must be a text"):
        example("x", "a", 3)  # type: ignore[arg-type]


def test_missing_and_unknown_arguments_are_pythons_own_errors() -> None:
    with pytest.raises(TypeError, match="missing a required argument: 'path'"):
        example()  # type: ignore[call-arg]
