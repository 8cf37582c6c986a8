"""Kusto, run by duckdb-kql, which translates it to SQL and was measured against Microsoft's own engine.

What it lacks is restated from Microsoft's documents (:mod:`backends.engines.kusto_functions`), what
those leave open is not answered, and the rest is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from backends.engines.kusto_addresses import unsettled
from backends.engines.kusto_functions import MACROS, restated
from backends.engines.kusto_regex import differences
from backends.engines.kusto_rows import Table, fits, needed, table, texts
from backends.engines.kusto_syntax import Parser, columns_of
from backends.engines.kusto_text import ALONE, TEXTS, Readable, readable
from transpiler.engine import Answer, Asked, CannotRun, Row


class Kusto:
    """Runs Kusto queries, and predicates without a table, on a table of the rows."""

    TARGETS: ClassVar[tuple[str, ...]] = ("kusto",)
    OURS: ClassVar[bool] = False

    def __init__(self) -> None:
        self._connection: Any = None
        self._parser: Parser | None = None

    def start(self) -> str:
        """Open a database in memory. Raises CannotRun where duckdb-kql is not installed."""
        try:
            import duckdb
            import duckdb_kql
        except ImportError as error:
            raise CannotRun(f"{error.name} is not installed (`pip install 'sigmaq[verify]'`)") from None
        self._connection = duckdb_kql.connect()
        self._connection.execute(MACROS)
        name = f"duckdb-kql {duckdb_kql.__version__} on DuckDB {duckdb.__version__}"
        parser = Parser()
        try:
            name += f", read first by {parser.start()}"
        except CannotRun:
            parser.stop()
            return name  # it is no part of the extra `verify`
        self._parser = parser
        return name

    def stop(self) -> None:
        """Close the database, and end the parser."""
        if self._parser is not None:
            self._parser.stop()
            self._parser = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query selects it. Raises CannotRun.

        None for a row that no table can hold, or on which the documents leave the answer open.
        """
        query = readable(asked.text)
        self._take(query, asked)
        sql, addresses = _sql(query)
        kept = {number: row for number, row in enumerate(rows) if fits(row, asked.columns)}
        columns = table(needed(query.text, asked.columns), addresses, kept)
        looked_into = texts(kept) if query.star else [None]
        founds = [self._found(sql, columns, each) for each in looked_into]
        unanswered = _open(kept, query, addresses) | (founds[0] ^ founds[-1]) | ({*range(len(rows))} - kept.keys())
        return [None if number in unanswered else number in founds[0] for number in range(len(rows))]

    def _take(self, query: Readable, asked: Asked) -> None:
        """Raises CannotRun for a query that Microsoft's parser refuses, or that DuckDB reads otherwise than Kusto."""
        if self._parser is not None:
            said = self._parser.problem(query.asked, dict.fromkeys(query.tables, columns_of(asked.columns)))
            if said is not None:
                raise CannotRun(f"Microsoft's parser of Kusto: {_line(said)}")
        for expression in query.expressions:
            if lacked := differences(expression).lacked:
                raise CannotRun(f"duckdb-kql: {lacked} in a regular expression")

    def _found(self, sql: str, columns: Table, looked_into: list[list[str]] | None) -> set[int]:
        """The numbers of the rows that a query selects."""
        import duckdb

        if looked_into is not None:
            columns = columns | {TEXTS: ("VARCHAR[]", looked_into)}
        unnested = [
            f"unnest(${at}::{kind}[]) AS {_quoted(name)}" for at, (name, (kind, _)) in enumerate(columns.items(), 1)
        ]
        rows = f"SELECT {', '.join(unnested)}"
        statement = f"WITH {_quoted(ALONE)} AS MATERIALIZED ({rows}) FROM ({sql})"
        try:
            found = self._connection.execute(statement, [values for _, values in columns.values()]).fetchall()
            return {row[0] for row in found}
        except duckdb.Error as error:
            raise CannotRun(f"DuckDB: {_line(error)}") from None


@lru_cache(maxsize=4)  # many rows are asked about in several calls
def _sql(query: Readable) -> tuple[str, Mapping[tuple[str, int], str]]:
    """The query in DuckDB's language, and the columns of addresses that it reads: see InRange."""
    import duckdb_kql

    try:
        with restated() as addresses:
            return str(duckdb_kql.to_sql(query.text)), addresses
    except duckdb_kql.KqlError as error:
        raise CannotRun(f"duckdb-kql: {_line(error)}") from None
    except RecursionError:
        raise CannotRun("duckdb-kql: the query is nested too deeply") from None


def _open(rows: Mapping[int, Row], query: Readable, addresses: Mapping[tuple[str, int], str]) -> set[int]:
    """The rows on which the documents, or the differences between the two engines, leave the answer open."""
    names = {name for name, _ in addresses}
    found = {number for number, row in rows.items() if any(unsettled(str(row.get(name, ""))) for name in names)}
    if any(differences(each).unicode for each in query.expressions):
        found |= {number for number, row in rows.items() if not all(map(_plain, row.values()))}
    if query.lowers:
        found |= {number for number, row in rows.items() if not all(map(_lowered_alike, row.values()))}
    return found


def _plain(value: object) -> bool:
    r"""Whether ``\d`` and its kin mean the same to both in a text: the vertical tab is a blank to Kusto alone."""
    return not isinstance(value, str) or (value.isascii() and "\v" not in value)


def _lowered_alike(value: object) -> bool:
    """Whether lower case is beyond doubt: "tolower()" does not say that two letters beyond ASCII become k and i."""
    return not isinstance(value, str) or not ("\u212a" in value or "\u0130" in value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _line(error: object) -> str:
    return " ".join(str(error).split())[:200]
