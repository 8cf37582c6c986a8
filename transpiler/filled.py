r"""Transforms for columns that hold a word where an event has no value, as Splunk's data models do.

``filled``: such a column. ``registry_hex``: the data of a registry value in one, numbers without their
type: ``DWORD (0x00000001)`` as ``0x00000001``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from transpiler import ast, evaluate
from transpiler.ast import And, Equals, Field, Match, Node, Not
from transpiler.columns import fit_equals, fit_match
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.pattern import MANY, PRESENT, Pattern, literal, pattern
from transpiler.values import text_of

Event = Mapping[str, Any]


class Filled:
    """One column, never missing: ``word`` stands for no value, so that nothing else may be found in it.

    The empty string is left as it is written; such a column does not keep it.
    """

    assumes = ""

    def __init__(self, columns: tuple[Field, ...], word: str) -> None:
        self.columns = columns
        self.word = word
        self.nothing: Event = {columns[0].name: word}
        """What the column holds of an event without a value."""
        self._empty = fit_match(Match(columns[0], (literal(word),)), columns[0])

    def leaf(self, node: Any) -> Node:
        """A leaf on the value, which is false where the column holds the word."""
        column = self.columns[0]
        if isinstance(node, ast.IsNull):
            return _at(self._empty, node)
        if isinstance(node, ast.Exists) or (isinstance(node, Match) and PRESENT in node.patterns):
            return Not(_at(self._empty, node), node.span)
        if isinstance(node, Match):
            found = fit_match(node, column)
            suspect = any(self._may_match(each) for each in node.patterns)
        else:
            found = fit_equals(node, column) if isinstance(node, Equals) else node._replace(field=column)
            suspect = True
        if isinstance(node, ast.FieldRef) or (suspect and evaluate.matches(found, self.nothing)):
            return And((found, Not(_at(self._empty, node), node.span)), node.span)
        return found

    def _may_match(self, given: Pattern) -> bool:
        """Whether every text of the pattern stands in the word: cheaper than to try it."""
        if given.text:
            return given.text.lower() in self.word
        return all(not isinstance(token, str) or token.lower() in self.word for token in given.tokens)

    def store(self, value: str) -> Event:
        """What the column holds of a value."""
        return {self.columns[0].name: value} if value else self.nothing

    def read(self, event: Event) -> str | None:
        """The value, or None where the word stands for none."""
        value = event.get(self.columns[0].name)
        text = text_of(value[0] if isinstance(value, list) and value else value)
        return None if text == self.word else text


def _at(node: Node, place: Any) -> Node:
    return node._replace(span=place.span)


def nothing(transform: object) -> Event:
    """What the columns of a transform hold of an event that has no value."""
    return transform.nothing if isinstance(transform, Filled) else {}


_NUMBER = re.compile(r"(?:dword|qword) \((.+)\)", re.IGNORECASE)
_TYPED = re.compile(r"\b[dq]word\b", re.IGNORECASE).search


class RegistryHex(Filled):
    """The data of a registry value; of a number, the digits between the brackets that Sysmon writes."""

    assumes = "no text in the registry is written as a word and brackets, which the platform takes for a number"

    def leaf(self, node: Any) -> Node:
        """A leaf on the data. Raises SchemaError (F503) for one that asks for a part of a number's type."""
        if isinstance(node, Match):
            node = node._replace(patterns=tuple([_digits(each, node) for each in node.patterns]))
        return super().leaf(node)

    def store(self, value: str) -> Event:
        """The data as the platform keeps it."""
        found = _NUMBER.fullmatch(value)
        return super().store(found[1] if found else value)


def _digits(given: Pattern, node: Match) -> Pattern:
    """The pattern as the platform keeps what it matches: ``DWORD (`` and ``)`` taken off."""
    found = _NUMBER.fullmatch(given.text)
    if found:
        return literal(found[1])
    start, bracket, rest = given.text.partition("(")
    if bracket and rest and _NUMBER.fullmatch(f"{start}(x)"):
        return pattern(rest, MANY)
    if any(isinstance(token, str) and _TYPED(token) for token in given.tokens):
        message = f"`{node.field.name}` is kept without the type of a number, which `{given}` asks for"
        raise SchemaError(diagnostic("F503", message, node.span))
    return given
