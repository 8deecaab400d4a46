"""The report and the certificate in a real browser: what people see is what the marts say."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.reconcile import reconcile
from schemas.receipts import ReconcileReceipt
from tests.browser import Visit, browsing, screenshots, visit
from tests.integration.office import Office
from tests.integration.test_reconcile import SITE_PRODUCTS, snapshot
from tests.running import AS_OF, mart

NASTY = "<script>alert('x')</script> & Söhne"
TODAY = AS_OF + timedelta(days=40)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def shots() -> Path:
    return screenshots()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Six lines billed, of which some differ, one ceased, one is nobody's; and one that is held."""
    office = Office(tmp_path_factory.mktemp("report") / "office", lines=7)
    office.line(7)["recurring_price"] = "17.25"
    office.feeds["customers"][0]["name"] = NASTY
    office.run()
    office.uploaded()
    office.feeds[SITE_PRODUCTS] = shown = snapshot(office)
    recurring = [row for row in shown if row["charge_type"] == "recurring"]
    recurring[0]["quantity"] = "9"
    recurring[1]["unit_price"] = "6.1234"
    shown.remove(recurring[2])
    shown.append({**recurring[3], "object_uid": "SN-99", "cli": "01204600999", "row_key": ""})
    office.add_line(8)
    office.line(8)["recurring_price"] = "1234.5678"
    office.line(8)["site_id"] = ""
    office.feeds["orders"][0]["site_id"] = ""
    office.run(TODAY)
    return office


@pytest.fixture(scope="module")
def receipt(office: Office) -> ReconcileReceipt:
    return reconcile.fn(str(office.folder / "r2b.toml"))


@pytest.fixture
def report(browser: Browser, receipt: ReconcileReceipt) -> Iterator[Visit]:
    assert receipt.report
    with visit(browser, receipt.report) as seen:
        yield seen


def cells(page: Page, table: str) -> dict[str, dict[str, Any]]:
    """A table as a person reads it: name of the row -> heading -> exact value, or text."""
    return page.evaluate(
        """(id) => {
            const table = document.getElementById(id);
            const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
            const exact = (cell) => cell.querySelector("data")?.value ?? cell.innerText.trim();
            return Object.fromEntries([...table.tBodies[0].rows].map((row) => [
                row.cells[0].innerText.trim(),
                Object.fromEntries([...row.cells].map((cell, n) => [heads[n], exact(cell)])),
            ]));
        }""",
        table,
    )


def test_it_renders_without_a_complaint_and_asks_nobody(report: Visit, shots: Path):
    report.page.screenshot(path=shots / "report.png", full_page=True)

    assert [] == report.complaints
    assert [report.page.url] == report.asked
    assert report.page.get_by_role("heading", level=1).inner_text().startswith("default, ")


def test_its_totals_are_those_of_the_marts(report: Visit, office: Office):
    found = mart(office.folder, "reconciliation")
    told = cells(report.page, "class-totals")

    headings = {
        "The Layer, a month": "layer_per_month",
        "Affinity, a month": "affinity_per_month",
        "The Layer, one-off": "layer_once",
        "Affinity, one-off": "affinity_once",
    }
    classes = {"all": found} | {
        str(kind).replace("_", " "): rows for (kind,), rows in found.group_by("class")
    }
    assert classes.keys() == told.keys()
    assert {"matched", "differs", "only in layer", "only in affinity", "explained"} <= told.keys()
    for kind, rows in classes.items():
        for heading, column in headings.items():
            assert sum(rows[column], Decimal(0)) == Decimal(told[kind][heading]), (kind, heading)
        assert (str(rows.height), str(rows["layer_records"].sum())) == (
            told[kind]["Things"],
            told[kind]["Ours"],
        )

    clock = mart(office.folder, "money_clock")
    late = cells(report.page, "clock-totals")["all"]
    assert sum(clock["per_month"], Decimal(0)) == Decimal(late["A month"])
    assert str(clock.height) == late["Records"]

    repair = mart(office.folder, "repair")
    last = list(cells(report.page, "repair-steps").values())[-1]
    assert max(repair["per_month_so_far"]) == Decimal(last["So far, a month"])

    charges = mart(office.folder, "charge")
    for name, row in cells(report.page, "disposition-totals").items():
        of_it = [
            row
            for row in charges.to_dicts()
            if row["disposition"] == name.replace(" ", "_") and row["charge_type"] == "recurring"
        ]
        assert sum((each["value"] for each in of_it), Decimal(0)) == Decimal(row["Worth, a period"])
    holds = mart(office.folder, "hold")
    assert sum(holds["value"], Decimal(0)) == sum(
        Decimal(row["At stake"]) for row in cells(report.page, "hold-totals").values()
    )


def test_the_figures_at_the_top_are_those_of_the_tables(report: Visit, office: Office):
    found = mart(office.folder, "reconciliation")
    is_open = [row for row in found.to_dicts() if row["class"] not in {"matched", "explained"}]

    def card(name: str) -> Decimal:
        return Decimal(report.page.locator(f"#card-{name} data").get_attribute("value") or "")

    assert sum(found["layer_per_month"], Decimal(0)) == card("layer")
    assert sum(found["affinity_per_month"], Decimal(0)) == card("affinity")
    assert len(is_open) == card("open")
    assert sum(row["difference_per_month"] for row in is_open) == card("difference")
    assert sum(mart(office.folder, "money_clock")["per_month"], Decimal(0)) == card("late")


