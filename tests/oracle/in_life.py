"""What is to be told of billed charges that change: the rules once more, in plain Python.

Looks at an office's feeds as they stand (text), remembers what was taken, and says the rows of
files 07 and 08 and why changes wait. No code of the product is used.
"""

import hashlib
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.inventing import clamp

DAY = timedelta(days=1)
Key = tuple[str, str]
Facts = dict[str, Any]
Row = dict[str, str]

_REFS = {"S1": "AS-1", "S2": "AS-2"}
"""The sites that are linked; the others are not."""

_RECURRING_FIELDS = {
    "quantity": "quantity",
    "unit price": "unit_price",
    "frequency": "frequency",
    "sku": "sku",
    "site": "site",
    "cli": "cli",
    "bill start": "start",
    "bill end": "end",
    "asset": "asset",
}
_UPFRONT_FIELDS = ("quantity", "unit price", "sku", "bill start")
_REPLACING = ("quantity", "unit price", "frequency", "sku", "site", "cli")


@dataclass
class Told:
    """What Affinity last took of a charge."""

    facts: Facts
    key: str
    period: int = 1
    updates: int = 0
    ended_by: str | None = None
    resumes: date | None = None
    refused_change: Any = None
    refused_end: Any = None


@dataclass
class Sent:
    """A row of a batch: what it says, and what becomes true when it is taken."""

    file: str
    charge: Key
    kind: str
    row: Row
    facts: Facts
    content: Any
    period: int = 1


@dataclass
class Answer:
    """What the next run is to write, and why changes wait."""

    sent: list[Sent] = field(default_factory=list)
    holds: set[tuple[str, str, str]] = field(default_factory=set)


