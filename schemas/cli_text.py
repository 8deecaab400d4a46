"""What the text in a CLI slot may look like, and what it becomes: contract section 3, "CLI text".

Pure polars. The order of the steps matters: spreadsheet damage shows only in the raw text, and a
letter dropped too early would turn a data fault into somebody else's number.
"""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from schemas.vocabulary import CliProfile, CliType

_EXPONENT = r"^[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+$"
_LETTER = r"\p{L}"
_PUNCTUATION = r"[ \u{a0}()\[\].\-]"
_NATIONAL = r"^(?:0[123789][0-9]|05[56])[0-9]{7,8}$"
_BARE_PREFIX = r"^44[0-9]{10}$"
_LOST_ZERO = r"^[1-9][0-9]{9}$"
_UNPRINTABLE = r"[\p{C}\p{Zl}\p{Zp}\p{Zs}--[ ]]"
_MOST_CHARACTERS = 40


class CliReading(NamedTuple):
    """Expressions over one CLI text; each null when there is no text.

    `cleaned` is null unless the verdict is fine.
    """

    cleaned: pl.Expr
    is_malformed: pl.Expr
    is_damaged: pl.Expr


def read_uk_number(text: pl.Expr) -> CliReading:
    """Read trimmed text as a UK number in national form (11, rarely 10, digits from 0)."""
    # most are written as they should be: one look at those, every other only at the rest
    usual = text.str.contains(_NATIONAL)
    odd = pl.when(~usual).then(text)
    exponent = odd.str.contains(_EXPONENT)
    lettered = odd.str.contains(_LETTER)
    bare = odd.str.replace_all(_PUNCTUATION, "")
    unprefixed = bare.str.replace(r"^(?:\+44|0044)0?", "0")
    national = (
        pl.when(unprefixed.str.contains(_BARE_PREFIX))
        .then(pl.lit("0") + unprefixed.str.slice(2))
        .otherwise(unprefixed)
    )
    lost_zero = national.str.contains(_LOST_ZERO)
    damaged = exponent | (~lettered & lost_zero)
    fine = ~exponent & ~lettered & national.str.contains(_NATIONAL)
    return CliReading(
        cleaned=pl.when(usual).then(text).when(fine).then(national),
        is_malformed=~usual & ~damaged & ~fine,
        is_damaged=~usual & damaged,
    )


def read_any(text: pl.Expr) -> CliReading:
    """Read trimmed text as any reference of 1 to 40 printable characters, kept as it is."""
    fine = (text.str.len_chars() <= _MOST_CHARACTERS) & ~text.str.contains(_UNPRINTABLE)
    return CliReading(
        cleaned=pl.when(fine).then(text),
        is_malformed=~fine,
        is_damaged=pl.when(text.is_not_null()).then(pl.lit(value=False)),
    )


def read_cli(text: pl.Expr, profile: pl.Expr) -> CliReading:
    """Read trimmed text by the CliProfile named in `profile`; `none` reads as no text at all."""
    is_uk = profile == CliProfile.UK_NUMBER
    uk, free = read_uk_number(pl.when(is_uk).then(text)), read_any(text)
    is_any = profile == CliProfile.ANY

    def pick(of_uk: pl.Expr, of_any: pl.Expr) -> pl.Expr:
        return pl.when(is_uk).then(of_uk).when(is_any).then(of_any)

    return CliReading(
        cleaned=pick(uk.cleaned, free.cleaned),
        is_malformed=pick(uk.is_malformed, free.is_malformed),
        is_damaged=pick(uk.is_damaged, free.is_damaged),
    )


def cli_profile(
    base_category: pl.Expr, needs_cli: pl.Expr, by_category: dict[str, CliProfile]
) -> pl.Expr:
    """The profile of a product's CLIs: by its base category, else by whether it needs one."""
    own = pl.when(needs_cli.fill_null(value=False)).then(pl.lit(CliProfile.UK_NUMBER.value))
    fallback = own.otherwise(pl.lit(CliProfile.ANY.value))
    if not by_category:
        return fallback
    named = (
        base_category.str.strip_chars()
        .str.to_lowercase()
        .replace_strict(
            {name.strip().lower(): profile.value for name, profile in by_category.items()},
            default=None,
            return_dtype=pl.String,
        )
    )
    return pl.coalesce(named, fallback)


