"""What each disposition, wait, hold and reject means, in a billing team's words, and what to do.

The rules' page in `docs/`, `r2b explain` and the queue all say it with these words.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.vocabulary import (
    RULE_HOLD_PREFIX,
    AlertName,
    ChangeHoldReason,
    Delay,
    Disposition,
    FileState,
    Finding,
    HoldReason,
    Reconciled,
    RejectReason,
    Verdict,
    WaitingReason,
    Why,
)


class Explanation(NamedTuple):
    """`meaning`: why it is so. `remedy`: what to do, and where. `owner`: who usually does it."""

    meaning: str
    remedy: str
    owner: str


DELIVERY_STATES: dict[FileState, str] = {
    FileState.PENDING: "Nothing of it has left.",
    FileState.SENDING: "It left; whether it arrived is asked before anything else is done.",
    FileState.STORED: "It is there, whole; Affinity has not taken it yet.",
    FileState.RECEIPTED: "Affinity has it.",
    FileState.REFUSED: "Affinity did not take it.",
}
"""Where a file of a batch stands on its way, in the words people read."""


class Found(NamedTuple):
    """`meaning`: what was found. `view`: where all of it is listed. `is_news`: shown unasked."""

    meaning: str
    view: str
    is_news: bool = True


FINDINGS: dict[Finding, Found] = {
    Finding.BLOCKING_RULES: Found(
        "records that break a blocking rule of yours", "mart.validation_issue"
    ),
    Finding.WARNING_RULES: Found(
        "records that break a warning rule of yours", "mart.validation_issue"
    ),
    Finding.CLIS_DIFFER: Found(
        "lines whose CLI differs between quotation, order and asset", "mart.cli_capture"
    ),
    Finding.CLIS_MISSING: Found(
        "lines whose CLI stands at one stage and not at another", "mart.cli_capture", is_news=False
    ),
    Finding.CLOSES_GATE: Found(
        "entries of the price book that keep any batch from being written", "mart.price_book"
    ),
    Finding.PRODUCTS_UNLINKED: Found(
        "products routed to Affinity without a code it knows and bills", "mart.price_book"
    ),
    Finding.PRODUCTS_PENDING: Found(
        "custom products that await their Affinity code", "mart.price_book", is_news=False
    ),
    Finding.SKUS_SHARED: Found(
        "SKUs that several products share", "mart.price_book", is_news=False
    ),
    Finding.SKUS_UNUSED: Found(
        "codes of Affinity's catalogue that no product uses", "mart.price_book", is_news=False
    ),
    Finding.PRICES_DRIFTED: Found(
        "prices that differ from those of Affinity's catalogue", "mart.price_book", is_news=False
    ),
    Finding.BILLED_IN_BOTH: Found(
        "charges routed to The Layer that Affinity bills", "mart.layer_invoiceable"
    ),
    Finding.MAYBE_IN_BOTH: Found(
        "charges handed to Affinity that The Layer may have invoiced", "mart.layer_invoiceable"
    ),
    Finding.BILLED_IN_NEITHER: Found(
        "recurring charges routed to The Layer, which cannot invoice them", "mart.layer_invoiceable"
    ),
}
"""What is found besides charges, in the words `r2b run` and `r2b status` use."""


DISPOSITIONS: dict[Disposition, str] = {
    Disposition.IN_BILLING: "Affinity bills it.",
    Disposition.EXPORTED: "It is in a batch that waits for its upload to be confirmed.",
    Disposition.CANCELLED: (
        "The order, or the customer before anything was delivered, was cancelled."
    ),
    Disposition.AMENDMENT: (
        "The line changes an asset the customer already has; it is no new charge."
    ),
    Disposition.NOT_APPLICABLE: "There is no price for this charge, so there is nothing to bill.",
    Disposition.BILLED_IN_LAYER: "Its billing route is The Layer, so The Layer invoices it.",
    Disposition.OTHER_PLATFORM: "Its billing route is another platform, which bills it.",
    Disposition.DO_NOT_BILL: "Somebody marked it, or its asset, Do Not Bill.",
    Disposition.WAITING: "It is not due yet.",
    Disposition.HELD: "It is due, but something must be put right first.",
    Disposition.READY: "It is due and complete: the next batch takes it.",
}

WAITING: dict[WaitingReason, Explanation] = {
    WaitingReason.ASSET_MISSING: Explanation(
        "The asset the line names is not among the accepted assets.",
        "See whether the asset was rejected (mart.reject), or correct the line's asset.",
        "provisioning",
    ),
    WaitingReason.ASSET_AMBIGUOUS: Explanation(
        "The line names no asset, and several assets name the line.",
        "Set the line's asset in The Layer.",
        "provisioning",
    ),
    WaitingReason.NOT_CONVERTED: Explanation(
        "The line has not been converted to an asset.",
        "Convert it in The Layer once the order is fulfilled.",
        "provisioning",
    ),
    WaitingReason.NO_CONNECTED_DATE: Explanation(
        "The service has no Connected Date.",
        "Fill in Connected Date on the order line.",
        "provisioning",
    ),
    WaitingReason.NO_ISSUE_DATE: Explanation(
        "The goods have no Issue Date.",
        "Fill in Issue Date on the order line once they are booked out.",
        "stock",
    ),
    WaitingReason.DATE_NOT_REACHED: Explanation(
        "Its date is in the future.",
        "Nothing to do: it becomes due by itself on that day.",
        "nobody",
    ),
}

HOLDS: dict[HoldReason, Explanation] = {
    HoldReason.UNKNOWN_ROUTE: Explanation(
        "Its billing route is a name nobody knows.",
        "Correct the billing route, or add the platform to Billing Platforms.",
        "price book",
    ),
    HoldReason.RECURRING_ON_PRODUCT: Explanation(
        "It is a recurring charge on goods, which are sold once.",
        "Make the item a Service, or remove its recurring price.",
        "price book",
    ),
    HoldReason.SKU_MISSING: Explanation(
        "The product has no SKU, so Affinity cannot match it.",
        "Enter the External SKU on the product.",
        "price book",
    ),
    HoldReason.SKU_UNKNOWN: Explanation(
        "The SKU is not in Affinity's catalogue (capitals matter).",
        "Correct the SKU, or create the product in Affinity.",
        "price book",
    ),
    HoldReason.SKU_INACTIVE: Explanation(
        "The SKU is in Affinity's catalogue but inactive.",
        "Reactivate it in Affinity, or sell its successor.",
        "price book",
    ),
    HoldReason.SKU_PENDING: Explanation(
        "It is a custom product that has no Affinity code yet.",
        "Create it in Affinity and enter the code as External SKU.",
        "price book",
    ),
    HoldReason.CUSTOMER_UNLINKED: Explanation(
        "Affinity does not know the customer.",
        "Create or link the customer; its Affinity reference must come back to The Layer.",
        "billing",
    ),
    HoldReason.CUSTOMER_NOT_LIVE: Explanation(
        "The customer is Cancelled.",
        "Cease the asset, or make the customer Live again.",
        "account management",
    ),
    HoldReason.SITE_MISSING: Explanation(
        "Neither the asset, the line nor the order says which site it is for.",
        "Set the site.",
        "provisioning",
    ),
    HoldReason.SITE_UNLINKED: Explanation(
        "Affinity does not know the site.",
        "Create or link the site; its Affinity reference must come back to The Layer.",
        "billing",
    ),
    HoldReason.SITE_LINK_CONFLICT: Explanation(
        "The site and its application links name different Affinity sites.",
        "Decide which is right and correct the other.",
        "billing",
    ),
    HoldReason.SITE_MISMATCH: Explanation(
        "The site belongs to another customer.",
        "Correct the site of the asset, line or order.",
        "provisioning",
    ),
    HoldReason.ASSET_MISMATCH: Explanation(
        "The asset is of another product or customer than the line.",
        "Correct the line's asset, or the asset.",
        "provisioning",
    ),
    HoldReason.ASSET_NOT_LIVE: Explanation(
        "The asset is no longer live.",
        "Make it live again, or mark the charge Do Not Bill.",
        "provisioning",
    ),
    HoldReason.TARGET_ASSET_MISSING: Explanation(
        "It is a New & Cease, but the asset it replaces is not there.",
        "Set Target Asset on the line.",
        "provisioning",
    ),
    HoldReason.CLI_MISSING: Explanation(
        "The product needs a CLI and there is none.",
        "Enter the number on the asset, or on the line.",
        "provisioning",
    ),
    HoldReason.CLI_MALFORMED: Explanation(
        "What stands in the CLI slot is no number of the kind it should be.",
        "Correct it on the asset, or on the line.",
        "provisioning",
    ),
    HoldReason.CLI_DAMAGED: Explanation(
        "A spreadsheet damaged the CLI: a leading zero, or its last digits, are lost.",
        "Enter the number again; do not re-save exports in a spreadsheet.",
        "provisioning",
    ),
    HoldReason.CLI_CONFLICT: Explanation(
        "Another live service has the same CLI at the same time.",
        "Cease the other one, or correct the CLI of one of them.",
        "provisioning",
    ),
    HoldReason.BILL_START_MISSING: Explanation(
        "No date says from when to bill.",
        "Fill in the connection date, or set Bill Start Override.",
        "billing",
    ),
    HoldReason.BILL_START_AFTER_CEASE: Explanation(
        "Billing would start after the asset ceased, or after another took its place.",
        "Correct the bill start or the cease date.",
        "billing",
    ),
    HoldReason.BILL_START_IMPLAUSIBLE: Explanation(
        "The bill start is more than a year away from today.",
        "Check for a typing mistake; Bill Start Override settles it.",
        "billing",
    ),
    HoldReason.FREQUENCY_MISSING: Explanation(
        "Nobody says how often the recurring charge bills.",
        "Set Billing Frequency on the product or the line.",
        "price book",
    ),
    HoldReason.SUSPECTED_DUPLICATE: Explanation(
        "Another line bills the same SKU on the same CLI and site from the same day.",
        "Cancel one of the lines, or mark one Do Not Bill.",
        "billing",
    ),
    HoldReason.LAYOUT_UNFIT: Explanation(
        "A value does not fit Affinity's file: too long, too precise, or letters it cannot hold.",
        "Shorten or correct the value, or change the layout in the profile.",
        "billing",
    ),
    HoldReason.AFFINITY_REJECTED: Explanation(
        "Affinity refused exactly this, and nothing has changed since.",
        "Correct what Affinity complained about, or release it: `r2b queue release ID`.",
        "billing",
    ),
    HoldReason.UNDONE: Explanation(
        "It was handed over and undone, and what was accepted once is never sent again.",
        "Sell it on a new order line to bill it again, or mark it Do Not Bill.",
        "billing",
    ),
    HoldReason.SOURCE_GONE: Explanation(
        "It is exported or In Billing, but The Layer no longer has its line or asset.",
        "Find out why; cease it if the customer has left. Nothing ceases by itself.",
        "billing",
    ),
}

REJECTS: dict[RejectReason, str] = {
    RejectReason.BAD_ENCODING: "The cell's bytes are not text in the declared encoding.",
    RejectReason.BAD_TEXT: "The cell holds a control character.",
    RejectReason.MISSING_VALUE: "The cell is blank, but must not be.",
    RejectReason.BAD_DATE: "It is no day in the style the feed declares.",
    RejectReason.BAD_NUMBER: "It is no exact number of at most four decimals.",
    RejectReason.BAD_BOOLEAN: "It is none of true/false, yes/no, y/n, 1/0.",
    RejectReason.UNKNOWN_VALUE: "It is none of the values the column may have.",
    RejectReason.NEGATIVE_PRICE: "A price below zero is never billed unseen.",
    RejectReason.BAD_QUANTITY: "It is no whole number of at least 1.",
    RejectReason.UNKNOWN_REFERENCE: "It points at a record that is not there, or was rejected.",
    RejectReason.DUPLICATE_KEY: "Several records have this key; none of them is used.",
    RejectReason.BAD_RANGE: "The number, its range or the asset's total of numbers cannot be used.",
    RejectReason.RAGGED_ROW: "The row has not as many fields as the header, or broken quotes.",
}


CHANGE_HOLDS: dict[ChangeHoldReason, Explanation] = {
    ChangeHoldReason.PRICE_MISSING: Explanation(
        "Affinity bills it, but The Layer has no price for it any more.",
        "Give the asset, the line or the product its price, or cease the asset.",
        "price book",
    ),
    ChangeHoldReason.CEASE_DATE_MISSING: Explanation(
        "Its asset is no longer live, but nobody says since when.",
        "Enter the asset's Cease Date, or make it live again.",
        "provisioning",
    ),
    ChangeHoldReason.PAIR_WAITING: Explanation(
        "It is replaced by a New & Cease, and both go in one batch: the other one is not ready.",
        "See what the other line waits for (r2b explain).",
        "billing",
    ),
    ChangeHoldReason.CEASE_AHEAD: Explanation(
        "It is one of a group that Affinity bills as one row, and its last day is not past.",
        "Nothing: the day after, the group's quantity goes down by itself.",
        "billing",
    ),
    ChangeHoldReason.OBJECT_UNKNOWN: Explanation(
        "It was cut or stopped and goes on as another row; the end of the old one has moved, and "
        "nobody knows what Affinity calls it.",
        "Bring Affinity's snapshot (affinity_site_products), or end the row there by hand.",
        "ops",
    ),
    ChangeHoldReason.GROUP_ROW_TAKEN: Explanation(
        "It led a group and comes back, but its row bills others who differ from it by now.",
        "Make them alike again; else it goes once the others have left that row.",
        "billing",
    ),
    ChangeHoldReason.DUPLICATE_NAME: Explanation(
        "Another customer has the same name, and Affinity cannot tell them apart.",
        "Make the names differ (keep the common one as the registered name), or cancel one.",
        "sales",
    ),
    ChangeHoldReason.PARENT_MISSING: Explanation(
        "Its customer, site or parent site is not in Affinity yet.",
        "It goes by itself once the other one is there; see why that one is held.",
        "billing",
    ),
}
"""What holds a change or an entity, besides the holds of charges."""


def hold_explanation(reason: str) -> Explanation:
    """The words for a hold, the profile's own rules included."""
    if reason.startswith(RULE_HOLD_PREFIX):
        name = reason.removeprefix(RULE_HOLD_PREFIX)
        return Explanation(
            f"It breaks your own rule {name!r}.",
            "Correct the field the rule looks at, or change the rule in the profile.",
            "billing",
        )
    if reason in {each.value for each in ChangeHoldReason}:
        return CHANGE_HOLDS[ChangeHoldReason(reason)]
    return HOLDS[HoldReason(reason)]


