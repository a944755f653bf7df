"""Notebook parameters as the command line of papermill delivers them."""

import json
from typing import Any


def listed(value: list[Any] | str) -> list[Any]:
    """Return a list parameter as a list: `papermill -p` passes '["a", "b"]' as text.

    Raises ValueError for anything that is not a list then.
    """
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, list):
        raise ValueError(f'parameter is {value!r}, must be a list such as ["lbf-4p-2f"]')
    return parsed
