"""`r2b queue`: what failed, and what a person may do about it."""

from typing import Annotated

import typer

from flows.console.answering import ByOption, JsonOption, ProfileOption, answer, out
from flows.numbers import item_number
from schemas.counting import counted

queue_app = typer.Typer(
    no_args_is_help=True,
    help="The retry queue: what failed, and what a person may do about it.",
)

ItemArgument = Annotated[
    int,
    typer.Argument(metavar="ID", help="The item's number in the list.", callback=item_number),
]


@queue_app.command("list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Show settled items too.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what failed and has no outcome yet, most money first.

    Example: [bold]r2b queue list[/]
    """
    from flows.console.queue_view import items_json, show_items
    from flows.profile import load_profile
    from flows.queue_desk import list_items

    items = list_items(load_profile(profile), closed_too=everything)
    answer(items_json(items), as_json=as_json, show=lambda: show_items(items))


@queue_app.command("retry")
def retry_command(
    item_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="One waiting item, due or not.")
    ] = None,
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let every item whose time has come, or one that waits, be judged afresh by the next run.

    Example: [bold]r2b queue retry[/]
    """
    from flows.profile import load_profile
    from flows.queue_desk import retry_due, retry_now

    loaded = load_profile(profile)
    if item_id is not None:
        item = retry_now(loaded, item_number(item_id), actor=by or login_name())
        answer(
            {"released": 1, "id": item.id, "state": item.state.value},
            as_json=as_json,
            show=lambda: out.print(f"The next `r2b run` takes item {item.id} up."),
        )
        return
    count = retry_due(loaded)
    answer(
        {"released": count},
        as_json=as_json,
        show=lambda: out.print(
            f"{counted(count, 'item')} due; the next `r2b run` takes "
            f"{'it' if count == 1 else 'them'} up."
        ),
    )


@queue_app.command("history")
def history_command(
    item_id: ItemArgument, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Show everything that happened to an item: who or what moved it, when, and why.

    Example: [bold]r2b queue history 3[/]
    """
    from flows.console.queue_view import history_json, show_history
    from flows.profile import load_profile
    from flows.queue_desk import history

    item, events = history(load_profile(profile), item_id)
    answer(history_json(item, events), as_json=as_json, show=lambda: show_history(item, events))


@queue_app.command("release")
def release_command(
    item_id: ItemArgument,
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an item be tried again as it is. The next run judges it by every rule.

    Example: [bold]r2b queue release 3 --by "your name"[/]
    """
    from flows.profile import load_profile
    from flows.queue_desk import release

    item = release(load_profile(profile), item_id, actor=by or login_name())
    answer(
        {"id": item.id, "state": item.state.value},
        as_json=as_json,
        show=lambda: out.print(f"Item {item.id} is released; the next `r2b run` judges it afresh."),
    )


@queue_app.command("discard")
def discard_command(
    item_id: ItemArgument,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "no reason given",
    by: ByOption = "",
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an item up. Its charge stays held until its content changes.

    Example: [bold]r2b queue discard 3 --by "your name" --reason "customer left"[/]
    """
    from flows.profile import load_profile
    from flows.queue_desk import discard

    item = discard(load_profile(profile), item_id, actor=by or login_name(), reason=reason)
    answer(
        {"id": item.id, "state": item.state.value},
        as_json=as_json,
        show=lambda: out.print(f"Item {item.id} is discarded."),
    )


def login_name() -> str:
    """Who is logged in here, where nobody said who they are."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
