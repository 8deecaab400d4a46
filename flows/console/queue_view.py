"""`r2b queue list`: what failed, why, what it is worth, when it is tried again, and by whom."""

from typing import Any

from flows.console.answering import out
from flows.console.tables import table
from tasks.reports.money import pounds
from warehouse.retry_queue import RetryItem


def show_items(items: list[RetryItem]) -> None:
    """The open items as a table."""
    if not items:
        out.print("The retry queue is empty.")
        return
    rows = [
        (
            item.id,
            subject_words(item.subject),
            f"{item.message or 'no words'} ({item.reason})",
            pounds(item.value),
            f"{item.attempts}/{item.max_attempts}",
            next_try(item),
        )
        for item in items
    ]
    out.print(
        table(
            "Retry queue, most money first",
            ("id", "what", "why", "value", "tries", "next try"),
            rows,
            right=(0, 3),
        )
    )
    out.print(
        "[dim]`r2b explain LINE` says more of a charge; `r2b queue release ID` tries again.[/]"
    )


def subject_words(subject: str) -> str:
    """What an item is about, for people."""
    match subject.split(":"):
        case ["charge", *line, charge_type]:
            return f"{':'.join(line)} {charge_type}"
        case ["cease", *line, charge_type]:
            return f"undo of {':'.join(line)} {charge_type}"
        case ["cli", row_key]:
            return f"CLI row {row_key[:8]}"
        case _:
            return subject


def next_try(item: RetryItem) -> str:
    """When, or on what, the item is tried again."""
    is_open = item.state.value != "in_flight"
    if is_open and item.subject.startswith("cease:"):
        return "with the next `r2b undo`"
    match item.state.value:
        case "waiting" if item.next_at is not None:
            return f"{item.next_at:%d/%m %H:%M} UTC"
        case "parked":
            return "when its data changes"
        case "released":
            return "next run"
        case "in_flight":
            return f"in batch {item.batch_seq} or later"
        case _:
            return "never, unless released"


def items_json(items: list[RetryItem]) -> dict[str, Any]:
    """The open items as one JSON object."""
    return {"items": [{**item._asdict(), "next": next_try(item)} for item in items]}
