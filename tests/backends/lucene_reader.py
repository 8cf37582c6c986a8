r"""Reads Lucene query strings as Elasticsearch does, and says what they find: the other side of the tests.

Written after Lucene's classic ``QueryParser`` (tokens, escapes) and the javadoc of ``RegExp``. Stricter
than both where the language has no precedence: AND, OR and NOT side by side are an error here.
Fields are keywords, numbers, booleans or addresses; what is no string is compared as its own type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any


class LuceneError(ValueError):
    """The text is no query string, or none that everyone reads in one way."""


@dataclass(frozen=True)
class Token:
    kind: str  # ( ) : AND OR NOT quoted regexp term range
    text: str
    end: int


_WHITE = " \t\n\r\u3000"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_REGEXP = re.compile(r"/(?:\\/|[^/])*/", re.DOTALL)
_RANGE = re.compile(r"([\[{])([^\s\]}]+) TO ([^\s\]}]+)([\]}])")
_TERM = re.compile(rf'(?:\\.|[^{_WHITE}+\-!()\[\]{{}}^"~:/\\&|])(?:\\.|[^{_WHITE}!()\[\]{{}}^"~:/\\&|])*', re.DOTALL)


def tokens(text: str) -> list[Token]:
    """The tokens of a query. Raises LuceneError."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in _WHITE:
            at += 1
            continue
        if text[at] in "():":
            found.append(Token(text[at], text[at], at + 1))
            at += 1
            continue
        for kind, pattern in (("quoted", _QUOTED), ("regexp", _REGEXP), ("range", _RANGE), ("term", _TERM)):
            if match := pattern.match(text, at):
                word = match.group()
                found.append(Token(word if word in ("AND", "OR", "NOT") else kind, word, match.end()))
                at = match.end()
                break
        else:
            raise LuceneError(f"no token at {at}: {text[at:][:30]!r}")
    return found


def unescape(text: str) -> str:
    r"""Text without its escapes: ``\x`` is x, ``\uHHHH`` a character."""
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", lambda m: chr(int(m[1], 16)) if m[1] else m[2], text, flags=re.DOTALL)


@dataclass(frozen=True)
class Leaf:
    """A field (None: any) and one value: its kind (exact, wildcard, regexp, range) and text."""

    field: str | None
    kind: str
    text: str


@dataclass(frozen=True)
class Junction:
    op: str
    operands: tuple[Tree, ...]


Tree = Leaf | Junction


