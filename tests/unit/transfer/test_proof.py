"""What a snapshot of Affinity proves of CLI rows. Ruling 8."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.results import parse_results
from tasks.transfer.proof import found_file, proven_clis

ROWS = pl.DataFrame(
    {
        "seq": [1],
        "row_key": ["k1"],
        "site_ref": ["AS-1"],
        "cli": ["01204600001"],
        "start_on": [date(2026, 3, 1)],
    }
)


def live(**there: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [{"site_ref": "AS-1", "cli": "01204600001", "end_on": None, **there}],
        schema={"site_ref": pl.String, "cli": pl.String, "end_on": pl.Date},
    )


@pytest.mark.parametrize(
    ("there", "is_proof"),
    [
        pytest.param({}, True, id="open"),
        pytest.param({"cli": "+44 1204 600001"}, True, id="spelled the other way"),
        pytest.param({"end_on": date(2026, 3, 1)}, True, id="ends on the day it starts"),
        pytest.param({"end_on": date(2026, 2, 28)}, False, id="ended before"),
        pytest.param({"site_ref": "AS-2"}, False, id="at another site"),
        pytest.param({"cli": "01204600002"}, False, id="another number"),
    ],
)
def test_a_cli_that_is_live_at_its_site_is_proof(there: dict[str, Any], is_proof: bool):
    assert is_proof is (proven_clis(ROWS, live(**there)).rows() == [(1, "k1")])


def test_a_cli_that_is_there_twice_is_proven_once():
    assert 1 == proven_clis(ROWS, pl.concat([live(), live()])).height


def test_what_was_found_is_kept_as_a_result_file():
    content = found_file(pl.Series(["b" * 32, "a" * 32]))
    rows = parse_results(content, "results_1.csv")

    assert [
        ("a" * 32, "accepted", "READ_BACK", None, None),
        ("b" * 32, "accepted", "READ_BACK", None, None),
    ] == (rows.rows())
