"""Every accepted record by every rule of its stage, whether or not a charge hangs on it.

Pure polars, by the same `breaks` that holds charges.
"""

from collections.abc import Sequence

import polars as pl

from schemas.own_rules import ExtraRule, breaks, scope_of, sentence

ISSUE = pl.Schema(
    {
        "stage": pl.String(),
        "record_key": pl.String(),
        "line_id": pl.String(),
        "customer_id": pl.String(),
        "product_id": pl.String(),
        "scope": pl.String(),
        "field": pl.String(),
        "rule": pl.String(),
        "severity": pl.String(),
        "message": pl.String(),
        "text": pl.String(),
    }
)
"""One row per record and rule it breaks; `text` is what stands in the field, null when blank."""


def issues(records: pl.DataFrame, rules: Sequence[ExtraRule]) -> pl.DataFrame:
    """What the records of one stage break.

    A rule's scope is judged by the record's own product, not by that of a line it belongs to.

    Args:
        records: `record_key`, `line_id`, `customer_id`, `product_id`, `base_category`, and of each
            rule its column (a list of one text) and the flag that there is such a record.
        rules: the rules of that stage.

    Returns:
        ISSUE, rule by rule in their order.

    Source: contract section 1, `validation`; domain notes section 4, row 2.
    """
    broken = [_broken_by(rule, records) for rule in rules]
    return pl.concat([pl.DataFrame(schema=ISSUE), *broken])


def _broken_by(rule: ExtraRule, records: pl.DataFrame) -> pl.DataFrame:
    said = {
        "stage": pl.lit(rule.stage),
        "scope": scope_of(rule),
        "field": pl.lit(rule.field),
        "rule": pl.lit(rule.name),
        "severity": pl.lit(rule.severity),
        "message": pl.lit(sentence(rule)),
        "text": pl.col(rule.column).list.first(),
    }
    return records.filter(breaks(rule)).select(
        said.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in ISSUE.items()
    )
