"""Telephone numbers and service references that belong to nobody.

Every number comes from a range that Ofcom keeps for drama, or, when a large world has used those
up, from blocks in which the public number plan (`phonenumbers`, regions GB, GG, JE, IM) knows no
numbers at all. So no reader can meet the number of a real person.
"""

from collections.abc import Iterator
from typing import Final

# Drama ranges of a thousand numbers each that also pass `phonenumbers`. London to Cardiff are
# handed out singly; the last four serve the number ranges of hosted voice.
_LANDLINES: Final = (
    "02079460",
    "01214960",
    "01134960",
    "01144960",
    "01164960",
    "01174960",
    "01184960",
    "01314960",
    "01414960",
    "01514960",
    "03069990",
)
_FOR_RANGES: Final = ("01614960", "01914980", "02896496", "02920180")
_FREEPHONE: Final = "08081570"
_PREMIUM: Final = "09098790"
_THOUSAND: Final = 1000
_STRIDE: Final = 617  # coprime with a thousand: neighbours do not get neighbouring numbers

# Beyond the drama ranges. 01632 is an area code without an area: a million numbers, none in use.
_EMPTY_AREA: Final = "01632"
_EMPTY_AREA_HALF: Final = 500_000  # single numbers below, number ranges above
# 07700 900 is drama; the rest of 07700 9 and of 07700 2, 4, 5, 6 is given to no operator.
_EMPTY_MOBILE: Final = ("077009", "077002", "077004", "077005", "077006")
_EMPTY_MOBILE_SIZE: Final = 100_000
# Beyond those, for millions of lines: blocks of the plan that it has left free altogether.
_FREE_LANDLINES: Final = "027"
_FREE_BLOCKS: Final = "026"
_FREE_MOBILES: Final = "0761"
_DIGITS: Final = 11


def _landlines() -> Iterator[str]:
    for index in range(_THOUSAND):
        for prefix in _LANDLINES:
            yield f"{prefix}{index * _STRIDE % _THOUSAND:03d}"
    for index in range(_EMPTY_AREA_HALF):
        yield f"{_EMPTY_AREA}{index:06d}"
    yield from _all_of(_FREE_LANDLINES)


def _mobiles() -> Iterator[str]:
    for index in range(_THOUSAND):
        yield f"07700900{index * _STRIDE % _THOUSAND:03d}"
    for prefix in _EMPTY_MOBILE:
        first = _THOUSAND if prefix == _EMPTY_MOBILE[0] else 0  # 07700 900xxx is used already
        for index in range(first, _EMPTY_MOBILE_SIZE):
            yield f"{prefix}{index:05d}"
    yield from _all_of(_FREE_MOBILES)


def _all_of(prefix: str) -> Iterator[str]:
    width = _DIGITS - len(prefix)
    for index in range(10**width):
        yield f"{prefix}{index:0{width}d}"


class NumberBook:
    """Hands out each number and reference once.

    Mobiles suffice for ten millions, which is a reseller of far more lines than any has; asking for
    more raises StopIteration.
    """

    def __init__(self) -> None:
        """Start with every number unused."""
        self._landlines = _landlines()
        self._mobiles = _mobiles()
        self._specials = iter(
            [
                f"{prefix}{index * _STRIDE % _THOUSAND:03d}"
                for index in range(_THOUSAND)
                for prefix in (_FREEPHONE, _PREMIUM)
            ]
        )
        self._range_prefix = 0
        self._range_next = 0
        self._references = 0

    def landline(self) -> str:
        """A geographic or UK-wide number in national form, 11 digits."""
        return next(self._landlines)

    def mobile(self) -> str:
        """A mobile number; `phonenumbers` doubts all of them, as it does drama mobiles."""
        return next(self._mobiles)

    def special(self) -> str:
        """A freephone or premium number; a landline when those are used up."""
        return next(self._specials, None) or next(self._landlines)

    def block(self, size: int) -> tuple[str, str]:
        """First and last of `size` consecutive numbers (at most 1,000)."""
        if self._range_prefix < len(_FOR_RANGES):
            if self._range_next + size > _THOUSAND:
                self._range_prefix += 1
                self._range_next = 0
                return self.block(size)
            prefix, width, first = _FOR_RANGES[self._range_prefix], 3, self._range_next
        elif _EMPTY_AREA_HALF + self._range_next + size <= 2 * _EMPTY_AREA_HALF:
            prefix, width, first = _EMPTY_AREA, 6, _EMPTY_AREA_HALF + self._range_next
        else:
            prefix, width, first = _FREE_BLOCKS, 8, self._range_next
        self._range_next += size
        return f"{prefix}{first:0{width}d}", f"{prefix}{first + size - 1:0{width}d}"

    def circuit(self, prefix: str) -> str:
        """A circuit reference such as BBEU00012345."""
        self._references += 1
        return f"{prefix}{self._references + 10_000:08d}"


def as_typed(national: str, habit: float) -> str:
    """The number as one of several people would type it; `habit` in [0, 1) picks the person.

    All forms mean the same number and clean back to `national`.
    """
    forms = (  # share of people up to, form
        (0.86, "{area}{rest}"),
        (0.91, "{area} {rest}"),
        (0.94, "+44{short}{rest}"),
        (0.96, "+44 (0){short} {rest}"),
        (0.98, "({area})\u00a0{rest}"),
        (0.99, "0044{short}{rest}"),
        (1.00, "{area}-{rest}"),
    )
    if habit < forms[0][0]:
        return national
    digits = {"2": 3, "7": 5}.get(national[1], 4)
    area, rest = national[:digits], national[digits:]
    form = next(form for up_to, form in forms if habit < up_to)
    return form.format(area=area, short=area[1:], rest=rest)
