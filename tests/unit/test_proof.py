"""One pass over all a contract asks says what pandera says, which asks one thing at a time."""

from decimal import Decimal

import pandera.polars as pa
import polars as pl
import pytest
from pandera.errors import SchemaErrors

from schemas.accepted import accepted_contract
from schemas.affinity import LOAD_ORDER
from schemas.feeds import FEEDS
from schemas.proof import prove, question
from tasks.batch.writer import written_contract

CONTRACTS = [
    *(accepted_contract(feed) for feed in FEEDS.values()),
    *(written_contract(file) for file in LOAD_ORDER),
]
KINDS = {
    (str(column.dtype), column.nullable, *(str(check.statistics) for check in column.checks)): (
        pytest.param(name, column, id=f"like {contract.name}.{name}")
    )
    for contract in CONTRACTS
    for name, column in contract.columns.items()
}
"""Every kind of column that a contract of the product has, once."""
VALUES = {
    pl.String: ["", " ", "x", "é", "a\x00", "0", "1", "01.5", "1.25", "ADD", "Monthly", "a" * 32],
    pl.Int64: [-1, 0, 1, 2],
    pl.Decimal: [Decimal("-0.0001"), Decimal(0), Decimal("99999999999999.9999")],
}
"""Of each type values that some column takes and another does not."""

ASKING = pa.DataFrameSchema(
    {
        "name": pa.Column(pl.String(), pa.Check.str_length(min_value=1)),
        "count": pa.Column(pl.Int64(), pa.Check.ge(1), nullable=True),
    },
    strict=True,
)
FIT = pl.DataFrame({"name": ["a", "b"], "count": [1, None]})


@pytest.mark.parametrize(("name", "column"), KINDS.values())
def test_of_any_value_both_say_the_same(name: str, column: pa.Column):
    contract = pa.DataFrameSchema({name: column})
    dtype = column.dtype.type
    choices = [c for check in column.checks for c in check.statistics.get("allowed_values", ())]
    for value in [None, *choices, *VALUES.get(dtype.base_type(), [])]:
        rows = pl.DataFrame({name: pl.Series([value, value], dtype=dtype)})

        fits = rows.select(question(contract)).item()

        assert (value, fits) == (value, not refused(contract, rows))


def refused(contract: pa.DataFrameSchema, rows: pl.DataFrame) -> bool:
    """Whether pandera finds anything wrong with the rows."""
    try:
        contract.validate(rows, lazy=True)
    except SchemaErrors:
        return True
    return False


@pytest.mark.parametrize("rows", [FIT, FIT.clear(), FIT.select("count", "name")])
def test_fit_rows_come_back(rows: pl.DataFrame):
    assert rows.equals(prove(ASKING, rows))


@pytest.mark.parametrize(
    ("rows", "check"),
    [
        pytest.param(FIT.drop("count"), "column_in_dataframe", id="a column is missing"),
        pytest.param(FIT.with_columns(more=1), "column_in_schema", id="a column too many"),
        pytest.param(FIT.cast({"count": pl.Int32}), "dtype('Int64')", id="another type"),
        pytest.param(FIT.with_columns(name=None).cast(FIT.schema), "not_nullable", id="a null"),
        pytest.param(
            FIT.with_columns(count=pl.Series([1, 0])), "greater_than_or_equal_to(1)", id="too small"
        ),
    ],
)
def test_pandera_says_what_is_wrong(rows: pl.DataFrame, check: str):
    with pytest.raises(SchemaErrors) as found:
        prove(ASKING, rows)

    assert [check] == found.value.failure_cases["check"].unique().to_list()
