"""The two sides of the reconciliation: what was known of them, and what came of comparing them.

Tables: `ops.layer_fact`, `ops.affinity_fact`, `out.reconciliation`, `out.reconciled_*`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from schemas.receipts import FeedOfRun
from schemas.sides import AFFINITY_SIDE, LAYER_SIDE
from warehouse.queries import append, first_row, read, registered, scalar
from warehouse.statements import statement

_LINES_AT_ONCE = 2_000_000
"""So many lines of The Layer's side are compared at once with what is remembered of them."""

_LINES = "starts_with(layer_key, 'line:')"
"""Of what is remembered of The Layer, order lines; the others are assets without one."""


@dataclass(frozen=True)
class _Side:
    """One side: where it is made and kept, its key, and what has no day of its own."""

    fresh: str
    kept: str
    key: str
    columns: tuple[str, ...]
    undated: tuple[str, ...]
    compared: tuple[str, ...]
    """What is compared with the other side; `same_from` is since when all of it is as it is."""

    standing: str | None = None
    """The column that says where a record stands; `stands_from` is since when."""


_UNDATED = ("site_ref", "cli", "sku", "quantity", "unit_price", "frequency")

_BY_KNOWN_TIME = ("known_from", "same_from")

# Affinity does not say how often it bills: that is reckoned, and changes with other products
_COMPARED = ("site_ref", "cli", "sku", "quantity", "unit_price", "start_on", "end_on")

_UNDATED_OF_ASSETS = ("disposition",)
"""Of an asset without a line: no ledger tells since when it has its route and Do Not Bill."""

_LAYER = _Side(
    "layer_side",
    "ops.layer_fact",
    "layer_key",
    tuple(name for name in LAYER_SIDE if name not in (*_BY_KNOWN_TIME, "stands_from")),
    _UNDATED,
    (*_COMPARED, "disposition"),
    standing="disposition",
)
_AFFINITY = _Side(
    "affinity_side",
    "ops.affinity_fact",
    "object_uid",
    tuple(name for name in AFFINITY_SIDE if name not in (*_BY_KNOWN_TIME, "is_gone")),
    _UNDATED,
    (*_COMPARED, "charge_type"),
)


def _counts_now(side: _Side, name: str) -> str:
    """When a column is as last known, as SQL: its day is in the record, or nothing was before."""
    is_new = f"earlier.{side.key} IS NULL OR last.start_on > $as_of"
    if name in side.undated:
        return is_new
    if name == side.standing and name in _UNDATED_OF_ASSETS:
        return f"{is_new} OR NOT starts_with(last.{side.key}, 'asset:')"
    return "TRUE"


