"""Several machines on one server: each serves its own tenants, and a tenant has one home."""

import shutil
from pathlib import Path

from tests.e2e.served import NEVER, serving
from tests.integration.office import Office
from tests.prefect_server import free_port


def test_a_tenant_has_one_home_whatever_number_of_machines_serve(tmp_path: Path):
    north = Office(tmp_path / "north" / "acme", profile=f'[tenant]\nname = "acme"\n{NEVER}')
    south = Office(tmp_path / "south" / "bravo", profile=f'[tenant]\nname = "bravo"\n{NEVER}')
    for office in (north, south):
        office.save()
    copy = tmp_path / "south" / "acme"
    shutil.copytree(north.folder, copy)
    machine = tmp_path / "machine"
    machine.mkdir()

    with serving(tmp_path, [north.folder / "r2b.toml"], free_port()) as first:
        there = {"PREFECT_API_URL": first.api}
        profiles = [south.folder / "r2b.toml"]
        with serving(machine, profiles, free_port(), there, ["--pool", "south"]) as second:
            assert first.api == second.api
            here = first.run("billing-run-acme", as_of="2026-03-31")
            beside = first.run("billing-run-bravo", as_of="2026-03-31")
            assert ["acme 2026-03-31: batch written", "bravo 2026-03-31: batch written"] == [
                here["name"],
                beside["name"],
            ]
            assert "billing" == here["work_pool_name"]
            assert "south" == beside["work_pool_name"]

        with serving(machine, [copy / "r2b.toml"], free_port(), there, ["--pool", "south"]):
            stray = first.run("billing-run-acme", as_of="2026-03-31")

    assert "FAILED" == stray["state_type"]
    assert "batch 1 was written from another copy of this tenant" in stray["state"]["message"]
    assert not (copy / "outbox").exists(), "the copy has billed nothing"
