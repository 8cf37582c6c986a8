"""Reads ES|QL queries: ``FROM ... | WHERE ...``, text -> trees.

Source: "ES|QL syntax reference" and "ES|QL operators" (elastic.co/docs/reference/query-languages/esql).
Commands other than FROM and WHERE are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from backends.engines.elastic_words import COMMENT, RAW, Reader, Word, name_of, number_of, unescape, words
from transpiler.engine import CannotRun


class Name(NamedTuple):
    """A column."""

    name: str


class Literal(NamedTuple):
    """A literal; ``kind`` is the name of its type."""

    kind: str
    value: str | int | float | bool | None


class Span(NamedTuple):
    """A number of days or weeks (``1 week``)."""

    number: int
    unit: str


class Call(NamedTuple):
    """A function, its name in upper case."""

    function: str
    arguments: tuple[Node, ...]


class Binary(NamedTuple):
    """A comparison or arithmetic."""

    operator: str
    left: Node
    right: Node


class In(NamedTuple):
    """``left IN (...)``."""

    left: Node
    values: tuple[Node, ...]


class Like(NamedTuple):
    """``left LIKE pattern`` or ``RLIKE``, or one of several patterns."""

    operator: str
    left: Node
    patterns: tuple[str, ...]


class IsNull(NamedTuple):
    """``left IS NULL``."""

    left: Node


class Not(NamedTuple):
    """Three-valued."""

    child: Node


class And(NamedTuple):
    """Three-valued."""

    children: tuple[Node, ...]


class Or(NamedTuple):
    """Three-valued."""

    children: tuple[Node, ...]


Node = Name | Literal | Span | Call | Binary | In | Like | IsNull | Not | And | Or


class Read(NamedTuple):
    """A query: what stands behind FROM, and the conditions of its WHERE commands."""

    source: str
    conditions: tuple[Node, ...]


_QUOTED = r'"(?:\\[tnr"\\]|[^\r\n"\\])*"'
_PART = r"(?:[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+|`(?:[^`]|``)+`)"
_NAME = rf"{_PART}(?:\.{_PART})*"
_GRAMMAR = re.compile(
    rf"""
      (?P<raw>{RAW})
    | (?P<text>{_QUOTED})
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<blank>[ \r\n\t]+|{COMMENT})
    | (?P<operator>==|!=|<=|>=|<|>|[()|,+*/%:-])
    | (?P<name>{_NAME})
    """,
    re.VERBOSE,
)
_INDEX = rf'(?:{RAW}|{_QUOTED}|[^\s:"=|,\[\]/]+)'
_FROM = re.compile(
    rf"\s*FROM\s+(?P<source>{_INDEX}(?:\s*,\s*{_INDEX})*)(?:\s+METADATA\s+{_NAME}(?:\s*,\s*{_NAME})*)?\s*(?=\||$)",
    re.IGNORECASE,
)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r"}
# fmt: off
_WORDS = frozenset({
    "AND", "OR", "NOT", "IN", "IS", "LIKE", "RLIKE", "NULL", "TRUE", "FALSE", "WHERE",
    "ASC", "BY", "DESC", "FIRST", "LAST", "NULLS", "ON", "WITH",
})
# fmt: on
"""Words of the grammar, in any letter case."""

_UNITS = {"day": "days", "days": "days", "week": "weeks", "weeks": "weeks"}
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


def text_of(word: str) -> str:
    """The value of a string ("String literals")."""
    return word[3:-3] if word.startswith('"""') else unescape(word[1:-1], _LETTERS)


def tokens(text: str) -> Iterator[Word]:
    """The words of a text. Raises CannotRun."""
    for word in words(_GRAMMAR, text):
        upper = word.text.upper()
        yield Word("word", upper) if word.kind == "name" and upper in _WORDS else word


@lru_cache(maxsize=256)
def read(query: str) -> Read:
    """The query read. Raises CannotRun."""
    found = _FROM.match(query)
    if found is None:
        raise CannotRun("cannot read: the query does not begin with FROM")
    reader = _Reader(tokens(query[found.end() :]))
    conditions: list[Node] = []
    while reader.ahead.kind != "end":
        reader.need("|")
        if not reader.met("WHERE"):
            raise CannotRun(f"cannot read: the command {reader.ahead.text[:20]}")
        conditions.append(reader.condition())
    return Read(found["source"], tuple(conditions))


class _Reader(Reader):
    def condition(self) -> Node:
        found = self.row(self.conjunction, "OR")
        return Or(found) if len(found) > 1 else found[0]

    def conjunction(self) -> Node:
        found = self.row(self.negation, "AND")
        return And(found) if len(found) > 1 else found[0]

    def negation(self) -> Node:
        return Not(self.negation()) if self.met("NOT") else self.comparison()

    def comparison(self) -> Node:
        left = self.sum()
        if self.met("IS"):
            negated = self.met("NOT")
            self.need("NULL")
            return Not(IsNull(left)) if negated else IsNull(left)
        if self.ahead.kind == "operator" and self.ahead.text in _COMPARISONS:
            return Binary(self.take().text, left, self.sum())
        negated = self.met("NOT")
        found: Node
        if self.met("IN"):
            found = In(left, self.listed(self.sum))
        elif self.ahead.text in ("LIKE", "RLIKE") and self.ahead.kind == "word":
            found = Like(self.take().text, left, self.patterns())
        elif negated:
            self.refuse("IN or LIKE expected")
        else:
            return left
        return Not(found) if negated else found

    def patterns(self) -> tuple[str, ...]:
        return self.listed(self.string) if self.ahead == Word("operator", "(") else (self.string(),)

    def string(self) -> str:
        if self.ahead.kind not in ("raw", "text"):
            self.refuse("a string expected")
        return text_of(self.take().text)

    def sum(self) -> Node:
        left = self.product()
        while self.ahead.text in ("+", "-") and self.ahead.kind == "operator":
            left = Binary(self.take().text, left, self.product())
        return left

    def product(self) -> Node:
        left = self.primary()
        while self.ahead.text in ("*", "/", "%") and self.ahead.kind == "operator":
            left = Binary(self.take().text, left, self.primary())
        return left

    def primary(self) -> Node:
        if self.met("("):
            inner = self.condition()
            self.need(")")
            return inner
        if self.met("-"):
            return self.number(-1)
        kind, text = self.ahead
        if kind in ("raw", "text"):
            return Literal("keyword", self.string())
        if kind == "number":
            return self.number(1)
        if kind == "word" and text in ("TRUE", "FALSE", "NULL"):
            self.take()
            return Literal("null", None) if text == "NULL" else Literal("boolean", text == "TRUE")
        if kind != "name":
            self.refuse("a value expected")
        self.take()
        return self.call(text) if self.met("(") else Name(name_of(text))

    def number(self, sign: int) -> Node:
        kind, text = self.take()
        if kind != "number":
            raise CannotRun("cannot read: a sign before what is no number")
        value = sign * number_of(text)
        if self.ahead.kind == "name" and isinstance(value, int):
            unit = _UNITS.get(self.take().text.lower())
            if unit is None:
                raise CannotRun("cannot read: a span of time")
            return Span(value, unit)
        return Literal("double" if isinstance(value, float) else "long", value)

    def call(self, name: str) -> Node:
        found: tuple[Node, ...] = ()
        if not self.met(")"):
            found = self.row(self.condition, ",")
            self.need(")")
        return Call(name.upper(), found)
