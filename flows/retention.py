"""What has been kept for long enough goes, and nobody's name with it stays."""

from datetime import date

from flows.audit import Subject, on_record
from flows.exclusive import alone_with
from flows.operators import acting
from flows.profile import LoadedProfile
from flows.wiring import batch_terms, new_run, publishing, retention_terms, retry_terms
from schemas.errors import UsageError
from schemas.receipts import RetentionReceipt
from schemas.vocabulary import Act
from tasks.batch.task import recover_batches
from tasks.runs.task import publish_marts
from tasks.transfer.task import recover_transfers
from tasks.upkeep.task import compact_warehouse, remove_what_is_old, see_what_is_old

_WHAT = "what was kept long enough"


def plan_retention(profile: LoadedProfile, today: date | None = None) -> RetentionReceipt:
    """What `apply_retention` would remove; nothing is written, created or locked.

    Raises:
        UsageError: nothing has run here yet.
        WarehouseBusy: a run is using the warehouse.
    """
    _refuse_unknown(profile)
    return see_what_is_old(profile.warehouse, retention_terms(profile, today))


def apply_retention(
    profile: LoadedProfile, *, actor: str, today: date | None = None
) -> RetentionReceipt:
    """Remove what the profile says has been kept for long enough; twice is once.

    The order is what makes it safe to be killed: the books and the note of it in one transaction,
    then files, the published copy, and last the warehouse's own file, which says it is finished.

    Raises:
        UsageError: nothing has run here yet, or no name was given.
        NotAllowed: operators are declared and this one may not approve.
        WarehouseBusy: somebody else is at work on the warehouse.
        MigrationFailed: there is no room to write the warehouse anew.
    """
    intent = acting(profile, actor, "approve", Act.RETENTION, _WHAT)
    _refuse_unknown(profile)
    run, terms = new_run(profile, None), retention_terms(profile, today)
    with alone_with(profile, stays_open=False):
        recover_batches(run, batch_terms(profile))
        recover_transfers(profile.warehouse, retry_terms(profile), run.as_of)
        with on_record(profile, intent, Subject(_WHAT, 0)):
            removed = remove_what_is_old(profile.warehouse, terms, actor=intent.who)
            publish_marts(profile.warehouse, publishing(profile), anew=True)
            return compact_warehouse(profile.warehouse, removed, memory=run.memory)


def _refuse_unknown(profile: LoadedProfile) -> None:
    if not profile.warehouse.exists():
        raise UsageError(
            "Looking for what was kept long enough: nothing has run here yet.",
            hint="Run `r2b run` first.",
        )
