"""The profile's own validation rules: which blocking ones a charge's records break.

Source: contract section 1 (`validation`) and section 3 (`rule:<name>`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.accepting import Row
from tests.oracle.settings import Rule


def broken_rules(
    records: Iterable[tuple[str, Row]],
    product: Row,
    rules: Sequence[Rule],
) -> Iterator[str]:
    """Names of the rules that some record of a charge breaks.

    Args:
        records: (stage, record) of the charge: its line, its asset, its quotation lines.
        product: the charge's product: what a rule's scope asks of.
        rules: the blocking rules of the profile.
    """
    for stage, record in records:
        for rule in rules:
            if rule.stage == stage and is_in_scope(rule, product) and is_broken(rule, record):
                yield rule.name


def is_in_scope(rule: Rule, product: Row) -> bool:
    """A rule without scope applies to all; else the product or its base category must match."""
    if rule.product is not None:
        return bool(product["product_id"] == rule.product)
    if rule.base_category is not None:
        return bool(product["base_category"] == rule.base_category)
    return True


def is_broken(rule: Rule, record: Row) -> bool:
    """A null breaks only `required`; everything else judges the text of a value."""
    text = text_of(record.get(rule.field))
    if text is None:
        return rule.required
    if rule.min_length is not None and len(text) < rule.min_length:
        return True
    if rule.max_length is not None and len(text) > rule.max_length:
        return True
    if rule.pattern is not None and re.fullmatch(rule.pattern, text) is None:
        return True
    if isinstance(rule.allowed, str):
        return any(character not in rule.allowed for character in text)
    return rule.allowed is not None and text not in rule.allowed


def text_of(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
