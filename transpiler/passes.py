"""Pure functions from tree to tree that keep the meaning and make it short.

PASSES is the table of contents; ``normalise`` runs them all in one walk. A pass returns the same
object when it has nothing to do. Every pass keeps trees flat: no And in an And, no Or in an Or, no
list of one, no ``not not``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, NamedTuple, cast

from transpiler.ast import And, Cidr, Equals, Keyword, Match, Node, Not, Or, TimePart

Children = Sequence[Node]


class Pass(NamedTuple):
    """One pass: what it makes of the children of an And or Or, and of a leaf (None: nothing)."""

    children: Callable[[type, Children], Children] | None = None
    leaf: Callable[[Node], Node] | None = None

    def __call__(self, node: Node) -> Node:
        """The tree after this pass alone."""
        return _rewrite(node, (self.children,) if self.children else (), self.leaf)


def normalise(node: Node) -> Node:
    """Run every pass, in order, at each node from the leaves up, until nothing is left to do.

    What ``dedupe`` takes away can bring two leaves together that ``merge`` must see.
    """
    while True:
        before, node = node, _rewrite(node, _STEPS, _distinct_values)
        if node is before:
            return node


# --- the walk -----------------------------------------------------------------------------------------

_OPERATORS = frozenset({And, Or, Not})


def _rewrite(
    node: Node,
    steps: Sequence[Callable[[type, Children], Children]],
    leaf: Callable[[Node], Node] | None = None,
) -> Node:
    """Rebuild a tree from its leaves up; what did not change is the same object."""
    kind = type(node)
    if kind is And or kind is Or:
        old = cast(And | Or, node).children
        children: Children = [
            _rewrite(child, steps, leaf) if type(child) in _OPERATORS else leaf(child) if leaf else child
            for child in old
        ]
        if kind in map(type, children):
            children = [each for child in children for each in (child.children if type(child) is kind else (child,))]
        for step in steps:
            children = step(kind, children)
        if len(children) == 1:
            return children[0]
        if len(children) == len(old) and all(map(is_, children, old)):
            return node
        return kind(tuple(children), node.span)
    if kind is Not:
        old_child = cast(Not, node).child
        child = _rewrite(old_child, steps, leaf)
        if type(child) is Not:
            return child.child
        return node if child is old_child else Not(child, node.span)
    return leaf(node) if leaf else node


# --- merging and deduplicating ------------------------------------------------------------------------

_VALUES: dict[type, str] = {
    Match: "patterns",
    Keyword: "patterns",
    Equals: "values",
    Cidr: "networks",
    TimePart: "values",
}
"""The attribute that holds a leaf's alternatives."""


def _merge_key(node: Any) -> object:
    """What two leaves must share to become one; a node that never merges shares nothing."""
    kind = type(node)
    if kind is Match:
        return (Match, node.field, node.cased)
    if kind is Keyword:
        return (Keyword, node.cased)
    if kind is TimePart:
        return (TimePart, node.field, node.unit)
    return (kind, node.field) if kind in _VALUES else id(node)


def _merge_children(kind: type, children: Children) -> Children:
    if kind is And:
        return children
    groups: dict[object, list[Node]] = {}
    for child in children:
        groups.setdefault(_merge_key(child), []).append(child)
    if len(groups) == len(children):
        return children
    return [_union(group) if len(group) > 1 else group[0] for group in groups.values()]


def _union(group: list[Node]) -> Node:
    values = _VALUES.get(type(group[0]))
    if values is None:
        return group[0]  # one and the same node, twice
    joined: list[object] = []
    for node in group:
        joined += getattr(node, values)
    return cast(Node, cast(Any, group[0])._replace(**{values: tuple(joined)}))


def _distinct_children(kind: type, children: Children) -> Children:
    # Comparing whole trees is dear; only children of one class and one field can be equal.
    if len({(type(child), getattr(child, "field", None)) for child in children}) == len(children):
        return children
    return list(dict.fromkeys(children))


def _distinct_values(node: Any) -> Node:
    kind = type(node)
    if kind is Match or kind is Keyword:
        held = node.patterns
        if len(held) < 2 or len({each.tokens for each in held}) == len(held):
            return cast(Node, node)
        return cast(Node, node._replace(patterns=tuple(dict.fromkeys(held))))
    if kind in (Equals, Cidr, TimePart):
        values = _VALUES[kind]
        held = getattr(node, values)
        # True == 1 in Python, and a rule's `true` is not its `1`.
        distinct = {(type(value) is bool, value): value for value in held}
        if len(distinct) < len(held):
            return cast(Node, node._replace(**{values: tuple(distinct.values())}))
    return cast(Node, node)


# --- the passes -----------------------------------------------------------------------------------------

flatten = Pass()
"""Operators of one kind stand on one level."""

merge = Pass(_merge_children)
"""Alternatives that one leaf can hold stand in one leaf: ``f: a or f: b`` is ``f: [a, b]``."""

dedupe = Pass(_distinct_children, _distinct_values)
"""Nothing stands twice: no child of an And or Or, no value of a leaf."""

PASSES: tuple[Pass, ...] = (flatten, merge, dedupe)

_STEPS = tuple([each.children for each in PASSES if each.children])
