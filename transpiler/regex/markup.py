"""Expressions that are searched for in XML as it is written: entities in it, and where its tags are."""

from __future__ import annotations

import re
from dataclasses import replace

from transpiler.regex.tree import Atomic, Choice, Edge, Group, Look, Node, OneOf, Repeat, Sequence, Text, walk

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile("([&<>])")


def with_entities(node: Node) -> Node:
    """The expression with each ``&``, ``<`` and ``>`` that it names as it is or as an entity.

    What it does not name (``.``, a negated class) matches one written character, not a whole entity.
    """
    if isinstance(node, Text):
        parts = [part for part in _SPECIAL.split(node.text) if part]
        return node if parts == [node.text] and parts[0] not in _ENTITIES else Sequence(tuple(_each(parts, node)))
    if isinstance(node, OneOf) and not node.negated:
        named = [Text(entity) for character, entity in _ENTITIES.items() if _holds(node, character)]
        return Choice((node, *named)) if named else node
    if isinstance(node, Sequence):
        return Sequence(tuple(map(with_entities, node.items)))
    if isinstance(node, Choice):
        return Choice(tuple(map(with_entities, node.options)))
    if isinstance(node, Repeat | Group | Look | Atomic):
        return replace(node, child=with_entities(node.child))
    return node


def stays_in_text(node: Node) -> bool:
    """Whether no text that the expression finds holds a ``<``, and no place is asked for."""
    for each in walk(node):
        if isinstance(each, OneOf) and (each.negated or _holds(each, "<")):
            return False
        if isinstance(each, Edge | Look) or (isinstance(each, Text) and "<" in each.text):
            return False
    return True


def _each(parts: list[str], node: Text) -> list[Node]:
    return [
        Choice((Text(part), Text(_ENTITIES[part]))) if part in _ENTITIES else replace(node, text=part) for part in parts
    ]


def _holds(node: OneOf, character: str) -> bool:
    """Whether a class that is not negated has the character."""
    ranges = [item for item in node.items if not isinstance(item, str)]
    return any(first <= ord(character) <= last for first, last in ranges) or bool({"D", "W", "S"} & {*node.items})
