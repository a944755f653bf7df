"""What a setting may be: declared as the type of its field, and checked in one place for every way in.

The ranges are those of the package annotated-types, so that ``Annotated[int, Ge(1)]`` says all that there is to say.
Python, command line, notebooks and files build the same classes and so meet the same checks.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, GroupedMetadata, Gt, Interval, Le, Len, Lt, Predicate


class Since(NamedTuple):
    """Marks a setting that stored files of earlier versions lack, with the value that they meant."""

    version: int
    before: Any


class Unbounded:
    """Marks a number that may be infinite; every other number has to be finite."""


def different(values: tuple[Any, ...]) -> bool:
    """All different."""
    return len(set(values)) == len(values)


def increasing(values: tuple[float, ...]) -> bool:
    """The first below the second."""
    return values[0] < values[1]


Whole = Annotated[int, Interval(ge=0, le=2**63 - 1)]
"""A whole number from 0."""
Count = Annotated[int, Interval(ge=1, le=2**63 - 1)]
"""A whole number from 1."""
Copies = Annotated[int, Interval(ge=1, le=10_000)]
"""How many environments, episodes or threads there are at once."""
Repeats = Annotated[int, Interval(ge=1, le=10_000_000)]
"""How often something is measured, drawn or changed, one after the other."""
Samples = Annotated[int, Interval(ge=0, le=10_000)]
"""Draws that an average is taken over; 0 leaves it out."""
Bins = Annotated[int, Interval(ge=2, le=10_000)]
"""Parts that a range is cut into."""
Width = Annotated[int, Interval(ge=1, le=8192)]
"""Units of a layer, or how many parts a network has."""
Share = Annotated[float, Interval(ge=0, le=1)]
"""A probability, a discount, or a learning rate."""
Decay = Annotated[float, Interval(ge=0, lt=1)]
"""The share of an average that is kept at each step."""
Weight = Annotated[float, Ge(0)]
"""A weight of a loss or a reward."""
Positive = Annotated[float, Gt(0)]
"""A number above 0."""
Norm = Annotated[float, Gt(0), Unbounded]
"""A largest norm; infinity leaves all as it is."""
Limit = Annotated[float, Unbounded]
"""An end of a range, infinity where it is open."""

NAME = re.compile(r"[A-Za-z0-9][!-.0-~]*")  # printable ASCII without spaces and slashes: names become folders


def check_name(what: str, name: Any) -> str:
    """Return the name of a method or environment; raise ValueError where it could not name a folder."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"{what} is {name!r}, must be a name of ASCII letters, digits and signs without spaces and slashes"
        )
    return str(name)


