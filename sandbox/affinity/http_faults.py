"""What each misbehaviour over HTTP does to an answer. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from sandbox.affinity.behaviour import Rule

_PAGE: Final = b"<!doctype html>\n<title>Sign in</title>\n<h1>Please sign in</h1>\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `effect` is whether Affinity is another for it."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False


class Ending(Enum):
    """How an answer ends."""

    WHOLE = auto()
    CLOSED = auto()  # whole, and then the connection is closed
    SHORT = auto()  # after half its bytes the connection is closed
    RESET = auto()  # the connection is reset without a byte
    RESET_IN_BODY = auto()  # the connection is reset after half the bytes


class Waits(Enum):
    """When there is a wait: before anything is done, or between that and the answer."""

    BEFORE = auto()
    AFTER = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """What a kind of misbehaviour comes to.

    Without `effect` nothing is done, whatever is said; `says` turns the right answer into the one
    that is given.
    """

    effect: bool = True
    damages: bool = False  # what is kept is not what came
    says: Callable[[Answer, Rule], Answer] | None = None
    ending: Ending = Ending.WHOLE
    waits: Waits | None = None

    def told(self, answer: Answer, rule: Rule) -> Answer:
        """The answer that is given instead of the right one; its effect stays what it was."""
        said = answer if self.says is None else self.says(answer, rule)
        return replace(said, effect=answer.effect and self.effect)


def as_json(status: int, body: object, *, effect: bool = False) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(body).encode() + b"\n", effect=effect)


def _busy(status: int) -> Callable[[Answer, Rule], Answer]:
    def says(_answer: Answer, rule: Rule) -> Answer:
        wait = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
        return replace(as_json(status, {"error": "busy"}), headers=wait)

    return says


def _status(status: int) -> Callable[[Answer, Rule], Answer]:
    return lambda _answer, _rule: as_json(status, {"error": "as the behaviour has it"})


def _page(_answer: Answer, _rule: Rule) -> Answer:
    return Answer(200, _PAGE, "text/html; charset=utf-8")


def _wrong_digest(answer: Answer, _rule: Rule) -> Answer:
    receipt = json.loads(answer.body)
    if "sha256" not in receipt:
        return answer
    digits = receipt["sha256"][::-1]
    return replace(answer, body=as_json(answer.status, receipt | {"sha256": digits}).body)


def _empty(answer: Answer, _rule: Rule) -> Answer:
    return replace(answer, body=b"{}\n")


FAULTS: Final[Mapping[str, Fault]] = {
    "slow": Fault(waits=Waits.BEFORE),
    "hang": Fault(effect=False, waits=Waits.BEFORE, ending=Ending.RESET),
    "hang_after": Fault(waits=Waits.AFTER, ending=Ending.RESET),
    "429": Fault(effect=False, says=_busy(429)),
    "503": Fault(effect=False, says=_busy(503)),
    "500_before": Fault(effect=False, says=_status(500)),
    "500_after": Fault(says=_status(500)),
    "cut_before": Fault(effect=False, ending=Ending.RESET),
    "cut_after": Fault(ending=Ending.RESET),
    "cut_during": Fault(ending=Ending.RESET_IN_BODY),
    "wrong_digest": Fault(says=_wrong_digest),
    "html": Fault(effect=False, says=_page),
    "html_after": Fault(says=_page),
    "truncated": Fault(ending=Ending.SHORT),
    "damaged": Fault(damages=True),
    "no_receipt": Fault(says=_empty),
    "absent": Fault(effect=False, says=_status(404)),
    "refuse": Fault(effect=False, says=lambda _a, rule: _status(rule.status)(_a, rule)),
    "lose": Fault(effect=False),
}
RIGHT: Final = Fault()
