"""Texts in which a regular expression is found, and texts in which it nearly is.

A text is written from the expression's tree. Which option, character and count is taken follows
from a number, so that other numbers give other texts. Nothing here decides whether the expression
is found: look-around, edges and references are written as well as one can, and the caller asks.
"""

from __future__ import annotations

from collections.abc import Iterator

from transpiler.regex import Regex, to_python
from transpiler.regex.letters import LAST_CODE, members
from transpiler.regex.tree import (
    Atomic,
    Choice,
    Edge,
    Group,
    Look,
    Node,
    OneOf,
    Range,
    Reference,
    Repeat,
    Sequence,
    Text,
    walk,
)

_LONGEST = 20_000
"""Characters of a text; a writer stops there."""

_MOST = 8
"""How many texts are tried for one expression."""


_SURROGATES: Range = (0xD800, 0xDFFF)


class _TooLong(Exception):
    """The text is longer than any that helps."""


class _Writer:
    """Writes one text. ``twist``: the number of the part to get wrong, counted as they are written."""

    def __init__(self, number: int, fill: str = "", twist: int = -1) -> None:
        self.number = number
        self.fill = fill
        self.twist = twist
        self.parts = 0
        self.size = 0
        self.groups: dict[int, str] = {}

    def write(self, node: Node) -> str:
        """The text of a node. Raises _TooLong."""
        text = self._write(node)
        self.size += len(text) if not isinstance(node, (Sequence, Choice, Group, Atomic, Repeat)) else 1
        if self.size > _LONGEST:
            raise _TooLong
        return text

    def _write(self, node: Node) -> str:
        if isinstance(node, Text):
            return self._text(node.text)
        if isinstance(node, OneOf):
            return self._one_of(node)
        if isinstance(node, Sequence):
            return "".join([self.write(item) for item in node.items])
        if isinstance(node, Choice):
            return self.write(node.options[self.number % len(node.options)])
        if isinstance(node, Repeat):
            return self._repeat(node)
        if isinstance(node, Group):
            text = self.write(node.child)
            self.groups[node.number] = text
            return text
        if isinstance(node, Reference):
            return self._text(self.groups.get(node.number, ""))
        if isinstance(node, Look):
            return self.write(node.child) if self._wrong() is node.negated else ""
        if isinstance(node, Edge):
            return "x" if self._wrong() else ""
        assert isinstance(node, Atomic)
        return self.write(node.child)

    def _wrong(self) -> bool:
        """Whether the part that is written now is the one to get wrong."""
        self.parts += 1
        return self.parts - 1 == self.twist

    def _text(self, text: str) -> str:
        if self._wrong():
            return (text[:-1], text.swapcase(), text + "x", text[:-1] + "\n")[self.number % 4]
        return text

    def _one_of(self, node: OneOf) -> str:
        ranges = members(node)
        if self._wrong() or not ranges:
            others = [code for low, high in ranges for code in (low - 1, high + 1) if 0 <= code <= LAST_CODE]
            outside = [code for code in others if not _inside(code, ranges) and not _inside(code, (_SURROGATES,))]
            return chr(outside[self.number % len(outside)]) if outside else "\n"
        for usual in "xX7 a"[self.number % 5] + "xa7 ":
            if _inside(ord(usual), ranges):
                return usual
        return chr(_decent(*ranges[self.number % len(ranges)]))

    def _repeat(self, node: Repeat) -> str:
        high = node.low + 2 if node.high is None else node.high
        if self._wrong():
            count = node.low - 1 if self.number % 2 == 0 and node.low else high + 1
        elif self.fill and node.high is None and isinstance(node.child, OneOf) and _holds(node.child, self.fill):
            text, self.fill = self.fill, ""
            return text
        else:
            count = (max(node.low, min(1, high)), node.low, min(node.low + 2, high))[self.number % 3]
        return "".join([self.write(node.child) for _ in range(count)])


def _decent(low: int, high: int) -> int:
    """A character of a range, one that can be seen if there is one; halves of surrogate pairs are none."""
    code = low if low > 32 or high <= 32 else 33
    return code if not _inside(code, (_SURROGATES,)) else min(_SURROGATES[1] + 1, high)


def _inside(code: int, ranges: tuple[Range, ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _holds(node: OneOf, text: str) -> bool:
    ranges = members(node)
    return all(_inside(ord(each), ranges) for each in text)


def _texts(regex: Regex, numbers: range, fill: str = "", twists: bool = False) -> Iterator[str]:
    seen: set[str] = set()
    for number in numbers:
        writer = _Writer(number, fill, number if twists else -1)
        try:
            text = writer.write(regex.tree)
        except _TooLong:
            continue
        if twists and writer.parts <= number:
            return
        if text not in seen:
            seen.add(text)
            yield text


def samples(regex: Regex, fill: str = "") -> list[str]:
    """Texts in which the expression is found, some of them; ``fill`` stands for a ``.*`` where it can."""
    search = to_python(regex).search
    found = [text for text in _texts(regex, range(_MOST), fill) if search(text)]
    if found:
        return found
    framed = [before + text + after for text in _texts(regex, range(_MOST), fill) for before, after in _FRAMES]
    return [text for text in framed if search(text)]


_FRAMES = (("", "x"), (" ", " "), ("x", ""), ("x", "x"), ("", " x"), ("x ", ""), ("\n", "\n"), ("7", "7"))
"""What may have to stand around a text for edges and look-around to hold."""


def twisted(regex: Regex, most: int = 24) -> Iterator[str]:
    """Texts with one part of the expression wrong, one part after the other."""
    yield from _texts(regex, range(most), twists=True)


def is_slow(regex: Regex) -> bool:
    """Whether a repetition stands in a repetition, so that a text in which it is not found may take long."""
    repeated = [node for node in walk(regex.tree) if isinstance(node, Repeat) and node.high != node.low]
    return any(isinstance(below, Repeat | Choice) for node in repeated for below in walk(node.child))
