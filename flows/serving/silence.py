"""Runs that fell silent: their process is gone, and nobody was there to say so.

The server's own automation does this while it is up. What it did not hear, because it was down or
killed itself, is found here by looking: no heartbeat where there should be several.
"""

from datetime import datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.states import Crashed
from prefect.types._datetime import now

from flows.naming import tenant_tag
from flows.serving.automations import SILENCE_SECONDS

_SILENT_SECONDS = SILENCE_SECONDS + 60
"""The server comes first, and may be late with what it has heard."""

_PENDING_SECONDS = 300
"""What a worker took and never began: it takes some seconds to begin."""


def crash_silent_runs(tenant: str) -> int:
    """Set every run of a tenant that is not heard of any more to Crashed; how many there were."""
    moment = now("UTC")
    with get_client(sync_client=True) as client:
        silent = [run for run in _under_way(client, tenant) if _is_silent(client, run, moment)]
        for run in silent:
            client.set_flow_run_state(
                run["id"],
                Crashed(
                    message=f"Not heard of for {_SILENT_SECONDS} seconds. What it left is repaired "
                    "by the next run; nothing has to be done."
                ),
                force=True,
            )
    return len(silent)


def _under_way(client: SyncPrefectClient, tenant: str) -> list[dict[str, Any]]:
    answer = client.request(
        "POST",
        "/flow_runs/filter",
        json={
            "flow_runs": {
                "tags": {"all_": [tenant_tag(tenant)]},
                "state": {"type": {"any_": ["RUNNING", "PENDING"]}},
            }
        },
    )
    found: list[dict[str, Any]] = answer.json()
    return found


def _is_silent(client: SyncPrefectClient, run: dict[str, Any], moment: datetime) -> bool:
    since = datetime.fromisoformat(run["state"]["timestamp"])
    if run["state_type"] == "PENDING":
        return moment - since > timedelta(seconds=_PENDING_SECONDS)
    if moment - since <= timedelta(seconds=_SILENT_SECONDS):
        return False
    heard = client.request(
        "POST",
        "/events/filter",
        json={
            "filter": {
                "occurred": {
                    "since": (moment - timedelta(seconds=_SILENT_SECONDS)).isoformat(),
                    "until": moment.isoformat(),
                },
                "event": {"name": ["prefect.flow-run.heartbeat"]},
                "resource": {"id": [f"prefect.flow-run.{run['id']}"]},
            },
            "limit": 1,
        },
    )
    return not heard.json()["events"]
