"""Small facts a flow asks for between steps."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from schemas.vocabulary import BatchState, RetryState
from warehouse.connection import open_warehouse
from warehouse.queries import first_row, scalar
from warehouse.runs import RunStore
from warehouse.statements import statement


class BatchUnderWay(NamedTuple):
    """A batch that leaves by itself and is not settled; `queue_state` None = nothing in the way.

    `has_left`: some of it may be on the other side, not all of it settled.
    """

    seq: int
    state: BatchState
    queue_state: RetryState | None
    next_at: datetime | None
    words: str
    has_left: bool


def batches_under_way(warehouse: Path) -> list[BatchUnderWay]:
    """Batches on their way or with rows that have no answer yet, oldest first."""
    with open_warehouse(warehouse) as connection:
        rows = connection.execute(statement("batch/read_under_way")).fetchall()
    return [
        BatchUnderWay(
            seq=seq,
            state=BatchState(state),
            queue_state=RetryState(queued) if queued else None,
            next_at=next_at,
            words=words or "",
            has_left=has_left,
        )
        for seq, state, queued, next_at, words, has_left in rows
    ]


def open_batches(warehouse: Path, states: Sequence[BatchState]) -> tuple[int, ...]:
    """The numbers of the batches in one of `states`, lowest first."""
    with open_warehouse(warehouse) as connection:
        rows = connection.execute(
            "SELECT seq FROM out.batch WHERE list_contains($states, state) ORDER BY seq",
            {"states": [state.value for state in states]},
        ).fetchall()
    return tuple(seq for (seq,) in rows)


def last_batch(warehouse: Path) -> tuple[int, str | None]:
    """The number of the newest batch and its manifest's digest; 0 where there is none."""
    with open_warehouse(warehouse) as connection:
        row = first_row(
            connection, "SELECT seq, manifest_sha256 FROM out.batch ORDER BY seq DESC LIMIT 1"
        )
    return (row[0], row[1]) if row else (0, None)


def platform_names(warehouse: Path) -> tuple[str, ...]:
    """The billing platforms The Layer knows by name."""
    with open_warehouse(warehouse) as connection:
        rows = connection.execute(
            "SELECT name FROM core.billing_platforms ORDER BY name"
        ).fetchall()
    return tuple(name for (name,) in rows)


def catalogue_is_given(warehouse: Path, run_id: str, *, ever: bool) -> bool:
    """Whether Affinity's catalogue came with the feeds, even empty: in this run, or `ever`."""
    with open_warehouse(warehouse) as connection:
        return (
            scalar(
                connection,
                "SELECT count(*) FROM ops.feed_read "
                "WHERE ($ever OR run_id = $run_id) AND feed = 'affinity_products'",
                {"run_id": run_id, "ever": ever},
            )
            > 0
        )


def source_marks(warehouse: Path) -> dict[str, str]:
    """How far each feed was read by the last run that accepted it; nothing before the first run."""
    if not warehouse.exists():
        return {}
    with open_warehouse(warehouse) as connection:
        return dict(connection.execute("SELECT feed, mark FROM ops.source_mark").fetchall())


def reject_reasons_of(warehouse: Path, run_id: str) -> dict[tuple[str, str, str], int]:
    """Why records did not fit: (feed, column, reason) -> records, most first."""
    with open_warehouse(warehouse) as connection:
        rows = connection.execute(
            "SELECT feed, coalesce(column_name, '') AS place, reason, "
            "count(DISTINCT row_number) AS records "
            "FROM ops.reject WHERE run_id = $run_id GROUP BY ALL "
            "ORDER BY records DESC, feed, place, reason",
            {"run_id": run_id},
        ).fetchall()
    return {(feed, column, reason): records for feed, column, reason, records in rows}


def warnings_of(warehouse: Path, run_id: str) -> dict[str, int]:
    """What looked odd in a run: what -> how many records."""
    with open_warehouse(warehouse) as connection:
        return RunStore(connection).warnings(run_id)
