"""Dates: the one ISO shape, slash dates only as declared, and the days in between."""

from tests.malformed.expectation import Case, Make, accepted, rejects, stops
from tests.malformed.one_cell import fine, shown, spoilt
from tests.malformed.world import World

FEED, COLUMN = "order_lines", "connected_on"

ISO_ACCEPTED = {
    "2026-01-05": "a plain day",
    " 2026-01-05 ": "spaces around it",
    "\u00a02026-01-05\u00a0": "no-break spaces around it",
    "2026-01-05\n": "a line break after it",
    "2024-02-29": "29 February of a leap year",
    "2000-02-29": "29 February of a leap century",
    "2026-01-05T10:30": "a time without seconds",
    "2026-01-05 10:30": "a time after a space",
    "2026-01-05T00:00:00": "midnight",
    "2026-01-05T23:59:59": "the last second",
    "2026-01-05 10:30:59.1": "a tenth of a second",
    "2026-01-05T10:30:59.123456": "microseconds",
    "2026-01-05T10:30:59.123456789Z": "nanoseconds",
    "2026-01-05T10:30Z": "UTC without seconds",
    "2026-06-30T23:30:00Z": "a UTC time that is the next day in British Summer Time",
    "2026-06-30T23:59:59.999Z": "the last millisecond of a UTC day in summer",
    "2026-07-01T00:30:00+01:00": "British Summer Time written out",
    "2026-01-01T00:30:00+05:30": "a half-hour zone",
    "2026-01-01T00:30:00+14:00": "the zone furthest east",
    "2026-03-29T01:30:00": "an hour that the clocks skip",
    "2025-10-26T01:30:00": "an hour that the clocks repeat",
    "1900-01-01": "the day zero of spreadsheets",
    "9999-12-31": "the last day of four-digit years",
    "9999-12-31T12:00:00Z": "noon on the last day of four-digit years",
    "0001-01-01": "the first day of four-digit years",
}

ISO_WRONG = {
    "2026-1-5": "single digits",
    "2026-01-5": "a single digit for the day",
    "26-01-05": "a two-digit year",
    "12026-01-05": "a five-digit year",
    "-2026-01-05": "a year before Christ",
    "+2026-01-05": "a sign",
    "0000-01-01": "year 0000",
    "2026-02-29": "29 February of a common year",
    "1900-02-29": "29 February of a common century",
    "2026-02-30": "30 February",
    "2026-04-31": "31 April",
    "2026-13-01": "month 13",
    "2026-00-10": "month 0",
    "2026-01-00": "day 0",
    "2026-01-32": "day 32",
    "20260105": "no hyphens",
    "2026/01/05": "slashes in ISO order",
    "2026.01.05": "dots",
    "2026 01 05": "spaces inside",
    "2026\u201301\u201305": "en dashes",
    "2026-01": "no day",
    "2026": "only a year",
    "2026-W02-1": "a week date",
    "2026-005": "an ordinal date",
    "05-01-2026": "day first with hyphens",
    "05/01/2026": "a slash date in an ISO feed",
    "31/02/2026": "an impossible slash date in an ISO feed",
    "01/31/2026": "an American date in an ISO feed",
    "5 Jan 2026": "a month's name",
    "Jan 5, 2026": "an American month's name",
    "46027": "a spreadsheet's serial number",
    "46027.4375": "a spreadsheet's serial number with a time",
    "1767571200": "a Unix time",
    "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0665": "Arabic-Indic digits",
    "\uff12\uff10\uff12\uff16-\uff10\uff11-\uff10\uff15": "full-width digits",
    "2026-01-05 (approx.)": "text after it",
    "ca. 2026-01-05": "text before it",
    "2026-01-05,": "a comma after it",
    "'2026-01-05": "a spreadsheet's apostrophe",
    "2026-01-05\n2026-01-06": "two days in one cell",
    "2026-01-05/2026-01-06": "an interval",
    "today": "the word today",
    "NULL": "the word NULL",
    "n/a": "the word n/a",
    "0": "a zero",
    "-": "a hyphen",
    "2026-01-05T": "a T and no time",
    "2026-01-05T10": "an hour alone",
    "2026-01-05T1:30": "a single digit for the hour",
    "2026-01-05T10:3": "a single digit for the minute",
    "2026-01-05T10:30:5": "a single digit for the second",
    "2026-01-05T10:30:": "a colon and no second",
    "2026-01-05T10:30:00.": "a point and no fraction",
    "2026-01-05T10:30:00,5": "a comma before the fraction",
    "2026-01-05T24:00": "hour 24",
    "2026-01-05T24:00:00": "hour 24 with seconds",
    "2026-01-05T23:60": "minute 60",
    "2026-06-30T23:59:60Z": "a leap second",
    "2026-01-05T10:30 PM": "a.m. and p.m.",
    "2026-01-05t10:30": "a lower-case t",
    "2026-01-05T10:30z": "a lower-case z",
    "2026-01-05_10:30": "an underscore before the time",
    "2026-01-05T1030": "a time without a colon",
    "2026-01-05T10:30+0100": "a zone without a colon",
    "2026-01-05T10:30+01": "a zone without minutes",
    "2026-01-05T10:30+1:00": "a zone with a single digit",
    "2026-01-05T10:30+25:00": "a zone of 25 hours",
    "2026-01-05T10:30+01:60": "a zone of 60 minutes",
    "2026-01-05T10:30 GMT": "a zone's name",
    "2026-01-05T10:30[Europe/London]": "a zone's place",
    "2026-01-05T10:30ZZ": "two zones",
}

