"""What to put right first: the fewest fixes that free the most money. Pure.

A held charge goes once all that holds it is put right, and one fix may free many: a product's code,
a site's link. Finding the best set is hard in general, so the next step is always the one that
frees the most of a year's money per fix that is still to be made.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
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

    def add(self, other: "_Bundle") -> None:
        """Take the charges of another bundle along."""
        self.charges += other.charges
        self.per_month += other.per_month
        self.once += other.once

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
    """Each step's fixes, and what they free together with those made before.

    A candidate is all that is missing of some charges; it is worth what all charges are worth that
    lack nothing else.
    """
    left = _Left(bundles)
    queue: list[tuple[Decimal, list[Fix]]] = [left.entry(missing) for missing in left.sets]
    heapq.heapify(queue)
    while queue:
        score, fixes = heapq.heappop(queue)
        missing = frozenset(fixes)
        if missing not in left.sets:
            continue  # it was freed by others, or stands elsewhere in the queue by now
        entry = left.entry(missing)
        if entry[0] != score:
            heapq.heappush(queue, entry)
            continue
        total, nearer = left.make(missing)
        for each in nearer:
            heapq.heappush(queue, left.entry(each))
        yield set(missing), total


class _Left:
    """What is still held, by the fixes that are still to be made."""

    _MOST_FIXES = 6
    """Of more than so many fixes only what lacks exactly them is counted: they have few subsets."""

    def __init__(self, bundles: list[_Bundle]) -> None:
        self.sets: dict[frozenset[Fix], _Bundle] = {}
        self._needing: dict[Fix, set[frozenset[Fix]]] = defaultdict(set)
        for bundle in bundles:
            self._add(frozenset(bundle.missing), bundle)

    def entry(self, missing: frozenset[Fix]) -> tuple[Decimal, list[Fix]]:
        """Its place in the queue: the most of a year's money per fix comes first."""
        fixes = sorted(missing)
        parts: Iterable[frozenset[Fix]] = [missing]
        if len(fixes) <= self._MOST_FIXES:
            sizes = range(1, len(fixes) + 1)
            parts = (frozenset(each) for size in sizes for each in combinations(fixes, size))
        worth = sum((self.sets[part].a_year for part in parts if part in self.sets), Decimal(0))
        return -worth / len(fixes), fixes

    def make(self, fixes: frozenset[Fix]) -> tuple[_Bundle, list[frozenset[Fix]]]:
        """Make `fixes`: what that frees, and the sets that are worth more by now."""
        total, nearer = _Bundle(), set()
        for missing in sorted({each for fix in fixes for each in self._needing[fix]}, key=sorted):
            bundle = self.sets.pop(missing)
            for fix in missing:
                self._needing[fix].discard(missing)
            rest = missing - fixes
            if rest:
                self._add(rest, bundle)
                nearer.add(rest)
            else:
                total.add(bundle)
        for rest in list(nearer):
            rarest = min((self._needing[fix] for fix in rest), key=len)
            nearer |= {each for each in rarest if rest < each}
        return total, sorted(nearer, key=sorted)

    def _add(self, missing: frozenset[Fix], bundle: _Bundle) -> None:
        self.sets.setdefault(missing, _Bundle()).add(bundle)
        for fix in missing:
            self._needing[fix].add(missing)
