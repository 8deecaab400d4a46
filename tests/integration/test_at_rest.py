"""Where a run would come to what is there already, it leaves all as it was decided."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from flows.queue_desk import release
from flows.reconcile import reconcile
from tests.at_rest import comes_to_rest, decided, rested
from tests.integration.office import Office
from tests.running import AS_OF, mart
from warehouse.rest import RestStore

Change = Callable[[Office], object]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three lines: one In Billing, one refused, one whose number is in no plan; and at rest."""
    office = Office(tmp_path_factory.mktemp("settled") / "office", lines=3)
    office.record("assets", 3)["cli"] = "01999600003"
    office.feeds["contacts"] = [{"contact_id": "K1", "customer_id": "C1", "last_name": "Ann"}]
    office.run()
    accepted = {
        (f"L{line}", kind): "accepted" for line in (1, 3) for kind in ("upfront", "recurring")
    }
    refused = {("L2", kind): "rejected:NO_RATE" for kind in ("upfront", "recurring")}
    office.answer(accepted | refused)
    comes_to_rest(office, AS_OF, office.run)
    return office


@pytest.fixture
def office(settled: Office, tmp_path: Path) -> Office:
    """A copy of it, at rest again: where the folders of its batches are has changed."""
    office = settled.copied(tmp_path / "office")
    assert not rested(office.run)[0]
    return office


def test_nothing_is_decided_where_nothing_is_new(office: Office):
    before = decided(office)

    is_at_rest, receipt = rested(office.run)

    assert is_at_rest
    assert before == decided(office)
    assert "nothing_ready" == receipt.status
    assert receipt.run_id in set(mart(office.folder, "run")["run_id"])


def test_what_was_odd_is_said_again(office: Office):
    office.record("assets", 3)["parent_asset_id"] = "A99"  # said by whoever accepts, not decides
    comes_to_rest(office, AS_OF, office.run)
    _, receipt = rested(office.run)
    _, again = rested(office.run)

    assert {"charges: CLI is outside the UK number plan": 1} == {
        what: count for what, count in again.warnings.items() if what.startswith("charges")
    }
    assert any(what.startswith("assets.parent_asset_id") for what in again.warnings)
    assert receipt.warnings == again.warnings


def _profile(text: str) -> Change:
    return lambda office: (office.folder / "r2b.toml").write_text(text, encoding="utf-8")


def _item_released(office: Office) -> None:
    for (item,) in office.query("SELECT id FROM ops.retry_item WHERE state = 'parked'"):
        release(office.profile, item, actor="Ann")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda office: office.line(1).update(quantity="3"), id="a feed"),
        pytest.param(lambda office: office.feeds.pop("contacts"), id="a feed that is not there"),
        pytest.param(
            lambda office: office.feeds.update(affinity_products=[{"product_code": "SKU-1"}]),
            id="a feed more",
        ),
        pytest.param(_profile('[platform]\nnames = ["Sage"]\n'), id="what is judged by"),
        pytest.param(_profile('[changes]\nstyle = "cease_and_add"\n'), id="how changes are told"),
        pytest.param(_profile('[platform]\nown_names = ["Ours"]\n'), id="what routes are called"),
        pytest.param(
            _profile("[price_book]\nrequire_complete = true\n"), id="what the price book has to be"
        ),
        pytest.param(_item_released, id="a person's decision"),
        pytest.param(lambda office: office.undo(), id="a batch taken back"),
        pytest.param(
            lambda office: office.change("DELETE FROM out.hold"), id="what was decided is gone"
        ),
        pytest.param(
            lambda office: office.change("UPDATE ops.run SET saw_entities = NULL"),
            id="runs that looked at no entities",
        ),
        pytest.param(lambda office: office.change("DROP TABLE work.rest"), id="rest is not known"),
    ],
)
def test_whatever_is_new_is_decided(office: Office, change: Change):
    change(office)

    is_at_rest, _ = rested(office.run)

    assert not is_at_rest


def test_another_day_is_decided(office: Office):
    is_at_rest, _ = rested(lambda: office.run(AS_OF + timedelta(days=1)))

    assert not is_at_rest


def test_another_program_decides_anew(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tasks.fingerprint._PROGRAM", "another")

    is_at_rest, _ = rested(office.run)

    assert not is_at_rest


@pytest.mark.parametrize(
    "step", ["judge_charges", "find_changes", "check_records", "remember_sides", "finish_run"]
)
def test_a_run_that_broke_off_leaves_nobody_at_rest(
    office: Office, step: str, monkeypatch: pytest.MonkeyPatch
):
    """Even where all is again as it was before it."""
    _profile('[platform]\nown_names = ["Ours"]\n')(office)
    with monkeypatch.context() as patch:
        patch.setattr(f"flows.billing_run.{step}", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.run()
    _profile("")(office)

    is_at_rest, _ = rested(office.run)

    assert not is_at_rest
    comes_to_rest(office, AS_OF, office.run)


def test_a_run_that_ends_otherwise_than_it_began_is_no_rest(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1)
    looked = [rested(office.run)[0] for _ in range(4)]

    assert [False, False, False, True] == looked


def test_a_reconciliation_is_no_news(office: Office):
    reconcile.fn(profile_path=str(office.folder / "r2b.toml"))

    assert rested(office.run)[0]


def test_one_row_more_or_another_cell_is_another_digest(office: Office):
    seen = set()
    with duckdb.connect(str(office.profile.warehouse)) as connection:
        store = RestStore(connection, "R")
        for sql in (
            "SELECT 1",
            "UPDATE out.charge SET quantity = quantity + 1 WHERE line_id = 'L1'",
            "INSERT INTO out.charge FROM out.charge WHERE line_id = 'L1'",
            "UPDATE ops.layer_fact SET cli = 'x'",
        ):
            connection.execute(sql)
            seen.add(store.digest(whole=True))
    assert 4 == len(seen)


def test_deltas_that_bring_nothing_leave_all_as_it_was(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2, profile='[feeds]\nmode = "delta"\n')
    office.run()
    office.uploaded()
    office.feeds = {}

    comes_to_rest(office, AS_OF, office.run)

    assert rested(office.run)[0]


def test_a_table_of_somebody_elses_may_be_called_anything(office: Office):
    office.change('CREATE TABLE main."March\'s ""check""" AS SELECT 1 AS x')

    assert not rested(office.run)[0]
    assert rested(office.run)[0]
