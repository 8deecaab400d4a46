"""The drop folder: files are taken out of `inbox`, loaded, archived, answered for in `results`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox.affinity.answers import RowAnswer, write_results
from sandbox.affinity.journal import Journal
from sandbox.affinity.layout import layout_of
from sandbox.affinity.loading import Loader
from sandbox.affinity.names import parse_remote_name, results_name

FOLDERS: Final = ("inbox", "archive", "error", "results")
_DAMAGE: Final = b"\r\n"


class Drop:
    """A drop folder and who loads what is in it."""

    def __init__(self, root: Path, loader: Loader, journal: Journal) -> None:
        """Make the folders that are not there yet."""
        self.inbox, self.archive, self.error, self.results = (root / name for name in FOLDERS)
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)
        self._loader = loader
        self._journal = journal
        self._late: dict[str, tuple[int, tuple[RowAnswer, ...]]] = {}  # sweeps to wait, answers
        self._one_at_a_time = threading.Lock()

    def sweep(self) -> list[str]:
        """Take what lies in the inbox, in load order; the names that were taken."""
        with self._one_at_a_time:
            self._tell_what_is_due()
            waiting = [path for path in self.inbox.glob("[!.]*") if path.is_file()]
            return [path.name for path in sorted(waiting, key=_load_order) if self._take(path)]

    def _take(self, path: Path) -> bool:
        """Load a file and put it away; false if it is left where it is."""
        rules = self._loader.rules_for(path.name)
        kinds = {rule.do for rule in rules}
        if "never" in kinds:
            return False
        content = path.read_bytes()
        loaded = self._loader.load(path.name, content, rules)
        if loaded.problem:
            words = self.error / f"{path.name}.txt"
            words.write_text(f"{loaded.problem}\n", encoding="utf-8")
            place = self._move(path, self.error)
        elif "delete" in kinds:
            place = "nowhere"
            path.unlink()
        else:
            if "archive_damaged" in kinds:
                path.write_bytes(content + _DAMAGE)
            place = self._move(path, self.archive)
        if not loaded.problem:
            self._tell(path.name, loaded.late, loaded.answers)
        self._journal.note(
            "TAKE",
            place,
            path.name,
            422 if loaded.problem else 200,
            effect=not loaded.problem,
            fault=loaded.fault,
        )
        return True

    def _move(self, path: Path, folder: Path) -> str:
        """Move a file to a folder, beside what is there under its name; where it is now."""
        target, times = folder / path.name, 1
        while target.exists():
            times += 1
            target = folder / f"{path.name}.{times}"
        path.rename(target)
        return f"{folder.name}/{target.name}"

    def _tell(self, name: str, late: int, answers: tuple[RowAnswer, ...]) -> None:
        if late:
            self._late[name] = (late, answers)
        else:
            write_results(answers, self.results / results_name(name))

    def _tell_what_is_due(self) -> None:
        held, self._late = self._late, {}
        for name, (late, answers) in held.items():
            self._tell(name, late - 1, answers)


@contextmanager
def watching(drop: Drop, every: float) -> Iterator[None]:
    """Sweep every so many seconds; the thread is gone at the end."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(every):
            drop.sweep()

    thread = threading.Thread(target=watch, name="affinity-drop")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _load_order(path: Path) -> tuple[str, str, int, str]:
    """Batch by batch, and within one as its files are to be loaded."""
    batch, file = parse_remote_name(path.name) or ("", path.name)
    found = layout_of(file)
    return (batch, found[0].stem, found[1], "") if found else (batch, file, 0, path.name)
