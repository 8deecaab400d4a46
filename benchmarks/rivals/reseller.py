"""What the rivals share: the sample reseller's terms, the columns of feeds and files, the command.

No rule is here. Each rival decides by itself which record fits and which charge is ready.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from schemas.affinity import CLIS, PRODUCTS
from schemas.feeds import FEEDS, READING_ORDER, Feed, label_key, meanings

TENANT = "Northwind Telecom"
PLATFORM_NAMES = ("affinity", "aurora affinity")
OWN_NAMES = ("the layer",)
CLI_PROFILES = {"broadband": "any", "ethernet": "any", "licences": "none"}
"""What the CLI column of a base category holds; of the others, a UK number where one is needed."""

FURTHEST_MONTHS = 13
LONGEST_DESCRIPTION = 200
COUNTED_CATEGORY, LARGE_ORDER = "licences", 100
"""The reseller's own rule: so many licences are looked at by a person first."""

CLI_FILE = {column.header: column.source for column in CLIS.columns}
PRODUCT_FILE = {column.header: column.source for column in PRODUCTS.columns}
"""What the columns of a file are headed, and what the rivals call them: header -> name."""

CLI_ORDER = ("customer_ref", "site_ref", "cli", "row_key")
PRODUCT_ORDER = ("customer_ref", "site_ref", "cli", "sku", "charge_type", "line_id", "row_key")
"""How the rows of a file are sorted: by bytes, blank first."""

SITE_LINK = 19
MOST_NUMBERS = 501
MOST_CLI_CHARACTERS = 40
CHARGE_TYPES = ("upfront", "recurring")

UNREADABLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffd}]"
"""A control character, or what stands for bytes that do not decode, as a pattern."""


@dataclass
class Found:
    """What a rival found, as it prints it. Money is decimal text."""

    feeds: dict[str, dict[str, int]] = field(default_factory=dict)
    dispositions: dict[str, dict[str, int | str]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)

    def count(self, feed: str, *, accepted: int, rejected: int) -> None:
        """Enter how many records of a feed fit, and how many do not."""
        self.feeds[feed] = {"accepted": accepted, "rejected": rejected}

    def sum_up(self, disposition: str, charges: int, value: Decimal) -> None:
        """Enter how many charges ended up so, and what they are worth."""
        self.dispositions[disposition] = {"charges": charges, "value": f"{value:.4f}"}


def run(job: Callable[[Path, Path, date], Found]) -> None:
    """Do a rival's job as the command line says, and print what it found."""
    feeds, out, as_of = Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3])
    print(json.dumps(asdict(job(feeds, out, as_of))))


def delivered(folder: Path) -> list[tuple[Feed, Path]]:
    """The feeds that are there and their files, parents before children."""
    return [(FEEDS[name], path) for name in READING_ORDER for path in folder.glob(f"{name}.*")]


def labels_of(feed: Feed, header: Sequence[str]) -> dict[str, str]:
    """Which label of the file's header stands for which column of the feed: column -> label."""
    known = meanings(feed, {})
    found = {known.get(label_key(label)): label for label in header}
    return {column.name: found[column.name] for column in feed.columns if column.name in found}
