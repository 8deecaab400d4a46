"""The demo's last screen: what happened, and where to look."""

import sys
from pathlib import Path

from rich.markup import escape

from flows.console.answering import out
from flows.console.demo import AS_OF, DemoStory
from flows.console.run_view import (
    show_charges,
    show_delivery,
    show_feeds,
    show_files,
    show_holds,
    show_transfer,
    shown_path,
)
from schemas.counting import counted


def show_demo(story: DemoStory) -> None:
    """Feeds, charges, holds, files, the transfer, and what to try next."""
    out.print(f"\n[bold]{escape(story.tenant)}[/] (invented), as of {AS_OF:%d %B %Y}\n")
    show_feeds(story.run)
    show_charges(story.run)
    show_holds(story.run)
    if story.run.batch is not None:
        show_files(story.run.batch)
    delivery = story.run.batch.delivery if story.run.batch else None
    if delivery is not None:
        show_delivery(delivery)
    else:
        show_transfer(story.transfer)
    doubled = story.audit.get("double_bills", 0)
    count = doubled if isinstance(doubled, int) else len(doubled)
    out.print(f"\nThe stand-in's own audit: [bold]{counted(count, 'double bill')}[/].\n")
    profile = shown_path(story.folder / "r2b.toml")
    published = shown_path(story.folder / "var" / "published" / "r2b.duckdb")
    command = shown_path(Path(sys.argv[0]).absolute())
    rows = [
        (f"{command} queue list -p {profile}", "what Affinity refused"),
        (f"{command} status -p {profile}", "where we stand"),
        (f"{command} run --as-of {AS_OF} -p {profile}", "again: nothing is written twice"),
        (f"duckdb -readonly {published}", "or from Python: SELECT * FROM mart.charge"),
    ]
    if story.held_line:
        why = f"{command} explain {story.held_line} -p {profile}"
        rows.insert(0, (why, "why a line is held"))
    width = max(len(words) for words, _ in rows)
    out.print("[bold]Look next[/]")
    for words, what in rows:
        out.print(f"  {escape(f'{words:<{width}}')}  [dim]{what}[/]")
