"""Land the feeds: from here on nothing outside can change what this run reads."""

from pathlib import Path
from typing import Protocol

from schemas.receipts import LandedFeeds
from tasks.step import step


class Source(Protocol):
    """A place The Layer's records can be fetched from."""

    def land(self, landed: Path, *, need_all: bool) -> LandedFeeds:
        """Bring every feed to our side, whole, under its digest."""
        ...


@step("land feeds")
def land_feeds(source: Source, landed: Path, *, need_all: bool) -> LandedFeeds:
    """Fetch all feeds into `landed`.

    Raises:
        SourceUnavailable, SourceRefused, SourceContractBroken: as the source says.
    """
    landed.mkdir(parents=True, exist_ok=True, mode=0o700)
    return source.land(landed, need_all=need_all)
