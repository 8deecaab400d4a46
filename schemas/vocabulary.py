"""The trade's own words, as they are stored: an enum's value is what database and files hold."""

from enum import StrEnum


class ChargeType(StrEnum):
    """The two prices of an order line."""

    UPFRONT = "upfront"
    RECURRING = "recurring"


class Disposition(StrEnum):
    """What becomes of a charge: exactly one of these. The order is the order of the rules."""

    IN_BILLING = "in_billing"
    EXPORTED = "exported"
    CANCELLED = "cancelled"
    AMENDMENT = "amendment"
    NOT_APPLICABLE = "not_applicable"
    BILLED_IN_LAYER = "billed_in_layer"
    OTHER_PLATFORM = "other_platform"
    DO_NOT_BILL = "do_not_bill"
    WAITING = "waiting"
    HELD = "held"
    READY = "ready"


class WaitingReason(StrEnum):
    """Why a charge is not triggered yet: the first that is unmet."""

    ASSET_MISSING = "asset_missing"
    ASSET_AMBIGUOUS = "asset_ambiguous"
    NOT_CONVERTED = "not_converted"
    NO_CONNECTED_DATE = "no_connected_date"
    NO_ISSUE_DATE = "no_issue_date"
    DATE_NOT_REACHED = "date_not_reached"


class HoldReason(StrEnum):
    """Why a triggered charge must wait for a person. The profile adds its own as `rule:<name>`."""

    UNKNOWN_ROUTE = "unknown_route"
    RECURRING_ON_PRODUCT = "recurring_on_product"
    SKU_MISSING = "sku_missing"
    SKU_UNKNOWN = "sku_unknown"
    SKU_INACTIVE = "sku_inactive"
    SKU_PENDING = "sku_pending"
    CUSTOMER_UNLINKED = "customer_unlinked"
    CUSTOMER_NOT_LIVE = "customer_not_live"
    SITE_MISSING = "site_missing"
    SITE_UNLINKED = "site_unlinked"
    SITE_LINK_CONFLICT = "site_link_conflict"
    SITE_MISMATCH = "site_mismatch"
    ASSET_MISMATCH = "asset_mismatch"
    ASSET_NOT_LIVE = "asset_not_live"
    TARGET_ASSET_MISSING = "target_asset_missing"
    CLI_MISSING = "cli_missing"
    CLI_MALFORMED = "cli_malformed"
    CLI_DAMAGED = "cli_damaged"
    CLI_CONFLICT = "cli_conflict"
    BILL_START_MISSING = "bill_start_missing"
    BILL_START_AFTER_CEASE = "bill_start_after_cease"
    BILL_START_IMPLAUSIBLE = "bill_start_implausible"
    FREQUENCY_MISSING = "frequency_missing"
    SUSPECTED_DUPLICATE = "suspected_duplicate"
    LAYOUT_UNFIT = "layout_unfit"
    AFFINITY_REJECTED = "affinity_rejected"
    UNDONE = "undone"
    SOURCE_GONE = "source_gone"


class ChangeHoldReason(StrEnum):
    """Why a change must wait, besides what would hold a new charge."""

    PRICE_MISSING = "price_missing"
    CEASE_DATE_MISSING = "cease_date_missing"
    PAIR_WAITING = "pair_waiting"
    CEASE_AHEAD = "cease_ahead"
    GROUP_ROW_TAKEN = "group_row_taken"
    DUPLICATE_NAME = "duplicate_name"
    PARENT_MISSING = "parent_missing"
    OBJECT_UNKNOWN = "object_unknown"


class Reading(StrEnum):
    """How a line is read; one that is billed may be read in more than one way."""

    NEW = "new"
    BILLED = "billed"
    ASSET = "asset"
    SEEN = "seen"


class CeaseKind(StrEnum):
    """Why a row of the cease file ends a charge.

    `stop`: Do Not Bill, or another route; it can be taken back. `change`: the same charge goes on
    as a new row. `earlier`: an earlier stretch of it, which must not outlast the newest one.
    `sooner`: it was stopped, and ceased before that.
    """

    UNDO = "undo"
    CEASE = "cease"
    STOP = "stop"
    CHANGE = "change"
    EARLIER = "earlier"
    SOONER = "sooner"


SEEN_STOPPED = "seen_stopped"
"""It was not to be billed when we first looked, and The Layer said In Billing: we ended nothing."""


class ChangeState(StrEnum):
    """Where a change stands: the next batch takes it, something holds it, or it has left."""

    DUE = "due"
    HELD = "held"
    IN_FLIGHT = "in_flight"


RULE_HOLD_PREFIX = "rule:"


class Stage(StrEnum):
    """Where a record is on its way from offer to service; first to last."""

    QUOTATION = "quotation"
    ORDER = "order"
    ASSET = "asset"


class Severity(StrEnum):
    """Whether a broken rule of the profile holds charges or only says so."""

    BLOCK = "block"
    WARN = "warn"


