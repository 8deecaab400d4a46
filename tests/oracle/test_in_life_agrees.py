"""Billed charges through random lives: what the product tells of them is what the rules say.

Every history is a few rounds of edits, a run, and an answer that refuses or forgets some rows.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from flows.queue_desk import release
from tests.integration.office import Office, Row
from tests.oracle.in_life import Answer, Book
from tests.running import AS_OF

ANEW = '[changes]\nstyle = "cease_and_add"\n'
FILES = {"ceases": "07_ceases.csv", "products": "08_products.csv"}
NOT_JUDGED = {"Customer Ref", "Object UID", "Order Ref", "PO Ref", "Term Months"}
"""Columns the oracle says nothing of."""

HISTORIES = (0, 3, 4, 5, 7, 8)
ROUNDS = 3


@pytest.mark.parametrize("seed", [pytest.param(n, id=f"history {n} agrees") for n in HISTORIES])
def test_random_lives(tmp_path: Path, seed: int):
    assert [] == lived(tmp_path, seed)


def lived(folder: Path, seed: int, rounds: int = ROUNDS) -> list[str]:
    """Live one history; the first differences found, in words."""
    world = World(folder, Random(seed), anew=seed % 3 == 0)
    for number in range(rounds + 1):
        if number:
            world.edit()
        found = world.run()
        if found:
            return [f"seed {seed}, round {number}", *found, *world.done]
        world.answer(share=0.8 if number else 0.95)
    return []


class World:
    """An office, what is done to it, and the oracle that watches."""

    without: tuple[str, ...] = ()
    """Names of edits that are not made."""

    def __init__(self, folder: Path, dice: Random, *, anew: bool) -> None:
        """Three to six lines on their first day."""
        self.dice, self.day, self.seq, self.is_open = dice, AS_OF, 0, False
        self.office = Office(
            folder / "office", lines=dice.randint(3, 6), profile=ANEW if anew else ""
        )
        self.book = Book(anew=anew)
        self.done: list[str] = []
        self.accepted: set[str] = set()
        self.numbers = len(self.office.feeds["assets"])
        first = self.office.record("products")
        self.office.feeds["products"] += [
            {
                **first,
                "product_id": "P2",
                "name": "Broadband",
                "external_sku": "SKU-2",
                "recurring_price": "9",
                "needs_cli": "false",
            },
            {**first, "product_id": "P3", "name": "Odd", "external_sku": ""},
        ]
        self.office.feeds["sites"] += [
            {"site_id": "S2", "customer_id": "C1", "name": "Shop", "integration_id": "AS-2"},
            {"site_id": "S9", "customer_id": "C1", "name": "Barn"},
        ]
        self.office.feeds["billing_platforms"] = [{"name": "Gamma"}]
        self.office.feeds["affinity_cease_requests"] = []

    # --- edits

    def edit(self) -> None:
        """A few changes of a few records."""
        for _ in range(self.dice.randint(2, 6)):
            asset = self.dice.choice(self.office.feeds["assets"])
            line = self.dice.choice(self.office.feeds["order_lines"])
            change = self.dice.choice([e for e in _EDITS if e.__name__ not in self.without])
            before = (dict(asset), dict(line))
            change(self, asset, line)
            news = [
                f"{row.get('line_id')}/{row.get('asset_id')} {name}={value!r}"
                for row, old in zip((asset, line), before, strict=True)
                for name, value in row.items()
                if old.get(name, "") != value
            ]
            self.done.append(f"{self.day}: {change.__name__} {'; '.join(news)}")

    def date(self, low: int, high: int) -> str:
        """A day around today."""
        return (self.day + timedelta(days=self.dice.randint(low, high))).isoformat()

    def fresh(self) -> int:
        """A number nobody has."""
        self.numbers += 1
        return self.numbers

    # --- run and answer

    def advance(self) -> None:
        """A run some days later."""
        self.day += timedelta(days=self.dice.randint(1, 3))
        status = self.office.run(self.day).status
        self.is_open = status == "batch_written"
        self.seq += self.is_open

    def run(self) -> list[str]:
        """The product and the oracle run; what differs."""
        self.advance()
        expected = self.book.run(self.office.feeds, self.day)
        written = [row for row in self._written() if not _is_earlier(row)]
        return _compared(expected, written, self._holds())

    def _written(self) -> list[Row]:
        if not self.is_open:
            return []
        there = [n for n in FILES.values() if (self.office.batch(self.seq) / n).exists()]
        return [row for name in there for row in self.office.written(self.seq, name)]

    def _holds(self) -> set[tuple[str, str, str]]:
        found = self.office.query("SELECT layer_id, charge_type, reason FROM out.change_hold")
        return {each for each in found if each[2] != "object_unknown"}

    def answer(self, *, share: float) -> None:
        """Affinity takes most rows, refuses some and forgets some; some of it is put right."""
        if not self.is_open:
            return
        asked, outcomes = sorted(self.book.asked), {}
        for key in asked:
            chance = self.dice.random()
            if chance < share:
                outcomes[key] = "accepted"
            elif chance < 0.97:
                outcomes[key] = "rejected"
        rows = [
            [key, outcome, "E12" if outcome == "rejected" else ""]
            for key, outcome in outcomes.items()
        ]
        for row in filter(_is_earlier, self._written()):
            rows.append([row["Row Key"], "accepted"])
            self.book.note_cease(row)
        if (self.office.batch(self.seq) / "06_clis.csv").exists():
            rows += [
                [r["Row Key"], "accepted"] for r in self.office.written(self.seq, "06_clis.csv")
            ]
        if rows:
            self.office.transfer(self.seq, results=self.office.results(*rows))
        fresh = {key for key, outcome in outcomes.items() if outcome == "accepted"}
        assert not fresh & self.accepted, "a key was accepted before"
        self.accepted |= fresh
        self.book.take(outcomes)
        if self.book.asked:
            self.office.abandon(self.seq)
            self.book.take(dict.fromkeys(self.book.asked, "abandoned"))
        if self.dice.random() < 0.3:
            self.release_all()
            self.book.release()

    def release_all(self) -> None:
        """A person lets all that was refused be tried again."""
        parked = "SELECT id FROM ops.retry_item WHERE state = 'parked' ORDER BY id"
        for (item,) in self.office.query(parked):
            release(self.office.profile, item, actor="Ann")
        self.done.append(f"{self.day}: released")


def _is_earlier(row: Row) -> bool:
    """An end of an earlier stretch, which the oracle says nothing of: the years do."""
    return row.get("Cease Reason") == "Ceased before it changed"


def _compared(expected: Answer, written: list[Row], holds: set[tuple[str, str, str]]) -> list[str]:
    """What the oracle expects and the product does not do, and the other way round."""
    wanted = sorted(_text(sent.row) for sent in expected.sent)
    found = sorted(_text(row) for row in written)
    return [
        *(f"missing: {row}" for row in wanted if row not in found),
        *(f"too much: {row}" for row in found if row not in wanted),
        *(f"missing hold: {hold}" for hold in sorted(expected.holds - holds)),
        *(f"hold too much: {hold}" for hold in sorted(holds - expected.holds)),
    ]


def _text(row: Row) -> str:
    return ", ".join(f"{name}={row[name]}" for name in sorted(row) if name not in NOT_JUDGED)


def _price(world: World, asset: Row, line: Row) -> None:
    row = world.dice.choice([asset, line, world.office.record("products")])
    row["recurring_price"] = world.dice.choice(["", "0", "6.25", "7", "8.5"])


def _quantity(world: World, asset: Row, line: Row) -> None:
    world.dice.choice([asset, line])["quantity"] = str(world.dice.randint(1, 9))


def _frequency(world: World, _: Row, line: Row) -> None:
    line["billing_frequency"] = world.dice.choice(["", "Annual", "Quarterly"])


def _sku(world: World, _: Row, __: Row) -> None:
    product = world.dice.choice(world.office.feeds["products"])
    product["external_sku_recurring"] = world.dice.choice(["", "SKU-7", "SKU-8"])


def _product(world: World, asset: Row, _: Row) -> None:
    asset["product_id"] = world.dice.choice(["P1", "P1", "P2", "P2", "P3"])


def _site(world: World, asset: Row, _: Row) -> None:
    asset["site_id"] = world.dice.choice(["", "S2", "S2", "S9"])


def _cli(world: World, asset: Row, _: Row) -> None:
    asset["cli"] = world.dice.choice(["", f"01204{600_000 + world.fresh()}"])


def _override(world: World, _: Row, line: Row) -> None:
    line["bill_start_override"] = world.dice.choice(["", world.date(-60, 60)])


def _cease(world: World, asset: Row, _: Row) -> None:
    asset["cease_on"] = world.dice.choice(["", world.date(-90, 60), world.date(-3, 3)])
    asset["cease_reason"] = world.dice.choice(["", "Moved"])


def _live(world: World, asset: Row, _: Row) -> None:
    asset["is_live"] = world.dice.choice(["true", "false"])


def _do_not_bill(world: World, asset: Row, line: Row) -> None:
    flag = world.dice.choice(["", "true"])
    where = world.dice.choice(["recurring", "upfront", "asset"])
    if where == "asset":
        asset["do_not_bill"] = flag
    else:
        line[f"{where}_do_not_bill"] = flag
        line["do_not_bill_reason"] = world.dice.choice(["", "Goodwill"])


def _bill(_: World, asset: Row, line: Row) -> None:
    asset["do_not_bill"] = line["recurring_do_not_bill"] = line["upfront_do_not_bill"] = ""
    line["recurring_billing_route"] = asset["recurring_billing_route"] = ""


def _route(world: World, asset: Row, line: Row) -> None:
    row = world.dice.choice([asset, line])
    kind = world.dice.choice(["recurring", "recurring", "upfront"])
    row[f"{kind}_billing_route"] = world.dice.choice(["", "The Layer", "Gamma", "Nobody knows"])


def _renewal(world: World, asset: Row, _: Row) -> None:
    cease = world.day + timedelta(days=world.dice.randint(-20, 20))
    fresh = {
        **asset,
        "asset_id": f"A{world.fresh()}",
        "line_id": "",
        "connection_on": (cease + timedelta(days=1)).isoformat(),
        "is_auto_renew": "true",
        "cease_on": "",
    }
    asset.update(cease_on=cease.isoformat(), is_live="false")
    world.office.feeds["assets"].append(fresh)


def _new_and_cease(world: World, asset: Row, _: Row) -> None:
    number = world.fresh()
    world.office.add_line(number)
    connected = world.date(-10, 4)
    world.office.line(number).update(
        action="New & Cease",
        target_asset_id=asset["asset_id"],
        connected_on=connected,
        recurring_billing_route=world.dice.choice(["", "", "", "The Layer"]),
    )
    world.office.feeds["assets"][-1]["connection_on"] = connected


def _cease_request(world: World, asset: Row, _: Row) -> None:
    asset["object_uid"] = f"U-{asset['asset_id']}"
    asked = world.office.feeds["affinity_cease_requests"]
    asked[:] = [row for row in asked if row["OBJECTUID"] != asset["object_uid"]]
    what = world.dice.choice(["a day", "a day", "a day", "no day", "not listed"])
    if what != "not listed":
        day = world.date(-10, 30) if what == "a day" else ""
        asked.append({"OBJECTUID": asset["object_uid"], "Completed On": day})


Edit = Callable[[World, Row, Row], None]

_EDITS: list[Edit] = [
    *(_price, _price, _quantity, _frequency, _sku, _product, _site, _cli, _override),
    *(_cease, _cease, _live, _do_not_bill, _do_not_bill, _bill, _bill, _route),
    *(_renewal, _new_and_cease, _new_and_cease, _cease_request),
]
