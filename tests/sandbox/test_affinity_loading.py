"""What the stand-in takes, what it refuses, and what it remembers of both."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.affinity import (
    Affinity,
    BatchAnswer,
    FailureScope,
    Policy,
    RowAnswer,
    StandInError,
    write_results,
)
from sandbox.affinity.layout import LAYOUTS, layout_of
from tests.sandbox.batches import CODE, SITE, batch_of, row, write_feeds, write_file
from tests.sandbox.conftest import AS_OF
from tests.sandbox.plain_judge import Judgement

Row = dict[str, str]
Load = Callable[..., BatchAnswer]


@pytest.fixture
def affinity(tmp_path: Path) -> Affinity:
    """An Affinity that has learnt the small feeds."""
    return Affinity(tmp_path / "state", write_feeds(tmp_path / "feeds"))


@pytest.fixture
def load(affinity: Affinity, tmp_path: Path) -> Load:
    """Write rows as a batch (`{file stem: rows}`) and load it."""

    def load_batch(
        files: dict[str, list[Row]], *, batch: str = "000001", policy: Policy | None = None
    ) -> BatchAnswer:
        folder = tmp_path / "outbox" / "acme" / batch
        for stem, rows in files.items():
            write_file(folder, f"{stem}.csv", rows)
        return affinity.load_batch(folder, policy=policy or Policy())

    return load_batch


def codes(answer: BatchAnswer) -> list[str]:
    """One word per row, in load order: its refusal's code, or "taken"."""
    return ["taken" if row.accepted else row.code for row in answer.rows]


def test_a_valid_batch_is_taken_whole(load: Load) -> None:
    answer = load(
        {
            "08_products": [row("08_products", CLI="07700900001"), row("08_products")],
            "06_clis": [row("06_clis", CLI="07700900001")],
            "07_ceases": [row("07_ceases")],
            "05_new_products": [row("05_new_products")],
            "04_contacts": [row("04_contacts")],
            "03_addresses": [row("03_addresses")],
            "02_sites": [row("02_sites")],
            "01_customers": [row("01_customers")],
        }
    )

    assert ["taken"] * 9 == codes(answer)
    assert list(LAYOUTS) == [file.name.removesuffix(".csv") for file in answer.files]
    assert "acme/000001" == answer.batch


def test_a_new_customer_can_be_billed_in_the_same_batch(affinity: Affinity, load: Load) -> None:
    load({"01_customers": [row("01_customers")], "02_sites": [row("02_sites")]})
    created = {"Customer_Ref": "AFC000003", "Site_Ref": "AFS000004"}

    answer = load({"08_products": [row("08_products", **created)]}, batch="000002")

    assert ["taken"] == codes(answer)
    assert 3 == affinity.audit().live["customers"]


# Refusals, row by row


