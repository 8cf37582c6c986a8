"""Kusto, run by duckdb-kql on DuckDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from tests.support.engines.question import (
    Answer,
    CannotRun,
    Event,
    Question,
    beyond,
    columns,
    has_keywords,
    refuse_weaker,
    several,
    stored,
)

_COLUMNS = {"int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "datetime": "TIMESTAMP"}

_MACROS = """
    CREATE MACRO v4(s) AS CASE WHEN regexp_full_match(s, '([0-9]{1,3}[.]){3}[0-9]{1,3}') THEN
        list_reduce(list_transform(str_split(s, '.'), lambda x: x::BIGINT), lambda a, b: a * 256 + b) END;
    CREATE MACRO v4_in(s, r) AS (v4(s) >> (32 - split_part(r, '/', 2)::INT))
        = (v4(split_part(r, '/', 1)) >> (32 - split_part(r, '/', 2)::INT));
    CREATE MACRO v4_in_any(l) AS list_bool_or(list_transform(l[2:], lambda r: v4_in(l[1], r)));
"""
"""The functions for addresses that duckdb-kql lacks; as documented they are null on what is no address."""


@lru_cache(maxsize=1)
def _database() -> Any:
    import duckdb_kql
    from duckdb_kql.translate.functions import SCALAR_FUNCTIONS, FunctionSpec

    one, some = "ipv4_is_in_range", "ipv4_is_in_any_range"
    SCALAR_FUNCTIONS.setdefault(one, FunctionSpec(one, "template", "v4_in({0}, {1})", (2,), ()))
    SCALAR_FUNCTIONS.setdefault(some, FunctionSpec(some, "template", "v4_in_any([{}])", (), (), "variadic"))
    connection = duckdb_kql.connect()
    connection.execute(_MACROS)
    return connection


def kusto(question: Question, events: Sequence[Event]) -> list[Answer]:
    refuse_weaker(question)
    types = columns(question.tree)
    rows = {
        number: kept
        for number, event in enumerate(events)
        if not beyond(question, event) and (kept := stored(event, question.tree)) is not None and not several(kept)
    }
    if has_keywords(question.tree):
        types = dict.fromkeys([name for row in rows.values() for name in row], "string") | types
    found = _rows_of(question.query.text, types, rows)
    return [number in found if number in rows else None for number in range(len(events))]


def _rows_of(text: str, types: Mapping[str, str], rows: Mapping[int, Event]) -> set[int]:
    from duckdb_kql import kql
    from duckdb_kql.errors import KqlUnsupportedError

    texts = [name for name, kind in types.items() if kind not in _COLUMNS]
    predicate = _STAR.sub(lambda found: _in_any(found, texts), text.partition("\n| where ")[2] or text)
    asked = dict.fromkeys(found["ipv6"] for found in _IPV6.finditer(predicate) if found["ipv6"])
    calls = {call: f"ipv6 {number}" for number, call in enumerate(asked)}
    predicate = _IPV6.sub(lambda found: f"['{calls[found[0]]}']" if found["ipv6"] else found[0], predicate)
    types = {**types, **dict.fromkeys(calls.values(), "bool")}
    rows = {number: {**row, **_ipv6_answers(calls, row)} for number, row in rows.items()}
    connection = _database()
    names = ['"#" BIGINT', *[f"{_sql_name(name)} {_COLUMNS.get(kind, 'VARCHAR')}" for name, kind in types.items()]]
    connection.execute(f"CREATE OR REPLACE TABLE Events({', '.join(names)})")
    for number, event in rows.items():
        row = [number, *[_kusto_value(event.get(name), kind) for name, kind in types.items()]]
        connection.execute(f"INSERT INTO Events VALUES (?{', ?' * len(types)})", row)
    query = f"Events\n| where {_LITERAL.sub(_decoded, predicate)}\n| project ['#']"
    try:
        return {row[0] for row in kql(connection, query).fetchall()}
    except KqlUnsupportedError as error:
        raise CannotRun(f"duckdb-kql: {error}") from None


_LITERAL = re.compile(r"""@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_STAR = re.compile(rf"{_LITERAL.pattern}|\* (?P<test>contains_cs|contains|matches regex) (?P<value>{_LITERAL.pattern})")
_NETWORK = r'"[0-9a-f:/]+"'
_IPV6 = re.compile(
    rf"(?P<ipv6>ipv6_is_in_(?:any_)?range\((?P<name>\w+|\['[^'\\]*'\]), (?P<networks>{_NETWORK}(?:, {_NETWORK})*)\))"
    rf"|{_LITERAL.pattern}"
)
_CODE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")


def _in_any(found: re.Match[str], names: Sequence[str]) -> str:
    """``* contains "x"`` for every column of text: duckdb-kql has no ``*``."""
    if not found["test"]:
        return found[0]
    tests = [f"['{name}'] {found['test']} {found['value']}" for name in names]
    return f"({' or '.join(tests)})"


def _ipv6_answers(calls: Mapping[str, str], row: Event) -> dict[str, bool | None]:
    """What the functions for IPv6 say, which duckdb-kql lacks: null on what is no address.

    An IPv4 address is read as ::ffff:a.b.c.d ("ipv6_compare()").
    """
    answers: dict[str, bool | None] = {}
    for call, column in calls.items():
        found = _IPV6.fullmatch(call)
        assert found
        try:
            address = ip_address(str(row.get(found["name"].strip("[]'"), "")))
        except ValueError:
            answers[column] = None
            continue
        if isinstance(address, IPv4Address):
            address = ip_address(f"::ffff:{address}")
        networks = [ip_network(each.strip('"')) for each in found["networks"].split(", ")]
        answers[column] = any(address in network for network in networks)
    return answers


def _decoded(literal: re.Match[str]) -> str:
    r"""A literal with ``\uHHHH`` as the character itself: duckdb-kql cannot read the escape."""
    if literal[0][0] == "@":
        return literal[0]
    return _CODE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], literal[0])


def _sql_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _kusto_value(value: Any, kind: str) -> Any:
    """A missing string is empty; datetimes are in UTC."""
    if value is None:
        return None if kind in _COLUMNS else ""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
