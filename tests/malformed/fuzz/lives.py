"""What is damaged when: a life is a few days of one office, drawn from a seed."""

from dataclasses import dataclass, replace
from random import Random

from tests.malformed.fuzz.damage import MILD, ROUGH
from tests.malformed.fuzz.valid import files

FORMS = ("csv", "csv", "csv", "csv", "parquet", "parquet", "delta", "pages", "pages")
"""How often the feeds have which form."""

DAMAGED_DAYS = 3
MANIFEST = "feeds/manifest.json"
JOURNALS = ("manifest.json", "transfer.json", "delivery.json", "results_1.csv", "08_products.csv")


@dataclass(frozen=True)
class Damage:
    """One file and what happens to it."""

    file: str
    kind: str
    seed: int

    def __str__(self) -> str:
        return f"{self.file}: {self.kind} ({self.seed})"

    @property
    def suffix(self) -> str:
        """Which form the file has."""
        return self.file.rpartition(".")[2]


@dataclass(frozen=True)
class Step:
    """One act on one day, on files damaged just before it; `is_aside`: it is taken back after."""

    act: str
    day: int
    damages: tuple[Damage, ...] = ()
    is_aside: bool = False


@dataclass(frozen=True)
class Life:
    """Acts one after the other in one office; the last ones find everything undamaged."""

    seed: int
    form: str
    steps: tuple[Step, ...]

    @property
    def damages(self) -> list[Damage]:
        """All of them."""
        return [damage for step in self.steps for damage in step.damages]

    def without(self, damage: Damage) -> "Life":
        """The same with one file left as it was."""
        steps = (
            replace(step, damages=tuple(each for each in step.damages if each is not damage))
            for step in self.steps
        )
        return replace(self, steps=tuple(steps))


def drawn(seed: int) -> Life:
    """The life of a seed."""
    dice = Random(f"life {seed}")
    if dice.random() < 0.2:
        return _of_books(seed, dice)
    form = dice.choice(FORMS)
    days = (Step("run", n, _of_feeds(form, n, dice)) for n in range(DAMAGED_DAYS))
    return Life(seed, form, (*days, *_undamaged(DAMAGED_DAYS)))


def _undamaged(number: int) -> tuple[Step, ...]:
    return Step("run", number), Step("verify", number)


def _of_feeds(form: str, number: int, dice: Random) -> tuple[Damage, ...]:
    """Damages to most files of the day; at most one in three days is one of them past reading."""
    names = sorted(files(form, number))
    if form == "pages":
        names = dice.sample(names, dice.randint(4, 20))
    elif form == "parquet":
        names = dice.sample(names, dice.randint(6, 16))
    else:
        names = dice.sample(names, dice.randint(10, len(names)))
    damages = [_damage(name, dice, is_mild=True) for name in names]
    if dice.random() < 0.3:
        place = dice.randrange(len(damages))
        damages[place] = _damage(names[place], dice)
    if has_manifest(form, number) and dice.random() < 0.4:
        damages.append(_damage(MANIFEST, dice))
    return tuple(damages)


def has_manifest(form: str, number: int) -> bool:
    """Whether a manifest vouches for the files of that day."""
    return form in ("csv", "delta") and number == 1


def _damage(name: str, dice: Random, *, is_mild: bool = False) -> Damage:
    kinds = (MILD if is_mild else ROUGH)[name.rpartition(".")[2]]
    return Damage(name, dice.choice(sorted(kinds)), dice.randrange(1 << 30))


def _of_books(seed: int, dice: Random) -> Life:
    """Profiles, result files, journals and the trail, each act on files of their own."""
    first = (Step("run", 0), *_undamaged(0)[1:])
    profiles = (_aside("profile check", 0, ["r2b.toml"], dice) for _ in range(8))
    asked = (_aside("run", 1, ["r2b.toml"], dice) for _ in range(2))
    results = (_aside("transfer", 0, ["results.csv"], dice) for _ in range(8))
    journals = (
        _aside(
            dice.choice(("verify", "run", "transfer again", "status", "audit --verify")),
            1,
            [f"outbox/**/{name}" for name in dice.sample(JOURNALS, dice.randint(1, 3))]
            + dice.choice(([], ["outbox/**/*.jsonl"])),
            dice,
        )
        for _ in range(6)
    )
    return Life(
        seed,
        "books",
        (
            *first,
            *profiles,
            *asked,
            *results,
            Step("transfer", 0),
            *journals,
            *_undamaged(1),
        ),
    )


def _aside(act: str, number: int, names: list[str], dice: Random) -> Step:
    return Step(act, number, tuple(_damage(name, dice) for name in names), is_aside=True)
