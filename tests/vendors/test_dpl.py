"""SPL that is emitted for the corpus is read by a grammar that is not ours: Teragrep's, of its dialect of SPL."""

from __future__ import annotations

import pytest

from tests.vendors import dpl, emitted

STEP = 10
"""A part of the corpus here; the sweep takes all of it."""


@pytest.mark.parametrize("schema", ["none", "splunk"])
def test_every_query_of_the_corpus_is_read(schema: str) -> None:
    queries = list(emitted("splunk", schema, STEP))
    said = dpl.check([query.text for query in queries])
    assert [(query.rule, error) for query, error in zip(queries, said, strict=True) if error] == []
    assert len(queries) > 40


REFUSED = [
    "(f=x",
    'f IN ("a",',
    "f=x | where",
    'f=x | where f="x" AND',
    "f=x | where match(f",
    'f=x | where nothing(f)="x"',
    "f=x | nothing f",
]


def test_the_grammar_refuses_what_is_no_query() -> None:
    said = dpl.check(REFUSED)
    assert [each for each, error in zip(REFUSED, said, strict=True) if error is None] == []


def test_only_names_of_fields_are_renamed() -> None:
    query = r'source IN ("host IN (", "\" source IN (") host=a hosts IN (b)'
    assert dpl.renamed(query) == f"x_{query}"
