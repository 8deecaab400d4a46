"""Money as text: exact, however large."""

from decimal import Decimal

import pytest

from schemas.money import pounds, pounds_and_pence, total

LARGEST = Decimal("9" * 34 + ".9999")


@pytest.mark.parametrize(
    ("value", "shown", "to_the_penny"),
    [
        (Decimal("1234.5"), "£1,234.50", "£1,234.50"),
        (Decimal("-0.0001"), "-£0.0001", "£0.00"),
        (Decimal("2.125"), "£2.1250", "£2.12"),
        (Decimal(0), "£0.00", "£0.00"),
        (LARGEST, f"£{LARGEST:,.4f}", f"£{Decimal('1' + '0' * 34):,.2f}"),
    ],
)
def test_money_for_people(value: Decimal, shown: str, to_the_penny: str):
    assert (shown, to_the_penny) == (pounds(value), pounds_and_pence(value))


def test_a_sum_is_exact():
    digits = int(str(LARGEST).replace(".", ""))

    assert 3 * digits == int(str(total([LARGEST] * 3)).replace(".", ""))
