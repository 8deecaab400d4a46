"""The coverage certificate: whole, sealed, the same for the same, and comparable."""

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.receipts import FeedOfRun
from schemas.sides import CLOCK, REPAIR, RESTATED
from tasks.reconcile.certificate import certificate, compare, is_genuine, sealed
from tasks.reconcile.totals import receipt_of
from tests.sides import AS_OF, compared, ours, theirs

RUN = FeedOfRun("R1", AS_OF, 2, 0)


def certified(
    layer: list[dict[str, Any]], affinity: list[dict[str, Any]], *, is_partial: bool = False
) -> dict[str, Any]:
    """The certificate of two sides without keys between them."""
    found = compared(layer, affinity)
    receipt = receipt_of(
        found.matches,
        as_of=AS_OF,
        known_at=None,
        snapshots=[RUN],
        restated=RESTATED.to_frame(),
        clock=CLOCK.to_frame(),
        repair=REPAIR.to_frame(),
        certificate=Path("certificate.json"),
        is_partial=is_partial,
    )
    return certificate(found, receipt, tenant="Bakers", run_id=RUN.run_id, known_on=RUN.as_of)


SIDES = [ours(), ours("L2", cli=None, quantity=7)], [theirs(), theirs("U9", sku="SKU-9", cli=None)]


def test_a_certificate_tells_both_sides_whole_and_what_is_open():
    told = certified(*SIDES)

    assert ("Bakers", "2026-03-31", "differences") == (
        told["tenant"],
        told["as_of"],
        told["verdict"],
    )
    assert [2, 2] == [told["records"][side]["count"] for side in ("layer", "affinity")]
    for name in ("layer_records", "affinity_per_month", "layer_once"):
        total = sum(float(each[name]) for each in told["classes"].values())
        assert float(told["total"][name]) == pytest.approx(total)
    assert [
        ("layer", "line:L2:recurring", "only_in_layer", "bill", "38.5000"),
        ("affinity", "U9", "only_in_affinity", "cease", "11.0000"),
    ] == [
        (each["side"], each["key"], each["class"], each["remedy"], each["per_month"])
        for each in told["open"]
    ]


def test_what_may_lack_records_is_never_clean():
    same = [ours()], [theirs()]

    assert "clean" == certified(*same)["verdict"]
    assert "unreconciled" == certified(*same, is_partial=True)["verdict"]


def test_the_same_sides_give_the_same_certificate_in_any_order():
    layer, affinity = SIDES

    assert json.dumps(certified(*SIDES)) == json.dumps(certified(layer[::-1], affinity[::-1]))


@pytest.mark.parametrize(
    "path",
    [
        ("verdict",),
        ("total", "layer_records"),
        ("classes", "matched", "matches"),
        ("records", "layer", "sha256"),
        ("open", 0, "per_month"),
        ("sha256",),
    ],
)
def test_a_changed_certificate_is_noticed(path: tuple[Any, ...]):
    told = certified(*SIDES)
    assert is_genuine(json.loads(json.dumps(told)))
    changed = copy.deepcopy(told)
    place: Any = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = "another"

    assert not is_genuine(changed)


@pytest.mark.parametrize("content", [None, [], "text", {}, sealed({"certificate": "other"})])
def test_what_is_no_certificate_is_none(content: Any):
    assert not is_genuine(content)


def test_a_record_that_changed_its_class_or_money_changes_the_digest():
    before = certified([ours()], [theirs()])["records"]
    dearer = [each | {"quantity": 3} for each in (ours(), theirs())]

    after = certified(dearer[:1], dearer[1:])["records"]

    assert before["layer"]["count"] == after["layer"]["count"]
    assert before["layer"]["sha256"] != after["layer"]["sha256"]


def test_two_certificates_tell_what_was_opened_and_what_was_settled():
    before = certified([ours(), ours("L2", cli=None, quantity=7)], [theirs()])
    after = certified(
        [ours(), ours("L2", cli=None, quantity=8)],
        [theirs(start_on=date(2026, 2, 2)), theirs("U9", sku="SKU-9", cli=None)],
    )

    told = compare(before, after)

    assert ["line:L1:recurring", "U1", "U9"] == sorted(
        (each["key"] for each in told.opened), key=lambda key: (key.startswith("U"), key)
    )
    assert [] == told.closed
    assert [("38.5000", "44.0000")] == [
        (old["per_month"], new["per_month"]) for old, new in told.changed
    ]
    assert 3 == len(compare(after, before).closed)


@pytest.mark.parametrize("key", ["open", "tenant", "total"])
def test_a_certificate_that_lacks_something_is_none(key: str):
    whole = certified([ours()], [theirs()])

    assert is_genuine(whole)
    assert not is_genuine(sealed({name: whole[name] for name in whole if name != key}))
    assert not is_genuine({**whole, "tenant": "\ud800"})
