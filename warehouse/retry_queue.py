"""Everything that failed, one item per thing, until it has an outcome. Table: `ops.retry_item`."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.vocabulary import RetryKind, RetryState
from warehouse.queries import read

_OPEN = ("waiting", "parked", "released", "in_flight", "dead")


class RetryItem(NamedTuple):
    """One failed thing.

    `subject` is `charge:<line>:<type>`, `cease:<line>:<type>`, `cli:<row key>` or `feeds`.
    """

    id: int
    kind: RetryKind
    subject: str
    reason: str
    message: str | None
    attempts: int
    max_attempts: int
    first_seen_at: datetime
    next_at: datetime | None
    state: RetryState
    value: Decimal | None
    batch_seq: int | None


def charge_subject() -> pl.Expr:
    """The queue's name for the charge of a row with `line_id` and `charge_type`."""
    return pl.format("charge:{}:{}", "line_id", "charge_type").alias("subject")


def cease_subject() -> pl.Expr:
    """The queue's name for taking back the charge of a row with `line_id` and `charge_type`."""
    return pl.format("cease:{}:{}", "line_id", "charge_type").alias("subject")


class RetryQueue:
    """The queue. Nothing leaves it without an outcome; nothing in it bypasses a rule."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def items(self, *, open_only: bool = True) -> list[RetryItem]:
        """Items, most money first."""
        rows = self._connection.execute(
            "SELECT id, kind, subject, reason, message, attempts, max_attempts, first_seen_at, "
            "next_at, state, value, batch_seq FROM ops.retry_item "
            "WHERE NOT $open_only OR list_contains($open, state) "
            "ORDER BY coalesce(value, 0) DESC, id",
            {"open_only": open_only, "open": list(_OPEN)},
        ).fetchall()
        return [
            RetryItem._make((row[0], RetryKind(row[1]), *row[2:9], RetryState(row[9]), *row[10:]))
            for row in rows
        ]

    def get(self, item_id: int) -> RetryItem | None:
        """One item by its id."""
        return next((item for item in self.items(open_only=False) if item.id == item_id), None)

    def attempts(self, subjects: Iterable[str]) -> dict[str, int]:
        """How often each subject with an open item has failed so far."""
        rows = self._connection.execute(
            "SELECT subject, max(attempts) FROM ops.retry_item "
            "WHERE list_contains($open, state) AND list_contains($subjects, subject) "
            "GROUP BY subject",
            {"open": list(_OPEN), "subjects": list(subjects)},
        ).fetchall()
        return dict(rows)

    def fail(self, failures: pl.DataFrame, *, now: datetime) -> None:
        """Note failures: an open item of the same subject fails once more, others are new.

        `failures`: `subject`, `kind`, `reason`, `message`, `attempts`, `max_attempts`, `next_at`,
        `state`, `value`, `batch_seq`; one row per subject.
        """
        if failures.is_empty():
            return
        self._connection.register("failures", failures)
        try:
            self._connection.execute(
                "UPDATE ops.retry_item AS item SET kind = failures.kind, "
                "reason = failures.reason, message = failures.message, "
                "attempts = failures.attempts, next_at = failures.next_at, "
                "state = failures.state, value = failures.value, "
                "batch_seq = failures.batch_seq, last_seen_at = $now "
                "FROM failures WHERE item.subject = failures.subject "
                "AND list_contains($open, item.state)",
                {"now": now, "open": list(_OPEN)},
            )
            self._connection.execute(
                "INSERT INTO ops.retry_item (id, kind, subject, reason, message, attempts, "
                "max_attempts, first_seen_at, last_seen_at, next_at, state, value, batch_seq) "
                "SELECT (SELECT coalesce(max(id), 0) FROM ops.retry_item) "
                "+ row_number() OVER (ORDER BY failures.subject), failures.kind, "
                "failures.subject, failures.reason, failures.message, failures.attempts, "
                "failures.max_attempts, $now, $now, failures.next_at, failures.state, "
                "failures.value, failures.batch_seq FROM failures ANTI JOIN "
                "(FROM ops.retry_item WHERE list_contains($open, state)) AS item "
                "ON failures.subject = item.subject",
                {"now": now, "open": list(_OPEN)},
            )
        finally:
            self._connection.unregister("failures")

    def move(
        self, subjects: pl.Series, state: RetryState, *, now: datetime, outcome: str | None
    ) -> None:
        """Put the open items of `subjects` into `state`."""
        if subjects.is_empty():
            return
        self._connection.register("moved", pl.DataFrame({"subject": subjects}))
        try:
            self._connection.execute(
                "UPDATE ops.retry_item AS item SET state = $state, next_at = NULL, "
                "last_seen_at = $now, outcome = coalesce($outcome, outcome) "
                "FROM moved WHERE item.subject = moved.subject "
                "AND list_contains($open, item.state)",
                {"state": state.value, "now": now, "outcome": outcome, "open": list(_OPEN)},
            )
        finally:
            self._connection.unregister("moved")

    def due(self, *, now: datetime) -> pl.DataFrame:
        """`id` and `subject` of waiting items whose time has come."""
        return read(
            self._connection,
            "SELECT id, subject FROM ops.retry_item "
            "WHERE state = 'waiting' AND next_at <= $now ORDER BY id",
            {"now": now},
        )

    def free(self, subjects: pl.Series) -> None:
        """Let the refused charges of `subjects` be judged afresh, whatever Affinity said."""
        self._connection.register("freed", pl.DataFrame({"subject": subjects}))
        try:
            self._connection.execute(
                "UPDATE ops.charge_state AS state SET refused_content = NULL FROM freed "
                "WHERE concat('charge:', state.line_id, ':', state.charge_type) = freed.subject"
            )
        finally:
            self._connection.unregister("freed")

    def settle(
        self, item_id: int, state: RetryState, *, actor: str, outcome: str, now: datetime
    ) -> None:
        """A person decided about one item."""
        self._connection.execute(
            "UPDATE ops.retry_item SET state = $state, actor = $actor, outcome = $outcome, "
            "next_at = NULL, last_seen_at = $now WHERE id = $id",
            {
                "id": item_id,
                "state": state.value,
                "actor": actor,
                "outcome": outcome,
                "now": now,
            },
        )
