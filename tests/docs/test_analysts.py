"""The worked questions of the analysts' page: asked of what they say, they answer what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.marts import VIEWS
from warehouse.connection import open_published

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
R2B = Path(sys.executable).with_name("r2b")
SHELL = Path(sys.executable).with_name("duckdb")

WORKED = re.compile(
    r"^### (?P<title>.*?)$.*?^```sql\n(?P<sql>.*?)^```\n\n(?P<answer>(?:\|[^\n]*\n)+)",
    re.MULTILINE | re.DOTALL,
)


def answer_of(asked: duckdb.DuckDBPyConnection) -> str:
    """The answer of a query as the page shows it; null is blank, numbers stand to the right."""
    columns = asked.description or []
    numbers = [
        any(word in str(kind) for word in ("INT", "DECIMAL", "NUMBER")) for _, kind, *_ in columns
    ]
    lines = [
        [name for name, *_ in columns],
        ["---:" if number else "---" for number in numbers],
        *([_cell(value) for value in row] for row in asked.fetchall()),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo that the page speaks of, reconciled."""
    folder = tmp_path_factory.mktemp("analysts")
    settings = {name: value for name, value in os.environ.items() if not name.startswith("R2B_")}
    for command in (
        ["demo", "--lines", "200"],
        ["reconcile", "--profile", "var/demo/r2b.toml"],
    ):
        subprocess.run([R2B, *command], cwd=folder, env=settings, check=True, capture_output=True)
    return folder / "var" / "demo" / "var" / "published" / "r2b.duckdb"


def test_the_shell_of_an_older_duckdb_opens_it_and_every_view_of_it(published: Path):
    asked = [f"SELECT count(*) FROM mart.{view};" for view in VIEWS]
    done = subprocess.run(
        [SHELL, "-readonly", "-csv", "-noheader", published, " ".join(asked)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert len(VIEWS) == len(done.stdout.split())
    assert int(done.stdout.split()[list(VIEWS).index("charge")]) > 0


def test_the_python_of_the_page_runs(published: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(published.parents[2])
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert len(examples) >= 2
    for example in examples:
        exec(example, {})  # noqa: S102  our own page


def test_the_page_works_ten_questions():
    assert 10 == len(WORKED.findall(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        pytest.param(each["sql"], each["answer"], id=each["title"])
        for each in WORKED.finditer(PAGE.read_text(encoding="utf-8"))
    ],
)
def test_a_worked_question_is_answered_as_the_page_says(published: Path, sql: str, answer: str):
    with open_published(published) as connection:
        assert answer.strip() == answer_of(connection.execute(sql))
