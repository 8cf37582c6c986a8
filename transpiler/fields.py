"""Which fields rules use, and where a schema puts each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from transpiler.api import Outcome
from transpiler.model import LogSource
from transpiler.schema import Columns, Schema
from transpiler.stored import fields_of, leaves

UNMAPPED = "unmapped"
NEVER = "never recorded"
NO_SOURCE = "no log source"


class Placed(NamedTuple):
    """Where a schema puts a field that rules use: each place, and for how many rules; the most first."""

    places: tuple[tuple[str, int], ...]

    @property
    def lost(self) -> int:
        """For how many rules there is none."""
        return sum(rules for place, rules in self.places if place in (UNMAPPED, NEVER, NO_SOURCE))


class Use(NamedTuple):
    """A field, how many rules use it and, for each schema, where it is."""

    field: str
    rules: int
    placed: tuple[Placed, ...]


def used(outcomes: Iterable[Outcome], schemas: Sequence[Schema]) -> list[Use]:
    """Every field of the rules, those that the schemas lack for most rules first, then the most used.

    Raises SchemaError (F505) for a schema file that is wrong.
    """
    rules: Counter[str] = Counter()
    places: dict[str, list[Counter[str]]] = {}
    for outcome in outcomes:
        if outcome.rule is None:
            continue
        for name in dict.fromkeys(_fields(outcome)):
            rules[name] += 1
            counts = places.setdefault(name, [Counter() for _ in schemas])
            for count, schema in zip(counts, schemas, strict=True):
                count[place(schema, outcome.rule.logsource, name)] += 1
    found = [
        Use(name, rules[name], tuple([Placed(tuple(sorted(count.items(), key=_most))) for count in counts]))
        for name, counts in places.items()
    ]
    return sorted(found, key=lambda use: (-sum(placed.lost for placed in use.placed), -use.rules, use.field))


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _fields(outcome: Outcome) -> Iterator[str]:
    for tree in outcome.trees:
        for leaf in leaves(tree):
            for field in fields_of(leaf):
                yield field.name


def place(schema: Schema, logsource: LogSource, field: str) -> str:
    """What a schema makes of a field of a log source: its columns, or why there are none."""
    if schema.keep:
        return field
    telemetries = [each for route in schema.routes.of(logsource) for each in route.telemetries]
    if not telemetries:
        return NO_SOURCE
    for each in telemetries:
        found = each.fields.get(field)
        if found is not None:
            return described(found)
    return NEVER if any(field in each.absent for each in telemetries) else UNMAPPED


def described(columns: Columns) -> str:
    """The columns of a field, or those of the predicates that its values stand for."""
    if columns.columns:
        return ("+" if columns.transform is not None else " or ").join(columns.names)
    named = [
        field.name for node in (columns.values or {}).values() for leaf in leaves(node) for field in fields_of(leaf)
    ]
    return f"{', '.join(dict.fromkeys(named))} by value"
