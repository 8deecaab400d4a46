"""What the sandbox tests share: one small world, made once."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.reseller import make_feeds
from tests.sandbox.plain_judge import Feeds, Judge, Judgement, read_feeds

AS_OF = date(2026, 10, 30)
SMALLEST_WHOLE_WORLD = 2000


@pytest.fixture(scope="session")
def feeds_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feeds of the smallest world in which everything occurs."""
    folder = tmp_path_factory.mktemp("reseller") / "feeds"
    make_feeds(folder, lines=SMALLEST_WHOLE_WORLD, seed=7, as_of=AS_OF)
    return folder


@pytest.fixture(scope="session")
def feeds(feeds_folder: Path) -> Feeds:
    """The same feeds, read and checked by the plain judge."""
    return read_feeds(feeds_folder)


@pytest.fixture(scope="session")
def judgement(feeds: Feeds) -> Judgement:
    """The plain judge's verdict under the sample profile."""
    profiles = {"Broadband": "any", "Ethernet": "any", "Licences": "none"}
    return Judge(feeds, AS_OF, profiles).judge()
