"""`r2b serve` with two tenants: what is deployed runs, is seen, and is confirmed through a form."""

import http.server
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tasks.retry.failures import note_failure
from tasks.retry.policy import RetryTerms
from tests.browser import browsing, screenshots
from tests.e2e.served import NEVER, Served, eventually, serving
from tests.integration.office import Office
from tests.loopback import answering
from tests.prefect_server import free_port
from warehouse.connection import open_warehouse
from warehouse.retry_queue import RetryQueue

NOON = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
"""Where it is about noon, so that the night's run was due today and is not due again for long."""

ACME = f"""
[tenant]
name = "Acme Ltd"
timezone = "{NOON}"
[operators]
Ann = ["bill_export"]
Bob = []
[watch]
run_by = "04:00"
max_open_hours = 0
max_held = 0
{NEVER}
""".replace('billing_run = ""', 'billing_run = "0 3 * * *"')


class Pager(http.server.ThreadingHTTPServer):
    """A webhook on loopback that keeps what it is told."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.told: list[dict[str, Any]] = []
        pager = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pager.told.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture(scope="module")
def pager() -> Iterator[Pager]:
    with answering(Pager()) as server:
        yield server


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Office]:
    folder = tmp_path_factory.mktemp("tenants")
    found = {
        "default": Office(folder / "default", profile=NEVER),
        "acme": Office(folder / "acme", profile=ACME),
    }
    found["acme"].record("sites")["integration_id"] = ""
    for office in found.values():
        office.save()
    return found


@pytest.fixture(scope="module")
def served(
    offices: dict[str, Office], pager: Pager, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    profiles = [office.folder / "r2b.toml" for office in offices.values()]
    hook = f"http://127.0.0.1:{pager.server_port}/told"
    with serving(
        tmp_path_factory.mktemp("served"), profiles, free_port(), {"R2B_ALERT_WEBHOOK": hook}
    ) as found:
        yield found


# A test may be the first of its process: what it stands on is a fixture, never another test.


@pytest.fixture(scope="module")
def billed(served: Served, offices: dict[str, Office]) -> Office:
    """The default tenant's batch 1 is confirmed."""
    served.run("billing-run", as_of="2026-03-31")
    served.run("transfer-to-billing", batch=1, operator="Ann")
    return offices["default"]


@pytest.fixture(scope="module")
def waiting(served: Served, offices: dict[str, Office]) -> Office:
    """Acme's batch 1 waits to be confirmed."""
    office = offices["acme"]
    office.record("sites")["integration_id"] = "AS-1"
    office.save()
    written = served.run("billing-run-acme-ltd", as_of="2026-03-31")
    assert "Acme Ltd 2026-03-31: batch written" == written["name"]
    return office


def test_everything_is_deployed_for_each_tenant(served: Served):
    kinds = {
        "billing-run",
        "transfer-to-billing",
        "approve",
        "retry-queue",
        "reconcile",
        "sync-check",
        "upkeep",
    }
    found = {each["name"]: each for each in served.ask("deployments/filter")}

    assert kinds | {f"{kind}-acme-ltd" for kind in kinds} == found.keys()
    bill = found["billing-run-acme-ltd"]
    assert ["billing", "tenant:acme-ltd"] == sorted(bill["tags"])
    (schedule,) = bill["schedules"]
    assert ("0 3 * * *", NOON) == (
        schedule["schedule"]["cron"],
        schedule["schedule"]["timezone"],
    )
    assert [] == found["billing-run"]["schedules"]
    assert "retry" == found["retry-queue-acme-ltd"]["work_queue_name"]
    assert 1 == bill["global_concurrency_limit"]["limit"]
    assert [
        "r2b: no heartbeat, so crashed",
        *(f"tenant:{each}: {what}" for each in ("acme-ltd", "default") for what in _ALERTS),
    ] == sorted(served.automations)


_ALERTS = ("alert", "failed", "nobody looks")


def test_it_listens_on_this_machine_only(served: Served):
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        address, port = local.split(":")
        if state == "0A" and int(port, 16) == int(served.ui.rpartition(":")[2]):
            ports.add(address)

    assert {"0100007F"} == ports


def test_a_run_that_did_not_come_by_the_agreed_hour_is_an_alert(served: Served, pager: Pager):
    looked = served.run("sync-check-acme-ltd")

    assert ["run missing"] == _alerts(served, looked)
    assert "COMPLETED" == looked["state_type"], "what it finds is no failure of its own"
    said = eventually(
        lambda: [each["text"] for each in pager.told if "was due" in each["text"]],
        "people are told of a missing run",
    )
    assert "the agreed hour was 04:00." in said[0]


def _alerts(served: Served, looked: dict[str, Any]) -> list[str]:
    """What a look found, by the table it leaves."""
    rows = json.loads(served.artifacts(looked["id"])["acme-ltd-alerts"]["data"])
    return [each["alert"] for each in rows]


