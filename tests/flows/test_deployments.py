"""`prefect.yaml` as it stands against a real server: `prefect deploy --all` takes all of it."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


def test_prefect_deploys_what_is_in_the_file(prefect_api: str, tmp_path: Path):
    def prefect(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *words],
            cwd=ROOT,
            env={**os.environ, "R2B_ROOT": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr

    prefect("work-pool", "create", "billing", "--type", "process")
    prefect("--no-prompt", "deploy", "--all")

    answer = httpx.post(f"{prefect_api}/deployments/filter", json={}, timeout=30)
    found = {each["name"]: each for each in answer.json()}
    assert {
        *("billing-run", "transfer-to-billing", "approve", "retry-queue"),
        *("reconcile", "sync-check", "upkeep"),
    } == found.keys()
    assert [str(tmp_path)] == [
        step["prefect.deployments.steps.set_working_directory"]["directory"]
        for step in found["billing-run"]["pull_steps"]
    ]
    assert "30 2 * * 1-5" == found["billing-run"]["schedules"][0]["schedule"]["cron"]
    assert (["retry"], "retry") == (
        found["retry-queue"]["tags"],
        found["retry-queue"]["work_queue_name"],
    )
    assert [] == found["transfer-to-billing"]["schedules"]