@pytest.mark.parametrize(
    ("stem", "changes", "code"),
    [
        pytest.param("08_products", {"CLI": "07700900999"}, "UNKNOWN_CLI", id="CLI not there"),
        pytest.param(
            "08_products", {"CLI": "07700900101"}, "UNKNOWN_CLI", id="CLI ended before the start"
        ),
        pytest.param(
            "08_products",
            {"CLI": "07700900100", "Site_Ref": "NW1-002"},
            "UNKNOWN_CLI",
            id="CLI live at another site only",
        ),
        pytest.param(
            "08_products", {"Product_Code": "sim-1"}, "UNKNOWN_PRODUCT", id="SKU in wrong case"
        ),
        pytest.param("08_products", {"Product_Code": "NO-1"}, "UNKNOWN_PRODUCT", id="SKU unknown"),
        pytest.param(
            "08_products", {"Product_Code": "OLD-1"}, "INACTIVE_PRODUCT", id="SKU inactive"
        ),
        pytest.param("08_products", {"Customer_Ref": "NW9"}, "UNKNOWN_CUSTOMER", id="customer"),
        pytest.param("08_products", {"Site_Ref": "NW1-009"}, "UNKNOWN_SITE", id="site"),
        pytest.param("08_products", {"Site_Ref": "LC-1"}, "UNKNOWN_SITE", id="another system's"),
        pytest.param(
            "08_products", {"Site_Ref": "NW3-001"}, "SITE_OF_ANOTHER", id="a neighbour's site"
        ),
        pytest.param("08_products", {"Site_Ref": ""}, "MISSING_VALUE", id="no site"),
        pytest.param("08_products", {"Bill_Start_Date": ""}, "MISSING_VALUE", id="no start"),
        pytest.param(
            "08_products", {"Bill_Start_Date": "2026-10-01"}, "BAD_DATE", id="an ISO date"
        ),
        pytest.param("08_products", {"Bill_Start_Date": "31/09/2026"}, "BAD_DATE", id="no day"),
        pytest.param("08_products", {"Bill_Start_Date": "1/9/2026"}, "BAD_DATE", id="short date"),
        pytest.param(
            "08_products", {"Bill_End_Date": "30/09/2026"}, "BAD_PERIOD", id="ends before start"
        ),
        pytest.param("08_products", {"Unit_Price": "6.50000"}, "BAD_AMOUNT", id="five decimals"),
        pytest.param("08_products", {"Unit_Price": "£6.50"}, "BAD_AMOUNT", id="a pound sign"),
        pytest.param("08_products", {"Unit_Price": "1,000.00"}, "BAD_AMOUNT", id="a comma"),
        pytest.param("08_products", {"Unit_Price": "-6.50"}, "BAD_AMOUNT", id="negative"),
        pytest.param("08_products", {"Quantity": "0"}, "BAD_NUMBER", id="quantity nought"),
        pytest.param("08_products", {"Quantity": "1.0"}, "BAD_NUMBER", id="quantity with a point"),
        pytest.param("08_products", {"Frequency": "Monthly"}, "BAD_VALUE", id="frequency's case"),
        pytest.param("08_products", {"Frequency": "ONE_OFF"}, "BAD_VALUE", id="recurring one-off"),
        pytest.param("08_products", {"Charge_Type": "upfront"}, "BAD_VALUE", id="charge type"),
        pytest.param("08_products", {"Action": "CEASE"}, "BAD_VALUE", id="product cease"),
        pytest.param(
            "08_products", {"Action": "UPDATE"}, "UNKNOWN_SITE_PRODUCT", id="update of nothing"
        ),
        pytest.param("08_products", {"Row_Key": ""}, "BAD_ROW_KEY", id="no row key"),
        pytest.param("08_products", {"Row_Key": "A" * 32}, "BAD_ROW_KEY", id="upper-case key"),
        pytest.param("06_clis", {"CLI": "07700900100"}, "CLI_EXISTS", id="CLI live here already"),
        pytest.param("06_clis", {"CLI": ""}, "MISSING_VALUE", id="no CLI"),
        pytest.param("06_clis", {"CLI": "x" * 41}, "BAD_CLI", id="41 characters"),
        pytest.param("06_clis", {"CLI_Type": "landline"}, "BAD_VALUE", id="CLI type"),
        pytest.param("06_clis", {"Action": "CEASE"}, "MISSING_VALUE", id="cease without end"),
        pytest.param(
            "06_clis",
            {"Action": "CEASE", "End_Date": "01/11/2026"},
            "UNKNOWN_CLI",
            id="cease of an unknown CLI",
        ),
        pytest.param("06_clis", {"Action": "UPDATE"}, "UNKNOWN_CLI", id="update of unknown CLI"),
        pytest.param("06_clis", {"End_Date": "01/01/2020"}, "BAD_PERIOD", id="CLI ends first"),
        pytest.param(
            "07_ceases", {"Object_UID": "SP9"}, "UNKNOWN_SITE_PRODUCT", id="cease of nothing"
        ),
        pytest.param("07_ceases", {"Cease_Date": "soon"}, "BAD_DATE", id="cease date"),
        pytest.param(
            "01_customers", {"Layer_Customer_ID": "C1"}, "CUSTOMER_EXISTS", id="known customer"
        ),
        pytest.param(
            "01_customers",
            {"Action": "UPDATE", "Layer_Customer_ID": "C8"},
            "UNKNOWN_CUSTOMER",
            id="update of an unknown customer",
        ),
        pytest.param("02_sites", {}, "UNKNOWN_CUSTOMER", id="site of an unknown customer"),
        pytest.param(
            "02_sites",
            {"Layer_Customer_ID": "C1", "Layer_Site_ID": "S2"},
            "SITE_EXISTS",
            id="known site",
        ),
        pytest.param(
            "03_addresses",
            {"Layer_Customer_ID": "C2"},
            "UNKNOWN_CUSTOMER",
            id="address of a customer without a ref",
        ),
        pytest.param("04_contacts", {"Layer_Site_ID": "S9"}, "UNKNOWN_SITE", id="contact's site"),
        pytest.param("05_new_products", {"Name": ""}, "MISSING_VALUE", id="nameless product"),
    ],
)
def test_a_row_is_refused(load: Load, stem: str, changes: Row, code: str) -> None:
    answer = load({stem: [row(stem, **changes), row(stem, **_good(stem))]})

    assert [code, "taken"] == codes(answer)
    assert answer.rows[0].message


