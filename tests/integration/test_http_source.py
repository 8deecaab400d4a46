"""An export over HTTP that misbehaves: taken whole in the end, or refused in clear words.

What is landed is named by its digest, so a landing that equals that of a clean run gives the very
same charges. A feed that was refused leaves no landed file behind.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.console.doctor_view import examine
from flows.plan import plan
from flows.profile import load_profile
from flows.wiring import landed_folder, new_run, open_source, reading_terms
from sandbox.layer.behaviour import Rule
from sandbox.layer.server import Layer, serving
from schemas.errors import (
    ProfileWrong,
    R2BError,
    SourceContractBroken,
    SourceRefused,
    SourceUnavailable,
)
from schemas.receipts import FeedCount
from tasks.contracts.task import accept_records
from tasks.layer.task import land_feeds
from tasks.runs.task import start_run
from tests.integration.office import Office, tree
from tests.over_http import BY_CURSOR, BY_PAGE, TOKEN, http_profile
from tests.running import AS_OF, run_job
from warehouse.connection import prepare_warehouse

FEED = "order_lines"  # of five records, so three pages, and the first once more
CLEAN = ["1", "2", "3", "1"]
CURSOR: dict[str, Any] = {"query": BY_CURSOR, "paging": "cursor"}
BRIEF: dict[str, Any] = {"timeout_seconds": 0.2, "attempts": 2}


@dataclass
class Desk:
    """An office whose feeds come from a stand-in, and the stand-in."""

    office: Office
    layer: Layer
    address: str

    def settings(self, **settings: Any) -> None:
        """Set the profile."""
        text = http_profile(self.address, **settings)
        (self.office.folder / "r2b.toml").write_text(text, encoding="utf-8")

    def landing(self) -> dict[str, str]:
        """Land the feeds: feed -> digest."""
        profile = self.office.profile
        found = open_source(profile).land(landed_folder(profile), need_all=True)
        return {feed: found.sha256(feed) for feed in found.names}

    def landed(self) -> list[str]:
        """The names of what was landed whole, and of anything half done."""
        folder = landed_folder(self.office.profile)
        return sorted(path.name for path in folder.iterdir() if path.name != "pages")

    def asked(self, feed: str = FEED) -> list[str]:
        """Which pages of a feed were asked for, in order."""
        return [str(entry["page"]) for entry in self.layer.journal if entry["feed"] == feed]

    def since(self, feed: str = FEED) -> list[str]:
        """Since when changes were asked for."""
        paths = [entry["path"] for entry in self.layer.journal if entry["feed"] == feed]
        return [path.partition("modified_since=")[2] for path in paths]

    def run(self) -> Any:
        """Run with the feeds as the stand-in has them."""
        job = run_job(self.office.folder)
        assert (0, None) == (job.exit_code, job.error)
        return job.receipt

    def accept(self) -> dict[str, FeedCount]:
        """The first two steps of a run: land, and accept what fits."""
        profile = self.office.profile
        run = new_run(profile, AS_OF)
        prepare_warehouse(profile.warehouse)
        start_run(run, profile_sha256=profile.sha256)
        full = profile.settings.feeds.mode == "full"
        landed = land_feeds(open_source(profile), landed_folder(profile), need_all=full)
        return accept_records(run, landed, reading_terms(profile))

    def changed(self) -> None:
        """Give the stand-in the feeds as they are now, and forget who asked."""
        self.office.save()
        self.layer.reload()
        self.layer.journal.clear()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("R2B_LAYER_TOKEN", TOKEN)
    office = Office(tmp_path / "office", lines=5)
    office.save()
    layer = Layer(office.folder / "feeds", token=TOKEN)
    with serving(layer) as address:
        desk = Desk(office, layer, address)
        desk.settings()
        yield desk


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield

    assert [] == [
        record.getMessage()
        for record in caplog.records
        if TOKEN in record.getMessage() or "127.0.0.1" in record.getMessage()
    ]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a landing without trouble comes to."""
    office = Office(tmp_path_factory.mktemp("clean") / "office", lines=5)
    office.save()
    with serving(Layer(office.folder / "feeds")) as address:
        desk = Desk(office, Layer(office.folder / "feeds"), address)
        desk.settings()
        return desk.landing()


