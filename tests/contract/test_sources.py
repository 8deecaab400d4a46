"""The same feeds from any source give the same answer. One suite for all sources."""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.layer.export import Shape
from sandbox.layer.server import Layer, serving
from tests.integration.office import Office
from tests.over_http import BY_CURSOR, NESTED_PLACES, http_profile, nested_fields
from tests.running import Job, mart, run_job

FOLDER_PROFILE = "feeds.max_reject_rate = 1\n"
LINES = 7


def odd_office(folder: Path) -> Office:
    """An office whose cells hold all that is awkward in one format or another."""
    office = Office(folder, lines=LINES, profile=FOLDER_PROFILE)
    office.feeds["customers"] += [
        {
            "customer_id": "C2",
            "name": 'Sons, "Daughters"\r\nand Co',
            "status": "live",
            "integration_id": " AC-2\u00a0",
            "vat_number": "000123",
        },
        {"customer_id": "C3", "name": "No\x00thing", "status": "Live", "integration_id": ""},
        {"customer_id": "C4", "name": "Gone", "status": "Lost", "integration_id": "AC-4"},
    ]
    office.feeds["sites"].append(
        {"site_id": "S2", "customer_id": "C2", "name": "Zürich 📞", "integration_id": "AS-2"}
    )
    office.feeds["orders"].append(
        {
            "order_id": "O2",
            "order_ref": "SO-2",
            "customer_id": "C2",
            "site_id": "S2",
            "status": "Completed",
            "po_ref": "=1+1",
            "created_on": "31/12/2025",
        }
    )
    office.feeds["products"][0] |= {"upfront_price": "£1,234.50", "recurring_price": "0.1000"}
    for asset in office.feeds["assets"]:
        asset["CTN"] = asset.pop("cli")
    office.line(1).update({"recurring_price": "7.2500", "upfront_price": "-0", "term_months": "24"})
    office.line(2).update(
        {"connected_on": "2026-03-01T23:30:00Z", "recurring_do_not_bill": "false"}
    )
    office.line(3).update({"upfront_do_not_bill": "true", "do_not_bill_reason": "two\nlines"})
    office.line(4)["quantity"] = "1.5"
    office.line(5)["recurring_price"] = "5.00001"
    office.line(6).update({"order_id": " O2 ", "connected_on": "  "})
    office.line(7)["product_id"] = "P9"
    office.feeds["affinity_products"] = [
        {"product_code": "SKU-1", "name": "Line", "is_active": "", "price": "£9"},
        {"product_code": "SKU-2", "name": "", "is_active": "no", "price": "1e3"},
    ]
    office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "DDI Range Start": "01204600100", "DDI Range End": "01204600109"}
    ]
    office.feeds["billing_platforms"] = []
    office.save()
    return office


@contextmanager
def as_csv(_: Office) -> Iterator[None]:
    yield


@contextmanager
def as_parquet(office: Office) -> Iterator[None]:
    for path in (office.folder / "feeds").glob("*.csv"):
        header, *rows = read(path)
        cells = {name: [row[place] or None for row in rows] for place, name in enumerate(header)}
        schema = pa.schema([(name, pa.string()) for name in header])
        pq.write_table(pa.table(cells, schema=schema), path.with_suffix(".parquet"))
        path.unlink()
    yield


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source))


def over_http(*, shape: Shape = Shape.FLAT, **settings: Any) -> Any:
    @contextmanager
    def source(office: Office) -> Iterator[None]:
        with serving(Layer(office.folder / "feeds", shape=shape)) as address:
            profile = http_profile(address, **settings)
            if shape is Shape.NESTED:
                paths = sorted((office.folder / "feeds").glob("*.csv"))
                meanings = {"CTN": "cli", "DDI Range Start": "cli", "DDI Range End": "range_end"}
                headers = {path.stem: read(path)[0] for path in paths}
                profile += nested_fields(headers, meanings)
            (office.folder / "r2b.toml").write_text(profile, encoding="utf-8")
            yield

    return source


SOURCES: Mapping[str, Callable[[Office], AbstractContextManager[None]]] = {
    "a folder of CSV": as_csv,
    "a folder of Parquet": as_parquet,
    "HTTP by page": over_http(),
    "HTTP by cursor": over_http(query=BY_CURSOR, paging="cursor", page_size=3),
    "HTTP with fields by JSON path": over_http(shape=Shape.NESTED, **NESTED_PLACES),
}


@dataclass(frozen=True)
class Outcome:
    """All that a run comes to, but for its name and the moment."""

    job: Job
    charges: pl.DataFrame
    files: dict[str, bytes]


def outcome(folder: Path, source: Callable[[Office], AbstractContextManager[None]]) -> Outcome:
    office = odd_office(folder)
    with source(office):
        job = run_job(office.folder)
    assert (0, None) == (job.exit_code, job.error)
    files = {path.name: path.read_bytes() for path in office.batch().glob("0*.csv")}
    return Outcome(job, mart(office.folder, "charge").sort("line_id", "charge_type"), files)


@pytest.fixture(scope="module")
def by_csv(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return outcome(tmp_path_factory.mktemp("csv") / "office", as_csv)


@pytest.fixture(scope="module", params=SOURCES.values(), ids=SOURCES)
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, by_csv: Outcome
) -> Outcome:
    if request.param is as_csv:
        return by_csv
    return outcome(tmp_path_factory.mktemp("source") / "office", request.param)


def test_every_record_is_counted_the_same(found: Outcome, by_csv: Outcome):
    expected = (4, 2, 2)

    assert expected == found.job.feeds["customers"]
    assert by_csv.job.feeds == found.job.feeds


def test_what_does_not_fit_is_rejected_for_the_same_reasons(found: Outcome, by_csv: Outcome):
    expected, actual = (
        [{name: value for name, value in row.items() if name != "run_id"} for row in each.rejects]
        for each in (by_csv.job, found.job)
    )

    assert {"bad_text", "unknown_value", "bad_quantity", "bad_number", "unknown_reference"} <= {
        row["reason"] for row in actual
    }
    assert expected == actual


def test_the_receipt_says_the_same(found: Outcome, by_csv: Outcome):
    expected, actual = by_csv.job.receipt, found.job.receipt

    for name in ("status", "feeds", "dispositions", "holds", "warnings", "reject_reasons"):
        assert getattr(expected, name) == getattr(actual, name)


def test_every_charge_is_the_same(found: Outcome, by_csv: Outcome):
    assert by_csv.charges.to_dicts() == found.charges.to_dicts()


def test_the_files_are_the_same_to_the_byte(found: Outcome, by_csv: Outcome):
    assert {"06_clis.csv", "08_products.csv"} == set(found.files)
    assert by_csv.files == found.files
