"""Recorded events, as those that a rule's query is held to: in the schema's names, equal ones counted.

Events come in Sigma's field names or in the schema's own shape. In Sigma's, a value moves to the
columns that the schema has for its field; what selects the log source there (``when``) is not in
such an event and is taken as given, except where the rule asks for it: a rule with ``EventID: 4688``
does not match an event that has another.

Only what the query names is looked at, so that many events cost what their different parts cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from transpiler import ast, evaluate
from transpiler.ast import Node
from transpiler.filled import nothing
from transpiler.model import Rule
from transpiler.schema import Columns, Mapped, Schema, Telemetry
from transpiler.stored import Event, fields_of, has_keywords, leaves
from transpiler.values import text_of
from transpiler.verify import Sample

Shape = Literal["sigma", "schema"]

LOOKED_AT = 10_000
"""How many events say which shape they have."""

_SIGMA = frozenset({"EventID", "Channel", "Provider_Name"})
"""Names that every Windows event has in Sigma, whether or not a schema maps them."""


def shape_of(schema: Schema, events: Iterable[Event]) -> Shape:
    """Whose names the events use: those that only one of the two has decide, event by event."""
    sigma = {name for each in _telemetries(schema) for name in each.fields} | _SIGMA
    own = {*schema.routes.columns(), *([schema.time] if schema.time else [])}
    only_sigma, only_own = sigma - own, own - sigma
    balance = 0
    for event in islice(events, LOOKED_AT):
        names = event.keys()
        ours, theirs = len(only_sigma & names), len(only_own & names)
        balance += (ours > theirs) - (theirs > ours)
    return "schema" if balance < 0 else "sigma"


def _telemetries(schema: Schema) -> Iterator[Telemetry]:
    for route in schema.routes:
        yield from route.telemetries


class Recorded:
    """Recorded events for a :class:`transpiler.verify.Verifier`, given flat (:mod:`transpiler.events`).

    ``shapes``: by the name of each schema that is used, the shape that the events have.
    """

    def __init__(self, events: Sequence[Event], schemas: Iterable[Schema], shape: Shape | None = None) -> None:
        self._events = events
        self._schemas = [schema for schema in schemas if not schema.keep]
        self.shapes: dict[str, Shape] = {each.name: shape or shape_of(each, events) for each in self._schemas}
        self._shape_of = {
            id(telemetry): self.shapes[schema.name] for schema in self._schemas for telemetry in _telemetries(schema)
        }

    def __call__(self, rule: Rule, mapped: Mapped) -> list[Sample]:
        """The events in the schema's names, those that look the same to the query once, in their order."""
        telemetries = mapped.telemetries
        as_is = not telemetries or self._shape_of.get(id(telemetries[0]), "sigma") == "schema"
        casts = [_as_is] if as_is else [Recast(each, rule, mapped.tree) for each in telemetries]
        folded = _folded(mapped.tree)
        samples: list[Sample] = []
        for recast in casts:
            names = None if has_keywords(mapped.tree) else recast.names(mapped.tree)
            for event, count in _distinct(self._events, names):
                if len(casts) > 1 and not recast.may_hold(event):
                    continue
                cast = recast(event)
                for name, copy in folded.items():
                    if name in cast:
                        cast = {**cast, copy: cast[name]}
                samples.append(Sample(cast, count))
        return samples


def _folded(tree: Node) -> dict[str, str]:
    """The columns that have a case-folded copy, which the platform makes when it stores an event."""
    fields = [field for leaf in leaves(tree) for field in fields_of(leaf)]
    return {field.name: field.folded for field in fields if field.folded}


def _distinct(events: Sequence[Event], names: Sequence[str] | None) -> Iterator[tuple[Event, int]]:
    """The events, of ``names`` only (None: whole), each different one with how often it is there.

    Values are told apart by identity: what is equal was made one object when it was read.
    """
    counts: dict[object, int] = {}
    firsts: list[Event] = []
    missing = object()
    for event in events:
        if names is None:
            key: object = (tuple(event), tuple(map(id, event.values())))
        else:
            key = tuple([id(event.get(name, missing)) for name in names])
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
            firsts.append(event)
    for event, count in zip(firsts, counts.values(), strict=True):
        yield event if names is None else {name: event[name] for name in names if name in event}, count


class _AsIs:
    """Events that are in the query's names already."""

    def may_hold(self, event: Event) -> bool:
        """Whether the event can be of the telemetry."""
        return True

    def names(self, tree: Node) -> list[str]:
        """The names of an event that a query looks at."""
        return sorted({field.name for leaf in leaves(tree) for field in fields_of(leaf)})

    def __call__(self, event: Event) -> Event:
        """The event itself."""
        return event


_as_is = _AsIs()


