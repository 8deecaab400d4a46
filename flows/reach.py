"""What no setting of the profile may exceed. Pure.

Beyond it a value is a slip of the keyboard, and would fail later, in another place and in the words
of whatever it reached.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

LONGEST_TEXT = 4_000
LARGEST_NUMBER = 10**12
A_CENTURY: Mapping[str, int] = {"days": 36_525, "months": 1_200, "hours": 876_600}
LONGEST_WAIT_SECONDS = 1_000_000
"""Eleven days: no system call waits for more than twice that."""

_LONGEST_PATH_BYTES = 4_000
_LONGEST_NAME_BYTES = 255


def check_reach(name: str, value: Any) -> None:
    """Refuse a value, or one inside it, that no setting of that name may have.

    Raises:
        ValueError: it says what is the most.
    """
    if isinstance(value, Mapping):
        for key, each in value.items():
            _check_text(str(key))
            check_reach(name, each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            check_reach(name, each)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, Path):
        _check_path(value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        most = _most(name)
        if not abs(float(value)) <= most:  # what is no number at all is not, either
            message = f"it may be {most:,} at most"
            raise ValueError(message)


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        message = f"a text may have {LONGEST_TEXT:,} characters at most, not {len(text):,}"
        raise ValueError(message)
    if "\0" in text:
        message = "a text may hold no NUL"
        raise ValueError(message)


def _check_path(path: Path) -> None:
    text = str(path)
    _check_text(text)
    names = [len(part.encode(errors="surrogateescape")) for part in path.parts]
    if max(names, default=0) > _LONGEST_NAME_BYTES or sum(names) > _LONGEST_PATH_BYTES:
        message = f"a name in a path may have {_LONGEST_NAME_BYTES} bytes at most"
        raise ValueError(message)


def _most(name: str) -> int:
    unit = name.rpartition("_")[2]
    if unit == "seconds":
        return LONGEST_WAIT_SECONDS
    return A_CENTURY.get(unit, LARGEST_NUMBER)
