"""Which rows are refused for their own sake, and which only because of another. Section 5."""

from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import FailureScope
from tasks.retry.policy import RetryTerms
from tasks.transfer.bystanders import with_parts
from tasks.transfer.moves import EVIDENCE, ROW, settle, settle_found
from tasks.transfer.refusals import with_patience
from tests.builders import frame

ROW_SCOPE, FILE_SCOPE, CUSTOMER_SCOPE = (
    RetryTerms(failure_scope=scope)
    for scope in (FailureScope.ROW, FailureScope.FILE, FailureScope.CUSTOMER)
)

PRODUCT: dict[str, Any] = {
    "file": "products",
    "part": "08_products.csv",
    "charge_type": "recurring",
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "standing": "exported",
}
CLI: dict[str, Any] = {"file": "clis", "part": "06_clis.csv", "charge_type": None}


def batch(*others: dict[str, Any]) -> pl.DataFrame:
    """Products p1, p2 of customer AC-1 and p3 of AC-2, and `others`; p1 hangs on CLI 01, and on."""
    rows = [
        {"row_key": "p1", "line_id": "L1", "cli": "01", "asset_id": "A1"},
        {"row_key": "p2", "line_id": "L2", "cli": "02", "asset_id": "A2"},
        {"row_key": "p3", "line_id": "L3", "cli": "03", "asset_id": "A3", "customer_ref": "AC-2"},
        *others,
    ]
    return frame(ROW, PRODUCT, tuple(rows))


def cli(key: str, number: str, **other: Any) -> dict[str, Any]:
    """A CLI row."""
    return {**CLI, "row_key": key, "cli": number, **other}


def said(**codes: str) -> pl.DataFrame:
    """Evidence: row = `ok`, or the code it was refused with."""
    return frame(
        EVIDENCE,
        {},
        tuple(
            {"row_key": key, "outcome": "accepted"}
            if code == "ok"
            else {"row_key": key, "outcome": "rejected", "code": code}
            for key, code in codes.items()
        ),
    )


def stands(rows: pl.DataFrame, evidence: pl.DataFrame, terms: RetryTerms) -> dict[str, str]:
    """How every row with a new outcome stands."""
    found = settle(1, rows, evidence, terms).outcomes
    return dict(found.sort("row_key").select("row_key", "stands_as").iter_rows())


@pytest.mark.parametrize(
    ("terms", "evidence", "expected"),
    [
        pytest.param(
            ROW_SCOPE,
            said(p1="E1", p2="FILE_REFUSED"),
            {"p1": "rejected", "p2": "rejected"},
            id="row: a bystander's code is a refusal like any other",
        ),
        pytest.param(
            ROW_SCOPE,
            said(p1="E1"),
            {"p1": "rejected"},
            id="row: what is not mentioned stays exported",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="E1", p2="FILE_REFUSED", p3=" file_refused "),
            {"p1": "rejected", "p2": "returned", "p3": "returned"},
            id="file: those with the code go free, the guilty one stays",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="E1"),
            {"p1": "rejected", "p2": "returned", "p3": "returned"},
            id="file: those not mentioned go free",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="E1", p2="E2"),
            {"p1": "rejected", "p2": "rejected", "p3": "returned"},
            id="file: there may be several guilty ones",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="E1", p2="ok"),
            {"p1": "rejected", "p2": "in_billing"},
            id="file: where one row was taken, those not mentioned stay exported",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="FILE_REFUSED", p2="FILE_REFUSED", p3="FILE_REFUSED"),
            {"p1": "rejected", "p2": "rejected", "p3": "rejected"},
            id="file: where nobody is guilty, all are held",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="FILE_REFUSED"),
            {"p1": "rejected", "p2": "returned", "p3": "returned"},
            id="file: the only one named is held, so that the next batch is another one",
        ),
        pytest.param(
            FILE_SCOPE,
            said(p1="ok", p2="ok"),
            {"p1": "in_billing", "p2": "in_billing"},
            id="file: without a refusal nothing follows",
        ),
        pytest.param(
            CUSTOMER_SCOPE,
            said(p1="E1", p2="CUSTOMER_REFUSED", p3="ok"),
            {"p1": "rejected", "p2": "returned", "p3": "in_billing"},
            id="customer: the other rows of the customer go free",
        ),
        pytest.param(
            CUSTOMER_SCOPE,
            said(p1="E1"),
            {"p1": "rejected", "p2": "returned"},
            id="customer: other customers that are not mentioned stay exported",
        ),
        pytest.param(
            CUSTOMER_SCOPE,
            said(p1="E1", p3="CUSTOMER_REFUSED"),
            {"p1": "rejected", "p2": "returned", "p3": "rejected"},
            id="customer: the guilty one must be of the same customer",
        ),
    ],
)
def test_who_goes_free(terms: RetryTerms, evidence: pl.DataFrame, expected: dict[str, str]):
    assert expected == stands(batch(), evidence, terms)


