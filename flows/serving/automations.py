"""What the server does by itself, as code: each automation is made, mended and removed from here.

Names begin with the tenant's tag, or with `r2b` where it is for all; others on the server are not
ours and stay.
"""

import json
from collections.abc import Iterable
from datetime import timedelta

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import (
    ActionTypes,
    CallWebhook,
    ChangeFlowRunState,
    SendNotification,
)
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from flows.naming import slug, tag_resource, tenant_tag
from flows.profile import LoadedProfile
from schemas.errors import ServingFailed

HEARTBEAT_SECONDS = 30
SILENCE_SECONDS = 3 * HEARTBEAT_SECONDS
"""A run that has not been heard of for so long is dead: three beats, so that one may get lost."""

_WATCHED_WITHIN = timedelta(hours=2)
_MOST = 200
_ZOMBIES = "r2b: no heartbeat, so crashed"


def for_everybody() -> list[AutomationCore]:
    """What holds for every tenant: a run that fell silent is crashed."""
    return [
        AutomationCore(
            name=_ZOMBIES,
            description="A flow run whose process and worker are gone says nothing more: end it, "
            "so that its slot is free and the next run may repair what it left.",
            trigger=EventTrigger(
                after={"prefect.flow-run.heartbeat"},
                expect={
                    "prefect.flow-run.heartbeat",
                    *(f"prefect.flow-run.{each}" for each in _ENDS),
                },
                match=ResourceSpecification.model_validate(
                    {"prefect.resource.id": "prefect.flow-run.*"}
                ),
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=timedelta(seconds=SILENCE_SECONDS),
            ),
            actions=[
                ChangeFlowRunState(
                    state=StateType.CRASHED,
                    message=f"No heartbeat for {SILENCE_SECONDS} seconds. What it left is repaired "
                    "by the next run; nothing has to be done.",
                )
            ],
        )
    ]


_ENDS = ("Completed", "Failed", "Crashed", "Cancelled")


def for_tenant(profile: LoadedProfile, action: ActionTypes | None) -> list[AutomationCore]:
    """Whom a tenant's alerts tell; nothing where nobody is to be told.

    The failure of a run starts the retry queue by a trigger of `prefect.yaml`.
    """
    if action is None:
        return []
    tenant = profile.settings.tenant.name
    return [
        AutomationCore(
            name=f"{tenant_tag(tenant)}: alert",
            description="The sync check found something wrong.",
            trigger=EventTrigger(
                expect={"r2b.alert.raised"},
                match=ResourceSpecification.model_validate(
                    {"prefect.resource.id": f"r2b.alert.{slug(tenant)}.*"}
                ),
                posture=Posture.Reactive,
                threshold=1,
                within=timedelta(0),
            ),
            actions=[
                _told(action, "event.payload.words ~ ' ' ~ event.payload.remedy", tenant),
            ],
        ),
        AutomationCore(
            name=f"{tenant_tag(tenant)}: failed",
            description="A run of this tenant failed, or crashed.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
                match_related=_tags(tenant),
                posture=Posture.Reactive,
                threshold=1,
                within=timedelta(0),
            ),
            actions=[
                _told(action, "flow_run.name ~ ': ' ~ (flow_run.state.message or '')", tenant)
            ],
        ),
        AutomationCore(
            name=f"{tenant_tag(tenant)}: nobody looks",
            description="The sync check itself has not come to an end for two hours: the worker "
            "or the schedule is not there.",
            trigger=EventTrigger(
                after={"prefect.flow-run.Completed"},
                expect={"prefect.flow-run.Completed"},
                match_related=_tags(tenant, "watch"),
                posture=Posture.Proactive,
                threshold=1,
                within=_WATCHED_WITHIN,
            ),
            actions=[
                _told(
                    action,
                    "'The sync check has not run for two hours. See whether the worker runs.'",
                    tenant,
                )
            ],
        ),
    ]


def _tags(tenant: str, *others: str) -> list[ResourceSpecification]:
    return [
        ResourceSpecification.model_validate(tag_resource(tag))
        for tag in (tenant_tag(tenant), *others)
    ]


def _told(action: ActionTypes, words: str, tenant: str) -> ActionTypes:
    """The action, and what it says: `words` is an expression of the server's templates."""
    if isinstance(action, SendNotification):
        subject = f"Ready to Bill, {tenant}"
        return action.model_copy(update={"subject": subject, "body": f"{{{{ {words} }}}}"})
    text = f'{{"tenant": {json.dumps(tenant)}, "text": {{{{ ({words}) | tojson }}}}}}'
    return action.model_copy(update={"payload": text})


def teller(profile: LoadedProfile, webhook: str | None) -> ActionTypes | None:
    """How people are told: by the block that the profile names, by a webhook, or not at all.

    Raises:
        ServingFailed: the profile names a block that Prefect does not have.
    """
    block = profile.settings.alerts.block
    if block:
        kind, _, name = block.partition("/")
        with get_client(sync_client=True) as client:
            try:
                document = client.read_block_document_by_name(name, kind)
            except ObjectNotFound as error:
                raise ServingFailed(
                    f"Setting up alerts: Prefect has no block {block}.",
                    hint="`prefect block ls` shows those it has; alerts.block names one of them.",
                ) from error
        return SendNotification(block_document_id=document.id, subject="", body="")
    if not webhook:
        return None
    saved = Webhook(url=SecretStr(webhook)).save(
        f"r2b-{slug(profile.settings.tenant.name)}", overwrite=True
    )
    return CallWebhook(block_document_id=saved)


def apply(wanted: Iterable[AutomationCore], prefixes: Iterable[str]) -> list[str]:
    """Make the server's automations whose names begin with one of `prefixes` those of `wanted`."""
    # who owns it is for the server to say
    left = {each.name: each.model_dump(mode="json", exclude={"owner_resource"}) for each in wanted}
    names, owned = sorted(left), tuple(prefixes)
    with get_client(sync_client=True) as client:
        for known in client.read_automations(limit=_MOST):
            if not known.name.startswith(owned):
                continue
            here = {"id": known.id}
            made = left.pop(known.name, None)
            if made is None:
                client.request("DELETE", "/automations/{id}", path_params=here)
            else:
                # the client's own update leaves out what has its default, and with it what it is
                client.request("PUT", "/automations/{id}", path_params=here, json=made)
        for made in left.values():
            client.request("POST", "/automations/", json=made)
    return names
