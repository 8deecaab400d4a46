"""Affinity at its worst, one trouble at a time: nothing lost, nothing twice, order kept.

Each case says what goes wrong, where the batch stands after the first try, and where it ends once
the trouble is over and a second try was made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exchange import Exchange, exchange, names
from tests.integration.office import Office

CLIS, PRODUCTS = "*06_clis.csv*", "*08_products.csv*"
EVER = -1
NO_ANSWER = ("transient", "no_answer", "waiting")
REFUSED = ("data", "refused", "parked")
IN_DOUBT = ("data", "in_doubt", "parked")
NOT_TAKEN = ("transient", "not_taken", "waiting")

_SHORT, _ENOUGH_FOR_ONE, _LONG = 0.2, 3.0, 30.0


def rule(on: str, do: str, name: str | None = None, times: int = 1, **settings: Any) -> Any:
    """One misbehaviour of the stand-in."""
    return {"on": on, "do": do, "name": name, "times": times, **settings}


@dataclass(frozen=True)
class Case:
    """`rules`: what goes wrong. `first`: the batch's state, its files', and the delivery's item.

    `store`: what the object store does meanwhile: method, name, misbehaviour, how often.
    `sent`: how often files were sent in all, once well again (None = cannot be told). `last`: the
    batch's state then.
    """

    way: str
    rules: tuple[Any, ...]
    first: str
    files: tuple[str, str]
    item: tuple[str, str, str] | None = None
    sent: int | None = 2
    last: str = "confirmed"
    store: tuple[tuple[str, str, str, int], ...] = ()

    @property
    def waits(self) -> dict[str, float]:
        """Where a wait is in vain it is short; elsewhere even a busy machine is quick enough."""
        if self.item != NOT_TAKEN:
            return {"waits": _LONG, "for_answers": _SHORT if self.first == "delivered" else _LONG}
        return {"waits": _SHORT if "receipted" not in self.files else _ENOUGH_FOR_ONE}


BOTH = ("receipted", "receipted")
NEITHER = ("sending", "pending")

HTTP = {
    "a slow upload": Case("http", (rule("upload", "slow", seconds=0.2),), "confirmed", BOTH),
    "too busy for the CLIs, once": Case(
        "http", (rule("upload", "429", CLIS, retry_after=0),), "confirmed", BOTH, sent=3
    ),
    "too busy, for ever": Case(
        "http",
        (rule("upload", "429", times=EVER, retry_after=0),),
        "written",
        NEITHER,
        NO_ANSWER,
        sent=5,
    ),
    "busy until a date in the past": Case(
        "http",
        (rule("upload", "503", retry_after="Thu, 01 Jan 1970 00:00:00 GMT"),),
        "confirmed",
        BOTH,
        sent=3,
    ),
    "asked to wait for a year": Case(
        "http", (rule("upload", "429", retry_after=31_536_000),), "confirmed", BOTH, sent=3
    ),
    "an error before the effect": Case(
        "http", (rule("upload", "500_before", PRODUCTS),), "confirmed", BOTH, sent=3
    ),
    "an error after the effect": Case(
        "http", (rule("upload", "500_after", PRODUCTS),), "confirmed", BOTH, sent=2
    ),
    "an error after the effect, of both": Case(
        "http", (rule("upload", "500_after", times=EVER),), "confirmed", BOTH, sent=2
    ),
    "errors for ever": Case(
        "http", (rule("upload", "500_before", times=EVER),), "written", NEITHER, NO_ANSWER, sent=5
    ),
    "cut before the effect": Case(
        "http", (rule("upload", "cut_before"),), "confirmed", BOTH, sent=3
    ),
    "cut after the effect": Case("http", (rule("upload", "cut_after"),), "confirmed", BOTH),
    "cut while it is sent": Case(
        "http", (rule("upload", "cut_during"),), "confirmed", BOTH, sent=3
    ),
    "no answer in time, no effect": Case(
        "http", (rule("upload", "hang", seconds=30),), "confirmed", BOTH, sent=3
    ),
    "no answer in time, with effect": Case(
        "http", (rule("upload", "hang_after", seconds=30),), "confirmed", BOTH
    ),
    "a login page instead of an upload": Case(
        "http", (rule("upload", "html"),), "confirmed", BOTH, sent=3
    ),
    "a login page after the effect": Case(
        "http", (rule("upload", "html_after"),), "confirmed", BOTH
    ),
    "a receipt cut short": Case("http", (rule("upload", "truncated"),), "confirmed", BOTH),
    "an empty receipt": Case("http", (rule("upload", "no_receipt"),), "confirmed", BOTH),
    "a receipt for other bytes": Case(
        "http",
        (rule("upload", "wrong_digest", CLIS),),
        "in_doubt",
        NEITHER,
        IN_DOUBT,
        sent=1,
        last="in_doubt",
    ),
    "other bytes when asked": Case(
        "http",
        (rule("ask", "wrong_digest", CLIS, times=EVER),),
        "in_doubt",
        ("stored", "pending"),
        IN_DOUBT,
        sent=1,
        last="in_doubt",
    ),
    "a receipt for what it did not keep": Case(
        "http",
        (rule("upload", "lose", PRODUCTS),),
        "in_doubt",
        ("receipted", "stored"),
        IN_DOUBT,
        last="in_doubt",
    ),
    "cut after the effect, and unaware of it": Case(
        "http",
        (rule("upload", "cut_after", CLIS), rule("ask", "absent", CLIS, skip=1)),
        "confirmed",
        BOTH,
        sent=3,
    ),
    "no permission": Case(
        "http",
        (rule("upload", "refuse", status=403),),
        "written",
        ("refused", "pending"),
        REFUSED,
        sent=3,
    ),
    "the product file is refused": Case(
        "http",
        (rule("upload", "refuse", PRODUCTS, status=422),),
        "written",
        ("receipted", "refused"),
        REFUSED,
        sent=3,
    ),
    "cut after the effect, then no permission to ask": Case(
        "http",
        (rule("upload", "cut_after", CLIS), rule("ask", "refuse", CLIS, skip=1, status=401)),
        "written",
        NEITHER,
        REFUSED,
    ),
    "cut after the effect, then nobody to ask": Case(
        "http",
        (rule("upload", "cut_after", CLIS), rule("ask", "503", skip=1, times=EVER)),
        "written",
        NEITHER,
        NO_ANSWER,
    ),
    "cut before the effect, then nobody to ask": Case(
        "http",
        (rule("upload", "cut_before", CLIS), rule("ask", "cut_before", skip=1, times=EVER)),
        "written",
        NEITHER,
        NO_ANSWER,
        sent=3,
    ),
    "nobody to ask before anything left": Case(
        "http", (rule("ask", "503", times=EVER),), "written", ("pending", "pending"), NO_ANSWER
    ),
    "a login page when asked": Case("http", (rule("ask", "html", times=2),), "confirmed", BOTH),
    "a torn answer when asked": Case("http", (rule("ask", "truncated"),), "confirmed", BOTH),
    "the CLI file is refused whole": Case(
        "http",
        (rule("load", "refuse_file", CLIS),),
        "written",
        ("refused", "pending"),
        REFUSED,
        sent=1,
        last="written",
    ),
    "answers that come late": Case("http", (rule("load", "late", asks=3),), "confirmed", BOTH),
    "no time for answers, once": Case("http", (rule("results", "503"),), "confirmed", BOTH),
    "no time for answers, for ever": Case(
        "http", (rule("results", "503", times=EVER),), "delivered", BOTH
    ),
    "a page instead of answers": Case(
        "http", (rule("results", "html", times=EVER),), "delivered", BOTH
    ),
    "answers about rows of others": Case(
        "http", (rule("load", "unknown_key", PRODUCTS),), "delivered", BOTH, last="delivered"
    ),
    "answers that contradict themselves": Case(
        "http", (rule("load", "contradict", PRODUCTS),), "delivered", BOTH, last="delivered"
    ),
}

SFTP = {
    "hung up on connecting, once": Case(
        "sftp", (rule("connect", "disconnect"),), "confirmed", BOTH
    ),
    "hung up on connecting, for ever": Case(
        "sftp",
        (rule("connect", "disconnect", times=EVER),),
        "written",
        ("pending", "pending"),
        NO_ANSWER,
    ),
    "our key is not accepted": Case(
        "sftp", (rule("connect", "auth_refused"),), "written", ("pending", "pending"), REFUSED
    ),
    "cut while writing": Case("sftp", (rule("write", "cut", CLIS),), "confirmed", BOTH),
    "no room, once": Case("sftp", (rule("write", "fail", PRODUCTS),), "confirmed", BOTH),
    "no room, for ever": Case(
        "sftp",
        (rule("write", "fail", PRODUCTS, times=EVER),),
        "written",
        ("receipted", "sending"),
        NO_ANSWER,
    ),
    "cannot be renamed, once": Case(
        "sftp", (rule("rename", "rename_fails"),), "confirmed", BOTH, sent=3
    ),
    "cut before the renaming": Case(
        "sftp", (rule("rename", "cut_before_rename"),), "confirmed", BOTH, sent=3
    ),
    "cut after the renaming": Case(
        "sftp", (rule("rename", "cut_after_rename"),), "confirmed", BOTH
    ),
    "a slow renaming": Case("sftp", (rule("rename", "slow", seconds=0.2),), "confirmed", BOTH),
}

DROP = {
    "never picked up": Case(
        "{way}", (rule("load", "never", times=EVER),), "written", ("stored", "pending"), NOT_TAKEN
    ),
    "the products are never picked up": Case(
        "{way}",
        (rule("load", "never", PRODUCTS, times=EVER),),
        "written",
        ("receipted", "stored"),
        NOT_TAKEN,
    ),
    "taken without a trace": Case(
        "{way}",
        (rule("load", "delete", CLIS),),
        "in_doubt",
        ("stored", "pending"),
        IN_DOUBT,
        sent=1,
        last="in_doubt",
    ),
    "archived with other bytes": Case(
        "{way}",
        (rule("load", "archive_damaged", CLIS),),
        "in_doubt",
        ("stored", "pending"),
        IN_DOUBT,
        sent=1,
        last="in_doubt",
    ),
    "put aside as an error": Case(
        "{way}",
        (rule("load", "error", CLIS),),
        "written",
        ("refused", "pending"),
        REFUSED,
        sent=1,
        last="written",
    ),
    "answers that come late": Case("{way}", (rule("load", "late", asks=3),), "confirmed", BOTH),
    "answers about rows of others": Case(
        "{way}", (rule("load", "unknown_key", PRODUCTS),), "delivered", BOTH, last="delivered"
    ),
}

STORED_CLIS, STORED_PRODUCTS = (f"inbox/{name}" for name in names())

S3 = {
    "a put that is not answered": Case(
        "s3", (), "confirmed", BOTH, store=(("PUT", STORED_CLIS, "lost", 1),)
    ),
    "no put is answered": Case(
        "s3",
        (),
        "confirmed",
        BOTH,
        store=(("PUT", STORED_CLIS, "lost", 1), ("PUT", STORED_PRODUCTS, "lost", 1)),
    ),
    "too busy for the products": Case(
        "s3", (), "confirmed", BOTH, sent=3, store=(("PUT", STORED_PRODUCTS, "busy", 1),)
    ),
    "too busy, for ever": Case(
        "s3", (), "written", NEITHER, NO_ANSWER, sent=5, store=(("PUT", STORED_CLIS, "busy", 3),)
    ),
    "it does not let us in": Case(
        "s3",
        (),
        "written",
        ("refused", "pending"),
        REFUSED,
        sent=2,
        last="written",
        store=(("PUT", STORED_CLIS, "refused", 2),),
    ),
    "a look that is not answered": Case(
        "s3", (), "confirmed", BOTH, store=(("GET", "06_clis.csv", "busy", 1),)
    ),
    "half of what is there": Case(
        "s3",
        (),
        "confirmed",
        BOTH,
        store=(("GET", "archive/default_000001_06_clis.csv", "torn", 1),),
    ),
}

CASES = [
    *(pytest.param(case, id=f"s3: {name}") for name, case in S3.items()),
    *(pytest.param(case, id=f"http: {name}") for name, case in HTTP.items()),
    *(pytest.param(case, id=f"sftp: {name}") for name, case in SFTP.items()),
    *(
        pytest.param(
            Case(way, case.rules, case.first, case.files, case.item, case.sent, case.last),
            id=f"{way}: {name}",
        )
        for way in ("folder", "sftp", "s3")
        for name, case in DROP.items()
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_lost_nothing_twice_order_kept(
    case: Case, tmp_path: Path, written: Callable[[Path, int], Office]
):
    with exchange(written(tmp_path, 2), case.way, rules=case.rules, **case.waits) as both:
        for each in case.store:
            assert both.store is not None
            both.store.misbehave(*each)
        first = both.deliver()
        found = (first.state, tuple(both.states()), both.queue())
        both.stand_in.behave([])
        both.be_patient()
        if first.state in {"written", "delivered"}:
            both.deliver()

        item = [] if case.item is None else [("delivery:1", *case.item)]
        assert (case.first, case.files, item) == found
        assert case.last == both.state()
        if case.sent is not None and case.way != "folder":
            assert case.sent == both.uploads()
        _check_end(both, case.last)


def _check_end(both: Exchange, state: str) -> None:
    """Nothing twice and in order; and what is not In Billing is still to be seen."""
    audit = both.stand_in.audit()
    dispositions = {row["disposition"] for row in both.office.charges().values()}

    assert 0 == audit["double_bills"]
    assert 0 == audit["out_of_order"]
    assert {} == audit["rows_loaded_again"]
    assert 2 >= audit["files_loaded"]
    assert ({"in_billing"} if state == "confirmed" else {"exported"}) == dispositions
    if state == "confirmed":
        assert 2 == audit["files_loaded"]
        assert [] == both.queue()


def test_at_least_forty_misbehaviours():
    assert len(CASES) >= 40
