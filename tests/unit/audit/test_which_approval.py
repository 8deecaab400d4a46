"""Which approval lets an act begin: another person's, for this as it stands, unused, not over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.audit import AuditEntry, Deed
from schemas.vocabulary import Act, ActOutcome
from tasks.audit.approvals import approval_for
from tasks.audit.chain import sealed

KEY = b"a key that nobody guesses"
NOW = datetime(2026, 3, 31, 12, 0)
DAY = timedelta(hours=24)

TRANSFER = Deed(
    at=NOW,
    who="Ann",
    role="bill_export",
    act=Act.TRANSFER,
    subject="batch 1",
    outcome=ActOutcome.ALLOWED,
    batch_seq=1,
    digest="d1",
)
APPROVAL = replace(
    TRANSFER,
    at=NOW - timedelta(hours=1),
    who="Bea",
    role="approve",
    act=Act.APPROVE,
    approves=Act.TRANSFER,
    expires_at=NOW + DAY,
)


def trail(*deeds: Deed, key: bytes | None = None) -> list[AuditEntry]:
    made: list[AuditEntry] = []
    for each in deeds:
        made.append(sealed(each, made[-1] if made else None, key))
    return made


BEGUN = replace(TRANSFER, approval=1)
FAILED = replace(BEGUN, outcome=ActOutcome.FAILED)


@pytest.mark.parametrize(
    ("deeds", "entry", "why"),
    [
        pytest.param([], None, "nobody has approved it yet", id="none"),
        pytest.param([APPROVAL], 1, "", id="another person's"),
        pytest.param([replace(APPROVAL, who="ann")], None, "same person", id="one's own"),
        pytest.param([replace(APPROVAL, who="Cy")], None, "does not hold", id="no role any more"),
        pytest.param([replace(APPROVAL, digest="d2")], None, "another content", id="other digest"),
        pytest.param([replace(APPROVAL, digest=None)], None, "another content", id="no digest"),
        pytest.param([replace(APPROVAL, subject="batch 2")], None, "nobody", id="other batch"),
        pytest.param([replace(APPROVAL, approves=Act.ABANDON)], None, "nobody", id="other act"),
        pytest.param([replace(APPROVAL, act=Act.DELIVER)], None, "nobody", id="no approval"),
        pytest.param(
            [replace(APPROVAL, outcome=ActOutcome.REFUSED)], None, "nobody", id="was refused"
        ),
        pytest.param([replace(APPROVAL, expires_at=NOW)], None, "expired", id="over this second"),
        pytest.param(
            [replace(APPROVAL, expires_at=NOW + timedelta(seconds=1))], 1, "", id="nearly over"
        ),
        pytest.param([replace(APPROVAL, expires_at=None)], None, "expired", id="without an end"),
        pytest.param([APPROVAL, BEGUN], None, "used already", id="used"),
        pytest.param([APPROVAL, BEGUN, FAILED], 1, "", id="used by what failed"),
        pytest.param([APPROVAL, BEGUN, FAILED, BEGUN], None, "used", id="and then used"),
        pytest.param([APPROVAL, BEGUN, APPROVAL], 3, "", id="given again"),
    ],
)
def test_which_approval_counts(deeds: list[Deed], entry: int | None, why: str):
    found = approval_for(
        TRANSFER, trail(*deeds), approvers=frozenset({"Ann", "ann", "Bea"}), keyed_only=False
    )

    assert entry == found.entry
    assert why in found.why


def test_where_there_is_a_key_an_approval_sealed_without_it_is_none():
    asked = {"approvers": None, "keyed_only": True}

    assert None is approval_for(TRANSFER, trail(APPROVAL), **asked).entry
    assert 1 == approval_for(TRANSFER, trail(APPROVAL, key=KEY), **asked).entry
