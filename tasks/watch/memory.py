"""Which alerts were told, and when: people hear of each once, and once a day while it stays.

One small file beside the warehouse. It decides nothing but who is told when; lost, all is told
anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from schemas.json_text import read_json
from tasks.outbox.durable import as_json, write_durably
from tasks.watch.alerts import Alert

REMIND_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Told:
    """An alert that is on: since when, and when people were last told (UTC)."""

    since: datetime
    told_at: datetime


@dataclass(frozen=True)
class News:
    """What of the alerts is to be told now, and which are over."""

    raised: tuple[Alert, ...]
    over: tuple[str, ...]
    memory: Mapping[str, Told]
    """What is on from now on, by the alert's key."""


def news(found: Iterable[Alert], known: Mapping[str, Told], now: datetime) -> News:
    """Tell what is new, and what has stayed for a day since it was last told."""
    raised, memory = [], {}
    for alert in found:
        before = known.get(alert.key)
        if before is None or now - before.told_at >= REMIND_AFTER:
            raised.append(alert)
            memory[alert.key] = Told(before.since if before else now, now)
        else:
            memory[alert.key] = before
    return News(tuple(raised), tuple(key for key in known if key not in memory), memory)


def read_memory(path: Path) -> dict[str, Told]:
    """What was told so far; a file that is not there, or not readable, remembers nothing."""
    try:
        content = read_json(path.read_bytes())
        return {
            key: Told(*(datetime.fromisoformat(each[name]) for name in ("since", "told_at")))
            for key, each in content.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_memory(path: Path, memory: Mapping[str, Told]) -> None:
    """Remember what is on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(
        path,
        as_json(
            {
                key: {"since": each.since.isoformat(), "told_at": each.told_at.isoformat()}
                for key, each in memory.items()
            }
        ),
    )
