"""The named points: before and after every function that makes something durable, or sends it.

A point is armed in a process of its own: the n-th call that comes to it is the process's last
moment. The functions are the product's own and do what they do; nothing is put in their place.
"""

import contextlib
import functools
import importlib
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

PLACES = (
    "tasks.runs.task.start_run",
    "tasks.runs.task.look_for_news",
    "tasks.runs.task.finish_run",
    "tasks.runs.task.publish_marts",
    "tasks.batch.task.recover_batches",
    "tasks.batch.task.claim_batch",
    "tasks.batch.task.publish_batch",
    "tasks.batch.task.claim_undo",
    "tasks.batch.writer.write_file",
    "tasks.layer.task.land_feeds",
    "tasks.layer.landing.land",
    "tasks.contracts.task.accept_records",
    "tasks.ready_to_bill.task.judge_charges",
    "tasks.changes.task.find_changes",
    "tasks.checks.task.check_records",
    "tasks.reconcile.task.remember_sides",
    "tasks.affinity.task.deliver_batch",
    "tasks.affinity.task.collect_answers",
    "tasks.affinity.http.HttpDelivery.look",
    "tasks.affinity.http.HttpDelivery.send",
    "tasks.affinity.http.HttpDelivery.results",
    "tasks.outbox.durable.write_durably",
    "tasks.outbox.durable.publish_folder",
    "tasks.outbox.durable.verify_files",
    "tasks.outbox.delivery_journal.write_delivery",
    "tasks.outbox.transfer_journal.add_decision",
    "tasks.transfer.task.recover_transfers",
    "tasks.transfer.task.read_back",
    "tasks.transfer.task.transfer_batch",
    "warehouse.connection.prepare_warehouse",
    "warehouse.connection.sync_folder",
    "warehouse.published.publish",
    "warehouse.published._fill",
    "warehouse.feeds.FeedStore.start_over",
    "warehouse.feeds.FeedStore.replace_core",
    "warehouse.charges.ChargeStore.resolve",
    "warehouse.charges.ChargeStore.start_over",
    "warehouse.charges.ChargeStore.add",
    "warehouse.charges.ChargeStore.keep_gone",
    "warehouse.changes.ChangeStore.start_over",
    "warehouse.changes.ChangeStore.settle",
    "warehouse.batches.BatchStore.set_pairs_aside",
    "warehouse.batches.BatchStore.bring_back",
    "warehouse.batches.BatchStore.freeze",
    "warehouse.batches.BatchStore.freeze_clis",
    "warehouse.batches.BatchStore.enter",
    "warehouse.batches.BatchStore.sealed",
    "warehouse.batches.BatchStore.move",
    "warehouse.ledger.Ledger.record",
    "warehouse.ledger.Ledger.record_claim",
    "warehouse.ledger.Ledger.take",
    "warehouse.ledger.Ledger.settle",
    "warehouse.deliveries.DeliveryStore.replace",
    "warehouse.retry_queue.RetryQueue.fail",
    "warehouse.retry_queue.RetryQueue.move",
    "warehouse.retry_queue.RetryQueue.release",
    "warehouse.retry_queue.RetryQueue.settle",
    "warehouse.runs.RunStore.start",
    "warehouse.runs.RunStore.finish",
    "warehouse.sides.SideStore.remember_layer",
    "warehouse.undos.UndoStore.freeze",
    "os.rename",
    "os.replace",
    "os.fsync",
)
"""Where it is killed before and after; `COMMIT` is every commit of the warehouse."""

COMMIT = "commit"
_OURS = ("flows", "tasks", "warehouse", "schemas")

Meet = Callable[[str], None]
"""Called with the name of every point as it is passed."""


@dataclass(frozen=True)
class Point:
    """A place, a side of it and which call; `before:warehouse.ledger.Ledger.record#2`."""

    name: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.name}#{self.nth}"


def arm(point: Point) -> None:
    """From now on the process dies when it comes to `point`."""
    seen: Counter[str] = Counter()

    def meet(name: str) -> None:
        seen[name] += 1
        if name == point.name and seen[name] == point.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(meet)


def count(path: Path) -> None:
    """From now on how often each point was passed is kept in `path`, a name and a number a line."""
    seen: Counter[str] = Counter()

    def meet(name: str) -> None:
        seen[name] += 1
        path.write_text("".join(f"{each} {times}\n" for each, times in seen.items()), "utf-8")

    _watch(meet)


def counted(path: Path) -> dict[str, int]:
    """What `count` kept, in the order in which the points were first met."""
    lines = path.read_text("utf-8").splitlines()
    return {name: int(times) for name, times in (line.rsplit(" ", 1) for line in lines)}


def _watch(meet: Meet) -> None:
    for place in PLACES:
        holder, name = _holder(place)
        real = getattr(holder, name)
        watched = _watched(place, real, meet)
        setattr(holder, name, watched)
        _let_all_see(real, watched)
    _watch_commits(meet)


def _watched(place: str, real: Callable[..., Any], meet: Meet) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        meet(f"before:{place}")
        result = real(*args, **kwargs)
        meet(f"after:{place}")
        return result

    return call


def _watch_commits(meet: Meet) -> None:
    import warehouse.connection

    real = warehouse.connection.transaction

    @contextlib.contextmanager
    def watched(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        with real(connection):
            yield
            meet(f"before:{COMMIT}")
        meet(f"after:{COMMIT}")

    _let_all_see(real, watched)


def _holder(place: str) -> tuple[Any, str]:
    """The module or class that holds what a place names."""
    path, name = place.rsplit(".", 1)
    try:
        return importlib.import_module(path), name
    except ModuleNotFoundError:
        module, owner = path.rsplit(".", 1)
        return getattr(importlib.import_module(module), owner), name


def _let_all_see(real: object, watched: object) -> None:
    """Who imported it by name has the one that is not watched still."""
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in _OURS:
            for known, value in list(vars(module).items()):
                if value is real:
                    setattr(module, known, watched)
