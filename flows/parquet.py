"""The published copy as Parquet, where the profile asks for it: after whatever renewed the copy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.profile import LoadedProfile
from schemas.errors import NotPublished, R2BError

if TYPE_CHECKING:
    from tasks.parquet.port import Place


def follow(profile: LoadedProfile) -> None:
    """Bring the Parquet files up to date with the published copy; inside `alone_with`.

    Raises:
        NotPublished: they could not follow. All else stands.
    """
    if profile.settings.parquet.to == "nowhere" or not profile.published.exists():
        return
    from tasks.parquet.task import STANDS, ParquetTerms, publish_as_parquet  # noqa: PLC0415

    section = profile.settings.warehouse
    terms = ParquetTerms(profile.settings.tenant.name, section.publish_personal, section.memory)
    try:
        publish_as_parquet(profile.published, open_place(profile), terms)
    except NotPublished:
        raise
    except R2BError as error:
        raise NotPublished(
            f"Publishing as Parquet: {error.message}", hint=f"{STANDS} {error.hint}".strip()
        ) from error


def open_place(profile: LoadedProfile, *, attempts: int | None = None) -> "Place":
    """Where the Parquet files go; `attempts` instead of the profile's.

    Raises:
        ProfileWrong: a key is missing, or what speaks to object stores is not installed.
    """
    section = profile.settings.parquet
    if section.to == "folder":
        from tasks.parquet.folder import FolderPlace  # noqa: PLC0415

        return FolderPlace(profile.parquet, for_group=profile.settings.warehouse.readers == "group")
    from flows.objects import open_objects  # noqa: PLC0415

    objects = open_objects(section.s3, "parquet.s3")
    from tasks.parquet.store import StorePlace  # noqa: PLC0415
    from tasks.web import Patience  # noqa: PLC0415

    return StorePlace(
        objects,
        Patience(
            attempts=attempts or section.attempts,
            first_wait=section.first_wait_seconds,
            longest_wait=section.longest_wait_seconds,
        ),
    )


@contextmanager
def said_last() -> Iterator[Callable[[], None]]:
    """Keep what `alone_with` says of Parquet files until the function that is yielded is called.

    For a flow that still has something to show: that comes first, as it is done.
    """
    kept: list[NotPublished] = []

    def say() -> None:
        if kept:
            raise kept[0]

    try:
        yield say
    except NotPublished as error:
        kept.append(error)
