r"""Reads KQL as Kibana does, and says what it finds: the other side of the Kibana backend's tests.

Written after Kibana's grammar (``grammar.peggy`` of ``kbn-es-query``): the first alternative that
fits is taken, an unquoted value goes on until a special character or an operator between blanks.
What a query finds follows ``kuery/functions/is.ts`` for fields that the data view knows as keyword.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BLANKS = " \t\r\n\xa0"
SPECIAL = '\\():<>"*{}'
TRIMMED = "\t\n\x0b\x0c\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript's ``trim`` takes away."""
STAR = None
"""A wildcard among the characters of a value."""

Value = tuple[str | None, ...]


@dataclass(frozen=True)
class Is:
    """``field: value``; the field is None for a value that stands alone."""

    field: str | None
    value: Value
    quoted: bool


@dataclass(frozen=True)
class Range:
    """``field > value``."""

    field: str
    op: str
    value: str


@dataclass(frozen=True)
class Junction:
    """``and``, ``or`` or ``not`` over its operands."""

    op: str
    operands: tuple[Tree, ...]


Tree = Is | Range | Junction


class KqlError(ValueError):
    """The text is no KQL."""


def parse(text: str) -> Tree:
    """Read a query. Raises KqlError."""
    reader = _Reader(text)
    reader.blanks()
    tree = reader.query()
    reader.blanks()
    if reader.at != len(text):
        raise KqlError(f"stopped at {reader.at}: {text[reader.at :][:30]!r}")
    return tree


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def blanks(self) -> int:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in BLANKS:
            self.at += 1
        return self.at - start

    def take(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def operator(self, word: str, before: bool = True) -> bool:
        """The operator with its blanks, or nothing."""
        start = self.at
        if self._operator(word, before):
            return True
        self.at = start
        return False

    def _operator(self, word: str, before: bool) -> bool:
        if before and not self.blanks():
            return False
        if self.text[self.at : self.at + len(word)].lower() != word:
            return False
        self.at += len(word)
        return self.blanks() > 0

    def query(self) -> Tree:
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word: str, operand: Callable[[], Tree]) -> Tree:
        operands = [operand()]
        while self.operator(word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Junction(word, tuple(operands))

    def negation(self) -> Tree:
        if self.operator("not", before=False):
            return Junction("not", (self.simple(),))
        return self.simple()

    def simple(self) -> Tree:
        if self.take("("):
            self.blanks()
            tree = self.query()
            self.closing()
            return tree
        return self.expression()

    def closing(self) -> None:
        self.blanks()
        if not self.take(")"):
            raise KqlError(f"no ) at {self.at}: {self.text[self.at :][:30]!r}")

    def expression(self) -> Tree:
        start = self.at
        value, quoted = self.literal()
        end = self.at
        self.blanks()
        for op in ("<=", ">=", "<", ">"):
            if self.take(op):
                self.blanks()
                return Range(_whole(value), op, _whole(self.literal()[0]))
        if self.take(":"):
            self.blanks()
            return self.values(_whole(value))
        self.at = end
        if start == end:
            raise KqlError(f"no value at {start}: {self.text[start:][:30]!r}")
        return Is(None, value, quoted)

    def values(self, field: str) -> Tree:
        """A value, or a list of values in parentheses."""
        if not self.take("("):
            return Is(field, *self.literal())
        self.blanks()
        tree = self.joined("or", lambda: self.joined("and", lambda: self.listed(field)))
        self.closing()
        return tree

    def listed(self, field: str) -> Tree:
        if self.operator("not", before=False):
            return Junction("not", (self.values(field),))
        return self.values(field)

    def literal(self) -> tuple[Value, bool]:
        if self.take('"'):
            return self.quoted(), True
        characters: list[str | None] = []
        while (found := self.unquoted()) is not None:
            characters.append(found[0])
        if not characters:
            raise KqlError(f"no value at {self.at}: {self.text[self.at :][:30]!r}")
        while characters and characters[0] is not STAR and characters[0] in TRIMMED:
            del characters[0]
        while characters and characters[-1] is not STAR and characters[-1] in TRIMMED:
            del characters[-1]
        return tuple(characters), False

    def escape(self) -> str | None:
        for written, meant in (("\\t", "\t"), ("\\r", "\r"), ("\\n", "\n")):
            if self.take(written):
                return meant
        if found := re.compile(r"\\u([0-9a-fA-F]{4})").match(self.text, self.at):
            self.at = found.end()
            return chr(int(found[1], 16))
        return None

    def quoted(self) -> Value:
        characters: list[str] = []
        while not self.take('"'):
            if (meant := self.escape()) is not None:
                characters.append(meant)
                continue
            if self.text.startswith(("\\\\", '\\"'), self.at):
                self.at += 1
            if self.at >= len(self.text):
                raise KqlError("a quoted value has no end")
            characters.append(self.text[self.at])
            self.at += 1
        return tuple(characters)

    def unquoted(self) -> tuple[str | None] | None:
        if (meant := self.escape()) is not None:
            return (meant,)
        rest = self.text[self.at : self.at + 4]
        if rest[:1] == "\\":
            if rest[1:2] and rest[1] in SPECIAL:
                self.at += 2
                return (rest[1],)
            for word in ("or", "and", "not"):
                if rest[1:].lower().startswith(word):
                    self.at += 1 + len(word)
                    return (rest[1 : 1 + len(word)],)
            return None
        if rest[:1] == "*":
            self.at += 1
            return (STAR,)
        if not rest or rest[0] in SPECIAL or self.keyword():
            return None
        self.at += 1
        return (rest[0],)

    def keyword(self) -> bool:
        """Whether an operator begins here."""
        start = self.at
        found = self.operator("or") or self.operator("and") or self.operator("not", before=False)
        self.at = start
        return found


def _whole(value: Value) -> str:
    if STAR in value:
        raise KqlError("a wildcard where a name or number belongs")
    return "".join([character for character in value if character is not STAR])


# --- what a query finds -------------------------------------------------------------------------------


def finds(tree: Tree, event: Mapping[str, object]) -> bool:
    """Whether the query finds the event, each of whose fields is a keyword, a number or missing."""
    if isinstance(tree, Junction):
        found = [finds(operand, event) for operand in tree.operands]
        return not found[0] if tree.op == "not" else all(found) if tree.op == "and" else any(found)
    value = event.get(tree.field) if tree.field is not None else None
    if isinstance(tree, Range):
        return isinstance(value, int | float) and _COMPARE[tree.op](float(value), float(tree.value))
    if value is None:
        return False
    if not tree.quoted and STAR in tree.value:
        pattern = "".join([".*" if character is STAR else re.escape(character) for character in tree.value])
        return re.fullmatch(pattern, _text(value), re.DOTALL) is not None
    return _text(value) == _whole(tree.value)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
