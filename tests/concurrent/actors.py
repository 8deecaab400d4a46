"""Processes that all begin at one moment: schedulers' commands, and a person pressing buttons."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from random import Random
from threading import Barrier

from flows.audit_desk import approve
from flows.billing_run import billing_run
from flows.deliveries import check_arrived, deliver
from flows.profile import LoadedProfile, load_profile
from flows.queue_desk import discard, list_items, release, retry_due, retry_now
from flows.retry_queue import drain
from flows.transfer import abandon, transfer_to_billing
from flows.undo import undo
from flows.verify import verify
from schemas.errors import DeliveryIncomplete
from tests.crash.child import CONTEXT, do, ended_with
from tests.running import mart

# what they need is imported once, in the process they are forked from, unless that works already
CONTEXT.set_forkserver_preload([do.__module__, __name__])

UNTIL_DONE = 120.0
BUSY = 40
_TRIES = 400

FORESEEN: Mapping[str, frozenset[int]] = {
    "run": frozenset({0, BUSY, 50}),
    "retry run": frozenset({0, BUSY, 50}),
    "retry": frozenset({0, BUSY}),
    "transfer": frozenset({0, BUSY, 60}),
    "deliver": frozenset({0, BUSY, 50, 60}),
    "abandon": frozenset({0, BUSY, 60, 70}),
    "undo": frozenset({0, BUSY, 60, 70}),
    "approve": frozenset({0, BUSY, 60}),
    "release": frozenset({0, BUSY, 60, 70}),
    "retry now": frozenset({0, BUSY, 60, 70}),
    "discard": frozenset({0, BUSY, 60, 70}),
    "verify": frozenset({0, BUSY}),
    "look": frozenset({0}),
}
"""How each may end: done, busy, not delivered for now, not possible any more, not allowed."""


@dataclass(frozen=True)
class Button:
    """An act, and the batch or item it is about; for an approval, the act approved."""

    act: str
    number: int = 0
    approves: str = ""


@dataclass(frozen=True)
class Actor:
    """A process: what it does one after the other, and whether it tries again when all is busy."""

    buttons: tuple[Button, ...]
    tries_again: bool
    seed: int


@dataclass(frozen=True)
class Outcome:
    """How one act of a process ended, and how often it was told before that another is at work."""

    button: Button
    code: int
    said: str
    times_busy: int


def together(
    actors: Sequence[tuple[Path, Actor]], day: date, environment: Mapping[str, str]
) -> list[list[Outcome]]:
    """All at once, each in its folder with its profile; what came of each, in their order."""
    start = CONTEXT.Barrier(len(actors))
    ways = [folder / f"outcome-{number}.json" for number, (folder, _) in enumerate(actors)]
    processes = [
        CONTEXT.Process(target=_obey, args=(start, folder, actor, day, dict(environment), way))
        for (folder, actor), way in zip(actors, ways, strict=True)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(UNTIL_DONE)
        if process.is_alive():
            process.kill()
            raise AssertionError(f"a process hangs: {actors[processes.index(process)]}")
        assert process.exitcode == 0
    return [
        [
            Outcome(Button(**said.pop("button")), **said)
            for said in json.loads(way.read_text("utf-8"))
        ]
        for way in ways
    ]


def _obey(
    start: Barrier,
    folder: Path,
    actor: Actor,
    day: date,
    environment: dict[str, str],
    way: Path,
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    dice = Random(actor.seed)
    start.wait(UNTIL_DONE)
    outcomes = [_press(button, actor, day, dice) for button in actor.buttons]
    way.write_text(json.dumps([asdict(each) for each in outcomes]), encoding="utf-8")


def _press(button: Button, actor: Actor, day: date, dice: Random) -> Outcome:
    """Do it; whoever tries again does so until it is not busy any more."""
    times_busy = 0
    while True:
        code, said = _code_of(button, day)
        if code != BUSY:
            return Outcome(button, code, said, times_busy)
        times_busy += 1
        if not actor.tries_again or times_busy == _TRIES:
            return Outcome(button, code, said, times_busy)
        time.sleep(dice.uniform(0.05, 0.2))


def _code_of(button: Button, day: date) -> tuple[int, str]:
    code, said, _ = ended_with(
        lambda: ACTS[button.act](load_profile(Path("r2b.toml")), button, day)
    )
    return code, said


Act = Callable[[LoadedProfile, Button, date], object]


def _retry_run(profile: LoadedProfile, _: Button, day: date) -> None:
    receipt = drain(profile)
    if receipt.needs_run:
        billing_run.fn("r2b.toml", day)
    check_arrived(list(receipt.deliveries))


def _transfer(_: LoadedProfile, button: Button, __: date) -> None:
    transfer_to_billing.fn(
        button.number, results=f"results-{button.number}.csv", profile_path="r2b.toml"
    )


def _look(_: LoadedProfile, __: Button, ___: date) -> None:
    """Analysts see whole charges whatever goes on: two of every line."""
    for _number in range(5):
        lines = mart(Path(), "charge")["line_id"].to_list()
        assert len(lines) == 2 * len(set(lines))


def _item(profile: LoadedProfile, button: Button) -> int:
    """The n-th open item, as the list shows it now; where there are fewer, one that is none."""
    items = sorted(item.id for item in list_items(profile))
    return items[button.number % len(items)] if items else 99_999


def _verify(profile: LoadedProfile, _: Button, __: date) -> None:
    wrong = [check for check in verify(profile) if not check.is_ok]
    if wrong:
        raise DeliveryIncomplete(f"Verifying: {wrong}.", hint="")


ACTS: Mapping[str, Act] = {
    "run": lambda _, __, day: billing_run.fn("r2b.toml", day),
    "retry run": _retry_run,
    "retry": lambda profile, _, __: retry_due(profile),
    "transfer": _transfer,
    "deliver": lambda profile, button, _: check_arrived(
        [deliver(profile, button.number, actor="Ann")]
    ),
    "abandon": lambda profile, button, _: abandon(
        profile, button.number, actor="Ann", reason="lost"
    ),
    "undo": lambda profile, button, _: undo(
        profile, button.number, actor="Ann", reason="wrong price book"
    ),
    "approve": lambda profile, button, _: approve(
        profile, button.approves, button.number, actor="Bea"
    ),
    "release": lambda profile, button, _: release(profile, _item(profile, button), actor="Ann"),
    "retry now": lambda profile, button, _: retry_now(profile, _item(profile, button), actor="Ann"),
    "discard": lambda profile, button, _: discard(
        profile, _item(profile, button), actor="Ann", reason="customer left"
    ),
    "verify": _verify,
    "look": _look,
}
