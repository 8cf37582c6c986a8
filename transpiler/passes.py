"""Pure functions from tree to tree that keep the meaning and make it short.

PASSES is the table of contents; ``normalise`` runs it. A pass returns the same object when it has
nothing to do. Every pass keeps trees flat: no And in an And, no Or in an Or, no list of one, no
``not not``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from transpiler.ast import And, Cidr, Equals, Keyword, Match, Node, Not, Or, TimePart


def flatten(node: Node) -> Node:
    """Operators of one kind stand on one level."""
    return _rewrite(node, _same_children)


def merge(node: Node) -> Node:
    """Alternatives that one leaf can hold stand in one leaf: ``f: a or f: b`` is ``f: [a, b]``."""
    return _rewrite(node, _merge_children)


def dedupe(node: Node) -> Node:
    """Nothing stands twice: no child of an And or Or, no value of a leaf."""
    return _rewrite(node, _distinct_children, _distinct_values)


PASSES: tuple[Callable[[Node], Node], ...] = (flatten, merge, dedupe)


def normalise(node: Node) -> Node:
    """Run every pass, in order, until the last has nothing left to do.

    What ``dedupe`` takes away can bring two leaves together that ``merge`` must see.
    """
    while True:
        before = node
        for each in PASSES:
            before, node = node, each(node)
        if node is before:
            return node


# --- the walk -----------------------------------------------------------------------------------------

Children = Sequence[Node]


_OPERATORS = frozenset({And, Or, Not})


def _rewrite(
    node: Node,
    children_of: Callable[[type, Children], Children],
    leaf: Callable[[Node], Node] | None = None,
) -> Node:
    """Rebuild a tree from its leaves up (None: they stay); what did not change is the same object."""
    kind = type(node)
    if kind is And or kind is Or:
        old = cast(And | Or, node).children
        below = [_rewrite(child, children_of, leaf) if leaf or type(child) in _OPERATORS else child for child in old]
        return _joined(cast(And | Or, node), children_of(kind, below))
    if kind is Not:
        old_child = cast(Not, node).child
        child = _rewrite(old_child, children_of, leaf)
        if type(child) is Not:
            return child.child
        return node if child is old_child else Not(child, node.span)
    return leaf(node) if leaf else node


def _joined(node: And | Or, children: Children) -> Node:
    """The node with these children: those of its own kind spliced in, a single one for itself."""
    if len(children) == 1:
        return children[0]
    old = node.children
    kind = type(node)
    if kind in map(type, children):
        children = [each for child in children for each in (child.children if type(child) is kind else (child,))]
    elif len(children) == len(old) and all(map(_is, children, old)):
        return node
    return kind(tuple(children), node.span)


def _is(one: object, other: object) -> bool:
    return one is other


def _same_children(kind: type, children: Children) -> Children:
    return children


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
