"""Events that a query cannot be held to, because the query itself says that it may be wrong on them.

A warning on a query (transpiler.codes, T610 to T615) names a way in which it is weaker or wider than
the rule. An event on which that way shows is set aside and counted, never taken for a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transpiler import ast, evaluate, regex
from transpiler.ast import Node
from transpiler.engine import CannotRun
from transpiler.pattern import EMPTY
from transpiler.query import Query
from transpiler.stored import Event, fields_of, has_keywords, leaves

_ON_TEXT_FIELDS = ("in text fields the keyword is found", "in text fields the expression is held")
"""Warnings that hold for analysed text fields alone."""

_VANISHING = {"kusto": "", "splunk": ""}
"""What a target does not keep apart from a missing field, beside null."""


class Warned:
    """What the warnings of one query cover.

    Raises CannotRun for a query with a warning that no event can be checked under.
    """

    def __init__(self, query: Query, tree: Node) -> None:
        self.said = frozenset(each.code for each in query.diagnostics if each.severity == "warning")
        for each in query.diagnostics:
            if each.code == "T615" and not each.message.startswith(_ON_TEXT_FIELDS):
                raise CannotRun(f"the query says that it is weaker: {each.message}")
        self._target = query.target
        self._names = sorted({field.name for leaf in leaves(tree) for field in fields_of(leaf)})
        self._asked_empty = _asked_empty(tree)
        self._keywords = has_keywords(tree)
        self._matches = evaluate.compile(tree)
        self._cased = evaluate.compile(_with_case(tree, True)) if self.said & {"T610", "T612"} else None
        self._uncased = evaluate.compile(_with_case(tree, False)) if "T613" in self.said else None

    def covers(self, event: Event) -> str | None:
        """The code of the warning that covers an event, or None."""
        if not self.said:
            return None
        if self._cased is not None and self._cased(event) != self._matches(event):
            return "T610" if "T610" in self.said else "T612"
        if self._uncased is not None and self._uncased(event) != self._matches(event):
            return "T613"
        if "T611" in self.said and self._vanishes(event):
            return "T611"
        if "T614" in self.said and any(isinstance(evaluate.lookup(event, name), list) for name in self._names):
            return "T614"
        return None

    def _vanishes(self, event: Event) -> bool:
        for name in self._names:
            value = evaluate.lookup(event, name, True)
            if any(each is None or each == _VANISHING.get(self._target) for each in _many(value)):
                return True
        # In Kusto, "" finds a missing field too.
        return self._target == "kusto" and any(evaluate.lookup(event, name) is None for name in self._asked_empty)


def _many(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    else:
        yield value


def _asked_empty(tree: Node) -> list[str]:
    """The columns that are compared with the empty string."""
    return sorted({leaf.field.name for leaf in leaves(tree) if isinstance(leaf, ast.Match) and EMPTY in leaf.patterns})


def _with_case(node: Node, cased: bool) -> Node:
    """The tree with letter case counting everywhere, or nowhere."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([_with_case(child, cased) for child in node.children]))
    if isinstance(node, ast.Not):
        return ast.Not(_with_case(node.child, cased))
    if isinstance(node, ast.Match | ast.Keyword | ast.FieldRef):
        return node._replace(cased=cased)
    if isinstance(node, ast.Regex | ast.KeywordRegex) and not cased:
        return node._replace(regex=regex.parse(f"(?i){node.regex.source}"))
    return node
