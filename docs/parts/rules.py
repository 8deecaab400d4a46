"""Dispositions, waiting reasons, holds and rejects, in the words `r2b explain` uses too."""

from collections.abc import Iterable

import polars as pl

from docs.parts.markdown import code, table
from schemas.explanations import (
    ALERTS,
    CHANGE_HOLDS,
    DISPOSITIONS,
    HOLDS,
    REJECTS,
    WAITING,
    Explanation,
)
from schemas.vocabulary import (
    BillStatus,
    ChangeHoldReason,
    Disposition,
    HoldReason,
    RejectReason,
    WaitingReason,
)
from tasks.ready_to_bill.judgement import bill_status, disposition_rules
from tasks.ready_to_bill.rules import RULES

_IN_JUDGEMENT = {
    HoldReason.UNKNOWN_ROUTE: "Nobody knows the name of the route; asked with the dispositions.",
}
_OF_RIVALS = {
    HoldReason.CLI_CONFLICT: "Another live root service asset holds the CLI at the same time.",
    HoldReason.SUSPECTED_DUPLICATE: "Another line bills the same thing from the same day.",
}
_OF_THE_LEDGER = {
    HoldReason.SOURCE_GONE: "Handed over, but its line or asset is in the feeds no more.",
}


def dispositions() -> str:
    """In the order in which they are asked."""
    asked = [disposition for _, disposition in disposition_rules()]
    rows = []
    for number, disposition in enumerate([*asked, Disposition.HELD, Disposition.READY], start=1):
        is_route = disposition is Disposition.HELD and number <= len(asked)
        meaning = HOLDS[HoldReason.UNKNOWN_ROUTE].meaning if is_route else DISPOSITIONS[disposition]
        name = f"{code(disposition)} by `unknown_route`" if is_route else code(disposition)
        status = f"{BillStatus.READY_TO_BILL} once due, else {BillStatus.NOT_BILLED}"
        rows.append((number, name, meaning, status if is_route else _status(disposition)))
    return table(("", "disposition", "meaning", "bill status in The Layer"), rows)


def alerts() -> str:
    """What the sync check raises."""
    rows = [(code(name), each.meaning, each.remedy, each.owner) for name, each in ALERTS.items()]
    return table(("alert", "means", "what to do", "usually"), rows)


def _status(disposition: Disposition) -> str:
    waits = WaitingReason.NOT_CONVERTED.value if disposition is Disposition.WAITING else None
    charge = pl.DataFrame(
        {"disposition": [disposition.value], "waiting_reason": [waits]},
        schema_overrides={"waiting_reason": pl.String},
    )
    return str(charge.select(bill_status().alias("status")).item())


def waiting() -> str:
    """In the order in which they are asked."""
    return table(
        ("reason", "meaning", "what to do", "usually"),
        _explained((each, WAITING[each]) for each in WaitingReason),
    )


def holds() -> str:
    """In the order of the vocabulary."""
    rows = _explained((each, HOLDS[each]) for each in HoldReason)
    rows.append(
        (
            "`rule:<name>`",
            "It breaks a rule of your own profile.",
            "Correct the field the rule looks at, or change the rule in the profile.",
            "billing",
        )
    )
    return table(("hold", "meaning", "what to do", "usually"), rows)


def change_holds() -> str:
    """What holds changes and entities besides, in the order of the vocabulary."""
    return table(
        ("hold", "meaning", "what to do", "usually"),
        _explained((each, CHANGE_HOLDS[each]) for each in ChangeHoldReason),
    )


def _explained(reasons: Iterable[tuple[str, Explanation]]) -> list[tuple[str, str, str, str]]:
    return [(code(name), words.meaning, words.remedy, words.owner) for name, words in reasons]


def rejects() -> str:
    """In the order of the vocabulary."""
    return table(
        ("reason", "meaning"), ((code(reason), REJECTS[reason]) for reason in RejectReason)
    )


def core_rules() -> str:
    """One line per hold: where it is decided, and the condition in the rule's own words."""
    rows = []
    for reason in HoldReason:
        if reason in RULES:
            where, about = "rules.py", _first_line(RULES[reason].__doc__)
        elif reason in _OF_RIVALS:
            where, about = "rivals.py", _OF_RIVALS[reason]
        elif reason in _IN_JUDGEMENT:
            where, about = "judgement.py", _IN_JUDGEMENT[reason]
        else:
            where, about = "the warehouse", _OF_THE_LEDGER[reason]
        rows.append((code(reason), where, about))
    rows.append(("`rule:<name>`", "schemas/own_rules.py", _first_line(_breaks())))
    return table(("hold", "decided in", "true when"), rows)


def _breaks() -> str:
    from schemas.own_rules import breaks

    return breaks.__doc__ or ""


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().splitlines()[0]


def without_a_rule() -> set[str]:
    """Holds that neither a rule, the rivals, the judgement nor the ledger brings about."""
    told = {*RULES, *_OF_RIVALS, *_IN_JUDGEMENT, *_OF_THE_LEDGER}
    return {reason.value for reason in HoldReason if reason not in told}
