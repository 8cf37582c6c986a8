"""What ``sigmaq schemas show`` does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from transpiler import registry, transforms
from transpiler.ast import And, Field, Node
from transpiler.cli.run import guarded
from transpiler.cli.sinks import json_line
from transpiler.cli.tables import table
from transpiler.diagnostics import diagnostic
from transpiler.errors import UsageError
from transpiler.nearest import did_you_mean
from transpiler.schema import Columns, Route, Schema, Telemetry
from transpiler.text import dump


def run(name: str, log_source: str | None, *, as_json: bool) -> int:
    """Print a schema's log sources, or what is said of some of them; gives the exit code."""
    return guarded(lambda: _run(name, log_source, as_json), as_json=as_json)


def _run(name: str, log_source: str | None, as_json: bool) -> int:
    schema = registry.schema(name)
    routes = list(_wanted(schema, log_source))
    if as_json:
        for route in routes:
            for each in route.telemetries:
                sys.stdout.write(json_line(_object(schema, route, each)))
    elif log_source is None:
        rows = [
            (str(route), ", ".join([each.name for each in route.telemetries]), _places(schema, route))
            for route in routes
        ]
        sys.stdout.write(table(("LOG SOURCE", "TELEMETRY", "WHERE"), rows))
    else:
        sys.stdout.write("\n".join([_described(schema, route) for route in routes]))
    return 0


def _wanted(schema: Schema, log_source: str | None) -> Iterator[Route]:
    """The routes with the parts that are asked for. Raises UsageError (F501) where there are none."""
    if log_source is None:
        yield from schema.routes
        return
    parts = [None if part in ("", "-", "*") else part for part in log_source.split("/")]
    product, category, service = [*parts, None, None, None][:3]
    found = 0
    for route in schema.routes:
        own = (route.product, route.category, route.service)
        if all(asked in (None, there) for asked, there in zip((product, category, service), own, strict=True)):
            found += 1
            yield route
    if not found:
        hint = did_you_mean(log_source, schema.routes.known(), 3)
        raise UsageError(diagnostic("F501", f"the schema `{schema.name}` has no log source {log_source}", hint=hint))


def _place(schema: Schema, telemetry: Telemetry) -> str:
    return telemetry.model or telemetry.table or telemetry.index or schema.table or schema.index or ""


def _places(schema: Schema, route: Route) -> str:
    return ", ".join(dict.fromkeys([place for each in route.telemetries if (place := _place(schema, each))]))


def _described(schema: Schema, route: Route) -> str:
    """A log source, each telemetry with its predicate and its fields."""
    lines = [f"{route}\n"]
    for each in route.telemetries:
        place = _place(schema, each)
        lines.append(f"\n  {each.name}: {each}{f', in {place}' if place else ''}\n")
        if each.when is not None:
            lines += [f"    {line}\n" for line in dump(each.when).splitlines()]
        rows = [(field, _short(_columns(columns)), _types(columns)) for field, columns in sorted(each.fields.items())]
        rows += [(field, "never recorded", "") for field in sorted(each.absent)]
        lines += [f"    {line}\n" for line in table(("FIELD", "COLUMN", "TYPE"), rows).splitlines()]
    return "".join(lines)


def _columns(columns: Columns) -> str:
    names = " or ".join(columns.names)
    if columns.transform is not None:
        word = _WORDS.get(type(columns.transform), "in another form")
        return f"{' + '.join(columns.names)} ({word})"
    if columns.values is None:
        return names
    values = "; ".join([f"{value}: {_line(node)}" for value, node in columns.values.items()])
    return f"{values}; else {names}" if names else values


_WORDS: dict[type, str] = {
    transforms.Joined: "its parts",
    transforms.RegistryPath: "hives in full",
    transforms.RegistryData: "numbers in decimal",
    transforms.Hashes: "by algorithm",
}


WIDTH = 72
"""How much of what a field is is shown in a table; --json has all of it."""


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "\u2026"


def _line(node: Node) -> str:
    return " and ".join(
        [" ".join(dump(each).split()) for each in (node.children if isinstance(node, And) else (node,))]
    )


def _types(columns: Columns) -> str:
    return ", ".join(dict.fromkeys([_type(column) for column in columns.columns]))


def _type(column: Field) -> str:
    kind = f"{column.type}/{column.strings}" if column.strings != "keyword" else column.type
    return f"{kind}, several" if column.many else kind


def _object(schema: Schema, route: Route, telemetry: Telemetry) -> dict[str, Any]:
    return {
        "kind": "telemetry",
        "schema": schema.name,
        "product": route.product,
        "category": route.category,
        "service": route.service,
        "telemetry": telemetry.name,
        "title": str(telemetry),
        "where": _place(schema, telemetry) or None,
        "when": dump(telemetry.when) if telemetry.when is not None else None,
        "fields": {
            name: {"columns": list(each.names), "says": _columns(each)}
            for name, each in sorted(telemetry.fields.items())
        },
        "absent": sorted(telemetry.absent),
        "entities": schema.entities_of(telemetry),
    }
