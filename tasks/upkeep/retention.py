"""What retention keeps, and until when: days from the profile, files by age."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class RetentionTerms:
    """Where landed files are, and what goes: all that is older than a day; null: for ever kept.

    `personal`: what ended before that day no longer names anybody.
    """

    as_of: date
    landed: Path
    raw: date | None = None
    rejects: date | None = None
    files: date | None = None
    personal: date | None = None


def days_before(as_of: date, days: int) -> date | None:
    """The day before which nothing is kept; null where 0 days say: for ever."""
    return as_of - timedelta(days=days) if days else None


def written_before(folder: Path, day: date) -> list[Path]:
    """The files of `folder` that were last written before that day (UTC), by name."""
    if not folder.is_dir():
        return []
    return sorted(
        each
        for each in folder.iterdir()
        if each.is_file() and datetime.fromtimestamp(each.stat().st_mtime, UTC).date() < day
    )
