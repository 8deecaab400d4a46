"""Lines that are judged elsewhere: what comes back, what is refused, and what nobody may read."""

import pickle

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.ready_to_bill.carried import CarriedJudgement, CarriedLines, made_of, unlike
from tasks.ready_to_bill.judgement import Judgement, judge, judge_here
from tests.builders import line, lines, terms

LINES = lines({}, {"line_id": "L2", "quantity": 2}, {"line_id": "L3", "order_status": "Cancelled"})


def carried(thing: CarriedLines | CarriedJudgement) -> CarriedLines | CarriedJudgement:
    """What arrives when it is sent."""
    arrived: CarriedLines | CarriedJudgement = pickle.loads(pickle.dumps(thing))  # noqa: S301  ours
    return arrived


def judged_elsewhere(facts: pl.DataFrame) -> Judgement:
    there = carried(CarriedLines(facts, terms()))
    assert isinstance(there, CarriedLines)
    back = carried(there.judged())
    assert isinstance(back, CarriedJudgement)
    assert "" == back.differs
    return back.unpacked()


@pytest.mark.parametrize("facts", [LINES, line(), LINES.clear()], ids=["some", "one", "none"])
def test_what_comes_back_is_what_judging_here_says(facts: pl.DataFrame):
    here, there = judge(facts, terms()), judged_elsewhere(facts)

    for name in Judgement._fields:
        assert_frame_equal(getattr(here, name), getattr(there, name), check_row_order=False)


def test_what_is_carried_says_nothing_of_what_is_in_it():
    there = CarriedLines(LINES, terms())

    assert repr(there).startswith("<lines, ")
    assert "L2" not in repr(there) + repr(there.judged())


def test_another_version_judges_nothing_and_reads_no_terms():
    there = CarriedLines(LINES, terms())
    there._made_of = {**made_of(), "polars": "1.0.0"}
    there._terms = b"of a form that is not known here"

    assert there.judged().differs.startswith("has polars ")
    with pytest.raises(TypeError):
        there.judged().unpacked()


def test_what_differs_is_said_in_words():
    here = made_of()

    assert "" == unlike(here, dict(here))
    assert unlike({"Python": "3.11.7"}, {"Python": "3.12.1"}) == "has Python 3.12.1, not 3.11.7"
    assert unlike({"polars": "2.1.0"}, {}) == "has polars of no known version, not 2.1.0"
    assert unlike(here, {**here, "this program": "0"}) == "has another version of this program"


def test_buckets_are_judged_one_by_one_as_they_come():
    asked = []

    def buckets():
        for number in range(2):
            asked.append(number)
            yield LINES

    judgements = judge_here(buckets(), terms())

    assert [] == asked
    assert_frame_equal(judge(LINES, terms()).charges, next(judgements).charges)
    assert [0] == asked
