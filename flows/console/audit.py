"""`r2b audit` and `r2b approve`: who did what, and another person's approval."""

from typing import Annotated

import typer
from rich.markup import escape

from flows.console.answering import ByOption, JsonOption, ProfileOption, answer, out
from schemas.counting import counted
from schemas.errors import UsageError


def audit(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that the trail is whole, entry by entry.")
    ] = False,
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="Give back entries that were lost, from the warehouse; takes --by."
        ),
    ] = False,
    by: ByOption = "",
    reason: Annotated[str, typer.Option(help="Why it is restored, for the record.")] = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people did, newest first: who, when, what, why; or check that none of it changed.

    The check says which entry is the first that is not as it was written. What a disk or a backup
    has lost of the trail is given back by --restore, which is on record as well.

    Example: [bold]r2b audit[/]

    Example: [bold]r2b audit --verify[/]

    Example: [bold]r2b audit --restore --by "your name" --reason "disk replaced"[/]
    """
    from flows.audit_desk import check_trail, list_entries, restore_trail
    from flows.console.audit_view import checked, entries_json, show_entries, show_report
    from flows.profile import load_profile

    if verify and restore:
        raise UsageError(
            "The audit trail: --verify and --restore do two things.",
            hint="Verify first: it says what is wrong, and changes nothing.",
        )
    loaded = load_profile(profile)
    if restore:
        done = restore_trail(loaded, actor=by, reason=reason)
        answer(
            done,
            as_json=as_json,
            show=lambda: out.print(
                f"{counted(done.restored, 'entry was', 'entries were')} given back from the "
                f"warehouse; entry {done.entry} says so."
            ),
        )
        return
    if verify:
        report = checked(check_trail(loaded))
        answer(report, as_json=as_json, show=lambda: show_report(report))
        return
    entries = list_entries(loaded)
    answer(entries_json(entries), as_json=as_json, show=lambda: show_entries(entries))


def approve(
    act: Annotated[
        str,
        typer.Argument(
            metavar="ACT",
            help="What may be done: transfer, abandon, undo, arrived or absent of a batch; retry, "
            "release or discard of an item.",
        ),
    ],
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", help="The batch's number, or the item's.")
    ],
    by: ByOption,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve what another person is about to do, where the profile asks for it.

    It takes the role approve, is for this batch or item as it stands now, is used once, and
    expires.

    Example: [bold]r2b approve transfer 12 --by "your name"[/]
    """
    from flows.audit_desk import approve as approve_act
    from flows.profile import load_profile

    receipt = approve_act(load_profile(profile), act, number, actor=by, reason=reason)
    answer(
        receipt,
        as_json=as_json,
        show=lambda: out.print(
            f"{act.capitalize()} of {escape(receipt.subject)} is approved until "
            f"{receipt.expires_at:%d/%m/%Y %H:%M} UTC (entry {receipt.entry}, digest "
            f"{(receipt.digest or '')[:12]})."
        ),
    )
