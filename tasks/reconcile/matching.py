"""Which records of the two sides are about the same thing. Pure polars.

Keys come first: our row key on Affinity's row, Affinity's id on our asset. What no key joins is
matched by what it says, from the strictest likeness to the loosest; the loosest only where there is
one record on each side, so that two of a kind are never taken for each other. What is to come on
both sides is matched like what bills.

Split and summed lines: records at one place (site, CLI, code) whose quantities and money add up to
those of the other side belong together: all of them, or else the fewest that do. Those that know
each other by their keys stay together. What is left at a place on both sides, and cannot be told
apart, is compared as one.
"""

from typing import NamedTuple

import polars as pl

from tasks.reconcile.subsets import Part, sets_that_add_up

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

_SIBLINGS = (
    _Likeness((*_PLACE, "quantity", "start_on"), ("site_ref", "sku", "start_on")),
    _Likeness((*_PLACE, "quantity"), ("site_ref", "sku")),
    _Likeness((*_PLACE, "start_on"), ("site_ref", "sku", "start_on")),
    _Likeness((*_PLACE, "unit_price"), ("site_ref", "sku")),
    _Likeness(_PLACE, ("site_ref", "sku")),
)
"""At one place, and one on each side: of several, the quantity, start or price tells them apart."""

_COUSINS = (
    _Likeness(("charge_type", "sku", "cli"), ("sku", "cli")),
    _Likeness(("charge_type", "site_ref", "cli"), ("site_ref", "cli")),
    _Likeness(("charge_type", "site_ref", "sku"), ("site_ref", "sku")),
)
"""So little alike that there must be one on each side."""


class _Phase(NamedTuple):
    """Which of ours are matched with which of Affinity's."""

    ours: pl.Expr
    theirs: pl.Expr


_DUE = _Phase(pl.col("bills"), pl.col("bills"))
_TO_COME = _Phase(pl.col("comes"), pl.col("comes"))
_NOT_DUE = _Phase(~pl.col("bills"), pl.col("bills"))

_PHASES = (_DUE, _TO_COME, _NOT_DUE)
"""What is to be billed before what is not, and is billed all the same."""


class Matched(NamedTuple):
    """The sides with `match_id`: records with the same one are about the same thing."""

    layer: pl.DataFrame
    affinity: pl.DataFrame


def match(layer: pl.DataFrame, affinity: pl.DataFrame, edges: pl.DataFrame) -> Matched:
    """Give every record of both sides the id of its match.

    Args:
        layer: LAYER_SIDE with `bills` (it is to be billed on the day), `comes` (it is to be billed
            later) and `may_match`.
        affinity: AFFINITY_SIDE with `bills` and `comes`.
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
            layer.select("bills", "comes", "may_match", "frequency", *shared, is_layer=True),
            affinity.select(
                "bills",
                "comes",
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
        for phase in _PHASES:
            records = _merged(records, _alike(records, likeness, phase))
    for phase in (_DUE, _TO_COME):
        records = _merged(records, _in_sum(records, phase.ours))
    for phase in _PHASES:
        for likeness in _SIBLINGS:
            records = _merged(records, _alike(records, likeness, phase, most=1))
        if phase is not _NOT_DUE:
            records = _merged(records, _left_at_one_place(records, phase.ours))
        for likeness in _COUSINS:
            records = _merged(records, _alike(records, likeness, phase, most=1))
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
    records: pl.DataFrame,
    likeness: _Likeness,
    phase: _Phase,
    *,
    most: int | None = None,
) -> pl.DataFrame:
    """Pairs of unmatched records of a phase that are alike; `most`: how many of a side may be."""
    alone = _one_sided(records).filter("may_match").drop_nulls(likeness.named)
    ours = alone.filter("is_layer", phase.ours)
    theirs = alone.filter(~pl.col("is_layer"), phase.theirs)
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


def _left_at_one_place(records: pl.DataFrame, due: pl.Expr) -> pl.DataFrame:
    """Pairs of all unmatched records at a place that has some on both sides.

    Money of two frequencies is not summed, so such a place is left as it is.
    """
    left = _one_sided(records).filter("may_match", due).drop_nulls(["site_ref", "sku"])
    return _as_pairs(
        left.group_by(_PLACE)
        .agg(
            pl.col("match_id").unique().sort().alias("parts"),
            pl.col("is_layer").n_unique().alias("sides"),
            pl.col("frequency").drop_nulls().n_unique().alias("frequencies"),
        )
        .filter(pl.col("sides") == 2, pl.col("frequencies") <= 1)["parts"]  # noqa: PLR2004
        .to_list()
    )


def _as_pairs(found: list[list[int]]) -> pl.DataFrame:
    pairs = [(parts[0], other) for parts in found for other in parts[1:]]
    return pl.DataFrame(pairs, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")


def _in_sum(records: pl.DataFrame, due: pl.Expr) -> pl.DataFrame:
    """Matches at one place that do not add up by themselves, and do so together: pairs of them."""
    return _pairs_in_sum(_off(records, due))


def _off(records: pl.DataFrame, due: pl.Expr) -> pl.DataFrame:
    """Matches that do not add up, and how far off they are.

    Only what is due counts, and only matches that lie at one place whole.
    """
    worth = pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price")

    def signed(value: pl.Expr) -> pl.Expr:
        return pl.when("is_layer").then(value).otherwise(-value)

    # what is matched with something that does not bill is another matter
    idle = (
        records.group_by("match_id", "is_layer").agg(due.any().alias("due")).filter(~pl.col("due"))
    )
    billing = (
        records.filter(due, "may_match")
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
            pl.struct(Part._fields).sort_by("match_id").alias("parts"),
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
        .sort(_PLACE)
    )
    adding_up = whole.filter("adds_up")
    # of two that do not add up together none does alone
    others = whole.filter(~pl.col("adds_up"), pl.col("parts").list.len() > 2)  # noqa: PLR2004
    found = [[part["match_id"] for part in parts] for parts in adding_up["parts"].to_list()]
    for parts in others["parts"].to_list():
        found += sets_that_add_up([Part(**part) for part in parts])
    return _as_pairs(found)
