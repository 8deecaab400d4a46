"""Affinity's upload result: one outcome per row, in a CSV."""

import csv
import io
from pathlib import Path

import polars as pl

from schemas.affinity import RESULT_COLUMNS
from schemas.errors import SourceContractBroken, UsageError
from schemas.feeds import label_key
from schemas.vocabulary import RowOutcome

_OUTCOMES = {RowOutcome.ACCEPTED.value, RowOutcome.REJECTED.value}


def read_results(path: Path) -> tuple[pl.DataFrame, bytes]:
    """Read a result file; returns its rows (RESULT_COLUMNS, text) and its bytes.

    Raises:
        UsageError: there is no such file.
        SourceContractBroken: it is no result file: columns, outcomes, encoding or shape are off.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"Reading the result file {path.name}: {error.strerror}.",
            hint="Give the path of the file Affinity answered with.",
        ) from error
    return parse_results(content, path.name), content


def parse_results(content: bytes, name: str) -> pl.DataFrame:
    """The rows of a result file's bytes; `name` is for messages."""
    rows: dict[str, list[str | None]] = {column: [] for column in RESULT_COLUMNS}
    same: dict[str, str] = {}
    places: dict[str, int] = {}
    width = 0
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for number, record in enumerate(filter(None, reader)):
            if number == 0:
                places, width = _places(record, name), len(record)
                continue
            if len(record) != width:
                raise _broken(name, f"row {number} has {len(record)} fields, not {width}")
            said = {column: record[place].strip() for column, place in places.items()}
            outcome = said["outcome"] = said["outcome"].lower()
            if outcome not in _OUTCOMES or not said["row_key"]:
                raise _broken(
                    name, f"row {number} has no row key, or is neither accepted nor rejected"
                )
            rows["row_key"].append(said["row_key"])
            for column in RESULT_COLUMNS[1:]:
                # of what millions of rows say alike, one text is kept
                text = said.get(column) or None
                rows[column].append(text and same.setdefault(text, text))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _broken(name, f"it is not a UTF-8 CSV ({error})") from error
    if not places:
        raise _broken(name, "it is empty")
    if not rows["row_key"]:
        raise _broken(name, "it says nothing of any row")
    return pl.DataFrame(rows, schema=dict.fromkeys(RESULT_COLUMNS, pl.String))


def _places(header: list[str], name: str) -> dict[str, int]:
    """Column -> where a record has it; columns that are left out are not in it."""
    labels = [label_key(label) for label in header]
    doubled = [name for name in RESULT_COLUMNS if labels.count(label_key(name)) > 1]
    if doubled:
        raise _broken(name, f"it has the column {doubled[0]} twice")
    places = {
        column: labels.index(label_key(column))
        for column in RESULT_COLUMNS
        if label_key(column) in labels
    }
    missing = [column for column in RESULT_COLUMNS[:2] if column not in places]
    if missing:
        raise _broken(name, f"missing column {', '.join(missing)}")
    return places


def _broken(name: str, what: str) -> SourceContractBroken:
    return SourceContractBroken(
        f"Reading the result file {name}: {what}.",
        hint="It must hold row_key, outcome (accepted or rejected), code, message. "
        "Nothing was changed.",
    )
