"""Serve tenants until told to stop: what is started, in which order, and what it is told."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from flows.credentials import prefect_password
from flows.naming import slug, tenant_tag
from flows.profile import LoadedProfile
from flows.serving.deploying import deploy, must, prefect, prefect_command
from flows.serving.processes import Served, look_after
from schemas.errors import ProfileWrong, ServingFailed
from warehouse.lock import alone_on

RETRY_QUEUE = "retry"
_LOOK_AGAIN_SECONDS = 1.0
_LISTEN_AGAIN_SECONDS = 30.0

_FOR_SERVER = {
    # a slot is free again soon after its holder has died
    "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",
    # a slot that is held outlives the server: in memory nobody would ever give it back
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    # runs that were refused a slot look again soon
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "10",
    # history older than ninety days goes, events after a week
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
_FOR_WORKER = {
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "r2b",
}
"""Only what the environment leaves open."""


@dataclass(frozen=True)
class Serving:
    """What serves now: its addresses, what is deployed for each tenant, and its processes."""

    ui: str
    api: str
    deployments: Mapping[str, Sequence[str]]
    automations: Sequence[str]
    processes: Sequence[Served]


@contextlib.contextmanager
def serving(
    profiles: Sequence[LoadedProfile],
    *,
    port: int,
    pool: str,
    home: Path,
    runs_at_once: int,
    say: Callable[[str], None],
) -> Iterator[Serving]:
    """Bring up all that runs the flows of `profiles`, and end it with the block.

    Where PREFECT_API_URL is set, that server is used and none is started. What is started listens
    on 127.0.0.1 only, and ends with this process however that ends.

    Args:
        profiles: the tenants; no two may share a name, warehouse or outbox.
        port: where the server listens.
        pool: the work pool whose runs come to this machine.
        home: the folder of the server's history, and of the logs.
        runs_at_once: how many flow runs the worker has at a time.
        say: told what is being done.

    Raises:
        ProfileWrong: two tenants share what each must have for itself, or there is no password
            where a profile asks for one.
        ServingFailed: something does not come up.
    """
    check_apart(profiles)
    with contextlib.ExitStack() as started:
        # two servers on one history would each do what is to be done once
        taken = ServingFailed(
            f"Serving with the history in {home}: another r2b serve is at work there.",
            hint="Stop it, or let it serve these tenants as well.",
        )
        started.enter_context(alone_on(home / "serve.lock", taken))
        given = os.environ.get("PREFECT_API_URL")
        api = given or f"http://127.0.0.1:{port}/api"
        ui = os.environ.get("PREFECT_UI_URL") or api.removesuffix("/api")
        environment = {**os.environ, "PREFECT_API_URL": api, "PREFECT_UI_URL": ui}
        is_protected = any(profile.settings.serve.protected for profile in profiles)
        password = prefect_password() if is_protected else None
        processes: list[Served] = []

        def start(each: Served) -> None:
            say(f"Starting {each.name}")
            started.callback(each.stop)
            each.start()
            processes.append(each)

        if given:
            _check_answers(api)
            if is_protected:
                _check_asks(api)
        else:
            start(_server(port, home, password))
        os.environ.update(environment)
        _make_pool(environment, pool)
        deployments = {}
        for profile in profiles:
            tenant = profile.settings.tenant.name
            say(f"Deploying for {tenant}")
            deployments[tenant] = deploy(profile, environment, pool)
        automations = _automate(profiles)
        start(_worker(environment, home, pool, runs_at_once))
        yield Serving(
            ui=ui,
            api=api,
            deployments=deployments,
            automations=automations,
            processes=processes,
        )
        say("Stopping")


def keep_serving(serving: Serving, say: Callable[[str], None]) -> None:
    """Look after what serves, for ever: what ends is started again, runs that fell silent crash.

    Raises:
        ServingFailed: something ends again and again.
    """
    # Prefect reads where its server is when it is imported
    from flows.serving.silence import crash_silent_runs  # noqa: PLC0415

    listen_at = time.monotonic()
    while True:
        look_after(serving.processes, say)
        if time.monotonic() >= listen_at:
            listen_at = time.monotonic() + _LISTEN_AGAIN_SECONDS
            for tenant in serving.deployments:
                # a server that does not answer just now is looked after, not listened to
                with contextlib.suppress(httpx.HTTPError):
                    if silent := crash_silent_runs(tenant):
                        say(f"{silent} runs of {tenant} fell silent: crashed")
        time.sleep(_LOOK_AGAIN_SECONDS)


def check_apart(profiles: Sequence[LoadedProfile]) -> None:
    """Two tenants never share a name, a warehouse or an outbox.

    Raises:
        ProfileWrong: they do.
    """
    seen: dict[tuple[str, str], LoadedProfile] = {}
    for profile in profiles:
        tenant = profile.settings.tenant.name
        for what, value in (
            ("name", slug(tenant)),
            ("warehouse", str(profile.warehouse.resolve())),
            ("outbox", str(profile.outbox.resolve())),
        ):
            if seen.setdefault((what, value), profile) is not profile:
                raise ProfileWrong(
                    f"Serving {len(profiles)} tenants: two of them have the same {what}.",
                    hint="Each needs its own tenant.name, warehouse.path and delivery.outbox.",
                )


def _server(port: int, home: Path, password: str | None) -> Served:
    with contextlib.closing(socket.socket()) as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ServingFailed(
                f"Starting the Prefect server: something listens on port {port} already.",
                hint="Stop it, or choose another with --port.",
            )
    address = f"http://127.0.0.1:{port}"
    environment = {
        **_FOR_SERVER,
        **{name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_URL": address,
        **_protection(password),
    }
    return Served(
        name="the Prefect server",
        command=prefect_command("server", "start"),
        environment=environment,
        log=home / "server.log",
        is_well=lambda: _answers(f"{address}/api"),
    )


def _protection(password: str | None) -> dict[str, str]:
    if password is None:
        return {}
    return {
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    }


def _worker(environment: Mapping[str, str], home: Path, pool: str, runs_at_once: int) -> Served:
    name = f"{socket.gethostname()}-{os.getpid()}"
    return Served(
        name="the worker",
        command=prefect_command(
            *("worker", "start", "--pool", pool, "--type", "process"),
            *("--name", name, "--limit", str(runs_at_once)),
        ),
        environment={**_FOR_WORKER, **environment},
        log=home / "worker.log",
        is_well=lambda: _is_online(pool, name),
    )


def _make_pool(environment: Mapping[str, str], pool: str) -> None:
    """The pool, and a queue for retries that is served after everything else; again is the same."""

    def make(*words: str) -> None:
        must(f"Making the work pool {pool}", *words, environment=environment)

    make("work-pool", "create", pool, "--type", "process", "--overwrite")
    there = ("work-queue", "inspect", RETRY_QUEUE, "--pool", pool)
    if prefect(*there, environment=environment).returncode != 0:
        of_pool = ("--pool", pool, "--priority", "5", "--limit", "2")
        make("work-queue", "create", RETRY_QUEUE, *of_pool)


def _automate(profiles: Sequence[LoadedProfile]) -> list[str]:
    # Prefect reads where its server is when it is imported
    from flows.one_home import make_slot  # noqa: PLC0415
    from flows.serving.automations import apply, for_everybody, for_tenant, teller  # noqa: PLC0415

    wanted, owned = for_everybody(), ["r2b: "]
    for profile in profiles:
        make_slot(profile.settings.tenant.name)
        webhook = os.environ.get(profile.settings.alerts.webhook_env)
        wanted += for_tenant(profile, teller(profile, webhook))
        owned.append(f"{tenant_tag(profile.settings.tenant.name)}: ")
    try:
        return apply(wanted, owned)
    except httpx.HTTPError as error:
        raise ServingFailed(
            "Setting up the automations: Prefect does not take them.",
            hint=f"It says: {' '.join(str(error).split())[:200]}",
        ) from error


def _check_answers(api: str) -> None:
    if not _answers(api):
        raise ServingFailed(
            "Serving: the server that PREFECT_API_URL names does not answer.",
            hint="Start it, or unset PREFECT_API_URL to have one started here.",
        )


def _check_asks(api: str) -> None:
    """Refuse a server that lets in whoever comes."""
    try:
        status = httpx.get(f"{api}/admin/version", timeout=5).status_code
    except httpx.HTTPError:
        return  # whether it answers is asked elsewhere
    if status != httpx.codes.UNAUTHORIZED:
        raise ServingFailed(
            "Serving with a password: the server that PREFECT_API_URL names asks for none.",
            hint="Start it with PREFECT_SERVER_API_AUTH_STRING and "
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED=true.",
        )


def _answers(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _is_online(pool: str, worker: str) -> bool:
    # Prefect reads where its server is, and its password, when it is imported
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    try:
        with get_client(sync_client=True) as client:
            found = client.request(
                "POST",
                "/work_pools/{work_pool_name}/workers/filter",
                path_params={"work_pool_name": pool},
                json={},
            )
        return any(each["name"] == worker and each["status"] == "ONLINE" for each in found.json())
    except (httpx.HTTPError, ValueError, TypeError, KeyError):
        return False
