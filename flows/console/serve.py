"""`r2b serve`: server, worker and deployments on this machine, until Ctrl-C."""

import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from flows.console.answering import JsonOption, err, out
from flows.console.quiet import hush_prefect
from schemas.errors import ProfileWrong

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from flows.profile import LoadedProfile
    from flows.serving.serving import Serving

SAMPLE = Path("var/sample")


def serve(
    profile: Annotated[
        list[Path] | None,
        typer.Option("--profile", "-p", help="A tenant's profile; again for each tenant."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Serve a made-up reseller, in var/sample/.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=1024, max=65535, help="Where the Prefect server listens.")
    ] = 4200,
    pool: Annotated[
        str,
        typer.Option(help="The work pool of this machine: where its tenants' runs go."),
    ] = "billing",
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, help="How many flow runs the worker has at a time.")
    ] = 4,
    as_json: JsonOption = False,
) -> None:
    """Bring up all that runs by itself: Prefect's server, a worker, every deployment.

    Everything listens on this machine only. Ctrl-C ends all of it; what a run has left half done is
    finished by the next one.

    Example: [bold]r2b serve[/]

    Example: [bold]r2b serve --profile acme/r2b.toml --profile bravo/r2b.toml[/]
    """
    hush_prefect()
    from flows.profile import DEFAULT_PROFILE, load_profile
    from flows.serving.serving import keep_serving, serving

    if sample:
        profile = [_make_sample()]
    elif not profile and not DEFAULT_PROFILE.is_file():
        raise ProfileWrong(
            "Serving: there is no r2b.toml here.",
            hint="Make one with `r2b init`, give one with --profile, or look around with --sample.",
        )
    profiles = [load_profile(path) for path in profile or [DEFAULT_PROFILE]]
    say = _say(quiet=as_json)
    with (
        _until_told_to_stop(),
        serving(
            profiles,
            port=port,
            pool=pool,
            home=_home(profiles),
            runs_at_once=at_once,
            say=say,
        ) as served,
    ):
        if as_json:
            print(json.dumps(_as_json(served)), flush=True)
        else:
            _show(served, profiles)
        keep_serving(served, say)


def _home(profiles: "Sequence[LoadedProfile]") -> Path:
    """The server's history stays beside the first tenant's warehouse."""
    return profiles[0].warehouse.parent / "prefect"


def _make_sample() -> Path:
    from flows.console.demo import make_reseller

    path = SAMPLE / "r2b.toml"
    if not path.exists():
        make_reseller(SAMPLE.resolve(), lines=2_000, seed=7)
    return path


@contextlib.contextmanager
def _until_told_to_stop() -> Iterator[None]:
    """Ctrl-C, or a SIGTERM, ends the block well."""

    def stop(_signal: int, _frame: "FrameType | None") -> None:
        raise KeyboardInterrupt

    # both by name: a shell may start what it puts in the background with Ctrl-C switched off
    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        err.print("Stopped. What was under way is finished by the next run.")
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _say(*, quiet: bool) -> Callable[[str], None]:
    began = time.monotonic()

    def say(what: str) -> None:
        if not quiet:
            err.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {escape(what)}")

    return say


def _as_json(served: "Serving") -> dict[str, object]:
    return {
        "ui": served.ui,
        "api": served.api,
        "deployments": {tenant: list(names) for tenant, names in served.deployments.items()},
        "automations": list(served.automations),
    }


def _show(served: "Serving", profiles: "Sequence[LoadedProfile]") -> None:
    from flows.console.tables import table
    from flows.serving.deploying import cron_of

    rows = []
    for loaded in profiles:
        settings = loaded.settings
        for name in served.deployments[settings.tenant.name]:
            cron = cron_of(loaded, name)
            zone = settings.tenant.timezone if cron else ""
            rows.append((settings.tenant.name, name, cron or "when asked", zone))
    out.print()
    out.print(table("Deployed", ("tenant", "deployment", "runs", "time zone"), rows, right=()))
    out.print(f"\nLook and steer   [bold]{escape(served.ui)}[/]")
    out.print(f"Prefect's API    {escape(served.api)}")
    out.print("\nCtrl-C ends all of it.\n")
