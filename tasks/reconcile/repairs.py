"""What to put right first: the fewest fixes that free the most money. Pure.

A held charge goes once all that holds it is put right, and one fix may free many: a product's code,
a site's link. The next step is always the set of fixes that frees the most of a year's money per
fix. Of charges that hang together by very many fixes, the best that is looked at: what a charge
needs, alone and together with what its neighbours need.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, count, islice
from typing import NamedTuple

import polars as pl

from schemas.sides import REPAIR, reasons_of
from schemas.vocabulary import Disposition, HoldReason
from tasks.reconcile.densest import components, densest, rate_of

_OF_PRODUCT = (
    HoldReason.UNKNOWN_ROUTE,
    HoldReason.FREQUENCY_MISSING,
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
_OF_NUMBER = (HoldReason.CLI_CONFLICT, HoldReason.SUSPECTED_DUPLICATE)
"""One number on two lines: putting one of them right frees both."""


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
    missing: frozenset[Fix] = frozenset()

    def add(self, other: "_Bundle") -> None:
        """Take the charges of another bundle along."""
        self.charges += other.charges
        self.per_month += other.per_month
        self.once += other.once

    @property
    def a_year(self) -> int:
        """A year's money, in ten-thousandths."""
        return int((12 * self.per_month + self.once).scaleb(4))


_Fixes = frozenset[Fix]


def repairs(
    layer: pl.DataFrame, own_routes: pl.DataFrame | None = None, *, most: int = 1_000
) -> pl.DataFrame:
    """REPAIR of the held charges in `layer`, at most so many steps; what frees more comes first.

    Args:
        layer: LAYER_SIDE with `worth_per_month` and `worth_once`.
        own_routes: `layer_key` of charges whose line or asset names their route, and as `subject`
            which; that of all others is their product's.
        most: how many steps.
    """
    held = layer.filter(pl.col("disposition") == Disposition.HELD).drop_nulls("reasons")
    if own_routes is None:
        own_routes = pl.DataFrame(schema={"layer_key": pl.String(), "subject": pl.String()})
    held = held.join(own_routes, on="layer_key", how="left").rename({"subject": "own_route"})
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
    columns = (*_Held._fields, "reasons", "worth_per_month", "worth_once")
    for *ids, reasons, per_month, once in held.select(columns).iter_rows():
        charge = _Held(*ids)
        needed = frozenset(_fix(reason, charge) for reason in reasons_of(reasons))
        bundle = together[needed]
        bundle.missing = needed
        bundle.charges += 1
        bundle.per_month += per_month
        bundle.once += once
    # the same bundles in the same order, whatever the order of the charges
    return [together[needed] for needed in sorted(together, key=sorted)]


class _Held(NamedTuple):
    """Whose fault it may be that a charge is held."""

    product_id: str
    customer_id: str
    site_id: str | None
    line_id: str
    cli: str | None
    own_route: str | None


def _fix(reason: str, charge: _Held) -> Fix:
    """What puts a reason right: often it is shared by many charges."""
    if reason == HoldReason.UNKNOWN_ROUTE and charge.own_route is not None:
        return Fix(reason, charge.own_route)
    if reason in _OF_PRODUCT:
        return Fix(reason, f"product:{charge.product_id}")
    if reason in _OF_NUMBER and charge.cli is not None:
        return Fix(reason, f"cli:{charge.cli}")
    if reason in _OF_CUSTOMER:
        return Fix(reason, f"customer:{charge.customer_id}")
    if reason in _OF_SITE and charge.site_id is not None:
        return Fix(reason, f"site:{charge.site_id}")
    return Fix(reason, f"line:{charge.line_id}")


def _steps(bundles: list[_Bundle]) -> Iterator[tuple[_Fixes, _Bundle]]:
    """Each step's fixes, and what they free together with those made before."""
    together = {bundle.missing: bundle for bundle in bundles}
    queue: list[tuple[Fraction, bool, list[Fix], int, _Piece]] = []
    number = count()

    def push(piece: _Piece, *, is_sure: bool) -> None:
        rate, fixes = piece.best() if is_sure else (piece.at_most(), [])
        heapq.heappush(queue, (-rate, is_sure, fixes, next(number), piece))

    for piece in _pieces(together):
        push(piece, is_sure=False)
    while queue:
        _, is_sure, fixes, _, piece = heapq.heappop(queue)
        # most are never looked at: what they free at most is less than others free for sure
        if not is_sure:
            push(piece, is_sure=True)
            continue
        made = frozenset(fixes)
        freed, left = piece.made(made)
        for each in left:
            push(each, is_sure=False)
        yield made, freed


def _pieces(together: dict[_Fixes, _Bundle]) -> "list[_Piece]":
    """Bundles apart that share no fix: which of them goes first is decided piece by piece."""
    worth = {missing: bundle.a_year for missing, bundle in together.items()}
    return [
        _Piece({missing: together[missing] for missing in piece}) for piece in components(worth)
    ]


