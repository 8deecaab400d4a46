"""Frozen rows as the bytes Affinity reads, in any layout a profile may ask for. Section 4."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from schemas.affinity import CLIS, PRODUCTS, OutFile
from schemas.errors import ProfileWrong
from schemas.receipts import BatchFile
from tasks.batch.clis import CLI_ROW
from tasks.batch.rendering import WrittenLayout
from tasks.batch.writer import write_file
from tests.builders import frame

KEY = "0123456789abcdef" * 2
PRODUCT_ROW = pl.Schema(
    {
        **{column.source: pl.String() for column in PRODUCTS.columns},
        "quantity": pl.Int64(),
        "unit_price": pl.Decimal(18, 4),
        "bill_start_on": pl.Date(),
        "bill_end_on": pl.Date(),
        "term_months": pl.Int64(),
    }
)
CHARGE: dict[str, Any] = {
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "sku": "SKU-1",
    "charge_type": "recurring",
    "action": "ADD",
    "product_name": "Line Rental",
    "quantity": 2,
    "unit_price": Decimal("5.5000"),
    "frequency": "Monthly",
    "bill_start_on": date(2026, 3, 1),
    "order_ref": "SO-1",
    "line_id": "L1",
    "asset_id": "A1",
    "row_key": KEY,
}
CLI: dict[str, Any] = {
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "action": "ADD",
    "cli_type": "geographic",
    "start_on": date(2026, 3, 1),
    "asset_id": "A1",
    "row_key": KEY,
}
HEADER = (
    "Customer Ref,Site Ref,CLI,Product Code,Charge Type,Action,Description,Quantity,Unit Price,"
    "Frequency,Bill Start Date,Bill End Date,Term Months,Order Ref,PO Ref,Layer Line ID,"
    "Layer Asset ID,Row Key"
)


def charges(*rows: dict[str, Any]) -> pl.DataFrame:
    """Frozen product rows."""
    return frame(PRODUCT_ROW, CHARGE, rows)


def written(
    folder: Path,
    *frames: pl.DataFrame,
    file: OutFile = PRODUCTS,
    **layout: Any,
) -> list[BatchFile]:
    """Write frames as one file."""
    return write_file(iter(frames), file, WrittenLayout(**layout), folder)


def only(folder: Path, row: dict[str, Any], **layout: Any) -> bytes:
    """The bytes of a file of one charge."""
    written(folder, charges(row), **layout)
    return (folder / "08_products.csv").read_bytes()


def test_the_default_layout(tmp_path: Path):
    assert (
        f"{HEADER}\r\n"
        f"AC-1,AS-1,01204600001,SKU-1,RECURRING,ADD,Line Rental,2,5.5000,MONTHLY,01/03/2026,,,"
        f"SO-1,,L1,A1,{KEY}\r\n"
    ).encode() == only(tmp_path, {})


def test_an_upfront_charge_is_one_off(tmp_path: Path):
    row = {"charge_type": "upfront", "frequency": None, "bill_end_on": date(2027, 2, 28)}

    assert b",UPFRONT,ADD,Line Rental,2,5.5000,ONE_OFF,01/03/2026,28/02/2027,," in only(
        tmp_path, row
    )


def test_the_cli_file(tmp_path: Path):
    row = frame(
        pl.Schema({**CLI_ROW, "row_key": pl.String()}),
        CLI,
        ({"range_end": "01204600009", "end_on": date(2026, 12, 24)},),
    )
    written(tmp_path, row, file=CLIS)

    assert (
        "Customer Ref,Site Ref,CLI,Action,CLI Type,Range End,Start Date,End Date,Previous CLI,"
        "Layer Asset ID,Row Key\r\n"
        f"AC-1,AS-1,01204600001,ADD,geographic,01204600009,01/03/2026,24/12/2026,,A1,{KEY}\r\n"
    ).encode() == (tmp_path / "06_clis.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param("Line, Gold", '"Line, Gold"', id="a comma"),
        pytest.param('5" pipe', '"5"" pipe"', id="a quote"),
        pytest.param("two\nlines", '"two\nlines"', id="a line break"),
        pytest.param("two\rlines", '"two\rlines"', id="a carriage return"),
        pytest.param("=1+1", "=1+1", id="never altered to please a spreadsheet"),
        pytest.param("-dash", "-dash", id="a leading hyphen"),
        pytest.param("日本 £", "日本 £", id="UTF-8"),
        pytest.param("a;b\tc'd", "a;b\tc'd", id="nothing else needs quotes"),
    ],
)
def test_quotes_only_where_needed(tmp_path: Path, name: str, cell: str):
    assert f",ADD,{cell},2,".encode() in only(tmp_path, {"product_name": name})


@pytest.mark.parametrize(
    ("layout", "row", "expected"),
    [
        pytest.param({"line_end": "\n"}, {}, f",A1,{KEY}\n", id="LF"),
        pytest.param({"quote_all": True}, {}, '"SKU-1","RECURRING","ADD"', id="quotes everywhere"),
        pytest.param({"quote_all": True}, {"po_ref": None}, '"SO-1","","L1"', id="even blanks"),
        pytest.param({"date_format": "%Y-%m-%d"}, {}, ",2026-03-01,", id="ISO days"),
        pytest.param({"decimals": 2}, {}, ",5.50,", id="two decimals"),
        pytest.param({"decimals": 1}, {}, ",5.5,", id="one decimal"),
        pytest.param(
            {"decimals": 0}, {"unit_price": Decimal(12)}, ",12,", id="no decimals, no point"
        ),
        pytest.param({"decimals": 3}, {"unit_price": Decimal("0.1230")}, ",0.123,", id="three"),
        pytest.param(
            {"trailer": "END {rows}"}, {}, f"{KEY}\r\nEND 1\r\n", id="a trailer that counts"
        ),
        pytest.param(
            {"headers": {"CLI": "Number, or ref"}},
            {},
            'Customer Ref,Site Ref,"Number, or ref",Product Code',
            id="another header text",
        ),
    ],
)
def test_what_a_layout_may_change(
    tmp_path: Path, layout: dict[str, Any], row: dict[str, Any], expected: str
):
    assert expected.encode() in only(tmp_path, row, **layout)


def test_columns_in_the_profiles_own_order(tmp_path: Path):
    layout = {"columns": ("Row Key", "CLI"), "headers": {"CLI": "Number"}}

    assert f"Row Key,Number\r\n{KEY},01204600001\r\n".encode() == only(tmp_path, {}, **layout)


def test_no_header(tmp_path: Path):
    assert only(tmp_path, {}, header=False).startswith(b"AC-1,AS-1,")


@pytest.mark.parametrize(
    ("encoding", "cell"),
    [
        pytest.param("cp1252", b"Caf\xe9 5 \x80", id="cp1252"),
        pytest.param("utf-8-sig", "Café 5 €".encode(), id="UTF-8 with a byte order mark"),
    ],
)
def test_the_encoding(tmp_path: Path, encoding: str, cell: bytes):
    content = only(tmp_path, {"product_name": "Café 5 €"}, encoding=encoding)

    assert cell in content
    assert (encoding == "utf-8-sig") == content.startswith(b"\xef\xbb\xbf")
    assert 1 >= content.count(b"\xef\xbb\xbf")


def test_letters_that_the_encoding_has_not_are_said_and_not_shown(tmp_path: Path):
    with pytest.raises(
        ProfileWrong, match=r"^Writing 08_products.csv: .* ascii has not"
    ) as refused:
        only(tmp_path, {"product_name": "Caf\u00e9"}, encoding="ascii")

    assert "Caf" not in refused.value.message


def test_a_trailer_comes_without_a_second_byte_order_mark(tmp_path: Path):
    content = only(tmp_path, {}, encoding="utf-8-sig", trailer="END")

    assert 1 == content.count(b"\xef\xbb\xbf")


def test_no_rows_no_file(tmp_path: Path):
    assert [] == written(tmp_path)
    assert [] == written(tmp_path, charges({}).clear())
    assert [] == list(tmp_path.iterdir())


def test_the_sum_of_the_largest_quantities_is_exact(tmp_path: Path):
    most = 10**18 - 1
    dozen = charges(*({"line_id": f"L{n}", "quantity": most} for n in range(12)))

    assert [12 * most] == [part.quantity for part in written(tmp_path, dozen)]


def test_parts_of_a_maximum_of_rows(tmp_path: Path):
    five = charges(*({"line_id": f"L{n}", "quantity": n} for n in range(1, 6)))
    parts = written(tmp_path, five.head(3), five.tail(2), max_rows=2, trailer="{rows}")

    assert [
        ("08_products.csv", 2, 3, {"recurring": Decimal("16.5000")}),
        ("08_products_2.csv", 2, 7, {"recurring": Decimal("38.5000")}),
        ("08_products_3.csv", 1, 5, {"recurring": Decimal("27.5000")}),
    ] == [(part.name, part.rows, part.quantity, part.value) for part in parts]
    for part in parts:
        lines = (tmp_path / part.name).read_text(encoding="utf-8").splitlines()
        assert (HEADER, str(part.rows)) == (lines[0], lines[-1])


def test_a_full_last_part_opens_no_empty_one(tmp_path: Path):
    parts = written(tmp_path, charges({}, {}), charges({}, {}), max_rows=2)

    assert ["08_products.csv", "08_products_2.csv"] == [part.name for part in parts]


def test_frames_make_no_difference_to_the_bytes(tmp_path: Path):
    rows = charges(*({"line_id": f"L{n}"} for n in range(10)))
    for name, frames in (("one", [rows]), ("many", list(rows.iter_slices(3)))):
        (tmp_path / name).mkdir()
        written(tmp_path / name, *frames)

    assert (tmp_path / "one/08_products.csv").read_bytes() == (
        tmp_path / "many/08_products.csv"
    ).read_bytes()


def test_what_is_said_of_a_file_is_true(tmp_path: Path):
    upfront = {"charge_type": "upfront", "frequency": None, "unit_price": Decimal("0.3333")}
    (part,) = written(tmp_path, charges({}, upfront))
    content = (tmp_path / part.name).read_bytes()

    assert part == BatchFile(
        name="08_products.csv",
        rows=2,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        quantity=4,
        value={"recurring": Decimal("11.0000"), "upfront": Decimal("0.6666")},
    )
    assert 0o600 == (tmp_path / part.name).stat().st_mode & 0o777


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"customer_ref": None}, id="no customer"),
        pytest.param({"action": "CEASE"}, id="an action that is not the file's"),
        pytest.param({"quantity": 0}, id="a quantity of nothing"),
        pytest.param({"unit_price": Decimal(-1)}, id="a negative price"),
        pytest.param({"row_key": "not a key"}, id="a row key that is none"),
        pytest.param({"frequency": "Weekly"}, id="a frequency Affinity does not know"),
        pytest.param({"order_ref": "a\x00b"}, id="a control character"),
    ],
)
def test_a_row_that_breaks_the_files_contract_never_leaves(tmp_path: Path, row: dict[str, Any]):
    with pytest.raises(SchemaErrors):
        written(tmp_path, charges(row))
