"""Runs a golden case and says what came out, as the files that `expected/` holds."""

import json
import shutil
import tempfile
from pathlib import Path

from tests.running import AS_OF, mart, run_job

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/r2b.toml"))


def expected(case: str) -> dict[str, bytes]:
    """What the case must come to, by file name."""
    folder = HERE / case / "expected"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def actual(case: str) -> dict[str, bytes]:
    """What it comes to now."""
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        folder = Path(scratch)
        shutil.copytree(HERE / case / "feeds", folder / "feeds")
        shutil.copy(HERE / case / "r2b.toml", folder)
        job = run_job(folder, AS_OF)
        if job.receipt is None:
            return {"answer.json": _json({"exit_code": job.exit_code, "error": job.error})}
        batch = job.receipt.batch
        files = {} if batch is None else {p.name: p.read_bytes() for p in batch.path.glob("*.csv")}
        return {**files, "answer.json": _answer(folder, job.receipt.status)}


def _answer(folder: Path, status: str) -> bytes:
    charges = mart(folder, "charge").sort("line_id", "charge_type")
    holds = mart(folder, "hold").sort("line_id", "charge_type", "reason")
    rejects = mart(folder, "reject").sort("feed", "row_number", "column_name", "reason")
    return _json(
        {
            "status": status,
            "charges": [
                " ".join(filter(None, row))
                for row in charges.select(
                    "line_id", "charge_type", "disposition", "waiting_reason"
                ).iter_rows()
            ],
            "holds": [
                " ".join(row)
                for row in holds.select("line_id", "charge_type", "reason").iter_rows()
            ],
            "rejects": [
                f"{feed} {row}: {column or 'the record'} {reason}"
                for feed, row, column, reason in rejects.select(
                    "feed", "row_number", "column_name", "reason"
                ).iter_rows()
            ],
        }
    )


def _json(answer: object) -> bytes:
    return (json.dumps(answer, indent=2, ensure_ascii=False) + "\n").encode()
