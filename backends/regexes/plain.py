"""Trees for engines without memory: no groups, and every part as short as it can be."""

from __future__ import annotations

from collections.abc import Iterable

from backends.regexes.lacks import Lacks
from transpiler.regex.letters import cases, intersection, joined, members
from transpiler.regex.tree import (
    ANY,
    EMPTY,
    Atomic,
    Choice,
    Edge,
    Look,
    Mode,
    Node,
    OneOf,
    Range,
    Reference,
    Repeat,
    Sequence,
    Text,
    children,
    walk,
)

FIRST, LAST = 0, -1
"""The two sides of a text, as indices."""

ANYTHING = Repeat(ANY, 0, None)


def sequence(*nodes: Node) -> Node:
    """The nodes one after the other, without sequences in it and without empty parts."""
    items: list[Node] = []
    for node in nodes:
        for item in node.items if isinstance(node, Sequence) else (node,):
            last = items[-1] if items else None
            if isinstance(item, Text) and isinstance(last, Text) and item.caseless == last.caseless:
                items[-1] = Text(last.text + item.text, item.caseless)
            elif item != ANYTHING or last != ANYTHING:
                items.append(item)
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def choice(options: Iterable[Node]) -> Node:
    """One of the options; one that is empty makes the others optional."""
    flat: dict[Node, None] = {}
    for option in options:
        flat.update(dict.fromkeys(option.options if isinstance(option, Choice) else (option,)))
    full = tuple(option for option in flat if option != EMPTY)
    if not full:
        return EMPTY
    node = full[0] if len(full) == 1 else Choice(full)
    return optional(node) if len(full) < len(flat) else node


def repeat(node: Node, low: int, high: int | None, mode: Mode = "greedy") -> Node:
    """The node so many times, written as short as that can be."""
    if node == EMPTY or high == 0:
        return EMPTY
    return node if low == high == 1 else Repeat(node, low, high, mode)


def optional(node: Node) -> Node:
    """The node or nothing."""
    return node if nullable(node) else Repeat(node, 0, 1)


def nullable(node: Node) -> bool:
    """Whether a plain node matches the empty text wherever it stands."""
    if isinstance(node, Sequence):
        return all(map(nullable, node.items))
    if isinstance(node, Choice):
        return any(map(nullable, node.options))
    return isinstance(node, Repeat) and (node.low == 0 or nullable(node.child))


def plain(node: Node) -> Node:
    """The tree for an engine without memory: no groups, no choices that cannot be taken back.

    Raises Lacks for look-around, back-references, and atomic groups and possessive quantifiers
    unless what follows shows that they change nothing.
    """
    if isinstance(node, Text | OneOf | Edge):
        return node
    if isinstance(node, Look):
        raise Lacks("look-ahead" if node.ahead else "look-behind")
    if isinstance(node, Reference):
        raise Lacks("back-references")
    if isinstance(node, Atomic):
        raise Lacks("atomic groups")
    if isinstance(node, Sequence):
        return _row(node)
    if isinstance(node, Repeat):
        return _repeated(node)
    below = [plain(child) for child in children(node)]
    return choice(below) if isinstance(node, Choice) else below[0]


def _row(node: Sequence) -> Node:
    items: list[Node] = []
    for item in reversed(node.items):
        if isinstance(item, Repeat) and item.mode == "possessive" and items and _cannot_meet(item.child, items[-1]):
            items.append(repeat(plain(item.child), item.low, item.high))
        else:
            items.append(plain(item))
    return sequence(*reversed(items))


def _cannot_meet(repeated: Node, following: Node) -> bool:
    """Whether no character that is repeated can begin what follows, so that giving back is useless."""
    single = isinstance(repeated, OneOf) or (isinstance(repeated, Text) and len(repeated.text) == 1)
    if not single or nullable(following) or any(isinstance(each, Edge) for each in walk(following)):
        return False
    return not intersection(outer(repeated, FIRST), outer(following, FIRST))


def _repeated(node: Repeat) -> Node:
    if node.mode == "possessive":
        raise Lacks("possessive quantifiers")
    return repeat(plain(node.child), node.low, node.high, node.mode)


def caseless(node: Node) -> Node:
    """The plain node with letter case ignored everywhere."""
    if isinstance(node, Text):
        return Text(node.text, caseless=True)
    if isinstance(node, OneOf):
        return OneOf(node.items, node.negated, caseless=True)
    if isinstance(node, Repeat):
        return Repeat(caseless(node.child), node.low, node.high, node.mode)
    below = tuple(map(caseless, children(node)))
    return Sequence(below) if isinstance(node, Sequence) else Choice(below) if isinstance(node, Choice) else node


def outer(node: Node, side: int) -> tuple[Range, ...]:
    """The characters that a plain node's texts can begin (FIRST) or end (LAST) with."""
    if isinstance(node, Text):
        character = node.text[side]
        return joined([(ord(c), ord(c)) for c in (cases(character) if node.caseless else character)])
    if isinstance(node, OneOf):
        return members(node)
    found: list[Range] = []
    below = children(node)
    for child in below if side == FIRST else reversed(below):
        found.extend(outer(child, side))
        if isinstance(node, Sequence) and not nullable(child):
            break
    return joined(found)
