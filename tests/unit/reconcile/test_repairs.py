"""What to put right first: few fixes that free much."""

import itertools
import random
from decimal import Decimal
from fractions import Fraction
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
        ("unknown_route", "product:P1"),
        ("frequency_missing", "product:P1"),
        ("cli_conflict", "cli:01204600001"),
        ("suspected_duplicate", "cli:01204600001"),
    ],
)
def test_a_reason_says_what_is_to_be_put_right(reason: str, subject: str):
    assert [(1, reason, subject, 1, Decimal(10))] == steps(held("L1", reason))


def test_a_route_of_its_own_is_put_right_where_it_is_said():
    charges = [held(line, "unknown_route", product_id="P9") for line in ("L1", "L2", "L3")]
    own = {"layer_key": ["line:L3:recurring"], "subject": ["asset:A3"]}
    found = repairs(compared(charges, []).layer, pl.DataFrame(own))

    assert [("product:P9", 2), ("asset:A3", 1)] == found.select("subject", "charges").rows()


def test_a_number_on_two_lines_is_one_thing_to_put_right():
    assert [(1, "cli_conflict", "cli:01204600001", 2, Decimal(20))] == steps(
        held("L1", "cli_conflict"), held("L2", "cli_conflict")
    )


def test_a_rule_is_one_reason_whatever_its_name():
    named = "rule:no po, please"
    text = "cli_missing," + named.replace(",", "\x1f")

    assert [(1, "cli_missing", "line:L1"), (1, named, "line:L1")] == [
        row[:3] for row in steps(held("L1", text))
    ]


def test_fixes_that_charges_share_only_in_part_may_be_best_together():
    """Each frees 30 by two fixes, all three together 90 by four."""
    pairs = [("P1", "S1"), ("P1", "S2"), ("P2", "S1")]
    found = steps(
        *(
            held(f"L{n}", "site_unlinked,sku_missing", "30", product_id=product, site_id=site)
            for n, (product, site) in enumerate(pairs)
        )
    )

    assert [(1, 3, Decimal(90))] * 4 == [(row[0], *row[3:]) for row in found]


@pytest.mark.parametrize("seed", range(30))
def test_every_step_is_the_best_of_all_sets(seed: int):
    chance = random.Random(seed)
    of = {"sku_missing": "product", "site_unlinked": "site", "customer_unlinked": "customer"}
    charges, needs = [], {}
    for number in range(chance.randint(1, 8)):
        ids = {kind: f"{kind[0].upper()}{chance.randint(1, 3)}" for kind in of.values()}
        reasons = sorted(chance.sample(sorted(of), chance.randint(1, 3)))
        charges.append(
            held(
                f"L{number}",
                ",".join(reasons),
                str(chance.randint(0, 50)),
                **{f"{kind}_id": each for kind, each in ids.items()},
            )
        )
        needs[number] = {(reason, f"{of[reason]}:{ids[of[reason]]}") for reason in reasons}
    worth = {number: charge["unit_price"] for number, charge in enumerate(charges)}
    found = steps(*charges)

    for step in range(1, found[-1][0] + 1):
        made = {row[1:3] for row in found if row[0] == step}
        fixes = sorted(set.union(*needs.values()))
        best = max(
            Fraction(sum(worth[number] for number, need in needs.items() if need <= set(some)))
            / size
            for size in range(1, len(fixes) + 1)
            for some in itertools.combinations(fixes, size)
        )
        freed = [number for number, need in needs.items() if need <= made]
        assert best == Fraction(sum(worth[number] for number in freed)) / len(made)
        needs = {number: need - made for number, need in needs.items() if number not in freed}
    assert not needs


def test_of_very_many_that_hang_together_neighbours_are_looked_at_together():
    pairs = [("P1", "S1"), ("P1", "S2"), ("P2", "S1")]
    best = [
        held(f"L{n}", "site_unlinked,sku_missing", "30", product_id=product, site_id=site)
        for n, (product, site) in enumerate(pairs)
    ]
    others = [
        held(f"L{n}", "cli_missing,site_unlinked,sku_missing", "20", product_id="P1", site_id="S1")
        for n in range(10, 200)
    ]
    found = steps(*best, *others)

    assert {(1, 3, Decimal(90))} == {(row[0], *row[3:]) for row in found if row[0] == 1}
    assert 190 + 4 == len(found)


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
