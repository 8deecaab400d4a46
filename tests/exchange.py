"""An office whose batches go to the Affinity stand-in by themselves: both ends are real."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from flows.deliveries import deliver
from sandbox.affinity.names import remote_name
from sandbox.affinity.policy import Policy
from sandbox.affinity.serving import StandIn, serving
from sandbox.affinity.uploads import Loading
from schemas.receipts import DeliveryReceipt
from tasks.outbox.delivery_journal import DeliveryJournal, read_delivery
from tests.integration.office import Office, Row
from tests.object_store import KEY, REGION, SECRET, Bucket, bucket, ferrying
from tests.running import mart

WAYS = ("folder", "sftp", "http", "s3")
DROP = "of/affinity"
TOKEN = "token-of-the-test"  # noqa: S105  a stand-in takes any

_PATIENT = 30.0
"""Seconds that even a busy machine stays within; a test whose wait is in vain says a short one."""

_PATIENCE = """
[retry]
first_wait_seconds = 1
longest_wait_seconds = 1
max_attempts = 3

[delivery]
mode = "{way}"
attempts = 3
first_wait_seconds = 0.01
longest_wait_seconds = 0.05
receipt_wait_seconds = {receipt_wait}
answer_wait_seconds = {answer_wait}
poll_seconds = 0.02
{more}
"""


class Exchange:
    """Both ends: the office that sends, and the stand-in that takes."""

    def __init__(
        self, office: Office, stand_in: StandIn, way: str, store: Bucket | None = None
    ) -> None:
        self.office = office
        self.stand_in = stand_in
        self.way = way
        self.store = store

    def be_patient(self) -> None:
        """From now on wait for receipts for as long as a busy machine may take."""
        path = self.office.folder / "r2b.toml"
        text = re.sub(
            r"(?m)^receipt_wait_seconds = .*$",
            f"receipt_wait_seconds = {_PATIENT}",
            path.read_text("utf-8"),
        )
        path.write_text(text, encoding="utf-8")

    def deliver(self, seq: int = 1, *, arrived: bool | None = None) -> DeliveryReceipt:
        """`r2b deliver`, without its exit code."""
        return deliver(self.office.profile, seq, actor="Ann", arrived=arrived)

    def journal(self, seq: int = 1) -> DeliveryJournal:
        """What `delivery.json` says."""
        found = read_delivery(self.office.batch(seq))
        assert found is not None
        return found

    def states(self, seq: int = 1) -> list[str]:
        """Where the files of a batch stand, in load order."""
        return [each.state.value for each in self.journal(seq).files]

    def state(self, seq: int = 1) -> str:
        """Where a batch stands, as analysts see it."""
        return str(mart(self.office.folder, "batch", where=f"seq = {seq}")["state"].item())

    def queue(self) -> list[tuple[str, str, str, str]]:
        """Open items: subject, kind, reason, state."""
        rows = mart(self.office.folder, "retry_item", where="state NOT IN ('done', 'discarded')")
        return sorted(rows.select("subject", "kind", "reason", "state").iter_rows())

    def loads(self) -> list[str]:
        """The names of the files that were loaded, in order, as often as they were."""
        done = [each for each in self.stand_in.journal() if each["effect"]]
        methods = {"TAKE"} if self.way != "http" else {"POST"}
        return [str(each["name"]) for each in done if each["method"] in methods]

    def uploads(self) -> int:
        """How often a file was sent, whatever came of it."""
        if self.store is not None:
            return self.store.puts("inbox")
        method = {"http": "POST", "sftp": "RENAME"}.get(self.way)
        return sum(each["method"] == method for each in self.stand_in.journal())

    def check(self) -> None:
        """What must hold whatever happened: nothing twice, nothing lost, order kept."""
        audit = self.stand_in.audit()
        charges = self.office.charges().values()
        billed = {row["line_id"] for row in charges if row["disposition"] == "in_billing"}

        assert 0 == audit["double_bills"]
        assert 0 == audit["out_of_order"]
        assert len(self.loads()) == len(set(self.loads()))
        for row in charges:
            assert row["disposition"] in {"in_billing", "exported", "held", "ready"}
            if row["disposition"] == "exported":
                assert (
                    self.state(row["batch_seq"]) in {"written", "in_doubt", "delivered"} or billed
                )


def names(seq: int = 1) -> list[str]:
    """What the files of a batch are called over there."""
    return [f"default_{seq:06d}_06_clis.csv", f"default_{seq:06d}_08_products.csv"]


def answers(stand_in: StandIn, batch: Path) -> list[Row]:
    """What Affinity keeps ready as its answers to a batch that came over HTTP; none if not all."""
    rows: list[Row] = []
    for path in sorted(batch.glob("[0-9]*.csv")):
        name = remote_name(f"{batch.parent.name}/{batch.name}", path.name)
        said = httpx.get(
            f"{stand_in.http}/results/{name}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        if said.status_code != httpx.codes.OK:
            return []
        rows += csv.DictReader(io.StringIO(said.text, newline=""))
    return rows


def profile_text(
    stand_in: StandIn,
    way: str,
    *,
    waits: float = _PATIENT,
    for_answers: float | None = None,
    more: str = "",
    store: Bucket | None = None,
) -> str:
    """A profile that delivers to the stand-in: `waits` for receipts, and as long for answers."""
    answers_wait = waits if for_answers is None else for_answers
    text = _PATIENCE.format(way=way, more=more, receipt_wait=waits, answer_wait=answers_wait)
    if way == "http":
        return f'{text}\n[delivery.http]\nurl = "{stand_in.http}"\ntimeout_seconds = 1.0\n'
    if way == "folder":
        return f'{text}\n[delivery.folder]\npath = "{stand_in.drop}"\n'
    if store is not None:
        return (
            f'{text}\n[delivery.s3]\nurl = "s3://{store.name}/{DROP}"\n'
            f'endpoint = "{store.endpoint}"\nregion = "{REGION}"\ntimeout_seconds = 5.0\n'
        )
    assert stand_in.sftp is not None
    return (
        f'{text}\n[delivery.sftp]\nhost = "{stand_in.sftp.host}"\nport = {stand_in.sftp.port}\n'
        f'username = "{stand_in.sftp.username}"\nknown_hosts = "{stand_in.sftp.known_hosts}"\n'
        "timeout_seconds = 5.0\n"
    )


@contextmanager
def exchange(
    office: Office,
    way: str,
    *,
    rules: Iterable[object] = (),
    policy: Policy | None = None,
    poll: float | None = 0.02,
    waits: float = _PATIENT,
    for_answers: float | None = None,
    more: str = "",
    loading: Loading = Loading.AT_ONCE,
) -> Iterator[Exchange]:
    """An exchange by `way`; the stand-in is gone at the end."""
    state = office.folder.parent / "affinity"
    office.feeds["affinity_products"] = [{"product_code": "SKU-1", "is_active": "true"}]
    office.save()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        stand_in = stack.enter_context(
            serving(
                state,
                office.folder / "feeds",
                http=way == "http",
                sftp=way == "sftp",
                drop=None if way == "http" else state / "drop",
                token=TOKEN,
                rules=rules,
                policy=policy or Policy(),
                poll=poll,
                loading=loading,
            )
        )
        store = stack.enter_context(bucket()) if way == "s3" else None
        patch.setenv("R2B_AFFINITY_TOKEN", TOKEN)
        if stand_in.sftp is not None:
            patch.setenv("R2B_AFFINITY_PASSWORD", stand_in.sftp.password)
        if store is not None:
            patch.setenv("R2B_ACCESS_KEY", KEY)
            patch.setenv("R2B_SECRET_KEY", SECRET)
            stack.enter_context(ferrying(store.folder(DROP), state / "drop"))
        text = profile_text(
            stand_in, way, waits=waits, for_answers=for_answers, more=more, store=store
        )
        (office.folder / "r2b.toml").write_text(text, encoding="utf-8")
        yield Exchange(office, stand_in, way, store)
