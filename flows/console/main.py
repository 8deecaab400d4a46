"""The `r2b` command and its entry point."""

import atexit
import errno
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.console.answering import (
    UNREAD,
    UNUSABLE,
    AsOfOption,
    ByOption,
    JsonOption,
    ProfileOption,
    answer,
    day,
    fail,
    fall_silent,
    is_unread,
    out,
    tell_of_bug,
)
from flows.console.audit import approve, audit
from flows.console.queue import queue_app
from flows.console.quiet import hush_prefect
from flows.console.serve import serve
from flows.console.setting_up import doctor, init, profile_app
from flows.numbers import batch_number
from flows.private import keep_private
from schemas.counting import counted
from schemas.errors import OF_THE_DISK, DiskFailed, ProfileWrong, R2BError, UsageError
from schemas.storable import is_storable, storable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Ready to Bill: from The Layer's orders and assets to Affinity's files, "
    "nothing billed twice, late or never.",
)
app.add_typer(queue_app, name="queue")
app.add_typer(profile_app, name="profile")
app.command("init")(init)
app.command("doctor")(doctor)
app.command("serve")(serve)
app.command("approve")(approve)
app.command("audit")(audit)

SeqArgument = Annotated[
    int, typer.Argument(metavar="SEQ", help="The batch's number.", callback=batch_number)
]


@app.command()
def demo(
    lines: Annotated[int, typer.Option(min=1, help="Order lines to invent.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed, another reseller.")] = 7,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "-p", help="Another profile than the sample reseller's own."),
    ] = None,
    delivery: Annotated[
        str,
        typer.Option(
            help="How the batch gets to the stand-in: manual, folder, sftp or http.",
            metavar="WAY",
        ),
    ] = "manual",
    as_json: JsonOption = False,
) -> None:
    """Show the whole job on a made-up reseller, from feeds to In Billing.

    Makes sample feeds in var/demo/, runs the billing run, brings the batch to a stand-in for
    Affinity, takes its answer and transfers.

    Example: [bold]r2b demo --lines 2000 --delivery http[/]
    """
    from flows.console.demo import Way, run_demo
    from flows.console.demo_view import show_demo

    if delivery not in set(Way):
        raise UsageError(
            f"There is no way called {delivery}.", hint="It is manual, folder, sftp or http."
        )
    story = run_demo(lines=lines, seed=seed, profile=profile, delivery=Way(delivery), quiet=as_json)
    answer(story.as_json(), as_json=as_json, show=lambda: show_demo(story))


