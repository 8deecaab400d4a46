"""How the stand-in misbehaves: a list of rules, each for so many occasions, and then it is well.

Pure: rules say what is to happen, the servers and the loader see that it does. A rule is a JSON
object: `on` an occasion, `name` a pattern for the file it is about (any if left out), `times` how
often it fires (1; -1 for ever), `skip` how many occasions it lets pass first, `do` the kind of
misbehaviour, and that kind's own settings.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from sandbox.affinity.policy import FailureScope
from sandbox.affinity.state import StandInError

_ANSWERS: Final = frozenset(
    {
        "slow",
        "hang",
        "429",
        "503",
        "500_before",
        "cut_before",
        "cut_during",
        "html",
        "truncated",
        "absent",
        "refuse",
    }
)
_CUT: Final = frozenset({"slow", "fail", "cut"})

# occasion -> what can go wrong with it
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "upload": (_ANSWERS - {"absent"})
    | {
        "hang_after",
        "500_after",
        "cut_after",
        "html_after",
        "wrong_digest",
        "damaged",
        "no_receipt",
        "lose",
    },
    "ask": _ANSWERS | {"wrong_digest", "no_receipt"},
    "results": _ANSWERS,
    "export": _ANSWERS,
    "load": frozenset(
        {
            "twice",
            "late",
            "partial",
            "unknown_key",
            "contradict",
            "refuse_file",
            "reject",
            "scope",
            "never",
            "delete",
            "archive_damaged",
            "error",
        }
    ),
    "connect": frozenset({"slow", "disconnect", "auth_refused"}),
    "write": _CUT,
    "rename": frozenset({"slow", "rename_fails", "cut_before_rename", "cut_after_rename"}),
    "list": _CUT,
}
# other words for the same
_ALSO: Final = {
    ("write", "write_fails"): "fail",
    ("rename", "fail"): "rename_fails",
    ("rename", "cut_before"): "cut_before_rename",
    ("rename", "cut_after"): "cut_after_rename",
    ("connect", "cut"): "disconnect",
}
_OCCASIONS: Final = {"exports": "export"}


class Rule(BaseModel, frozen=True, extra="forbid"):
    """One misbehaviour. Each kind reads only the settings that mean something to it."""

    on: str
    do: str
    name: str | None = None
    times: int = Field(default=1, ge=-1)
    skip: int = Field(default=0, ge=0)
    seconds: float = Field(default=1.0, ge=0)  # slow, hang: how long
    retry_after: int | str | None = None  # 429, 503: as the header shall have it
    status: int = Field(default=403, ge=400, le=599)  # refuse: with which status
    asks: int = Field(default=1, ge=1)  # late: asked in vain so many times
    every: int = Field(default=2, ge=1)  # partial, reject: each so many-th row
    keys: tuple[str, ...] = ()  # reject: these row keys instead
    code: str = "BUSY"  # reject: in which words
    message: str = ""
    scope: FailureScope = FailureScope.FILE  # scope: what one bad row takes with it

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, said: object) -> object:
        if not isinstance(said, dict):
            return said
        on = _OCCASIONS.get(str(said.get("on")), said.get("on"))
        do = str(said.get("do"))
        return said | {"on": on, "do": _ALSO.get((str(on), do), do)}

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.on not in KINDS:
            raise ValueError(f"on is one of {', '.join(KINDS)}")
        if self.do not in KINDS[self.on]:
            raise ValueError(f"on {self.on}, do is one of {', '.join(sorted(KINDS[self.on]))}")
        return self

    def is_about(self, on: str, name: str) -> bool:
        """Whether this is such an occasion, with such a file."""
        return self.on == on and (self.name is None or fnmatchcase(name, self.name))


class Behaviour:
    """The rules in force and how often each has fired; any thread may ask."""

    def __init__(self, rules: Iterable[object] = ()) -> None:
        """Start with the given rules."""
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._left: list[list[int]] = []  # per rule: still to skip, still to fire
        self.replace(rules)

    def replace(self, rules: Iterable[object]) -> None:
        """Forget the rules there were; the new ones start to count from now.

        Raises:
            StandInError: a rule that says nothing the stand-in could do; then nothing changes.

        """
        read = [read_rule(rule) for rule in rules]
        with self._lock:
            self._rules = read
            self._left = [[rule.skip, rule.times] for rule in read]

    def draw(self, on: str, name: str = "") -> Rule | None:
        """What goes wrong this time, if anything: the first rule whose turn it is, used up once."""
        with self._lock:
            return next(self._due(on, name, most=1), None)

    def draw_all(self, on: str, name: str = "") -> tuple[Rule, ...]:
        """Everything that goes wrong this time: each rule whose turn it is, each used up once."""
        with self._lock:
            return tuple(self._due(on, name, most=len(self._rules)))

    def as_list(self) -> list[dict[str, object]]:
        """The rules with what is left of them: `times` and `skip` as of now."""
        with self._lock:
            return [
                rule.model_dump(mode="json") | {"skip": skip, "times": times}
                for rule, (skip, times) in zip(self._rules, self._left, strict=True)
            ]

    def _due(self, on: str, name: str, most: int) -> Iterator[Rule]:
        for rule, left in zip(self._rules, self._left, strict=True):
            if most == 0:
                return
            if left[1] == 0 or not rule.is_about(on, name):
                continue
            if left[0] > 0:
                left[0] -= 1
                continue
            if left[1] > 0:
                left[1] -= 1
            most -= 1
            yield rule


def read_rule(said: object) -> Rule:
    """A rule from its JSON object.

    Raises:
        StandInError: a word or a setting that does not exist.

    """
    try:
        return Rule.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise StandInError(f"reading a rule: {where}: {first['msg']}") from None
