"""What a judgement depends on besides the facts of a line and the day, as one digest.

Where it is another one, no line is as it was judged: the profile says something else, or the
program does.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from tasks.ready_to_bill.terms import Terms

_DECIDED_IN = ("schemas", "tasks/ready_to_bill", "warehouse/sql/judge")
_DECIDED_WITH = ("polars", "duckdb", "phonenumbers")


def judged_by(terms: Terms, extra: object) -> str:
    """The digest of the terms but their day, of `extra` and of the program, as hex text.

    The same in every process that would judge alike.
    """
    plain = _plain(terms)
    del plain["as_of"]
    said = json.dumps([plain, _plain(extra), _program()], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


@cache
def _program() -> str:
    """The text of whatever decides; by its text, not by a number somebody has to think of."""
    digest = hashlib.sha256()
    for name in _DECIDED_WITH:
        digest.update(f"{name} {version(name)}\n".encode())
    for place in _DECIDED_IN:
        package, _, below = place.partition("/")
        folder = files(package).joinpath(below) if below else files(package)
        for entry in sorted(folder.iterdir(), key=lambda each: each.name):
            if entry.name.endswith((".py", ".sql")):
                digest.update(entry.name.encode())
                digest.update(entry.read_bytes())
    return digest.hexdigest()


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
