"""What analysts may rely on: the views of `mart`, their grain and their columns, said once.

The table reference in `docs/` derives from it; a test compares it with the views of a warehouse.
"""

from collections.abc import Mapping
from typing import NamedTuple


class ViewColumn(NamedTuple):
    """One column of a view.

    `kind`: text, number, money (four decimals), day, moment (UTC), flag (true or false).
    """

    name: str
    kind: str
    about: str


class View(NamedTuple):
    """One view of `mart`: what one row of it is, and what it is for."""

    name: str
    grain: str
    about: str
    columns: tuple[ViewColumn, ...]


_c = ViewColumn

_LINE = _c("line_id", "text", "The Layer's id of the order line.")
_CHARGE_TYPE = _c("charge_type", "text", "upfront or recurring.")
_VALUE = _c("value", "money", "Quantity times unit price; blank without a price.")

_SIDE = _c("side", "text", "layer or affinity.")
_RECORD_KEY = _c(
    "record_key",
    "text",
    "Our side: `line:<line>:<charge type>` or `asset:<asset>:recurring`; Affinity's: its object.",
)
_CLASS = _c(
    "class",
    "text",
    "matched, only_in_layer, only_in_affinity, ceased_but_billing, billing_before_start, differs, "
    "explained or unreconciled.",
)

_ENTITY = _c("entity", "text", "customer, site, address, contact or new_product.")
_LAYER_ID = _c("layer_id", "text", "The Layer's id of it.")