def test_who_is_refused_without_a_code_is_no_bystander():
    evidence = said(p1="E1", p2="?").with_columns(code=pl.col("code").replace({"?": None}))

    assert {"p1": "rejected", "p2": "rejected", "p3": "returned"} == (
        stands(batch(), evidence, FILE_SCOPE)
    )


def test_the_files_of_a_batch_are_judged_apart():
    rows = batch(cli("c1", "01"), cli("c2", "02"))

    assert {"c1": "live", "c2": "live", "p1": "rejected", "p2": "returned", "p3": "returned"} == (
        stands(rows, said(c1="ok", c2="ok", p1="E1"), FILE_SCOPE)
    )


def test_the_parts_of_a_file_are_judged_apart():
    rows = batch().with_columns(
        part=pl.when(pl.col("row_key") == "p3").then(pl.lit("08_products_2.csv")).otherwise("part")
    )

    assert {"p1": "rejected", "p2": "returned"} == stands(rows, said(p1="E1"), FILE_SCOPE)


def test_what_was_accepted_before_keeps_the_rest_of_its_file_exported():
    rows = batch().with_columns(outcome=pl.when(pl.col("row_key") == "p2").then(pl.lit("accepted")))

    assert {"p1": "rejected"} == stands(rows, said(p1="E1"), FILE_SCOPE)


def test_a_product_waits_with_its_guilty_cli_so_that_it_does_not_come_back():
    rows = batch(cli("c1", "01"), cli("c2", "02"), cli("c3", "03"))
    evidence = said(
        c1="BAD_CLI", c2="FILE_REFUSED", c3="FILE_REFUSED", p1="FILE_REFUSED", p2="E_OTHER"
    )

    assert {
        "c1": "rejected",
        "c2": "returned",
        "c3": "returned",
        "p1": "rejected",
        "p2": "returned",
        "p3": "returned",
    } == stands(rows, evidence, FILE_SCOPE)


def test_a_product_waits_with_a_guilty_number_of_its_asset():
    rows = batch(cli("c9", "0999", asset_id="A2"))

    assert {"c9": "rejected", "p1": "rejected", "p2": "rejected", "p3": "returned"} == stands(
        rows, said(c9="BAD_CLI", p1="E1"), FILE_SCOPE
    )


def test_a_product_whose_cli_was_returned_by_an_earlier_result_goes_free():
    returned = {"outcome": "rejected", "recorded_code": "FILE_REFUSED", "standing": "returned"}
    rows = batch(cli("c1", "01", **returned))

    assert "returned" == stands(rows, said(p1="UNKNOWN_CLI", p2="E1"), FILE_SCOPE)["p1"]


def test_an_inferred_outcome_says_so():
    settlement = settle(1, batch(), said(p1="E1"), CUSTOMER_SCOPE)
    outcomes = settlement.outcomes.filter(pl.col("row_key") == "p2").to_dicts()[0]

    assert ("rejected", "CUSTOMER_REFUSED") == (outcomes["outcome"], outcomes["code"])
    assert ["rejected: E1", "returned: CUSTOMER_REFUSED"] == settlement.moves["reason"].to_list()


