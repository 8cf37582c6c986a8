r"""A Sigma string: literal text and wildcards, kept apart as tokens.

Source: Sigma specification 2.1.0, "Wildcards" and "Escaping".

A pattern is parsed from a rule's value once; modifiers add wildcards as tokens, never as text, so
``contains: '\Temp\'`` is the token list ``*``, ``\Temp\``, ``*`` and no escape can be misread later.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import product
from typing import Literal, NamedTuple

DASHES = "-/\u2013\u2014\u2015"
"""The five characters that ``windash`` treats alike: - / en dash, em dash, horizontal bar."""

MAX_VARIANTS = 625
"""How many spellings of one value a target without character classes may list (four dashes)."""


class Wildcard(Enum):
    """A token that stands for characters the rule does not spell out."""

    MANY = "*"  # any run of characters, none and newlines included
    ONE = "?"  # exactly one character
    DASH = "-"  # exactly one of DASHES

    def __repr__(self) -> str:
        return f"Wildcard.{self.name}"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash is Python code


MANY, ONE, DASH = Wildcard.MANY, Wildcard.ONE, Wildcard.DASH

Token = str | Wildcard

Kind = Literal["equals", "startswith", "endswith", "contains", "any", "glob", "dashed"]
"""The shape of a pattern.

``equals`` text, ``startswith`` text*, ``endswith`` *text, ``contains`` *text*, ``any`` only ``*``
(every present value), ``glob`` any other mix of text, ``*`` and ``?``, ``dashed`` holds a DASH.
"""


class Pattern(NamedTuple):
    """One string of a rule.

    ``tokens`` is the whole truth: never two texts or two ``*`` in a row, no empty text except in
    the pattern of the empty string, whose tokens are ``("",)``. ``kind`` and ``text`` are derived
    once, for every backend: ``text`` is the literal of the four simple kinds, else ``""``.
    """

    tokens: tuple[Token, ...]
    kind: Kind
    text: str

    def __str__(self) -> str:
        return "".join(token.value if isinstance(token, Wildcard) else escape(token) for token in self.tokens)


_SHAPES: dict[tuple[object, ...], Kind] = {
    (str,): "equals",
    (str, MANY): "startswith",
    (MANY, str): "endswith",
    (MANY, str, MANY): "contains",
    (MANY,): "any",
}


def pattern(*tokens: Token) -> Pattern:
    """Make a pattern of tokens; neighbouring texts and ``*`` are joined, empty texts dropped."""
    joined: list[Token] = []
    for token in tokens:
        if isinstance(token, str):
            if not token:
                continue
            if joined and isinstance(joined[-1], str):
                joined[-1] += token
                continue
        elif token is MANY and joined and joined[-1] is MANY:
            continue
        joined.append(token)
    if not joined:
        return EMPTY
    shape = tuple([str if isinstance(token, str) else token for token in joined])
    kind = _SHAPES.get(shape)
    if kind is None:
        return Pattern(tuple(joined), "dashed" if DASH in shape else "glob", "")
    return Pattern(tuple(joined), kind, next((t for t in joined if isinstance(t, str)), ""))


EMPTY = Pattern(("",), "equals", "")
"""The pattern of the empty string."""

PRESENT = Pattern((MANY,), "any", "")
"""The pattern that every text matches."""

_ESCAPE = re.compile(r"\\([\\*?])|([*?])")
_WILD: dict[str, Wildcard] = {"*": MANY, "?": ONE}


def surrounded(text: str, before: bool, after: bool) -> Pattern:
    """Read a rule's string and put ``*`` before and/or after it; see :func:`parse`."""
    if text and "*" not in text and "?" not in text and "\\\\" not in text:
        # Nearly every value of a rule. A single backslash is itself before other characters.
        if before:
            return Pattern((MANY, text, MANY), "contains", text) if after else Pattern((MANY, text), "endswith", text)
        return Pattern((text, MANY), "startswith", text) if after else Pattern((text,), "equals", text)
    return surround(parse(text), before, after) if before or after else parse(text)


def parse(text: str) -> Pattern:
    r"""Read a rule's string: ``*`` and ``?`` are wildcards, ``\*`` ``\?`` ``\\`` are literal.

    Any other backslash is itself, so ``\x`` and ``\\x`` are one backslash and an x.
    """
    tokens: list[Token] = []
    end = 0
    for found in _ESCAPE.finditer(text):
        tokens.append(text[end : found.start()])
        literal, wildcard = found.groups()
        tokens.append(literal if literal is not None else _WILD[wildcard])
        end = found.end()
    tokens.append(text[end:])
    return pattern(*tokens)


def literal(text: str) -> Pattern:
    """The pattern that matches exactly this text, whatever characters it holds."""
    return Pattern((text,), "equals", text) if text else EMPTY


def escape(text: str) -> str:
    r"""Write literal text so that :func:`parse` reads it back."""
    return re.sub(r"([*?]|\\(?=[\\*?]|$))", r"\\\1", text) if re.search(r"[\\*?]", text) else text


def surround(given: Pattern, before: bool, after: bool) -> Pattern:
    """Put ``*`` before and/or after a pattern, unless it is there already."""
    return pattern(*((MANY,) if before else ()), *given.tokens, *((MANY,) if after else ()))


def variants(given: Pattern, limit: int = MAX_VARIANTS) -> tuple[Pattern, ...] | None:
    """Every spelling of a dashed pattern, or None when there are more than ``limit``.

    A pattern without dashes is its only spelling. The order is fixed: DASHES from left to right.
    """
    dashes = given.tokens.count(DASH)
    if not dashes:
        return (given,)
    if len(DASHES) ** min(dashes, 40) > limit:
        return None
    choices = [DASHES if token is DASH else (token,) for token in given.tokens]
    return tuple(pattern(*tokens) for tokens in product(*choices))


def fold(text: str) -> str:
    """Text as caseless comparison sees it: one lower-case character for each character.

    ASCII and non-ASCII letters never meet (the Kelvin sign is no k), and no letter changes the
    length of the text, so that ``?`` keeps meaning one character.
    """
    if text.isascii():
        return text.lower()
    return "".join([_fold_character(character) for character in text])


def _fold_character(character: str) -> str:
    lower = character.lower()
    if len(lower) != 1 or lower.isascii() != character.isascii():
        return character
    return lower
