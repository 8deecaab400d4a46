"""From the profile to a place in an object store, and who we are there."""

from typing import TYPE_CHECKING

from flows.credentials import Place, credential
from flows.profile import LoadedProfile, ObjectStore
from schemas.errors import ProfileWrong

if TYPE_CHECKING:
    from tasks.layer.exported_files import ExportedFiles
    from tasks.objects import ObjectPlace, Objects


def store_source(profile: LoadedProfile) -> "ExportedFiles":
    """The Layer's exports in a bucket."""
    objects = open_objects(profile.settings.feeds.s3, "feeds.s3")
    from tasks.layer.exported_files import ExportedFiles  # noqa: PLC0415
    from tasks.layer.object_store import StoreShelf  # noqa: PLC0415
    from tasks.web import Patience  # noqa: PLC0415

    return ExportedFiles(StoreShelf(objects, Patience()))


def open_objects(store: ObjectStore, section: str) -> "Objects":
    """The objects of the place that `store` names; see `object_place`."""
    place = object_place(store, section)
    from tasks.objects import Objects  # noqa: PLC0415

    return Objects(place)


def object_place(store: ObjectStore, section: str) -> "ObjectPlace":
    """The place that `store` names; `section` is where the profile says so.

    Raises:
        ProfileWrong: one of two keys is missing, Prefect holds no such Secret, or what speaks to
            object stores is not installed.
    """
    try:
        # its library takes its time to import, and most tenants need none
        from tasks.objects import ObjectPlace  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ProfileWrong(
            f"Opening the object store of {section}: {error.name} is not installed.",
            hint="Install it: pip install 'ready-to-bill[s3]'.",
        ) from error
    access = Place(store.access_key_env, store.access_key_secret, section, "access_key")
    secret = Place(store.secret_key_env, store.secret_key_secret, section, "secret_key")
    access_key, secret_key = credential(access), credential(secret)
    if (access_key is None) is not (secret_key is None):
        there, missing = (access, secret) if secret_key is None else (secret, access)
        raise ProfileWrong(
            f"Reading the keys of {section}: {there.words} is set, and {missing.words} is not.",
            hint="Set both, or neither: then the machine's own identity is used.",
        )
    return ObjectPlace(
        store.url,
        store.endpoint,
        store.region,
        access_key=access_key,
        secret_key=secret_key,
        timeout=store.timeout_seconds,
    )
