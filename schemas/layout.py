"""What an outgoing file can hold: what does not fit is held, never altered. Pure polars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.tables import MONEY


@dataclass(frozen=True)
class Layout:
    """What an outgoing file can carry; a row beyond it is held, never altered.

    `columns`: the default headers of what it writes; none = all of the contract's.
    """

    encoding: str = "utf-8"
    decimals: int = 4
    max_lengths: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    def writes(self, header: str) -> bool:
        """Whether the file has the column: what is not written need not fit."""
        return not self.columns or header in self.columns


_SINGLE_BYTE = {
    "ascii": r"^[\x00-\x7f]*$",
    "latin-1": r"^[\x00-\u{ff}]*$",
    "cp1252": (
        r"^[\x00-\x7f\u{a0}-\u{ff}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$"  # noqa: RUF001
    ),
}
"""What each single-byte encoding of the layout can hold; UTF-8 holds everything."""


def is_narrow(layout: Layout) -> bool:
    """Whether there is any text the file could not hold."""
    return layout.encoding in _SINGLE_BYTE or bool(layout.max_lengths)


def texts_unfit(texts: Iterable[tuple[str, str]], layout: Layout) -> pl.Expr:
    """True where a text has letters the file cannot hold, or too many.

    `texts`: (default header, frozen column) of what the file says in words.
    """
    signs = [pl.lit(value=False)]
    pattern = _SINGLE_BYTE.get(layout.encoding)
    for header, column in texts:
        if not layout.writes(header):
            continue
        if pattern is not None:
            signs.append(~pl.col(column).str.contains(pattern))
        limit = layout.max_lengths.get(header)
        if limit is not None:
            signs.append(pl.col(column).str.len_chars() > limit)
    return pl.any_horizontal(*(sign.fill_null(value=False) for sign in signs))


def price_unfit(header: str, price: str, layout: Layout) -> pl.Expr:
    """True where `price`, written as `header`, has more decimals than the file; null without one.

    `header`: the default one; `price`: the frozen column.
    """
    if not layout.writes(header):
        return pl.lit(value=False)
    beyond = "0" * max(0, MONEY.scale - layout.decimals)
    return ~pl.col(price).cast(pl.String).str.ends_with(beyond)
