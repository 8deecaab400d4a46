"""Run the billing job in-process, without a Prefect server, and read what it came to."""

import resource
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl

from flows.billing_run import billing_run
from flows.profile import LoadedProfile, load_profile
from flows.wiring import publishing
from schemas.errors import R2BError
from schemas.receipts import RunReceipt
from warehouse.connection import open_published, open_warehouse, prepare_warehouse
from warehouse.published import publish
from warehouse.queries import read

AS_OF = date(2026, 3, 31)


@dataclass(frozen=True)
class Job:
    """How one run ended, as the outside sees it."""

    folder: Path
    exit_code: int
    error: str | None
    receipt: RunReceipt | None

    @property
    def feeds(self) -> dict[str, tuple[int, int, int]]:
        """What became of the records of each feed: read, accepted, rejected."""
        counts = self.receipt.feeds if self.receipt else {}
        return {name: (each.read, each.accepted, each.rejected) for name, each in counts.items()}

    @cached_property
    def rejects(self) -> list[dict[str, Any]]:
        """The run's rows of `mart.reject`; most tests never ask."""
        if self.receipt is None:
            return []
        return mart(self.folder, "reject", where=f"run_id = '{self.receipt.run_id}'").to_dicts()


def resident() -> int:
    """The memory that this process has now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def run_job(folder: Path, as_of: date = AS_OF) -> Job:
    """Run the billing run on `folder` (`r2b.toml`, `feeds/`), as `r2b run --as-of` would."""
    path = folder / "r2b.toml"
    try:
        _found_warehouse(load_profile(path))
        receipt = billing_run.fn(str(path), as_of)
    except R2BError as error:
        return Job(folder, error.exit_code, str(error), None)
    return Job(folder, exit_code=0, error=None, receipt=receipt)


def _found_warehouse(profile: LoadedProfile) -> None:
    """Where nothing ever ran, one as a first run makes it: making it is slow, a copy is not.

    Commands, which the tests run too, make their own.
    """
    path = profile.warehouse
    if not path.exists() and not profile.published.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_new_warehouse())


@cache
def _new_warehouse() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        prepare_warehouse(path)
        return path.read_bytes()


def mart(folder: Path, view: str, *, where: str = "TRUE") -> pl.DataFrame:
    """A view of the published copy."""
    profile = load_profile(folder / "r2b.toml")
    with open_published(profile.published) as connection:
        return read(connection, f"SELECT * FROM mart.{view} WHERE {where}")


def is_as_if_made_anew(profile: LoadedProfile) -> bool:
    """Whether the published copy holds what one would that is made of nothing but the warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse, anew = Path(folder) / "warehouse.duckdb", Path(folder) / "r2b.duckdb"
        shutil.copy(profile.warehouse, warehouse)
        with open_warehouse(warehouse) as connection:
            publish(connection, publishing(profile)._replace(target=anew))
        return _tables_of(profile.published) == _tables_of(anew)


def _tables_of(published: Path) -> dict[str, list[tuple[Any, ...]]]:
    with open_published(published) as connection:
        names = connection.execute(
            "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables()"
        ).fetchall()
        return {
            name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names
        }
