"""The demo: sample feeds, a run, a delivery to the stand-in, its answer, the transfer.

By hand, the demo itself carries the files and brings back the answer; by folder, SFTP or HTTP the
run does. The stand-in and the sample reseller know nothing of this program and are run as programs.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.markup import escape

from flows.console.answering import err
from flows.console.quiet import hush_prefect
from schemas.errors import DeliveryIncomplete, ProfileWrong, SourceUnavailable, UsageError
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
    delivery: str
    run: RunReceipt
    transfer: TransferReceipt
    audit: dict[str, Any]
    held_line: str | None

    def as_json(self) -> dict[str, Any]:
        """The story as one JSON object."""
        return {
            "folder": str(self.folder),
            "delivery": self.delivery,
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


class Way(StrEnum):
    """How the demo's batch gets to the stand-in."""

    MANUAL = "manual"
    FOLDER = "folder"
    SFTP = "sftp"
    HTTP = "http"


def run_demo(
    *, lines: int, seed: int, profile: Path | None, delivery: Way, quiet: bool
) -> DemoStory:
    """Do everything once, from scratch, in var/demo/."""
    say = _say(quiet)
    if profile is not None and not profile.is_file():
        raise ProfileWrong(f"Reading the profile {profile}: there is no such file.")
    folder = FOLDER.resolve()
    if profile is not None and profile.resolve().is_relative_to(folder):
        raise UsageError(
            f"The demo makes {FOLDER} anew, and would remove the profile {profile}.",
            hint="Copy the profile to somewhere else, and give that.",
        )
    if folder.exists():
        shutil.rmtree(folder)
    say(f"Inventing a reseller with {lines:,} order lines")
    here = make_reseller(folder, lines=lines, seed=seed, profile=profile)

    hush_prefect()
    from flows.console.server import local_flow
    from flows.profile import load_profile

    with local_flow(quiet=True, what=""):
        by_hand = delivery is Way.MANUAL
        run, receipt = (
            _carry_by_hand(folder, seed, say) if by_hand else _deliver(folder, seed, delivery, say)
        )
    audit = json.loads(_sandbox("affinity", "audit", "--state", folder / "affinity", "--json"))
    loaded = load_profile(here)
    return DemoStory(
        folder=folder,
        tenant=loaded.settings.tenant.name,
        delivery=delivery.value,
        run=run,
        transfer=receipt,
        audit=audit,
        held_line=_a_held_line(loaded.published),
    )


def make_reseller(folder: Path, *, lines: int, seed: int, profile: Path | None = None) -> Path:
    """Invent a reseller's feeds in `folder`, with the sample's profile or another; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    _sandbox(
        "reseller", "--out", folder / "feeds", "--lines", lines, "--seed", seed, "--as-of", AS_OF
    )
    sample = profile or _sandbox_folder() / "reseller" / "r2b.toml"
    here = folder / "r2b.toml"
    here.write_bytes(sample.read_bytes())
    return here


def _carry_by_hand(
    folder: Path, seed: int, say: Callable[[str], None]
) -> tuple[RunReceipt, TransferReceipt]:
    """Run, load the batch as a person would, transfer on the result file."""
    from flows.billing_run import billing_run
    from flows.transfer import transfer_to_billing

    here = str(folder / "r2b.toml")
    say("Running the billing run (starting Prefect takes a moment)")
    run = billing_run(here, AS_OF)
    if run.batch is None:
        raise DeliveryIncomplete("The demo found nothing ready.", hint="Try more --lines.")
    say(f"Loading batch {run.batch.seq} into the Affinity stand-in, CLIs before products")
    results = folder / "result.csv"
    _sandbox(
        "affinity", "load", run.batch.path, "--state", folder / "affinity", "--catalogue",
        folder / "feeds", "--results", results, "--reject-rate", REFUSED_SHARE, "--seed", seed,
    )  # fmt: skip
    say("Transferring on its result file")
    return run, transfer_to_billing(run.batch.seq, results=str(results), profile_path=here)


def _deliver(
    folder: Path, seed: int, way: Way, say: Callable[[str], None]
) -> tuple[RunReceipt, TransferReceipt]:
    """Run against a stand-in that serves; the run delivers, is answered and transfers."""
    from flows.billing_run import billing_run

    here = folder / "r2b.toml"
    say(f"Starting the Affinity stand-in ({way.value}, on this machine only)")
    with _serving(folder, seed, way) as addresses:
        here.write_text(
            f"{here.read_text(encoding='utf-8')}\n{_delivery_section(way, addresses)}",
            encoding="utf-8",
        )
        say("Running the billing run, delivery and answer included")
        run = billing_run(str(here), AS_OF)
    delivery = run.batch.delivery if run.batch else None
    if delivery is None or delivery.transfer is None:
        raise DeliveryIncomplete("The demo found nothing ready.", hint="Try more --lines.")
    return run, delivery.transfer


@contextlib.contextmanager
def _serving(folder: Path, seed: int, way: Way) -> Iterator[dict[str, Any]]:
    """The stand-in's addresses; it ends with the block, or with this program if that is killed."""
    places = {
        Way.HTTP: ("--http", "--token-env", "R2B_AFFINITY_TOKEN"),
        Way.SFTP: ("--sftp", "--drop", str(folder / "drop")),
        Way.FOLDER: ("--drop", str(folder / "drop")),
    }[way]
    os.environ.setdefault("R2B_AFFINITY_TOKEN", secrets.token_urlsafe(16))
    server = subprocess.Popen(  # noqa: S603  our own program with our own arguments
        [
            *(sys.executable, "-m", "sandbox.affinity", "serve", *places),
            *("--state", str(folder / "affinity"), "--catalogue", str(folder / "feeds")),
            *("--reject-rate", REFUSED_SHARE, "--seed", str(seed)),
        ],
        cwd=_sandbox_folder().parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = server.stdout.readline() if server.stdout else ""
        if not line:
            raise SourceUnavailable("The demo's Affinity stand-in did not start.")
        addresses: dict[str, Any] = json.loads(line)
        if addresses["sftp"]:
            os.environ["R2B_AFFINITY_PASSWORD"] = addresses["sftp"]["password"]
        yield addresses
    finally:
        # its end of input tells it to stop
        server.communicate(timeout=60)


def _delivery_section(way: Way, addresses: dict[str, Any]) -> str:
    """What the profile has to say about this way."""
    head = f'[delivery]\nmode = "{way.value}"\npoll_seconds = 0.2\n\n[delivery.{way.value}]\n'
    match way:
        case Way.HTTP:
            return f'{head}url = "{addresses["http"]}"\n'
        case Way.SFTP:
            sftp = addresses["sftp"]
            return (
                f'{head}host = "{sftp["host"]}"\nport = {sftp["port"]}\n'
                f'username = "{sftp["username"]}"\nknown_hosts = "{sftp["known_hosts"]}"\n'
            )
        case _:
            return f'{head}path = "{addresses["drop"]}"\n'


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
            err.print(f"[dim]{escape(what)} ...[/]")

    return say
