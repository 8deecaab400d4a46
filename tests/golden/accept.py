"""Show what has changed in the golden cases, and write it down: `python -m tests.golden.accept`."""

import difflib
import sys

from tests.golden import cases, days


def main() -> None:
    """Accept every case and history, or those that are named."""
    for case in sys.argv[1:] or [*cases.CASES, *days.HISTORIES]:
        kind = cases if case in cases.CASES else days
        before, after = kind.expected(case), kind.actual(case)
        folder = kind.HERE / case / "expected"
        for name in sorted({*before, *after}):
            old, new = before.get(name, b""), after.get(name, b"")
            if old == new:
                continue
            print(
                *difflib.unified_diff(
                    old.decode(errors="replace").splitlines(),
                    new.decode(errors="replace").splitlines(),
                    f"{case}/{name} as it was",
                    f"{case}/{name} as it is",
                    lineterm="",
                ),
                sep="\n",
            )
            if name in after:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(new)
            else:
                (folder / name).unlink()
        if before == after:
            print(f"{case}: nothing has changed")


if __name__ == "__main__":
    main()
