"""What a tenant's things are called in Prefect: keys, tags, deployments."""

import re


def slug(tenant: str) -> str:
    """The tenant's name in keys and tags: lower case letters, digits and dashes."""
    return re.sub("[^a-z0-9]+", "-", tenant.lower()).strip("-") or "tenant"


def tenant_tag(tenant: str) -> str:
    """The tag that every run of a tenant has."""
    return f"tenant:{slug(tenant)}"


def tag_resource(tag: str) -> dict[str, str]:
    """What an event must be about for a trigger of the runs with a tag."""
    return {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}


def deployment_name(name: str, tenant: str) -> str:
    """A deployment's name: the plain one for the tenant called default, else with the tenant's."""
    return name if slug(tenant) == "default" else f"{name}-{slug(tenant)}"