def test_a_dry_run_writes_nothing(served: Served, offices: dict[str, Office]):
    run = served.run("billing-run", as_of="2026-03-31", dry_run=True)

    assert ("COMPLETED", "default 2026-03-31: dry run") == (run["state_type"], run["name"])
    assert (
        "A dry run: nothing was written. A run now would write batch 1: 6 rows, £62.00."
        == run["state"]["message"]
    )
    assert "Batch 1 as it would be" in served.artifacts(run["id"])["default-dry-run"]["data"]
    assert not (offices["default"].folder / "outbox").exists()


def test_a_day_from_run_to_in_billing_through_the_form(served: Served, offices: dict[str, Office]):
    office = offices["default"]
    run = served.run("billing-run", as_of="2026-03-31")

    assert ("COMPLETED", "default 2026-03-31: batch written") == (run["state_type"], run["name"])
    assert run["state"]["message"] == (
        "Batch 1: 6 rows, £62.00. Load its files into Affinity in their order, then confirm it "
        "(transfer-to-billing)."
    )
    assert {"billing", "tenant:default"} == set(run["tags"])
    shown = served.artifacts(run["id"])
    assert _SHOWN == shown.keys()
    assert all("Bakers" not in str(each["data"]) for each in shown.values()), "customers stay out"
    assert 100 == shown["default-progress"]["data"]
    (waiting,) = json.loads(shown["default-open-batches"]["data"])
    assert (1, "written", "£62.00") == (waiting["batch"], waiting["state"], waiting["worth"])

    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        _look_at_the_run(page, served, run["id"], shown)
        page.goto(f"{served.ui}/artifacts/artifact/{shown['default-gate']['id']}")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Confirm batch 1").click()
        form = opened.value
        form.on("request", lambda request: asked.append(request.url))
        confirmed = _confirm(form, served, operator="Ann", picture="prefect-form.png")
        places = {"/".join(url.removeprefix("blob:").split("/")[:3]) for url in asked}
        assert {served.ui} == places, "the browser asks nobody else"

    assert ("COMPLETED", "default batch 1: confirmed") == (
        confirmed["state_type"],
        confirmed["name"],
    )
    assert confirmed["state"]["message"] == (
        "Batch 1 is confirmed: 4 charges In Billing (£62.00), 0 refused, 0 without an answer."
    )
    assert {"L1": "in_billing", "L2": "in_billing"} == office.dispositions()
    gate = served.artifacts(confirmed["id"])["default-gate"]
    assert "No batch waits to be confirmed." in gate["data"]

    again = served.run("transfer-to-billing", batch=1, operator="Ann")
    assert ("COMPLETED", "Nothing changed: batch 1 had been transferred before.") == (
        again["state_type"],
        again["state"]["message"],
    )


_SHOWN = {
    f"default-{name}"
    for name in (
        *("billing-run", "holds", "rejects", "retry-queue", "open-batches", "gate", "progress"),
    )
}


def _look_at_the_run(page: Page, served: Served, run: str, shown: dict[str, Any]) -> None:
    page.goto(f"{served.ui}/artifacts/artifact/{shown['default-billing-run']['id']}")
    expect(page.get_by_text("4 charges judged")).to_be_visible(timeout=30_000)
    page.screenshot(path=screenshots() / "prefect-billing-run.png")
    page.goto(f"{served.ui}/runs/flow-run/{run}")
    expect(page.get_by_text("default 2026-03-31: batch written").first).to_be_visible()
    page.screenshot(path=screenshots() / "prefect-run-page.png")
    page.goto(f"{served.ui}/artifacts/artifact/{shown['default-gate']['id']}")
    expect(page.get_by_role("link", name="Confirm batch 1")).to_be_visible(timeout=30_000)
    page.screenshot(path=screenshots() / "prefect-gate.png")


def _confirm(page: Page, served: Served, *, operator: str, picture: str) -> dict[str, Any]:
    """Fill in the form that is open and submit it; the run it made, ended."""
    known = {each["id"] for each in served.runs("transfer-to-billing")}
    box = page.locator("textarea").first
    expect(box).to_be_visible(timeout=30_000)
    box.fill(operator)
    page.screenshot(path=screenshots() / picture)
    page.get_by_role("button", name="Submit").click()

    def made() -> str | None:
        runs = {each["id"] for each in served.runs("transfer-to-billing")} - known
        return runs.pop() if runs else None

    return served.ended(eventually(made, "the form makes a run"))


