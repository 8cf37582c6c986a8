"""A regular expression as a value, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transpiler.regex.tree import Node


class Regex(NamedTuple):
    """A regular expression of a rule; equal to another if tree and flags are, however it was written.

    The flags are those of the whole expression, a leading ``(?i)`` included; the tree says what
    they mean for each part.
    """

    source: str
    ignore_case: bool
    multiline: bool
    dot_all: bool
    tree: Node

    def __eq__(self, other: object) -> bool:
        return self[1:] == other[1:] if isinstance(other, Regex) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[1:])


class RegexError(ValueError):
    """The expression does not parse or uses what the subset does not have.

    ``message`` is a phrase about the character at ``offset``, counted from 0 in the source.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (character {offset + 1} of the expression)")
        self.message = message
        self.offset = offset
