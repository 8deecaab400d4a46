"""A plan has no effect outside its own report, and says what a run would do. Section 6."""

from datetime import timedelta
from pathlib import Path

import pytest

from flows.plan import plan
from schemas.errors import SourceContractBroken, TooManyRejects
from tests.integration.office import Office, tree
from tests.running import AS_OF


def test_a_plan_before_anything_ever_ran_makes_nothing(tmp_path: Path):
    office = Office(tmp_path)
    office.save()
    before = tree(tmp_path)
    receipt, batch = plan(office.profile, AS_OF)

    assert before == tree(tmp_path)
    assert ("planned", 4) == (receipt.status, receipt.dispositions["ready"].charges)
    assert (1, {"06_clis.csv": 2, "08_products.csv": 4}) == (batch.seq, batch.files)


def test_a_plan_beside_a_warehouse_changes_nothing(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    office.answer({("L1", "recurring"): "accepted", ("L1", "upfront"): "rejected:E1"})
    office.add_line(3)
    office.save()
    before = tree(tmp_path)
    receipt, batch = plan(office.profile, AS_OF)

    assert before == tree(tmp_path)
    assert [1, 2, 1, 2] == [
        receipt.dispositions[name].charges for name in ("in_billing", "exported", "held", "ready")
    ]
    assert (2, {"06_clis.csv": 1, "08_products.csv": 2}) == (batch.seq, batch.files)


def test_a_plan_says_what_the_run_then_does(tmp_path: Path):
    office = Office(tmp_path)
    office.record("assets")["cli"] = "junk"
    office.save()
    planned, would_write = plan(office.profile, AS_OF)
    done = office.run()

    assert (planned.feeds, planned.dispositions, planned.holds) == (
        done.feeds,
        done.dispositions,
        done.holds,
    )
    assert (would_write.seq, would_write.files, would_write.value, would_write.path) == (
        done.batch.seq,
        done.batch.files,
        done.batch.value,
        done.batch.path,
    )


def test_a_plan_names_the_files_in_the_parts_a_run_would_write(tmp_path: Path):
    office = Office(tmp_path, profile="affinity.layout.products.max_rows = 3\n")
    office.save()
    _, would_write = plan(office.profile, AS_OF)

    assert office.run().batch.files == would_write.files


def test_a_plan_while_a_batch_is_open_writes_none(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    office.add_line(3)
    office.save()
    receipt, batch = plan(office.profile, AS_OF)

    assert (None, (1,), 2) == (batch, receipt.open_batches, receipt.dispositions["ready"].charges)


def test_a_plan_may_go_back_in_time(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    office.abandon()
    receipt, _ = plan(office.profile, AS_OF - timedelta(days=60))

    assert 4 == receipt.dispositions["waiting"].charges


def test_a_plan_on_broken_feeds_stops_and_changes_nothing(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    del office.feeds["assets"]
    office.save()
    before = tree(tmp_path)

    with pytest.raises(SourceContractBroken):
        plan(office.profile, AS_OF)
    assert before == tree(tmp_path)


def test_a_plan_with_too_many_rejects_changes_nothing(tmp_path: Path):
    office = Office(tmp_path)
    office.record("order_lines")["quantity"] = "0"
    office.save()
    before = tree(tmp_path)

    with pytest.raises(TooManyRejects):
        plan(office.profile, AS_OF)
    assert before == tree(tmp_path)
