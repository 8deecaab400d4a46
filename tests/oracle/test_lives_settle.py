"""Random lives against the stand-in for Affinity, which refuses, keeps silent and answers late.

Once it takes everything, the runs come to rest, nothing is billed twice, every charge stands on its
number, and no number lives on with nobody on it.
"""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sandbox.affinity import Affinity, Policy, write_results
from sandbox.affinity.answers import RowAnswer
from tests.oracle.test_in_life_agrees import World
from tests.remembered import unlike_all_made_anew

LIVES = (2, 3, 4, 102)
ROUNDS, MOST_ROUNDS_TO_REST = 4, 12

Place = tuple[Any, Any]


@pytest.mark.parametrize("seed", [pytest.param(n, id=f"life {n} comes to rest") for n in LIVES])
def test_random_lives(tmp_path: Path, seed: int):
    assert [] == lived(tmp_path, seed)


def lived(folder: Path, seed: int, rounds: int = ROUNDS) -> list[str]:
    """Live one history and let it come to rest; what is wrong then, in words."""
    world = Troubled(folder, Random(seed), anew=seed % 3 == 0)
    for number in range(rounds + 1):
        if number:
            world.edit()
        world.run_and_answer()
    quiet = 0
    for _ in range(MOST_ROUNDS_TO_REST):
        quiet = 0 if world.run_and_answer(takes_all=True) else quiet + 1
        if quiet == 2:
            break
    found = [*world.wrong(), *([] if quiet == 2 else ["it never comes to rest"])]
    return [f"seed {seed}", *found, *world.done] if found else []


class Troubled(World):
    """An office and the stand-in: what is given up was not loaded, what is late was."""

    without = ("_cease_request",)  # the stand-in knows its objects by other names

    def __init__(self, folder: Path, dice: Random, *, anew: bool) -> None:
        """Affinity may have the numbers of the first two lines already."""
        super().__init__(folder, dice, anew=anew)
        if dice.random() < 0.3:
            self.office.feeds["affinity_clis"] = [
                {"site_ref": "AS-1", "cli": f"0120460000{n}", "start_on": "", "end_on": ""}
                for n in (1, 2)
            ]
        self.had = {
            (row["site_ref"], row["cli"]) for row in self.office.feeds.get("affinity_clis", [])
        }
        self.office.save()
        known = folder / "known"
        shutil.copytree(self.office.folder / "feeds", known)
        catalogue = "".join(f"SKU-{n},Product {n},true,5\n" for n in range(1, 10))
        (known / "affinity_products.csv").write_text(
            f"product_code,name,is_active,price\n{catalogue}"
        )
        self.affinity = Affinity(folder / "affinity", known)
        self.affinity.learn()
        self.late: list[tuple[int, list[RowAnswer]]] = []
        self.unlike: list[tuple[Any, ...]] = []

    def run_and_answer(self, *, takes_all: bool = False) -> bool:
        """A run, and what Affinity says of its batch; whether there was one."""
        if takes_all:
            self._show_affinity()
        self.advance()
        self.unlike += unlike_all_made_anew(self.office.profile.warehouse)
        late, self.late = self.late, []
        for seq, rows in late:
            self._told(seq, rows)
        if self.is_open:
            self._load(takes_all=takes_all)
        if takes_all or self.dice.random() < 0.3:
            self.release_all()
        return self.is_open

    def _show_affinity(self) -> None:
        """The Layer has a look at what Affinity bills."""
        shown = self.office.folder / "shown"
        self.affinity.export(shown)
        for feed in ("affinity_clis", "affinity_site_products"):
            with (shown / f"{feed}.csv").open(encoding="utf-8", newline="") as rows:
                self.office.feeds[feed] = list(csv.DictReader(rows))

    def _load(self, *, takes_all: bool) -> None:
        keys = [
            row["Row Key"]
            for path in sorted(self.office.batch(self.seq).glob("0*.csv"))
            for row in self.office.written(self.seq, path.name)
        ]
        fates = {key: "taken" if takes_all else self._fate() for key in keys}
        refused = {
            key: (fate.upper(), "Today's mood")
            for key, fate in fates.items()
            if fate in {"refused", "silent"}
        }
        answers = self.affinity.load_batch(
            self.office.batch(self.seq), policy=Policy(words=refused)
        ).rows
        said = [each for each in answers if fates[each.row_key] not in {"silent", "late"}]
        late = [each for each in answers if fates[each.row_key] == "late"]
        is_given_up = "silent" in fates.values()
        if is_given_up or not said:
            said, late = [*said, *late], []
        self._told(self.seq, said)
        if is_given_up:
            self.office.abandon(self.seq)
        elif late:
            self.late.append((self.seq, late))

    def _fate(self) -> str:
        fates = ["taken"] * 86 + ["refused"] * 8 + ["silent"] * 3 + ["late"] * 3
        return self.dice.choice(fates)

    def _told(self, seq: int, rows: list[RowAnswer]) -> None:
        if rows:
            path = self.office.folder / "answer.csv"
            write_results(rows, path)
            self.office.transfer(seq, results=path)

    def wrong(self) -> Iterator[str]:
        """What is not as it must be in Affinity."""
        today = self.day.isoformat()
        if self.unlike:
            yield f"remembered other than made anew: {self.unlike}"
        audit = self.affinity.audit()
        if audit.double_bills:
            yield f"billed twice: {audit.double_bill_causes}"
        bills: dict[bool, set[Place]] = {True: set(), False: set()}
        for row in self.affinity.holdings("site_product"):
            recurring = str(row["charge_type"]).lower() == "recurring"
            if row["cli"] and (not recurring or (row["end_on"] or "~") >= today):
                bills[recurring].add((row["site_ref"], row["cli"]))
        live = Counter(
            (row["site_ref"], row["cli"])
            for row in self.affinity.holdings("cli")
            if (row["end_on"] or "~") >= today
        )
        yield from (f"billed without its number: {place}" for place in bills[True] - live.keys())
        yield from (f"live twice: {place}" for place, times in live.items() if times > 1)
        left = live.keys() - bills[True] - bills[False] - self._own_of_affinity() - self._wanted()
        yield from (f"live with nobody on it: {place}" for place in left)

    def _wanted(self) -> set[Place]:
        """Where charges that are not billed yet wait for their number."""
        charges = self.office.query(
            "SELECT ref.site_ref, charge.cli FROM out.charge AS charge "
            "INNER JOIN work.site_ref AS ref ON charge.site_id = ref.site_id "
            "WHERE disposition IN ('ready', 'held', 'waiting', 'exported')"
        )
        return set(charges)

    def _own_of_affinity(self) -> set[Place]:
        """What it had before, and nothing of ours was ever billed on."""
        ever = {(row["site_ref"], row["cli"]) for row in self.affinity.holdings("site_product")}
        return self.had - ever
