"""What is told of customers, sites, addresses, contacts and new products, rule by rule."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.affinity import CUSTOMERS, ENTITY_FILES
from schemas.layout import Layout
from tasks.changes.entities import (
    ADDRESSES_NOW,
    CONTACTS_NOW,
    CUSTOMERS_NOW,
    PRODUCTS_NOW,
    SITES_NOW,
    Found,
    oddities,
)
from tasks.changes.terms import ChangeTerms
from tests.builders import AS_OF, entities_of, found_of_entities, frame

Row = dict[str, Any]

CUSTOMER: Row = {"customer_id": "C1", "name": "Bakers", "status": "Live"}
SITE: Row = {"site_id": "S1", "customer_id": "C1", "name": "HQ", "refs": 0, "feed_refs": 0}
ADDRESS: Row = {"address_id": "D1", "customer_id": "C1", "line1": "1 High St", "postcode": "BL1"}
CONTACT: Row = {"contact_id": "K1", "customer_id": "C1", "last_name": "Baker"}
PRODUCT: Row = {"product_id": "P1", "name": "Bespoke", "item_type": "Service"}

LINKED: Row = {"feed_ref": "AC-1"}
SITE_LINKED: Row = {"site_ref": "AS-1", "refs": 1, "feed_refs": 1}
CONFLICT: Row = {"refs": 2, "feed_refs": 1}
ACCEPTED: Row = {"taken": 1}


def terms(**overrides: Any) -> ChangeTerms:
    return ChangeTerms(**{"as_of": AS_OF, **overrides})


def compared(
    *,
    customers: tuple[Row, ...] = ({},),
    sites: tuple[Row, ...] = (),
    addresses: tuple[Row, ...] = (),
    contacts: tuple[Row, ...] = (),
    products: tuple[Row, ...] = (),
    on: ChangeTerms | None = None,
    is_first: bool = False,
) -> dict[str, Found]:
    """Rows are laid over a valid one of their kind; one customer C1 unless it says otherwise."""
    records = entities_of(
        frame(CUSTOMERS_NOW, CUSTOMER, customers),
        frame(SITES_NOW, SITE, sites),
        frame(ADDRESSES_NOW, ADDRESS, addresses),
        frame(CONTACTS_NOW, CONTACT, contacts),
        frame(PRODUCTS_NOW, PRODUCT, products),
    )
    return found_of_entities(records, on or terms(), is_first=is_first)


def told(file: str, valid: Row, **before: Any) -> Row:
    """The state of a record that was told as `valid`, but for what was `before`."""
    names = next(
        [column.source for column in each.columns if column.source != "row_key"]
        for each in ENTITY_FILES
        if each.name == file
    )
    said = {"is_billing_site": "false", **valid, **before}
    return {"told": [said.get(name) for name in names], "taken": 0}


def due(found: Found) -> list[tuple[str, str]]:
    return sorted(found.due.select("layer_id", "action").iter_rows())


def holds(found: Found) -> list[tuple[str, str]]:
    return sorted(found.holds.select("layer_id", "reason").iter_rows())


def baseline(found: Found) -> list[str]:
    return sorted(found.baseline["layer_id"])


def changes(found: Found) -> list[tuple[str, str | None, str | None, str | None, str]]:
    rows = found.changes.select("action", "field", "told", "now", "state")
    return sorted(rows.iter_rows())


CUSTOMER_CASES: dict[str, tuple[Row, list[str], bool]] = {
    "neither linked nor told: added": ({}, ["ADD"], False),
    "linked by the feed: baseline": (LINKED, [], True),
    "pending customers are added too": ({"status": "Pending"}, ["ADD"], False),
    "cancelled and never there: nothing": ({"status": "Cancelled"}, [], False),
    "cancelled and linked: baseline": ({**LINKED, "status": "Cancelled"}, [], True),
    "accepted, ref not known yet: nothing": (
        {**told("customers", CUSTOMER, name="Old"), **ACCEPTED},
        [],
        False,
    ),
    "accepted, ref learnt, as told: nothing": (
        {"learnt_ref": "AFC1", **told("customers", CUSTOMER), **ACCEPTED},
        [],
        False,
    ),
    "accepted, ref learnt, changed: updated": (
        {"learnt_ref": "AFC1", **told("customers", CUSTOMER, name="Old"), **ACCEPTED},
        ["UPDATE"],
        False,
    ),
    "baseline, changed: updated": (
        {**LINKED, **told("customers", CUSTOMER, email="old@example.com")},
        ["UPDATE"],
        False,
    ),
    "baseline, cancelled: updated": (
        {**LINKED, **told("customers", CUSTOMER), "status": "Cancelled"},
        ["UPDATE"],
        False,
    ),
    "only the ref is another: nothing": (
        {**LINKED, **told("customers", CUSTOMER, customer_ref="AC-9")},
        [],
        False,
    ),
    "baseline that lost its link: nothing": (told("customers", CUSTOMER, name="Old"), [], False),
    "on its way: nothing": ({"in_flight": True}, [], False),
    "on its way and linked meanwhile: nothing yet": ({"in_flight": True, **LINKED}, [], False),
    "refused, then linked by hand: baseline": (
        {**LINKED, "taken": 0, "refused": ["x"]},
        [],
        True,
    ),
}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("row", "actions", "is_baseline"), CUSTOMER_CASES.values(), ids=CUSTOMER_CASES
)
def test_a_customer(row: Row, actions: list[str], is_baseline: bool, is_first: bool):
    found = compared(customers=(row,), is_first=is_first)["customers"]

    assert actions == [action for _, action in due(found)]
    assert is_baseline == bool(baseline(found))
    assert holds(found) == []


def test_cells_are_the_columns_of_the_file_without_the_key():
    row = {"vat_number": "GB1", "bill_run": "1st", "telephone": "020 7946 0001"}
    cells = compared(customers=(row,))["customers"].due["cells"].to_list()

    assert [
        *[None, "C1", "Bakers", None, "Live", "GB1", None, "020 7946 0001", "1st", None, None],
        "ADD",
    ] == cells[0]
    assert len(CUSTOMERS.columns) == len(cells[0]) + 1


def test_the_feed_wins_over_what_a_result_said():
    row = {**LINKED, "learnt_ref": "AFC1", **told("customers", CUSTOMER, name="Old")}

    assert compared(customers=(row,))["customers"].due["cells"].to_list()[0][0] == "AC-1"


def test_changes_are_shown_field_by_field():
    row = {**LINKED, **told("customers", CUSTOMER, name="Old", email="x@example.com")}

    assert [
        ("UPDATE", "email", "x@example.com", None, "due"),
        ("UPDATE", "name", "Old", "Bakers", "due"),
    ] == changes(compared(customers=(row,))["customers"])


def test_what_has_left_is_shown_and_neither_sent_nor_held():
    row = {**LINKED, **told("customers", CUSTOMER, name="Old"), "in_flight": True}
    found = compared(customers=(row, {"customer_id": "C2"}))["customers"]

    assert ([], [("C2", "duplicate_name")]) == (due(found), holds(found))
    assert ("UPDATE", "name", "Old", "Bakers", "in_flight") in changes(found)


def test_only_what_is_tracked_makes_an_update_and_it_tells_all():
    row = {**LINKED, **told("customers", CUSTOMER, name="Old", email="x@example.com")}
    on = terms(tracked={"customers": ("email",)})
    found = compared(customers=(row,), on=on)["customers"]

    assert [("UPDATE", "email", "x@example.com", None, "due")] == changes(found)
    assert found.due["cells"].to_list()[0][2] == "Bakers"
    nothing = compared(customers=(row,), on=terms(tracked={"customers": ("bill_run",)}))
    assert due(nothing["customers"]) == []


NAMES: dict[str, tuple[Row, Row, list[str]]] = {
    "another has it, in another case and spacing": (
        {"name": "bakers"},
        {"name": " BAKERS ", **LINKED},
        ["C1"],
    ),
    "inner white space counts once": (
        {"name": "The  Bakers"},
        {"name": "the bakers", **LINKED},
        ["C1"],
    ),
    "two new ones: both": ({}, {}, ["C1", "C2"]),
    "the other is cancelled": ({}, {"status": "Cancelled"}, []),
    "another name": ({}, {"name": "Butchers"}, []),
    "renamed to another's": (
        {**LINKED, **told("customers", CUSTOMER, name="Old")},
        {"feed_ref": "AC-2"},
        ["C1"],
    ),
    "had it always": (
        {**LINKED, **told("customers", CUSTOMER, email="x@example.com")},
        {"feed_ref": "AC-2"},
        [],
    ),
}


@pytest.mark.parametrize(("one", "other", "held"), NAMES.values(), ids=NAMES)
def test_a_name_another_customer_has(one: Row, other: Row, held: list[str]):
    found = compared(customers=(one, {"customer_id": "C2", **other}))["customers"]

    assert [(customer, "duplicate_name") for customer in held] == holds(found)
    assert not set(held) & {customer for customer, _ in due(found)}


def test_names_in_common_are_a_warning_whoever_has_them():
    rows = ({**LINKED}, {"customer_id": "C2", "feed_ref": "AC-2"})
    customers = frame(CUSTOMERS_NOW, CUSTOMER, rows)

    assert 2 == oddities(customers)["customers", "name is that of another customer"]


def test_a_link_that_contradicts_the_result_is_a_warning():
    customers = frame(CUSTOMERS_NOW, CUSTOMER, ({**LINKED, "learnt_ref": "AFC1"},))
    warning = "Affinity reference differs from the one its result gave"

    assert 1 == oddities(customers)["customers", warning]


SITE_CASES: dict[str, tuple[Row, Row, list[str], list[str]]] = {
    "its customer goes along": ({}, {}, ["ADD"], []),
    "its customer is linked": (LINKED, {}, ["ADD"], []),
    "its customer is accepted, ref not known": (
        {**told("customers", CUSTOMER), **ACCEPTED},
        {},
        ["ADD"],
        [],
    ),
    "its customer is on its way": ({"in_flight": True}, {}, [], ["parent_missing"]),
    "its customer is cancelled": ({**LINKED, "status": "Cancelled"}, {}, [], []),
    "two refs": (LINKED, CONFLICT, [], ["site_link_conflict"]),
    "two refs, as told": (LINKED, {**CONFLICT, **told("sites", SITE)}, [], []),
    "two refs, changed": (
        LINKED,
        {**CONFLICT, **told("sites", SITE, name="Old")},
        [],
        ["site_link_conflict"],
    ),
    "linked": (LINKED, SITE_LINKED, [], []),
    "linked and changed": (
        LINKED,
        {**SITE_LINKED, **told("sites", SITE, name="Old")},
        ["UPDATE"],
        [],
    ),
    "it became the billing site": (
        LINKED,
        {**SITE_LINKED, **told("sites", SITE), "is_default": True},
        ["UPDATE"],
        [],
    ),
    "linked and changed, of a cancelled customer": (
        {**LINKED, "status": "Cancelled"},
        {**SITE_LINKED, **told("sites", SITE, name="Old")},
        ["UPDATE"],
        [],
    ),
    "accepted, ref not known": (LINKED, {**told("sites", SITE, name="Old"), **ACCEPTED}, [], []),
}


@pytest.mark.parametrize(
    ("customer", "site", "actions", "reasons"), SITE_CASES.values(), ids=SITE_CASES
)
def test_a_site(customer: Row, site: Row, actions: list[str], reasons: list[str]):
    found = compared(customers=(customer,), sites=(site,))["sites"]

    assert actions == [action for _, action in due(found)]
    assert reasons == [reason for _, reason in holds(found)]


def test_a_site_names_its_customer_by_ref_once_there_is_one():
    def cells(customer: Row) -> list[str | None]:
        return compared(customers=(customer,), sites=({},))["sites"].due["cells"].to_list()[0]

    assert [None, "S1", None, "C1", None, "HQ", None, "false", "ADD"] == cells({})
    assert [None, "S1", "AC-1", "C1", None, "HQ", None, "false", "ADD"] == cells(LINKED)


PARENTS: dict[str, tuple[tuple[Row, ...], list[str]]] = {
    "ahead in the file": (({}, {"site_id": "S2", "parent_site_id": "S1"}), ["S1", "S2"]),
    "behind in the file": (({}, {"site_id": "S0", "parent_site_id": "S1"}), ["S1"]),
    "its own": (({"parent_site_id": "S1"},), []),
    "nowhere": (({"parent_site_id": "S9"},), []),
    "linked, wherever it sorts": (
        (SITE_LINKED, {"site_id": "S0", "parent_site_id": "S1"}),
        ["S0"],
    ),
    "accepted, wherever it sorts": (
        ({**told("sites", SITE), **ACCEPTED}, {"site_id": "S0", "parent_site_id": "S1"}),
        ["S0"],
    ),
    "held itself, and so on down": (
        (
            CONFLICT,
            {"site_id": "S2", "parent_site_id": "S1"},
            {"site_id": "S3", "parent_site_id": "S2"},
        ),
        [],
    ),
    "three in a row": (
        (
            {"site_id": "S3", "parent_site_id": "S2"},
            {"site_id": "S2", "parent_site_id": "S1"},
            {},
        ),
        ["S1", "S2", "S3"],
    ),
    "by bytes, not by alphabet": (
        ({"site_id": "é"}, {"site_id": "z", "parent_site_id": "é"}),
        ["é"],
    ),
}


@pytest.mark.parametrize(("sites", "going"), PARENTS.values(), ids=PARENTS)
def test_a_parent_site(sites: tuple[Row, ...], going: list[str]):
    found = compared(sites=sites)["sites"]

    assert going == [site for site, _ in due(found)]
    waiting = {site for site, reason in holds(found) if reason == "parent_missing"}
    assert not waiting & set(going)
    assert (
        found.changes["layer_id"].n_unique()
        == found.due.height + found.holds["layer_id"].n_unique()
    )


HANGING_ON: dict[str, tuple[Row, Row, Row, list[str], list[str]]] = {
    "all goes along": ({}, {}, {}, ["ADD"], []),
    "customer and site linked": (LINKED, SITE_LINKED, {}, ["ADD"], []),
    "the site waits": (LINKED, CONFLICT, {}, [], ["parent_missing"]),
    "the customer waits": (
        {"in_flight": True},
        SITE_LINKED,
        {},
        [],
        ["parent_missing"],
    ),
    "the customer is cancelled": ({**LINKED, "status": "Cancelled"}, SITE_LINKED, {}, [], []),
    "on its way": (LINKED, SITE_LINKED, {"in_flight": True}, [], []),
}


@pytest.mark.parametrize("kind", ["addresses", "contacts"])
@pytest.mark.parametrize(
    ("customer", "site", "state", "actions", "reasons"), HANGING_ON.values(), ids=HANGING_ON
)
def test_an_address_or_contact(
    kind: str, customer: Row, site: Row, state: Row, actions: list[str], reasons: list[str]
):
    rows: Any = {kind: ({"site_id": "S1", **state},)}
    found = compared(customers=(customer,), sites=(site,), **rows)[kind]

    assert actions == [action for _, action in due(found)]
    assert reasons == [reason for _, reason in holds(found)]


@pytest.mark.parametrize(("kind", "valid"), [("addresses", ADDRESS), ("contacts", CONTACT)])
def test_an_address_or_contact_is_added_once_and_then_updated(kind: str, valid: Row):
    field = {"addresses": "town", "contacts": "role"}[kind]
    for was, actions in ((None, []), ("Old", ["UPDATE"])):
        state = told(kind, valid, **({field: was} if was else {}))
        rows: Any = {kind: (state,)}
        found = compared(customers=(LINKED,), **rows)[kind]

        assert actions == [action for _, action in due(found)]
        assert baseline(found) == []


BASELINES: dict[str, tuple[Row, Row | None, bool]] = {
    "both linked in the feed": (LINKED, SITE_LINKED, True),
    "no site": (LINKED, None, True),
    "customer not linked": ({}, SITE_LINKED, False),
    "customer linked by a result only": ({"learnt_ref": "AFC1"}, SITE_LINKED, False),
    "site not linked": (LINKED, {}, False),
    "site linked by a result only": (LINKED, {**SITE_LINKED, "feed_refs": 0}, False),
    "site in conflict": (LINKED, {**CONFLICT, "feed_refs": 2}, False),
}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(("customer", "site", "is_old"), BASELINES.values(), ids=BASELINES)
def test_what_hangs_on_linked_parents_is_there_when_we_first_look(
    customer: Row, site: Row | None, is_old: bool, is_first: bool
):
    found = compared(
        customers=(customer,),
        sites=() if site is None else (site,),
        addresses=({} if site is None else {"site_id": "S1"},),
        is_first=is_first,
    )["addresses"]

    assert (["D1"] if is_first and is_old else []) == baseline(found)
    assert not (is_first and is_old and due(found))


def test_a_new_product_is_proposed_once():
    prices = {"upfront_price": Decimal("10.0000"), "billing_frequency": "MONTHLY"}
    cells = ["P1", "Bespoke", None, "Service", "10.0000", None, "MONTHLY"]
    found = compared(products=(prices,))["new_products"]

    assert [cells] == found.due["cells"].to_list()
    assert [None] == found.due["customer_id"].to_list()
    for state in ({"told": cells, "taken": 1}, {"in_flight": True}):
        assert due(compared(products=({**prices, **state},))["new_products"]) == []
    other = {"told": ["P1", "Other"], "taken": 1}
    assert due(compared(products=({**prices, **other},))["new_products"]) == []


@pytest.mark.parametrize("state", [{}, LINKED])
def test_what_was_refused_waits_until_its_content_changes(state: Row):
    before = told("customers", CUSTOMER, name="Old") if state else {}
    first = compared(customers=({**state, **before},))["customers"].due["cells"].to_list()[0]
    refused = {**state, **before, "refused": first, "taken": 0}
    again = compared(customers=(refused,))["customers"]
    changed = compared(customers=({**refused, "vat_number": "GB1"},))["customers"]

    assert [("C1", "affinity_rejected")] == holds(again)
    assert ([], 1) == (due(again), len(due(changed)))


UNFIT: dict[str, tuple[str, Layout, Row]] = {
    "letters": ("customers", Layout(encoding="cp1252"), {"name": "Łódź"}),
    "length": ("customers", Layout(max_lengths={"Name": 3}), {}),
    "the ref too": ("customers", Layout(max_lengths={"Layer Customer ID": 1}), {}),
    "decimals": ("new_products", Layout(decimals=2), {"upfront_price": Decimal("1.2345")}),
}


@pytest.mark.parametrize(("file", "layout", "row"), UNFIT.values(), ids=UNFIT)
def test_what_the_file_cannot_hold_waits(file: str, layout: Layout, row: Row):
    where: Any = {{"new_products": "products"}.get(file, file): (row,)}
    found = compared(**where, on=terms(layouts={file: layout}))[file]

    assert ["layout_unfit"] == found.holds["reason"].to_list()
    assert [] == due(found)
    assert 1 == len(due(compared(**where)[file]))


NOT_WRITTEN: dict[str, tuple[str, Layout, Row]] = {
    "letters": ("customers", Layout(encoding="cp1252", columns=("Email",)), {"name": "Łódź"}),
    "length": ("customers", Layout(max_lengths={"Name": 3}, columns=("Email",)), {}),
    "decimals": (
        "new_products",
        Layout(decimals=2, columns=("Name", "Recurring Price")),
        {"upfront_price": Decimal("1.2345")},
    ),
}


@pytest.mark.parametrize(("file", "layout", "row"), NOT_WRITTEN.values(), ids=NOT_WRITTEN)
def test_what_the_file_does_not_say_need_not_fit(file: str, layout: Layout, row: Row):
    where: Any = {{"new_products": "products"}.get(file, file): (row,)}
    found = compared(**where, on=terms(layouts={file: layout}))[file]

    assert [] == found.holds["reason"].to_list()
    assert 1 == len(due(found))


def test_all_reasons_are_given():
    rows = ({"name": "Łódź"}, {"customer_id": "C2", "name": "łódź", **LINKED})
    on = terms(layouts={"customers": Layout(encoding="ascii")})

    assert [("C1", "duplicate_name"), ("C1", "layout_unfit")] == holds(
        compared(customers=rows, on=on)["customers"]
    )


def test_nothing_at_all():
    assert all(each.is_empty() for found in compared(customers=()).values() for each in found)


def test_every_row_is_due_or_held_or_has_left():
    found = compared(sites=({}, {"site_id": "S0", "parent_site_id": "S9"}))["sites"]

    assert {"due": 1, "held": 1} == dict(found.changes.group_by("state").agg(pl.len()).iter_rows())