RECOVERED: dict[str, tuple[list[Rule], list[str], dict[str, Any]]] = {
    "it takes its time": ([Rule("slow", page=2, number=0.05)], CLEAN, {}),
    "it is busy once, and says when to come back": (
        [Rule("status", page=2, number=429, text="0", times=1)],
        ["1", "2", "2", "3", "1"],
        {},
    ),
    "it is busy, and names a day long gone": (
        [Rule("status", page=2, number=503, text="Wed, 21 Oct 2015 07:28:00 GMT", times=1)],
        ["1", "2", "2", "3", "1"],
        {},
    ),
    "it asks for an hour, which is more than the longest wait": (
        [Rule("status", page=2, number=429, text="3600", times=1)],
        ["1", "2", "2", "3", "1"],
        {},
    ),
    "it fails once": ([Rule("status", number=500, times=1)], ["1", *CLEAN], {}),
    "it fails twice": ([Rule("status", number=503, times=2)], ["1", "1", *CLEAN], {}),
    "it is too early": ([Rule("status", number=425, times=1)], ["1", *CLEAN], {}),
    "the request took too long for it": (
        [Rule("status", number=408, times=1)],
        ["1", *CLEAN],
        {},
    ),
    "the connection is reset": ([Rule("reset", times=1)], ["1", *CLEAN], {}),
    "the connection closes without a word": ([Rule("no_answer", times=1)], ["1", *CLEAN], {}),
    "the connection closes after the first of several pages": (
        [Rule("no_answer", page=2, times=1)],
        ["1", "2", "2", "3", "1"],
        {},
    ),
    "the body is shorter than promised": ([Rule("short", times=1)], ["1", *CLEAN], {}),
    "the body is cut where nothing says how long it is": (
        [Rule("cut", times=1)],
        ["1", *CLEAN],
        {},
    ),
    "the JSON is cut off once": ([Rule("torn_json", times=1)], ["1", *CLEAN], {}),
    "it hangs once": ([Rule("hang", times=1)], ["1", *CLEAN], BRIEF),
    "the body comes drop by drop": (
        [Rule("drip", number=0.02, times=1)],
        ["1", *CLEAN],
        BRIEF,
    ),
    "the headers come drop by drop": (
        [Rule("drip_headers", number=0.02, times=1)],
        ["1", *CLEAN],
        BRIEF,
    ),
    "the total changes between pages": (
        [Rule("wrong_total", page=2, number=1, times=1)],
        ["1", "2", *CLEAN],
        {},
    ),
    "the version changes between pages": (
        [Rule("other_version", page=3, times=1)],
        ["1", "2", "3", *CLEAN],
        {},
    ),
    "the version has changed when all was read": (
        [Rule("other_version", page=1, skip=1, times=1)],
        [*CLEAN, *CLEAN],
        {},
    ),
    "the records have moved when all was read": (
        [Rule("reorder", page=1, skip=1, times=1)],
        [*CLEAN, *CLEAN],
        {},
    ),
    "an id comes twice": ([Rule("double", page=2, times=1)], ["1", "2", *CLEAN], {}),
    "a record is missing": (
        [Rule("drop", page=2, times=1)],
        ["1", "2", "3", "4", *CLEAN],
        {},
    ),
    "a page in the middle is empty": (
        [Rule("empty", page=2, times=1)],
        ["1", "2", *CLEAN],
        {},
    ),
    "three times something changes": (
        [Rule("other_version", page=2, times=3)],
        ["1", "2", "1", "2", "1", "2", *CLEAN],
        {},
    ),
    "it fails while pages are named by cursors": (
        [Rule("status", page=2, number=500, times=1)],
        ["1", "2", "2", "3", "1"],
        CURSOR,
    ),
    "it gives smaller pages than asked for": ([], CLEAN, {"page_size": 100}),
}


