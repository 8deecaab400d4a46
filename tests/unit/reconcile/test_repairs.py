"""What to put right first: few fixes that free much."""

import itertools
import random
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tasks.reconcile.repairs import repairs
from tests.sides import compared, ours


def held(line: str, reasons: str, price: str = "10", **said: Any) -> dict[str, Any]:
    """A held recurring charge of one a month, with a product, site and customer of its own."""
    number = line.removeprefix("L")
    return ours(
        line,
        disposition="held",
        reasons=reasons,
        quantity=1,
        unit_price=Decimal(price),
        **{"product_id": f"P{number}", "site_id": f"S{number}", **said},
    )


def steps(*charges: dict[str, Any], most: int = 1_000) -> list[tuple[Any, ...]]:
    """(step, reason, subject, charges, per month) of each fix."""
    found = repairs(compared(list(charges), []).layer, most=most)
    return found.select("step", "reason", "subject", "charges", "per_month").rows()


def test_a_fix_that_many_charges_share_comes_first():
    shared = {"product_id": "P9"}

    assert [
        (1, "sku_missing", "product:P9", 3, Decimal(30)),
        (2, "cli_missing", "line:L4", 1, Decimal(25)),
    ] == steps(
        held("L1", "sku_missing", **shared),
        held("L2", "sku_missing", **shared),
        held("L3", "sku_missing", **shared),
        held("L4", "cli_missing", "25"),
    )


def test_fixes_that_only_help_together_are_one_step():
    assert [
        (1, "customer_unlinked", "customer:C1", 1, Decimal(50)),
        (1, "site_unlinked", "site:S1", 1, Decimal(50)),
        (2, "cli_missing", "line:L2", 1, Decimal(20)),
    ] == steps(held("L1", "customer_unlinked,site_unlinked", "50"), held("L2", "cli_missing", "20"))


def test_a_step_is_worth_all_that_it_frees():
    """Two fixes that free three charges are better per fix than one that frees one."""
    assert [
        (1, "customer_unlinked", "customer:C1", 3, Decimal(50)),
        (1, "site_unlinked", "site:S1", 3, Decimal(50)),
        (2, "cli_missing", "line:L4", 1, Decimal(20)),
    ] == steps(
        held("L1", "customer_unlinked,site_unlinked", "30", site_id="S1"),
        held("L2", "customer_unlinked", "10", site_id="S1"),
        held("L3", "site_unlinked", "10", site_id="S1"),
        held("L4", "cli_missing", "20", site_id="S1"),
    )


def test_what_an_earlier_fix_has_made_cheaper_comes_next():
    """One fix away is better than two, once the other has been made for something else."""
    product = {"product_id": "P9"}

    assert [
        (1, "sku_missing", "product:P9", 1, Decimal(100)),
        (2, "cli_missing", "line:L2", 1, Decimal(60)),
        (3, "cli_missing", "line:L3", 1, Decimal(40)),
    ] == steps(
        held("L1", "sku_missing", "100", **product),
        held("L2", "cli_missing,sku_missing", "60", **product),
        held("L3", "cli_missing", "40"),
    )


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        ("sku_unknown", "product:P1"),
        ("customer_not_live", "customer:C1"),
        ("site_link_conflict", "site:S1"),
        ("site_missing", "line:L1"),
        ("affinity_rejected", "line:L1"),
        ("rule:large_order", "line:L1"),
    ],
)
def test_a_reason_says_what_is_to_be_put_right(reason: str, subject: str):
    assert [(1, reason, subject, 1, Decimal(10))] == steps(held("L1", reason))


def test_so_far_adds_up_to_all_that_is_held():
    chance = random.Random(5)
    reasons = ["sku_missing", "site_unlinked", "cli_missing", "customer_unlinked"]
    charges = [
        held(
            f"L{number}",
            ",".join(sorted(chance.sample(reasons, chance.randint(1, 3)))),
            str(chance.randint(1, 90)),
            product_id=f"P{number % 7}",
            site_id=f"S{number % 11}",
            customer_id=f"C{number % 5}",
        )
        for number in range(60)
    ]
    layer = compared(charges, []).layer
    found = repairs(layer)

    last = found.tail(1)
    assert (60, layer["worth_per_month"].sum()) == (
        last["charges_so_far"].item(),
        last["per_month_so_far"].item(),
    )
    assert found.height == last["fixes_so_far"].item()
    assert found.select("reason", "subject").is_unique().all()
    by_step = found.unique("step", maintain_order=True)
    assert by_step["charges"].cum_sum().to_list() == by_step["charges_so_far"].to_list()
    # whatever the order the charges come in
    chance.shuffle(charges)
    assert found.equals(repairs(pl.concat([layer.sample(fraction=1, shuffle=True, seed=1)])))


def test_the_first_step_is_the_best_there_is():
    """No other set of fixes that frees anything frees more a year per fix."""
    chance = random.Random(6)
    for _ in range(20):
        charges = [
            held(
                f"L{number}",
                ",".join(
                    sorted(chance.sample(["sku_missing", "site_unlinked"], 2)[: 1 + number % 2])
                ),
                str(chance.randint(1, 50)),
                product_id=f"P{chance.randint(1, 3)}",
                site_id=f"S{chance.randint(1, 3)}",
            )
            for number in range(6)
        ]
        needs = {
            each["line_id"]: {
                (
                    reason,
                    f"product:{each['product_id']}"
                    if reason == "sku_missing"
                    else f"site:{each['site_id']}",
                )
                for reason in each["reasons"].split(",")
            }
            for each in charges
        }
        worth = {each["line_id"]: each["unit_price"] for each in charges}
        every = sorted(set.union(*needs.values()))
        alone = max(
            sum(worth[line] for line, need in needs.items() if need == set(fixes)) / len(fixes)
            for size in (1, 2)
            for fixes in itertools.combinations(every, size)
        )
        first = [row for row in steps(*charges) if row[0] == 1]

        made = {row[1:3] for row in first}
        assert first[0][4] == sum(worth[line] for line, need in needs.items() if need <= made)
        assert first[0][4] / len(first) >= alone


def test_at_most_so_many_steps():
    charges = [held(f"L{number}", "cli_missing") for number in range(9)]

    assert [1, 2, 3] == [row[0] for row in steps(*charges, most=3)]
    assert [] == steps()
    assert [] == steps(ours())
