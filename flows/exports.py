"""A view of the published copy, as a file for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flows.profile import LoadedProfile
from schemas.errors import UsageError
from schemas.marts import VIEWS
from tasks.outbox.durable import written_aside
from tasks.reports.exports import ExportFormat, write_csv, write_parquet, write_workbook
from warehouse.connection import disk_trouble_told, open_published
from warehouse.published import rows_of
from warehouse.queries import first_row

_MARK = "for-people_"
"""How the name of a file begins that is for people only."""


@dataclass(frozen=True)
class Export:
    """What was exported, and where it is."""

    view: str
    path: Path
    rows: int


def export(profile: LoadedProfile, view: str, kind: str, path: Path | None = None) -> Export:
    """Write a view of `mart` to a file for people, by default in `exports` beside the warehouse.

    Never a file that Affinity or The Layer would load: its name says so, and its form is another.
    A file that is there already is replaced only where it is such an export itself.

    Raises:
        UsageError: there is no such view or format, nothing was published yet, it does not fit, or
            it would replace something else, or cannot be there.
        DiskFailed: the disk is full, or fails.
    """
    name = view.removeprefix("mart.")
    if name not in VIEWS:
        raise UsageError(
            f"Exporting: there is no view mart.{name}.",
            hint=f"There are: {', '.join(sorted(VIEWS))}.",
        )
    if kind not in set(ExportFormat):
        raise UsageError(
            f"Exporting mart.{name}: there is no format {kind}.",
            hint=f"It is one of {', '.join(ExportFormat)}.",
        )
    if not profile.published.exists():
        raise UsageError(
            f"Exporting mart.{name}: nothing was published yet.", hint="Run `r2b run` first."
        )
    with open_published(profile.published) as connection:
        run = first_row(
            connection,
            "SELECT as_of, run_id FROM mart.run ORDER BY started_at DESC, run_id DESC LIMIT 1",
        )
        as_of, run_id = run or ("never", "")
        target = path or (
            profile.warehouse.parent / "exports" / f"{_MARK}mart.{name}_{as_of}.{kind}"
        )
        _check_target(profile, name, target)
        _make_folder(name, target.parent)
        batches = rows_of(connection, name)
        about = {
            "view": f"mart.{name}",
            "what it is": VIEWS[name].about,
            "one row per": VIEWS[name].grain,
            "tenant": profile.settings.tenant.name,
            "as of": str(as_of),
            "run": str(run_id),
            "for": "people to read; Affinity and The Layer load other files",
        }

        def write(out: IO[bytes]) -> int:
            match ExportFormat(kind):
                case ExportFormat.CSV:
                    return write_csv(batches, out)
                case ExportFormat.PARQUET:
                    return write_parquet(batches, out)
                case ExportFormat.XLSX:
                    return write_workbook(batches, out, title=name, about=about)

        with disk_trouble_told(target):
            return Export(view=f"mart.{name}", path=target, rows=written_aside(target, write))


def _make_folder(view: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"Exporting mart.{view}: the folder {folder.name} cannot be made: {error.strerror}.",
            hint="Name a file elsewhere, or leave --to out.",
        ) from error


def _check_target(profile: LoadedProfile, view: str, target: Path) -> None:
    """Refuse to write where it would be loaded by somebody, or replace what is no export."""
    here = target.resolve()
    taken = [profile.outbox, profile.published.parent, profile.feeds]
    if any(here.is_relative_to(folder.resolve()) for folder in taken):
        raise UsageError(
            f"Exporting mart.{view}: {target.parent.name} is a folder that other programs read.",
            hint="Name a file elsewhere, or leave --to out.",
        )
    if target.is_dir():
        raise UsageError(
            f"Exporting mart.{view}: {target.name or 'this'} is a folder.",
            hint="Name a file in it.",
        )
    if target.exists() and not target.name.startswith(_MARK):
        raise UsageError(
            f"Exporting mart.{view}: {target.name} is there already.",
            hint="Name a file that is not there; only an export of the default name is replaced.",
        )
