"""Facts of the Query DSL, asked of Elasticsearch 8.19 first: a clause, and which rows it finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.lucene_support import EVERY, Dsl, body, refusal, rows_found, started

Clause = dict[str, Any]


@pytest.fixture(scope="module")
def dsl() -> Any:
    engine = started(Dsl)
    yield engine
    engine.stop()


def nested(levels: int) -> Clause:
    clause: Clause = {"term": {"k": "foo"}}
    for _ in range(levels):
        clause = {"bool": {"filter": [clause]}}
    return clause


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ({"term": {"k": "foo"}}, [1]),
        ({"term": {"k": {"value": "foo", "boost": 2}}}, [1]),
        ({"term": {"k": {"value": "Foo BAR", "case_insensitive": True}}}, [0]),
        ({"term": {"f": {"value": "FOO BAR", "case_insensitive": True}}}, [0]),
        ({"term": {"k": True}}, []),
        ({"term": {"k": 5}}, []),
        ({"term": {"f": "FOO BAR"}}, [0]),
        ({"term": {"t": "foo"}}, [0]),
        ({"term": {"t": "FOO"}}, []),
        ({"term": {"i": "4688"}}, [0]),
        ({"term": {"i": 4688.0}}, [0]),
        ({"term": {"d": "1.50"}}, [0]),
        ({"term": {"b": True}}, [0]),
        ({"term": {"b": "true"}}, [0]),
        ({"term": {"nope": "x"}}, []),
        ({"terms": {"b": [True, "false"]}}, [0, 4]),
        ({"terms": {"ip": ["10.0.0.0/8", "fe80::1"], "boost": 1}}, [1, 2, 5]),
        ({"terms": {"k": []}}, []),
        # "case_insensitive": ASCII, and classes stay as they are
        ({"wildcard": {"k": {"value": "FO*", "case_insensitive": True}}}, [0, 1]),
        ({"wildcard": {"k": {"value": "F?O\\ B*", "case_insensitive": True}}}, [0]),
        ({"wildcard": {"k": "fo*"}}, [1]),
        ({"wildcard": {"k": {"value": "\\foo"}}}, [1]),
        ({"wildcard": {"k": {"value": "foo\\"}}}, []),
        ({"wildcard": {"k": {"value": "foo\\", "case_insensitive": True}}}, []),
        ({"wildcard": {"f": {"value": "FOO*"}}}, [0]),
        ({"wildcard": {"t": {"value": "FOO*"}}}, []),
        ({"wildcard": {"t": {"value": "FOO*", "case_insensitive": True}}}, [0]),
        ({"wildcard": {"nope": "x*"}}, []),
        ({"prefix": {"k": {"value": "FO", "case_insensitive": True}}}, [0, 1]),
        ({"prefix": {"k": {"value": "Fo"}}}, [0]),
        ({"prefix": {"f": {"value": "FOO"}}}, [0]),
        ({"prefix": {"nope": {"value": "FOO"}}}, []),
        ({"regexp": {"f": {"value": "FOO.*"}}}, [0]),
        ({"regexp": {"t": {"value": "FOO.*"}}}, []),
        ({"regexp": {"k": {"value": "FO[O].*", "case_insensitive": True}}}, [0, 1]),
        ({"regexp": {"k": {"value": "FO[A-Z].*", "case_insensitive": True}}}, []),
        ({"regexp": {"k": {"value": "#|foo"}}}, [1]),
        ({"regexp": {"k": {"value": "[^a]o."}}}, [1]),
        ({"regexp": {"nope": {"value": "x"}}}, []),
    ],
)
def test_term_level_clauses(dsl: Dsl, clause: Clause, found: list[int]) -> None:
    assert rows_found(dsl, body(clause)) == found


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ({"range": {"i": {"gt": 4.5}}}, [0, 2]),
        ({"range": {"i": {"lte": -0.5}}}, []),
        ({"range": {"i": {"gte": 1, "lt": 5}}}, [1]),
        ({"range": {"i": {"gt": "4", "lte": None}}}, [0, 2]),
        ({"range": {"d": {"gt": "1"}}}, [0]),
        ({"range": {"d": {"gte": 1.5, "lt": 1.5}}}, []),
        ({"range": {"k": {"gt": 5}}}, [0, 1, 2, 5]),
        ({"range": {"f": {"gte": "FOO", "lte": "FOO C"}}}, [0]),
        ({"range": {"t": {"gt": "a"}}}, [0]),
        ({"range": {"nope": {"gt": 1}}}, []),
        ({"exists": {"field": "o"}}, [1]),
        ({"exists": {"field": "k*"}}, [0, 1, 2, 3, 5]),
    ],
)
def test_ranges_and_presence(dsl: Dsl, clause: Clause, found: list[int]) -> None:
    assert rows_found(dsl, body(clause)) == found


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ({"bool": {}}, EVERY),
        ({"bool": {"should": [], "minimum_should_match": 1}}, EVERY),
        ({"bool": {"should": [{"term": {"k": "foo"}}]}}, [1]),
        # "minimum_should_match": beside filter or must, should is optional
        ({"bool": {"filter": [{"exists": {"field": "k"}}], "should": [{"term": {"k": "foo"}}]}}, [0, 1, 2, 3, 5]),
        (
            {
                "bool": {
                    "filter": [{"exists": {"field": "k"}}],
                    "should": [{"term": {"k": "foo"}}],
                    "minimum_should_match": 1,
                }
            },
            [1],
        ),
        ({"bool": {"must": {"exists": {"field": "k"}}, "must_not": {"term": {"k": "foo"}}}}, [0, 2, 3, 5]),
        ({"bool": {"must_not": {"term": {"k": "foo"}}}}, [0, 2, 3, 4, 5]),
        ({"bool": {"must_not": [{"exists": {"field": "k"}}], "minimum_should_match": 1}}, [4]),
        ({"bool": {"must_not": [{"term": {"nope": "x"}}]}}, EVERY),
        ({"constant_score": {"filter": {"term": {"k": "foo"}}}}, [1]),
        ({"match_all": {}}, EVERY),
        ({"match_none": {}}, []),
        (nested(29), [1]),
    ],
)
def test_compound_clauses(dsl: Dsl, clause: Clause, found: list[int]) -> None:
    assert rows_found(dsl, body(clause)) == found


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ({"match": {"k": "Foo bar"}}, [0]),
        ({"match": {"k": "foo bar"}}, []),
        ({"match": {"t": "zzz BAR"}}, [0]),
        ({"match": {"t": "!!"}}, []),
        ({"bool": {"must_not": [{"match": {"t": "!!"}}]}}, EVERY),
        ({"match": {"i": "5"}}, [2]),
        ({"match": {"b": True}}, [0]),
        ({"match": {"f": "FOO BAR"}}, [0]),
        ({"match_phrase": {"k": "Foo bar"}}, [0]),
        ({"match_phrase": {"t": "foo BAR"}}, [0]),
        ({"match_phrase": {"t": {"query": "bar foo"}}}, []),
        ({"match_phrase": {"i": 5}}, [2]),
        ({"match_phrase": {"ip": "10.0.0.0/8"}}, [1, 2]),
        ({"multi_match": {"query": "4688", "type": "phrase", "lenient": True}}, [0]),
        ({"multi_match": {"query": "foo bar", "type": "phrase", "lenient": True}}, [0]),
        ({"multi_match": {"query": "bar zz", "fields": ["t", "k"]}}, [0]),
        ({"multi_match": {"query": "!!", "fields": ["t"]}}, []),
        ({"multi_match": {"query": True, "lenient": True}}, [0]),
        ({"query_string": {"query": "k:Foo* OR i:x*"}}, [0]),
        ({"query_string": {"query": 't:"!!"'}}, []),
        ({"query_string": {"fields": ["k"], "query": "Foo bar"}}, [0]),
        ({"query_string": {"fields": ["k"], "query": "Foo ba*"}}, []),  # two wildcards, neither of them the value
        ({"query_string": {"fields": ["k"], "query": "*"}}, [0, 1, 2, 3, 5]),
        ({"query_string": {"fields": ["k"], "query": ">5"}}, [2]),
        ({"query_string": {"default_field": "*", "query": "fo*"}}, [0, 1]),
        ({"query_string": {"fields": ["i"], "query": "4*", "lenient": True}}, []),
    ],
)
def test_full_text_clauses(dsl: Dsl, clause: Clause, found: list[int]) -> None:
    assert rows_found(dsl, body(clause)) == found


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        # errors of the server
        ({"term": {"i": "abc"}}, 'For input string: "abc"'),
        ({"term": {"i": True}}, "For input string"),
        ({"term": {"i": " 5"}}, "For input string"),
        ({"terms": {"i": ["5", "0x5"]}}, "For input string"),
        ({"term": {"b": 1}}, "Can't parse boolean value [1]"),
        ({"term": {"ip": "abc"}}, "'abc' is not an IP string literal"),
        ({"term": {"ip": "::ffff:1.2.3.4/100"}}, "CIDR notation is not allowed"),
        ({"term": {"i": {"value": 5, "case_insensitive": True}}}, "does not support case insensitive"),
        ({"wildcard": {"i": {"value": "4*"}}}, "Can only use wildcard queries on keyword, text and wildcard fields"),
        ({"prefix": {"ip": {"value": "10"}}}, "not on [ip] which is of type [ip]"),
        ({"regexp": {"i": {"value": "4.*"}}}, "Can only use regexp queries on keyword and text fields"),
        ({"regexp": {"k": {"value": "[["}}}, "expected ']'"),
        ({"regexp": {"k": {"value": "a" * 1001}}}, "1001"),
        ({"range": {"i": {"gt": "99999999999999999999"}}}, "out of range for a long"),
        ({"range": {"i": {"lt": "abc"}}}, "For input string"),
        ({"term": {"k": None}}, "null"),
        ({"match_phrase": {"i": "abc"}}, "For input string"),
        ({"multi_match": {"query": "abc", "fields": ["i"]}}, "For input string"),
        ({"query_string": {"fields": ["i"], "query": "4*"}}, "Can only use prefix queries"),
        (nested(30), "nested depth"),
        # what is not run
        ({"script": {"script": {"source": "true"}}}, "Painless scripts are not run"),
        ({"fuzzy": {"k": "x"}}, "`fuzzy` is not run"),
        ({"bool": {"must": [], "why": 1}}, "`why`"),
        ({"bool": {"should": [{"match_all": {}}], "minimum_should_match": "50%"}}, "'50%'"),
        ({"bool": []}, "no object"),
        ({"term": {"k": "a", "f": "b"}}, "names not one field"),
        ({"term": {}}, "names not one field"),
        ({"term": []}, "names not one field"),
        ({"term": {"k": [1]}}, "error"),
        ({"terms": {"k": {"index": "x"}}}, "without a list"),
        ({"terms": {"k": [], "f": []}}, "names not one field"),
        ({"terms": {"k": [{}]}}, "neither text"),
        ({"wildcard": {"k": 5}}, "5 stands where a text belongs"),
        ({"range": {"b": {"gte": True}}}, "ranges of the type boolean"),
        ({"multi_match": {"query": "a", "type": "cross_fields"}}, "cross_fields"),
        ({"query_string": {"query": "a", "analyze_wildcard": True}}, "analyze_wildcard"),
        ({"query_string": {"query": "a", "default_field": "k"}}, "default field"),
        ({"term": {"k": "a"}, "match_all": {}}, "not one name"),
        ([], "not one name"),
    ],
)
def test_what_cannot_be_run_says_why(dsl: Dsl, clause: Clause, reason: str) -> None:
    assert reason in refusal(dsl, body(clause))


@pytest.mark.parametrize("text", ["{", "[]", '{"query": {"match_all": {}}, "size": 1}'])
def test_what_is_no_query_alone_is_not_run(dsl: Dsl, text: str) -> None:
    assert "the body is" in refusal(dsl, text)
