"""What a run decides by is the program it began with, whatever becomes of its files meanwhile."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REPLACED = """
import sys
from pathlib import Path
from tasks.fingerprint import fingerprint
before = fingerprint()
rules = Path("tasks/ready_to_bill/rules.py")
rules.write_text(rules.read_text() + "# another program\\n")
print(before, fingerprint())
"""
ASKED = "from tasks.fingerprint import fingerprint; print(fingerprint())"


def _said(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_program_that_is_replaced_while_it_runs_decides_as_it_began(tmp_path: Path):
    for package in ("schemas", "tasks", "warehouse"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (first,) = _said(ASKED, tmp_path)

    assert [first, first] == _said(REPLACED, tmp_path)
    assert [first] != _said(ASKED, tmp_path)