def cli_type(cleaned: pl.Expr, profile: pl.Expr) -> pl.Expr:
    """The kind of CLI Affinity is told: by the national prefix of a UK number, else other."""
    starts = cleaned.str.slice(0, 2)
    return (
        pl.when(profile != CliProfile.UK_NUMBER)
        .then(pl.lit(CliType.OTHER.value))
        .when(starts.is_in(["01", "02"]))
        .then(pl.lit(CliType.GEOGRAPHIC.value))
        .when(cleaned.str.slice(0, 3).is_in(["070", "076"]))
        .then(pl.lit(CliType.OTHER.value))
        .when(starts == "07")
        .then(pl.lit(CliType.MOBILE.value))
        .otherwise(pl.lit(CliType.NON_GEOGRAPHIC.value))
    )


def clean_numbers(
    numbers: pl.DataFrame, by_category: Mapping[str, CliProfile], *, expands: bool = False
) -> pl.DataFrame:
    """`numbers` with `cli` and `range_end` cleaned, and `cli_type`; what does not clean is dropped.

    Args:
        numbers: `cli`, `range_end` as The Layer writes them, `base_category` and `needs_cli` of the
            asset's product, and any other columns, which are kept.
        by_category: the profile's CLI profiles.
        expands: each number of a range is a row of its own.
    """
    profile = cli_profile(pl.col("base_category"), pl.col("needs_cli"), dict(by_category))
    read = (
        numbers.with_columns(profile.alias("profile"))
        .with_columns(
            read_cli(pl.col("cli"), pl.col("profile")).cleaned.alias("cli"),
            read_cli(pl.col("range_end"), pl.col("profile")).cleaned.alias("range_end"),
        )
        .drop_nulls("cli")
        .with_columns(cli_type(pl.col("cli"), pl.col("profile")).alias("cli_type"))
        .drop("profile", "base_category", "needs_cli")
    )
    return each_number(read) if expands else read


def each_number(numbers: pl.DataFrame) -> pl.DataFrame:
    """`numbers` (cleaned `cli`, `range_end`), one row per number of a range, leading zeros kept.

    A range of what is no number, and a row without a range, stays as it is. Order is kept.
    """
    is_range = (
        pl.col("cli").str.contains(r"^[0-9]+$") & pl.col("range_end").str.contains(r"^[0-9]+$")
    ).fill_null(value=False)
    first, last = (
        pl.when(is_range).then(pl.col(name)).otherwise(pl.lit("0")).cast(pl.Int64)
        for name in ("cli", "range_end")
    )
    digits = pl.col("number").cast(pl.String).str.zfill(pl.col("cli").str.len_chars())
    return (
        numbers.with_columns(
            is_range.alias("is_range"), pl.int_ranges(first, last + 1).alias("number")
        )
        .explode("number")
        .with_columns(
            pl.when("is_range").then(digits).otherwise("cli").alias("cli"),
            pl.when(~pl.col("is_range")).then(pl.col("range_end")).alias("range_end"),
        )
        .drop("is_range", "number")
    )


def lives_in_affinity(snapshot: pl.DataFrame) -> pl.DataFrame:
    """Affinity's CLIs as we write them: `site_ref`, `cli`, `lives_until` (null = open).

    Args:
        snapshot: `site_ref`, `cli` as Affinity writes it, `end_on`. What is no UK number is kept
            as it is. Source: contract, ruling 8.
    """
    return snapshot.select(
        "site_ref",
        pl.coalesce(read_uk_number(pl.col("cli")).cleaned, pl.col("cli")).alias("cli"),
        pl.col("end_on").alias("lives_until"),
    )


def lives_at_the_start() -> pl.Expr:
    """What lives until `lives_until` (null = open) is there on a row's `start_on`, or later."""
    return pl.col("lives_until").is_null() | (pl.col("lives_until") >= pl.col("start_on"))


def already_there(rows: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """Those of `rows` (`site_ref`, `cli`, `start_on`) that one of `lives` is there for."""
    where = ["site_ref", "cli"]
    there = (
        rows.select(*where, "start_on")
        .join(lives.select(*where, "lives_until"), on=where)
        .filter(lives_at_the_start())
    )
    return rows.join(there, on=where, how="semi")
