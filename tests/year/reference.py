"""Ready to Bill in plain Python, one run after the other: what is told to Affinity, and when.

The rules of in-life changes and nothing else: no database, no frames, no speed. Every row of a
batch carries what it means if Affinity accepts it; a row that is refused for a while goes again
with the next run, one that is refused for its content waits until that changes or it is released.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from sandbox.affinity.layout import LAYOUTS
from tests.year.facts import DAY, Charge, Content, Facts, Reading
from tests.year.world import Row, View, write_csv

Place: TypeAlias = tuple[str, str]  # site ref, CLI
TENANT = "Year"
CHANGED = "Changed"  # why a period ends for another of the same charge to begin
TRANSIENT = {"TIMEOUT", "BUSY", "LOCKED"}
ENTITIES = (  # file, feed, kind
    ("01_customers", "customers", "customer"),
    ("02_sites", "sites", "site"),
    ("03_addresses", "addresses", "address"),
    ("04_contacts", "contacts", "contact"),
)
HEADINGS = {"Site Reference": "site_ref", "Is Billing Site": "is_default"}


@dataclass
class Told:
    """What Affinity last accepted of a charge."""

    content: Content
    customer_ref: str
    start: date
    end: date | None
    key: str  # of the row that began this period
    period: int = 1
    updates: int = 0
    stopped_on: date | None = None
    free_since: date | None = None  # the first run that saw a stop gone
    over_on: date | None = None  # when this period was cut or stopped
    before: tuple["Told", ...] = ()  # the periods before it, as last told

    @property
    def place(self) -> "Place":
        """Where it is billed."""
        return self.content.site_ref, self.content.cli

    def is_over(self, as_of: date) -> bool:
        """Whether its end has passed."""
        return self.end is not None and self.end < as_of


@dataclass
class Life:
    """A CLI at a site as Affinity knows it."""

    customer_ref: str
    start: date | None
    end: date | None = None
    range_end: str = ""
    is_extra: bool = False  # a further number of an asset
    is_one_off: bool = False  # there for one-offs only
    last: "Told | None" = None  # the charge a row of it was about last

    def lasts(self, day: date) -> bool:
        """Whether it is live on a day or later."""
        return self.end is None or self.end >= day


@dataclass
class Line:
    """A row of a batch: what it says, and what it means once it is accepted."""

    stem: str
    row: Row
    subject: tuple[str, ...]
    then: Callable[[str], None]


@dataclass
class Books:
    """All that is remembered from run to run."""

    first_run: bool = True
    charges: dict[Charge, Told] = field(default_factory=dict)
    lives: dict[Place, Life] = field(default_factory=dict)
    entities: dict[tuple[str, str], Row] = field(default_factory=dict)  # kind, id: fields told
    accepted: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    refs: dict[str, str] = field(default_factory=dict)  # of customers and sites, by id
    new_products: set[str] = field(default_factory=set)
    parked: dict[tuple[str, ...], Row] = field(default_factory=dict)
    cease_keys: set[str] = field(default_factory=set)


class Reference:
    """A pipeline: `run` writes a batch, `transfer` takes the answer."""

    def __init__(self, style: str = "update") -> None:
        """Changes go as `update` rows, or as `cease_and_add` where that is the style."""
        self.style = style
        self.books = Books()
        self._open: dict[str, Line] = {}
        self._seq = 0

    # One run

    def run(self, view: View, as_of: date, outbox: Path) -> Path | None:
        """Judge everything; returns the folder of the batch, None if nothing is to be told."""
        reading = Reading(view, as_of, self.books.refs)
        if self.books.first_run:
            self._baseline(reading)
        self._baseline_entities(reading)
        lines = [line for line in Draft(self, reading).lines() if not self._is_parked(line)]
        self.books.first_run = False
        self._open = {line.row["Row Key"]: line for line in lines}
        assert len(self._open) == len(lines), "two rows with one key"
        if not lines:
            return None
        self._seq += 1
        folder = outbox / f"{self._seq:06d}"
        folder.mkdir(parents=True)
        for stem, layout in LAYOUTS.items():
            if rows := [line.row for line in lines if line.stem == stem]:
                write_csv(folder / f"{stem}.csv", layout.columns, rows)
        return folder

    def _is_parked(self, line: Line) -> bool:
        """Whether Affinity refused just this before."""
        return self.books.parked.get(line.subject) == _said(line.row)

    def transfer(self, results: list[Row]) -> list[tuple[str, Row]]:
        """Take an answer; returns the write-back as (file, row)."""
        back: list[tuple[str, Row]] = []
        for result in results:
            line = self._open.pop(result["row_key"])
            if result["outcome"] == "accepted":
                self.books.parked.pop(line.subject, None)
                line.then(result["ref"])
                back.extend(self._write_back(line, result["ref"]))
            elif result["code"] not in TRANSIENT:
                self.books.parked[line.subject] = _said(line.row)
        return back

    def release(self) -> None:
        """A person lets everything that was refused go again."""
        self.books.parked.clear()

    def _write_back(self, line: Line, ref: str) -> Iterator[tuple[str, Row]]:
        kind, identity, *_ = line.subject
        if line.stem == "01_customers" and ref:
            yield "customers.csv", {"Customer Id": identity, "Integration Id": ref}
        elif line.stem == "02_sites" and ref:
            yield (
                "application_links.csv",
                {
                    "Application Name": "Affinity",
                    "Entity Type": "19",
                    "Entity Id": identity,
                    "Integration Id": ref,
                },
            )
        elif kind in {"add", "stop"}:
            charge = Charge(identity, line.subject[2])
            status = "Not Billed" if self.books.charges[charge].stopped_on else "In Billing"
            yield (
                "layer_updates.csv",
                {"line_id": identity, "charge_type": charge.kind, "new_status": status},
            )
        elif line.stem == "07_ceases" and kind == "cease":
            yield (
                "assets.csv",
                {
                    "Asset Id": line.row["Layer Asset ID"],
                    "Cease Date": line.row["Cease Date"],
                    "Cease Reason": line.row["Cease Reason"],
                },
            )

    # What was there before anybody looked

    def _baseline(self, reading: Reading) -> None:
        for charge in reading.charges():
            line = reading.view["order_lines"][charge.line_id]
            facts = reading.facts(charge)
            if line[f"{charge.kind}_bill_status"] == "In Billing" and facts.now and facts.start:
                self.books.charges[charge] = Told(
                    facts.now,
                    reading.customer_ref(facts.customer_id),
                    facts.start,
                    facts.end_at_first,
                    row_key(*_words(charge), "add"),
                )
        on_it = {told.place: told for told in self.books.charges.values()}
        for row in reading.view["affinity_clis"].values():
            place = (row["site_ref"], row["cli"])
            self.books.lives[place] = Life(
                "", _day(row["start_on"]), _day(row["end_on"]), last=on_it.get(place)
            )

    def _baseline_entities(self, reading: Reading) -> None:
        """What first appears with a ref is known; on the first run also what hangs on it."""
        fields = self.books.entities
        for customer in reading.view["customers"].values():
            identity = customer["customer_id"]
            if customer["integration_id"] and ("customer", identity) not in fields:
                fields["customer", identity] = _fields("01_customers", customer)
        for identity, site in reading.view["sites"].items():
            if reading.site_ref(identity) and ("site", identity) not in fields:
                fields["site", identity] = _fields("02_sites", site)
        if self.books.first_run:
            for stem, feed, kind in ENTITIES[2:]:
                for identity, row in reading.view[feed].items():
                    if reading.customer_ref(row["customer_id"]) and (
                        not row["site_id"] or reading.site_ref(row["site_id"])
                    ):
                        fields[kind, identity] = _fields(stem, row)


class Draft:
    """The rows of one batch."""

    def __init__(self, reference: Reference, reading: Reading) -> None:
        """Judge `reading` against the reference's books."""
        self.books, self.style = reference.books, reference.style
        self.reading, self.as_of = reading, reading.as_of
        self._is_parked = reference._is_parked
        self._after: dict[Charge, Told] = {}  # what will stand if all is accepted
        self._wanted: set[Place] = set()  # where charges are ready, sent or not
        self._begun: set[Charge] = set()  # charges with a new period in this batch
        self._cease_keys: set[str] = set()  # those of this batch

    def lines(self) -> list[Line]:
        """All rows, in load order but for the CLIs, which depend on the charges."""
        drafts = list(self._charges())
        self._wanted = {
            (line.row["Site Ref"], line.row["CLI"])
            for line in drafts
            if line.row.get("Action") == "ADD" and line.row["Charge Type"] == "RECURRING"
        }
        charges = [line for line in drafts if not self._is_parked(line)]
        self._begun = {
            Charge(*line.subject[1:]) for line in charges if line.row.get("Action") == "ADD"
        }
        return [*self._entities(), *self._new_products(), *self._clis(charges), *charges]

    # Customers, sites, addresses, contacts

    def _entities(self) -> Iterator[Line]:
        coming: set[tuple[str, str]] = set()
        for stem, feed, kind in ENTITIES:
            for identity, row in sorted(self.reading.view[feed].items()):
                known = self.books.entities.get((kind, identity))
                now = _fields(stem, row)
                customer = self.reading.view["customers"][row["customer_id"]]
                if known == now or (known is None and customer["status"] == "Cancelled"):
                    continue
                if not self._parents_are_there(kind, row, coming):
                    continue
                ref = self._ref(kind, identity)
                if known is not None and kind in {"customer", "site"} and not ref:
                    continue  # accepted, and its ref is not known yet
                line = self._entity(
                    stem, kind, identity, now, is_new=known is None, ref=ref, row=row
                )
                if not self._is_parked(line):
                    coming.add((kind, identity))
                    yield line

    def _parents_are_there(self, kind: str, row: Row, coming: set[tuple[str, str]]) -> bool:
        needed = [] if kind == "customer" else [("customer", row["customer_id"])]
        if kind == "site" and row["parent_site_id"]:
            needed.append(("site", row["parent_site_id"]))
        if kind in {"address", "contact"} and row["site_id"]:
            needed.append(("site", row["site_id"]))
        return all(each in self.books.entities or each in coming for each in needed)

    def _ref(self, kind: str, identity: str) -> str:
        if kind == "customer":
            return self.reading.customer_ref(identity)
        return self.reading.site_ref(identity) if kind == "site" else ""

    def _entity(
        self, stem: str, kind: str, identity: str, now: Row, *, is_new: bool, ref: str, row: Row
    ) -> Line:
        number = self.books.accepted[kind, identity] + 1
        cells = now | {
            "Action": "ADD" if is_new else "UPDATE",
            "Row Key": row_key(kind, identity, str(number)),
        }
        if kind == "customer":
            cells["Customer Ref"] = ref
        if kind == "site":
            cells |= {
                "Site Ref": ref,
                "Customer Ref": self.reading.customer_ref(row["customer_id"]),
            }

        def accepted(created: str) -> None:
            self.books.entities[kind, identity] = now
            self.books.accepted[kind, identity] += 1
            if created:
                self.books.refs[identity] = created

        return Line(stem, cells, (kind, identity), accepted)

    def _new_products(self) -> Iterator[Line]:
        for identity, product in sorted(self.reading.view["products"].items()):
            has_code = product["external_sku"] or product["external_sku_recurring"]
            if product["is_custom"] != "true" or has_code or identity in self.books.new_products:
                continue
            if not any(
                self.reading.facts(charge).state in {"waiting", "held"}
                for charge in self.reading.charges()
                if self.reading.view["order_lines"][charge.line_id]["product_id"] == identity
            ):
                continue
            cells = {
                "Layer Product ID": identity,
                "Name": product["name"],
                "Base Category": product["base_category"],
                "Item Type": product["item_type"],
                "Up-front Price": product["upfront_price"],
                "Recurring Price": product["recurring_price"],
                "Frequency": product["billing_frequency"].upper(),
                "Row Key": row_key("new_product", identity),
            }
            yield Line(
                "05_new_products",
                cells,
                ("new_product", identity),
                lambda _, identity=identity: self.books.new_products.add(identity),
            )

    # Charges

    def _charges(self) -> Iterator[Line]:
        for charge in self.reading.charges():
            facts, told = self.reading.facts(charge), self.books.charges.get(charge)
            if told is None:
                if facts.state == "ready":
                    yield self._add(facts, 1, facts.start)
            elif told.stopped_on is not None:
                yield from self._again(facts, told)
            else:
                lines = list(self._changes(facts, told))
                yield from lines
                yield from self._before(facts, told, lines)

    def _again(self, facts: Facts, told: Told) -> Iterator[Line]:
        """A further period of what was stopped, once nothing stops it any more.

        It ends before it was stopped where it ceased before.
        """
        is_ceased = facts.charge.kind == "recurring" and facts.end_is_a_cease
        is_sooner = is_ceased and facts.end is not None and facts.end < told.stopped_on
        if is_sooner and not self._pair_waits(facts):
            yield self._cease(facts, told, facts.end, "Ceased", stop=True)
        if facts.stop:
            told.free_since = None
            return
        told.free_since = told.free_since or self.as_of
        if facts.state_again != "ready":
            return
        start = facts.start
        if facts.charge.kind == "recurring":
            start = max(told.stopped_on + DAY, told.free_since)
        yield self._add(facts, told.period + 1, start)

    def _changes(self, facts: Facts, told: Told) -> Iterator[Line]:
        recurring = facts.charge.kind == "recurring"
        if facts.stop:
            day = max(self.as_of, told.start) if recurring else told.start
            has_ended = recurring and told.end is not None and told.end <= day
            if has_ended and (facts.end is None or facts.end > day):
                day, has_ended = told.end, False  # its end was taken out: it does not go on
            if not has_ended:
                yield self._cease(facts, told, day, facts.stop, stop=True)
            return
        ends = facts.end != told.end if recurring else False
        if ends and facts.end_is_a_cease and self._pair_waits(facts):
            ends = False
        end = facts.end if ends else told.end
        if ends and self._splits(facts, told, end):
            yield from self._tell(facts, told, end)
            return
        if ends and facts.end_is_a_cease:
            yield self._cease(facts, told, end, "Ceased")
        reopened = ends and not facts.end_is_a_cease
        is_over = recurring and end is not None and end < self.as_of
        if reopened or (not is_over and self._differs(facts, told)):
            yield from self._tell(facts, told, end)

    def _splits(self, facts: Facts, told: Told, end: date | None) -> bool:
        """Whether a change ends one period today and begins another, which takes one to begin."""
        return (
            self.style == "cease_and_add"
            and facts.charge.kind == "recurring"
            and told.start < self.as_of
            and (end is None or end >= self.as_of)
            and facts.now is not None
            and replace(facts.now, asset_id=told.content.asset_id) != told.content
        )

    def _pair_waits(self, facts: Facts) -> bool:
        """Whether what takes over is neither billed nor about to be."""
        if facts.pair is None or facts.pair in self.books.charges:
            return False
        heir = self.reading.facts(facts.pair)
        if heir.state == "ready":
            return self._is_parked(self._add(heir, 1, heir.start))
        return heir.state != "never"

    def _before(self, facts: Facts, told: Told, lines: list[Line]) -> Iterator[Line]:
        """No earlier period outlasts the newest one, or what a cease of it says today."""
        is_ceased = any(line.stem == "07_ceases" for line in lines)
        end = self._after[facts.charge].end if is_ceased else told.end
        for old in told.before:
            wanted = min(day for day in (old.over_on, end) if day is not None)
            if wanted != old.end:
                yield self._end_of(facts, told, old, wanted)

    def _end_of(self, facts: Facts, told: Told, old: Told, day: date) -> Line:
        """The row that ends an earlier period on another day."""
        charge = facts.charge
        after = self._after.get(charge, told)
        line = self._cease(facts, old, day, "Ceased before")
        self._after[charge] = after

        def accepted(_: str) -> None:
            self.books.cease_keys.add(line.row["Row Key"])
            now = self.books.charges[charge]
            before = (
                replace(each, end=day) if each.period == old.period else each for each in now.before
            )
            self.books.charges[charge] = replace(now, before=tuple(before))

        row = line.row | {"Replaced By Row Key": ""}
        return Line(line.stem, row, ("earlier", charge.line_id, charge.kind), accepted)

    def _differs(self, facts: Facts, told: Told) -> bool:
        if facts.now is None:
            return False
        start_differs = told.period == 1 and facts.start != told.start
        if facts.charge.kind == "upfront":
            now, then = facts.now, told.content
            return start_differs or (now.sku, now.quantity, now.price) != (
                then.sku,
                then.quantity,
                then.price,
            )
        return start_differs or facts.now != told.content

    def _tell(self, facts: Facts, told: Told, end: date | None) -> Iterator[Line]:
        now, then = facts.now, told.content
        if now is None:
            return
        if facts.charge.kind == "upfront":
            now = replace(then, sku=now.sku, quantity=now.quantity, price=now.price)
        if self._splits(facts, told, end):
            key = row_key(*_words(facts.charge), "add", str(told.period + 1))
            cease = self._cease(facts, told, self.as_of - DAY, CHANGED, replaced_by=key)
            successor = self._add(facts, told.period + 1, self.as_of, content=now, end=end)
            if not self._is_parked(successor):
                yield from (cease, successor)
            return
        start = facts.start if told.period == 1 else told.start
        after = replace(told, content=now, start=start, end=end, updates=told.updates + 1)
        key = row_key(*_words(facts.charge), "update", str(after.updates))
        yield self._product(facts, after, "UPDATE", key, "update")

    def _add(
        self,
        facts: Facts,
        period: int,
        start: date,
        *,
        content: Content | None = None,
        end: date | None = None,
    ) -> Line:
        parts = ("add",) if period == 1 else ("add", str(period))
        key = row_key(*_words(facts.charge), *parts)
        told = self.books.charges.get(facts.charge)
        customer = self.reading.customer_ref(facts.customer_id)
        after = Told(
            # what is billed again is billed as it stands
            content or (facts.now if period > 1 and facts.now else facts.new),
            customer,
            start,
            end if content else facts.end_at_first,
            key,
            period,
            told.updates if told else 0,
        )
        return self._product(facts, after, "ADD", key, "add")

    def _product(self, facts: Facts, after: Told, action: str, key: str, why: str) -> Line:
        charge, content = facts.charge, after.content
        line = self.reading.view["order_lines"][charge.line_id]
        self._after[charge] = after
        row = {
            "Customer Ref": self.reading.customer_ref(facts.customer_id),
            "Site Ref": content.site_ref,
            "CLI": content.cli,
            "Product Code": content.sku,
            "Charge Type": charge.kind.upper(),
            "Action": action,
            "Description": self.reading.view["products"][line["product_id"]]["name"],
            "Quantity": str(content.quantity),
            "Unit Price": f"{content.price:.4f}",
            "Frequency": content.frequency,
            "Bill Start Date": _uk(after.start),
            "Bill End Date": _uk(after.end),
            "Term Months": line["term_months"],
            "Order Ref": self.reading.view["orders"][line["order_id"]]["order_ref"],
            "PO Ref": "",
            "Layer Line ID": charge.line_id,
            "Layer Asset ID": content.asset_id,
            "Row Key": key,
        }

        def accepted(_: str) -> None:
            now, before = self.books.charges.get(charge), ()
            if now is not None:
                old = replace(now, over_on=now.end, before=())
                before = now.before if now.period == after.period else (*now.before, old)
            self.books.charges[charge] = replace(after, before=before)
            if charge.kind == "recurring" and after.place in self.books.lives:
                self.books.lives[after.place].is_one_off = False

        return Line("08_products", row, (why, charge.line_id, charge.kind), accepted)

    def _cease(
        self,
        facts: Facts,
        told: Told,
        day: date,
        reason: str,
        *,
        stop: bool = False,
        replaced_by: str = "",
    ) -> Line:
        charge, content = facts.charge, told.content
        if not replaced_by and facts.pair and not stop:
            replaced_by = row_key(*_words(facts.pair), "add")
        key = self._cease_key(content.asset_id, charge.kind, day)
        row = {
            "Customer Ref": told.customer_ref,
            "Site Ref": content.site_ref,
            "CLI": content.cli,
            "Product Code": content.sku,
            "Object UID": self._object(told, charge),
            "Charge Type": charge.kind.upper(),
            "Cease Date": _uk(day),
            "Cease Reason": reason,
            "Replaced By Row Key": replaced_by,
            "Layer Asset ID": content.asset_id,
            "Row Key": key,
        }
        after = replace(told, end=day, stopped_on=day if stop else None)
        self._after[charge] = after

        def accepted(_: str) -> None:
            self.books.cease_keys.add(key)
            if self.books.charges[charge].period == after.period:
                now = self.books.charges[charge]
                self.books.charges[charge] = replace(now, end=day, stopped_on=after.stopped_on)

        why = "stop" if stop else "cease"
        return Line("07_ceases", row, (why, charge.line_id, charge.kind), accepted)

    def _cease_key(self, asset_id: str, kind: str, day: date) -> str:
        parts = ["cease", asset_id, kind, day.isoformat()]
        key, number = row_key(*parts), 1
        while key in self.books.cease_keys | self._cease_keys:
            number += 1
            key = row_key(*parts, str(number))
        self._cease_keys.add(key)
        return key

    def _object(self, told: Told, charge: Charge) -> str:
        """What Affinity calls it, where its snapshot or the asset says so."""
        for row in self.reading.view["affinity_site_products"].values():
            if row["row_key"] == told.key and row["charge_type"] == charge.kind:
                return row["object_uid"]
        line = self.reading.view["order_lines"][charge.line_id]
        return self.reading.view["assets"][line["asset_id"]]["object_uid"]

    # CLIs

    def _clis(self, charges: list[Line]) -> Iterator[Line]:
        """Recurring charges keep a CLI alive; a one-off only needs it to begin."""
        sent = {Charge(*line.subject[1:]) for line in charges}
        standing = self.books.charges | {charge: self._after[charge] for charge in sent}
        users: dict[Place, list[Told]] = defaultdict(list)
        for charge, told in standing.items():
            if told.content.cli and charge.kind == "recurring":
                users[told.place].append(told)
        moves = self._moves(standing, users)
        for old, (new, told) in moves.items():
            life = self.books.lives[old]
            moved = replace(life, customer_ref=told.customer_ref, is_one_off=False)
            yield self._cli(new, "UPDATE", moved, told, previous=old)
        done = {*moves, *(new for new, _ in moves.values())}
        yield from self._orphans(users, done)
        for place, told in users.items():
            if place not in done:
                yield from self._life(place, told)
        for charge in sorted(self._begun, key=str):
            told = standing[charge]
            if charge.kind == "upfront" and told.content.cli and told.place not in users:
                life = self.books.lives.get(told.place)
                if life is None or (life.end and life.end < told.start):
                    users[told.place].append(told)
                    life = Life(told.customer_ref, told.start, is_one_off=True)
                    yield self._cli(told.place, "ADD", life, told)
        yield from self._numbers(standing)

    def _moves(
        self, standing: dict[Charge, Told], users: dict[Place, list[Told]]
    ) -> dict[Place, tuple[Place, Told]]:
        """Lives that nobody is left on, each with the place to which its charges went.

        Also the life of a number that is needed at another site now, whoever brought it there.
        """
        left = {
            place
            for place, life in self.books.lives.items()
            if life.lasts(self.as_of)
            and not life.is_extra
            and all(told.is_over(self.as_of) for told in users.get(place, ()))
        }
        moves: dict[Place, tuple[Place, Told]] = {}
        for charge, after in standing.items():
            told = self.books.charges.get(charge)
            if charge.kind == "upfront" or not after.content.cli:
                continue
            before = told.place if told and told.period == after.period else None
            if after.is_over(self.as_of) and charge not in self._after:
                continue
            there = self.books.lives.get(after.place)
            if there is not None and there.lasts(after.start):
                continue
            for old in (before, *(place for place in left if place[1] == after.content.cli)):
                if (
                    old in left
                    and old not in moves
                    and self.books.lives[old].customer_ref in {"", after.customer_ref}
                    and after.place not in {new for new, _ in moves.values()}
                ):
                    moves[old] = (after.place, after)
        return moves

    def _orphans(self, users: dict[Place, list[Told]], done: set[Place]) -> Iterator[Line]:
        """Lives that nothing is billed on, and that nothing ready is waiting for."""
        for place, life in self.books.lives.items():
            needed = place in users or place in done or place in self._wanted
            if life.is_extra or life.is_one_off or life.last is None:
                continue  # not there for a recurring charge of ours
            if not needed and life.lasts(self.as_of):
                start = life.start or self.as_of
                yield self._cli(
                    place, "CEASE", replace(life, end=max(start, self.as_of - DAY)), life.last
                )

    def _life(self, place: Place, charges: list[Told]) -> Iterator[Line]:
        """Begin the life of a place, or change its end to that of the last charge on it."""
        life = self.books.lives.get(place)
        current = [told for told in charges if not told.is_over(self.as_of)]
        fresh = [told for told in charges if told in map(self._after.get, self._begun)]
        begins = current or fresh
        if life is None and not begins:
            return
        if life is None or (life.end and begins and all(each.start > life.end for each in begins)):
            told = min(begins, key=lambda told: told.start)
            yield self._cli(place, "ADD", Life(told.customer_ref, told.start), told)
            return
        ends = [told.end for told in current or charges]
        end = None if None in ends else max(ends)
        if end != life.end:
            after = replace(life, end=end)
            yield self._cli(place, "CEASE" if end else "UPDATE", after, charges[-1])

    def _cli(
        self,
        place: Place,
        action: str,
        after: Life,
        told: Told,
        *,
        previous: Place | None = None,
    ) -> Line:
        site, cli = place
        old = previous or place
        number = self.books.accepted["cli", f"{site}|{cli}|{action}"] + 1
        extra = () if number == 1 else (str(number),)
        start = after.start or told.start
        row = {
            "Customer Ref": told.customer_ref,
            "Site Ref": site,
            "CLI": cli,
            "Action": action,
            "CLI Type": "other",
            "Range End": after.range_end,
            "Start Date": _uk(start),
            "End Date": _uk(after.end),
            "Previous CLI": old[1] if old[1] != cli else "",
            "Layer Asset ID": told.content.asset_id,
            "Row Key": row_key("cli", site, cli, action.lower(), start.isoformat(), *extra),
        }

        def accepted(_: str) -> None:
            self.books.accepted["cli", f"{site}|{cli}|{action}"] += 1
            self.books.lives.pop(old, None)
            self.books.lives[place] = replace(after, last=told)

        return Line("06_clis", row, ("cli", site, cli), accepted)

    def _numbers(self, standing: dict[Charge, Told]) -> Iterator[Line]:
        by_asset = {
            told.content.asset_id: told
            for charge, told in standing.items()
            if charge.kind == "recurring" and told.stopped_on is None
        }
        for row in self.reading.view["asset_numbers"].values():
            told = by_asset.get(row["asset_id"])
            if told is None:
                continue
            place = (told.content.site_ref, row["cli"])
            life = self.books.lives.get(place)
            start = _day(row["start_on"]) or told.start
            end = _day(row["end_on"])
            wanted = Life(told.customer_ref, start, end, row["range_end"], is_extra=True)
            if life is None:
                yield self._cli(place, "ADD", wanted, told)
            elif life.end != wanted.end and wanted.end:
                yield self._cli(place, "CEASE", replace(life, end=wanted.end), told)
            elif (life.range_end, life.end) != (wanted.range_end, wanted.end):
                yield self._cli(place, "UPDATE", wanted, told)


def row_key(*parts: str) -> str:
    """The first 32 hex digits of the digest of the parts."""
    return hashlib.sha256("|".join((TENANT, *parts)).encode()).hexdigest()[:32]


def _words(charge: Charge) -> tuple[str, str, str]:
    return "product", charge.line_id, charge.kind


def _fields(stem: str, row: Row) -> Row:
    """A record of a feed as its file says it."""
    fields = {}
    for heading in LAYOUTS[stem].fields:
        plain = HEADINGS.get(heading) or heading.lower().replace("layer ", "").replace(" ", "_")
        fields[heading] = row.get(plain, row.get(plain.replace("_", ""), ""))
    if "Is Billing Site" in fields:
        fields["Is Billing Site"] = fields["Is Billing Site"] or "false"
    return fields


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "Row Key"}


def _uk(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