def _asked(rule: Rule) -> set[str]:
    """The fields that a rule asks for."""
    return {field.name for each in rule.conditions for leaf in leaves(each.tree) for field in fields_of(leaf)}


class Recast:
    """Puts events in Sigma's names into a telemetry's columns, as a rule would find them there."""

    def __init__(self, telemetry: Telemetry, rule: Rule, tree: Node) -> None:
        asked = _asked(rule)
        # Where several fields share a column, the one that the rule asks for stands there.
        self._fields = {
            name: telemetry.fields[name] for name in sorted(telemetry.fields, key=lambda name: name not in asked)
        }
        self._pins = telemetry.pins
        self._values: dict[str, Mapping[str, Node]] = {}
        claimed: set[str] = set()
        for name in sorted(asked & telemetry.fields.keys()):
            values = telemetry.fields[name].values
            claimed.update(telemetry.fields[name].names)
            if values is not None:
                self._values[name] = values
                claimed.update(column for node in values.values() for column in _columns(node))
        self._given = [node for node in _parts(telemetry.when) if claimed.isdisjoint(_columns(node))]
        self._whole = has_keywords(tree)

    def names(self, tree: Node) -> list[str]:
        """The names of an event that a query looks at."""
        wanted = set(_as_is.names(tree))
        return [
            name
            for name, there in self._fields.items()
            if name in self._values or name in self._pins or not wanted.isdisjoint(there.names)
        ]

    def may_hold(self, event: Event) -> bool:
        """Whether the event has none of the values that events of the telemetry never have."""
        pinned = [(self._pins[name], event[name]) for name in self._pins if name in event]
        return all((text_of(value) or "").lower() in map(str.lower, values) for values, value in pinned)

    def __call__(self, event: Event) -> Event:
        """The event in the telemetry's columns."""
        cast: dict[str, Any] = {}
        for name, found in self._fields.items():
            kept = _kept(found, event[name]) if name in event else nothing(found.transform)
            for column, value in kept.items():
                cast.setdefault(column, value)
        for name, values in self._values.items():
            spelled = {value.lower(): value for value in values}
            for value in _many(event.get(name)):
                if (text := (text_of(value) or "").lower()) in spelled:
                    _satisfy(values[spelled[text]], cast)
        for node in self._given:
            if not evaluate.matches(node, cast):
                _satisfy(node, cast)
        if self._whole:
            cast.update({name: value for name, value in event.items() if name not in self._fields and name not in cast})
        return cast


def _kept(found: Columns, value: Any) -> Mapping[str, Any]:
    """What the columns of a field hold of a value."""
    if found.transform is None:
        return dict.fromkeys(found.names, value)
    text = text_of(value)
    return nothing(found.transform) if text is None else found.transform.store(text)


def in_sigma(event: Event, telemetries: Sequence[Telemetry], rule: Rule) -> Event | None:
    """The other way round: an event in telemetries' columns, in the names of the fields that a rule asks for.

    What a field's value was is read from its columns, the first that has one. None: the event is of none
    of the telemetries.
    """
    if not telemetries:
        return event
    telemetry = next((each for each in telemetries if each.when is None or evaluate.matches(each.when, event)), None)
    if telemetry is None:
        return None
    whole = any(has_keywords(each.tree) for each in rule.conditions)
    own = dict(event) if whole else {}
    for name in _asked(rule):
        found = telemetry.fields.get(name)
        value = None if found is None else _read(found, event)
        if value is not None:
            own[name] = value
    return own


def _read(found: Columns, event: Event) -> Any:
    """The value of a field, from its columns; None where there is none."""
    if found.transform is not None:
        return found.transform.read(event)
    present = [event[column] for column in found.names if column in event]
    fitting = [value for value, node in (found.values or {}).items() if evaluate.matches(node, event)]
    return (present or fitting or [None])[0]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parts(node: Node | None) -> tuple[Node, ...]:
    """What must hold for a predicate to hold."""
    return () if node is None else node.children if isinstance(node, ast.And) else (node,)


def _columns(node: Node) -> list[str]:
    return [field.name for leaf in leaves(node) for field in fields_of(leaf)]


def _satisfy(node: Node, event: dict[str, Any]) -> None:
    """Give the event the first values with which a predicate of a schema file holds."""
    if isinstance(node, ast.And):
        for child in node.children:
            _satisfy(child, event)
    elif isinstance(node, ast.Or):
        _satisfy(node.children[0], event)
    elif isinstance(node, ast.Match):
        event[node.field.name] = "".join([token for token in node.patterns[0].tokens if isinstance(token, str)])
    elif isinstance(node, ast.Equals):
        event[node.field.name] = node.values[0]
    elif isinstance(node, ast.IsNull):
        event.pop(node.field.name, None)
    elif isinstance(node, ast.Not):
        for name in _columns(node):
            event.pop(name, None)
