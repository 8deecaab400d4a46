"""Tests run in a process of its own, forked from one that has loaded everything but the program."""

import importlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, settings

PATIENCE = 900.0
KILLED = -9
"""What `multiprocessing` says of a process that was killed."""

_BROKEN = 99
"""No exit code of pytest's."""

_LIBRARIES = (
    *("polars", "duckdb", "pandera.polars", "httpx", "stamina", "typer.testing", "asyncssh"),
    *("prefect", "hypothesis", "pytest_timeout"),
)
for _library in _LIBRARIES:
    importlib.import_module(_library)

# a law that fails is enough: to look for its smallest case takes minutes
settings.register_profile("noticing", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("noticing")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


class Noted:
    """A plugin of pytest that notes the tests that fail, an id a line."""

    def __init__(self, path: Path) -> None:
        """Note them in `path`."""
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that failed, also while it was set up or torn down."""
        if report.failed:
            with self._path.open("a", encoding="utf-8") as out:
                out.write(f"{report.nodeid}\n")


def run_tests(tree: Path, arguments: Sequence[str], noted: Path) -> tuple[int, str]:
    """Let pytest loose on `tree`, and note what fails; its exit code, and what it said.

    What takes too long is ended, and its code is -9.
    """
    said = tree / ".said"
    process = _context.Process(target=_run, args=(str(tree), list(arguments), noted, said))
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
    assert process.exitcode is not None
    return process.exitcode, said.read_text("utf-8", errors="replace")


def _run(tree: str, arguments: list[str], noted: Path, said: Path) -> None:
    os.chdir(tree)
    os.environ["PYTHONPATH"] = tree
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    here = Path(__file__).parents[2]
    for name in [each for each in sys.modules if each.partition(".")[0] in _OURS]:
        del sys.modules[name]
    sys.path[:] = [tree, *(each for each in sys.path if each and Path(each) != here)]
    code = _BROKEN
    try:
        code = int(pytest.main(arguments, plugins=[Noted(noted)]))
    except Exception:  # noqa: BLE001  pytest's own trouble is no test that fails
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


_OURS = frozenset({"flows", "tasks", "warehouse", "schemas", "sandbox", "tests"})
