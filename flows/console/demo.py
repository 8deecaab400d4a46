"""The demo: sample feeds, a run, an upload into the stand-in, its answer, the transfer.

The stand-in and the sample reseller know nothing of this program and are run as programs.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flows.console.answering import err
from flows.console.quiet import hush_prefect
from schemas.errors import DeliveryIncomplete, ProfileWrong, SourceUnavailable
from schemas.receipts import RunReceipt, TransferReceipt
from tasks.reports.counts import run_json

AS_OF = date(2026, 10, 30)
FOLDER = Path("var/demo")
REFUSED_SHARE = "0.01"


@dataclass(frozen=True)
class DemoStory:
    """What happened, for the summary."""

    folder: Path
    tenant: str
    run: RunReceipt
    transfer: TransferReceipt
    audit: dict[str, Any]
    held_line: str | None

    def as_json(self) -> dict[str, Any]:
        """The story as one JSON object."""
        return {
            "folder": str(self.folder),
            "run": run_json(self.run),
            "transfer": {
                "seq": self.transfer.seq,
                "state": self.transfer.state,
                "accepted": self.transfer.accepted,
                "rejected": self.transfer.rejected,
                "pending": self.transfer.pending,
            },
            "audit": self.audit,
        }


def run_demo(*, lines: int, seed: int, profile: Path | None, quiet: bool) -> DemoStory:
    """Do everything once, from scratch, in var/demo/."""
    say = _say(quiet)
    if profile is not None and not profile.is_file():
        raise ProfileWrong(f"Reading the profile {profile}: there is no such file.")
    folder = FOLDER.resolve()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    say(f"Inventing a reseller with {lines:,} order lines")
    _sandbox(
        "reseller", "--out", folder / "feeds", "--lines", lines, "--seed", seed, "--as-of", AS_OF
    )
    sample = profile or _sandbox_folder() / "reseller" / "r2b.toml"
    here = folder / "r2b.toml"
    here.write_bytes(sample.read_bytes())

    hush_prefect()
    say("Running the billing run (starting Prefect takes a moment)")
    from flows.billing_run import billing_run
    from flows.console.server import local_flow
    from flows.profile import load_profile
    from flows.transfer import transfer_to_billing

    with local_flow(quiet=True, what=""):
        run = billing_run(str(here), AS_OF)
        if run.batch is None:
            raise DeliveryIncomplete("The demo found nothing ready.", hint="Try more --lines.")
        say(f"Loading batch {run.batch.seq} into the Affinity stand-in, CLIs before products")
        results = folder / "result.csv"
        state = folder / "affinity"
        _sandbox(
            "affinity", "load", run.batch.path, "--state", state, "--catalogue", folder / "feeds",
            "--results", results, "--reject-rate", REFUSED_SHARE, "--seed", seed,
        )  # fmt: skip
        say("Transferring on its result file")
        receipt = transfer_to_billing(run.batch.seq, profile_path=str(here), results=str(results))
    audit = json.loads(_sandbox("affinity", "audit", "--state", state, "--json"))
    loaded = load_profile(here)
    return DemoStory(
        folder=folder,
        tenant=loaded.settings.tenant.name,
        run=run,
        transfer=receipt,
        audit=audit,
        held_line=_a_held_line(loaded.published),
    )


def _a_held_line(published: Path) -> str | None:
    from warehouse.connection import open_published
    from warehouse.queries import first_row

    with open_published(published) as connection:
        row = first_row(
            connection,
            "SELECT line_id FROM mart.hold ORDER BY value DESC NULLS LAST, line_id LIMIT 1",
        )
    return row[0] if row else None


def _sandbox(program: str, *arguments: object) -> str:
    done = subprocess.run(  # noqa: S603  our own programs with our own arguments
        [sys.executable, "-m", f"sandbox.{program}", *map(str, arguments)],
        cwd=_sandbox_folder().parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SourceUnavailable(
            f"The demo's {program} stopped: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout


def _sandbox_folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec("sandbox")
    if spec is None or not spec.submodule_search_locations:
        raise SourceUnavailable("The demo's sandbox is not installed.", hint="Install the project.")
    return Path(next(iter(spec.submodule_search_locations)))


def _say(quiet: bool) -> Any:
    def say(what: str) -> None:
        if not quiet:
            err.print(f"[dim]{what} ...[/]")

    return say
