"""Arguments of public functions, checked against their annotations as settings are against theirs.

What a type allows is said once, in the signature; the message names the argument, the value and what is allowed.
"""

import collections.abc
import functools
import inspect
import os
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from numpy import ndarray

from na2q.config.checks import checked
from na2q.files import Located, as_path, is_address

P = ParamSpec("P")
R = TypeVar("R")
PATHS = (Path, os.PathLike)
SEVERAL = (list, collections.abc.Sequence, collections.abc.Collection, collections.abc.Iterable)
NO_NUMBERS = (type(None), str, bytes, dict, set, frozenset)  # that no array can be made of


def checks_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function refuse arguments that their annotations do not allow, before it begins.

    Numbers become plain ones, paths become `Path` with `~` as a home, and addresses stay as they are. What has no
    annotation passes, and so do defaults. The decorated function raises ValueError for a wrong value, and TypeError, as
    every function does, for one that is missing or that it does not have.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*given: P.args, **named: P.kwargs) -> R:
        bound = signature.bind(*given, **named)
        hints = hints_of(function)
        for name, value in bound.arguments.items():
            if name in hints:
                bound.arguments[name] = _each(name, value, hints[name], signature.parameters[name].kind)
        return function(*bound.args, **bound.kwargs)

    return call


@functools.cache
def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Types of the arguments; what is returned may be known to type checkers only."""
    inner = inspect.unwrap(function)
    given = {name: hint for name, hint in inner.__annotations__.items() if name != "return"}
    return get_type_hints(types.SimpleNamespace(__annotations__=given), inner.__globals__, None, True)


def _each(name: str, value: Any, hint: Any, kind: Any) -> Any:
    """Check an argument, or each of those that *name or **name gathers."""
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return tuple(_argument(name, item, hint) for item in value)
    if kind is inspect.Parameter.VAR_KEYWORD:
        return {key: _argument(key, item, hint) for key, item in value.items()}
    return _argument(name, value, hint)


def _argument(name: str, value: Any, hint: Any) -> Any:
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value is None and type(None) in members:
        return None
    if value is not None and any(Located in getattr(member, "__metadata__", ()) for member in members):
        return value if is_address(value) else as_path(value, name)
    if value is not None and any((get_origin(member) or member) in PATHS for member in members):
        return as_path(value, name)
    if any(_is_array(member) for member in members):
        if isinstance(value, NO_NUMBERS):
            raise ValueError(f"{name} is {value!r}, must be an array of numbers{_axes(members)}")
        return value
    if get_origin(hint) in SEVERAL and len(members) == 1:
        return _several(name, value, hint)
    if not all(_checkable(member) for member in members):
        return value
    return checked(name, value, hint)


def _several(name: str, value: Any, hint: Any) -> Any:
    """Check a collection, and what is in it where looking does not use it up; a text is no collection of texts."""
    (inner,) = get_args(hint)
    if isinstance(value, str | bytes) or not isinstance(value, get_origin(hint)):
        kind = "a list" if get_origin(hint) is list else "a collection"
        raise ValueError(f"{name} is {value!r}, must be {kind} of values")
    if isinstance(value, list | tuple):
        return type(value)(_argument(f"{name}[{i}]", item, inner) for i, item in enumerate(value))
    return value


def _checkable(hint: Any) -> bool:
    """Whether a value can be told from its type: not where it is a variable, a name, or anything at all."""
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    kind = get_origin(base) or base
    return kind is not Any and not isinstance(kind, TypeVar | ParamSpec | str)


def _is_array(hint: Any) -> bool:
    return hint is ndarray or hasattr(hint, "array_type")  # of jaxtyping


def _axes(hints: Iterable[Any]) -> str:
    named = [hint.dim_str for hint in hints if hasattr(hint, "dim_str")]
    return f" with axes ({named[0]})" if named else ""
