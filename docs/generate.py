"""Write the generated parts of the documentation anew, or check that they are as they should be.

python -m docs.generate            rewrites what has drifted, and names it
python -m docs.generate --check    changes nothing; exit code 1 when something has drifted

A page is written by hand, but for what stands between `<!-- generated: NAME -->` and
`<!-- end -->`: that is `PARTS[NAME]()`, from the code that the product runs on.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.parts import commands, feeds, files, packages, performance, profile, rules, tables

ROOT = Path(__file__).resolve().parent.parent

PARTS: Mapping[str, Callable[[], str]] = {
    "profile": profile.every_section,
    "feeds": feeds.overview,
    "feed-columns": feeds.every_feed,
    "rejects": rules.rejects,
    "dispositions": rules.dispositions,
    "waiting": rules.waiting,
    "holds": rules.holds,
    "change-holds": rules.change_holds,
    "core-rules": rules.core_rules,
    "alerts": rules.alerts,
    "customer-file": files.customers,
    "site-file": files.sites,
    "address-file": files.addresses,
    "contact-file": files.contacts,
    "new-product-file": files.new_products,
    "cli-file": files.clis,
    "cease-file": files.ceases,
    "product-file": files.products,
    "result-file": files.results,
    "write-back-file": files.layer_updates,
    "views": tables.views,
    "tables-behind": tables.behind,
    "core-tables": tables.core,
    "commands": commands.every_command,
    "exit-codes": commands.exit_codes,
    "packages": packages.every_package,
    "licences": packages.every_licence,
    "whole-jobs": performance.whole,
    "days": performance.day,
    "starts": performance.start,
    "steps": performance.steps,
    "measured-on": performance.where,
}
"""What each generated part of a page is made by."""

_PART = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(?P<close><!-- end -->)",
    re.DOTALL,
)


def pages() -> list[Path]:
    """Every page that may hold generated parts."""
    return sorted([*ROOT.glob("docs/**/*.md"), ROOT / "tasks" / "ready_to_bill" / "README.md"])


def renewed(text: str) -> str:
    """The text of a page with every generated part made anew."""

    def part(found: re.Match[str]) -> str:
        body = PARTS[found["name"]]().strip("\n")
        return f"{found['open']}\n{body}\n\n{found['close']}"

    return _PART.sub(part, text)


def drifted() -> dict[Path, str]:
    """The pages that are not as they should be, and what they should say."""
    found = {}
    for path in pages():
        text = path.read_text(encoding="utf-8")
        fresh = renewed(text)
        if fresh != text:
            found[path] = fresh
    return found


def main(arguments: list[str]) -> int:
    """Rewrite or check; returns the exit code."""
    found = drifted()
    for path, fresh in found.items():
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            print(f"{name} has drifted from the code: run `make docs` and look at the difference.")
        else:
            path.write_text(fresh, encoding="utf-8")
            print(f"{name} is written anew.")
    if not found:
        print("Every generated page is as it should be.")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
