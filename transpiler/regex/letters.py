"""Sets of characters as sorted ranges, and what ignoring letter case makes of them.

Two characters are the same letter if :func:`transpiler.pattern.fold` makes them equal: ASCII
letters meet ASCII letters alone, the others follow Unicode's simple lower-casing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from transpiler.pattern import fold

if TYPE_CHECKING:
    from transpiler.regex.tree import Item, OneOf, Range

LAST_CODE = 0x10FFFF
"""The last code point."""

NAMED: dict[str, tuple[Range, ...]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}
r"""What ``\d``, ``\w`` and ``\s`` hold: ASCII alone, as in PCRE without Unicode properties."""

POSIX: dict[str, tuple[Range, ...]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": NAMED["d"],
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": NAMED["s"],
    "upper": ((65, 90),),
    "word": NAMED["w"],
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
"""The classes ``[:name:]``."""

_FAR = {"\u00df": "\u1e9e", "\u00e5": "\u212b", "\u03b8": "\u03f4", "\u03c9": "\u2126"}
"""Lower-case letters with one more capital than upper-casing them gives."""

_BEYOND_ASCII, _LAST_LETTER = 0x80, 0x1E943
"""Where characters that are not ASCII begin, and the last one that has case."""


def joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same characters as sorted ranges with gaps between them."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            if last > result[-1][1]:
                result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return tuple(result)


def complement(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """All other characters; the ranges are sorted."""
    result: list[Range] = []
    start = 0
    for first, last in ranges:
        if start < first:
            result.append((start, first - 1))
        start = last + 1
    if start <= LAST_CODE:
        result.append((start, LAST_CODE))
    return tuple(result)


def intersection(left: Iterable[Range], right: Iterable[Range]) -> tuple[Range, ...]:
    """The characters in both; the ranges are sorted."""
    return complement(joined([*complement(left), *complement(right)]))


@lru_cache(maxsize=1024)
def cases(character: str) -> str:
    """A character in all its cases, lower case first: ``p`` gives ``pP``, ``-`` gives ``-``."""
    base = fold(character)
    found = dict.fromkeys((base, base.upper(), base.title(), _FAR.get(base, ""), character))
    return "".join([other for other in found if len(other) == 1 and fold(other) == base])


@lru_cache(maxsize=1)
def _lettered() -> tuple[list[int], list[tuple[int, ...]]]:
    """Characters beyond ASCII that have several cases, in order, and those cases."""
    characters = map(chr, range(_BEYOND_ASCII, _LAST_LETTER + 1))
    letters = [each for each in characters if each.lower() != each or each.upper() != each]
    return list(map(ord, letters)), [tuple(map(ord, cases(letter))) for letter in letters]


@lru_cache(maxsize=512)
def folded(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """The ranges with every letter in all its cases."""
    result = list(ranges)
    for first, last in ranges:
        for low, high, shift in ((65, 90, 32), (97, 122, -32)):
            if first <= high and last >= low:
                result.append((max(first, low) + shift, min(last, high) + shift))
        if last >= _BEYOND_ASCII and (first > _BEYOND_ASCII or last < _LAST_LETTER):
            codes, letters = _lettered()
            inside = letters[bisect_left(codes, first) : bisect_right(codes, last)]
            others = [code for each in inside for code in each if not first <= code <= last]
            result.extend([(code, code) for code in others])
    return joined(result)


def spelled(items: Iterable[Item]) -> tuple[Range, ...]:
    r"""The items of a class as ranges, ``\d`` and its like written out."""
    result: list[Range] = []
    for item in items:
        if isinstance(item, tuple):
            result.append(item)
        elif item in NAMED:
            result.extend(NAMED[item])
        else:
            result.extend(complement(NAMED[item.lower()]))
    return joined(result)


@lru_cache(maxsize=1024)
def members(node: OneOf) -> tuple[Range, ...]:
    """Every character that the node matches."""
    ranges = spelled(node.items)
    if node.caseless:
        ranges = folded(ranges)
    return complement(ranges) if node.negated else ranges
