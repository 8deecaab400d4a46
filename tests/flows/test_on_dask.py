"""Judging on a real Dask cluster, with a Prefect server: what comes of it is the same as here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dask
import httpx
import polars as pl
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from flows.billing_run import billing_run
from flows.console.doctor_view import examine
from flows.profile import load_profile
from flows.wiring import open_judging
from sandbox.reseller import make_feeds
from schemas.errors import ProfileWrong
from schemas.marts import VIEWS
from schemas.receipts import RunReceipt
from tests.dask_cluster import Cluster, dask_cluster
from tests.integration.office import Office
from tests.prefect_server import free_port, prefect_server
from tests.running import mart, run_job
from warehouse import queries
from warehouse.connection import open_warehouse
from warehouse.queries import scalar

ROOT = Path(__file__).parents[2]
DAY = date(2026, 10, 30)
LINES, AT_ONCE = 400, 60

R2B = f"""
import sys
from warehouse import queries
queries._ROWS_PER_BATCH = {AT_ONCE}
from flows.console.main import main
main()
"""
"""The command, with buckets so small that there are several."""


OF_MOMENTS = ("manifest_sha256", "hash")
"""Columns with digests of moments, among other things."""


@dataclass(frozen=True)
class Scene:
    """A cluster, a Prefect server, and tenants with the same feeds."""

    folder: Path
    cluster: Cluster
    api: str

    def tenant(self, name: str, more: str = "") -> Path:
        """The folder of one."""
        folder = self.folder / name
        shutil.copytree(self.folder / "feeds", folder / "feeds")
        profile = (ROOT / "sandbox" / "reseller" / "r2b.toml").read_text("utf-8")
        (folder / "r2b.toml").write_text(profile + more, encoding="utf-8")
        return folder

    def flow_run(self, name: str) -> tuple[Path, RunReceipt]:
        """A tenant, and how its run went: a flow run as any other."""
        folder = self.tenant(name, on_dask(self.cluster.address))
        client = {PREFECT_API_URL: self.api, PREFECT_HOME: self.folder / "client"}
        with temporary_settings(client):
            return folder, billing_run(str(folder / "r2b.toml"), DAY)

    def command(self, name: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
        """The same by the command, in a process of its own."""
        folder = self.tenant(name, on_dask(self.cluster.address))
        said = subprocess.run(
            [sys.executable, "-c", R2B, "run", "--json", "--as-of", DAY.isoformat()],
            cwd=folder,
            env={
                **os.environ,
                "PREFECT_API_URL": self.api,
                "PREFECT_HOME": str(self.folder / "client"),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return folder, said

    def judged_there(self) -> list[str]:
        """How the task runs ended that Prefect knows of judging lines."""
        asked = {"task_runs": {"name": {"like_": "judge lines"}}, "limit": 200}
        runs = httpx.post(f"{self.api}/task_runs/filter", json=asked, timeout=60).json()
        return [run["state_type"] for run in runs]


def on_dask(scheduler: str, patience: float = 60) -> str:
    """The section of the profile."""
    return (
        f'\n[judging]\non = "dask"\nscheduler = "{scheduler}"\n'
        f"buckets_at_once = 3\npatience_seconds = {patience}\n"
    )


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    make_feeds(folder / "feeds", lines=LINES, seed=7, as_of=DAY)
    (folder / "server").mkdir()
    with prefect_server(folder / "server") as api, dask_cluster(folder / "cluster") as cluster:
        yield Scene(folder, cluster, api)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One whose scheduler is not there, and whose server need not be: it is not asked."""
    office = Office(tmp_path / "office", profile=on_dask(f"tcp://127.0.0.1:{free_port()}", 1))
    office.save()
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        yield office


def batches(folder: Path) -> dict[str, Any]:
    """All that is in the outbox, by file; when a batch was written is its own business."""
    outbox = load_profile(folder / "r2b.toml").outbox
    files: dict[str, Any] = {}
    for path in sorted(outbox.rglob("*")):
        if path.name == "manifest.json":
            manifest = json.loads(path.read_bytes())
            del manifest["created_at"]
            files[path.relative_to(outbox).as_posix()] = manifest
        elif path.is_file():
            files[path.relative_to(outbox).as_posix()] = path.read_bytes()
    return files


def views(folder: Path, receipt: RunReceipt) -> dict[str, list[tuple[str, ...]]]:
    """Every view of the published copy, but for moments, their digests, the run and its folder."""
    found = {}
    for name in VIEWS:
        view = mart(folder, name)
        lasting = [
            column
            for column, kind in view.schema.items()
            if kind != pl.Datetime and column not in OF_MOMENTS
        ]
        texts = view.select(
            pl.col(lasting)
            .cast(pl.String)
            .str.replace_all(receipt.run_id, "RUN", literal=True)
            .str.replace_all(str(folder), "HERE", literal=True)
        )
        found[name] = sorted(texts.fill_null("-").rows())
    return found


