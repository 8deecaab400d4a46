"""`r2b doctor`: everything that would stop a run, looked at without touching it."""

import os
import shutil
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from flows.profile import HttpUpload, LoadedProfile, ObjectStore, load_profile
from schemas.counting import counted
from schemas.errors import NotPublished, ProfileWrong, R2BError, ServingFailed, StaleStatus
from schemas.feeds import FEEDS
from tasks.layer.addresses import origin

_PACKAGES = ("prefect", "polars", "duckdb", "pandera", "phonenumbers")
_LITTLE_SPACE = 1 << 30


class Finding(NamedTuple):
    """One thing looked at. `exit_code` is what a run would end with because of it; 0 = fine."""

    what: str
    verdict: str
    advice: str = ""
    exit_code: int = 0


def examine(profile_path: Path | None) -> list[Finding]:
    """Look at everything in turn; what needs a readable profile is left out without one."""
    findings = [_python(), _packages()]
    try:
        profile = load_profile(profile_path)
    except R2BError as error:
        return [*findings, Finding("profile", error.message, error.hint, error.exit_code)]
    given = "is fine" if profile.path.is_file() else "none here: defaults are used"
    findings.append(Finding("profile", given))
    return [
        *findings,
        _feeds(profile),
        _delivery(profile),
        _space(profile),
        _places(profile),
        *_parquet(profile),
        _warehouse(profile),
        *_register(profile),
        _server(),
        *_judging(profile),
    ]


def _python() -> Finding:
    return Finding("Python", ".".join(map(str, sys.version_info[:3])))


