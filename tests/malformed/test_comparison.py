"""The comparison lets the expected answer pass and nothing else."""

from collections import defaultdict

import pytest

from tests.malformed.answers import Answer
from tests.malformed.cases import CASES
from tests.malformed.comparison import differences
from tests.malformed.expectation import Case, Counts, ExpectedReject, Goes, Stops
from tests.malformed.world import COLUMNS

WITH_REJECTS = [case for case in CASES if isinstance(case.expect, Goes) and case.expect.rejects]


def _expected_answer(case: Case) -> Answer:
    assert isinstance(case.expect, Goes)
    rows: dict[str, set[int]] = defaultdict(set)
    for reject in case.expect.rejects:
        rows[reject.feed].add(reject.row_number)
    feeds = {feed: Counts(max(rows[feed], default=0), 0, len(rows[feed])) for feed in COLUMNS}
    feeds = {feed: c._replace(accepted=c.read - c.rejected) for feed, c in feeds.items()}
    rejects = [
        reject._replace(
            record_key=reject.record_key or "",
            column=reject.column or "",
            raw_value=reject.raw_value or "",
        )
        for reject in case.expect.rejects
    ]
    return Answer(0, None, feeds | dict(case.expect.counts), tuple(rejects))


def _with(got: Answer, *rejects: ExpectedReject) -> Answer:
    return Answer(got.exit_code, got.error_message, got.feeds, rejects)


@pytest.mark.parametrize("case", WITH_REJECTS[::10], ids=lambda case: case.id)
def test_only_the_expected_answer_passes(case: Case):
    got = _expected_answer(case)
    first, *others = got.rejects

    assert [] == differences(case.expect, got)
    assert differences(case.expect, _with(got, *others))
    assert differences(case.expect, _with(got, first, *got.rejects))
    assert differences(case.expect, _with(got, first._replace(reason="unknown_reason"), *others))
    assert differences(case.expect, _with(got, first._replace(row_number=99_999), *others))
    assert differences(case.expect, Answer(22, "customers: broken", {}, ()))


def test_a_column_that_must_be_blank_is_not_just_any_column():
    expect = Goes((ExpectedReject("contacts", 1, "", "", "ragged_row"),))
    counts = dict.fromkeys(COLUMNS, Counts(0, 0, 0)) | {"contacts": Counts(1, 0, 1)}

    def got(key: str, column: str) -> Answer:
        return Answer(0, None, counts, (ExpectedReject("contacts", 1, key, column, "ragged_row"),))

    assert [] == differences(expect, got("", ""))
    assert differences(expect, got("", "role"))
    assert differences(expect, got("K1", ""))


@pytest.mark.parametrize(
    ("exit_code", "message", "passes"),
    [
        pytest.param(22, "assets: no column Is Live", True, id="names differ in spelling only"),
        pytest.param(22, "assets: a column is missing", False, id="a name is not mentioned"),
        pytest.param(22, "assets:\nno column is_live", False, id="two lines"),
        pytest.param(22, None, False, id="no message"),
        pytest.param(1, "assets: no column is_live", False, id="another exit code"),
        pytest.param(0, None, False, id="no stop at all"),
    ],
)
def test_a_stop_needs_its_code_and_its_names(exit_code: int, message: str | None, passes: bool):
    wrong = differences(Stops(22, ("assets", "is_live")), Answer(exit_code, message, {}, ()))

    assert passes == (wrong == [])
