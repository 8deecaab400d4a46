"""`r2b queue`: what failed, and what a person may do about it."""

from typing import Annotated

import typer

from flows.console.answering import ByOption, JsonOption, ProfileOption, answer, out

queue_app = typer.Typer(
    no_args_is_help=True,
    help="The retry queue: list what failed, retry what is due, release or discard an item.",
)

ItemArgument = Annotated[int, typer.Argument(metavar="ID", help="The item's number in the list.")]


@queue_app.command("list")
def list_command(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List what failed and has no outcome yet, most money first.

    Example: [bold]r2b queue list[/]
    """
    from flows.console.queue_view import items_json, show_items
    from flows.profile import load_profile
    from flows.retry_queue import list_items

    items = list_items(load_profile(profile))
    answer(items_json(items), as_json=as_json, show=lambda: show_items(items))


@queue_app.command("retry")
def retry_command(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Let every item whose time has come be judged afresh by the next run.

    Example: [bold]r2b queue retry[/]
    """
    from flows.profile import load_profile
    from flows.retry_queue import retry_due

    count = retry_due(load_profile(profile))
    answer(
        {"released": count},
        as_json=as_json,
        show=lambda: out.print(
            f"{count} item{'' if count == 1 else 's'} due; the next `r2b run` takes "
            f"{'it' if count == 1 else 'them'} up."
        ),
    )


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
    from flows.retry_queue import release

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
    from flows.retry_queue import discard

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
