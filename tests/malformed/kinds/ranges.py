"""Additional numbers: starts that do not clean, wrong ends, and too many."""

from tests.malformed.expectation import Case, Goes, Make, accepted, rejects
from tests.malformed.world import World

FEED = "asset_numbers"
Row = dict[str, str]


def _numbers(*rows: Row, asset: Row | None = None, product: Row | None = None) -> Make:
    """These numbers on A1, or on a second asset A2 of a second product when one is given."""

    def make(world: World) -> None:
        if product is not None:
            world.add("products", **product)
        if asset is not None or product is not None:
            chosen = {"product_id": "P2"} if product is not None else {}
            world.add("assets", **(chosen | (asset or {})))
        for row in rows:
            world.add(FEED, **row)

    return make


def _bad(column: str | None, *rows: int, read: int, raw: str | None = None) -> Goes:
    return rejects(
        *((FEED, row, None, column, "bad_range", raw) for row in rows),
        **{FEED: (read, read - len(rows), len(rows))},
    )


STARTS_ACCEPTED = (
    *("02079461000", "020 7946 1000", "(020) 7946-1000", "+44 20 7946 1000", "+44(0)2079461000"),
    *("0044 20 7946 1000", "442079461000", "020.7946.1000", "\u00a002079461000", "0800111111"),
    *("07700900123", "03069990000", "05600000000", "020\u00a07946\u00a01000"),
)

STARTS_WRONG = {
    "2079461000": "a lost leading zero",
    "4.42079E+11": "exponent form",
    "020794610001": "twelve digits",
    "020794610": "nine digits",
    "04079461000": "no prefix of the plan",
    "05000000000": "no prefix of the plan",
    "00000000000": "zeros",
    "DDI 1": "letters",
    "02079461000x5": "an extension",
    "02079461000-99": "a range in one cell",
    "02079461000/1": "a stroke",
    "+33 1 23 45 67 89": "a French number",
    "-": "a hyphen alone",
    "\u0660\u0662\u0660\u0667\u0669\u0664\u0666\u0661\u0660\u0660\u0660": "Arabic-Indic digits",
}

ENDS_ACCEPTED = {
    "one after the start": ("02079461000", "02079461001"),
    "500 after the start, 501 numbers": ("02079461000", "02079461500"),
    "written otherwise than the start": ("02079461000", "+44 20 7946 1099"),
    "past a start with a zero to keep": ("02079460099", "02079460101"),
    "of ten digits like its start": ("0800111111", "0800111119"),
}

ENDS_WRONG = {
    "equal to the start": ("02079461000", "02079461000"),
    "equal to the start once cleaned": ("02079461000", "+44 20 7946 1000"),
    "below the start": ("02079461000", "02079460999"),
    "one digit shorter": ("02079461000", "0207946101"),
    "a suffix only": ("02079461000", "99"),
    "a count": ("02079461000", "100"),
    "without its leading zero": ("02079461000", "2079461099"),
    "in letters": ("02079461000", "END"),
    "in exponent form": ("02079461000", "4.42E+11"),
    "one digit longer": ("0800111111", "08001111119"),
    "with an extension": ("02079461000", "02079461099 x2"),
}

ANY_PRODUCT = {"needs_cli": "false"}


def a_bad_end_and_a_bad_date(world: World) -> None:
    world.add(FEED, cli="02079461001", range_end="02079461001", start_on="soon")


def a_range_of_a_rejected_asset(world: World) -> None:
    world.add("assets", is_live="soon")
    world.add(FEED, asset_id="A2", range_end="02079460000")


def two_assets_of_400_numbers(world: World) -> None:
    world.add("assets")
    world.add(FEED, cli="02079461000", range_end="02079461399")
    world.add(FEED, asset_id="A2", cli="02079462000", range_end="02079462399")


def too_many_on_one_of_two_assets(world: World) -> None:
    world.add("assets")
    world.add(FEED, cli="02079461000", range_end="02079461399")
    world.add(FEED, asset_id="A2", cli="02079462000", range_end="02079462001")
    world.add(FEED, cli="02079463000", range_end="02079463101")


def five_hundred_and_two_single_numbers(world: World) -> None:
    for number in range(502):
        world.add(FEED, cli=f"02079461{number:03}")


def five_hundred_and_one_single_numbers(world: World) -> None:
    for number in range(501):
        world.add(FEED, cli=f"02079461{number:03}")


def _one(cli: str, end: str = "", **further: str) -> Make:
    return lambda world: world.add(FEED, cli=cli, range_end=end, **further)


