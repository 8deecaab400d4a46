"""What a reckoning says: the shapes that tests compare with the product's tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.oracle.accepting import Reject

ChargeKey = tuple[str, str]
"""Line and charge type."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One order line x one charge type, as `mart.charge` shows it (contract section 7).

    Null means none. `route` is the text of the feed, trimmed; `frequency` is null for upfront.
    """

    line_id: str
    charge_type: str
    customer_id: str
    customer_name: str
    site_id: str | None
    product_id: str
    product_name: str
    item_type: str
    route: str
    disposition: str
    waiting_reason: str | None
    bill_status: str
    quantity: int
    unit_price: Decimal | None
    value: Decimal | None
    frequency: str | None
    bill_start_on: date | None
    bill_start_source: str | None
    cli: str | None
    sku: str | None
    asset_id: str | None
    batch_seq: int | None

    @property
    def key(self) -> ChargeKey:
        """Line and charge type."""
        return self.line_id, self.charge_type


@dataclass
class Reckoning:
    """The whole answer; empty but for `stop` when the run stops before anything is computed.

    Exit 30 still tells `feeds` and `rejects`.
    """

    stop: tuple[int, str] | None = None
    feeds: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Read, accepted, rejected by feed."""
    rejects: list[Reject] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    holds: set[tuple[str, str, str]] = field(default_factory=set)
    """(line_id, charge_type, reason)."""
    line_lights: dict[str, str] = field(default_factory=dict)
    dispositions: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    """Charges and value for each of the eleven names; a new batch's charges count as ready."""
    holds_count: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """`06_clis.csv` and `08_products.csv` when a batch would be written and they have rows."""
    contents: Mapping[ChargeKey, tuple[str, ...]] = field(default_factory=dict)
    """Cells of the product row, without its key, of every ready charge."""
    cli_adds: frozenset[tuple[str, str]] = frozenset()
    """(site ref, CLI) of every row of the CLI file."""
    source_gone: set[ChargeKey] = field(default_factory=set)
    """Charges exported or in billing whose line or asset is in no record, accepted or rejected."""