def key_of(*parts: object) -> str:
    """A row key of the tenant `default`."""
    text = "|".join(str(part) for part in ("default", *parts))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _numbered(nth: int, *parts: str) -> str:
    """The key of what is said for the nth time."""
    return key_of(*parts, *([nth] if nth > 1 else []))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _said(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


class Book:
    """Everything the oracle remembers from run to run."""

    def __init__(self, *, anew: bool = False) -> None:
        """`anew`: a change is a cease and an addition."""
        self.anew = anew
        self.told: dict[Key, Told] = {}
        self.asked: dict[str, Sent] = {}
        self.refused_adds: dict[Key, Any] = {}
        self.cease_keys: dict[tuple[str, str, date], int] = {}
        self.cut_short: dict[tuple[Key, int], tuple[Sent, bool]] = {}
        self.renewals: dict[str, str] = {}
        self.requests: dict[str, date | None] = {}

    def run(self, feeds: dict[str, list[Row]], as_of: date) -> Answer:
        """Say what the run of a day writes; its rows are asked from then on."""
        day = _Day(self, feeds, as_of)
        answer = day.answer()
        for sent in answer.sent:
            self.asked[sent.row["Row Key"]] = sent
        return answer

    def in_flight(self, charge: Key, *, adds: bool) -> bool:
        """Whether a row of a charge has no answer: an addition, or one about what is billed."""
        return any(
            sent.charge == charge and (sent.kind == "charge") == adds
            for sent in self.asked.values()
        )

    def take(self, outcomes: dict[str, str]) -> None:
        """Note answers, ends first: row key -> accepted, rejected or abandoned."""
        answered = [(self.asked.pop(key), outcome) for key, outcome in outcomes.items()]
        answered.sort(key=lambda each: each[0].file)
        for sent, outcome in answered:
            if outcome == "accepted":
                self._accept(sent)
        for sent, outcome in answered:
            if outcome == "rejected":
                self._refuse(sent)
            elif outcome == "abandoned" and sent.file == "ceases":
                self._keep(sent, is_free=True)

    def note_cease(self, row: Row) -> None:
        """A row of the cease file that we say nothing of was taken: the next has another key."""
        day = datetime.strptime(row["Cease Date"], "%d/%m/%Y").date()
        place = (row["Layer Asset ID"], row["Charge Type"].lower(), day)
        said = ("cease", *place[:2], day.isoformat())
        nth = next(n for n in range(1, 100) if row["Row Key"] == _numbered(n, *said))
        self.cease_keys[place] = max(self.cease_keys.get(place, 0), nth)

    def _accept(self, sent: Sent) -> None:
        told = self.told.get(sent.charge)
        if sent.file == "ceases":
            day = sent.facts["end"]
            place = (sent.row["Layer Asset ID"], sent.charge[1], day)
            self.cease_keys[place] = max(self.cease_keys.get(place, 0), sent.facts["nth"])
            self.cut_short.pop((sent.charge, sent.period), None)
            self._free(sent.charge, is_free=True)
            if told is not None and told.period == sent.period:
                told.facts = {**told.facts, "end": day}
                told.ended_by = "stop" if sent.kind == "sooner" else sent.kind
                told.refused_end = None
                told.resumes = told.resumes if told.ended_by == "stop" else None
            return
        if sent.row["Action"] == "ADD":
            updates = told.updates if told else 0
            self.told[sent.charge] = Told(sent.facts, sent.row["Row Key"], sent.period, updates)
            self.refused_adds.pop(sent.charge, None)
            return
        assert told is not None
        told.facts, told.updates, told.refused_change = sent.facts, told.updates + 1, None
        if sent.facts["end"] is None:
            told.ended_by = None

    def _refuse(self, sent: Sent) -> None:
        told = self.told.get(sent.charge)
        if sent.kind == "charge":
            self.refused_adds[sent.charge] = sent.content
        elif sent.file == "products" and told is not None:
            told.refused_change = sent.content
        elif sent.kind == "change":
            self._keep(sent, is_free=False)
        elif told is not None:
            told.refused_end = sent.content
            self._free(sent.charge, is_free=False)

    def _keep(self, sent: Sent, *, is_free: bool) -> None:
        """An end that was not taken: it is told again where its charge went on as a new row."""
        told = self.told.get(sent.charge)
        if sent.kind == "change" and told is not None and told.period > sent.period:
            self.cut_short[sent.charge, sent.period] = (sent, is_free)
        self._free(sent.charge, is_free=is_free)

    def _free(self, charge: Key, *, is_free: bool) -> None:
        """One item in the queue stands for all ends of a charge."""
        for key, (sent, _) in self.cut_short.items():
            if key[0] == charge:
                self.cut_short[key] = (sent, is_free)

    def release(self) -> None:
        """A person lets all that was refused be tried again."""
        self.refused_adds.clear()
        for told in self.told.values():
            told.refused_change = told.refused_end = None
        for key, (sent, _) in self.cut_short.items():
            self.cut_short[key] = (sent, True)


class _Day:
    """One run."""

    def __init__(self, book: Book, feeds: dict[str, list[Row]], as_of: date) -> None:
        self.book, self.as_of = book, as_of
        self.lines = {row["line_id"]: row for row in feeds["order_lines"]}
        self.assets = {row["asset_id"]: row for row in feeds["assets"]}
        self.products = {row["product_id"]: row for row in feeds["products"]}
        self.platforms = {row["name"] for row in feeds.get("billing_platforms", [])}
        for row in feeds.get("affinity_cease_requests", []):
            book.requests[row["OBJECTUID"]] = _day(row["Completed On"])
        self.to_come: dict[str, str] = {}
        for asset_id, asset in self.assets.items():
            renewed = self._renews(asset)
            if renewed is None or asset_id in book.renewals:
                continue
            begun = _day(renewed["connection_on"]) <= as_of
            (book.renewals if begun else self.to_come)[asset_id] = renewed["asset_id"]

    def answer(self) -> Answer:
        """Everything that is to be told."""
        out = Answer()
        ends: list[tuple[Key, str, date, str, str | None, Any]] = []
        ready: dict[Key, Facts] = {}
        dispositions: dict[Key, str] = {}
        for line_id in sorted(self.lines):
            for kind in ("recurring", "upfront"):
                charge = (line_id, kind)
                dispositions[charge] = self._disposition(charge, ready)
        for line_id in sorted(self.lines):
            for kind in ("recurring", "upfront"):
                self._change((line_id, kind), dispositions, ready, out, ends)
        for charge, facts in ready.items():
            out.sent.append(self._addition(charge, facts))
        for key, (kept, is_free) in sorted(self.book.cut_short.items()):
            if is_free and not self.book.in_flight(key[0], adds=False):
                out.sent.append(deepcopy(kept))
                self.book.cut_short[key] = (kept, False)
        out.sent += self._ends(ends, out.sent)
        return out

    # --- what is new, or billed again

    def _disposition(self, charge: Key, ready: dict[Key, Facts]) -> str:
        told = self.book.told.get(charge)
        if self.book.in_flight(charge, adds=True):
            return "exported"
        now = self._now(charge)
        if told is not None and told.ended_by != "stop":
            self._remember_free(told, charge, now)
            return "in_billing"
        found = self._judged(charge, now, told)
        if told is not None:
            free = found in ("ready", "held", "waiting")
            told.resumes = (told.resumes or self.as_of) if free else None
            if charge[1] == "recurring" and found == "ready":
                end = told.facts["end"]
                start = max(end + DAY, told.resumes)
                override = _day(self.lines[charge[0]].get("bill_start_override"))
                now["start"] = override if override and override > start else start
        ends = now["end"] if told and charge[1] == "recurring" else now["cease"]
        if found == "ready" and ends is not None and now["start"] > ends:
            found = "held"
        if found == "ready" and self.book.refused_adds.get(charge) == _content(now):
            found = "held"
        if found == "ready":
            ready[charge] = now
        return found

    def _remember_free(self, told: Told, charge: Key, now: Facts) -> None:
        """A stop may have been asked and not answered, and be taken back meanwhile."""
        is_asked = self.book.in_flight(charge, adds=False)
        is_free = is_asked and self._stop(now, self.lines[charge[0]]) is None
        told.resumes = (told.resumes or self.as_of) if is_free else None

    def _judged(self, charge: Key, now: Facts, told: Told | None) -> str:
        line, asset = self.lines[charge[0]], now["row"]
        if now["unit_price"] in (None, 0):
            return "not_applicable"
        if now["route"] not in {"Affinity", "The Layer", *self.platforms}:
            return "held"
        if now["route"] != "Affinity":
            return "elsewhere"
        if now["is_do_not_bill"]:
            return "do_not_bill"
        connected = _day(line.get("connected_on"))
        if connected is None or connected > self.as_of:
            return "waiting"
        mismatch = told is None and asset["product_id"] != line["product_id"]
        is_held = mismatch or asset["is_live"] != "true" or self._holds(now, is_new=True)
        return "held" if is_held else "ready"

    def _addition(self, charge: Key, facts: Facts) -> Sent:
        told = self.book.told.get(charge)
        period = told.period + 1 if told else 1
        key = key_of("product", *charge, "add", *([period] if told else []))
        row = _product_row(charge, "ADD", facts, key)
        return Sent("products", charge, "charge", row, facts, _content(facts), period)

    # --- what The Layer says today

    def _now(self, charge: Key) -> Facts:
        line_id, kind = charge
        line = self.lines[line_id]
        first = asset = self.assets[line["asset_id"]]
        is_own_told = charge in self.book.told
        while is_own_told and (renewed := self._renewed_by(asset)):
            asset = renewed
        last = asset
        while is_own_told and (heir := self._heir_of(last)):
            last = heir
        product = self.products[(asset if is_own_told else line)["product_id"]]
        recurring = kind == "recurring"
        price = line.get(f"{kind}_price") or product.get(f"{kind}_price")
        quantity = line["quantity"]
        if recurring and is_own_told:
            price = asset.get("recurring_price") or price
            quantity = asset.get("quantity") or quantity
        cease, why = _day(last.get("cease_on")), "cease"
        if (
            cease is None
            and is_own_told
            and (asked := self.book.requests.get(last.get("object_uid")))
        ):
            cease, why = asked, "request"
        end, by_line = cease, None
        after, successor = self._replaced(last)
        if is_own_told and after is not None:
            by_line = successor
            if end is None or after <= end:
                end, why = after, "replaced"
        dates = [_day(first.get("connection_on")), _day(line.get("connected_on"))]
        dates = dates if recurring else dates[::-1]
        start = _day(line.get("bill_start_override")) or dates[0] or dates[1]
        told = self.book.told.get(charge)
        if told and told.period > 1 and told.ended_by != "stop":
            start = told.facts["start"]
        sku = product.get("external_sku")
        if recurring:
            sku = product.get("external_sku_recurring") or sku
        site = asset.get("site_id") or "S1"
        sold = asset if recurring else first
        route = sold.get(f"{kind}_billing_route") or line.get(f"{kind}_billing_route")
        return {
            "quantity": int(quantity),
            "unit_price": _money(price),
            "frequency": (line.get("billing_frequency") or product["billing_frequency"]).upper()
            if recurring
            else "ONE_OFF",
            "sku": sku or None,
            "site": _REFS.get(site),
            "cli": asset.get("cli") or line.get("cli") or None,
            "start": start,
            "end": end,
            "asset": asset["asset_id"],
            "description": product["name"],
            # not told
            "row": {**asset, "is_live": last["is_live"], "cease_reason": last.get("cease_reason")},
            "route": route or product[f"{kind}_billing_route"],
            "needs_cli": product["needs_cli"] == "true",
            "is_do_not_bill": "true" in (line.get(f"{kind}_do_not_bill"), sold.get("do_not_bill")),
            "why": why,
            "by_line": by_line,
            "cease": cease,
        }

    def _renewed_by(self, asset: Row) -> Row | None:
        """Once seen, a renewal is remembered: both assets may change afterwards."""
        return self.assets.get(self.book.renewals.get(asset["asset_id"], ""))

    def _heir_of(self, asset: Row) -> Row | None:
        """Whoever renews it, begun or to come: its end is the chain's."""
        return self._renewed_by(asset) or self.assets.get(self.to_come.get(asset["asset_id"], ""))

    def _renews(self, asset: Row) -> Row | None:
        cease = _day(asset.get("cease_on"))
        if cease is None:
            return None
        found = [
            other
            for other in self.assets.values()
            if other is not asset
            and other.get("is_auto_renew") == "true"
            and _day(other.get("connection_on")) == cease + DAY
            and all(
                (other.get(name) or "") == (asset.get(name) or "")
                for name in ("customer_id", "product_id", "site_id", "cli")
            )
        ]
        return found[0] if len(found) == 1 else None

    def _replaced(self, asset: Row) -> tuple[date | None, str | None]:
        found = [
            (connected, line["line_id"])
            for line in self.lines.values()
            if line.get("action") == "New & Cease"
            and line.get("target_asset_id") == asset["asset_id"]
            and (connected := _day(self.assets[line["asset_id"]].get("connection_on")))
        ]
        if not found:
            return None, None
        connected, line_id = min(found)
        return connected - DAY, line_id

    def _holds(self, now: Facts, *, is_new: bool) -> list[str]:
        found = []
        if now["sku"] is None:
            found.append("sku_missing")
        if now["site"] is None:
            found.append("site_unlinked")
        if now["needs_cli"] and now["cli"] is None:
            found.append("cli_missing")
        if now["unit_price"] is None and not is_new:
            found.append("price_missing")
        return found

    def _start(self, now: Facts, was: Facts) -> list[str]:
        """What is odd about a bill start, where it is another one than was told."""
        if now["start"] is None or now["start"] == was["start"]:
            return []
        over = [now["cease"]]
        if now["why"] == "replaced" and now["frequency"] != "ONE_OFF":
            over.append(now["end"])
        found = []
        if any(day is not None and now["start"] > day for day in over):
            found.append("bill_start_after_cease")
        earliest, latest = clamp(self.as_of, -13), clamp(self.as_of, 13)
        if not earliest <= now["start"] <= latest:
            found.append("bill_start_implausible")
        return found

    # --- what changes

    def _change(
        self,
        charge: Key,
        dispositions: dict[Key, str],
        ready: dict[Key, Facts],
        out: Answer,
        ends: list[Any],
    ) -> None:
        told = self.book.told.get(charge)
        if told is None:
            return
        now, was, as_of = self._now(charge), told.facts, self.as_of
        recurring = charge[1] == "recurring"
        flying = self.book.in_flight(charge, adds=False)
        is_cut = told.ended_by == "change"
        by_line = now["by_line"] if now["why"] == "replaced" else None
        successor = (by_line, "recurring") if by_line else None
        waits = successor is not None and (
            dispositions.get(successor) in ("waiting", "held")
            or self.book.in_flight(successor, adds=False)
        )
        if told.ended_by == "stop":
            if recurring and now["end"] and now["end"] < was["end"] and not waits:
                reason = self._reason(now)
                self._end(charge, told, "sooner", now["end"], reason, by_line, flying, out, ends)
            return
        ended, has_ended = (day is not None and day < as_of for day in (was["end"], now["end"]))
        # every end here is a cease: what is over needs nothing but its end
        is_over = recurring and has_ended and not is_cut and (ended or not waits)
        tracked = [
            name
            for name in _RECURRING_FIELDS
            if (recurring or name in _UPFRONT_FIELDS) and (name == "bill end" or not is_over)
        ]
        differs = [n for n in tracked if now[_RECURRING_FIELDS[n]] != was[_RECURRING_FIELDS[n]]]
        stop = self._stop(now, self.lines[charge[0]])
        day = max(was["start"], as_of) if recurring else was["start"]
        own_end = (
            stop is not None
            and recurring
            and not (waits or is_cut)
            and now["end"] is not None
            and now["end"] < day
            and told.refused_end != ("cease", now["end"])
        )
        if stop is not None and not own_end:
            ended = was["end"] is not None and (
                was["end"] <= day if recurring else was["end"] == was["start"]
            )
            taken_out = ended and recurring and (now["end"] is None or now["end"] > day)
            if is_cut or taken_out:  # it has ended, and does not go on
                day, ended = was["end"], False
            if not ended:
                self._end(charge, told, "stop", day, stop, None, flying, out, ends)
            return
        if now["route"] not in {"Affinity", *self.platforms} and not is_over and not flying:
            out.holds.add((*charge, "unknown_route"))
        is_unknown = now["route"] != "Affinity"
        if recurring and now["row"]["is_live"] != "true" and now["end"] is None:
            if not flying:
                out.holds.add((*charge, "cease_date_missing"))
            return
        goes_on = is_cut and (waits or now["end"] is None or now["end"] > was["end"])
        if "bill end" in differs and flying and successor in ready:
            del ready[successor]
        last = was["end"] if waits else now["end"]
        splits = (
            self.book.anew
            and recurring
            and not is_cut
            and was["start"] < as_of
            and (last is None or last >= as_of)
            and any(name in _REPLACING for name in differs)
        )
        ceases = "bill end" in differs and now["end"] is not None and not goes_on and not splits
        end_is_refused = False
        if ceases:
            end_is_refused = told.refused_end == ("cease", now["end"])
            reason = self._reason(now)
            if waits and not flying:
                out.holds.add((*charge, "pair_waiting"))
            self._end(
                charge,
                told,
                "cease",
                now["end"],
                reason,
                by_line,
                flying or waits,
                out,
                ends,
                is_in_flight=flying,
            )
        if own_end:
            return
        others = [name for name in differs if name != "bill end"]
        if not (others or ("bill end" in differs and not ceases) or goes_on):
            return
        if is_cut and not goes_on:
            return
        replaces, whole = goes_on or splits, now
        if not recurring:  # a one-off stays where it is
            now = {**now, **{name: was[name] for name in ("site", "cli", "asset", "end")}}
        elif waits or end_is_refused:  # nor is an end told that must wait
            now = {**now, "end": None if is_cut else was["end"]}
        contents = [
            ("anew", *_content({**each, "start": None})) if replaces else _content(each)
            for each in (now, whole)
        ]
        holds = [] if is_unknown else [*self._holds(now, is_new=False), *self._start(now, was)]
        if told.refused_change in contents:  # as it would be, or but for its end
            holds.append("affinity_rejected")
        if flying:
            return
        out.holds |= {(*charge, reason) for reason in holds}
        if holds or is_unknown:
            return
        if not replaces:
            nth = told.updates + 1
            row = _product_row(charge, "UPDATE", now, key_of("product", *charge, "update", nth))
            out.sent.append(Sent("products", charge, "update", row, now, contents[0], told.period))
            return
        start = was["end"] + DAY if goes_on else as_of
        facts = {**now, "start": start}
        period = told.period + 1
        row = _product_row(charge, "ADD", facts, key_of("product", *charge, "add", period))
        out.sent.append(Sent("products", charge, "change", row, facts, contents[0], period))
        if not goes_on:
            reason = "Changed: " + ", ".join(differs)
            ends.append((charge, "change", as_of - DAY, reason, charge[0], None))

    def _reason(self, now: Facts) -> str:
        names = {"request": "Cease request", "replaced": "Replaced", "cease": "Ceased"}
        return now["row"].get("cease_reason") or names[now["why"]]

    def _stop(self, now: Facts, line: Row) -> str | None:
        if now["route"] in {"The Layer", *self.platforms}:
            return f"Billing route: {now['route']}"
        if now["is_do_not_bill"]:
            return line.get("do_not_bill_reason") or "Do Not Bill"
        return None

    def _end(
        self,
        charge: Key,
        told: Told,
        kind: str,
        day: date,
        reason: str,
        by_line: str | None,
        waits: bool,
        out: Answer,
        ends: list[Any],
        *,
        is_in_flight: bool | None = None,
    ) -> None:
        content = (kind, reason if kind == "stop" else day)
        flying = waits if is_in_flight is None else is_in_flight
        if told.refused_end == content:
            if not flying:
                out.holds.add((*charge, "affinity_rejected"))
            return
        if not waits:
            ends.append((charge, kind, day, reason, by_line, content))

    def _ends(self, ends: list[Any], sent: list[Sent]) -> list[Sent]:
        shared: dict[tuple[str, str, date], int] = {}
        rows = []
        for charge, kind, day, reason, by_line, content in sorted(ends, key=lambda e: e[0]):
            told = self.book.told[charge]
            was = told.facts
            place = (was["asset"], charge[1], day)
            shared[place] = shared.get(place, 0) + 1
            nth = self.book.cease_keys.get(place, 0) + shared[place]
            successor = (by_line, charge[1])
            billed = self.book.told.get(successor)
            by = next(
                (
                    s.row["Row Key"]
                    for s in (*sent, *self.book.asked.values())
                    if s.charge == successor and s.row.get("Action") == "ADD"
                ),
                billed.key if billed else "",
            )
            row = {
                "Site Ref": was["site"] or "",
                "CLI": was["cli"] or "",
                "Product Code": was["sku"],
                "Charge Type": charge[1].upper(),
                "Cease Date": _said(day),
                "Cease Reason": reason,
                "Replaced By Row Key": by if by_line else "",
                "Layer Asset ID": was["asset"],
                "Row Key": _numbered(nth, "cease", *place[:2], day.isoformat()),
            }
            facts = {"end": day, "nth": nth}
            rows.append(Sent("ceases", charge, kind, row, facts, content, told.period))
        return rows


def _money(text: str | None) -> int | None:
    """In ten-thousandths."""
    if not text:
        return None
    whole, _, part = text.partition(".")
    return int(whole) * 10_000 + int(part.ljust(4, "0") or 0)


_CONTENT = (
    *("quantity", "unit_price", "frequency", "sku", "site", "cli", "start", "end", "asset"),
    "description",
)


def _content(facts: Facts) -> tuple[Any, ...]:
    return tuple(facts[name] for name in _CONTENT)


def _product_row(charge: Key, action: str, facts: Facts, key: str) -> Row:
    price = facts["unit_price"]
    return {
        "Site Ref": facts["site"] or "",
        "CLI": facts["cli"] or "",
        "Product Code": facts["sku"],
        "Charge Type": charge[1].upper(),
        "Action": action,
        "Description": facts["description"],
        "Quantity": str(facts["quantity"]),
        "Unit Price": f"{price // 10_000}.{price % 10_000:04}",
        "Frequency": facts["frequency"],
        "Bill Start Date": _said(facts["start"]),
        "Bill End Date": _said(facts["end"]),
        "Layer Line ID": charge[0],
        "Layer Asset ID": facts["asset"],
        "Row Key": key,
    }
