"""Licences that go as one row: made, joined, left, changed, refused, undone."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.errors import IllegalTransition
from tests.integration.office import Office, Row
from tests.running import AS_OF, mart

GROUPED = "[grouping]\nenabled = true\n"
NEXT = AS_OF + timedelta(days=1)


def licences(folder: Path, *, lines: int = 3, profile: str = GROUPED) -> Office:
    """An office whose product needs no CLI and has a recurring price of 5.5 only."""
    office = Office(folder, lines=lines, profile=profile)
    office.record("products")["needs_cli"] = "false"
    office.record("products")["upfront_price"] = "0"
    for asset in office.feeds["assets"]:
        asset["cli"] = ""
    return office


def add(office: Office, number: int, **asset: str) -> None:
    """A further licence."""
    office.add_line(number)
    office.feeds["assets"][-1].update({"cli": "", **asset})


def asset(office: Office, number: int) -> Row:
    """Asset A<number>."""
    return next(row for row in office.feeds["assets"] if row["asset_id"] == f"A{number}")


def told(row: Row) -> tuple[str, str, str]:
    """What of a product row a group is about."""
    return row["Layer Line ID"], row["Action"], row["Quantity"]


def members(office: Office) -> dict[str, tuple[int, int | None]]:
    """Line -> the batch it joined its last group in, and the one it left it in."""
    rows = mart(office.folder, "group_member").sort("joined_in").to_dicts()
    return {row["line_id"]: (row["joined_in"], row["left_in"]) for row in rows}


def test_licences_that_are_alike_go_as_one_row_with_their_quantity(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    assert [("L1", "ADD", "6")] == [told(row) for row in office.written()]
    assert {"L1", "L2", "L3"} == set(office.dispositions())
    assert {"exported"} == set(office.dispositions().values())
    receipt = office.uploaded()
    assert (33, 1) == (int(receipt.accepted_value), receipt.accepted)
    assert [("L1", 2), ("L2", 2), ("L3", 2)] == office.query(
        "SELECT line_id, quantity FROM ops.billed ORDER BY 1"
    )
    text = (office.batch() / "layer_updates.csv").read_text()
    assert ["L1", "L2", "L3"] == [line.split(",")[0] for line in text.splitlines()[1:]]
    office.run(NEXT)
    assert {"in_billing"} == set(office.dispositions().values())
    assert {"L1": (1, None), "L2": (1, None), "L3": (1, None)} == members(office)
    assert not office.batch(2).exists()


def test_each_alone_without_grouping(tmp_path: Path) -> None:
    office = licences(tmp_path / "office", profile="")
    office.run()
    assert 3 == len(office.written())
    office.uploaded()
    (office.folder / "r2b.toml").write_text(GROUPED)
    office.run(NEXT)
    assert not office.batch(2).exists()
    add(office, 4)
    office.run(NEXT)
    assert [("L4", "ADD", "2")] == [told(row) for row in office.written(2)]


def test_who_fits_joins_by_an_update(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    add(office, 0)
    office.run(NEXT)
    assert [("L1", "UPDATE", "8")] == [told(row) for row in office.written(2)]
    assert "exported" == office.dispositions()["L0"]
    receipt = office.uploaded(2)
    assert 11 == int(receipt.accepted_value)
    assert (2, None) == members(office).get("L0", (2, None))
    assert "L0" in (office.batch(2) / "layer_updates.csv").read_text()
    office.run(NEXT + timedelta(days=1))
    assert "in_billing" == office.dispositions()["L0"]
    assert (2, None) == members(office)["L0"]
    assert not office.batch(3).exists()


def test_who_ceases_leaves_when_the_day_is_past(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    asset(office, 1)["cease_on"] = NEXT.isoformat()
    office.run(NEXT)
    assert not office.batch(2).exists()
    after = NEXT + timedelta(days=1)
    office.run(after)
    assert [("L1", "UPDATE", "4")] == [told(row) for row in office.written(2)]
    office.uploaded(2)
    office.run(after)
    assert {"L1": (1, 2), "L2": (1, None), "L3": (1, None)} == members(office)
    assert not office.batch(3).exists()
    asset(office, 1)["cease_on"] = ""
    office.run(after)
    assert [("L1", "UPDATE", "6")] == [told(row) for row in office.written(3)]
    office.uploaded(3)
    office.run(after)
    assert (1, None) == members(office)["L1"]
    assert not office.batch(4).exists()


def test_the_last_one_ends_the_row(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    for number, day in ((1, AS_OF), (2, AS_OF), (3, NEXT)):
        asset(office, number)["cease_on"] = day.isoformat()
    office.run(NEXT + timedelta(days=1))
    [cease] = office.written(2, "07_ceases.csv")
    assert NEXT.strftime("%d/%m/%Y") == cease["Cease Date"]
    assert not (office.batch(2) / "08_products.csv").exists()
    office.uploaded(2)
    office.run(NEXT + timedelta(days=1))
    assert {(1, 2)} == set(members(office).values())
    assert not office.batch(3).exists()


def test_an_end_that_all_share_is_told_ahead(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    day = AS_OF + timedelta(days=30)
    for number in (1, 2, 3):
        asset(office, number)["cease_on"] = day.isoformat()
    office.run(NEXT)
    [cease] = office.written(2, "07_ceases.csv")
    assert day.strftime("%d/%m/%Y") == cease["Cease Date"]
    office.uploaded(2)
    asset(office, 2)["cease_on"] = ""
    office.run(NEXT)
    assert [("L1", "UPDATE", "4"), ("L2", "ADD", "2")] == [told(row) for row in office.written(3)]
    office.uploaded(3)
    office.run(NEXT)
    assert not office.batch(4).exists()


def test_a_stopped_one_leaves_at_once_and_may_come_back(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    asset(office, 2)["do_not_bill"] = "true"
    office.run(NEXT)
    assert [("L1", "UPDATE", "4")] == [told(row) for row in office.written(2)]
    office.uploaded(2)
    assert "L2,recurring,Not Billed" in (office.batch(2) / "layer_updates.csv").read_text()
    office.run(NEXT)
    assert "do_not_bill" == office.dispositions()["L2"]
    assert not office.batch(3).exists()
    asset(office, 2)["do_not_bill"] = "false"
    office.run(NEXT + timedelta(days=1))
    assert [("L2", "ADD", "2")] == [told(row) for row in office.written(3)]


def test_a_change_that_all_share_is_an_update_and_who_differs_goes_alone(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    office.record("products")["recurring_price"] = "6"
    office.run(NEXT)
    [row] = office.written(2)
    assert ("L1", "UPDATE", "6", "6.0000") == (*told(row), row["Unit Price"])
    office.uploaded(2)
    asset(office, 1)["recurring_price"] = "7"
    asset(office, 2)["quantity"] = "5"
    office.run(NEXT + timedelta(days=1))
    rows = office.written(3)
    assert [("L1", "UPDATE", "2"), ("L2", "ADD", "7")] == sorted(told(row) for row in rows)
    alone = next(row for row in rows if row["Action"] == "ADD")
    assert (NEXT + timedelta(days=1)).strftime("%d/%m/%Y") == alone["Bill Start Date"]
    office.uploaded(3)
    assert {"L1": (1, None), "L2": (3, None), "L3": (3, None)} == members(office)
    office.run(NEXT + timedelta(days=1))
    assert not office.batch(4).exists()
    asset(office, 3)["recurring_price"] = "8"
    asset(office, 1)["quantity"] = "1"
    office.run(NEXT + timedelta(days=2))
    assert [("L1", "UPDATE", "1"), ("L2", "UPDATE", "5"), ("L3", "ADD", "2")] == sorted(
        told(row) for row in office.written(4)
    )
    keys = office.query("SELECT count(*), count(DISTINCT row_key) FROM out.batch_product")
    assert keys[0][0] == keys[0][1]
    office.uploaded(4)
    office.run(NEXT + timedelta(days=2))
    assert not office.batch(5).exists()


def test_a_lead_that_comes_back_goes_into_its_old_row(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    asset(office, 1)["do_not_bill"] = "true"
    office.run(NEXT)
    assert [("L1", "UPDATE", "4")] == [told(row) for row in office.written(2)]
    office.uploaded(2)
    asset(office, 1)["do_not_bill"] = "false"
    office.run(NEXT + timedelta(days=1))
    assert [("L1", "UPDATE", "6")] == [told(row) for row in office.written(3)]
    office.uploaded(3)
    office.run(NEXT + timedelta(days=2))
    assert not office.batch(4).exists()


def test_a_refused_group_waits_as_one_and_goes_again_when_released(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.answer({("L1", "recurring"): "rejected:BAD"})
    office.run(NEXT)
    assert {"held"} == set(office.dispositions().values())
    assert not office.batch(2).exists()
    assert [("charge:L1:recurring",)] == office.query("SELECT subject FROM ops.retry_item")
    office.record("products")["external_sku"] = "SKU-2"
    office.run(NEXT)
    assert [("L1", "ADD", "6")] == [told(row) for row in office.written(2)]


def test_a_refused_join_does_not_touch_the_group(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    add(office, 4)
    office.run(NEXT)
    office.answer({("L1", "recurring"): "rejected:BAD"}, 2)
    office.run(NEXT)
    assert "held" == office.dispositions()["L4"]
    assert "in_billing" == office.dispositions()["L1"]
    assert not office.batch(3).exists()


def test_an_abandoned_batch_frees_all(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.abandon()
    office.run(NEXT)
    assert [("L1", "ADD", "6")] == [told(row) for row in office.written(2)]
    office.uploaded(2)
    assert [(3,)] == office.query("SELECT count(*) FROM ops.group_member")


def test_an_undo_ends_the_row_and_takes_all_back(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    add(office, 4)
    office.run(NEXT)
    office.uploaded(2)
    with pytest.raises(IllegalTransition, match="groups"):
        office.undo(2)
    receipt = office.undo(1)
    assert (4, -44) == (receipt.charges, int(receipt.value))
    assert 1 == len(office.written(3, "07_ceases.csv"))
    taken = office.uploaded(3)
    assert -44 == int(taken.accepted_value)
    rows = (office.batch(3) / "layer_updates.csv").read_text().splitlines()[1:]
    assert 4 == len([row for row in rows if "Not Billed" in row])
    office.run(NEXT)
    assert {"held"} == set(office.dispositions().values())
    assert [(0,)] == office.query("SELECT count(*) FROM ops.billed")


def test_turned_off_later_groups_live_on(tmp_path: Path) -> None:
    office = licences(tmp_path / "office")
    office.run()
    office.uploaded()
    (office.folder / "r2b.toml").write_text("")
    add(office, 4)
    asset(office, 2)["quantity"] = "3"
    office.run(NEXT)
    assert [("L1", "UPDATE", "7"), ("L4", "ADD", "2")] == sorted(
        told(row) for row in office.written(2)
    )
    office.uploaded(2)
    office.run(NEXT)
    assert not office.batch(3).exists()


def test_a_canary_counts_rows(tmp_path: Path) -> None:
    office = licences(tmp_path / "office", profile=GROUPED + "[delivery]\ncanary_rows = 1\n")
    add(office, 4)
    office.line(4)["recurring_price"] = "9"
    office.run()
    assert [("L1", "ADD", "6")] == [told(row) for row in office.written()]
    office.uploaded()
    office.run(NEXT)
    assert [("L4", "ADD", "2")] == [told(row) for row in office.written(2)]


def test_the_day_matters(tmp_path: Path) -> None:
    """Bill starts that differ are no group; so is what has a number."""
    office = licences(tmp_path / "office")
    asset(office, 2)["connection_on"] = "2026-03-02"
    asset(office, 3)["cli"] = "01204600003"
    office.run()
    assert 3 == len(office.written())
    assert date(2026, 3, 1) <= AS_OF
