"""What the profile and the day say about changes: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.layout import Layout
from schemas.vocabulary import CliProfile

CHARGE_FIELDS = (
    "quantity",
    "unit_price",
    "frequency",
    "sku",
    "site",
    "cli",
    "bill_start",
    "bill_end",
    "asset",
    "description",
    "term_months",
    "order_ref",
    "po_ref",
)
"""What of a billed charge can be tracked."""

TRACKED_CHARGES = CHARGE_FIELDS[:9]
"""What is tracked unless the profile says otherwise."""


GROUP_KEYS = {
    "customer": "customer_ref",
    "site": "site_ref",
    "sku": "sku",
    "unit_price": "unit_price",
    "frequency": "frequency",
    "bill_start": "bill_start_on",
    "description": "product_name",
    "order_ref": "order_ref",
    "po_ref": "po_ref",
}
"""What assets without references can be grouped by -> the column that holds it."""

GROUPED_BY = tuple(GROUP_KEYS)[:6]
"""What they are grouped by unless the profile asks for more; one row says each of these once."""


@dataclass(frozen=True)
class ChangeTerms:
    """Everything besides the records that decides what is told of a change.

    `tracked`: entity or `charges` -> what of it is told when it changes; what is not named is
    tracked as by default. `layer_compatible`: as The Layer's own change queue does it.
    """

    as_of: date
    tracked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaces: bool = False
    """A changed charge is ceased and added anew, instead of updated."""
    layer_compatible: bool = False
    cli_profiles: Mapping[str, CliProfile] = field(default_factory=dict)
    group_keys: tuple[str, ...] = ()
    """What assets without references are grouped by (GROUP_KEYS); none: nothing more is grouped."""
    expands_ranges: bool = False
    """Each number of a range is a row of its own."""
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """What each outgoing file can carry; one that is not named carries everything."""

    def layout_of(self, file: str) -> Layout:
        """What `file` can carry."""
        return self.layouts.get(file, Layout())
