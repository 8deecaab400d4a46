"""A console that data cannot steer: control characters of what is shown are shown, not obeyed."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from schemas.storable import HALVES

_NEWLINE = 0x0A
_PICTURES = 0x2400
_DELETE, _PICTURE_OF_DELETE = 0x7F, 0x2421
_C1 = range(0x80, 0xA0)
_BIDIRECTIONAL = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNKNOWN = 0xFFFD

_SHOWN = {
    **{code: _PICTURES + code for code in range(0x20) if code != _NEWLINE},
    _DELETE: _PICTURE_OF_DELETE,
    **dict.fromkeys((*_C1, *_BIDIRECTIONAL), _UNKNOWN),
    **HALVES,
}
"""What stands for a character that a terminal would obey, that turns the order of a line, or that
cannot be written.
"""


def visible(text: str) -> str:
    """`text` as a terminal may have it: of the same length, and steering nothing."""
    return text.translate(_SHOWN)


class CarefulConsole(Console):
    """Rich's console; its own styles work, those in data do not."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As Rich does it, with every text made harmless."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: said as an error, for the command to end quietly."""
        raise BrokenPipeError
