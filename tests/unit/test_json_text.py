"""JSON of others is read, or refused as what it is; it is never what stops the program."""

import pytest

from schemas.json_text import DEEPEST, is_deep, read_json


def nested(depth: int) -> str:
    """So many lists inside each other."""
    return "[" * depth + "]" * depth


def test_what_is_json_is_read():
    assert {"a": [1, None, "x"]} == read_json(b'{"a": [1, null, "x"]}')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b'"\xff"', id="no UTF-8"),
        pytest.param("9" * 5_000, id="a number of thousands of digits"),
        pytest.param(nested(DEEPEST + 2), id="nested a little too deeply"),
        pytest.param("[" * 200_000, id="nested without end"),
        pytest.param('{"a":' * 50_000, id="objects without end"),
    ],
)
def test_what_is_none_is_one_kind_of_error(text: bytes | str):
    with pytest.raises(ValueError):  # noqa: PT011  of whatever words
        read_json(text)


def test_what_is_nested_as_deep_as_may_be_is_read():
    assert not is_deep(read_json(nested(DEEPEST + 1)))
    assert is_deep([read_json(nested(DEEPEST + 1))])
