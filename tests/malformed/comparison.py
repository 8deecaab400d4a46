"""Whether an answer is the expected one; what differs, in words fit for a failing test."""

from collections import defaultdict
from collections.abc import Iterable

from tests.malformed.answers import Answer
from tests.malformed.expectation import Counts, ExpectedReject, Goes, Stops
from tests.malformed.world import COLUMNS

REASONS = frozenset(
    {
        *("missing_value", "duplicate_key", "bad_date", "bad_number", "bad_boolean"),
        *("unknown_value", "unknown_reference", "negative_price", "bad_quantity", "bad_range"),
        *("ragged_row", "bad_encoding", "bad_text"),
    }
)


def plain(text: str) -> str:
    """Text without what column names may differ in: case, spaces, hyphens, underscores."""
    return text.lower().translate({ord(mark): None for mark in " -_"})


def differences(expect: Stops | Goes, got: Answer) -> list[str]:
    """What is wrong with the answer; empty = nothing."""
    if isinstance(expect, Stops):
        return _of_a_stop(expect, got)
    wrong = []
    if got.exit_code != 0:
        return [f"the run stopped with exit code {got.exit_code}: {got.error_message}"]
    if got.error_message is not None:
        wrong.append(f"a run that went through has the error {got.error_message!r}")
    wrong += of_rejects(expect.rejects, got.rejects)
    wrong += [
        f"{feed}: expected {counts}, got {got.feeds.get(feed)}"
        for feed, counts in expect.counts.items()
        if got.feeds.get(feed) != counts
    ]
    return wrong + of_conservation(got)


def _of_a_stop(expect: Stops, got: Answer) -> list[str]:
    if got.exit_code != expect.exit_code:
        return [f"expected exit code {expect.exit_code}, got {got.exit_code}: {got.error_message}"]
    message = got.error_message or ""
    wrong = [] if message.strip() else ["the error has no message"]
    if len(message.splitlines()) > 1:
        wrong.append(f"the message is more than one line: {message!r}")
    return wrong + [
        f"the message does not mention {name}: {message!r}"
        for name in expect.names
        if plain(name) not in plain(message)
    ]


def of_rejects(expected: Iterable[ExpectedReject], got: Iterable[ExpectedReject]) -> list[str]:
    """The rejects that are missing and those that are too many."""
    unmatched = list(got)
    missing = []
    # the exact ones first, so that a vague one does not take their match away
    for reject in sorted(expected, key=lambda reject: reject.count(None)):
        match = next((candidate for candidate in unmatched if _fits(reject, candidate)), None)
        if match is None:
            missing.append(reject)
        else:
            unmatched.remove(match)
    return [f"missing: {_short(reject)}" for reject in missing] + [
        f"unexpected: {_short(reject)}" for reject in unmatched
    ]


def of_conservation(got: Answer) -> list[str]:
    """What must hold of every run: read = accepted + rejected, and rejects are told in full."""
    rejected_rows: dict[str, set[int]] = defaultdict(set)
    for reject in got.rejects:
        rejected_rows[reject.feed].add(reject.row_number)
    wrong = [f"{feed} is not listed" for feed in COLUMNS if feed not in got.feeds]
    wrong += [
        f"unknown reason {reject.reason}" for reject in got.rejects if reject.reason not in REASONS
    ]
    for feed, counts in got.feeds.items():
        if counts != Counts(counts.read, counts.read - counts.rejected, counts.rejected):
            wrong.append(f"{feed}: read is not accepted + rejected: {counts}")
        if counts.rejected != len(rejected_rows[feed]):
            wrong.append(f"{feed}: {counts}, but {len(rejected_rows[feed])} records have rejects")
        if not all(1 <= row <= counts.read for row in rejected_rows[feed]):
            wrong.append(f"{feed}: a reject's row number is none of the {counts.read} records")
    return wrong


def _fits(expected: ExpectedReject, got: ExpectedReject) -> bool:
    return (
        (expected.feed, expected.row_number, expected.reason)
        == (got.feed, got.row_number, got.reason)
        and expected.record_key in (None, got.record_key)
        and (expected.column is None or plain(expected.column) == plain(got.column or ""))
        and expected.raw_value in (None, got.raw_value)
    )


def _short(reject: ExpectedReject) -> str:
    raw = reject.raw_value
    if raw is not None and len(raw) > 60:
        raw = f"{raw[:60]}... ({len(raw)} characters)"
    return ascii(tuple(reject._replace(raw_value=raw)))
