"""`prefect.yaml` made a tenant's: its name, its hours, its tags, and nothing of another's."""

import re
from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from flows.profile import load_profile
from flows.progress import BILLING_RUN, RECONCILE
from flows.serving.deploying import PREFECT_YAML, for_tenant
from flows.serving.serving import check_apart
from schemas.errors import ProfileWrong

PLAN = yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))
ROOT = PREFECT_YAML.parent


def profile(folder: Path, text: str):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "r2b.toml").write_text(text)
    return load_profile(folder / "r2b.toml")


def test_a_tenants_deployments_are_its_own(tmp_path: Path):
    acme = profile(
        tmp_path / "acme",
        '[tenant]\nname = "Acme Ltd"\ntimezone = "Europe/Dublin"\n'
        '[schedule]\nbilling_run = "0 6 * * *"\nreconcile = ""\n',
    )

    made = {each["name"]: each for each in for_tenant(PLAN, acme, "north")["deployments"]}

    assert {f"{each['name']}-acme-ltd" for each in PLAN["deployments"]} == made.keys()
    bill, reconcile = made["billing-run-acme-ltd"], made["reconcile-acme-ltd"]
    assert [{"cron": "0 6 * * *", "timezone": "Europe/Dublin", "slug": "billing-run"}] == bill[
        "schedules"
    ]
    assert [] == reconcile["schedules"]
    assert ["billing", "tenant:acme-ltd"] == bill["tags"]
    assert {"north"} == {each["work_pool"]["name"] for each in made.values()}
    assert str(acme.path.resolve()) == bill["parameters"]["profile_path"]
    (trigger,) = made["retry-queue-acme-ltd"]["triggers"]
    assert ["prefect.tag.billing", "prefect.tag.tenant:acme-ltd"] == [
        each["prefect.resource.id"] for each in trigger["match_related"]
    ]


def test_the_default_tenants_deployments_have_plain_names(tmp_path: Path):
    made = for_tenant(PLAN, profile(tmp_path, ""), "billing")["deployments"]

    assert [each["name"] for each in PLAN["deployments"]] == [each["name"] for each in made]


def test_the_hours_of_prefect_yaml_are_the_profiles_defaults(tmp_path: Path):
    made = for_tenant(PLAN, profile(tmp_path, ""), "billing")["deployments"]

    assert [each.get("schedules") for each in PLAN["deployments"]] == [
        each.get("schedules") for each in made
    ]


@pytest.mark.parametrize("plan", PLAN["deployments"], ids=lambda plan: plan["name"])
def test_what_is_deployed_is_there_and_explains_every_field_of_its_form(plan):
    flow = load_flow_from_entrypoint(plan["entrypoint"])

    assert plan["name"] == flow.name
    assert plan["parameters"].keys() <= flow.parameters.properties.keys()
    for name, field in flow.parameters.properties.items():
        assert re.match(r"[A-Z].*", field.get("description", "")), name


def test_progress_is_told_by_steps_that_there_are():
    titles = {
        title
        for path in (ROOT / "tasks").rglob("task.py")
        for title in re.findall(r'@step\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }

    assert set(BILLING_RUN) | set(RECONCILE) <= titles


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (('[tenant]\nname = "Acme"', '[tenant]\nname = "ACME"'), "name"),
        (
            (
                '[tenant]\nname = "a"\n[warehouse]\npath = "../w.duckdb"',
                '[tenant]\nname = "b"\n[warehouse]\npath = "../w.duckdb"',
            ),
            "warehouse",
        ),
    ],
)
def test_two_tenants_never_share(tmp_path: Path, texts, what):
    profiles = [profile(tmp_path / str(n), text) for n, text in enumerate(texts)]

    with pytest.raises(ProfileWrong, match=f"same {what}"):
        check_apart(profiles)


def test_tenants_may_share_an_outbox_folder_as_each_has_its_own_in_it(tmp_path: Path):
    shared = '[delivery]\noutbox = "../outbox"'
    check_apart(
        [profile(tmp_path / name, f'[tenant]\nname = "{name}"\n{shared}') for name in ("a", "b")]
    )