def test_a_failure_starts_the_retry_queue_and_tells_people(
    served: Served, offices: dict[str, Office], pager: Pager
):
    office = offices["default"]
    before = {each["id"] for each in served.runs("retry-queue")}
    others = len(served.runs("retry-queue-acme-ltd"))
    (office.folder / "feeds" / "orders.csv").rename(office.folder / "orders.csv")

    run = served.run("billing-run", as_of="2026-04-01")

    assert "FAILED" == run["state_type"]
    assert "orders" in run["state"]["message"]
    retried = eventually(
        lambda: [each for each in served.runs("retry-queue") if each["id"] not in before],
        "the failure starts the retry queue",
    )
    assert "COMPLETED" == served.ended(retried[0]["id"])["state_type"]
    assert others == len(served.runs("retry-queue-acme-ltd")), "another tenant's is left alone"
    told = eventually(
        lambda: [each for each in pager.told if "orders" in each["text"]], "people are told"
    )
    assert "default" == told[0]["tenant"]
    (office.folder / "orders.csv").rename(office.folder / "feeds" / "orders.csv")


def test_what_must_not_be_confirmed_is_refused_in_words(served: Served, waiting: Office):
    office = waiting
    wrong = served.run("transfer-to-billing-acme-ltd", batch=1, operator="Ann", digest="0" * 12)
    role = served.run("transfer-to-billing-acme-ltd", batch=1, operator="Bob")
    nobody = served.run("transfer-to-billing-acme-ltd", batch=1)
    other = served.run("transfer-to-billing-acme-ltd", batch=7, operator="Ann")

    for run, words in (
        (wrong, "Confirming batch 1: its digest is another one."),
        (role, "This needs the role bill_export, which the named operator does not hold."),
        (nobody, "This needs a name."),
        (other, "There is no batch 7."),
    ):
        assert "FAILED" == run["state_type"]
        assert words in run["state"]["message"]
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()
    file = office.batch() / "08_products.csv"
    rows = file.read_bytes()
    file.write_bytes(b"other rows")
    altered = served.run("transfer-to-billing-acme-ltd", batch=1, operator="Ann")
    assert "FAILED" == altered["state_type"]
    assert "08_products.csv" in altered["state"]["message"]
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()
    file.write_bytes(rows)


def test_what_is_late_or_held_is_an_alert_once(served: Served, waiting: Office, pager: Pager):
    office = waiting
    office.add_line(3)
    office.line(3)["connected_on"] = "2026-03-02"
    office.record("products")["external_sku"] = ""
    office.save()
    served.run("billing-run-acme-ltd", as_of="2026-04-01")

    first = served.run("sync-check-acme-ltd")
    again = served.run("sync-check-acme-ltd")

    assert ["batch waits", "held too much"] == _alerts(served, first) == _alerts(served, again)
    for words in ("Batch 1 (£62.00) has waited", "are held, more than"):
        told = eventually(
            lambda words=words: [each for each in pager.told if words in each["text"]],
            f"people are told: {words}",
        )
        assert ("Acme Ltd", 1) == (told[0]["tenant"], len(told))


def test_reconcile_and_upkeep_leave_something_to_see(served: Served, billed: Office):
    folder = billed.folder
    compared = served.run("reconcile")
    tidy = served.run("upkeep")

    assert ("COMPLETED", {"reconcile", "tenant:default"}) == (
        compared["state_type"],
        set(compared["tags"]),
    )
    shown = served.artifacts(compared["id"])["default-reconciliation"]
    (report,) = (folder / "var" / "reports").glob("*.html")
    assert f"[The report]({report.resolve().as_uri()})" in shown["data"]
    assert "Bakers" not in shown["data"], "customers stay out of Prefect"
    assert "COMPLETED" == tidy["state_type"]
    assert re.match(r"0 old files removed .*; the warehouse holds", tidy["state"]["message"])
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{served.ui}/artifacts/artifact/{shown['id']}")
        expect(page.get_by_role("link", name="The report")).to_be_visible(timeout=30_000)
        page.screenshot(path=screenshots() / "prefect-reconciliation.png")
        page.goto(f"{served.ui}/runs")
        expect(page.get_by_text("default batch 1: confirmed").first).to_be_visible(timeout=30_000)
        page.screenshot(path=screenshots() / "prefect-runs.png")


def test_what_is_due_in_the_queue_is_billed_as_part_of_its_own_run(served: Served, billed: Office):
    office = billed
    with open_warehouse(office.folder / "var" / "warehouse.duckdb") as connection:
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

    run = served.run("retry-queue")

    assert "COMPLETED" == run["state_type"]
    within = served.ask("flow_runs/filter", flow_runs={"parent_flow_run_id": {"any_": [run["id"]]}})
    assert ["Completed"] == [each["state"]["name"] for each in within]
    assert within[0]["name"].startswith("default 20")
    with open_warehouse(office.folder / "var" / "warehouse.duckdb") as connection:
        assert ["done"] == [
            item.state
            for item in RetryQueue(connection).items(open_only=False)
            if item.subject == "feeds"
        ]
