"""Plays a golden history: day by day, every batch answered, and says what each day came to."""

import csv
import io
import shutil
import tempfile
from datetime import date
from pathlib import Path

from flows.transfer import transfer_to_billing
from tests.running import mart, run_job

HERE = Path(__file__).parent / "histories"
HISTORIES = sorted(path.parent.name for path in HERE.glob("*/story.md"))


def expected(history: str) -> dict[str, bytes]:
    """What the history must come to, by day and file name."""
    folder = HERE / history / "expected"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def actual(history: str) -> dict[str, bytes]:
    """What it comes to now.

    `days/<day>/` holds the feeds that are other than the day before. On each day there is a run;
    Affinity takes every row of its batch, and calls a customer or site it creates `AF-<id>`. A day
    with a file `refused.txt` (a code, then a text of the rows it is for) refuses those rows.
    """
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        folder = Path(scratch)
        (folder / "feeds").mkdir()
        profile = HERE / history / "r2b.toml"
        (folder / "r2b.toml").write_bytes(profile.read_bytes() if profile.exists() else b"")
        for day in sorted((HERE / history / "days").iterdir()):
            for feed in day.glob("*.csv"):
                shutil.copy(feed, folder / "feeds")
            found |= {f"{day.name}/{name}": content for name, content in _day(folder, day).items()}
    return found


def _day(folder: Path, day: Path) -> dict[str, bytes]:
    job = run_job(folder, date.fromisoformat(day.name))
    assert job.error is None, job.error
    assert job.receipt is not None
    batch = job.receipt.batch
    if batch is None:
        return {"nothing.txt": _held(folder) or b"nothing is held\n"}
    written = {path.name: path.read_bytes() for path in sorted(batch.path.glob("*.csv"))}
    (folder / "results.csv").write_text(_answers(written, day), encoding="utf-8")
    transfer_to_billing.fn(
        batch.seq, results=str(folder / "results.csv"), profile_path=str(folder / "r2b.toml")
    )
    told = {
        str(path.relative_to(batch.path)): path.read_bytes()
        for path in [batch.path / "layer_updates.csv", *sorted(batch.path.glob("layer_import/*"))]
    }
    held = _held(folder)
    return {**written, **told, **({"held.txt": held} if held else {})}


def _held(folder: Path) -> bytes:
    """What waits: holds of charges, of changes, of customers and the like."""
    rows = [
        *mart(folder, "hold").select("line_id", "charge_type", "reason").iter_rows(),
        *mart(folder, "change_hold").select("line_id", "charge_type", "reason").iter_rows(),
        *mart(folder, "entity_hold").select("entity", "layer_id", "reason").iter_rows(),
    ]
    return "".join(f"{' '.join(row)}\n" for row in sorted(rows)).encode()


def _answers(written: dict[str, bytes], day: Path) -> str:
    refusal = day / "refused.txt"
    code, _, text = (
        refusal.read_text(encoding="utf-8").strip().partition(" ")
        if refusal.exists()
        else ("", "", "\x00")
    )
    out = io.StringIO()
    answers = csv.writer(out, lineterminator="\n")
    answers.writerow(["row_key", "outcome", "code", "message", "ref"])
    for content in written.values():
        for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
            if text in ",".join(row.values()):
                answers.writerow([row["Row Key"], "rejected", code, "Refused for this test", ""])
                continue
            answers.writerow([row["Row Key"], "accepted", "", "", _ref(row)])
    return out.getvalue()


def _ref(row: dict[str, str]) -> str:
    """What Affinity calls what it creates."""
    if row.get("Action") != "ADD":
        return ""
    if "Layer Site ID" in row and "Site Reference" in row:
        return f"AF-{row['Layer Site ID']}"
    return f"AF-{row['Layer Customer ID']}" if "VAT Number" in row else ""
