"""A tenant's own rules about records: what breaks one, and what is said of it.

Pure polars, and the only place that judges them: holds of charges and issues of records both come
from `breaks`. Contract section 1, `validation`.
"""

from dataclasses import dataclass

import polars as pl

from schemas.vocabulary import Severity, Stage


@dataclass(frozen=True)
class ExtraRule:
    """A rule of the profile: `rule:<name>` holds a charge whose field breaks it, if it blocks.

    `column` is the column of a frame that carries the field's texts, `present` the one that says
    whether there is such a record at all: a rule about a quotation says nothing of a line that was
    never quoted.
    """

    name: str
    column: str
    present: str
    stage: Stage = Stage.ORDER
    field: str = ""
    products: frozenset[str] = frozenset()
    base_categories: frozenset[str] = frozenset()
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] = ()
    allowed_characters: str = ""
    severity: Severity = Severity.BLOCK
    message: str = ""


def breaks(rule: ExtraRule) -> pl.Expr:
    """True where a field in the rule's scope breaks the profile's rule; blank breaks `required`.

    The rule's column is a list: of several quotation lines each must keep the rule.
    """
    text = pl.element()
    wrong: list[pl.Expr] = []
    if rule.min_length is not None:
        wrong.append(text.str.len_chars() < rule.min_length)
    if rule.max_length is not None:
        wrong.append(text.str.len_chars() > rule.max_length)
    if rule.pattern is not None:
        wrong.append(~text.str.contains(f"^(?:{rule.pattern})$"))
    if rule.allowed:
        wrong.append(~text.is_in(list(rule.allowed)))
    if rule.allowed_characters:
        wrong.append(text.str.strip_chars(rule.allowed_characters).str.len_bytes() > 0)
    broken = pl.any_horizontal(*wrong).fill_null(value=False) if wrong else pl.lit(value=False)
    if rule.required:
        broken = broken | text.is_null()
    in_scope = pl.col(rule.present)
    if rule.products:
        in_scope = in_scope & pl.col("product_id").is_in(list(rule.products))
    if rule.base_categories:
        category = pl.col("base_category").str.to_lowercase()
        names = [name.strip().lower() for name in rule.base_categories]
        in_scope = in_scope & category.is_in(names)
    any_broken = pl.col(rule.column).list.eval(broken).list.any()
    return in_scope.fill_null(value=False) & any_broken.fill_null(value=False)


def scope_of(rule: ExtraRule) -> pl.Expr:
    """Why a rule is about a record: `all`, or the record's own product, base category, or both."""
    parts = []
    if rule.products:
        parts.append(pl.format("product {}", "product_id"))
    if rule.base_categories:
        parts.append(pl.format("base category {}", "base_category"))
    return pl.concat_str(parts, separator=" and ") if parts else pl.lit("all")


def sentence(rule: ExtraRule) -> str:
    """The rule's own message, else what it asks, as one sentence."""
    if rule.message:
        return rule.message
    asks = ["must not be blank"] if rule.required else []
    asks += _length(rule)
    if rule.pattern is not None:
        asks.append(f"must match {rule.pattern}")
    if rule.allowed:
        asks.append(f"must be {_listed(rule.allowed, 'or')}")
    if rule.allowed_characters:
        asks.append(f"may only hold the characters {rule.allowed_characters}")
    return f"{rule.field} {_listed(asks or ['may be anything'], 'and')}."


def _length(rule: ExtraRule) -> list[str]:
    least, most = rule.min_length, rule.max_length
    if least is not None and most is not None:
        return [f"must have {least} to {most} characters"]
    if least is not None:
        return [f"must have at least {_characters(least)}"]
    return [] if most is None else [f"must have at most {_characters(most)}"]


def _characters(count: int) -> str:
    return f"{count} character{'' if count == 1 else 's'}"


def _listed(words: tuple[str, ...] | list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
