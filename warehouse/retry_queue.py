"""Everything that failed, one item per thing, until it has an outcome, and what happened to it.

Tables: `ops.retry_item`, `ops.retry_event`.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.vocabulary import RetryKind, RetryState
from warehouse.queries import first_row, read, registered
from warehouse.statements import statement

_OPEN = ("waiting", "parked", "released", "in_flight", "dead")

_TOLD = (
    "concat(failures.reason, ', attempt ', failures.attempts, ' of ', failures.max_attempts, "
    "CASE WHEN failures.next_at IS NOT NULL "
    "THEN strftime(failures.next_at, '; again from %Y-%m-%d %H:%M:%S') ELSE '' END)"
)
"""What history says of a failure: never Affinity's words, which may name a customer."""


class RetryItem(NamedTuple):
    """One failed thing.

    `subject` is `charge:<line>:<type>`, `cli:<row key>`, `feeds` or `feed:<name>`,
    `delivery:<seq>`, `write_back:<seq>`, `cease:<line>:<type>` (an undo's),
    `change:<line>:<type>` or `end:<line>:<type>` of a billed charge, or `customer:<id>` (`site`,
    `address`, `contact`, `new_product`).
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
    outcome: str | None = None


class RetryEvent(NamedTuple):
    """One change of an item; `from_state` is null when it was new."""

    at: datetime
    action: str
    actor: str | None
    from_state: str | None
    to_state: str
    detail: str | None


def delivery_subject(seq: int) -> str:
    """The queue's name for the delivery of a batch."""
    return f"delivery:{seq}"


def cease_subject() -> pl.Expr:
    """The queue's name for taking back the charge of a row with `line_id` and `charge_type`."""
    return pl.format("cease:{}:{}", "line_id", "charge_type").alias("subject")


_FREEING = (
    "queue/free_charges",
    "queue/free_joined",
    "queue/free_groups",
    "queue/free_changes",
    "queue/free_ends",
    "queue/free_entities",
)
"""What Affinity refuses, one statement each to forget that it did."""