@app.command()
def run(
    as_of: AsOfOption = None, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Do the billing run: read the feeds, judge every charge, write the next batch.

    Stops at the confirmation gate: upload the files, then confirm with [bold]r2b transfer[/].
    Running again on the same feeds changes nothing.

    Example: [bold]r2b run --as-of 2026-03-31[/]
    """
    hush_prefect()
    from flows.billing_run import billing_run
    from flows.console.run_view import show_run
    from flows.console.server import local_flow
    from flows.profile import load_profile
    from tasks.reports.counts import run_json

    loaded = load_profile(profile)
    with local_flow(quiet=as_json, what="Running"):
        receipt = billing_run(None if profile is None else str(profile), as_of)
    answer(run_json(receipt), as_json=as_json, show=lambda: show_run(receipt, loaded))


@app.command()
def plan(
    as_of: AsOfOption = None, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Show what a run would do, without doing anything.

    Example: [bold]r2b plan --as-of 2026-04-01[/]
    """
    from flows.console.run_view import show_plan
    from flows.plan import plan as plan_run
    from flows.profile import load_profile
    from tasks.reports.counts import plan_json

    loaded = load_profile(profile)
    receipt, batch = plan_run(loaded, as_of)
    answer(
        plan_json(receipt, batch),
        as_json=as_json,
        show=lambda: show_plan(receipt, batch, loaded),
    )


@app.command()
def transfer(
    seq: SeqArgument,
    results: Annotated[
        str | None, typer.Option(help="Affinity's result file (CSV): one outcome per row.")
    ] = None,
    uploaded: Annotated[
        bool, typer.Option("--uploaded", help="Say that every row was uploaded.")
    ] = False,
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Transfer to Billing: move a batch's charges to In Billing, on evidence.

    Give Affinity's result file, or say that the upload is complete. Doing it twice changes nothing.

    Example: [bold]r2b transfer 1 --results result.csv[/]

    Example: [bold]r2b transfer 1 --uploaded --by "your name"[/]
    """
    if (results is None) == (not uploaded):
        raise UsageError(
            "Transferring needs evidence: either --results FILE or --uploaded --by NAME.",
            hint="See `r2b transfer --help`.",
        )
    if results is not None and not results.strip():
        raise UsageError(
            f"Transferring batch {seq}: --results is blank, and names no file.",
            hint="Give the path of the file Affinity answered with.",
        )
    if uploaded and not by.strip():
        raise UsageError("Saying that a batch is uploaded needs a name.", hint="Add --by NAME.")
    hush_prefect()
    from flows.console.run_view import show_transfer
    from flows.console.server import local_flow
    from flows.transfer import transfer_by_command

    with local_flow(quiet=as_json, what="Transferring"):
        receipt = transfer_by_command(
            seq,
            uploaded=uploaded,
            operator=by,
            results=results,
            profile_path=None if profile is None else str(profile),
        )
    answer(receipt, as_json=as_json, show=lambda: show_transfer(receipt))


@app.command()
def deliver(
    seq: SeqArgument,
    arrived: Annotated[
        bool, typer.Option("--arrived", help="Say that the file in doubt is in Affinity.")
    ] = False,
    absent: Annotated[
        bool, typer.Option("--absent", help="Say that the file in doubt is not there.")
    ] = False,
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a batch's delivery now, or settle what is in doubt about it first.

    What may have arrived is asked about, never sent again on a guess.

    Example: [bold]r2b deliver 3 --by "your name"[/]

    Example: [bold]r2b deliver 3 --absent --by "your name"[/]
    """
    if arrived and absent:
        raise UsageError(
            "A file is either --arrived or --absent.", hint="See `r2b deliver --help`."
        )
    hush_prefect()
    from flows.console.queue import login_name
    from flows.console.run_view import show_delivery
    from flows.deliveries import check_arrived
    from flows.deliveries import deliver as deliver_now
    from flows.profile import load_profile
    from tasks.reports.counts import delivery_json

    receipt = deliver_now(
        load_profile(profile),
        seq,
        actor=by or ("" if arrived or absent else login_name()),
        arrived=True if arrived else False if absent else None,
    )
    check_arrived([receipt])
    answer(delivery_json(receipt), as_json=as_json, show=lambda: show_delivery(receipt))


@app.command()
def abandon(
    seq: SeqArgument,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    by: ByOption,
    profile: ProfileOption = None,
    not_loaded: Annotated[
        bool,
        typer.Option(
            "--not-loaded", help="Say that Affinity holds nothing of it, though files left."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Give up a batch that was not confirmed: its charges are free for the next run.

    Example: [bold]r2b abandon 2 --by "your name" --reason "wrong price book"[/]
    """
    if not (by.strip() and reason.strip()):
        raise UsageError(
            "Abandoning a batch needs a name and a reason.", hint="Add --by NAME --reason TEXT."
        )
    hush_prefect()
    from flows.console.run_view import show_abandoned
    from flows.profile import load_profile
    from flows.transfer import abandon as abandon_flow

    receipt = abandon_flow(
        load_profile(profile), seq, actor=by, reason=reason, not_loaded=not_loaded
    )
    answer(receipt, as_json=as_json, show=lambda: show_abandoned(receipt))


@app.command()
def undo(
    seq: SeqArgument,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: ByOption = "",
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Show what would be written, and write nothing.")
    ] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back a confirmed batch: write the inverse batch, which leaves like any other.

    What it takes back stays In Billing until the inverse batch is confirmed itself.

    Example: [bold]r2b undo 3 --plan[/]

    Example: [bold]r2b undo 3 --by "your name" --reason "wrong price book"[/]
    """
    if not plan_only and not (by.strip() and reason.strip()):
        raise UsageError(
            "Undoing a batch needs a name and a reason.", hint="Add --by NAME --reason TEXT."
        )
    hush_prefect()
    from flows.console.run_view import show_undo
    from flows.deliveries import check_arrived
    from flows.profile import load_profile
    from flows.undo import plan_undo
    from flows.undo import undo as undo_flow

    loaded = load_profile(profile)
    receipt = (
        plan_undo(loaded, seq) if plan_only else undo_flow(loaded, seq, actor=by, reason=reason)
    )
    check_arrived([] if receipt.delivery is None else [receipt.delivery])
    answer(receipt, as_json=as_json, show=lambda: show_undo(receipt))


@app.command()
def explain(
    line_id: Annotated[str, typer.Argument(metavar="LINE_ID", help="The Layer's line id.")],
    every_rule: Annotated[
        bool, typer.Option("--all", help="Show the rules that do not apply as well.")
    ] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an order line is billing, or is not, and what to do about it.

    Shows which rules decided, and what they saw; [bold]--all[/] shows every rule.

    Example: [bold]r2b explain L00000003[/]
    """
    from flows.console.explain_view import explain_json, show_explanation
    from flows.looking import explain as explain_line
    from flows.profile import load_profile

    story = explain_line(load_profile(profile), line_id)
    answer(
        explain_json(story),
        as_json=as_json,
        show=lambda: show_explanation(story, every_rule=every_rule),
    )


@app.command()
def status(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show where we stand: last run, open batches, queue, what is held and worth how much.

    Example: [bold]r2b status[/]
    """
    from flows.console.status_view import show_status, status_json
    from flows.profile import load_profile
    from flows.standing import status as look

    loaded = load_profile(profile)
    standing = look(loaded)
    answer(
        status_json(standing),
        as_json=as_json,
        show=lambda: show_status(standing, loaded.settings.tenant.name),
    )


@app.command()
def verify(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Prove that nothing was lost, altered or done twice: outbox, ledger, batches, marts.

    Looks at everything, changes nothing, and says all that is wrong and what to do about it. Ends
    with the exit code of the first check that found something. Works while no run is going on.

    Example: [bold]r2b verify[/]
    """
    from flows.console.verify_view import exit_code, show_verification, verification_json
    from flows.profile import load_profile
    from flows.verify import verify as verify_books

    checks = verify_books(load_profile(profile))
    answer(verification_json(checks), as_json=as_json, show=lambda: show_verification(checks))
    if exit_code(checks):
        raise typer.Exit(exit_code(checks))


@app.command()
def reconcile(
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of",
            parser=day,
            metavar="DATE",
            help="The day to compare; the last run's by default.",
        ),
    ] = None,
    known_at: Annotated[
        date | None,
        typer.Option(
            "--known-at",
            parser=day,
            metavar="DATE",
            help="Count only what runs until this day knew; all that is known by default.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="An earlier certificate: show what is open now and was not, or was."),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what is to be billed with what Affinity bills, pound by pound.

    Nothing is changed in either system: differences come with a remedy for a person. What was
    found is certified in var/certificates/.

    Example: [bold]r2b reconcile[/]

    Example: [bold]r2b reconcile --as-of 2026-02-28 --known-at 2026-02-28[/]
    """
    hush_prefect()
    from flows.console.reconcile_view import reconcile_json, show_comparison, show_reconciliation
    from flows.console.server import local_flow
    from flows.profile import load_profile
    from flows.reconcile import compared_with, read_certificate
    from flows.reconcile import reconcile as reconcile_flow

    loaded = load_profile(profile)
    before = None if against is None else read_certificate(against)
    with local_flow(quiet=as_json, what="Reconciling"):
        receipt = reconcile_flow(None if profile is None else str(profile), as_of, known_at)
    since = None if before is None else compared_with(before, receipt)

    def show() -> None:
        show_reconciliation(receipt, loaded.settings.tenant.name)
        if before is not None and since is not None:
            show_comparison(before, since)

    answer(reconcile_json(receipt, since), as_json=as_json, show=show)


@app.command()
def report(
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of",
            parser=day,
            metavar="DATE",
            help="The day to report; the last run's by default.",
        ),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reconcile a day, and write what was found as a page for people.

    The page is one HTML file in var/reports/: open it in a browser, print it, send it on. It has
    customers' names in it, and fetches nothing from anywhere.

    Example: [bold]r2b report[/]

    Example: [bold]r2b report --as-of 2026-02-28[/]
    """
    hush_prefect()
    from flows.console.reconcile_view import report_json, show_report
    from flows.console.server import local_flow
    from flows.profile import load_profile
    from flows.reconcile import reconcile as reconcile_flow

    loaded = load_profile(profile)
    with local_flow(quiet=as_json, what="Reporting"):
        receipt = reconcile_flow(None if profile is None else str(profile), as_of)
    answer(
        report_json(receipt),
        as_json=as_json,
        show=lambda: show_report(receipt, loaded.settings.tenant.name),
    )


@app.command()
def export(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="The view, such as mart.hold.")],
    kind: Annotated[str, typer.Option("--format", help="csv, xlsx or parquet.")] = "csv",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; one in var/exports/ by default.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a view to a file that people can open: a spreadsheet runs nothing in it.

    Example: [bold]r2b export mart.hold --format xlsx[/]
    """
    from flows.exports import export as export_view
    from flows.profile import load_profile

    made = export_view(load_profile(profile), view, kind, to)
    answer(
        made,
        as_json=as_json,
        show=lambda: out.print(
            f"{counted(made.rows, 'row')} of {made.view}, in {escape(str(made.path))}"
        ),
    )


@app.command()
def retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove it; this needs a name, and cannot be undone.")
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Show what would go, and change nothing: the default.")
    ] = False,
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove what has been kept for long enough: raw feeds, rejected values, files, people.

    How long is in the profile's section retention. What proves that nothing is billed twice stays:
    row keys, digests, the ledger.

    Example: [bold]r2b retention --plan[/]

    Example: [bold]r2b retention --apply --by "your name"[/]
    """
    if apply and plan_only:
        raise UsageError("It is either --plan or --apply.", hint="See `r2b retention --help`.")
    if apply and not by.strip():
        raise UsageError("Removing what was kept needs a name.", hint="Add --by NAME.")
    hush_prefect()
    from flows.console.retention_view import show_retention
    from flows.profile import load_profile
    from flows.retention import apply_retention, plan_retention

    loaded = load_profile(profile)
    receipt = apply_retention(loaded, actor=by) if apply else plan_retention(loaded)
    answer(receipt, as_json=as_json, show=lambda: show_retention(receipt))


def _check_words(words: list[str]) -> None:
    """Refuse what is no text before anybody writes it down or looks for it.

    Raises:
        UsageError: a word holds what is no UTF-8.
    """
    for number, word in enumerate(words, start=1):
        if not is_storable(word):
            raise UsageError(
                f"Reading the command: word {number} ({storable(word)}) is not UTF-8.",
                hint="Type it again, in a terminal that is set to UTF-8.",
            )


def _usage_error(error: typer.TyperException) -> UsageError:
    """What is wrong with the words of a command, in one line, and where its help is."""
    context = getattr(error, "ctx", None)
    command = "r2b" if context is None else context.command_path
    message = " ".join(error.format_message().split()).rstrip(".")
    return UsageError(f"{message}.", hint=f"See `{command} --help`.")


_SHOWN = 60
"""Letters of a name that cannot be one."""


def _unusable(error: Exception) -> ProfileWrong | None:
    """That a place which the profile, or a word of the command, names cannot be used, if so."""
    if not isinstance(error, OSError) or error.filename is None:
        return None
    if error.errno not in UNUSABLE | {errno.EROFS}:
        return None
    place = Path(os.fsdecode(error.filename)).name or "/"
    return ProfileWrong(
        f"Using {place[:_SHOWN]}: {(error.strerror or 'it failed').lower()}.",
        hint="Look at who may use this place and the folders around it, and at what is there: the "
        "profile, or the command, names it.",
    )


def _disk_failed(error: Exception) -> DiskFailed | None:
    """That there is no room for what is written, the answer included, or that it fails, if so."""
    if not isinstance(error, OSError) or error.errno not in OF_THE_DISK:
        return None
    return DiskFailed(
        f"Writing: {(error.strerror or 'it failed').lower()}.",
        hint="Make room where the answer goes, and where the profile points; then the same again.",
    )


def _run() -> int:
    """Run the command that was typed; returns its exit code.

    What went wrong is one line, or one object where it was asked for. A bug keeps its traceback.
    """
    try:
        _check_words(sys.argv[1:])
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        if not error.format_message():
            # a command without any word has shown its help
            return error.exit_code
        return fail(_usage_error(error))
    except R2BError as error:
        return fail(error)
    except (Exception, SystemExit) as error:
        # typer ends by itself where nobody reads
        if isinstance(error, BrokenPipeError | SystemExit) and is_unread():
            fall_silent(sys.stdout)
            return UNREAD
        if isinstance(error, SystemExit):
            raise
        known = _unusable(error) or _disk_failed(error)
        if known is not None:
            return fail(known)
        tell_of_bug(error)
        raise
    return code if isinstance(code, int) else 0


def _say_no_more() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        fall_silent(sys.stdout)
    sys.stderr.flush()
    fall_silent(sys.stderr)


def main() -> None:
    """Run the command; errors made on purpose become one line and an exit code."""
    keep_private()
    # registered first, so run last: while Prefect's threads keep modules alive, DuckDB's binding
    # prints pages about leaked types as the interpreter goes; by then everything has been said
    atexit.register(_say_no_more)
    sys.exit(_run())
