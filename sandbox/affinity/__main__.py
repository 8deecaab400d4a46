"""The stand-in's commands. Parses words, asks `Affinity`, prints, sets the exit code.

Exit codes: 0 done, also when rows were refused; 1 a bug; 2 wrong words; 3 a file was not taken at
all; 4 nothing to work on; 5 double bills, when asked to be strict.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from sandbox.affinity.answers import BatchAnswer, write_results
from sandbox.affinity.billing import Affinity
from sandbox.affinity.policy import FailureScope, Policy
from sandbox.affinity.serving import serving, until_told
from sandbox.affinity.state import StandInError
from sandbox.affinity.uploads import Loading

FILE_REFUSED: Final = 3
NOTHING_TO_WORK_ON: Final = 4
DOUBLE_BILLS: Final = 5

app = typer.Typer(no_args_is_help=True, add_completion=False)

State = Annotated[Path, typer.Option("--state", help="Folder of Affinity's own memory.")]
Catalogue = Annotated[
    Path | None,
    typer.Option("--catalogue", help="The reseller's feeds; needed the first time."),
]
Results = Annotated[
    Path | None,
    typer.Option("--results", help="Where to write the outcome of each row (CSV)."),
]
Rate = Annotated[
    float, typer.Option("--reject-rate", min=0, max=1, help="Share of product rows to refuse.")
]
Seed = Annotated[int, typer.Option("--seed", help="Which rows that share falls on.")]
Keys = Annotated[
    list[str] | None,
    typer.Option("--reject", help="A row key to refuse; may be repeated."),
]
Scope = Annotated[
    FailureScope, typer.Option("--failure-scope", help="What one bad row takes with it.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="What ended before is not live."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@app.command()
def load(
    batch: Annotated[Path, typer.Argument(help="The batch folder.")],
    state: State,
    catalogue: Catalogue = None,
    results: Results = None,
    reject_rate: Rate = 0.0,
    seed: Seed = 1,
    reject: Keys = None,
    failure_scope: Scope = FailureScope.ROW,
    as_json: AsJson = False,
) -> None:
    """Load a batch folder, file by file in load order, and answer for every row.

    Example: python -m sandbox.affinity load outbox/acme/000001 --state var/affinity
    --catalogue feeds --results results.csv
    """
    policy = Policy(failure_scope, frozenset(reject or ()), reject_rate, seed)
    with _plain_errors():
        answer = Affinity(state, catalogue).load_batch(batch, policy=policy)
        _report(answer, results, as_json=as_json)


@app.command()
def load_file(
    file: Annotated[Path, typer.Argument(help="One file of a batch folder.")],
    state: State,
    catalogue: Catalogue = None,
    results: Results = None,
    reject_rate: Rate = 0.0,
    seed: Seed = 1,
    reject: Keys = None,
    failure_scope: Scope = FailureScope.ROW,
    as_json: AsJson = False,
) -> None:
    """Load one file of a batch. The product file is refused before the batch's CLI file.

    Example: python -m sandbox.affinity load-file outbox/acme/000001/06_clis.csv
    --state var/affinity --results results.csv
    """
    policy = Policy(failure_scope, frozenset(reject or ()), reject_rate, seed)
    with _plain_errors():
        answer = Affinity(state, catalogue).load_file(file, policy=policy)
        _report(answer, results, as_json=as_json)


@app.command()
def audit(
    state: State,
    as_of: AsOf = None,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 5 on any double bill.")] = False,
) -> None:
    """Say what Affinity bills, and what it bills twice.

    Example: python -m sandbox.affinity audit --state var/affinity --json
    """
    with _plain_errors():
        found = Affinity(state).audit(as_of=_day(as_of))
    if as_json:
        print(json.dumps(found.as_dict()))
    else:
        table = Table("what", "how much", title=f"Affinity in {state}")
        for name, value in found.as_dict().items():
            table.add_row(name.replace("_", " "), _plain(value))
        Console().print(table)
    if strict and found.double_bills:
        raise typer.Exit(DOUBLE_BILLS)


@app.command()
def export(
    state: State,
    out: Annotated[Path, typer.Option("--out", help="Folder for the feeds.")],
    as_of: AsOf = None,
) -> None:
    """Write what is there as feeds: CLIs, site products, catalogue; and the refs of what is new.

    Example: python -m sandbox.affinity export --state var/affinity --out var/from-affinity
    """
    with _plain_errors():
        written = Affinity(state).export(out, as_of=_day(as_of))
    for name, rows in written.items():
        print(f"{name}: {rows:,} rows")


@app.command()
def serve(
    state: State,
    catalogue: Catalogue = None,
    http: Annotated[bool, typer.Option("--http", help="Serve HTTP (if nothing else is).")] = False,
    sftp: Annotated[bool, typer.Option("--sftp", help="Serve the drop folder over SFTP.")] = False,
    drop: Annotated[
        Path | None, typer.Option("--drop", help="Drop folder to watch; STATE/drop for --sftp.")
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option("--token-env", help="Environment variable with the bearer token to ask for."),
    ] = None,
    sftp_key: Annotated[
        Path | None, typer.Option("--sftp-key", help="A public key that gets in, too.")
    ] = None,
    reject_rate: Rate = 0.0,
    seed: Seed = 1,
    reject: Keys = None,
    failure_scope: Scope = FailureScope.ROW,
    behaviour: Annotated[
        Path | None, typer.Option("--behaviour", help="How to misbehave (JSON list of rules).")
    ] = None,
    loading: Annotated[
        Loading, typer.Option("--loading", help="When what comes over HTTP is loaded.")
    ] = Loading.AT_ONCE,
    poll: Annotated[
        float, typer.Option("--poll", min=0.01, help="Seconds between looks at the drop folder.")
    ] = 0.2,
) -> None:
    """Be Affinity on 127.0.0.1 until told to stop or stdin closes; prints where, as a JSON line.

    Example: python -m sandbox.affinity serve --state var/affinity --catalogue feeds --http --sftp
    """
    with (
        _plain_errors(),
        serving(
            state,
            catalogue,
            http=http or not (sftp or drop),
            sftp=sftp,
            drop=drop,
            token=None if token_env is None else _token(token_env),
            public_key=sftp_key,
            policy=Policy(failure_scope, frozenset(reject or ()), reject_rate, seed),
            rules=() if behaviour is None else _rules(behaviour),
            loading=loading,
            poll=poll,
        ) as stand_in,
        until_told(),
    ):
        print(json.dumps(stand_in.as_dict()), flush=True)


def _token(variable: str) -> str:
    token = os.environ.get(variable)
    if not token:
        raise typer.BadParameter(f"the environment has no {variable}")
    return token


def _rules(path: Path) -> list[object]:
    try:
        rules = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StandInError(f"reading the behaviour {path}: {error}") from error
    if not isinstance(rules, list):
        raise StandInError(f"reading the behaviour {path}: not a JSON list of rules")
    return rules


def _report(answer: BatchAnswer, results: Path | None, *, as_json: bool) -> None:
    if results is not None:
        write_results(answer.rows, results)
    if as_json:
        files = {
            file.name: {
                "rows": len(file.rows),
                "accepted": file.accepted,
                "rejected": file.refused,
                "problem": file.problem or None,
            }
            for file in answer.files
        }
        print(json.dumps({"batch": answer.batch, "files": files, "refusals": answer.refusals()}))
    else:
        table = Table("file", "rows", "accepted", "refused", title=f"Batch {answer.batch}")
        for file in answer.files:
            table.add_row(
                file.name, f"{len(file.rows):,}", f"{file.accepted:,}", f"{file.refused:,}"
            )
        Console().print(table)
        for code, count in answer.refusals().items():
            print(f"{count:,} rows refused: {code}")
    for problem in answer.problems:
        print(f"not taken: {problem}", file=sys.stderr)
    if answer.problems:
        raise typer.Exit(FILE_REFUSED)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except StandInError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(NOTHING_TO_WORK_ON) from None


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None


def _plain(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
        case list():
            return f"{len(value):,}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


if __name__ == "__main__":
    app()
