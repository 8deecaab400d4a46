"""20,000 order lines, three answers, no difference; and the day after a leap day as well.

`make differential-deep` does it for two million.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.reseller.feeds import make_feeds
from tests.differential.answers import Answer, of_the_oracle, of_the_product, of_the_sql
from tests.differential.comparison import PROFILE, compare, differences

AS_OF = date(2026, 10, 30)
DISPOSITIONS = {  # all that feeds bring about; `exported` is what a written batch makes of ready
    "in_billing",
    "cancelled",
    "amendment",
    "not_applicable",
    "billed_in_layer",
    "other_platform",
    "do_not_bill",
    "waiting",
    "held",
    "ready",
}


@pytest.mark.parametrize(
    ("lines", "seed", "as_of"),
    [
        pytest.param(20_000, 7, AS_OF, id="20,000 lines in an autumn"),
        pytest.param(5_000, 11, date(2028, 2, 29), id="5,000 lines on a leap day"),
    ],
)
def test_product_oracle_and_sql_agree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: int, seed: int, as_of: date
):
    compared = compare(tmp_path, lines=lines, seed=seed, as_of=as_of)

    with capsys.disabled():
        print(f"\n{lines:,} order lines, seed {seed}, {as_of}:\n{compared.said()}")
    assert [] == compared.differences
    assert compared.charges.keys() == DISPOSITIONS
    assert len(compared.holds) >= 25, "the mix is rich"
    assert min(compared.holds.values()) >= 3
    assert compared.rejected.total() > lines / 500
    assert min(compared.rows.values()) > lines / 20


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feeds of 2,000 lines, the fewest in which all stories are told."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "r2b.toml").write_bytes(PROFILE.read_bytes())
    make_feeds(folder / "feeds", lines=2_000, seed=7, as_of=AS_OF)
    return folder


@pytest.fixture(scope="module")
def product(small: Path) -> Answer:
    return of_the_product(small, AS_OF)


@pytest.mark.parametrize("ask", [of_the_oracle, of_the_sql])
def test_two_months_later_it_is_another_answer(small: Path, product: Answer, ask):
    """Each of the two others is asked by itself, and a rule that is off shows."""
    assert [] == differences(product, ask(small, AS_OF))
    assert [] != differences(product, ask(small, AS_OF + timedelta(days=60)))


@pytest.mark.parametrize("column", ["disposition", "value", "bill_start_on", "cli"])
def test_one_wrong_cell_of_one_charge_is_told(product: Answer, column: str):
    key, facts = next(
        (key, facts) for key, facts in product.charges.items() if facts.disposition == "ready"
    )
    wrong = {"value": Decimal("0.0001"), "bill_start_on": date(1999, 1, 1)}.get(column, "x")
    changed = {**product.charges, key: facts._replace(**{column: wrong})}

    (told,) = differences(product, replace(product, charges=changed))

    assert str(key) in told


def test_a_hold_too_few_and_a_row_too_many_are_told(product: Answer):
    one = min(product.holds)
    files = {**product.files, "08_products.csv": product.files["08_products.csv"] + b"x\r\n"}
    other = replace(product, holds=product.holds - {one}, files=files)

    told = differences(product, other)

    assert [f"hold {one}: only the product", "08_products.csv b'x': not the product"] == told
