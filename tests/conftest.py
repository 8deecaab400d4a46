"""What the tests share: a Prefect server for those that run flows, and a clean environment."""

import os
from collections.abc import Iterator

import pytest

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
