"""What is remembered of The Layer's side, though its line was not judged, is as if it had been."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.office import Office
from tests.remembered import unlike_all_made_anew
from tests.running import AS_OF

NEXT = AS_OF + timedelta(days=1)
LATER = AS_OF + timedelta(days=2)


def _sides(office: Office, day: date) -> dict[str, tuple[Any, ...]]:
    """A run, and what it remembers: (disposition, reasons, since when the source is gone)."""
    office.run(day)
    assert [] == unlike_all_made_anew(office.profile.warehouse)
    rows = office.query(
        "SELECT layer_key, disposition, reasons, source_gone_from FROM ops.layer_fact "
        "WHERE known_to IS NULL"
    )
    return {key: tuple(said) for key, *said in rows}


def _judged(office: Office) -> set[str]:
    return {line for (line,) in office.query("FROM work.line_to_judge")}


def test_what_waited_for_room_is_remembered_as_exported(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.line(2)["connected_on"] = ""
    _sides(office, AS_OF)
    office.line(2)["connected_on"] = "2026-03-01"
    assert "ready" == _sides(office, NEXT)["line:L2:recurring"][0]
    office.uploaded()
    after = _sides(office, LATER)

    assert "L2" not in _judged(office)
    assert "exported" == after["line:L2:recurring"][0]


@pytest.mark.parametrize(
    ("feed", "cell"), [("order_lines", {"quantity": "two"}), ("assets", {"is_live": "perhaps"})]
)
def test_what_was_broken_and_then_went_is_remembered_as_gone(
    tmp_path: Path, feed: str, cell: dict[str, str]
):
    office = Office(tmp_path / "office", profile="[feeds]\nmax_reject_rate = 1\n")
    office.run()
    office.uploaded()
    record = office.record(feed)
    whole = dict(record)
    record.update(cell)
    broken = _sides(office, NEXT)
    office.feeds[feed].remove(record)
    gone = _sides(office, LATER)
    office.feeds[feed].insert(0, whole)
    back = _sides(office, LATER + timedelta(days=1))

    seen = [each["line:L1:recurring"][2] for each in (broken, gone, back)]
    assert [None, LATER, None] == seen


def test_the_asset_it_was_told_with_is_remembered_as_gone(tmp_path: Path):
    """The line names another one by then, so nothing of what it is judged by has changed."""
    office = Office(tmp_path / "office")
    office.run()
    office.uploaded()
    office.feeds["assets"].append({**office.record("assets"), "asset_id": "A9"})
    office.line(1)["asset_id"] = "A9"
    _sides(office, NEXT)
    del office.feeds["assets"][0]
    after = _sides(office, LATER)

    assert "source_gone" in (after["line:L1:upfront"][1] or "")


def test_the_object_of_an_asset_that_no_line_names_any_more_is_remembered(tmp_path: Path):
    """A one-off stays with the asset it was told with."""
    office = Office(tmp_path / "office", lines=2)
    office.run()
    office.uploaded()
    office.feeds["assets"].append(office.record("assets") | {"asset_id": "A9"})
    office.record("assets")["line_id"] = ""
    office.line(1)["asset_id"] = "A9"
    _sides(office, NEXT)
    office.uploaded(2)
    for _ in range(2):
        _sides(office, NEXT)
    office.record("assets")["object_uid"] = "OBJ-OLD"
    _sides(office, NEXT)

    assert [("L1", "upfront", "OBJ-OLD")] == office.query(
        "SELECT line_id, charge_type, object_uid FROM ops.layer_fact "
        "WHERE known_to IS NULL AND object_uid IS NOT NULL"
    )
    assert "L1" not in _judged(office)
