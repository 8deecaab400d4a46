"""Money as text, for machines and for people. Pure."""

from collections.abc import Iterable
from decimal import Context, Decimal

_EXACT = Context(prec=76)
"""Twice the digits of what a column holds: nothing is rounded that nobody asked to round."""

_PENNY, _FOUR_PLACES = Decimal("0.01"), Decimal("0.0001")


def decimal_text(value: Decimal) -> str:
    """Exact decimal text with four places, as every file and JSON carries it."""
    return f"{value:.4f}"


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    found = Decimal(0)
    for value in values:
        found = _EXACT.add(found, value)
    return found


def pounds(value: Decimal | None, currency: str = "£") -> str:
    """Money for people: two places unless there is more to say."""
    if value is None:
        return "-"
    exact = value.quantize(_FOUR_PLACES, context=_EXACT)
    text = f"{exact.copy_abs():,.4f}"
    return ("-" if exact < 0 else "") + currency + text.removesuffix("00")


def pounds_and_pence(value: Decimal) -> str:
    """Money for people to the penny, halves to the even one: the exact amount stands elsewhere."""
    return pounds(value.quantize(_PENNY, context=_EXACT)) if value else "£0.00"
