"""JSON that somebody else wrote, or that may have been damaged since we did. Pure."""

import json
from typing import Any

DEEPEST = 100
"""How many lists and objects may stand inside each other; what we write has ten."""


def read_json(text: bytes | str) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is none, is nested deeper than DEEPEST, or holds what is in no encoding.
    """
    try:
        said = json.loads(text)
    except RecursionError:
        message = "nested too deeply"
        raise ValueError(message) from None
    if is_deep(said):
        message = "nested too deeply"
        raise ValueError(message)
    return said


def is_deep(value: Any) -> bool:
    """Whether a value is nested deeper than DEEPEST, so that writing it again might fail."""
    layer = [value]
    for _ in range(DEEPEST + 1):
        layer = [
            inner
            for each in layer
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
        if not layer:
            return False
    return True
