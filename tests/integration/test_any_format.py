"""The same feeds as CSV and as Parquet give the same batch, byte for byte."""

import csv
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
