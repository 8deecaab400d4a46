"""Rounds: the reseller changes, two to eight processes collide, and everything is looked at.

Between two rounds nothing runs, so what is found then is what they left behind. What a person does
there alone, as carrying files to Affinity by hand, is done between rounds as well.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from flows.deliveries import deliver
from flows.queue_desk import list_items, release
from flows.verify import verify
from sandbox.affinity import Affinity, Policy, write_results
from sandbox.affinity.serving import StandIn, serving
from schemas.vocabulary import BatchState
from tests.concurrent.actors import BUSY, FORESEEN, Actor, Button, Outcome, together
from tests.crash.invariants import structure
from tests.crash.lives import ENVIRONMENT, LIVES, Scene
from tests.exchange import TOKEN, answers, profile_text
from tests.integration.office import Office
from tests.running import AS_OF
from tests.year.world import write_csv

DAY = timedelta(days=1)
LINES = 3
SETTLING = 8
_AT_ONCE = (2, 2, 3, 3, 4, 4, 5, 6, 7, 8)
"""Processes at once; small numbers more often, for every run takes its second."""

_PATIENT = 0.25
"""How many of the machines try again when they are told that another is at work."""

_BY_HAND = """
[retry]
first_wait_seconds = 1
longest_wait_seconds = 1
"""
_APPROVALS = """
[approvals]
above = 70
[operators]
Ann = ["bill_export", "update_billing"]
Bea = ["approve"]
"""
_TROUBLES: tuple[Mapping[str, Any], ...] = (
    {"on": "upload", "do": "500_after"},
    {"on": "upload", "do": "cut_before"},
    {"on": "upload", "do": "503", "times": 9},
    {"on": "results", "do": "503", "times": 9},
    {"on": "results", "do": "503", "times": 30},
    {"on": "load", "do": "reject", "name": "*08_*", "every": 3, "code": "BUSY"},
    {"on": "load", "do": "reject", "name": "*08_*", "every": 2, "code": "NO_RATE"},
)
_OPEN = (BatchState.WRITTEN, BatchState.IN_DOUBT, BatchState.DELIVERED)

_MACHINES = ("run", "run", "run", "retry run", "retry run", "retry", "deliver", "transfer", "look")
_PEOPLE = ("transfer", "abandon", "release", "retry now", "discard", "approve", "deliver", "verify")

Live = dict[tuple[str, str], tuple[Any, ...]]
"""What Affinity bills: quantity until it ends, price, CLI and end, by line and charge type."""


@dataclass
class Rounds:
    """One office's rounds, with Affinity at the end of a line, or of a person's way."""

    place: Path
    seed: int
    by_hand: bool
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Three lines, none billed yet."""
        self.office = Office(self.place / "office", lines=LINES)
        self.office.feeds["affinity_products"] = [{"product_code": "SKU-1", "is_active": "true"}]
        self.office.save()
        self.dice = Random(f"rounds {self.seed}")
        self.day = AS_OF
        self.lines = LINES
        self.loaded: set[int] = set()
        self.undoing = 0

    def play(self, rounds: int) -> None:
        """So many, then quiet runs until nothing is left to tell; faults are in `wrong`."""
        with affinity(self.place, self.office, by_hand=self.by_hand) as stand_in:
            self.scene = Scene(self.place, LIVES["run"], stand_in)
            for number in range(rounds):
                self.day += DAY
                if number:
                    self._something_changes()
                self._round(stand_in, number)
            settle(self.office, stand_in, self.place, self.day)
            self.wrong += structure(self.scene, self.place / "aside")
            self._converged()

    def _round(self, stand_in: StandIn, number: int) -> None:
        if number:
            stand_in.behave([])
            self._before(stand_in)
        stand_in.behave([] if self.by_hand else self._troubles())
        actors = self._actors(is_first=number == 0)
        for each in self.place.glob("office/outcome-*.json"):
            each.unlink()
        found = together([(self.office.folder, each) for each in actors], self.day, ENVIRONMENT)
        where = f"seed {self.seed}, round {number}"
        said = [each for outcomes in found for each in outcomes]
        self.wrong += [f"{where}: {each}" for each in unforeseen(said)]
        if not any(each.button.act == "run" and each.code in {0, 50} for each in said):
            self.wrong.append(f"{where}: no run has done its work")
        self.wrong += [f"{where}: {each}" for each in structure(self.scene, self.place / "aside")]
        self.wrong += [
            f"{where}: {check.name}: {check.wrong}"
            for check in verify(self.office.profile)
            if not check.is_ok
        ]
        self.told["rounds"] += 1
        self.told["processes"] += len(actors)
        self.told["processes that met a held lock"] += sum(
            any(each.times_busy for each in outcomes) for outcomes in found
        )
        self.told["times that one was told so"] += sum(each.times_busy for each in said)
        self.told.update(f"{each.button.act}: {_how(each.code)}" for each in said)

    # The reseller, Affinity and a person between rounds

    def _something_changes(self) -> None:
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            self.lines += 1
            self.office.add_line(self.lines)
        for asset in self.dice.sample(self.office.feeds["assets"], 2):
            asset["quantity"] = str(self.dice.randint(1, 9))
        if self.dice.random() < 0.15:
            asset = self.dice.choice(self.office.feeds["assets"])
            asset["cease_on"] = (self.day + DAY).isoformat()
            asset["cease_reason"] = "Customer left"
        self.office.save()

    def _troubles(self) -> list[Mapping[str, Any]]:
        return [
            {"times": 1, "seconds": 0.05, **each}
            for each in self.dice.sample(_TROUBLES, self.dice.choice((0, 1, 2, 3)))
        ]

    def _before(self, stand_in: StandIn) -> None:
        """Answers a person may have at hand; by hand, some batches are carried now."""
        for seq in open_batches(self.office):
            if self.by_hand and seq not in self.loaded and self.dice.random() < 0.7:
                self.loaded.add(seq)
                share = self.dice.choice((0.0, 0.0, 0.3))
                load_by_hand(self.office, self.place, seq, share, self.dice)
            if not self.by_hand:
                _have_answers(self.office, stand_in, seq)
        # now and then items are due at once, as when time has passed
        if self.dice.random() < 0.5:
            self.office.change(
                "UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01' WHERE state = 'waiting'"
            )

    # Who acts

    def _actors(self, *, is_first: bool) -> list[Actor]:
        """A run that does not give up, and one to seven others; a person among them."""
        count = self.dice.choice(_AT_ONCE)
        seeds = [self.dice.randrange(2**32) for _ in range(count)]
        actors = [Actor((Button("run"),), tries_again=True, seed=seeds[0])]
        if is_first:
            acts = [Button("run")] * (count - 1)
            return actors + [
                Actor((act,), self.dice.random() < _PATIENT, seed)
                for act, seed in zip(acts, seeds[1:], strict=True)
            ]
        for number, seed in enumerate(seeds[1:]):
            words = _PEOPLE if number == 0 else _MACHINES
            times = self.dice.choice((2, 3)) if number == 0 else 1
            buttons = tuple(
                button for _ in range(times) for button in self._button(self.dice.choice(words))
            )
            actors.append(Actor(buttons, number == 0 or self.dice.random() < _PATIENT, seed))
        if not self.undoing and self._to_undo() and self.dice.random() < 0.3:
            self.undoing = self._to_undo()
            undo = self._approved("undo", self.undoing)
            # two press it at once: it is undone once
            actors[1:2] = [Actor(undo, True, seeds[1]), Actor(undo[1:], True, seeds[-1])]
        return actors[: max(_AT_ONCE)]

    def _button(self, act: str) -> tuple[Button, ...]:
        batches = open_batches(self.office) or [newest(self.office)]
        seq = self.dice.choice(batches)
        is_loaded = seq in self.loaded
        match act:
            case "transfer" if (self.office.folder / f"results-{seq}.csv").exists():
                return (Button(act, seq),)
            case "abandon" if not is_loaded:
                return self._approved(act, seq)
            case "deliver" if not self.by_hand:
                return (Button(act, seq),)
            case "release" | "retry now":
                return (Button(act, self.dice.randrange(4)),)
            case "discard" if self.dice.random() < 0.3:
                return (Button(act, self.dice.randrange(4)),)
            case "retry run" | "retry" | "look" | "verify":
                return (Button(act),)
        return (Button("run"),)

    def _approved(self, act: str, number: int) -> tuple[Button, ...]:
        return Button("approve", number, act), Button(act, number)

    def _to_undo(self) -> int:
        rows = self.office.query("SELECT max(seq) FROM out.batch WHERE state = 'confirmed'")
        return int(rows[0][0] or 0)

    # Where it ends

    def _converged(self) -> None:
        """All that is ready is In Billing, as in a life in which nobody ever collided."""
        left_out = given_up(self.office)
        self.told["charges given up by a person"] += len(left_out)
        alone = sequential(self.place.with_name(f"{self.place.name}-alone"), self)
        here = billed(self.place)
        self.told["charges billed"] += len(here)
        for charge in sorted(alone.keys() - left_out):
            if here.get(charge) != alone[charge]:
                self.wrong.append(
                    f"seed {self.seed}: {charge} is {here.get(charge)}, not {alone[charge]}"
                )
        if extra := here.keys() - alone.keys():
            self.wrong.append(f"seed {self.seed}: billed although it never should be: {extra}")
        waiting = [
            charge
            for charge, row in self.office.charges().items()
            if row["disposition"] in {"ready", "exported"}
        ]
        if waiting:
            self.wrong.append(f"seed {self.seed}: not In Billing at the end: {waiting}")


