r"""Lucene's regular expressions, which EQL's ``regex`` and ES|QL's ``RLIKE`` take, as Python's.

Source: the javadoc of Lucene's ``RegExp``, versions 9.12 (Elasticsearch 8.19) and 10.5; every row of
tests/engines/test_lucene_regex.py was tried on both.

- The expression is the whole value, and ``.`` is any character, line breaks included.
- ``^`` and ``$`` are text. ``#`` matches nothing, ``@`` any text, ``"..."`` is text as it stands,
  ``<1-9>`` a decimal number (with leading zeros unless both ends are equally long).
- A quantifier may follow another: ``a+?`` is ``(a+)?``, and nothing is lazy or possessive.
- A backslash before a letter that names no class is an error.
- Without case, ASCII letters and single letters of a class meet both cases, ranges do not.
- ``&`` and ``~`` (intersection, complement) are not read here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, NoReturn

from transpiler.engine import CannotRun

MAX_LENGTH = 1000
"""``index.max_regex_length``: a longer expression is refused by the server ("Regexp query")."""

MOST_NUMBERS = 2000
"""A larger ``<1-9>`` is not written out."""

PREDEFINED = {
    "d": "0-9",
    "w": "0-9A-Z_a-z",
    "s": r"\t\n\r ",
}
r"""``\d \w \s``: ASCII alone, and narrower than Perl's."""


class _Part(NamedTuple):
    """A piece of a Python expression.

    ``width`` is the length of what it matches, if that is fixed; ``single``: it binds like one character.
    """

    text: str
    width: int | None
    single: bool = False


_ANY = _Part(".", 1, True)
_ANYTHING = _Part(".*", None)
_NOTHING = _Part("(?!)", 0, True)
_EMPTY = _Part("(?:)", 0, True)


