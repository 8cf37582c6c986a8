r"""Reads the regular expressions of rules: PCRE without what no rule needs.

Source: pcre2pattern(3). Taken: characters and escapes, classes with ranges and ``[:names:]``,
groups (numbered, named, without number, atomic), alternation, quantifiers (greedy, lazy,
possessive), anchors, ``\b``, look-around, back-references, comments, the flags i, m and s for all
of the expression or a part. Everything else is refused by name.

Stricter than PCRE where two engines read the same characters in two ways: ``{,3}``, ``{2, 3}``,
letters that are no escape. ``\uHHHH`` is taken beside ``\x{HHHH}``.
"""

from __future__ import annotations

import re
from typing import NoReturn

from transpiler.regex.expression import Regex, RegexError
from transpiler.regex.letters import LAST_CODE, NAMED, POSIX, complement
from transpiler.regex.tree import (
    ANY,
    EMPTY,
    NOT_NEWLINE,
    Atomic,
    Choice,
    Edge,
    Group,
    Item,
    Look,
    Mode,
    Node,
    OneOf,
    Range,
    Reference,
    Repeat,
    Sequence,
    Text,
    walk,
    width,
)

MAX_LENGTH = 10_000
"""Characters of an expression, at most."""

MAX_DEPTH = 50
"""How deep groups may be nested."""

MAX_REPEAT = 65_535
"""The highest count in braces, PCRE's own limit."""

_LEADING_FLAGS = re.compile(r"\(\?([ims]+)\)")
_FLAGS = re.compile(r"\(\?([ims]*)(?:-([ims]+))?([:)])")
_NAMED_GROUP = re.compile(r"\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')", re.ASCII)
_NAMED_REFERENCE = re.compile(r"\(\?P=(\w+)\)|\\k(?:<(\w+)>|'(\w+)'|\{(\w+)\})|\\g\{([A-Za-z_]\w*)\}", re.ASCII)
_NUMBERED_REFERENCE = re.compile(r"\\g(?:\{(-?\d+)\}|(-?\d+))|\\([1-9]\d*)", re.ASCII)
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_BRACES = re.compile(r"\{(\d+)(?:(,)(\d*))?\}", re.ASCII)
_UNCLEAR_BRACES = re.compile(r"\{(?: *\d+ *(?:, *\d* *)?| *, *\d+ *)\}", re.ASCII)
_CODE = re.compile(r"\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4}))")
_OCTAL = re.compile(r"\\0([0-7]{0,2})")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")

_LOOKS = {"(?=": (True, False), "(?!": (True, True), "(?<=": (False, False), "(?<!": (False, True)}
"""How look-around opens: whether it looks ahead, and whether it is negated."""

_REFUSED = (
    ("(?R", "recursion"),
    ("(?0", "recursion"),
    ("(?&", "a subroutine call"),
    ("(?P>", "a subroutine call"),
    ("(?+", "a subroutine call"),
    ("(?|", "a branch-reset group"),
    ("(?(", "a conditional group"),
    ("(?C", "a call-out"),
    ("(?x", "the flag x"),
    ("(*", "a control verb"),
)
"""What PCRE has and the subset has not."""

_EDGES = {"b": Edge.WORD, "B": Edge.NOT_WORD, "A": Edge.TEXT_START, "z": Edge.TEXT_END, "Z": Edge.LAST_LINE_END}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_BLANKS: dict[str, tuple[Range, ...]] = {
    "h": ((9, 9), (32, 32), (160, 160), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200A), (0x202F, 0x202F),
          (0x205F, 0x205F), (0x3000, 0x3000)),
    "v": ((10, 13), (0x85, 0x85), (0x2028, 0x2029)),
}  # fmt: skip
r"""What ``\h`` and ``\v`` hold: horizontal and vertical white space."""

_MODES: dict[str, Mode] = {"?": "lazy", "+": "possessive"}


def read(source: str, flags: str) -> Regex:
    """What :func:`transpiler.regex.parse` does."""
    if len(source) > MAX_LENGTH:
        raise RegexError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    if unknown := set(flags) - set("ims"):
        raise RegexError(f"unknown flag {min(unknown)!r}", 0)
    start = 0
    while leading := _LEADING_FLAGS.match(source, start):
        flags += leading[1]
        start = leading.end()
    return Regex(source, "i" in flags, "m" in flags, "s" in flags, _Parser(source, start, frozenset(flags)).whole())