ISO_OPEN_WRONG = {
    "2026-01-05Z": ("a zone without a time", "a zone needs a time before it"),
    "2026-01-05+01:00": ("an offset without a time", "a zone needs a time before it"),
    "2026-01-05T10:30 Z": ("a space before the zone", "nothing stands between time and zone"),
    "2026-01-05  10:30": ("two spaces before the time", "one T or one space, no more"),
    "9999-12-31T23:30:00-05:00": (
        "a time that falls into year 10000 at home",
        "a tenant's day outside years 0001 to 9999 is bad_date",
    ),
    "0001-01-01T00:30:00+05:00": (
        "a time that falls before year 1 at home",
        "a tenant's day outside years 0001 to 9999 is bad_date",
    ),
}

SLASH_ACCEPTED = {
    "uk": ("05/01/2026", "31/12/2026", " 05/01/2026 ", "29/02/2024", "12/12/2026"),
    "us": ("01/05/2026", "12/31/2026", "\u00a001/05/2026", "02/29/2024", "12/12/2026"),
}

SLASH_WRONG = {
    "uk": {
        "31/02/2026": "31 February",
        "30/02/2026": "30 February",
        "29/02/2026": "29 February of a common year",
        "31/04/2026": "31 April",
        "02/29/2026": "29 February of a common year in the other order",
        "02/30/2026": "30 February in the other order",
        "13/13/2026": "13 in both places",
        "32/01/2026": "day 32",
        "01/32/2026": "day 32 in the other order",
        "00/01/2026": "day 0",
        "01/00/2026": "month 0",
        "00/00/0000": "all zeros",
        "05/01/0000": "year 0000",
        "5/1/2026": "single digits",
        "05/1/2026": "a single digit for the month",
        "1/31/2026": "a single digit in the other order",
        "05/01/26": "a two-digit year",
        "01/31/26": "a two-digit year in the other order",
        "05/01/02026": "a five-digit year",
        "05/01/2026 10:30": "a time part",
        "01/31/2026 00:00:00": "a time part in the other order",
        "05-01-2026": "hyphens",
        "05.01.2026": "dots",
        "05/01-2026": "mixed separators",
        "05 /01/2026": "a space inside",
        "2026/01/05": "the year first",
        "\u0660\u0665/\u0660\u0661/\u0662\u0660\u0662\u0666": "Arabic-Indic digits",
        "05\u204401\u20442026": "fraction slashes",
        "05/Jan/2026": "a month's name",
        "2026-02-30": "an impossible ISO date",
    },
    "us": {
        "02/31/2026": "31 February",
        "02/29/2026": "29 February of a common year",
        "31/02/2026": "31 February in the other order",
        "13/13/2026": "13 in both places",
        "1/5/2026": "single digits",
        "01/05/26": "a two-digit year",
        "01/05/2026 10:30": "a time part",
        "00/05/2026": "month 0",
    },
}

SLASH_OTHER = {
    "uk": ("01/31/2026", "12/13/2026", "02/29/2024", " 01/31/2026 ", "04/30/0001"),
    "us": ("31/01/2026", "13/12/2026", "29/02/2024"),
}

DATE_COLUMNS = {
    "orders": ("created_on",),
    "order_lines": ("converted_on", "bill_start_override", "connected_on", "issued_on"),
    "assets": ("connection_on", "expiry_on", "cease_on"),
    "asset_numbers": ("start_on", "end_on"),
    "affinity_clis": ("start_on", "end_on"),
    "affinity_site_products": ("start_on", "end_on"),
    "affinity_cease_requests": ("Completed On",),
}


def _style(style: str) -> tuple[str, str]:
    return ("date_style", f'{{ {FEED} = "{style}" }}')