_ALL = (
    View(
        "charge",
        "order line and charge type",
        "Every charge of the latest run's lines, and every other that was ever handed over.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("customer_id", "text", "The Layer's id of the customer: the order's."),
            _c("customer_name", "text", "The customer's name."),
            _c("site_id", "text", "The Layer's id of the site: the asset's, line's or order's."),
            _c("product_id", "text", "The Layer's id of the catalogue item."),
            _c("product_name", "text", "What the bill calls it."),
            _c("item_type", "text", "Service or Product."),
            _c("route", "text", "The billing route in force: the asset's, line's or product's."),
            _c("disposition", "text", "What became of the charge: one word, from the rules."),
            _c("waiting_reason", "text", "Why it is not due; filled only while it waits."),
            _c("bill_status", "text", "Not Billed, Ready to Bill or In Billing."),
            _c("quantity", "number", "The line's quantity."),
            _c("unit_price", "money", "Unit price ex VAT: the line's, else the product's."),
            _VALUE,
            _c("frequency", "text", "Monthly, Quarterly or Annual; blank for upfront."),
            _c("bill_start_on", "day", "The first day it is billed."),
            _c("bill_start_source", "text", "The field that day came from."),
            _c("cli", "text", "The CLI, cleaned; blank when there is none or it cannot be read."),
            _c("sku", "text", "Affinity's product code."),
            _c("batch_seq", "number", "The batch it is in, while it is exported or In Billing."),
            _c("first_ready_on", "day", "The as-of day of the run that first found it ready."),
            _c("in_billing_on", "day", "The day of the transfer; blank where we made none."),
        ),
    ),
    View(
        "line_status",
        "order line",
        "The two bill statuses and the light The Layer shows beside a line.",
        (
            _LINE,
            _c("upfront_bill_status", "text", "Bill status of the upfront charge."),
            _c("recurring_bill_status", "text", "Bill status of the recurring charge."),
            _c("light", "text", "green when all Affinity should bill is In Billing, else orange."),
        ),
    ),
    View(
        "hold",
        "charge and reason",
        "Every reason why a charge is held today, and every charge whose source is gone.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("reason", "text", "The hold's name, as in the rules; `rule:<name>` for your own."),
            _c("since", "day", "As-of day since which it stands without a break."),
            _c("value", "money", "What the charge is worth; it counts once per reason here."),
        ),
    ),
    View(
        "validation_issue",
        "record and rule it breaks",
        "Every accepted quotation line, order line and asset that breaks a rule of the profile, "
        "whether or not a charge hangs on it.",
        (
            _c("stage", "text", "quotation, order or asset: whose field it is."),
            _c("record_key", "text", "The Layer's id of the quotation line, order line or asset."),
            _c("line_id", "text", "The order line it belongs to; blank when there is none."),
            _c("customer_id", "text", "The Layer's id of the customer; the order's for a line."),
            _c("product_id", "text", "The Layer's id of the record's own catalogue item."),
            _c("scope", "text", "Why the rule is for it: all, its product, its base category."),
            _c("field", "text", "The feed's column."),
            _c("rule", "text", "The rule's name, as in `rule:<name>`."),
            _c("severity", "text", "block or warn."),
            _c("message", "text", "The rule's own words, else what it asks."),
            _c("text", "text", "What stands in the field; blank where nothing does."),
            _c("since", "day", "As-of day since which it has been broken without a break."),
        ),
    ),
    View(
        "cli_capture",
        "order line that has a CLI at any stage",
        "Where the CLI of a line was first captured, and whether quotation, order and asset "
        "still say the same.",
        (
            _LINE,
            _c("customer_id", "text", "The Layer's id of the customer: the order's."),
            _c("product_id", "text", "The Layer's id of the line's catalogue item."),
            _c(
                "quotation_cli",
                "text",
                "The CLI of its quotation line (of several, the one modified last), cleaned; as it "
                "stands where it cannot be read.",
            ),
            _c("order_cli", "text", "The CLI of the order line, likewise."),
            _c("asset_cli", "text", "The CLI of its asset, likewise."),
            _c(
                "cli_source_stage",
                "text",
                "quotation, order or asset: the first with a CLI that can be read; blank when "
                "none can.",
            ),
            _c("drift", "text", "none, missing (one has it, another not) or differs."),
            _c("drift_between", "text", "The first two stages that show it; blank for none."),
        ),
    ),
    View(
        "price_book",
        "product and charge type routed to Affinity, or code nobody uses",
        "How The Layer's price book and Affinity's catalogue hang together: codes and prices.",
        (
            _c("product_id", "text", "The Layer's id of the item; blank for a code nobody uses."),
            _c("product_name", "text", "Its name; the catalogue's for a code nobody uses."),
            _c("charge_type", "text", "upfront or recurring; blank for a code nobody uses."),
            _c("sku", "text", "The code for this charge type."),
            _c(
                "routed_by",
                "text",
                "product: by its own route; line: only by that of a line or asset of it.",
            ),
            _c(
                "link",
                "text",
                "linked; unlinked (no code), pending (custom, no code yet), unknown, inactive, "
                "unchecked (no catalogue given); unused (no product has the code).",
            ),
            _c("same_sku", "number", "How many other products have the same code."),
            _c("layer_price", "money", "The Layer's price per unit."),
            _c("affinity_price", "money", "The catalogue's price per unit."),
            _c(
                "drift",
                "money",
                "The Layer's price less Affinity's; blank where either has none. Of a code for "
                "both charge types, only that of the nearer price.",
            ),
            _c("quantity", "number", "How many of it are in billing, exported or ready."),
            _c("drift_value", "money", "Drift times that quantity."),
            _c("closes_gate", "flag", "Whether it keeps any batch from being written."),
        ),
    ),
    View(
        "billed",
        "charge that Affinity takes to be billed, or took once",
        "What Affinity bills, as far as it was told and has taken it.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("site_ref", "text", "The site in Affinity."),
            _c("cli", "text", "The CLI it hangs on."),
            _c("sku", "text", "Affinity's product code."),
            _c("quantity", "number", "As last told."),
            _c("unit_price", "money", "As last told, ex VAT."),
            _VALUE,
            _c("frequency", "text", "Monthly, Quarterly or Annual; blank for upfront."),
            _c("bill_start_on", "day", "The first day billed."),
            _c("bill_end_on", "day", "The last day billed; blank while it is open."),
            _c(
                "ended_by",
                "text",
                "cease, stop (Do Not Bill or another route), change (goes on as a new row); "
                "seen_stopped: stopped when we first looked; blank: nothing we told.",
            ),
            _c("period", "number", "Which stretch of billing of the charge, from 1."),
            _c("updates", "number", "Updates Affinity has taken."),
            _c("is_baseline", "flag", "True: billed before we first looked; we never added it."),
            _c("asset_id", "text", "The asset, as last told."),
        ),
    ),
    View(
        "change",
        "billed charge and field that differs",
        "What The Layer says today and Affinity was not told yet.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("customer_id", "text", "The Layer's id of the customer."),
            _c("customer_name", "text", "The customer's name."),
            _c(
                "action",
                "text",
                "update, cease, stop, change (cease and add), earlier (a former stretch ends), or "
                "sooner (what was stopped ended before that).",
            ),
            _c("field", "text", "What differs."),
            _c("told", "text", "What Affinity was told."),
            _c("now", "text", "What The Layer says."),
            _c("state", "text", "due (the next batch takes it), held, or in_flight."),
            _c("value", "money", "The charge's worth as told."),
        ),
    ),
    View(
        "change_hold",
        "billed charge and reason",
        "Why a change is not told yet.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("customer_id", "text", "The Layer's id of the customer."),
            _c("customer_name", "text", "The customer's name."),
            _c("reason", "text", "A hold of the rules, or one of changes."),
        ),
    ),
    View(
        "do_not_bill",
        "charge that Do Not Bill withholds",
        "What is not billed because somebody said so, why, and the money.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("customer_id", "text", "The Layer's id of the customer."),
            _c("customer_name", "text", "The customer's name."),
            _c("product_id", "text", "The catalogue item."),
            _c("reason", "text", "The line's reason; blank: nobody gave one."),
            _c("marked", "text", "line or asset: where the mark is."),
            _c("stopped_on", "day", "The last day billed, where Affinity billed it before."),
            _VALUE,
            _c("frequency", "text", "How often that value would be billed; blank for upfront."),
        ),
    ),
    View(
        "cease_request",
        "cease request of Affinity",
        "What Affinity says was ceased, and how far that has come; also what it no longer lists.",
        (
            _c("object_uid", "text", "Affinity's object."),
            _c("completed_on", "day", "The last day, by the request."),
            _c("asset_id", "text", "The asset it is; blank: none of ours."),
            _c("customer_id", "text", "The asset's customer."),
            _c("customer_name", "text", "The customer's name."),
            _c("layer_cease_on", "day", "The asset's cease date in The Layer."),
            _c("told_cease_on", "day", "The end Affinity has taken from us."),
            _c(
                "state",
                "text",
                "unmatched, open (no day yet), not_billed, due, held, in_flight, told (The Layer "
                "is asked to take it over), other_day (The Layer's own day counts), done.",
            ),
            _c("is_listed", "flag", "Whether Affinity lists it still."),
        ),
    ),
    View(
        "layer_invoiceable",
        "order line and charge type",
        "Who invoices or bills each charge: The Layer, Affinity, both or neither. All charges of "
        "`mart.charge`, each in exactly one class.",
        (
            _LINE,
            _CHARGE_TYPE,
            _c("customer_id", "text", "The Layer's id of the customer: the order's."),
            _c("customer_name", "text", "The customer's name."),
            _c("product_id", "text", "The Layer's id of the catalogue item."),
            _c("product_name", "text", "What the bill calls it."),
            _c("item_type", "text", "Service or Product."),
            _c("route", "text", "The billing route in force."),
            _c("disposition", "text", "What became of the charge, as in `mart.charge`."),
            _c(
                "class",
                "text",
                "layer_due, layer_waiting (The Layer invoices it), affinity, affinity_to_come, "
                "both, may_be_both, neither; do_not_bill, other_platform, unknown_route, "
                "no_charge, cancelled, amendment.",
            ),
            _c(
                "may_invoice",
                "flag",
                "Whether The Layer may invoice it: up-front, with its own route or none.",
            ),
            _c("is_due", "flag", "Whether that is triggered; blank where it may not."),
            _c(
                "reason",
                "text",
                "Why: the waiting reason; ledger, feed or snapshot (what says it is in Affinity); "
                "exported or route_moved (why it may be in both); recurring.",
            ),
            _c("quantity", "number", "The line's quantity."),
            _c("unit_price", "money", "Unit price ex VAT."),
            _VALUE,
        ),
    ),
    View(
        "entity",
        "customer, site, address, contact or new product",
        "Everything Affinity has, or is to have, besides charges, and where it stands.",
        (
            _ENTITY,
            _LAYER_ID,
            _c("ref", "text", "What Affinity called it in a result; blank where it said nothing."),
            _c(
                "state",
                "text",
                "baseline (was there when we first looked), taken, due, in_flight or held.",
            ),
            _c("rows_taken", "number", "How many rows of it Affinity took."),
            _c("told_in", "number", "The last batch with a row of it that Affinity took."),
        ),
    ),
    View(
        "entity_hold",
        "customer, site, address, contact or new product, and reason",
        "Every reason why something cannot be told of it today.",
        (
            _ENTITY,
            _LAYER_ID,
            _c("customer_id", "text", "The Layer's id of the customer; blank for a new product."),
            _c("customer_name", "text", "The customer's name."),
            _c("reason", "text", "The hold's name, as in the rules."),
        ),
    ),
    View(
        "reconciliation",
        "thing that The Layer, Affinity or both know of",
        "What the latest reconciliation found: classes, money of both sides, what to do.",
        (
            _c("match_id", "number", "Names the thing within this reconciliation."),
            _CLASS,
            _c("why", "text", "What explains it, or why nothing can be said."),
            _c("fields", "text", "What differs, comma separated."),
            _c("remedy", "text", "bill, credit, cease, correct, fetch, wait or none."),
            _c("customer_id", "text", "The Layer's id of the customer; blank if only Affinity's."),
            _c("customer_name", "text", "The customer's name."),
            _c("line_id", "text", "The order line; the smallest of several."),
            _CHARGE_TYPE,
            _c("asset_id", "text", "The asset; the smallest of several."),
            _c("object_uid", "text", "Affinity's id of the site product; the smallest of several."),
            _c("site_ref", "text", "Affinity's site reference, ours first."),
            _c("cli", "text", "The CLI, ours first."),
            _c("sku", "text", "The product code, ours first."),
            _c("since", "day", "The first day it was so; blank where nothing is wrong."),
            _c("age_days", "number", "Days from then to the day compared."),
            _c("layer_records", "number", "Records of our side in it."),
            _c("affinity_records", "number", "Records of Affinity's side in it."),
            _c("layer_per_month", "money", "What is to be billed per month on that day."),
            _c("affinity_per_month", "money", "What Affinity bills per month on that day."),
            _c(
                "difference_per_month", "money", "Ours less theirs: below zero, too much is billed."
            ),
            _c("layer_once", "money", "One-off charges that are to be billed by that day."),
            _c("affinity_once", "money", "One-off charges that Affinity has by that day."),
            _c("difference_once", "money", "Ours less theirs."),
        ),
    ),
    View(
        "reconciled_record",
        "record of either side",
        "Everything the latest reconciliation compared: each record once, in one class.",
        (
            _SIDE,
            _RECORD_KEY,
            _c("match_id", "number", "The thing it is about, as in `mart.reconciliation`."),
            _CLASS,
            _c("line_id", "text", "The order line, on our side."),
            _CHARGE_TYPE,
            _c("asset_id", "text", "The asset, on our side."),
            _c("object_uid", "text", "Affinity's id of the site product, on its side."),
            _c("site_ref", "text", "Affinity's site reference."),
            _c("cli", "text", "The CLI."),
            _c("sku", "text", "The product code."),
            _c("quantity", "number", "How many."),
            _c("unit_price", "money", "Unit price ex VAT."),
            _c("start_on", "day", "First billed day."),
            _c("end_on", "day", "Last billed day; blank = open."),
            _c("disposition", "text", "What became of the charge; unsold: no line sold the asset."),
            _c("reasons", "text", "What holds it or its changes, comma separated."),
            _c("bills", "flag", "Whether it is to be billed, or bills, on the day compared."),
            _c("per_month", "money", "What that is per month; zero for one-off charges."),
            _c("once", "money", "What a one-off charge is; zero for recurring ones."),
        ),
    ),
    View(
        "money_clock",
        "record that holds money up, or takes too much",
        "Money that is late, or is taken and must not be, with its age.",
        (
            _c("kind", "text", "held, waiting_too_long, never_seen or ceased_but_billing."),
            _SIDE,
            _RECORD_KEY,
            _c("match_id", "number", "The thing it is about, as in `mart.reconciliation`."),
            _c("customer_id", "text", "The Layer's id of the customer; blank if only Affinity's."),
            _c("customer_name", "text", "The customer's name."),
            _c("line_id", "text", "The order line."),
            _CHARGE_TYPE,
            _c("reasons", "text", "What holds it, comma separated."),
            _c("since", "day", "The first day it was so."),
            _c("age_days", "number", "Days from then to the day compared."),
            _c("age", "text", "The same in bands: 0 to 30, 31 to 90, 91 to 365 days, or more."),
            _c("per_month", "money", "What a recurring charge is worth per month."),
            _c("once", "money", "What a one-off charge is worth."),
        ),
    ),
    View(
        "repair",
        "thing to put right",
        "What to put right first: the fewest fixes that free the most held money.",
        (
            _c("step", "number", "The order; fixes of one step only help together."),
            _c("reason", "text", "The hold's name, as in the rules."),
            _c(
                "subject",
                "text",
                "`product:`, `customer:`, `site:`, `line:` or `asset:` and its id; or `cli:` and "
                "the number.",
            ),
            _c("charges", "number", "Charges that the step frees."),
            _c("per_month", "money", "Recurring money the step frees, per month."),
            _c("once", "money", "One-off money the step frees."),
            _c("fixes_so_far", "number", "Fixes made by the end of the step."),
            _c("charges_so_far", "number", "Charges freed by then."),
            _c("per_month_so_far", "money", "Recurring money freed by then, per month."),
            _c("once_so_far", "money", "One-off money freed by then."),
        ),
    ),
    View(
        "restated",
        "record of either side that differs by the two clocks",
        "What a past day shows otherwise by what is known now than by what was known then.",
        (
            _SIDE,
            _RECORD_KEY,
            _c("class_then", "text", "Its class by what was known then; blank if not known."),
            _c("class_now", "text", "Its class by what is known now; blank if no longer there."),
            _c("per_month_then", "money", "Per month, by what was known then."),
            _c("per_month_now", "money", "Per month, by what is known now."),
            _c("once_then", "money", "One-off, by what was known then."),
            _c("once_now", "money", "One-off, by what is known now."),
        ),
    ),
    View(
        "reject",
        "unfit cell (or record) of one run",
        "Every record of any run that did not fit its feed, cell by cell.",
        (
            _c("run_id", "text", "The run that read it."),
            _c("feed", "text", "The feed."),
            _c("row_number", "number", "Which record of the file; the first data row is 1."),
            _c("record_key", "text", "The record's key, parts joined by `|`; blank if unreadable."),
            _c("column_name", "text", "The feed column; blank where the whole record is unfit."),
            _c("reason", "text", "Why, as in the list of rejects."),
            _c("raw_value", "text", "The cell as it was written."),
        ),
    ),
    View(
        "batch",
        "batch",
        "Every batch ever numbered, and where it stands.",
        (
            _c("seq", "number", "The batch's number: 1, 2, 3 and so on."),
            _c("state", "text", "claimed, written, in_doubt, delivered, confirmed or abandoned."),
            _c("created_at", "moment", "When its charges were frozen."),
            _c("confirmed_at", "moment", "When evidence of its upload was first taken."),
            _c("rows", "number", "Rows in all its files."),
            _c(
                "value",
                "money",
                "Quantity times unit price of its rows; below zero for an undo.",
            ),
            _c("run_id", "text", "The run that made it."),
            _c("as_of", "day", "The day that run judged by."),
            _c("written_at", "moment", "When its folder was in place."),
            _c("abandoned_at", "moment", "When it was given up."),
            _c("manifest_sha256", "text", "The digest of its manifest: its link in the chain."),
            _c("actor", "text", "Who decided about it last."),
            _c("reason", "text", "Why it was given up, is in doubt, or undoes another."),
            _c("delivery_mode", "text", "How it left: folder, sftp, http, s3; blank by hand."),
            _c("in_doubt_at", "moment", "When it first could not be told what arrived."),
            _c("delivered_at", "moment", "When its last file had its receipt."),
            _c("is_canary", "flag", "Whether it held the first charges only, to try the way."),
            _c("undoes", "number", "The batch it takes back; blank for all others."),
        ),
    ),
    View(
        "delivery",
        "file of a batch that left by itself",
        "Where each file stands on its way to Affinity.",
        (
            _c("seq", "number", "The batch."),
            _c("file", "text", "The file's name here."),
            _c("mode", "text", "folder, sftp, http or s3."),
            _c("state", "text", "pending, sending, stored, receipted or refused."),
            _c("remote_name", "text", "Its name on the other side: used once, for ever."),
            _c("rows", "number", "Rows in it."),
            _c("attempts", "number", "How often it was sent."),
            _c("sent_at", "moment", "When it was last sent."),
            _c("receipted_at", "moment", "When its receipt came."),
            _c("words", "text", "What is in the way, or who said that it arrived."),
            _c("sha256", "text", "The digest of its bytes."),
        ),
    ),
    View(
        "batch_row",
        "row of a file of a batch",
        "Every row ever written, and Affinity's answer to it.",
        (
            _c("seq", "number", "The batch."),
            _c("file", "text", "The file's name; of one in parts, the first part's."),
            _c("row_key", "text", "The same business fact has the same key for ever."),
            _c("outcome", "text", "pending, accepted, rejected or abandoned."),
            _c(
                "code",
                "text",
                "Affinity's code, where it refused the row; READ_BACK where its snapshot shows it.",
            ),
            _c("message", "text", "Affinity's words, or why the batch was given up."),
            _c("line_id", "text", "The order line, for a product or cease row."),
            _c("charge_type", "text", "upfront or recurring, for a product or cease row."),
            _c("action", "text", "ADD, UPDATE or CEASE; blank for a new product."),
            _c(
                "subject",
                "text",
                "What it is about, as the queue names it: `charge:<line>:<charge type>`.",
            ),
        ),
    ),
    View(
        "unconfirmed_row",
        "exported row without an answer",
        "What was handed over and may or may not be in Affinity: its age and its money.",
        (
            _c("seq", "number", "The batch."),
            _c("file", "text", "The file's name."),
            _c("row_key", "text", "The row."),
            _c("line_id", "text", "The order line, for a product row."),
            _c("charge_type", "text", "upfront or recurring, for a product row."),
            _c("exported_on", "day", "The as-of day of its batch."),
            _c("age_days", "number", "Days from then to the as-of day of the last run."),
            _c("value", "money", "What a product row is worth."),
            _c(
                "never_seen",
                "flag",
                "Affinity's snapshot came with a run since, and does not show the row.",
            ),
        ),
    ),
    View(
        "group_member",
        "group, charge and stay in it",
        "Licences that Affinity bills, or billed, as one row: who is in which.",
        (
            _c("lead_line_id", "text", "The line whose id the one row has."),
            _LINE,
            _CHARGE_TYPE,
            _c("quantity", "number", "The member's own quantity."),
            _c("unit_price", "money", "The price of one."),
            _VALUE,
            _c("joined_in", "number", "The batch it joined in."),
            _c("left_in", "number", "The batch it left in; blank while it is in it."),
        ),
    ),
    View(
        "ledger",
        "transition of a charge",
        "Every transition ever, in order. Rows are only ever added.",
        (
            _c("at", "moment", "When."),
            _LINE,
            _CHARGE_TYPE,
            _c("from_status", "text", "Bill status before."),
            _c("to_status", "text", "Bill status after; the same where only the reason is news."),
            _c("batch_seq", "number", "The batch it happened in."),
            _c("actor", "text", "Who or what did it: a run, an upload result, a person."),
            _c(
                "reason",
                "text",
                "exported, accepted, `rejected: <code>`, `returned: <code>` (refused only because "
                "of another row), `abandoned: <why>` `read back: found in Affinity`, "
                "or what an undo did.",
            ),
            _c("hash", "text", "Digest of this row and of the commit before it."),
            _c("commit_no", "number", "The commit it belongs to; numbered without gaps."),
        ),
    ),
    View(
        "audit",
        "act of a person",
        "Who did what, when, on what and why; what was refused as well. Rows are only ever added.",
        (
            _c("number", "number", "The entry of the trail; numbered without gaps."),
            _c("at", "moment", "When, to the second."),
            _c("who", "text", "The name that was given; `upkeep` for what removes old files."),
            _c(
                "role",
                "text",
                "The role it takes: bill_export, update_billing or approve. Blank: it takes none, "
                "such as a result of Affinity.",
            ),
            _c(
                "act",
                "text",
                "transfer, abandon, undo, deliver, arrived, absent, retry, release, discard, "
                "approve or upkeep.",
            ),
            _c("subject", "text", "`batch <number>`, or `item <id>` and what the item is about."),
            _c(
                "outcome",
                "text",
                "allowed (it began; done, if no failure follows), refused, or failed.",
            ),
            _c("reason", "text", "Why, in the person's words; or why it was refused or failed."),
            _c("batch_seq", "number", "The batch, where there is one."),
            _c("digest", "text", "Of the batch's manifest; of an item, of what failed."),
            _c("approval", "number", "The entry that approved it, where that was needed."),
            _c("approves", "text", "Of an approval: the act it allows."),
            _c("expires_at", "moment", "Of an approval: until when."),
            _c("is_keyed", "flag", "Whether its hash takes the key to be made."),
            _c("previous_hash", "text", "The hash of the entry before."),
            _c("hash", "text", "Its own, over all of it but the hash itself."),
        ),
    ),
    View(
        "retry_item",
        "thing that failed",
        "Everything that failed, and what is to become of it; settled items stay.",
        (
            _c("id", "number", "The item's number, as `r2b queue` takes it."),
            _c("kind", "text", "transient (waiting cures it) or data (only a change does)."),
            _c(
                "subject",
                "text",
                "What failed: `charge:<line>:<type>`, `cease:<line>:<type>`, a CLI row "
                "(`cli:...`), `feeds` or one `feed:<name>`, or `delivery:`, `write_back:` and the "
                "number of a batch.",
            ),
            _c("reason", "text", "Affinity's code, or the name of the error."),
            _c("attempts", "number", "How often it has failed."),
            _c("next_at", "moment", "When it is tried again, while it waits."),
            _c(
                "state",
                "text",
                "waiting, parked, released, in_flight or dead; then done or discarded.",
            ),
            _c("value", "money", "What the charge is worth."),
            _c("message", "text", "Affinity's words, or the error's."),
            _c("first_seen_at", "moment", "When it first failed."),
            _c("last_seen_at", "moment", "When it last changed."),
            _c("batch_seq", "number", "The batch it last failed in."),
            _c("outcome", "text", "How it ended, or what a person decided."),
        ),
    ),
    View(
        "retry_event",
        "change of an item of the queue",
        "Everything that ever happened to what failed: who or what moved it, when, and why.",
        (
            _c("item_id", "number", "The item."),
            _c("at", "moment", "When."),
            _c(
                "action",
                "text",
                "failed, due, released, in_flight, done or discarded; noted where its history "
                "was not kept.",
            ),
            _c("actor", "text", "Who or what did it: a run, an upload result, a person."),
            _c("from_state", "text", "State before; blank where the item was new."),
            _c("to_state", "text", "State after."),
            _c("detail", "text", "The failure and its attempt, or how it ended."),
            _c("subject", "text", "What the item is about."),
        ),
    ),
    View(
        "run",
        "run",
        "Every run, how it ended and what it counted.",
        (
            _c("run_id", "text", "The run: the moment it started (UTC) and a random end."),
            _c("as_of", "day", "The day it judged by."),
            _c("started_at", "moment", "When it started."),
            _c("finished_at", "moment", "When it ended."),
            _c("status", "text", "How it ended, as `r2b run` says it; running, or failed."),
            _c("counts", "text", "JSON: what `r2b run --json` printed."),
            _c("exit_code", "number", "The exit code of a run that failed."),
            _c("message", "text", "The error of a run that failed."),
        ),
    ),
    View(
        "warning",
        "run and kind of oddity",
        "What looked odd in a run but stopped nothing.",
        (
            _c("run_id", "text", "The run that saw it."),
            _c("subject", "text", "The feed or file it is about."),
            _c("warning", "text", "What looked odd."),
            _c("records", "number", "How many records."),
        ),
    ),
)

