"""Finds an event that satisfies several demands at once.

A demand is a node and whether it must hold. Operators are taken apart into demands on leaves; where
there is a choice, the options are tried in turn. Every leaf's demand is put to the values found so
far, and a field whose value fails is given another: first one made of all that is asked of it, then
any. What is found is checked with the reference evaluator, so that no step need be right, only likely.

The search is bounded: it may miss an event, and never gives one that does not satisfy the demands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from transpiler import ast, evaluate
from transpiler.ast import Field, Node
from transpiler.witness import expressions
from transpiler.witness.leaves import Values, candidates, dates, pieces
from transpiler.witness.texts import Piece, joined
from transpiler.witness.values import LONGEST, MISSING, Value, fills, fitted, neutral

TRIES = 120
"""How many values a field is tried with."""

STEPS = 4_000
"""How many demands are looked at, and values held to them, in one search, choices taken back included."""


class Demand(NamedTuple):
    """A node that must hold, or must not; ``first``: the alternative of a leaf to begin with."""

    node: Node
    want: bool
    first: int = 0


Needs = dict[str, tuple[Demand, ...]]
"""What is asked of each field: demands on leaves."""


class Found(NamedTuple):
    """An event's values, and what is asked of each field."""

    values: dict[str, Value]
    needs: Needs


class _State:
    """What is decided at one point of the search."""

    __slots__ = ("choices", "needs", "values")

    def __init__(self, values: dict[str, Value], needs: Needs, choices: tuple[Any, ...]) -> None:
        self.values = values
        self.needs = needs
        self.choices = choices  # demands that leave a choice, a linked list: (demand, rest) or ()

    def copy(self) -> _State:
        return _State(self.values.copy(), self.needs.copy(), self.choices)


