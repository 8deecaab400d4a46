"""The product against the oracle: the same adversarial feeds, the same answer to the last byte.

20,000 order lines in all, several profiles, and a second day after an upload result. A difference
is a bug in one of the two; the contract says in which.
"""

import csv
import io
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from flows.profile import LoadedProfile, load_profile
from flows.transfer import transfer_to_billing
from schemas.receipts import RunReceipt
from tests.oracle.accepting import Reject
from tests.oracle.chaos import draw_outcomes, make_world
from tests.oracle.contracts import FEEDS
from tests.oracle.known import ACCEPTED, REJECTED, Known, settle
from tests.oracle.outcome import Charge, Reckoning
from tests.oracle.reckon import reckon
from tests.oracle.writing import CLI_FILE, PRODUCT_FILE
from tests.running import mart, run_job
from tests.toml_text import toml_text

AS_OF = date(2026, 3, 31)
SOURCE_GONE = "source_gone"
NOT_IN_MART = {"asset_id"}
"""What the oracle says of a charge that `mart.charge` does not show."""

KEYS = {name: {c.name for c in feed.columns if c.key} for name, feed in FEEDS.items()}
UNREADABLE = {"bad_encoding", "bad_text", "missing_value", "bad_number"}

ONE_DAY = [(0, 3000), (3, 3000), (5, 3000), (6, 3000), (10, 2000)]
TWO_DAYS = [(1, 3000), (2, 3000)]


@dataclass
class Agreement:
    """A job folder, and the profile its worlds are run with."""

    folder: Path
    profile: dict[str, Any]

    @classmethod
    def on(cls, folder: Path, *, lines: int, seed: int) -> "Agreement":
        """A world of its own in `folder`."""
        profile = make_world(folder / "feeds", lines=lines, seed=seed, as_of=AS_OF)
        (folder / "r2b.toml").write_text(toml_text(profile), encoding="utf-8")
        return cls(folder, profile)

    @property
    def loaded(self) -> LoadedProfile:
        """The profile as the product understands it."""
        return load_profile(self.folder / "r2b.toml")

    def reckon(self, as_of: date, known: Known | None = None) -> Reckoning:
        """What the oracle says of the feeds that are there now."""
        return reckon(self.folder / "feeds", as_of=as_of, profile=self.profile, known=known)

    def run(self, as_of: date) -> RunReceipt:
        """What the product says of them."""
        job = run_job(self.folder, as_of)
        assert (0, None) == (job.exit_code, job.error)
        assert job.receipt is not None
        return job.receipt

    def next_day(self, *, lines: int, seed: int) -> None:
        """Tomorrow's feeds: the same world after a round of edits."""
        shutil.rmtree(self.folder / "feeds")
        make_world(self.folder / "feeds", lines=lines, seed=seed, as_of=AS_OF, edition=1)


@pytest.mark.parametrize(
    ("seed", "lines"),
    [pytest.param(s, n, id=f"world {s} of {n} lines agrees in everything") for s, n in ONE_DAY],
)
def test_one_day(tmp_path: Path, seed: int, lines: int):
    world = Agreement.on(tmp_path, lines=lines, seed=seed)

    expected = world.reckon(AS_OF)
    receipt = world.run(AS_OF)

    assert [] == differences(world, expected, receipt, as_of=AS_OF)
    assert _first_ready(expected, AS_OF) == _shown(world.folder, "first_ready_on")
    assert {} == _shown(world.folder, "in_billing_on")


@pytest.mark.parametrize(
    ("seed", "lines"),
    [pytest.param(s, n, id=f"world {s} of {n} lines agrees on both days") for s, n in TWO_DAYS],
)
def test_two_days_with_an_upload_result_between(tmp_path: Path, seed: int, lines: int):
    world = Agreement.on(tmp_path, lines=lines, seed=seed)
    first = world.reckon(AS_OF)
    assert [] == differences(world, first, world.run(AS_OF), as_of=AS_OF)

    outcomes = draw_outcomes(first, seed)
    refused_clis = _draw_refused_clis(first, seed)
    result = tmp_path / "result.csv"
    result.write_bytes(_result(world.loaded.outbox / "000001", outcomes, refused_clis))
    transfer_to_billing.fn(1, results=str(result), profile_path=str(tmp_path / "r2b.toml"))
    known = settle(Known(), first, seq=1, outcomes=outcomes, refused_clis=refused_clis)

    world.next_day(lines=lines, seed=seed)
    tomorrow = AS_OF + timedelta(days=1)
    second = world.reckon(tomorrow, known)
    receipt = world.run(tomorrow)

    assert [] == differences(world, second, receipt, as_of=tomorrow, known=known)
    ready_before = _first_ready(first, AS_OF)
    new = {
        key: day for key, day in _first_ready(second, tomorrow).items() if key not in ready_before
    }
    there = {charge.key for charge in second.charges} | {charge.key for charge in _held_by(known)}
    shown = {key: day for key, day in {**ready_before, **new}.items() if key in there}
    assert shown == _shown(world.folder, "first_ready_on")
    billed = {charge.key for charge in known.in_billing}
    assert billed == set(_shown(world.folder, "in_billing_on"))


