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
from backends.regexes.plain import (
    ANYTHING,
    FIRST,
    LAST,
    Escapes,
    Lacks,
    caseless,
    choice,
    nullable,
    optional,
    plain,
    repeat,
    sequence,
)
from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern, Token
from transpiler.regex import Regex
from transpiler.regex.letters import LAST_CODE, cases, complement, members
from transpiler.regex.printer import Printer
from transpiler.regex.tree import EMPTY, Choice, Node, OneOf, Range, Repeat, Sequence, Text, size

MAX_SIZE = 10_000
"""Characters with every repetition written out; Elasticsearch refuses to determinize more."""

MAX_LENGTH = 1000
"""A longer expression is refused for its length (``index.max_regex_length``); the caller says so."""

_TOO_COMPLEX = "room for repetitions so long and so alike"

MIN_LONG = 20
"""From how many repetitions on a row of one class is sought from where it begins."""

_OPERATORS = frozenset('.?+*|{}[]()"\\#@&<>~/')
_OPERATORS_IN_CLASS = _OPERATORS | frozenset("^-")


def _exact(character: str) -> str:
    return f"\\{character}" if character in _OPERATORS else character


def _both(character: str) -> str:
    letters = cases(character)
    return f"[{letters}]" if len(letters) > 1 else _exact(character)


def _both_beyond_ascii(character: str) -> str:
    return _exact(character) if character.isascii() else _both(character)


_EXACT, _BOTH, _BOTH_BEYOND_ASCII = Escapes(_exact), Escapes(_both), Escapes(_both_beyond_ascii)


def _member(code: int) -> str:
    character = chr(code)
    return f"\\{character}" if character in _OPERATORS_IN_CLASS else character


_AROUND = {"equals": ("", ""), "startswith": ("", ".*"), "endswith": (".*", ""), "contains": (".*", ".*")}
_WILDCARDS: dict[Token, str] = {MANY: ".*", ONE: ".", DASH: f"[{''.join([_member(ord(dash)) for dash in DASHES])}]"}


def lucene_pattern(pattern: Pattern, *, fold: bool) -> str:
    """A wildcard pattern as an expression; ``fold`` spells each letter in all its cases (``[pP]``)."""
    table = _BOTH if fold else _EXACT
    around = _AROUND.get(pattern.kind)
    if around is not None:
        return f"{around[0]}{pattern.text.translate(table)}{around[1]}"
    tokens = pattern.tokens
    return "".join([token.translate(table) if isinstance(token, str) else _WILDCARDS[token] for token in tokens])


def lucene(regex: Regex, *, fold: bool = False, engine_folds: bool = False) -> str:
    """The expression that a whole value matches where ``regex`` finds something in it.

    Parts that ignore letter case are spelled in both cases (``[pP]``, ``[A-Za-z]``); ``fold`` does so
    for every part. ``engine_folds``: the engine ignores the case of ASCII letters by itself, and only
    classes and other letters are spelled. A slash is escaped: query_string needs that, all take it.

    Raises Lacks.
    """
    tree = plain(regex.tree)
    found: list[Node] = []
    for before, whole, after in pieces(caseless(tree) if fold else tree):
        short = _shorter(whole, LAST) if after == ALL else whole
        short = _sought(short, after) if before == ALL else sequence(opening(before, ANYTHING, EMPTY), short)
        found.append(sequence(short, closing(after, ANYTHING, EMPTY)))
    tree = united(found)
    if size(tree) > MAX_SIZE:
        raise Lacks(_TOO_COMPLEX)
    printed = _Lucene(_BOTH_BEYOND_ASCII if engine_folds else _BOTH).part(tree)
    if len(printed) <= MAX_LENGTH and too_complex(tree):
        raise Lacks(_TOO_COMPLEX)
    return printed


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
        return node.text.translate(self.caseless if node.caseless else _EXACT)

    def one_of(self, node: OneOf) -> str:
        ranges = members(node)
        if not ranges:
            raise Lacks("class that holds no character")
        if ranges == ((0, LAST_CODE),):
            return "."
        if ranges[-1][1] == LAST_CODE:
            return f"[^{_class(complement(ranges))}]"
        first, last = ranges[0]
        return _exact(chr(first)) if first == last and len(ranges) == 1 else f"[{_class(ranges)}]"

    def repeat(self, node: Repeat) -> str:
        return super().repeat(Repeat(node.child, node.low, node.high))


def _class(ranges: tuple[Range, ...]) -> str:
    return "".join([_range(first, last) for first, last in ranges])


def _range(first: int, last: int) -> str:
    if last - first < 2:  # two neighbours are shorter without a hyphen
        return "".join([_member(code) for code in range(first, last + 1)])
    if chr(first) in _OPERATORS_IN_CLASS:
        return _member(first) + _range(first + 1, last)
    return f"{_member(first)}-{_member(last)}"
