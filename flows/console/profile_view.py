"""What a profile means, key by key, and where each value comes from."""

from typing import Any

from pydantic import BaseModel
from rich.markup import escape
from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from flows.profile import LoadedProfile


def meaning(profile: LoadedProfile) -> dict[str, Any]:
    """The profile, whole, defaults filled in, and the places it leads to."""
    return {
        "profile": str(profile.path),
        "sha256": profile.sha256,
        "settings": profile.settings.model_dump(mode="json"),
        "places": {name: str(path) for name, path in _places(profile).items()},
    }


def show_profile(profile: LoadedProfile) -> None:
    """The profile as tables: what is set, what is default, where things are."""
    exists = profile.path.is_file()
    verdict = "is fine." if exists else "is not there: these are the defaults."
    out.print(f"\n[bold]{escape(str(profile.path))}[/] {verdict}\n")
    rows = []
    for section in type(profile.settings).model_fields:
        value = getattr(profile.settings, section)
        is_set = section in profile.settings.model_fields_set
        if isinstance(value, BaseModel):
            rows += [
                (
                    f"{section}.{key}",
                    _shown(getattr(value, key)),
                    _source(key in value.model_fields_set and is_set),
                    field.description or "",
                )
                for key, field in type(value).model_fields.items()
            ]
        else:
            rows.append((section, _shown(value), _source(is_set), ""))
    out.print(table("Settings", ("key", "value", "", "meaning"), rows))
    out.print(table("Places", ("what", "where"), _places(profile).items()))


def _source(is_set: bool) -> Text:
    return Text("set", style="bold green") if is_set else Text("default", style="dim")


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(
            f"{key} = {_shown(getattr(value, key))}" for key in type(value).model_fields
        )
    if isinstance(value, (tuple, list)):
        return ", ".join(_shown(each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(each)}" for key, each in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _places(profile: LoadedProfile) -> dict[str, Any]:
    feeds = profile.settings.feeds
    places = {
        "folder": profile.feeds,
        "http": feeds.url or feeds.http.urls,
        "s3": feeds.s3.url,
    }
    return {
        "feeds": places[feeds.kind],
        "outbox": profile.outbox,
        "warehouse": profile.warehouse,
        "published copy": profile.published,
    }
