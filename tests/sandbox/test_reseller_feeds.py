"""The sample feeds: same bytes for the same wish, whole, believable, and wrong in every way."""

import csv
import hashlib
import json
import re
import tomllib
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

import phonenumbers
import pytest
from typer.testing import CliRunner

from sandbox.reseller import make_feeds
from sandbox.reseller.__main__ import app
from sandbox.reseller.telephone_numbers import NumberBook, as_typed
from tests.sandbox.conftest import AS_OF, SMALLEST_WHOLE_WORLD
from tests.sandbox.plain_judge import COLUMNS, Feeds, Judge, Judgement, clean_cli, read_feeds

REJECT_REASONS = {
    "missing_value",
    "duplicate_key",
    "bad_date",
    "bad_number",
    "bad_boolean",
    "unknown_value",
    "unknown_reference",
    "negative_price",
    "bad_quantity",
    "bad_range",
    "ragged_row",
    "bad_encoding",
    "bad_text",
}
DISPOSITIONS = {  # all but `exported`, which only a ledger can bring about
    "in_billing",
    "cancelled",
    "amendment",
    "not_applicable",
    "held",
    "billed_in_layer",
    "other_platform",
    "do_not_bill",
    "waiting",
    "ready",
}
WAITING_REASONS = {
    "asset_missing",
    "asset_ambiguous",
    "not_converted",
    "no_connected_date",
    "no_issue_date",
    "date_not_reached",
}
HOLDS = {  # all that feeds alone can bring about under the default profile
    "unknown_route",
    "recurring_on_product",
    "sku_missing",
    "sku_unknown",
    "sku_inactive",
    "sku_pending",
    "customer_unlinked",
    "customer_not_live",
    "site_missing",
    "site_unlinked",
    "site_link_conflict",
    "site_mismatch",
    "asset_mismatch",
    "asset_not_live",
    "target_asset_missing",
    "cli_missing",
    "cli_malformed",
    "cli_damaged",
    "cli_conflict",
    "bill_start_missing",
    "bill_start_after_cease",
    "bill_start_implausible",
    "frequency_missing",
    "suspected_duplicate",
}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


# Shape


def test_the_same_wish_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_feeds(tmp_path / name, lines=300, seed=7, as_of=AS_OF)

    assert digests(tmp_path / "one") == digests(tmp_path / "two")


@pytest.mark.parametrize(
    ("seed", "as_of"),
    [
        pytest.param(8, AS_OF, id="another seed"),
        pytest.param(7, date(2026, 10, 31), id="another day"),
    ],
)
def test_another_wish_gives_other_lines(tmp_path: Path, seed: int, as_of: date) -> None:
    make_feeds(tmp_path / "one", lines=50, seed=7, as_of=AS_OF)
    make_feeds(tmp_path / "two", lines=50, seed=seed, as_of=as_of)

    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert one["order_lines.csv"] != two["order_lines.csv"]


def test_the_manifest_tells_rows_and_digests_of_every_feed(
    feeds_folder: Path, feeds: Feeds
) -> None:
    manifest = json.loads((feeds_folder / "manifest.json").read_text())

    written = {path.stem for path in feeds_folder.glob("*.csv")}
    assert set(COLUMNS) == written == set(manifest)
    assert dict(feeds.read) == {feed: entry["rows"] for feed, entry in manifest.items()}
    assert {f"{feed}.csv": entry["sha256"] for feed, entry in manifest.items()} == {
        name: digest for name, digest in digests(feeds_folder).items() if name.endswith(".csv")
    }


@pytest.mark.parametrize("lines", [1, 7, 100, 1999])
def test_there_are_as_many_lines_as_asked_for(tmp_path: Path, lines: int) -> None:
    made = make_feeds(tmp_path, lines=lines, seed=3, as_of=AS_OF)

    assert lines == made.rows["order_lines"]


def test_a_world_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one line"):
        make_feeds(tmp_path, lines=0, seed=7, as_of=AS_OF)


def test_an_older_export_is_replaced_whole(tmp_path: Path) -> None:
    make_feeds(tmp_path, lines=200, seed=1, as_of=AS_OF)
    make_feeds(tmp_path, lines=40, seed=7, as_of=AS_OF)
    make_feeds(tmp_path / "fresh", lines=40, seed=7, as_of=AS_OF)

    assert (
        digests(tmp_path / "fresh").items()
        <= {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in tmp_path.glob("*.*")
        }.items()
    )


def test_feeds_of_affinity_have_a_byte_order_mark_and_crlf_and_the_layers_do_not(
    feeds_folder: Path,
) -> None:
    for path in feeds_folder.glob("*.csv"):
        raw = path.read_bytes()
        from_affinity = path.name.startswith("affinity_")

        assert from_affinity == raw.startswith(b"\xef\xbb\xbf"), path.name
        assert from_affinity == (b"\r\n" in raw), path.name


