"""The grid of a CSV file: ragged rows, quotes, line ends, empty lines and row numbers."""

from tests.malformed.expectation import Case, Goes, Make, accepted, rejects
from tests.malformed.world import Verbatim, World

RAGGED = "ragged_row"


def _ragged(row: int, read: int, *, feed: str = "contacts") -> Goes:
    """One ragged record; the others of the feed are fine."""
    return rejects((feed, row, "", "", RAGGED), **{feed: (read, read - 1, 1)})


def _line_between(line: str | bytes) -> Make:
    def make(world: World) -> None:
        world.add("contacts")
        world.add_line("contacts", line)
        world.add("contacts")

    return make


def _last_name(text: str) -> Make:
    def make(world: World) -> None:
        world.add("contacts")
        world.add("contacts", last_name=Verbatim(text))
        world.add("contacts")

    return make


RAGGED_LINES: dict[str, str | bytes] = {
    "one cell short": "K2,C1,S1,,Okafor,,,",
    "cut after the name": "K2,C1,S1,,Okafor",
    "of one cell": "K2",
    "one cell long": "K2,C1,S1,,Okafor,,,,,",
    "long by a value": "K2,C1,S1,,Okafor,,,,,surplus",
    "long by an unquoted comma": "K2,C1,S1,,Okafor,Sales, North,,,",
    "of a space": " ",
    "of a no-break space": "\u00a0",
    "of a tab": "\t",
    "of one quoted blank": '""',
    "of one comma": ",",
    "that is a trailer": "TOTAL,3",
    "that is a comment": "# end of export",
    "that is a DOS end of file": "\x1a",
    "that is a NUL": "\x00",
    "with semicolons": "K2;C1;S1;;Okafor;;;;",
    "with tabs": "K2\tC1\tS1\t\tOkafor\t\t\t\t",
    "that is short and badly encoded": b"K2,C1,Caf\xe9",
    "that is long and has a NUL": b"K2,C1,S1,,Oka\x00for,,,,,,",
    "that is a statement of a diff": "<<<<<<< HEAD",
}

BROKEN_QUOTES = {
    "a letter after the closing quote": '"Okafor"x',
    "a word after the closing quote": '"Okafor" Ltd',
    "a quote closed and opened again": '"Oka" "for"',
    "quotes escaped by backslashes": '"Oka \\"The\\" for"',
    "a space after the closing quote": '"Okafor" ',
}

LITERAL_QUOTES = {
    "an inch mark": '5" Okafor',
    "a quote at its end": 'Okafor"',
    "a pair of quotes inside": 'Ann "Annie" Okafor',
    "a space before the opening quote": ' "Okafor"',
    "apostrophes around it": "'Okafor'",
    "a lone apostrophe": "O'Kafor",
    "a backslash": "Oka\\for",
    "two quotes inside": 'Oka""for',
}


def a_quote_never_closed_in_the_middle(world: World) -> None:
    world.add("contacts")
    world.add("contacts", last_name=Verbatim('"Okafor'))
    world.add("contacts")
    world.add("contacts")


def a_quote_never_closed_in_the_last_record(world: World) -> None:
    world.add("contacts")
    world.add("contacts", last_name=Verbatim('"Okafor'))


def a_quote_never_closed_in_the_last_cell(world: World) -> None:
    world.add("contacts")
    world.add("contacts", modified_at=Verbatim('"2026'))


def a_quote_never_closed_before_other_bad_records(world: World) -> None:
    world.add("contacts", last_name="")
    world.add("contacts", last_name=Verbatim('"Okafor'))
    world.add("contacts", last_name="", customer_id="C9")
    world.add("contacts", contact_id="K1")


def a_quote_never_closed_in_a_required_feed(world: World) -> None:
    world.add("customers", name=Verbatim('"Okafor'))
    world.add("customers")


def empty_lines_everywhere(world: World) -> None:
    world.add_line("contacts", "")
    world.add("contacts", contact_id="K1")
    world.add_line("contacts", "")
    world.add_line("contacts", "")
    world.add("contacts", contact_id="K2", customer_id="C9")
    world.add_line("contacts", "")


def empty_crlf_lines(world: World) -> None:
    empty_lines_everywhere(world)
    world.feed("contacts").line_end = "\r\n"


def empty_lines_before_the_header(world: World) -> None:
    world.add("contacts", last_name="")
    world.alter("contacts", lambda content: b"\n\r\n" + content)


def quoted_line_breaks_before_a_bad_record(world: World) -> None:
    world.add("contacts", first_name="Ann\nMarie", role="a\n\nb\n\n\nc")
    world.add("contacts", first_name="Ann\r\nMarie")
    world.add("contacts", last_name="")


