"""Running a flow from the terminal: on the configured server, or an ephemeral one of our own."""

import contextlib
import os
from collections.abc import Iterator

from rich.markup import escape

from flows.console.answering import err
from tasks.listening import listening


@contextlib.contextmanager
def local_flow(*, quiet: bool, what: str) -> Iterator[None]:
    """Run the flow inside the block as a command does: a spinner for people, no idle second.

    Prefect's heartbeat thread sleeps in whole seconds and is joined at the end of every run; a
    command in a terminal has nobody who needs its heartbeat. Deployed runs keep theirs.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with contextlib.ExitStack() as stack:
        stack.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
        if not quiet and err.is_terminal:
            has_server = os.environ.get("PREFECT_API_URL")
            where = "" if has_server else " (starting Prefect takes a moment)"
            status = stack.enter_context(err.status(f"{what}{where} ..."))
            stack.enter_context(listening(lambda now: status.update(f"{what}: {escape(now)} ...")))
        yield
