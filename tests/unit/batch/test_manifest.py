"""What a batch says of itself. Contract section 4."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.receipts import BatchFile, JudgementReceipt, Money
from tasks.batch.manifest import manifest, totals_of

FILES = [
    BatchFile(name="06_clis.csv", rows=1, bytes=10, sha256="a"),
    BatchFile(
        name="08_products.csv",
        rows=2,
        bytes=20,
        sha256="b",
        quantity=3,
        value={"recurring": Decimal("16.5")},
    ),
]


def test_all_that_a_manifest_holds():
    totals = totals_of(
        JudgementReceipt(
            dispositions={"ready": Money(2, Decimal("16.5")), "held": Money()},
            holds={"sku_missing": Money(1, Decimal(10) ** 30)},
        )
    )

    assert {
        "tenant": "Größe",
        "seq": 2,
        "previous_seq": 1,
        "previous_manifest_sha256": "p",
        "as_of": "2026-03-31",
        "created_at": "2026-03-31T12:00:00Z",
        "profile_sha256": "c",
        "files": [
            {
                "name": "06_clis.csv",
                "rows": 1,
                "bytes": 10,
                "sha256": "a",
                "quantity": 0,
                "value": {"upfront": "0.0000", "recurring": "0.0000"},
            },
            {
                "name": "08_products.csv",
                "rows": 2,
                "bytes": 20,
                "sha256": "b",
                "quantity": 3,
                "value": {"upfront": "0.0000", "recurring": "16.5000"},
            },
        ],
        "dispositions": {
            "ready": {"charges": 2, "value": "16.5000"},
            "held": {"charges": 0, "value": "0.0000"},
        },
        "holds": {"sku_missing": {"charges": 1, "value": f"1{'0' * 30}.0000"}},
    } == manifest(
        tenant="Größe",
        seq=2,
        previous_sha256="p",
        as_of="2026-03-31",
        created_at="2026-03-31T12:00:00Z",
        profile_sha256="c",
        files=FILES,
        totals=totals,
    )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param({}, {}, id="an ordinary batch says nothing"),
        pytest.param({"is_canary": True}, {"canary": True}, id="a canary"),
        pytest.param({"undoes": 3}, {"undoes": 3}, id="an undo"),
    ],
)
def test_only_a_canary_or_an_undo_says_that_it_is_one(what: dict[str, Any], said: dict[str, Any]):
    made = manifest(
        tenant="t",
        seq=4,
        previous_sha256=None,
        as_of="",
        created_at="",
        profile_sha256="",
        files=[],
        totals={},
        **what,
    )

    assert said == {name: made[name] for name in ("canary", "undoes") if name in made}


@pytest.mark.parametrize(("seq", "previous"), [(1, None), (2, 1), (10, 9)])
def test_the_first_batch_has_no_predecessor(seq: int, previous: int | None):
    made = manifest(
        tenant="t",
        seq=seq,
        previous_sha256=None,
        as_of="",
        created_at="",
        profile_sha256="",
        files=[],
        totals={},
    )

    assert previous == made["previous_seq"]
