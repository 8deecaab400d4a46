"""`r2b queue list`: what failed, why, what it is worth, when it is tried again, and by whom."""

from typing import Any

from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from schemas.explanations import queue_owner
from schemas.money import pounds
from warehouse.retry_queue import RetryEvent, RetryItem


def show_items(items: list[RetryItem]) -> None:
    """The items as a table."""
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
            Text(queue_owner(item.subject, item.reason), style="dim"),
        )
        for item in items
    ]
    out.print(
        table(
            "Retry queue, most money first",
            ("id", "what", "why", "value", "tries", "next try", "usually with"),
            rows,
            right=(0, 3),
        )
    )
    out.print(
        "[dim]`r2b explain LINE` says more of a charge; `r2b queue release ID` tries again.[/]"
    )


_ONE_OF_A_KIND = {
    "feed": "feed {}",
    "delivery": "delivery of batch {}",
    "write_back": "write-back of batch {}",
    "cease": "cease {}",
}


def subject_words(subject: str) -> str:
    """What an item is about, for people."""
    match subject.split(":"):
        case ["charge", *line, charge_type]:
            return f"{':'.join(line)} {charge_type}"
        case ["cease", *line, charge_type]:
            return f"undo of {':'.join(line)} {charge_type}"
        case ["cli", row_key]:
            return f"CLI row {row_key[:8]}"
        case ["feeds"]:
            return "the feeds"
        case [kind, *what]:
            return _ONE_OF_A_KIND.get(kind, f"{kind}:{{}}").format(":".join(what))
    return subject


def next_try(item: RetryItem) -> str:
    """When, or on what, the item is tried again; how it ended, once it has."""
    kind = item.subject.partition(":")[0]
    match item.state.value, kind:
        case (("done" | "discarded"), _):
            words = item.outcome or item.state.value
        case "in_flight", _:
            words = f"in batch {item.batch_seq} or later"
        case _, "cease":
            words = "with the next `r2b undo`"
        case "waiting", _ if item.next_at is not None:
            words = f"{item.next_at:%d/%m %H:%M} UTC"
        case "parked", "charge":
            words = "when its data changes"
        case "parked", "delivery":
            words = f"when a person says so: `r2b deliver {item.batch_seq}`"
        case "parked", _:
            words = "when its cause is gone"
        case "released", _:
            words = "next run"
        case _:
            words = "never, unless released"
    return words


def items_json(items: list[RetryItem]) -> dict[str, Any]:
    """The items as one JSON object."""
    return {
        "items": [
            {
                **item._asdict(),
                "owner": queue_owner(item.subject, item.reason),
                "next": next_try(item),
            }
            for item in items
        ]
    }


def show_history(item: RetryItem, events: list[RetryEvent]) -> None:
    """Everything that happened to an item as a table."""
    rows = [
        (
            f"{event.at:%d/%m/%Y %H:%M:%S}",
            event.action.replace("_", " "),
            (event.from_state or "").replace("_", " "),
            event.to_state.replace("_", " "),
            event.actor or "",
            event.detail or "",
        )
        for event in events
    ]
    out.print(
        table(
            f"Item {item.id}: {subject_words(item.subject)}",
            ("when (UTC)", "what", "from", "to", "who", "why"),
            rows,
        )
    )


def history_json(item: RetryItem, events: list[RetryEvent]) -> dict[str, Any]:
    """An item and its history as one JSON object."""
    return {**items_json([item])["items"][0], "events": [event._asdict() for event in events]}
