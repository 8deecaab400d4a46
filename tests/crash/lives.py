"""What is cut off: four acts of the program, each ready to begin, and the trouble on the line."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from sandbox.affinity.policy import Policy
from sandbox.affinity.serving import StandIn, serving
from tests.crash.child import do
from tests.exchange import TOKEN, profile_text
from tests.integration.office import Office
from tests.running import AS_OF

ENVIRONMENT = {"R2B_AFFINITY_TOKEN": TOKEN}
NEXT = AS_OF + timedelta(days=1)
LINES = 3

_TROUBLES = (
    *("500_before", "500_after", "cut_before", "cut_after", "cut_during"),
    *("429", "503", "html_after", "truncated", "no_receipt"),
)
"""What goes wrong with an upload once: what Affinity can be asked about afterwards."""


@dataclass(frozen=True)
class Life:
    """An act that is cut off, and the day it is done on; `by_hand`: nothing leaves by itself."""

    name: str
    act: str
    day: date
    by_hand: bool = False


LIVES = {
    each.name: each
    for each in (
        Life("run", "run", AS_OF),
        Life("retry", "retry", NEXT),
        Life("transfer", "transfer", AS_OF, by_hand=True),
        Life("undo", "undo", NEXT),
    )
}


class Prepared:
    """Every life made once, as it is before its act; `there` sets a copy of it up."""

    def __init__(self, folder: Path) -> None:
        """Keep them below `folder`."""
        self._folder = folder
        self._made: set[str] = set()

    @contextmanager
    def there(self, life: Life, place: Path, rules: list[Any]) -> Iterator["Scene"]:
        """A copy of `life` in `place`, and Affinity at work, misbehaving by `rules`."""
        source = self._folder / life.name
        if life.name not in self._made:
            _make(life, source)
            self._made.add(life.name)
        shutil.copytree(source, place)
        _moved(place / "office", source / "office")
        with _affinity(place, rules, by_hand=life.by_hand) as stand_in:
            yield Scene(place, life, stand_in)


@dataclass(frozen=True)
class Scene:
    """A life in a place of its own: the office, and Affinity."""

    place: Path
    life: Life
    stand_in: StandIn

    @property
    def folder(self) -> Path:
        """Where `r2b.toml` is."""
        return self.place / "office"

    @property
    def warehouse(self) -> Path:
        """The live warehouse, if there is one."""
        return self.folder / "var" / "warehouse.duckdb"

    @property
    def outbox(self) -> Path:
        """The outbox."""
        return self.folder / "outbox" / "default"


def troubles(seed: int) -> list[Any]:
    """What goes wrong on the line of this seed: two uploads, each once."""
    dice = random.Random(seed)
    files = ("*06_clis.csv", "*08_products.csv", "*07_ceases.csv")
    return [
        {"on": "upload", "do": dice.choice(_TROUBLES), "name": name, "times": 1, "seconds": 0.1}
        for name in dice.sample(files, 2)
    ]


def _make(life: Life, place: Path) -> None:
    """As it is before the act."""
    office = Office(place / "office", lines=LINES)
    office.feeds["asset_numbers"] = [{"asset_id": "A1", "cli": "01204600901"}]
    office.feeds["affinity_products"] = [{"product_code": "SKU-1", "is_active": "true"}]
    office.save()
    if life.name == "run":
        return
    with _affinity(place, [_BUSY], by_hand=life.by_hand):
        assert do(office.folder, "run", AS_OF, environment=ENVIRONMENT).code == 0
    if life.name == "transfer":
        outcomes = {
            (f"L{number}", kind): "accepted"
            for number in range(1, LINES + 1)
            for kind in ("upfront", "recurring")
        }
        outcomes["L2", "recurring"] = "rejected:BUSY"
        office.results(*office.answers(outcomes))
    if life.name == "retry":
        office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")
        office.line(1)["quantity"] = "5"
        office.record("assets", 3)["cease_on"] = "2026-03-20"
        office.add_line(LINES + 1)
        office.save()


_BY_HAND = "[retry]\njitter = false\n"
"""What was refused waits for five minutes: by lot it would now and then be due within the trial."""

_BUSY = {"on": "load", "do": "reject", "name": "*08_*", "every": 3, "code": "BUSY"}
"""Some rows are refused, for now: they are in the queue afterwards."""


@contextmanager
def _affinity(place: Path, rules: list[Any], *, by_hand: bool) -> Iterator[StandIn]:
    office = place / "office"
    with serving(
        place / "affinity", office / "feeds", token=TOKEN, rules=rules, policy=Policy(), poll=None
    ) as stand_in:
        text = _BY_HAND if by_hand else profile_text(stand_in, "http", waits=2.0)
        (office / "r2b.toml").write_text(text, encoding="utf-8")
        yield stand_in


def _moved(office: Path, source: Path) -> None:
    """Where the warehouse says its folders are."""
    warehouse = office / "var" / "warehouse.duckdb"
    if warehouse.exists():
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(f"UPDATE out.batch SET path = replace(path, '{source}', '{office}')")
