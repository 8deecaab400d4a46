"""Random histories of licences, read from the files alone: grouping never changes the money."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.office import Office, Row
from tests.integration.test_groups import add, asset, licences
from tests.running import AS_OF


@dataclass
class Object:
    """What Affinity bills under one row: known by its line, like any other."""

    line: str
    asset: str
    quantity: int
    price: Decimal
    ends: date | None


class Affinity:
    """Takes the files of batches, in load order, as one that knows nothing of groups."""

    def __init__(self) -> None:
        self.objects: list[Object] = []

    def take(self, office: Office, seq: int) -> None:
        """Take every row of a batch."""
        for name in ("07_ceases.csv", "08_products.csv"):
            if (office.batch(seq) / name).exists():
                for row in office.written(seq, name):
                    self._cease(row) if name.startswith("07") else self._product(row)

    def _cease(self, row: Row) -> None:
        [found] = [each for each in self.objects if each.asset == row["Layer Asset ID"]]
        found.ends = _day(row["Cease Date"])

    def _product(self, row: Row) -> None:
        line = row["Layer Line ID"]
        said = Object(
            line,
            row["Layer Asset ID"],
            int(row["Quantity"]),
            Decimal(row["Unit Price"]),
            _day(row["Bill End Date"]),
        )
        known = [place for place, each in enumerate(self.objects) if each.line == line]
        assert (row["Action"] == "UPDATE") == bool(known), f"{line} cannot be told apart"
        if known:
            self.objects[known[0]] = said
        else:
            self.objects.append(said)

    def bills(self, day: date) -> Decimal:
        """What a period that begins the day after `day` is worth."""
        there = (each for each in self.objects if each.ends is None or each.ends > day)
        return sum((each.quantity * each.price for each in there), Decimal(0))


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None


def happen(office: Office, dice: random.Random, as_of: date) -> None:
    """Something happens to one licence, or to all."""
    number = dice.randint(1, len(office.feeds["assets"]))
    one = asset(office, number)
    if dice.random() < 0.15:
        price = dice.choice(["5.5", "6", "6.25"])
        office.record("products")["recurring_price"] = price
        for each in office.feeds["assets"]:
            each["recurring_price"] = ""
        return
    match dice.choice(["join", "leave", "back", "price", "quantity"]):
        case "join":
            add(office, len(office.feeds["assets"]) + 1)
        case "leave":
            one["cease_on"] = (as_of - timedelta(days=1)).isoformat()
        case "back":
            one["cease_on"] = ""
        case "price":
            one["recurring_price"] = dice.choice(["5.5", "6", "7"])
        case "quantity":
            one["quantity"] = str(dice.randint(1, 9))


def expected(office: Office, day: date) -> Decimal:
    """What the licences are worth, one by one."""
    total = Decimal(0)
    for one in office.feeds["assets"]:
        if not one.get("cease_on") or date.fromisoformat(one["cease_on"]) > day:
            price = one.get("recurring_price") or office.record("products")["recurring_price"]
            total += int(one.get("quantity") or 2) * Decimal(price)
    return total


@pytest.mark.parametrize("seed", [1])
def test_the_money_is_that_of_the_members(tmp_path: Path, seed: int) -> None:
    dice, affinity, seq = random.Random(seed), Affinity(), 0
    office = licences(tmp_path / "office", lines=5)
    day = AS_OF
    for _ in range(7):
        while office.run(day).batch is not None:  # a charge is told as its line, then as its asset
            seq += 1
            affinity.take(office, seq)
            office.uploaded(seq)
        assert expected(office, day) == affinity.bills(day)
        assert len(affinity.objects) < len(office.feeds["assets"])
        day += timedelta(days=1)
        for _ in range(dice.randint(1, 3)):
            happen(office, dice, day)
