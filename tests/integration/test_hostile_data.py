"""What The Layer says is data, whatever it looks like: no path, no SQL, no markup, no formula."""

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from flows.console.answering import fail, out
from flows.console.careful import CarefulConsole
from flows.console.explain_view import show_explanation
from flows.console.run_view import show_run
from flows.console.tables import table
from flows.exports import export
from flows.looking import explain
from flows.reconcile import reconcile
from schemas.errors import UsageError
from schemas.feeds import FEEDS, Kind
from schemas.marts import VIEWS
from tests.integration.office import Office, Row
from tests.running import mart

HOSTILE = {
    "path": "../../../tmp/x",
    "absolute": "/etc/passwd\\..\\",
    "sql": "'; DROP TABLE out.charge; --",
    "identifier": '"; DROP TABLE ops.ledger; --',
    "formula": '=HYPERLINK("http://127.0.0.1/"&A1;"x")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "markup": "[red]x[/red][/][link=file:///etc/passwd]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ 7*7 }}{% for x in y %}${x}{feed}",
    "reversed": "\u202egnp.exe",
    "escape": "\x1b]0;owned\x07\x1b[2J\x9b31m",
}
REFUSED = {"escape"}
"""What no cell may hold: control characters make a record unfit."""

KEPT = ("external_sku", "upfront_billing_route", "recurring_billing_route")
"""What billing needs to be as agreed, so that all the rest goes the whole way."""