CASES = [
    *(
        Case(f"a number may be written {start!a}", _one(start), accepted(asset_numbers=(1, 1, 0)))
        for start in STARTS_ACCEPTED
    ),
    *(
        Case(
            f"a number must not be {start!a}: {what}",
            _one(start),
            _bad("cli", 1, read=1, raw=start),
        )
        for start, what in STARTS_WRONG.items()
    ),
    Case(
        "what is wrong with a number shows with its white space",
        _one(" 2079461000\u00a0"),
        _bad("cli", 1, read=1, raw=" 2079461000\u00a0"),
    ),
    Case(
        "what is wrong with an end shows with its white space",
        _one("02079461000", "\u00a002079460000 "),
        _bad("range_end", 1, read=1, raw="\u00a002079460000 "),
    ),
    *(
        Case(f"a range's end may be {what}", _one(*ends), accepted(asset_numbers=(1, 1, 0)))
        for what, ends in ENDS_ACCEPTED.items()
    ),
    *(
        Case(
            f"a range's end must not be {what}",
            _one(*ends),
            _bad("range_end", 1, read=1, raw=ends[1]),
        )
        for what, ends in ENDS_WRONG.items()
    ),
    Case(
        "a range of 502 numbers is too long",
        _one("02079461000", "02079461501"),
        _bad(None, 1, read=1),
        assumes="the column of a range that is too long is not said and not checked",
    ),
    Case(
        "a range of all numbers there are is too long and computed with ease",
        _one("01000000000", "09999999999"),
        _bad(None, 1, read=1),
        assumes="the column of a range that is too long is not said and not checked",
    ),
    Case(
        "400 and 101 numbers of one asset are just few enough",
        _numbers(
            {"cli": "02079461000", "range_end": "02079461399"},
            {"cli": "02079462000", "range_end": "02079462100"},
        ),
        accepted(asset_numbers=(2, 2, 0)),
    ),
    Case(
        "400 and 102 numbers of one asset are too many and both rows go",
        _numbers(
            {"cli": "02079461000", "range_end": "02079461399"},
            {"cli": "02079462000", "range_end": "02079462101"},
        ),
        _bad(None, 1, 2, read=2),
        assumes="the column of rows that sum above 501 is not said and not checked",
    ),
    Case(
        "501 single numbers of one asset are just few enough",
        five_hundred_and_one_single_numbers,
        accepted(asset_numbers=(501, 501, 0)),
    ),
    Case(
        "502 single numbers of one asset are too many and all rows go",
        five_hundred_and_two_single_numbers,
        _bad(None, *range(1, 503), read=502),
        assumes="the column of rows that sum above 501 is not said and not checked",
    ),
    Case(
        "501 numbers and one more are too many",
        _numbers({"cli": "02079461000", "range_end": "02079461500"}, {"cli": "02079462000"}),
        _bad(None, 1, 2, read=2),
        assumes="the column of rows that sum above 501 is not said and not checked",
    ),
    Case(
        "numbers are summed per asset",
        two_assets_of_400_numbers,
        accepted(asset_numbers=(2, 2, 0)),
    ),
    Case(
        "too many numbers on one asset leave the other's alone",
        too_many_on_one_of_two_assets,
        _bad(None, 1, 3, read=3),
        assumes="the column of rows that sum above 501 is not said and not checked",
    ),
    Case(
        "a range's fault and a date's stand side by side",
        a_bad_end_and_a_bad_date,
        rejects(
            (FEED, 1, None, "range_end", "bad_range", "02079461001"),
            (FEED, 1, None, "start_on", "bad_date", "soon"),
            asset_numbers=(1, 0, 1),
        ),
    ),
    Case(
        "numbers of a rejected asset are orphans and not judged as ranges",
        a_range_of_a_rejected_asset,
        rejects(
            ("assets", 2, "A2", "is_live", "bad_boolean", "soon"),
            (FEED, 1, None, "asset_id", "unknown_reference", "A2"),
        ),
        assumes="without its asset a number has no profile to be cleaned by",
    ),
    Case(
        "a start that does not clean is told of its start only",
        _one("DDI 1", "02079461099"),
        _bad("cli", 1, read=1, raw="DDI 1"),
        assumes="an end is compared only with a start that is a number",
    ),
    Case(
        "on a product that needs no CLI a number may be any printable text",
        _numbers({"asset_id": "A2", "cli": "CIRCUIT/77"}, product=ANY_PRODUCT),
        accepted(asset_numbers=(1, 1, 0)),
    ),
    Case(
        "on a product that needs no CLI digits may make a range",
        _numbers({"asset_id": "A2", "cli": "00100", "range_end": "00199"}, product=ANY_PRODUCT),
        accepted(asset_numbers=(1, 1, 0)),
    ),
    Case(
        "on a product that needs no CLI a text of 40 characters is fine",
        _numbers({"asset_id": "A2", "cli": "x" * 40}, product=ANY_PRODUCT),
        accepted(asset_numbers=(1, 1, 0)),
    ),
    Case(
        "on a product that needs no CLI a text of 41 characters is too long",
        _numbers({"asset_id": "A2", "cli": "x" * 41}, product=ANY_PRODUCT),
        _bad("cli", 1, read=1, raw="x" * 41),
    ),
    Case(
        "on a product that needs no CLI a tab is not printable",
        _numbers({"asset_id": "A2", "cli": "CIRCUIT\t77"}, product=ANY_PRODUCT),
        _bad("cli", 1, read=1, raw="CIRCUIT\t77"),
    ),
    Case(
        "on a product that needs no CLI a zero-width space is not printable",
        _numbers({"asset_id": "A2", "cli": "CIRCUIT\u200b77"}, product=ANY_PRODUCT),
        _bad("cli", 1, read=1, raw="CIRCUIT\u200b77"),
    ),
    Case(
        "a text that is no number starts no range",
        _numbers(
            {"asset_id": "A2", "cli": "CIRCUIT-77", "range_end": "CIRCUIT-99"},
            product=ANY_PRODUCT,
        ),
        _bad("range_end", 1, read=1, raw="CIRCUIT-99"),
        assumes="the start cleans by `any`, so it is the end that is wrong",
    ),
]
