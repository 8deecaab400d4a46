"""The profile: unknown keys, wrong values, and text that is no TOML."""

from tests.malformed.expectation import Case, Make, accepted, stops
from tests.malformed.world import World


def _further(section: str) -> Make:
    def make(world: World) -> None:
        world.further_sections = section

    return make


def _feeds(key: str, value: str) -> Make:
    def make(world: World) -> None:
        world.feed_settings[key] = value

    return make


def _whole(content: bytes) -> Make:
    def make(world: World) -> None:
        world.profile = content

    return make


def a_broken_profile_beside_a_missing_feed(world: World) -> None:
    world.feed_settings["max_rejet_rate"] = "0.5"
    world.without("customers")


VALID = b'[tenant]\nname = "Corpus Telecom"\n\n[feeds]\npath = "feeds"\n'

# the text of a section, the unknown key, the nearest key there is
UNKNOWN_KEYS = (
    ('[platfrom]\nnames = ["Affinity"]', "platfrom", "platform"),
    ('[deliverry]\noutbox = "out"', "deliverry", "delivery"),
    ("[warehous]", "warehous", "warehouse"),
    ('[platform]\nown_nmaes = ["The Layer"]', "own_nmaes", "own_names"),
    ('[delivery]\noutbx = "out"', "outbx", "outbox"),
    ("[bill_start]\nmax_month = 13", "max_month", "max_months"),
    ("[triggers.service]\nrequire_date_reach = true", "require_date_reach", "require_date_reached"),
    ('[triggers.servise]\nfallback = "none"', "servise", "service"),
    ('[bill_start.service]\nrecuring = ["connected_on"]', "recuring", "recurring"),
    ("[changes]\nlayer_compatable = true", "layer_compatable", "layer_compatible"),
    ("[grouping]\nenable = true", "enable", "enabled"),
    ('[warehouse]\npth = "var/w.duckdb"', "pth", "path"),
    ('[cli.profile]\nVoice = "any"', "profile", "profiles"),
)

UNKNOWN_FEED_KEYS = (
    ("max_rejet_rate", "0.5", "max_reject_rate"),
    ("date_styles", '{ orders = "uk" }', "date_style"),
    ("encodng", '"utf-8"', "encoding"),
    ("Mode", '"full"', "mode"),
)

WRONG_FEED_VALUES = (
    ("max_reject_rate", '"lots"'),
    ("max_reject_rate", "[0.2]"),
    ("max_reject_rate", "-0.1"),
    ("max_reject_rate", "1.5"),
    ("max_reject_rate", "nan"),
    ("mode", '"partial"'),
    ("kind", '"carrier pigeon"'),
    ("encoding", '"klingon"'),
    ("encoding", '"utf-16"'),
    ("encoding", "8"),
    ("date_style", '{ order_lines = "fr" }'),
    ("date_style", '{ order_lines = "UK style" }'),
    ("date_style", "{ order_lines = 1 }"),
    ("date_style", '{ order_linez = "uk" }'),
    ("date_style", '["uk"]'),
    ("labels", '"none"'),
)

WRONG_VALUES = (
    ("[platform]\nnames = 7", "names"),
    ("[platform]\nnames = [1, 2]", "names"),
    ('[bill_start]\nmax_months = "thirteen"', "max_months"),
    ("[bill_start]\nmax_months = 13.5", "max_months"),
    ('[bill_start.service]\nrecurring = ["the day after"]', "recurring"),
    ('[triggers.service]\nall_of = ["converted", "conected_on"]', "all_of"),
    ('[triggers.service]\nrequire_date_reached = "perhaps"', "require_date_reached"),
    ('[triggers.product]\nfallback = "sometimes"', "fallback"),
    ('[cli.profiles]\nVoice = "uk"', "profiles"),
    ('[delivery]\nmode = "pigeon"', "mode"),
    ('[delivery]\nfailure_scope = "planet"', "failure_scope"),
    ('[changes]\nstyle = "replace"', "style"),
    ('[changes]\nlayer_compatible = "maybe"', "layer_compatible"),
    ('[grouping]\nenabled = "maybe"', "enabled"),
    ('[operators]\nSam = ["bill_exporter"]', "operators"),
    ("[warehouse]\npath = 5", "path"),
)

TOO_LONG = "x" * 5_000

# beyond what anything takes: a slip of the keyboard
OUT_OF_REACH = {
    "a time zone that is a folder of them": ('[tenant]\ntimezone = "Europe"', "timezone"),
    "a time zone of thousands of characters": (f'[tenant]\ntimezone = "{TOO_LONG}"', "timezone"),
    "a tenant's name of thousands of characters": (f'[tenant]\nname = "{TOO_LONG}"', "name"),
    "a path of thousands of characters": (f'[warehouse]\npath = "{TOO_LONG}"', "path"),
    "a path whose name no disk takes": (f'[warehouse]\npath = "{"x" * 300}"', "path"),
    "a path with a NUL": ('[delivery]\noutbox = "a\\u0000b"', "outbox"),
    "more months than there are": ("[bill_start]\nmax_months = 99999999999", "max_months"),
    "more days than there are": ("[keep]\nlanded_days = 99999999999", "landed_days"),
    "a wait of years": ("[delivery]\nreceipt_wait_seconds = 99999999", "receipt_wait_seconds"),
    "an amount of no currency": ("[watch]\nmax_held = 1000000000001", "max_held"),
    "a name of a rule of thousands of characters": (
        f'[[validation]]\nname = "{TOO_LONG}"\nstage = "order"\nfield = "po_ref"',
        "validation",
    ),
}

