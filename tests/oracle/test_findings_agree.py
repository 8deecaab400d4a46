"""The product against the oracle in what is found besides charges, on worlds with much to find."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from schemas.vocabulary import InvoicingClass
from tests.oracle.accepting import Accepted, accept
from tests.oracle.booking import Entry, price_book
from tests.oracle.busier import make_busy_world
from tests.oracle.findings import Capture, Issue, captures, issues
from tests.oracle.invoicing import Invoicing, invoicing
from tests.oracle.judged import Judged
from tests.oracle.judging import judge
from tests.oracle.known import Known
from tests.oracle.reading import read_folder
from tests.oracle.settings import Settings, read_settings
from tests.running import mart, run_job
from tests.toml_text import toml_text

AS_OF = date(2026, 3, 31)
SEEDS = (0, 1, 2, 7)


class Day(NamedTuple):
    """A world after its run, and what the oracle accepted of it."""

    folder: Path
    accepted: Accepted
    settings: Settings
    profile: dict[str, Any]
    judged: list[Judged]
    status: str


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"world {seed}")
def day(request, tmp_path_factory) -> Day:
    folder = tmp_path_factory.mktemp("busy")
    profile = make_busy_world(folder / "feeds", lines=700, seed=request.param, as_of=AS_OF)
    (folder / "r2b.toml").write_text(toml_text(profile), encoding="utf-8")
    job = run_job(folder, AS_OF)
    assert (0, None) == (job.exit_code, job.error)
    settings = read_settings(profile)
    accepted = accept(read_folder(folder / "feeds", settings), settings)
    judged = judge(accepted, settings, Known(), AS_OF)
    return Day(folder, accepted, settings, profile, judged, job.receipt.status)


def shown(day: Day, view: str, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    return Counter(mart(day.folder, view).select(columns).iter_rows())


def test_records_that_break_rules(day: Day):
    expected = issues(day.accepted, day.settings)

    assert {"quotation", "asset"} <= {issue.stage for issue in expected}
    assert any(issue.line_id is None for issue in expected)
    assert Counter(map(tuple, expected)) == shown(day, "validation_issue", Issue._fields)
    assert {AS_OF} == set(mart(day.folder, "validation_issue")["since"])


def test_where_clis_were_captured(day: Day):
    expected = captures(day.accepted, day.settings)

    assert {"none", "missing", "differs"} == {capture.drift for capture in expected}
    assert {"quotation", "order", "asset"} <= {capture.cli_source_stage for capture in expected}
    assert Counter(map(tuple, expected)) == shown(day, "cli_capture", Capture._fields)


def test_the_price_book(day: Day):
    expected = price_book(day.accepted, day.settings, day.judged, day.profile)
    links = {entry.link for entry in expected}
    gate_is_closed = any(entry.closes_gate for entry in expected)

    assert {"linked", "unlinked", "unknown", "unused"} <= links
    assert {"product", "line"} <= {entry.routed_by for entry in expected}
    assert any(entry.drift_value for entry in expected)
    assert gate_is_closed == bool(day.profile["price_book"])
    assert gate_is_closed == (day.status == "price_book_incomplete")
    assert Counter(map(tuple, expected)) == shown(day, "price_book", Entry._fields)


def test_who_invoices_what(day: Day):
    expected = invoicing(day.accepted, day.settings, day.judged, AS_OF)
    reached = {each.class_ for each in expected}
    columns = tuple(name.rstrip("_") for name in Invoicing._fields)

    assert {each.value for each in InvoicingClass} == reached
    assert {"snapshot", "feed", "route_moved"} <= {each.reason for each in expected}
    assert Counter(map(tuple, expected)) == shown(day, "layer_invoiceable", columns)


def test_classes_of_invoicing_add_up_to_all_charges(day: Day):
    charges, classes = mart(day.folder, "charge"), mart(day.folder, "layer_invoiceable")

    assert charges.height == classes.height
    assert charges["value"].sum() == classes["value"].sum()
    assert not classes["class"].has_nulls()
