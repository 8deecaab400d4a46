"""Play the tutorial for real, and write what the commands said into it.

python -m docs.rehearsal            plays docs/tutorial.md in a folder that is thrown away, and
                                    rewrites what its commands print
python -m docs.rehearsal --check    plays it, changes nothing; exit code 1 when it has drifted

A block of csv with a name is a file to write. In a block of console a line that starts with `$ ` is
a command; what follows is what it prints, until the next command. Moments, run ids and other things
that are new each time are written as on an invented morning.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TUTORIAL = Path(__file__).resolve().parent / "tutorial.md"

_BLOCK = re.compile(
    r"^```(?P<kind>console|csv)(?: (?P<name>\S+))?\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
_NEW_EACH_TIME = (
    (re.compile(r"\b\d{8}T\d{6}-[0-9a-f]{8}\b"), "20260401T081500-1a2b3c4d"),
    (re.compile(r"\b\d{2}/\d{2}/\d{4} \d{2}:\d{2}\b"), "01/04/2026 08:15"),
    (re.compile(r"\b\d{2} [A-Z][a-z]+ \d{4} \d{2}:\d{2} UTC"), "01 April 2026 08:15 UTC"),
    (re.compile(r"Since \d{2} [A-Z][a-z]+ \d{4}"), "Since 01 April 2026"),
    (re.compile(r'(?<="at": ")[^"]+'), "2026-04-01T08:15:00Z"),
    (re.compile(r'(?<="manifest_sha256": ")[0-9a-f]{64}'), "5f0c" + "0" * 60),
)
_COLUMNS = "100"
"""How wide the tutorial's terminal is."""


class Stumble(Exception):
    """A command of the tutorial did not do what a reader would expect."""


@dataclass
class _Stage:
    """Where the reader stands, and what they type with."""

    folder: Path
    here: Path = field(init=False)

    def __post_init__(self) -> None:
        self.here = self.folder

    def write(self, name: str, text: str) -> None:
        (self.here / name).write_text(text, encoding="utf-8")

    def say(self, command: str) -> str:
        if command.startswith("cd "):
            self.here = (self.here / command.removeprefix("cd ").strip()).resolve()
            return ""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.here,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Stumble(f"`{command}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        around = {name: value for name, value in os.environ.items() if not name.startswith("R2B_")}
        return {
            **around,
            # the `r2b` of this environment, whatever else the machine has
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "COLUMNS": _COLUMNS,
            "LC_ALL": "C.UTF-8",
        }


def rehearsed(text: str, folder: Path) -> str:
    """The tutorial's text with what its commands print when they are run in `folder`."""
    stage = _Stage(folder)

    def play(block: re.Match[str]) -> str:
        if block["kind"] == "csv":
            if block["name"]:
                stage.write(block["name"], block["body"])
            return block[0]
        commands = [line for line in block["body"].splitlines() if line.startswith("$ ")]
        said = [(each, _tidied(stage.say(each.removeprefix("$ ")))) for each in commands]
        lines = [line for command, output in said for line in (command, *output)]
        return "\n".join(["```console", *lines, "```"])

    return _BLOCK.sub(play, text)


def _tidied(output: str) -> list[str]:
    """Output as a page shows it: without what is new each time, and without empty margins."""
    for pattern, instead in _NEW_EACH_TIME:
        output = pattern.sub(instead, output)
    lines: list[str] = []
    for line in (each.rstrip() for each in output.splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return lines[:-1] if lines and not lines[-1] else lines


def main(arguments: list[str]) -> int:
    """Play, then rewrite or compare; returns the exit code."""
    text = TUTORIAL.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="r2b-tutorial-") as folder:
        fresh = rehearsed(text, Path(folder))
    if fresh == text:
        print("The tutorial says what the commands say.")
        return 0
    if "--check" in arguments:
        print("The tutorial has drifted: run `python -m docs.rehearsal`, then look at it.")
        return 1
    TUTORIAL.write_text(fresh, encoding="utf-8")
    print("The tutorial is written anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
