"""Whether anything is other than it was when a run last came to what was there already.

A run that begins and ends with the same rows, and decides by the same, would do so again: the next
one needs not decide anew. Tables, all of `work`, so that a warehouse without them is never at rest:

- `rest`: one row, what the last run decided by that ended, and the digest of what it ended with; a
  null digest: it ended otherwise than it began, or nobody looked. None while a run decides;
- `rest_warning`: what that run warned of while it decided;
- `warned_before`: what this run has warned of before it decides.
"""

import hashlib
from collections.abc import Mapping

import duckdb

from warehouse.published import Digest, digests_of
from warehouse.queries import first_row, has_table, scalar
from warehouse.scratch import RECONCILED
from warehouse.statements import statement

_OF_NO_MATTER = frozenset(
    {
        # which runs there were: all that is decided by that is whether any looked at entities
        *("ops.run", "ops.feed_read", "ops.reject", "ops.warning", "work.accepted"),
        # how far the source was read: what it brought counts
        "ops.source_mark",
        # the copy analysts open, and what is made for them alone
        *("work.published_file", "work.published_table", *RECONCILED),
        # which snapshots nobody has looked at: what they say counts
        "work.unseen_snapshot",
        # made anew before anybody reads them
        *("work.line_to_judge", "work.asset_to_judge", "work.line_judged"),
        # what is known of rest itself
        *("work.rest", "work.rest_warning", "work.warned_before"),
    }
)
"""Tables whose rows change nothing of what a run decides; one that is not here counts."""

_BY_RUNS_ALONE = frozenset(
    {
        *("ops.layer_fact", "ops.affinity_fact", "out.cli_capture"),
        *("work.asset_of_line", "work.reading", "work.life", "work.oddity", "work.claim"),
    }
)
"""Large tables that only a run writes while it decides, and retention, which notes that it did.

Between two runs they need no look, as long as no other run has begun to decide.
"""


class RestStore:
    """What the last run ended with, and what there is now."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection
        self._run_id = run_id

    def last(self) -> tuple[str, str | None]:
        """What the last run that ended decided by, and what it ended with, as digests."""
        if not has_table(self._connection, "work", "rest"):
            return "", None
        return first_row(self._connection, "SELECT decided_by, digest FROM work.rest") or ("", None)

    def digest(self, *, whole: bool) -> str:
        """The digest of all rows that a run could decide by, or has decided.

        Not `whole`: of those that may be others though no run has begun to decide since.
        """
        return _together(self._digests(_OF_NO_MATTER if whole else _OF_NO_MATTER | _BY_RUNS_ALONE))

    def _digests(self, left_out: frozenset[str]) -> dict[str, Digest]:
        """Of each table; and of none, whether this is the first run that looks at entities."""
        tables = self._connection.execute(statement("rest/list_tables")).fetchall()
        read = {name: reading for name, reading in tables if name not in left_out}
        is_first = scalar(
            self._connection, statement("entities/is_first"), {"run_id": self._run_id}
        )
        return {**digests_of(self._connection, read), "": (is_first, None)}

    def begin(self) -> None:
        """This run decides anew: nobody is at rest until it ends.

        What it has warned of until now is told from what it will warn of.
        """
        self._connection.execute("DROP TABLE IF EXISTS work.rest")
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.warned_before AS "
            "SELECT subject, warning, records FROM ops.warning WHERE run_id = $run_id",
            {"run_id": self._run_id},
        )

    def note(self, decided_by: str, began_with: str | None) -> None:
        """Note how this run ends; the next one is at rest only where it ends as it began."""
        digests = {} if began_with is None else self._digests(_OF_NO_MATTER)
        is_as_before = began_with == _together(digests)
        others = {name: each for name, each in digests.items() if name not in _BY_RUNS_ALONE}
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.rest (decided_by VARCHAR, digest VARCHAR)"
        )
        self._connection.execute(
            "INSERT INTO work.rest VALUES (?, ?)",
            [decided_by, _together(others) if is_as_before else None],
        )
        if is_as_before:
            self._connection.execute(
                "CREATE OR REPLACE TABLE work.rest_warning AS "
                "SELECT subject, warning, records FROM ops.warning WHERE run_id = $run_id "
                "EXCEPT ALL FROM work.warned_before",
                {"run_id": self._run_id},
            )

    def warn_again(self) -> None:
        """Warn of what the last run warned of while it decided."""
        self._connection.execute(
            "INSERT INTO ops.warning SELECT $run_id, subject, warning, records "
            "FROM work.rest_warning",
            {"run_id": self._run_id},
        )


def _together(digests: Mapping[str, Digest]) -> str:
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()