def _good(stem: str) -> Row:
    return {"Layer_Customer_ID": "C3"} if stem == "02_sites" else {}


def test_a_ragged_row_is_refused_alone(affinity: Affinity, tmp_path: Path) -> None:
    path = write_file(tmp_path / "acme" / "1", "08_products.csv", [row("08_products")])
    with path.open("a", newline="") as file:
        file.write("NW1,NW1-001\r\n\r\n")

    answer = affinity.load_batch(path.parent)

    assert ["taken", "BAD_ROW"] == codes(answer)


# Refusals of whole files


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, "heading", id="a byte order mark"),
        pytest.param(lambda raw: raw.replace(b",Row Key", b""), "heading", id="a missing column"),
        pytest.param(lambda raw: raw.replace(b"CLI,Pro", b"Pro", 1), "heading", id="another"),
        pytest.param(
            lambda raw: raw.replace(b"Customer Ref,Site Ref", b"Site Ref,Customer Ref"),
            "heading",
            id="columns in another order",
        ),
        pytest.param(lambda raw: raw.replace(b"SIM Only", b"Caf\xe9"), "UTF-8", id="cp1252"),
        pytest.param(lambda raw: raw.replace(b"SIM Only", b'"SIM'), "CSV", id="an open quote"),
    ],
)
def test_a_malformed_file_is_not_taken(
    affinity: Affinity, tmp_path: Path, change: Callable[[bytes], bytes], problem: str
) -> None:
    rows = [row("08_products"), row("08_products")]
    path = write_file(tmp_path / "acme" / "1", "08_products.csv", rows)
    path.write_bytes(change(path.read_bytes()))

    answer = affinity.load_batch(path.parent)

    assert problem in answer.problems[0]
    assert {"FILE_REFUSED"} >= set(codes(answer))
    assert 0 == affinity.audit().loaded_products
    assert 1 == affinity.audit().files_refused


