"""What is taken for an upload result."""

import pytest

from schemas.errors import SourceContractBroken
from schemas.results import parse_results


def test_affinitys_ref_of_what_a_row_created_may_come_along():
    content = b"row_key,outcome,code,message,ref\nk1,accepted,,created as AFC000001,AFC000001\n"

    (row,) = parse_results(content, "results.csv").to_dicts()

    assert ("k1", "accepted", "created as AFC000001") == (
        row["row_key"],
        row["outcome"],
        row["message"],
    )


def test_a_result_that_says_nothing_of_any_row_is_no_result():
    with pytest.raises(SourceContractBroken, match="it says nothing of any row"):
        parse_results(b"row_key,outcome,code,message\r\n", "results.csv")
