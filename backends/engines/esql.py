"""ES|QL, run by an evaluator of our own: Elastic's engine for it is not to be had without its licence.

Written from Elastic's documents and held against Elastic's own grammar in the tests. QSTR and KQL,
which search as Lucene and Kibana do, are handed to the engines of those languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

from backends.engines.elastic_logic import Give
from backends.engines.esql_patterns import Unsure
from backends.engines.esql_reader import read
from backends.engines.esql_run import Compiler
from transpiler.engine import Answer, Asked, CannotRun, Engine, Row
from transpiler.pattern import fold

OTHERS: dict[str, tuple[str, str, str]] = {
    "QSTR": ("lucene", "backends.engines.lucene", "Lucene"),
    "KQL": ("kibana", "backends.engines.kibana", "Kibana"),
}
"""Full-text function -> the target whose language it takes, and the engine of that."""


class Esql:
    """Runs ES|QL queries of FROM and WHERE as Elasticsearch 8.19 and 9 document them.

    It has no answer for a row with several values in a column that by its schema holds one: the
    server would take the query's comparisons for null there, which every query of such a column says
    of itself (T624).
    """

    TARGETS: ClassVar[tuple[str, ...]] = ("esql",)
    OURS: ClassVar[bool] = True

    def __init__(self) -> None:
        self._others: dict[str, Engine] = {}

    def start(self) -> str:
        """Nothing to start; the engines of QSTR and KQL start when a query first needs them."""
        return "sigmaq's own evaluator of ES|QL (Elasticsearch 8.19)"

    def stop(self) -> None:
        """Stop what was started."""
        for engine in self._others.values():
            engine.stop()
        self._others.clear()

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query keeps it. Raises CannotRun."""
        searches: dict[str, tuple[str, str]] = {}

        def search(function: str, text: str) -> Give:
            key = f"\0{function}\0{text}"
            searches[key] = (function, text)
            return lambda row: row[key]

        try:
            compiler = Compiler(asked.columns, search)
            conditions = [compiler.condition(node) for node in read(asked.text).conditions]
        except RecursionError:
            raise CannotRun("cannot read: nested too deeply") from None
        found = {key: self._search(asked, *each, rows) for key, each in searches.items()}
        single = compiler.single
        answers: list[Answer] = []
        lower = [name for name, column in asked.columns.items() if column.strings == "folded"]
        for at, given in enumerate(rows):
            row = {**given, **{name: _lower(given[name]) for name in lower if name in given}} if lower else given
            searched = {key: of_rows[at] for key, of_rows in found.items()}
            if None in searched.values() or any(isinstance(row.get(name), list) for name in single):
                answers.append(None)
            else:
                answers.append(_answer(conditions, {**row, **searched} if searched else row))
        return answers

    def _search(self, asked: Asked, function: str, text: str, rows: Sequence[Row]) -> list[Answer]:
        """What the engine of another language finds. Raises CannotRun."""
        target, module, name = OTHERS[function]
        if function not in self._others:
            try:
                engine: Engine = getattr(import_module(module), name)()
            except ImportError as error:
                raise CannotRun(f"{function} needs the engine for {target}: {error}") from None
            engine.start()
            self._others[function] = engine
        return self._others[function].run(Asked(text, target, asked.columns, asked.schema), rows)


def _lower(value: Any) -> Any:
    """A value as the ``lowercase`` normalizer keeps it, which is what ES|QL reads ("doc values")."""
    if isinstance(value, list):
        return [_lower(each) for each in value]
    return fold(value) if isinstance(value, str) else value


def _answer(conditions: Sequence[Give], row: Row) -> Answer:
    try:
        return all(condition(row) is True for condition in conditions)
    except Unsure:
        return None