def test_the_product_file_waits_for_the_cli_file(affinity: Affinity, tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "000001"
    cli = row("06_clis")
    clis = write_file(folder, "06_clis.csv", [cli])
    more_clis = write_file(folder, "06_clis_2.csv", [row("06_clis", CLI="07700900002")])
    products = write_file(folder, "08_products.csv", [row("08_products", CLI=cli["CLI"])])

    early = affinity.load_file(products)
    affinity.load_file(clis)
    still_early = affinity.load_file(products)
    affinity.load_file(more_clis)
    in_time = affinity.load_file(products)

    assert ["LOAD_ORDER"] == codes(early)
    assert "06_clis.csv of this batch must be loaded first" in early.problems[0]
    assert ["LOAD_ORDER"] == codes(still_early)
    assert ["taken"] == codes(in_time)


def test_the_cli_file_of_another_batch_does_not_count(affinity: Affinity, tmp_path: Path) -> None:
    for batch in ("000001", "000002"):
        number = f"0770090000{batch[-1]}"
        write_file(tmp_path / "acme" / batch, "06_clis.csv", [row("06_clis", CLI=number)])
        write_file(tmp_path / "acme" / batch, "08_products.csv", [row("08_products")])
    affinity.load_batch(tmp_path / "acme" / "000001")

    answer = affinity.load_file(tmp_path / "acme" / "000002" / "08_products.csv")

    assert ["LOAD_ORDER"] == codes(answer)


def test_a_malformed_cli_file_holds_up_the_products(affinity: Affinity, tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "000001"
    path = write_file(folder, "06_clis.csv", [row("06_clis")])
    path.write_text(path.read_text().replace("Site Ref", "Site"))
    write_file(folder, "08_products.csv", [row("08_products")])

    answer = affinity.load_batch(folder)

    assert ["FILE_REFUSED", "LOAD_ORDER"] == codes(answer)


def test_parts_load_after_their_first_part(affinity: Affinity, tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "000001"
    for part in ("_10", "_2", ""):
        write_file(folder, f"05_new_products{part}.csv", [row("05_new_products")])

    answer = affinity.load_batch(folder)

    assert ["05_new_products.csv", "05_new_products_2.csv", "05_new_products_10.csv"] == [
        file.name for file in answer.files
    ]


@pytest.mark.parametrize("name", ["9_products.csv", "08_product.csv", "products.csv", "08.csv"])
def test_other_names_are_not_of_a_batch(name: str) -> None:
    assert layout_of(name) is None


# Failure scope and refusals without fault


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param("row", ["taken", "BAD_AMOUNT", "taken"], id="row"),
        pytest.param("file", ["FILE_REFUSED", "BAD_AMOUNT", "FILE_REFUSED"], id="file"),
        pytest.param("customer", ["CUSTOMER_REFUSED", "BAD_AMOUNT", "taken"], id="customer"),
    ],
)
def test_one_bad_row_takes_with_it_what_the_scope_says(
    affinity: Affinity, load: Load, scope: str, expected: list[str]
) -> None:
    rows = [
        row("08_products"),
        row("08_products", Unit_Price="dear"),
        row("08_products", Customer_Ref="NW3", Site_Ref="NW3-001"),
    ]

    answer = load({"08_products": rows}, policy=Policy(scope=FailureScope(scope)))

    assert expected == codes(answer)
    assert expected.count("taken") == affinity.audit().loaded_products


def test_rows_can_be_refused_by_key(load: Load) -> None:
    rows = [row("08_products"), row("08_products")]

    answer = load({"08_products": rows}, policy=Policy(keys=frozenset({rows[1]["Row Key"]})))

    assert answer.rows[0].accepted
    assert not answer.rows[1].accepted
    assert answer.rows[1].message


def test_rows_can_be_refused_at_a_rate_that_is_the_same_every_time(tmp_path: Path) -> None:
    feeds = write_feeds(tmp_path / "feeds")
    rows = [row("08_products") for _ in range(400)]
    folder = tmp_path / "acme" / "000001"
    write_file(folder, "08_products.csv", rows)

    def answers(state: str, seed: int) -> list[RowAnswer]:
        policy = Policy(rate=0.1, seed=seed)
        return Affinity(tmp_path / state, feeds).load_batch(folder, policy=policy).rows

    one, two, other = answers("one", 1), answers("two", 1), answers("other", 2)
    assert one == two
    assert one != other
    assert 15 < sum(not answer.accepted for answer in one) < 75
    assert "Product code withdrawn" in {answer.message for answer in one}


# Memory


def test_loading_a_batch_twice_bills_twice(affinity: Affinity, load: Load) -> None:
    batch = {"06_clis": [row("06_clis")], "08_products": [row("08_products", Quantity="3")]}
    load(batch)
    honest = affinity.audit()

    again = load(batch)

    twice = affinity.audit()
    assert ["taken", "taken"] == codes(again)
    assert 0 == honest.double_bills
    assert 1 == twice.double_bills
    assert {"row key again": 1} == twice.double_bill_causes
    assert [batch["08_products"][0]["Row Key"]] == twice.double_bill_keys
    assert {"clis": 1, "products": 1} == twice.rows_loaded_again
    assert "19.50" == twice.double_bill_value
    assert ("19.50", "39.00") == (honest.loaded_money_per_month, twice.loaded_money_per_month)


def test_a_row_key_repeated_within_a_file_bills_twice(affinity: Affinity, load: Load) -> None:
    once = row("08_products")

    load({"08_products": [once, once]})

    assert 1 == affinity.audit().double_bills


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        pytest.param({"Layer_Line_ID": "L-LIVE"}, "line billed already", id="by line"),
        pytest.param({"Layer_Asset_ID": "A-LIVE"}, "asset billed already", id="by asset"),
    ],
)
def test_billing_what_was_live_before_is_a_double_bill(
    affinity: Affinity, load: Load, changes: Row, cause: str
) -> None:
    load({"08_products": [row("08_products", **changes)]})

    assert {cause: 1} == affinity.audit().double_bill_causes


