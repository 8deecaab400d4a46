"""URLs with placeholders: what may be asked, and what is asked."""

import pytest

from tasks.layer.addresses import check_template, filled, has, joined, origin

BASE = "https://layer.example/export"


@pytest.mark.parametrize(
    ("template", "values", "address"),
    [
        ("/e/{feed}?page={page}", {"feed": "orders", "page": "2"}, "/e/orders?page=2"),
        ("/e?c={cursor}&n={page_size}", {"page_size": "9"}, "/e?n=9"),
        ("/e?c={cursor}", {}, "/e"),
        ("/e?c={cursor}&key=", {}, "/e?key="),
        ("/e?since={modified_since}", {"modified_since": "1/2 &+"}, "/e?since=1%2F2%20%26%2B"),
        ("/e/{feed}", {"feed": "a/../b?"}, "/e/a%2F..%2Fb%3F"),
        ("/e?r={page}-{page_size}", {"page": "1"}, "/e?r=1-"),
        ("/e", {"page": "1"}, "/e"),
    ],
)
def test_placeholders_are_filled_and_empty_parameters_dropped(
    template: str, values: dict[str, str], address: str
):
    assert address == filled(template, values)


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        (BASE, "orders?page={page}", f"{BASE}/orders?page={{page}}"),
        (f"{BASE}/", "orders", f"{BASE}/orders"),
        (f"{BASE}/{{feed}}?page={{page}}", "orders", f"{BASE}/orders"),
        (f"{BASE}/v2-{{feed}}", "orders", f"{BASE}/orders"),
        (f"{BASE}?feed={{feed}}", "orders", f"{BASE}/orders"),
        (BASE, "/other/orders", "https://layer.example/other/orders"),
        (BASE, "https://layer.example/x", "https://layer.example/x"),
    ],
)
def test_a_feeds_own_url_goes_on_from_the_folder_of_all(base: str, url: str, expected: str):
    assert expected == joined(base, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://layer.example/export/{feed}?page={page}",
        "https://layer.example:8443/x",
        "http://127.0.0.1:8000/{feed}",
        "http://[::1]/x",
        "http://localhost/x",
    ],
)
def test_a_url_may_be_asked(url: str):
    check_template(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://layer.example/x", "this machine only"),
        ("http://127.0.0.1.layer.example/x", "this machine only"),
        ("ftp://layer.example/x", "https://"),
        ("layer.example/x", "https://"),
        ("https:///x", "https://"),
        ("https://layer.example:port/x", "https://"),
        ("https://ann:word@layer.example/x", "no user and password"),
        ("https://layer.example/x#top", "#fragment"),
        ("https://layer.example/x?{Page}", "no placeholder is called {Page}"),
        ("https://{feed}.layer.example/x", "host has no placeholder"),
        ("https://layer.example/a b", "visible ASCII"),
        ("https://layer.example/{feed", "visible ASCII"),
        ("https://layer.example/caf\u00e9", "visible ASCII"),
    ],
)
def test_a_url_is_refused(url: str, words: str):
    with pytest.raises(ValueError, match=words):
        check_template(url)


def test_only_the_origin_of_a_url_is_shown():
    assert "https://layer.example:8443" == origin("https://ann:word@layer.example:8443/x?key=1")


def test_a_template_has_a_placeholder_or_not():
    assert (True, False) == (has("/{page}", "page"), has("/{page_size}", "page"))