def _hostile(office: Office, feed: str, row: Row, word: str, number: int) -> Row:
    """The record with `word` in every text: alone, or before what ids must tell apart."""
    made = dict(row)
    for column in FEEDS[feed].columns:
        here = row.get(column.name, "")
        if column.kind is not Kind.TEXT or column.name in KEPT:
            continue
        if column.name == "integration_id":
            made[column.name] = f"{here}-{number}"
        elif column.key or column.references or column.name.endswith("_id"):
            made[column.name] = f"{word}{here}" if here else ""
        elif column.name == "cli":
            made[column.name] = here
        elif column.name in {"status", "action"} or not column.name.isidentifier():
            continue
        elif "do_not_bill" not in column.name and "cease" not in column.name:
            made[column.name] = f"{word}{here}"
    return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A customer for each word, with the word in every text."""
    plain = Office(tmp_path_factory.mktemp("plain") / "office", lines=1)
    made = Office(
        tmp_path_factory.mktemp("hostile") / "office", profile="feeds.max_reject_rate = 1\n"
    )
    for feed, rows in plain.feeds.items():
        made.feeds[feed] = [
            _hostile(plain, feed, row, word, number)
            for number, word in enumerate(HOSTILE.values())
            for row in rows
        ]
    for number, asset in enumerate(made.feeds["assets"]):
        asset["cli"] = f"0120460{number:04d}"
    made.feeds["customers"][0][HOSTILE["identifier"]] = HOSTILE["sql"]
    made.run()
    return made


def line_of(word: str) -> str:
    return f"{HOSTILE[word]}L1"


@pytest.mark.parametrize("word", sorted(HOSTILE.keys() - REFUSED))
def test_what_it_looks_like_does_not_decide_what_is_billed(office: Office, word: str):
    charges = {
        row["charge_type"]: (row["disposition"], row["customer_name"])
        for row in mart(office.folder, "charge").to_dicts()
        if row["line_id"] == line_of(word)
    }

    assert (
        dict.fromkeys(("upfront", "recurring"), ("exported", f"{HOSTILE[word]}Bakers")) == charges
    )


def test_control_characters_make_a_record_unfit(office: Office):
    rejects = mart(office.folder, "reject", where="reason = 'bad_text'")

    assert {"customers", "orders", "order_lines", "assets"} <= set(rejects["feed"])


@pytest.mark.parametrize(("lines", "exit_code"), [(40, 0), (60, 22), (160, 22)])
def test_amounts_that_nobody_can_add_up_stop_the_run_in_words(
    tmp_path: Path, lines: int, exit_code: int
):
    """Each of them fits: it is their sum that has more than 38 digits."""
    office = Office(tmp_path / "office", lines=lines)
    office.record("products").update(
        upfront_price="99999999999999.9999", recurring_price="99999999999999.9999"
    )
    for number in range(1, lines + 1):
        office.line(number)["quantity"] = "9" * 18

    job = office.job()

    assert exit_code == job.exit_code
    assert (exit_code == 0) == (job.error is None)
    assert job.error is None or "too large to be added up" in str(job.error)


def test_nothing_is_written_outside_or_named_after_data(office: Office):
    names = {path.name for path in office.folder.parent.rglob("*")}
    odd = [name for name in names if not re.fullmatch(r"[A-Za-z0-9._-]+", name)]

    assert [] == odd
    assert {"office"} == {path.name for path in office.folder.parent.iterdir()}
    assert ["000001"] == [path.name for path in (office.folder / "outbox" / "default").iterdir()]


@pytest.mark.parametrize("word", sorted(HOSTILE.keys() - REFUSED))
def test_an_explanation_shows_it_as_it_is_and_obeys_nothing(office: Office, word: str):
    line = line_of(word)
    with out.capture() as shown:
        show_explanation(explain(office.profile, line), every_rule=True)

    assert [] == re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown.get())
    if word != "reversed":
        assert f"Line {line}, as of" in shown.get()


def test_a_terminal_shows_what_it_would_obey():
    console = CarefulConsole(file=io.StringIO(), force_terminal=True, width=200)
    console.print(table("What\x1b[2J", ("a\x07",), [(HOSTILE["escape"],)]))
    said = console.file.getvalue()

    assert "␛]0;owned␇␛[2J\ufffd31m" in said
    assert "\x1b[2J" not in said
    assert "\x1b[1m" in said, "our own styles work"


def test_a_run_and_an_error_are_shown_like_anything_else(
    office: Office, capsys: pytest.CaptureFixture[str]
):
    with out.capture() as shown:
        show_run(office.run(), office.profile)
    with pytest.raises(UsageError) as unknown:
        explain(office.profile, HOSTILE["escape"] + HOSTILE["markup"])
    fail(unknown.value)

    assert "\x1b" not in shown.get() + capsys.readouterr().err


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_no_cell_of_an_export_is_a_formula(office: Office, view: str):
    made = export(office.profile, view, "csv")
    rows = list(csv.reader(io.StringIO(made.path.read_text(encoding="utf-8-sig"), newline="")))

    assert made.rows == len(rows) - 1
    assert [] == [
        cell
        for row in rows
        for cell in row
        if re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"-?[0-9.]+", cell)
    ]


@pytest.mark.parametrize("view", ["charge", "reject", "hold"])
def test_a_workbook_has_no_formula_and_no_link(office: Office, view: str):
    made = export(office.profile, view, "xlsx")
    with zipfile.ZipFile(made.path) as book:
        sheets = {name: book.read(name) for name in book.namelist()}

    assert [] == [name for name, content in sheets.items() if re.search(b"<f[ >]", content)]
    assert [] == [
        name
        for name, content in sheets.items()
        if b"hyperlink" in content.lower() and name.startswith("xl/worksheets")
    ]


def test_the_report_shows_it_as_text(office: Office):
    receipt = reconcile.fn(str(office.folder / "r2b.toml"))
    assert receipt.report is not None
    page = Path(receipt.report).read_text(encoding="utf-8")

    assert HOSTILE["html"] not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page
    assert "49Bakers" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("word", sorted(HOSTILE))
@pytest.mark.parametrize("asked", [explain, export])
def test_what_a_person_asks_for_is_data_too(office: Office, asked: Any, word: str):
    with pytest.raises(UsageError):
        asked(office.profile, HOSTILE[word], *(["csv"] if asked is export else []))

    assert mart(office.folder, "charge").height > 0
