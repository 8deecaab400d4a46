"""The command that makes sample feeds. Parses words, calls `make_feeds`, prints."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sandbox.reseller.feeds import make_feeds

_AS_OF = datetime.fromisoformat("2026-10-30")

app = typer.Typer(add_completion=False)


@app.command()
def reseller(
    out: Annotated[Path, typer.Option(help="Folder for the feeds; made if missing.")],
    lines: Annotated[int, typer.Option(min=1, help="How many order lines.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed, another reseller.")] = 7,
    as_of: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day the world is seen on.")
    ] = _AS_OF,
) -> None:
    """Write the feeds of an invented UK telecoms reseller.

    Example: python -m sandbox.reseller --out var/feeds --lines 2000
    """
    made = make_feeds(out, lines=lines, seed=seed, as_of=as_of.date())
    table = Table("feed", "rows", title=f"Feeds in {made.folder}")
    for feed, rows in made.rows.items():
        table.add_row(feed, f"{rows:,}")
    Console().print(table)


if __name__ == "__main__":
    app()
