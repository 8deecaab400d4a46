"""What is due of a group, from what is due of its members: one row per story."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.charge import charge_content
from tasks.changes.charges import CEASE_DUE, CHANGE, HOLD, PRODUCT_DUE, ChargeChanges
from tasks.changes.groups import CANDIDATE, GROUP, MEMBER, Groups, fold
from tasks.changes.terms import GROUPED_BY, ChangeTerms

TODAY = date(2026, 3, 31)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
PRICE = Decimal("5.5000")
ALIKE: dict[str, Any] = {
    "charge_type": "recurring",
    "period": 1,
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "sku": "LIC-1",
    "unit_price": PRICE,
    "frequency": "Monthly",
    "bill_start_on": date(2026, 3, 1),
}


@dataclass
class Story:
    """Three licences of 2 each under L1; what is due of each, and what comes of it."""

    name: str
    due: dict[str, dict[str, Any]]
    """Line -> facts of today that differ, or `cease_on` and `kind` of its end."""
    products: list[tuple[str, str, int]]
    """(line, action, quantity) that is due in the end."""
    ceases: list[tuple[str, date]]
    members: dict[str, str]
    """Line -> what a row says of it."""


STORIES = [
    Story("nothing", {}, [], [], {}),
    Story("more of one", {"L2": {"quantity": 5}}, [("L1", "UPDATE", 9)], [], {"L2": "change"}),
    Story(
        "a gain and a loss that leave the sum",
        {"L2": {"quantity": 3}, "L3": {"quantity": 1}},
        [],
        [],
        {},
    ),
    Story(
        "one ended",
        {"L2": {"cease_on": YESTERDAY, "kind": "cease"}},
        [("L1", "UPDATE", 4)],
        [],
        {"L2": "cease"},
    ),
    Story("one ends today", {"L2": {"cease_on": TODAY, "kind": "cease"}}, [], [], {}),
    Story(
        "the lead ended",
        {"L1": {"cease_on": YESTERDAY, "kind": "cease"}},
        [("L1", "UPDATE", 4)],
        [],
        {"L1": "cease"},
    ),
    Story(
        "one stopped",
        {"L3": {"cease_on": TODAY, "kind": "stop"}},
        [("L1", "UPDATE", 4)],
        [],
        {"L3": "stop"},
    ),
    Story(
        "all ended, the last yesterday",
        {
            "L1": {"cease_on": date(2026, 3, 9), "kind": "cease"},
            "L2": {"cease_on": YESTERDAY, "kind": "cease"},
            "L3": {"cease_on": date(2026, 3, 20), "kind": "cease"},
        },
        [],
        [("L1", YESTERDAY)],
        {"L1": "cease", "L2": "cease", "L3": "cease"},
    ),
    Story(
        "all end on one day ahead",
        {line: {"cease_on": TOMORROW, "kind": "cease"} for line in ("L1", "L2", "L3")},
        [],
        [("L1", TOMORROW)],
        {"L1": "cease", "L2": "cease", "L3": "cease"},
    ),
    Story(
        "a price that all share",
        {line: {"unit_price": Decimal("6.0000")} for line in ("L1", "L2", "L3")},
        [("L1", "UPDATE", 6)],
        [],
        {"L1": "change", "L2": "change", "L3": "change"},
    ),
    Story(
        "a price of one",
        {"L3": {"unit_price": Decimal("6.0000")}},
        [("L1", "UPDATE", 4), ("L3", "ADD", 2)],
        [],
        {"L3": "change"},
    ),
    Story(
        "a price of the lead",
        {"L1": {"unit_price": Decimal("6.0000")}},
        [("L1", "UPDATE", 2), ("L2", "ADD", 4)],
        [],
        {"L1": "change", "L2": "change", "L3": "change"},
    ),
    Story(
        "one has a number now",
        {"L2": {"cli": "01204600001"}},
        [("L1", "UPDATE", 4), ("L2", "ADD", 2)],
        [],
        {"L2": "change"},
    ),
]


def rows(schema: pl.Schema, *each: dict[str, Any]) -> pl.DataFrame:
    """Rows of `schema`, what is not said being null."""
    return pl.DataFrame([{name: one.get(name) for name in schema} for one in each], schema=schema)


def licence(line: str, **facts: Any) -> dict[str, Any]:
    """A member or candidate of quantity 2."""
    return {**ALIKE, "row_key": "G", "line_id": line, "quantity": 2, **facts}


def folded(due: dict[str, dict[str, Any]], ready: list[dict[str, Any]], **of_group: Any) -> Groups:
    """What becomes of L1, L2 and L3, of which `due` says what differs."""
    lines = ("L1", "L2", "L3")
    updates = [
        licence(line, action="UPDATE", fields="x", **facts)
        for line, facts in due.items()
        if "cease_on" not in facts
    ]
    ends = [licence(line, **facts) for line, facts in due.items() if "cease_on" in facts]
    found = ChargeChanges(
        products=rows(PRODUCT_DUE, *updates),
        ceases=rows(CEASE_DUE, *ends),
        changes=rows(
            CHANGE,
            *(licence(line, field="bill_end", state="due", customer_id="C1") for line in due),
        ),
        holds=rows(HOLD),
        settled=pl.DataFrame(schema={"line_id": pl.String, "charge_type": pl.String}),
        waits=pl.DataFrame(schema={"line_id": pl.String, "charge_type": pl.String}),
    )
    group = {**licence("L1"), "lead_line_id": "L1", "quantity": 6, "in_flight": False, **of_group}
    return fold(
        found,
        rows(MEMBER, *(licence(line) for line in lines)),
        rows(GROUP, group),
        rows(CANDIDATE, *ready),
        ChangeTerms(as_of=TODAY, group_keys=GROUPED_BY),
    )


def products(found: Groups) -> list[tuple[Any, ...]]:
    """(line, action, quantity) of what is due."""
    return sorted(found.changes.products.select("line_id", "action", "quantity").iter_rows())


def said(found: Groups) -> dict[str, str]:
    """Line -> what a row says of it."""
    return dict(found.members.select("line_id", "kind").sort("line_id").iter_rows())


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_what_is_due(story: Story) -> None:
    found = folded(story.due, [])
    ends = found.changes.ceases.select("line_id", "cease_on")
    assert story.products == products(found)
    assert story.ceases == sorted(ends.iter_rows())
    assert story.members == said(found)


def test_who_is_ready_joins_or_makes_a_group() -> None:
    other = Decimal("9.0000")
    ready = [licence("L0"), licence("L9", unit_price=other), licence("L8", unit_price=other)]
    found = folded({}, ready)
    assert [("L1", "UPDATE", 8)] == products(found)
    assert {("L0", "G", "L1"), ("L8", None, "L8"), ("L9", None, "L8")} == set(
        found.members.select("line_id", "group_key", "lead_line_id").iter_rows()
    )


def test_nothing_more_is_told_while_a_row_has_no_answer() -> None:
    found = folded({"L2": {"quantity": 5}}, [licence("L0")], in_flight=True)
    assert ([], {}) == (products(found), said(found))
    assert ["L0"] == found.changes.waits["line_id"].to_list()


def test_what_was_refused_is_held() -> None:
    first = folded({"L2": {"quantity": 5}}, [])
    [content] = first.changes.products.select(charge_content()).to_series()
    again = folded({"L2": {"quantity": 5}}, [], refused_content=content)
    assert ([], {}) == (products(again), said(again))
    assert ["affinity_rejected"] == again.changes.holds["reason"].to_list()
    assert ["held"] == again.changes.changes["state"].to_list()
    other = folded({"L2": {"quantity": 4}}, [], refused_content=content)
    assert [("L1", "UPDATE", 8)] == products(other)


def test_whoever_cannot_join_is_shown_as_waiting() -> None:
    first = folded({"L2": {"quantity": 5}}, [])
    [content] = first.changes.products.select(charge_content()).to_series()
    refused = folded({"L2": {"quantity": 3}}, [licence("L0")], refused_content=content)
    assert [("L0", "affinity_rejected")] == list(
        refused.changes.holds.filter(pl.col("line_id") == "L0")
        .select("line_id", "reason")
        .iter_rows()
    )

    back = licence("L0", unit_price=Decimal("6.0000"), customer_id="C1")
    taken = folded({}, [back], lead_line_id="L0")
    assert [("L0", "C1", "group_row_taken")] == list(
        taken.changes.holds.select("line_id", "customer_id", "reason").iter_rows()
    )
    assert ["L0"] == taken.changes.waits["line_id"].to_list()


def test_an_end_ahead_is_shown_as_waiting() -> None:
    found = folded({"L2": {"cease_on": TOMORROW, "kind": "cease"}}, [])
    assert ["cease_ahead"] == found.changes.holds["reason"].to_list()
    assert ["held"] == found.changes.changes["state"].to_list()


def test_what_changes_no_row_is_settled_quietly() -> None:
    found = folded({"L2": {"quantity": 3}, "L3": {"quantity": 1}}, [])
    assert [("L2", 3), ("L3", 1)] == sorted(found.settled.select("line_id", "quantity").iter_rows())
