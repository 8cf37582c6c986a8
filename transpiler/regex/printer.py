"""The walk that every dialect shares: who stands in parentheses, and how often a part repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from transpiler.regex.tree import (
    Atomic,
    Choice,
    Edge,
    Group,
    Look,
    Node,
    OneOf,
    Reference,
    Repeat,
    Sequence,
    Text,
)

METHODS: dict[type[Node], str] = {
    Text: "text",
    OneOf: "one_of",
    Sequence: "sequence",
    Choice: "choice",
    Repeat: "repeat",
    Group: "group",
    Reference: "reference",
    Look: "look",
    Atomic: "atomic",
    Edge: "edge",
}
"""The method that prints each kind of node."""

_CLOSED = OneOf | Group | Reference | Look | Atomic
_COUNTS = {(0, None): "*", (1, None): "+", (0, 1): "?"}
_MODES = {"greedy": "", "lazy": "?", "possessive": "+"}


class Printer:
    """Prints a tree. A dialect adds a method of METHODS for each other kind of node it may meet."""

    OPEN: ClassVar[str] = "(?:"
    """Opens a group that only holds together."""

    _table: ClassVar[dict[type[Node], Callable[..., str]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        methods = [(kind, getattr(cls, name, None)) for kind, name in METHODS.items()]
        cls._table = {kind: method for kind, method in methods if method is not None}

    def show(self, node: Node) -> str:
        """The node where nothing stands beside it."""
        return self._table[type(node)](self, node)

    def part(self, node: Node) -> str:
        """The node as a part of a sequence."""
        return f"{self.OPEN}{self.show(node)})" if isinstance(node, Choice) else self.show(node)

    def single(self, node: Node) -> str:
        """The node as what a quantifier repeats."""
        one = len(node.text) == 1 if isinstance(node, Text) else isinstance(node, _CLOSED)
        return self.show(node) if one else f"{self.OPEN}{self.show(node)})"

    def sequence(self, node: Sequence) -> str:
        """The items, choices in parentheses."""
        return "".join([self.part(item) for item in node.items])

    def choice(self, node: Choice) -> str:
        """The options between bars."""
        return "|".join([self.show(option) for option in node.options])

    def repeat(self, node: Repeat) -> str:
        """The child and its quantifier."""
        count = _COUNTS.get((node.low, node.high))
        if count is None:
            high = "" if node.high == node.low else "," if node.high is None else f",{node.high}"
            count = f"{{{node.low}{high}}}"
        return f"{self.single(node.child)}{count}{_MODES[node.mode]}"

    def atomic(self, node: Atomic) -> str:
        """The child in an atomic group."""
        return f"(?>{self.show(node.child)})"
