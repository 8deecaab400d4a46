"""`r2b init`, `r2b doctor`, `r2b profile check`: getting started and finding what is amiss."""

import errno
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.console.answering import UNUSABLE, JsonOption, ProfileOption, answer, out
from schemas.errors import UsageError

_MISTAKES = UNUSABLE | {errno.ENOENT}
"""What goes wrong because another place should have been named."""

profile_app = typer.Typer(no_args_is_help=True, help="The profile: check what it means.")


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to set up; here by default.")
    ] = Path(),
    tenant: Annotated[
        str, typer.Option(help="The tenant's name: part of every row key.")
    ] = "default",
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "-p", help="Where to write the profile; FOLDER/r2b.toml."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set up a folder for a tenant: a commented profile and a place for the feeds.

    Example: [bold]r2b init northwind --tenant "Northwind Telecom"[/]
    """
    target, feeds = profile or folder / "r2b.toml", folder / "feeds"
    _set_up(target, feeds, tenant)
    answer(
        {"profile": str(target), "feeds": str(feeds)},
        as_json=as_json,
        show=lambda: out.print(
            f"Made {escape(str(target))} and {escape(str(feeds))}.\n"
            "[bold]Next:[/] put The Layer's exports into the feeds folder (customers.csv, "
            "sites.csv, products.csv, orders.csv,\norder_lines.csv, assets.csv), then "
            "[bold]r2b plan[/] to look and [bold]r2b run[/] to do it."
        ),
    )


def _set_up(target: Path, feeds: Path, tenant: str) -> None:
    """Write a profile to `target` that finds its feeds in `feeds`.

    Raises:
        UsageError: there is one already, one cannot be there, or the name is none.
        DiskFailed: the disk is full, or fails.
    """
    from flows.console.example_profile import example_profile
    from flows.profile import LONGEST_NAME
    from warehouse.connection import disk_trouble_told

    doing, beside = f"Setting up {feeds.parent}", target.parent
    if not (tenant.isprintable() and 1 <= len(tenant) <= LONGEST_NAME):
        raise UsageError(
            f"{doing}: this is no name for a tenant.",
            hint=f"It has 1 to {LONGEST_NAME} letters or signs, none of them invisible.",
        )
    with disk_trouble_told(target):
        try:
            if target.exists():
                raise UsageError(
                    f"{doing}: there is a {target.name} already.",
                    hint="Choose another folder, or change the profile that is there.",
                )
            if beside.resolve() != feeds.parent.resolve() and not beside.is_dir():
                raise UsageError(
                    f"{doing}: there is no folder {beside} for the profile.",
                    hint="Make it, or leave --profile out.",
                )
            feeds.mkdir(parents=True, exist_ok=True)
            there = os.path.relpath(feeds.resolve(), beside.resolve())
            target.write_text(example_profile(tenant, there), encoding="utf-8")
        except OSError as error:
            if error.errno not in _MISTAKES:
                raise
            raise UsageError(
                f"{doing}: {os.strerror(error.errno)}.", hint="Choose another folder."
            ) from error


@profile_app.command("check")
def check(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Check the profile and say what it means, default by default.

    Example: [bold]r2b profile check --profile northwind/r2b.toml[/]
    """
    from flows.console.profile_view import meaning, show_profile
    from flows.profile import load_profile

    loaded = load_profile(profile)
    answer(meaning(loaded), as_json=as_json, show=lambda: show_profile(loaded))


def doctor(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Look for what would stop a run: versions, profile, feeds, folders, warehouse, lock.

    Whether the place of Parquet files answers is asked, once; nothing else is knocked at.

    Example: [bold]r2b doctor[/]
    """
    from flows.console.doctor_view import examine, show_findings, worst_of

    findings = examine(profile)
    answer(
        {"findings": [finding._asdict() for finding in findings]},
        as_json=as_json,
        show=lambda: show_findings(findings),
    )
    worst = worst_of(findings)
    if worst:
        raise typer.Exit(worst)
