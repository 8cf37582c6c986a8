"""What duckdb-kql lacks or does in its own way, restated in SQL from Microsoft's documents.

Sources: Microsoft's KQL reference. "String operators": those that ignore case do so "only for ASCII-text";
duckdb-kql folds every letter. "search operator" and "where operator": ``*`` is every column.
"ipv4_is_in_range()" and its kin: see :mod:`backends.engines.kusto_addresses`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from backends.engines.kusto_addresses import bounds
from transpiler.engine import CannotRun

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"

MACROS = f"""
    CREATE MACRO every_lower(s) AS system.main.lower(s);
    CREATE MACRO lower(s) AS
        CASE WHEN strlen(s) = length(s) THEN system.main.lower(s) ELSE translate(s, '{_UPPER}', '{_LOWER}') END;
"""
"""``lower`` is what duckdb-kql compares with where case does not count: made to fold ASCII alone. In text of
one byte a character DuckDB's own does just that, ten times faster."""

OPERATORS = {
    "contains": "contains(lower({0}), lower({1}))",
    "startswith": "starts_with(lower({0}), lower({1}))",
    "endswith": "ends_with(lower({0}), lower({1}))",
    "contains_cs": "contains({0}, {1})",
}
"""Operator -> its SQL; with ``!`` before it, the opposite."""

FUNCTIONS = {
    "tolower": ("every_lower({0})", (1,)),
    "any_contains": ("(len(list_filter({0}, lambda t: contains(lower(t), lower({1})))) > 0)", (2,)),
    "any_contains_cs": ("(len(list_filter({0}, lambda t: contains(t, {1}))) > 0)", (2,)),
    "any_matches": ("(len(list_filter({0}, lambda t: regexp_matches(t, {1}))) > 0)", (2,)),
}
"""Function -> its SQL and how many arguments it takes."""

RANGES = {
    "ipv4_is_in_range": (4, (2,)),
    "ipv4_is_in_any_range": (4, ()),
    "ipv6_is_in_range": (6, (2,)),
    "ipv6_is_in_any_range": (6, ()),
}
"""Function -> the version of its addresses, and how many arguments it takes (empty: two or more)."""


@dataclass(slots=True)
class InRange:
    """A function of ranges for duckdb-kql's table of functions; it keeps which columns it was asked of."""

    name: str
    version: int
    arities: tuple[int, ...]
    asked: dict[tuple[str, int], str] = field(default_factory=dict)

    def render(self, arguments: list[str]) -> str:
        """The SQL of a call; a column of addresses is read from one that holds their digits.

        Raises CannotRun where the address is no column or a range is no literal.
        """
        column, *ranges = arguments
        name = _unquoted(column, '"')
        texts = [_unquoted(each, "'") for each in ranges]
        if name is None or not texts or None in texts or (self.arities and len(arguments) not in self.arities):
            raise CannotRun(f"duckdb-kql: {self.name}() of something else than a column and literals")
        limits = [bounds(str(text), self.version) for text in texts]
        if None in limits:
            # "null: If conversion for one of the two strings wasn't successful"
            if len(limits) > 1:
                raise CannotRun(f"duckdb-kql: {self.name}() with a range that is none")
            return "CAST(NULL AS BOOLEAN)"
        digits = self.asked.setdefault((name, self.version), f"{name}#{self.version}").replace('"', '""')
        tests = [f"\"{digits}\" BETWEEN '{each[0]}' AND '{each[1]}'" for each in limits if each]
        return f"({' OR '.join(tests)})"


def _unquoted(sql: str, quote: str) -> str | None:
    body = sql[1:-1].replace(quote * 2, "")
    if len(sql) < 2 or sql[0] != quote or sql[-1] != quote or quote in body:
        return None
    return sql[1:-1].replace(quote * 2, quote)


@contextmanager
def restated() -> Iterator[Mapping[tuple[str, int], str]]:
    """While it lasts duckdb-kql translates by these tables. Gives the columns of digits that were asked for."""
    from duckdb_kql.translate.functions import BINARY_OPERATORS, SCALAR_FUNCTIONS, FunctionSpec

    asked: dict[tuple[str, int], str] = {}
    operators: dict[str, Any] = {}
    for name, template in OPERATORS.items():
        operators[name] = replace(BINARY_OPERATORS[name], template=template)
        operators[f"!{name}"] = replace(BINARY_OPERATORS[f"!{name}"], template=f"NOT {template}")
    functions: dict[str, Any] = {
        name: FunctionSpec(name, "template", template, arities) for name, (template, arities) in FUNCTIONS.items()
    }
    functions |= {name: InRange(name, version, arities, asked) for name, (version, arities) in RANGES.items()}
    with _added(BINARY_OPERATORS, operators), _added(SCALAR_FUNCTIONS, functions):
        yield asked


@contextmanager
def _added(table: dict[str, Any], entries: Mapping[str, Any]) -> Iterator[None]:
    before = dict(table)
    table.update(entries)
    try:
        yield
    finally:
        table.clear()
        table.update(before)
