"""What can stop a run. A bad row is data with a reason; a bad run is one of these.

R2BError                        1   (a bug never looks like one of these)
  UsageError                    2   the command's words are off
  ProfileWrong                 10   the profile cannot be used
  SourceUnavailable   retry    20   the source did not answer; later it may
  SourceRefused                21   the source said no; asking again does not help
  SourceContractBroken         22   a feed is not as agreed
  TooManyRejects               30   reject rate above the limit; nothing delivered
  WarehouseBusy       retry    40   another run holds the warehouse
  MigrationFailed              41   the warehouse could not be brought up to date
  OutOfMemory                  42   the warehouse needs more memory than it may have
  DiskFailed                   43   the disk is full, or does not do what it is told
  DeliveryIncomplete           50   a file is missing or altered, or has not arrived; the trail too
  NotPublished        retry    51   all was done, but the Parquet files for analysts are as before
  IllegalTransition            60   a move the rules do not know
  StaleStatus         retry    61   the other side changed after we read it
  NotAllowed                   70   the operator does not hold the role, or another must approve
  ServingFailed                80   what runs flows or judges elsewhere does not come up, or stay

Messages hold ids, counts, feed and column names: never customer data.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class R2BError(Exception):
    """Base of all errors raised on purpose: one line of what happened, and a hint of what to do."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", feed: str | None = None) -> None:
        """`message`: what was being done, on what, what is wrong. `hint`: what to do about it.

        `feed`: which feed failed, where it was one.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.feed = feed

    def __str__(self) -> str:
        """The one line people read."""
        return f"{self.message} {self.hint}".strip()


class UsageError(R2BError):
    """The words of the command do not fit together."""

    exit_code = 2


class ProfileWrong(R2BError):
    """The profile cannot be read, makes no sense, or names a place that cannot be used."""

    exit_code = 10


class SourceUnavailable(R2BError):
    """The source did not answer in time, or asked us to slow down."""

    exit_code = 20
    retryable = True


class SourceRefused(R2BError):
    """The source answered no: credentials, permission, address."""

    exit_code = 21


class SourceContractBroken(R2BError):
    """A feed came, but not as agreed: file, columns, manifest or dates."""

    exit_code = 22


class TooManyRejects(R2BError):
    """A required feed holds more unfit records than the profile allows."""

    exit_code = 30


class WarehouseBusy(R2BError):
    """Another process holds the warehouse."""

    exit_code = 40
    retryable = True


class MigrationFailed(R2BError):
    """The warehouse could not be opened or brought to this version."""

    exit_code = 41


class OutOfMemory(R2BError):
    """The warehouse needs more memory than the profile lets it have."""

    exit_code = 42


OF_THE_DISK = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""How the system says that the disk is full, or fails."""


class DiskFailed(R2BError):
    """The disk is full, or could not write or read what it should."""

    exit_code = 43


class DeliveryIncomplete(R2BError):
    """A batch is not whole, not there or in doubt, or the audit trail is not as it was written."""

    exit_code = 50


class NotPublished(R2BError):
    """What was asked for is done, but the Parquet files for analysts could not follow it yet."""

    exit_code = 51
    retryable = True


class IllegalTransition(R2BError):
    """A move of a charge, batch or queue item that the rules do not know."""

    exit_code = 60


class StaleStatus(R2BError):
    """What we decided on changed before we could act."""

    exit_code = 61
    retryable = True


class NotAllowed(R2BError):
    """The named operator does not hold the role this needs, or another person has to approve it."""

    exit_code = 70


class ServingFailed(R2BError):
    """Server, worker, deployments, cluster or register do not come up, or do not stay up."""

    exit_code = 80


def no_such_batch(seq: int) -> IllegalTransition:
    """What is said of a batch that is not there."""
    return IllegalTransition(
        f"There is no batch {seq}.", hint="`r2b status` shows the open batches."
    )


def no_such_item(item_id: int) -> IllegalTransition:
    """What is said of an item of the queue that is not there."""
    return IllegalTransition(
        f"There is no item {item_id} in the queue.", hint="See `r2b queue list`."
    )


@contextmanager
def about_feed(feed: str) -> Iterator[None]:
    """Errors that leave the block say which feed they are about."""
    try:
        yield
    except R2BError as error:
        error.feed = error.feed or feed
        raise