QUEUE_OWNERS: Mapping[str, str] = {
    # Affinity's codes
    "TIMEOUT": "Affinity",
    "BUSY": "Affinity",
    "LOCKED": "Affinity",
    "FILE_REFUSED": "Affinity",
    "CUSTOMER_REFUSED": "Affinity",
    "ACCOUNT_ON_STOP": "billing",
    "PERIOD_CLOSED": "billing",
    "NO_RATE": "data",
    "PRODUCT_WITHDRAWN": "data",
    "UNKNOWN_PRODUCT": "data",
    "INACTIVE_PRODUCT": "data",
    "UNKNOWN_CUSTOMER": "data",
    "UNKNOWN_SITE": "data",
    "SITE_OF_ANOTHER": "data",
    "UNKNOWN_CLI": "data",
    "CLI_EXISTS": "data",
    "BAD_CLI": "data",
    # our own errors
    "SourceUnavailable": "ops",
    "SourceRefused": "ops",
    "SourceContractBroken": "data",
    "TooManyRejects": "data",
}
"""Who usually settles a failure, by its reason."""

QUEUE_OWNERS_BY_KIND: Mapping[str, str] = {
    "charge": "billing",
    "cli": "data",
    "feeds": "ops",
    "feed": "ops",
    "delivery": "ops",
    "write_back": "ops",
    "cease": "billing",
}
"""Who usually settles it where its reason tells nothing: by what failed."""


