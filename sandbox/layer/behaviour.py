"""How the stand-in misbehaves, when told to: rules by feed, page and number of the request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.layer.export import Literal, Page, Pairs, cursor_of

ON_THE_WIRE: Final = frozenset(
    {
        *("slow", "drip", "drip_headers", "hang", "reset", "no_answer"),
        *("status", "redirect", "html", "html_as_json", "short", "cut", "torn_json"),
        *("gzip", "torn_gzip", "latin_1", "says_latin_1", "utf_16", "huge"),
    }
)
"""What happens to a request, or to an answer that is otherwise right."""


@dataclass
class Rule:
    """Do `do` to requests for `feed` (none = any) and `page` (none = any).

    The first `skip` of them are left alone, after `times` (none = always) it is over. `number` is
    seconds, a status, or how many; `text` a header's value.
    """

    do: str
    feed: str | None = None
    page: int | None = None
    skip: int = 0
    times: int | None = None
    number: float = 0
    text: str = ""
    seen: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        """Refuse what nobody knows."""
        if self.do not in ON_THE_WIRE and self.do not in CHANGES:
            raise ValueError(f"the stand-in cannot do {self.do!r}")

    def meets(self, feed: str, page: int) -> bool:
        """Whether this request is one of the rule's; counts it if it could be."""
        if self.feed not in {None, feed} or self.page not in {None, page}:
            return False
        self.seen += 1
        last = None if self.times is None else self.skip + self.times
        return self.seen > self.skip and (last is None or self.seen <= last)


def rules_from(said: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Rules from JSON; a word nobody knows is an error."""
    return [Rule(**each) for each in said]


def changed(page: Page, rule: Rule) -> None:
    """Change a page as a rule says, if it is a rule about content."""
    if rule.do in CHANGES:
        CHANGES[rule.do](page, rule)


def _wrong_total(page: Page, rule: Rule) -> None:
    page.total += int(rule.number)


def _total_as_text(page: Page, _: Rule) -> None:
    page.total = "many"


def _double(page: Page, _: Rule) -> None:
    page.items[-1] = dict(page.items[0])


def _drop(page: Page, _: Rule) -> None:
    del page.items[0]


def _empty(page: Page, _: Rule) -> None:
    page.items = []


def _other_version(page: Page, _: Rule) -> None:
    page.version = "another"


def _no_version(page: Page, _: Rule) -> None:
    page.version = None


def _reorder(page: Page, _: Rule) -> None:
    page.items.reverse()


def _same_cursor(page: Page, _: Rule) -> None:
    page.next = cursor_of(2)


def _spoil(page: Page, column_value: Any) -> None:
    """Put a value into the first record's last column."""
    column = list(page.items[0])[-1]
    page.items[0][column] = column_value


def _doubled_key(page: Page, _: Rule) -> None:
    pairs = list(page.items[0].items())
    page.items[0] = Pairs([*pairs, pairs[0]])


def _texts(page: Page, _: Rule) -> None:
    page.items = ["no record" for _ in page.items]


def _no_list(page: Page, _: Rule) -> None:
    page.extra["items"] = {"0": "no list"}


def _many_keys(page: Page, rule: Rule) -> None:
    page.items[0] |= {f"key {number}": "x" for number in range(int(rule.number))}


CHANGES: Final[Mapping[str, Callable[[Page, Rule], None]]] = {
    "wrong_total": _wrong_total,
    "total_as_text": _total_as_text,
    "double": _double,
    "drop": _drop,
    "empty": _empty,
    "other_version": _other_version,
    "no_version": _no_version,
    "reorder": _reorder,
    "same_cursor": _same_cursor,
    "nested_value": lambda page, _: _spoil(page, {"value": "x"}),
    "nan": lambda page, _: _spoil(page, Literal("NaN")),
    "infinity": lambda page, _: _spoil(page, Literal("-Infinity")),
    "half_a_pair": lambda page, _: _spoil(page, Literal('"\\ud83d"')),
    "doubled_key": _doubled_key,
    "texts": _texts,
    "no_list": _no_list,
    "many_keys": _many_keys,
}
"""What a page may say that it should not."""
