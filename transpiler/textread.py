"""Reads the text form of a tree back; see :mod:`transpiler.text` for what it looks like.

A line is an operator or a leaf, and stands two blanks further right than the operator it belongs to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, NoReturn, get_args

from transpiler import ast, regex
from transpiler.ast import And, Field, Node, Not, Or
from transpiler.diagnostics import diagnostic
from transpiler.errors import SourceError
from transpiler.pattern import DASH, MANY, ONE, Pattern, Token, literal, pattern, surround
from transpiler.span import Span

PATH = "<tree>"
"""The name of the text in diagnostics."""

_TOKEN = re.compile(r' *("(?:[^"\\]|\\.)*"|[<>,]|[^\s"<>,]+)')
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
    "NaN": float("nan"),
}
_OPERATORS = {"and": And, "or": Or, "not": Not}
_WILD = {"*": MANY, "?": ONE, "~": DASH}
_AROUND = {"equals": (False, False), "startswith": (False, True), "endswith": (True, False), "contains": (True, True)}
"""Whether ``*`` stands before and after the text of a shape."""

_TYPES = frozenset(get_args(ast.FieldType))
_STRINGS = frozenset(get_args(ast.Strings))
_UNITS = frozenset(get_args(ast.TimeUnit))


def read(text: str) -> Node:
    """The tree that a text writes. Raises SourceError (S110) at the line and column that is none of it."""
    roots: list[Node] = []
    open_: list[_Open] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip(" "):
            continue
        reader = _Line(line, number)
        depth, rest = divmod(len(line) - len(line.lstrip(" ")), 2)
        if rest or depth > len(open_) or ((roots or open_) and not depth):
            reader.fail("a line that belongs to none above it", len(line) - len(line.lstrip(" ")))
        _close(open_, depth, roots)
        operator = _OPERATORS.get(line.strip(" "))
        if operator is not None:
            open_.append(_Open(operator, reader))
        else:
            (open_[-1].children if open_ else roots).append(reader.leaf())
    _close(open_, 0, roots)
    if not roots:
        _Line("", len(lines)).fail("there is no tree", 0)
    return roots[0]


class _Open:
    """An operator whose children are being read."""

    def __init__(self, kind: type[And | Or | Not], line: _Line) -> None:
        self.kind = kind
        self.line = line
        self.children: list[Node] = []

    def node(self) -> Node:
        """The operator with its children."""
        if self.kind is not Not:
            return self.kind(tuple(self.children))  # type: ignore[arg-type]
        if len(self.children) != 1:
            self.line.fail("`not` has one child", 0)
        return Not(self.children[0])


def _close(open_: list[_Open], depth: int, roots: list[Node]) -> None:
    """End the operators that stand at this depth or deeper."""
    while len(open_) > depth:
        node = open_.pop().node()
        (open_[-1].children if open_ else roots).append(node)


class _Line:
    """One line, read from left to right."""

    def __init__(self, line: str, row: int) -> None:
        self.line = line
        self.row = row
        self.at = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Raise SourceError at a column, that of what comes next unless another is given."""
        column = (self.place() if at is None else at) + 1
        raise SourceError(diagnostic("S110", message, Span(PATH, self.row, column)))

    def place(self) -> int:
        """Where the next token begins."""
        return len(self.line) - len(self.line[self.at :].lstrip(" "))

    # --- tokens -----------------------------------------------------------------------------------------

    def peek(self) -> str:
        """The next token as it is written; empty at the end of the line."""
        found = _TOKEN.match(self.line, self.at)
        if found is None:
            if self.line[self.at :].strip(" "):
                self.fail("text that is not quoted, or a quote that does not end")
            return ""
        return found[1]

    def next(self) -> str:
        """The next token, which is passed over."""
        token = self.peek()
        found = _TOKEN.match(self.line, self.at)
        self.at = found.end() if found else len(self.line)
        return token

    def take(self, *words: str) -> bool:
        """Pass over these words if they come next."""
        before = self.at
        for word in words:
            if self.peek() != word:
                self.at = before
                return False
            self.next()
        return True

    def quoted(self) -> str:
        """A quoted text."""
        token = self.peek()
        if not token.startswith('"'):
            self.fail("a quoted text is missing")
        try:
            text = str(json.loads(token))
        except ValueError:
            self.fail("an escape that JSON does not have")
        self.next()
        return text

    def several(self, read: Callable[[], Any]) -> tuple[Any, ...]:
        """One thing, or several with ``or`` between them."""
        found = [read()]
        while self.take("or"):
            found.append(read())
        return tuple(found)

    # --- leaves -----------------------------------------------------------------------------------------

    def leaf(self) -> Node:
        """The leaf that the line writes."""
        node = self._leaf()
        if self.peek():
            self.fail("more than a leaf")
        return node

    def _leaf(self) -> Node:
        if self.take("any", "value"):
            if self.take("matches"):
                return ast.KeywordRegex(self.expression())
            cased = self.take("cased")
            return ast.Keyword(self.patterns(), cased)
        before = self.at
        unit = self.next()
        if unit in _UNITS and self.take("of"):
            field = self.field()
            self.must("is")
            return ast.TimePart(field, unit, self.several(self.whole))  # type: ignore[arg-type]
        self.at = before
        return self.on_field(self.field())

    def must(self, word: str) -> None:
        """Pass over a word that has to come next."""
        if not self.take(word):
            self.fail(f"`{word}` is missing")

    def on_field(self, field: Field) -> Node:
        """A leaf that begins with a field."""
        verb = self.peek()
        read = _VERBS.get(verb)
        if read is not None:
            self.next()
            return read(self, field, verb)
        cased = self.take("cased")
        part, before = self.peek(), self.at
        if part in _AROUND:
            self.next()
            if self.take("field"):
                return ast.FieldRef(field, self.field(), part, cased)  # type: ignore[arg-type]
            self.at = before
        return ast.Match(field, self.patterns(), cased)

    def field(self) -> Field:
        """A field, and what is known of it in angle brackets."""
        token = self.peek()
        if token in ("", "<", ">", ","):
            self.fail("the name of a field is missing")
        name = self.quoted() if token.startswith('"') else self.next()
        known: dict[str, Any] = {}
        if self.take("<"):
            self.known(known)
            while self.take(","):
                self.known(known)
            self.must(">")
        return Field(name, **known)

    def known(self, known: dict[str, Any]) -> None:
        """One thing that is known of a field."""
        word = self.peek()
        if word in _TYPES:
            known["type"] = word
        elif word in _STRINGS:
            known["strings"] = word
        elif word == "many":
            known["many"] = True
        elif word != "folded-as":
            self.fail("nothing that is known of a column")
        self.next()
        if word == "folded-as":
            known["folded"] = self.quoted()

    # --- values -----------------------------------------------------------------------------------------

    def patterns(self) -> tuple[Pattern, ...]:
        """Patterns; one without a shape has that of the one before it."""
        shape = ""

        def one() -> Pattern:
            nonlocal shape
            if self.peek() in _AROUND or self.peek() == "like":
                shape = self.next()
            if not shape:
                self.fail("what the field is compared with is missing")
            return self.like() if shape == "like" else surround(literal(self.quoted()), *_AROUND[shape])

        return self.several(one)

    def like(self) -> Pattern:
        """Texts and wildcards."""
        tokens: list[Token] = []
        while self.peek() in _WILD or self.peek().startswith('"'):
            tokens.append(_WILD[self.next()] if self.peek() in _WILD else self.quoted())
        if not tokens:
            self.fail("a pattern is missing")
        return pattern(*tokens)

    def expression(self) -> regex.Regex:
        """A regular expression and its flags."""
        at = self.place()
        source = self.quoted()
        flags = self.next() if self.peek() else ""
        try:
            return regex.parse(source, flags)
        except regex.RegexError as error:
            self.fail(f"regular expression: {error}", at)

    def number(self) -> int | float | bool:
        """A number or a boolean."""
        token = self.peek()
        if token not in _CONSTANTS and not _NUMBER.fullmatch(token):
            self.fail("a number or a boolean is missing")
        self.next()
        if token in _CONSTANTS:
            value: int | float | bool = _CONSTANTS[token]
            return value
        return _integer(token) if _WHOLE.fullmatch(token) else float(token)

    def whole(self) -> int:
        """A whole number."""
        value = self.number()
        if type(value) is not int:
            self.fail("a whole number is missing")
        return value

    def network(self) -> Any:
        """A network."""
        token = self.peek()
        try:
            network = ip_network(token)
        except ValueError:
            self.fail("a network is missing")
        self.next()
        return network


def _integer(text: str) -> int:
    """A whole number of any length; int() reads 4,300 digits at most."""
    if len(text) < 4_000:
        return int(text)
    from decimal import Decimal

    return int(Decimal(text))


def _is(line: _Line, field: Field, _: str) -> Node:
    return ast.IsNull(field) if line.take("null") else ast.Equals(field, line.several(line.number))


def _compare(line: _Line, field: Field, op: str) -> Node:
    return ast.Compare(field, op, line.number())  # type: ignore[arg-type]


_VERBS: dict[str, Callable[[_Line, Field, str], Node]] = {
    "is": _is,
    "exists": lambda _, field, __: ast.Exists(field),
    "in": lambda line, field, _: ast.Cidr(field, line.several(line.network)),
    "matches": lambda line, field, _: ast.Regex(field, line.expression()),
    **dict.fromkeys(get_args(ast.Comparison), _compare),
}
"""The word after a field -> what reads the rest of the leaf."""