@pytest.mark.parametrize(("rules", "asked", "settings"), RECOVERED.values(), ids=RECOVERED)
def test_the_feeds_are_whole_in_the_end_although(
    desk: Desk,
    clean: dict[str, str],
    rules: list[Rule],
    asked: list[str],
    settings: dict[str, Any],
):
    desk.settings(**settings)
    desk.layer.page_limit = 2
    for rule in rules:
        rule.feed, rule.seen = FEED, 0
    desk.layer.behave(*rules)
    found = desk.landing()

    assert clean == found
    assert asked == desk.asked()
    assert sorted(f"{digest}.csv" for digest in set(found.values())) == desk.landed()


def always(do: str, **more: Any) -> list[Rule]:
    return [Rule(do, **more)]


Refusal = tuple[list[Rule], type[R2BError], str, int, dict[str, Any]]
REFUSED: dict[str, Refusal] = {
    # what it does: (rules, which error, some of its words, most requests for the feed, settings)
    "fails for ever": (always("status", number=500), SourceUnavailable, "answered 500", 3, {}),
    "is busy for ever": (
        always("status", number=429, text="3600"),
        SourceUnavailable,
        "answered 429 (3 tries)",
        3,
        {},
    ),
    "hangs for ever": (always("hang"), SourceUnavailable, "within 0.2 s", 2, BRIEF),
    "drips for ever": (
        always("drip", number=0.02),
        SourceUnavailable,
        "within 0.2 s",
        2,
        BRIEF,
    ),
    "drips headers for ever": (
        always("drip_headers", number=0.02),
        SourceUnavailable,
        "within 0.2 s",
        2,
        BRIEF,
    ),
    "always resets": (always("reset"), SourceUnavailable, "broke off", 3, {}),
    "always breaks off": (always("short"), SourceUnavailable, "broke off", 3, {}),
    "always cuts the body": (always("cut"), SourceContractBroken, "cut off", 3, {}),
    "always cuts the JSON": (always("torn_json"), SourceContractBroken, "cut off", 3, {}),
    "shows a web page": (always("html"), SourceContractBroken, "is a web page", 1, {}),
    "calls a web page JSON": (
        always("html_as_json"),
        SourceContractBroken,
        "is a web page",
        1,
        {},
    ),
    "writes Latin-1": (always("latin_1"), SourceContractBroken, "not in UTF-8", 1, {}),
    "says Latin-1": (
        always("says_latin_1"),
        SourceContractBroken,
        "another encoding than UTF-8",
        1,
        {},
    ),
    "writes UTF-16": (always("utf_16"), SourceContractBroken, "not in UTF-8", 1, {}),
    "packs unasked": (always("gzip"), SourceContractBroken, "compressed", 1, {}),
    "packs, and cuts it": (always("torn_gzip"), SourceContractBroken, "compressed", 1, {}),
    "wants another token": (
        always("status", number=401),
        SourceRefused,
        "feeds.http.token_env",
        1,
        {},
    ),
    "forbids": (always("status", number=403), SourceRefused, "may not read", 1, {}),
    "does not know a required feed": (
        always("status", number=404),
        SourceRefused,
        "knows no such feed (404)",
        1,
        {},
    ),
    "forgets the feed after its first page": (
        always("status", number=404, page=2),
        SourceRefused,
        "page 2: the source answered 404",
        2,
        {},
    ),
    "sends us elsewhere": (always("redirect"), SourceRefused, "ask elsewhere", 1, {}),
    "finds our request bad": (
        always("status", number=400),
        SourceRefused,
        "answered 400",
        1,
        {},
    ),
    "sends too much": (
        always("huge", number=200_000),
        SourceContractBroken,
        "more than 100,000 bytes",
        1,
        {"max_page_bytes": 100_000},
    ),
    "nests a value": (
        always("nested_value", page=2),
        SourceContractBroken,
        "a list or an object as connected_on",
        2,
        {},
    ),
    "writes NaN": (always("nan"), SourceContractBroken, "page 1 holds NaN", 1, {}),
    "writes Infinity": (always("infinity"), SourceContractBroken, "Infinity", 1, {}),
    "names a key twice": (always("doubled_key"), SourceContractBroken, "twice", 1, {}),
    "lists texts": (always("texts"), SourceContractBroken, "no list of records", 1, {}),
    "lists nothing": (always("no_list"), SourceContractBroken, "no list of records", 1, {}),
    "has no total": (
        always("total_as_text"),
        SourceContractBroken,
        "feeds.http.total",
        1,
        {},
    ),
    "has no version": (
        always("no_version", page=2),
        SourceContractBroken,
        "feeds.http.version",
        2,
        {},
    ),
    "has a key for every record": (
        always("many_keys", number=1001),
        SourceContractBroken,
        "different keys",
        1,
        {},
    ),
    "never has as many as it says": (
        always("wrong_total", number=1),
        SourceContractBroken,
        "hold 5 records, its total says 6, 4 times in a row",
        16,
        {},
    ),
    "always has more than it says": (
        always("wrong_total", number=-1),
        SourceContractBroken,
        "hold 5 records, its total says 4",
        12,
        {},
    ),
    "always doubles an id": (
        always("double", page=2),
        SourceContractBroken,
        "the same id came twice",
        8,
        {},
    ),
    "always leaves a record out": (
        always("drop", page=2),
        SourceContractBroken,
        "hold 4 records, its total says 5",
        16,
        {},
    ),
    "has another version on every page": (
        always("other_version", page=2),
        SourceUnavailable,
        "its version changed while we read, 4 times in a row",
        8,
        {},
    ),
    "has another total on every page": (
        always("wrong_total", page=2, number=2),
        SourceUnavailable,
        "its total changed while we read",
        8,
        {},
    ),
    "goes round in circles": (
        always("same_cursor"),
        SourceContractBroken,
        "a cursor that it gave before",
        2,
        CURSOR,
    ),
    "never comes to an end of empty pages": (
        always("empty", page=2),
        SourceContractBroken,
        "hold 2 records, its total says 5",
        8,
        CURSOR,
    ),
    "is not asked for pages, and has several": (
        [],
        SourceContractBroken,
        "hold 2 records, its total says 5",
        4,
        {"query": BY_PAGE.replace("page={page}&", "page=1&")},
    ),
    "is not begun again": (
        always("other_version", page=2),
        SourceUnavailable,
        "1 times in a row",
        2,
        {"restarts": 0},
    ),
}