def unforeseen(outcomes: list[Outcome]) -> Iterator[str]:
    """Whoever ended as nobody foresaw, or with words that are not for people."""
    for each in outcomes:
        if each.code not in FORESEEN[each.button.act] or "Traceback" in each.said:
            yield f"{each.button} ended with {each.code}: {each.said[-1500:]}"


def _how(code: int) -> str:
    return {0: "done", BUSY: "busy", 50: "not delivered yet", 60: "refused", 70: "not allowed"}.get(
        code, str(code)
    )


def open_batches(office: Office) -> list[int]:
    """The numbers of batches that wait, oldest first."""
    states = ", ".join(f"'{state.value}'" for state in _OPEN)
    rows = office.query(f"SELECT seq FROM out.batch WHERE state IN ({states}) ORDER BY seq")
    return [seq for (seq,) in rows]


def newest(office: Office) -> int:
    """The number of the last batch; 1 where there is none yet."""
    return int(office.query("SELECT max(seq) FROM out.batch")[0][0] or 1)


def given_up(office: Office) -> set[tuple[str, str]]:
    """Charges a person has taken back or given up: they stay as they are."""
    undone = {(line, kind) for line, kind, reason in office.holds() if reason == "undone"}
    subjects = office.query("SELECT subject FROM ops.retry_item WHERE state = 'discarded'")
    discarded = {tuple(subject.split(":")[1:3]) for (subject,) in subjects}
    return undone | {(each[0], each[1]) for each in discarded if len(each) == 2}


