"""Run the billing job in-process, without a Prefect server, and read what it came to."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.billing_run import billing_run
from flows.profile import load_profile
from schemas.errors import R2BError
from schemas.receipts import RunReceipt
from warehouse.connection import open_published
from warehouse.queries import read

AS_OF = date(2026, 3, 31)


@dataclass(frozen=True)
class Job:
    """How one run ended, as the outside sees it."""

    exit_code: int
    error: str | None
    receipt: RunReceipt | None
    feeds: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    rejects: list[dict[str, Any]] = field(default_factory=list)


def run_job(folder: Path, as_of: date = AS_OF) -> Job:
    """Run the billing run on `folder` (`r2b.toml`, `feeds/`), as `r2b run --as-of` would."""
    path = folder / "r2b.toml"
    try:
        receipt = billing_run.fn(str(path), as_of)
    except R2BError as error:
        return Job(error.exit_code, str(error), None)
    return Job(
        exit_code=0,
        error=None,
        receipt=receipt,
        feeds={
            name: (each.read, each.accepted, each.rejected) for name, each in receipt.feeds.items()
        },
        rejects=mart(folder, "reject", where=f"run_id = '{receipt.run_id}'").to_dicts(),
    )


def mart(folder: Path, view: str, *, where: str = "TRUE") -> pl.DataFrame:
    """A view of the published copy."""
    profile = load_profile(folder / "r2b.toml")
    with open_published(profile.published) as connection:
        return read(connection, f"SELECT * FROM mart.{view} WHERE {where}")