@functools.lru_cache
def hints_of(cls: type) -> dict[str, Any]:
    """Types of the fields of a dataclass, with their ranges."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def since(hint: Any) -> Since | None:
    """Read off a type when its setting came, None where it was always there."""
    return next((item for item in _marks(hint) if isinstance(item, Since)), None)


def checked(name: str, value: Any, hint: Any) -> Any:
    """Return a value as the plain Python value that its type asks for.

    Numbers of any exact kind become int or float, lists become tuples.

    Args:
        name: how the value is called in errors.
        value: what was given.
        hint: a type, with ranges where it is Annotated.

    Raises:
        ValueError: the value is of another type or out of range; the message has name, value and what is allowed.
    """
    try:
        return _fit(value, hint)
    except MisfitError:
        raise ValueError(f"{name} is {value!r}, must be {in_words(hint)}") from None


class MisfitError(Exception):
    """A value that its type does not allow."""


def _fit(value: Any, hint: Any) -> Any:
    base, marks = _base(hint), _marks(hint)
    plain = _convert(value, base, Unbounded in marks)
    for mark in marks:
        if not _holds(plain, mark):
            raise MisfitError
    return plain


def _convert(value: Any, base: Any, unbounded: bool) -> Any:
    origin, inner = get_origin(base), get_args(base)
    if base is Any:
        return value
    if origin is Literal:
        for choice in inner:
            if isinstance(value, type(choice)) and value == choice and isinstance(value, bool) == (choice is True):
                return choice
        raise MisfitError
    if origin is tuple:
        return _convert_tuple(value, inner)
    if origin in (Union, UnionType):
        return _convert_union(value, inner)
    if base in SCALARS:
        return SCALARS[base](value, unbounded)
    kind = origin or base
    if isinstance(kind, type) and not isinstance(value, kind):
        raise MisfitError
    return value


def _convert_tuple(value: Any, inner: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise MisfitError
    types = [inner[0]] * len(value) if inner[1:] == (...,) else list(inner)
    if len(types) != len(value):
        raise MisfitError
    return tuple(_fit(item, hint) for item, hint in zip(value, types, strict=True))


def _convert_union(value: Any, members: tuple[Any, ...]) -> Any:
    for member in members:
        try:
            return _fit(value, member)
        except MisfitError:
            continue
    raise MisfitError


def _to_bool(value: Any, _: bool) -> bool:
    if isinstance(value, bool) or (str(getattr(value, "dtype", "")) == "bool" and value.shape == ()):
        return bool(value)
    raise MisfitError


def _to_int(value: Any, _: bool) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise MisfitError
    return int(value)


def _to_float(value: Any, unbounded: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise MisfitError
    try:
        number = float(value)
    except OverflowError:
        raise MisfitError from None
    if math.isnan(number) or (math.isinf(number) and not unbounded):
        raise MisfitError
    return number


def _to_str(value: Any, _: bool) -> str:
    if not isinstance(value, str):
        raise MisfitError
    return str(value)


SCALARS: dict[Any, Callable[[Any, bool], Any]] = {bool: _to_bool, int: _to_int, float: _to_float, str: _to_str}


def _holds(value: Any, mark: Any) -> bool:
    """Whether a value is within one bound; marks that bound nothing always hold."""
    match mark:
        case Ge():
            return value >= mark.ge
        case Gt():
            return value > mark.gt
        case Le():
            return value <= mark.le
        case Lt():
            return value < mark.lt
        case Len():
            return mark.min_length <= len(value) <= (len(value) if mark.max_length is None else mark.max_length)
        case Predicate():
            return mark.func(value)
    return True


def _base(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


@functools.cache  # a page makes thousands of configurations, and what a type allows never changes
def _marks(hint: Any) -> tuple[Any, ...]:
    return tuple(_each(get_args(hint)[1:])) if get_origin(hint) is Annotated else ()


def _each(marks: Iterable[Any]) -> Iterator[Any]:
    """Take groups of bounds apart; the length of a tuple stays one bound."""
    for mark in marks:
        if isinstance(mark, GroupedMetadata) and not isinstance(mark, Len):
            yield from _each(mark)
        else:
            yield mark


WORDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "None",
    Callable: "a function",
}


def in_words(hint: Any) -> str:
    """Say in words what a type allows."""
    base, marks = _base(hint), _marks(hint)
    origin, inner = get_origin(base), get_args(base)
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}"
    if origin in (Union, UnionType):
        return " or ".join(map(in_words, inner))
    if origin is tuple:
        words = "numbers" if inner[1:] == (...,) else f"{len(inner)} numbers"
        text = f"{words}, each {in_words(inner[0])}"
    else:
        text = WORDS.get(origin or base) or getattr(base, "__name__", str(base))
    low = [f"at least {m.ge:,}" for m in marks if isinstance(m, Ge)]
    low += [f"above {m.gt:,}" for m in marks if isinstance(m, Gt)]
    high = [f"at most {m.le:,}" for m in marks if isinstance(m, Le) and m.le != 2**63 - 1]
    high += [f"below {m.lt:,}" for m in marks if isinstance(m, Lt)]
    more = [f"{m.min_length} or more of them" for m in marks if isinstance(m, Len)]
    more += [(m.func.__doc__ or m.func.__name__).strip().rstrip(".").lower() for m in marks if isinstance(m, Predicate)]
    return ", ".join([text, *([" and ".join(low + high)] if low + high else []), *more])
