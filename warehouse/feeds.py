"""Records of the feeds on their way into `core`, and the rejects that did not get there."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from schemas.feeds import FEEDS, Feed
from schemas.receipts import FeedCount
from schemas.vocabulary import RejectReason
from warehouse.charges import append, read, scalar


class FeedStore:
    """Accepted records (`core.<feed>`) and rejects (`ops.reject`) of one run.

    Feeds are handled one after the other, parents first: `begin`, then `add` and `reject` for each
    batch, then `settle`, which finds duplicates and unknown references and removes what is unfit.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection
        self._run_id = run_id

    def begin(self, feed: Feed) -> None:
        """Make room for a full feed: what was known of it is replaced."""
        self._connection.execute(f"TRUNCATE core.{feed.name}")
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.reject "
            "(row_number BIGINT, column_name VARCHAR, reason VARCHAR, raw_value VARCHAR)"
        )

    def add(self, feed: Feed, records: pl.DataFrame) -> None:
        """Append typed records, fit or not yet known to be unfit."""
        append(self._connection, f"core.{feed.name}", records)

    def reject(self, rejects: pl.DataFrame) -> None:
        """Note unfit cells (`row_number`, `column_name`, `reason`, `raw_value`)."""
        append(self._connection, "work.reject", rejects)

    def additional_numbers(self) -> pl.DataFrame:
        """The additional numbers of accepted assets, with what their product says of CLIs.

        `is_fit` is false where something else is wrong with the record already.
        """
        return read(
            self._connection,
            "SELECT number.row_number, number.asset_id, number.cli, number.range_end, "
            "product.base_category, product.needs_cli, reject.row_number IS NULL AS is_fit "
            "FROM core.asset_numbers AS number "
            "INNER JOIN core.assets AS asset ON number.asset_id = asset.asset_id "
            "INNER JOIN core.products AS product ON asset.product_id = product.product_id "
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
            f"FROM core.{feed.name} AS record INNER JOIN "
            f"(SELECT {keys} FROM core.{feed.name} WHERE {readable} "
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
                f"FROM core.{feed.name} AS record ANTI JOIN core.{parent.name} AS parent "
                f"ON record.{column.name} = parent.{parent.keys[0]} "
                f"WHERE record.{column.name} IS NOT NULL "
                f"AND NOT coalesce(record.is_deleted, FALSE)"
            )

    def settle(self, feed: Feed, *, read_count: int, sha256: str, path: Path) -> FeedCount:
        """Store the rejects with their keys, remove what is unfit or gone, count."""
        parts = [f"coalesce(CAST(record.{key} AS VARCHAR), '')" for key in feed.keys]
        blank = "|" * (len(parts) - 1)
        key = f"nullif(concat_ws('|', {', '.join(parts)}), '{blank}')" if parts else "NULL"
        self._connection.execute(
            f"INSERT INTO ops.reject "
            f"SELECT $run_id, '{feed.name}', reject.row_number, {key}, reject.column_name, "
            f"reject.reason, reject.raw_value "
            f"FROM work.reject AS reject LEFT JOIN core.{feed.name} AS record "
            f"ON reject.row_number = record.row_number "
            f"ORDER BY reject.row_number, reject.column_name, reject.reason",
            {"run_id": self._run_id},
        )
        rejected = scalar(
            self._connection, "SELECT count(DISTINCT row_number) FROM work.reject"
        )
        if rejected:
            self._connection.execute(
                f"DELETE FROM core.{feed.name} "
                f"WHERE row_number IN (SELECT row_number FROM work.reject)"
            )
        self._connection.execute(f"DELETE FROM core.{feed.name} WHERE is_deleted")
        self._connection.execute(
            "INSERT INTO ops.feed_read "
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

    def clear(self, feed: Feed) -> None:
        """A full feed that was not delivered is an empty feed."""
        self._connection.execute(f"TRUNCATE core.{feed.name}")

    def warn(self, warnings: Mapping[tuple[str, str], int]) -> None:
        """Note what looks odd but stops nothing: (subject, warning) -> records."""
        for (subject, warning), records in warnings.items():
            if records:
                self._connection.execute(
                    "INSERT INTO ops.warning VALUES ($run_id, $subject, $warning, $records)",
                    {
                        "run_id": self._run_id,
                        "subject": subject,
                        "warning": warning,
                        "records": records,
                    },
                )


