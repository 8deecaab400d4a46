"""A page of JSON: read digit by digit, or refused in words that quote nothing of it."""

import json
from typing import Any

import pytest

from schemas.feeds import FEEDS, meanings
from tasks.layer.json_pages import (
    ABSENT,
    Columns,
    Page,
    PageRefused,
    PageShape,
    PageTorn,
    compile_path,
    read_page,
    walk,
)


def page(text: str | bytes, shape: PageShape | None = None, **said: Any) -> Page:
    """The page of this body."""
    body = text if isinstance(text, bytes) else text.encode()
    said = {"content_type": "application/json", "charset": None, **said}
    return read_page(body, shape=shape or PageShape(), **said)


def body(*items: str, total: str = "1", more: str = "") -> str:
    """The text of a page of these records."""
    return f'{{"total": {total}, "items": [{", ".join(items)}]{more}}}'


def sites(**fields: str) -> Columns:
    """The columns of sites, some of them mapped."""
    paths = {column: compile_path(path) for column, path in fields.items()}
    return Columns(
        feed=FEEDS["sites"], paths=paths, meanings=meanings(FEEDS["sites"], {"Ort": "name"})
    )


def table(columns: Columns, *records: dict[str, Any]) -> list[list[str]]:
    """Header and rows."""
    for record in records:
        columns.see(record)
    return [columns.header(), *columns.rows(records)]


@pytest.mark.parametrize("number", ["1.50", "10.0000", "1e5", "-0", "12345678901234567890.12345"])
def test_a_number_keeps_its_digits(number: str):
    assert [{"price": number}] == page(body(f'{{"price": {number}}}')).items


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.items", ("items",)),
        ("$['a b'].c[0]", ("a b", "c", 0)),
        ("$.list[-1]['x']", ("list", -1, "x")),
        ('$["O\\u0027Neill"]', ("O'Neill",)),
    ],
)
def test_a_path_is_a_row_of_keys_and_places(path: str, steps: tuple[str | int, ...]):
    assert steps == compile_path(path)


@pytest.mark.parametrize(
    "path", ["", "items", "$", "$..name", "$.items[*]", "$.items[0:2]", "$['a','b']", "$[?@.x]"]
)
def test_a_path_that_may_lead_to_several_places_is_refused(path: str):
    with pytest.raises(ValueError, match=r"JSONPath|one value"):
        compile_path(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [("$.a.b", "x"), ("$.list[-1]", 2), ("$.none", None), ("$.a", {"b": "x"})],
)
def test_a_path_leads_to_what_is_there(path: str, value: Any):
    content = {"a": {"b": "x"}, "list": [1, 2], "none": None}

    assert value == walk(content, compile_path(path))


@pytest.mark.parametrize(
    "path", ["$.b", "$.a.b.c", "$.list[2]", "$.list[-3]", "$.list.a", "$.a[0]"]
)
def test_a_path_leads_nowhere_where_nothing_is(path: str):
    content = {"a": {"b": "x"}, "list": [1, 2]}

    assert ABSENT is walk(content, compile_path(path))


def test_the_facts_of_a_page_are_where_the_profile_says():
    shape = PageShape(
        items=("data", "rows"),
        total=("meta", "n"),
        next=("meta", "next"),
        version=("meta", "v"),
        as_of=("at",),
    )
    text = '{"at": "noon", "meta": {"n": "2", "next": "", "v": 7}, "data": {"rows": [{}, {}]}}'

    assert Page([{}, {}], 2, None, "7", "noon") == page(text, shape)


def test_a_byte_order_mark_is_skipped():
    assert [{}] == page(b"\xef\xbb\xbf" + body("{}").encode()).items


TORN = [b"", b"{", body("{}")[:-1].encode(), '{"items": "£'.encode()[:-1], b"not JSON"]


@pytest.mark.parametrize("text", TORN, ids=range(len(TORN)))
def test_what_was_cut_off_is_worth_another_try(text: bytes):
    with pytest.raises(PageTorn, match="cut off"):
        page(text)


