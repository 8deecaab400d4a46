"""What a file of a batch is called on its way: `<tenant>_<seq>_<file>`, and back again."""

import re
from typing import Final

_REMOTE: Final = re.compile(r"(?P<tenant>.+)_(?P<seq>\d{6,})_(?P<file>\d\d_[^/]+\.csv)")
_SAFE: Final = re.compile(r"[^/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]*")
_LONGEST: Final = 200


def remote_name(batch: str, file: str) -> str:
    """The name for a file of a batch that is known as "tenant/seq"."""
    return f"{batch.replace('/', '_')}_{file}"


def parse_remote_name(name: str) -> tuple[str, str] | None:
    """The batch ("tenant/seq") and the file's name in it; None if it is not such a name."""
    match = _REMOTE.fullmatch(name)
    return (f"{match['tenant']}/{match['seq']}", match["file"]) if match else None


def is_safe(name: str) -> bool:
    """Whether a name can stand in a folder as it is, and is seen there."""
    return len(name.encode()) <= _LONGEST and _SAFE.fullmatch(name) is not None


def results_name(name: str) -> str:
    """What the answer to a file is called."""
    return f"{name.removesuffix('.csv')}.results.csv"
