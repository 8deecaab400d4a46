"""`r2b status`: where we stand, on one screen."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.markup import escape
from rich.text import Text

from flows.console.answering import out
from flows.console.run_view import show_findings
from flows.console.tables import table
from flows.standing import NOTHING_UNCONFIRMED, Standing
from schemas.counting import counted
from schemas.explanations import hold_explanation
from schemas.money import pounds

_MOST_HOLDS = 6


def show_status(standing: Standing | None, tenant: str) -> None:
    """Last run, open batches, queue, holds."""
    if standing is None or standing.last_run is None:
        out.print("Nothing has run here yet. Start with [bold]r2b run[/], or [bold]r2b demo[/].")
        return
    run = standing.last_run
    colour = "red" if run["status"] == "failed" else "green"
    out.print(
        f"\n[bold]{escape(tenant)}[/]   last run {run['started_at']:%d %B %Y %H:%M} UTC, as of "
        f"{run['as_of']:%d %B %Y}: [bold {colour}]{run['status'].replace('_', ' ')}[/]"
    )
    if run["message"]:
        out.print(f"  {escape(run['message'])}")
    out.print()
    _show_batches(standing)
    _show_unconfirmed(standing.unconfirmed)
    rows = [
        (each["disposition"].replace("_", " "), f"{each['charges']:,}", pounds(each["value"]))
        for each in standing.dispositions
    ]
    out.print(table("Charges", ("disposition", "charges", "value"), rows, right=(1, 2)))
    if standing.holds:
        oldest = min((each["oldest"] for each in standing.holds if each["oldest"]), default=None)
        since = f"; the oldest since {oldest:%d %B %Y}" if oldest else ""
        held = [
            (
                each["reason"].replace("_", " "),
                f"{each['charges']:,}",
                pounds(each["value"]),
                Text(hold_explanation(each["reason"]).owner, style="dim"),
            )
            for each in standing.holds[:_MOST_HOLDS]
        ]
        out.print(
            table(
                f"Held: {pounds(standing.at_stake)} at stake{since}",
                ("reason", "charges", "value", "usually with"),
                held,
                right=(1, 2),
            )
        )
    show_findings(standing.findings)
    if standing.queue:
        items = [
            (each["state"].replace("_", " "), each["kind"], each["items"], pounds(each["value"]))
            for each in standing.queue
        ]
        out.print(table("Retry queue", ("state", "kind", "items", "value"), items, right=(2, 3)))
    else:
        out.print("[dim]The retry queue is empty.[/]")


def _show_batches(standing: Standing) -> None:
    if not standing.open_batches:
        out.print("[dim]No batch waits to be confirmed.[/]\n")
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        (
            each["seq"],
            _what(each),
            f"{each['as_of']:%d/%m/%Y}",
            f"{each['rows']:,}",
            pounds(each["value"]),
            _age(now - each["created_at"]),
        )
        for each in standing.open_batches
    ]
    out.print(
        table(
            "Open batches",
            ("batch", "state", "as of", "rows", "value", "age"),
            rows,
            right=(0, 3, 4),
        )
    )
    for each in standing.open_batches:
        out.print(f"Batch {each['seq']}: {_next(each)}.")
    out.print()


def _show_unconfirmed(unconfirmed: dict[str, Any]) -> None:
    if not unconfirmed["rows"]:
        return
    rows, days = counted(unconfirmed["rows"], "row"), counted(unconfirmed["oldest_days"], "day")
    unseen = unconfirmed["never_seen"]
    out.print(
        f"No answer yet: {rows}, {pounds(unconfirmed['value'])}; the oldest was exported {days} ago"
        + (f"; {counted(unseen, 'is', 'are')} not in Affinity's last snapshot" if unseen else "")
        + ".\n"
    )


def _what(batch: dict[str, Any]) -> str:
    state = batch["state"].replace("_", " ")
    if batch["undoes"] is not None:
        return f"{state}, undoes batch {batch['undoes']}"
    return f"{state}, a canary" if batch["is_canary"] else state


def _next(batch: dict[str, Any]) -> str:
    seq = batch["seq"]
    match batch["state"]:
        case "in_doubt":
            return f"look in Affinity, then [bold]r2b deliver {seq}[/] --arrived or --absent"
        case "delivered":
            return f"its answer is awaited; or [bold]r2b transfer {seq}[/]"
        case "written" if batch["delivery_mode"] is not None:
            return f"[bold]r2b deliver {seq}[/], or leave it to the next run"
        case "written":
            return f"upload, then [bold]r2b transfer {seq}[/]"
        case _:
            return "the next run writes it"


_TWO_DAYS = 48


def _age(age: Any) -> str:
    hours = int(age.total_seconds() // 3600)
    return counted(hours // 24, "day") if hours >= _TWO_DAYS else counted(hours, "hour")


def status_json(standing: Standing | None) -> dict[str, Any]:
    """The standing as one JSON object."""
    if standing is None:
        return {
            "last_run": None,
            "open_batches": [],
            "queue": [],
            "dispositions": [],
            "holds": [],
            "oldest_held": None,
            "at_stake": "0.0000",
            "findings": {},
            "unconfirmed": NOTHING_UNCONFIRMED,
        }
    oldest = min((each["oldest"] for each in standing.holds if each["oldest"]), default=None)
    return {
        "last_run": standing.last_run,
        "open_batches": standing.open_batches,
        "queue": standing.queue,
        "dispositions": standing.dispositions,
        "holds": standing.holds,
        "oldest_held": oldest,
        "at_stake": Decimal(standing.at_stake),
        "findings": standing.findings,
        "unconfirmed": standing.unconfirmed,
    }
