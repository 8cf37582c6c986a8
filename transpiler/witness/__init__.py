"""Events made from a tree: some that it describes, and near misses.

Every leaf is looked at in an event that it decides: what stands beside it under an ``And`` holds, what
stands beside it under an ``Or`` does not. There each of its alternatives is shown, and it is missed by
little: dropped, missing, null, empty, in other letter case, with something before, after or inside,
and so on, as fits its kind and its column. Which events match is for :mod:`transpiler.evaluate` to say.

The same tree gives the same events. Their number is bounded, and so is the time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice
from typing import Any, NamedTuple

from transpiler import ast, evaluate
from transpiler.ast import Node
from transpiler.stored import fields_of
from transpiler.witness.changes import Change, Focus, in_other_case, in_turn
from transpiler.witness.search import STEPS, Demand, Found, Search
from transpiler.witness.values import MISSING, Value, merged

__all__ = ["Event", "near", "witnesses"]

Event = dict[str, Any]
"""A flat event: field -> a JSON value."""

LIMIT = 60
"""How many events a tree gives at most."""

_FEW = 6
"""How many leaves can each be shown all that is likely to go wrong."""

_CHARACTERS = 1_000_000
"""How many characters all events of a tree have together, about; the first two may have more."""


def witnesses(tree: Node, *, limit: int = LIMIT, keyword_fields: Sequence[str] = (), lists: bool = True) -> list[Event]:
    """Events for a tree, in a fixed order, none twice, the first of them one that matches if one was found.

    ``keyword_fields``: fields in which a query looks for keywords; without them keywords are put in a
    field of their own. ``lists``: a tree that single values cannot satisfy may get several in one field.
    Never raises on a tree that the parser gives.
    """
    return list(_Maker(tree, limit, keyword_fields, lists).events())


def near(tree: Node, event: Mapping[str, Any], *, limit: int = LIMIT) -> list[Event]:
    """Events that are nearly the given one, the leaves of the tree missed by little, one at a time.

    Of the event, the fields that the tree asks for are kept; all of it if the tree has keywords.
    """
    return list(_Maker(tree, limit, (), True).near(event))


class _Place(NamedTuple):
    """Where a leaf stands: in a node, as the child of that number; ``above``: where that node stands."""

    node: Node
    number: int
    above: _Place | None


class _Chosen(NamedTuple):
    """A leaf to look at; see :class:`transpiler.witness.changes.Focus`."""

    leaf: Any
    place: _Place | None
    number: int
    turn: int


class _Maker:
    """Makes the events of one tree."""

    def __init__(self, tree: Node, limit: int, keyword_fields: Sequence[str], lists: bool) -> None:
        self.tree = tree
        self.lists = lists
        self.limit = limit
        self.places = list(_places(tree))
        self.fields = merged([field for leaf, _ in self.places for field in fields_of(leaf)])
        names = list(keyword_fields) or list(islice(_free(self.fields), _CARRIERS))
        self.spare = names[-1] if len(names) < 2 else names[1]
        self.search = Search(self.fields, names)
        self.steps = STEPS + 8 * len(self.places)
        self.order = list(dict.fromkeys((*self.fields, *names)))

    def events(self) -> Iterator[Event]:
        """The events around each leaf, after one that matches and one that does not."""
        return self._distinct(self._values())

    def _distinct(self, found: Iterable[Mapping[str, Value]]) -> Iterator[Event]:
        """Different ones of the events, bounded in number and size."""
        seen: set[str] = set()
        size = 0
        for values in islice(found, 4 * self.limit):
            event = self._event(values)
            key = repr(event)
            if key in seen:
                continue
            size += len(key)
            if size > _CHARACTERS and len(seen) >= 2:
                return
            seen.add(key)
            yield event
            if len(seen) >= self.limit:
                return

    def near(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """The near misses of an event."""
        whole = any(isinstance(leaf, ast.Keyword | ast.KeywordRegex) for leaf, _ in self.places)
        values = dict(event) if whole else {}
        for name in self.fields:
            value = evaluate.lookup(event, name, MISSING)
            if value is not MISSING:
                values[name] = value
        self.order += [name for name in values if name not in self.order]
        found = Found(values, {})
        around = [self._focus(each, found).misses() for each in self._chosen()]
        yield from self._distinct(_changed(values, change) for change in in_turn(around))

    def _event(self, values: Mapping[str, Value]) -> Event:
        """The values in the order of the tree, case-folded copies beside the columns that have them."""
        event: Event = {}
        for name in self.order:
            if name in values:
                event[name] = values[name]
                field = self.fields.get(name)
                if field is not None and field.folded is not None:
                    event[field.folded] = values[name]
        return event

    def _values(self) -> Iterator[Mapping[str, Value]]:
        found = [self.search.find([Demand(self.tree, want)], self.steps) for want in (True, False)]
        if found[0] is None and self.lists:
            found[0] = self._with_lists()
        for each in found:
            if each is not None:
                yield each.values
        if found[0] is not None:
            for change in in_other_case(self.search, found[0].values):
                yield _changed(found[0].values, change)
        base = found[0] or found[1] or Found({}, {})
        yield from in_turn([self._around(each, base) for each in self._chosen()])

    def _with_lists(self) -> Found | None:
        """An event that matches because a field has several values, where nothing else does."""
        fields = {name: field._replace(many=True) for name, field in self.fields.items()}
        return Search(fields, self.search.carriers or [self.search.carrier]).find([Demand(self.tree, True)], self.steps)

    def _chosen(self) -> list[_Chosen]:
        """The leaves to look at; where there are many, each with another kind of near miss to begin with."""
        chosen = _spread(self.places, max(1, self.limit // 2))
        turns = 2 if len(chosen) > _FEW else 0
        return [_Chosen(leaf, place, number, turns * number) for number, (leaf, place) in enumerate(chosen)]

    def _around(self, chosen: _Chosen, base: Found) -> Iterator[Mapping[str, Value]]:
        """The events around one leaf."""
        found = self._deciding(chosen.leaf, chosen.place, base)
        for change in self._focus(chosen, found).changes():
            yield _changed(found.values, change)

    def _focus(self, chosen: _Chosen, found: Found) -> Focus:
        return Focus(self.search, chosen.leaf, found, chosen.number, chosen.turn, self.spare)

    def _deciding(self, leaf: Node, place: _Place | None, base: Found) -> Found:
        """An event that the leaf decides; if there is none, one in which the leaf holds and, best, the tree does."""
        own = Demand(leaf, True)
        beside = list(_beside(place))
        name = self.search.names(leaf)[-1]
        asked = any(need.node is leaf and need.want for need in base.needs.get(name, ()))
        if asked and all(self.search.holds(each, base.values) for each in beside):
            return base
        weaker = [each for each in beside if each.want]
        for demands in (beside, weaker, [Demand(self.tree, True)], [Demand(self.tree, False)], []):
            found = self.search.find([own, *demands], self.steps)
            if found is not None:
                return found
        return base


_CARRIERS = 6
"""How many fields there are for keywords."""


def _free(taken: Container[str]) -> Iterator[str]:
    """Names of fields for free text that no leaf is about."""
    return (name for name in chain(("message", "details"), map("text_{}".format, count(1))) if name not in taken)


def _places(tree: Node) -> Iterator[tuple[Any, _Place | None]]:
    """The leaves, and where they stand."""
    pending: list[tuple[Node, _Place | None]] = [(tree, None)]
    while pending:
        node, place = pending.pop()
        if isinstance(node, ast.Not):
            pending.append((node.child, place))
        elif isinstance(node, ast.And | ast.Or):
            children = [(child, _Place(node, number, place)) for number, child in enumerate(node.children)]
            pending += reversed(children)
        else:
            yield node, place


def _spread(places: Sequence[Any], most: int) -> Sequence[Any]:
    """So many of the places at most, from the whole tree."""
    return places if len(places) <= most else [places[index * len(places) // most] for index in range(most)]


def _changed(values: Mapping[str, Value], change: Change) -> dict[str, Value]:
    """The values with some of them changed."""
    made = {**values, **change}
    for name, value in change.items():
        if value is MISSING:
            del made[name]
    return made


def _beside(place: _Place | None) -> Iterator[Demand]:
    """What must hold so that a leaf decides: all else of an And, nothing else of an Or."""
    while place is not None:
        node, own, place = place
        for number, child in enumerate(node.children):  # type: ignore[union-attr]
            if number != own:
                yield Demand(child, isinstance(node, ast.And))
