"""KQL that is emitted for the corpus is read by Kibana's own parser."""

from __future__ import annotations

import pytest

from tests.vendors import kibana

STEP = 10
"""A part of the corpus here; the sweep takes all of it."""


@pytest.mark.parametrize("schema", ["none", "ecs"])
def test_every_query_of_the_corpus_is_read(schema: str) -> None:
    count, errors = kibana.refused(schema, STEP)
    assert errors == []
    assert count > 40


REFUSED = ["a: (b", "a: b)", 'a: "b', "a: b c: d", "a:", r"a: b\ c", "a: (b and (c)"]


def test_the_parser_refuses_what_is_no_query() -> None:
    said = kibana.check(REFUSED)
    assert [each for each, error in zip(REFUSED, said, strict=True) if error is None] == []


def test_a_value_is_read_as_it_was_meant() -> None:
    texts = [r'"a\\b \"c\""', r"a\\b\:c", r"*\{x\}*"]
    [(values, _)] = kibana.read([" or ".join([f"f: {text}" for text in texts])])
    assert values == ['a\\b "c"', "a\\b:c", "@kuery-wildcard@{x}@kuery-wildcard@"]


def test_today_s_spellings_are_put_in_the_older_ones() -> None:
    assert kibana.older(r'a: \{b\} and \\{ or "\u006eot" \" \\u0041') == r'a: {b} and \\{ or "uot" \" \\u0041'
