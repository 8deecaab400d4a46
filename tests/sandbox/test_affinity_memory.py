"""What the stand-in remembers of a relationship as it goes on: changes, ends, further periods."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.affinity import Affinity, BatchAnswer
from tests.sandbox.batches import row, write_feeds, write_file

Row = dict[str, str]
Load = Callable[..., list[str]]

PEOPLE = {
    "addresses": "address_id,customer_id,site_id,line1,postcode,country\n"
    "D-1,C1,S1,1 Signal House,AF1 1AA,UK\nD-2,C2,,2 Signal House,AF1 1AA,UK\n",
    "contacts": "contact_id,customer_id,site_id,last_name\nK-1,C1,,O'Rourke\nK-2,C1,S9,Nobody\n",
}


@pytest.fixture
def affinity(tmp_path: Path) -> Affinity:
    """An Affinity that has learnt the small feeds."""
    return Affinity(tmp_path / "state", write_feeds(tmp_path / "feeds", **PEOPLE))


@pytest.fixture
def answer(affinity: Affinity, tmp_path: Path) -> Callable[..., BatchAnswer]:
    """Load rows as the next batch."""
    seq = iter(range(1, 100))

    def load_batch(*rows: tuple[str, Row]) -> BatchAnswer:
        folder = tmp_path / "acme" / f"{next(seq):06d}"
        for stem in {stem for stem, _ in rows}:
            write_file(folder, f"{stem}.csv", [each for name, each in rows if name == stem])
        return affinity.load_batch(folder)

    return load_batch


@pytest.fixture
def load(answer: Callable[..., BatchAnswer]) -> Load:
    """Load rows as the next batch; a word per row: "taken" or the refusal's code."""

    def words(*rows: tuple[str, Row]) -> list[str]:
        return ["taken" if told.accepted else told.code for told in answer(*rows).rows]

    return words


def product(line: str, **changes: str) -> tuple[str, Row]:
    changes = {"Layer_Line_ID": line, "Layer_Asset_ID": f"A-{line}"} | changes
    return "08_products", row("08_products", **changes)


def upfront(line: str, **changes: str) -> tuple[str, Row]:
    return product(line, Charge_Type="UPFRONT", Frequency="ONE_OFF", **changes)


def cease(line: str, day: str, **changes: str) -> tuple[str, Row]:
    changes = {"Object_UID": "", "Layer_Asset_ID": f"A-{line}", "Cease_Date": day} | changes
    return "07_ceases", row("07_ceases", **changes)


def cli(number: str, **changes: str) -> tuple[str, Row]:
    return "06_clis", row("06_clis", CLI=number, **changes)


def held(affinity: Affinity, table: str, **wanted: object) -> dict[str, object]:
    """The only row of a table with these values."""
    (found,) = [each for each in affinity.holdings(table) if wanted.items() <= each.items()]
    return found


def billed(affinity: Affinity, line: str) -> list[tuple[object, object]]:
    """Start and end of each period of a line."""
    return [
        (each["start_on"], each["end_on"])
        for each in affinity.holdings("site_product")
        if each["line_id"] == line
    ]


# Customers, sites and what hangs on them


def test_what_is_created_is_named_in_the_answer(answer) -> None:
    rows = answer(
        ("01_customers", row("01_customers")),
        ("02_sites", row("02_sites")),
        ("03_addresses", row("03_addresses")),
        ("05_new_products", row("05_new_products")),
    ).rows

    assert ["AFC000003", "AFS000004", "", "NEW-000001"] == [told.ref for told in rows]
    assert ["created as AFC000003", ""] == [rows[0].message, rows[2].message]


def test_linked_customers_and_sites_are_known_with_their_fields(affinity: Affinity) -> None:
    affinity.learn()

    customer = held(affinity, "customer", ref="NW1")
    assert ("C1", "Old Foods", "Live") == (
        customer["layer_id"],
        customer["Name"],
        customer["Status"],
    )
    site = held(affinity, "site", ref="NW1-002")
    assert ("S2", "Depot", "false") == (site["layer_id"], site["Name"], site["Is Billing Site"])


def test_addresses_and_contacts_of_what_is_linked_are_known(affinity: Affinity) -> None:
    affinity.learn()

    assert [("address", "D-1"), ("contact", "K-1")] == [
        (each["kind"], each["layer_id"]) for each in affinity.holdings("record")
    ]


def test_an_update_changes_all_fields_of_a_customer(affinity: Affinity, load: Load) -> None:
    change = {"Action": "UPDATE", "Customer_Ref": "NW1", "Layer_Customer_ID": "C1"}

    assert ["taken"] == load(
        ("01_customers", row("01_customers", **change, Name="Newer Foods", Email="a@example.com"))
    )

    customer = held(affinity, "customer", ref="NW1")
    assert ("Newer Foods", "a@example.com", "") == tuple(
        customer[name] for name in ("Name", "Email", "Status")
    )


