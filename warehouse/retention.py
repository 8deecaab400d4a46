"""What has been kept for long enough, found and removed. Table: `ops.retention`.

Rows of the books are never removed: of what ended long ago they lose what names a person. Keys,
ids, money, days and digests stay, so that nothing is billed twice and every chain holds.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from schemas.receipts import KeptLongEnough
from warehouse.queries import has_table, read, scalar
from warehouse.statements import statement

PEOPLE_FEEDS = {
    "order_lines": "line_id",
    "assets": "asset_id",
    "customers": "customer_id",
    "sites": "site_id",
    "addresses": "address_id",
    "contacts": "contact_id",
}
"""The feeds that say who and what is there, by their keys."""

_KEPT = (
    *("reading", "asset_of_line", "renewal", "replacement", "site_ref", "catalogue"),
    "unseen_snapshot",
)
"""Tables of `work` that explaining a line, or the next run, reads after the run that made them."""


class _Words(NamedTuple):
    """Columns of a table that name people or may, and which rows are meant."""

    table: str
    columns: tuple[str, ...]
    where: str


_OF_LINE = "line_id IN (SELECT line_id FROM ended_line)"
_OF_OLD_BATCH = "seq IN (SELECT seq FROM old_batch)"
_OF_PLACE = "(site_ref, cli) IN (SELECT (site_ref, cli) FROM ended_place)"
_OF_ENTITY = "(file, layer_id) IN (SELECT (file, layer_id) FROM ended_entity)"
_OF_FACT = "layer_key IN (SELECT layer_key FROM ended_fact)"
_OF_OBJECT = "object_uid IN (SELECT object_uid FROM ended_object)"
_OF_REJECT = (
    "(run_id, feed, coalesce(record_key, '')) "
    "IN (SELECT (run_id, feed, coalesce(record_key, '')) FROM old_reject)"
)

_PERSONAL = (
    _Words("ops.layer_fact", ("cli", "told_cli"), _OF_FACT),
    _Words("ops.affinity_fact", ("cli",), _OF_OBJECT),
    _Words("out.reconciled_layer", ("cli",), _OF_FACT),
    _Words("out.reconciled_affinity", ("cli",), _OF_OBJECT),
    _Words("ops.billed", ("cli", "content", "refused_content"), _OF_LINE),
    _Words(
        "ops.billed_group",
        ("cli", "refused_content"),
        "row_key IN (SELECT row_key FROM ended_group)",
    ),
    _Words("ops.charge_state", ("cli", "refused_content"), _OF_LINE),
    _Words("out.charge", ("cli",), _OF_LINE),
    _Words("out.now_charge", ("cli",), _OF_LINE),
    _Words("out.batch_product", ("cli",), f"{_OF_LINE} AND {_OF_OLD_BATCH}"),
    _Words("out.batch_cease", ("cli",), f"{_OF_LINE} AND {_OF_OLD_BATCH}"),
    _Words("out.batch_member", ("cli", "content"), f"{_OF_LINE} AND {_OF_OLD_BATCH}"),
    _Words(
        "out.batch_cli",
        ("previous_cli",),
        "(coalesce(previous_site_ref, site_ref), previous_cli) "
        f"IN (SELECT (site_ref, cli) FROM ended_place) AND {_OF_OLD_BATCH}",
    ),
    _Words("out.batch_cli", ("cli", "range_end"), f"{_OF_PLACE} AND {_OF_OLD_BATCH}"),
    _Words("out.batch_entity", ("cells",), f"{_OF_ENTITY} AND {_OF_OLD_BATCH}"),
    _Words("ops.entity_state", ("refused",), _OF_ENTITY),
    _Words("out.batch_outcome", ("message",), _OF_OLD_BATCH),
    _Words("out.delivery_file", ("words",), _OF_OLD_BATCH),
    _Words(
        "ops.retry_item",
        ("message",),
        "state IN ('done', 'discarded') AND CAST(last_seen_at AS DATE) < $before",
    ),
)

_REJECTED = (_Words("ops.reject", ("raw_value",), _OF_REJECT),)


class RetentionStore:
    """Finds what has been kept for long enough, and removes what names people from it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse, also one that is open for reading; the caller commits."""
        self._connection = connection

    def landed_needed(self, before: date) -> set[str]:
        """The names of landed files that a run has read on that day or after."""
        rows = read(self._connection, statement("retention/read_needed"), {"before": before})
        return {Path(path).name for path in rows["path"]}

    def old_batches(self, before: date) -> list[Path]:
        """The folders of batches that have been settled since before that day, by number."""
        self._connection.execute(statement("retention/make_old_batch"), {"before": before})
        rows = read(self._connection, "SELECT path FROM old_batch ORDER BY seq")
        return [Path(path) for path in rows["path"]]

    def rejected_values(self, before: date) -> int:
        """How many rejects would lose the value they show."""
        self._find_rejects(before)
        return self._count(_REJECTED, before)

    def blank_rejected_values(self, before: date) -> int:
        """Blank the values that old rejects show; how many there were. Their reasons stay."""
        self._find_rejects(before)
        blanked = self._blank(_REJECTED, before)
        # the only key of a feed that has a CLI in it
        self._connection.execute(
            "UPDATE ops.reject SET record_key = split_part(record_key, '|', 1) || '|' "
            f"WHERE feed = 'asset_numbers' AND {_OF_REJECT}"
        )
        self._connection.execute(
            "DELETE FROM ops.broken AS broken USING ops.run AS mended "
            "WHERE broken.feed = 'asset_numbers' AND broken.until_run = mended.run_id "
            "AND CAST(mended.started_at AS DATE) < $before",
            {"before": before},
        )
        return blanked

    def personal_rows(self, before: date) -> int:
        """How many rows would lose what names a person."""
        self._find_ended(before)
        return self._count(_PERSONAL, before) + sum(
            scalar(self._connection, f"SELECT count(*) FROM {table} WHERE {where}")
            for table, where in (("ops.cli_state", _OF_PLACE), ("ops.entity_state", _TOLD))
        )

    def blank_personal_rows(self, before: date) -> int:
        """Blank what names a person in rows about what ended before that day; how many rows.

        A CLI that has ended is forgotten; the row keys of what was told of it stay. What an entity
        was told becomes blanks, never null: one that comes back is changed, not added again.
        """
        self._find_ended(before)
        blanked = self._blank(_PERSONAL, before)
        blanked += self._change(f"DELETE FROM ops.cli_state WHERE {_OF_PLACE}")
        return blanked + self._change(
            "UPDATE ops.entity_state SET told = list_transform(told, lambda cell: '') "
            f"WHERE {_TOLD}"
        )

    def drop_leftovers(self) -> None:
        """Drop what runs left behind that nothing reads once they have ended."""
        rows = self._connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE (schema_name = 'work' AND NOT list_contains($kept, table_name)) "
            "OR (schema_name IN ('core', 'known') AND starts_with(table_name, 'new_'))",
            {"kept": list(_KEPT)},
        ).fetchall()
        for schema, table in rows:
            self._connection.execute(f'DROP TABLE {schema}."{table}"')

    def note(self, kinds: Mapping[str, KeptLongEnough], *, actor: str, moment: datetime) -> None:
        """Note who removed what, and when, also where that is nothing; it is not finished yet."""
        for kind, removed in kinds.items():
            self._connection.execute(
                'INSERT INTO ops.retention ("at", actor, kind, before, files, rows, bytes) '
                "VALUES ($at, $actor, $kind, $before, $files, $rows, $bytes)",
                {"at": moment, "actor": actor, "kind": kind, **asdict(removed)},
            )

    def was_cut_off(self) -> bool:
        """Whether the last time was not finished."""
        return self._is_known() and bool(
            scalar(self._connection, "SELECT count(*) FROM ops.retention WHERE finished_at IS NULL")
        )

    def personal_before(self) -> date | None:
        """What ended before this day names nobody any more; null: all is as it was."""
        if not self._is_known():
            return None
        row = self._connection.execute(
            "SELECT max(before) FROM ops.retention WHERE kind = 'personal' AND rows > 0"
        ).fetchall()
        found: date | None = row[0][0]
        return found

    def _is_known(self) -> bool:
        # one that is only looked at may be of before this table
        return has_table(self._connection, "ops", "retention")

    def _find_rejects(self, before: date) -> None:
        self._connection.execute(statement("retention/make_old_reject"), {"before": before})

    def _find_ended(self, before: date) -> None:
        self._find_present()
        for name, parameters in (
            ("retention/make_old_batch", {"before": before}),
            ("retention/make_ended_line", {"before": before}),
            ("retention/make_ended_fact", {"before": before}),
            ("retention/make_ended_object", {"before": before}),
            ("retention/make_ended_group", {}),
            ("retention/make_ended_place", {"before": before}),
            ("retention/make_ended_entity", {}),
        ):
            self._connection.execute(statement(name), parameters)

    def _find_present(self) -> None:
        """Who and what is in the feeds; of deltas also what only lost what it points at."""
        self._connection.execute("CREATE OR REPLACE TEMP TABLE present (feed VARCHAR, id VARCHAR)")
        for feed, key in PEOPLE_FEEDS.items():
            is_known = has_table(self._connection, "known", feed)
            for schema in ("core", "known") if is_known else ("core",):
                self._connection.execute(
                    f"INSERT INTO present SELECT '{feed}', {key} FROM {schema}.{feed}"
                )

    def _count(self, words: tuple[_Words, ...], before: date) -> int:
        return sum(
            scalar(
                self._connection,
                f"SELECT count(*) FROM {each.table} WHERE {_says_something(each)}",
                _takes(each, before),
            )
            for each in words
        )

    def _blank(self, words: tuple[_Words, ...], before: date) -> int:
        return sum(
            self._change(
                f"UPDATE {each.table} SET "
                + ", ".join(f"{column} = NULL" for column in each.columns)
                + f" WHERE {_says_something(each)}",
                _takes(each, before),
            )
            for each in words
        )

    def _change(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        return int(self._connection.execute(sql, parameters).fetchall()[0][0])


_TOLD = f"{_OF_ENTITY} AND list_max(told) <> ''"


def _says_something(words: _Words) -> str:
    filled = " OR ".join(f"{column} IS NOT NULL" for column in words.columns)
    return f"({filled}) AND {words.where}"


def _takes(words: _Words, before: date) -> dict[str, object]:
    return {"before": before} if "$before" in words.where else {}
