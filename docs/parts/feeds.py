"""The feeds and their columns, from `schemas/feeds.py`."""

from docs.parts.markdown import code, listed, table
from schemas.feeds import FEEDS, Column, Feed, Kind

_KINDS = {
    Kind.TEXT: "text",
    Kind.DATE: "date",
    Kind.MONEY: "money",
    Kind.INTEGER: "whole number",
    Kind.QUANTITY: "quantity",
    Kind.BOOLEAN: "yes or no",
}


def overview() -> str:
    """One row per feed."""
    return table(
        ("feed", "what it holds", "key", "must be there"),
        (
            (
                f"[{code(feed.name)}](#{feed.name})",
                feed.about,
                ", ".join(map(code, feed.keys)) or "none",
                "yes" if feed.required else "no",
            )
            for feed in FEEDS.values()
        ),
    )


def every_feed() -> str:
    """One table of columns per feed."""
    return "\n\n".join(_feed(feed) for feed in FEEDS.values())


def _feed(feed: Feed) -> str:
    required = " Required: without it a run in full mode stops." if feed.required else ""
    rows = (
        (code(column.shown), _kind(column), _needs(column), _about(column))
        for column in feed.columns
    )
    return (
        f"### {feed.name}\n\n{feed.about}{required}\n\n"
        f"{table(('column', 'type', '', 'meaning'), rows)}"
    )


def _kind(column: Column) -> str:
    return listed(column.choices) if column.choices else _KINDS[column.kind]


def _needs(column: Column) -> str:
    if column.key:
        return "key"
    return "required" if column.required else ""


def _about(column: Column) -> str:
    words = [column.about]
    if column.references:
        words.append(f"Must be in [{code(column.references)}](#{column.references}).")
    others = [alias for alias in column.aliases if alias != column.shown]
    if others:
        words.append(f"Also read as {listed(map(code, others))}.")
    return " ".join(words)