REFUSED: dict[str, tuple[str | bytes, dict[str, Any], str]] = {
    "a web page": ("<html>", {}, "is a web page"),
    "a web page by its type": ("{}", {"content_type": "text/html"}, "is a web page"),
    "Latin-1": (body('{"a": "é"}').encode("latin-1"), {}, "not in UTF-8"),
    "Latin-1 by its type": (body(), {"charset": "iso-8859-1"}, "another encoding"),
    "UTF-16": (body().encode("utf-16"), {}, "not in UTF-8"),
    "UTF-16 without a mark": (body().encode("utf-16-le"), {}, "not in UTF-8"),
    "NaN": (body('{"a": NaN}'), {}, "NaN"),
    "Infinity": (body('{"a": -Infinity}'), {}, "Infinity"),
    "a key twice": (body('{"a": 1, "a": 2}'), {}, "twice"),
    "a key twice, deep inside": (body('{"a": {"b": 1, "b": 2}}'), {}, "twice"),
    "a list on top": ("[{}]", {}, "no list of records"),
    "a text": ('"none"', {}, "no list of records"),
    "records that are texts": (body('"a"'), {}, "no list of records"),
    "an object for a list": ('{"total": 1, "items": {}}', {}, "no list of records"),
    "no total": ('{"items": []}', {}, "feeds.http.total"),
    "half a record": (body(total="1.5"), {}, "feeds.http.total"),
    "fewer than none": (body(total="-1"), {}, "feeds.http.total"),
    "an object for a cursor": (body(more=', "next": {}'), {}, "something else"),
    "depths without end": ("[" * 100_000, {}, "too deeply"),
}


@pytest.mark.parametrize(("text", "said", "words"), REFUSED.values(), ids=REFUSED)
def test_a_page_is_refused_for(text: str | bytes, said: dict[str, Any], words: str):
    with pytest.raises(PageRefused, match=words) as refused:
        page(text, **said)
    assert not isinstance(refused.value, PageTorn)


@pytest.mark.parametrize("key", ["version", "as_of"])
def test_what_the_profile_names_must_be_there(key: str):
    with pytest.raises(PageRefused, match=f"feeds.http.{key}"):
        page(body("{}"), PageShape(**{key: ("gone",)}))


def test_keys_become_columns_as_they_are_spelled():
    assert [["Site ID", "is_default", "x"], ["S1", "true", ""], ["", "", "7"]] == table(
        sites(), {"Site ID": "S1", "is_default": True}, {"x": "7", "is_default": None}
    )


def test_mapped_columns_come_first_under_the_feeds_own_names():
    columns = sites(name="$.facts.name", site_id="$.id")
    record = {"id": "S1", "facts": {"name": "HQ"}, "town": "Bury"}

    assert [["site_id", "name", "facts", "town"], ["S1", "HQ", '{"name": "HQ"}', "Bury"]] == table(
        columns, record
    )


def test_a_mapping_wins_over_keys_that_mean_the_same():
    columns = sites(name="$.facts.name")

    assert [["name", "facts"], ["HQ", '{"name": "HQ"}']] == table(
        columns, {"Name": "inner", "Ort": "Bury", "facts": {"name": "HQ"}}
    )


def test_a_mapping_that_never_leads_anywhere_is_no_column():
    assert [["site_id"], ["S1"]] == table(sites(name="$.gone"), {"site_id": "S1"})


def test_a_feed_without_records_has_all_its_columns():
    assert [[column.name for column in FEEDS["sites"].columns]] == table(sites())


def test_a_key_is_found_by_path_and_by_label():
    numbers = Columns(
        feed=FEEDS["asset_numbers"],
        paths={"asset_id": ("asset", "id")},
        meanings=meanings(FEEDS["asset_numbers"], {}),
    )

    assert ("A1", "0100") == numbers.see({"asset": {"id": "A1"}, "DDI Range Start": "0100"})


@pytest.mark.parametrize("record", [{}, {"site_id": None}, {"site_id": ""}])
def test_a_record_without_a_key_has_none(record: dict[str, Any]):
    assert None is sites().see(record)


@pytest.mark.parametrize("fields", [{}, {"name": "$.name"}], ids=["by label", "by path"])
@pytest.mark.parametrize("value", [{"text": "HQ"}, ["HQ"]], ids=["an object", "a list"])
def test_a_column_holds_one_value(fields: dict[str, str], value: Any):
    with pytest.raises(PageRefused, match="as name, not one value"):
        sites(**fields).see({"name": value})


def test_half_a_surrogate_pair_stays_what_it_is():
    items = page(body('{"name": "\\ud83d"}')).items

    assert [["name"], ["\ud83d"]] == table(sites(), *items)


def test_no_message_quotes_the_page():
    secret = json.dumps({"total": 1, "items": ["Bakers"]})

    with pytest.raises(PageRefused) as refused:
        page(secret)
    assert "Bakers" not in str(refused.value)
