"""What can be written down: whole text, and numbers of 64 bits. Pure.

Text from outside may hold half a character: Python reads a byte that is no UTF-8 as one, and a form
can say one. No file, database or terminal takes it.
"""

LARGEST_NUMBER = 2**63 - 1
"""Of a batch, an item or an entry."""

HALVES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
"""Half characters, and the mark (U+FFFD) that stands for them: for `str.translate`."""
_NUL = "\0"


def is_storable(text: str) -> bool:
    """Whether every character of a text is a whole one, and none is NUL."""
    return _NUL not in text and text == text.translate(HALVES)


def storable(text: str) -> str:
    """The text with a mark (U+FFFD) in the place of each half character and NUL."""
    return text.translate(HALVES).replace(_NUL, "\ufffd")


def is_number(number: int) -> bool:
    """Whether a batch or an item could have this number."""
    return 1 <= number <= LARGEST_NUMBER
