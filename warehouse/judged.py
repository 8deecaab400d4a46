"""What has changed since the last judgement: the only lines the next one has to look at.

Its tables are all of `work`, so that a warehouse without them judges every line:

- `judged`: one row, what was judged by and for which day;
- `changed`: kind and key of what has changed since, kept until a judgement is done;
- `was_<name>`: what the last judgement saw of what is no record of a feed;
- `line_to_judge`, `asset_to_judge`: what this one looks at;
- `judged_since`: what was judged since each step that follows was last done; a null line stands
  for all of them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import duckdb

from schemas.feeds import Feed
from warehouse.queries import first_row, has_table
from warehouse.statements import statement

_LOOKED_AT = frozenset(
    {"order_lines", "orders", "customers", "products", "assets", "sites", "quotation_lines"}
)
"""Feeds whose records a judgement looks at one by one; of the others it sees what is below."""

_NAMED_BY = {"quotation_lines": ("order_lines", "line_id")}
"""Where it is not the record itself that the change is noted of: of what, and in which column."""


class _Seen(NamedTuple):
    """Rows a judgement sees: `columns` of `source`; `key` names a record of the feed `kind`.

    No two rows of a key are alike in the columns `beside` it.
    """

    kind: str
    source: str
    key: str
    columns: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def rows(self) -> str:
        """As SQL."""
        return f"SELECT {self.key} AS key, {', '.join(self.columns)} FROM {self.source} AS seen"


_SEEN: Mapping[str, _Seen] = {
    "reading": _Seen(
        "order_lines", "work.reading", "line_id", ("reading", "is_split"), ("reading",)
    ),
    "asset_of_line": _Seen(
        "order_lines",
        "work.asset_of_line",
        "line_id",
        ("assets", "asset_id", "first_assets", "first_asset_id"),
    ),
    "state": _Seen(
        "order_lines",
        "ops.charge_state",
        "line_id",
        ("charge_type", "status", "batch_seq", "in_billing_on", "refused_content"),
        ("charge_type",),
    ),
    "billed": _Seen(
        "order_lines",
        "ops.billed",
        "line_id",
        (
            *("charge_type", "period", "content", "ended_by"),
            *("bill_start_on", "bill_end_on", "resumes_on"),
        ),
        ("charge_type",),
    ),
    "learnt": _Seen(
        "customers", "(FROM ops.entity_state WHERE file = 'customers')", "layer_id", ("ref",)
    ),
    "catalogue": _Seen("affinity_products", "work.catalogue", "product_code", ("is_active",)),
    "renewal": _Seen(
        "assets",
        "work.renewal",
        "asset_id",
        ("renewed_by", "is_last", "is_to_come"),
        ("renewed_by",),
    ),
    "replacement": _Seen(
        "assets", "work.replacement", "asset_id", ("line_id", "last_day"), ("line_id",)
    ),
    "request": _Seen(
        "assets", "ops.cease_request", "asset_id", ("object_uid", "completed_on"), ("object_uid",)
    ),
    "site_ref": _Seen("sites", "work.site_ref", "site_id", ("site_refs", "site_ref")),
}
"""What a judgement sees that is no record of a feed, by name."""


_MANY = 100_000
"""So many changes, and what was seen is written anew: to look each of them up takes as long."""

FOLLOWERS = ("check records", "remember both sides")
"""Steps that have to look only at what was judged since they were last done."""


class Days(NamedTuple):
    """A day to judge for, and the first and last bill start that is plausible on it."""

    as_of: date
    earliest: date
    latest: date


class JudgedStore:
    """What has changed since the last judgement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transactions."""
        self._connection = connection

    def note_records(self, feed: Feed, fresh: str) -> None:
        """Note which records of a feed are others in the table `fresh` than in `core`.

        Belongs into the transaction that puts them there.
        """
        if feed.name not in _LOOKED_AT or not has_table(self._connection, "work", "judged"):
            return
        key = feed.keys[0]
        kind, named = _NAMED_BY.get(feed.name, (feed.name, key))
        differs = " OR ".join(
            f"new.{column.name} IS DISTINCT FROM old.{column.name}" for column in feed.columns
        )
        self._connection.execute(
            f"INSERT INTO work.changed SELECT '{kind}', unnest([new.{named}, old.{named}]) "
            f"FROM {fresh} AS new FULL JOIN core.{feed.name} AS old ON new.{key} = old.{key} "
            f"WHERE {differs}"
        )

    def find_lines(self, by: str, days: Days) -> bool:
        """List the lines to judge in `work.line_to_judge`; false: every one is, and none is listed.

        `by`: a digest of whatever a judgement depends on besides the facts and the day.
        """
        last = self._last()
        if last is None or last[0] != by:
            self._start_anew()
            return False
        for name, seen in _SEEN.items():
            self._note_seen(name, seen)
        self._connection.execute(statement("judge/make_asset_to_judge"))
        before = Days(*last[1:])
        self._connection.execute(
            statement("judge/make_line_to_judge"),
            {
                "from_day": min(before.as_of, days.as_of),
                "to_day": max(before.as_of, days.as_of),
                "from_earliest": min(before.earliest, days.earliest),
                "to_earliest": max(before.earliest, days.earliest),
                "from_latest": min(before.latest, days.latest),
                "to_latest": max(before.latest, days.latest),
            },
        )
        return True

    def note_judged(self, by: str, days: Days, *, listed_only: bool) -> None:
        """All lines are judged: belongs into the transaction that stores what came of it."""
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS work.judged_since (step VARCHAR, line_id VARCHAR)"
        )
        lines = "work.line_to_judge" if listed_only else "(SELECT NULL AS line_id)"
        for step in FOLLOWERS:
            self._connection.execute(
                f"INSERT INTO work.judged_since SELECT $step, line_id FROM {lines}", {"step": step}
            )
        self._connection.execute("TRUNCATE work.changed")
        self._connection.execute("DELETE FROM work.judged")
        self._connection.execute(
            "INSERT INTO work.judged VALUES ($by, $as_of, $earliest, $latest)",
            {"by": by, **days._asdict()},
        )

    def list_judged_since(self, step: str) -> bool:
        """List in `work.line_judged` what was judged since a step was last done.

        False: every line was, or nobody knows, and none is listed.
        """
        if not has_table(self._connection, "work", "judged_since"):
            return False
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.line_judged AS "
            "SELECT DISTINCT line_id FROM work.judged_since WHERE step = $step",
            {"step": step},
        )
        ((knows_all,),) = self._connection.execute(
            "SELECT count(*) = count(line_id) FROM work.line_judged"
        ).fetchall()
        return bool(knows_all)

    def note_done(self, step: str) -> None:
        """A step has followed: belongs into the transaction that stores what came of it."""
        if has_table(self._connection, "work", "judged_since"):
            self._connection.execute(
                "DELETE FROM work.judged_since WHERE step = $step", {"step": step}
            )

    def last_day(self) -> date | None:
        """The day that charges stand as judged for; none where nobody knows."""
        last = self._last()
        return last[1] if last else None

    def _last(self) -> tuple[Any, ...] | None:
        if not has_table(self._connection, "work", "judged"):
            return None
        return first_row(
            self._connection, "SELECT judged_by, as_of, earliest, latest FROM work.judged"
        )

    def _start_anew(self) -> None:
        """From here on it is noted what changes."""
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.judged "
            "(judged_by VARCHAR, as_of DATE, earliest DATE, latest DATE)"
        )
        self._connection.execute("CREATE OR REPLACE TABLE work.changed (kind VARCHAR, key VARCHAR)")
        for name, seen in _SEEN.items():
            self._connection.execute(f"CREATE OR REPLACE TABLE work.was_{name} AS {seen.rows}")

    def _note_seen(self, name: str, seen: _Seen) -> None:
        same = " AND ".join(f"now.{column} = was.{column}" for column in ("key", *seen.beside))
        differs = " OR ".join(
            f"now.{column} IS DISTINCT FROM was.{column}" for column in ("key", *seen.columns)
        )
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE seen_anew AS SELECT coalesce(now.key, was.key) AS key "
            f"FROM ({seen.rows}) AS now FULL JOIN work.was_{name} AS was ON {same} "
            f"WHERE {differs}"
        )
        counts = "SELECT count(*), count(*) = count(key) FROM seen_anew"
        changed, are_named = first_row(self._connection, counts) or (0, True)
        if not changed:
            return
        self._connection.execute(
            f"INSERT INTO work.changed SELECT '{seen.kind}', key FROM seen_anew"
        )
        if not are_named or changed > _MANY:
            self._connection.execute(f"CREATE OR REPLACE TABLE work.was_{name} AS {seen.rows}")
            return
        of_them = "WHERE key IN (FROM seen_anew)"
        self._connection.execute(f"DELETE FROM work.was_{name} {of_them}")
        self._connection.execute(
            f"INSERT INTO work.was_{name} SELECT * FROM ({seen.rows}) {of_them}"
        )