def quoted_line_breaks_in_a_crlf_file(world: World) -> None:
    quoted_line_breaks_before_a_bad_record(world)
    world.feed("contacts").line_end = "\r\n"


def line_breaks_that_are_none(world: World) -> None:
    world.add("contacts", first_name="Ann\u2028Marie")
    world.add("contacts", first_name="Ann\u2029Marie")
    world.add("contacts", first_name=Verbatim("Ann\rMarie"))
    world.add("contacts", last_name="")


def forbidden_line_breaks_that_are_none(world: World) -> None:
    world.add("contacts", first_name="Ann\x85Marie")
    world.add("contacts", first_name="Ann\x0bMarie")
    world.add("contacts", first_name="Ann\x0cMarie")
    world.add("contacts", first_name="Ann\x1eMarie")
    world.add("contacts", last_name="")


def mixed_line_ends(world: World) -> None:
    world.feed("contacts").line_end = "\r\n"
    for _ in range(3):
        world.add("contacts")
    world.add("contacts", last_name="")
    world.alter("contacts", lambda content: content.replace(b"\r\n", b"\n", 2))


def a_ragged_row_and_a_bad_one(world: World) -> None:
    world.add_line("contacts", "")
    world.add("contacts", contact_id="K1", role="a\nb")
    world.add_line("contacts", "K9,C1")
    world.add("contacts", contact_id="K3", last_name="")
    world.add_line("contacts", "K9,C1,S1,,,,,,,,,")


def every_row_ragged(world: World) -> None:
    for _ in range(3):
        world.add_line("contacts", "K1,C1")


def a_cut_last_row(world: World) -> None:
    world.add("contacts")
    world.add("contacts")
    world.alter("contacts", lambda content: content[: -len("Okafor,,,,\n")])


def a_cut_last_row_inside_quotes(world: World) -> None:
    world.add("contacts")
    world.add("contacts", last_name="Okafor, Ann")
    world.alter("contacts", lambda content: content[: -len('Ann",,,,\n')])


def no_line_end_at_the_end(world: World) -> None:
    world.add("contacts")
    world.add("contacts", modified_at="2026-01-01")
    world.alter("contacts", lambda content: content.removesuffix(b"\n"))


def a_lone_carriage_return_at_the_end(world: World) -> None:
    world.add("contacts", modified_at="2026-01-01")
    world.alter("contacts", lambda content: content.removesuffix(b"\n") + b"\r")


def a_repeated_header(world: World) -> None:
    world.add_line("customers", ",".join(world.feed("customers").columns))
    world.add("customers")


def every_cell_quoted(world: World) -> None:
    for name in ("customers", "order_lines", "assets"):
        world.feed(name).quote_all = True


def a_single_column_feed(world: World) -> None:
    world.add("billing_platforms")
    world.add_line("billing_platforms", "")
    world.add_line("billing_platforms", " ")
    world.add_line("billing_platforms", '""')
    world.add_line("billing_platforms", "Gamma, Inc")
    world.add_line("billing_platforms", '"Gamma, Inc"')


def crlf_everywhere(world: World) -> None:
    for name in ("customers", "sites", "products", "orders", "order_lines", "assets"):
        world.feed(name).line_end = "\r\n"


def a_thousand_unknown_columns(world: World) -> None:
    for number in range(1_000):
        world.add_column("customers", f"custom {number}")
    world.add("customers", **{"custom 999": "x"})


