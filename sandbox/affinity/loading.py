"""The one place where files that came over a wire are loaded, one at a time, well or badly."""

import csv
import hashlib
import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sandbox.affinity.answers import RowAnswer
from sandbox.affinity.behaviour import Behaviour, Rule
from sandbox.affinity.billing import Affinity
from sandbox.affinity.layout import ROW_KEY, layout_of
from sandbox.affinity.names import parse_remote_name
from sandbox.affinity.policy import Policy

# what a carrier does with a file instead of, or after, having it loaded
CARRIED: Final = frozenset({"never", "delete", "archive_damaged", "error"})
_REFUSED_WHOLE: Final = "the file was refused"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file: the answer per row, or with a `problem` none, for none was loaded.

    The answer shall be withheld from the first `late` who ask.
    """

    answers: tuple[RowAnswer, ...] = ()
    problem: str = ""
    late: int = 0
    fault: str | None = None


class Loader:
    """Loads files by their remote names under today's policy and behaviour."""

    def __init__(self, affinity: Affinity, behaviour: Behaviour, policy: Policy) -> None:
        """Load into `affinity`, which has learnt already."""
        self._affinity = affinity
        self._behaviour = behaviour
        self._policy = policy
        self._one_at_a_time = threading.Lock()

    def rules_for(self, name: str) -> tuple[Rule, ...]:
        """What goes wrong with this file this time; each rule is used up once."""
        return self._behaviour.draw_all("load", name)

    def load(self, name: str, content: bytes, rules: Sequence[Rule] = ()) -> Loaded:
        """Load a file; with rules, as badly as they say."""
        kinds = {rule.do: rule for rule in rules}
        fault = "+".join(kinds) or None
        found = parse_remote_name(name)
        if found is None or layout_of(found[1]) is None:
            return Loaded(problem=f"{name} is not the name of a batch file", fault=fault)
        problem = _refusal(kinds)
        policy = _policy(self._policy, rules, content)
        with self._one_at_a_time:
            answer = self._affinity.load_bytes(
                *found, content, policy=policy, refused_because=problem
            )
            if "twice" in kinds and not answer.problem:
                self._affinity.load_bytes(*found, content, policy=policy)
        if answer.problem:
            return Loaded(problem=answer.problem, fault=fault)
        late = kinds["late"].asks if "late" in kinds else 0
        return Loaded(_distorted(name, answer.rows, kinds), "", late, fault)


def _refusal(kinds: dict[str, Rule]) -> str:
    """Why the file is refused whole, or nothing."""
    rule = kinds.get("refuse_file") or kinds.get("error")
    return "" if rule is None else rule.message or _REFUSED_WHOLE


def _policy(policy: Policy, rules: Sequence[Rule], content: bytes) -> Policy:
    """The policy for one file: what rules refuse comes on top of what is refused anyway."""
    for rule in rules:
        if rule.do == "scope":
            policy = replace(policy, scope=rule.scope)
        if rule.do == "reject":
            keys = rule.keys or _keys(content)[rule.every - 1 :: rule.every]
            words = (rule.code, rule.message or "Refused, as this rule has it")
            policy = replace(policy, words={**policy.words, **dict.fromkeys(keys, words)})
    return policy


def _keys(content: bytes) -> list[str]:
    """The row keys of a file, as far as it has any."""
    records = csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    return [record.get(ROW_KEY) or "" for record in records]


def _distorted(
    name: str, answers: tuple[RowAnswer, ...], kinds: dict[str, Rule]
) -> tuple[RowAnswer, ...]:
    """The answers as they are told."""
    told = list(answers)
    if "partial" in kinds:
        del told[kinds["partial"].every - 1 :: kinds["partial"].every]
    if "contradict" in kinds and told:
        code = "" if not told[0].accepted else "CONTRADICTED"
        told.append(replace(told[0], accepted=not told[0].accepted, code=code))
    if "unknown_key" in kinds:
        stranger = hashlib.sha256(f"nobody sent this|{name}".encode()).hexdigest()[:32]
        told.append(RowAnswer(stranger, accepted=True))
    return tuple(told)
