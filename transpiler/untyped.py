"""The types of fields that no schema describes, from what a rule compares them with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from transpiler import ast
from transpiler.ast import And, Field, FieldType, Node, Not, Or, Strings
from transpiler.columns import is_address, number_kind
from transpiler.span import Span

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "ip": "an address",
    "datetime": "a date",
}


class Inferred:
    """The fields of one tree, typed by the values that the tree compares them with.

    ``numbers``: names that hold whole numbers whatever the quotes say. ``mixed`` fills with the fields
    that are compared with networks and with other text, and where: no column of addresses holds both.
    """

    def __init__(self, tree: Node, strings: Strings, numbers: frozenset[str] = frozenset()) -> None:
        types: dict[str, int] = {}
        _collect(tree, types)
        self.strings = strings
        self._numbers = numbers
        self.mixed: dict[str, Span] = {}
        self._fields: Mapping[str, tuple[Field]] = {
            name: (typed(name, _infer(numbers, name, found), strings),) for name, found in types.items()
        }

    def assumed(self) -> str:
        """The fields that are taken for something else than text, for a note; empty if there are none."""
        found = [
            f"`{name}` is taken for {_WORDS[field.type]}"
            for name, (field,) in self._fields.items()
            if field.type in _WORDS and name not in self._numbers
        ]
        return ", ".join(found)

    def columns(self, field: Field, node: Node) -> tuple[Field, ...]:
        """The field as the leaf sees it."""
        own = _OWN_TYPES.get(type(node))
        inferred = self._fields[field.name]
        if own is None or (type(node) is ast.Compare and inferred[0].type == "string"):
            return inferred
        kind = own(node)
        if kind == "ip" and inferred[0].type != "ip":
            self.mixed.setdefault(field.name, node.span)
        return (typed(field.name, kind, self.strings),)


@lru_cache(maxsize=8192)
def typed(name: str, kind: FieldType, strings: Strings) -> Field:
    """A field of that type; how strings are indexed is said of strings alone."""
    return Field(name, kind, strings if kind == "string" else "keyword")


# What a rule compares a field with: the bits of a number, several of them for most fields.
# WHOLE, FRACTION and ADDRESS are texts that look like a number or address: the rule quoted them, so they
# are text unless something else in the rule says otherwise. PART is a piece of a text, be it a number's;
# ORDER a comparison, which only numbers have.
INT, FLOAT, BOOL, IP, DATETIME, STRING, WHOLE, FRACTION, ADDRESS, PART, ORDER = [1 << bit for bit in range(11)]

_NUMBER_KINDS = {"whole": WHOLE, "fraction": FRACTION}
_VALUE_KINDS = {int: INT, float: FLOAT, bool: BOOL}


def _collect(node: Node, types: dict[str, int]) -> None:
    """Which kinds of values a tree compares each field with."""
    kind = type(node)
    if kind is And or kind is Or:
        for child in node.children:  # type: ignore[union-attr]
            _collect(child, types)
    elif kind is Not:
        _collect(node.child, types)  # type: ignore[union-attr]
    else:
        collect = _COLLECTORS.get(kind)
        if collect is not None:
            name = node.field.name  # type: ignore[union-attr]
            types[name] = types.get(name, 0) | collect(node)
            if kind is ast.FieldRef:
                name = node.other.name  # type: ignore[union-attr]
                types[name] = types.get(name, 0) | STRING


def _kinds_of_match(node: ast.Match) -> int:
    found = 0
    for each in node.patterns:
        text = each.text
        if each.kind != "equals":
            found |= PART
        elif text and text[0] in "-0123456789abcdefABCDEF:":
            found |= _NUMBER_KINDS.get(number_kind(each) or "") or (ADDRESS if is_address(each) else STRING)
        else:
            found |= STRING
    return found


def _kinds_of_equals(node: ast.Equals) -> int:
    found = 0
    for value in node.values:
        found |= _VALUE_KINDS[type(value)]
    return found


_COLLECTORS: dict[type, Callable[[Any], int]] = {
    ast.Match: _kinds_of_match,
    ast.Equals: _kinds_of_equals,
    ast.Compare: lambda node: _VALUE_KINDS[type(node.value)] | ORDER,
    ast.Cidr: lambda node: IP,
    ast.Regex: lambda node: PART,
    ast.FieldRef: lambda node: STRING,
    ast.Exists: lambda node: 0,
    ast.IsNull: lambda node: 0,
    ast.TimePart: lambda node: DATETIME,
}


_OWN_TYPES: dict[type, Callable[[Any], FieldType]] = {
    ast.Compare: lambda node: "float" if isinstance(node.value, float) else "int",
    ast.Cidr: lambda node: "ip",
    ast.TimePart: lambda node: "datetime",
}
"""Leaves that can only be about one type, whatever else the rule compares the field with."""


def _infer(numbers: frozenset[str], name: str, found: int) -> FieldType:
    """The type of a field whose values are of these kinds."""
    if name in numbers and not found & ~(INT | WHOLE | PART):
        return "int"
    if found & DATETIME:
        return "datetime"
    if found & IP and not found & ~(IP | ADDRESS):
        return "ip"
    if found & (STRING | ADDRESS | IP) or (found & PART and not found & ORDER):
        return "string"
    if found & BOOL:
        return "bool" if found == BOOL else "string"
    if not found & (INT | FLOAT):
        return "string" if found else "unknown"
    return "float" if found & (FLOAT | FRACTION) else "int"