def _one(value: str, style: str, *, column: str = COLUMN) -> Make:
    def make(world: World) -> None:
        key, setting = _style(style)
        world.feed_settings[key] = setting
        world.add(FEED, **{column: value})

    return make


def every_date_column_spoilt(world: World) -> None:
    for feed, columns in DATE_COLUMNS.items():
        world.add(feed, **dict.fromkeys(columns, "2026-02-30"))


def every_feed_in_its_own_style(world: World) -> None:
    world.feed_settings["date_style"] = '{ order_lines = "uk", assets = "us", orders = "iso" }'
    world.add("order_lines", connected_on="31/01/2026", issued_on="2026-01-31T23:00Z")
    world.add("assets", connection_on="01/31/2026", cease_on="2027-01-31")
    world.add("orders", created_on="2026-01-31")


def a_style_that_binds_one_feed_only(world: World) -> None:
    world.feed_settings["date_style"] = '{ order_lines = "uk" }'
    world.add("order_lines", connected_on="31/01/2026")
    world.add("assets", connection_on="31/01/2026")


def the_other_style_among_many(world: World) -> None:
    key, setting = _style("uk")
    world.feed_settings[key] = setting
    for day in range(1, 13):
        world.add(FEED, issued_on=f"{day:02}/01/2026")
    world.add(FEED, issued_on="01/13/2026")


def the_other_style_in_a_rejected_record(world: World) -> None:
    key, setting = _style("uk")
    world.feed_settings[key] = setting
    world.add(FEED, quantity="none", connected_on="01/31/2026")


def the_other_style_as_mere_text(world: World) -> None:
    key, setting = _style("uk")
    world.feed_settings[key] = setting
    world.add(FEED, do_not_bill_reason="01/31/2026", modified_at="01/31/2026")


CASES = [
    *(
        fine(f"a date may be {shown(text)}: {what}", FEED, COLUMN, text)
        for text, what in ISO_ACCEPTED.items()
    ),
    fine(
        "a date may be '2026-01-05T00:30:00-05:00': a zone to the west",
        *(FEED, COLUMN, "2026-01-05T00:30:00-05:00"),
        assumes="`+hh:mm` stands for either sign",
    ),
    *(
        spoilt(f"a date must not be {shown(text)}: {what}", FEED, COLUMN, text, "bad_date")
        for text, what in ISO_WRONG.items()
    ),
    *(
        spoilt(
            f"a date must not be {shown(text)}: {what}",
            *(FEED, COLUMN, text, "bad_date"),
            assumes=assumption,
        )
        for text, (what, assumption) in ISO_OPEN_WRONG.items()
    ),
    *(
        fine(
            f"a {style} feed may hold {shown(text)}",
            *(FEED, COLUMN, text),
            setting=_style(style),
        )
        for style, texts in SLASH_ACCEPTED.items()
        for text in (*texts, "2026-01-31", "2026-06-30T23:30:00Z")
    ),
    *(
        spoilt(
            f"a {style} feed must not hold {shown(text)}: {what}",
            *(FEED, COLUMN, text, "bad_date"),
            setting=_style(style),
        )
        for style, texts in SLASH_WRONG.items()
        for text, what in texts.items()
    ),
    *(
        Case(
            f"a {style} feed that holds {shown(text)}, valid only in the other style, stops",
            _one(text, style),
            stops(22, FEED, COLUMN),
        )
        for style, texts in SLASH_OTHER.items()
        for text in texts
    ),
    Case(
        "one date in the other style among many that fit both stops the run",
        the_other_style_among_many,
        stops(22, FEED, "issued_on"),
    ),
    Case(
        "the other style stops the run in a bill start override too",
        _one("01/31/2026", "uk", column="bill_start_override"),
        stops(22, FEED, "bill_start_override"),
    ),
    Case(
        "the other style stops the run even in a record that is rejected otherwise",
        the_other_style_in_a_rejected_record,
        stops(22, FEED, COLUMN),
    ),
    Case(
        "the other style is mere text in a text column",
        the_other_style_as_mere_text,
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "every date column of every feed is judged",
        every_date_column_spoilt,
        rejects(
            *(
                (feed, World().add(feed), None, column, "bad_date", "2026-02-30")
                for feed, columns in DATE_COLUMNS.items()
                for column in columns
            )
        ),
    ),
    Case(
        "each feed is read in its own date style",
        every_feed_in_its_own_style,
        accepted(order_lines=(2, 2, 0), assets=(2, 2, 0), orders=(2, 2, 0)),
    ),
    Case(
        "a style declared for one feed leaves the others ISO",
        a_style_that_binds_one_feed_only,
        rejects(
            ("assets", 2, "A2", "connection_on", "bad_date", "31/01/2026"),
            order_lines=(2, 2, 0),
        ),
    ),
]
