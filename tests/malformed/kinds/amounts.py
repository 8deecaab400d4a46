"""Money, quantities and other whole numbers."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.one_cell import fine, shown, spoilt
from tests.malformed.world import World

LINES = "order_lines"

MONEY_ACCEPTED = (
    *("0", "12", "12.5", "12.50", "12.3456", "0.0001", "£12.50", " 12.50 ", "\u00a0£5\u00a0"),
    *("1,000", "1,000.00", "£1,234,567.8901", "12,345", "1000000", "-0", "-0.00", "-£0", "£-0.0"),
    *("99999999999999", "99999999999999.9999", "99,999,999,999,999.9999"),
)

MONEY_WRONG = {
    "1e3": "exponent form",
    "1E3": "capital exponent form",
    "1.5e-2": "a negative exponent",
    "5.": "nothing after the point",
    ".5": "nothing before the point",
    ".": "a point alone",
    "+5": "a plus sign",
    "5-": "a sign behind",
    "--5": "two signs",
    "-£-5": "a sign on both sides of the pound",
    "-": "a sign alone",
    "£": "a pound alone",
    "££5": "two pounds",
    "5£": "the pound behind",
    "(5.00)": "an accountant's negative",
    "1,00.00": "a comma in the wrong place",
    "1000,000": "a comma after four digits",
    "10,00": "a comma before two digits",
    "1,0000": "a comma before four digits",
    ",100": "a leading comma",
    "1,000,": "a trailing comma",
    "1,,000": "two commas",
    "1.000,00": "continental style",
    "5,50": "a decimal comma",
    "1 000": "a space for thousands",
    "1\u00a0000": "a no-break space for thousands",
    "1'000": "a Swiss thousands mark",
    "1_000": "an underscore",
    "- 5": "a space after the sign",
    "£ 5": "a space after the pound",
    "12.34567": "five decimals",
    "12.50000": "five decimals although they are zeros",
    "0.00001": "five decimals and almost nothing",
    "1.2,345": "a comma among the decimals",
    "5.0.0": "two points",
    "100000000000000": "15 integer digits",
    "-100000000000000.0": "15 integer digits and a sign",
    "999,999,999,999,999": "15 integer digits with commas",
    "9" * 40: "40 digits",
    "NaN": "not a number",
    "nan": "not a number in lower case",
    "Infinity": "infinity",
    "-inf": "minus infinity",
    "0x10": "hexadecimal",
    "1/2": "a fraction",
    "½": "a fraction in one character",
    "50%": "a percentage",
    "$5": "dollars",
    "€5": "euros",
    "GBP 5": "a currency code",
    "5p": "pence",
    "5.00 ex VAT": "text after it",
    "'5.00": "a spreadsheet's apostrophe",
    "=2+3": "a formula",
    "\uff15": "a full-width digit",
    "\uff15.\uff10\uff10": "full-width digits",
    "\u0665": "an Arabic-Indic digit",
    "\u22125": "a typographic minus",
    "12\u00b75": "a middle dot",
    "\uffe15": "a full-width pound",
    "five": "a word",
    "free": "the word free",
    "TBC": "to be confirmed",
    "NULL": "the word NULL",
    "n/a": "the word n/a",
    "true": "a boolean",
    "2026-01-05": "a date",
}

MONEY_NEGATIVE = ("-5", "-5.00", "-£5", "£-5", "-0.0001", "-1,000.00", " -5 ", "-£1,000.0001")

QUANTITY_ACCEPTED = ("1", "2", "1 ", " 7", "01", "007", "\u00a03\u00a0", "100000", "9" * 18)

QUANTITY_WRONG = {
    "0": "nothing",
    "00": "nothing, twice",
    "-1": "a negative",
    "-0": "a negative nothing",
    "+1": "a plus sign",
    "1.0": "a decimal point",
    "1.": "a point behind",
    "0.5": "a half",
    "1.5": "one and a half",
    "1e2": "exponent form",
    "1,000": "a thousands comma",
    "1 0": "a space inside",
    "1_0": "an underscore",
    "0x1": "hexadecimal",
    "£1": "money",
    "one": "a word",
    "2 x": "a multiplication sign",
    "true": "a boolean",
    "NaN": "not a number",
    "NULL": "the word NULL",
    "\uff11": "a full-width digit",
    "\u0661": "an Arabic-Indic digit",
    "\u00b2": "a superscript digit",
    "\u2160": "a Roman numeral in one character",
    "9" * 19: "19 digits",
    "9" * 400: "400 digits",
}

TERM_ACCEPTED = ("0", "12", "-1", "-0", "036", " 24 ", "9" * 18)

TERM_WRONG = {
    "12.0": "a decimal point",
    "+12": "a plus sign",
    "1e1": "exponent form",
    "--1": "two signs",
    "-": "a sign alone",
    "1,000": "a thousands comma",
    "12 months": "a unit",
    "twelve": "a word",
    "1 2": "a space inside",
    "\uff11\uff12": "full-width digits",
    "\u0661\u0662": "Arabic-Indic digits",
    "9" * 19: "19 digits",
    "NaN": "not a number",
}

MONEY_COLUMNS = {
    "products": ("upfront_price", "recurring_price"),
    "order_lines": ("upfront_price", "recurring_price"),
    "assets": ("recurring_price",),
    "affinity_products": ("price",),
    "affinity_site_products": ("unit_price",),
}

QUANTITY_COLUMNS = {
    "order_lines": "quantity",
    "assets": "quantity",
    "affinity_site_products": "quantity",
}


def every_money_column_spoilt(world: World) -> None:
    for feed, columns in MONEY_COLUMNS.items():
        world.add(feed, **dict.fromkeys(columns, "1e3"))


def every_money_column_negative(world: World) -> None:
    for feed, columns in MONEY_COLUMNS.items():
        world.add(feed, **dict.fromkeys(columns, "-0.01"))


def every_quantity_spoilt(world: World) -> None:
    for feed, column in QUANTITY_COLUMNS.items():
        world.add(feed, **{column: "0"})


def optional_quantities_blank(world: World) -> None:
    world.add("assets", quantity="")
    world.add("affinity_site_products", quantity=" ", unit_price="")


def the_largest_line_that_is_legal(world: World) -> None:
    world.change("order_lines", 1, quantity="9" * 18, recurring_price="99999999999999.9999")
    world.add("order_lines", quantity="9" * 18, upfront_price="99999999999999.9999")


def a_term_beyond_the_calendar(world: World) -> None:
    world.change("products", 1, fixed_billing="true")
    world.change("order_lines", 1, term_months="120000")


def a_term_beyond_all_arithmetic(world: World) -> None:
    world.change("products", 1, fixed_billing="true")
    world.change("order_lines", 1, term_months="9" * 18)


def _every(columns_of: dict[str, tuple[str, ...]], reason: str, raw: str) -> list[tuple]:
    return [
        (feed, World().add(feed), None, column, reason, raw)
        for feed, columns in columns_of.items()
        for column in columns
    ]


CASES = [
    *(
        fine(f"a price may be {shown(text)}", LINES, "recurring_price", text)
        for text in MONEY_ACCEPTED
    ),
    *(
        spoilt(
            f"a price must not be {shown(text)}: {what}",
            *(LINES, "recurring_price", text, "bad_number"),
        )
        for text, what in MONEY_WRONG.items()
    ),
    *(
        spoilt(
            f"a price of {shown(text)} is negative",
            *(LINES, "recurring_price", text, "negative_price"),
        )
        for text in MONEY_NEGATIVE
    ),
    spoilt(
        "a negative price with five decimals is no number rather than negative",
        *(LINES, "upfront_price", "-5.00000", "bad_number"),
    ),
    spoilt(
        "a cp1252 pound in a UTF-8 feed is badly encoded rather than no number",
        *(LINES, "upfront_price", b"\xa35.00", "bad_encoding"),
    ),
    spoilt(
        "a price with a NUL is bad text rather than no number",
        *(LINES, "upfront_price", "5\x00", "bad_text"),
    ),
    *(
        fine(f"a quantity may be {shown(text)}", LINES, "quantity", text)
        for text in QUANTITY_ACCEPTED
    ),
    *(
        spoilt(
            f"a quantity must not be {shown(text)[:24]}: {what}",
            *(LINES, "quantity", text, "bad_quantity"),
        )
        for text, what in QUANTITY_WRONG.items()
    ),
    spoilt("a blank quantity is missing", LINES, "quantity", " ", "missing_value"),
    *(fine(f"a term may be {shown(text)}", LINES, "term_months", text) for text in TERM_ACCEPTED),
    *(
        spoilt(
            f"a term must not be {shown(text)}: {what}",
            *(LINES, "term_months", text, "bad_number"),
        )
        for text, what in TERM_WRONG.items()
    ),
    Case(
        "every money column of every feed is judged",
        every_money_column_spoilt,
        rejects(*_every(MONEY_COLUMNS, "bad_number", "1e3")),
    ),
    Case(
        "a negative is refused in every money column of every feed",
        every_money_column_negative,
        rejects(*_every(MONEY_COLUMNS, "negative_price", "-0.01")),
        assumes="`negative_price` holds for every column of type m, Affinity's feeds included",
    ),
    Case(
        "every column called quantity must be at least 1",
        every_quantity_spoilt,
        rejects(
            *(
                (feed, World().add(feed), None, column, "bad_quantity", "0")
                for feed, column in QUANTITY_COLUMNS.items()
            )
        ),
        assumes="`bad_quantity` holds for every column called quantity, not only a line's",
    ),
    Case(
        "quantities and prices that are not required may be blank",
        optional_quantities_blank,
        accepted(assets=(2, 2, 0), affinity_site_products=(1, 1, 0)),
    ),
    Case(
        "the largest legal quantity at the largest legal price is computed",
        the_largest_line_that_is_legal,
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "a fixed term that ends after year 9999 does not crash the run",
        a_term_beyond_the_calendar,
        accepted(order_lines=(1, 1, 0)),
        assumes="a bill end past the calendar is a matter of judging, never a reject or a crash",
    ),
    Case(
        "a fixed term of 18 digits does not crash the run",
        a_term_beyond_all_arithmetic,
        accepted(order_lines=(1, 1, 0)),
        assumes="a bill end past the calendar is a matter of judging, never a reject or a crash",
    ),
]
