"""Rows as a Kusto table holds them.

Sources: Microsoft's KQL reference, pages "Null values" ("The string data type doesn't support null
values"; a missing one is empty), "The datetime data type" (UTC), "The dynamic data type", "Scalar data
types" (a scalar column holds one value).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backends.engines.kusto_addresses import digits
from backends.engines.kusto_text import NUMBER
from transpiler.engine import CannotRun, Column, Row
from transpiler.values import text_of

Table = dict[str, tuple[str, list[Any]]]
"""Column -> its type in DuckDB, and its values."""

TYPES = {"int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "datetime": "TIMESTAMP", "dynamic": "JSON"}
"""Column type -> DuckDB's; the others are strings."""


def fits(row: Row, columns: Mapping[str, Column]) -> bool:
    """Whether a table can hold the row: no list in a scalar column, and only text that UTF-8 can write."""
    for name, value in row.items():
        if isinstance(value, list) and (name not in columns or columns[name].type != "dynamic"):
            return False
        if not all(map(_encodes, _many(value))):
            return False
    return True


def _encodes(value: object) -> bool:
    return not isinstance(value, str) or value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)


def needed(text: str, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns that a query text may name: a table may have thousands that it does not."""
    return {
        name: column
        for name, column in columns.items()
        if name in text or column.type == "dynamic" or not name.isprintable() or not _ESCAPED.isdisjoint(name)
    }


_ESCAPED = frozenset("'\"\\")
"""What a query may write with a backslash, so that the name is not in its text."""


def table(
    columns: Mapping[str, Column], digit_columns: Mapping[tuple[str, int], str], rows: Mapping[int, Row]
) -> Table:
    """The table that a query is run on, but for what ``*`` stands for. Raises CannotRun."""
    made: Table = {NUMBER: ("BIGINT", list(rows))}
    for name, column in columns.items():
        if column.type == "dynamic":
            top = top_of(name)
            if top in columns and columns[top].type != "dynamic":
                raise CannotRun(f"the query reads {top} as text and looks into the JSON in it")
            kind = "VARCHAR" if parsed(name) else "JSON"
            made[top] = (kind, [_bag(top, columns, row) for row in rows.values()])
        else:
            kind = TYPES.get(column.type, "VARCHAR")
            made[name] = (kind, [_scalar(row.get(name), kind) for row in rows.values()])
    for (name, version), digit_name in digit_columns.items():
        made[digit_name] = ("VARCHAR", [digits(str(row.get(name, "")), version) for row in rows.values()])
    if len({name.lower() for name in made}) < len(made):
        raise CannotRun("duckdb-kql: columns whose names differ in letter case alone")
    return made


def _scalar(value: Any, kind: str) -> Any:
    """A missing string is empty; datetimes are in UTC."""
    if value is None:
        return "" if kind == "VARCHAR" else None
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


_PARSED = re.compile(r"parse_json\((\w+)\)(?=[.[]|$)", re.ASCII)
_ELEMENT = re.compile(r"(.+?)((?:\[[0-9]+\])+)", re.DOTALL)


def parsed(name: str) -> bool:
    """Whether the column holds JSON in a string (``parse_json(a).b``)."""
    return _PARSED.match(name) is not None


def top_of(name: str) -> str:
    """The column that a dynamic value is in."""
    return str(path(name)[0])


def path(name: str) -> list[str | int]:
    """The column, keys and indices of a value inside a dynamic column: ``a.b[0]`` is the first ``b`` of ``a``."""
    steps = _PARSED.sub(r"\1", name).split(".")
    if not all(steps):
        return [name]
    found: list[str | int] = []
    for step in steps:
        element = _ELEMENT.fullmatch(step)
        found.append(element[1] if element else step)
        found += [int(each) for each in element[2][1:-1].split("][")] if element else []
    return found


def _bag(top: str, columns: Mapping[str, Column], row: Row) -> str | None:
    """The JSON of a dynamic column; null where the row has nothing of it."""
    bag: dict[str | int, Any] = {}
    for name, column in columns.items():
        steps = path(name)
        if column.type == "dynamic" and steps[0] == top and name in row:
            holder = bag
            for step in steps[:-1]:
                holder = holder.setdefault(step, {})
                if not isinstance(holder, dict):
                    raise CannotRun(f"the query reads {top} whole and looks into it")
            if holder.setdefault(steps[-1], row[name]) is not row[name]:
                raise CannotRun(f"the query reads {top} whole and looks into it")
    return json.dumps(_arrays(bag[top]), ensure_ascii=False) if bag else None


def _arrays(value: Any) -> Any:
    """The value, what is numbered in it as an array; null stands for elements that the row has nothing of."""
    if not isinstance(value, dict):
        return value
    if all(isinstance(key, int) for key in value):
        return [_arrays(value.get(at)) for at in range(max(value) + 1)]
    return {key: _arrays(each) for key, each in value.items()}


def texts(rows: Mapping[int, Row]) -> list[list[list[str]]]:
    """What ``*`` looks into, row by row: the texts of strings, and then, if a row has more, of every value.

    No document says whether ``*`` looks into columns of other types.
    """
    of_strings = [[each for each in row.values() if isinstance(each, str)] for row in rows.values()]
    of_values = [[_text(each) for value in row.values() for each in _many(value)] for row in rows.values()]
    return [of_strings] if of_strings == of_values else [of_strings, of_values]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else text_of(value) or ""


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
