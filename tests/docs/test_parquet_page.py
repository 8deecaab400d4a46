"""What the page about Parquet shows can be typed as it stands."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.integration.office import Office

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "publish-as-parquet.md"
SHELL = Path(sys.executable).with_name("duckdb")


def examples(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """A tenant whose copy is published as Parquet, with one line held."""
    office = written(tmp_path, 1)
    (office.folder / "r2b.toml").write_text('[parquet]\nto = "folder"\n')
    office.add_line(2)
    office.record("assets", 2)["cli"] = "junk"
    office.run()
    return office


def test_the_python_of_the_page_reads_a_view(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(office.folder)
    (example,) = examples("python")
    known: dict[str, Callable[[str], pl.DataFrame]] = {}
    exec(example, known)  # noqa: S102  our own page

    assert {"L2"} == set(known["view"]("hold")["line_id"])


def test_the_shell_of_an_older_duckdb_takes_the_statements_of_the_page(office: Office):
    (example,) = examples("duckdb")
    done = subprocess.run(
        [SHELL, "-csv", "-noheader", ":memory:", example],
        cwd=office.folder / "var" / "parquet",
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ["exported,31.0000", "held,31.0000"] == done.stdout.split()