def test_billing_a_line_again_after_its_cease_is_not(affinity: Affinity, load: Load) -> None:
    load(
        {
            "07_ceases": [row("07_ceases", Object_UID="SP1", Cease_Date="30/09/2026")],
            "08_products": [row("08_products", Layer_Line_ID="L-LIVE")],
        }
    )

    assert 0 == affinity.audit().double_bills


def test_upfront_and_recurring_of_a_line_are_two_charges(affinity: Affinity, load: Load) -> None:
    upfront = row("08_products", Layer_Line_ID="L1", Charge_Type="UPFRONT", Frequency="ONE_OFF")

    load({"08_products": [row("08_products", Layer_Line_ID="L1"), upfront]})

    audit = affinity.audit()
    assert 0 == audit.double_bills
    assert ("6.50", "6.50") == (audit.loaded_money_per_month, audit.loaded_money_upfront)


def test_money_per_month_spreads_longer_frequencies(affinity: Affinity, load: Load) -> None:
    load(
        {
            "08_products": [
                row("08_products", Unit_Price="30.0000", Frequency="QUARTERLY"),
                row("08_products", Unit_Price="12.0000", Frequency="ANNUAL", Quantity="2"),
            ]
        }
    )

    audit = affinity.audit()
    assert "12.00" == audit.loaded_money_per_month
    assert "20.50" == audit.money_per_month  # 6.50 a month and 2 x 12.00 a year were there


def test_an_update_changes_what_is_billed(affinity: Affinity, load: Load, tmp_path: Path) -> None:
    first = row("08_products", Layer_Line_ID="L1")
    load({"08_products": [first]})

    change = {"Action": "UPDATE", "Quantity": "4", "Unit_Price": "5.0000"}
    load({"08_products": [row("08_products", Layer_Line_ID="L1", **change)]}, batch="000002")

    affinity.export(tmp_path / "out")
    changed = next(
        r
        for r in _rows(tmp_path / "out", "affinity_site_products")
        if r["row_key"] == first["Row Key"]
    )
    assert ("4", "5.0000") == (changed["quantity"], changed["unit_price"])
    assert 0 == affinity.audit().double_bills


def test_a_number_can_be_changed_moved_and_ceased(
    affinity: Affinity, load: Load, tmp_path: Path
) -> None:
    change = {"Previous_CLI": "07700900100", "CLI": "07700900200", "Action": "UPDATE"}
    move = {"CLI": "07700900200", "Site_Ref": "NW1-002", "Action": "UPDATE"}
    cease = {**move, "Action": "CEASE", "End_Date": "31/12/2026"}

    answer = load({"06_clis": [row("06_clis", **row_) for row_ in (change, move, cease)]})

    affinity.export(tmp_path / "out")
    assert ["taken"] * 3 == codes(answer)
    assert {
        "site_ref": "NW1-002",
        "cli": "07700900200",
        "start_on": "2024-01-01",
        "end_on": "2026-12-31",
    } in _rows(tmp_path / "out", "affinity_clis")
    billed = {r["object_uid"]: r for r in _rows(tmp_path / "out", "affinity_site_products")}
    assert ("NW1-001", "07700900100") == (billed["SP1"]["site_ref"], billed["SP1"]["cli"])


