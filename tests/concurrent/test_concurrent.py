"""Two to eight processes at once, and a person pressing buttons: no double claim, whatever meets.

`R2B_ROUNDS` is how many rounds each of the two offices has, `R2B_ROUNDS_SEED` draws others.
"""

import os
from pathlib import Path

import duckdb
import pytest

from sandbox.affinity import Affinity
from tests.concurrent.actors import Actor, Button, together
from tests.concurrent.rounds import LINES, Rounds, affinity
from tests.crash.invariants import structure
from tests.crash.lives import ENVIRONMENT
from tests.integration.office import Office
from tests.running import AS_OF

ROUNDS = int(os.environ.get("R2B_ROUNDS", "10"))
SEED = int(os.environ.get("R2B_ROUNDS_SEED", "1"))


@pytest.mark.timeout(300 + 60 * ROUNDS)
@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "by itself"])
def test_no_charge_is_claimed_twice(
    tmp_path: Path, by_hand: bool, capsys: pytest.CaptureFixture[str]
):
    rounds = Rounds(tmp_path / "rounds", SEED, by_hand)

    rounds.play(ROUNDS)

    with capsys.disabled():
        said = ", ".join(f"{count:,} {what}" for what, count in sorted(rounds.told.items()))
        print(f"\nseed {SEED}: {said}")
    assert not rounds.wrong, "\n".join(rounds.wrong)
    assert ROUNDS == rounds.told["rounds"]
    assert rounds.told["processes that met a held lock"] >= ROUNDS, "they did not collide"
    assert rounds.told["charges billed"] >= 2 * LINES


def test_a_double_claim_does_not_pass(tmp_path: Path):
    """What it is for: it speaks up where a charge is in two batches."""
    rounds = Rounds(tmp_path / "rounds", SEED, by_hand=True)
    rounds.play(1)
    with duckdb.connect(str(rounds.scene.warehouse)) as connection:
        connection.execute("INSERT INTO out.batch_product FROM out.batch_product")

    found = structure(rounds.scene, tmp_path / "aside")

    assert {"doubled", "lost"} == {each.partition(":")[0] for each in found}


def test_two_tenants_do_not_hinder_each_other(tmp_path: Path):
    """Each has its own warehouse and outbox: all at once, and nobody is told to wait."""
    offices = [Office(tmp_path / name / "office", lines=LINES) for name in ("north", "south")]
    for office in offices:
        office.feeds["affinity_products"] = [{"product_code": "SKU-1", "is_active": "true"}]
        office.save()
    north, south = offices
    with (
        affinity(tmp_path / "north", north, by_hand=False),
        affinity(tmp_path / "south", south, by_hand=False),
    ):
        for day in range(3):
            for office in offices:
                office.add_line(LINES + 1 + day)
                office.save()
            found = together(
                [(office.folder, Actor((Button("run"),), False, day)) for office in offices],
                AS_OF,
                ENVIRONMENT,
            )
            assert [(0, 0), (0, 0)] == [(each.code, each.times_busy) for (each,) in found]

    for name in ("north", "south"):
        audit = Affinity(tmp_path / name / "affinity").audit()
        assert (0, 2 * (LINES + 3)) == (audit.double_bills, audit.loaded_products)
