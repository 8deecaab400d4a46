"""Laws of transfer and reading: saying it again changes nothing, nothing is lost."""

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.errors import IllegalTransition
from schemas.feeds import FEEDS
from schemas.vocabulary import FailureScope
from tasks.contracts.records import REJECT_SCHEMA, Reading, parse
from tasks.contracts.values import Style
from tasks.retry.policy import RetryTerms
from tasks.transfer.moves import EVIDENCE, settle
from tasks.transfer.moves import ROW as WHOLE
from tests.builders import frame

LAWS = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)

ROW = pl.Schema(
    {
        "row_key": pl.String(),
        "file": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "outcome": pl.String(),
    }
)
OUTCOMES = st.sampled_from(["accepted", "rejected", "abandoned"])
BATCH = st.lists(
    st.fixed_dictionaries(
        {"file": st.sampled_from(["clis", "products"]), "outcome": st.none() | OUTCOMES}
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: frame(
        ROW,
        {"charge_type": "recurring"},
        tuple({"row_key": f"k{n}", "line_id": f"L{n}", **row} for n, row in enumerate(rows)),
    )
)
SAID = st.dictionaries(st.integers(0, 13), OUTCOMES, max_size=12).map(
    lambda said: frame(
        EVIDENCE, {}, tuple({"row_key": f"k{n}", "outcome": o} for n, o in said.items())
    )
)


def after(rows: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """The rows once these outcomes are recorded."""
    new = outcomes.select("row_key", new="outcome")
    joined = rows.join(new, on="row_key", how="left", maintain_order="left")
    return joined.with_columns(outcome=pl.coalesce("outcome", "new")).drop("new")


@LAWS
@given(rows=BATCH, said=SAID)
def test_settling_again_changes_nothing(rows: pl.DataFrame, said: pl.DataFrame):
    try:
        first = settle(1, rows, said)
    except IllegalTransition:
        return
    again = settle(1, after(rows, first.outcomes), said)

    assert (0, 0) == (again.outcomes.height, again.moves.height)


@LAWS
@given(rows=BATCH, said=SAID)
def test_settling_fills_blanks_and_never_changes_an_outcome(rows: pl.DataFrame, said: pl.DataFrame):
    try:
        found = settle(1, rows, said)
    except IllegalTransition:
        keys, known = set(rows["row_key"]), dict(rows.select("row_key", "outcome").iter_rows())
        told = dict(said.select("row_key", "outcome").iter_rows())
        assert set(told) - keys or any(known[k] not in (None, o) for k, o in told.items())
        return
    blank = set(rows.filter(pl.col("outcome").is_null())["row_key"])

    assert blank & set(said["row_key"]) == set(found.outcomes["row_key"])
    products = set(rows.filter(pl.col("file") == "products")["row_key"])
    assert len(products & set(found.outcomes["row_key"])) == found.moves.height
    assert {"Ready to Bill"} >= set(found.moves["from_status"])


@LAWS
@given(rows=BATCH, said=SAID, seed=st.integers(0, 9))
def test_the_order_of_the_evidence_means_nothing(rows: pl.DataFrame, said: pl.DataFrame, seed: int):
    shuffled = said.sample(fraction=1, shuffle=True, seed=seed)
    results = []
    for evidence in (said, shuffled):
        try:
            results.append(settle(1, rows, evidence))
        except IllegalTransition as error:
            results.append(error.message)
    if isinstance(results[0], str):
        assert results[0] == results[1]
        return
    for left, right in zip(*results, strict=True):
        assert_frame_equal(left.sort(pl.all()), right.sort(pl.all()))


SCOPES = st.sampled_from(list(FailureScope)).map(lambda scope: RetryTerms(failure_scope=scope))
CODED = st.lists(
    st.fixed_dictionaries(
        {
            "file": st.sampled_from(["clis", "products"]),
            "customer_ref": st.sampled_from(["AC-1", "AC-2"]),
            "cli": st.sampled_from(["01", "02", None]),
            "said": st.sampled_from([None, "ok", "E1", "FILE_REFUSED", "CUSTOMER_REFUSED"]),
        }
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: tuple(
        {
            "row_key": f"k{n}",
            "line_id": f"L{n}",
            "site_ref": "AS-1",
            "standing": "exported",
            **row,
        }
        for n, row in enumerate(rows)
    )
)


def told(rows: tuple[dict[str, str | None], ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a batch, and what a result says of them."""
    batch = [{key: value for key, value in row.items() if key != "said"} for row in rows]
    said = [
        {"row_key": row["row_key"], "outcome": "accepted"}
        if row["said"] == "ok"
        else {"row_key": row["row_key"], "outcome": "rejected", "code": row["said"]}
        for row in rows
        if row["said"] is not None
    ]
    return frame(WHOLE, {"charge_type": "recurring"}, tuple(batch)), frame(
        EVIDENCE, {}, tuple(said)
    )


@LAWS
@given(rows=CODED, terms=SCOPES)
def test_every_row_stands_in_one_place_or_stays_exported(rows, terms: RetryTerms):
    batch, said = told(rows)
    found = settle(1, batch, said, terms).outcomes

    assert found.height == found["row_key"].n_unique()
    assert set(said["row_key"]) <= set(found["row_key"]) <= set(batch["row_key"])
    accepted = set(said.filter(pl.col("outcome") == "accepted")["row_key"])
    billed = found.filter(pl.col("stands_as").is_in(["in_billing", "live"]))
    assert accepted == set(billed["row_key"])
    others = found.join(billed, on="row_key", how="anti")
    assert {"rejected", "returned"} >= set(others["stands_as"])
    assert {"rejected"} >= set(others["outcome"])


@LAWS
@given(rows=CODED, terms=SCOPES)
def test_whoever_goes_free_leaves_somebody_behind(rows, terms: RetryTerms):
    batch, said = told(rows)
    found = settle(1, batch, said, terms).outcomes

    if "returned" in set(found["stands_as"]):
        assert FailureScope.ROW is not terms.failure_scope
        assert "rejected" in set(found["stands_as"])


@LAWS
@given(rows=CODED, terms=SCOPES)
def test_settling_with_bystanders_again_changes_nothing(rows, terms: RetryTerms):
    batch, said = told(rows)
    first = settle(1, batch, said, terms).outcomes
    known = batch.drop("outcome", "recorded_code", "standing").join(
        first.select("row_key", "outcome", recorded_code="code", standing="stands_as"),
        on="row_key",
        how="left",
    )

    assert (0, 0) == tuple(part.height for part in settle(1, known, said, terms))


CELL = st.sampled_from(
    [None, "", " ", "1", "0", "-5", "5.5", "x", "2026-03-31", "31/12/2026", "yes", "a\x00b", "New"]
)


@LAWS
@given(st.lists(st.lists(CELL, min_size=29, max_size=29), min_size=1, max_size=20))
def test_every_record_is_accepted_or_has_a_reason(rows: list[list[str | None]]):
    feed = FEEDS["order_lines"]
    names = [column.name for column in feed.columns][:29]
    raw = pl.DataFrame(
        {
            "row_number": range(1, len(rows) + 1),
            **{f"c{n}": [row[n] for row in rows] for n in range(len(names))},
        },
        schema={"row_number": pl.Int64, **{f"c{n}": pl.String for n in range(len(names))}},
    )
    reading = Reading(
        feed=feed,
        columns={name: f"c{n}" for n, name in enumerate(names)},
        style=Style("iso", "Europe/London"),
        may_hold_controls=True,
    )
    found = parse(raw, reading, pl.DataFrame(schema=REJECT_SCHEMA))

    assert list(range(1, len(rows) + 1)) == sorted(found.records["row_number"])
    assert found.rejects.height == found.rejects.unique(["row_number", "column_name"]).height
    rejected = set(found.rejects["row_number"])
    kept = (
        found.records.filter(
            ~pl.col("row_number").is_in(list(rejected))
            & ~pl.col("is_deleted").fill_null(value=False)
        )
        if "is_deleted" in found.records.columns
        else found.records
    )
    for column in feed.columns:
        if column.must_have_value:
            assert 0 == kept[column.name].null_count()
