"""From the profile to a source that asks over HTTP: its terms, its token, its marks."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flows.credentials import Place, bearer_token
from flows.profile import LoadedProfile
from schemas.feeds import FEEDS
from tasks.layer.http import HttpSource, HttpTerms
from tasks.layer.json_pages import PageShape, compile_path
from tasks.web import Patience


def http_source(profile: LoadedProfile, marks: Mapping[str, str]) -> HttpSource:
    """The export as this profile asks for it; `marks` say where each feed's delta starts."""
    return HttpSource(
        http_terms(profile),
        token=layer_token(profile),
        marks=marks,
        clock=lambda: datetime.now(UTC),
    )


def http_terms(profile: LoadedProfile) -> HttpTerms:
    """How this tenant's export is asked for over HTTP."""
    feeds = profile.settings.feeds
    http = feeds.http
    return HttpTerms(
        urls=feeds.http_urls(),
        optional=frozenset(
            name for name, feed in FEEDS.items() if not feed.required and name not in http.urls
        ),
        fields={
            feed: {column: compile_path(path) for column, path in paths.items()}
            for feed, paths in http.fields.items()
        },
        labels={feed: feeds.labels_of(feed) for feed in FEEDS},
        paging=http.paging,
        page_size=http.page_size,
        shape=PageShape(
            items=compile_path(http.items),
            total=compile_path(http.total),
            next=compile_path(http.next) if http.next else None,
            version=compile_path(http.version) if http.version else None,
            as_of=compile_path(http.as_of) if http.as_of else None,
        ),
        patience=Patience(
            timeout=http.timeout_seconds,
            attempts=http.attempts,
            first_wait=http.first_wait_seconds,
            longest_wait=http.longest_wait_seconds,
        ),
        restarts=http.restarts,
        overlap=timedelta(seconds=http.overlap_seconds),
        max_page_bytes=http.max_page_bytes,
    )


def layer_token(profile: LoadedProfile) -> str | None:
    """The bearer token of The Layer's export; None when there is none to send.

    Raises:
        ProfileWrong: there is no such secret, or it is none that can be sent.
    """
    http = profile.settings.feeds.http
    return bearer_token(Place(http.token_env, http.token_secret, "feeds.http"))
