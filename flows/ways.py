"""From the profile to a way to Affinity: its connector, its credentials, our patience."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flows.credentials import Place, bearer_token, credential
from flows.profile import Delivery as DeliverySettings
from flows.profile import LoadedProfile, SftpDrop, tenant_folder
from flows.wiring import retry_terms
from tasks.affinity.carrying import CarryingTerms
from tasks.affinity.folder import DropFolders, FolderDelivery
from tasks.affinity.http import HttpDelivery, HttpPlace
from tasks.affinity.port import Delivery
from tasks.affinity.task import DeliveryTerms
from tasks.web import Patience

if TYPE_CHECKING:
    from tasks.affinity.sftp import SftpPlace


def open_delivery(profile: LoadedProfile) -> Delivery | None:
    """How batches get to Affinity; None: a person carries them."""
    settings = profile.settings.delivery
    match settings.mode:
        case "folder":
            root = profile.within(settings.folder.path)
            folder = settings.folder
            return FolderDelivery(
                DropFolders(
                    inbox=root / folder.inbox,
                    archive=root / folder.archive if folder.archive else None,
                    error=root / folder.error,
                    results=root / folder.results,
                )
            )
        case "sftp":
            # an SSH library takes its time to import, and most tenants need none
            from tasks.affinity.sftp import SftpDelivery  # noqa: PLC0415

            return SftpDelivery(_sftp_place(profile, settings.sftp))
        case "s3":
            from flows.objects import open_objects  # noqa: PLC0415
            from tasks.affinity.object_store import DropPlaces, StoreDelivery  # noqa: PLC0415

            drop = settings.s3
            return StoreDelivery(
                open_objects(drop, "delivery.s3"),
                DropPlaces(drop.inbox, drop.archive or None, drop.error, drop.results),
            )
        case "http":
            http = settings.http
            return HttpDelivery(
                HttpPlace(
                    url=http.url,
                    upload=http.upload,
                    ask=http.ask,
                    results=http.results,
                    token=bearer_token(Place(http.token_env, http.token_secret, "delivery.http")),
                    patience=replace(_patience(settings), timeout=http.timeout_seconds),
                )
            )
        case _:
            return None


def _sftp_place(profile: LoadedProfile, sftp: SftpDrop) -> "SftpPlace":
    from tasks.affinity.sftp import SftpPlace  # noqa: PLC0415

    root = sftp.root.rstrip("/")

    def within(folder: str) -> str:
        return f"{root}/{folder}" if root else folder

    return SftpPlace(
        host=sftp.host,
        port=sftp.port,
        username=sftp.username,
        known_hosts=profile.within(sftp.known_hosts),
        inbox=within(sftp.inbox),
        archive=within(sftp.archive) if sftp.archive else None,
        error=within(sftp.error),
        results=within(sftp.results),
        key_file=profile.within(sftp.key_file) if sftp.key_file else None,
        password=credential(
            Place(sftp.password_env, sftp.password_secret, "delivery.sftp", "password")
        ),
        timeout=sftp.timeout_seconds,
    )


def _patience(settings: DeliverySettings) -> Patience:
    return Patience(
        attempts=settings.attempts,
        first_wait=settings.first_wait_seconds,
        longest_wait=settings.longest_wait_seconds,
    )


def delivery_terms(profile: LoadedProfile) -> DeliveryTerms:
    """What files are called on the other side, and how patient we are."""
    settings = profile.settings.delivery
    return DeliveryTerms(
        tenant_folder=tenant_folder(profile.settings.tenant.name),
        carrying=CarryingTerms(
            patience=_patience(settings),
            receipt_wait=settings.receipt_wait_seconds,
            poll=settings.poll_seconds,
        ),
        answer_wait=settings.answer_wait_seconds,
        retry=retry_terms(profile),
    )
