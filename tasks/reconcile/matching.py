"""Which records of the two sides are about the same thing. Pure polars.

Keys come first: our row key on Affinity's row, Affinity's id on our asset. What no key joins is
matched by what it says, from the strictest likeness to the loosest; the loosest only where there is
one record on each side, so that two of a kind are never taken for each other.

Split and summed lines: records at one place (site, CLI, code) whose quantities and money add up to
those of the other side belong together: all of them, or else the fewest that do. Those that know
each other by their keys stay together.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl

_PLACE = ("charge_type", "site_ref", "sku", "cli")


class _Likeness(NamedTuple):
    """What two records have in common; of `named` columns, that they say something at all."""

    on: tuple[str, ...]
    named: tuple[str, ...]


_TWINS = (
    _Likeness((*_PLACE, "quantity", "unit_price", "start_on"), ("site_ref", "sku")),
    _Likeness((*_PLACE, "quantity", "unit_price"), ("site_ref", "sku")),
)
"""So alike that several of a kind may be paired one to one: it does not matter which."""

_COUSINS = (
    _Likeness(_PLACE, ("site_ref", "sku")),
    _Likeness(("charge_type", "sku", "cli"), ("sku", "cli")),
    _Likeness(("charge_type", "site_ref", "cli"), ("site_ref", "cli")),
    _Likeness(("charge_type", "site_ref", "sku"), ("site_ref", "sku")),
)
"""So little alike that there must be one on each side."""


class Matched(NamedTuple):
    """The sides with `match_id`: records with the same one are about the same thing."""

    layer: pl.DataFrame
    affinity: pl.DataFrame


def match(layer: pl.DataFrame, affinity: pl.DataFrame, edges: pl.DataFrame) -> Matched:
    """Give every record of both sides the id of its match.

    Args:
        layer: LAYER_SIDE with `bills` (it is to be billed on the day) and `may_match`.
        affinity: AFFINITY_SIDE with `bills` (it bills on the day).
        edges: EDGE.

    Returns:
        Every row of both exactly once, in the order of their keys, on which nothing else depends.
        Ids are numbers without a meaning.
    """
    layer, affinity = layer.sort("layer_key"), affinity.sort("object_uid")
    shared = ("charge_type", "site_ref", "sku", "cli", "quantity", "unit_price", "start_on")
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    records = pl.concat(
        [
            layer.select("bills", "may_match", "frequency", *shared, is_layer=True),
            affinity.select(
                "bills",
                pl.lit(None, dtype=pl.String).alias("frequency"),
                *shared,
                may_match=True,
                is_layer=False,
            ),
        ],
        how="diagonal",
    ).with_columns(number.alias("match_id"))
    ours = layer.select("layer_key", number.alias("a"))
    theirs = affinity.select("object_uid", (number + layer.height).alias("b"))
    by_key = edges.join(ours, on="layer_key").join(theirs, on="object_uid").select("a", "b")
    records = _merged(records, by_key)
    # the same from its first day on is the same, to be billed or not, before anything less alike is
    for likeness in _TWINS:
        for is_to_bill in (True, False):
            records = _merged(records, _alike(records, likeness, is_to_bill=is_to_bill))
    records = _merged(records, _in_sum(records))
    for is_to_bill in (True, False):
        for likeness in _COUSINS:
            records = _merged(records, _alike(records, likeness, is_to_bill=is_to_bill, most=1))
    ids = records["match_id"]
    return Matched(
        layer.with_columns(ids.head(layer.height)),
        affinity.with_columns(ids.tail(affinity.height)),
    )


def _merged(records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Let matches `a` and `b` of each pair, and what joins them, be one: the smallest id stays."""
    while True:
        if pairs.is_empty():
            return records
        smallest = (
            pl.concat(
                [
                    pairs.select(
                        pl.col("a").alias("old"), pl.min_horizontal("a", "b").alias("new")
                    ),
                    pairs.select(
                        pl.col("b").alias("old"), pl.min_horizontal("a", "b").alias("new")
                    ),
                ]
            )
            .group_by("old")
            .agg(pl.col("new").min())
        )
        records = _renamed(records, "match_id", smallest)
        pairs = _renamed(_renamed(pairs, "a", smallest), "b", smallest)
        pairs = pairs.filter(pl.col("a") != pl.col("b")).unique()


def _renamed(frame: pl.DataFrame, column: str, smallest: pl.DataFrame) -> pl.DataFrame:
    found = frame.join(smallest, left_on=column, right_on="old", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce("new", column).alias(column)).drop("new")


