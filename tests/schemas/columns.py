"""The columns that a schema's telemetries name, for tests that hold them to lists of a platform's tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from transpiler.ast import Field, Node
from transpiler.schema import Schema, Telemetry
from transpiler.stored import fields_of, leaves

TypeIn = Callable[[str, str], str | None]
"""The type that a list gives a table's column, or None where it does not have it."""

TYPES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string"}),
    "int": frozenset({"int", "long"}),
    "float": frozenset({"real"}),
    "bool": frozenset({"bool"}),
    "datetime": frozenset({"datetime"}),
    "dynamic": frozenset({"dynamic"}),
}
"""Our types -> Kusto's."""

_PATH = re.compile(r"parse_json\((?P<text>\w+)\)\..+|(?P<bag>\w+)\..+|(?P<top>\w+)")


def named(schema: Schema, telemetry: Telemetry) -> Iterator[Field]:
    """Every column that the telemetry's queries may name, or that its entities are in."""
    known = schema.routes.columns()
    nodes: list[Node] = [telemetry.when] if telemetry.when is not None else []
    for field in telemetry.fields.values():
        yield from field.columns
        nodes += (field.values or {}).values()
    for node in nodes:
        for leaf in leaves(node):
            yield from fields_of(leaf)
    yield from telemetry.keywords
    yield from (known[name] for name in schema.entities_of(telemetry).values())


def problem(field: Field, table: str, type_in: TypeIn) -> str | None:
    """What is wrong with a column in a table, or None. A path is held to the column that it begins with."""
    path = _PATH.fullmatch(field.name)
    if path is None:
        return f"{table}: {field.name} is no path"
    if path["top"] is None and field.type != "dynamic":
        return f"{table}: what is inside of {field.name} is dynamic"
    if path["text"] is not None:
        found, wanted = type_in(table, path["text"]), frozenset({"string", "dynamic"})  # parse_json() takes both
    else:
        found, wanted = type_in(table, path["bag"] or path["top"]), TYPES[field.type]
    if found is None:
        return f"{table} has no {field.name}"
    return None if found in wanted else f"{table}: {field.name} is {found}, not {field.type}"


def problems(schema: Schema, type_in: TypeIn) -> set[str]:
    """What is wrong with the columns of a schema by one list. Raises KeyError for a table that it does not have."""
    found = set()
    for route in schema.routes:
        for telemetry in route.telemetries:
            for table in tables_of(telemetry):
                said = [problem(field, table, type_in) for field in named(schema, telemetry)]
                found |= {each for each in said if each is not None}
    return found


def tables_of(telemetry: Telemetry) -> list[str]:
    """The tables of a telemetry."""
    assert telemetry.table, f"{telemetry.name} has no table"
    return [each.strip() for each in telemetry.table.split(",")]


def tables(schema: Schema) -> list[str]:
    """Every table of a schema, by name."""
    return sorted({table for route in schema.routes for each in route.telemetries for table in tables_of(each)})