class SideStore:
    """What both sides said, by two clocks: in force on a day, known on a day."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def remember_layer(
        self,
        run_id: str,
        day: date,
        *,
        platform_names: Sequence[str],
        own_names: Sequence[str],
        listed_only: bool,
    ) -> None:
        """Keep what The Layer and our ledger say today, where it is not as known.

        `listed_only`: of lines, only those are looked at of which it may not be: what was judged
        is listed in `work.line_judged`.
        """
        # step by step, and part by part: the joins of one big statement would have to fit into
        # memory at once
        today: dict[str, object] = {"day": day}
        routes: dict[str, object] = {
            "platform_names": [name.strip().lower() for name in platform_names],
            "own_names": [name.strip().lower() for name in own_names],
        }
        self._take("reconcile/make_side_changes", today)
        self._take("reconcile/make_held")
        self._take("reconcile/make_sold")
        for made, only in self._parts(listed_only=listed_only):
            self._take("reconcile/make_side_charges", only=only)
            self._take("reconcile/add_told_charges", only=only)
            self._take("reconcile/add_judged_charges", only=only)
            self._take("reconcile/make_gone", today)
            self._take("reconcile/make_layer_side")
            self._take("reconcile/add_former", only=only)
            self._take("reconcile/add_sold")
            self._remember(_LAYER, run_id, day, made)
        if listed_only:
            self._take("reconcile/add_known_sold")
        self._take("reconcile/make_unsold")
        self._take("reconcile/drop_named")
        self._connection.execute("TRUNCATE layer_side")
        self._take("reconcile/add_unsold", today | routes)
        self._remember(_LAYER, run_id, day, f"NOT {_LINES}")

    def _parts(self, *, listed_only: bool) -> Iterator[tuple[str, str]]:
        """The parts in which lines are looked at.

        Of each the condition on what is remembered of it, and the join that leaves its charges.
        Where nothing is remembered there is nothing to compare with, so all fit at once.
        """
        if listed_only:
            self._take("reconcile/make_side_lines")
        else:
            charges = scalar(self._connection, "SELECT count(*) FROM out.charge")
            known = first_row(self._connection, "FROM ops.layer_fact LIMIT 1")
            if known is None or charges <= 2 * _LINES_AT_ONCE:  # two of a line
                yield _LINES, ""
                return
            self._take("reconcile/make_all_side_lines")
        lines = scalar(self._connection, "SELECT count(*) FROM side_line")
        parts = -(-lines // _LINES_AT_ONCE) or 1
        for part in range(parts):
            self._connection.execute(
                "CREATE OR REPLACE TEMP TABLE side_part AS FROM side_line "
                f"WHERE hash(line_id) % {parts} = {part}"
            )
            yield (
                f"line_id IN (FROM side_part) AND {_LINES}",
                "SEMI JOIN side_part AS listed ON charge.line_id = listed.line_id",
            )

    def _take(
        self, name: str, parameters: dict[str, object] | None = None, *, only: str = ""
    ) -> None:
        sql = statement(name).replace("/* listed only */", only)
        self._connection.execute(sql, parameters or {})

    def remember_affinity(self, run_id: str, day: date) -> None:
        """Keep what the snapshot of this run shows, where it is not as known."""
        self._connection.execute(statement("reconcile/make_affinity_side"))
        self._remember(_AFFINITY, run_id, day)

    def _remember(self, side: _Side, run_id: str, day: date, made: str = "TRUE") -> None:
        """Keep the fresh records that are not as known, and until when the known ones were.

        `made`: a condition on known records, that they were made afresh: the others stay.
        """
        columns = ", ".join(side.columns)
        known = f"(FROM {side.kept} WHERE known_to IS NULL AND ({made}))"
        which = ""
        # of the first day, when nothing is known, no join: it would take memory for nothing
        if first_row(self._connection, f"FROM {known} LIMIT 1") is not None:
            differs = " OR ".join(
                f"known.{name} IS DISTINCT FROM fresh.{name}" for name in side.columns
            )
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE other_fact AS "
                f"SELECT coalesce(known.{side.key}, fresh.{side.key}) AS {side.key} "
                f"FROM {known} AS known FULL JOIN {side.fresh} AS fresh "
                f"ON known.{side.key} = fresh.{side.key} WHERE {differs}"
            )
            self._connection.execute(
                f"UPDATE {side.kept} AS fact SET known_to = $day FROM other_fact AS other "
                f"WHERE fact.known_to IS NULL AND fact.{side.key} = other.{side.key}",
                {"day": day},
            )
            which = f"SEMI JOIN other_fact AS other ON fresh.{side.key} = other.{side.key}"
        self._connection.execute(
            f"INSERT INTO {side.kept} ({columns}, known_from, run_id) "
            f"SELECT {columns}, $day, $run_id FROM {side.fresh} AS fresh {which}",
            {"day": day, "run_id": run_id},
        )

    def layer(self, as_of: date, known_at: date | None) -> pl.DataFrame:
        """LAYER_SIDE in force on `as_of`, as known at the end of `known_at` (null: now)."""
        return self._as_known(_LAYER, as_of, known_at).cast(LAYER_SIDE)

    def affinity(self, as_of: date, known_at: date | None) -> pl.DataFrame:
        """AFFINITY_SIDE, as `layer`."""
        return self._as_known(_AFFINITY, as_of, known_at).cast(AFFINITY_SIDE)

    def _as_known(self, side: _Side, as_of: date, known_at: date | None) -> pl.DataFrame:
        """Records as last known, but with the quantity, price and place that counted on the day.

        Those have no days of their own: they count from the run that first saw them. What was
        first seen after the day is taken as it was then, and what begins after it as it will
        be. What is there no more was there until a
        run no longer saw it.
        """
        key, kept = side.key, side.kept
        columns = [
            f"CASE WHEN {_counts_now(side, name)} THEN last.{name} "
            f"ELSE earlier.fact.{name} END AS {name}"
            for name in (*side.columns, "known_from")
        ]
        columns.append("standing.same_from")
        is_other = " OR ".join(
            f"seen.{name} IS DISTINCT FROM last.{name}" for name in side.compared
        )
        columns.append("last.is_gone" if side.standing is None else "standing.stands_from")
        return read(
            self._connection,
            f"""
            WITH seen AS (
                FROM {kept}
                WHERE
                    ($known_at IS NULL OR known_from <= $known_at)
                    AND (known_to IS NULL OR known_to > known_from)
            ),
            current AS (
                SELECT *, FALSE AS is_gone FROM seen WHERE known_to IS NULL OR known_to > $known_at
            ),
            last AS (
                FROM current
                UNION ALL
                SELECT seen.*, TRUE AS is_gone
                FROM seen
                ANTI JOIN current ON seen.{key} = current.{key}
                WHERE seen.known_to > $as_of
                QUALIFY
                    row_number() OVER (PARTITION BY seen.{key} ORDER BY seen.known_from DESC) = 1
            ),
            earlier AS (
                SELECT
                    seen.{key},
                    coalesce(
                        max_by(seen, seen.known_from) FILTER (WHERE seen.known_from <= $as_of),
                        min_by(seen, seen.known_from)
                    ) AS fact
                FROM seen
                SEMI JOIN (FROM last WHERE known_from > $as_of) AS later ON seen.{key} = later.{key}
                GROUP BY seen.{key}
            ),
            standing AS (
                SELECT
                    last.{key},
                    coalesce(
                        max(seen.known_to) FILTER (
                            WHERE seen.{side.standing or key} <> last.{side.standing or key}
                        ),
                        min(seen.known_from)
                    ) AS stands_from,
                    coalesce(
                        max(seen.known_to) FILTER (WHERE {is_other}), min(seen.known_from)
                    ) AS same_from
                FROM last
                INNER JOIN seen ON last.{key} = seen.{key}
                GROUP BY last.{key}
            )
            SELECT {", ".join(columns)}
            FROM last
            LEFT JOIN earlier ON last.{key} = earlier.{key}
            LEFT JOIN standing ON last.{key} = standing.{key}
            ORDER BY last.{key}
            """,
            {"as_of": as_of, "known_at": known_at},
        )

    def edges(self, layer: pl.DataFrame, affinity: pl.DataFrame) -> pl.DataFrame:
        """EDGE between records of both sides."""
        with (
            registered(self._connection, "known_layer", layer),
            registered(self._connection, "known_affinity", affinity),
        ):
            return read(self._connection, statement("reconcile/read_edges"))

    def rejected(self, affinity: pl.DataFrame, run_id: str) -> pl.DataFrame:
        """`object_uid` of what Affinity bills of records that were broken as the run left them."""
        with registered(self._connection, "known_affinity", affinity):
            return read(self._connection, statement("reconcile/read_rejected"), {"run_id": run_id})

    def own_routes(self, layer: pl.DataFrame) -> pl.DataFrame:
        """`layer_key` of held charges whose line or asset names a route, and that as `subject`."""
        with registered(self._connection, "known_layer", layer):
            return read(self._connection, statement("reconcile/read_own_routes"))

    def has_strangers(self, run_id: str) -> bool:
        """Whether lines or assets that nobody ever knew were broken as the run left them."""
        found = read(self._connection, statement("reconcile/read_strangers"), {"run_id": run_id})
        return not found.is_empty()

    def feed_of_runs(self, feed: str, known_at: date | None) -> list[FeedOfRun]:
        """What each run until that day read of a feed, newest first."""
        rows = self._connection.execute(
            statement("reconcile/read_runs"), {"feed": feed, "known_at": known_at}
        ).fetchall()
        return [FeedOfRun._make(row) for row in rows]

    def store(
        self,
        matches: pl.DataFrame,
        layer: pl.DataFrame,
        affinity: pl.DataFrame,
        **others: pl.DataFrame,
    ) -> None:
        """Replace the last reconciliation: MATCH, both sides with theirs, and what follows.

        `others`: RESTATED as `restated`, CLOCK as `money_clock`, REPAIR as `repair`.
        """
        for name, rows in (
            ("reconciliation", matches),
            ("reconciled_layer", layer),
            ("reconciled_affinity", affinity),
            *others.items(),
        ):
            self._connection.execute(f"TRUNCATE out.{name}")
            found = self._connection.execute(f"DESCRIBE out.{name}").fetchall()
            append(self._connection, f"out.{name}", rows.select(column for column, *_ in found))
