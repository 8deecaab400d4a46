"""How long each statement of the warehouse takes, by the file it is in and the step that asks."""

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import duckdb

SQL = Path(__file__).resolve().parents[1] / "warehouse" / "sql"


class Watch:
    """Seconds by step and statement, of every connection made while it watches."""

    def __init__(self, step: Callable[[], str]) -> None:
        """`step` says which step is at work."""
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self._step = step
        self._names = {
            path.read_text("utf-8"): str(path.relative_to(SQL).with_suffix(""))
            for path in SQL.rglob("*.sql")
        }

    def begin(self) -> None:
        """Watch from here on."""
        connect = duckdb.connect

        def watched(*arguments: Any, **options: Any) -> Any:
            return _Watched(connect(*arguments, **options), self)

        duckdb.connect = watched

    def note(self, sql: object, seconds: float) -> None:
        """A statement took so long; one that is in no file is called by its first words."""
        text = str(sql)
        name = self._names.get(text) or " ".join(text.partition("(")[0].split()[:6])
        self.seconds[self._step(), name] += seconds


class _Watched:
    """A connection whose statements are timed; everything else is the connection's own."""

    def __init__(self, connection: Any, watch: Watch) -> None:
        self._connection = connection
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name == "cursor":
            return lambda: _Watched(found(), self._watch)
        if name not in {"execute", "sql"}:
            return found

        def timed(sql: object, *arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            result = found(sql, *arguments, **options)
            self._watch.note(sql, time.perf_counter() - start)
            return self if result is self._connection else result

        return timed

    def __enter__(self) -> Self:
        self._connection.__enter__()
        return self

    def __exit__(self, *raised: object) -> Any:
        return self._connection.__exit__(*raised)