def test_nothing_is_added_to_a_cancelled_customer(affinity: Affinity, load: Load) -> None:
    change = {"Action": "UPDATE", "Customer_Ref": "NW1", "Layer_Customer_ID": "C1"}
    load(product("L1"))
    load(("01_customers", row("01_customers", **change, Status="Cancelled")))

    said = [
        load(each)
        for each in (
            product("L2"),
            cli("07700900001"),
            ("03_addresses", row("03_addresses")),
            product("L1", Action="UPDATE"),
            cease("L1", "31/10/2026"),
        )
    ]

    assert [["CUSTOMER_INACTIVE"]] * 3 + [["taken"]] * 2 == said
    assert 1 == affinity.audit().live["customers"]


def test_an_update_can_move_a_site_to_another_customer(affinity: Affinity, load: Load) -> None:
    load(
        (
            "02_sites",
            row(
                "02_sites", Action="UPDATE", Layer_Site_ID="S1", Layer_Customer_ID="C3", Name="Hub"
            ),
        )
    )

    site = held(affinity, "site", ref="NW1-001")
    assert ("NW3", "Hub") == (site["customer_ref"], site["Name"])


@pytest.mark.parametrize(
    ("stem", "changes", "code"),
    [
        ("02_sites", {"Layer_Customer_ID": "C1", "Parent_Layer_Site_ID": "S8"}, "UNKNOWN_SITE"),
        ("03_addresses", {"Layer_Address_ID": "D-1"}, "ADDRESS_EXISTS"),
        ("03_addresses", {"Action": "UPDATE"}, "UNKNOWN_ADDRESS"),
        ("04_contacts", {"Layer_Contact_ID": "K-1"}, "CONTACT_EXISTS"),
        ("04_contacts", {"Action": "UPDATE"}, "UNKNOWN_CONTACT"),
        ("04_contacts", {"Action": "CEASE"}, "BAD_VALUE"),
    ],
)
def test_a_record_has_to_fit_what_is_there(load: Load, stem: str, changes: Row, code: str) -> None:
    assert [code] == load((stem, row(stem, **changes)))


def test_an_update_changes_an_address(affinity: Affinity, load: Load) -> None:
    change = {"Action": "UPDATE", "Layer_Address_ID": "D-1", "Line_1": "9 Signal House"}

    assert ["taken"] == load(("03_addresses", row("03_addresses", **change)))

    address = held(affinity, "record", layer_id="D-1")
    assert ("9 Signal House", "") == (address["Line 1"], address["Country"])


def test_a_new_product_can_be_sold_under_its_code(affinity: Affinity, load: Load) -> None:
    said = load(
        ("05_new_products", row("05_new_products")), product("L1", Product_Code="NEW-000001")
    )

    assert ["taken", "taken"] == said
    assert ["PRODUCT_EXISTS"] == load(("05_new_products", row("05_new_products")))


def test_codes_and_refs_are_exported(affinity: Affinity, load: Load, tmp_path: Path) -> None:
    load(("01_customers", row("01_customers")), ("05_new_products", row("05_new_products")))

    affinity.export(tmp_path / "out")

    assert "NEW-000001,Bespoke,true,5.0000\n" in (
        tmp_path / "out" / "affinity_products.csv"
    ).read_text(encoding="utf-8").replace("\r", "")
    assert ["entity,layer_id,ref", "customer,C9,AFC000003", "product,P9,NEW-000001"] == (
        tmp_path / "out" / "created_refs.csv"
    ).read_text(encoding="utf-8").splitlines()


# What is billed


def test_an_update_sets_all_that_a_product_row_says(affinity: Affinity, load: Load) -> None:
    load(product("L1"))
    change = {
        "Action": "UPDATE",
        "Site_Ref": "NW1-002",
        "Product_Code": "BOX-1",
        "Frequency": "ANNUAL",
        "Bill_Start_Date": "05/10/2026",
        "Description": "Box",
        "Layer_Asset_ID": "A-RENEWED",
    }

    load(product("L1", **change))

    now = held(affinity, "site_product", line_id="L1")
    wanted = ("NW1-002", "BOX-1", "ANNUAL", "2026-10-05", "Box", "A-RENEWED")
    assert wanted == tuple(
        now[name]
        for name in (
            *("site_ref", "product_code", "frequency", "start_on", "description", "asset_id"),
        )
    )


