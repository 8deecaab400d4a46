"""How long it takes and how much memory, beside what it cannot do without, and beside rivals.

Everything that is compared runs by turns in one go, each time in a fresh process on two cores.
Medians and ratios are printed, and kept for `docs/performance.md`.
"""

import shutil
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import starts
from benchmarks.days import NEXT_DAY, answers, days, next_feeds, play, settled
from benchmarks.feeds import feeds_folder
from benchmarks.flame import draw
from benchmarks.processes import (
    ROOT,
    Took,
    median,
    run_floor,
    run_job,
    run_rival,
)
from benchmarks.results import Result, here, keep, taken
from benchmarks.rivals.check import differences, product_counts, said

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console()

Form = Literal["plain", "quoted", "ragged", "parquet"]
Ids = Literal["short", "guid", "integer", "mixed"]


class Rival(StrEnum):
    """Who does the core of the job by itself."""

    DUCKDB = "duckdb"
    POLARS = "polars"


Lines = Annotated[int, typer.Option(min=1, help="How many order lines.")]
Runs = Annotated[int, typer.Option(min=1, help="How often each of them runs.")]
Where = Annotated[
    Path,
    typer.Option("--feeds", help="Keeps feeds for the next time.", show_default="var/benchmarks"),
]
_FEEDS = ROOT / "var" / "benchmarks"


@app.command()
def whole(
    lines: Lines = 1_000_000,
    runs: Runs = 3,
    form: Annotated[Form, typer.Option(help="How the files are.")] = "plain",
    ids: Annotated[Ids, typer.Option(help="What records are called.")] = "short",
    bad: Annotated[int, typer.Option(min=1, max=99, help="Per cent of lines that are bad.")] = 1,
    rival: Annotated[
        list[Rival] | None, typer.Option(help="Time it by itself too; again for the other.")
    ] = None,
    pandas: Annotated[
        Path | None, typer.Option(help="Where pandas is installed: time it too.")
    ] = None,
    floor: Annotated[bool, typer.Option(help="Time the floor too.")] = True,
    feeds: Where = _FEEDS,
) -> None:
    """The whole job, from feeds on disk and no warehouse to batch and published copy."""
    folder = feeds_folder(feeds, lines, form, ids, bad)
    others = [*(rival or ()), *(("pandas",) if pandas else ())]
    took: dict[str, list[Took]] = defaultdict(list)
    for _ in range(runs):
        took["job"].append(run_job(folder))
        counts = product_counts(folder)
        if floor:
            rows = sum(took["job"][-1].said["written"].values())
            took["floor"].append(run_floor(folder, rows=rows))
        for each in others:
            took[each].append(run_rival(folder, each, pandas=pandas))
            found = list(differences(folder, counts, each, took[each][-1]))
            if found:
                raise SystemExit("\n".join(found))
    about = [f"{lines:,} order lines", "Parquet" if form == "parquet" else f"CSV {form}"]
    about += [f"{ids} ids"] if ids != "short" else []
    about += [f"{bad} % of the lines bad"] if bad != 1 else []
    keep_and_show(
        Result(
            "whole",
            folder.name,
            ", ".join(about),
            lines,
            taken(took),
            {"came to": said(counts)},
            _steps(took["job"]),
            here(),
        ),
        took,
    )


@app.command()
def day(
    lines: Lines = 1_000_000,
    runs: Runs = 3,
    only: Annotated[
        list[str] | None, typer.Option(help="This kind of day; again for more.")
    ] = None,
    feeds: Where = _FEEDS,
) -> None:
    """A day like any other, over a tenant at rest, beside doing all of it anew.

    Both must come to the same: every CSV of the outbox to the byte, and what views say of charges.
    """
    first = feeds_folder(feeds, lines, "plain")
    place = feeds / f"{lines}-today"
    every = days(lines)
    chosen = {name: every[name] for name in only or every}
    known = {mode: feeds / f"{lines}-known-{mode}" for mode in {d.mode for d in chosen.values()}}
    first_runs = {mode: settled(first, folder, mode) for mode, folder in known.items()}
    for number, (name, each) in enumerate(chosen.items()):
        new = feeds / f"{lines}-{name}"
        shutil.rmtree(new, ignore_errors=True)
        changed = next_feeds(first, new, each)
        took: dict[str, list[Took]] = {"first": [first_runs[each.mode]], "day": [], "anew": []}
        for _ in range(runs):
            took["day"].append(play(known[each.mode], place, new, each.mode, anew=False))
            came_to = answers(place)
            took["anew"].append(play(known[each.mode], place, new, each.mode, anew=True))
            if came_to != answers(place):
                raise SystemExit(f"{name}: the day and all of it anew come to different things")
        keep_and_show(
            Result(
                "day",
                f"{lines}-{name}",
                f"{lines:,} order lines, {each.about}",
                10 * lines + number,
                taken(took),
                {"changed": f"{changed:,} records"},
                _steps(took["day"]),
                here(),
            ),
            took,
            of="day",
        )
        for leftover in (new, place):
            shutil.rmtree(leftover, ignore_errors=True)
    for folder in known.values():
        shutil.rmtree(folder)