class RetryQueue:
    """The queue. Nothing leaves it without an outcome; nothing in it bypasses a rule."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def items(self, *, open_only: bool = True) -> list[RetryItem]:
        """Items, most money first."""
        rows = self._connection.execute(
            "SELECT id, kind, subject, reason, message, attempts, max_attempts, first_seen_at, "
            "next_at, state, value, batch_seq, outcome FROM ops.retry_item "
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

    def fail(self, failures: pl.DataFrame, *, now: datetime, actor: str | None = None) -> None:
        """Note failures: an open item of the same subject fails once more, others are new.

        `failures`: `subject`, `kind`, `reason`, `message`, `attempts`, `max_attempts`, `next_at`,
        `state`, `value`, `batch_seq`; one row per subject.
        """
        if failures.is_empty():
            return
        common = {"now": now, "open": list(_OPEN)}
        with registered(self._connection, "failures", failures):
            self._connection.execute(
                "INSERT INTO ops.retry_event SELECT item.id, $now, 'failed', $actor, item.state, "
                f"failures.state, {_TOLD} FROM ops.retry_item AS item INNER JOIN failures "
                "ON item.subject = failures.subject WHERE list_contains($open, item.state)",
                {**common, "actor": actor},
            )
            self._connection.execute(
                "UPDATE ops.retry_item AS item SET kind = failures.kind, "
                "reason = failures.reason, message = failures.message, "
                "attempts = failures.attempts, max_attempts = failures.max_attempts, "
                "next_at = failures.next_at, state = failures.state, value = failures.value, "
                "batch_seq = failures.batch_seq, last_seen_at = $now "
                "FROM failures WHERE item.subject = failures.subject "
                "AND list_contains($open, item.state)",
                common,
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
                common,
            )
            # the new items are those nothing has happened to yet
            self._connection.execute(
                "INSERT INTO ops.retry_event SELECT item.id, $now, 'failed', $actor, NULL, "
                f"failures.state, {_TOLD} FROM ops.retry_item AS item INNER JOIN failures "
                "ON item.subject = failures.subject "
                "ANTI JOIN ops.retry_event AS event ON item.id = event.item_id "
                "ORDER BY item.id",
                {"now": now, "actor": actor},
            )

    def move(
        self,
        subjects: pl.Series,
        state: RetryState,
        *,
        now: datetime,
        outcome: str | None,
        actor: str | None = None,
        action: str | None = None,
        detail: str | None = None,
    ) -> int:
        """Put the open items of `subjects` into `state`; how many were in another one.

        History calls it `action`, and says `detail` of it: the state's name, and the outcome, by
        default.
        """
        if subjects.is_empty():
            return 0
        common = {"state": state.value, "now": now, "open": list(_OPEN)}
        with registered(self._connection, "moved", pl.DataFrame({"subject": subjects})):
            rows = self._connection.execute(
                "INSERT INTO ops.retry_event SELECT item.id, $now, $action, $actor, item.state, "
                "$state, $detail FROM ops.retry_item AS item SEMI JOIN moved "
                "ON item.subject = moved.subject WHERE list_contains($open, item.state) "
                "AND item.state <> $state ORDER BY item.id",
                {
                    **common,
                    "action": action or state.value,
                    "actor": actor,
                    "detail": detail or outcome,
                },
            ).fetchall()
            self._connection.execute(
                "UPDATE ops.retry_item AS item SET state = $state, next_at = NULL, "
                "last_seen_at = $now, outcome = coalesce($outcome, outcome) "
                "FROM moved WHERE item.subject = moved.subject "
                "AND list_contains($open, item.state) AND item.state <> $state",
                {**common, "outcome": outcome},
            )
        return int(rows[0][0])

    def release(
        self,
        subjects: pl.Series,
        *,
        now: datetime,
        action: str = "released",
        actor: str | None = None,
    ) -> int:
        """Let items be tried again, the refused charges behind them be judged afresh; how many.

        With a CLI row go the charges that were refused in its batch, on its site and CLI.
        """
        self.free(subjects)
        count = self.move(
            subjects, RetryState.RELEASED, now=now, outcome=None, actor=actor, action=action
        )
        along = self._hanging_on(subjects)
        self.free(along)
        self.move(
            along,
            RetryState.RELEASED,
            now=now,
            outcome=None,
            actor=actor,
            action=action,
            detail="with its CLI row",
        )
        return count

    def at_stake(self, item: RetryItem | None) -> Decimal:
        """The money an act about an item is about: with a CLI row, the charges refused with it."""
        if item is None:
            return Decimal(0)
        along = self._hanging_on(pl.Series([item.subject]))
        with registered(self._connection, "named", pl.DataFrame({"subject": along})):
            found = first_row(
                self._connection,
                "SELECT sum(item.value) FROM ops.retry_item AS item SEMI JOIN named "
                "ON item.subject = named.subject WHERE list_contains($open, item.state)",
                {"open": list(_OPEN)},
            )
        return (item.value or Decimal(0)) + ((found and found[0]) or Decimal(0))

    def _hanging_on(self, subjects: pl.Series) -> pl.Series:
        """The charges refused along with the CLI rows among `subjects`."""
        clis = subjects.filter(subjects.str.starts_with("cli:"))
        if clis.is_empty():
            return clis
        with registered(self._connection, "named", pl.DataFrame({"subject": clis})):
            return read(self._connection, statement("queue/read_hanging_on"))["subject"]

    def clis_of(self, seq: int, row_keys: pl.Series) -> pl.Series:
        """The subjects of the CLIs that rows `row_keys` of batch `seq` add, whenever they start."""
        if row_keys.is_empty():
            return pl.Series("subject", [], dtype=pl.String)
        with registered(self._connection, "named", pl.DataFrame({"row_key": row_keys})):
            found = read(self._connection, statement("queue/read_same_clis"), {"seq": seq})
        return found["subject"]

    def taken(self, seq: int) -> pl.Series:
        """The subjects of open items about what batch `seq` takes."""
        asked = {"seq": seq, "open": list(_OPEN)}
        return read(self._connection, statement("queue/read_taken"), asked)["subject"]

    def feeds(self, read_now: Collection[str] | None = None) -> pl.Series:
        """The subjects of open items about feeds: one of them, or all.

        `read_now`: of single feeds only these.
        """
        return read(
            self._connection,
            "SELECT subject FROM ops.retry_item WHERE list_contains($open, state) "
            "AND (subject = 'feeds' OR (starts_with(subject, 'feed:') "
            "AND ($all OR list_contains($read_now, subject[6:])))) ORDER BY id",
            {"open": list(_OPEN), "all": read_now is None, "read_now": list(read_now or ())},
        )["subject"]

    def charges(self) -> pl.DataFrame:
        """`subject`, `disposition` (null = not there), `is_rejected` of charges that wait here."""
        return read(self._connection, statement("queue/read_charges_of_items"))

    def entities(self) -> pl.DataFrame:
        """`subject`, `is_due`, `is_rejected` of customers and the like that wait here."""
        return read(self._connection, statement("queue/read_entities_of_items"))

    def due(self, *, now: datetime) -> pl.DataFrame:
        """`id` and `subject` of waiting items whose time has come."""
        return read(
            self._connection,
            "SELECT id, subject FROM ops.retry_item "
            "WHERE state = 'waiting' AND next_at <= $now ORDER BY id",
            {"now": now},
        )

    def free(self, subjects: pl.Series) -> None:
        """Let what was refused of `subjects` be judged afresh, whatever Affinity said."""
        if subjects.is_empty():
            return
        with registered(self._connection, "freed", pl.DataFrame({"subject": subjects})):
            for freeing in _FREEING:
                self._connection.execute(statement(freeing))

    def settle(
        self, item_id: int, state: RetryState, *, actor: str, outcome: str, now: datetime
    ) -> None:
        """A person decided about one item."""
        self._connection.execute(
            "INSERT INTO ops.retry_event SELECT id, $now, $state, $actor, state, $state, $outcome "
            "FROM ops.retry_item WHERE id = $id",
            {"id": item_id, "state": state.value, "actor": actor, "outcome": outcome, "now": now},
        )
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

    def history(self, item_id: int) -> list[RetryEvent]:
        """Everything that happened to one item, oldest first."""
        rows = self._connection.execute(
            'SELECT "at", action, actor, from_state, to_state, detail FROM ops.retry_event '
            'WHERE item_id = $id ORDER BY "at", rowid',
            {"id": item_id},
        ).fetchall()
        return [RetryEvent._make(row) for row in rows]