def test_a_cease_can_be_changed_and_withdrawn(affinity: Affinity, load: Load) -> None:
    load(product("L1"))
    ends = []
    for change in (
        cease("L1", "31/12/2026"),
        cease("L1", "30/11/2026"),
        product("L1", Action="UPDATE"),
        cease("L1", "30/09/2026"),
    ):
        assert ["taken"] == load(change)
        ends.append(billed(affinity, "L1")[0][1])

    assert ["2026-12-31", "2026-11-30", "", "2026-09-30"] == ends


def test_a_further_period_is_no_double_bill(affinity: Affinity, load: Load) -> None:
    load(product("L1"))
    load(cease("L1", "30/11/2026"), product("L1", Bill_Start_Date="01/12/2026"))
    load(product("L1", Action="UPDATE", Bill_Start_Date="01/12/2026", Quantity="2"))
    load(cease("L1", "31/12/2026"))

    assert [("2026-10-01", "2026-11-30"), ("2026-12-01", "2026-12-31")] == billed(affinity, "L1")
    assert 0 == affinity.audit().double_bills


def test_a_period_beside_another_is_a_double_bill_until_that_is_ended(
    affinity: Affinity, load: Load
) -> None:
    load(product("L1"))
    second = product("L1", Bill_Start_Date="01/12/2026")
    load(second)
    before = affinity.audit()

    load(cease("L1", "30/11/2026", Replaced_By_Row_Key=second[1]["Row Key"]))

    assert {"line billed already": 1} == before.double_bill_causes
    assert 0 == affinity.audit().double_bills
    assert [("2026-10-01", "2026-11-30"), ("2026-12-01", "")] == billed(affinity, "L1")


def test_a_one_off_that_is_ceased_is_taken_back_and_can_be_charged_again(
    affinity: Affinity, load: Load
) -> None:
    load(upfront("L1"))
    load(cease("L1", "01/10/2026", Charge_Type="UPFRONT"))
    taken_back = affinity.audit()
    load(upfront("L1"))

    again = affinity.audit()
    assert ("0.00", "6.50") == (taken_back.loaded_money_upfront, again.loaded_money_upfront)
    assert 0 == again.double_bills


# CLIs


def lives(affinity: Affinity, number: str) -> list[tuple[object, object, object]]:
    return [
        (each["site_ref"], each["start_on"], each["end_on"])
        for each in affinity.holdings("cli")
        if each["cli"] == number
    ]


def test_a_cease_of_a_number_ends_the_life_it_means(affinity: Affinity, load: Load) -> None:
    number = "07700900001"
    load(cli(number))
    load(cli(number, Action="CEASE", End_Date="31/10/2026"))
    load(cli(number, Start_Date="01/12/2026"))
    load(cli(number, Action="CEASE", Start_Date="01/12/2026", End_Date="31/12/2026"))

    assert [
        ("NW1-001", "2026-10-01", "2026-10-31"),
        ("NW1-001", "2026-12-01", "2026-12-31"),
    ] == lives(affinity, number)


def test_a_blank_end_reopens_a_number_and_a_range_end_changes(
    affinity: Affinity, load: Load
) -> None:
    number = "07700900001"
    load(cli(number), cli(number, Action="CEASE", End_Date="31/10/2026"))

    assert ["taken"] == load(cli(number, Action="UPDATE", Range_End="07700900009"))

    found = held(affinity, "cli", cli=number)
    assert ("", "07700900009") == (found["end_on"], found["range_end"])


def test_a_number_cannot_move_to_where_it_is_live(load: Load) -> None:
    load(cli("07700900001"), cli("07700900002"))

    assert ["CLI_EXISTS"] == load(cli("07700900002", Action="UPDATE", Previous_CLI="07700900001"))


def test_what_is_billed_on_a_number_changes_by_its_own_row_only(
    affinity: Affinity, load: Load
) -> None:
    old, new = "07700900001", "07700900002"
    load(cli(old), product("L1", CLI=old), product("L2", CLI=old), upfront("L3", CLI=old))

    said = load(
        cli(new, Action="UPDATE", Previous_CLI=old),
        product("L1", Action="UPDATE", CLI=new),
        product("L2", Action="UPDATE", CLI="07700900003"),
        upfront("L3", Action="UPDATE", CLI=old, Quantity="2"),
    )

    assert ["taken", "taken", "UNKNOWN_CLI", "taken"] == said
    assert [new, old, old] == [
        held(affinity, "site_product", line_id=line)["cli"] for line in ("L1", "L2", "L3")
    ]


def test_a_number_at_two_places_at_a_time_is_counted(affinity: Affinity, load: Load) -> None:
    load(cli("07700900001"), cli("07700900002"))
    load(cli("07700900001", Site_Ref="NW1-002"))
    load(cli("07700900002", Action="CEASE", End_Date="31/10/2026"))
    load(cli("07700900002", Site_Ref="NW1-002", Start_Date="01/11/2026"))

    assert 1 == affinity.audit().cli_doubles