@app.command()
def start(lines: Lines = 1_000_000, runs: Runs = 5, feeds: Where = _FEEDS) -> None:
    """How long a person waits: for help, status, one explanation, a run with nothing new."""
    folder = feeds_folder(feeds, lines, "plain")
    if not (folder / "var" / "published").exists():
        run_job(folder)
    starts.come_to_rest(folder)
    took: dict[str, list[Took]] = defaultdict(list)
    commands = starts.commands(folder)
    for _ in range(runs):
        for name, command in commands.items():
            took[name].append(command())
    about = f"{lines:,} order lines known"
    keep_and_show(
        Result("start", str(lines), about, lines, taken(took), {}, {}, here()), took, of=""
    )


@app.command()
def picture(lines: Lines = 1_000_000, feeds: Where = _FEEDS) -> None:
    """Draw where the time of the whole job goes, and of a day on which nothing has changed."""
    folder, place = feeds_folder(feeds, lines, "plain"), feeds / f"{lines}-at-rest"
    first = settled(folder, place, "full", statements=True)
    after = run_job(place, NEXT_DAY, anew=False, statements=True)
    shutil.rmtree(place)
    for name, about, took in (
        ("first-run", "a first run", first),
        ("next-day", "a day like any other, full feeds, nothing changed", after),
    ):
        target = ROOT / "docs" / "pictures" / f"where-the-time-goes-{name}.svg"
        draw(took.said, f"{about}, {lines:,} order lines", target)
        console.print(f"{target.relative_to(ROOT)} is drawn anew")


@app.command(name="all")
def everything(
    big: Annotated[int, typer.Option(min=1, help="The most order lines.")] = 10_000_000,
    runs: Runs = 3,
    pandas: Annotated[
        Path | None, typer.Option(help="Where pandas is installed: time it too.")
    ] = None,
    feeds: Where = _FEEDS,
) -> None:
    """Whatever `docs/performance.md` shows; takes hours."""
    million = min(1_000_000, big)
    for lines in sorted({100_000, million, big}):
        # for ten million lines pandas and polars need more memory than machines like these have,
        # and DuckDB by itself more than the gigabyte that it and the job may use
        fits = lines <= million
        rivals = list(Rival) if fits else []
        for form in _FORMS:
            whole(lines, runs, form, rival=rivals, pandas=pandas if fits else None, feeds=feeds)
    for ids in _IDS:
        whole(million, runs, ids=ids, rival=list(Rival), feeds=feeds)
    whole(million, runs, bad=50, feeds=feeds)
    for lines in sorted({million, big}):
        day(lines, runs, feeds=feeds)
        start(lines, feeds=feeds)
    picture(million, feeds=feeds)


_FORMS: tuple[Form, ...] = ("plain", "parquet")
_IDS: tuple[Ids, ...] = ("guid", "integer", "mixed")


def keep_and_show(result: Result, took: Mapping[str, Sequence[Took]], *, of: str = "job") -> None:
    """Keep a result; print its medians, and how often `of` takes what each of the others does."""
    table = Table(title=f"{result.about}: medians of {max(map(len, took.values()))}")
    for header in ("", "wall s", "CPU s", "peak MB"):
        table.add_column(header, justify="right" if header else "left")
    measures = ("wall", "cpu", "peak_mb")
    for name, runs in took.items():
        table.add_row(name, *(f"{median(runs, measure):,.2f}" for measure in measures))
        if of and name != of:
            ratios = [median(took[of], each) / median(runs, each) for each in measures]
            table.add_row(f"  {of} / {name}", *(f"{ratio:,.2f}" for ratio in ratios))
    console.print(table)
    for step, seconds in result.steps.items():
        console.print(f"{seconds:8.2f} s  {step}")
    for name, words in result.notes.items():
        console.print(f"{name}: {words}")
    console.print(f"kept in {keep(result).relative_to(ROOT)}")


def _steps(jobs: Sequence[Took]) -> dict[str, float]:
    """The median of each step's seconds, the longest first."""
    each = [job.said["steps"] for job in jobs]
    medians = {name: round(statistics.median(one[name] for one in each), 2) for name in each[0]}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    app()
