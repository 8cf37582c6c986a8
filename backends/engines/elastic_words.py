"""The words of Elastic's own languages: strings, numbers, names, and a reader of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, NoReturn, TypeVar

from transpiler.engine import CannotRun

RAW = r"\"\"\"[^\r\n]*?\"\"\"\"?\"?"
r"""A raw string ends at three quotes and up to two more; there are no escapes in it ("Strings")."""

COMMENT = r"//[^\r\n]*|/\*(?s:.*?)\*/"


class Word(NamedTuple):
    """One word: ``kind`` is the name of the group in the grammar that matched it."""

    kind: str
    text: str


END = Word("end", "")


def words(grammar: re.Pattern[str], text: str) -> Iterator[Word]:
    """The words of a text, and END. Raises CannotRun for what is none.

    ``grammar`` has one named group a kind; ``blank`` is left out.
    """
    at = 0
    while at < len(text):
        found = grammar.match(text, at)
        if found is None:
            raise CannotRun(f"cannot read: no word at {text[at : at + 20]!r}")
        at = found.end()
        if found.lastgroup != "blank":
            yield Word(str(found.lastgroup), found.group())
    yield END


_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")


def name_of(word: str) -> str:
    """The field that a name means: its parts without their back-quotes ("Escape a field name")."""
    return ".".join([(quoted or plain).replace("``", "`") for quoted, plain in _PART.findall(word)])


def unescape(text: str, letters: Mapping[str, str]) -> str:
    r"""A string's content without its escapes: ``\n`` and the like by ``letters``, ``\u{..}``, ``\"``."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else letters.get(found[2], found[2]), text)


_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", re.DOTALL)


def number_of(text: str) -> int | float:
    """A number; one with a point or an exponent is a fraction."""
    return float(text) if re.search("[.eE]", text) else int(text)


Part = TypeVar("Part")


class Reader:
    """What a recursive descent needs: the word ahead, and taking it."""

    def __init__(self, found: Iterator[Word]) -> None:
        self._words = list(found)
        self._at = 0

    @property
    def ahead(self) -> Word:
        return self._words[self._at]

    @property
    def after(self) -> Word:
        """The word behind the one ahead."""
        return self._words[min(self._at + 1, len(self._words) - 1)]

    def take(self) -> Word:
        """The word ahead, which is passed."""
        word = self._words[self._at]
        if word is END:
            raise CannotRun("cannot read: the query ends too early")
        self._at += 1
        return word

    def met(self, *texts: str) -> bool:
        """Whether the word ahead is one of these; it is passed if it is."""
        if self.ahead.text not in texts or self.ahead.kind not in ("operator", "word"):
            return False
        self._at += 1
        return True

    def need(self, text: str) -> None:
        """Pass this word. Raises CannotRun if another is ahead."""
        if not self.met(text):
            self.refuse(f"`{text}` expected")

    def row(self, part: Callable[[], Part], between: str) -> tuple[Part, ...]:
        """One part or more, with a word between each two."""
        found = [part()]
        while self.met(between):
            found.append(part())
        return tuple(found)

    def listed(self, part: Callable[[], Part]) -> tuple[Part, ...]:
        """A list in parentheses. Raises CannotRun."""
        self.need("(")
        found = self.row(part, ",")
        self.need(")")
        return found

    def refuse(self, why: str) -> NoReturn:
        """Raises CannotRun."""
        raise CannotRun(f"cannot read: {why} before {self.ahead.text[:40]!r}")
