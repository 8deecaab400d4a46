"""From the profile to a place in an object store: where it is, and who we are there."""

from flows.credentials import Place, credential
from flows.profile import LoadedProfile, ObjectStore
from schemas.errors import ProfileWrong
from tasks.layer.exported_files import ExportedFiles
from tasks.web import Patience

try:
    from tasks.layer.object_store import StoreShelf
    from tasks.objects import ObjectPlace, Objects
except ModuleNotFoundError as error:
    raise ProfileWrong(
        "Using an object store: this installation lacks what it takes.",
        hint="Install it with its s3 extra: ready-to-bill[s3].",
    ) from error


def store_source(profile: LoadedProfile) -> ExportedFiles:
    """The Layer's exports in a bucket."""
    return ExportedFiles(
        StoreShelf(open_objects(profile.settings.feeds.s3, "feeds.s3"), Patience())
    )


def open_objects(store: ObjectStore, section: str) -> Objects:
    """The objects of the place that a section of the profile names."""
    return Objects(object_place(store, section))


def object_place(store: ObjectStore, section: str) -> ObjectPlace:
    """The place that a section of the profile names; without keys, as the machine itself.

    Raises:
        ProfileWrong: one key is given without the other, or Prefect holds no such Secret.
    """
    access = Place(store.access_key_env, store.access_key_secret, section, "access_key")
    secret = Place(store.secret_key_env, store.secret_key_secret, section, "secret_key")
    access_key, secret_key = credential(access), credential(secret)
    if (access_key is None) is not (secret_key is None):
        given, missing = (secret, access) if access_key is None else (access, secret)
        raise ProfileWrong(
            f"Reading the keys of {section}: {given.words} holds one, {missing.words} holds none.",
            hint="Give both; or neither, where the machine has an identity of its own.",
        )
    return ObjectPlace(
        url=store.url,
        endpoint=store.endpoint,
        region=store.region,
        access_key=access_key,
        secret_key=secret_key,
        timeout=store.timeout_seconds,
    )
