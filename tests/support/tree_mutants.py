"""Trees that are nearly a given one: each is a fault that a compiler could have.

A mutant that means the same as its tree (a case flag where there is no letter) is no fault; the caller
knows which these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transpiler import ast, regex
from transpiler.ast import And, Node, Not, Or
from transpiler.pattern import DASH, MANY, ONE, Pattern, literal, pattern

Named = tuple[str, Node]


def mutants(tree: Node) -> Iterator[Named]:
    """(what was done, the tree with that done to one of its nodes)."""
    for name, node in _of_node(tree):
        if node != tree:
            yield name, node
    if isinstance(tree, And | Or):
        for index, child in enumerate(tree.children):
            for name, changed in mutants(child):
                yield name, type(tree)((*tree.children[:index], changed, *tree.children[index + 1 :]))
    elif isinstance(tree, Not):
        for name, changed in mutants(tree.child):
            yield name, Not(changed)


def _of_node(node: Node) -> Iterator[Named]:
    kind = type(node)
    if kind in _MAKERS:
        yield from _MAKERS[kind](node)
    if not isinstance(node, Not):
        yield "negated", Not(node)
    for held in ("patterns", "values", "networks"):
        values = getattr(node, held, ())
        for index in range(len(values) if len(values) > 1 else 0):
            rest = values[:index] + values[index + 1 :]
            yield f"value {index} dropped", node._replace(**{held: rest})  # type: ignore[union-attr, arg-type]
    if hasattr(node, "cased"):
        yield "case", node._replace(cased=not node.cased)


def _operator(node: And | Or) -> Iterator[Named]:
    yield "and for or", (Or if isinstance(node, And) else And)(node.children)
    for index in range(len(node.children)):
        rest = node.children[:index] + node.children[index + 1 :]
        yield f"child {index} dropped", rest[0] if len(rest) == 1 else type(node)(rest)


def _not(node: Not) -> Iterator[Named]:
    yield "lost not", node.child


def _patterns(node: Any) -> Iterator[Named]:
    for index, given in enumerate(node.patterns):
        for name, changed in _pattern(given, ends=isinstance(node, ast.Match)):
            yield name, node._replace(patterns=(*node.patterns[:index], changed, *node.patterns[index + 1 :]))


def _pattern(given: Pattern, ends: bool) -> Iterator[tuple[str, Pattern]]:
    tokens = given.tokens
    if ends and given.kind != "any":
        yield "start", pattern(*tokens[1:]) if tokens[0] is MANY else pattern(MANY, *tokens)
        yield "end", pattern(*tokens[:-1]) if tokens[-1] is MANY else pattern(*tokens, MANY)
    for index, token in enumerate(tokens):
        inside = 0 < index < len(tokens) - 1
        for name, others in _token(token, inside):
            yield name, pattern(*tokens[:index], *others, *tokens[index + 1 :])


def _token(token: Any, inside: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if isinstance(token, str):
        yield from _text(token)
    elif token is ONE:
        yield from (("? for *", (MANY,)), ("? lost", ()), ("? literal", ("?",)))
    elif token is DASH:
        yield from (("dash alone", ("-",)), ("dash lost", ()), ("any character for a dash", (ONE,)))
    elif inside:
        yield from (("* for ?", (ONE,)), ("* lost", ()), ("* literal", ("*",)))


def _text(text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield from (("first character lost", (text[1:],)), ("last character lost", (text[:-1],)))
    for sign, wild in (("*", MANY), ("?", ONE), (".", ONE)):
        before, found, after = text.partition(sign)
        if found:
            yield f"{sign} as a wildcard", (before, wild, after)
    for sign in "\\\"'/":
        if sign in text:
            yield f"{sign} doubled", (text.replace(sign, sign * 2),)
            yield f"{sign} lost", (text.replace(sign, ""),)
    for sign in "\"'*?":
        if sign in text:
            yield f"{sign} with a backslash", (text.replace(sign, "\\" + sign),)


def _numbers(node: ast.Equals) -> Iterator[Named]:
    first = node.values[0]
    if isinstance(first, bool):
        yield "other boolean", node._replace(values=(not first, *node.values[1:]))
        yield "number for boolean", node._replace(values=(int(first), *node.values[1:]))
    else:
        yield "next number", node._replace(values=(first + 1, *node.values[1:]))
        yield "number before", node._replace(values=(first - 1, *node.values[1:]))
        yield "number by its beginning", ast.Match(node.field, (pattern(str(first), MANY),))
        yield "at least", ast.Compare(node.field, "gte", first)


def _compare(node: ast.Compare) -> Iterator[Named]:
    for op in ("lt", "lte", "gt", "gte"):
        if op != node.op:
            yield op, node._replace(op=op)  # type: ignore[arg-type]
    yield "next number", node._replace(value=node.value + 1)
    yield "as text", ast.Match(node.field, (literal(str(node.value)),))


def _cidr(node: ast.Cidr) -> Iterator[Named]:
    for index, network in enumerate(node.networks):
        others = {"wider": network.supernet() if network.prefixlen else network}
        halves = list(network.subnets()) if network.prefixlen < network.max_prefixlen else [network]
        others |= {"lower half": halves[0], "upper half": halves[-1]}
        for name, other in others.items():
            if other != network:
                yield name, node._replace(networks=(*node.networks[:index], other, *node.networks[index + 1 :]))


def _regex(node: Any) -> Iterator[Named]:
    source, flags = node.regex.source, "".join(f for f, there in zip("ims", node.regex[1:4], strict=True) if there)
    for name, other in (("anchored at its start", f"^(?:{source})"), ("anchored at its end", f"(?:{source})$")):
        yield name, node._replace(regex=regex.parse(other, flags))
    for flag in "is":
        other = regex.parse(source, flags.replace(flag, "") if flag in flags else flags + flag)
        if other.tree != node.regex.tree:
            yield f"flag {flag}", node._replace(regex=other)


def _reference(node: ast.FieldRef) -> Iterator[Named]:
    for part in ("equals", "startswith", "endswith", "contains"):
        if part != node.part:
            yield part, node._replace(part=part)  # type: ignore[arg-type]
    yield "the name for the field", ast.Match(node.field, (literal(node.other.name),))
    yield "the other way round", node._replace(field=node.other, other=node.field)


def _presence(node: ast.Exists | ast.IsNull) -> Iterator[Named]:
    yield "exists", ast.Exists(node.field)
    yield "not exists", Not(ast.Exists(node.field))
    yield "is null", ast.IsNull(node.field)
    yield "is not null", Not(ast.IsNull(node.field))
    yield "is empty", ast.Match(node.field, (literal(""),))
    yield "is null or empty", Or((ast.IsNull(node.field), ast.Match(node.field, (literal(""),))))


def _time(node: ast.TimePart) -> Iterator[Named]:
    yield "next", node._replace(values=(node.values[0] + 1, *node.values[1:]))
    for unit in ("minute", "hour", "day", "week", "month", "year"):
        if unit != node.unit:
            yield unit, node._replace(unit=unit)  # type: ignore[arg-type]


_MAKERS: dict[type, Any] = {
    And: _operator,
    Or: _operator,
    Not: _not,
    ast.Match: _patterns,
    ast.Keyword: _patterns,
    ast.Equals: _numbers,
    ast.Compare: _compare,
    ast.Cidr: _cidr,
    ast.Regex: _regex,
    ast.KeywordRegex: _regex,
    ast.FieldRef: _reference,
    ast.Exists: _presence,
    ast.IsNull: _presence,
    ast.TimePart: _time,
}
