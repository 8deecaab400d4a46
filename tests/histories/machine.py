"""The state machine: what may happen to an office with many lines, and what must hold after it.

A step is one thing that happens: a round of edits in The Layer, a run, a batch that is carried to
Affinity, an answer, a person who decides, a crash. Affinity is the stand-in, with a memory of its
own; batches are carried to it by hand, which is the way in which most can go wrong.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows import billing_run
from flows.queue_desk import list_items, release
from sandbox.affinity import Affinity, Policy, write_results
from schemas.receipts import RunReceipt
from schemas.vocabulary import RetryState
from tests.at_rest import comes_to_rest
from tests.histories.model import ADD, CEASE, Model, Period
from tests.histories.world import DAY, Lines, View, write
from tests.integration.office import Office
from tests.integration.test_ledger_chain import broken_links
from tests.running import mart

LINES = 25
SETTLING = 10  # runs at the end, until there is nothing left to tell
BEGINNINGS = (  # a few days before the clocks change, a leap day, and a year's end
    date(2026, 3, 26),
    date(2026, 10, 22),
    date(2028, 2, 26),
    date(2026, 12, 28),
)
BOUNDARIES = (
    "land_feeds",
    "accept_records",
    "look_for_news",
    "judge_charges",
    "find_changes",
    "claim_batch",
    "publish_batch",
    "remember_sides",
    "finish_run",
)
"""Steps of the billing run before which it can die."""
REFUSALS = (("NO_RATE", "No rate in the customer's rate card"), ("BUSY", "Try again later"))
SEEDS = st.integers(0, 2**32 - 1)

_RUN = """
import sys
from datetime import date
from flows.billing_run import billing_run
billing_run.fn(sys.argv[1], date.fromisoformat(sys.argv[2]))
"""
_ROOT = Path(__file__).resolve().parents[2]


TOLD: Counter[str] = Counter()
"""What happened in all machines of this process, by kind."""


class Died(BaseException):
    """The end of a process, as far as the flow can tell: nothing catches it."""


def _die(*_: object, **__: object) -> None:
    raise Died


class Histories(RuleBasedStateMachine):
    """One office; each of its lines has a history of as many steps as the machine makes."""

    def __init__(self) -> None:
        """An office in a folder of its own."""
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory(prefix="r2b-histories-")
        self.folder = Path(self.temporary.name)
        self.office = Office(self.folder / "office", lines=0)
        self.model = Model()
        self.views: dict[int, tuple[View, date]] = {}  # by batch, what was seen when it was claimed
        self.yesterday: View | None = None
        self.refused: dict[int, set[str]] = {}  # by batch that was carried, its refused keys
        self.adds: dict[int, set[str]] = {}  # by batch, the charges that Affinity began to bill
        self.answered: set[int] = set()
        self.abandoned: set[int] = set()
        self.undoes: set[int] = set()
        self.evidence: set[str] = set()
        self.is_killed = self.is_checked = False
        self.steps = 0

    @initialize(seed=SEEDS, today=st.sampled_from(BEGINNINGS))
    def open(self, seed: int, today: date) -> None:
        """The first run, as every office has had one."""
        self.today = today
        self.lines = Lines(LINES, today, Random(seed))
        write(self.office, self.lines.view())
        self.office.save()
        Affinity(self.folder / "affinity", self.office.folder / "feeds").learn()
        self.affinity = Affinity(self.folder / "affinity")
        self._run(self.lines.view())

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One of what can happen now; edits and runs most often.

        One rule for all, as hypothesis leaves whole rules out of a machine, and one without a run
        would prove nothing.
        """
        seed = data.draw(SEEDS)
        happens = data.draw(st.sampled_from(self._possible()))
        happens(Random(seed))

    def _possible(self) -> list[Callable[[Random], None]]:
        """All that can happen now, what is more likely more often."""
        found = [
            *(6 * [self.lines_change]),
            *(6 * [self.a_run]),
            self.a_run_on_stale_feeds,
            self.a_run_on_an_earlier_day,
            self.a_run_that_stops_between_two_steps,
            self.runs_until_nothing_is_new,
            self.everything_refused_is_released,
        ]
        if not self.is_killed:
            found.append(self.a_run_that_is_killed)
        if self._to_carry():
            found += 9 * [self.a_batch_is_carried_and_answered]
            found += 3 * [self.a_batch_is_carried_and_its_answer_lost]
            found.append(self.a_batch_is_abandoned)
        if self._to_answer():
            found += 4 * [self.a_lost_answer_is_found]
            if not self.refused[self._to_answer()]:
                found += 4 * [self.a_person_transfers_it]
        if self._to_undo():
            found.append(self.a_batch_is_undone)
        return found

    # The Layer

    def lines_change(self, random: Random) -> None:
        """Prices, quantities, sites, numbers, products; ceases; Do Not Bill and routes; the lot."""
        self._step("rounds of edits")
        TOLD["edits of lines"] += self.lines.happen(random, self.today)

    # Runs

    def a_run(self, random: Random) -> None:
        """The feeds of today, on this day or a later one."""
        self._step("runs")
        self.today += timedelta(days=random.choice((0, 1, 1, 1, 2, 5)))
        self._run(self.lines.view())

    def a_run_on_stale_feeds(self, _: Random) -> None:
        """What the last run saw once more, a day later."""
        self._step("runs on stale feeds")
        self.today += DAY
        self._run(self.yesterday or {})

    def a_run_on_an_earlier_day(self, _: Random) -> None:
        """The clock has gone back: refused, and nothing has happened."""
        self._step("clocks that went back")
        before = self.office.books()
        write(self.office, self.lines.view())
        job = self.office.job(self.today - DAY)
        assert (True, before) == (job.exit_code != 0, self.office.books()), job.error

    def a_run_that_stops_between_two_steps(self, random: Random) -> None:
        """It dies before a step; the next run, of the same day, does what is left."""
        boundary = random.choice(BOUNDARIES)
        self._step(f"runs stopped before {boundary}")
        view = self.lines.view()
        write(self.office, view)
        with self._claims(view, surely=False), pytest.MonkeyPatch.context() as patch:
            patch.setattr(billing_run, boundary, _die)
            try:
                self.office.job(self.today)
            except Died:
                TOLD["runs that died"] += 1
        self._run(view)

    def a_run_that_is_killed(self, _: Random) -> None:
        """A process of its own, killed as soon as anything of a batch is in the outbox."""
        self._step("processes killed")
        self.is_killed = True
        view = self.lines.view()
        write(self.office, view)
        self.office.save()
        with self._claims(view, surely=False):
            self._kill_a_run()
        self._run(view)

    def runs_until_nothing_is_new(self, _: Random) -> None:
        """Somebody presses the button again and again."""
        self._step("days run until nothing was new")
        view = self.lines.view()
        comes_to_rest(self.office, self.today, lambda: self._ran(view))

    def _kill_a_run(self) -> None:
        outbox = self.office.profile.outbox
        before = set(outbox.iterdir())
        words = [sys.executable, "-c", _RUN, str(self.office.folder / "r2b.toml"), str(self.today)]
        process = subprocess.Popen(
            words, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and set(outbox.iterdir()) <= before:
            time.sleep(0.001)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            TOLD["processes killed while they wrote a batch"] += 1
        process.wait()

    def _run(self, view: View) -> str:
        return self._ran(view).status

    def _ran(self, view: View) -> RunReceipt:
        write(self.office, view)
        with self._claims(view, surely=True):
            receipt = self.office.run(self.today)
        self.yesterday = view
        self._nothing_is_lost(receipt, view)
        return receipt

    def _nothing_is_lost(self, receipt: RunReceipt, view: View) -> None:
        """Two charges a line, each with one disposition; counts and money add up to the penny.

        Beside them only what has been handed over of lines that are gone since.
        """
        shown = mart(self.office.folder, "charge")
        is_there = shown["line_id"].is_in(list(view))
        there, gone = shown.filter(is_there), shown.filter(~is_there)
        assert {(key, kind) for key in view for kind in ("upfront", "recurring")} == set(
            there.select("line_id", "charge_type").iter_rows()
        )
        money = receipt.dispositions.values()
        assert (2 * len(view), there["value"].sum()) == (
            there.height,
            sum((each.value for each in money), Decimal(0)),
        )
        assert there.height == sum(each.charges for each in money)
        assert set(gone["disposition"]) <= {"exported", "in_billing"}

    @contextmanager
    def _claims(self, view: View, *, surely: bool) -> Iterator[None]:
        """Remember what was seen, and of the batch that is claimed meanwhile, if there is one."""
        before = self._states()
        yield
        self.is_checked = False
        self.model.saw(view, self.today, surely=surely)
        for seq in self._states().keys() - before.keys():
            self.views[seq] = view, self.today
            TOLD["batches"] += 1

    # Affinity

    def a_batch_is_carried_and_answered(self, random: Random) -> None:
        """All files in load order, some rows refused; the answer comes back."""
        self._step("batches carried and answered")
        seq = self._to_carry()
        self._carry(seq, random, random.choice((0.0, 0.15, 0.4)))
        self._answer(seq)

    def a_batch_is_carried_and_its_answer_lost(self, random: Random) -> None:
        """Affinity has it, and nobody knows."""
        self._step("answers lost")
        self._carry(self._to_carry(), random, random.choice((0.0, 0.0, 0.15)))

    def a_lost_answer_is_found(self, _: Random) -> None:
        """Affinity says it again; and once more, which changes nothing."""
        self._step("answers found")
        seq = self._to_answer()
        self._answer(seq)
        before = self.office.books()
        self._answer(seq)
        assert before == self.office.books()

    def a_person_transfers_it(self, _: Random) -> None:
        """The answer is lost for good, but somebody has looked: all of it is in Affinity."""
        self._step("batches transferred by hand")
        seq = self._to_answer()
        self.office.uploaded(seq)
        self._told(seq)

    def a_batch_is_abandoned(self, _: Random) -> None:
        """It never left; what was in it is judged afresh."""
        self._step("batches abandoned")
        seq = self._to_carry()
        self.office.abandon(seq)
        self.abandoned.add(seq)
        self.is_checked = False

    def a_batch_is_undone(self, _: Random) -> None:
        """The inverse of the newest batch, claimed on the tenant's own today."""
        self._step("batches undone")
        seq = self.office.undo(self._to_undo()).seq
        self.views[seq] = {}, self.today
        self.undoes.add(seq)
        self.is_checked = False

    def everything_refused_is_released(self, _: Random) -> None:
        """A person lets go again whatever Affinity refused."""
        self._step("releases")
        self._release()

    def _release(self) -> None:
        for item in list_items(self.office.profile):
            if item.state is not RetryState.IN_FLIGHT:
                release(self.office.profile, item.id, actor="Ann")
        self.is_checked = False

    def _carry(self, seq: int, random: Random, share: float) -> None:
        """Load a batch into Affinity; the model learns which rows were taken."""
        folder = self.office.batch(seq)
        rows = [
            (path.stem, row)
            for path in sorted(folder.glob("0*.csv"))
            for row in self.office.written(seq, path.name)
        ]
        words = {
            row["Row Key"]: random.choice(REFUSALS)
            for stem, row in rows
            if stem[:2] in {"07", "08"} and seq not in self.undoes and random.random() < share
        }
        answer = self.affinity.load_batch(folder, policy=Policy(words=words))
        assert not answer.problems, answer.problems
        write_results(answer.rows, self._result(seq))
        taken = {each.row_key for each in answer.rows if each.accepted}
        self.refused[seq] = {row["Row Key"] for _, row in rows} - taken
        assert self.refused[seq] == set(words), "Affinity refuses nothing of its own accord"
        told = [(stem, row) for stem, row in rows if stem[:2] in {"07", "08"}]
        TOLD["rows that Affinity refused"] += len(words)
        view, day = self.views[seq]
        subjects = [
            (
                f"L{row['Layer Asset ID'][1:]}",
                row.get("Action", CEASE),
                _day(row.get("Bill Start Date") or row["Cease Date"]),
            )
            for _, row in told
            if row["Row Key"] in taken
        ]
        if seq in self.undoes:
            self.model.undo(key for key, _, _ in subjects)
        else:
            self.model.takes(view, day, subjects)
        self.adds[seq] = {key for key, action, _ in subjects if action == ADD}
        TOLD["rows that Affinity took"] += len(subjects)
        self.is_checked = False

    def _answer(self, seq: int) -> None:
        self.office.transfer(seq, results=self._result(seq))
        self._told(seq)

    def _told(self, seq: int) -> None:
        self.answered.add(seq)
        self.evidence |= self.adds[seq]
        self.is_checked = False

    def _result(self, seq: int) -> Path:
        return self.folder / f"results-{seq}.csv"

    # Where batches stand

    def _states(self) -> dict[int, str]:
        if not self.office.profile.warehouse.exists():
            return {}
        return dict(self.office.query("SELECT seq, state FROM out.batch ORDER BY seq"))

    def _open(self) -> list[int]:
        return [seq for seq in self.views if seq not in self.answered | self.abandoned]

    def _to_carry(self) -> int | None:
        return next((seq for seq in self._open() if seq not in self.refused), None)

    def _to_answer(self) -> int | None:
        return next((seq for seq in self._open() if seq in self.refused), None)

    def _to_undo(self) -> int | None:
        """The newest batch, if it was answered, nothing is open, and none was undone yet."""
        newest = max(self.answered, default=None)
        if self._open() or self.undoes or newest is None or not self.adds[newest]:
            return None
        return newest

    # What must hold

    @invariant()
    def everything_is_in_order(self) -> None:
        """After every step that could have changed anything of ours or of Affinity's."""
        if self.is_checked or not hasattr(self, "affinity"):
            return
        self.is_checked = True
        TOLD["times that everything was looked at"] += 1
        assert not self.model.faults, self.model.faults
        audit = self.affinity.audit()
        assert {} == audit.rows_loaded_again, "no row key twice"
        assert (0, 0) == (audit.double_bills, audit.out_of_order), audit.double_bill_causes
        assert [] == self._not_as_modelled()
        assert [] == broken_links(self.office)
        states = self._states()
        assert list(range(1, len(states) + 1)) == list(states), "batch numbers have no gap"
        assert self.views.keys() == states.keys()
        shown = mart(self.office.folder, "charge", where="charge_type = 'recurring'")
        billed = set(shown.filter(shown["disposition"] == "in_billing")["line_id"])
        assert billed <= self.evidence, "In Billing without evidence"
        stopped = {
            key
            for key, charge in self.model.charges.items()
            if charge.last is not None and charge.last.is_stopped
        }
        assert self.evidence - stopped - self._ending() <= billed, "evidence, but not In Billing"

    def _ending(self) -> set[str]:
        """Charges whose rows Affinity has, and nobody knows yet."""
        return {key for seq in self._open() for key in self.adds.get(seq, ())}

    def _not_as_modelled(self) -> list[str]:
        """What Affinity bills that it must not, and the other way round."""
        there: dict[str, list[Period]] = {}
        for row in self.affinity.holdings("site_product"):
            content = (
                row["site_ref"],
                row["cli"],
                row["product_code"],
                row["quantity"],
                Decimal(str(row["unit_price"])),
            )
            period = Period(_day(str(row["start_on"])), _day(str(row["end_on"])), content)
            there.setdefault(str(row["line_id"]), []).append(period)
        wanted = {
            key: [Period(each.start, each.end, each.content) for each in charge.periods]
            for key, charge in self.model.charges.items()
            if charge.periods
        }
        return [
            f"{key}: must be {wanted.get(key)}, is {there.get(key)}"
            for key in sorted({*wanted, *there})
            if wanted.get(key) != there.get(key)
        ]

    def teardown(self) -> None:
        """Nothing is refused or lost any more: soon nothing is left to tell, and all is told."""
        try:
            if hasattr(self, "affinity"):
                self._settle()
        finally:
            self.temporary.cleanup()

    def _settle(self) -> None:
        quiet = Random(0)
        for _ in range(SETTLING):
            while seq := self._to_answer():
                self._answer(seq)
            while seq := self._to_carry():
                self._carry(seq, quiet, 0.0)
                self._answer(seq)
            self._release()
            self.today += DAY
            if self._run(self.lines.view()) == "nothing_ready":
                break
        else:
            raise AssertionError("still telling")
        comes_to_rest(self.office, self.today, lambda: self._ran(self.lines.view()))
        self.everything_is_in_order()
        assert [] == self.model.unsettled(self.lines.view(), self.today)
        lives = [charge for charge in self.model.charges.values() if charge.periods]
        TOLD["histories"] += LINES
        TOLD["steps of histories"] += LINES * self.steps
        TOLD["charges that were billed"] += len(lives)
        TOLD["of them billed again after a stop"] += sum(len(each.periods) > 1 for each in lives)
        TOLD["machines"] += 1

    def _step(self, words: str) -> None:
        self.steps += 1
        TOLD[words] += 1
        note(f"{self.today}: {words}")


def _day(text: str) -> date | None:
    if "/" in text:
        day, month, year = text.split("/")
        return date(int(year), int(month), int(day))
    return date.fromisoformat(text) if text else None
