"""Every hold of a single charge: a case that holds, a near miss that does not, and its unknown.

`expected` is all that holds the charge. The holds that other lines cause are in `test_rivals.py`.
"""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.layout import Layout
from schemas.vocabulary import CliProfile, HoldReason, ItemType
from tests.builders import GOODS, NO_ASSET, content, line

HOLDS = "holds"
NEAR_MISS = "near miss"
UNKNOWN = "unknown"


class Case(NamedTuple):
    """One line and what must hold one of its charges."""

    reason: str
    kind: str
    about: str
    given: dict[str, Any]
    expected: list[str]
    terms: dict[str, Any]
    charge_type: str

    @property
    def id(self) -> str:
        """A sentence."""
        return f"{self.reason}: {self.about}"


def _case(
    reason: str,
    kind: str,
    about: str,
    given: dict[str, Any],
    expected: list[str] | None = None,
    *,
    charge_type: str = "recurring",
    **terms: Any,
) -> Case:
    if expected is None:
        expected = [] if kind == NEAR_MISS else [reason]
    return Case(str(reason), kind, about, given, sorted(expected), terms, charge_type)


_H = HoldReason
_GOODS_WITH_RENT = {**GOODS, "recurring_unit_price": Decimal("1.0000")}
_TARGET = {"action": "New & Cease", "target_asset_id": "A0", "target_is_known": True}
_REFUSED = content(line())
_CP1252 = {"layout": Layout(encoding="cp1252")}
_ASCII = {"layout": Layout(encoding="ascii")}
_PENNIES = {"layout": Layout(decimals=2)}
_NARROW = {"layout": Layout(max_lengths={"PO Ref": 4, "Description": 40})}
_NOT_WRITTEN = {
    "layout": Layout(
        encoding="cp1252",
        decimals=2,
        max_lengths={"PO Ref": 4},
        columns=("Customer Ref", "Site Ref", "CLI", "Product Code", "Quantity", "Row Key"),
    )
}