def queue_owner(subject: str, reason: str) -> str:
    """Who usually settles an item of the queue: billing, data, ops or Affinity."""
    code = reason.strip()
    known = QUEUE_OWNERS.get(code) or QUEUE_OWNERS.get(code.upper())
    return known or QUEUE_OWNERS_BY_KIND.get(subject.partition(":")[0], "ops")


RECONCILED: dict[Reconciled, str] = {
    Reconciled.MATCHED: "both sides say the same",
    Reconciled.ONLY_IN_LAYER: "to be billed, and Affinity does not bill it: bill it",
    Reconciled.ONLY_IN_AFFINITY: "billed, and we know of no asset: cease and credit it, or link it",
    Reconciled.CEASED_BUT_BILLING: "not to be billed any more, and billed: cease and credit it",
    Reconciled.BILLING_BEFORE_START: "billed from before its start: credit the days",
    Reconciled.DIFFERS: "billed, but not as it should be: bill the rest, or credit it",
    Reconciled.EXPLAINED: "different, and we know why",
    Reconciled.UNRECONCILED: "could not be compared: nothing is known of it",
}
"""What each class means, and what is to be done about it."""

VERDICTS: dict[Verdict, str] = {
    Verdict.CLEAN: "everything is accounted for",
    Verdict.DIFFERENCES: "some of it is not as it should be",
    Verdict.UNRECONCILED: "not everything could be compared, so nothing is called clean",
}
"""What a reconciliation says as a whole."""

