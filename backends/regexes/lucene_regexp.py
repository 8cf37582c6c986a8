r"""Lucene's regular expressions, which query_string, Query DSL, EQL and ES|QL share.

Sources: Elastic docs, "Regular expression syntax"; Lucene's javadoc of ``RegExp`` (versions 8 to 10).

- The expression is the whole value: a search has ``.*`` on both sides, and ``^`` and ``$`` are text.
- ``.`` is any character, newlines included. There is no escape for a control character, so that an
  expression may hold real ones: the rule's ``.`` is ``[^`` newline ``]``.
- ``\d \w \s`` came with Lucene 9, and ``\s`` is narrower there; they are written out.
- ``" # & < > @ ~`` are operators beside the usual ones. A backslash makes any character that is no
  letter or digit text, in a class too; but a range must not begin with one (``[\&-+]`` is none).
- There is no case-insensitive mode but that of ``regex~`` and ``case_insensitive``, which folds
  ASCII letters and leaves classes as they are.
"""

from __future__ import annotations

from backends.regexes.edges import ALL, closing, opening, pieces, united
from backends.regexes.effort import too_complex
from backends.regexes.escapes import LUCENE, LUCENE_BEYOND_ASCII, LUCENE_BOTH, LUCENE_MEMBER, Escapes
from backends.regexes.lacks import Lacks
from backends.regexes.plain import (
    ANYTHING,
    FIRST,
    LAST,
    caseless,
    choice,
    nullable,
    optional,
    plain,
    repeat,
    sequence,
)
from transpiler.regex import Regex
from transpiler.regex.letters import LAST_CODE, complement, members
from transpiler.regex.printer import Printer
from transpiler.regex.tree import EMPTY, Choice, Node, OneOf, Range, Repeat, Sequence, Text, size

MAX_SIZE = 10_000
"""Characters with every repetition written out; Elasticsearch refuses to determinize more."""

MAX_LENGTH = 1000
"""A longer expression is refused for its length (``index.max_regex_length``); the caller says so."""

_TOO_COMPLEX = "room for repetitions so long and so alike"

MIN_LONG = 20
"""From how many repetitions on a row of one class is sought from where it begins."""


def printed(regex: Regex, *, fold: bool, engine_folds: bool) -> str:
    """What :func:`backends.regexes.lucene` does."""
    tree = plain(regex.tree)
    found: list[Node] = []
    for before, whole, after in pieces(caseless(tree) if fold else tree):
        short = _shorter(whole, LAST) if after == ALL else whole
        short = _sought(short, after) if before == ALL else sequence(opening(before, ANYTHING, EMPTY), short)
        found.append(sequence(short, closing(after, ANYTHING, EMPTY)))
    tree = united(found)
    if size(tree) > MAX_SIZE:
        raise Lacks(_TOO_COMPLEX)
    text = _Lucene(LUCENE_BEYOND_ASCII if engine_folds else LUCENE_BOTH).part(tree)
    if len(text) <= MAX_LENGTH and too_complex(tree):
        raise Lacks(_TOO_COMPLEX)
    return text


def _sought(node: Node, after: int) -> Node:
    """The node somewhere in the text.

    A long row of one class is taken from where the row begins: ``(.*[^0-9])?[0-9]{50,}x`` for
    ``[0-9]{50}x``. To seek it from everywhere would be too complex for Lucene.
    """
    head, *tail = node.items if isinstance(node, Sequence) and node.items else (node,)
    if isinstance(head, Repeat) and isinstance(head.child, OneOf) and head.low >= MIN_LONG:
        others = OneOf(complement(members(head.child)))
        row = head if after == ALL and not tail else Repeat(head.child, head.low, None)
        return sequence(optional(sequence(ANYTHING, others)) if others.items else EMPTY, row, *tail)
    return sequence(ANYTHING, _shorter(node, FIRST))


def _shorter(node: Node, side: int) -> Node:
    """The node beside ``.*`` without what ``.*`` takes as well: ``a+b?`` before it is ``a``."""
    if nullable(node):
        return EMPTY
    if isinstance(node, Sequence):
        items = list(node.items)
        while nullable(items[side]):
            items.pop(side)
        items[side] = _shorter(items[side], side)
        return sequence(*items)
    if isinstance(node, Choice):
        return choice([_shorter(option, side) for option in node.options])
    if isinstance(node, Repeat):
        return _shorter(node.child, side) if node.low == 1 else repeat(node.child, node.low, node.low)
    return node


class _Lucene(Printer):
    OPEN = "("

    def __init__(self, caseless: Escapes) -> None:
        self.caseless = caseless

    def text(self, node: Text) -> str:
        return (self.caseless if node.caseless else LUCENE).of(node.text)

    def one_of(self, node: OneOf) -> str:
        ranges = members(node)
        if not ranges:
            raise Lacks("class that holds no character")
        if ranges == ((0, LAST_CODE),):
            return "."
        if ranges[-1][1] == LAST_CODE:
            return f"[^{_class(complement(ranges))}]"
        first, last = ranges[0]
        return LUCENE[chr(first)] if first == last and len(ranges) == 1 else f"[{_class(ranges)}]"

    def repeat(self, node: Repeat) -> str:
        return super().repeat(Repeat(node.child, node.low, node.high))


def _class(ranges: tuple[Range, ...]) -> str:
    return "".join([_range(first, last) for first, last in ranges])


def _range(first: int, last: int) -> str:
    if last - first < 2:  # two neighbours are shorter without a hyphen
        return "".join([LUCENE_MEMBER[chr(code)] for code in range(first, last + 1)])
    if LUCENE_MEMBER[chr(first)] != chr(first):
        return LUCENE_MEMBER[chr(first)] + _range(first + 1, last)
    return f"{chr(first)}-{LUCENE_MEMBER[chr(last)]}"
