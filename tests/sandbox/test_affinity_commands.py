"""The stand-in by its commands: what they print, what they leave, how they end."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox.affinity.__main__ import app
from tests.sandbox.batches import row, write_feeds, write_file


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A batch with one good and one bad product row, and a CLI."""
    folder = tmp_path / "acme" / "000001"
    write_file(folder, "06_clis.csv", [row("06_clis")])
    write_file(folder, "08_products.csv", [row("08_products"), row("08_products", Quantity="0")])
    return folder


@pytest.fixture
def known(tmp_path: Path) -> Sequence[str | Path]:
    """The options that name state and feeds."""
    return ("--state", tmp_path / "state", "--catalogue", write_feeds(tmp_path / "feeds"))


def test_load_says_what_was_taken(batch: Path, known: Sequence[str | Path], tmp_path: Path) -> None:
    result = invoke("load", batch, *known, "--results", tmp_path / "results.csv", "--json")

    assert 0 == result.exit_code, result.output
    said = json.loads(result.stdout)
    assert "acme/000001" == said["batch"]
    assert {"rows": 2, "accepted": 1, "rejected": 1, "problem": None} == said["files"][
        "08_products.csv"
    ]
    assert {"BAD_NUMBER": 1} == said["refusals"]
    assert 4 == len((tmp_path / "results.csv").read_text().splitlines())


def test_load_file_before_its_time_ends_with_3(
    batch: Path, known: Sequence[str | Path], tmp_path: Path
) -> None:
    products = batch / "08_products.csv"

    result = invoke("load-file", products, *known, "--results", tmp_path / "results.csv")

    assert 3 == result.exit_code
    assert "must be loaded first" in result.output
    assert 2 == (tmp_path / "results.csv").read_text().count("LOAD_ORDER")


def test_nothing_to_work_on_ends_with_4(batch: Path, tmp_path: Path) -> None:
    for words in (
        ("load", batch, "--state", tmp_path / "none"),
        ("audit", "--state", tmp_path / "none"),
        ("export", "--state", tmp_path / "none", "--out", tmp_path / "out"),
    ):
        result = invoke(*words)

        assert 4 == result.exit_code
        assert "no Affinity state" in result.output


def test_options_refuse_rows(batch: Path, known: Sequence[str | Path]) -> None:
    result = invoke("load", batch, *known, "--reject-rate", "1", "--failure-scope", "file")

    assert 0 == result.exit_code, result.output
    assert "rows refused" in result.output


def test_audit_counts_double_bills_and_can_be_strict(
    batch: Path, known: Sequence[str | Path], tmp_path: Path
) -> None:
    invoke("load", batch, *known)
    once = invoke("audit", "--state", tmp_path / "state", "--strict")
    invoke("load", batch, *known)
    twice = invoke("audit", "--state", tmp_path / "state", "--strict", "--json")

    assert 0 == once.exit_code, once.output
    assert 5 == twice.exit_code
    assert 1 == json.loads(twice.stdout)["double_bills"]


def test_export_writes_feeds(batch: Path, known: Sequence[str | Path], tmp_path: Path) -> None:
    invoke("load", batch, *known)

    result = invoke("export", "--state", tmp_path / "state", "--out", tmp_path / "out")

    assert 0 == result.exit_code, result.output
    assert "affinity_clis.csv: 3 rows" in result.output
    assert (tmp_path / "out" / "affinity_site_products.csv").is_file()


@pytest.mark.parametrize("package", ["sandbox.affinity", "sandbox.reseller"])
def test_the_packages_run_as_modules(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", package, "--help"], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr
    assert "Usage" in done.stdout


def test_the_sandbox_knows_nothing_of_the_product() -> None:
    """Importing all of it brings in none of the product's packages."""
    code = (
        "import sys, sandbox.affinity.__main__, sandbox.reseller.__main__;"
        "print(sorted({'flows', 'tasks', 'schemas', 'warehouse'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()
