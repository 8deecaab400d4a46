"""Small mistakes of any kind: a comparison turned round, a rule left out, one too many.

A library's operators are about Python; what decides here are polars expressions, where `&`, `|`,
`~`, `how="anti"` or `any_horizontal` are what `and`, `or` and `not` are elsewhere.
"""

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias


class Mutation(NamedTuple):
    """One mistake in a module: where (qualified name and line), what it said, what it says."""

    file: str
    where: str
    line: int
    said: str
    says: str
    source: str
    """The whole module with the mistake in it."""

    @property
    def name(self) -> str:
        """Says which it is, whatever is written above it in its module."""
        return f"{self.place}: {_short(self.said)} -> {_short(self.says)}"

    @property
    def place(self) -> str:
        """The function it is in."""
        return f"{self.file} {self.where}"

    def __str__(self) -> str:
        return f"{self.name} (line {self.line})"


_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}
_NAMES = {
    "any": "all",
    "all": "any",
    "any_horizontal": "all_horizontal",
    "all_horizontal": "any_horizontal",
    "min": "max",
    "max": "min",
    "min_horizontal": "max_horizontal",
    "max_horizontal": "min_horizontal",
    "first": "last",
    "last": "first",
    "is_null": "is_not_null",
    "is_not_null": "is_null",
    "head": "tail",
}
_WORDS = {"anti": "semi", "semi": "anti", "left": "inner", "first": "last", "last": "first"}


def mutations(file: str, source: str) -> Iterator[Mutation]:
    """Every mistake that can be made in a module, in the order of its lines."""
    for where, node in _walk(ast.parse(source), ()):
        for there, instead in _changed(node):
            says = ast.unparse(ast.fix_missing_locations(instead))
            yield Mutation(
                file,
                ".".join(where) or "module",
                there.lineno,
                _said(node, ast.unparse(there)),
                _said(node, says),
                _replaced(source, there, f"({says})" if isinstance(there, ast.expr) else says),
            )


def _said(node: ast.AST, words: str) -> str:
    return f"if {words}" if isinstance(node, (ast.If, ast.IfExp)) else words


def _walk(node: ast.AST, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ast.AST]]:
    """Everything that decides; not what is only said, or says of which type something is."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params", "ctx"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(
                child, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.cmpop)
            ):
                continue
            here = where
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                here = (*where, child.name)
            yield here, child
            if not _is_switch(child):
                yield from _walk(child, here)


def _is_switch(node: ast.AST) -> bool:
    """A keyword with true or false: the mistake names the keyword."""
    match node:
        case ast.keyword(value=ast.Constant(value=bool())):
            return True
        case _:
            return False


_Placed: TypeAlias = ast.expr | ast.stmt | ast.keyword


def _changed(node: ast.AST) -> Iterator[tuple[_Placed, ast.AST]]:
    """The mistakes that can be made of a node: what is replaced, and by what."""
    match node:
        case ast.If() | ast.IfExp() if not isinstance(node.test, ast.Constant):
            yield node.test, ast.Constant(value=False)
        case ast.expr() | ast.stmt() | ast.keyword():
            for instead in _instead(node):
                yield node, instead
        case _:
            return


def _instead(node: _Placed) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[operation]) if type(operation) in _COMPARISONS:
            yield _with(node, ops=[_COMPARISONS[type(operation)]()])
        case ast.BinOp(op=operation) if type(operation) in _OPERATIONS:
            yield _with(node, op=_OPERATIONS[type(operation)]())
        case ast.BoolOp(op=operation):
            yield _with(node, op=ast.Or() if isinstance(operation, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.keyword(value=ast.Constant(value=bool() as value)):
            yield _with(node, value=ast.Constant(not value))
        case ast.keyword(arg="how" | "keep", value=ast.Constant(value=word)) if word in _WORDS:
            yield _with(node, value=ast.Constant(_WORDS[word]))
        case ast.Attribute(attr=name) if name in _NAMES:
            yield _with(node, attr=_NAMES[name])
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case _:
            return


def _with(node: ast.AST, **values: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in values.items():
        setattr(changed, name, value)
    return changed


def _replaced(source: str, node: _Placed, text: str) -> str:
    """The source with `text` where `node` was; lines after it keep what they say."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(lines[node.end_lineno :])
    margin = b" " * node.col_offset
    within = text.encode().replace(b"\n", b"\n" + margin)
    return (before + within + after).decode()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."
