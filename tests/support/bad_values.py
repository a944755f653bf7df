"""Values that a type does not allow, made from the type; and calls of public functions with one of them."""

import collections.abc
import importlib
import inspect
import math
import os
import pkgutil
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from unittest.mock import Mock

import numpy as np
from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt

import na2q
from na2q.arguments import checks_arguments, hints_of

CHECKED = checks_arguments(len).__code__
ABSENT = ("na2q.book.kernel_startup", "na2q.envs.smac")  # what runs in a notebook's kernel, or needs the game


class BadCall(NamedTuple):
    """A call of a function of which one argument is wrong."""

    function: Callable[..., Any]
    argument: str
    value: Any
    given: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.function.__module__}.{self.function.__name__}({self.argument}={self.value!r})"


def checked_functions() -> list[Callable[..., Any]]:
    """All public functions of the package that check their arguments."""
    found: dict[str, Callable[..., Any]] = {}
    for module in pkgutil.walk_packages(na2q.__path__, "na2q."):
        if not module.name.startswith(ABSENT):
            for name, value in vars(importlib.import_module(module.name)).items():
                if getattr(value, "__code__", None) is CHECKED and not name.startswith("_"):
                    found[f"{value.__module__}.{name}"] = value
    return list(found.values())


def bad_calls(function: Callable[..., Any]) -> Iterator[BadCall]:
    """Calls with one wrong argument each; the others are such that their types alone are right."""
    hints = hints_of(function)
    parameters = inspect.signature(function).parameters
    named = {n: p for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    good = {n: likely(hints.get(n, Any)) for n, p in named.items() if p.default is p.empty}
    for name in named:
        for value in bad_values(hints.get(name, Any)):
            yield BadCall(function, name, value, good | {name: value})


def bad_values(hint: Any) -> list[Any]:
    """Values that a type does not allow; none where it allows anything."""
    base, marks = _parts(hint)
    members = get_args(base) if get_origin(base) in (Union, types.UnionType) else (base,)
    kinds = [get_origin(member) or member for member in members]
    if any(kind is Any or isinstance(kind, TypeVar) for kind in kinds):
        return []
    if any(kind in (Path, os.PathLike) for kind in kinds):
        return [3, 1.5, b"bytes", "", "a\0b", "~nobody-of-that-name/x", ["x"]]
    if any(hasattr(member, "array_type") or member is np.ndarray for member in members):
        return ["text", {"a": 1}, {1, 2}] + [None] * (types.NoneType not in members)
    if len(members) > 1:
        return [value for value in (object(), 1j, b"bytes", math.nan) if str not in kinds or value != b"bytes"]
    if base is bool:
        return [0, 1, "yes", None, 1.0, [True]]
    if base is int:
        return [True, 1.5, "3", None, math.nan, math.inf, [1], *_outside(marks, 1)]
    if base is float:
        return [True, "x", None, math.nan, 1j, [1.0], *_outside(marks, 1e-3)]
    if base is str:
        return [3, None, b"bytes", ["x"]]
    if get_origin(base) is Literal:
        return ["nonsense", 3, None, True]
    if kinds[0] is collections.abc.Callable:
        return [3, "text", None]
    if get_origin(base) is tuple or issubclass(kinds[0], collections.abc.Iterable):
        return [3, None, 1.5] + ["abc"] * (get_origin(base) is not None)
    return [3, "text", None, object()]


def _outside(marks: list[Any], step: float) -> list[float]:
    low = [mark.ge - step for mark in marks if isinstance(mark, Ge)] + [m.gt for m in marks if isinstance(m, Gt)]
    high = [mark.le + step for mark in marks if isinstance(mark, Le)] + [m.lt for m in marks if isinstance(m, Lt)]
    return low + high + [-1e30] * bool(low) * (step != 1)


def likely(hint: Any) -> Any:
    """Make a value whose type is right and that may mean nothing."""
    base, marks = _parts(hint)
    if get_origin(base) in (Union, types.UnionType):
        return likely(get_args(base)[0])
    if get_origin(base) is Literal:
        return get_args(base)[0]
    if get_origin(base) is tuple:
        return tuple(likely(inner) for inner in get_args(base) if inner is not ...)
    kind = get_origin(base) or base
    if kind in (int, float):
        return next((kind(mark.ge) for mark in marks if isinstance(mark, Ge)), kind(1))
    if hasattr(kind, "array_type") or kind is np.ndarray:
        return np.zeros(1)
    if kind in (bool, str, Path, list):
        return {bool: False, str: "x", Path: Path("x"), list: []}[kind]
    if kind is collections.abc.Mapping or kind is dict:
        return {}
    if kind in (collections.abc.Sequence, collections.abc.Collection, collections.abc.Iterable):
        return []
    if kind is collections.abc.Callable or not isinstance(kind, type):
        return lambda *_: None
    return Mock(spec=kind)


def _parts(hint: Any) -> tuple[Any, list[Any]]:
    if get_origin(hint) is not Annotated:
        return hint, []
    base, *marks = get_args(hint)
    return base, [one for mark in marks for one in (mark if isinstance(mark, GroupedMetadata) else [mark])]