def differences(
    world: Agreement,
    expected: Reckoning,
    receipt: RunReceipt,
    *,
    as_of: date,
    known: Known | None = None,
) -> list[str]:
    """Everything in which the run and the reckoning differ, a few of each kind."""
    folder = world.folder
    past = known or Known()
    rejects = mart(folder, "reject", where=f"run_id = '{receipt.run_id}'")
    gone = {(*key, SOURCE_GONE) for key in expected.source_gone}
    holds_count = {**expected.holds_count, **({SOURCE_GONE: len(gone)} if gone else {})}
    lights = {row["line_id"]: row["light"] for row in mart(folder, "line_status").to_dicts()}
    return [
        *_unequal("stop", expected.stop, None),
        *_unequal(
            "feeds",
            expected.feeds,
            {name: (n.read, n.accepted, n.rejected) for name, n in receipt.feeds.items()},
        ),
        *_rejects(expected, rejects.to_dicts()),
        *_charges(folder, expected, past),
        *_missing_or_extra(
            "hold",
            expected.holds | gone,
            [
                (row["line_id"], row["charge_type"], row["reason"])
                for row in mart(folder, "hold").to_dicts()
            ],
        ),
        *_unequal("holds", holds_count, {k: m.charges for k, m in receipt.holds.items()}),
        *_unequal(
            "dispositions",
            expected.dispositions,
            {name: (money.charges, money.value) for name, money in receipt.dispositions.items()},
        ),
        *_missing_or_extra(
            "light",
            expected.line_lights.items(),
            [(line, light) for line, light in lights.items() if line in expected.line_lights],
        ),
        *_files(world.loaded, expected, receipt),
    ]


def _rejects(expected: Reckoning, rows: list[dict[str, Any]]) -> list[str]:
    """Every column of every reject, but for three things the contract leaves open.

    What is kept of a ragged record, how a key reads that could not be read in all its parts, and
    white space around a raw value.
    """
    keyless = {
        reject[:2]
        for reject in expected.rejects
        if reject.column in KEYS[reject.feed] and reject.reason in UNREADABLE
    }
    return _missing_or_extra(
        "reject",
        [
            reject._replace(
                record_key="" if reject[:2] in keyless else reject.record_key,
                raw_value=reject.raw_value.strip(),
            )
            for reject in expected.rejects
        ],
        [
            Reject(
                feed=row["feed"],
                row_number=row["row_number"],
                record_key=""
                if (row["feed"], row["row_number"]) in keyless
                else row["record_key"] or "",
                column=row["column_name"] or "",
                reason=row["reason"],
                raw_value="" if row["reason"] == "ragged_row" else (row["raw_value"] or "").strip(),
            )
            for row in rows
        ],
    )


def _charges(folder: Path, expected: Reckoning, past: Known) -> list[str]:
    """Every column of every charge; one in a new batch shows as exported (ruling 22)."""
    shown = {(row["line_id"], row["charge_type"]): row for row in mart(folder, "charge").to_dicts()}
    billed = {each.line_id for each in past.in_billing}
    billed |= {each.line_id for each in expected.charges if each.disposition == "in_billing"}
    found = []
    for charge in expected.charges:
        row = shown.pop(charge.key, None)
        if row is None:
            found.append(f"charge {charge.key} is missing")
            continue
        if charge.line_id in billed and row["product_id"] != charge.product_id:
            # of what is billed, the product its asset has become counts
            continue
        for name, value in _as_shown(charge, bool(expected.files)).items():
            if name == "batch_seq" and charge.disposition == "ready":
                continue
            if value != row[name]:
                found.append(f"charge {charge.key}: {name} {value!r}, not {row[name]!r}")
    left = {charge.key for charge in _held_by(past)}
    found += [f"charge {key} is one too many" for key in shown if key not in left]
    return found[:20]


