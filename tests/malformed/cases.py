"""The corpus: every case, kind by kind."""

from collections.abc import Mapping

from tests.malformed.expectation import Case
from tests.malformed.kinds import (
    amounts,
    choices,
    dates,
    deletions,
    deltas,
    files,
    grid,
    headers,
    keys,
    limits,
    parquet,
    profiles,
    ranges,
    references,
    text,
    together,
)

CASES_BY_KIND: Mapping[str, list[Case]] = {
    "text": text.CASES,
    "dates": dates.CASES,
    "money and whole numbers": amounts.CASES,
    "booleans and enumerations": choices.CASES,
    "references": references.CASES,
    "keys": keys.CASES,
    "grid": grid.CASES,
    "headers": headers.CASES,
    "files and manifest": files.CASES,
    "Parquet": parquet.CASES,
    "additional numbers": ranges.CASES,
    "deletions": deletions.CASES,
    "deltas": deltas.CASES,
    "several faults": together.CASES,
    "reject rate": limits.CASES,
    "profile": profiles.CASES,
}

CASES: list[Case] = [case for cases in CASES_BY_KIND.values() for case in cases]
