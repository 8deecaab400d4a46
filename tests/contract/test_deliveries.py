"""What every way to Affinity must do alike: one suite for folder, SFTP, HTTP and object store."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from flows.ways import open_delivery
from schemas.errors import DeliveryIncomplete, IllegalTransition
from tasks.affinity.port import NameTaken, Outgoing, Seen
from tests.exchange import DROP, TOKEN, WAYS, Exchange, exchange, names
from tests.integration.office import Office
from warehouse.connection import file_sha256


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Each way in turn."""
    return str(request.param)


@pytest.fixture
def both(tmp_path: Path, way: str, written: Callable[[Path, int], Office]) -> Iterator[Exchange]:
    """Batch 1 is written, four charges and two CLIs; nothing of it has left."""
    with exchange(written(tmp_path, 2), way) as both:
        yield both


def test_runs_deliver_are_answered_and_confirm(tmp_path: Path, way: str):
    with exchange(Office(tmp_path / "office"), way) as both:
        first = both.office.run()
        sent = both.uploads()
        again = both.office.run()
        both.office.add_line(3)
        second = both.office.run()

        assert "batch_confirmed" == first.status
        assert first.batch is not None
        assert first.batch.delivery is not None
        assert first.batch.delivery.transfer is not None
        assert 4 == first.batch.delivery.transfer.accepted
        assert ("nothing_ready", 2) == (again.status, sent or 2)
        assert ("batch_confirmed", 2) == (second.status, second.batch and second.batch.seq)
        assert ["in_billing"] * 3 == list(both.office.dispositions().values())
        assert [*names(1), *names(2)] == both.loads()
        assert [] == both.queue()
        assert (both.office.batch(2) / "layer_updates.csv").is_file()
        both.check()


def test_the_bytes_over_there_are_the_bytes_here(both: Exchange):
    both.deliver()

    for here, there in zip(both.journal().files, names(), strict=True):
        assert (there, "receipted") == (here.remote_name, here.state.value)
    assert "confirmed" == both.state()
    both.check()


def test_the_cli_file_has_its_receipt_before_the_product_file_leaves(both: Exchange):
    both.deliver()
    journal = [each for each in both.stand_in.journal() if each["status"]]
    clis, products = names()

    def first(name: str, methods: set[str]) -> int:
        return min(
            int(str(each["at"]))
            for each in journal
            if each["name"] == name and each["method"] in methods and each["effect"]
        )

    taken = first(clis, {"TAKE", "POST"})
    leaves = first(products, {"TAKE", "POST", "RENAME", "OPEN", "WRITE"})
    assert taken < leaves
    assert 0 == both.stand_in.audit()["out_of_order"]


def test_bytes_that_change_while_they_leave_do_not_arrive(both: Exchange):
    """The last look: altered after everything was checked, in the moment of sending."""
    delivery = open_delivery(both.office.profile)
    assert delivery is not None
    file = both.office.batch() / "06_clis.csv"
    was = Outgoing(names()[0], file, "0" * 64, file.stat().st_size)

    with pytest.raises(DeliveryIncomplete, match="the file changed"):
        delivery.send(was)

    assert Seen.ABSENT is delivery.look(names()[0]).seen
    assert [] == both.loads()


@pytest.mark.parametrize("file", ["06_clis.csv", "08_products.csv"])
def test_a_file_that_was_altered_does_not_leave(both: Exchange, file: str):
    path = both.office.batch() / file
    path.write_bytes(path.read_bytes().replace(b"01204600001", b"01204600009"))

    with pytest.raises(DeliveryIncomplete, match=f"{file} is missing or altered"):
        both.deliver()

    assert [] == both.loads()


def test_a_name_that_is_taken_is_never_written_over(both: Exchange, way: str):
    name = names()[0]
    if way == "http":
        _upload(both, name, b"a stranger's\r\n")
    elif both.store is not None:
        both.store.folder(DROP).put(f"archive/{name}", b"a stranger's\r\n")
    else:
        assert both.stand_in.drop is not None
        (both.stand_in.drop / "archive" / name).write_bytes(b"a stranger's\r\n")

    receipt = both.deliver()

    assert ("in_doubt", True) == (receipt.state, receipt.failed)
    assert "other bytes" in receipt.trouble
    assert "in_doubt" == both.state()
    assert names()[1] not in both.loads()
    assert [("delivery:1", "data", "in_doubt", "parked")] == both.queue()


def test_what_is_sent_to_a_name_that_is_taken_changes_nothing(both: Exchange, tmp_path: Path):
    """Somebody may take the name between our look and our sending."""
    delivery = open_delivery(both.office.profile)
    assert delivery is not None
    ours, theirs = (tmp_path / name for name in ("ours", "theirs"))
    for file in (theirs, ours):
        file.write_text(f"{file.name}\r\n", encoding="utf-8")
    both.stand_in.behave([{"on": "load", "do": "never", "times": -1}])
    delivery.send(outgoing(theirs))

    with pytest.raises(NameTaken):
        delivery.send(outgoing(ours))

    assert file_sha256(theirs) == delivery.look("default_000009_06_clis.csv").sha256


def outgoing(file: Path) -> Outgoing:
    """A file that is to leave under a name that is free."""
    return Outgoing("default_000009_06_clis.csv", file, file_sha256(file), file.stat().st_size)


def test_what_is_there_already_is_not_sent_again(both: Exchange, tmp_path: Path):
    backup = tmp_path / "backup"
    shutil.copytree(both.office.folder, backup)
    both.deliver()
    sent = both.uploads()
    # all of it is restored from before: nobody here knows that it left
    shutil.rmtree(both.office.folder)
    backup.rename(both.office.folder)

    both.deliver()

    assert ["receipted", "receipted"] == both.states()
    assert sent == both.uploads()
    assert names() == both.loads()


def test_another_way_does_not_take_over_what_was_begun(both: Exchange, way: str):
    both.deliver()
    other = "http" if way != "http" else "folder"
    text = (both.office.folder / "r2b.toml").read_text(encoding="utf-8")
    text = text.replace(f'mode = "{way}"', f'mode = "{other}"')
    if other == "http":
        text += '\n[delivery.http]\nurl = "http://127.0.0.1:9"\n'
    (both.office.folder / "r2b.toml").write_text(text, encoding="utf-8")
    both.office.change("UPDATE out.batch SET state = 'written'")

    receipt = both.deliver()

    assert f"begun by {way}" in receipt.trouble


def test_a_batch_that_left_is_not_abandoned_unless_somebody_vouches(both: Exchange):
    both.stand_in.behave([{"on": "load", "do": "late", "asks": 100_000, "times": -1}])
    text = (both.office.folder / "r2b.toml").read_text(encoding="utf-8")
    quick = text.replace("answer_wait_seconds = 5.0", "answer_wait_seconds = 0")
    (both.office.folder / "r2b.toml").write_text(quick, encoding="utf-8")
    both.deliver()

    with pytest.raises(IllegalTransition, match="may be in Affinity"):
        both.office.abandon()

    assert "delivered" == both.state()


def _upload(both: Exchange, name: str, content: bytes) -> None:
    answer = httpx.post(
        f"{both.stand_in.http}/uploads",
        headers={"Authorization": f"Bearer {TOKEN}"},
        data={"name": name, "sha256": hashlib.sha256(content).hexdigest()},
        files={"file": (name, content, "text/csv")},
        timeout=5,
    )
    assert 201 == answer.status_code
