"""Pure functions from tree to tree that keep the meaning and make it short.

PASSES is the table of contents; ``normalise`` runs it. A pass returns the same object when it has
nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from transpiler.ast import And, Cidr, Equals, Keyword, Match, Node, Not, Or


def flatten(node: Node) -> Node:
    """No And in an And, no Or in an Or, no list of one, no ``not not``."""
    kind = type(node)
    if kind is And or kind is Or:
        children: list[Node] = []
        for child in node.children:  # type: ignore[union-attr]
            flat = flatten(child)
            if type(flat) is kind:
                children += flat.children  # type: ignore[union-attr]
            else:
                children.append(flat)
        return _rebuilt(node, children)
    if kind is Not:
        child = flatten(node.child)  # type: ignore[union-attr]
        if type(child) is Not:
            return child.child
        return node if child is node.child else replace(node, child=child)  # type: ignore[type-var, union-attr]
    return node


def merge(node: Node) -> Node:
    """Alternatives that one leaf can hold stand in one leaf: ``f: a or f: b`` is ``f: [a, b]``."""
    kind = type(node)
    if kind is And or kind is Or:
        children = [merge(child) for child in node.children]  # type: ignore[union-attr]
        if kind is Or:
            children = _merged(children)
        return _rebuilt(node, children)
    if kind is Not:
        child = merge(node.child)  # type: ignore[union-attr]
        return node if child is node.child else replace(node, child=child)  # type: ignore[type-var, union-attr]
    return node


def dedupe(node: Node) -> Node:
    """Nothing stands twice: no child of an And or Or, no value of a leaf."""
    kind = type(node)
    if kind is And or kind is Or:
        children = [dedupe(child) for child in node.children]  # type: ignore[union-attr]
        return _rebuilt(node, list(dict.fromkeys(children)) if _may_repeat(children) else children)
    if kind is Not:
        child = dedupe(node.child)  # type: ignore[union-attr]
        return node if child is node.child else replace(node, child=child)  # type: ignore[type-var, union-attr]
    values = _VALUES.get(kind)
    if values is None:
        return node
    held: tuple[object, ...] = getattr(node, values)
    if len(held) < 2:
        return node
    kept = _distinct(held)
    return node if len(kept) == len(held) else replace(node, **{values: tuple(kept)})  # type: ignore[type-var]


PASSES: tuple[Callable[[Node], Node], ...] = (flatten, merge, flatten, dedupe, flatten)


def normalise(node: Node) -> Node:
    """Run every pass, in order."""
    if type(node) not in _COMPOSITE:
        return dedupe(node)
    for each in PASSES:
        node = each(node)
    return node


# --- their tools --------------------------------------------------------------------------------------

_COMPOSITE = frozenset({And, Or, Not})
_VALUES: dict[type, str] = {Match: "patterns", Keyword: "patterns", Equals: "values", Cidr: "networks"}
"""The attribute that holds a leaf's alternatives."""


def _rebuilt(node: And | Or, children: list[Node]) -> Node:  # type: ignore[misc]
    """The node with these children; a single child stands for itself."""
    if len(children) == 1:
        return children[0]
    old = node.children
    if len(children) == len(old) and all(map(_same, children, old)):
        return node
    return type(node)(tuple(children), node.span)


def _same(one: object, other: object) -> bool:
    return one is other


def _merge_key(node: Node) -> object | None:
    """What two leaves must share to become one; None for a node that never merges."""
    if type(node) is Match:
        return (Match, node.field, node.cased)
    if type(node) is Equals or type(node) is Cidr:
        return (type(node), node.field)
    if type(node) is Keyword:
        return (Keyword, node.cased)
    return None


def _merged(children: list[Node]) -> list[Node]:
    groups: dict[object, list[Node]] = {}
    for child in children:
        groups.setdefault(_merge_key(child) or id(child), []).append(child)
    if len(groups) == len(children):
        return children
    return [_union(group) if len(group) > 1 else group[0] for group in groups.values()]


def _union(group: list[Node]) -> Node:
    values = _VALUES[type(group[0])]
    joined: list[object] = []
    for node in group:
        joined += getattr(node, values)
    return replace(group[0], **{values: tuple(joined)})  # type: ignore[type-var]


def _distinct(held: Iterable[object]) -> list[object]:
    """The values without repetition; ``true`` and ``1`` are two."""
    return list({(type(value) is bool, value): value for value in held}.values())


def _may_repeat(children: list[Node]) -> bool:
    """Whether comparing the children in full is worth it: two of one class and one field."""
    seen = {(type(child), getattr(child, "field", None)) for child in children}
    return len(seen) < len(children)