class _Parser:
    """One pass from left to right; ``at`` is the next character."""

    def __init__(self, source: str, at: int, flags: frozenset[str]) -> None:
        self.source = source
        self.at = at
        self.flags = flags
        self.depth = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self.closed: set[int] = set()

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise RegexError(message, self.at if at is None else at)

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def take(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def taken(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.source, self.at)
        if found:
            self.at = found.end()
        return found

    # --- alternation, sequence, quantifier ---------------------------------------------------

    def whole(self) -> Node:
        tree = self.choice()
        if self.peek() == ")":
            self.fail("a closing parenthesis without an opening one")
        return tree

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.source) and self.peek() not in "|)":
            start = self.at
            item = self.quantified(self.atom(), start)
            last = items[-1] if items else None
            if isinstance(item, Text) and isinstance(last, Text) and item.caseless == last.caseless:
                items[-1] = Text(last.text + item.text, item.caseless)
            elif isinstance(item, Sequence):
                items.extend(item.items)
            else:
                items.append(item)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def quantified(self, item: Node, start: int) -> Node:
        counts = self.counts()
        if counts is None:
            return item
        if item is EMPTY or (isinstance(item, Edge) and self.source[start] != "("):
            self.fail("nothing to repeat", start)
        low, high = counts
        mode: Mode = _MODES.get(self.peek(), "greedy")
        if mode != "greedy":
            self.at += 1
        end = self.at
        if self.counts() is not None:
            self.fail("a quantifier after a quantifier", end)
        return item if low == high == 1 and mode == "greedy" else Repeat(item, low, high, mode)

    def counts(self) -> tuple[int, int | None] | None:
        """The lowest and highest count of the quantifier that stands here, if one does."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return counts
        start = self.at
        braces = self.taken(_BRACES)
        if braces is None:
            if _UNCLEAR_BRACES.match(self.source, self.at):
                self.fail("braces that some engines take for a quantifier and some for text")
            return None
        low = int(braces[1])
        high = low if braces[2] is None else int(braces[3]) if braces[3] else None
        if max(low, high or 0) > MAX_REPEAT:
            self.fail(f"a count above {MAX_REPEAT}", start)
        if high is not None and low > high:
            self.fail("a range of counts that ends before it begins", start)
        return low, high

    def atom(self) -> Node:
        start, character = self.at, self.peek()
        if character == "(":
            return self.group()
        if character == "[":
            return self.one_of()
        if character == "\\":
            return self.escape()
        if character in "*+?{" and self.counts() is not None:
            self.fail("nothing to repeat", start)
        self.at += 1
        if character == ".":
            return ANY if "s" in self.flags else NOT_NEWLINE
        if character == "^":
            return Edge.LINE_START if "m" in self.flags else Edge.TEXT_START
        if character == "$":
            return Edge.LINE_END if "m" in self.flags else Edge.LAST_LINE_END
        return self.text(character)

    def text(self, character: str) -> Text:
        return Text(character, "i" in self.flags)

    # --- groups --------------------------------------------------------------------------------

    def group(self) -> Node:
        start, flags = self.at, self.flags
        if self.taken(_COMMENT):
            return EMPTY
        if reference := self.reference():
            return reference
        if changed := self.taken(_FLAGS):
            self.flags = (flags | set(changed[1])) - set(changed[2] or "")
            return EMPTY if changed[3] == ")" else self.body(start, flags)
        if self.take("(?>"):
            return Atomic(self.body(start, flags))
        for opening, look in _LOOKS.items():
            if self.take(opening):
                return self.look(start, *look)
        return self.numbered(start)

    def numbered(self, start: int) -> Node:
        name = self.taken(_NAMED_GROUP)
        if name is None:
            for opening, what in _REFUSED:
                if self.source.startswith(opening, self.at):
                    self.fail(f"{what}, which rules cannot use")
            if self.source.startswith("(?", self.at):
                self.fail("a group of unknown kind")
            self.at += 1
        self.groups += 1
        number = self.groups
        if name is not None and self.names.setdefault(name[1] or name[2], number) != number:
            self.fail("a second group of this name", start)
        child = self.body(start, self.flags)
        self.closed.add(number)
        return Group(child, number)

    def look(self, start: int, ahead: bool, negated: bool) -> Node:
        child = self.body(start, self.flags)
        if not ahead:
            for branch in child.options if isinstance(child, Choice) else (child,):
                low, high = width(branch)
                if low != high or any(isinstance(node, Reference) for node in walk(branch)):
                    self.fail("a look-behind whose length is not fixed", start)
        return Look(child, ahead, negated)

    def body(self, start: int, flags: frozenset[str]) -> Node:
        """What is in a group, up to its closing parenthesis; flags set inside end there."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"groups nested more than {MAX_DEPTH} deep", start)
        child = self.choice()
        if not self.take(")"):
            self.fail("a group that is not closed", start)
        self.depth -= 1
        self.flags = flags
        return child

    def reference(self) -> Reference | None:
        start = self.at
        if found := self.taken(_NAMED_REFERENCE):
            number = self.names.get(next(filter(None, found.groups())), 0)
        elif found := self.taken(_NUMBERED_REFERENCE):
            number = int(next(filter(None, found.groups())))
            number = self.groups + 1 + number if number < 0 else number
        else:
            return None
        if number not in self.closed:
            self.fail("a reference to a group that does not end before it", start)
        return Reference(number, "i" in self.flags)

    # --- escapes and classes ---------------------------------------------------------------------

    def escape(self) -> Node:
        if reference := self.reference():
            return reference
        letter = self.source[self.at + 1 : self.at + 2]
        if letter in _EDGES:
            self.at += 2
            return _EDGES[letter]
        if letter == "N":
            self.at += 2
            return NOT_NEWLINE
        item = self.escaped()
        if isinstance(item, int):
            return self.text(chr(item))
        if isinstance(item, str):
            return OneOf((item.lower(),), negated=item.isupper())
        return OneOf(item)

    def escaped(self) -> int | str | tuple[Range, ...]:
        """An escape that stands for a character (its code), a letter of NAMED, or ranges."""
        start = self.at
        if code := self.taken(_CODE):
            number = int(code[1] or code[2] or code[3], 16)
            if number > LAST_CODE or 0xD800 <= number <= 0xDFFF:
                self.fail("a code that is no character", start)
            return number
        if octal := self.taken(_OCTAL):
            return int(octal[1] or "0", 8)
        self.at += 2
        letter = self.source[start + 1 : start + 2]
        if letter.lower() in NAMED:
            return letter
        if letter.lower() in _BLANKS:
            ranges = _BLANKS[letter.lower()]
            return ranges if letter.islower() else complement(ranges)
        if letter in _CONTROLS:
            return ord(_CONTROLS[letter])
        if not letter:
            self.fail("a backslash at the end", start)
        if letter.isascii() and letter.isalnum():
            self.fail(f"\\{letter}, which is no escape of the subset", start)
        return ord(letter)

    def one_of(self) -> Node:
        start = self.at
        self.at += 1
        negated = self.take("^")
        items: list[Item] = []
        first = True
        while first or self.peek() != "]":
            if self.at >= len(self.source):
                self.fail("a class that is not closed", start)
            items.extend(self.member(start))
            first = False
        self.at += 1
        return OneOf(tuple(items), negated, "i" in self.flags)

    def member(self, start: int) -> tuple[Item, ...]:
        """One item of a class: a character, a range, or a set of ranges."""
        if posix := self.taken(_POSIX):
            if posix[2] not in POSIX:
                self.fail(f"no class is called [:{posix[2]}:]", posix.start())
            ranges = POSIX[posix[2]]
            return complement(ranges) if posix[1] else ranges
        at = self.at
        first = self.class_character()
        if isinstance(first, str):
            return (first,)
        if isinstance(first, tuple):
            return first
        if self.peek() != "-" or self.source[self.at + 1 : self.at + 2] in ("]", "") or self.no_range():
            return ((first, first),)
        self.at += 1
        last = self.class_character()
        if not isinstance(last, int) or last < first:
            self.fail("a range that ends before it begins", at)
        return ((first, last),)

    def no_range(self) -> bool:
        r"""Whether the hyphen here is text: what follows it is a set such as ``\d``."""
        following = self.source[self.at + 1 : self.at + 3]
        return following == "[:" or (following[0] == "\\" and following[1:].lower() in ("d", "w", "s", "h", "v"))

    def class_character(self) -> int | str | tuple[Range, ...]:
        if self.peek() != "\\":
            self.at += 1
            return ord(self.source[self.at - 1])
        if self.take(r"\b"):
            return ord("\b")
        return self.escaped()
