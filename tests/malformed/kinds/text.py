"""Text: control characters, encodings, blanks, and the odd text that is fine."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.one_cell import fine, shown, spoilt
from tests.malformed.world import Verbatim, World

CONTROL = {
    "a NUL": "Acme\x00Ltd",
    "a bell": "Acme\x07Ltd",
    "a backspace": "Acme\x08Ltd",
    "a vertical tab": "Acme\x0bLtd",
    "a form feed": "Acme\x0cLtd",
    "an escape sequence": "Acme \x1b[31mLtd",
    "a DOS end of file": "Acme\x1a",
    "a file separator at its end, which trimming must not swallow": "Acme\x1c",
    "a unit separator at its start, which trimming must not swallow": "\x1fAcme",
    "a DEL": "Acme\x7fLtd",
    "the first C1 control, U+0080": "Acme\x80Ltd",
    "a next-line, U+0085, which is white space too": "Acme\x85Ltd",
    "the last C1 control, U+009F": "Acme\x9fLtd",
}

ALLOWED = {
    "a tab": "Acme\tLtd",
    "a quoted line feed": "Acme\nLtd",
    "a quoted carriage return": "Acme\rLtd",
    "a quoted CRLF": "Acme\r\nLtd",
    "a quoted blank line": "Acme\n\nLtd",
    "an unquoted carriage return": Verbatim("Acme\rLtd"),
    "a zero-width space": "Acme\u200bLtd",
    "a right-to-left mark": "Acme\u200fLtd",
    "a byte order mark inside": "Acme\ufeffLtd",
    "a soft hyphen": "Acme\u00adLtd",
    "a line separator, U+2028": "Acme\u2028Ltd",
    "a no-break space inside": "Acme\u00a0Ltd",
    "the replacement character itself": "Acme\ufffdLtd",
    "a non-character": "Acme\uffffLtd",
    "a private-use character": "Acme\ue000Ltd",
    "four-byte emoji with joiners": "Acme \U0001f469\u200d\U0001f4bb",
    "a combining accent": "Cafe\u0301 Nero",
    "Arabic and Han": "\u0634\u0631\u0643\u0629 \u4f01\u696d",
    "a formula": "=HYPERLINK(1+1)",
    "SQL": "x'); DROP TABLE customers; --",
    "a path": "../../outbox/08_products.csv",
    "the word NULL": "NULL",
    "the word NaN": "NaN",
    "the word N/A": "N/A",
    "the word None": "None",
    "a lone zero-width space, which is not white space": "\u200b",
    "a lone hyphen": "-",
    "doubled quotes": 'Acme "The" Ltd',
    "only a quote": '"',
    "a backslash at its end": "Acme\\",
    "200,000 characters": "x" * 200_000,
}

BAD_UTF8 = {
    "a Latin-1 accent": b"Caf\xe9 Nero",
    "a cp1252 pound sign": b"Club \xa35",
    "an overlong NUL": b"Acme\xc0\x80Ltd",
    "an overlong slash": b"Acme\xe0\x80\xafLtd",
    "half of a surrogate pair": b"Acme\xed\xa0\x80Ltd",
    "a character cut short by the comma": b"Acme\xe2\x82",
    "a lone continuation byte": b"Acme\x80Ltd",
    "the byte 0xFF": b"\xff\xfe",
    "a code point above U+10FFFF": b"Acme\xf4\x90\x80\x80",
    "a bad byte between quotes": b'"Acme, Caf\xe9"',
}

BLANK = {
    "empty": "",
    "empty between quotes": Verbatim('""'),
    "spaces": "   ",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a narrow no-break space": "\u202f",
    "a paragraph separator": "\u2029",
    "a tab": "\t",
    "a quoted line break": "\n",
}

REQUIRED = {
    "customers": ("name", "status"),
    "sites": ("customer_id", "name"),
    "addresses": ("customer_id", "line1", "postcode"),
    "contacts": ("customer_id", "last_name"),
    "products": ("name", "item_type"),
    "orders": ("order_ref", "customer_id", "status"),
    "order_lines": ("order_id", "product_id", "quantity"),
    "assets": ("customer_id", "product_id", "is_live"),
    "quotation_lines": ("product_id",),
    "application_links": ("integration_id",),
    "affinity_clis": ("site_ref", "cli"),
    "affinity_site_products": ("site_ref", "product_code"),
}

KEYS = {
    "customers": ("customer_id",),
    "sites": ("site_id",),
    "addresses": ("address_id",),
    "contacts": ("contact_id",),
    "billing_platforms": ("name",),
    "products": ("product_id",),
    "orders": ("order_id",),
    "order_lines": ("line_id",),
    "assets": ("asset_id",),
    "asset_numbers": ("asset_id", "cli"),
    "quotation_lines": ("quotation_line_id",),
    "application_links": ("application_name", "entity_type", "entity_id"),
    "affinity_products": ("product_code",),
    "affinity_site_products": ("object_uid",),
}


def every_required_value_blank(world: World) -> None:
    for feed, columns in REQUIRED.items():
        for column in columns:
            world.add(feed, **{column: " "})


def every_key_blank(world: World) -> None:
    for feed, columns in KEYS.items():
        for column in columns:
            world.add(feed, **{column: " "})


def _blanks(columns_of: dict[str, tuple[str, ...]]) -> list[tuple[object, ...]]:
    world = World()
    return [
        (feed, world.add(feed), None, column, "missing_value", " ")
        for feed, columns in columns_of.items()
        for column in columns
    ]


def controls_in_every_kind_of_column(world: World) -> None:
    world.add(
        "order_lines",
        order_id="O1\x00",
        action="New\x01",
        quantity="1\x02",
        recurring_price="5\x03",
        recurring_do_not_bill="no\x04",
        connected_on="2026-01-05\x05",
        term_months="12\x06",
        cli="020\x7f79460001",
    )


def a_wholly_blank_record(world: World) -> None:
    world.add_line("customers", "," * 11)


def blank_optional_values(world: World) -> None:
    world.add(
        "order_lines",
        action=" ",
        upfront_price="\u00a0",
        recurring_price="  ",
        upfront_bill_status="\t",
        upfront_do_not_bill=" ",
        connected_on="\u3000",
        term_months=" ",
        site_id=" ",
        cli="  ",
    )


def cp1252_feeds(world: World) -> None:
    world.feed_settings["encoding"] = '"cp1252"'
    world.add("customers", name=b"Caf\xe9 \x80 \x93Nord\x94")
    world.add("order_lines", recurring_price=b"\xa312.50", cli=b"\xa0020 7946 0002\xa0")


def cp1252_with_undefined_bytes(world: World) -> None:
    world.feed_settings["encoding"] = '"cp1252"'
    for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D):
        world.add("customers", name=b"Acme" + bytes([code]))


def utf8_read_as_cp1252(world: World) -> None:
    world.feed_settings["encoding"] = '"cp1252"'
    world.add("customers", name="Caf\u00e9".encode())


def a_cp1252_no_break_space(world: World) -> None:
    world.feed_settings["encoding"] = '"cp1252"'
    world.add("customers", name=b"\xa0\xa0")


def a_whole_cp1252_file_read_as_utf8(world: World) -> None:
    world.add("contacts", last_name=b"Andr\xe9")
    world.add("contacts")
    world.add("contacts", last_name=b"Zo\xeb", first_name=b"Fran\xe7oise")


def bad_bytes_in_every_kind_of_column(world: World) -> None:
    world.add(
        "order_lines",
        product_id=b"P1\xff",
        action=b"New\xff",
        quantity=b"1\xff",
        recurring_price=b"\xa35.00",
        recurring_do_not_bill=b"no\xff",
        connected_on=b"2026-01-05\xff",
        term_months=b"12\xff",
    )


def a_control_in_an_unknown_column(world: World) -> None:
    world.add("customers", shoe_size="4\x002")


def a_bad_byte_in_an_unknown_column(world: World) -> None:
    world.add("customers", shoe_size=b"4\xff2")


UNKNOWN_IS_IGNORED = "a value in an unknown column is never judged, not even its bytes"

CASES = [
    *(
        spoilt(f"a name with {what} is bad text", "customers", "name", text, "bad_text")
        for what, text in CONTROL.items()
    ),
    *(fine(f"a name may hold {what}", "customers", "name", text) for what, text in ALLOWED.items()),
    *(
        spoilt(f"a name with {what} is badly encoded", "customers", "name", raw, "bad_encoding")
        for what, raw in BAD_UTF8.items()
    ),
    *(
        spoilt(
            f"a required name that is {what} is missing",
            *("customers", "name", text, "missing_value"),
        )
        for what, text in BLANK.items()
        if not isinstance(text, Verbatim)
    ),
    Case(
        'a required name written as "" is missing',
        lambda world: world.add("customers", name=BLANK["empty between quotes"]),
        rejects(("customers", 3, "C3", "name", "missing_value", "")),
    ),
    spoilt(
        "a lone form feed is bad text rather than missing, for control comes before trimming",
        *("customers", "name", " \x0c ", "bad_text"),
    ),
    spoilt("an optional text is judged too", "contacts", "role", "Man\x00ager", "bad_text"),
    spoilt("a key with a NUL is bad text", "customers", "customer_id", "C\x003", "bad_text"),
    spoilt("a key in Latin-1 is badly encoded", "sites", "site_id", b"S\xe9", "bad_encoding"),
    spoilt(
        "a reference with a NUL is bad text and not also unknown",
        *("sites", "customer_id", "C1\x00", "bad_text"),
    ),
    spoilt(
        "a reference in Latin-1 is badly encoded and not also unknown",
        *("sites", "customer_id", b"C\xe9", "bad_encoding"),
    ),
    Case(
        "every required value of every feed is missed when blank",
        every_required_value_blank,
        rejects(*_blanks(REQUIRED)),
    ),
    Case(
        "every key column of every feed is missed when blank",
        every_key_blank,
        rejects(*_blanks(KEYS)),
    ),
    Case(
        "a control character is bad text in every kind of column, one reason per cell",
        controls_in_every_kind_of_column,
        rejects(
            *(
                ("order_lines", 2, "L2", column, "bad_text")
                for column in (
                    *("order_id", "action", "quantity", "recurring_price"),
                    *("recurring_do_not_bill", "connected_on", "term_months", "cli"),
                )
            ),
            order_lines=(2, 1, 1),
        ),
    ),
    Case(
        "a bad byte is badly encoded in every kind of column, one reason per cell",
        bad_bytes_in_every_kind_of_column,
        rejects(
            *(
                ("order_lines", 2, "L2", column, "bad_encoding")
                for column in (
                    *("product_id", "action", "quantity", "recurring_price"),
                    *("recurring_do_not_bill", "connected_on", "term_months"),
                )
            ),
            order_lines=(2, 1, 1),
        ),
    ),
    Case(
        "a record of commas only misses its key and each required value",
        a_wholly_blank_record,
        rejects(
            ("customers", 3, "", "customer_id", "missing_value", ""),
            ("customers", 3, "", "name", "missing_value", ""),
            ("customers", 3, "", "status", "missing_value", ""),
            customers=(3, 2, 1),
        ),
    ),
    Case(
        "blanks of any kind are null in optional columns of every type",
        blank_optional_values,
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "cp1252 feeds are read when declared",
        cp1252_feeds,
        accepted(customers=(3, 3, 0), order_lines=(2, 2, 0)),
    ),
    Case(
        "the five bytes that cp1252 leaves undefined are badly encoded",
        cp1252_with_undefined_bytes,
        rejects(
            *(("customers", row, f"C{row}", "name", "bad_encoding") for row in range(3, 8)),
            customers=(7, 2, 5),
        ),
    ),
    Case(
        "UTF-8 read as cp1252 is odd but legal text",
        utf8_read_as_cp1252,
        accepted(customers=(3, 3, 0)),
    ),
    Case(
        "a name of cp1252 no-break spaces is missing",
        a_cp1252_no_break_space,
        rejects(("customers", 3, "C3", "name", "missing_value")),
    ),
    Case(
        "a cp1252 file read as UTF-8 loses only the records that show it",
        a_whole_cp1252_file_read_as_utf8,
        rejects(
            ("contacts", 1, "K1", "last_name", "bad_encoding"),
            ("contacts", 3, "K3", "last_name", "bad_encoding"),
            ("contacts", 3, "K3", "first_name", "bad_encoding"),
            contacts=(3, 1, 2),
        ),
    ),
    Case(
        "a NUL in an unknown column is ignored with the column",
        a_control_in_an_unknown_column,
        accepted(customers=(3, 3, 0)),
        assumes=UNKNOWN_IS_IGNORED,
    ),
    Case(
        "a bad byte in an unknown column is ignored with the column",
        a_bad_byte_in_an_unknown_column,
        accepted(customers=(3, 3, 0)),
        assumes=UNKNOWN_IS_IGNORED,
    ),
    fine("a modification stamp is any text", "customers", "modified_at", "yesterday, about 4"),
    *(
        fine(f"a customer's key may read {shown(key)}", "customers", "customer_id", key)
        for key in ("=C3", "00C1", "c1", "C1.0", "\u00c7\u0131", "C 3", "a|b,c", '"C1"')
    ),
]
