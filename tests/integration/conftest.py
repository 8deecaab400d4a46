"""Offices with their first batch written: run once, copied for every test that starts there."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.integration.office import Office


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, int], Office]:
    """Make an office of so many lines, all of them in batch 1, in a folder."""

    @cache
    def first_run(lines: int) -> Office:
        office = Office(tmp_path_factory.mktemp("written") / "office", lines=lines)
        office.run()
        return office

    def make(folder: Path, lines: int) -> Office:
        return first_run(lines).copied(folder / "office")

    return make
