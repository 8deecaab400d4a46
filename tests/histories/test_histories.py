"""Two hundred histories of thirty steps: what Affinity bills is what a plain model says it must.

How it is counted. A history is one charge's life: the recurring charge of one line, from before it
is connected until everything is settled. A machine is an office in which 25 lines live side by
side, and makes thirty steps; every step happens to all of them. An edit is drawn for each line by
itself (three in five have one in a round of edits, the others stay as they are); a run, an
answer, a person's decision or a crash meets all of them together, each in the state it has come to.
So eight machines are two hundred histories, no two alike. What they share is honest sharing: in an
office of a reseller, too, thousands of charges live through the same runs and batches, and most of
what can go wrong with one is in what the others of its batch do. What is not shown by it is 200
orders of runs, only eight; `make histories-deep` plays many more machines.

`R2B_HISTORIES` is the number of machines of each of the four parts. They are the same ones every
time; with `R2B_HISTORIES_SEED` they are others.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.machine import LINES, TOLD, Histories

PARTS = 4
MACHINES = int(os.environ.get("R2B_HISTORIES", "2"))
SEED = int(os.environ.get("R2B_HISTORIES_SEED", "1"))
STEPS = 30


@pytest.mark.timeout(600 + 300 * MACHINES)
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_affinity_bills_what_the_model_says(part: int, capsys: pytest.CaptureFixture[str]):
    """Nothing lost, nothing twice, nothing out of order, nothing confirmed without evidence."""
    TOLD.clear()
    run_state_machine_as_test(
        seed(100 * SEED + part)(Histories),
        settings=settings(
            # the first is the simplest there is, and opening the office is a step
            max_examples=1 + MACHINES,
            stateful_step_count=1 + STEPS,
            deadline=None,
            database=None,
            # a machine takes as long as its runs: a smaller one is sought by hand
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )

    with capsys.disabled():
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(TOLD.items()))
        print(f"\nseed {SEED}, part {part}: {told}")
    assert (1 + MACHINES) * LINES <= TOLD["histories"]
    assert STEPS * TOLD["histories"] == TOLD["steps of histories"]