class CliDrift(StrEnum):
    """Whether a CLI is the same at every stage; `missing`: it stands at one and not at another."""

    NONE = "none"
    MISSING = "missing"
    DIFFERS = "differs"


class SkuLink(StrEnum):
    """How an item of the price book hangs together with Affinity's catalogue.

    `unchecked`: there is a code, but no catalogue was given to look it up in.
    """

    LINKED = "linked"
    UNLINKED = "unlinked"
    PENDING = "pending"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    UNCHECKED = "unchecked"
    UNUSED = "unused"


class InvoicingClass(StrEnum):
    """Who invoices or bills a charge; exactly one of these."""

    LAYER_DUE = "layer_due"
    LAYER_WAITING = "layer_waiting"
    AFFINITY = "affinity"
    AFFINITY_TO_COME = "affinity_to_come"
    BOTH = "both"
    MAY_BE_BOTH = "may_be_both"
    NEITHER = "neither"
    DO_NOT_BILL = "do_not_bill"
    OTHER_PLATFORM = "other_platform"
    UNKNOWN_ROUTE = "unknown_route"
    NO_CHARGE = "no_charge"
    CANCELLED = "cancelled"
    AMENDMENT = "amendment"


class Finding(StrEnum):
    """What is found besides the judgement of charges, and counted by each run."""

    BLOCKING_RULES = "records_break_blocking_rules"
    WARNING_RULES = "records_break_warning_rules"
    CLIS_DIFFER = "clis_differ"
    CLIS_MISSING = "clis_missing"
    CLOSES_GATE = "price_book_closes_gate"
    PRODUCTS_UNLINKED = "products_unlinked"
    PRODUCTS_PENDING = "products_pending"
    SKUS_SHARED = "skus_shared"
    SKUS_UNUSED = "skus_unused"
    PRICES_DRIFTED = "prices_drifted"
    BILLED_IN_BOTH = "charges_in_both"
    MAYBE_IN_BOTH = "charges_maybe_in_both"
    BILLED_IN_NEITHER = "charges_in_neither"


class Reconciled(StrEnum):
    """How a record of either side compares with the other side; exactly one of these."""

    MATCHED = "matched"
    ONLY_IN_LAYER = "only_in_layer"
    ONLY_IN_AFFINITY = "only_in_affinity"
    CEASED_BUT_BILLING = "ceased_but_billing"
    BILLING_BEFORE_START = "billing_before_start"
    DIFFERS = "differs"
    EXPLAINED = "explained"
    UNRECONCILED = "unreconciled"


FINE = (Reconciled.MATCHED, Reconciled.EXPLAINED)
"""Classes of what nobody has to put right."""


class Why(StrEnum):
    """Why a difference is none, or why nothing can be said."""

    DO_NOT_BILL = "do_not_bill"
    OTHER_ROUTE = "other_route"
    IN_FLIGHT = "in_flight"
    HELD = "held"
    WAITING = "waiting"
    GROUPED = "grouped"
    CANCELLED = "cancelled"
    OVER = "over"
    NO_SNAPSHOT = "no_snapshot"
    SNAPSHOT_IS_OLD = "snapshot_is_old"
    SNAPSHOT_IS_PARTIAL = "snapshot_is_partial"
    FEEDS_ARE_PARTIAL = "feeds_are_partial"
    RECORD_IS_REJECTED = "record_is_rejected"
    LINE_IS_MISSING = "line_is_missing"
    SOURCE_IS_GONE = "source_is_gone"
    VALUE_IS_MISSING = "value_is_missing"


class Verdict(StrEnum):
    """What a reconciliation says as a whole; one that compared nothing is never clean."""

    CLEAN = "clean"
    DIFFERENCES = "differences"
    UNRECONCILED = "unreconciled"


class Delay(StrEnum):
    """Why money is late, or taken and must not be."""

    HELD = "held"
    WAITING_TOO_LONG = "waiting_too_long"
    NEVER_SEEN = "never_seen"
    CEASED_BUT_BILLING = "ceased_but_billing"


class Remedy(StrEnum):
    """What sets a difference right: in whose favour, and on which side."""

    BILL = "bill"
    CREDIT = "credit"
    CEASE = "cease"
    CORRECT = "correct"
    FETCH = "fetch"
    WAIT = "wait"
    NONE = "none"


class RejectReason(StrEnum):
    """Why a record does not fit its feed's contract."""

    BAD_ENCODING = "bad_encoding"
    BAD_TEXT = "bad_text"
    MISSING_VALUE = "missing_value"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    BAD_BOOLEAN = "bad_boolean"
    UNKNOWN_VALUE = "unknown_value"
    NEGATIVE_PRICE = "negative_price"
    BAD_QUANTITY = "bad_quantity"
    UNKNOWN_REFERENCE = "unknown_reference"
    DUPLICATE_KEY = "duplicate_key"
    BAD_RANGE = "bad_range"
    RAGGED_ROW = "ragged_row"


class BillStatus(StrEnum):
    """The Layer's three bill statuses; nothing else ever surfaces there."""

    NOT_BILLED = "Not Billed"
    READY_TO_BILL = "Ready to Bill"
    IN_BILLING = "In Billing"