def test_a_run_comes_to_the_same_on_a_cluster_whoever_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # one test: it takes a server, a cluster and several runs, and no two workers should each set it
    with scene(tmp_path) as there:
        monkeypatch.setattr(queries, "_ROWS_PER_BATCH", AT_ONCE)
        here = there.tenant("here")
        job = run_job(here, DAY)
        assert job.receipt is not None
        assert job.receipt.batch is not None
        wanted = batches(here), views(here, job.receipt)

        whole, receipt = there.flow_run("whole")
        assert wanted == (batches(whole), views(whole, receipt))
        judged = there.judged_there()
        assert len(judged) > 5
        assert {"COMPLETED"} == set(judged)

        there.cluster.let_die(1)
        killed, receipt = there.flow_run("killed")
        assert 0 == there.cluster.deaths_due()
        assert wanted == (batches(killed), views(killed, receipt))

        there.cluster.let_die(100)
        poisoned, said = there.command("poisoned")
        assert there.cluster.deaths_due() < 98
        assert 80 == said.returncode, said.stderr
        assert "ended every worker that took it" in json.loads(said.stdout)["error"]["message"]
        assert "Traceback" not in said.stderr
        assert {} == batches(poisoned)

        nobody_else_saw_a_customer(there)


def nobody_else_saw_a_customer(there: Scene) -> None:
    """What Prefect and the cluster keep and write says nothing of whom the lines are about."""
    seen = b"".join(
        path.read_bytes()
        for place in ("server", "client", "cluster")
        for path in sorted((there.folder / place).rglob("*"))
        if path.is_file()
    )
    people = {
        text.encode()
        for feed, column in (("customers", "Name"), ("customers", "email"), ("assets", "CTN"))
        for text in pl.read_csv(there.folder / "feeds" / f"{feed}.csv", infer_schema=False)[column]
        if text and len(text) > len("an office")
    }

    assert b"judge lines, bucket 1" in seen
    assert len(people) > 200
    assert [] == [each for each in people if each in seen]


def test_without_a_server_nothing_is_begun(office: Office):
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(ProfileWrong, match="PREFECT_API_URL names no server") as refused,
    ):
        billing_run.fn(str(office.folder / "r2b.toml"), DAY)

    assert 10 == refused.value.exit_code
    assert not (office.folder / "var").exists()


@pytest.mark.parametrize(
    ("scheduler", "settings", "words"),
    [
        ("tcp://127.0.0.1:1", {"require-encryption": True}, "is tcp://, and Dask's settings ask"),
        ("tls://127.0.0.1:1", {}, "is tls://, and Dask's settings name no certificates"),
        (
            "tls://127.0.0.1:1",
            {"tls.ca-file": "none.pem", "tls.client.cert": "none.pem"},
            "certificates of Dask's settings cannot be used",
        ),
    ],
    ids=["encryption asked for", "no certificates", "no such file"],
)
def test_an_address_that_does_not_go_with_dasks_settings_is_refused(
    office: Office, scheduler: str, settings: dict[str, Any], words: str
):
    (office.folder / "r2b.toml").write_text(on_dask(scheduler))
    comm = {f"distributed.comm.{name}": said for name, said in settings.items()}

    with dask.config.set(comm), pytest.raises(ProfileWrong, match=words):
        open_judging(office.profile)
    assert not (office.folder / "var").exists()


def test_the_doctor_sees_whether_a_cluster_can_be_asked(office: Office):
    def found() -> tuple[str, int]:
        findings = examine(office.folder / "r2b.toml")
        judging = next(each for each in findings if each.what == "judging")
        return judging.verdict, judging.exit_code

    assert (f"on Dask, at {office.profile.settings.judging.scheduler}", 0) == found()
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        verdict, code = found()
    assert 10 == code
    assert "PREFECT_API_URL names no server" in verdict


def test_a_scheduler_that_is_not_there_ends_the_run_and_nothing_is_judged(office: Office):
    job = run_job(office.folder)

    assert 80 == job.exit_code
    assert "no scheduler answers at tcp://127.0.0.1:" in str(job.error)
    assert nothing_is_judged(office)


def test_a_cluster_that_cannot_judge_as_here_is_refused(office: Office, tmp_path: Path):
    other = tmp_path / "other"
    for package in ("flows", "schemas", "tasks", "warehouse"):
        shutil.copytree(ROOT / package, other / package)
    with (other / "tasks" / "ready_to_bill" / "rules.py").open("a") as rules:
        rules.write("# another version\n")
    with dask_cluster(tmp_path / "cluster", workers=0) as cluster:
        profile = office.folder / "r2b.toml"
        profile.write_text(on_dask(cluster.address, patience=1))
        idle = run_job(office.folder)

        profile.write_text(on_dask(cluster.address))
        cluster.add_workers(1)
        alone = run_job(office.folder)

        cluster.add_workers(1, PYTHONPATH=str(other))
        mixed = run_job(office.folder)

    assert (80, 80, 80) == (idle.exit_code, alone.exit_code, mixed.exit_code)
    assert "has had no worker for 1 seconds" in str(idle.error)
    assert "a worker could not begin with bucket 1" in str(alone.error)
    assert "it must reach Prefect's server" in str(alone.error)
    assert "has another version of this program" in str(mixed.error)
    assert nothing_is_judged(office)


def nothing_is_judged(office: Office) -> bool:
    with open_warehouse(office.profile.warehouse) as connection:
        return not scalar(connection, "SELECT count(*) FROM out.charge") and not any(
            office.profile.outbox.glob("*")
        )


def test_a_run_here_needs_nothing_of_dask(office: Office):
    office = Office(office.folder.with_name("here"))
    office.save()
    program = (
        "import sys; from pathlib import Path; from tests.running import run_job;"
        f"assert run_job(Path({str(office.folder)!r})).exit_code == 0;"
        "print([each for each in ('dask', 'distributed', 'prefect_dask') if each in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "[]\n" == said.stdout
