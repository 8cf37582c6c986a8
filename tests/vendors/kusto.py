"""Microsoft's parser and binder of Kusto, under node.

Installed by tests/vendors/kusto.sh at SIGMAQ_VENDORS/kusto (default: .vendors/kusto in the project).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from backends.engines.kusto_syntax import PACKAGE, Parser, Tables, columns_of
from backends.engines.kusto_text import readable
from tests.support.corpus import ROOT, not_run
from tests.vendors import Emitted, emitted
from transpiler.engine import CannotRun

HOME = Path(os.environ.get("SIGMAQ_VENDORS") or ROOT / ".vendors") / "kusto" / "node_modules" / PACKAGE

Checked = tuple[str, Tables]
"""A query, and the tables that it may read."""


def bound(query: Emitted) -> Checked:
    """A query of the corpus over its tables, which have the columns that its tree names."""
    asked = readable(query.text)
    return asked.asked, dict.fromkeys(asked.tables, columns_of(query.columns or {}))


def check(queries: Iterable[Checked]) -> list[str | None]:
    """For each query what the parser says against it, or None. Skips the test where it cannot run."""
    parser = Parser()
    try:
        parser.start(HOME if HOME.is_dir() else None)
    except CannotRun as why:
        not_run(f"Microsoft's parser of Kusto: {why} (tests/vendors/kusto.sh)")
    try:
        return [parser.problem(text, tables) for text, tables in queries]
    finally:
        parser.stop()


def refused(schema: str, step: int = 1) -> tuple[int, list[tuple[str, str, str]]]:
    """How many queries of every ``step``-th rule were bound; and rule, error and text of those that were not."""
    queries = list(emitted("kusto", schema, step))
    said = zip(queries, check([bound(query) for query in queries]), strict=True)
    return len(queries), [(query.rule, error, query.text) for query, error in said if error]