def test_the_export_is_a_feed_of_what_is_there(
    affinity: Affinity, load: Load, tmp_path: Path
) -> None:
    sold = row("08_products", CLI="07700900001", Unit_Price="6.4950")
    load(
        {
            "01_customers": [row("01_customers")],
            "06_clis": [row("06_clis")],
            "07_ceases": [row("07_ceases", Object_UID="SP2", Cease_Date="01/10/2026")],
            "08_products": [sold],
        }
    )

    everything = affinity.export(tmp_path / "all")
    live = affinity.export(tmp_path / "live", as_of=AS_OF)

    assert {
        "affinity_clis.csv": 3,
        "affinity_site_products.csv": 3,
        "affinity_products.csv": 4,
        "created_refs.csv": 1,
    } == everything
    assert (2, 2) == (live["affinity_clis.csv"], live["affinity_site_products.csv"])
    assert {
        "object_uid": "SN00000003",
        "site_ref": SITE,
        "cli": "07700900001",
        "product_code": CODE,
        "charge_type": "recurring",
        "quantity": "1",
        "unit_price": "6.4950",
        "start_on": "2026-10-01",
        "end_on": "",
        "row_key": sold["Row Key"],
    } in _rows(tmp_path / "live", "affinity_site_products")


def test_later_feeds_teach_references_but_not_what_is_live(
    affinity: Affinity, load: Load, tmp_path: Path
) -> None:
    load({"08_products": [row("08_products")]})
    clis = "site_ref,cli,start_on,end_on\nNW1-001,07700900555,2024-01-01,\n"
    codes_ = "product_code,is_active\nSIM-1,no\nNEW-1,yes\n"
    feeds = write_feeds(tmp_path / "later", affinity_clis=clis, affinity_products=codes_)
    folder = tmp_path / "acme" / "000009"
    rows = [row("08_products", Product_Code="NEW-1"), row("08_products", Product_Code="SIM-1")]
    write_file(folder, "08_products.csv", rows)

    answer = Affinity(tmp_path / "state", feeds).load_batch(folder)

    assert ["taken", "INACTIVE_PRODUCT"] == codes(answer)
    assert 1 == affinity.audit().live["clis"]


def test_what_cannot_be_read_was_never_there(tmp_path: Path) -> None:
    feeds = write_feeds(
        tmp_path / "feeds",
        affinity_clis="site_ref,cli,start_on,end_on\nNW1-001,07700900001,soon,\nNW1-001\n",
        affinity_products="product_code,is_active\nSIM-1,yes\nBOX-1,perhaps\n",
        affinity_site_products="object_uid,quantity,unit_price\nSP1,many,1.00\n",
    )
    write_file(tmp_path / "acme" / "1", "06_clis.csv", [row("06_clis")])
    write_file(
        tmp_path / "acme" / "1", "08_products.csv", [row("08_products", Product_Code="BOX-1")]
    )
    affinity = Affinity(tmp_path / "state", feeds)

    answer = affinity.load_batch(tmp_path / "acme" / "1")

    assert ["taken", "UNKNOWN_PRODUCT"] == codes(answer)
    assert 0 == affinity.audit().live["site_products"]


def test_every_row_of_every_file_has_a_result(load: Load, tmp_path: Path) -> None:
    rows = [row("08_products"), row("08_products", Quantity="0"), row("08_products")]
    clis = [row("06_clis"), row("06_clis", Action="DROP")]

    answer = load({"06_clis": clis, "08_products": rows})
    write_results(answer.rows, tmp_path / "results.csv")

    results = _rows(tmp_path, "results")
    assert [*(r["Row Key"] for r in clis), *(r["Row Key"] for r in rows)] == [
        r["row_key"] for r in results
    ]
    assert ["accepted", "rejected", "accepted", "rejected", "accepted"] == [
        r["outcome"] for r in results
    ]
    assert ["row_key", "outcome", "code", "message", "ref"] == list(results[0])


# What stops it


def test_without_feeds_there_is_nothing_to_start_from(tmp_path: Path) -> None:
    folder = write_file(tmp_path / "acme" / "1", "08_products.csv", [row("08_products")]).parent

    with pytest.raises(StandInError, match="--catalogue"):
        Affinity(tmp_path / "state").load_batch(folder)


def test_feeds_without_customers_teach_nothing(tmp_path: Path) -> None:
    folder = write_file(tmp_path / "acme" / "1", "08_products.csv", [row("08_products")]).parent

    with pytest.raises(StandInError, match=r"customers\.csv"):
        Affinity(tmp_path / "state", tmp_path).load_batch(folder)


