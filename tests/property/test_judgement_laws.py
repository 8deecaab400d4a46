"""Laws of judging: for any lines, in any order, in any batches, one disposition each."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.charge import CHARGE_KEY
from schemas.vocabulary import Disposition
from tasks.ready_to_bill.judgement import Judgement, judge
from tasks.ready_to_bill.rivals import DUPLICATE_KEY, cli_conflicts, suspected_duplicates
from tests.builders import AS_OF, NO_ASSET, VALID_LINE, above, claims, content, line, lines, lives
from tests.builders import terms as terms_of

LAWS = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)

DAYS = st.sampled_from(
    [None, *(date(2026, 3, day) for day in (1, 2, 31)), date(2026, 4, 1), date(2020, 2, 29)]
)
PRICES = st.sampled_from([None, *map(Decimal, ("0", "0.0001", "5.5", "99999999999999.9999"))])
FLAGS = st.sampled_from([None, True, False])
ROUTES = st.sampled_from([None, "Affinity", "The Layer", "Gamma", "Nowhere"])
STATUSES = st.sampled_from([None, "In Billing", "Not Billed", "Ready to Bill"])
LEDGER = st.sampled_from([None, None, None, "exported", "in_billing", "rejected", "abandoned"])
TEXTS = st.sampled_from([None, "01204 600001", "07700900123", "junk", "4.4E+11", "日本"])

ODD: dict[str, st.SearchStrategy[Any]] = {
    "order_status": st.sampled_from([None, "Completed", "cancelled "]),
    "customer_status": st.sampled_from([None, "Live", "Pending", "Cancelled"]),
    "customer_ref": st.sampled_from([None, "AC-1"]),
    "action": st.sampled_from([None, "New", "Update", "New & Cease"]),
    "target_is_known": FLAGS,
    "item_type": st.sampled_from([None, "Service", "Product"]),
    "base_category": st.sampled_from([None, "Voice", "Data"]),
    "needs_cli": FLAGS,
    "is_custom": FLAGS,
    "fixed_billing": FLAGS,
    "upfront_sku": st.sampled_from([None, "SKU-1"]),
    "recurring_sku": st.sampled_from([None, "SKU-1"]),
    "upfront_sku_is_active": FLAGS,
    "recurring_sku_is_active": FLAGS,
    "quantity": st.sampled_from([1, 2, 10**18 - 1]),
    "upfront_unit_price": PRICES,
    "recurring_unit_price": PRICES,
    "frequency": st.sampled_from([None, "Monthly"]),
    "upfront_route": ROUTES,
    "recurring_route": ROUTES,
    "upfront_bill_status": STATUSES,
    "recurring_bill_status": STATUSES,
    "upfront_do_not_bill": FLAGS,
    "recurring_do_not_bill": FLAGS,
    "bill_start_override": DAYS,
    "converted_on": DAYS,
    "connected_on": DAYS,
    "issued_on": DAYS,
    "term_months": st.sampled_from([None, -1, 0, 1, 12, 95_687, 10**17]),
    "line_cli": TEXTS,
    "asset_cli": TEXTS,
    "assets_of_line": st.sampled_from([None, 0, 1, 2]),
    "asset_customer_id": st.sampled_from([None, "C1", "C2"]),
    "asset_product_id": st.sampled_from([None, "P1", "P2"]),
    "asset_is_live": FLAGS,
    "connection_on": DAYS,
    "cease_on": DAYS,
    "site_id": st.sampled_from([None, "S1"]),
    "site_customer_id": st.sampled_from([None, "C1", "C2"]),
    "site_refs": st.sampled_from([None, 0, 1, 2]),
    "upfront_ledger_status": LEDGER,
    "recurring_ledger_status": LEDGER,
    "recurring_refused_content": st.sampled_from([None, content(line()), "something else"]),
}


@st.composite
def odd_lines(draw: st.DrawFn) -> pl.DataFrame:
    """Lines each of which differs from a valid one in a few ways."""
    names = st.lists(st.sampled_from(sorted(ODD)), max_size=5, unique=True)
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        given_up = NO_ASSET if draw(st.integers(0, 5)) == 0 else {}
        rows.append({**VALID_LINE, **given_up, **{name: draw(ODD[name]) for name in draw(names)}})
    return lines(*({**row, "line_id": f"L{n}"} for n, row in enumerate(rows)))


TERMS = st.sampled_from([terms_of(), terms_of(catalogue_given=False, other_platforms=())])


def in_order(judgement: Judgement) -> Iterator[pl.DataFrame]:
    """Its tables, sorted: order means nothing."""
    for table in judgement:
        yield table.sort(pl.all())


def assert_same(one: Judgement, other: Judgement):
    for left, right in zip(in_order(one), in_order(other), strict=True):
        assert_frame_equal(left, right)


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_every_charge_has_exactly_one_disposition(facts: pl.DataFrame, on: Any):
    charges = judge(facts, on).charges

    assert 2 * facts.height == charges.height == charges.select(CHARGE_KEY).n_unique()
    assert set(charges["disposition"]) <= set(Disposition)
    assert 0 == charges["bill_status"].null_count()


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_a_charge_is_held_exactly_when_something_holds_it(facts: pl.DataFrame, on: Any):
    judgement = judge(facts, on)
    charges, holds = judgement.charges, judgement.holds
    held = charges.filter(pl.col("disposition") == "held").select(CHARGE_KEY)

    assert sorted(held.iter_rows()) == sorted(set(holds.select(CHARGE_KEY).iter_rows()))
    assert holds.height == holds.unique([*CHARGE_KEY, "reason"]).height
    alone = holds.filter((pl.col("reason") == "unknown_route").any().over(CHARGE_KEY))
    assert {"unknown_route"} >= set(alone["reason"])


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_a_bill_status_says_what_the_disposition_does(facts: pl.DataFrame, on: Any):
    for disposition, waiting, status in (
        judge(facts, on).charges.select("disposition", "waiting_reason", "bill_status").iter_rows()
    ):
        assert (waiting is not None) == (disposition == "waiting")
        assert (status == "In Billing") == (disposition == "in_billing")
        if status == "Ready to Bill":
            assert disposition in {"ready", "exported", "held"}


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_judging_again_says_the_same(facts: pl.DataFrame, on: Any):
    assert_same(judge(facts, on), judge(facts, on))


@LAWS
@given(facts=odd_lines(), on=TERMS, seed=st.integers(0, 99))
def test_the_order_of_the_lines_means_nothing(facts: pl.DataFrame, on: Any, seed: int):
    shuffled = facts.sample(fraction=1, shuffle=True, seed=seed)

    assert_same(judge(facts, on), judge(shuffled, on))


@LAWS
@given(facts=odd_lines(), on=TERMS, size=st.integers(1, 5))
def test_the_batches_of_the_lines_mean_nothing(facts: pl.DataFrame, on: Any, size: int):
    parts = [judge(part, on) for part in facts.iter_slices(size)]
    together = Judgement(*(pl.concat(tables) for tables in zip(*parts, strict=True)))

    assert_same(judge(facts, on), together)


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_no_penny_is_lost_or_made(facts: pl.DataFrame, on: Any):
    charges = judge(facts, on).charges
    by_disposition = charges.group_by("disposition").agg(pl.col("value").sum())["value"]
    scale = Decimal("0.0001")
    owed = sum(
        int(price / scale) * quantity
        for quantity, *prices in facts.select(
            "quantity", "upfront_unit_price", "recurring_unit_price"
        ).iter_rows()
        for price in prices
        if price is not None
    )

    assert owed == sum(int(value.scaleb(4)) for value in by_disposition)


@LAWS
@given(facts=odd_lines(), on=TERMS)
def test_only_what_is_due_and_complete_is_ready(facts: pl.DataFrame, on: Any):
    ready = judge(facts, on).charges.filter(pl.col("disposition") == "ready")
    known = ("customer_ref", "site_ref", "sku", "bill_start_on", "unit_price", "order_ref")

    assert ready["is_platform_route"].all()
    assert (ready["unit_price"] > 0).all()
    assert [0] * 4 == [ready[name].null_count() for name in known if name != "site_ref"][:4]
    assert (ready["bill_start_on"] <= date(2027, 4, 30)).all()
    assert AS_OF == on.as_of


CLAIM = st.fixed_dictionaries(
    {
        "cli": st.sampled_from(["01204600001", "01204600002"]),
        "disposition": st.sampled_from(["ready", "held"]),
        "bill_start_on": st.sampled_from([None, date(2026, 3, 1), date(2026, 3, 2)]),
        "connection_on": DAYS,
        "cease_on": DAYS,
        "asset_item_type": st.sampled_from(["Service", "Service", "Product", None]),
    }
)
LIFE = st.fixed_dictionaries(
    {
        "asset_id": st.sampled_from([f"A{number}" for number in range(1, 9)]),
        "cli": st.sampled_from(["01204600001", "01204600002"]),
        "connection_on": DAYS,
        "cease_on": DAYS,
    }
)
PAIRS = st.dictionaries(
    st.sampled_from([f"A{number}" for number in range(1, 9)]),
    st.sampled_from([f"A{number}" for number in range(1, 9)]),
    max_size=4,
)


@LAWS
@given(
    claimed=st.lists(CLAIM, min_size=1, max_size=8),
    living=st.lists(LIFE, max_size=8, unique_by=lambda life: life["asset_id"]),
    ancestors=PAIRS,
    replaced=PAIRS,
)
def test_conflicts_counted_are_conflicts_paired(
    claimed: list[dict[str, Any]],
    living: list[dict[str, Any]],
    ancestors: dict[str, str],
    replaced: dict[str, str],
):
    found = cli_conflicts(claims(*claimed), lives(*living), above(**ancestors), above(**replaced))

    def overlap(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
        spans = [
            (each["connection_on"] or date.min, each["cease_on"] or date.max)
            for each in (mine, theirs)
        ]
        (a, b), (c, d) = spans
        return a <= b and c <= d and a <= d and c <= b

    expected = []
    for number, claim in enumerate(claimed, start=1):
        own = f"A{number}"
        excused = {own, ancestors.get(own), replaced.get(own)}
        if claim["asset_item_type"] == "Service" and any(
            life["cli"] == claim["cli"] and life["asset_id"] not in excused and overlap(claim, life)
            for life in living
        ):
            expected.append(f"L{number}")
    assert sorted(expected) == sorted(found["line_id"])


@LAWS
@given(
    claimed=st.lists(CLAIM, min_size=1, max_size=8),
    before=st.lists(CLAIM, max_size=4),
)
def test_duplicates_counted_are_duplicates_paired(
    claimed: list[dict[str, Any]], before: list[dict[str, Any]]
):
    now = claims(*claimed)
    handed_over = claims(*before).select("line_id", *DUPLICATE_KEY) if before else now.clear()
    found = suspected_duplicates(now, handed_over.select("line_id", *DUPLICATE_KEY))

    rows = now.select("line_id", "disposition", *DUPLICATE_KEY).rows()
    twins = [(row[0], row[2:]) for row in rows if row[1] == "ready"]
    twins += [(row[0], row[1:]) for row in handed_over.select("line_id", *DUPLICATE_KEY).rows()]
    expected = {
        line_id
        for line_id, _, *likeness in rows
        if None not in likeness
        and any(other != line_id and tuple(likeness) == twin for other, twin in twins)
    }
    assert sorted(expected) == sorted(found["line_id"])
