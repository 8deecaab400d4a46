"""Money as text, for machines and for people. Pure."""

from decimal import Decimal


def decimal_text(value: Decimal) -> str:
    """Exact decimal text with four places, as every file and JSON carries it."""
    return f"{value:.4f}"


def pounds(value: Decimal | None, currency: str = "£") -> str:
    """Money for people: two places unless there is more to say."""
    if value is None:
        return "-"
    exact = value.quantize(Decimal("0.0001"))
    text = f"{abs(exact):,.4f}"
    return ("-" if exact < 0 else "") + currency + text.removesuffix("00")
