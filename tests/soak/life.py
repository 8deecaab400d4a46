"""The days of a tenant whose program never stops: the year's reseller, with a batch and faults.

What Affinity must hold at the end is what `tests.year.expectation` says of any year.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from flows.profile import tenant_folder
from sandbox.affinity.names import remote_name
from sandbox.affinity.serving import StandIn, serving
from tests.crash.child import do
from tests.crash.lives import ENVIRONMENT
from tests.exchange import TOKEN, answers
from tests.soak.faults import AFTER_THE_RUN, BEFORE_THE_RUN, damaged, drawn, on_the_line, point
from tests.soak.worker import Reply, Worker
from tests.year.reference import TENANT
from tests.year.world import Row, View, read_csv, write_csv
from tests.year.year import Year

FIRST_DAY = date(2031, 1, 1)
"""After any day on which this can run, so that everything is old once its days are over."""

WEEK, MONTH = 7, 30
_SETTLED = {0, 50, 60}
_TRIES = 8

PROFILE = """
[tenant]
name = "{tenant}"
[feeds]
path = "feeds"
mode = "full"
[cli.profiles]
Licences = "none"
[retry]
first_wait_seconds = 1
longest_wait_seconds = 1
jitter = false
[keep]
landed_days = 30
[retention]
raw_days = 30
reject_days = 30
file_days = 60
personal_days = 90
[delivery]
attempts = 2
first_wait_seconds = 0.01
longest_wait_seconds = 0.05
receipt_wait_seconds = 1
answer_wait_seconds = 1
poll_seconds = 0.01
[delivery.http]
url = "{url}"
timeout_seconds = 1.0
"""


@dataclass
class Tenant:
    """Runs and transfers of one worker, in a folder with `r2b.toml` and, below it, the feeds."""

    folder: Path
    seed: int
    told: Counter[str] = field(default_factory=Counter)
    seq: int = 0
    seconds_of_run: float = 0.0
    """Of the day's run that read good feeds to its end."""

    worker: Worker = field(init=False)
    stand_in: StandIn = field(init=False)
    today: date = FIRST_DAY
    fault: str = ""

    @property
    def outbox(self) -> Path:
        """Where its batches are."""
        return self.folder / "outbox" / tenant_folder(TENANT)

    def dice(self, what: str) -> Random:
        """The chances of this day."""
        return Random(f"{self.seed} {self.today} {what}")

    def run(self, _view: View, as_of: date, _outbox: Path) -> Path | None:
        """The billing run, and what goes wrong before it; the folder of the batch that waits."""
        self.today = as_of
        self._wait_until_due()
        self._trouble(as_of)
        reply = self.worker.ask("run", as_of)
        assert reply.code == 0, reply.said
        self.seconds_of_run = reply.seconds
        seq, _ = reply.value
        if seq is None:
            return None
        self.told["batches"] += 1
        self.seq = seq
        return self.outbox / f"{seq:06d}"

    def _trouble(self, as_of: date) -> None:
        dice = self.dice("before the run")
        match self.fault:
            case "malformed feed" | "missing feed" | "short feed" | "too many rejects":
                with damaged(self.folder / "feeds", self.fault, dice) as codes:
                    self._expect(codes, self.worker.ask("run", as_of))
            case "clock that went back":
                self._expect({60}, self.worker.ask("run", as_of - timedelta(days=400)))
            case "failing disk":
                reply = self.worker.ask("run", as_of, dice.choice((2_000, 20_000, 300_000)))
                self._expect({0, 43}, reply)
                self.told["runs the disk stopped"] += reply.code == 43
            case "process killed":
                for _ in range(dice.choice((1, 1, 2))):
                    ended = do(self.folder, "run", as_of, environment={}, point=point(dice))
                    assert "Traceback" not in ended.said, ended.said
                    assert ended.was_killed or ended.code == 0, ended
                    self.told["runs killed"] += ended.was_killed

    def _expect(self, codes: set[int], reply: Reply) -> None:
        assert reply.code in codes, f"{self.today}, {self.fault}: {reply.code} {reply.said}"
        self.told[f"runs that ended with {reply.code}"] += 1

    def transfer(self, results: list[Row]) -> list[tuple[str, Row]]:
        """Transfer to Billing, and what The Layer would import."""
        path = self.folder / "answer.csv"
        write_csv(path, results[0], results)
        reply = self.worker.ask("transfer", self.seq, str(path))
        assert reply.code == 0, reply.said
        batch = self.outbox / f"{self.seq:06d}"
        files = [batch / "layer_updates.csv", *(batch / "layer_import").glob("*.csv")]
        return [(file.name, row) for file in files for row in read_csv(file)]

    def deliver(self, words: dict[str, tuple[str, str]]) -> None:
        """By itself, over a line on which things go wrong, until Affinity's answer is here."""
        refusals = [
            {
                "on": "load",
                "do": "reject",
                "times": -1,
                "keys": [key],
                "code": code,
                "message": said,
            }
            for key, (code, said) in words.items()
        ]
        troubles = on_the_line(self.dice("line"))
        self.stand_in.behave([*troubles, *refusals])
        for number in range(_TRIES):
            reply = self.worker.ask("deliver", self.seq)
            self.told["deliveries begun"] += 1
            assert reply.code in _SETTLED, reply.said
            if reply.value == "confirmed":
                break
            if reply.value == "in_doubt":
                self.told["deliveries in doubt"] += 1
                files = [str(each["name"]) for each in self.stand_in.journal() if each["effect"]]
                arrived = any(self._is_mine(name) for name in files)
                self.worker.ask("deliver", self.seq, arrived)
            assert number + 1 < _TRIES, f"{self.today}: {reply.said or reply.value}"
        self.stand_in.behave([])

    def _is_mine(self, name: str) -> bool:
        return name.startswith(remote_name(f"{TENANT}/{self.seq:06d}", ""))

    def release(self) -> None:
        """A person lets everything go that Affinity refused."""
        self.told["items released"] += self.worker.ask("release").value

    def _wait_until_due(self) -> None:
        """A second at most: days pass faster here than the profile's wait."""
        due = self.worker.ask("waits").value
        if due is not None:
            now = datetime.now(UTC).replace(tzinfo=None)
            time.sleep(max(0.0, (due - now).total_seconds()))


