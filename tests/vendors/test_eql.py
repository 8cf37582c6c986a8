"""Every EQL query that is emitted for the corpus is taken by Elastic's own grammar."""

from __future__ import annotations

import pytest

from tests.support import golden
from tests.vendors import emitted, eql
from tests.vendors.eql_reading import agree_on_reading


@pytest.mark.parametrize("schema", ["none", "ecs"])
def test_every_query_of_the_corpus_is_taken(schema: str) -> None:
    queries = list(emitted("eql", schema))
    said = zip(queries, eql.check([query.text for query in queries]), strict=True)
    assert [(query.rule, error, query.text) for query, error in said if error] == []
    assert len(queries) > 1000


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: case.name)
def test_our_evaluator_reads_a_query_as_the_grammar_does(case: golden.Case) -> None:
    for query in case.stored().get("eql.eql", "").splitlines():
        agree_on_reading(query)


@pytest.mark.parametrize(
    "query",
    [
        "any where",
        'any where f : "a',
        "any where f : 'a'",
        'any where f : "a" and',
        'any where f-g : "a"',
        'any where f : ("a" "b")',
        'any where f == "a" | where g == "b"',
        "any where startsWith(f)",
        "any where f regex 1",
        'any where "a"',
    ],
)
def test_the_grammar_refuses_what_is_no_query(query: str) -> None:
    assert eql.check([query]) != [None]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ('any where f : "a"', 'any where f : "a"'),
        (r'any where f : "\u{01}" or g : "}"', r'any where f : "u" or g : "}" '),
        ("any where `a``b` == 1", "any where `a_b` == 1 "),
        ("any where @timestamp != null", "any where _timestamp != null "),
    ],
)
def test_what_the_package_misreads_is_written_otherwise(query: str, read: str) -> None:
    assert eql.readable(query) == read
    assert eql.check([query]) == [None]
