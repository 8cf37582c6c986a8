"""How much work Lucene has with an expression: it makes a deterministic automaton, or gives up.

Source: Lucene, ``Operations.determinize``: the effort is the number of states of the automaton without
memory, added up over the states of the deterministic one; above ten times the work limit (10,000,
which Elasticsearch calls ``max_determinized_states``) the query is an error. Lucene's states and
those of Glushkov's construction here are nearly the same, hence the small margin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from transpiler.regex.letters import members
from transpiler.regex.tree import Choice, Node, OneOf, Repeat, Text, children

MAX_EFFORT = 75_000
"""Lucene's limit is 100,000."""


@lru_cache(maxsize=1024)
def too_complex(tree: Node) -> bool:
    """Whether Lucene may refuse a plain tree without edges."""
    positions = _Positions()
    _, first, _ = positions.add(tree)
    positions.link(1, first)
    classes, after = positions.classes(), positions.after()
    effort, seen, found = 0, {0, 1}, [1]
    known: set[int] = set()  # many sets reach the same positions, and part into the same sets
    while found:
        reached = after(found.pop())
        if reached in known:
            continue
        known.add(reached)
        new = {reached & matching for matching in classes} - seen
        if new:
            seen |= new
            # The largest set next: it leads to other large ones, and much work is known for it soon.
            found += sorted(new, key=int.bit_count)
            # Counted when found, not when its turn comes: what waits will be work all the same.
            effort += sum(map(int.bit_count, new))
            if effort >= MAX_EFFORT:
                return True
    return False


class _Positions:
    """Every leaf of the tree with repetitions written out; sets of them are the bits of a number."""

    def __init__(self) -> None:
        self.follow = {1: 0}
        """Position -> those that may follow it; 1 is the beginning."""
        self.leaves: dict[OneOf, int] = {}

    def leaf(self, node: OneOf) -> int:
        position = 1 << len(self.follow)
        self.follow[position] = 0
        self.leaves[node] = self.leaves.get(node, 0) | position
        return position

    def after(self) -> Callable[[int], int]:
        """A function that gives the positions which follow any of those in a set.

        Nearly every position is followed by the next one, which a shift finds for all of them at once, and
        many share what else follows them.
        """
        straight = 0
        others: dict[int, int] = {}
        for position, follow in self.follow.items():
            if follow & (position << 1):
                straight |= position
            rest = follow & ~(position << 1)
            if rest:
                others[rest] = others.get(rest, 0) | position
        turns = list(others.items())

        def after(states: int) -> int:
            reached = (states & straight) << 1
            for rest, positions in turns:
                if states & positions:
                    reached |= rest
            return reached

        return after

    def link(self, last: int, first: int) -> None:
        while last:
            lowest = last & -last
            self.follow[lowest] |= first
            last ^= lowest

    def add(self, node: Node) -> tuple[bool, int, int]:
        """Whether the node may be empty, and the positions it begins and ends with."""
        if isinstance(node, OneOf):
            bit = self.leaf(node)
            return False, bit, bit
        if isinstance(node, Text):
            return self.row([OneOf(((ord(each), ord(each)),), caseless=node.caseless) for each in node.text])
        if isinstance(node, Repeat):
            return self.repeated(node)
        if isinstance(node, Choice):
            parts = [self.add(option) for option in node.options]
            first = last = 0
            for _, begins, ends in parts:
                first, last = first | begins, last | ends
            return any(part[0] for part in parts), first, last
        return self.row(children(node))

    def row(self, nodes: list[OneOf] | tuple[Node, ...]) -> tuple[bool, int, int]:
        nullable, first, last = True, 0, 0
        for node in nodes:
            empty, begins, ends = self.add(node)
            self.link(last, begins)
            first = first | begins if nullable else first
            last = last | ends if empty else ends
            nullable = nullable and empty
        return nullable, first, last

    def repeated(self, node: Repeat) -> tuple[bool, int, int]:
        if node.high is None and node.low:
            return self.row((Repeat(node.child, node.low, node.low), Repeat(node.child, 0, None)))
        if node.high is None:
            _, first, last = self.add(node.child)
            self.link(last, first)
            return True, first, last
        first = last = previous = 0
        required = True
        for count in range(node.high):
            empty, begins, ends = self.add(node.child)
            self.link(previous, begins)
            first = first if count else begins
            previous = previous | ends if empty else ends
            last = previous if count < node.low else last | previous
            required = required and not empty
        return node.low == 0 or not required, first, last

    def classes(self) -> list[int]:
        """For each kind of character that the leaves tell apart, the positions that match it."""
        turns: dict[int, int] = {}
        """Where positions begin or cease to match, as the code rises."""
        for node, bits in self.leaves.items():
            for first, last in members(node):
                turns[first] = turns.get(first, 0) ^ bits
                turns[last + 1] = turns.get(last + 1, 0) ^ bits
        matching, found = 0, set()
        for code in sorted(turns):
            matching ^= turns[code]
            found.add(matching)
        return sorted(found - {0})
