"""ES|QL queries that are emitted for the corpus are taken by Elastic's own grammars and checks of types."""

from __future__ import annotations

import pytest

from tests.vendors import emitted, esql

HEAD = "FROM logs-* METADATA _id | WHERE "

STEP = 20
"""A part of the corpus here; the sweep takes all of it."""


@pytest.mark.parametrize("version", esql.VERSIONS)
@pytest.mark.parametrize("schema", ["none", "ecs"])
def test_every_query_of_the_corpus_is_taken(schema: str, version: str) -> None:
    queries = list(emitted("esql", schema, STEP))
    asked = [(version, query.text, esql.fields(query.columns)) for query in queries]
    said = zip(queries, esql.check(asked), strict=True)
    assert [(query.rule, error, query.text) for query, error in said if error] == []
    assert len(queries) > 50


FIELDS = {"f": "keyword", "n": "long", "b": "boolean"}

REFUSED = [
    'f == "a',
    "f == 'a'",
    'f LIKE "a" "b"',
    'f-g == "a" AND',
    'other == "a"',
    "f == 1",
    'n == "1"',
    'n LIKE "1*"',
    'STARTS_WITH(n, "1")',
    "f AND b",
    'NO_SUCH(f) == "a"',
]


def test_the_grammar_refuses_what_is_no_query() -> None:
    said = esql.check([("9.5.0", HEAD + each, FIELDS) for each in REFUSED])
    assert [each for each, error in zip(REFUSED, said, strict=True) if error is None] == []


def test_commands_that_are_not_emitted_are_told() -> None:
    assert esql.check([("9.5.0", "FROM a | LIMIT 1", None)]) == ["read as ['FromCommand', 'LimitCommand']"]