@lru_cache(maxsize=4096)
def lucene(expression: str, *, fold: bool = False) -> re.Pattern[str]:
    """The expression for ``fullmatch``; with ``fold`` it ignores the case of ASCII letters.

    Raises CannotRun for what the server refuses and for what is not read here.
    """
    if len(expression) > MAX_LENGTH:
        raise CannotRun(f"the server refuses a regular expression of {len(expression)} characters")
    try:
        flags = re.DOTALL | (re.IGNORECASE | re.ASCII if fold else re.NOFLAG)
        return re.compile(_Reader(expression, fold).whole(), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise CannotRun(f"cannot read the regular expression {expression[:60]!r}: {error}") from None


class _Reader:
    """Recursive descent over Lucene's grammar, one method a rule."""

    def __init__(self, text: str, fold: bool) -> None:
        self.source = text
        self.fold = fold
        self.at = 0

    def whole(self) -> str:
        if not self.source:
            return ""
        found = self.union()
        if self.at < len(self.source):
            self.refuse("end expected")
        return found.text

    def refuse(self, why: str) -> NoReturn:
        raise CannotRun(f"the server refuses the regular expression {self.source[:60]!r}: {why} at {self.at}")

    @property
    def ahead(self) -> str:
        """The next character; empty at the end."""
        return self.source[self.at : self.at + 1]

    def met(self, character: str) -> bool:
        if self.ahead != character:
            return False
        self.at += 1
        return True

    def union(self) -> _Part:
        options = [self.concatenation()]
        while self.met("|"):
            options.append(self.concatenation())
        if len(options) == 1:
            return options[0]
        widths = {option.width for option in options}
        return _Part("|".join([option.text for option in options]), widths.pop() if len(widths) == 1 else None)

    def concatenation(self) -> _Part:
        parts = [self.repetition()]
        while self.ahead not in ("", ")", "|", "&"):
            parts.append(self.repetition())
        if self.ahead == "&":
            raise CannotRun("cannot read: an intersection in a regular expression")
        return _joined(parts) if len(parts) > 1 else parts[0]

    def repetition(self) -> _Part:
        part = self.simple()
        while self.ahead in ("?", "*", "+", "{") and self.ahead:
            sign = self.ahead
            self.at += 1
            if sign == "{":
                sign = self.counts()
            inner = part.text if part.single else f"(?:{part.text})"
            part = _ANYTHING if (inner, sign) == (".", "*") else _Part(inner + sign, _repeated(part.width, sign))
        return part

    def counts(self) -> str:
        """``n}``, ``n,}`` or ``n,m}``."""
        found = re.compile(r"([0-9]+)(?:(,)([0-9]*))?\}").match(self.source, self.at)
        if found is None:
            self.refuse("a count of repetitions expected")
        low, comma, high = found.groups()
        if high and int(high) < int(low):
            self.refuse("a range out of order")
        self.at = found.end()
        return f"{{{low}{comma or ''}{high or ''}}}"

    def simple(self) -> _Part:
        sign = self.ahead
        if sign == "~":
            raise CannotRun("cannot read: a complement in a regular expression")
        if sign in _SIGNS and sign:
            self.at += 1
            return _SIGNS[sign]
        if sign == "[":
            return self.character_class()
        if sign == '"':
            return self.quoted()
        if sign == "(":
            return self.group()
        if sign == "<":
            return self.interval()
        named = self.predefined()
        return _Part(f"[{named}]", 1, True) if named else _Part(re.escape(self.character()), 1, True)

    def group(self) -> _Part:
        self.at += 1
        if self.met(")"):
            return _EMPTY
        found = self.union()
        if not self.met(")"):
            self.refuse("`)` expected")
        return _Part(f"(?:{found.text})", found.width, True)

    def quoted(self) -> _Part:
        end = self.source.find('"', self.at + 1)
        if end < 0:
            self.refuse('`"` expected')
        text = self.source[self.at + 1 : end]
        self.at = end + 1
        return _Part(f"(?:{re.escape(text)})", len(text), True)

    def interval(self) -> _Part:
        """``<low-high>``: a decimal number, padded with zeros if both ends are equally long."""
        found = re.compile(r"<([0-9]+)-([0-9]+)>").match(self.source, self.at)
        if found is None:
            self.refuse("no interval")
        self.at = found.end()
        digits = len(found[1]) if len(found[1]) == len(found[2]) else 0
        low, high = sorted([int(found[1]), int(found[2])])
        if high - low >= MOST_NUMBERS:
            raise CannotRun("cannot read: so large an interval in a regular expression")
        numbers = "|".join([str(number).zfill(digits) for number in range(high, low - 1, -1)])
        return _Part(f"(?:{'' if digits else '0*'}(?:{numbers}))", digits or None, True)

    def predefined(self) -> str:
        r"""What ``\d`` and the like stand for inside brackets; empty if none is ahead."""
        letter = self.source[self.at + 1 : self.at + 2] if self.ahead == "\\" else ""
        if letter.lower() not in PREDEFINED:
            return ""
        self.at += 2
        members = PREDEFINED[letter.lower()]
        return members if letter.islower() else _COMPLEMENTS[letter]

    def character(self) -> str:
        """One character, escaped or not."""
        if self.met("\\") and self.ahead.isascii() and self.ahead.isalpha():
            self.refuse("no such class of characters")
        if not self.ahead:
            self.refuse("a character expected")
        self.at += 1
        return self.source[self.at - 1]

    def character_class(self) -> _Part:
        self.at += 1
        negated = self.met("^")
        members = [self.member()]  # the first is taken whatever it is, a bracket too
        while self.ahead not in ("", "]"):
            members.append(self.member())
        if not self.met("]"):
            self.refuse("`]` expected")
        text = f"[{'^' if negated else ''}{''.join(members)}]"
        return _Part(f"(?-i:{text})" if self.fold else text, 1, True)

    def member(self) -> str:
        if named := self.predefined():
            return named
        first = self.character()
        if not self.met("-"):
            if self.fold and first.isascii() and first.isalpha():
                return first.lower() + first.upper()
            return _member(first)
        last = self.character()
        if last < first:
            self.refuse("a range out of order")
        return f"{_member(first)}-{_member(last)}"


_SIGNS = {".": _ANY, "#": _NOTHING, "@": _ANYTHING}

_COMPLEMENTS = {
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-^`{-\U0010ffff",
    "S": r"\x00-\x08\x0b\x0c\x0e-\x1f!-\U0010ffff",
}


def _member(character: str) -> str:
    """A character as it stands in a class."""
    return f"\\{character}" if character in r"\]^-[&~|" else character


def _repeated(width: int | None, sign: str) -> int | None:
    """The fixed length of a repetition, if it has one."""
    count = sign[1:-1]
    return width * int(count) if width is not None and sign[0] == "{" and count.isdigit() else None


def _joined(parts: list[_Part]) -> _Part:
    """Parts one after another (a union among them stands in a group of its own).

    Between two ``.*`` the leftmost occurrence of a piece of fixed length is as good as any, so each
    is an atomic group: that takes time in proportion to the text, not to its power.
    """
    pieces: list[list[_Part]] = [[]]
    for part in parts:
        if part is _ANYTHING:
            pieces.append([])
        else:
            pieces[-1].append(part)
    texts = ["".join([part.text for part in piece]) for piece in pieces]
    widths = [part.width for part in parts]
    total = None if None in widths else sum(width for width in widths if width is not None)
    if len(texts) == 1:
        return _Part(texts[0], total)
    first, *middle, last = texts
    written = [
        f"(?>.*?{text})" if all(part.width is not None for part in piece) else f".*{text}"
        for text, piece in zip(middle, pieces[1:-1], strict=True)
    ]
    return _Part(f"{first}{''.join(written)}.*{last}", None)
