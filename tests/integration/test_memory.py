"""The memory that a run may use: what does not fit is said in words, and nothing is half done."""

from pathlib import Path

import pytest

from schemas.errors import OutOfMemory
from tests.integration.office import Office
from warehouse.connection import open_warehouse

MORE_THAN_IT_MAY = (
    "SELECT list(number ORDER BY hash(number)) FROM range(20000000) AS numbers (number)"
)


def test_what_does_not_fit_says_what_to_do(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()
    warehouse = office.profile.warehouse

    with (
        pytest.raises(OutOfMemory) as stopped,
        open_warehouse(warehouse, memory="64MiB") as connection,
    ):
        connection.execute(MORE_THAN_IT_MAY)

    assert 42 == stopped.value.exit_code
    assert "Raise warehouse.memory in the profile" in str(stopped.value)
    office.uploaded()
    assert {"L1": "in_billing", "L2": "in_billing"} == office.dispositions()
