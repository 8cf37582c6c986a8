"""EQL, run by an evaluator of our own: Elastic's engine for it is not to be had without its licence.

Written from Elastic's documents and held against Elastic's own grammar in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backends.engines.elastic_logic import Give
from backends.engines.eql_reader import read
from backends.engines.eql_run import Compiler
from transpiler.engine import Answer, Asked, CannotRun, Row


class Eql:
    """Runs EQL event queries as Elasticsearch 8.19 documents them."""

    TARGETS: ClassVar[tuple[str, ...]] = ("eql",)
    OURS: ClassVar[bool] = True

    def start(self) -> str:
        """Nothing to start."""
        return "sigmaq's own evaluator of EQL (Elasticsearch 8.19)"

    def stop(self) -> None:
        """Nothing to stop."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query selects it. Raises CannotRun."""
        try:
            test = _test(asked)
        except RecursionError:
            raise CannotRun("cannot read: nested too deeply") from None
        return [test(row) is True for row in rows]


CATEGORY = "event.category"
"""The event category field, "by default ... the `event.category` field" ("Event categories")."""


def _test(asked: Asked) -> Give:
    category, condition = read(asked.text)
    test = Compiler(asked.columns).condition(condition)
    if category is None:
        return test
    if CATEGORY not in asked.columns:
        raise CannotRun(f"the server refuses it: Unknown column [{CATEGORY}]")

    def in_category(row: Row) -> Answer:
        found = row.get(CATEGORY)
        return (category in found if isinstance(found, list) else category == found) and test(row)

    return in_category
