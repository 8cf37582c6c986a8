r"""Anchors and word boundaries for engines that lack them, or mean something else by them.

An expression becomes pieces. A piece has no anchor left; instead it says what may stand before the
first and after the last character it matches. ``\bfoo$`` is one piece, ``foo``: before it stands no
word character, after it the text ends or its last newline follows. ``^a|b`` is two.

Everything is exact: where two parts meet, the part on one side is narrowed to the texts that end,
or begin, as the other side asks. Where that has no end (a boundary in a repetition without end that
begins in several ways), the expression is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import groupby
from typing import NamedTuple

from backends.regexes.lacks import Lacks
from backends.regexes.plain import FIRST, LAST, choice, nullable, optional, outer, repeat, sequence
from transpiler.regex.letters import NAMED, complement, intersection, joined
from transpiler.regex.tree import (
    ANY,
    EMPTY,
    NEWLINE,
    Choice,
    Edge,
    Node,
    OneOf,
    Range,
    Repeat,
    Sequence,
    Text,
    children,
    size,
    walk,
)

# What stands beside a place: a word character, a newline before the last character, the newline
# that is the last character, any other character, or the end of the text.
WORD, INNER_NEWLINE, LAST_NEWLINE, OTHER, END = 1, 2, 4, 8, 16
NEWLINES = INNER_NEWLINE | LAST_NEWLINE
CHARACTERS = WORD | NEWLINES | OTHER
ALL = CHARACTERS | END

_RANGES: tuple[tuple[int, tuple[Range, ...]], ...] = (
    (WORD, NAMED["w"]),
    (NEWLINES, ((NEWLINE, NEWLINE),)),
    (OTHER, complement(joined([*NAMED["w"], (NEWLINE, NEWLINE)]))),
)

MAX_UNROLLED = 8
"""How often a part with an anchor in it may be written out."""

MAX_EDGES = 256
"""How many anchors and word boundaries an expression may have."""

MAX_PIECES = 64
"""How many pieces, or choices in a piece, they may make of it."""

MAX_SIZE = 10_000
"""How many characters the pieces may have with every repetition written out."""

_TOO_MANY = "short form for so many anchors"


class Piece(NamedTuple):
    """Texts of ``node`` that stand between such neighbours."""

    before: int
    node: Node
    after: int


_NOTHING = Piece(ALL, EMPTY, ALL)

_EDGES: dict[Edge, tuple[Piece, ...]] = {
    Edge.TEXT_START: (Piece(END, EMPTY, ALL),),
    Edge.LINE_START: (Piece(END, EMPTY, ALL), Piece(NEWLINES, EMPTY, CHARACTERS)),
    Edge.TEXT_END: (Piece(ALL, EMPTY, END),),
    Edge.LAST_LINE_END: (Piece(ALL, EMPTY, LAST_NEWLINE | END),),
    Edge.LINE_END: (Piece(ALL, EMPTY, NEWLINES | END),),
    Edge.WORD: (Piece(WORD, EMPTY, ALL & ~WORD), Piece(ALL & ~WORD, EMPTY, WORD)),
    Edge.NOT_WORD: (Piece(WORD, EMPTY, WORD), Piece(ALL & ~WORD, EMPTY, ALL & ~WORD)),
}


def pieces(tree: Node) -> list[Piece]:
    """The pieces of a plain tree, no two with the same neighbours.

    Raises Lacks for what has no finite form, and for an expression that matches nothing.
    """
    if sum([isinstance(each, Edge) for each in walk(tree)]) > MAX_EDGES:
        raise Lacks(_TOO_MANY)
    found = _pieces(tree)
    if not found:
        raise Lacks("expression that never matches")
    return found


def opening(before: int, rest: Node, start: Node) -> Node:
    """What stands before a piece: ``rest`` is any text (or nothing, in a search), ``start`` the start."""
    if before == ALL:
        return rest
    if not before & CHARACTERS:
        return start
    character = sequence(rest, _character(before))
    return choice([start, character]) if before & END else character


def closing(after: int, rest: Node, end: Node) -> Node:
    """What stands after a piece."""
    if after == ALL:
        return rest
    options: list[Node] = []
    if after & CHARACTERS & ~LAST_NEWLINE:
        options.append(sequence(_character(after), rest))
    elif after & LAST_NEWLINE:
        newline = Text("\n")
        return sequence(optional(newline) if after & END else newline, end)
    if after & END:
        options.append(end)
    return choice(options)


def united(options: list[Node]) -> Node:
    """One of the options, with what all of them begin and end with written once."""
    rows = [_letters(option) for option in options]
    shortest = min(map(len, rows))
    start = next((at for at in range(shortest) if len({row[at] for row in rows}) > 1), shortest)
    room = shortest - start
    stop = next((at for at in range(room) if len({row[-1 - at] for row in rows}) > 1), room)
    middles = [sequence(*row[start : len(row) - stop]) for row in rows]
    return sequence(*rows[0][:start], choice(middles), *rows[0][len(rows[0]) - stop :])


def _letters(node: Node) -> list[Node]:
    """The parts of a sequence, texts as single characters."""
    parts: list[Node] = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Text):
            parts.extend([Text(character, item.caseless) for character in item.text])
        else:
            parts.append(item)
    return parts


def _character(neighbours: int) -> Node:
    kinds = neighbours & CHARACTERS
    if kinds == CHARACTERS:
        return ANY
    if kinds in (WORD, CHARACTERS & ~WORD):
        return OneOf(("w",), negated=kinds != WORD)
    return Text("\n") if kinds == NEWLINES else OneOf(_ranges(kinds))


def _ranges(kinds: int) -> tuple[Range, ...]:
    return joined([each for kind, ranges in _RANGES if kinds & kind for each in ranges])


def _kinds(ranges: tuple[Range, ...]) -> int:
    return sum([kind for kind, known in _RANGES if intersection(ranges, known)])


# --- a tree's pieces ---------------------------------------------------------------------------------


def _pieces(node: Node) -> list[Piece]:
    if isinstance(node, Edge):
        return list(_EDGES[node])
    if not _has_edge(node):
        return [Piece(ALL, node, ALL)]
    if isinstance(node, Repeat):
        return _repeated(node)
    if isinstance(node, Sequence):
        runs = [list(run) for _, run in groupby(node.items, _has_edge)]
        parts = [part for run in runs for part in (run if _has_edge(run[0]) else [sequence(*run)])]
        return reduce(_meet, [_pieces(part) for part in parts])
    return _merged([piece for child in children(node) for piece in _pieces(child)])


def _has_edge(node: Node) -> bool:
    return any(isinstance(each, Edge) for each in walk(node))


def _merged(found: Iterable[Piece]) -> list[Piece]:
    options: dict[tuple[int, int], list[Node]] = {}
    for piece in found:
        options.setdefault((piece.before, piece.after), []).append(piece.node)
    merged = [Piece(before, choice(nodes), after) for (before, after), nodes in options.items()]
    if len(merged) > MAX_PIECES or sum([size(piece.node) for piece in merged]) > MAX_SIZE:
        raise Lacks(_TOO_MANY)
    return merged


def _meet(left: list[Piece], right: list[Piece]) -> list[Piece]:
    return _merged([piece for one in left for other in right for piece in _joined(one, other)])


def _joined(one: Piece, other: Piece) -> Iterable[Piece]:
    """One piece after the other: each part ends or begins as its neighbour asks."""
    lefts = [(one.before, one.node)] if other.before == ALL else _split(one.node, other.before, LAST, one.before)
    rights = [(other.after, other.node)] if one.after == ALL else _split(other.node, one.after, FIRST, other.after)
    for before, first in lefts:
        for after, second in rights:
            yield Piece(before, sequence(first, second), after)


def _split(node: Node, wanted: int, side: int, beyond: int) -> list[tuple[int, Node]]:
    """A part whose outer character is wanted so, or that is empty: then its other neighbour is."""
    found: list[tuple[int, Node]] = []
    narrowed = narrow(node, wanted, side)
    if narrowed is not None:
        found.append((beyond, narrowed))
    if nullable(node) and beyond & wanted:
        found.append((beyond & wanted, EMPTY))
    return found


def _repeated(node: Repeat) -> list[Piece]:
    child = _pieces(node.child)
    if node.high is not None and node.high <= MAX_UNROLLED:
        tail = [_NOTHING]
        for _ in range(node.high - node.low):
            tail = _merged([_NOTHING, *_meet(child, tail)])
        return reduce(_meet, [*[child] * node.low, tail])
    if len(child) != 1 or nullable(child[0].node):
        raise Lacks("way to repeat an anchor or word boundary without end")
    (piece,) = child
    found = [_NOTHING] if node.low == 0 else []
    if node.low <= 1:
        found.append(piece)
    first, last = narrow(piece.node, piece.before, LAST), narrow(piece.node, piece.after, FIRST)
    if first is not None and last is not None:
        inner = narrow(first, piece.after, FIRST)
        low, high = max(node.low - 2, 0), None if node.high is None else node.high - 2
        if inner is not None or low == 0:
            middle = EMPTY if inner is None else repeat(inner, low, high)
            found.append(Piece(piece.before, sequence(first, middle, last), piece.after))
    return _merged(found)


def narrow(node: Node, wanted: int, side: int) -> Node | None:
    """The texts of a node, the empty one left out, that begin (or end) with a character so wanted.

    None if there are none. Raises Lacks where only the text's last newline is wanted and others fit.
    """
    kinds = _kinds(outer(node, side))
    if not kinds & wanted:
        return None
    if kinds & NEWLINES and wanted & NEWLINES == LAST_NEWLINE:
        raise Lacks("way to say `$` where a newline may follow")
    if kinds & wanted == kinds and not nullable(node):
        return node
    if isinstance(node, OneOf):
        return OneOf(intersection(outer(node, side), _ranges(wanted)))
    if isinstance(node, Choice):
        return choice([found for option in node.options if (found := narrow(option, wanted, side)) is not None])
    if isinstance(node, Repeat):
        outermost = narrow(node.child, wanted, side)
        rest = repeat(node.child, max(node.low - 1, 0), None if node.high is None else node.high - 1, node.mode)
        if outermost is None:
            return None
        return sequence(outermost, rest) if side == FIRST else sequence(rest, outermost)
    return _row(list(children(node)), wanted, side)


def _row(items: list[Node], wanted: int, side: int) -> Node | None:
    """The same for a sequence: its outermost item begins so, or is empty and the next one does."""
    options: list[Node] = []
    while items:
        item = items.pop(side)
        narrowed = narrow(item, wanted, side)
        if narrowed is not None:
            options.append(sequence(narrowed, *items) if side == FIRST else sequence(*items, narrowed))
            if len(options) > MAX_PIECES:
                raise Lacks(_TOO_MANY)
        if not nullable(item):
            break
    return choice(options) if options else None
