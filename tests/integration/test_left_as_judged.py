"""A line of which nothing has changed is not judged again, and stands as if it had been."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.feeds import SITE_ENTITY_TYPE
from tests.integration.office import Office
from tests.running import AS_OF, mart

TABLES = (
    *("charge", "hold", "do_not_bill", "layer_invoiceable", "line_status", "warning"),
    *("cli_capture", "validation_issue", "price_book"),
)
Change = Callable[[Office], None]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Four lines, each the first of its kind; nothing of them is ready, so nothing goes out."""
    office = Office(tmp_path / "office", lines=4)
    for number in range(1, 5):
        other = {name: f"{value}{number}" for name, value in _KEYS.items()}
        office.line(number).update(connected_on="", order_id=other["order_id"])
        office.line(number).update(product_id=other["product_id"])
        asset = office.feeds["assets"][number - 1]
        asset.update(product_id=other["product_id"], customer_id=other["customer_id"])
        for feed, named in _KEYS_OF.items():
            first = office.feeds[feed][0]
            if number > 1:
                office.feeds[feed].append(first | {name: other[name] for name in named})
    office.feeds["customers"][1]["name"] = "Brewers"
    office.feeds["affinity_products"] = [{"product_code": "SKU-1", "is_active": "true"}]
    return office


_QUOTED = {"quotation_line_id": "Q1", "quotation_ref": "Q", "line_id": "L2", "product_id": "P2"}
_KEYS = {"customer_id": "C", "site_id": "S", "product_id": "P", "order_id": "O"}
_KEYS_OF = {
    "customers": ("customer_id",),
    "sites": ("site_id", "customer_id"),
    "products": ("product_id",),
    "orders": ("order_id", "customer_id", "site_id"),
}


def _judged(office: Office) -> set[str]:
    """The lines that the last run looked at."""
    return {line for (line,) in office.query("FROM work.line_to_judge")}


def _in(feed: str, number: int, **cells: str) -> Change:
    return lambda office: office.record(feed, number).update(cells)


def _add(feed: str, **cells: str) -> Change:
    return lambda office: office.feeds.setdefault(feed, []).append(cells)


def _remove(feed: str, number: int) -> Change:
    return lambda office: office.feeds[feed].pop(number - 1)  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        pytest.param(_in("order_lines", 2, quantity="3"), {"L2"}, id="its own record"),
        pytest.param(_remove("order_lines", 3), {"L3"}, id="the line is gone"),
        pytest.param(_in("orders", 2, po_ref="PO-7"), {"L2"}, id="its order"),
        pytest.param(_in("customers", 2, status="Cancelled"), {"L2"}, id="its customer"),
        pytest.param(_in("sites", 2, integration_id="AS-7"), {"L2"}, id="its site"),
        pytest.param(_in("products", 2, recurring_price="9"), {"L2"}, id="its product"),
        pytest.param(_in("assets", 2, cli="01204600099"), {"L2"}, id="its asset"),
        pytest.param(_remove("assets", 2), {"L2"}, id="its asset is gone"),
        pytest.param(
            _add(
                "application_links",
                entity_type=str(SITE_ENTITY_TYPE),
                entity_id="S2",
                application_name="Affinity",
                integration_id="AS-9",
            ),
            {"L2"},
            id="a link of its site",
        ),
        pytest.param(
            _in("affinity_products", 1, is_active="false"),
            {"L1", "L2", "L3", "L4"},
            id="the catalogue",
        ),
        pytest.param(_in("assets", 4, line_id="L1"), {"L1", "L4"}, id="an asset goes to another"),
        pytest.param(
            _add("quotation_lines", **_QUOTED | {"cli": "01204600055"}), {"L2"}, id="a quotation"
        ),
        pytest.param(_in("contacts", 1, last_name="Bob"), set(), id="what no judgement sees"),
    ],
)
def test_only_lines_of_which_something_has_changed_are_judged(
    office: Office, change: Change, lines: set[str]
):
    office.feeds["contacts"] = [{"contact_id": "K1", "customer_id": "C1", "last_name": "Ann"}]
    _settle(office)
    change(office)

    office.run()

    assert lines == _judged(office)
    assert _marts(office) == _judged_anew(office)


def test_a_day_that_is_reached_is_seen(office: Office):
    office.line(2)["connected_on"] = (AS_OF + timedelta(days=2)).isoformat()
    _settle(office)
    days = [AS_OF + timedelta(days=days) for days in (1, 2, 3)]
    looked = []

    for day in days:
        office.run(day)
        looked.append(_judged(office))

    assert [set(), {"L2"}] == looked[:2]
    assert "exported" == office.dispositions()["L2"]


@pytest.mark.parametrize(("start", "is_plausible"), [("2027-05-02", True), ("2025-03-01", False)])
def test_a_bill_start_that_becomes_plausible_or_ceases_to_be_is_seen(
    office: Office, start: str, is_plausible: bool
):
    office.line(2).update(connected_on="2026-03-01", bill_start_override=start)
    office.record("sites", 2)["integration_id"] = ""  # held in any case, so it stays
    _settle(office)
    looked, implausible = [], []

    for day in (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3)):
        office.run(day)
        looked.append(_judged(office))
        implausible.append("bill_start_implausible" in {why for _, _, why in office.holds()})

    assert [set(), {"L2"}, set()] == looked
    assert [is_plausible, not is_plausible, not is_plausible] == implausible


def test_what_other_lines_say_of_a_line_is_asked_again(office: Office):
    for number in (1, 2):
        office.line(number)["connected_on"] = "2026-03-01"
    office.record("assets", 2)["cli"] = office.record("assets", 1)["cli"]
    _settle(office)
    held = office.holds()
    office.record("assets", 2)["cli"] = "01204600077"

    office.run()

    assert "cli_conflict" in {why for _, _, why in held}
    assert "cli_conflict" not in {why for _, _, why in office.holds()}
    assert _marts(office) == _judged_anew(office)


def test_another_profile_judges_every_line_anew(office: Office):
    _settle(office)
    (office.folder / "r2b.toml").write_text('[platform]\nnames = ["Sage"]\n', encoding="utf-8")

    office.run()

    assert _marts(office) == _judged_anew(office)


def test_a_run_that_broke_off_forgets_no_change(office: Office):
    _settle(office)
    office.record("products", 2)["recurring_price"] = "9"
    office.record("customers", 1).pop("status")
    assert 30 == office.job().exit_code  # accepted, so known from here on, but not judged
    office.record("customers", 1)["status"] = "Live"
    office.record("orders", 3)["po_ref"] = "PO-3"

    office.run()

    assert _marts(office) == _judged_anew(office)


def _settle(office: Office) -> None:
    """Run until nothing is as it was not before."""
    for _ in range(3):
        office.run()


def _marts(office: Office) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: sorted(mart(office.folder, name).drop("run_id", strict=False).rows(), key=repr)
        for name in TABLES
        if name != "warning"
    }


def _judged_anew(office: Office) -> dict[str, list[tuple[object, ...]]]:
    """What the same run says where every line is judged."""
    office.change("DROP TABLE work.judged")
    day = office.query("SELECT max(as_of) FROM ops.run")[0][0]
    office.run(day)
    return _marts(office)
