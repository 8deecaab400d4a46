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
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        records = [record for record in reader if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _broken(name, f"it is not a UTF-8 CSV ({error})") from error
    if not records:
        raise _broken(name, "it is empty")
    labels = [label_key(label) for label in records[0]]
    doubled = [name for name in RESULT_COLUMNS if labels.count(label_key(name)) > 1]
    if doubled:
        raise _broken(name, f"it has the column {doubled[0]} twice")
    places = {label: place for place, label in enumerate(labels)}
    missing = [column for column in RESULT_COLUMNS[:2] if label_key(column) not in places]
    if missing:
        raise _broken(name, f"missing column {', '.join(missing)}")
    rows: dict[str, list[str | None]] = {column: [] for column in RESULT_COLUMNS}
    for number, record in enumerate(records[1:], start=1):
        if len(record) != len(records[0]):
            raise _broken(name, f"row {number} has {len(record)} fields, not {len(records[0])}")
        for column in RESULT_COLUMNS:
            place = places.get(label_key(column))
            text = record[place].strip() if place is not None else ""
            rows[column].append(text or None)
        outcome = (rows["outcome"][-1] or "").lower()
        if outcome not in _OUTCOMES or rows["row_key"][-1] is None:
            raise _broken(name, f"row {number} has no row key, or is neither accepted nor rejected")
        rows["outcome"][-1] = outcome
    if not rows["row_key"]:
        raise _broken(name, "it says nothing of any row")
    return pl.DataFrame(rows, schema=dict.fromkeys(RESULT_COLUMNS, pl.String))


def _broken(name: str, what: str) -> SourceContractBroken:
    return SourceContractBroken(
        f"Reading the result file {name}: {what}.",
        hint="It must hold row_key, outcome (accepted or rejected), code, message. "
        "Nothing was changed.",
    )
