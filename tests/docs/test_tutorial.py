"""The tutorial, played from first to last; then the questions that the pages ask of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import ROOT
from docs.rehearsal import TUTORIAL, rehearsed
from flows.parquet import follow
from flows.profile import load_profile
from warehouse.connection import open_published

_SQL = re.compile(r"^```sql\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_PYTHON = re.compile(r"^```python\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def played(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The tutorial as it reads when it is played, and the tenant's folder afterwards.

    What is published there is there as Parquet, too, for the pages that read that.
    """
    folder = tmp_path_factory.mktemp("tutorial")
    text = rehearsed(TUTORIAL.read_text(encoding="utf-8"), folder)
    bramble = folder / "bramble"
    with_parquet = bramble / "with-parquet.toml"
    profile = (bramble / "r2b.toml").read_text(encoding="utf-8")
    with_parquet.write_text(f'{profile}\n[parquet]\nto = "folder"\n', encoding="utf-8")
    follow(load_profile(with_parquet))
    return text, bramble


def blocks(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (f"{page.name} {number}", block["body"])
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for number, block in enumerate(pattern.finditer(page.read_text(encoding="utf-8")), start=1)
    ]


def test_the_tutorial_says_what_the_commands_say(played: tuple[str, Path]):
    text, _ = played
    page = TUTORIAL.read_text(encoding="utf-8")

    assert page.splitlines() == text.splitlines(), "run `python -m docs.rehearsal`"


def test_the_tutorial_leaves_three_charges_in_billing(played: tuple[str, Path]):
    _, bramble = played
    with open_published(bramble / "var" / "published" / "r2b.duckdb") as connection:
        rows = connection.execute(
            "SELECT disposition, count(*) FROM mart.charge GROUP BY ALL ORDER BY ALL"
        ).fetchall()

    assert {"in_billing": 3, "exported": 4, "not_applicable": 5} == dict(rows)


@pytest.mark.parametrize(("where", "sql"), blocks(_SQL), ids=lambda each: each.split("\n")[0])
def test_every_question_to_the_published_copy_is_answered(
    where: str, sql: str, played: tuple[str, Path]
):
    _, bramble = played
    with open_published(bramble / "var" / "published" / "r2b.duckdb") as connection:
        assert connection.execute(sql).description


@pytest.mark.parametrize(("where", "code"), blocks(_PYTHON), ids=lambda each: each.split("\n")[0])
def test_every_piece_of_python_runs(where: str, code: str, played: tuple[str, Path]):
    _, bramble = played
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bramble,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
