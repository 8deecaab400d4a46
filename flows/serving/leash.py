"""Run a command that ends when whoever started it is gone: `python leash.py COMMAND...`.

The standard input is the leash: its end, however its holder ended, ends the command as well. Needs
nothing but the standard library, so it costs next to nothing beside what it holds.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

_PATIENCE_SECONDS = 20


def main(command: list[str]) -> int:
    """Run `command` in a process group of its own; its exit code, or 128 + what killed it."""
    # Ctrl-C reaches the whole terminal; when this ends is for the holder of the leash to say. Not
    # SIG_IGN: the command would inherit it, and Prefect's worker ends by a SIGINT to itself
    signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    held = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    def end(_signal: int, _frame: FrameType | None) -> None:
        _end(held)

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=_wait_for_slack, args=(held,), daemon=True).start()
    code = held.wait()
    return code if code >= 0 else 128 - code


def _wait_for_slack(held: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        pass
    _end(held)


def _end(held: "subprocess.Popen[bytes]") -> None:
    """Ask the command to end; end it, and what it started, if it does not."""
    if held.poll() is not None:
        return
    held.send_signal(signal.SIGTERM)
    threading.Thread(target=_insist, args=(held,), daemon=True).start()


def _insist(held: "subprocess.Popen[bytes]") -> None:
    try:
        held.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(held.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
