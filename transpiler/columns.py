"""Fitting a rule's values to the type of the column they are compared with.

A number and its decimal text are the same value to a rule; a column holds one of the two. So a
leaf's values are rewritten to the column's type, or the rule is refused: a comparison that can never
be true would pass for a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from transpiler.ast import Equals, Field, Match, Node, Or
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.pattern import Pattern, literal
from transpiler.values import text_of

_INT = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_LONGEST = 300
"""The most characters of a number; what is longer is compared as text."""

_BOOLS = {"true": True, "false": False}


def fit_match(node: Match, field: Field) -> Node:
    """A Match on that column: exact values in the column's type, patterns left for the backend.

    Raises SchemaError (F503) for an exact value that the column cannot hold.
    """
    read = _READERS.get(field.type)
    if read is None:
        return Match(field, node.patterns, node.cased, node.span)
    kept: list[Pattern] = []
    values: list[int | float | bool] = []
    for each in node.patterns:
        if each.kind != "equals" or not each.text:
            kept.append(each)
            continue
        value = read(each.text)
        if value is None:
            _refuse(node, field, repr(each.text))
        values.append(value)
    if not values:
        return Match(field, tuple(kept), node.cased, node.span)
    exact = Equals(field, tuple(values), node.span)
    return Or((exact, Match(field, tuple(kept), node.cased, node.span)), node.span) if kept else exact


def fit_equals(node: Equals, field: Field) -> Node:
    """An Equals on that column: numbers and booleans, or their text on a column of text.

    Raises SchemaError (F503) for a value that the column cannot hold.
    """
    read = _READERS.get(field.type)
    if read is None:
        if field.type == "unknown":
            return Equals(field, node.values, node.span)
        return Match(field, tuple([literal(text_of(value) or "") for value in node.values]), False, node.span)
    values: list[int | float | bool] = []
    for value in node.values:
        text = text_of(value) or ""
        fitted = read(text) if len(text) <= _LONGEST else value if field.type == "float" else None
        if fitted is None:
            _refuse(node, field, text)
        values.append(fitted)
    return Equals(field, tuple(values), node.span)


def _refuse(node: Match | Equals, field: Field, value: str) -> NoReturn:
    message = f"the column `{field.name}` holds {_KINDS[field.type]}; {value} is none"
    raise SchemaError(diagnostic("F503", message, node.span))


def _read_int(text: str) -> int | None:
    return int(text) if _INT.match(text) and len(text) <= _LONGEST else None


def _read_float(text: str) -> float | int | None:
    if _FLOAT.match(text):
        return float(text)
    return _read_int(text)


def _read_bool(text: str) -> bool | None:
    return _BOOLS.get(text.lower())


_READERS: dict[str, Callable[[str], int | float | bool | None]] = {
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
}
_KINDS = {"int": "whole numbers", "float": "numbers", "bool": "true or false"}


def number_kind(given: Pattern) -> str | None:
    """Whether a pattern is the exact decimal text of a ``whole`` number or of a ``fraction``."""
    if given.kind != "equals" or len(given.text) > _LONGEST:
        return None
    return "whole" if _INT.match(given.text) else "fraction" if _FLOAT.match(given.text) else None


def is_address(given: Pattern) -> bool:
    """Whether a pattern is the exact text of an IPv4 or IPv6 address."""
    text = given.text
    if given.kind != "equals" or (":" not in text and text.count(".") != 3):
        return False
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True
