"""What the sync check looks at, read from the published copy: it never waits for a run."""

from datetime import datetime
from typing import Any

import duckdb

from warehouse.queries import read
from warehouse.statements import statement


class WatchStore:
    """Where a tenant stands, in a few figures."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read from an open published copy."""
        self._connection = connection

    def runs(self) -> dict[str, Any]:
        """`last_run`, `last_success`, `status`, `message`; null where nothing ran yet."""
        return self._rows("watch/read_runs")[0]

    def waiting(self, *, queued_before: datetime, answer_days: int) -> dict[str, Any]:
        """What waits for too long, in all: names as in `tasks.watch.alerts.Facts`."""
        return self._rows(
            "watch/read_waiting", queued_before=queued_before, answer_days=answer_days
        )[0]

    def _rows(self, name: str, **parameters: object) -> list[dict[str, Any]]:
        return read(self._connection, statement(name), parameters or None).to_dicts()