VIEWS: Mapping[str, View] = {view.name: view for view in _ALL}
"""The views of `mart`, in reading order."""

BEHIND: Mapping[str, str] = {
    "out.charge": "The charges of the latest judgement; behind `mart.charge`.",
    "out.hold": "The holds of the latest judgement, one row per charge and reason.",
    "out.first_ready": "The day each charge was first found ready; kept from run to run.",
    "out.hold_since": "Since when each hold stands; kept from run to run.",
    "out.issue": "The records that break a rule of the profile, by the latest run.",
    "out.issue_since": "Since when each record has broken each rule; kept from run to run.",
    "out.cli_capture": "Where the CLIs of lines were captured; behind `mart.cli_capture`.",
    "out.price_book": "The price book beside Affinity's catalogue; behind `mart.price_book`.",
    "out.now_charge": "What The Layer says of billed charges that may not be as told.",
    "out.change": "What differs from what Affinity was told, field by field.",
    "out.change_hold": "Why a change or an entity waits.",
    "out.due_entity": "Rows of files 01 to 05 that the next batch takes.",
    "out.due_product": "Changes of billed charges that the next batch takes.",
    "out.due_cease": "Ends of billed charges that the next batch takes.",
    "out.due_cli": "Changes of CLIs that the next batch takes.",
    "out.due_cli_place": "CLIs that changed charges need.",
    "out.pair_wait": "Ready charges that wait for what they replace.",
    "out.do_not_bill": "What Do Not Bill withholds; behind `mart.do_not_bill`.",
    "out.cease_request": "Affinity's cease requests; behind `mart.cease_request`.",
    "out.reconciliation": "The latest reconciliation; behind `mart.reconciliation`.",
    "out.reconciled_layer": "What it compared of our side, record by record.",
    "out.reconciled_affinity": "What it compared of Affinity's side, record by record.",
    "out.money_clock": "Money that is late, or taken and must not be.",
    "out.repair": "What to put right first.",
    "out.restated": "What a past day shows otherwise by what is known now.",
    "out.batch": "Batches, their states and their place in the chain of manifests.",
    "out.delivery_file": "Where each file of a batch stands; from its `delivery.json`.",
    "out.batch_entity": "The frozen rows of files 01 to 05, batch by batch.",
    "out.batch_member": "The frozen members of grouped rows, batch by batch.",
    "out.due_member": "Members of groups that the next batch takes.",
    "out.batch_cli": "The frozen rows of `06_clis.csv`, batch by batch.",
    "out.batch_cease": "The frozen rows of `07_ceases.csv`, batch by batch.",
    "out.batch_product": "The frozen rows of `08_products.csv`, batch by batch.",
    "out.batch_outcome": "What became of each row of a batch that has an answer.",
    "ops.layer_fact": "What our side said of each charge, in force when, and known from when.",
    "ops.affinity_fact": "What Affinity's snapshots said of each site product, with both clocks.",
    "ops.run": "The book of runs.",
    "ops.feed_read": "Each feed of each run: its digest, and records read, accepted, rejected.",
    "ops.broken": "Records that a delivery broke, until a run has each fit again, or gone.",
    "ops.source_mark": "How far each feed was read: where the next delta over HTTP starts.",
    "ops.reject": "The rejects of all runs.",
    "ops.warning": "The warnings of all runs.",
    "ops.ledger_commit": "One row per claim, transfer or abandon, each with the hash of the last.",
    "ops.ledger": "Every transition ever, chained to its commit.",
    "ops.audit": "The audit trail, as far as it was followed; behind `mart.audit`.",
    "ops.charge_state": "The ledger folded: where each charge we ever exported stands now.",
    "ops.billed": "What Affinity was told and took of each charge; behind `mart.billed`.",
    "ops.cease_request": "Affinity's cease requests and the assets they end, as last seen.",
    "ops.renewal": "Which asset renewed which by itself, since it began.",
    "ops.entity_state": "What Affinity took of customers, sites, addresses and contacts.",
    "ops.cli_state": "The CLIs we added in Affinity, or are adding, or that our charges found.",
    "ops.billed_group": "What Affinity was told of each group of licences as a whole.",
    "ops.group_member": "Who was ever in which group; behind `mart.group_member`.",
    "ops.retention": "What retention removed, kind by kind: who, when, how much, until which day.",
    "ops.retry_item": "The retry queue, settled items included.",
    "ops.retry_event": "Every change of every item of the queue; rows are only ever added.",
}
"""The tables behind the views, for those who work on the warehouse: these may change."""
