"""The demo's last screen: what happened, and where to look."""

from flows.console.answering import out
from flows.console.demo import AS_OF, DemoStory
from flows.console.run_view import (
    show_charges,
    show_feeds,
    show_files,
    show_holds,
    show_transfer,
    shown_path,
)


def show_demo(story: DemoStory) -> None:
    """Feeds, charges, holds, files, the transfer, and what to try next."""
    out.print(f"\n[bold]{story.tenant}[/] (invented), as of {AS_OF:%d %B %Y}\n")
    show_feeds(story.run)
    show_charges(story.run)
    show_holds(story.run)
    if story.run.batch is not None:
        show_files(story.run.batch)
    show_transfer(story.transfer)
    doubled = story.audit.get("double_bills", 0)
    count = doubled if isinstance(doubled, int) else len(doubled)
    out.print(
        f"\nThe stand-in's own audit: [bold]{count}[/] double bill{'' if count == 1 else 's'}.\n"
    )
    profile = shown_path(story.folder / "r2b.toml")
    out.print("[bold]Look next[/]")
    if story.held_line:
        out.print(f"  r2b explain {story.held_line} -p {profile}      why a line is held")
    out.print(f"  r2b queue list -p {profile}             what Affinity refused")
    out.print(f"  r2b status -p {profile}                 where we stand")
    out.print(f"  r2b run --as-of {AS_OF} -p {profile}    again: nothing is written twice")
    published = shown_path(story.folder / "var" / "published" / "r2b.duckdb")
    out.print(f"  SELECT * FROM mart.charge               in {published}, with DuckDB")  # noqa: S608  shown, not run
