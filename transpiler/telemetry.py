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
from transpiler.nearest import nearest
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
        why = schema.routes.why_not(rule.logsource)
        if why:
            raise LookupError(
                f"{schema.title} does not record {rule.logsource}: {why}", "`-s none` keeps the rule's names"
            )
        known = ", ".join(nearest(str(rule.logsource), schema.routes.known(), 3))
        raise LookupError(
            f"the schema `{schema.name}` does not know the log source {rule.logsource}",
            f"{f'it knows {known}; ' if known else ''}`sigmaq schemas show {schema.name}` lists them all, "
            "`-s none` keeps the rule's names",
        )
    offered = _offered(routes, rule.logsource)
    asked = list(_asked(tree))
    every = options.telemetry == ALL or (not options.telemetry and routes[0].all) or len(routes) > 1
    if not every and not routes[0].each and not options.telemetry:
        names = {name for leaf, _ in asked for name in _names(leaf)}
        first = offered[0]
        if names <= first.fields.keys() and names.isdisjoint(first.pins):
            return Choice((first,))  # nearly always
    able = [each for each in offered if not _unknown(each, asked) and may_hold(each, tree)]
    whole = [each for each in able if not _absent(each, asked)]
    wanted = options.telemetry
    named = [each for each in offered if each.name == wanted]
    if named:
        fit = [each for each in named if each in able]
        if fit:
            return _said(fit[:1], offered, asked)
        if whole:
            message = f"{named[0]} does not record what the rule asks for; {whole[0]} does"
            return Choice((whole[0],), (diagnostic("F509", message, rule.logsource.span),))
    if routes[0].each and wanted in (None, ALL):
        kinds = [each for each in able if may_hold(each, tree, recorded=True)]
        if kinds:
            return _said(kinds, offered, asked)
    if whole:
        return _said(whole if every else _covering(whole, asked), offered, asked)
    # None has everything: the one that lacks least, so that the diagnostic is about little.
    best = min(
        named or able or offered,
        key=lambda each: (_unknown(each, asked), not may_hold(each, tree), _absent(each, asked)),
    )
    return _said([best], offered, asked)


def _covering(whole: Sequence[Telemetry], asked: Sequence[tuple[Leaf, bool]]) -> list[Telemetry]:
    """The first telemetry, and those with values that the rule asks for and the earlier ones never have."""
    chosen = [whole[0]]
    for each in whole[1:]:
        if any(values(each, leaf) - _all(chosen, leaf) for leaf, negated in asked if not negated):
            chosen.append(each)
    return chosen


def _all(chosen: Sequence[Telemetry], leaf: Leaf) -> frozenset[str]:
    return frozenset().union(*(values(each, leaf) for each in chosen))


def _said(chosen: Sequence[Telemetry], offered: Sequence[Telemetry], asked: Sequence[tuple[Leaf, bool]]) -> Choice:
    """The choice, with a warning for each value that the rule asks for and no chosen telemetry can have."""
    notes: list[Diagnostic] = []
    for leaf, negated in asked:
        name = leaf.field.name
        if negated or not all(name in each.pins for each in chosen):
            continue
        if len(chosen) == 1 and chosen[0].fields[name].values is not None:
            continue  # said where the values are looked up
        for text, part in _alternatives(leaf):
            if not _all(chosen, part):
                message = f"{' and '.join(map(str, chosen))} never has {name} {text}"
                elsewhere = [str(each) for each in offered if values(each, part)]
                hint = (
                    f"{', '.join(elsewhere)} may have, but does not record all that the rule asks for"
                    if elsewhere
                    else ""
                )
                notes.append(diagnostic("F507", message, leaf.span, hint=hint))
    return Choice(tuple(chosen), tuple(notes))


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


def _names(leaf: Leaf) -> list[str]:
    return [leaf.field.name, leaf.other.name] if isinstance(leaf, ast.FieldRef) else [leaf.field.name]


def _unknown(telemetry: Telemetry, asked: Sequence[tuple[Leaf, bool]]) -> int:
    """How often the rule asks for fields that the telemetry does not know."""
    names = [name for leaf, _ in asked for name in _names(leaf)]
    return sum(name not in telemetry.fields and name not in telemetry.absent for name in names)


def _absent(telemetry: Telemetry, asked: Sequence[tuple[Leaf, bool]]) -> int:
    """How often the rule asks for fields that the telemetry never records."""
    names = [name for leaf, _ in asked for name in _names(leaf)]
    return sum(name not in telemetry.fields and name in telemetry.absent for name in names)


def values(telemetry: Telemetry, leaf: Leaf) -> frozenset[str]:
    """Of the values that the telemetry's events can have in the leaf's field, those with which the leaf holds.

    Empty too where nothing limits the field.
    """
    pinned = telemetry.pins.get(leaf.field.name)
    if pinned is None or isinstance(leaf, ast.FieldRef):
        return frozenset()
    from transpiler import evaluate  # few rules ask for what a schema pins

    holds = evaluate.compile(leaf)
    return frozenset([value for value in pinned if holds({leaf.field.name: value})])


def limited(telemetry: Telemetry, leaf: Leaf) -> bool | None:
    """Whether the leaf holds on every event of the telemetry, or on none; None: on some, as far as is known."""
    pinned = telemetry.pins.get(leaf.field.name)
    if pinned is None or isinstance(leaf, ast.FieldRef):
        return None
    found = values(telemetry, leaf)
    return True if found == pinned else None if found else False


def may_hold(telemetry: Telemetry, node: Node, recorded: bool = False) -> bool:
    """Whether some event of the telemetry can match, as far as the values go that its events can have.

    ``recorded``: and as far as the fields go that it never records.
    """
    if not telemetry.pins and not (recorded and telemetry.absent):
        return True
    return _outcomes(telemetry, node, recorded)[0]


def _outcomes(telemetry: Telemetry, node: Node, recorded: bool) -> tuple[bool, bool]:
    """Whether the tree may be true, and whether it may be false."""
    if isinstance(node, And | Or):
        found = [_outcomes(telemetry, child, recorded) for child in node.children]
        may, may_not = [true for true, _ in found], [false for _, false in found]
        return (all(may), any(may_not)) if isinstance(node, And) else (any(may), all(may_not))
    if isinstance(node, Not):
        true, false = _outcomes(telemetry, node.child, recorded)
        return false, true
    if isinstance(node, ast.Keyword | ast.KeywordRegex):
        return True, True
    decided = limited(telemetry, node)
    if decided is None and recorded and _absent(telemetry, [(node, False)]):
        decided = isinstance(node, ast.IsNull)
    return (True, True) if decided is None else (decided, not decided)


def _alternatives(leaf: Leaf) -> Iterator[tuple[str, Leaf]]:
    """Each value of a leaf, and the leaf with that value alone."""
    if isinstance(leaf, ast.Equals):
        yield from ((text_of(value) or "", leaf._replace(values=(value,))) for value in leaf.values)
    elif isinstance(leaf, ast.Match):
        yield from ((str(each), leaf._replace(patterns=(each,))) for each in leaf.patterns)
    else:
        yield "as the rule asks for", leaf