def test_the_codes_of_bystanders_are_the_profiles():
    terms = RetryTerms(failure_scope=FailureScope.FILE, bystander_codes=frozenset({"SKIPPED"}))
    evidence = said(p1="E1", p2="skipped", p3="FILE_REFUSED")

    assert {"p1": "rejected", "p2": "returned", "p3": "rejected"} == (
        stands(batch(), evidence, terms)
    )


def test_the_part_of_a_row_is_where_its_place_falls():
    rows = pl.DataFrame(
        {"file": ["products"] * 5 + ["clis"], "place": [1, 2, 3, 4, 5, 1]},
        schema={"file": pl.String, "place": pl.Int64},
    )
    written = {"06_clis.csv": 1, "08_products.csv": 2, "08_products_2.csv": 2}
    parts = with_parts(rows, {**written, "08_products_3.csv": 1})

    assert [
        *((n, "08_products.csv") for n in (1, 2)),
        *((n, "08_products_2.csv") for n in (3, 4)),
        (5, "08_products_3.csv"),
    ] == parts.filter(pl.col("file") == "products").select("place", "part").rows()
    assert ["06_clis.csv"] == parts.filter(pl.col("file") == "clis")["part"].to_list()


@pytest.mark.parametrize(
    ("code", "is_transient"),
    [
        pytest.param({"c1": "BUSY", "p1": "UNKNOWN_CLI"}, True, id="its CLI waits"),
        pytest.param({"c1": "E1", "p1": "UNKNOWN_CLI"}, False, id="its CLI is parked"),
        pytest.param({"c2": "BUSY", "p1": "UNKNOWN_CLI"}, False, id="another CLI waits"),
        pytest.param({"c1": "ok", "p1": "busy"}, True, id="it waits itself"),
        pytest.param({"c1": "ok", "p1": "E1"}, False, id="nothing waits"),
    ],
)
def test_a_product_waits_with_its_cli_whatever_its_code(code: dict[str, str], is_transient: bool):
    rows = batch(cli("c1", "01"), cli("c2", "02"))
    refused = settle(1, rows, said(**code)).outcomes
    recorded = rows.drop("outcome", "recorded_code").join(
        refused.select("row_key", "outcome", recorded_code="code"), on="row_key", how="left"
    )
    found = with_patience(refused, recorded, RetryTerms())

    assert [is_transient] == found.filter(pl.col("row_key") == "p1")["is_transient"].to_list()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param({}, "accepted", id="no answer yet"),
        pytest.param(
            {"outcome": "abandoned", "standing": "abandoned"},
            "read back: found in Affinity",
            id="abandoned",
        ),
        pytest.param(
            {"outcome": "rejected", "standing": "rejected"},
            "read back: found in Affinity",
            id="rejected",
        ),
        pytest.param(
            {"outcome": "rejected", "standing": "returned"},
            "read back: found in Affinity",
            id="returned",
        ),
        pytest.param({"outcome": "abandoned", "standing": None}, None, id="taken up again since"),
        pytest.param({"outcome": "accepted", "standing": "in_billing"}, None, id="known already"),
    ],
)
def test_what_is_there_is_billed(row: dict[str, Any], reason: str | None):
    rows = frame(ROW, {**PRODUCT, "row_key": "p1", "line_id": "L1"}, (row,))
    settlement = settle_found(1, rows, pl.Series(["p1", "stranger"]))

    assert ([] if reason is None else [("In Billing", reason)]) == (
        settlement.moves.select("to_status", "reason").rows()
    )


def test_what_a_snapshot_has_proven_stays_whatever_an_answer_says_later():
    proven = batch().with_columns(
        outcome=pl.when(pl.col("row_key") == "p1").then(pl.lit("accepted")),
        recorded_code=pl.when(pl.col("row_key") == "p1").then(pl.lit("READ_BACK")),
    )

    assert {"p2": "in_billing"} == stands(proven, said(p1="DUPLICATE", p2="ok"), ROW_SCOPE)