@contextmanager
def affinity(place: Path, office: Office, *, by_hand: bool) -> Iterator[StandIn]:
    """Affinity at work, and the profile that sends batches there, or leaves it to people."""
    with (
        serving(place / "affinity", office.folder / "feeds", token=TOKEN, poll=None) as stand_in,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("R2B_AFFINITY_TOKEN", TOKEN)
        text = _BY_HAND + _APPROVALS if by_hand else profile_text(stand_in, "http", waits=0.3)
        (office.folder / "r2b.toml").write_text(text, encoding="utf-8")
        yield stand_in


def load_by_hand(office: Office, place: Path, seq: int, share: float, dice: Random) -> None:
    """A person carries a batch to Affinity, and has its answer: `share` of the rows refused."""
    keys = [row["Row Key"] for row in office.written(seq)] if share else []
    words = {key: ("BUSY", "Try again later") for key in keys if dice.random() < share}
    answer = Affinity(place / "affinity").load_batch(office.batch(seq), policy=Policy(words=words))
    assert not answer.problems, answer.problems
    write_results(answer.rows, office.folder / f"results-{seq}.csv")


def _have_answers(office: Office, stand_in: StandIn, seq: int) -> None:
    """A person has fetched what Affinity says of a batch that came by itself, if it says all."""
    rows = answers(stand_in, office.batch(seq))
    if rows:
        write_csv(office.folder / f"results-{seq}.csv", rows[0], rows)


def settle(office: Office, stand_in: StandIn, place: Path, day: date) -> None:
    """Runs, answers and releases, one after the other, until nothing is left to tell."""
    stand_in.behave([])
    is_by_hand = office.profile.settings.delivery.mode == "manual"
    if is_by_hand:
        (office.folder / "r2b.toml").write_text(_BY_HAND, encoding="utf-8")
    for _ in range(SETTLING):
        for seq in open_batches(office):
            path = office.folder / f"results-{seq}.csv"
            if is_by_hand and not path.exists():
                load_by_hand(office, place, seq, 0.0, Random(0))
            if is_by_hand:
                office.transfer(seq, results=path)
            elif deliver(office.profile, seq, actor="Ann").state == BatchState.IN_DOUBT:
                has_come = bool(answers(stand_in, office.batch(seq)))
                deliver(office.profile, seq, actor="Ann", arrived=has_come)
        for item in list_items(office.profile):
            if not item.subject.startswith("delivery:"):
                release(office.profile, item.id, actor="Ann")
        day += DAY
        if office.run(day).status == "nothing_ready":
            return
    raise AssertionError("still telling")


def billed(place: Path) -> Live:
    """The last row of each charge that Affinity bills, or has billed.

    What of one that has ended depends on the day it was first told is left out: the quantity before
    the end, and whether a one-off was told with its asset's.
    """
    found: Live = {}
    for row in Affinity(place / "affinity").holdings("site_product"):
        charge = str(row["line_id"]), str(row["charge_type"]).lower()
        end = row["end_on"] if charge[1] == "recurring" else ""
        found[charge] = (row["quantity"] * (not end), row["unit_price"], row["cli"], end)
    return found


def sequential(place: Path, rounds: Rounds) -> Live:
    """What Affinity bills where one run follows the other on the same feeds."""
    office = Office(place / "office", lines=LINES)
    office.feeds["affinity_products"] = rounds.office.feeds["affinity_products"]
    office.save()
    with affinity(place, office, by_hand=False) as stand_in:
        office.run(AS_OF + DAY)
        office.feeds = rounds.office.feeds
        office.save()
        settle(office, stand_in, place, rounds.day)
        return billed(place)
