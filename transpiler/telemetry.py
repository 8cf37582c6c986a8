"""Choosing a telemetry: which of the ways in which a log source is recorded a query looks at.

The first that has every field and value that the rule asks for, unless the caller or the schema wants
others. A rule that no telemetry has everything of goes to one that records its events without some of
the fields, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from transpiler import ast
from transpiler.ast import And, Node, Not, Or
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.model import LogSource, Rule
from transpiler.query import Options
from transpiler.schema import Route, Schema, Telemetry
from transpiler.values import text_of

Leaf = (
    ast.Match | ast.Equals | ast.Compare | ast.Cidr | ast.Regex | ast.FieldRef | ast.Exists | ast.IsNull | ast.TimePart
)
"""A leaf that is about a field."""

ALL = "all"
"""The name that stands for every telemetry."""


class Choice(NamedTuple):
    """The telemetries to search, one at least, and what there is to say about that."""

    telemetries: tuple[Telemetry, ...]
    notes: tuple[Diagnostic, ...] = ()


def choose(schema: Schema, rule: Rule, tree: Node, options: Options) -> Choice:
    """The telemetries that a rule's query looks at.

    Raises LookupError with message and hint where the schema does not know the log source.
    """
    routes = schema.routes.of(rule.logsource)
    if not routes:
        known = ", ".join(schema.routes.known())
        raise LookupError(
            f"the schema `{schema.name}` does not know the log source {rule.logsource}",
            f"it knows {known}; `-s none` keeps the rule's names",
        )
    offered = _offered(routes, rule.logsource)
    asked = list(_asked(tree))
    whole = [each for each in offered if _lacks(each, asked) == (0, 0, 0)]
    wanted = options.telemetry
    named = [each for each in offered if each.name == wanted]
    if named:
        fit = [each for each in named if _lacks(each, asked)[:2] == (0, 0)]
        if fit:
            return Choice((fit[0],))
        if whole:
            message = f"{named[0]} does not record what the rule asks for; {whole[0]} does"
            return Choice((whole[0],), (diagnostic("F509", message, rule.logsource.span),))
    if whole:
        every = wanted == ALL or (not wanted and routes[0].all) or len(routes) > 1
        return Choice(tuple(whole) if every else (whole[0],))
    # None has everything: the one that lacks least, so that the diagnostic is about little.
    return Choice((min(named or offered, key=lambda each: _lacks(each, asked)),))


def _offered(routes: Sequence[Route], logsource: LogSource) -> list[Telemetry]:
    """Every telemetry of the routes, or those that the rule's own service names beside a category."""
    every = [each for route in routes for each in route.telemetries]
    if logsource.service and all(route.service is None for route in routes):
        return [each for each in every if each.name == logsource.service] or every
    return every


def _asked(node: Node, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf about a field, and whether it stands below a Not."""
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _asked(child, negated)
    elif isinstance(node, Not):
        yield from _asked(node.child, True)
    elif not isinstance(node, ast.Keyword | ast.KeywordRegex):
        yield node, negated


def _lacks(telemetry: Telemetry, asked: Sequence[tuple[Leaf, bool]]) -> tuple[int, int, int]:
    """How much of a rule the telemetry does not have.

    Fields it does not know, values that its events never have, and fields that it never records.
    """
    unknown = values = absent = 0
    for leaf, negated in asked:
        names = [leaf.field.name, leaf.other.name] if isinstance(leaf, ast.FieldRef) else [leaf.field.name]
        for name in names:
            if name not in telemetry.fields:
                if name in telemetry.absent:
                    absent += 1
                else:
                    unknown += 1
        if not negated and not _may_be(telemetry, leaf):
            values += 1
    return unknown, values, absent


def _may_be(telemetry: Telemetry, leaf: Leaf) -> bool:
    """Whether the telemetry's events can have a value that the leaf asks for."""
    pinned = telemetry.pins.get(leaf.field.name)
    if pinned is None:
        return True
    if isinstance(leaf, ast.Equals):
        return any((text_of(value) or "").lower() in pinned for value in leaf.values)
    if isinstance(leaf, ast.Match) and all(each.kind == "equals" for each in leaf.patterns):
        return any(each.text.lower() in pinned for each in leaf.patterns)
    return True
