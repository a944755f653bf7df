"""The run-time type checker of the tests: beartype, taking an int where a float is asked for."""

from typing import Any, Self

from beartype import BeartypeConf, FrozenDict, beartype

# the import hook decorates methods one by one, where beartype cannot tell what Self is
check = beartype(conf=BeartypeConf(is_pep484_tower=True, hint_overrides=FrozenDict({Self: Any})))