WHY: dict[Why, str] = {
    Why.DO_NOT_BILL: "Do Not Bill is set",
    Why.OTHER_ROUTE: "it is billed elsewhere",
    Why.IN_FLIGHT: "a row about it is under way, or goes with the next batch",
    Why.HELD: "something holds it: see mart.hold and mart.change_hold",
    Why.WAITING: "it is not due yet",
    Why.GROUPED: "billed in one row with others, and the sum is right",
    Why.CANCELLED: "the order was cancelled, or there is no charge",
    Why.OVER: "it has ended",
    Why.NO_SNAPSHOT: "there is no snapshot of Affinity of about that day, or an empty one",
    Why.SNAPSHOT_IS_OLD: "Affinity's snapshot is too old for the day",
    Why.SNAPSHOT_IS_PARTIAL: "Affinity's snapshot may lack records",
    Why.FEEDS_ARE_PARTIAL: "The Layer's feeds may lack records",
    Why.RECORD_IS_REJECTED: "The Layer's record of it was rejected",
    Why.LINE_IS_MISSING: "its order line was rejected, or is not in the feeds",
    Why.SOURCE_IS_GONE: "its line or asset is in the feeds no more",
    Why.VALUE_IS_MISSING: "Affinity does not say how many, or at what price",
}
"""What explains a difference, or why nothing can be said."""

