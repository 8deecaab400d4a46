"""One question to a real web server on this machine: asked again when that helps, and only then."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from sandbox.layer.behaviour import Rule
from sandbox.layer.server import Layer, serving
from tasks.web import Answer, Declined, NoAnswer, Patience, ask, ask_once, open_client
from tests.over_http import TOKEN

QUICK = Patience(timeout=5, attempts=4, first_wait=0.001, longest_wait=0.02)


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    (tmp_path / "sites.csv").write_text("site_id\nS1\n", encoding="utf-8")
    return Layer(tmp_path)


@pytest.fixture
def url(layer: Layer) -> Iterator[str]:
    with serving(layer) as address:
        yield f"{address}/export/sites?page=1"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with open_client(token=TOKEN, patience=QUICK) as client:
        yield client


def body(answer: Answer) -> bytes:
    return answer.body


def test_an_answer_comes_whole_with_its_type(client: httpx.Client, url: str):
    found = ask(client, url, QUICK, read=lambda answer: answer)

    assert (200, "application/json", None) == (found.status, found.content_type, found.charset)
    assert b'"S1"' in found.body


def test_the_charset_is_taken_from_the_type(client: httpx.Client, url: str, layer: Layer):
    layer.behave(Rule("says_latin_1"))

    assert "iso-8859-1" == ask(client, url, QUICK, read=lambda answer: answer.charset)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_waiting_may_cure_is_asked_again(
    client: httpx.Client, url: str, layer: Layer, status: int
):
    layer.behave(Rule("status", number=status))

    with pytest.raises(NoAnswer, match=f"answered {status}"):
        ask(client, url, QUICK, read=body)
    assert 4 == len(layer.journal)


@pytest.mark.parametrize("status", [204, 302, 304, 400, 401, 403, 404, 409, 410, 422])
def test_what_waiting_does_not_cure_is_asked_once(
    client: httpx.Client, url: str, layer: Layer, status: int
):
    layer.behave(Rule("status", number=status))

    with pytest.raises(Declined) as declined:
        ask(client, url, QUICK, read=body)
    assert (status, 1) == (declined.value.status, len(layer.journal))


def test_other_statuses_can_be_answers(client: httpx.Client, url: str, layer: Layer):
    layer.behave(Rule("status", number=404))
    read = ask(client, url, QUICK, read=lambda answer: answer.status, also=frozenset({404}))

    assert 404 == read


def test_a_reader_can_have_it_asked_again(client: httpx.Client, url: str, layer: Layer):
    def third(answer: Answer) -> int:
        if len(layer.journal) < 3:
            raise NoAnswer("is not yet what we want")
        return answer.status

    assert (200, 3) == (ask(client, url, QUICK, read=third), len(layer.journal))


def test_what_else_a_reader_raises_is_not_asked_again(client: httpx.Client, url: str, layer: Layer):
    with pytest.raises(KeyError):
        ask(client, url, QUICK, read=lambda _: {}["x"])
    assert 1 == len(layer.journal)


def test_one_request_alone_is_never_repeated(client: httpx.Client, url: str, layer: Layer):
    layer.behave(Rule("status", number=503, text="7"))

    with pytest.raises(NoAnswer) as failure:
        ask_once(client, client.build_request("GET", url), QUICK)
    assert (7.0, 1) == (failure.value.retry_after, len(layer.journal))


def waited(client: httpx.Client, url: str, layer: Layer, after: str, longest: float) -> float:
    layer.behave(Rule("status", number=429, text=after, times=1))
    patience = Patience(timeout=5, attempts=2, first_wait=0.001, longest_wait=longest)
    start = time.monotonic()
    ask(client, url, patience, read=body)
    return time.monotonic() - start


def test_a_wait_that_is_asked_for_is_kept(client: httpx.Client, url: str, layer: Layer):
    assert waited(client, url, layer, "1", longest=5) >= 1


def test_a_wait_is_no_longer_than_the_longest(client: httpx.Client, url: str, layer: Layer):
    assert 0.2 <= waited(client, url, layer, "3600", longest=0.2) < 60


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("3", 3.0), ("", None), ("soon", None), ("-1", None), ("\u00b2", None)],
)
def test_what_is_asked_is_seconds(
    client: httpx.Client, url: str, layer: Layer, after: str, seconds: float | None
):
    layer.behave(Rule("status", number=429, text=after))

    with pytest.raises(NoAnswer) as failure:
        ask_once(client, client.build_request("GET", url), QUICK)
    assert seconds == failure.value.retry_after


def test_what_is_asked_is_a_moment(client: httpx.Client, url: str, layer: Layer):
    moment = datetime.now(UTC) + timedelta(seconds=90)
    layer.behave(Rule("status", number=429, text=format_datetime(moment, usegmt=True)))

    with pytest.raises(NoAnswer) as failure:
        ask_once(client, client.build_request("GET", url), QUICK)
    assert failure.value.retry_after == pytest.approx(90, abs=10)


def test_the_bearer_token_is_sent(url: str, layer: Layer, client: httpx.Client):
    layer.token = TOKEN

    assert b'"S1"' in ask(client, url, QUICK, read=body)


@pytest.mark.parametrize("token", ["", "two words", "two\nlines", "caf\u00e9"])
def test_a_token_that_cannot_be_sent_is_refused(token: str):
    with pytest.raises(ValueError, match="visible ASCII"):
        open_client(token=token, patience=QUICK)


def test_a_proxy_in_the_environment_is_not_heeded(
    url: str, monkeypatch: pytest.MonkeyPatch, layer: Layer
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with open_client(token=None, patience=QUICK) as client:
        ask(client, url, QUICK, read=body)

    assert 1 == len(layer.journal)


def test_no_log_holds_address_or_token(
    client: httpx.Client, url: str, layer: Layer, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    layer.behave(Rule("status", number=500, times=1))
    ask(client, url, QUICK, read=body)

    assert "" == caplog.text


def test_an_answer_that_quotes_our_token_is_refused(client: httpx.Client, tmp_path: Path):
    (tmp_path / "sites.csv").write_text(f"site_id\n{TOKEN}\n", encoding="utf-8")

    with (
        serving(Layer(tmp_path)) as address,
        pytest.raises(Declined, match="answered with the token it was sent"),
    ):
        ask(client, f"{address}/export/sites?page=1", QUICK, read=body)
