"""Names and places are shown as they are, whatever in them looks like markup or a picture."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from flows.console.answering import out
from flows.console.demo import DemoStory
from flows.console.demo_view import show_demo
from flows.console.main import app
from flows.console.reconcile_view import show_reconciliation, show_report
from flows.console.run_view import show_plan, show_run, show_transfer, show_undo
from flows.plan import plan
from flows.reconcile import reconcile
from schemas.receipts import ReconcileReceipt, RunReceipt, TransferReceipt, UndoReceipt
from tests.integration.office import Office
from tests.running import AS_OF

TENANT = "A [/b] [live] :smile: Ltd"
FOLDER = "q[abc] [bold]x[/] :bug:"


class Told(NamedTuple):
    """What a reader is shown of, as it came about."""

    office: Office
    run: RunReceipt
    transfer: TransferReceipt
    undo: UndoReceipt
    reconciled: ReconcileReceipt


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A tenant and a folder of odd names: a batch, its transfer and its undo, a reconciliation."""
    office = Office(
        tmp_path_factory.mktemp("odd") / FOLDER, profile=f"tenant.name = {json.dumps(TENANT)}\n"
    )
    run = office.run()
    transfer = office.uploaded()
    reconciled = reconcile.fn(str(office.folder / "r2b.toml"))
    return Told(office, run, transfer, office.undo(), reconciled)


def shown(show: Callable[..., object], *about: object) -> str:
    with out.capture() as said:
        show(*about)
    return said.get()


def command(told: Told, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "-p", str(told.office.folder / "r2b.toml")])
    assert 0 == done.exit_code, done.output
    return done.stdout


def demo(told: Told) -> str:
    story = DemoStory(
        told.office.folder, TENANT, "manual", told.run, told.transfer, {"double_bills": 0}, "L1"
    )
    return shown(show_demo, story)


VIEWS_OF_A_TENANT = {
    "run": lambda told: shown(show_run, told.run, told.office.profile),
    "plan": lambda told: shown(show_plan, *plan(told.office.profile, AS_OF), told.office.profile),
    "status": lambda told: command(told, "status"),
    "reconcile": lambda told: shown(show_reconciliation, told.reconciled, TENANT),
    "report": lambda told: shown(show_report, told.reconciled, TENANT),
    "demo": demo,
}

VIEWS_OF_A_PLACE = {
    "run": VIEWS_OF_A_TENANT["run"],
    "transfer": lambda told: shown(show_transfer, told.transfer),
    "undo": lambda told: shown(show_undo, told.undo),
    "reconcile": VIEWS_OF_A_TENANT["reconcile"],
    "report": VIEWS_OF_A_TENANT["report"],
    "export": lambda told: command(told, "export", "hold"),
    "profile check": lambda told: command(told, "profile", "check"),
    "demo": demo,
}


@pytest.mark.parametrize("view", VIEWS_OF_A_TENANT)
def test_a_tenants_name_is_shown_whole(told: Told, view: str):
    assert TENANT in VIEWS_OF_A_TENANT[view](told)


@pytest.mark.parametrize("view", VIEWS_OF_A_PLACE)
def test_a_place_is_shown_as_one_can_go_there(told: Told, view: str):
    assert f"/{FOLDER}/" in VIEWS_OF_A_PLACE[view](told)


def test_the_profile_shows_the_tenant_whole(told: Told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(out, "width", 300)

    assert TENANT in command(told, "profile", "check")


def test_what_stopped_a_run_is_shown_whole(tmp_path: Path):
    office = Office(tmp_path / "office", profile="feeds.path = 'feeds [live]'\n")
    assert 20 == office.job().exit_code

    done = CliRunner().invoke(app, ["status", "-p", str(office.folder / "r2b.toml")])
    assert "the folder feeds [live] is not there" in done.stdout


def test_init_says_where_it_made_things(tmp_path: Path):
    done = CliRunner().invoke(app, ["init", str(tmp_path / FOLDER), "--tenant", TENANT])

    assert (
        f"Made {tmp_path / FOLDER / 'r2b.toml'} and {tmp_path / FOLDER / 'feeds'}." in done.stdout
    )
    assert (tmp_path / FOLDER / "feeds").is_dir()
