"""What a step decides by, besides its records, as one digest.

Where it is another one, nothing stands as it was decided: the profile says something else, or the
program does.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_DECIDED_WITH = ("polars", "duckdb", "phonenumbers")
_DECIDED_IN = ("schemas", "tasks", "warehouse")


def fingerprint(*said: object) -> str:
    """The digest of what is `said` (plain values and dataclasses of them) and of the program.

    The same in every process that would decide alike.
    """
    text = json.dumps([*map(_plain, said), _PROGRAM], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _program() -> str:
    """The text of whatever decides; by its text, not by a number somebody has to think of."""
    digest = hashlib.sha256()
    for name in _DECIDED_WITH:
        digest.update(f"{name} {version(name)}\n".encode())
    for package in _DECIDED_IN:
        _add(digest, files(package))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            _add(digest, entry)
        elif entry.name.endswith((".py", ".sql")):
            digest.update(f"{entry.name}\n".encode())
            digest.update(entry.read_bytes())


def _plain(value: Any) -> Any:
    """As JSON can say it, sets and mappings in an order of their own."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(each)] for key, each in value.items()), key=json.dumps)
    if isinstance(value, frozenset | set):
        return sorted((_plain(each) for each in value), key=json.dumps)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


# read as soon as this is: a program that is replaced while it runs decides as it was when it began
_PROGRAM = _program()
