"""Rows as a Kusto table holds them.

Sources: Microsoft's KQL reference, pages "Null values" ("The string data type doesn't support null
values"; a missing one is empty), "The datetime data type" (UTC), "The dynamic data type", "Scalar data
types" (a scalar column holds one value).
"""

from __future__ import annotations

import json
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
            top = path(name)[0]
            made[top] = ("JSON", [_bag(top, columns, row) for row in rows.values()])
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


def path(name: str) -> list[str]:
    """The column and keys of a value inside a dynamic column (``a.b`` is the ``b`` of ``a``)."""
    steps = name.split(".")
    return steps if all(steps) else [name]


def _bag(top: str, columns: Mapping[str, Column], row: Row) -> str | None:
    """The JSON of a dynamic column; null where the row has nothing of it."""
    bag: dict[str, Any] = {}
    for name, column in columns.items():
        steps = path(name)
        if column.type == "dynamic" and steps[0] == top and name in row:
            holder = bag
            for step in steps[:-1]:
                holder = holder.setdefault(step, {})
            holder[steps[-1]] = row[name]
    return json.dumps(bag[top], ensure_ascii=False) if bag else None


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