class _Piece:
    """Charges that hang together, by the fixes that are still to be made."""

    _MOST_NEEDS = 400
    """Up to so many needs of all bundles together the best set is looked for among all sets."""

    _MOST_NEIGHBOURS = 50

    _MOST_FIXES = 6
    """Of more than so many fixes only what lacks exactly them is counted: they have few subsets."""

    def __init__(self, sets: dict[_Fixes, _Bundle]) -> None:
        self.sets: dict[_Fixes, _Bundle] = {}
        self._needing: dict[Fix, dict[_Fixes, None]] = defaultdict(dict)
        self._left = 0
        for missing, bundle in sets.items():
            self._add(missing, bundle)
        self._needs = self._left
        self._found: tuple[Fraction, list[Fix]] | None = None
        self._queue: list[tuple[Fraction, list[Fix]]] = []
        if self._is_large:
            for sharing in self._needing.values():
                by_rate = sorted(sharing, key=self._rate, reverse=True)
                sharing.clear()
                sharing.update(dict.fromkeys(by_rate))
            self._queue = [self._entry(missing) for missing in self.sets]
            heapq.heapify(self._queue)

    @property
    def _is_large(self) -> bool:
        return self._needs > self._MOST_NEEDS

    def at_most(self) -> Fraction:
        """What a fix frees here, at most: all that needs the one that the most needs."""
        if self._is_large:
            return self.best()[0]
        if len(self.sets) == 1:
            return self._rate(next(iter(self.sets)))
        return Fraction(
            max(sum(self.sets[each].a_year for each in sets) for sets in self._needing.values())
        )

    def best(self) -> tuple[Fraction, list[Fix]]:
        """The fixes that free the most per fix, and how much that is."""
        if self._found is None:
            self._found = self._best()
        return self._found

    def _best(self) -> tuple[Fraction, list[Fix]]:
        if not self._is_large:
            worth = {missing: bundle.a_year for missing, bundle in self.sets.items()}
            found = densest(worth)
            return rate_of(found, worth), sorted(found)
        while True:
            rate, fixes = self._queue[0]
            missing = frozenset(fixes)
            if missing not in self.sets:  # it was freed by others, or stands elsewhere by now
                heapq.heappop(self._queue)
                continue
            entry = self._entry(missing)
            if entry[0] == rate:
                break
            heapq.heapreplace(self._queue, entry)
        nearby = self._nearby(missing)
        found = densest(nearby)
        better = rate_of(found, nearby)
        return (better, sorted(found)) if better > -rate else (-rate, fixes)

    def made(self, fixes: _Fixes) -> "tuple[_Bundle, list[_Piece]]":
        """Make `fixes`: what that frees, and what hangs together after it."""
        freed, nearer = _Bundle(), set()
        for missing in sorted({each for fix in fixes for each in self._needing[fix]}, key=sorted):
            bundle = self.sets.pop(missing)
            self._left -= len(missing)
            for fix in missing:
                del self._needing[fix][missing]
            rest = missing - fixes
            if rest:
                self._add(rest, bundle)
                nearer.add(rest)
            else:
                freed.add(bundle)
        self._found = None
        if not self._is_large or 2 * self._left <= self._needs:
            return freed, _pieces(self.sets)
        for rest in list(nearer):
            rarest = min((self._needing[fix] for fix in rest), key=len)
            nearer |= {each for each in rarest if rest < each}
        for each in sorted(nearer, key=sorted):
            heapq.heappush(self._queue, self._entry(each))
        return freed, [self]

    def _entry(self, missing: _Fixes) -> tuple[Fraction, list[Fix]]:
        """Its place in the queue: the most of a year's money per fix comes first."""
        fixes = sorted(missing)
        parts: Iterable[_Fixes] = [missing]
        if len(fixes) <= self._MOST_FIXES:
            sizes = range(1, len(fixes) + 1)
            parts = (frozenset(each) for size in sizes for each in combinations(fixes, size))
        worth = sum(self.sets[part].a_year for part in parts if part in self.sets)
        return Fraction(-worth, len(fixes)), fixes

    def _nearby(self, missing: _Fixes) -> dict[_Fixes, int]:
        """What shares a fix with `missing`, what is worth the most per need first."""
        sharing = {
            each
            for fix in missing
            for each in islice(self._needing[fix], self._MOST_NEIGHBOURS)
            if each != missing
        }
        first = heapq.nsmallest(
            self._MOST_NEIGHBOURS,
            sharing,
            key=lambda each: (not each < missing, -self._rate(each), sorted(each)),
        )
        return {each: self.sets[each].a_year for each in (missing, *first)}

    def _rate(self, missing: _Fixes) -> Fraction:
        return Fraction(self.sets[missing].a_year, len(missing))

    def _add(self, missing: _Fixes, bundle: _Bundle) -> None:
        if missing not in self.sets:
            self.sets[missing] = _Bundle()
            self._left += len(missing)
        self.sets[missing].add(bundle)
        for fix in missing:
            self._needing[fix][missing] = None