def test_an_empty_folder_is_no_batch(affinity: Affinity, tmp_path: Path) -> None:
    with pytest.raises(StandInError, match="no files of a batch"):
        affinity.load_batch(tmp_path)


def test_the_feeds_are_needed_only_once(load: Load, tmp_path: Path) -> None:
    load({"08_products": [row("08_products")]})
    folder = write_file(tmp_path / "acme" / "2", "08_products.csv", [row("08_products")]).parent

    assert ["taken"] == codes(Affinity(tmp_path / "state").load_batch(folder))


# The two halves together


def test_what_is_ready_in_the_sample_feeds_is_taken_whole(
    feeds_folder: Path, judgement: Judgement, tmp_path: Path
) -> None:
    """The sample world and the stand-in agree: a faultless batch meets no refusal."""
    affinity = Affinity(tmp_path / "state", feeds_folder)
    folder = batch_of(tmp_path / "northwind" / "000001", judgement.ready)

    answer = affinity.load_batch(folder)

    assert {} == answer.refusals()
    assert len(judgement.ready) == affinity.audit().loaded_products
    assert 0 == affinity.audit().double_bills


def test_loading_the_sample_batch_twice_bills_all_of_it_twice(
    feeds_folder: Path, judgement: Judgement, tmp_path: Path
) -> None:
    affinity = Affinity(tmp_path / "state", feeds_folder)
    folder = batch_of(tmp_path / "northwind" / "000001", judgement.ready)
    affinity.load_batch(folder)

    affinity.load_batch(folder)

    assert len(judgement.ready) == affinity.audit().double_bills


def _rows(folder: Path, name: str) -> list[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Files that come alone


def test_a_file_that_comes_alone_is_loaded_under_its_batch(
    affinity: Affinity, tmp_path: Path
) -> None:
    content = write_file(tmp_path, "08_products.csv", [row("08_products")]).read_bytes()

    answer = affinity.load_bytes("acme/000001", "08_products.csv", content)

    assert ("08_products.csv", 1, "") == (answer.name, answer.accepted, answer.problem)
    assert 0 == affinity.audit().out_of_order


def test_a_file_that_comes_alone_can_be_refused_whole(affinity: Affinity, tmp_path: Path) -> None:
    content = write_file(tmp_path, "08_products.csv", [row("08_products")]).read_bytes()

    answer = affinity.load_bytes(
        "acme/000001", "08_products.csv", content, refused_because="not today"
    )

    assert [("FILE_REFUSED", "not today")] == [(told.code, told.message) for told in answer.rows]
    assert 1 == affinity.audit().files_refused


def test_a_file_of_no_batch_is_not_loaded(affinity: Affinity) -> None:
    with pytest.raises(StandInError, match="not a file of a batch"):
        affinity.load_bytes("acme/000001", "holiday.csv", b"")


@pytest.mark.parametrize(
    ("names", "out_of_order"),
    [
        (["06_clis", "08_products"], 0),
        (["08_products", "06_clis"], 1),
        (["08_products", "06_clis", "06_clis_2"], 2),
        (["06_clis", "08_products", "06_clis"], 0),
        (["08_products", "07_ceases"], 0),
    ],
    ids=lambda value: " then ".join(value) if isinstance(value, list) else None,
)
def test_files_that_come_after_what_needs_them_are_counted(
    affinity: Affinity, tmp_path: Path, names: list[str], out_of_order: int
) -> None:
    for position, name in enumerate(names):
        stem = name.removesuffix("_2")
        changes = {"CLI": f"0770090000{position}"} if stem == "06_clis" else {}
        path = write_file(tmp_path, f"{name}.csv", [row(stem, **changes)])
        affinity.load_bytes("acme/000001", path.name, path.read_bytes())

    assert out_of_order == affinity.audit().out_of_order


def test_a_row_can_be_refused_in_given_words(load: Load) -> None:
    product = row("08_products")
    policy = Policy(words={product["Row Key"]: ("BUSY", "try later")})

    answer = load({"08_products": [product, row("08_products")]}, policy=policy)

    assert ["BUSY", "taken"] == codes(answer)
    assert "try later" == answer.rows[0].message
