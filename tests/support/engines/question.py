"""A query, what is known of its columns, and which events it can be held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from transpiler import ast, evaluate, regex
from transpiler.ast import Field, Node
from transpiler.pattern import EMPTY
from transpiler.query import Query
from transpiler.values import text_of

Event = Mapping[str, Any]
Answer = bool | None


class CannotRun(Exception):
    """The engine cannot run this query; the message says why."""


@dataclass(frozen=True)
class Question:
    """A query, and the tree it was rendered from: in the schema's names, its fields typed."""

    query: Query
    tree: Node

    def said(self, code: str) -> bool:
        return any(each.code == code for each in self.query.diagnostics)


Engine = Callable[[Question, Sequence[Event]], list[Answer]]

# --- what a tree asks about ---------------------------------------------------------------------------


def leaves(node: Node) -> Iterator[Any]:
    """Every leaf of a tree."""
    if isinstance(node, ast.And | ast.Or):
        for child in node.children:
            yield from leaves(child)
    elif isinstance(node, ast.Not):
        yield from leaves(node.child)
    else:
        yield node


def columns(tree: Node) -> dict[str, str]:
    """The columns that a tree names, and their types. CannotRun where one has two types."""
    types: dict[str, set[str]] = {}
    for leaf in leaves(tree):
        for field in fields_of(leaf):
            types.setdefault(field.name, set()).add(field.type)
    found = {}
    for name, kinds in types.items():
        known = sorted(kinds - {"unknown"})
        if known == ["ip", "string"]:
            known = ["string"]  # Elastic's queries warn of it; elsewhere an address is text
        if len(known) > 1:
            raise CannotRun(f"{name} is compared as {' and as '.join(known)}")
        found[name] = known[0] if known else "unknown"
    return found


def fields_of(leaf: Any) -> list[Field]:
    """The fields that a leaf names."""
    if isinstance(leaf, ast.Keyword | ast.KeywordRegex):
        return []
    return [leaf.field, leaf.other] if isinstance(leaf, ast.FieldRef) else [leaf.field]


def has_keywords(tree: Node) -> bool:
    """Whether the tree asks about the whole event."""
    return any(isinstance(leaf, ast.Keyword | ast.KeywordRegex) for leaf in leaves(tree))


def with_case(node: Node, cased: bool) -> Node:
    """The tree with letter case counting everywhere, or nowhere."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([with_case(child, cased) for child in node.children]))
    if isinstance(node, ast.Not):
        return ast.Not(with_case(node.child, cased))
    if isinstance(node, ast.Match | ast.Keyword | ast.FieldRef):
        return node._replace(cased=cased)
    if isinstance(node, ast.Regex | ast.KeywordRegex) and not cased:
        return node._replace(regex=regex.parse(f"(?i){node.regex.source}"))
    return node


# --- events as a column stores them -------------------------------------------------------------------


class Misfit(ValueError):
    """The value is none that the column can hold."""


def stored(event: Event, tree: Node) -> Event | None:
    """The event with each value in its column's type, nulls left out; None if one does not fit.

    Fields that the tree does not name are text. An empty list is a missing field.
    """
    types = columns(tree)
    kept: dict[str, Any] = {}
    try:
        for name in {**event, **types} if has_keywords(tree) else types:
            kind = types.get(name, "string")
            value = evaluate.lookup(event, name)
            values = [_stored(each, kind) for each in many(value)]
            present = [each for each in values if each is not None]
            if present:
                kept[name] = present if len(present) > 1 else present[0]
    except Misfit:
        return None
    return kept


def _stored(value: Any, kind: str) -> Any:
    if value is None:
        return None
    text = text_of(value)
    if text is None:
        raise Misfit
    return _READERS[kind](text)


def _exactly(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader that takes only the text that its result has."""

    def exact(text: str) -> Any:
        try:
            value = read(text)
        except ValueError:
            raise Misfit from None
        if text_of(value) != text:
            raise Misfit
        return value

    return exact


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Misfit from None


def _date(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text if "t" not in text else "")
    except ValueError:
        raise Misfit from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _exactly(int),
    "float": lambda text: _exactly(float if "." in text else int)(text),
    "bool": lambda text: {"true": True, "false": False}[text] if text in ("true", "false") else _exactly(int)(""),
    "ip": _address,
    "datetime": _date,
    "string": str,
    "unknown": str,
    "dynamic": str,
}


# --- what a query says it cannot judge ----------------------------------------------------------------

_WITHOUT_TEXT_FIELDS = ("in text fields the keyword is found", "in text fields the expression is held")
"""Warnings about text fields; the columns here keep whole values."""


def beyond(question: Question, event: Event) -> bool:
    """Whether a warning of the query covers the event, so that the query may be wrong on it."""
    tree, said = question.tree, question.said
    found = evaluate.matches(tree, event)
    if (said("T610") or said("T612")) and evaluate.matches(with_case(tree, True), event) != found:
        return True  # letter case counts, of some letters at least
    if said("T613") and evaluate.matches(with_case(tree, False), event) != found:
        return True
    values = [each for name in columns(tree) for each in many(evaluate.lookup(event, name, True))]
    target = question.query.target
    if said("T611") and any(each is None or each == _VANISHING.get(target) for each in values):
        return True
    if said("T611") and target == "kusto" and any(evaluate.lookup(event, name) is None for name in _asked_empty(tree)):
        return True  # "" finds a missing field too
    return said("T614") and any(isinstance(evaluate.lookup(event, name), list) for name in columns(tree))


def _asked_empty(tree: Node) -> set[str]:
    """The columns that are compared with the empty string."""
    return {leaf.field.name for leaf in leaves(tree) if isinstance(leaf, ast.Match) and EMPTY in leaf.patterns}


_VANISHING = {"kusto": "", "splunk": ""}
"""What a target does not keep apart from a missing field, beside null."""


def many(value: Any) -> list[Any]:
    """The values of a field."""
    return value if isinstance(value, list) else [value]


def refuse_weaker(question: Question) -> None:
    """CannotRun for a query that says of itself that it is weaker in a way not known here."""
    for each in question.query.diagnostics:
        if each.code == "T615" and not each.message.startswith(_WITHOUT_TEXT_FIELDS):
            raise CannotRun("the query says that it is weaker")


def each_event(run: Callable[[Question, Event], Answer]) -> Engine:
    """An engine of a function that answers for one event as stored."""

    def engine(question: Question, events: Sequence[Event]) -> list[Answer]:
        refuse_weaker(question)
        answers: list[Answer] = []
        for event in events:
            kept = None if beyond(question, event) else stored(event, question.tree)
            answers.append(None if kept is None else run(question, kept))
        return answers

    return engine


def several(event: Event) -> bool:
    """Whether a field of the event holds several values."""
    return any(isinstance(value, list) for value in event.values())
