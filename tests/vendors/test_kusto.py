"""Kusto that is emitted for the corpus is bound by Microsoft's own parser, to the schema's tables."""

from __future__ import annotations

import pytest

from tests.vendors import kusto

STEP = 20
"""A part of the corpus here; the sweep takes all of it."""


@pytest.mark.parametrize("schema", ["none", "sentinel", "asim", "defender_xdr"])
def test_every_query_of_the_corpus_is_bound(schema: str) -> None:
    count, errors = kusto.refused(schema, STEP)
    assert errors == []
    assert count > 15


TABLES = {"T": {"f": "string", "n": "long", "b": "bool", "d": "dynamic", "t": "datetime"}}

REFUSED = [
    'f =~ "a',
    'f =~ "a" and',
    'other =~ "a"',
    'n contains "1"',
    'n =~ "1"',
    'f ==~ "a"',
    'f-g == "a"',
    "isempty(f",
    'no_such(f) == "a"',
    "hourofday(f) == 1",
    "f",
]


def test_the_parser_refuses_what_is_no_query() -> None:
    said = kusto.check([(f"T | where {each}", TABLES) for each in REFUSED])
    assert [each for each, error in zip(REFUSED, said, strict=True) if error is None] == []


def test_a_table_that_is_not_there_is_told() -> None:
    (said,) = kusto.check([('Other | where f == "a"', TABLES)])
    assert said is not None
    assert "Other" in said