def _packages() -> Finding:
    return Finding("packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES))


def _feeds(profile: LoadedProfile) -> Finding:
    match profile.settings.feeds.kind:
        case "http":
            return _feeds_over_http(profile)
        case "s3":
            return _in_a_bucket("feeds", "from", profile.settings.feeds.s3)
    folder = profile.feeds
    if not folder.is_dir():
        return Finding(
            "feeds", f"the folder {folder.name} is not there", "Set feeds.path, or make it.", 20
        )
    there = {
        name
        for name in FEEDS
        if (folder / f"{name}.csv").is_file() or (folder / f"{name}.parquet").is_file()
    }
    missing = [name for name, feed in FEEDS.items() if feed.required and name not in there]
    if missing and profile.settings.feeds.mode == "full":
        return Finding(
            "feeds", f"required and missing: {', '.join(missing)}", "Put the exports there.", 22
        )
    return Finding("feeds", f"{len(there)} of {len(FEEDS)} given")


def _feeds_over_http(profile: LoadedProfile) -> Finding:
    """What can be said without asking the source."""
    urls, http = profile.settings.feeds.http_urls(), profile.settings.feeds.http
    missing = [name for name, feed in FEEDS.items() if feed.required and name not in urls]
    if missing and profile.settings.feeds.mode == "full":
        return Finding(
            "feeds", f"no URL for {', '.join(missing)}", "Put {feed} into feeds.url.", 22
        )
    where = f"{len(urls)} of {len(FEEDS)} asked of {origin(next(iter(urls.values())))}"
    if http.token_secret:
        return Finding("feeds", f"{where}, token in the Prefect Secret {http.token_secret}")
    if os.environ.get(http.token_env, "").strip():
        return Finding("feeds", f"{where}, token in {http.token_env}")
    return Finding("feeds", f"{where}, no token in {http.token_env}", "Set it if it needs one.")


def _delivery(profile: LoadedProfile) -> Finding:
    """What can be said without knocking at the other side."""
    delivery = profile.settings.delivery
    match delivery.mode:
        case "folder":
            return _delivery_into_a_folder(profile)
        case "sftp":
            return _delivery_over_sftp(profile)
        case "http":
            return _delivery_over_http(delivery.http)
        case "s3":
            return _in_a_bucket("delivery", "into", delivery.s3)
        case _:
            return Finding("delivery", "a person carries the files")


def _delivery_into_a_folder(profile: LoadedProfile) -> Finding:
    folder = profile.settings.delivery.folder
    inbox = profile.within(folder.path) / folder.inbox
    if inbox.is_dir():
        return Finding("delivery", "into a drop folder")
    return Finding(
        "delivery",
        f"the drop has no folder {inbox.name}",
        "Make it, or set delivery.folder.path.",
        50,
    )


def _delivery_over_sftp(profile: LoadedProfile) -> Finding:
    sftp = profile.settings.delivery.sftp
    if profile.within(sftp.known_hosts).is_file():
        return Finding("delivery", f"by SFTP to {sftp.host}, port {sftp.port}")
    return Finding(
        "delivery",
        "there is no known_hosts file with the server's key",
        "Get the key from whoever runs the server: it is never learnt.",
        50,
    )


def _in_a_bucket(what: str, way: str, store: ObjectStore) -> Finding:
    """What can be said without asking the store."""
    if find_spec("obstore") is None:
        return Finding(
            what, "this installation cannot use an object store", "Install its s3 extra.", 10
        )
    where = f"{way} {store.url}"
    keys = (
        (store.access_key_env, store.access_key_secret),
        (store.secret_key_env, store.secret_key_secret),
    )
    given = [bool(block or os.environ.get(name, "").strip()) for name, block in keys]
    if any(given) and not all(given):
        missing = keys[given.index(False)][0]
        return Finding(what, f"{where}, one key without the other", f"Set {missing} too.", 10)
    return Finding(what, where if all(given) else f"{where}, as this machine's own identity")


def _delivery_over_http(http: HttpUpload) -> Finding:
    where = f"by HTTP to {origin(http.url)}"
    if http.token_secret or os.environ.get(http.token_env, "").strip():
        return Finding("delivery", where)
    return Finding("delivery", f"{where}, no token in {http.token_env}", "Set it if it needs one.")


def _space(profile: LoadedProfile) -> Finding:
    folder = _nearest(profile.warehouse.parent)
    if not os.access(folder, os.W_OK):
        return Finding("disk", "the warehouse's folder cannot be written", "Check permissions.", 41)
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        return Finding("disk", f"only {free >> 20} MiB free", "Make room: a run needs some.")
    return Finding("disk", f"{free >> 30} GiB free")


def _nearest(folder: Path) -> Path:
    """What is there already of a folder: itself, or the nearest place above it."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _places(profile: LoadedProfile) -> Finding:
    """Whether batches and the copy for analysts can be put where the profile says."""
    for name, folder in (
        ("outbox", profile.outbox),
        ("published copy", profile.published.parent),
    ):
        there = _nearest(folder)
        if not there.is_dir():
            verdict = f"the {name} cannot be there: {there.name} is no folder"
            return Finding("places", verdict, "Name another place in the profile.", 10)
        if not os.access(there, os.W_OK | os.X_OK):
            verdict = f"the {name} cannot be written to {there.name}"
            return Finding("places", verdict, "Check permissions.", 10)
    return Finding("places", "outbox and published copy can be written")


def _parquet(profile: LoadedProfile) -> list[Finding]:
    """Whether the place of the Parquet files answers, asked once; nothing where there is none."""
    if profile.settings.parquet.to == "nowhere":
        return []
    from flows.parquet import open_place
    from tasks.parquet.port import PlaceFailed

    stops = NotPublished.exit_code
    there = _nearest(profile.parquet)
    if profile.settings.parquet.to == "folder" and not os.access(there, os.W_OK | os.X_OK):
        verdict = f"the files cannot be written to {there.name}"
        return [Finding("Parquet", verdict, "Check permissions, or set parquet.path.", stops)]
    try:
        stock = open_place(profile, attempts=1).look()
    except PlaceFailed as error:
        advice = error.remedy or "Correct [parquet] of the profile, or see why it does not answer."
        return [Finding("Parquet", error.words, advice, stops)]
    except R2BError as error:
        return [Finding("Parquet", error.message, error.hint, stops)]
    where = "the folder" if profile.settings.parquet.to == "folder" else "the object store"
    files = counted(len(stock.files), "file")
    return [Finding("Parquet", f"{where} answers, with {files} of views in it")]


def worst_of(findings: list[Finding]) -> int:
    """What a run would end with; that only Parquet files would not follow counts least."""
    found = {finding.exit_code for finding in findings} - {0}
    return max(found - {NotPublished.exit_code}, default=max(found, default=0))


def _warehouse(profile: LoadedProfile) -> Finding:
    from tasks.outbox.folders import batch_folders
    from warehouse.connection import RESTORE, open_reading
    from warehouse.lock import is_locked
    from warehouse.queries import first_row

    if not profile.warehouse.exists():
        newest = max(batch_folders(profile.outbox), default=0)
        if newest:
            verdict = f"there is none, and the outbox holds batch {newest}"
            return Finding("warehouse", verdict, RESTORE, StaleStatus.exit_code)
        return Finding("warehouse", "none yet: the first run makes it")
    if is_locked(profile.warehouse):
        return Finding("warehouse", "a run is using it right now", "Wait until it ends.", 40)
    try:
        with open_reading(profile.warehouse) as connection:
            row = first_row(connection, "SELECT max(number) FROM main.migration")
    except R2BError as error:
        return Finding("warehouse", error.message, error.hint, error.exit_code)
    return Finding("warehouse", f"is fine, migration {row[0] if row else 0:04d}")


def _register(profile: LoadedProfile) -> list[Finding]:
    """Whether the register answers, asked once; nothing where there is none."""
    if profile.settings.batch_register.kept == "nowhere":
        return []
    from flows.register import open_register
    from tasks.register.port import RegisterDown, RegisterUnfit

    advice = "Correct [batch_register] of the profile, or see why it does not answer."
    try:
        entries = open_register(profile, attempts=1).entries()
    except RegisterDown as error:
        verdict = f"it gives no answer: {error.words}"
        return [Finding("register", verdict, advice, ServingFailed.exit_code)]
    except RegisterUnfit as error:
        verdict = f"it cannot be used: {error.words}"
        return [Finding("register", verdict, advice, ProfileWrong.exit_code)]
    except R2BError as error:
        return [Finding("register", error.message, error.hint, error.exit_code)]
    held = f"batch {entries[-1].seq} as its last" if entries else "no batch in it"
    return [Finding("register", f"in PostgreSQL, with {held}")]


def _server() -> Finding:
    url = os.environ.get("PREFECT_API_URL")
    return Finding("Prefect", f"server at {url}" if url else "an ephemeral server per run")


def _judging(profile: LoadedProfile) -> list[Finding]:
    """What can be said without asking the cluster, where there is to be one."""
    from flows.wiring import open_judging

    section = profile.settings.judging
    if section.on == "here":
        return []
    try:
        open_judging(profile)
    except R2BError as error:
        return [Finding("judging", error.message, error.hint, error.exit_code)]
    return [Finding("judging", f"on Dask, at {section.scheduler}")]


def show_findings(findings: list[Finding]) -> None:
    """The findings as a table, and the upshot."""
    rows = [
        (
            Text("no", style="bold red") if finding.exit_code else Text("ok", style="green"),
            finding.what,
            finding.verdict,
            finding.advice,
        )
        for finding in findings
    ]
    out.print(table("", ("", "what", "found", "what to do"), rows))
    worst = worst_of(findings)
    if worst == NotPublished.exit_code:
        out.print("[bold red]A run can start; its Parquet files would not be published.[/]")
    elif worst:
        out.print("[bold red]A run would stop.[/]")
    else:
        out.print("[bold green]A run can start.[/]")
