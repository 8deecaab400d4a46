"""What Affinity must hold after a year, told from the reseller's own history alone.

It knows what The Layer said on the day of each run, and which rows Affinity took or refused; it
looks at no key, no ledger and no book of any pipeline. `differences` names everything that is not
as it must be.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sandbox.affinity.layout import LAYOUTS
from tests.year.facts import DAY, Charge, Content, Facts
from tests.year.world import Row
from tests.year.year import Entry, Year

COLUMNS = {  # heading: column of the feed, where it is not the heading in lower case
    "Layer Customer ID": "customer_id",
    "Layer Site ID": "site_id",
    "Parent Layer Site ID": "parent_site_id",
    "Layer Address ID": "address_id",
    "Layer Contact ID": "contact_id",
    "Site Reference": "site_ref",
    "Is Billing Site": "is_default",
    "Line 1": "line1",
    "Line 2": "line2",
    "Line 3": "line3",
}


@dataclass(frozen=True)
class Period:
    """A time in which a charge is billed."""

    start: date
    end: date | None
    content: Content
    is_first: bool
    stopped: bool = False
    cut: bool = False
    """It was ended to go on as a new row."""
    over_on: date | None = None
    """When it was cut or stopped; an earlier end is that of a later period."""


def differences(year: Year, style: str = "update") -> list[str]:
    """Everything that is not as it must be, in plain words."""
    histories = {
        charge: History(year, charge, style) for charge in year.reading(year.runs[-1]).charges()
    }
    return [
        *_records(year),
        *_billed(year, histories),
        *_numbers(year, histories),
        *(f"audit: {each}" for each in _audit(year)),
    ]


def _audit(year: Year) -> Iterator[str]:
    audit = year.affinity.audit()
    if audit.double_bills:
        yield f"{audit.double_bills} double bills: {audit.double_bill_causes}"
    if audit.cli_doubles and not any(entry.code for entry in year.journal):
        yield f"{audit.cli_doubles} CLIs at two places at a time"


# Customers, sites, addresses, contacts


def _records(year: Year) -> Iterator[str]:
    view = year.world.views[year.runs[-1]]
    there: dict[tuple[str, object], list[dict[str, object]]] = defaultdict(list)
    for kind in ("customer", "site"):
        for row in year.affinity.holdings(kind):
            there[kind, row["layer_id"]].append(row)
    for row in year.affinity.holdings("record"):
        there[str(row["kind"]), row["layer_id"]].append(row)
    for stem, feed, kind in (
        ("01_customers", "customers", "customer"),
        ("02_sites", "sites", "site"),
        ("03_addresses", "addresses", "address"),
        ("04_contacts", "contacts", "contact"),
    ):
        for identity, row in view[feed].items():
            found = there.pop((kind, identity), [])
            is_gone = view["customers"][row["customer_id"]]["status"] == "Cancelled"
            if len(found) != 1:
                if found or not is_gone:
                    yield f"{kind} {identity}: {len(found)} times in Affinity"
                continue
            for heading in LAYOUTS[stem].fields:
                wanted = _value(heading, row)
                if found[0][heading] != wanted:
                    yield f"{kind} {identity}: {heading} is {found[0][heading]!r}, not {wanted!r}"
    yield from (f"{kind} {identity}: unknown to The Layer" for kind, identity in there)


def _value(heading: str, row: Row) -> str:
    value = row[COLUMNS.get(heading, heading.lower().replace(" ", "_"))]
    return value or "false" if heading == "Is Billing Site" else value


# Charges


class History:
    """One charge through the runs of a year: what had to be sent when, and what stands now."""

    def __init__(self, year: Year, charge: Charge, style: str) -> None:
        """Walk through all runs."""
        self.year, self.charge, self.style = year, charge, style
        self.periods: list[Period] = []
        self.faults: list[str] = []
        self.left: set[tuple[str, str]] = set()
        self.refused: set[tuple[str, str]] = set()
        self._free_since: date | None = None
        self._parked: set[str] = set()
        entries = year.entries_of(charge)
        for day in year.runs:
            if charge.line_id in year.world.views[day]["order_lines"]:
                self._run(day, year.reading(day).facts(charge), entries.get(day, []))

    def _run(self, day: date, facts: Facts, entries: list[Entry]) -> None:
        if day == self.year.runs[0]:
            line = self.year.world.views[day]["order_lines"][self.charge.line_id]
            if line[f"{self.charge.kind}_bill_status"] == "In Billing":
                self.periods.append(Period(facts.start, facts.end_at_first, facts.now, True))
        self.left |= {(entry.row["Site Ref"], entry.row["CLI"]) for entry in entries}
        self.refused |= {
            (entry.row["Site Ref"], entry.row["CLI"])
            for entry in entries
            if entry.action == "ADD" and not entry.accepted
        }
        accepted = {entry.action for entry in entries if entry.accepted}
        refused = {entry.action for entry in entries if not entry.accepted}
        if "ADD" in accepted:
            self._parked.clear()
        self._parked -= accepted
        self._parked |= {
            entry.action for entry in entries if not entry.accepted and entry.code != "BUSY"
        }
        told = self.periods[-1] if self.periods else None
        if told is None or told.stopped:
            self._outside(day, facts, accepted, refused)
        else:
            self._inside(day, facts, accepted, refused)
            self._before(day, told.end, "CEASE" in accepted, bool(refused or self._parked))

    def _before(self, day: date, newest_end: date | None, accepted: bool, excused: bool) -> None:
        """No period outlasts the newest one: its end is that of those before it, if it is earlier.

        It goes in one batch with a cease of the newest, and with the next one where that is put
        off or withdrawn.
        """
        if accepted:
            newest_end = self.periods[-1].end
        for nth, period in enumerate(self.periods[:-1]):
            end = _earlier(period.over_on, newest_end)
            if end != period.end and accepted:
                self.periods[nth] = replace(period, end=end)
            elif end != period.end and not excused:
                self._fault(day, f"ends on {newest_end}, and was billed until {period.end} before")

    def _outside(self, day: date, facts: Facts, accepted: set[str], refused: set[str]) -> None:
        """Not billed: it begins when it is ready."""
        stopped = self.periods[-1] if self.periods else None
        if stopped and facts.stop:
            self._free_since = None
        elif stopped:
            self._free_since = self._free_since or day
        if stopped and self._ceased_sooner(day, facts, stopped):
            if "CEASE" in accepted:
                stopped = replace(stopped, end=facts.end, over_on=facts.end)
                self.periods[-1] = stopped
            elif not refused and not self._parked:
                self._fault(day, f"ceased on {facts.end}, and stopped on {stopped.end}")
        state, why, start = facts.state, facts.why, facts.start
        if stopped:
            state = facts.state_again
        if stopped and self._free_since and self.charge.kind == "recurring":
            start = max(stopped.end + DAY, self._free_since)
            ceased = facts.end_at_first if facts.end_is_a_cease else None
            if state == "ready" and ceased and ceased < start:
                state, why = "held", "goes on after the cease"
        if "ADD" in accepted:
            if state != "ready":
                self._fault(day, f"billed, though {state}: {why}")
                return
            # what is billed again is billed as it stands
            content = facts.now if stopped and facts.now else facts.new
            self.periods.append(Period(start, facts.end_at_first, content, stopped is None))
        elif state == "ready" and not refused and not self._parked:
            self._fault(day, "ready, and not sent")

    def _ceased_sooner(self, day: date, facts: Facts, stopped: Period) -> bool:
        """What was stopped is not billed until then if it ceased before that."""
        return (
            self.charge.kind == "recurring"
            and facts.end_is_a_cease
            and facts.end is not None
            and facts.end < stopped.end
            and not self._pair_waits(day, facts)
        )

    def _inside(self, day: date, facts: Facts, accepted: set[str], refused: set[str]) -> None:
        """Billed: stop, end and content follow The Layer."""
        now = self.periods[-1]
        recurring = self.charge.kind == "recurring"
        excused = bool(refused or self._parked)
        if facts.stop:
            last = max(day, now.start) if recurring else now.start
            has_ended = recurring and now.end is not None and now.end <= last
            if now.cut or (has_ended and (facts.end is None or facts.end > last)):
                last = now.end  # it does not go on, so it was stopped then
            elif has_ended:
                return
            if "CEASE" in accepted:
                self.periods[-1] = replace(now, end=last, over_on=last, stopped=True)
                self._free_since = None
            elif not excused:
                self._fault(day, f"not to be billed ({facts.stop}), and not stopped")
            return
        waits = not recurring or self._pair_waits(day, facts)
        # what was cut goes on until what takes over is there
        end = (None if now.cut else now.end) if waits else facts.end
        wanted = self._wanted(facts, now)
        if now.cut and wanted is not None and (end is None or end > now.end):
            # what was ended to go on as a new row goes on, as soon as that is taken
            if "ADD" in accepted:
                start = now.end + DAY
                self.periods.append(
                    replace(wanted, start=start, end=end, is_first=False, cut=False)
                )
            elif not excused:
                self._fault(day, f"was cut on {now.end}, and does not go on")
            return
        # of what ended before today nothing but the end is told
        is_over = recurring and end is not None and end < day
        if self._splits(day, now, wanted, end):
            if "CEASE" in accepted:
                over_on = day - DAY
                self.periods[-1] = replace(now, end=over_on, over_on=over_on, cut=True)
            if "ADD" in accepted:
                self.periods.append(replace(wanted, start=day, end=end, is_first=False))
            elif not excused:
                self._fault(day, f"should be {wanted} from today, told {now}")
            return
        if end != now.end:
            if accepted & {"CEASE", "UPDATE"}:
                self.periods[-1] = replace(now, end=end)
            elif not excused:
                self._fault(day, f"ends on {end}, told {now.end}")
        if wanted is None or (is_over and (facts.end_is_a_cease or end == now.end)):
            return
        if "UPDATE" in accepted:
            self.periods[-1] = replace(wanted, end=self.periods[-1].end)
        elif wanted != now and not excused:
            self._fault(day, f"should be {wanted}, told {now}")

    def _splits(self, day: date, now: Period, wanted: Period | None, end: date | None) -> bool:
        """Whether a change is told as the end of one period and the beginning of another."""
        return (
            self.style == "cease_and_add"
            and self.charge.kind == "recurring"
            and wanted is not None
            and now.start < day
            and (end is None or end >= day)
            and replace(wanted.content, asset_id="") != replace(now.content, asset_id="")
        )

    def _wanted(self, facts: Facts, now: Period) -> Period | None:
        if facts.now is None:
            return None
        content = facts.now
        if self.charge.kind == "upfront":
            content = replace(
                now.content, sku=content.sku, quantity=content.quantity, price=content.price
            )
        return replace(now, content=content, start=facts.start if now.is_first else now.start)

    def _pair_waits(self, day: date, facts: Facts) -> bool:
        """What takes over is not in Affinity, and is not sent today."""
        if facts.pair is None or not facts.end_is_a_cease:
            return False
        if self.year.reading(day).facts(facts.pair).state == "never":
            return False
        entries = self.year.entries_of(facts.pair)
        return not any(
            entry.action == "ADD" and (entry.accepted or sent == day)
            for sent, found in entries.items()
            if sent <= day
            for entry in found
        )

    def _fault(self, day: date, words: str) -> None:
        self.faults.append(f"{self.charge.line_id} {self.charge.kind}, run of {day}: {words}")


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


def _billed(year: Year, histories: dict[Charge, History]) -> Iterator[str]:
    there: dict[Charge, list[dict[str, object]]] = defaultdict(list)
    for row in year.affinity.holdings("site_product"):
        there[Charge(str(row["line_id"]), str(row["charge_type"]).lower())].append(row)
    for charge, history in histories.items():
        yield from history.faults
        wanted = [_facts_of(period, charge) for period in history.periods]
        found = [_facts_there(row, charge) for row in there.pop(charge, [])]
        if wanted != found:
            yield f"{charge.line_id} {charge.kind}: must be\n    {wanted}\n  but is\n    {found}"
    yield from (f"{charge}: unknown to The Layer" for charge in there)


def _facts_of(period: Period, charge: Charge) -> tuple[object, ...]:
    content = period.content
    what = (content.sku, content.quantity, content.price, content.frequency, str(period.start))
    if charge.kind == "upfront":
        return (*what, period.stopped)
    where = (content.site_ref, content.cli, content.asset_id)
    return (*what, str(period.end or ""), *where)


def _facts_there(row: dict[str, object], charge: Charge) -> tuple[object, ...]:
    what = (
        row["product_code"],
        row["quantity"],
        Decimal(str(row["unit_price"])),
        row["frequency"],
        row["start_on"],
    )
    if charge.kind == "upfront":
        return (*what, bool(row["is_ceased"]))
    return (*what, row["end_on"], row["site_ref"], row["cli"], row["asset_id"])


# CLIs


def _numbers(year: Year, histories: dict[Charge, History]) -> Iterator[str]:
    """Each CLI lives once, where what is billed on it is, and as long as that."""
    today = year.runs[-1]
    view = year.world.views[today]
    users: dict[tuple[str, str], list[Period]] = defaultdict(list)
    one_offs: set[tuple[str, str]] = set()
    left: set[tuple[str, str]] = set()  # where charges were before they moved
    numbers: dict[tuple[str, str], tuple[str, str]] = {}
    for charge, history in histories.items():
        for period in history.periods:
            place = (period.content.site_ref, period.content.cli)
            if charge.kind == "recurring" and place[1]:
                users[place].append(period)
        places = {(each.content.site_ref, each.content.cli) for each in history.periods}
        if charge.kind == "upfront":
            one_offs |= places | history.left
        elif len(places | history.left) > 1:
            left |= places
        if charge.kind == "recurring":
            # a number waits for what was refused, for as long as that is wanted
            left |= history.refused
        last = history.periods[-1] if history.periods else None
        if charge.kind == "recurring" and last and not last.stopped:
            for row in view["asset_numbers"].values():
                if row["asset_id"] == last.content.asset_id:
                    place = (last.content.site_ref, row["cli"])
                    numbers[place] = (row["end_on"], row["range_end"])
    lives: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for row in year.affinity.holdings("cli"):
        lives[str(row["site_ref"]), str(row["cli"])].append(row)
    for place, wanted in numbers.items():
        found = [(row["end_on"], row["range_end"]) for row in lives.pop(place, [])]
        if found != [wanted]:
            yield f"number {place}: must be {wanted}, but is {found}"
    places_of = Counter(cli for _, cli in users)
    for place, periods in users.items():
        current = [each for each in periods if each.end is None or each.end >= today]
        found = lives.pop(place, [])
        live = [row for row in found if not row["end_on"] or str(row["end_on"]) >= str(today)]
        # one that ends before the next one begins has been followed by that
        begins = max((str(row["start_on"]) for row in live), default="")
        live = [row for row in live if not row["end_on"] or str(row["end_on"]) >= begins]
        ends = [each.end for each in periods]
        end = "" if None in ends else str(max(ends))
        # an end that was known when it began is told once it is past, or something changes
        ends_told = {end} if end < str(today) else {end, ""}
        if current and (len(live) != 1 or live[0]["end_on"] not in ends_told):
            yield f"CLI {place}: must live until {end or 'further notice'}, but is {found}"
        is_left = place in left or places_of[place[1]] > 1 or len(periods) > 1
        if place in one_offs and end:
            # a one-off came later, and its number stays
            found = [row for row in found if str(row["start_on"]) <= end] or found
        last = str(max((row["end_on"] or "~") for row in found)) if found else end
        # none ends before it began
        by_then = max([end, *(str(row["start_on"]) for row in found)])
        if not current and (last > str(today) if is_left else last != by_then):
            yield f"CLI {place}: must have ended on {end}, but is {found}"
    for place, found in lives.items():
        if place not in one_offs and any(not row["end_on"] for row in found):
            yield f"CLI {place}: nothing is billed on it, but it is {found}"