def _as_shown(charge: Charge, is_written: bool) -> dict[str, Any]:
    facts = {f.name: getattr(charge, f.name) for f in fields(charge) if f.name not in NOT_IN_MART}
    if charge.disposition == "ready" and is_written:
        facts["disposition"] = "exported"
    return facts


def _held_by(known: Known) -> list[Any]:
    return [*known.in_billing, *known.exported]


def _files(profile: LoadedProfile, expected: Reckoning, receipt: RunReceipt) -> list[str]:
    """What a batch adds; of what it changes, other oracles speak (entities, in-life changes)."""
    if receipt.batch is None:
        return _unequal("files", sorted(expected.files), [])
    found = []
    written = {
        name: path.read_bytes() if (path := receipt.batch.path / name).exists() else b""
        for name in (CLI_FILE, PRODUCT_FILE)
    }
    changed = {
        _place(row)
        for content in written.values()
        for row in _parsed(content)
        if row["Action"] != "ADD"
    }
    for name, got in written.items():
        content = expected.files.get(name, b"")
        if changed:
            # where something changes, the CLIs are another oracle's
            mine, theirs = (
                [
                    repr(row)
                    for row in _parsed(each)
                    if row["Action"] == "ADD"
                    and (name == PRODUCT_FILE or _place(row) not in changed)
                ]
                for each in (content, got)
            )
            extra = set(theirs) - set(mine) if name == CLI_FILE else set()
            # a changed charge may need a CLI of its own
            found += _missing_or_extra(name, mine, [row for row in theirs if row not in extra])
        elif content != got:
            found += _missing_or_extra(
                name, content.decode().split("\r\n"), got.decode().split("\r\n")
            ) or [f"{name}: the same rows in another order"]
    return found


def _parsed(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _place(row: Mapping[str, str]) -> tuple[str, str]:
    return row["Site Ref"], row["CLI"]


def _unequal(what: str, expected: Any, actual: Any) -> list[str]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return [
            f"{what} {key}: {expected.get(key)!r}, not {actual.get(key)!r}"
            for key in {**expected, **actual}
            if expected.get(key) != actual.get(key)
        ]
    return [] if expected == actual else [f"{what}: {expected!r}, not {actual!r}"]


def _missing_or_extra(what: str, expected: Iterable[Any], actual: Iterable[Any]) -> list[str]:
    """What only one side has; a row too often counts as well."""
    left, right = sorted(expected), sorted(actual)
    missing, extra = sorted(set(left) - set(right)), sorted(set(right) - set(left))
    doubled = [] if len(left) == len(right) or missing or extra else [f"{what}: rows doubled"]
    return [
        *(f"{what} {each!r} is missing" for each in missing[:8]),
        *(f"{what} {each!r} is one too many" for each in extra[:8]),
        *doubled,
    ]


def _first_ready(expected: Reckoning, day: date) -> dict[tuple[str, str], date]:
    return {charge.key: day for charge in expected.charges if charge.disposition == "ready"}


def _shown(folder: Path, column: str) -> dict[tuple[str, str], Any]:
    return {
        (row["line_id"], row["charge_type"]): row[column]
        for row in mart(folder, "charge", where=f"{column} IS NOT NULL").to_dicts()
    }


def _draw_refused_clis(expected: Reckoning, seed: int) -> frozenset[tuple[str, str]]:
    rng = Random(f"refused-{seed}")
    return frozenset(place for place in sorted(expected.cli_adds) if rng.random() < 0.1)


def _result(
    batch: Path, outcomes: Mapping[tuple[str, str], str], refused: frozenset[tuple[str, str]]
) -> bytes:
    """Affinity's answer: every CLI row has an outcome, product rows those of `outcomes`."""
    answer = [("row_key", "outcome", "code", "message")]
    for row in _rows(batch / "06_clis.csv"):
        outcome = REJECTED if (row["Site Ref"], row["CLI"]) in refused else ACCEPTED
        answer.append((row["Row Key"], outcome, "", ""))
    for row in _rows(batch / "08_products.csv"):
        outcome = outcomes.get((row["Layer Line ID"], row["Charge Type"].lower()), "")
        if outcome:
            answer.append((row["Row Key"], outcome, "E1" if outcome == REJECTED else "", "no"))
    text = io.StringIO()
    csv.writer(text).writerows(answer)
    return text.getvalue().encode()


def _rows(path: Path) -> list[dict[str, str]]:
    return _parsed(path.read_bytes())
