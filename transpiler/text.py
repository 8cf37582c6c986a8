r"""The readable text form of a tree, one node a line.

    and
      NewProcessName endswith "\\sc.exe"
      CommandLine contains "sc"
      not
        or
          User is null
          User equals "a" or "b"

Values are JSON strings, so nothing in a rule can end a line or a quote. :func:`parse` reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from transpiler import ast, regex
from transpiler.ast import Field, Node
from transpiler.pattern import DASH, MANY, ONE, Pattern
from transpiler.values import text_of

_WILD = {MANY: "*", ONE: "?", DASH: "~"}


def dump(node: Node) -> str:
    """The tree as text; ends with a newline."""
    return "".join([f"{line}\n" for line in _lines(node, 0)])


def parse(text: str) -> Node:
    """The tree that a text writes: ``parse(dump(tree)) == tree``. Spans are not in the text.

    Raises SourceError (S110) at the line and column that cannot be read.
    """
    from transpiler.textread import read  # converting a rule never reads a tree

    return read(text)


def _lines(node: Node, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(node, (ast.And, ast.Or)):
        yield indent + ("and" if isinstance(node, ast.And) else "or")
        for child in node.children:
            yield from _lines(child, depth + 1)
    elif isinstance(node, ast.Not):
        yield indent + "not"
        yield from _lines(node.child, depth + 1)
    else:
        yield indent + _WRITERS[type(node)](node)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


_KEYWORD = "any value"


def _name(field: Field) -> str:
    """A field: its name bare when it cannot be misread, else quoted; then what is known of it."""
    plain = field.name.replace("_", "").replace("-", "").replace(".", "").replace("@", "")
    bare = plain.isascii() and plain.isalnum() and field.name not in ("and", "or", "not")
    name = field.name if bare else _quoted(field.name)
    known: list[str] = [field.type] if field.type != "unknown" else []
    if field.strings != "keyword":
        known.append(field.strings)
    if field.many:
        known.append("many")
    if field.folded is not None:
        known.append("folded-as " + _quoted(field.folded))
    return f"{name}<{', '.join(known)}>" if known else name


def _pattern(given: Pattern) -> str:
    if given.kind in ("equals", "startswith", "endswith", "contains"):
        return _quoted(given.text)
    return " ".join([_WILD[token] if not isinstance(token, str) else _quoted(token) for token in given.tokens])


def _patterns(given: tuple[Pattern, ...]) -> str:
    """Patterns of one shape: the shape and the texts; of several: each with its shape."""
    pieces: list[str] = []
    last = None
    for each in given:
        shape = each.kind if each.kind in ("equals", "startswith", "endswith", "contains") else "like"
        pieces.append(f"{shape} {_pattern(each)}" if shape != last else _pattern(each))
        last = shape
    return " or ".join(pieces)


def _cased(cased: bool) -> str:
    return "cased " if cased else ""


def _number(value: float) -> str:
    """A number or boolean; json.dumps refuses a whole number of more than 4,300 digits."""
    return (text_of(value) if type(value) is int else None) or json.dumps(value)


def _match(node: ast.Match) -> str:
    return f"{_name(node.field)} {_cased(node.cased)}{_patterns(node.patterns)}"


def _keyword(node: ast.Keyword) -> str:
    return f"{_KEYWORD} {_cased(node.cased)}{_patterns(node.patterns)}"


def _expression(given: regex.Regex) -> str:
    flags = "".join(
        letter for letter, is_set in (("i", given.ignore_case), ("m", given.multiline), ("s", given.dot_all)) if is_set
    )
    return f"{_quoted(given.source)} {flags}" if flags else _quoted(given.source)


_WRITERS: dict[type, Callable[[Any], str]] = {
    ast.Match: _match,
    ast.Equals: lambda node: f"{_name(node.field)} is {' or '.join(map(_number, node.values))}",
    ast.Compare: lambda node: f"{_name(node.field)} {node.op} {_number(node.value)}",
    ast.Cidr: lambda node: f"{_name(node.field)} in {' or '.join(map(str, node.networks))}",
    ast.Regex: lambda node: f"{_name(node.field)} matches {_expression(node.regex)}",
    ast.FieldRef: lambda node: f"{_name(node.field)} {_cased(node.cased)}{node.part} field {_name(node.other)}",
    ast.Exists: lambda node: f"{_name(node.field)} exists",
    ast.IsNull: lambda node: f"{_name(node.field)} is null",
    ast.TimePart: lambda node: f"{node.unit} of {_name(node.field)} is {' or '.join(map(str, node.values))}",
    ast.Keyword: _keyword,
    ast.KeywordRegex: lambda node: f"{_KEYWORD} matches {_expression(node.regex)}",
}
