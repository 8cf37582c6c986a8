"""Reads EQL event queries: text -> category and a tree.

Source: "EQL syntax reference" (elastic.co/docs/reference/query-languages/eql/eql-syntax), and the
grammar ``EqlBase.g4`` of Elasticsearch for what it leaves out. Sequences, samples, pipes and
arithmetic are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from backends.engines.elastic_words import COMMENT, RAW, Reader, Word, name_of, number_of, unescape, words
from transpiler.engine import CannotRun


class Name(NamedTuple):
    """A field; ``optional``: it may be unmapped (``?f``)."""

    name: str
    optional: bool = False


class Value(NamedTuple):
    """A literal."""

    value: str | int | float | bool | None


class Call(NamedTuple):
    """A function; ``folds``: letter case does not count (``startsWith~``)."""

    function: str
    arguments: tuple[Node, ...]
    folds: bool = False


class Compare(NamedTuple):
    """``== != < <= > >=`` between two operands."""

    operator: str
    left: Node
    right: Node


class Among(NamedTuple):
    """``: in in~ like like~ regex regex~`` and the literals behind it."""

    operator: str
    left: Node
    values: tuple[Node, ...]


class Not(NamedTuple):
    """The child does not hold."""

    child: Node


class And(NamedTuple):
    """Every child holds."""

    children: tuple[Node, ...]


class Or(NamedTuple):
    """At least one child holds."""

    children: tuple[Node, ...]


Node = Name | Value | Call | Compare | Among | Not | And | Or

_PART = r"(?:[A-Za-z_@][A-Za-z0-9_]*|`(?:[^`]|``)*`)"
_GRAMMAR = re.compile(
    rf"""
      (?P<raw>{RAW})
    | (?P<text>"(?:\\[btnfr"'\\]|\\u\{{[0-9a-fA-F]{{2,8}}\}}|[^\r\n"\\])*")
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<blank>[ \r\n\t]+|{COMMENT})
    | (?P<operator>==|!=|<=|>=|<|>|:|(?:in|like|regex)~|[(),-])
    | (?P<word>(?:and|or|not|in|like|regex|where|true|false|null)\b(?![.`]))
    | (?P<function>[A-Za-z_][A-Za-z0-9_]*~?(?=\())
    | (?P<name>\??{_PART}(?:\.{_PART})*)
    """,
    re.VERBOSE,
)
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_AMONG = (":", "in~", "like~", "regex~", "in", "like", "regex")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def text_of(word: str) -> str:
    """The value of a string ("Strings", "Raw strings")."""
    return word[3:-3] if word.startswith('"""') else unescape(word[1:-1], _LETTERS)


def tokens(query: str) -> Iterator[Word]:
    """The words of a query. Raises CannotRun."""
    return words(_GRAMMAR, query)


@lru_cache(maxsize=256)
def read(query: str) -> tuple[str | None, Node]:
    """The event category (None: any) and the condition. Raises CannotRun."""
    reader = _Reader(tokens(query))
    kind, text = reader.take()
    if kind not in ("name", "raw", "text") or (kind == "name" and text in ("sequence", "sample", "join")):
        raise CannotRun(f"cannot read: {text[:20]!r} is no event category")
    reader.need("where")
    condition = reader.condition()
    if reader.ahead.kind != "end":
        reader.refuse("the end expected")
    if kind == "name":
        return (None if text == "any" else name_of(text)), condition
    return text_of(text), condition


class _Reader(Reader):
    def condition(self) -> Node:
        children = self.row(self.conjunction, "or")
        return Or(children) if len(children) > 1 else children[0]

    def conjunction(self) -> Node:
        children = self.row(self.negation, "and")
        return And(children) if len(children) > 1 else children[0]

    def negation(self) -> Node:
        return Not(self.negation()) if self.met("not") else self.comparison()

    def comparison(self) -> Node:
        left = self.operand()
        operator = self.ahead
        if operator.kind == "operator" and operator.text in _COMPARISONS:
            self.take()
            return Compare(operator.text, left, self.operand())
        return left

    def operand(self) -> Node:
        """A value, a field or a function, and the list it may be looked up in."""
        left = self.primary()
        negated = self.ahead.text == "not" and self.after.text in ("in", "in~") and self.met("not")
        for operator in _AMONG:
            if self.met(operator):
                found: Node = Among(operator, left, self.values())
                return Not(found) if negated else found
        return left

    def primary(self) -> Node:
        if self.met("("):
            inner = self.condition()
            self.need(")")
            return inner
        if self.ahead.kind == "function":
            return self.call()
        if self.ahead.kind == "name":
            text = self.take().text
            return Name(name_of(text.removeprefix("?")), text.startswith("?"))
        return self.value()

    def call(self) -> Node:
        text = self.take().text
        return Call(text.removesuffix("~"), self.listed(self.condition), text.endswith("~"))

    def values(self) -> tuple[Node, ...]:
        return self.listed(self.value) if self.ahead == Word("operator", "(") else (self.value(),)

    def value(self) -> Value:
        if self.met("-"):
            kind, text = self.take()
            if kind != "number":
                raise CannotRun("cannot read: arithmetic")
            return Value(-number_of(text))
        kind, text = self.ahead
        if kind not in ("raw", "text", "number") and not (kind == "word" and text in _WORDS):
            self.refuse("a value expected")
        self.take()
        if kind == "number":
            return Value(number_of(text))
        return Value(_WORDS[text] if kind == "word" else text_of(text))
