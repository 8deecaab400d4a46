"""Which column of a file is which column of the feed: case, space, hyphen, underscore aside."""

from collections.abc import Mapping, Sequence

from schemas.errors import SourceContractBroken
from schemas.feeds import Feed, label_key, meanings


def match_header(
    feed: Feed, header: Sequence[str], extra_labels: Mapping[str, str]
) -> dict[str, str]:
    """Say for each feed column found in the file which raw column (`c0`, `c1`, ...) holds it.

    Args:
        feed: the feed's contract.
        header: column names as the file spells them.
        extra_labels: the profile's own labels: file label -> feed column.

    Raises:
        SourceContractBroken: two columns mean the same, a required one is missing, or none is one
            of the feed's: then it has lost its header, or is another file.
    """
    known = meanings(feed, extra_labels)
    found: dict[str, str] = {}
    for position, label in enumerate(header):
        meaning = known.get(label_key(label))
        if meaning is None:
            continue
        if meaning in found:
            raise SourceContractBroken(
                f"Reading feed {feed.name}: two columns both mean {meaning}.",
                hint="Remove or rename one of them in the export, then run again.",
            )
        found[meaning] = f"c{position}"
    missing = [c.name for c in feed.columns if c.must_have_value and c.name not in found]
    if missing:
        raise SourceContractBroken(
            f"Reading feed {feed.name}: missing required column {', '.join(missing)}.",
            hint="Add it to the export, or name the file's own label under feeds.labels.",
        )
    if not found.keys() - {"is_deleted"}:
        names = ", ".join(c.shown for c in feed.columns if c.name != "is_deleted")
        raise SourceContractBroken(
            f"Reading feed {feed.name}: no column of it is in the file; they are {names}.",
            hint="Export it with its header, or name the file's own labels under feeds.labels.",
        )
    return found
