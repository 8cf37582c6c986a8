"""Every emitted query, read by its vendor's own parser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from tests.support.corpus import not_run
from tests.sweep.rules import lanes
from tests.vendors import Emitted, dpl, emitted, eql, esql, kibana, kusto
from transpiler import registry
from transpiler.engine import Asked, CannotRun

Said = list[str | None]
"""What a parser says against each query."""


def _lucene(target: str) -> Callable[[list[Emitted], str], Said]:
    """The real Lucene, which reads a query to run it; here on no events."""

    def check(queries: list[Emitted], schema: str) -> Said:
        engine = registry.engine(target)()
        try:
            engine.start()
        except CannotRun as reason:
            not_run(str(reason))
        found: Said = []
        for each in queries:
            try:
                engine.run(Asked(each.text, target, each.columns or {}, schema), [])
                found.append(None)
            except CannotRun as reason:
                found.append(str(reason))
        engine.stop()
        return found

    return check


def _esql(version: str) -> Callable[[list[Emitted], str], Said]:
    return lambda queries, schema: esql.check([(version, each.text, esql.fields(each.columns)) for each in queries])


CHECKS: list[tuple[str, str, Callable[[list[Emitted], str], Said]]] = [
    ("lucene", "Lucene's classic query parser", _lucene("lucene")),
    ("eql", "Elastic's grammar of EQL, with types", lambda queries, schema: eql.check([each.text for each in queries])),
    *[("esql", f"Elastic's grammar of ES|QL {version}, with types", _esql(version)) for version in esql.VERSIONS],
    (
        "splunk",
        "Teragrep's grammar of its dialect of SPL",
        lambda queries, schema: dpl.check([each.text for each in queries]),
    ),
    ("kibana", "Kibana's own parser", lambda queries, schema: kibana.check([each.text for each in queries])),
    (
        "kusto",
        "Microsoft's parser and binder of Kusto",
        lambda queries, schema: kusto.check([kusto.bound(each) for each in queries]),
    ),
]
"""Target, the parser as the page names it, and what asks it."""


class Grammar(NamedTuple):
    """What a vendor's parser said of the queries of one target and schema."""

    target: str
    schema: str
    name: str
    queries: int
    rejected: tuple[str, ...]
    not_run: str = ""


def grammars(targets: Sequence[str], step: int = 1) -> list[Grammar]:
    """Every parser on every ``step``-th rule of the corpus."""
    found = []
    for target, name, check in CHECKS:
        for _, schema in lanes([target]) if target in targets else ():
            queries = list(emitted(target, schema, step))
            try:
                said = check(queries, schema)
            except (pytest.skip.Exception, pytest.fail.Exception) as reason:
                found.append(Grammar(target, schema, name, len(queries), (), str(reason)))
                continue
            pairs = zip(queries, said, strict=True)
            rejected = tuple([f"{query.rule}: {error}: {query.text}" for query, error in pairs if error])
            found.append(Grammar(target, schema, name, len(queries), rejected))
    return found
