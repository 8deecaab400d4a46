"""`r2b explain`: the answer in one line per charge, then the reasons, then the evidence."""

from datetime import date
from typing import Any

from rich.markup import escape
from rich.text import Text

from flows.console.answering import out
from flows.console.queue_view import items_json, next_try
from flows.console.tables import table
from flows.looking import LineStory
from schemas.explanations import (
    DISPOSITIONS,
    REJECTS,
    WAITING,
    hold_explanation,
)
from schemas.money import pounds
from schemas.vocabulary import Disposition, RejectReason, WaitingReason
from tasks.ready_to_bill.explanation import ChargeVerdicts, RuleVerdict

_GOOD = {Disposition.READY, Disposition.EXPORTED, Disposition.IN_BILLING}
_DROP = {"line_id", "charge_type"}


def show_explanation(story: LineStory, *, every_rule: bool) -> None:
    """Why each charge of the line is, or is not, billing."""
    out.print()
    light = f", light [bold {_colour(story.light)}]{story.light}[/]" if story.light else ""
    out.print(f"[bold]Line {escape(story.line_id)}[/], as of {story.as_of:%d %B %Y}{light}\n")
    for reject in story.rejects:
        where = f"row {reject['row_number']}, {reject['column_name'] or 'whole row'}"
        out.print(
            f"[red]Rejected[/] ({where}): "
            f"{REJECTS[RejectReason(reject['reason'])]}{_read(reject)} "
            "Nothing of this line is used until it is mended in The Layer.\n"
        )
    asked = {each.charge_type: each for each in story.verdicts}
    for charge in story.charges:
        _show_charge(story, charge, asked.get(charge["charge_type"]), every_rule)
    if asked and not every_rule:
        out.print("[dim]Every rule with what it saw: the same with --all.[/]\n")
    _show_history(story)


def _read(reject: dict[str, Any]) -> str:
    value = reject["raw_value"]
    return f" It reads [bold]{escape(value)}[/]." if value else ""


def _cli(charge: dict[str, Any], asked: ChargeVerdicts | None) -> str:
    """The CLI as it will be billed, or what stands there instead."""
    if charge["cli"]:
        return escape(charge["cli"])
    text = asked.facts.get("cli_text") if asked is not None else None
    return f"none that can be used ({escape(text)})" if text else "none"


def _show_charge(
    story: LineStory, charge: dict[str, Any], asked: ChargeVerdicts | None, every_rule: bool
) -> None:
    disposition = Disposition(charge["disposition"])
    colour = "green" if disposition in _GOOD else "yellow"
    if disposition is Disposition.HELD:
        colour = "red"
    each = f", {charge['frequency'].lower()}" if charge["frequency"] else ""
    out.print(
        f"[bold]{charge['charge_type'].capitalize()}[/]  "
        f"[bold {colour}]{disposition.value.replace('_', ' ').upper()}[/]  "
        f"{_headline(charge)}"
    )
    if charge["unit_price"] is not None:
        out.print(
            f"    {charge['quantity']} x {pounds(charge['unit_price'])} = "
            f"[bold]{pounds(charge['value'])}[/]{each}; route {escape(charge['route'])}; "
            f"SKU {escape(charge['sku'] or 'none')}; CLI {_cli(charge, asked)}; "
            f"bill start {_start(charge)}"
        )
    _show_billed(story, charge["charge_type"])
    for hold in story.holds:
        if hold["charge_type"] == charge["charge_type"]:
            words = hold_explanation(hold["reason"])
            since = f" (since {hold['since']:%d %B %Y})" if hold["since"] else ""
            out.print(f"    [red]•[/] {escape(words.meaning)}{since}")
            out.print(f"      [dim]{words.remedy} Usually: {words.owner}.[/]")
    for item in story.queue:
        if item.subject.endswith(f":{charge['charge_type']}"):
            out.print(
                f"    Affinity said: [bold]{escape(item.message or 'nothing')}[/] "
                f"({escape(item.reason)}); queue item {item.id}, "
                f"next try: {escape(next_try(item))}."
            )
    if asked is not None and every_rule:
        _show_rules(asked)
    elif asked is not None:
        _show_deciding(asked)
    out.print()


def _show_billed(story: LineStory, charge_type: str) -> None:
    """What Affinity was told of a charge, or is to be; what differs by now, and why that waits."""
    for label, rows in (("Written", story.written), ("Told", story.billed)):
        for told in _of_type(rows, charge_type):
            _show_told(label, told)
    for change in _of_type(story.changes, charge_type):
        out.print(
            f"    [yellow]•[/] {change['field'].replace('_', ' ')}: "
            f"{escape(change['told'] or 'none')} [bold]→ {escape(change['now'] or 'none')}[/] "
            f"({change['action']}, {change['state'].replace('_', ' ')})"
        )
    for hold in _of_type(story.change_holds, charge_type):
        words = hold_explanation(hold["reason"])
        out.print(f"      [dim]{words.meaning} {words.remedy} Usually: {words.owner}.[/]")