CASES = [
    _case(_H.UNKNOWN_ROUTE, HOLDS, "a route that nobody knows holds", {"recurring_route": "Gama"}),
    _case(
        _H.UNKNOWN_ROUTE,
        NEAR_MISS,
        "a known route in other capitals and with blanks is fine",
        {"recurring_route": " affinity\u00a0"},
    ),
    _case(
        _H.UNKNOWN_ROUTE,
        UNKNOWN,
        "no route at all means The Layer, which holds nothing",
        {"recurring_route": None},
        [],
    ),
    _case(
        _H.UNKNOWN_ROUTE,
        HOLDS,
        "it is listed alone, whatever else is wrong",
        {"recurring_route": "Nowhere", "customer_ref": None, "recurring_sku": None},
    ),
    _case(
        _H.RECURRING_ON_PRODUCT,
        HOLDS,
        "goods with a monthly price hold, with no date list to start from",
        _GOODS_WITH_RENT,
        ["recurring_on_product", "bill_start_missing"],
    ),
    _case(
        _H.RECURRING_ON_PRODUCT,
        HOLDS,
        "an override gives such a charge its bill start",
        {**_GOODS_WITH_RENT, "bill_start_override": date(2026, 3, 2)},
    ),
    _case(
        _H.RECURRING_ON_PRODUCT,
        NEAR_MISS,
        "the upfront charge of the same goods is fine",
        _GOODS_WITH_RENT,
        charge_type="upfront",
    ),
    _case(
        _H.RECURRING_ON_PRODUCT,
        UNKNOWN,
        "an item of unknown type holds",
        {"item_type": None},
        ["recurring_on_product", "bill_start_missing"],
    ),
    _case(_H.SKU_MISSING, HOLDS, "a product without a SKU holds", {"recurring_sku": None}),
    _case(
        _H.SKU_MISSING,
        NEAR_MISS,
        "without an upfront SKU the recurring charge is fine",
        {"upfront_sku": None, "upfront_sku_is_active": None},
    ),
    _case(
        _H.SKU_MISSING,
        UNKNOWN,
        "a product that does not say whether it is custom misses its SKU",
        {"recurring_sku": None, "is_custom": None},
    ),
    _case(
        _H.SKU_PENDING,
        HOLDS,
        "a custom product without a SKU awaits it",
        {"recurring_sku": None, "is_custom": True},
    ),
    _case(_H.SKU_PENDING, NEAR_MISS, "a custom product with a SKU is fine", {"is_custom": True}),
    _case(
        _H.SKU_PENDING,
        UNKNOWN,
        "a product that does not say whether it is custom is not custom",
        {"recurring_sku": None, "is_custom": None},
        ["sku_missing"],
    ),
    _case(
        _H.SKU_UNKNOWN,
        HOLDS,
        "a SKU that is not in the catalogue holds",
        {"recurring_sku_is_active": None},
    ),
    _case(
        _H.SKU_UNKNOWN,
        NEAR_MISS,
        "without a catalogue any SKU is fine",
        {"recurring_sku_is_active": None},
        catalogue_given=False,
    ),
    _case(
        _H.SKU_UNKNOWN,
        UNKNOWN,
        "no SKU is missing, not unknown",
        {"recurring_sku": None, "recurring_sku_is_active": None},
        ["sku_missing"],
    ),
    _case(
        _H.SKU_INACTIVE,
        HOLDS,
        "a SKU that can no longer be billed holds",
        {"recurring_sku_is_active": False},
    ),
    _case(
        _H.SKU_INACTIVE,
        NEAR_MISS,
        "without a catalogue nobody knows that it is inactive",
        {"recurring_sku_is_active": False},
        catalogue_given=False,
    ),
    _case(
        _H.SKU_INACTIVE,
        UNKNOWN,
        "a SKU that is not there is unknown, not inactive",
        {"recurring_sku_is_active": None},
        ["sku_unknown"],
    ),
    _case(_H.CUSTOMER_UNLINKED, HOLDS, "a customer Affinity does not know", {"customer_ref": None}),
    _case(_H.CUSTOMER_UNLINKED, NEAR_MISS, "a linked customer is fine", {"customer_ref": "0"}),
    _case(
        _H.CUSTOMER_UNLINKED,
        UNKNOWN,
        "a null reference is what being unlinked means",
        {"customer_ref": None},
    ),
    _case(
        _H.CUSTOMER_NOT_LIVE,
        HOLDS,
        "a cancelled customer with an asset holds",
        {"customer_status": "Cancelled"},
    ),
    _case(
        _H.CUSTOMER_NOT_LIVE,
        NEAR_MISS,
        "a pending customer is fine",
        {"customer_status": "Pending"},
    ),
    _case(_H.CUSTOMER_NOT_LIVE, UNKNOWN, "an unknown status holds", {"customer_status": None}),
    _case(
        _H.SITE_MISSING,
        HOLDS,
        "nobody said where",
        {"site_id": None, "site_customer_id": None, "site_refs": 0, "site_ref": None},
    ),
    _case(_H.SITE_MISSING, NEAR_MISS, "a site is enough", {"site_id": "S9"}),
    _case(
        _H.SITE_MISSING,
        UNKNOWN,
        "a null site is what missing means",
        {"site_id": None, "site_customer_id": None, "site_refs": 0, "site_ref": None},
    ),
    _case(
        _H.SITE_UNLINKED,
        HOLDS,
        "a site without any Affinity reference holds",
        {"site_refs": 0, "site_ref": None},
    ),
    _case(_H.SITE_UNLINKED, NEAR_MISS, "one reference is enough", {"site_refs": 1}),
    _case(
        _H.SITE_UNLINKED,
        UNKNOWN,
        "an unknown number of references may be none, or several",
        {"site_refs": None, "site_ref": None},
        ["site_unlinked", "site_link_conflict"],
    ),
    _case(
        _H.SITE_LINK_CONFLICT,
        HOLDS,
        "two different references hold",
        {"site_refs": 2, "site_ref": None},
    ),
    _case(_H.SITE_LINK_CONFLICT, NEAR_MISS, "one reference said twice is one", {"site_refs": 1}),
    _case(
        _H.SITE_LINK_CONFLICT,
        UNKNOWN,
        "an unknown number of references may be several, or none",
        {"site_refs": None, "site_ref": None},
        ["site_unlinked", "site_link_conflict"],
    ),
    _case(_H.SITE_MISMATCH, HOLDS, "a site of another customer holds", {"site_customer_id": "C2"}),
    _case(
        _H.SITE_MISMATCH, NEAR_MISS, "the customer's own site is fine", {"site_customer_id": "C1"}
    ),
    _case(
        _H.SITE_MISMATCH, UNKNOWN, "a site of nobody knows whom holds", {"site_customer_id": None}
    ),
    _case(
        _H.ASSET_MISMATCH,
        HOLDS,
        "an asset of another product holds",
        {"asset_product_id": "P2"},
    ),
    _case(
        _H.ASSET_MISMATCH,
        HOLDS,
        "an asset of another customer holds",
        {"asset_customer_id": "C2"},
    ),
    _case(
        _H.ASSET_MISMATCH,
        NEAR_MISS,
        "without an asset there is nothing to differ",
        NO_ASSET,
        ["cli_missing"],
        triggers={ItemType.SERVICE: ("connected_on",)},
    ),
    _case(
        _H.ASSET_MISMATCH,
        UNKNOWN,
        "an asset of an unknown product holds",
        {"asset_product_id": None},
    ),
    _case(_H.ASSET_NOT_LIVE, HOLDS, "an asset that is gone holds", {"asset_is_live": False}),
    _case(
        _H.ASSET_NOT_LIVE,
        NEAR_MISS,
        "an asset that ceases later is live today",
        {"cease_on": date(2026, 12, 24)},
    ),
    _case(
        _H.ASSET_NOT_LIVE,
        UNKNOWN,
        "an asset of which nobody knows whether it lives holds",
        {"asset_is_live": None},
    ),
    _case(
        _H.TARGET_ASSET_MISSING,
        HOLDS,
        "a New & Cease whose target is not there holds",
        {**_TARGET, "target_is_known": False},
    ),
    _case(
        _H.TARGET_ASSET_MISSING,
        HOLDS,
        "a New & Cease that names no target holds",
        {**_TARGET, "target_asset_id": None, "target_is_known": False},
    ),
    _case(_H.TARGET_ASSET_MISSING, NEAR_MISS, "a New & Cease with its target is fine", _TARGET),
    _case(
        _H.TARGET_ASSET_MISSING,
        NEAR_MISS,
        "a New line needs no target",
        {"action": "New", "target_is_known": False},
    ),
    _case(
        _H.TARGET_ASSET_MISSING,
        UNKNOWN,
        "no action means New, which needs no target",
        {"action": None},
        [],
    ),
    _case(_H.CLI_MISSING, HOLDS, "a product that needs a CLI and has none", {"asset_cli": None}),
    _case(
        _H.CLI_MISSING,
        HOLDS,
        "a profile of none makes every CLI missing",
        {},
        cli_profiles={"Voice": CliProfile.NONE},
    ),
    _case(
        _H.CLI_MISSING,
        NEAR_MISS,
        "the line's CLI serves where the asset has none",
        {"asset_cli": None, "line_cli": "01204 600001"},
    ),
    _case(
        _H.CLI_MISSING,
        UNKNOWN,
        "a product that does not say whether it needs one does not",
        {"needs_cli": None, "asset_cli": None},
        [],
    ),
    _case(_H.CLI_MALFORMED, HOLDS, "letters in a number hold", {"asset_cli": "0161 BAD 1"}),
    _case(
        _H.CLI_MALFORMED,
        NEAR_MISS,
        "letters are fine where any reference is",
        {"asset_cli": "BBEU0001"},
        cli_profiles={"voice ": CliProfile.ANY},
    ),
    _case(_H.CLI_MALFORMED, UNKNOWN, "no CLI is missing", {"asset_cli": None}, ["cli_missing"]),
    _case(_H.CLI_DAMAGED, HOLDS, "an exponent lost its last digits", {"asset_cli": "4.41204E+11"}),
    _case(_H.CLI_DAMAGED, HOLDS, "a leading zero was lost", {"asset_cli": "1204600001"}),
    _case(
        _H.CLI_DAMAGED,
        NEAR_MISS,
        "the country code replaces the zero",
        {"asset_cli": "441204600001"},
    ),
    _case(_H.CLI_DAMAGED, UNKNOWN, "no CLI is missing", {"asset_cli": None}, ["cli_missing"]),
    _case(
        _H.BILL_START_MISSING,
        HOLDS,
        "no date says from when to bill",
        {"connection_on": None, "connected_on": None},
        triggers={ItemType.SERVICE: ("converted",)},
    ),
    _case(
        _H.BILL_START_MISSING,
        NEAR_MISS,
        "the second date of the list serves",
        {"connection_on": None},
    ),
    _case(
        _H.BILL_START_MISSING,
        UNKNOWN,
        "a null start is what missing means",
        {"connection_on": None, "connected_on": None},
        triggers={ItemType.SERVICE: ("converted",)},
    ),
    _case(
        _H.BILL_START_AFTER_CEASE,
        HOLDS,
        "billing would start after it ended",
        {"cease_on": date(2026, 2, 28)},
    ),
    _case(
        _H.BILL_START_AFTER_CEASE,
        NEAR_MISS,
        "an asset may cease on the day it starts",
        {"cease_on": date(2026, 3, 1)},
    ),
    _case(
        _H.BILL_START_AFTER_CEASE, UNKNOWN, "an asset that does not cease", {"cease_on": None}, []
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        HOLDS,
        "the day before thirteen months ago, clamped to the month's end",
        {"connection_on": date(2025, 2, 27)},
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        HOLDS,
        "the day after thirteen months from now, clamped to the month's end",
        {"connection_on": date(2027, 5, 1)},
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        NEAR_MISS,
        "thirteen months ago to the day",
        {"connection_on": date(2025, 2, 28)},
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        NEAR_MISS,
        "thirteen months from now to the day",
        {"connection_on": date(2027, 4, 30)},
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        HOLDS,
        "the profile's own number of months counts",
        {"connection_on": date(2026, 2, 27)},
        max_months=1,
    ),
    _case(
        _H.BILL_START_IMPLAUSIBLE,
        UNKNOWN,
        "no start is missing, not implausible",
        {"connection_on": None, "connected_on": None},
        ["bill_start_missing"],
        triggers={ItemType.SERVICE: ("converted",)},
    ),
    _case(_H.FREQUENCY_MISSING, HOLDS, "nobody says how often", {"frequency": None}),
    _case(
        _H.FREQUENCY_MISSING,
        NEAR_MISS,
        "an upfront charge needs no frequency",
        {"frequency": None},
        charge_type="upfront",
    ),
    _case(
        _H.FREQUENCY_MISSING,
        UNKNOWN,
        "a null frequency is what missing means",
        {"frequency": None},
    ),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "letters that the file's encoding does not have",
        {"product_name": "日本"},
        **_CP1252,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "a control character of the encoding's gap is no letter of it",
        {"product_name": "a\x81"},
        **_CP1252,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "letters that the file's encoding has",
        {"product_name": "Café – 5 €"},
        **_CP1252,
    ),
    _case(_H.LAYOUT_UNFIT, HOLDS, "an accent where only ASCII goes", {"po_ref": "Café"}, **_ASCII),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "a price that would have to be rounded",
        {"recurring_unit_price": Decimal("5.5050")},
        **_PENNIES,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "a price whose dropped decimals are zero",
        {"recurring_unit_price": Decimal("5.5500")},
        **_PENNIES,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "a site that the CLI file cannot hold",
        {"site_ref": "日本"},
        cli_layout=Layout(encoding="cp1252"),
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "a description that only the product file holds",
        {"product_name": "日本"},
        cli_layout=Layout(encoding="cp1252"),
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "without a CLI nothing is written into the CLI file",
        {"site_ref": "日本", "needs_cli": False, "asset_cli": None},
        cli_layout=Layout(encoding="cp1252"),
    ),
    _case(_H.LAYOUT_UNFIT, HOLDS, "a text too long", {"po_ref": "12345"}, **_NARROW),
    _case(_H.LAYOUT_UNFIT, NEAR_MISS, "a text as long as may be", {"po_ref": "1234"}, **_NARROW),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "letters, a length and decimals of what the file does not say",
        {"product_name": "Łódź", "po_ref": "12345", "recurring_unit_price": Decimal("5.5050")},
        **_NOT_WRITTEN,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "letters of what the file does say",
        {"site_ref": "Łódź"},
        **_NOT_WRITTEN,
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "a site that the CLI file does not name",
        {"site_ref": "日本"},
        cli_layout=Layout(encoding="cp1252", columns=("CLI", "Row Key")),
    ),
    _case(
        _H.LAYOUT_UNFIT,
        HOLDS,
        "a term that ends after the last day there is",
        {"fixed_billing": True, "term_months": 95_687},
    ),
    _case(
        _H.LAYOUT_UNFIT,
        NEAR_MISS,
        "a term that ends in the last month there is",
        {"fixed_billing": True, "term_months": 95_685},
    ),
    _case(_H.LAYOUT_UNFIT, UNKNOWN, "a blank fits everywhere", {"po_ref": None}, [], **_NARROW),
    _case(
        _H.AFFINITY_REJECTED,
        HOLDS,
        "exactly what Affinity refused",
        {"recurring_refused_content": _REFUSED},
    ),
    _case(
        _H.AFFINITY_REJECTED,
        NEAR_MISS,
        "a changed price makes it another row",
        {"recurring_refused_content": _REFUSED, "recurring_unit_price": Decimal("6.0000")},
    ),
    _case(
        _H.AFFINITY_REJECTED,
        NEAR_MISS,
        "a new purchase order makes it another row",
        {"recurring_refused_content": _REFUSED, "po_ref": "PO-2"},
    ),
    _case(
        _H.AFFINITY_REJECTED,
        UNKNOWN,
        "nothing was refused, or a person released it",
        {"recurring_refused_content": None},
        [],
    ),
    _case(
        _H.UNDONE,
        HOLDS,
        "it was handed over and undone",
        {"recurring_ledger_status": "undone"},
    ),
    _case(
        _H.UNDONE,
        NEAR_MISS,
        "the other charge of the line was undone",
        {"upfront_ledger_status": "undone"},
    ),
    _case(
        _H.UNDONE,
        UNKNOWN,
        "it was never handed over",
        {"recurring_ledger_status": None},
        [],
    ),
]