RULE = 'name = "po_ref"\nstage = "order"\nfield = "po_ref"\nmessage = "Ask for the PO reference."\n'

WRONG_RULES = {
    "a pattern never closed": 'pattern = "("',
    "a pattern of a wrong range": 'pattern = "[z-a]"',
    "a pattern that repeats nothing": 'pattern = "*"',
    "an unknown severity": 'required = true\nseverity = "fatal"',
    "a length in words": 'min_length = "three"',
    "a required of no kind": 'required = "perhaps"',
    "allowed values that are no list": "allowed = 5",
}

NOT_TOML = {
    "not TOML": b"tenant: Corpus Telecom\nfeeds:\n  path: feeds\n",
    "JSON": b'{"tenant": {"name": "Corpus Telecom"}}',
    "cut short inside a text": b'[tenant]\nname = "Corpus',
    "cut short inside a section's name": b'[tenant\nname = "Corpus Telecom"\n',
    "TOML but for a key given twice": b'[tenant]\nname = "One"\nname = "Two"\n',
    "TOML but for a section given twice": VALID + b'[tenant]\ntimezone = "Europe/London"\n',
    "not UTF-8": b'[tenant]\nname = "Caf\xe9"\n',
    "UTF-16": VALID.decode().encode("utf-16"),
    "TOML but for a NUL": VALID + b"\x00",
    "an HTML page": b"<!DOCTYPE html>\n<html></html>\n",
    "nested deeper than can be read": VALID + b"labels = " + b"[" * 3_000 + b"]" * 3_000,
    "TOML but for a number of five thousand digits": VALID + b"labels = " + b"9" * 5_000,
}


CASES = [
    *(
        Case(
            f"the unknown key {unknown} stops the run and names {nearest}",
            _further(section),
            stops(10, unknown, nearest),
        )
        for section, unknown, nearest in UNKNOWN_KEYS
    ),
    *(
        Case(
            f"the unknown key feeds.{unknown} stops the run and names {nearest}",
            _feeds(unknown, value),
            stops(10, unknown, nearest),
            assumes="TOML keys mind case" if unknown == "Mode" else None,
        )
        for unknown, value, nearest in UNKNOWN_FEED_KEYS
    ),
    Case(
        "the unknown key tenant.nmae stops the run and names the key name",
        _whole(VALID.replace(b"name", b"nmae")),
        stops(10, "nmae", "name"),
    ),
    Case(
        "the unknown key tenant.time_zone stops the run and names timezone",
        _whole(VALID.replace(b"\n\n", b'\ntime_zone = "Europe/London"\n\n')),
        stops(10, "time_zone", "timezone"),
    ),
    *(
        Case(
            f"feeds.{key} = {value} stops the run",
            _feeds(key, value),
            stops(10, key),
            assumes=("a rate lies between 0 and 1" if key == "max_reject_rate" else None),
        )
        for key, value in WRONG_FEED_VALUES
    ),
    *(
        Case(
            f"the section {' '.join(section.split())} stops the run",
            _further(section),
            stops(10, key),
        )
        for section, key in WRONG_VALUES
    ),
    Case(
        "a text in a section's place stops the run",
        _whole(b'platform = "Affinity"\n' + VALID),
        stops(10, "platform"),
    ),
    Case(
        "a time zone that is nowhere stops the run",
        _whole(VALID.replace(b"\n\n", b'\ntimezone = "Europe/Lundon"\n\n')),
        stops(10, "timezone"),
    ),
    Case(
        "a time zone that is a path stops the run",
        _whole(VALID.replace(b"\n\n", b'\ntimezone = "../../etc/localtime"\n\n')),
        stops(10, "timezone"),
    ),
    Case(
        "a tenant's name that is a number stops the run",
        _whole(VALID.replace(b'"Corpus Telecom"', b"7")),
        stops(10, "name"),
    ),
    *(
        Case(
            f"a validation rule with {what} stops the run",
            _further(f"[[validation]]\n{RULE}{setting}\n"),
            stops(10, "validation"),
        )
        for what, setting in WRONG_RULES.items()
    ),
    *(
        Case(f"a profile with {what} stops the run", _whole(section.encode()), stops(10, key))
        for what, (section, key) in OUT_OF_REACH.items()
    ),
    *(
        Case(
            f"a profile that is {what} stops the run",
            _whole(content),
            stops(10),
        )
        for what, content in NOT_TOML.items()
    ),
    Case(
        "a tenant's name may hold anything",
        _whole(VALID.replace(b"Corpus Telecom", "Caf\u00e9/../Nord & Co".encode())),
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "a broken profile goes before a broken feed",
        a_broken_profile_beside_a_missing_feed,
        stops(10, "max_rejet_rate"),
    ),
    Case(
        "a kind of source there is not stops the run",
        _feeds("kind", '"http"'),
        stops(10, "kind"),
        assumes="folders are the one kind of source so far",
    ),
]
