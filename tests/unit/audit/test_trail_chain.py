"""The audit trail's chain: what was tampered with is named by its first wrong entry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from schemas.audit import AuditEntry, AuditHead, Deed
from schemas.vocabulary import Act, ActOutcome
from tasks.audit.chain import entries_of, first_fault, line_of, sealed, whole_lines

KEY = b"a key that nobody guesses"
MOMENT = datetime(2026, 3, 31, 12, 0)


def deed(number: int) -> Deed:
    return Deed(
        at=MOMENT,
        who=f"Ann | é {number}",
        role="bill_export",
        act=Act.TRANSFER,
        subject=f"batch {number}",
        outcome=ActOutcome.ALLOWED,
        reason="said\nin two lines",
        batch_seq=number,
        digest="d" * 64,
    )


def chain(count: int, key: bytes | None = KEY) -> list[AuditEntry]:
    made: list[AuditEntry] = []
    for number in range(1, count + 1):
        made.append(sealed(deed(number), made[-1] if made else None, key))
    return made


def written(entries: list[AuditEntry]) -> bytes:
    return b"".join(map(line_of, entries))


def lines(count: int = 5) -> list[bytes]:
    return [line_of(each) for each in chain(count)]


@pytest.mark.parametrize("keys", [[KEY], []], ids=["with a key", "without"])
def test_what_was_written_is_read_again_and_is_whole(keys: list[bytes]):
    made = chain(3, *(keys or [None]))

    assert made == entries_of(written(made))
    assert None is first_fault(written(made), keys)
    assert None is first_fault(b"", keys)


def forged(number: int) -> bytes:
    """An entry with another's words in it, chained rightly but for the key."""
    made = chain(5)
    before = made[number - 2]
    return line_of(replace(sealed(deed(99), before, b"not the key"), is_keyed=True))


def cut(content: list[bytes], number: int) -> list[bytes]:
    return content[: number - 1] + content[number:]


@pytest.mark.parametrize(
    ("tampering", "number"),
    [
        pytest.param(
            lambda it: [*it[:2], it[2].replace(b"batch 3", b"batch 8"), *it[3:]], 3, id="edited"
        ),
        pytest.param(lambda it: [*it[:2], b'{"a":1}\n', *it[3:]], 3, id="another thing"),
        pytest.param(lambda it: [*it[:2], b"\xff\n", *it[3:]], 3, id="no text"),
        pytest.param(lambda it: [*it[:2], it[2].replace(b",", b", "), *it[3:]], 3, id="spaced"),
        pytest.param(lambda it: cut(it, 3), 3, id="deleted"),
        pytest.param(lambda it: cut(it, 1), 1, id="the first deleted"),
        pytest.param(lambda it: [it[0], it[2], it[1], *it[3:]], 2, id="reordered"),
        pytest.param(lambda it: [*it[:3], it[1], *it[3:]], 4, id="put in again"),
        pytest.param(lambda it: [*it[:2], forged(3), *it[2:]], 3, id="a forged one put in"),
        pytest.param(lambda it: [*it, forged(6)], 6, id="a forged one added"),
        pytest.param(lambda it: [*it[:4], it[4][:-9]], 5, id="cut short"),
    ],
)
def test_the_first_wrong_entry_is_named(tampering: Callable[[list[bytes]], list[bytes]], number):
    fault = first_fault(b"".join(tampering(lines())), [KEY])

    assert fault is not None
    assert number == fault.number


def test_a_tail_that_is_gone_is_known_elsewhere():
    made = chain(5)
    head = AuditHead(5, made[-1].hash, "the manifest of batch 7")
    fault = first_fault(written(made[:3]), [KEY], [head])

    assert None is first_fault(written(made), [KEY], [head])
    assert None is first_fault(written(made[:3]), [KEY])
    assert fault is not None
    assert (4, "is missing: the manifest of batch 7 knows entries up to 5") == (
        fault.number,
        fault.words,
    )


def test_a_trail_written_anew_without_the_key_is_found_out():
    anew = chain(5, None)
    head = AuditHead(2, chain(5)[1].hash, "the warehouse")
    fault = first_fault(written(anew), [KEY], [head])

    assert fault is not None
    assert (2, "is not the one that the warehouse knows") == (fault.number, fault.words)


def test_once_sealed_with_the_key_always_sealed_with_it():
    keyed = chain(2)
    unkeyed = chain(2, None)
    after = [*keyed, sealed(deed(3), keyed[-1], None)]
    before = [*unkeyed, sealed(deed(3), unkeyed[-1], KEY)]

    fault = first_fault(written(after), [KEY])
    assert fault is not None
    assert 3 == fault.number
    assert None is first_fault(written(before), [KEY])


FORMER, OLDER = b"a key that somebody knows", b"a key that everybody knows"


def chain_of(*keys: bytes) -> bytes:
    made: list[AuditEntry] = []
    for number, key in enumerate(keys, start=1):
        made.append(sealed(deed(number), made[-1] if made else None, key))
    return written(made)


def test_a_trail_may_have_had_other_keys():
    content = chain_of(OLDER, OLDER, FORMER, KEY, KEY)

    assert None is first_fault(content, [KEY, FORMER, OLDER])
    assert None is first_fault(chain_of(FORMER), [KEY, FORMER])
    fault = first_fault(content, [KEY, OLDER])
    assert fault is not None
    assert 3 == fault.number
    assert "a key that is not given here" in fault.words


def test_a_key_that_was_followed_by_another_seals_nothing_any_more():
    fault = first_fault(chain_of(FORMER, KEY, FORMER), [KEY, FORMER])

    assert fault is not None
    assert 3 == fault.number
    assert "an older key than the one before it" in fault.words


def test_without_the_key_only_places_are_checked():
    changed = written(chain(3)).replace(b"batch 2", b"batch 9")

    assert None is first_fault(changed, [])
    assert 2 == getattr(first_fault(changed, [KEY]), "number", None)
    assert 1 == getattr(first_fault(written(chain(3)), [b"another key, long enough"]), "number", 0)


def test_every_byte_of_an_entry_counts():
    content = written(chain(2))
    quiet = [
        place
        for place in range(len(content))
        if first_fault(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :], [KEY])
        is None
    ]

    assert [] == quiet


def test_an_entry_whose_writing_was_cut_off_is_none():
    content = written(chain(2))

    assert [content] == sorted({whole_lines(content + b'{"number":3,"at'), whole_lines(content)})
    assert b"" == whole_lines(b'{"number":1')
