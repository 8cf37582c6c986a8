r"""Texts that wildcard patterns match, and texts that nearly do.

A pattern without its outer ``*`` is a :class:`Piece`: what must stand in a text, and whether it
stands at the start or the end of it. The pieces of several patterns are put together to one text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple
from unicodedata import normalize

from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern, Token, fold


class Piece(NamedTuple):
    """What must stand in a text; ``start``, ``end``: with nothing before it, after it."""

    tokens: tuple[Token, ...]
    start: bool = False
    end: bool = False


def piece(given: Pattern) -> Piece:
    """A pattern as a piece."""
    tokens = given.tokens
    start, end = tokens[0] is not MANY, tokens[-1] is not MANY
    return Piece(tokens[not start : len(tokens) - (not end)], start, end)


def written(tokens: Sequence[Token], many: str = "x", one: str = "x", dash: str = "-") -> str:
    """The tokens with these texts for the wildcards."""
    texts = [token if isinstance(token, str) else {MANY: many, ONE: one, DASH: dash}[token] for token in tokens]
    return "".join(texts)


def joined(pieces: Sequence[Piece], fill: str, *, backwards: bool = False) -> str:
    """One text for several pieces, as far as the pieces alone tell.

    ``fill`` stands where they ask for nothing. What is in the rest of the text is not repeated.
    """
    one = fill[:1] or "x"
    whole = next((each.tokens for each in pieces if each.start and each.end), None)
    head = max((written(each.tokens, fill, one) for each in pieces if each.start and not each.end), key=len, default="")
    tail = max((written(each.tokens, fill, one) for each in pieces if each.end and not each.start), key=len, default="")
    inner = [written(each.tokens, fill, one) for each in pieces if not each.start and not each.end]
    ends = (head, tail) if whole is None else (written(whole, fill, one),)
    rest = _apart(inner, ends)
    if backwards:
        rest.reverse()
    return fill.join([head, *rest, tail]) if whole is None else written(whole, fill.join(rest) or fill, one)


def _apart(texts: Sequence[str], ends: Sequence[str]) -> list[str]:
    """The texts, in their order, without those that another one or an end contains."""
    if len(texts) == 1 and not any(ends):
        return list(texts)
    kept = "\0".join(map(fold, ends))
    found: dict[str, str] = {}
    for text in sorted(texts, key=len, reverse=True):
        folded = fold(text)
        if folded not in kept:
            kept += f"\0{folded}"
            found[text] = text
    return [text for text in dict.fromkeys(texts) if text in found]


# --- near misses ------------------------------------------------------------------------------------


class Sight(NamedTuple):
    """A text, and the part of it that a pattern asks for."""

    text: str
    core: str
    tokens: tuple[Token, ...] = ()

    def with_core(self, core: str) -> str:
        """The text with another part in its place."""
        return self.text.replace(self.core, core, 1) if self.core else self.text + core


def _cases(sight: Sight) -> Iterable[str]:
    text, core = sight.text, sight.core
    ends = core[:1].swapcase() + core[1:], core[:-1] + core[-1:].swapcase()
    return *map(sight.with_core, (core.swapcase(), *ends)), text.upper(), text.lower(), text.swapcase()


def _before(sight: Sight) -> Iterable[str]:
    return "x" + sight.text, "\n" + sight.text, " " + sight.text, "\\" + sight.text, '"' + sight.text


def _after(sight: Sight) -> Iterable[str]:
    return sight.text + "x", sight.text + "\n", sight.text + " ", sight.text + "\\", sight.text + '"', sight.text + "*"


def _bare(sight: Sight) -> Iterable[str]:
    core = sight.core
    return core, f" {core} ", f"x\n{core}\nx", core * 2, f"*{core}?"


def _inside(sight: Sight) -> Iterable[str]:
    core, middle = sight.core, len(sight.core) // 2
    return [sight.with_core(core[:middle] + each + core[middle:]) for each in ("x", "\n", " ", "*")]


def _cut(sight: Sight) -> Iterator[str]:
    text, core, tokens = sight.text, sight.core, sight.tokens
    texts = [index for index, token in enumerate(tokens) if isinstance(token, str) and token][:4]
    if len(texts) < 2:
        yield from (sight.with_core(core[:-1]), sight.with_core(core[1:]))
    for index in texts if len(texts) > 1 else ():
        token = str(tokens[index])
        for each in (token[1:], token[:-1]):
            yield sight.with_core(written((*tokens[:index], each, *tokens[index + 1 :])))
    yield from (text[:-1], text[1:], core[: len(core) // 2])


def _stars(sight: Sight) -> Iterator[str]:
    """Other characters where the pattern has a literal ``*`` or ``?``."""
    for sign in "*?":
        if sign in sight.core:
            for each in ("x", "xy", "", "\\" + sign):
                yield sight.with_core(sight.core.replace(sign, each))


_ODD = ".\"'|/()[]{}^$+-:;,&<>=~#@!% `\n\t"
"""Signs that some language reads as more than themselves, the worst first."""


def _odd(sight: Sight) -> Iterator[str]:
    """Signs that languages read as more than themselves, and backslashes: changed, doubled, dropped."""
    core = sight.core
    found = [sign for sign in _ODD if sign in core][:6]
    changed = [sight.with_core(core.replace(sign, "x")) for sign in found]
    yield from changed[:1]
    if "\\" in core:
        for each in ("\\\\", "", "/", "x"):
            yield sight.with_core(core.replace("\\", each))
            yield from changed[1:2]
            del changed[1:2]
    yield from changed[1:]
    for change in (lambda sign: sign * 2, lambda sign: "", lambda sign: "\\" + sign):
        yield from [sight.with_core(core.replace(sign, change(sign))) for sign in found]


_MANY = ("", "\n", "a\nb", " ", "*", "\u00e9\U0001f600", "x" * 300)
_ONE = ("\n", "", "xy", "?", "\u00e9", "\U0001f600", "*", "\\")
_DASH = (*DASHES[1:], "", "--", "\u2010", "_")


def _wild(sight: Sight) -> Iterator[str]:
    """Other texts for the wildcards."""
    tokens = sight.tokens
    ways: list[Iterator[str]] = []
    if MANY in tokens:
        ways.append(sight.with_core(written(tokens, many=each)) for each in _MANY)
    if ONE in tokens:
        ways.append(sight.with_core(written(tokens, one=each)) for each in _ONE)
    if DASH in tokens:
        ways.append(map(sight.with_core, _dashes(tokens)))
    return (text for row in zip_longest(*ways) for text in row if text is not None)


def _dashes(tokens: Sequence[Token]) -> Iterator[str]:
    """The tokens with one dash at a time another one, or none at all."""
    places = [index for index, token in enumerate(tokens) if token is DASH]
    for number, each in enumerate([*["x"] * len(places), *_DASH]):
        place = places[number % len(places)]
        yield written((*tokens[:place], each, *tokens[place + 1 :]))


_LOOK_ALIKE = {
    "k": "\u212a", "s": "\u017f", "i": "\u0131", "I": "\u0130", "K": "\u212a", "S": "\u017f", "a": "\u0430",
    "e": "\u0435", "o": "\u043e", "c": "\u0441", "A": "\u0410", "E": "\u0415", "p": "\u0440", "x": "\u0445",
}  # fmt: skip
"""Letters that some foldings take for an ASCII letter, and Cyrillic ones that look like one."""


def _foreign(sight: Sight) -> Iterator[str]:
    """Letters beyond ASCII in the place of ASCII ones, and the other way round."""
    core = sight.core
    if "ss" in core:
        yield sight.with_core(core.replace("ss", "\u00df", 1))
    for letter in [each for each in _LOOK_ALIKE if each in core][:4]:
        yield sight.with_core(core.replace(letter, _LOOK_ALIKE[letter], 1))
    if not core.isascii():
        apart = normalize("NFD", core)
        yield sight.with_core("".join([each for each in apart if each.isascii()]))
        yield sight.with_core(apart)
        yield sight.with_core("".join([each.lower() if each.isascii() else each.swapcase() for each in core]))
        yield sight.text.casefold()


KINDS: tuple[Callable[[Sight], Iterable[str]], ...] = (
    _stars,
    _wild,
    _before,
    _after,
    _odd,
    _inside,
    _cut,
    _bare,
    _foreign,
    _cases,
)
"""The ways to change a text a little."""


def near(sights: Sequence[Sight], start: int = 0) -> Iterator[str]:
    """Texts that are nearly the given ones, a kind of change after the other, each on another text.

    ``start``: the kind to begin with.
    """
    kinds = KINDS[start % len(KINDS) :] + KINDS[: start % len(KINDS)]
    rows = [
        [kind(sights[(index + shift) % len(sights)]) for index, kind in enumerate(kinds)]
        for shift in range(len(sights))
    ]
    return (text for row in _diagonal([zip_longest(*row) for row in rows]) for text in row if text is not None)


def _diagonal(rows: Sequence[Iterator[Any]]) -> Iterator[Any]:
    """Items of all rows: a new row is begun for each second item of the ones before it."""
    ended: set[int] = set()
    turn = 0
    while len(ended) < len(rows):
        for number, row in enumerate(rows[: turn + 1]):
            if (turn - number) % 2 == 0 and number not in ended:
                item = next(row, None)
                if item is None:
                    ended.add(number)
                else:
                    yield item
        turn += 1
