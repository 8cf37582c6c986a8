"""Sigma's wildcards as a regular expression."""

from __future__ import annotations

from transpiler.pattern import DASHES, MANY, ONE, Pattern
from transpiler.regex.tree import ANY, Edge, Node, OneOf, Repeat, Sequence, Text

_DASH = OneOf(tuple((ord(dash), ord(dash)) for dash in DASHES))
_MANY = Repeat(ANY, 0, None)


def tree(pattern: Pattern, *, cased: bool) -> Node:
    """What :func:`transpiler.regex.pattern_tree` does."""
    items: list[Node] = [Edge.TEXT_START]
    for token in pattern.tokens:
        if isinstance(token, str):
            if token:
                items.append(Text(token, not cased))
        else:
            items.append(_MANY if token is MANY else ANY if token is ONE else _DASH)
    return Sequence((*items, Edge.TEXT_END))
