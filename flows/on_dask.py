"""Judging on a Dask cluster: each bucket of lines is a task run of Prefect's there."""

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import dask
import distributed
import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from schemas.errors import ProfileWrong, ServingFailed
from tasks.ready_to_bill.carried import CarriedJudgement, CarriedLines, made_of, unlike
from tasks.ready_to_bill.judgement import Judgement
from tasks.ready_to_bill.terms import Terms

_LOOK_EVERY_SECONDS = 2.0
"""How often it is looked whether anybody is there who could answer."""

_LARGEST = "1GB"
"""Up to what size a bucket passes without Dask's advice to let the workers read it themselves."""

_AGAIN = 'Then run again: nothing was judged. With judging.on = "here" no cluster is needed.'

_Future: TypeAlias = PrefectDaskFuture[CarriedJudgement]


def _judge(lines: CarriedLines, number: int) -> CarriedJudgement:  # noqa: ARG001  the run's name has it
    """What a worker does."""
    return lines.judged()


# beside the function, not around it: so workers look for theirs, and are not sent this one's text
_JUDGE = task(
    name="judge lines",
    task_run_name="judge lines, bucket {number}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=0,
)(_judge)


_security: Any = distributed.Security
"""Dask's settings of encryption; they have no types."""


def check_encryption(scheduler: str) -> None:
    """Refuse an address that does not go with what Dask's own settings say of encryption.

    Raises:
        ProfileWrong: it needs certificates and there are none that can be used, or it takes none.
    """
    is_encrypted = scheduler.startswith("tls://")
    try:
        security = _security()
        has_certificates = security.get_connection_args("client").get("ssl_context") is not None
    except (OSError, ValueError) as error:
        raise ProfileWrong(
            "Judging on Dask: the certificates of Dask's settings cannot be used "
            f"({type(error).__name__}).",
            hint="Mend what DASK_DISTRIBUTED__COMM__TLS__... names, or who may read it.",
        ) from error
    if is_encrypted and not has_certificates:
        raise ProfileWrong(
            "Judging on Dask: judging.scheduler is tls://, and Dask's settings name no "
            "certificates.",
            hint="Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..._CLIENT__CERT and ..._CLIENT__KEY.",
        )
    if security.require_encryption and not is_encrypted:
        raise ProfileWrong(
            "Judging on Dask: judging.scheduler is tcp://, and Dask's settings ask for encryption.",
            hint="Start it with certificates, and write tls://host:port.",
        )


@dataclass(frozen=True)
class OnDask:
    """Judges buckets on the cluster of a scheduler, some at a time."""

    scheduler: str
    buckets_at_once: int
    patience_seconds: float

    def __call__(
        self, buckets: Iterator[pl.DataFrame], terms: Terms
    ) -> Generator[Judgement, None, None]:
        """What came of each bucket, in their order; where there is none, nobody is asked.

        The scheduler has what is under way: a bucket whose worker dies goes to another one, as
        often as the scheduler allows.

        Raises:
            ServingFailed: the cluster does not answer, could judge otherwise, or loses a bucket.
        """
        first = next(buckets, None)
        if first is None:
            return
        with ExitStack() as stack:
            stack.enter_context(
                dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGEST})
            )
            patience = {"timeout": self.patience_seconds}
            runner = stack.enter_context(
                DaskTaskRunner(address=self.scheduler, client_kwargs=patience)
            )
            client = self._connected(runner)
            self._check(client)
            under_way: deque[tuple[int, _Future]] = deque()
            for number, lines in enumerate(chain([first], buckets), start=1):
                if len(under_way) == self.buckets_at_once:
                    yield self._answer(client, *under_way.popleft())
                asked = {"lines": CarriedLines(lines, terms), "number": number}
                under_way.append((number, runner.submit(_JUDGE, asked)))
            while under_way:
                yield self._answer(client, *under_way.popleft())

    def _connected(self, runner: DaskTaskRunner) -> distributed.Client:
        try:
            return runner.client
        except OSError as error:
            raise self._silent() from error

    def _check(self, client: distributed.Client) -> None:
        """Refuse a cluster without workers, or with one that could judge otherwise."""
        try:
            client.wait_for_workers(1, timeout=self.patience_seconds)
        except TimeoutError as error:
            raise self._nobody() from error
        here = made_of()
        for worker, there in sorted(client.run(made_of, on_error="return").items()):
            if isinstance(
                there, OSError
            ):  # it has just gone; one that comes is asked with each bucket
                continue
            if isinstance(there, Exception):
                raise self._otherwise(f"the worker {worker} does not know this program")
            if differs := unlike(here, there):
                raise self._otherwise(f"the worker {worker} {differs}")

    def _answer(self, client: distributed.Client, number: int, future: _Future) -> Judgement:
        self._await(client, number, future)
        # what judging itself ran into is raised here, as if it had run here
        answer = future.result()
        if answer.differs:  # by one that came after all were looked at
            raise self._otherwise(f"the worker that took bucket {number} {answer.differs}")
        return answer.unpacked()

    def _await(self, client: distributed.Client, number: int, future: _Future) -> None:
        """Wait for an answer for as long as there is anybody to give it."""
        alone_since: float | None = None
        while True:
            try:
                future.wrapped_future.result(timeout=_LOOK_EVERY_SECONDS)
            except TimeoutError:
                alone_since = self._look_round(client, alone_since)
            except distributed.KilledWorker as error:
                raise ServingFailed(
                    f"Judging on Dask: bucket {number} ended every worker that took it.",
                    hint=f"Their logs say why: too little memory, most likely. {_AGAIN}",
                ) from error
            except (CancelledError, OSError) as error:
                raise ServingFailed(
                    f"Judging on Dask: the scheduler at {self.scheduler} went away.",
                    hint=f"Look after it. {_AGAIN}",
                ) from error
            except Exception as error:
                raise ServingFailed(
                    f"Judging on Dask: a worker could not begin with bucket {number} "
                    f"({type(error).__name__}).",
                    hint="Its log says why; it must reach Prefect's server under the address that "
                    f"PREFECT_API_URL has here. {_AGAIN}",
                ) from error
            else:
                return

    def _look_round(self, client: distributed.Client, alone_since: float | None) -> float | None:
        """Since when there has been no worker; None while there is one."""
        scheduler: Any = client.scheduler
        if scheduler is None:  # given up by the client, which says so of whatever it is asked next
            return alone_since
        try:
            ask: Any = client.sync
            workers = ask(scheduler.ncores, callback_timeout=self.patience_seconds)
        except OSError as error:
            raise self._silent() from error
        if workers:
            return None
        now = time.monotonic()
        if alone_since is not None and now - alone_since > self.patience_seconds:
            raise self._nobody()
        return now if alone_since is None else alone_since

    def _silent(self) -> ServingFailed:
        return ServingFailed(
            f"Judging on Dask: no scheduler answers at {self.scheduler} within "
            f"{self.patience_seconds:g} seconds.",
            hint=f"Start it, or correct judging.scheduler. {_AGAIN}",
        )

    def _nobody(self) -> ServingFailed:
        return ServingFailed(
            f"Judging on Dask: the scheduler at {self.scheduler} has had no worker for "
            f"{self.patience_seconds:g} seconds.",
            hint=f"Start workers for it. {_AGAIN}",
        )

    def _otherwise(self, differs: str) -> ServingFailed:
        return ServingFailed(
            f"Judging on Dask: {differs}, and so could judge otherwise.",
            hint=f"Install there what is installed here, and start it again. {_AGAIN}",
        )
