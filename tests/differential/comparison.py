"""What differs between two answers, and how much was compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.reseller import feeds as reseller
from tests.differential.answers import ASKED, Answer

PROFILE = Path(reseller.__file__).with_name("r2b.toml")
_SHOWN = 8  # of each kind of difference


@dataclass
class Compared:
    """How many of each kind were compared, and what differed."""

    charges: Counter[str] = field(default_factory=Counter)
    """By disposition."""
    holds: Counter[str] = field(default_factory=Counter)
    """By reason."""
    rejected: Counter[str] = field(default_factory=Counter)
    """By feed."""
    rows: Counter[str] = field(default_factory=Counter)
    """By file."""
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Compared") -> None:
        """Count another world in."""
        for name in ("charges", "holds", "rejected", "rows"):
            getattr(self, name).update(getattr(other, name))
        self.differences += other.differences

    def said(self) -> str:
        """All counts in a few lines."""
        return "\n".join(
            [
                f"{self.charges.total():,} charges compared: {_listed(self.charges)}",
                f"{self.holds.total():,} holds of {len(self.holds)} reasons: {_listed(self.holds)}",
                f"{self.rejected.total():,} records rejected: {_listed(+self.rejected)}",
                f"{self.rows.total():,} rows written: {_listed(self.rows)}",
                f"{len(self.differences)} differences",
            ]
        )


def compare(folder: Path, *, lines: int, seed: int, as_of: date) -> Compared:
    """Make a reseller's feeds in `folder` and ask all three."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "r2b.toml").write_bytes(PROFILE.read_bytes())
    reseller.make_feeds(folder / "feeds", lines=lines, seed=seed, as_of=as_of)
    product, *others = (ask(folder, as_of) for ask in ASKED.values())
    compared = counted(product)
    for name, other in zip(list(ASKED)[1:], others, strict=True):
        compared.differences += [
            f"seed {seed}, {name}: {each}" for each in differences(product, other)
        ]
    return compared


def counted(answer: Answer) -> Compared:
    """What an answer holds, by kind."""
    return Compared(
        charges=Counter(facts.disposition for facts in answer.charges.values()),
        holds=Counter(reason for _, _, reason in answer.holds),
        rejected=Counter({name: rejected for name, (_, rejected) in answer.feeds.items()}),
        rows=Counter({name: len(_rows(content)) - 1 for name, content in answer.files.items()}),
    )


def differences(product: Answer, other: Answer) -> list[str]:
    """Everything in which `other` is not the product's answer, a few of each kind."""
    return [
        *_unequal("feed", product.feeds, other.feeds),
        *_unequal("charge", product.charges, other.charges),
        *_lacking("hold", product.holds, other.holds),
        *(
            difference
            for name in sorted({*product.files, *other.files})
            for difference in _files(name, product.files[name], other.files[name])
        ),
    ]


def _unequal(what: str, product: Mapping[Any, Any], other: Mapping[Any, Any]) -> Iterator[str]:
    keys = [key for key in {**product, **other} if product.get(key, _NONE) != other.get(key, _NONE)]
    for key in sorted(keys)[:_SHOWN]:
        yield f"{what} {key}: {other.get(key, _NONE)}, the product {product.get(key, _NONE)}"


_NONE = "nothing"


def _lacking(what: str, product: Iterable[Any], other: Iterable[Any]) -> Iterator[str]:
    mine, yours = set(product), set(other)
    for each in sorted(mine - yours)[:_SHOWN]:
        yield f"{what} {each}: only the product"
    for each in sorted(yours - mine)[:_SHOWN]:
        yield f"{what} {each}: not the product"


def _files(name: str, product: bytes, other: bytes) -> list[str]:
    """Bytes first; where they differ, the rows that do."""
    if product == other:
        return []
    return [*_lacking(name, _rows(product), _rows(other))] or [f"{name}: another order, or doubled"]


def _rows(content: bytes) -> list[bytes]:
    return content.splitlines()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
