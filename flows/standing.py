"""A question people ask without running anything: where do we stand."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flows.profile import LoadedProfile
from schemas.vocabulary import Disposition, HoldReason
from warehouse.checks import CheckStore
from warehouse.connection import Connection, open_published
from warehouse.queries import has_table, read


@dataclass(frozen=True)
class Standing:
    """Where the tenant stands, as `r2b status` shows it."""

    last_run: dict[str, Any] | None
    open_batches: list[dict[str, Any]]
    queue: list[dict[str, Any]]
    dispositions: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    at_stake: Decimal
    findings: dict[str, int]
    """What was found besides charges: kind -> records; those at zero are left out."""
    unconfirmed: dict[str, Any]
    """Exported rows without an answer: `rows`, `value`, `oldest_days`, `never_seen`."""


def status(profile: LoadedProfile) -> Standing | None:
    """Read the published copy: never blocks a run, never blocked by one. None = nothing ran yet."""
    if not profile.published.exists():
        return None
    with open_published(profile.published) as connection:

        def rows(sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
            return read(connection, sql, parameters).to_dicts()

        runs = rows("SELECT * FROM mart.run ORDER BY started_at DESC LIMIT 1")
        holds = rows(
            "SELECT reason, count(*) AS charges, coalesce(sum(value), 0) AS value, "
            "min(since) AS oldest FROM mart.hold WHERE reason <> $gone "
            "GROUP BY reason ORDER BY value DESC, reason",
            {"gone": HoldReason.SOURCE_GONE},  # which holds nothing
        )
        # of the table, not of the view: to count, nobody's name need be looked up
        dispositions = rows(
            "SELECT disposition, count(*) AS charges, coalesce(sum(value), 0) AS value "
            "FROM out.charge GROUP BY disposition "
            "ORDER BY list_position($order, disposition)",
            {"order": [each.value for each in Disposition]},
        )
        held = [each["value"] for each in dispositions if each["disposition"] == Disposition.HELD]
        return Standing(
            last_run=runs[0] if runs else None,
            open_batches=rows(
                "SELECT seq, state, created_at, rows, value, as_of, is_canary, undoes, "
                "delivery_mode FROM mart.batch "
                "WHERE state IN ('claimed', 'written', 'in_doubt', 'delivered') ORDER BY seq"
            ),
            queue=rows(
                "SELECT state, kind, count(*) AS items, coalesce(sum(value), 0) AS value "
                "FROM mart.retry_item WHERE state NOT IN ('done', 'discarded') "
                "GROUP BY state, kind ORDER BY state, kind"
            ),
            dispositions=dispositions,
            holds=holds,
            at_stake=sum(held, Decimal("0.0000")),
            findings=CheckStore(connection).findings(),
            unconfirmed=_unconfirmed(connection),
        )


NOTHING_UNCONFIRMED = {"rows": 0, "value": Decimal(0), "oldest_days": None, "never_seen": 0}


def _unconfirmed(connection: Connection) -> dict[str, Any]:
    """How many exported rows have no answer; none in a copy from before they were counted."""
    if not has_table(connection, "mart", "unconfirmed_row"):
        return NOTHING_UNCONFIRMED
    return read(
        connection,
        "SELECT count(*) AS rows, coalesce(sum(value), 0) AS value, "
        "max(age_days) AS oldest_days, count(*) FILTER (never_seen) AS never_seen "
        "FROM mart.unconfirmed_row",
    ).to_dicts()[0]
