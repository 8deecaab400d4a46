"""One check of the books and what it found. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BookCheck:
    """One line of the verification.

    `looked_at` in words, `count` of what; `wrong`: everything that is, where it is; `advice`: what
    to do about it; `unchecked`: why it could not be looked at, blank when it was; `exit_code`: what
    the command ends with because of it, 0 where nothing is wrong.
    """

    name: str
    looked_at: str
    count: int
    wrong: tuple[str, ...] = ()
    advice: str = ""
    unchecked: str = ""
    exit_code: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether it was looked at and nothing is wrong."""
        return not self.wrong and not self.unchecked


def found(
    name: str,
    looked_at: str,
    count: int,
    wrong: Sequence[str],
    *,
    advice: str,
    exit_code: int,
) -> BookCheck:
    """A check that was made; advice and exit code count only where something is wrong."""
    if not wrong:
        return BookCheck(name, looked_at, count)
    return BookCheck(name, looked_at, count, tuple(wrong), advice, exit_code=exit_code)