class ItemType(StrEnum):
    """The Layer's two kinds of catalogue item."""

    SERVICE = "Service"
    PRODUCT = "Product"


class Action(StrEnum):
    """What an order line does to the customer's assets."""

    NEW = "New"
    UPDATE = "Update"
    NEW_AND_CEASE = "New & Cease"


class Frequency(StrEnum):
    """How often a recurring charge bills."""

    MONTHLY = "Monthly"
    QUARTERLY = "Quarterly"
    ANNUAL = "Annual"


class CustomerStatus(StrEnum):
    """The Layer's customer statuses."""

    PENDING = "Pending"
    LIVE = "Live"
    CANCELLED = "Cancelled"


class CliProfile(StrEnum):
    """How the text in a CLI slot is judged."""

    UK_NUMBER = "uk_number"
    ANY = "any"
    NONE = "none"


class CliType(StrEnum):
    """The kinds of CLI Affinity tells apart."""

    GEOGRAPHIC = "geographic"
    NON_GEOGRAPHIC = "non-geographic"
    MOBILE = "mobile"
    OTHER = "other"


class BatchState(StrEnum):
    """Where a batch stands.

    `claimed` is ours alone: frozen, its folder not yet published. `in_doubt`: a file left, nobody
    can say whether it arrived, and only a person may decide.
    """

    CLAIMED = "claimed"
    WRITTEN = "written"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    ABANDONED = "abandoned"


class FileState(StrEnum):
    """Where one file of a batch stands on its way to Affinity.

    `sending` is written down before the first byte leaves, so it means: perhaps. `stored`: it is
    there, whole, and not taken yet.
    """

    PENDING = "pending"
    SENDING = "sending"
    STORED = "stored"
    RECEIPTED = "receipted"
    REFUSED = "refused"


class RowOutcome(StrEnum):
    """What became of one row of a batch."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


class FailureScope(StrEnum):
    """What Affinity refuses along with one bad row."""

    ROW = "row"
    FILE = "file"
    CUSTOMER = "customer"


class LedgerStatus(StrEnum):
    """Where a charge that was ever exported stands by our ledger; a CLI in Affinity is `live`."""

    EXPORTED = "exported"
    IN_BILLING = "in_billing"
    LIVE = "live"
    REJECTED = "rejected"
    RETURNED = "returned"
    ABANDONED = "abandoned"
    UNDONE = "undone"
    STOPPED = "stopped"
    CEASED = "ceased"
    CHANGED = "changed"


READ_BACK = "READ_BACK"
"""The code of an outcome that Affinity's own snapshot proves, not its answer."""


class RetryKind(StrEnum):
    """Waiting cures a transient failure; only other data, or a person, cures a data failure."""

    TRANSIENT = "transient"
    DATA = "data"


class RetryState(StrEnum):
    """Where a retry item stands."""

    WAITING = "waiting"
    PARKED = "parked"
    RELEASED = "released"
    IN_FLIGHT = "in_flight"
    DEAD = "dead"
    DONE = "done"
    DISCARDED = "discarded"


class AlertName(StrEnum):
    """What the sync check may find wrong, the most urgent first."""

    RUN_MISSING = "run_missing"
    RUN_FAILED = "run_failed"
    PRICE_BOOK_INCOMPLETE = "price_book_incomplete"
    BATCH_IN_DOUBT = "batch_in_doubt"
    BATCH_WAITS = "batch_waits"
    HELD_TOO_MUCH = "held_too_much"
    QUEUE_STUCK = "queue_stuck"
    ROWS_UNANSWERED = "rows_unanswered"
    SNAPSHOT_OLD = "snapshot_old"


class RunStatus(StrEnum):
    """How a run ended, in the words `r2b run --json` prints."""

    RUNNING = "running"
    BATCH_WRITTEN = "batch_written"
    BATCH_UNDELIVERED = "batch_undelivered"
    BATCH_IN_DOUBT = "batch_in_doubt"
    BATCH_DELIVERED = "batch_delivered"
    BATCH_CONFIRMED = "batch_confirmed"
    BATCH_OPEN = "batch_open"
    PRICE_BOOK_INCOMPLETE = "price_book_incomplete"
    NOTHING_READY = "nothing_ready"
    FAILED = "failed"


class Act(StrEnum):
    """What a person does that the audit trail remembers; upkeep is what removes old files.

    Retention removes what names people; restore gives the trail back what the warehouse knows.
    """

    TRANSFER = "transfer"
    ABANDON = "abandon"
    UNDO = "undo"
    DELIVER = "deliver"
    ARRIVED = "arrived"
    ABSENT = "absent"
    RETRY = "retry"
    RELEASE = "release"
    DISCARD = "discard"
    APPROVE = "approve"
    UPKEEP = "upkeep"
    RETENTION = "retention"
    RESTORE = "restore"


class ActOutcome(StrEnum):
    """What became of an act: it could begin, it could not, or it began and did not come about."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"
