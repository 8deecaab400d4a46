"""The proof by deaths, in CI's size; `make crash` prints the figures, `make crash-deep` more."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.crash.child import Fault, do, is_untrue
from tests.crash.invariants import structure
from tests.crash.lives import ENVIRONMENT, LIVES, Prepared
from tests.crash.proof import Proof, Tally, Trial, calls, deeper, run_all, sampled_points

pytestmark = pytest.mark.timeout(3000)

SEEDS = (0, 1)
WORKERS = max(2, len(os.sched_getaffinity(0)))


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """Lives are prepared once for every kind of trial."""
    return Proof(tmp_path_factory.mktemp("proof"))


def tally_of(proof: Proof, trials: list[Trial]) -> Tally:
    tally = Tally()
    for found in run_all(proof, trials, workers=WORKERS):
        tally.add(found)
    return tally


@pytest.mark.parametrize(
    ("draw", "hits", "places"),
    [
        pytest.param(lambda proof: sampled_points(proof, SEEDS), 120, 60, id="named points"),
        pytest.param(
            lambda proof: [trial for seed in SEEDS for trial in deeper(proof, seed, 20)],
            40,
            40,
            id="killed while it mends",
        ),
        pytest.param(lambda proof: calls(proof, 0, 120), 100, 15, id="system calls"),
    ],
)
def test_nothing_is_lost_or_done_twice(
    proof: Proof, draw: Callable[[Proof], list[Trial]], hits: int, places: int
):
    tally = tally_of(proof, draw(proof))

    assert [] == tally.wrong
    assert tally.hit >= hits, f"{tally.hit} of {tally.tried} faults hit"
    assert len(tally.places) >= places


@pytest.mark.parametrize(
    ("tampering", "kind"),
    [
        ("DELETE FROM out.batch_product WHERE rowid = 0", "lost"),
        ("UPDATE out.batch SET seq = 7", "illegal move"),
        ("UPDATE ops.charge_state SET status = 'in_billing', batch_seq = 9", "illegal move"),
        ("INSERT INTO out.batch_product FROM out.batch_product", "doubled"),
    ],
)
def test_books_that_are_wrong_do_not_pass(tmp_path: Path, tampering: str, kind: str):
    """What the proof is for: it speaks up when something is missing, or there twice."""
    with Prepared(tmp_path / "lives").there(LIVES["transfer"], tmp_path / "here", []) as scene:
        good = structure(scene, tmp_path / "aside")
        with duckdb.connect(str(scene.warehouse)) as connection:
            connection.execute(tampering)
        found = structure(scene, tmp_path / "aside")

    assert [] == good
    assert kind in {each.partition(":")[0] for each in found}


def test_half_a_file_under_its_final_name_does_not_pass(tmp_path: Path):
    with Prepared(tmp_path / "lives").there(LIVES["transfer"], tmp_path / "here", []) as scene:
        file = scene.outbox / "000001" / "08_products.csv"
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:-40])

        assert {"partial file"} == {
            each.partition(":")[0] for each in structure(scene, tmp_path / "aside")
        }


@pytest.mark.parametrize("does", ["EIO", "ENOSPC"])
def test_a_disk_that_fails_is_told_in_words(tmp_path: Path, does: str):
    life = LIVES["run"]
    with Prepared(tmp_path / "lives").there(life, tmp_path / "here", []) as scene:
        ended = do(
            scene.folder,
            "run",
            life.day,
            environment=ENVIRONMENT,
            fault=Fault("fdatasync", does, 5),
            trace=tmp_path / "trace",
        )

    assert (43, True) == (ended.code, ended.did_hit)
    assert "the disk is full, or failed to write" in ended.said


@pytest.mark.parametrize(
    ("does", "lines", "is_so"),
    [
        ("EIO", ['7 write(9</r2b/a.csv>, "a", 1) = -1 EIO (x) (INJECTED)'], False),
        ("EIO", ['7 write(9<anon_inode:[eventfd]>, "a", 8) = -1 EIO (x) (INJECTED)'], True),
        ("ENOSPC", ['7 write(9<pipe:[4]>, "a", 8) = -1 ENOSPC (x) (INJECTED)'], True),
        ("EIO", ['7 write(9<anon_inode:[eventfd]>, "a", 8) = 8'], False),
        (
            "EIO",
            [
                '7 write(9<anon_inode:[eventfd]>, "a", 8 <unfinished ...>',
                '8 write(3</r2b/a.csv>, "a", 1 <unfinished ...>',
                "7 <... write resumed>) = -1 EIO (x) (INJECTED)",
            ],
            True,
        ),
        ("KILL", ['7 write(9<anon_inode:[eventfd]>, "a", 8) = 8 (INJECTED)'], False),
    ],
)
def test_only_a_disk_can_be_full(tmp_path: Path, does: str, lines: list[str], is_so: bool):
    trace = tmp_path / "trace"
    trace.write_text("\n".join(lines))

    assert is_so == is_untrue(Fault("write", does, 1), trace)