class Search:
    """Searches for events of one tree.

    Keywords are put in the first of the ``carriers``, or one in each where they do not go together.
    """

    def __init__(self, fields: Mapping[str, Field], carriers: Sequence[str]) -> None:
        self.fields = fields
        self.carrier = carriers[0]
        self.carriers = [each for each in carriers if each not in fields]
        self._tests: dict[int, evaluate.Predicate] = {}
        self._kept: list[Node] = []
        self._samples: dict[tuple[int, str], list[str]] = {}
        self.steps = 0
        """How many steps are left in this search; below 0 it ends, without a result."""

    def test(self, node: Node) -> evaluate.Predicate:
        """The node, compiled once."""
        found = self._tests.get(id(node))
        if found is None:
            found = self._tests[id(node)] = evaluate.compile(node)
            self._kept.append(node)  # so that no other node gets its id
        return found

    def holds(self, demand: Demand, values: Values) -> bool:
        """Whether the values are as the demand wants them."""
        return self.test(demand.node)(values) is demand.want

    # --- the search ---------------------------------------------------------------------------------

    def find(self, demands: Sequence[Demand], steps: int = STEPS) -> Found | None:
        """Values that satisfy all the demands, or None if none are found in so many steps."""
        self.steps = steps
        state = _State({}, {}, ())
        back: list[tuple[_State, Iterator[Demand]]] = []
        pending = list(reversed(demands))
        while self.steps > 0:
            fine = self._settle(state, self._take_apart(state, pending))
            if fine and not state.choices:
                if all(self.holds(each, state.values) for each in demands):
                    return Found(state.values, state.needs)
                fine = False
            if fine:
                chosen, state.choices = state.choices
                back.append((state, self._options(chosen, state.values)))
            while back:
                before, options = back[-1]
                option = next(options, None)
                if option is not None:
                    state, pending = before.copy(), [option]
                    break
                back.pop()
            else:
                return None
        return None

    def _take_apart(self, state: _State, pending: list[Demand]) -> Iterable[str]:
        """Put demands on leaves among the needs, and those with a choice aside; gives the fields concerned."""
        added: dict[str, list[Demand]] = {}
        nowhere: list[Demand] = []
        while pending:
            demand = pending.pop()
            self.steps -= 1
            node, want, first = demand
            if isinstance(node, ast.Not):
                pending.append(Demand(node.child, not want, first))
            elif isinstance(node, ast.And | ast.Or):
                if isinstance(node, ast.And) is want or len(node.children) == 1:
                    pending += [Demand(child, want, first) for child in reversed(node.children)]
                else:
                    state.choices = (demand, state.choices)
            else:
                for name in self.names(node):
                    added.setdefault(name, []).append(demand)
                if not want and isinstance(node, ast.Keyword | ast.KeywordRegex):
                    nowhere.append(demand)
        for name, demands in added.items():
            state.needs[name] = state.needs.get(name, ()) + tuple(demands)
        for name in self.fields if nowhere else ():
            state.needs[name] = state.needs.get(name, ()) + tuple(nowhere)
            if name in state.values:
                added.setdefault(name, [])
        return added

    def names(self, leaf: Any) -> tuple[str, ...]:
        """The fields whose values a leaf asks about, what is asked of it last."""
        if isinstance(leaf, ast.Keyword | ast.KeywordRegex):
            return (self.carrier,)
        if isinstance(leaf, ast.FieldRef):
            return leaf.other.name, leaf.field.name
        return (leaf.field.name,)

    def _options(self, demand: Demand, values: Values) -> Iterator[Demand]:
        """The children of a choice: those that are right already, then those about what is not decided yet."""
        node, want, first = demand
        children = node.children  # type: ignore[union-attr]
        size = len(children)
        turned = [children[(first + index) % size] for index in range(size)]
        undecided = [child for child in turned if self.test(child)(values) is not want]
        settled = [child for child in turned if self.test(child)(values) is want] if len(undecided) < size else []
        yield from [Demand(child, want) for child in (*settled, *undecided)]

    # --- values for fields ----------------------------------------------------------------------------

    def _settle(self, state: _State, dirty: Iterable[str]) -> bool:
        """Give each of the fields a value that it needs; whether all could be."""
        for name in dirty:
            if self._settled(state, name) or self.give(state.values, state.needs, name):
                continue
            if not (self._one_each(state) if name == self.carrier else self._by_other(state, name)):
                return False
        return True

    def _settled(self, state: _State, name: str) -> bool:
        """Whether a field's value is right; one that nothing was decided of is given one."""
        return name in state.values and all(self.holds(need, state.values) for need in state.needs[name])

    def _one_each(self, state: _State) -> bool:
        """Put each keyword in a field of its own."""
        needs = state.needs[self.carrier]
        wanted = [need for need in needs if need.want and isinstance(need.node, ast.Keyword | ast.KeywordRegex)]
        if not 1 < len(wanted) <= len(self.carriers) or len(wanted) < sum(need.want for need in needs):
            return False
        for name, need in zip(self.carriers, wanted, strict=False):
            alone: dict[str, Value] = {}
            if not self.give(alone, {self.carrier: (need,)}, self.carrier):
                return False
            state.values[name] = alone[self.carrier]
        return all(self.holds(need, state.values) for need in needs)

    def _by_other(self, state: _State, name: str) -> bool:
        """Give a field that is compared with others, and those others, values at once."""
        needs = state.needs[name]
        others = {each for need in needs if isinstance(need.node, ast.FieldRef) for each in self.names(need.node)}
        others.discard(name)
        if not others:
            return False
        return all(self._alike(state, name, other) for other in sorted(others))

    def _alike(self, state: _State, one: str, two: str) -> bool:
        """Give two fields that are compared one value, made of all that is asked of them, or two neutral ones."""
        asked = [need for name in (one, two) for need in state.needs.get(name, ())]
        wanted = [need for need in asked if need.want and not isinstance(need.node, ast.FieldRef)]
        fields = self.field(one), self.field(two)
        made = [
            each for name, field in zip((one, two), fields, strict=True) for each in self._made(name, field, wanted, {})
        ]
        for value in (*made[:TRIES], *neutral(fields[0])):
            for theirs in dict.fromkeys((value, *neutral(fields[1])[:2])):
                pair = [*islice(fitted(fields[0], [value]), 1), *islice(fitted(fields[1], [theirs]), 1)]
                self.steps -= len(asked)
                if len(pair) == 2 and self.steps > 0:
                    state.values.update(zip((one, two), pair, strict=True))
                    if all(self.holds(need, state.values) for need in asked):
                        return True
        state.values.pop(one, None)
        state.values.pop(two, None)
        return False

    def other(self, values: Values, name: str, needs: tuple[Demand, ...]) -> Value | None:
        """Another value for a field of an event, with which the demands hold; None if none is found."""
        self.steps = STEPS
        tried = dict(values)
        return tried.get(name, MISSING) if self.give(tried, {name: needs}, name) else None

    def give(self, values: dict[str, Value], needs: Mapping[str, tuple[Demand, ...]], name: str) -> bool:
        """Put a value in a field with which all that it needs holds. If there is none, nothing changes."""
        asked = needs.get(name, ())
        before = values.get(name, MISSING)
        tried = self._candidates(name, asked, dict(values))
        for value in islice(tried, TRIES):
            if value is MISSING:
                values.pop(name, None)
            else:
                values[name] = value
            self.steps -= len(asked)
            if all(self.test(need.node)(values) is need.want for need in asked):
                return True
            if self.steps < 0:
                break
        if before is MISSING:
            values.pop(name, None)
        else:
            values[name] = before
        return False

    def _candidates(self, name: str, needs: Sequence[Demand], values: Values) -> Iterator[Value]:
        field = self.field(name)
        wanted = [need for need in needs if need.want]
        refused = [need for need in needs if not need.want]
        if any(isinstance(need.node, ast.Exists) for need in refused):
            yield MISSING
        for value in self._made(name, field, wanted, values):
            yield value
            if refused and isinstance(value, str):  # letter case may be what keeps it from being refused
                yield from fitted(field, dict.fromkeys((value.upper(), value.lower(), value.swapcase())))
        if not any(isinstance(need.node, ast.FieldRef) for need in needs):
            yield from fitted(field, neutral(field))
        else:
            yield from fitted(field, [each for each in neutral(field) if each != values.get(name)])
        yield from (MISSING, None)
        if len(wanted) > 1:
            yield from fitted(field, self._apart(name, wanted, values))
        for need in refused:
            yield from fitted(field, candidates(need.node, name, need.first, values))
        yield from fitted(field, [[]])

    def _apart(self, name: str, wanted: Sequence[Demand], values: Values) -> Iterator[Value]:
        """A list with a value for each demand: no one value may satisfy them all."""
        each: list[Value] = []
        for need in wanted:
            alone = dict(values)
            if not self.give(alone, {name: (need,)}, name):
                return
            each.append(alone.get(name))
        yield each

    def field(self, name: str) -> Field:
        """What is known of a field; the carrier of keywords holds text."""
        return self.fields.get(name) or Field(name, "string")

    def _made(self, name: str, field: Field, wanted: Sequence[Demand], values: Values) -> Iterator[Value]:
        """Values made of what is wanted of a field."""
        moments = [(need.node, need.first) for need in wanted if isinstance(need.node, ast.TimePart)]
        if len(moments) > 1:
            for turn in range(4):
                parts: dict[str, int] = {
                    part.unit: part.values[(first + turn) % len(part.values)] for part, first in moments
                }
                yield from fitted(field, dates(parts))
        for need in wanted:
            yield from fitted(field, candidates(need.node, name, need.first, values))
        about_text = [need for need in wanted if isinstance(need.node, _ABOUT_TEXT)]
        if about_text:
            yield from fitted(field, self._texts(about_text, field))

    def _texts(self, wanted: Sequence[Demand], field: Field) -> Iterator[str]:
        """Texts in which all that is wanted stands: of each leaf its first alternative, then others."""
        matches = [need for need in wanted if isinstance(need.node, ast.Match | ast.Keyword)]
        searches = [need.node.regex for need in wanted if isinstance(need.node, ast.Regex | ast.KeywordRegex)]
        for chosen in _combinations([list(pieces(need.node, need.first)) for need in matches]):  # type: ignore[arg-type]
            longest = max(LONGEST, sum([_size(each) for each in chosen]))
            for fill in fills(field):
                texts = self._searched(searches, chosen, fill) if searches else _both_ways(chosen, fill)
                yield from [text for text in texts if len(text) <= longest]

    def _searched(self, searches: Sequence[Any], chosen: Sequence[Piece], fill: str) -> Iterator[str]:
        """Texts with the pieces and with what expressions look for."""
        found = [self.samples(regex) for regex in searches]
        if not all(found):
            return
        rows = [[Piece((each[turn % len(each)],)) for each in found] for turn in range(2 if chosen else 4)]
        for row in rows:
            yield from _both_ways([*chosen, *row], fill)
        if chosen or len(rows[0]) > 1:
            yield from self.samples(searches[0], joined([*chosen, *rows[0][1:]], fill))[:2]
        yield from [joined(row, "") for row in rows]

    def samples(self, regex: Any, fill: str = "") -> list[str]:
        """Texts in which an expression is found."""
        key = (id(regex), fill)
        found = self._samples.get(key)
        if found is None:
            found = self._samples[key] = expressions.samples(regex, fill)
        return found


_ABOUT_TEXT = (ast.Match, ast.Keyword, ast.Regex, ast.KeywordRegex)


def _size(given: Piece) -> int:
    return sum([len(token) if isinstance(token, str) else 1 for token in given.tokens])


def _both_ways(chosen: Sequence[Piece], fill: str) -> Iterator[str]:
    yield joined(chosen, fill)
    if len(chosen) > 1:
        yield joined(chosen, fill, backwards=True)


def _combinations(choices: Sequence[Sequence[Piece]]) -> Iterator[list[Piece]]:
    """The first of each, then with one of them another, then with two others."""
    first = [each[0] for each in choices]
    yield first
    for index, options in enumerate(choices):
        for option in options[1:]:
            yield [*first[:index], option, *first[index + 1 :]]
    for one in range(len(choices)):
        for other in range(one + 1, len(choices)):
            for this, that in zip(choices[one][1:], reversed(choices[other][1:]), strict=False):
                yield [*first[:one], this, *first[one + 1 : other], that, *first[other + 1 :]]