def test_filters_show_what_is_asked_for_and_what_it_comes_to(report: Visit, shots: Path):
    page, form = report.page, report.page.locator("#filters")
    rows = page.locator("#open-records tbody tr")
    shown = page.locator("output[name=shown]")
    in_all = rows.count()
    expect(shown).to_contain_text(f"{in_all} of {in_all} shown")

    form.get_by_label("Class").select_option("only in affinity")
    expect(rows.locator("visible=true")).to_have_count(1)
    expect(shown).to_have_text(f"1 of {in_all} shown, -£11.00 a month, £0.00 one-off")
    form.get_by_label("Search").fill("sn-99")
    expect(rows.locator("visible=true")).to_have_count(1)
    form.get_by_label("Search").fill("nothing has this")
    expect(rows.locator("visible=true")).to_have_count(0)
    page.screenshot(path=shots / "report-filtered.png")
    page.get_by_role("button", name="Show all").click()
    expect(rows.locator("visible=true")).to_have_count(in_all)
    form.get_by_label("At least £").fill("5")
    expect(shown).not_to_contain_text(f"{in_all} of {in_all}")
    assert [] == report.complaints


def test_what_comes_from_data_is_only_text(report: Visit):
    cell = report.page.locator("#open-records tbody th").first

    assert NASTY == cell.inner_text()
    assert 1 == report.page.locator("script").count()


def test_a_screen_reader_finds_its_way(report: Visit):
    page = report.page

    assert "en-GB" == page.locator("html").get_attribute("lang")
    for section in page.get_by_role("region").all():
        assert section.get_attribute("aria-labelledby") or section.get_attribute("aria-label")
    tables = page.get_by_role("table").all()
    assert len(tables) > 5
    for table in tables:
        assert table.locator("caption").inner_text()
        heads = table.locator("thead th")
        assert heads.count() == table.locator("thead th[scope=col]").count()
        rows = table.locator("tbody tr").count()
        assert rows == table.locator("tbody th[scope=row]").count()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    headers = page.evaluate(
        "[...document.querySelectorAll('[headers]')].flatMap((each) => each.headers.split(' '))"
    )
    assert set(headers) <= set(ids)
    pictures = page.get_by_role("img").all()
    assert len(pictures) >= 3
    assert all(len(picture.get_attribute("aria-label") or "") > 40 for picture in pictures)
    # from the keyboard: the first stop leads past the navigation
    page.keyboard.press("Tab")
    assert "To the figures" == page.evaluate("document.activeElement.textContent")


def test_on_paper_and_on_a_phone(browser: Browser, receipt: ReconcileReceipt, shots: Path):
    assert receipt.report
    with visit(browser, receipt.report, width=390, height=800) as phone:
        phone.page.screenshot(path=shots / "report-phone.png")
        wide = phone.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "only the tables scroll sideways"
    with visit(browser, receipt.report) as seen:
        seen.page.emulate_media(media="print")
        for gone in (seen.page.locator("nav"), seen.page.locator("#filters")):
            expect(gone).to_be_hidden()
        pdf = seen.page.pdf(path=shots / "report.pdf", prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")


def test_the_certificate_is_a_page_too(browser: Browser, receipt: ReconcileReceipt, shots: Path):
    with visit(browser, receipt.certificate.with_suffix(".html")) as seen:
        seen.page.screenshot(path=shots / "certificate.png", full_page=True)
        told = cells(seen.page, "class-totals")
        assert receipt.total.layer_per_month == Decimal(told["all"]["The Layer, a month"])
        digest = seen.page.locator("footer").inner_text()
        assert [] == seen.complaints
        assert [seen.page.url] == seen.asked
        assert 0 == seen.page.locator("script").count()
    assert f'"sha256": "{digest.split()[-1].rstrip(".")}"' in receipt.certificate.read_text("utf-8")


def test_the_same_reconciliation_is_the_same_page(office: Office, receipt: ReconcileReceipt):
    assert receipt.report
    before = [receipt.report.read_bytes(), receipt.certificate.with_suffix(".html").read_bytes()]

    again = reconcile.fn(str(office.folder / "r2b.toml"))

    assert again.report
    after = [again.report.read_bytes(), again.certificate.with_suffix(".html").read_bytes()]
    assert before == after
    assert 0o600 == again.report.stat().st_mode & 0o777


def test_a_clean_day_has_a_page_that_says_so(browser: Browser, tmp_path: Path, shots: Path):
    office = Office(tmp_path / "office")
    office.run()
    office.uploaded()
    office.feeds[SITE_PRODUCTS] = snapshot(office)
    office.run(AS_OF + timedelta(days=1))

    clean = reconcile.fn(str(office.folder / "r2b.toml"))

    assert clean.report
    with visit(browser, clean.report) as seen:
        seen.page.screenshot(path=shots / "report-clean.png", full_page=True)
        expect(seen.page.locator("#open")).to_contain_text("Nothing: all of it is matched")
        assert [] == seen.complaints
        assert 0 == seen.page.locator("#filters").count()


def test_a_past_day_shows_what_was_known_then(browser: Browser, tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()
    office.uploaded()
    office.feeds[SITE_PRODUCTS] = snapshot(office)
    office.run(AS_OF + timedelta(days=1))
    office.record("assets").update(cease_on=f"{date(2026, 3, 10)}")
    office.run(AS_OF + timedelta(days=5))

    past = reconcile.fn(str(office.folder / "r2b.toml"), as_of=AS_OF + timedelta(days=1))

    assert past.restated
    assert past.report
    with visit(browser, past.report) as seen:
        rows = cells(seen.page, "restated-totals")
        assert {"matched"} == rows.keys()
        assert [] == seen.complaints
