"""What is published is never written over."""

from pathlib import Path

import pytest

from schemas.errors import IllegalTransition
from tasks.outbox.durable import aside_folder, publish_folder


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path):
    final = tmp_path / "000001"
    final.mkdir()
    (final / "08_products.csv").write_bytes(b"a stranger's")
    aside = aside_folder(final)

    with pytest.raises(IllegalTransition, match="already holds a folder of that number"):
        publish_folder(aside, final)

    assert b"a stranger's" == (final / "08_products.csv").read_bytes()
