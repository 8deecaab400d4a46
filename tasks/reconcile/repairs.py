"""What to put right first: the fewest fixes that free the most money. Pure.

A held charge goes once all that holds it is put right, and one fix may free many: a product's code,
a site's link. Finding the best set is hard in general, so the next step is always the one that
frees the most of a year's money per fix that is still to be made.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from schemas.sides import REPAIR
from schemas.vocabulary import Disposition, HoldReason

_OF_PRODUCT = (
    HoldReason.SKU_MISSING,
    HoldReason.SKU_UNKNOWN,
    HoldReason.SKU_INACTIVE,
    HoldReason.SKU_PENDING,
    HoldReason.RECURRING_ON_PRODUCT,
)
_OF_CUSTOMER = (HoldReason.CUSTOMER_UNLINKED, HoldReason.CUSTOMER_NOT_LIVE)
_OF_SITE = (
    HoldReason.SITE_UNLINKED,
    HoldReason.SITE_LINK_CONFLICT,
    HoldReason.SITE_MISMATCH,
)


class Fix(NamedTuple):
    """One thing to put right."""

    reason: str
    subject: str


@dataclass
class _Bundle:
    """Charges that the same fixes free."""

    charges: int = 0
    per_month: Decimal = Decimal(0)
    once: Decimal = Decimal(0)
    missing: set[Fix] = field(default_factory=set)

    @property
    def a_year(self) -> Decimal:
        return 12 * self.per_month + self.once


def repairs(layer: pl.DataFrame, *, most: int = 1_000) -> pl.DataFrame:
    """REPAIR of the held charges in `layer`, at most so many steps; what frees more comes first.

    `layer`: LAYER_SIDE with `worth_per_month` and `worth_once`.
    """
    held = layer.filter(pl.col("disposition") == Disposition.HELD).drop_nulls("reasons")
    bundles = _bundles(held)
    rows = []
    fixes = charges = 0
    per_month = once = Decimal(0)
    for step, (made, freed) in enumerate(_steps(bundles), start=1):
        if step > most:
            break
        fixes += len(made)
        charges += freed.charges
        per_month += freed.per_month
        once += freed.once
        so_far = (fixes, charges, per_month, once)
        rows += [
            (step, *fix, freed.charges, freed.per_month, freed.once, *so_far)
            for fix in sorted(made)
        ]
    return pl.DataFrame(rows, schema=REPAIR, orient="row")


def _bundles(held: pl.DataFrame) -> list[_Bundle]:
    together: dict[frozenset[Fix], _Bundle] = defaultdict(_Bundle)
    columns = ("reasons", "product_id", "customer_id", "site_id", "line_id")
    for reasons, *ids, per_month, once in held.select(
        *columns, "worth_per_month", "worth_once"
    ).iter_rows():
        needed = frozenset(_fix(reason, *ids) for reason in reasons.split(","))
        bundle = together[needed]
        bundle.missing = set(needed)
        bundle.charges += 1
        bundle.per_month += per_month
        bundle.once += once
    # the same bundles in the same order, whatever the order of the charges
    return [together[needed] for needed in sorted(together, key=sorted)]


def _fix(reason: str, product: str, customer: str, site: str | None, line: str) -> Fix:
    """What puts a reason right: often it is shared by many charges."""
    if reason in _OF_PRODUCT:
        return Fix(reason, f"product:{product}")
    if reason in _OF_CUSTOMER:
        return Fix(reason, f"customer:{customer}")
    if reason in _OF_SITE and site is not None:
        return Fix(reason, f"site:{site}")
    return Fix(reason, f"line:{line}")


def _steps(bundles: list[_Bundle]) -> Iterator[tuple[set[Fix], _Bundle]]:
    """Each step's fixes, and what they free together with those made before."""
    needing: dict[Fix, list[int]] = defaultdict(list)
    queue: list[tuple[Decimal, int, int]] = []
    for number, bundle in enumerate(bundles):
        for fix in bundle.missing:
            needing[fix].append(number)
        heapq.heappush(queue, _entry(bundle, number))
    freed: set[int] = set()
    while queue:
        _, missing, number = heapq.heappop(queue)
        bundle = bundles[number]
        if number in freed or missing != len(bundle.missing):
            continue  # it was freed by others, or stands elsewhere in the queue by now
        made = set(bundle.missing)
        total = _Bundle()
        for other in sorted({each for fix in made for each in needing[fix]}):
            bundles[other].missing -= made
            if bundles[other].missing:
                heapq.heappush(queue, _entry(bundles[other], other))
            elif other not in freed:
                freed.add(other)
                total.charges += bundles[other].charges
                total.per_month += bundles[other].per_month
                total.once += bundles[other].once
        yield made, total


def _entry(bundle: _Bundle, number: int) -> tuple[Decimal, int, int]:
    return (-bundle.a_year / len(bundle.missing), len(bundle.missing), number)
