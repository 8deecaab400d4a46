"""Records of the feeds on their way into `core`, and the rejects that did not get there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from schemas.feeds import FEEDS, Feed
from schemas.receipts import FeedCount
from schemas.vocabulary import RejectReason
from warehouse.judged import JudgedStore
from warehouse.landed_files import latin_1_or_utf_8, parquet_text_sql, quoted
from warehouse.queries import append, first_row, has_table, read
from warehouse.runs import note_warnings
from warehouse.statements import statement

NEW_PREFIX = "new_"
"""Tables of `core` so named hold records that a run has not accepted yet, or never did."""
_ORPHANS = "orphan_"
"""Tables of `known` so named hold what is unfit of a full feed for want of what it points at."""

_LEFT_OUT = "known record left out: what it points at is gone"


class FeedStore:
    """Accepted records (`core.<feed>`) and rejects (`ops.reject`) of one run.

    After `start_over`, feeds are handled one after the other, parents first: `begin`, then `add`
    and `reject` for each batch, in one transaction; then `settle`, which finds what spans batches
    and removes what is unfit. `replace_core` lets all feeds' new records appear at once, or
    `leave_core` none.

    New records wait in tables of their own, which are renamed in the end: deleting from what the
    same transaction has appended would make DuckDB write every row a second time. A full feed that
    is as it was is not read at all, nor one that a delta leaves alone: `start_over` says which.

    In delta mode `merge` puts what was known beside what came, before references are looked up.
    A known record whose parent is gone is left out of `core` but stays known: it comes back with
    its parent. Records from before have row numbers below zero.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, run_id: str, *, is_delta: bool = False
    ) -> None:
        """Work on an open warehouse; the caller owns the transactions."""
        self._connection = connection
        self._run_id = run_id
        self._is_delta = is_delta
        self._kept: frozenset[str] = frozenset()
        self._left_out: dict[str, int] = {}
        self._delivered: Mapping[str, str] = {}
        self._read_by = ""

    def start_over(self, delivered: Mapping[str, str], *, read_by: str) -> frozenset[str]:
        """Make room for what is accepted; a full feed that is not delivered is left empty.

        What an interrupted run left behind is forgotten.

        Args:
            delivered: the digest of each feed's bytes.
            read_by: the digest of whatever else decides which records are accepted.

        Returns:
            The feeds of which `core` holds already what would be accepted: they and all they refer
            to are as they were.
        """
        self._delivered, self._read_by = delivered, read_by
        self._kept = self._unchanged()
        if self._is_delta:
            settled = self._settled()
            self._kept = frozenset(name for name in self._kept if _lineage(name) <= settled.keys())
            self._left_out = {name: settled[name] for name in self._kept}
            self.warn({(name, _LEFT_OUT): records for name, records in self._left_out.items()})
        for feed in FEEDS.values():
            if feed.name not in self._kept:
                self._connection.execute(
                    f"CREATE OR REPLACE TABLE {self._new(feed)} AS FROM core.{feed.name} LIMIT 0"
                )
                self._connection.execute(f"DROP TABLE IF EXISTS {_new_orphans(feed)}")
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.run_reject AS FROM ops.reject LIMIT 0"
        )
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.run_feed AS FROM ops.feed_read LIMIT 0"
        )
        for name in ("run_broken", "run_judged"):
            self._connection.execute(
                f"CREATE OR REPLACE TABLE work.{name} (feed VARCHAR, record_key VARCHAR)"
            )
        return self._kept

    def _unchanged(self) -> frozenset[str]:
        if not has_table(self._connection, "work", "accepted"):
            return frozenset()
        known = dict(
            self._connection.execute(
                "SELECT feed, sha256 FROM work.accepted WHERE read_by = $by", {"by": self._read_by}
            ).fetchall()
        )
        return frozenset(
            name
            for name in FEEDS
            if all(known.get(each) == self._delivered.get(each, "") for each in _lineage(name))
        )

    def _settled(self) -> dict[str, int]:
        """Feeds of which another look would leave out what the last one left out: so many records.

        What was left out when it came is left out once more, as known, before that can be said.
        """
        if not has_table(self._connection, "work", "left_out"):
            return {}
        known = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'known'"
        ).fetchall()
        said = [
            f"SELECT '{name}' AS feed, "
            f"(SELECT count(*) FROM known.{name}) - (SELECT count(*) FROM core.{name}) AS records"
            for (name,) in known
            if name in FEEDS
        ]
        if not said:
            return {}
        return dict(
            self._connection.execute(
                f"FROM work.left_out SEMI JOIN ({' UNION ALL '.join(said)}) AS now "
                "ON left_out.feed = now.feed AND left_out.records = now.records"
            ).fetchall()
        )

    def keep(self, feed: Feed, *, path: Path) -> FeedCount:
        """Note that a feed is as it was; what did not fit still does not. Its counts, as before."""
        this = {"feed": feed.name, "run_id": self._run_id}
        self._connection.execute(statement("feeds/keep_rejects"), this)
        self._connection.execute(statement("feeds/keep_counts"), this | {"path": str(path)})
        return FeedCount(
            *self._connection.execute(
                "SELECT records_read, accepted, rejected FROM work.run_feed WHERE feed = $feed",
                {"feed": feed.name},
            ).fetchall()[0]
        )

    def begin(self) -> None:
        """Start on a feed: nothing of it is unfit or padded yet."""
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.reject "
            "(row_number BIGINT, column_name VARCHAR, reason VARCHAR, raw_value VARCHAR)"
        )
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.padded "
            "(row_number BIGINT, column_name VARCHAR, raw_value VARCHAR)"
        )

    def keep_padded(self, padded: pl.DataFrame) -> None:
        """Note how cells with white space around them were written, where rejects may show them."""
        append(self._connection, "work.padded", padded)

    def add(self, feed: Feed, records: pl.DataFrame) -> None:
        """Append typed records, fit or not yet known to be unfit."""
        append(self._connection, self._new(feed), records)

    def reject(self, rejects: pl.DataFrame) -> None:
        """Note unfit cells (`row_number`, `column_name`, `reason`, `raw_value`)."""
        append(self._connection, "work.reject", rejects)

    def _new(self, feed: Feed) -> str:
        """Where the records are that this run accepts."""
        return f"core.{feed.name if feed.name in self._kept else NEW_PREFIX + feed.name}"

    def additional_numbers(self) -> pl.DataFrame:
        """The additional numbers of accepted assets, with what their product says of CLIs.

        `is_fit` is false where something else is wrong with the record already.
        """
        return read(
            self._connection,
            "SELECT number.row_number, number.asset_id, number.cli, number.range_end, "
            "product.base_category, product.needs_cli, reject.row_number IS NULL AS is_fit "
            f"FROM {self._new(FEEDS['asset_numbers'])} AS number "
            f"INNER JOIN {self._new(FEEDS['assets'])} AS asset ON number.asset_id = asset.asset_id "
            f"INNER JOIN {self._new(FEEDS['products'])} AS product "
            "ON asset.product_id = product.product_id "
            "LEFT JOIN (SELECT DISTINCT row_number FROM work.reject) AS reject "
            "ON number.row_number = reject.row_number "
            "WHERE number.cli IS NOT NULL AND NOT coalesce(number.is_deleted, FALSE)",
        )

    def find_duplicates(self, feed: Feed) -> None:
        """Reject every record whose key, where readable, another record has too."""
        if not feed.keys:
            return
        keys = ", ".join(feed.keys)
        readable = " AND ".join(f"{key} IS NOT NULL" for key in feed.keys)
        self._connection.execute(
            f"INSERT INTO work.reject "
            f"SELECT record.row_number, '{feed.keys[0]}', '{RejectReason.DUPLICATE_KEY}', "
            f"CAST(record.{feed.keys[0]} AS VARCHAR) "
            f"FROM {self._new(feed)} AS record INNER JOIN "
            f"(SELECT {keys} FROM {self._new(feed)} WHERE {readable} "
            f"GROUP BY {keys} HAVING count(*) > 1) AS doubled USING ({keys})"
        )

    def find_unknown_references(self, feed: Feed) -> None:
        """Reject every record that points at a record we do not have."""
        for column in feed.columns:
            if column.references is None:
                continue
            parent = FEEDS[column.references]
            self._connection.execute(
                f"INSERT INTO work.reject "
                f"SELECT record.row_number, '{column.name}', "
                f"'{RejectReason.UNKNOWN_REFERENCE}', record.{column.name} "
                f"FROM {self._new(feed)} AS record ANTI JOIN {self._new(parent)} AS parent "
                f"ON record.{column.name} = parent.{parent.keys[0]} "
                f"WHERE record.{column.name} IS NOT NULL "
                f"AND NOT coalesce(record.is_deleted, FALSE)"
            )

    def show_raw(self, feed: Feed, path: Path, header: Sequence[str], *, encoding: str) -> None:
        """Make `raw.<feed>` a view on the landed file: every column text, spelled as in the file.

        For looking only: rows that break the CSV are left out of the view, not of the counts.
        """
        if path.suffix == ".parquet":
            rows = parquet_text_sql(self._connection, path)
        else:
            names: dict[str, str] = {}
            for label in header:
                name = label.strip() or "column"
                while name.lower() in names:
                    name += "_"
                names[name.lower()] = name
            columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names.values())
            shown, spelled = (path, encoding) if encoding == "utf-8" else latin_1_or_utf_8(path)
            rows = (
                f"FROM read_csv({quoted(str(shown))}, auto_detect = false, header = true, "
                f"delim = ',', quote = '\"', escape = '\"', strict_mode = false, "
                f"ignore_errors = true, columns = {{{columns}}}, encoding = '{spelled}')"
            )
        self._connection.execute(f"CREATE OR REPLACE VIEW raw.{feed.name} AS {rows}")

    def merge(self, feed: Feed, *, delivered: bool) -> None:
        """Put the known records that the delta does not mention beside those it brought.

        Any record of a key replaces what was known of it, fit or not. A feed without a key cannot
        be merged: what is delivered replaces it whole.
        """
        new, known = self._new(feed), f"known.{feed.name}"
        if not has_table(self._connection, "known", feed.name):
            # the last delivery was a full one
            self._connection.execute(f"CREATE TABLE {known} AS FROM core.{feed.name}")
            if has_table(self._connection, "known", _ORPHANS + feed.name):
                self._connection.execute(f"INSERT INTO {known} FROM known.{_ORPHANS}{feed.name}")
        unmentioned = "WHERE FALSE"
        if feed.keys:
            same = " AND ".join(f"old.{key} = fresh.{key}" for key in feed.keys)
            unmentioned = f"ANTI JOIN {new} AS fresh ON {same}"
        if not delivered:
            unmentioned = ""
        self._connection.execute(
            f"INSERT INTO {new} SELECT old.* REPLACE (-row_number() OVER () AS row_number) "
            f"FROM {known} AS old {unmentioned}"
        )
        self._connection.execute(
            f"CREATE OR REPLACE TABLE known.{NEW_PREFIX}{feed.name} AS FROM {new} "
            f"WHERE NOT coalesce(is_deleted, FALSE) "
            f"AND row_number NOT IN (SELECT row_number FROM work.reject)"
        )

    def note_unfit(self) -> None:
        """What is unfit by now is so by itself; what will be, by what else there is."""
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE unfit_by_itself AS "
            "SELECT DISTINCT row_number FROM work.reject"
        )

    def _keep_orphans(self, feed: Feed) -> None:
        """Keep what a delta might bring the parent of; belongs before what is unfit is removed."""
        self._connection.execute(
            f"CREATE OR REPLACE TABLE {_new_orphans(feed)} AS FROM {self._new(feed)} "
            "WHERE row_number IN (SELECT row_number FROM work.reject EXCEPT FROM unfit_by_itself) "
            "AND NOT coalesce(is_deleted, FALSE)"
        )

    def settle(self, feed: Feed, *, read_count: int, sha256: str, path: Path) -> FeedCount:
        """Note the rejects with their keys, remove what is unfit or gone, count."""
        rejected = self.drop_unfit(feed)
        self._connection.execute(
            "INSERT INTO work.run_feed "
            "VALUES ($run_id, $feed, $sha256, $path, $read, $accepted, $rejected)",
            {
                "run_id": self._run_id,
                "feed": feed.name,
                "sha256": sha256,
                "path": str(path),
                "read": read_count,
                "accepted": read_count - rejected,
                "rejected": rejected,
            },
        )
        return FeedCount(read_count, read_count - rejected, rejected)

    def _keep_rejects(self, feed: Feed) -> None:
        self._connection.execute(
            f"INSERT INTO work.run_reject "
            f"SELECT $run_id, '{feed.name}', reject.row_number, {_key(feed)}, reject.column_name, "
            f"reject.reason, coalesce(padded.raw_value, reject.raw_value) "
            f"FROM work.reject AS reject LEFT JOIN {self._new(feed)} AS record "
            f"ON reject.row_number = record.row_number LEFT JOIN work.padded AS padded "
            f"ON reject.row_number = padded.row_number "
            f"AND reject.column_name = padded.column_name WHERE reject.row_number > 0 "
            f"ORDER BY reject.row_number, reject.column_name, reject.reason",
            {"run_id": self._run_id},
        )

    def drop_unfit(self, feed: Feed) -> int:
        """Keep the rejects, remove what was rejected or is gone; how many records were rejected.

        Known records that have lost their parent are no rejects: that is said of them.
        """
        rejected, orphans = first_row(
            self._connection,
            "SELECT count(DISTINCT row_number) FILTER (WHERE row_number > 0), "
            "count(DISTINCT row_number) FILTER (WHERE row_number < 0) FROM work.reject",
        ) or (0, 0)
        if self._is_delta:
            self._note_judged(feed)
        if rejected:
            self._keep_rejects(feed)
        if rejected or orphans:
            self._left_out[feed.name] = orphans
            self.warn({(feed.name, _LEFT_OUT): orphans})
            if orphans:
                self._note_orphans(feed)
            if not self._is_delta:
                self._keep_orphans(feed)
            self._connection.execute(
                f"DELETE FROM {self._new(feed)} "
                "WHERE row_number IN (SELECT row_number FROM work.reject)"
            )
        self._connection.execute(f"DELETE FROM {self._new(feed)} WHERE is_deleted")
        return int(rejected)

    def _note_orphans(self, feed: Feed) -> None:
        """Note the keys of known records whose parent is broken: so are they.

        And of those that are broken themselves, until what they point at comes, or is gone.
        """
        self._connection.execute(
            f"INSERT INTO work.run_broken WITH broken AS ("
            f"FROM ops.broken WHERE until_run IS NULL), parent AS ("
            f"FROM work.run_broken UNION ALL "
            f"SELECT feed, record_key FROM work.run_reject UNION ALL "
            f"(SELECT feed, record_key FROM broken EXCEPT FROM work.run_judged)) "
            f"SELECT DISTINCT '{feed.name}', {_key(feed)} FROM {self._new(feed)} AS record "
            f"INNER JOIN work.reject AS reject ON record.row_number = reject.row_number "
            f"WHERE reject.row_number < 0 AND {_key(feed)} IS NOT NULL "
            f"AND ({_points_at(feed, 'parent')} OR ({_key(feed)} IN "
            f"(SELECT record_key FROM broken WHERE feed = '{feed.name}') "
            f"AND NOT ({_points_at(feed, 'work.run_judged')})))"
        )

    def _note_judged(self, feed: Feed) -> None:
        """Note what earlier deltas had broken and is looked at again: mended, where it is fit."""
        self._connection.execute(
            f"INSERT INTO work.run_judged SELECT broken.feed, broken.record_key "
            f"FROM ops.broken AS broken "
            f"SEMI JOIN (SELECT {_key(feed)} AS record_key FROM {self._new(feed)} AS record) "
            f"AS here "
            f"ON broken.record_key = here.record_key "
            f"WHERE broken.feed = '{feed.name}' AND broken.until_run IS NULL"
        )

    def _keep_broken(self) -> None:
        """Note since when records are broken, and until when they were."""
        self._connection.execute(
            "INSERT INTO work.run_broken SELECT DISTINCT feed, record_key FROM work.run_reject "
            "WHERE record_key IS NOT NULL"
        )
        if not self._is_delta:  # a full feed mends whatever it does not break
            self._connection.execute(
                "INSERT INTO work.run_judged "
                "SELECT feed, record_key FROM ops.broken WHERE until_run IS NULL"
            )
        self._connection.execute(statement("feeds/mend"), {"run_id": self._run_id})
        self._connection.execute(statement("feeds/note_broken"), {"run_id": self._run_id})

    def keep_counts(self) -> None:
        """Keep what was read of each feed, and its rejects."""
        self._connection.execute(
            "INSERT INTO ops.reject FROM work.run_reject "
            "ORDER BY feed, row_number, column_name, reason"
        )
        self._connection.execute("INSERT INTO ops.feed_read FROM work.run_feed")

    def leave_core(self) -> None:
        """Forget what was accepted: `core` stays what charges were judged by."""
        for feed in FEEDS.values():
            if feed.name not in self._kept:
                self._connection.execute(f"DROP TABLE {self._new(feed)}")
                self._connection.execute(f"DROP TABLE IF EXISTS {_new_orphans(feed)}")

    def replace_core(self) -> None:
        """Put what was accepted in the place of what was known."""
        self._keep_broken()
        judged = JudgedStore(self._connection)
        for feed in FEEDS.values():
            if feed.name in self._kept:
                continue
            judged.note_records(feed, self._new(feed))
            self._connection.execute(f"DROP TABLE core.{feed.name}")
            self._connection.execute(f"ALTER TABLE {self._new(feed)} RENAME TO {feed.name}")
            self._connection.execute(f"DROP TABLE IF EXISTS known.{feed.name}")
            self._connection.execute(f"DROP TABLE IF EXISTS known.{_ORPHANS}{feed.name}")
            if has_table(self._connection, "known", NEW_PREFIX + _ORPHANS + feed.name):
                self._connection.execute(
                    f"ALTER TABLE {_new_orphans(feed)} RENAME TO {_ORPHANS}{feed.name}"
                )
            if self._is_delta:
                self._connection.execute(
                    f"ALTER TABLE known.{NEW_PREFIX}{feed.name} RENAME TO {feed.name}"
                )

        self._note_accepted()

    def _note_accepted(self) -> None:
        """Note what `core` came from."""
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.accepted "
            "(feed VARCHAR, sha256 VARCHAR, run_id VARCHAR, read_by VARCHAR)"
        )
        # of a delta only what it leaves alone is as it was: no delta is like the one before
        known = {} if self._is_delta else self._delivered
        self._connection.executemany(
            "INSERT INTO work.accepted VALUES (?, ?, ?, ?)",
            [(name, known.get(name, ""), self._run_id, self._read_by) for name in FEEDS],
        )
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.left_out (feed VARCHAR, records BIGINT)"
        )
        if self._is_delta:
            self._connection.executemany(
                "INSERT INTO work.left_out VALUES (?, ?)",
                [(name, self._left_out.get(name, 0)) for name in FEEDS],
            )

    def remember_cease_requests(self) -> None:
        """Keep what cease requests say: the next delivery takes the place of this one."""
        self._connection.execute(statement("judge/remember_cease_requests"))

    def keep_marks(self, marks: Mapping[str, str]) -> None:
        """Note how far each feed has been read: belongs into the transaction of `replace_core`."""
        for feed, mark in marks.items():
            self._connection.execute(
                "DELETE FROM ops.source_mark WHERE feed = $feed", {"feed": feed}
            )
            self._connection.execute(
                "INSERT INTO ops.source_mark VALUES ($feed, $mark, $run_id)",
                {"feed": feed, "mark": mark, "run_id": self._run_id},
            )

    def count_dangling(self) -> None:
        """Warn of references that may dangle: they stop nothing.

        Of feeds that are all as they were, it is known how many.
        """
        if self._kept < FEEDS.keys() or not has_table(self._connection, "work", "dangling"):
            self._connection.execute(statement("feeds/make_dangling"))
        rows = self._connection.execute("FROM work.dangling ORDER BY subject").fetchall()
        self.warn({(subject, warning): records for subject, warning, records in rows})

    def warn(self, warnings: Mapping[tuple[str, str], int]) -> None:
        """Note what looks odd but stops nothing: (subject, warning) -> records."""
        note_warnings(self._connection, self._run_id, warnings)


def _new_orphans(feed: Feed) -> str:
    return f"known.{NEW_PREFIX}{_ORPHANS}{feed.name}"


def _points_at(feed: Feed, records: str) -> str:
    """That what a rejected reference names is one of `records` (`feed`, `record_key`), as SQL."""
    named = " OR ".join(
        f"(reject.column_name = '{column.name}' AND record.{column.name} IN "
        f"(SELECT record_key FROM {records} WHERE feed = '{column.references}'))"
        for column in feed.columns
        if column.references is not None
    )
    return named or "FALSE"


def _lineage(name: str) -> set[str]:
    """A feed and all it refers to, and they, and so on."""
    parents = {column.references for column in FEEDS[name].columns if column.references}
    return {name}.union(*(_lineage(parent) for parent in parents))


def _key(feed: Feed) -> str:
    """SQL: the key of a `record` as `ops` keeps it; null where no part of it is readable."""
    parts = [f"coalesce(CAST(record.{key} AS VARCHAR), '')" for key in feed.keys]
    blank = "|" * (len(parts) - 1)
    return f"nullif(concat_ws('|', {', '.join(parts)}), '{blank}')" if parts else "NULL"