def parse(text: str) -> Tree:
    """Read a query. Raises LuceneError."""
    reader = _Reader(tokens(text))
    tree = reader.clauses(None)
    if reader.at != len(reader.tokens):
        raise LuceneError(f"unexpected {reader.tokens[reader.at]}")
    return tree


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        if self.at == len(self.tokens):
            raise LuceneError("the query ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def clauses(self, field: str | None) -> Tree:
        """Operands under one operator; a NOT must stand alone."""
        if self.peek() == "NOT":
            self.take()
            tree = Junction("NOT", (self.clause(field),))
            if self.peek() in ("AND", "OR"):
                raise LuceneError("NOT beside another operator")
            return tree
        operands = [self.clause(field)]
        op = self.peek()
        while self.peek() in ("AND", "OR"):
            if self.take().kind != op:
                raise LuceneError("AND beside OR")
            operands.append(self.clause(field))
        return operands[0] if len(operands) == 1 else Junction(op, tuple(operands))

    def clause(self, field: str | None) -> Tree:
        token = self.take()
        if token.kind == "(":
            tree = self.clauses(field)
            if self.take().kind != ")":
                raise LuceneError("no )")
            return tree
        if token.kind == "term" and self.peek() == ":":
            self.take()
            if field is not None:
                raise LuceneError("a field in a field")
            return self.clause(unescape(token.text))
        return _leaf(field, token)


def _leaf(field: str | None, token: Token) -> Leaf:
    text = token.text
    if token.kind == "quoted":
        return Leaf(field, "exact", unescape(text[1:-1]))
    if token.kind == "regexp":
        return Leaf(field, "regexp", text[1:-1])
    if token.kind == "range":
        return Leaf(field, "range", text)
    if token.kind != "term":
        raise LuceneError(f"no value: {token}")
    if re.search(r"(?<!\\)(?:\\\\)*[*?]", text):
        return Leaf(field, "wildcard", text)
    meant = unescape(text)
    if field != "_exists_" and meant[:1] in ("<", ">") and len(meant) > 1:
        raise LuceneError("a range in disguise")
    return Leaf(field, "exact", meant)


# --- what a query finds -------------------------------------------------------------------------------


def finds(tree: Tree, event: Mapping[str, Any], addresses: frozenset[str] = frozenset()) -> bool:
    """Whether the query finds the event; ``addresses`` are the fields of type ip."""
    if isinstance(tree, Junction):
        found = [finds(operand, event, addresses) for operand in tree.operands]
        return not found[0] if tree.op == "NOT" else all(found) if tree.op == "AND" else any(found)
    if tree.field is None:
        raise LuceneError("a value without a field")
    if tree.field == "_exists_":
        return any(value is not None for value in values(event.get(tree.text)))
    return any(_meets(tree, value, tree.field in addresses) for value in values(event.get(tree.field)))


def values(value: Any) -> list[Any]:
    """The values of a field."""
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def _meets(leaf: Leaf, value: Any, is_address: bool) -> bool:
    if leaf.kind == "range":
        return within(leaf.text, value)
    if leaf.kind == "exact":
        return equals(leaf.text, value, is_address)
    if not isinstance(value, str) or is_address:
        raise LuceneError(f"{leaf.kind} on a number or address is an error")
    if leaf.kind == "regexp":
        return expression(leaf.text).fullmatch(value) is not None
    return wildcard(leaf.text).fullmatch(value) is not None


def equals(text: str, value: Any, is_address: bool) -> bool:
    """Whether an exact value is the text, as the field's type reads it."""
    if isinstance(value, bool):
        return {"true": True, "false": False}[text] is value
    if isinstance(value, int | float):
        return float(text) == value
    if is_address:
        address, network = ip_address(value), ip_network(text)
        return address.version == network.version and address in network
    return bool(value == text)


def within(text: str, value: Any) -> bool:
    """Whether a number is in ``{1 TO *}``."""
    match = _RANGE.fullmatch(text)
    assert match is not None
    opening, low, high, closing = match.groups()
    above = low == "*" or value > float(low) or (opening == "[" and value == float(low))
    below = high == "*" or value < float(high) or (closing == "]" and value == float(high))
    return above and below


@lru_cache(maxsize=4096)
def wildcard(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""A wildcard term: ``*``, ``?``, and ``\`` before a character that is itself."""
    signs = {"*": ".*", "?": "."}
    parts = [signs.get(token) or re.escape(token[-1]) for token in re.findall(r"\\.|.", text, re.DOTALL)]
    return re.compile("".join(parts), re.DOTALL | flags)


@lru_cache(maxsize=4096)
def expression(text: str, flags: int = 0) -> re.Pattern[str]:
    """A Lucene regular expression as one of Python's. Raises LuceneError for what would be an operator."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            escaped = text[at + 1 : at + 2]
            if not escaped or escaped.isalnum():
                raise LuceneError(f"escape of {escaped!r}")
            parts.append(re.escape(escaped))
            at += 2
        elif character == "[":
            at = _class(text, at, parts)
        elif number := re.compile(r"<(\d+)-(\d+)>").match(text, at):
            numbers = sorted(range(int(number[1]), int(number[2]) + 1), reverse=True)
            parts.append(f"(?:{'|'.join(map(str, numbers))})")
            at = number.end()
        elif character in '"#@&<>~/':
            raise LuceneError(f"operator {character!r} in {text!r}")
        elif repeat := re.compile(r"\{\d+(?:,\d*)?\}").match(text, at):
            parts.append(repeat.group())
            at = repeat.end()
        else:
            parts.append(character if character in ".?+*|()" else re.escape(character))
            at += 1
    return re.compile("".join(parts), re.DOTALL | flags)


def _class(text: str, at: int, parts: list[str]) -> int:
    """Reads ``[...]``; gives where it ends."""
    match = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]", re.DOTALL).match(text, at)
    if match is None:
        raise LuceneError(f"class without end in {text!r}")
    inner: list[str] = []
    for token in re.findall(r"\\.|.", match[2], re.DOTALL):
        if len(token) == 1 and token in '"#@&<>~/':
            raise LuceneError(f"operator {token!r} in a class")
        inner.append(token if token == "-" else re.escape(token[-1]))
    parts.append(f"[{match[1]}{''.join(inner)}]")
    return match.end()
