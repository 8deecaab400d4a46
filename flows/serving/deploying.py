"""`prefect.yaml` for a tenant: the same deployments, with its name, profile, hours and tags."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.naming import deployment_name, tag_resource, tenant_tag
from flows.profile import LoadedProfile
from schemas.errors import ServingFailed

PREFECT_YAML = Path(__file__).resolve().parents[2] / "prefect.yaml"
"""What is deployed: kept beside the code, edited by people."""


def for_tenant(plan: Mapping[str, Any], profile: LoadedProfile, pool: str) -> dict[str, Any]:
    """`prefect.yaml` as read, made the tenant's; its runs go to the workers of `pool`."""
    folder = str(profile.folder)
    deployments = [_deployment(each, profile, pool) for each in plan["deployments"]]
    pull = [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]
    return {**plan, "pull": pull, "deployments": deployments}


def _deployment(plan: Mapping[str, Any], profile: LoadedProfile, pool: str) -> dict[str, Any]:
    tenant = profile.settings.tenant.name
    made = {
        **plan,
        "name": deployment_name(plan["name"], tenant),
        "tags": [*plan["tags"], tenant_tag(tenant)],
        "work_pool": {**plan["work_pool"], "name": pool},
        "parameters": {**plan["parameters"], "profile_path": str(profile.path.resolve())},
    }
    cron = cron_of(profile, plan["name"])
    if cron is not None:
        zone = profile.settings.tenant.timezone
        made["schedules"] = [{"cron": cron, "timezone": zone, "slug": plan["name"]}] if cron else []
    made["triggers"] = [_of_tenant(each, tenant) for each in plan.get("triggers", ())]
    return made


def cron_of(profile: LoadedProfile, deployment: str) -> str | None:
    """When a deployment of `prefect.yaml` runs by itself; blank: only when asked; none: never."""
    cron: str | None = getattr(profile.settings.schedule, deployment.replace("-", "_"), None)
    return cron


def _of_tenant(trigger: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    """The trigger for runs of this tenant only: it must have both tags."""
    related = trigger["match_related"]
    own = tag_resource(tenant_tag(tenant))
    return {
        **trigger,
        "name": deployment_name(trigger["name"], tenant),
        "match_related": [*(related if isinstance(related, list) else [related]), own],
    }


def deploy(profile: LoadedProfile, environment: Mapping[str, str], pool: str) -> list[str]:
    """Deploy everything of `prefect.yaml` for a tenant; again is the same.

    Returns:
        What is deployed, as `prefect.yaml` calls it.

    Raises:
        ServingFailed: Prefect does not take it.
    """
    plan = yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))
    made = for_tenant(plan, profile, pool)
    with tempfile.TemporaryDirectory(prefix="r2b-deploy-") as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
        must(
            f"Deploying for {profile.settings.tenant.name}",
            *("--no-prompt", "deploy", "--all", "--prefect-file", str(file)),
            environment=environment,
        )
    return [each["name"] for each in plan["deployments"]]


def must(doing: str, *words: str, environment: Mapping[str, str]) -> None:
    """Run Prefect's own command, which has to end well.

    Raises:
        ServingFailed: it did not; `doing` is what was being done.
    """
    done = prefect(*words, environment=environment)
    if done.returncode != 0:
        raise ServingFailed(
            f"{doing}: Prefect does not take it.", hint=_last_line(done.stdout + done.stderr)
        )


def prefect(*words: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run Prefect's own command to its end."""
    return subprocess.run(  # noqa: S603  our own words
        prefect_command(*words),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def prefect_command(*words: str) -> list[str]:
    """Prefect's command beside the Python that runs this."""
    return [sys.executable, "-m", "prefect", *words]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "It did not say why."
