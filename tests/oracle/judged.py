"""One charge with all its facts, and what its product row says.

Grain: one `Judged` per order line x charge type. Source: contract sections 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal

from tests.oracle.accepting import Row
from tests.oracle.contracts import RECURRING
from tests.oracle.values import add_months

AFFINITY = "affinity"
IN_LAYER = "in_layer"
ELSEWHERE = "elsewhere"
UNKNOWN = "unknown"

EXACT = Context(prec=120)
"""Wide enough for 18 digits of quantity times 18 digits of price, summed; never rounds."""


@dataclass(slots=True)
class Judged:
    """One charge with every fact that its rules and its row in the file need."""

    line: Row
    charge_type: str
    order: Row
    customer: Row
    product: Row
    asset: Row | None
    asset_reason: str | None
    """Why there is no asset: `asset_missing`, `asset_ambiguous` or `not_converted`."""
    site: Row | None
    site_refs: frozenset[str]
    unit_price: Decimal | None
    route: str
    route_kind: str
    cli: str | None
    cli_fault: str | None
    profile: str
    sku: str | None
    bill_start_on: date | None
    bill_start_source: str | None
    frequency: str | None
    waiting_reason: str | None = None
    """The first unmet condition of the trigger; null when triggered."""
    disposition: str = ""
    bill_status: str = "Not Billed"
    batch_seq: int | None = None
    holds: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        """Line and charge type."""
        return self.line["line_id"], self.charge_type

    @property
    def value(self) -> Decimal | None:
        """Quantity x unit price, null without a price (ruling 17)."""
        if self.unit_price is None:
            return None
        return EXACT.multiply(Decimal(self.line["quantity"]), self.unit_price)

    @property
    def site_ref(self) -> str | None:
        """The one ref of the site, null when there is none or several (ruling 13)."""
        return next(iter(self.site_refs)) if len(self.site_refs) == 1 else None


def uk_day(day: date | None) -> str:
    """A date as `dd/mm/yyyy`, blank for null."""
    return "" if day is None else f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def bill_end(charge: Judged) -> date | None:
    """The asset's cease, else the end of a fixed recurring term, else null (section 4)."""
    if charge.asset is not None and charge.asset["cease_on"] is not None:
        cease: date = charge.asset["cease_on"]
        return cease
    months = term_months(charge)
    fixed = charge.charge_type == RECURRING and charge.product["fixed_billing"]
    if not fixed or months is None or charge.bill_start_on is None:
        return None
    after = add_months(charge.bill_start_on, months)
    return None if after is None else after - timedelta(days=1)


def ends_beyond_the_calendar(charge: Judged) -> bool:
    """True when the fixed term's end has a year of five digits: no date anyone can write."""
    months = term_months(charge)
    ceases = charge.asset is not None and charge.asset["cease_on"] is not None
    fixed = charge.charge_type == RECURRING and charge.product["fixed_billing"]
    if ceases or not fixed or months is None or charge.bill_start_on is None:
        return False
    return add_months(charge.bill_start_on, months) is None


def term_months(charge: Judged) -> int | None:
    """The line's term, null below 1 (ruling 6)."""
    months: int | None = charge.line["term_months"]
    return months if months is not None and months >= 1 else None


def product_content(charge: Judged) -> tuple[str, ...]:
    """The cells of a product row but for its key, as far as they are known."""
    recurring = charge.charge_type == RECURRING
    frequency = (charge.frequency or "").upper() if recurring else "ONE_OFF"
    months = term_months(charge)
    return (
        charge.customer["integration_id"] or "",
        charge.site_ref or "",
        charge.cli or "",
        charge.sku or "",
        charge.charge_type.upper(),
        "ADD",
        charge.product["name"],
        str(charge.line["quantity"]),
        format(charge.unit_price or Decimal(0), ".4f"),
        frequency,
        uk_day(charge.bill_start_on),
        uk_day(bill_end(charge)),
        "" if months is None else str(months),
        charge.order["order_ref"],
        charge.order["po_ref"] or "",
        charge.line["line_id"],
        charge.asset["asset_id"] if charge.asset is not None else "",
    )