DELAYS: dict[Delay, str] = {
    Delay.HELD: "held until somebody puts something right",
    Delay.WAITING_TOO_LONG: "not due, and for longer than usual",
    Delay.NEVER_SEEN: "to be billed, and Affinity never showed it",
    Delay.CEASED_BUT_BILLING: "not to be billed any more, and billed",
}
"""Why money is on the clock."""


ALERTS: dict[AlertName, Explanation] = {
    AlertName.RUN_MISSING: Explanation(
        "A scheduled day's run has not succeeded by the agreed hour (watch.run_by).",
        "See whether the worker runs and what the last run's message says; then start billing-run.",
        "operators",
    ),
    AlertName.RUN_FAILED: Explanation(
        "The last run failed.",
        "Do what its message says, by its exit code; then start billing-run.",
        "operators",
    ),
    AlertName.PRICE_BOOK_INCOMPLETE: Explanation(
        "The price book's gate is closed: no batch is written.",
        "Put right what mart.price_book says closes its gate.",
        "product management",
    ),
    AlertName.BATCH_IN_DOUBT: Explanation(
        "Files of a batch left, and nobody can tell whether they arrived.",
        "Find out in Affinity, then r2b deliver --arrived or --absent.",
        "billing",
    ),
    AlertName.BATCH_WAITS: Explanation(
        "A batch has waited at the gate for longer than watch.max_open_hours.",
        "Load it and confirm it (transfer-to-billing), or r2b abandon it.",
        "billing",
    ),
    AlertName.HELD_TOO_MUCH: Explanation(
        "Held charges are worth more than watch.max_held.",
        "Work the holds by what they are worth: mart.hold, or what the report says to put right.",
        "billing",
    ),
    AlertName.QUEUE_STUCK: Explanation(
        "Items of the retry queue wait for people for longer than watch.max_queued_hours.",
        "r2b queue list says whose each is; release or discard it.",
        "whoever the queue names",
    ),
    AlertName.ROWS_UNANSWERED: Explanation(
        "Rows of confirmed batches have no answer after delivery.alarm_after_days.",
        "Ask Affinity for their outcome (mart.unconfirmed_row), then transfer its result.",
        "billing",
    ),
    AlertName.SNAPSHOT_OLD: Explanation(
        "Affinity's last snapshot is older than reconcile.max_snapshot_age_days.",
        "Have its site products exported with the feeds again.",
        "whoever makes the exports",
    ),
}
"""What the sync check raises, the most urgent first."""
