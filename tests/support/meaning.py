"""Leaves on the field ``f``, and cases of what they mean: a tree, an event and the answer."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from transpiler import ast, regex
from transpiler.ast import Field, Not
from transpiler.evaluate import matches
from transpiler.pattern import parse, surround

F = Field("f")
YES, NO = True, False


def match(*texts: str, cased: bool = False) -> ast.Match:
    return ast.Match(F, tuple([parse(text) for text in texts]), cased)


def equals(*values: int | float | bool) -> ast.Equals:
    return ast.Equals(F, values)


def expression(source: str, flags: str = "") -> ast.Regex:
    return ast.Regex(F, regex.parse(source, flags))


def compare(op: ast.Comparison, value: int | float) -> ast.Compare:
    return ast.Compare(F, op, value)


def cidr(*networks: str) -> ast.Cidr:
    return ast.Cidr(F, tuple([ip_network(network) for network in networks]))


def reference(part: ast.Part = "equals", *, cased: bool = False) -> ast.FieldRef:
    return ast.FieldRef(F, Field("g"), part, cased)


def keyword(*words: str, cased: bool = False) -> ast.Keyword:
    return ast.Keyword(tuple([surround(parse(word), before=True, after=True) for word in words]), cased)


EXISTS, IS_NULL = ast.Exists(F), ast.IsNull(F)
HOUR = ast.TimePart(F, "hour", (23, 0))

Case = tuple[ast.Node, dict[str, Any], bool]


def check(case: Case) -> None:
    node, event, expected = case
    """The tree's answer on the event, and the opposite under a not."""
    assert matches(node, event) is expected, case
    assert matches(Not(node), event) is not expected, case


def value_cases(*rows: tuple[ast.Node, Any, bool]) -> pytest.MarkDecorator:
    """Cases whose event has one field."""
    return pytest.mark.parametrize("case", [(node, {"f": value}, expected) for node, value, expected in rows])
