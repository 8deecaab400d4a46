"""The stand-in for The Layer's export: what it says when it behaves, and how it is told not to."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.layer.behaviour import Rule
from sandbox.layer.export import nested_path
from sandbox.layer.server import Layer, Shape, serving

SITES = (
    "site_id,name,is_default,price,modified_at\r\n"
    'S1,"Two\nlines",true,1.50,2026-01-01T00:00:00Z\r\n'
    "S2,,false,007,2026-02-01T00:00:00Z\r\n"
    "S3,HQ,,-2,\r\n"
)


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    (tmp_path / "sites.csv").write_bytes(SITES.encode())
    return Layer(tmp_path)


@pytest.fixture
def address(layer: Layer) -> Iterator[str]:
    with serving(layer) as address:
        yield address


def get(address: str, **asked: Any) -> Any:
    return httpx.get(f"{address}/export/sites", params=asked, trust_env=False).json()


def test_a_page_holds_records_total_version_and_next(address: str):
    page = get(address, page=1, page_size=2)

    assert (3, "1", None) == (page["total"], page["version"], page["next"])
    assert ["S1", "S2"] == [item["site_id"] for item in page["items"]]


def test_numbers_and_booleans_are_jsons_own_digit_for_digit(address: str):
    text = httpx.get(f"{address}/export/sites?page=1", trust_env=False).text

    assert '"is_default":true,"price":1.50' in text
    assert '"name":null,"is_default":false,"price":"007"' in text


def test_past_the_end_a_page_is_empty(address: str):
    assert (3, []) == (get(address, page=9)["total"], get(address, page=9)["items"])


def test_cursors_lead_through_all_records(address: str):
    seen, cursor = [], ""
    while cursor is not None:
        page = get(address, cursor=cursor, page_size=2)
        seen += [item["site_id"] for item in page["items"]]
        cursor = page["next"]

    assert ["S1", "S2", "S3"] == seen


def test_only_what_has_changed_is_given_if_that_is_asked_for(address: str):
    page = get(address, page=1, modified_since="2026-01-15T00:00:00Z")

    assert (2, ["S2", "S3"]) == (page["total"], [item["site_id"] for item in page["items"]])


def test_a_token_is_asked_for_where_there_is_one(address: str, layer: Layer):
    layer.token = "x" * 8
    url = f"{address}/export/sites?page=1"
    shown = httpx.get(url, headers={"Authorization": "Bearer xxxxxxxx"}, trust_env=False)

    assert (401, 200) == (httpx.get(url, trust_env=False).status_code, shown.status_code)


def test_the_nested_shape_has_every_field_where_it_says(address: str, layer: Layer):
    layer.shape = Shape.NESTED
    page = get(address, page=1)
    record = page["data"]["records"][0]

    assert 3 == page["meta"]["totals"][0]["count"]
    assert ('$.links["site_id"]', "S1") == (nested_path("site_id"), record["links"]["site_id"])
    assert ('$.facts[0]["price"]', 1.5) == (nested_path("price"), record["facts"][0]["price"])


def test_a_rule_is_for_some_requests_only(address: str, layer: Layer):
    layer.behave(Rule("status", feed="sites", page=2, skip=1, times=1, number=503))
    url = f"{address}/export/sites"
    found = [httpx.get(f"{url}?page={page}", trust_env=False).status_code for page in (1, 2, 2, 2)]

    assert [200, 200, 503, 200] == found


def test_it_is_told_over_the_wire_and_keeps_a_journal(address: str):
    rules = [{"do": "status", "number": 429, "text": "7"}]
    told = httpx.put(f"{address}/behaviour", json=rules, trust_env=False)
    busy = httpx.get(f"{address}/export/sites?page=1", trust_env=False)
    journal = httpx.get(f"{address}/journal", trust_env=False).json()

    assert (200, 429, "7") == (told.status_code, busy.status_code, busy.headers["Retry-After"])
    assert [("sites", 1, ["status"])] == [
        (each["feed"], each["page"], each["do"]) for each in journal
    ]


@pytest.mark.parametrize("rules", [[{"do": "dance"}], [{"how": "slow"}], "slow"])
def test_a_rule_nobody_knows_is_refused(address: str, rules: Any):
    assert 400 == httpx.put(f"{address}/behaviour", json=rules, trust_env=False).status_code


def test_the_command_prints_where_it_can_be_asked(layer: Layer):
    words = [sys.executable, "-m", "sandbox.layer", "serve", "--feeds", str(layer.folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as command:
        try:
            said = json.loads(command.stdout.readline())
            found = httpx.get(f"{said['export']}sites?page=1", trust_env=False).json()
        finally:
            command.terminate()

    assert 3 == found["total"]