def _show_told(label: str, told: dict[str, Any]) -> None:
    price = "none" if told["unit_price"] is None else pounds(told["unit_price"])
    out.print(
        f"    [dim]{label}:[/] {told['quantity']} x {price}; "
        f"SKU {escape(told['sku'] or 'none')}; "
        f"CLI {escape(told['cli'] or 'none')}; site {escape(told['site_ref'] or 'none')}; "
        f"from {_day(told['bill_start_on'])} to {_day(told['bill_end_on'])}"
    )


def _of_type(rows: list[dict[str, Any]], charge_type: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["charge_type"] == charge_type]


def _day(day: date | None) -> str:
    return "open" if day is None else f"{day:%d/%m/%Y}"


def _headline(charge: dict[str, Any]) -> str:
    disposition = Disposition(charge["disposition"])
    if disposition is Disposition.WAITING and charge["waiting_reason"]:
        words = WAITING[WaitingReason(charge["waiting_reason"])]
        return f"{words.meaning} [dim]{words.remedy}[/]"
    text = DISPOSITIONS[disposition]
    if charge["batch_seq"] is not None:
        text += f" Batch {charge['batch_seq']}."
    if charge["in_billing_on"] is not None:
        text += f" Since {charge['in_billing_on']:%d %B %Y}."
    return text


def _start(charge: dict[str, Any]) -> str:
    if charge["bill_start_on"] is None:
        return "none"
    source = (charge["bill_start_source"] or "").replace("_", " ")
    return f"{charge['bill_start_on']:%d/%m/%Y} from {source}"


def _show_deciding(asked: ChargeVerdicts) -> None:
    """The rules that decided on a charge, with what they saw."""
    count = len(asked.dispositions) + len(asked.holds)
    words = "; ".join(_deciding(asked)) or f"[dim]none of {count} rules keeps it[/]"
    out.print(f"    [dim]Decided by:[/] {words}")


def _deciding(asked: ChargeVerdicts) -> list[str]:
    """The first disposition that applies; where none does, every hold that does."""
    first = next((each for each in asked.dispositions if each.applies), None)
    if first is not None:
        return [_rule(first.rule, _inputs(first))]
    return [_rule(each.rule, _inputs(each)) for each in asked.holds if each.applies]


def _rule(name: str, saw: str) -> str:
    return f"{escape(name.replace('_', ' '))}" + (f" [dim]({escape(saw)})[/]" if saw else "")


def _show_rules(asked: ChargeVerdicts) -> None:
    rows = [_rule_row(verdict) for verdict in (*asked.dispositions, *asked.holds)]
    out.print(table("", ("rule", "applies", "what it saw"), rows))


def _rule_row(verdict: RuleVerdict) -> tuple[str, Text, str]:
    return (
        verdict.rule.replace("_", " "),
        Text("yes", style="bold red") if verdict.applies else Text("no", style="dim"),
        _inputs(verdict),
    )


def _inputs(verdict: RuleVerdict) -> str:
    shown = (
        f"{name.replace('_', ' ')} = {_seen(value)}"
        for name, value in verdict.inputs.items()
        if name not in _DROP
    )
    return "; ".join(shown)


def _seen(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _show_history(story: LineStory) -> None:
    if not story.history:
        out.print("[dim]No history yet: nothing of this line was ever exported.[/]")
        return
    rows = [
        (
            f"{move['at']:%d/%m/%Y %H:%M}",
            move["charge_type"],
            move["reason"],
            move["to_status"],
            move["batch_seq"],
            move["actor"],
        )
        for move in story.history
    ]
    out.print(
        table(
            "History", ("when (UTC)", "charge", "what happened", "bill status", "batch", "by"), rows
        )
    )


def explain_json(story: LineStory) -> dict[str, Any]:
    """The story as one JSON object."""
    asked = {each.charge_type: each for each in story.verdicts}
    return {
        "line_id": story.line_id,
        "as_of": story.as_of,
        "light": story.light,
        "charges": [
            {
                **charge,
                "headline": _plain(_headline(charge)),
                "holds": [
                    {
                        "reason": hold["reason"],
                        "since": hold["since"],
                        "meaning": hold_explanation(hold["reason"]).meaning,
                        "remedy": hold_explanation(hold["reason"]).remedy,
                    }
                    for hold in story.holds
                    if hold["charge_type"] == charge["charge_type"]
                ],
                "written": next(iter(_of_type(story.written, charge["charge_type"])), None),
                "told": next(iter(_of_type(story.billed, charge["charge_type"])), None),
                "changes": _of_type(story.changes, charge["charge_type"]),
                "change_holds": [
                    hold["reason"] for hold in _of_type(story.change_holds, charge["charge_type"])
                ],
                "rules": [
                    {"rule": each.rule, "inputs": each.inputs, "applies": each.applies}
                    for each in _all_rules(asked.get(charge["charge_type"]))
                ],
            }
            for charge in story.charges
        ],
        "queue": items_json(story.queue)["items"],
        "rejects": story.rejects,
        "history": story.history,
    }


def _all_rules(asked: ChargeVerdicts | None) -> list[RuleVerdict]:
    return [] if asked is None else [*asked.dispositions, *asked.holds]


def _plain(markup: str) -> str:
    return Text.from_markup(markup).plain


def _colour(light: str) -> str:
    return "green" if light == "green" else "dark_orange"
