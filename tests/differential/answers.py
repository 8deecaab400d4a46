"""What each of the three says of one folder of feeds, in one shape.

A folder holds `r2b.toml`, the profile of the sample reseller, and `feeds/`.
"""

import shutil
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from benchmarks.rivals.duckdb_job import bill_in
from flows.profile import load_profile
from tests.oracle.reckon import reckon
from tests.running import mart, run_job

ChargeKey = tuple[str, str]
FILES = ("06_clis.csv", "08_products.csv")
HOLDS = Path(__file__).with_name("holds.sql")


class Facts(NamedTuple):
    """One charge as all three can tell it. Null means none; money is exact."""

    disposition: str
    value: Decimal | None
    bill_start_on: date | None
    quantity: int
    unit_price: Decimal | None
    frequency: str | None
    customer_id: str
    site_id: str | None
    product_id: str
    cli: str | None
    sku: str | None


@dataclass(frozen=True)
class Answer:
    """All of an answer: a line and a charge type are one charge."""

    feeds: Mapping[str, tuple[int, int]]
    """Records accepted and rejected, by feed."""
    charges: Mapping[ChargeKey, Facts]
    holds: frozenset[tuple[str, str, str]]
    """Line, charge type, reason."""
    files: Mapping[str, bytes]


def of_the_product(folder: Path, as_of: date) -> Answer:
    """A billing run from no warehouse at all, read from its published copy and its batch."""
    for each in ("var", "outbox"):
        shutil.rmtree(folder / each, ignore_errors=True)
    job = run_job(folder, as_of)
    assert (0, None) == (job.exit_code, job.error)
    assert job.receipt is not None
    assert job.receipt.batch is not None
    outbox = load_profile(folder / "r2b.toml").outbox
    return Answer(
        feeds={name: (n.accepted, n.rejected) for name, n in job.receipt.feeds.items()},
        charges=_charges(
            # the batch has been written: what was ready shows as exported
            {**row, "disposition": "ready"} if row["disposition"] == "exported" else row
            for row in mart(folder, "charge").iter_rows(named=True)
        ),
        holds=frozenset(
            mart(folder, "hold").select("line_id", "charge_type", "reason").iter_rows()
        ),
        files={name: (outbox / "000001" / name).read_bytes() for name in FILES},
    )


def of_the_oracle(folder: Path, as_of: date) -> Answer:
    """The whole job in plain Python."""
    profile = tomllib.loads((folder / "r2b.toml").read_text(encoding="utf-8"))
    found = reckon(folder / "feeds", as_of=as_of, profile=profile)
    assert found.stop is None
    return Answer(
        feeds={name: counts[1:] for name, counts in found.feeds.items()},
        charges={
            charge.key: Facts(*(getattr(charge, name) for name in Facts._fields))
            for charge in found.charges
        },
        holds=frozenset(found.holds),
        files=found.files,
    )


def of_the_sql(folder: Path, as_of: date) -> Answer:
    """The core of the job in DuckDB's SQL."""
    out = folder / "sql"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    with duckdb.connect(out / "rival.duckdb", config={"memory_limit": "2GiB"}) as connection:
        found = bill_in(connection, folder / "feeds", out, as_of)
        connection.execute(HOLDS.read_text(encoding="utf-8"))
        charges = _charges(connection.sql("FROM charge").pl().iter_rows(named=True))
        holds = connection.execute("FROM hold").fetchall()
    return Answer(
        feeds={name: (n["accepted"], n["rejected"]) for name, n in found.feeds.items()},
        charges=charges,
        holds=frozenset(holds),
        files={name: (out / name).read_bytes() for name in FILES},
    )


ASKED: Mapping[str, Callable[[Path, date], Answer]] = {
    "product": of_the_product,
    "oracle": of_the_oracle,
    "sql": of_the_sql,
}


def _charges(rows: Iterable[Mapping[str, Any]]) -> dict[ChargeKey, Facts]:
    return {
        (row["line_id"], row["charge_type"]): Facts(*(row[name] for name in Facts._fields))
        for row in rows
    }
