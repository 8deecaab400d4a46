"""`r2b audit` and `r2b approve`: who did what, and another person's approval."""

from typing import Annotated

import typer
from rich.markup import escape

from flows.console.answering import ByOption, JsonOption, ProfileOption, answer, out


def audit(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that the trail is whole, entry by entry.")
    ] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people did, newest first: who, when, what, why; or check that none of it changed.

    The check says which entry is the first that is not as it was written.

    Example: [bold]r2b audit[/]

    Example: [bold]r2b audit --verify[/]
    """
    from flows.audit_desk import check_trail, list_entries
    from flows.console.audit_view import checked, entries_json, show_entries, show_report
    from flows.profile import load_profile

    loaded = load_profile(profile)
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
