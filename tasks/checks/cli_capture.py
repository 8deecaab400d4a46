"""Where a line's CLI was first captured, and whether quotation, order and asset still agree.

Pure polars. Source: domain notes section 4, row 8.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import polars as pl

from schemas.cli_text import cli_profile, read_cli
from schemas.vocabulary import CliDrift, CliProfile, Stage

CLI_CAPTURE = pl.Schema(
    {
        "line_id": pl.String(),
        "customer_id": pl.String(),
        "product_id": pl.String(),
        "quotation_cli": pl.String(),
        "order_cli": pl.String(),
        "asset_cli": pl.String(),
        "cli_source_stage": pl.String(),
        "drift": pl.String(),
        "drift_between": pl.String(),
    }
)
"""One row per line with a CLI at any stage.

`<stage>_cli` is the cleaned CLI, the text as it stands where it does not clean, null where nothing
stands; `cli_source_stage` is the first stage with a CLI that can be read, null when none can;
`drift_between` names the first two stages that show `drift`, null when it is `none`.
"""


class _Pair(NamedTuple):
    name: str
    is_missing: pl.Expr
    differs: pl.Expr


def captures(lines: pl.DataFrame, cli_profiles: Mapping[str, CliProfile]) -> pl.DataFrame:
    """Compare the CLIs of each line as its product's profile cleans them.

    Only stages there are count: a line that was never quoted misses nothing at its quotation.

    Args:
        lines: `line_id`, `customer_id`, `product_id`, `base_category`, `needs_cli`,
            `has_quotation`, `has_asset`, and `<stage>_text` of each stage.
        cli_profiles: the profile's say on CLIs by base category.

    Returns:
        CLI_CAPTURE, in the order of the lines, without those that have no CLI at any stage.
    """
    profile = cli_profile(pl.col("base_category"), pl.col("needs_cli"), dict(cli_profiles))
    read = (
        lines.with_columns(profile.alias("cli_profile"))
        .filter(pl.col("cli_profile") != CliProfile.NONE)
        .with_columns(
            read_cli(pl.col(f"{stage}_text"), pl.col("cli_profile")).cleaned.alias(
                f"{stage}_cleaned"
            )
            for stage in Stage
        )
    )
    source = pl.coalesce(
        pl.when(pl.col(f"{stage}_cleaned").is_not_null()).then(pl.lit(stage.value))
        for stage in Stage
    )
    read = read.with_columns(
        source.alias("cli_source_stage"),
        *(
            pl.coalesce(f"{stage}_cleaned", f"{stage}_text").alias(f"{stage}_cli")
            for stage in Stage
        ),
    )
    pairs = [_pair(one, other) for one, other in combinations(Stage, 2)]
    kinds = {
        CliDrift.DIFFERS: [(pair.name, pair.differs) for pair in pairs],
        CliDrift.MISSING: [(pair.name, pair.is_missing) for pair in pairs],
    }
    drift, between = pl.lit(CliDrift.NONE.value), pl.lit(None, dtype=pl.String)
    for kind in (CliDrift.MISSING, CliDrift.DIFFERS):
        shows = pl.any_horizontal(*(shown for _, shown in kinds[kind]))
        first = pl.coalesce(*(pl.when(shown).then(pl.lit(name)) for name, shown in kinds[kind]))
        drift = pl.when(shows).then(pl.lit(kind.value)).otherwise(drift)
        between = pl.when(shows).then(first).otherwise(between)
    read = read.filter(pl.any_horizontal(pl.col(f"{stage}_cli").is_not_null() for stage in Stage))
    return read.with_columns(drift.alias("drift"), between.alias("drift_between")).select(
        pl.col(name).cast(dtype) for name, dtype in CLI_CAPTURE.items()
    )


def _pair(one: Stage, other: Stage) -> _Pair:
    left, right = pl.col(f"{one}_cli"), pl.col(f"{other}_cli")
    both = _is_there(one) & _is_there(other)
    return _Pair(
        name=f"{one} and {other}",
        is_missing=both & (left.is_null() != right.is_null()),
        differs=(both & (left != right)).fill_null(value=False),
    )


def _is_there(stage: Stage) -> pl.Expr:
    """Whether there is such a record; of an order line there always is."""
    return pl.lit(value=True) if stage is Stage.ORDER else pl.col(f"has_{stage}")
