"""When the first rows of what is ready go alone."""

import pytest

from tasks.batch.canary import goes_first


@pytest.mark.parametrize(
    ("rows", "ready", "after_a_clean_canary", "expected"),
    [
        pytest.param(0, 10, False, False, id="canaries are off"),
        pytest.param(3, 10, False, True, id="more is ready than a canary holds"),
        pytest.param(3, 4, False, True, id="one more is ready"),
        pytest.param(3, 3, False, False, id="all that is ready is a canary's worth"),
        pytest.param(3, 2, False, False, id="less is ready"),
        pytest.param(3, 10, True, False, id="the last batch was a clean canary"),
        pytest.param(0, 10, True, False, id="canaries were switched off after a clean one"),
    ],
)
def test_when_a_canary_goes_first(
    rows: int, ready: int, after_a_clean_canary: bool, expected: bool
):
    assert expected == goes_first(
        canary_rows=rows, ready=ready, after_a_clean_canary=after_a_clean_canary
    )
