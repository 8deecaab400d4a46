"""Which column of a file is which column of its feed. Contract section 2."""

import pytest

from schemas.errors import SourceContractBroken
from schemas.feeds import FEEDS, label_key
from tasks.contracts.header import match_header


@pytest.mark.parametrize(
    "label",
    ["customer_id", "Customer ID", "CUSTOMER-ID", "customerid", "_customer id_", "Customer\tId"],
)
def test_case_space_hyphen_and_underscore_do_not_matter(label: str):
    assert "c0" == match_header(FEEDS["customers"], [label, "name", "status"], {})["customer_id"]


@pytest.mark.parametrize(
    ("feed", "label", "column"),
    [
        ("order_lines", "Bill Start Override", "bill_start_override"),
        ("order_lines", "Billing Start Date Override", "bill_start_override"),
        ("order_lines", "Connected Date", "connected_on"),
        ("order_lines", "Issue Date", "issued_on"),
        *(
            (feed, label, "cli")
            for feed in ("order_lines", "assets", "quotation_lines")
            for label in ("CTN", "MSISDN", "Billing ID", "MPN")
        ),
        ("assets", "Connection Date", "connection_on"),
        ("assets", "Expiry Date", "expiry_on"),
        ("assets", "Cease Date", "cease_on"),
        ("assets", "Live", "is_live"),
        ("asset_numbers", "DDI Range Start", "cli"),
        ("asset_numbers", "DDR Range Start", "cli"),
        ("asset_numbers", "DDI Range End", "range_end"),
        ("sites", "Site Integration ID", "integration_id"),
        ("products", "SKU", "external_sku"),
        ("products", "Affinity Product Code", "external_sku"),
        ("affinity_cease_requests", "OBJECTUID", "object_uid"),
        ("affinity_cease_requests", "Completed On", "completed_on"),
    ],
)
def test_the_layers_own_labels(feed: str, label: str, column: str):
    needed = [c.name for c in FEEDS[feed].columns if c.must_have_value and c.name != column]

    assert f"c{len(needed)}" == match_header(FEEDS[feed], [*needed, label], {})[column]


def test_unknown_columns_are_ignored_and_places_are_kept():
    found = match_header(FEEDS["customers"], ["notes", "name", "x", "status", "customer_id"], {})

    assert {"name": "c1", "status": "c3", "customer_id": "c4"} == found


def test_a_label_of_the_profile_names_a_column():
    extra = {"Account No": "integration_id", "Qty": "quantity"}
    found = match_header(FEEDS["customers"], ["customer_id", "name", "status", "account-no"], extra)

    assert "c3" == found["integration_id"]
    assert "quantity" not in found


def test_a_label_of_the_profile_may_take_over_a_name():
    extra = {"name": "registered_name", "trading as": "name"}
    header = ["customer_id", "name", "trading as", "status"]

    assert ("c1", "c2") == tuple(
        match_header(FEEDS["customers"], header, extra)[each]
        for each in ("registered_name", "name")
    )


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(["cli", "CTN"], id="name and alias"),
        pytest.param(["CTN", "MSISDN"], id="two aliases"),
        pytest.param(["cli", "CLI"], id="one name twice"),
    ],
)
def test_two_columns_that_mean_the_same_stop_the_run(labels: list[str]):
    with pytest.raises(SourceContractBroken) as stop:
        match_header(FEEDS["asset_numbers"], ["asset_id", "cli", "DDI Range Start"], {})
    assert "Reading feed asset_numbers: two columns both mean cli." == stop.value.message

    with pytest.raises(SourceContractBroken):
        match_header(FEEDS["assets"], ["asset_id", *labels], {})


def test_missing_required_columns_stop_the_run_and_are_named():
    with pytest.raises(SourceContractBroken) as stop:
        match_header(FEEDS["customers"], ["name"], {})

    assert "missing required column customer_id, status" in stop.value.message


@pytest.mark.parametrize("header", [["Zug", "Datum"], ["is_deleted"], [" "]])
def test_a_file_without_any_column_of_its_feed_stops_the_run(header: list[str]):
    with pytest.raises(SourceContractBroken) as stop:
        match_header(FEEDS["affinity_cease_requests"], header, {})

    assert "no column of it is in the file; they are OBJECTUID, Completed On" in stop.value.message


def test_an_optional_column_may_be_missing():
    assert "email" not in match_header(FEEDS["customers"], ["customer_id", "name", "status"], {})


@pytest.mark.parametrize("feed", FEEDS)
def test_no_two_columns_of_a_feed_answer_to_one_label(feed: str):
    labels = [
        label_key(label)
        for column in FEEDS[feed].columns
        for label in (column.name, *column.aliases)
    ]

    # a column's own alias may be its name in other spelling
    owners = {label: set() for label in labels}
    for column in FEEDS[feed].columns:
        for label in (column.name, *column.aliases):
            owners[label_key(label)].add(column.name)
    assert {1} == {len(each) for each in owners.values()}
