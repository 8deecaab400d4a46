"""The audit trail as the warehouse follows it; what an act is about. Table: `ops.audit`."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import polars as pl

from schemas.audit import AuditEntry, AuditHead, Deed
from schemas.storable import LARGEST_NUMBER, storable
from schemas.vocabulary import Act, ActOutcome
from warehouse.queries import append, first_row
from warehouse.statements import statement

AUDIT = pl.Schema(
    {
        "number": pl.Int64(),
        "at": pl.Datetime("us"),
        "who": pl.String(),
        "role": pl.String(),
        "act": pl.String(),
        "subject": pl.String(),
        "outcome": pl.String(),
        "reason": pl.String(),
        "batch_seq": pl.Int64(),
        "digest": pl.String(),
        "approval": pl.Int64(),
        "approves": pl.String(),
        "expires_at": pl.Datetime("us"),
        "is_keyed": pl.Boolean(),
        "previous_hash": pl.String(),
        "hash": pl.String(),
    }
)


class BatchAtStake(NamedTuple):
    """A batch as an act finds it; `open_rows`: those without an outcome."""

    digest: str | None
    value: Decimal
    open_rows: int


class AuditStore:
    """What the warehouse has of the trail. Rows are only ever added."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def heads(self) -> list[AuditHead]:
        """Every entry it has, oldest first."""
        rows = self._connection.execute(
            "SELECT number, hash FROM ops.audit ORDER BY number"
        ).fetchall()
        return [AuditHead(number, sealed, "the warehouse") for number, sealed in rows]

    def entries(self) -> list[AuditEntry]:
        """Every entry as it has it, oldest first: what no table can hold is not as it was said."""
        rows = self._connection.execute(statement("audit/read_entries")).fetchall()
        return [_entry(row) for row in rows]

    def follow(self, entries: Sequence[AuditEntry]) -> None:
        """Take over the entries after the last it has, if that one is still the trail's own.

        The trail is the truth, and this a copy to look at: what no table can hold is marked in it.
        """
        last = first_row(
            self._connection,
            "SELECT number, hash FROM ops.audit ORDER BY number DESC LIMIT 1",
        )
        number, known = last or (0, None)
        if number > len(entries) or (number and entries[number - 1].hash != known):
            return
        rows = [
            {
                "number": entry.number,
                **{name: _held(value) for name, value in asdict(entry.deed).items()},
                "is_keyed": entry.is_keyed,
                "previous_hash": entry.previous_hash,
                "hash": entry.hash,
            }
            for entry in entries[number:]
        ]
        append(self._connection, "ops.audit", pl.DataFrame(rows, schema=AUDIT))

    def batch(self, seq: int) -> BatchAtStake | None:
        """What is at stake in a batch; None where there is none."""
        row = first_row(self._connection, statement("audit/read_batch"), {"seq": seq})
        return BatchAtStake._make(row) if row else None


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    said = dict(zip(AUDIT, row, strict=True))
    chained = {name: said.pop(name) for name in ("number", "is_keyed", "previous_hash", "hash")}
    for name, kind in (("act", Act), ("outcome", ActOutcome), ("approves", Act)):
        said[name] = None if said[name] is None else kind(said[name])
    return AuditEntry(deed=Deed(**said), **chained)


def _held(value: Any) -> Any:
    """A value as a table can hold it: text with marks, and no number beyond 64 bits."""
    match value:
        case str():
            return storable(value)
        case int() if abs(value) > LARGEST_NUMBER:
            return None
        case _:
            return value
