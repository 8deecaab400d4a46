"""Runs and what they counted. Tables: `ops.run`, `ops.feed_read`."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from schemas.receipts import RunRef
from schemas.vocabulary import RunStatus
from warehouse.queries import first_row


class RunStore:
    """The book of runs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def start(self, run: RunRef, *, profile_sha256: str) -> None:
        """Open the run's page; one left open by a crash is closed as failed."""
        self.close_left_open(run.started_at)
        self._connection.execute(
            "INSERT INTO ops.run (run_id, as_of, started_at, status, profile_sha256) "
            "VALUES ($run_id, $as_of, $started_at, $status, $profile)",
            {
                "run_id": run.run_id,
                "as_of": run.as_of,
                "started_at": run.started_at,
                "status": RunStatus.RUNNING.value,
                "profile": profile_sha256,
            },
        )

    def close_left_open(self, now: datetime) -> int:
        """Close the pages of runs that stopped without saying why; how many there were."""
        changed = self._connection.execute(
            "UPDATE ops.run SET status = $failed, finished_at = $now, "
            "message = 'It stopped without saying why; the next run repaired what it left.' "
            "WHERE status = $running",
            {"failed": RunStatus.FAILED.value, "running": RunStatus.RUNNING.value, "now": now},
        ).fetchall()
        return int(changed[0][0])

    def finish(
        self,
        run_id: str,
        status: RunStatus,
        *,
        moment: datetime,
        counts: Mapping[str, Any] | None = None,
        exit_code: int = 0,
        message: str | None = None,
    ) -> None:
        """Close the run's page."""
        self._connection.execute(
            "UPDATE ops.run SET status = $status, finished_at = $moment, counts = $counts, "
            "exit_code = $exit_code, message = $message WHERE run_id = $run_id",
            {
                "run_id": run_id,
                "status": status.value,
                "moment": moment,
                "counts": None if counts is None else json.dumps(counts),
                "exit_code": exit_code,
                "message": message,
            },
        )

    def last_as_of(self) -> date | None:
        """The latest day any finished run judged."""
        row = first_row(
            self._connection,
            "SELECT max(as_of) FROM ops.run WHERE status NOT IN ($failed, $running)",
            {"failed": RunStatus.FAILED.value, "running": RunStatus.RUNNING.value},
        )
        return row[0] if row else None

    def warnings(self, run_id: str) -> dict[str, int]:
        """Warnings of a run: what -> how many records."""
        rows = self._connection.execute(
            "SELECT concat(subject, ': ', warning) AS what, CAST(sum(records) AS BIGINT) "
            "FROM ops.warning WHERE run_id = $run_id GROUP BY what ORDER BY what",
            {"run_id": run_id},
        ).fetchall()
        return dict(rows)


def note_warnings(
    connection: duckdb.DuckDBPyConnection, run_id: str, warnings: Mapping[tuple[str, str], int]
) -> None:
    """Note what looks odd in a run but stops nothing: (subject, warning) -> records."""
    for (subject, warning), records in warnings.items():
        if records:
            connection.execute(
                "INSERT INTO ops.warning VALUES ($run_id, $subject, $warning, $records)",
                {"run_id": run_id, "subject": subject, "warning": warning, "records": records},
            )
