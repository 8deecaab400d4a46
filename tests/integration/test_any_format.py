"""The same feeds as CSV and as Parquet give the same batch, byte for byte."""

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.office import Office
from tests.running import run_job


def test_parquet_feeds_give_the_batch_that_csv_feeds_give(tmp_path: Path):
    by_csv, by_parquet = Office(tmp_path / "csv"), Office(tmp_path / "parquet")
    by_csv.run()
    by_parquet.save()
    for path in (by_parquet.folder / "feeds").glob("*.csv"):
        _as_parquet(path)
    _run_what_is_there(by_parquet)

    for file in ("06_clis.csv", "08_products.csv"):
        expected = (by_csv.batch() / file).read_bytes()
        assert expected == (by_parquet.batch() / file).read_bytes()
    assert by_csv.charges() == by_parquet.charges()


def test_raw_shows_what_the_files_say_as_text(tmp_path: Path):
    office = Office(tmp_path, profile='feeds.encoding = "cp1252"\n')
    office.save()
    customers = office.folder / "feeds/customers.csv"
    text = customers.read_text(encoding="utf-8").replace("Bakers", "Baker\u2019s \u20ac 1 \u00e9")
    customers.write_bytes(text.encode("cp1252"))
    sites = office.folder / "feeds/sites.csv"
    sites.write_bytes(sites.read_text(encoding="utf-8").replace("HQ", "Caf\u00e9").encode("cp1252"))
    prices = {"upfront_price": pa.array([Decimal("10.00")]), "needs_cli": pa.array([True])}
    product = {name: pa.array([cell]) for name, cell in office.record("products").items()}
    pq.write_table(pa.table(product | prices), office.folder / "feeds/products.parquet")
    (office.folder / "feeds/products.csv").unlink()
    _run_what_is_there(office)

    assert [("Baker\u2019s \u20ac 1 \u00e9",)] == office.query("SELECT name FROM raw.customers")
    assert [("Caf\u00e9",)] == office.query("SELECT name FROM raw.sites")
    assert [("10", "true")] == office.query("SELECT upfront_price, needs_cli FROM raw.products")
    assert {"VARCHAR"} == {kind for _, kind, *_ in office.query("DESCRIBE raw.products")}


def _as_parquet(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    cells = {name: [row[place] or None for row in rows] for place, name in enumerate(header)}
    schema = pa.schema([(name, pa.string()) for name in header])
    pq.write_table(pa.table(cells, schema=schema), path.with_suffix(".parquet"))
    path.unlink()


def _run_what_is_there(office: Office) -> None:

    job = run_job(office.folder)  # saving would write the CSVs again
    assert (0, None) == (job.exit_code, job.error)
