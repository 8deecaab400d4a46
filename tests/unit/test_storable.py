"""What can be written down: whole characters, numbers of 64 bits."""

import pytest

from schemas.storable import is_number, is_storable, storable


@pytest.mark.parametrize("text", ["", "Ann", "José", "\U0001f600", "\ufffd", "a\tb\x1b", "\uffff"])
def test_whole_text_is_taken_as_it_is(text: str):
    assert is_storable(text)
    assert text == storable(text)


@pytest.mark.parametrize("code", [0, 0xD800, 0xDBFF, 0xDC00, 0xDCE9, 0xDFFF])
def test_what_is_no_character_is_marked(code: int):
    text = f"a{chr(code)}b"

    assert not is_storable(text)
    assert "a\ufffdb" == storable(text)


def test_numbers_begin_with_one_and_end_with_64_bits():
    assert [False, False, True, True, False] == [
        is_number(number) for number in (-1, 0, 1, 2**63 - 1, 2**63)
    ]
