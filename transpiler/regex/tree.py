"""The parts of a regular expression, and what each of them matches.

A text is a row of Unicode characters. Flags are gone from the tree: every leaf says for itself
whether letter case counts, what ``.`` leaves out and which end an anchor means.

Architecture invariant: nodes are values, frozen, hashable and compared by content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

Range = tuple[int, int]
"""Characters from the first code point to the last, both included."""

Item = Range | str
"""A part of a class: a range, or one of the letters d w s and (everything else) D W S."""


Mode = Literal["greedy", "lazy", "possessive"]
"""How a quantifier chooses among the counts that match."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters one after the other, at least one."""

    text: str
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character of a class, or with ``negated`` one that is not in it.

    With ``caseless`` the class holds a character if it holds the character in any case.
    """

    items: tuple[Item, ...]
    negated: bool = False
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """The items one after the other; the empty text if there are none."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options, the first that leads to a match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The child ``low`` to ``high`` times (None: without end).

    ``greedy`` and ``lazy`` find the same texts; ``possessive`` gives nothing back once it matched.
    """

    child: Node
    low: int
    high: int | None
    mode: Mode = "greedy"


@dataclass(frozen=True, slots=True)
class Group:
    """The child, remembered under ``number`` (counted from 1 by opening parentheses)."""

    child: Node
    number: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The text that the group matched last; no match while it has matched none."""

    number: int
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The child matches (``negated``: does not match) the text from here on, or up to here."""

    child: Node
    ahead: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Atomic:
    """The child's first match, whatever that does to the rest of the expression."""

    child: Node


class Edge(Enum):
    r"""A place in the text; matches no character.

    A word character is one of ``\w``; outside the text there are none.
    """

    TEXT_START = r"\A"  # and ^ without m
    LINE_START = "^"  # with m: the start, or after a newline that is not the last character
    TEXT_END = r"\z"
    LAST_LINE_END = r"\Z"  # and $ without m: the end, or before a newline that is the last character
    LINE_END = "$"  # with m: the end, or before any newline
    WORD = r"\b"  # between a word character and none
    NOT_WORD = r"\B"  # anywhere else

    def __repr__(self) -> str:
        return f"Edge.{self.name}"

    __hash__ = object.__hash__


Node = Text | OneOf | Sequence | Choice | Repeat | Group | Reference | Look | Atomic | Edge

EMPTY = Sequence(())
"""Matches the empty text."""

ANY = OneOf((), negated=True)
"""Any character: ``.`` with the flag s."""

NEWLINE = 10
NOT_NEWLINE = OneOf(((NEWLINE, NEWLINE),), negated=True)
"""Any character but U+000A: ``.`` without the flag s."""


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Choice):
        return node.options
    if isinstance(node, Repeat | Group | Look | Atomic):
        return (node.child,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in the order of the source."""
    yield node
    for child in children(node):
        yield from walk(child)


def uncased(node: Node) -> Node:
    """The node with letter case ignored everywhere below it."""
    if isinstance(node, Text | OneOf | Reference):
        return replace(node, caseless=True)
    if isinstance(node, Sequence):
        return Sequence(tuple(map(uncased, node.items)))
    if isinstance(node, Choice):
        return Choice(tuple(map(uncased, node.options)))
    return node if isinstance(node, Edge) else replace(node, child=uncased(node.child))


def width(node: Node) -> tuple[int, int | None]:
    """How many characters the node matches at least and at most (None: any number)."""
    if isinstance(node, Text):
        return len(node.text), len(node.text)
    if isinstance(node, OneOf):
        return 1, 1
    if isinstance(node, Edge | Look):
        return 0, 0
    if isinstance(node, Reference):
        return 0, None
    widths = [width(child) for child in children(node)]
    lows, highs = [low for low, _ in widths], [high for _, high in widths if high is not None]
    bounded = len(highs) == len(widths)
    if isinstance(node, Sequence):
        return sum(lows), sum(highs) if bounded else None
    if isinstance(node, Repeat):
        if node.high is None:
            return lows[0] * node.low, 0 if highs == [0] else None
        return lows[0] * node.low, highs[0] * node.high if bounded else None
    return min(lows), max(highs) if bounded else None


def size(node: Node) -> int:
    """How many leaves the node has when every repetition is written out."""
    if isinstance(node, Text):
        return len(node.text)
    below = sum([size(child) for child in children(node)])
    if isinstance(node, Repeat):
        return below * max(node.low, node.high or 1)
    return max(below, 1)
