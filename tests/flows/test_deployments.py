"""`prefect.yaml` against a real server and a real worker: what is deployed runs, and is seen."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tasks.retry.failures import note_failure
from tasks.retry.policy import RetryTerms
from tests.browser import browsing, screenshots
from tests.integration.office import Office
from warehouse.connection import open_warehouse
from warehouse.retry_queue import RetryQueue

ROOT = Path(__file__).parents[2]
PREFECT = Path(sys.executable).with_name("prefect")


def _prefect(*words: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PREFECT), *words],
        cwd=ROOT,
        env={**os.environ, "R2B_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def _ask(api: str, path: str, question: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  our own server on loopback
        f"{api}/{path}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


@pytest.fixture
def worker(prefect_api: str, tmp_path: Path) -> Iterator[Path]:
    """A process worker on the pool of prefect.yaml, serving a tenant's folder."""
    office = Office(tmp_path / "office")
    office.save()
    made = _prefect("work-pool", "create", "billing", "--type", "process", root=office.folder)
    assert 0 == made.returncode, made.stderr
    deployed = _prefect("--no-prompt", "deploy", "--all", root=office.folder)
    assert 0 == deployed.returncode, deployed.stderr
    process = subprocess.Popen(
        [str(PREFECT), "worker", "start", "--pool", "billing"],
        cwd=tmp_path,
        env={**os.environ, "PREFECT_API_URL": prefect_api, "PREFECT_WORKER_QUERY_SECONDS": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield office.folder
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_what_is_deployed_runs_and_is_seen(worker: Path, prefect_api: str):
    run = _prefect(
        *("deployment", "run", "billing-run/billing-run", "--watch"),
        *("--param", 'as_of="2026-04-02"'),
        root=worker,
    )

    assert 0 == run.returncode, run.stdout + run.stderr
    assert (worker / "outbox" / "default" / "000001" / "manifest.json").is_file()
    named = _ask(
        prefect_api,
        "flow_runs/filter",
        {"flow_runs": {"name": {"any_": ["default 2026-04-02: batch written"]}}},
    )
    assert ["Completed"] == [each["state"]["name"] for each in named]
    assert named[0]["state"]["message"] == (
        "Batch 1: 6 rows, £62.00. Load its files into Affinity in their order, then confirm it "
        "(transfer-to-billing)."
    )
    shows_the_run(prefect_api, named[0]["id"])
    tasks = _ask(prefect_api, "task_runs/filter", {"flow_runs": {"id": {"any_": [named[0]["id"]]}}})
    assert {"land feeds", "accept records", "judge charges", "claim batch", "publish batch"} <= {
        each["name"].rpartition("-")[0] or each["name"] for each in tasks
    }
    drains_its_queue(worker, prefect_api)
    reconciles(worker, prefect_api)


def shows_the_run(prefect_api: str, run_id: str) -> None:
    """What ops see of a run: a sheet, and tables of what is held, rejected, queued and open."""
    asked = {"artifacts": {"flow_run_id": {"any_": [run_id]}}}
    shown = {each["key"]: each for each in _ask(prefect_api, "artifacts/filter", asked)}

    names = ("billing-run", "holds", "rejects", "retry-queue", "open-batches")
    assert {f"default-{name}" for name in names} == shown.keys()
    sheet = shown["default-billing-run"]["data"]
    assert "```mermaid" in sheet
    assert "Bakers" not in sheet, "customers stay out of Prefect"
    (waiting,) = json.loads(shown["default-open-batches"]["data"])
    assert (1, "written", "£62.00") == (waiting["batch"], waiting["state"], waiting["worth"])
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        root = prefect_api.removesuffix("/api")
        page.goto(f"{root}/artifacts/artifact/{shown['default-billing-run']['id']}")
        expect(page.get_by_text("4 charges judged")).to_be_visible(timeout=30_000)
        page.screenshot(path=screenshots() / "prefect-billing-run.png")
        page.goto(f"{root}/runs/flow-run/{run_id}")
        expect(page.get_by_text("default 2026-04-02: batch written").first).to_be_visible()
        page.screenshot(path=screenshots() / "prefect-run-page.png")


def reconciles(worker: Path, prefect_api: str) -> None:
    """The deployment that compares both sides leaves a certificate, and a report to be found."""
    run = _prefect("deployment", "run", "reconcile/reconcile", "--watch", root=worker)

    assert 0 == run.returncode, run.stdout + run.stderr
    named = {"flows": {"name": {"any_": ["reconcile"]}}}
    (compared,) = _ask(prefect_api, "flow_runs/filter", named)
    assert ("Completed", ["reconcile"]) == (compared["state"]["name"], compared["tags"])
    (certificate,) = (worker / "var" / "certificates").glob("*-known-*.json")
    (report,) = (worker / "var" / "reports").glob("*.html")
    asked = {"artifacts": {"key": {"any_": ["default-reconciliation"]}}}
    (shown,) = _ask(prefect_api, "artifacts/filter", asked)
    assert compared["id"] == shown["flow_run_id"]
    assert f"[The report]({report.resolve().as_uri()})" in shown["data"]
    assert certificate.name in shown["data"]
    assert "Bakers" not in shown["data"], "customers stay out of Prefect"
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{prefect_api.removesuffix('/api')}/artifacts/artifact/{shown['id']}")
        expect(page.get_by_role("link", name="The report")).to_be_visible(timeout=30_000)
        page.screenshot(path=screenshots() / "prefect-reconciliation.png")


def drains_its_queue(worker: Path, prefect_api: str) -> None:
    """The deployment of the queue frees what is due, and bills as part of its own run."""
    with open_warehouse(worker / "var" / "warehouse.duckdb") as connection:
        note_failure(
            RetryQueue(connection),
            subject="feeds",
            reason="SourceUnavailable",
            message="no answer",
            transient=True,
            terms=RetryTerms(first_wait=timedelta(seconds=1)),
            now=datetime(2026, 3, 31, 12, 0),
            dice=0.0,
        )
    run = _prefect("deployment", "run", "retry-queue/retry-queue", "--watch", root=worker)

    assert 0 == run.returncode, run.stdout + run.stderr
    (made,) = _ask(
        prefect_api, "deployments/filter", {"deployments": {"name": {"any_": ["retry-queue"]}}}
    )
    assert (["retry"], "retry", []) == (made["tags"], made["work_queue_name"], made["schedules"])
    within = {"flow_runs": {"parent_task_run_id": {"is_null_": False}}}
    (billed,) = _ask(prefect_api, "flow_runs/filter", within)
    assert ("Completed", "default 20") == (billed["state"]["name"], billed["name"][:10])
    with open_warehouse(worker / "var" / "warehouse.duckdb") as connection:
        assert ["done"] == [item.state for item in RetryQueue(connection).items(open_only=False)]
