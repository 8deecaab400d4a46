"""A question people ask without running anything: why is this line so."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from flows.judging import judging_terms, rule_columns
from flows.profile import LoadedProfile
from schemas.errors import StaleStatus, TooManyRejects, UsageError
from tasks.ready_to_bill.explanation import Beside, ChargeVerdicts, verdicts, with_rivals
from warehouse.charges import ChargeStore
from warehouse.connection import Connection, open_reading
from warehouse.judged import JudgedStore
from warehouse.ledger import Ledger
from warehouse.migrate import is_behind
from warehouse.queries import first_row, read
from warehouse.retry_queue import RetryItem, RetryQueue


@dataclass(frozen=True)
class LineStory:
    """All there is to say of one order line."""

    line_id: str
    as_of: date
    charges: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    verdicts: list[ChargeVerdicts]
    history: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    queue: list[RetryItem]
    light: str | None
    written: list[dict[str, Any]]
    """What the open batch says of its charges; nothing that comes later changes it."""
    billed: list[dict[str, Any]]
    """What Affinity was told of its charges, and `changes` what differs by now."""
    changes: list[dict[str, Any]]
    change_holds: list[dict[str, Any]]


def explain(profile: LoadedProfile, line_id: str) -> LineStory:
    """Gather what is known of a line: verdicts from the core, history from the ledger.

    A line that was rejected before any run judged anything has rejects, and no verdicts.

    Raises:
        UsageError: nothing is known of such a line.
        StaleStatus: no run has been since the program was updated.
    """
    if not profile.warehouse.exists():
        raise UsageError(
            "Explaining a line: nothing has run here yet.", hint="Run `r2b run` first."
        )
    with open_reading(profile.warehouse) as connection:
        if is_behind(connection):
            raise StaleStatus(
                "Explaining a line: the warehouse is as an older version of this program left it.",
                hint="The next `r2b run` brings it up to date; ask again after it.",
            )
        charges = read(
            connection,
            "SELECT * FROM mart.charge WHERE line_id = $line_id ORDER BY charge_type DESC",
            {"line_id": line_id},
        )
        rejects = read(
            connection,
            "SELECT row_number, column_name, reason, raw_value FROM mart.reject "
            "WHERE feed = 'order_lines' AND record_key = $line_id AND run_id = "
            # one that an earlier delta broke is broken until it comes again
            "(SELECT max(run_id) FROM ops.reject WHERE feed = 'order_lines' "
            "AND record_key = $line_id AND run_id >= coalesce((SELECT max(from_run) "
            "FROM ops.broken WHERE feed = 'order_lines' AND record_key = $line_id "
            "AND until_run IS NULL), (SELECT max(run_id) FROM ops.feed_read))) "
            "ORDER BY row_number",
            {"line_id": line_id},
        )
        read_in = first_row(
            connection,
            "SELECT run_id, as_of FROM ops.run WHERE run_id = "
            "(SELECT max(run_id) FROM ops.feed_read)",
        )
        store = ChargeStore(connection)
        was_judged = store.has_judged()
        if charges.is_empty() and rejects.is_empty():
            raise _unknown(line_id, was_read=read_in is not None, was_judged=was_judged)
        # a run whose feeds could not be used leaves everything as it was judged before
        as_of = JudgedStore(connection).last_day() or (read_in[1] if read_in else date.min)
        platforms = read(connection, "SELECT name FROM core.billing_platforms ORDER BY name")
        given = read(
            connection,
            "SELECT feed FROM ops.feed_read WHERE feed = 'affinity_products' AND ($ever "
            "OR run_id = (SELECT max(run_id) FROM ops.feed_read SEMI JOIN "
            "(FROM ops.run WHERE exit_code IS DISTINCT FROM $refused) USING (run_id))) "
            "UNION ALL SELECT product_code FROM core.affinity_products LIMIT 1",
            {
                "ever": profile.settings.feeds.mode == "delta",
                "refused": TooManyRejects.exit_code,
            },
        )
        terms = judging_terms(
            profile,
            as_of,
            other_platforms=tuple(platforms["name"]),
            catalogue_given=not given.is_empty(),
        )
        facts = list(store.line_facts(rule_columns(profile), line_id=line_id)) if was_judged else []
        holds = read(
            connection,
            "SELECT charge_type, reason, since, value FROM mart.hold "
            "WHERE line_id = $line_id ORDER BY charge_type, reason",
            {"line_id": line_id},
        )
        asked = list(verdicts(pl.concat(facts), terms)) if facts else []
        if asked and (found := store.beside(line_id)):
            beside = Beside(**found, held=_reasons(holds))
            asked = [with_rivals(line_id, each, beside) for each in asked]
        light = read(
            connection,
            "SELECT light FROM mart.line_status WHERE line_id = $line_id",
            {"line_id": line_id},
        )
        return LineStory(
            line_id=line_id,
            as_of=as_of,
            charges=charges.to_dicts(),
            holds=holds.to_dicts(),
            verdicts=asked,
            history=Ledger(connection).history(line_id).to_dicts(),
            rejects=rejects.to_dicts(),
            queue=[
                item
                for item in RetryQueue(connection).items()
                if item.subject.partition(":")[2].rpartition(":")[0] == line_id
            ],
            light=None if light.is_empty() else light.item(0, 0),
            written=_of_line(
                connection,
                "SELECT written.charge_type, written.quantity, written.unit_price, written.sku, "
                "written.cli, written.site_ref, written.bill_start_on, written.bill_end_on "
                "FROM out.batch_charge AS written INNER JOIN out.charge AS charge "
                "ON written.seq = charge.batch_seq AND written.line_id = charge.line_id "
                "AND written.charge_type = charge.charge_type "
                "WHERE charge.line_id = $line_id AND charge.disposition = 'exported' "
                "AND written.kind = 'charge' ORDER BY written.charge_type",
                line_id,
            ),
            billed=_of_line(
                connection,
                "SELECT * FROM mart.billed WHERE line_id = $line_id ORDER BY ALL",
                line_id,
            ),
            changes=_of_line(
                connection,
                "SELECT * FROM mart.change WHERE line_id = $line_id ORDER BY ALL",
                line_id,
            ),
            change_holds=_of_line(
                connection,
                "SELECT * FROM mart.change_hold WHERE line_id = $line_id ORDER BY ALL",
                line_id,
            ),
        )


def _unknown(line_id: str, *, was_read: bool, was_judged: bool) -> UsageError:
    """What is said of a line that is not known, by how far the runs came."""
    if not was_read:
        return UsageError(
            "Explaining a line: nothing has been read here yet.", hint="Run `r2b run` first."
        )
    if not was_judged:
        return UsageError(
            "Explaining a line: no run has come as far as judging one.",
            hint="`r2b status` says what stopped the last run.",
        )
    return UsageError(
        f"Explaining a line: there is no line {line_id} in the last run.",
        hint="Check the id; it is The Layer's line id, not the order's number.",
    )


def _reasons(holds: pl.DataFrame) -> dict[str, set[str]]:
    """The reasons of a line's holds by charge type."""
    found: dict[str, set[str]] = defaultdict(set)
    for charge_type, reason in holds.select("charge_type", "reason").iter_rows():
        found[charge_type].add(reason)
    return found


def _of_line(connection: Connection, sql: str, line_id: str) -> list[dict[str, Any]]:
    return read(connection, sql, {"line_id": line_id}).to_dicts()