@pytest.mark.parametrize(
    ("rules", "error", "words", "most", "settings"), REFUSED.values(), ids=REFUSED
)
def test_the_source_is_refused_when_it(
    desk: Desk,
    clean: dict[str, str],
    rules: list[Rule],
    error: type[R2BError],
    words: str,
    most: int,
    settings: dict[str, Any],
):
    desk.settings(**settings)
    desk.layer.page_limit = 2
    for rule in rules:
        rule.feed, rule.seen = FEED, 0
    desk.layer.behave(*rules)

    with pytest.raises(error) as refused:
        desk.landing()
    message = str(refused.value)
    assert (True, FEED) == (words in message, refused.value.feed), message
    assert (False, False) == (TOKEN in message, "127.0.0.1" in message)
    assert len(desk.asked()) <= most
    assert f"{clean[FEED]}.csv" not in desk.landed()
    assert all(name.endswith(".csv") for name in desk.landed())


def test_a_source_that_is_not_there_is_unavailable(desk: Desk):
    with serving(Layer(desk.office.folder / "feeds")) as gone:
        pass
    text = http_profile(gone)
    (desk.office.folder / "r2b.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SourceUnavailable, match="could not be reached"):
        desk.landing()


def test_a_wrong_token_is_refused_without_being_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_LAYER_TOKEN", "another-word")

    with pytest.raises(SourceRefused) as refused:
        desk.landing()
    assert "another-word" not in str(refused.value)


def test_a_token_of_two_lines_is_refused_without_being_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("R2B_LAYER_TOKEN", "another\nword")

    with pytest.raises(ProfileWrong, match="holds no bearer token") as refused:
        desk.landing()
    assert "another" not in str(refused.value)


def test_no_page_that_is_kept_holds_the_token(desk: Desk):
    desk.landing()
    pages = list((landed_folder(desk.office.profile) / "pages").iterdir())

    assert len(pages) >= 10
    assert [] == [page.name for page in pages if TOKEN.encode() in page.read_bytes()]
    assert {0o600} == {page.stat().st_mode & 0o777 for page in pages}


def test_an_optional_feed_the_source_does_not_know_is_not_given(desk: Desk):
    assert set(desk.office.feeds) == set(desk.landing())


def test_an_optional_feed_with_a_url_of_its_own_must_be_there(desk: Desk):
    desk.settings(urls={"contacts": "people?page={page}"})

    with pytest.raises(SourceRefused, match="feed contacts: the source knows no such feed"):
        desk.landing()


def test_a_feed_is_fetched_from_its_own_url(desk: Desk, clean: dict[str, str]):
    feeds = desk.office.folder / "feeds"
    (feeds / "order_lines.csv").rename(feeds / "sales-lines.csv")
    desk.layer.reload()
    desk.settings(urls={FEED: "sales-lines?page={page}&page_size={page_size}"})

    assert clean == desk.landing()
    assert CLEAN == desk.asked("sales-lines")


def test_a_required_feed_without_a_url_stops_a_full_run(desk: Desk):
    text = http_profile(desk.address, query="", urls={"orders": "orders?page={page}"})
    (desk.office.folder / "r2b.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SourceContractBroken, match="required feed customers has no URL"):
        desk.landing()


def test_a_missing_column_stops_the_run(desk: Desk):
    for line in desk.office.feeds[FEED]:
        del line["quantity"]
    desk.changed()

    with pytest.raises(SourceContractBroken, match="missing required column quantity") as stopped:
        desk.accept()
    assert FEED == stopped.value.feed


def test_half_of_a_surrogate_pair_is_a_reject_and_nothing_worse(desk: Desk):
    desk.layer.behave(Rule("half_a_pair", feed="sites"))
    desk.accept()
    rejects = desk.office.query("SELECT reason FROM ops.reject WHERE feed = 'sites'")

    assert [("bad_encoding",)] == rejects


def known(desk: Desk) -> Any:
    """The books, but for the queue, and the charges."""
    books = desk.office.books()
    del books["ops.retry_item"]
    return books, desk.office.charges()


def test_a_run_that_stops_at_a_page_leaves_what_is_known_as_it_was(desk: Desk):
    desk.run()
    before = known(desk)
    desk.office.add_line(6)
    desk.changed()
    desk.layer.behave(Rule("html", feed="assets", page=2))
    job = run_job(desk.office.folder)

    assert 22 == job.exit_code
    assert before == known(desk)
    assert [(5,)] == desk.office.query("SELECT count(*) FROM core.order_lines")


def test_a_run_through_trouble_ends_as_one_without(desk: Desk, tmp_path: Path):
    troubled, calm = desk, Office(tmp_path / "calm", lines=5)
    calm.run()
    troubled.layer.behave(
        Rule("status", number=503, times=2),
        Rule("torn_json", feed="assets", page=2, times=1),
        Rule("other_version", feed=FEED, page=3, times=1),
    )
    troubled.run()

    assert calm.charges() == troubled.office.charges()
    for file in ("06_clis.csv", "08_products.csv"):
        expected = (calm.batch() / file).read_bytes()
        assert expected == (troubled.office.batch() / file).read_bytes()


# Deltas


@pytest.fixture
def delta(desk: Desk) -> Desk:
    """A desk that has read once, in delta mode, with records that say when they changed."""
    desk.settings(mode="delta")
    for rows in desk.office.feeds.values():
        for row in rows:
            row["modified_at"] = "2026-01-05T10:00:00Z"
    desk.changed()
    desk.accept()
    return desk


def marks(desk: Desk) -> dict[str, str]:
    """Where each feed's delta starts."""
    return dict(desk.office.query("SELECT feed, mark FROM ops.source_mark"))


def test_the_first_delta_asks_for_everything_the_next_for_what_changed(delta: Desk):
    assert [""] * 4 == delta.since()
    before = marks(delta)[FEED]
    delta.office.line(1).update(connected_on="", modified_at="2099-01-01T00:00:00Z")
    delta.changed()
    counts = delta.accept()

    assert [before.replace(":", "%3A")] == delta.since()
    assert 1 == counts[FEED].read
    assert [(4, 5)] == delta.office.query(
        "SELECT count(connected_on), count(*) FROM core.order_lines"
    )


def test_a_delta_starts_a_little_before_the_last_reading_began(delta: Desk):
    moment = datetime.strptime(marks(delta)[FEED], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    ago = datetime.now(UTC) - moment

    assert timedelta(minutes=5) <= ago < timedelta(minutes=7)


def test_a_delta_starts_where_the_source_says(desk: Desk):
    desk.settings(mode="delta", as_of="$.as_of")
    desk.layer.as_of = "batch 17/a"
    desk.accept()
    desk.changed()
    desk.accept()

    assert ["batch%2017%2Fa"] * 4 == desk.since()


def test_marks_advance_only_with_records_that_were_accepted(delta: Desk):
    before = marks(delta)
    delta.settings(mode="delta", overlap_seconds=0)
    delta.layer.behave(Rule("status", feed="assets", number=403))
    delta.changed()
    with pytest.raises(SourceRefused):
        delta.accept()
    after_refusal = marks(delta)
    delta.layer.behave()
    delta.accept()

    assert before == after_refusal
    assert all(before[feed] < mark for feed, mark in marks(delta).items())


def test_a_full_run_asks_for_everything_and_leaves_marks_for_a_later_delta(desk: Desk):
    desk.accept()
    desk.changed()
    desk.accept()

    assert [""] * 4 == desk.since()
    assert set(desk.office.feeds) == set(marks(desk))


def test_a_plan_asks_since_the_live_marks_and_moves_none(delta: Desk):
    before, mark = tree(delta.office.folder / "var"), marks(delta)[FEED]
    delta.layer.journal.clear()
    receipt, _ = plan(delta.office.profile, AS_OF)

    assert ([mark.replace(":", "%3A")], 0) == (delta.since(), receipt.feeds[FEED].read)
    assert before == tree(delta.office.folder / "var")


# Looking before a run


def test_the_doctor_says_what_it_would_ask_without_asking(desk: Desk):
    said = {found.what: found for found in examine(desk.office.folder / "r2b.toml")}["feeds"]

    assert (f"16 of 16 asked of {desk.address}, token in R2B_LAYER_TOKEN", 0) == (
        said.verdict,
        said.exit_code,
    )
    assert [] == desk.layer.journal


def test_the_doctor_notices_that_there_is_no_token(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("R2B_LAYER_TOKEN")
    said = {found.what: found for found in examine(desk.office.folder / "r2b.toml")}["feeds"]

    assert ("no token in R2B_LAYER_TOKEN", 0) == (said.verdict[-27:], said.exit_code)


def test_the_token_is_no_part_of_the_profile(desk: Desk):
    profile = load_profile(desk.office.folder / "r2b.toml")

    assert TOKEN not in profile.settings.model_dump_json()