def test_headings_use_labels_of_the_layer(feeds_folder: Path) -> None:
    def heading(feed: str) -> list[str]:
        with (feeds_folder / f"{feed}.csv").open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file))

    assert {"Connected Date", "Issue Date", "MSISDN"} <= set(heading("order_lines"))
    assert {"CTN", "Live", "Connection Date", "Expiry Date"} <= set(heading("assets"))
    assert "Site Integration ID" in heading("sites")
    assert "SKU" in heading("products")
    assert heading("affinity_cease_requests") == ["OBJECTUID", "Completed On"]


# What occurs


def test_every_reject_reason_occurs(feeds: Feeds) -> None:
    by_reason: Counter[str] = Counter()
    for (_, reason), count in feeds.rejects.items():
        by_reason[reason] += count

    assert set(by_reason) == REJECT_REASONS
    assert min(by_reason.values()) >= 3


def test_rejects_stay_well_below_five_in_a_hundred(feeds: Feeds) -> None:
    rates = {feed: feeds.rejected[feed] / feeds.read[feed] for feed in feeds.read}

    assert {feed: rate for feed, rate in rates.items() if rate > 0.04} == {}


def test_every_disposition_occurs(judgement: Judgement) -> None:
    found = Counter(judgement.dispositions.values())

    assert set(found) == DISPOSITIONS
    assert min(found.values()) >= 3


def test_every_waiting_reason_occurs(judgement: Judgement) -> None:
    assert set(judgement.waiting) == WAITING_REASONS
    assert min(judgement.waiting.values()) >= 3


def test_every_hold_occurs(judgement: Judgement) -> None:
    assert set(judgement.holds) == HOLDS
    assert min(judgement.holds.values()) >= 3


def test_most_lines_are_billed_or_ready(judgement: Judgement) -> None:
    lines: dict[str, set[str]] = {}
    for (line_id, _), disposition in judgement.dispositions.items():
        lines.setdefault(line_id, set()).add(disposition)
    in_billing = sum("in_billing" in found for found in lines.values()) / len(lines)
    ready = sum("ready" in found - {"in_billing"} for found in lines.values()) / len(lines)

    assert 0.33 < in_billing < 0.50
    assert 0.15 < ready < 0.30


def test_the_default_profile_reads_the_same_feeds(feeds: Feeds, judgement: Judgement) -> None:
    default = Judge(feeds, AS_OF, {}).judge()

    assert judgement.dispositions == default.dispositions


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_leave_nothing_out(tmp_path: Path, seed: int) -> None:
    make_feeds(tmp_path, lines=SMALLEST_WHOLE_WORLD, seed=seed, as_of=AS_OF)
    feeds = read_feeds(tmp_path)
    verdict = Judge(feeds, AS_OF, {}).judge()

    assert {reason for _, reason in feeds.rejects} == REJECT_REASONS
    assert set(verdict.dispositions.values()) == DISPOSITIONS
    assert set(verdict.holds) == HOLDS
    assert set(verdict.waiting) == WAITING_REASONS


def test_the_ingredients_are_there(feeds: Feeds) -> None:
    """By plain counting of accepted rows: what stories and people need to see."""
    lines, assets = feeds.rows["order_lines"], feeds.rows["assets"]
    products = {row["product_id"]: row for row in feeds.rows["products"]}
    routes = {row["recurring_billing_route"] for row in lines} | {
        row["recurring_billing_route"] for row in feeds.rows["products"]
    }
    assert {"Aurora Affinity", "aurora affinity", "The Layer", "", "Legacy Rater"} <= routes
    assert {"New & Cease", "Update", ""} <= {row["action"] for row in lines}
    assert any(row["bill_start_override"] for row in lines)
    assert any(row["connected_on"] > AS_OF.isoformat() for row in lines)
    assert any(row["cease_on"] > AS_OF.isoformat() for row in assets)
    assert any(row["parent_asset_id"] for row in assets)
    assert any(row["object_uid"] for row in assets)
    assert any(row["parent_site_id"] for row in feeds.rows["sites"])
    assert any("," in row["recurring_price"] for row in products.values())
    assert any(row["fixed_billing"] == "yes" for row in products.values()), (
        "a product that is billed for its term only"
    )
    fixed = {key for key, row in products.items() if row["fixed_billing"] == "yes"}
    assert any(row["term_months"] for row in lines if row["product_id"] in fixed)
    licences = {key for key, row in products.items() if row["base_category"] == "Licences"}
    assert any(int(row["quantity"]) > 1 for row in lines if row["product_id"] in licences)
    assert any(not row["asset_id"] for row in lines if row["converted_on"])
    assert any(row["range_end"].startswith("0") for row in feeds.rows["asset_numbers"])
    names = "|".join(row["name"] for row in feeds.rows["customers"])
    for character in (",", '"', "'", "\n", "é"):
        assert character in names, character


def test_a_new_and_cease_ends_its_target_the_day_before(feeds: Feeds) -> None:
    assets = {row["asset_id"]: row for row in feeds.rows["assets"]}
    by_line = {row["line_id"]: row for row in feeds.rows["assets"]}
    gaps = {
        date.fromisoformat(by_line[line["line_id"]]["connection_on"])
        - date.fromisoformat(assets[line["target_asset_id"]]["cease_on"])
        for line in feeds.rows["order_lines"]
        if line["action"] == "New & Cease" and line["target_asset_id"] in assets
    }

    assert {1} == {gap.days for gap in gaps}