CASES = [
    *(
        Case(f"a line {what} is ragged, and only it", _line_between(line), _ragged(2, 3))
        for what, line in RAGGED_LINES.items()
    ),
    *(
        Case(f"{what} makes the row ragged, and only it", _last_name(text), _ragged(2, 3))
        for what, text in BROKEN_QUOTES.items()
    ),
    Case(
        "a third quote after text behind a closing quote opens nothing, so only its row is ragged",
        _last_name('"Oka"for"'),
        _ragged(2, 3),
        assumes="behind a closing quote further quotes are text up to the line's end",
    ),
    *(
        Case(
            f"{what} is literal in an unquoted cell", _last_name(text), accepted(contacts=(3, 3, 0))
        )
        for what, text in LITERAL_QUOTES.items()
    ),
    Case(
        "a stray quote in an unquoted cell does not protect a comma",
        _last_name('Okafor "Ann, Dr"'),
        _ragged(2, 3),
    ),
    Case(
        "a quote never closed makes all the rest one ragged record",
        a_quote_never_closed_in_the_middle,
        _ragged(2, 2),
    ),
    Case(
        "a quote never closed in the last record makes that record ragged",
        a_quote_never_closed_in_the_last_record,
        _ragged(2, 2),
    ),
    Case(
        "a quote never closed in the last cell makes that record ragged",
        a_quote_never_closed_in_the_last_cell,
        _ragged(2, 2),
    ),
    Case(
        "nothing inside the rest after a quote never closed is judged",
        a_quote_never_closed_before_other_bad_records,
        rejects(
            ("contacts", 1, "K1", "last_name", "missing_value", ""),
            ("contacts", 2, "", "", RAGGED),
            contacts=(2, 0, 2),
        ),
    ),
    Case(
        "a quote never closed in a required feed leaves the records before it",
        a_quote_never_closed_in_a_required_feed,
        _ragged(3, 3, feed="customers"),
    ),
    Case(
        "empty lines are no records and take no row number",
        empty_lines_everywhere,
        rejects(
            ("contacts", 2, "K2", "customer_id", "unknown_reference", "C9"),
            contacts=(2, 1, 1),
        ),
    ),
    Case(
        "empty lines of a CRLF file are no records and take no row number",
        empty_crlf_lines,
        rejects(
            ("contacts", 2, "K2", "customer_id", "unknown_reference", "C9"),
            contacts=(2, 1, 1),
        ),
    ),
    Case(
        "empty lines before the header are skipped",
        empty_lines_before_the_header,
        rejects(("contacts", 1, "K1", "last_name", "missing_value"), contacts=(1, 0, 1)),
        assumes="an empty line is no record, so the header is the first line that is not empty",
    ),
    Case(
        "quoted line breaks take no row number",
        quoted_line_breaks_before_a_bad_record,
        rejects(("contacts", 3, "K3", "last_name", "missing_value"), contacts=(3, 2, 1)),
    ),
    Case(
        "quoted line breaks take no row number in a CRLF file",
        quoted_line_breaks_in_a_crlf_file,
        rejects(("contacts", 3, "K3", "last_name", "missing_value"), contacts=(3, 2, 1)),
    ),
    Case(
        "line and paragraph separators and lone carriage returns end no record",
        line_breaks_that_are_none,
        rejects(("contacts", 4, "K4", "last_name", "missing_value"), contacts=(4, 3, 1)),
    ),
    Case(
        "control characters that some readers take for line ends end no record",
        forbidden_line_breaks_that_are_none,
        rejects(
            *(("contacts", row, f"K{row}", "first_name", "bad_text") for row in range(1, 5)),
            ("contacts", 5, "K5", "last_name", "missing_value"),
            contacts=(5, 0, 5),
        ),
    ),
    Case(
        "LF and CRLF may be mixed in one file",
        mixed_line_ends,
        rejects(("contacts", 4, "K4", "last_name", "missing_value"), contacts=(4, 3, 1)),
    ),
    Case(
        "ragged rows take row numbers, empty lines do not",
        a_ragged_row_and_a_bad_one,
        rejects(
            ("contacts", 2, "", "", RAGGED),
            ("contacts", 3, "K3", "last_name", "missing_value"),
            ("contacts", 4, "", "", RAGGED),
            contacts=(4, 1, 3),
        ),
    ),
    Case(
        "a feed may be ragged throughout",
        every_row_ragged,
        rejects(
            *(("contacts", row, "", "", RAGGED) for row in (1, 2, 3)),
            contacts=(3, 0, 3),
        ),
    ),
    Case("a last row that is cut short is ragged", a_cut_last_row, _ragged(2, 2)),
    Case(
        "a last row that is cut short inside quotes is ragged",
        a_cut_last_row_inside_quotes,
        _ragged(2, 2),
    ),
    Case(
        "the last row needs no line end",
        no_line_end_at_the_end,
        accepted(contacts=(2, 2, 0)),
    ),
    Case(
        "a lone carriage return at the very end is text of the last cell",
        a_lone_carriage_return_at_the_end,
        accepted(contacts=(1, 1, 0)),
    ),
    Case(
        "a header repeated among the records is a record with an unknown status",
        a_repeated_header,
        rejects(
            ("customers", 3, "customer_id", "status", "unknown_value", "status"),
            customers=(4, 3, 1),
        ),
    ),
    Case("every cell may be quoted", every_cell_quoted, accepted(customers=(2, 2, 0))),
    Case("CRLF is a line end", crlf_everywhere, accepted(customers=(2, 2, 0), assets=(1, 1, 0))),
    Case(
        "in a feed of one column a blank cell is a record and an empty line is none",
        a_single_column_feed,
        rejects(
            ("billing_platforms", 2, "", "name", "missing_value", " "),
            ("billing_platforms", 3, "", "name", "missing_value", ""),
            ("billing_platforms", 4, "", "", RAGGED),
            billing_platforms=(5, 2, 3),
        ),
    ),
    Case(
        "a thousand unknown columns are ignored",
        a_thousand_unknown_columns,
        accepted(customers=(3, 3, 0)),
    ),
]
