"""Which of Affinity's snapshots came, and have not been looked at by a step that has to.

A delta does not come again: what a run brought that then broke off, or was stopped for its rejects,
is looked at by the next one. The table is of `work`, so that a warehouse without it has none:

- `unseen_snapshot`: a step, and a feed it has to look at.
"""

from collections.abc import Collection

import duckdb

from warehouse.queries import has_table, scalar

SITE_PRODUCTS = "affinity_site_products"
CLIS = "affinity_clis"

READ_BACK = "read back"
SIDES = "remember both sides"

_LOOKED_AT = {READ_BACK: (CLIS, SITE_PRODUCTS), SIDES: (SITE_PRODUCTS,)}
"""What each step looks at, by its title."""


class UnseenSnapshots:
    """What is in `core` of Affinity's snapshots, and nobody has looked at."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transactions."""
        self._connection = connection

    def note(self, delivered: Collection[str], *, is_delta: bool) -> None:
        """Note which came: belongs into the transaction that puts them into `core`.

        Of a full delivery only what came with it is there; a delta leaves what came before.
        """
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS work.unseen_snapshot (step VARCHAR, feed VARCHAR)"
        )
        if not is_delta:
            self._connection.execute("TRUNCATE work.unseen_snapshot")
        for step, feeds in _LOOKED_AT.items():
            for feed in feeds:
                if feed in delivered and not self.has(step, feed):
                    self._connection.execute(
                        "INSERT INTO work.unseen_snapshot VALUES ($step, $feed)",
                        {"step": step, "feed": feed},
                    )

    def has(self, step: str, feed: str) -> bool:
        """Whether `feed` came, and `step` has not looked at it."""
        if not has_table(self._connection, "work", "unseen_snapshot"):
            return False
        found = scalar(
            self._connection,
            "SELECT count(*) FROM work.unseen_snapshot WHERE step = $step AND feed = $feed",
            {"step": step, "feed": feed},
        )
        return found > 0

    def count_for(self, run_id: str, feed: str) -> None:
        """Let a run count as having read `feed` that looks at what an earlier one was brought."""
        self._connection.execute(
            "INSERT INTO ops.feed_read SELECT * REPLACE ($run_id AS run_id) FROM "
            "(FROM ops.feed_read WHERE feed = $feed ORDER BY run_id DESC LIMIT 1) "
            "WHERE run_id <> $run_id",
            {"run_id": run_id, "feed": feed},
        )

    def note_seen(self, step: str) -> None:
        """`step` has looked at all: belongs into the transaction that stores what came of it."""
        if has_table(self._connection, "work", "unseen_snapshot"):
            self._connection.execute(
                "DELETE FROM work.unseen_snapshot WHERE step = $step", {"step": step}
            )