def _one_sided(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose match has nobody on the other side."""
    sides = records.group_by("match_id").agg(pl.col("is_layer").n_unique().alias("sides"))
    return records.join(sides.filter(pl.col("sides") == 1), on="match_id", how="semi")


def _alike(
    records: pl.DataFrame, likeness: _Likeness, *, is_to_bill: bool, most: int | None = None
) -> pl.DataFrame:
    """Pairs of unmatched records that are alike: what Affinity bills, and what may be billed there.

    `is_to_bill`: of ours, those that are to be billed on the day, or those that are not. `most`:
    how many of a side may be alike.
    """
    alone = _one_sided(records).filter("may_match").drop_nulls(likeness.named)
    ours = alone.filter("is_layer", pl.col("bills") == is_to_bill)
    theirs = alone.filter(~pl.col("is_layer"), "bills")
    return (
        _numbered(ours, likeness, most)
        .rename({"match_id": "a"})
        .join(
            _numbered(theirs, likeness, most).rename({"match_id": "b"}),
            on=[*likeness.on, "nth"],
            nulls_equal=True,
        )
        .select("a", "b")
    )


def _numbered(records: pl.DataFrame, likeness: _Likeness, most: int | None) -> pl.DataFrame:
    """Records with their number `nth` among those of a kind, in the order of their starts."""
    numbered = records.sort("start_on", "match_id").with_columns(
        pl.int_range(pl.len()).over(likeness.on).alias("nth"),
        pl.len().over(likeness.on).alias("of_a_kind"),
    )
    if most is not None:
        numbered = numbered.filter(pl.col("of_a_kind") <= most)
    return numbered.select(*likeness.on, "nth", "match_id")


def _in_sum(records: pl.DataFrame) -> pl.DataFrame:
    """Matches at one place that do not add up by themselves, and do so together: pairs of them."""
    return _pairs_in_sum(_off(records))


def _off(records: pl.DataFrame) -> pl.DataFrame:
    """Matches that do not add up, and how far off they are.

    Only what bills on the day counts, and only matches that lie at one place whole.
    """
    worth = pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price")

    def signed(value: pl.Expr) -> pl.Expr:
        return pl.when("is_layer").then(value).otherwise(-value)

    # what is matched with something that does not bill is another matter
    idle = (
        records.group_by("match_id", "is_layer").agg(pl.col("bills").any()).filter(~pl.col("bills"))
    )
    billing = (
        records.filter("bills", "may_match")
        .drop_nulls(["site_ref", "sku"])
        .join(idle, on="match_id", how="anti")
    )
    return (
        billing.with_columns(pl.col("cli").fill_null(""), signed(worth).alias("worth"))
        .group_by("match_id")
        .agg(
            *(pl.col(name).first() for name in _PLACE),
            pl.struct(_PLACE).n_unique().alias("places"),
            signed(pl.col("quantity")).sum().alias("off"),
            pl.col("worth").sum().alias("worth_off"),
            pl.col("is_layer").any().alias("has_ours"),
            (~pl.col("is_layer")).any().alias("has_theirs"),
            pl.col("frequency").drop_nulls().unique().alias("frequencies"),
            (pl.col("quantity").null_count() + pl.col("unit_price").null_count()).alias("unknown"),
        )
        .filter(pl.col("places") == 1, pl.col("unknown") == 0)
        .filter((pl.col("off") != 0) | (pl.col("worth_off") != 0))
        .sort("match_id")
    )


def _pairs_in_sum(each: pl.DataFrame) -> pl.DataFrame:
    """Pairs of matches that add up together: all at a place, or else the fewest that do."""
    whole = (
        each.group_by(_PLACE)
        .agg(
            pl.col("match_id").sort().alias("parts"),
            pl.col("off").sum(),
            pl.col("worth_off").sum(),
            (pl.col("has_ours").any() & pl.col("has_theirs").any()).alias("has_both"),
            # two that know each other by their keys do not change hands
            (~(pl.col("has_ours") & pl.col("has_theirs"))).any().alias("has_stray"),
            pl.col("frequencies").list.explode().drop_nulls().n_unique().alias("frequencies"),
        )
        .filter("has_both", "has_stray")
        .with_columns(
            (
                (pl.col("off") == 0) & (pl.col("worth_off") == 0) & (pl.col("frequencies") <= 1)
            ).alias("adds_up")
        )
    )
    found = whole.filter("adds_up")["parts"].to_list()
    others = whole.filter(~pl.col("adds_up"), pl.col("parts").list.len() <= _MOST_PARTS)
    rows = {row["match_id"]: row for row in each.join(others, on=_PLACE, how="semi").to_dicts()}
    for parts in others["parts"].to_list():
        found += _fewest_that_add_up([rows[part] for part in parts])
    pairs = [(parts[0], other) for parts in found for other in parts[1:]]
    return pl.DataFrame(pairs, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")


_MOST_PARTS = 10
"""Matches at one place among which some are looked for that add up: a thousand tries at most."""


def _fewest_that_add_up(parts: list[dict[str, Any]]) -> list[list[int]]:
    """Sets of matches at one place that add up by themselves, small ones first."""
    found: list[list[int]] = []
    left = list(parts)
    for size in range(2, len(parts) + 1):
        for some in combinations(left, size):
            if all(each in left for each in some) and _add_up(some):
                found.append(sorted(each["match_id"] for each in some))
                left = [each for each in left if each not in some]
    return found


def _add_up(some: Sequence[dict[str, Any]]) -> bool:
    strays = any(not (each["has_ours"] and each["has_theirs"]) for each in some)
    both = any(each["has_ours"] for each in some) and any(each["has_theirs"] for each in some)
    often = {frequency for each in some for frequency in each["frequencies"]}
    sums = (sum(each[name] for each in some) for name in ("off", "worth_off"))
    return strays and both and len(often) <= 1 and not any(sums)
