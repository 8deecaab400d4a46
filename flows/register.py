"""The register of batches that all copies of a tenant share, where the profile names one."""

import socket
from collections.abc import Callable

from flows.credentials import Place, credential
from flows.profile import LoadedProfile
from schemas.errors import ProfileWrong
from schemas.receipts import SealedBatch
from tasks.register.port import Entry, Register
from tasks.register.task import check_register, enter_batch, told


def compare(profile: LoadedProfile) -> None:
    """Be sure that no other copy of the tenant is ahead of this one; inside `alone_with`.

    Raises:
        IllegalTransition: one is. Nothing is done.
        ServingFailed: the register does not answer.
        ProfileWrong: it cannot be used.
    """
    if _is_kept(profile):
        check_register(profile.warehouse, open_register(profile))


def entering(profile: LoadedProfile) -> Callable[[SealedBatch], None]:
    """What enters a batch before it is put into the outbox; nothing where there is no register."""

    def enter(batch: SealedBatch) -> None:
        if _is_kept(profile):
            enter_batch(open_register(profile), batch)

    return enter


def entries_of(profile: LoadedProfile) -> list[Entry] | None:
    """All that the register has of this tenant; None where there is none.

    Raises:
        ServingFailed: it does not answer.
        ProfileWrong: it cannot be used.
    """
    if not _is_kept(profile):
        return None
    with told("Reading the register"):
        return open_register(profile).entries()


def _is_kept(profile: LoadedProfile) -> bool:
    return profile.settings.batch_register.kept != "nowhere"


def open_register(profile: LoadedProfile, *, attempts: int | None = None) -> Register:
    """The register that the profile names; `attempts` instead of the profile's.

    Raises:
        ProfileWrong: what speaks to it is not installed, or Prefect holds no such Secret.
    """
    section = profile.settings.batch_register
    place = section.postgresql
    try:
        # its library takes its time to import, and most tenants need none
        from tasks.register.postgresql import Database, PostgresRegister  # noqa: PLC0415
        from tasks.web import Patience  # noqa: PLC0415
    except ImportError as error:
        raise ProfileWrong(
            "Opening the register: what speaks to PostgreSQL is not installed.",
            hint="Install it: pip install 'ready-to-bill[postgres]'.",
        ) from error
    password = Place(
        place.password_env, place.password_secret, "batch_register.postgresql", "password"
    )
    return PostgresRegister(
        profile.settings.tenant.name,
        f"{socket.gethostname()}:{profile.outbox}",
        Database(
            host=place.host,
            port=place.port,
            database=place.database,
            username=place.username,
            schema=place.schema_name,
            password=credential(password),
            encrypted=place.encrypted,
            certificates=str(profile.within(place.certificates)) if place.certificates else None,
            timeout=place.timeout_seconds,
        ),
        Patience(
            attempts=attempts or section.attempts,
            first_wait=section.first_wait_seconds,
            longest_wait=section.longest_wait_seconds,
        ),
    )