def test_what_is_in_billing_is_known_to_affinity_nearly_always(feeds: Feeds) -> None:
    billed = {row["object_uid"] for row in feeds.rows["affinity_site_products"]}
    owned = {row["object_uid"] for row in feeds.rows["assets"] if row["object_uid"]}

    assert len(owned & billed) > 0.97 * len(owned)
    assert billed - owned, "something that only Affinity knows"


def test_an_order_comes_before_its_lines_are_connected(feeds: Feeds) -> None:
    created = {row["order_id"]: row["created_on"][:10] for row in feeds.rows["orders"]}
    late = [
        line["line_id"]
        for line in feeds.rows["order_lines"]
        if line["connected_on"] and line["connected_on"] < created[line["order_id"]]
    ]

    assert len(late) < 0.03 * len(feeds.rows["order_lines"])


# Nobody's data


def test_no_number_belongs_to_anybody(feeds: Feeds) -> None:
    """Drama ranges, or numbers that the public plan does not have."""
    drama = re.compile(
        r"02079460\d{3}|01(21|13|14|16|17|18|31|41|51|61)4960\d{3}|01914980\d{3}|02896496\d{3}"
        r"|02920180\d{3}|03069990\d{3}|08081570\d{3}|09098790\d{3}|01632960\d{3}|07700900\d{3}"
    )
    raw = {row["cli"] for feed in ("order_lines", "assets") for row in feeds.rows[feed]}
    raw |= {row[end] for row in feeds.rows["asset_numbers"] for end in ("cli", "range_end")}
    raw |= {row["telephone"] for row in feeds.rows["customers"]}
    cleaned = {clean_cli(text, "uk_number")[0] for text in raw if text} - {None}

    real = {
        number
        for number in cleaned
        if number is not None
        and not drama.fullmatch(number)
        and phonenumbers.is_valid_number(phonenumbers.parse(number, "GB"))
    }
    assert real == set()


def test_numbers_are_handed_out_once() -> None:
    book = NumberBook()
    singles = [book.landline() for _ in range(30_000)] + [book.mobile() for _ in range(30_000)]
    blocks = [book.block(100) for _ in range(100)]
    within = [n for first, last in blocks for n in range(int(first), int(last) + 1)]

    assert len(set(singles)) == len(singles)
    assert len(set(within)) == len(within)
    assert not {int(single) for single in singles} & set(within)


def test_a_world_of_millions_of_lines_has_numbers_enough() -> None:
    book = NumberBook()
    landlines = [book.landline() for _ in range(600_000)]
    mobiles = [book.mobile() for _ in range(600_000)]
    blocks = [book.block(1000) for _ in range(600)]

    assert len(set(landlines)) == len(landlines)
    assert len(set(mobiles)) == len(mobiles)
    assert len(set(blocks)) == len(blocks)
    for number in (
        *landlines[-500:],
        *mobiles[-500:],
        *(end for ends in blocks[-9:] for end in ends),
    ):
        assert (number, None) == clean_cli(number, "uk_number")
        assert not phonenumbers.is_valid_number(phonenumbers.parse(number, "GB")), number


@pytest.mark.parametrize("habit", [0.0, 0.87, 0.92, 0.95, 0.97, 0.985, 0.995])
@pytest.mark.parametrize("number", ["02079460123", "01214960123", "07700900123", "03069990123"])
def test_however_a_number_is_typed_it_cleans_back(number: str, habit: float) -> None:
    assert (number, None) == clean_cli(as_typed(number, habit), "uk_number")


def test_addresses_and_mail_lead_nowhere(feeds: Feeds) -> None:
    domains = {row["email"].rpartition(".")[2] for row in feeds.rows["contacts"]}

    assert domains == {"example"}


# Profile and command


def test_the_sample_profile_is_small_and_readable() -> None:
    profile = tomllib.loads((files("sandbox.reseller") / "r2b.toml").read_text())

    assert set(profile) <= {"tenant", "feeds", "cli", "affinity", "validation"}
    assert profile["tenant"]["name"] == "Northwind Telecom"
    assert not Path(profile["feeds"]["path"]).is_absolute()
    assert set(profile["cli"]["profiles"].values()) <= {"uk_number", "any", "none"}


def test_the_command_writes_what_the_function_writes(tmp_path: Path) -> None:
    make_feeds(tmp_path / "function", lines=60, seed=9, as_of=date(2026, 1, 31))
    words = ["--out", str(tmp_path / "command"), "--lines", "60", "--seed", "9"]
    result = CliRunner().invoke(app, [*words, "--as-of", "2026-01-31"])

    assert result.exit_code == 0, result.output
    assert "order_lines" in result.output
    assert digests(tmp_path / "function") == digests(tmp_path / "command")
