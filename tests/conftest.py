"""What the tests share: a Prefect server, and an office whose first batch is written."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.integration.office import Office
from tests.prefect_server import prefect_server


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prefect server; commands run while it is asked for find it by themselves."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as address:
        before = os.environ.get("PREFECT_API_URL")
        os.environ["PREFECT_API_URL"] = address
        yield address
        if before is None:
            del os.environ["PREFECT_API_URL"]
        else:
            os.environ["PREFECT_API_URL"] = before


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
