"""What is to be told of the earlier stretches of a charge that goes on as a new row. Pure polars.

Nothing is billed past its cease, and that may be from before a change that was told as an end and
an addition, or from before a stop that was taken back.
"""

from typing import NamedTuple

import polars as pl

from schemas.charge import CHARGE_KEY
from schemas.vocabulary import CeaseKind, ChangeHoldReason, ChangeState, HoldReason
from tasks.changes.charges import CEASE_DUE, CHANGE, HOLD

OUTLASTING = pl.Schema(
    {
        **CEASE_DUE,
        "customer_id": pl.String(),
        "told_on": pl.Date(),
        "state": pl.String(),
    }
)
"""Earlier stretches that do not end on `cease_on`, one row each; `told_on`: the end last told.

`state`: due, held (Affinity refused an end of the charge and nobody released it, or its name of
the stretch, `object_uid`, is not known) or in flight.
"""


class EarlierEnds(NamedTuple):
    """What the next batch takes (CEASE_DUE), and what people are shown (CHANGE, HOLD)."""

    ceases: pl.DataFrame
    changes: pl.DataFrame
    holds: pl.DataFrame


def earlier_ends(outlasting: pl.DataFrame) -> EarlierEnds:
    """Say what is due of OUTLASTING, and what must wait; frames in no order."""
    changes = outlasting.with_columns(
        pl.lit(CeaseKind.EARLIER.value).alias("action"),
        pl.lit("bill_end").alias("field"),
        pl.col("told_on").cast(pl.String).alias("told"),
        pl.col("cease_on").cast(pl.String).alias("now"),
    )
    reason = (
        pl.when(pl.col("object_uid").is_null())
        .then(pl.lit(ChangeHoldReason.OBJECT_UNKNOWN.value))
        .otherwise(pl.lit(HoldReason.AFFINITY_REJECTED.value))
    )
    holds = outlasting.filter(pl.col("state") == ChangeState.HELD).select(
        *CHARGE_KEY, "customer_id", reason.alias("reason")
    )
    return EarlierEnds(
        ceases=_as(CEASE_DUE, outlasting.filter(pl.col("state") == ChangeState.DUE)),
        changes=_as(CHANGE, changes),
        holds=_as(HOLD, holds.unique()),
    )


def _as(schema: pl.Schema, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
