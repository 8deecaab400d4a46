"""The two sides of a reconciliation: what is to be billed, and what Affinity bills.

Both are facts with two clocks. Effective time is in the record: first and last billed day. Known
time is when a run first and last saw the record like this; the warehouse keeps it.
"""

import polars as pl

from schemas.tables import MONEY, VALUE

LAYER_SIDE = pl.Schema(
    {
        "layer_key": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "asset_id": pl.String(),
        "customer_id": pl.String(),
        "site_id": pl.String(),
        "product_id": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "quantity": pl.Int64(),
        "unit_price": MONEY,
        "frequency": pl.String(),
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "object_uid": pl.String(),
        "group_key": pl.String(),
        "disposition": pl.String(),
        "is_told": pl.Boolean(),
        "change_state": pl.String(),
        "changing": pl.String(),
        "reasons": pl.String(),
        "told_quantity": pl.Int64(),
        "told_unit_price": MONEY,
        "told_sku": pl.String(),
        "told_site_ref": pl.String(),
        "told_cli": pl.String(),
        "told_start_on": pl.Date(),
        "told_end_on": pl.Date(),
        "source_gone_from": pl.Date(),
        "end_is_unknown": pl.Boolean(),
        "known_from": pl.Date(),
        "stands_from": pl.Date(),
        "same_from": pl.Date(),
    }
)
"""What The Layer and our ledger say: one row per charge, per stretch of billing that was cut or
stopped, and per asset that no line was sold with.

`layer_key`: `line:<line>:<charge type>`, of an earlier stretch with its number behind that, or
`asset:<asset>:recurring`. `disposition`: the charge's;
`unsold` for an asset without a line. `is_told`: Affinity took it once, or had it when we first
looked. `change_state`, `changing`: where its changes stand, and the fields they are about, comma
separated. `told_*`: what Affinity was last told of them, where anything changes. `reasons`: what
holds it or its changes, comma separated, for `reasons_of`. `group_key`: the group it is billed in.
`end_on`: the last day it is to be billed. A charge that must stop has that of the first stop; what
is not to be billed and has no day, as an asset that is live no more, has the day before a run first
saw that, and `end_is_unknown`.
`source_gone_from`: the as-of day of the run that first missed the line or the asset of a billed
charge.
`known_from`: the as-of day of the run that first saw it like this; the same on the other side.
`stands_from`: that of the run since which it has had its disposition. `same_from`: that of the run
since which all that is compared has been as it is; the same on the other side.
"""

_COMMA_IN_REASON = "\x1f"
"""A rule's name may have a comma: in a list of reasons it is written as this."""


def reasons_of(text: str) -> list[str]:
    """The reasons in the `reasons` of LAYER_SIDE."""
    return [each.replace(_COMMA_IN_REASON, ",") for each in text.split(",")]


AFFINITY_SIDE = pl.Schema(
    {
        "object_uid": pl.String(),
        "charge_type": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "quantity": pl.Int64(),
        "unit_price": MONEY,
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "row_key": pl.String(),
        "frequency": pl.String(),
        "is_taken_back": pl.Boolean(),
        "known_from": pl.Date(),
        "is_gone": pl.Boolean(),
        "same_from": pl.Date(),
    }
)
"""What Affinity bills: one row per site product. Any column but the first may be null.

`is_taken_back`: a one-off whose end was told and taken, as the ledger knows; null: not so.
`is_gone`: a later snapshot has it no more, so it ended on a day that nobody knows.
`frequency`: that of The Layer's products with this code, where they agree; Affinity does not say.
"""

EDGE = pl.Schema({"layer_key": pl.String(), "object_uid": pl.String()})
"""That a record of each side is about the same thing, by a key: ours on their row, or theirs on our
asset. Many to many: a group is one row of Affinity, a charge in periods is several."""

UNSOLD = "unsold"
"""The disposition of an asset that no accepted line was sold with."""

LINE_MISSING, LINE_REJECTED = "line_missing", "line_rejected"
"""The reason of an unsold asset that names a line which is not there: never sent, or rejected."""

MATCH = pl.Schema(
    {
        "match_id": pl.Int64(),
        "class": pl.String(),
        "why": pl.String(),
        "fields": pl.String(),
        "remedy": pl.String(),
        "since": pl.Date(),
        "age_days": pl.Int64(),
        "layer_records": pl.Int64(),
        "affinity_records": pl.Int64(),
        "layer_per_month": VALUE,
        "affinity_per_month": VALUE,
        "layer_once": VALUE,
        "affinity_once": VALUE,
    }
)
"""What was found of one thing: all records of both sides that are about it, as one row.

`class` is a `Reconciled`, `why` a `Why` or null, `fields` what differs, comma separated.
`since`: the first day it was so; `age_days` from then to the as-of day. Money is what the side
bills on the as-of day: recurring charges per month, to four decimals; one-off charges once.
"""

RESTATED = pl.Schema(
    {
        "side": pl.String(),
        "record_key": pl.String(),
        "class_then": pl.String(),
        "class_now": pl.String(),
        "per_month_then": VALUE,
        "per_month_now": VALUE,
        "once_then": VALUE,
        "once_now": VALUE,
    }
)
"""A record that a past day shows otherwise by what is known now than by what was known then; null
by the clock that knows no such record. `side`: layer or affinity; `record_key`: its key there, the
stretches of a charge as one."""

CLOCK = pl.Schema(
    {
        "kind": pl.String(),
        "side": pl.String(),
        "record_key": pl.String(),
        "match_id": pl.Int64(),
        "since": pl.Date(),
        "age_days": pl.Int64(),
        "per_month": VALUE,
        "once": VALUE,
    }
)
"""Money that waits, or that is taken and must not be: one row per record.

`kind` is a `Delay`, `since` the first day it was so. Money is what the record is worth: recurring
charges per month, one-off charges once.
"""

REPAIR = pl.Schema(
    {
        "step": pl.Int64(),
        "reason": pl.String(),
        "subject": pl.String(),
        "charges": pl.Int64(),
        "per_month": VALUE,
        "once": VALUE,
        "fixes_so_far": pl.Int64(),
        "charges_so_far": pl.Int64(),
        "per_month_so_far": VALUE,
        "once_so_far": VALUE,
    }
)
"""What to put right, in the order that frees the most money with the fewest fixes: one row per fix.

Fixes of one `step` only help together; what it frees stands on each of its rows. `subject` is what
is to be put right: `product:`, `customer:`, `site:`, `line:` or `asset:` and its id, or `cli:` and
the number.
"""