@dataclass
class Life(Year):
    """A year of any length, with a run on every day; `each_day` is told the number of each."""

    pipeline: Tenant
    each_day: Callable[[int], None] = lambda _: None

    def __post_init__(self) -> None:
        """The reseller on its first day, with nothing of it exported yet."""
        super().__post_init__()
        self._seen: View | None = None
        self._number = 0

    def _run(self) -> bool:
        tenant = self.pipeline
        tenant.today = self.world.today
        is_quiet = not self.runs or not self.refusals
        tenant.fault = "" if is_quiet else drawn(tenant.dice("fault"), BEFORE_THE_RUN)
        if tenant.fault:
            tenant.told[tenant.fault] += 1
        was_told = super()._run()
        self._number += 1
        if self._number % WEEK == 0:
            tenant.told["upkeeps"] += 1
            tenant.told["old landed files removed"] += _well(tenant.worker.ask("upkeep"))
            # a person looks through the queue, most weeks
            if tenant.dice("release").random() < 0.8:
                tenant.release()
        if self._number % MONTH == 0:
            tenant.told["retentions"] += 1
            removed = _well(tenant.worker.ask("retention", self.world.today))
            tenant.told["old files and rows removed"] += removed
            wrong = _well(tenant.worker.ask("verify"))
            assert [] == wrong, f"{self.world.today}: {wrong}"
        self.each_day(self._number)
        return was_told

    def _export(self) -> View:
        if self.pipeline.fault == "late feeds" and self._seen is not None:
            # yesterday's files lie there still
            self.world.views[self.world.today] = self._seen
            return self._seen
        self._seen = super()._export()
        return self._seen

    def _load(self, batch: Path, words: dict[str, tuple[str, str]]) -> list[Row]:
        tenant = self.pipeline
        happens = "" if not self.refusals else drawn(tenant.dice("after the run"), AFTER_THE_RUN)
        if happens:
            tenant.told[happens] += 1
        if happens == "delivery over a bad line":
            tenant.deliver(words)
            return answers(tenant.stand_in, batch)
        results = super()._load(batch, words)
        if happens == "answer lost for a while":
            # whoever runs meanwhile finds the batch open, and writes no other
            reply = tenant.worker.ask("run", self.world.today)
            assert (0, (tenant.seq, False)) == (reply.code, reply.value), reply
        return results


def _well(reply: Reply):
    assert reply.code == 0, reply.said
    return reply.value


@contextmanager
def living(
    folder: Path, seed: int, days: int, customers: int, each_day: Callable[[int, Tenant], None]
) -> Iterator[Life]:
    """A tenant with its worker and Affinity, none of its days lived yet."""
    tenant = Tenant(folder, seed)
    life = Life(
        folder,
        tenant,
        seed,
        customers=customers,
        days=days,
        every=1,
        full=True,
        start=FIRST_DAY,
        each_day=lambda number: each_day(number, tenant),
    )
    life.world.write_feeds(folder / "feeds", full=True)
    with serving(folder / "state", folder / "feeds", token=TOKEN, poll=None) as stand_in:
        (folder / "r2b.toml").write_text(
            PROFILE.format(tenant=TENANT, url=stand_in.http), encoding="utf-8"
        )
        tenant.stand_in = stand_in
        tenant.worker = Worker(folder, folder / "temporary", ENVIRONMENT)
        try:
            yield life
        finally:
            tenant.worker.close()
