"""Whatever the caller's habits, what is written is for its owner alone. Invariant 69."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.office import Office

R2B = Path(sys.executable).with_name("r2b")
DAY = ("--as-of", "2026-03-31")

AS_A_WORKER_DOES = """
import datetime, os, sys
from flows.billing_run import billing_run
billing_run(sys.argv[1], datetime.date(2026, 3, 31))
print(oct(os.umask(0)))
"""
"""A flow without the command in front of it."""


def loose(folder: Path, umask: int, *words: str) -> str:
    done = subprocess.run(
        words, cwd=folder, umask=umask, capture_output=True, text=True, timeout=300, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def modes(*folders: Path) -> dict[str, str]:
    """Every mode that gives anybody else anything, by path; there should be none."""
    found = [each for folder in folders for each in (folder, *folder.rglob("*"))]
    assert len(found) > len(folders)
    return {
        str(each): oct(stat.S_IMODE(each.lstat().st_mode))
        for each in found
        if stat.S_IMODE(each.lstat().st_mode) & 0o077
    }


@pytest.fixture
def office(tmp_path: Path) -> Office:
    drop = tmp_path / "drop"
    for place in ("inbox", "archive", "error", "results"):
        (drop / place).mkdir(parents=True)
    made = Office(
        tmp_path / "office",
        profile=f"""
[delivery]
mode = "folder"
receipt_wait_seconds = 0
answer_wait_seconds = 0
[delivery.folder]
path = "{drop}"
""",
    )
    made.save()
    return made


@pytest.mark.usefixtures("prefect_api")
def test_commands_leave_nothing_for_others_under_umask_0(office: Office):
    made = office.folder / "new"
    loose(office.folder, 0, R2B, "init", "new", "--tenant", "Bakers")
    loose(office.folder, 0, R2B, "run", *DAY, "--json")
    loose(office.folder, 0, R2B, "deliver", "1", "--json")
    loose(office.folder, 0, R2B, "report", *DAY, "--json")
    said = loose(office.folder, 0, R2B, "export", "mart.charge", "--json")

    written = {
        path.name
        for folder in (office.folder / "var", office.folder / "outbox")
        for path in folder.rglob("*")
    }
    assert {"warehouse.duckdb", "r2b.duckdb", "manifest.json", "delivery.json"} <= written
    assert Path(json.loads(said)["path"]).name in written
    assert {} == modes(office.folder / "var", office.folder / "outbox", made)
    assert 0o400 == stat.S_IMODE(office.profile.published.stat().st_mode)


@pytest.mark.usefixtures("prefect_api")
def test_a_flow_that_a_worker_runs_is_as_careful_as_the_command(office: Office):
    profile = str(office.folder / "r2b.toml")
    said = loose(office.folder, 0o022, sys.executable, "-c", AS_A_WORKER_DOES, profile)

    assert "0o77" == said.split()[-1]
    assert {} == modes(office.folder / "var", office.folder / "outbox")


def test_a_group_may_read_the_copy_and_nothing_else(tmp_path: Path):
    office = Office(
        tmp_path / "office", profile='[warehouse]\npublish = "published"\nreaders = "group"\n'
    )
    before = os.umask(0o077)
    try:
        office.run()
    finally:
        os.umask(before)
    copy = office.profile.published

    assert {str(copy.parent): "0o750", str(copy): "0o440"} == modes(copy.parent)
    assert {} == modes(office.folder / "var", office.folder / "outbox")
