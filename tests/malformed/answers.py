"""What the product answers to a folder. The one place that knows how it is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.malformed.expectation import Counts, ExpectedReject


@dataclass(frozen=True)
class Answer:
    """A run's outcome, in the words of the contract."""

    exit_code: int
    error_message: str | None
    feeds: Mapping[str, Counts]
    rejects: tuple[ExpectedReject, ...]


def answer(folder: Path) -> Answer:
    """Run the billing run in this process on `folder`, which holds `r2b.toml` and `feeds/`.

    Nulls among the rejects' texts come back as "".
    """
    # imported here so that the corpus can be listed and checked without the product
    from tests.running import run_job

    job = run_job(folder)
    return Answer(
        exit_code=job.exit_code,
        error_message=job.error,
        feeds={feed: Counts(*counts) for feed, counts in job.feeds.items()},
        rejects=tuple(
            ExpectedReject(
                feed=reject["feed"],
                row_number=reject["row_number"],
                record_key=reject["record_key"] or "",
                column=reject["column_name"] or "",
                reason=reject["reason"],
                raw_value=reject["raw_value"] or "",
            )
            for reject in job.rejects
        ),
    )
