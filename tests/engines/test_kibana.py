"""KQL as Kibana reads it, the DSL it sends for it, and what that finds."""

from __future__ import annotations

from typing import Any

import pytest

from backends.engines.kql import to_dsl
from tests.engines.lucene_support import COLUMNS, EVERY, Kibana, refusal, rows_found, started
from transpiler.engine import CannotRun, Column

Clause = dict[str, Any]


@pytest.fixture(scope="module")
def kibana() -> Any:
    engine = started(Kibana)
    yield engine
    engine.stop()


def one(clause: Clause) -> Clause:
    return {"bool": {"should": [clause], "minimum_should_match": 1}}


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        # kuery/functions/is.ts: a keyword field and nothing else has term and wildcard queries
        ("k: foo", one({"term": {"k": {"value": "foo"}}})),
        ('k: "foo bar"', one({"term": {"k": {"value": "foo bar"}}})),
        ("f: foo", one({"term": {"f": {"value": "foo"}}})),
        ("k: f*o b", one({"wildcard": {"k": {"value": "f*o b"}}})),
        ("k: f*\\*?", one({"wildcard": {"k": {"value": "f*\\*\\?"}}})),
        # any other type: match, match_phrase where it is quoted, and query_string for wildcards
        ("w: foo", one({"match": {"w": "foo"}})),
        ('w: "foo"', one({"match_phrase": {"w": "foo"}})),
        ("w: f*o b", one({"query_string": {"fields": ["w"], "query": "f*o b"}})),
        ("i: 5", one({"match": {"i": "5"}})),
        ("nope: 5", one({"match": {"nope": "5"}})),
        ("b: true", one({"match": {"b": True}})),
        ('b: "true"', one({"match_phrase": {"b": "true"}})),
        ("k: *", one({"exists": {"field": "k"}})),
        ("* : *", {"match_all": {}}),
        ("o*: x", one({"term": {"o.k": {"value": "x"}}})),
        ("z*: x", one({"match": {"z*": "x"}})),
        ("i > 5", one({"range": {"i": {"gt": "5"}}})),
        ("i<=5", one({"range": {"i": {"lte": "5"}}})),
        ("foo bar", {"multi_match": {"type": "best_fields", "query": "foo bar", "lenient": True}}),
        ('"foo bar"', {"multi_match": {"type": "phrase", "query": "foo bar", "lenient": True}}),
        ("fo*", {"query_string": {"query": "fo*"}}),
        ("", {"match_all": {}}),
        ("  ", {"match_all": {}}),
    ],
)
def test_what_kibana_sends(text: str, clause: Clause) -> None:
    assert to_dsl(text, COLUMNS) == clause


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"k: a\:b\(c\)\"\\", 'a:b(c)"\\'),
        (r'k: "a\"b\\c\td"', 'a"b\\c\td'),
        (r'k: "a*b\x"', "a*b\\x"),
        (r"k: a\u0041\n", "aA"),  # blanks at the ends are dropped, escaped or not
        (r"k: \or \and\NOT", "or andNOT"),
        ("k: android or*nothing", None),
        ("k:  a\xa0", "a"),
        ("k: \u2003a*", None),
        ("k: \u2003a\u3000", "a"),
        ("k: ?", "?"),
    ],
)
def test_values(text: str, value: str | None) -> None:
    clause = to_dsl(text, COLUMNS)["bool"]["should"][0]
    expected = {"term": {"k": {"value": value}}}
    assert clause == expected if value is not None else "wildcard" in clause


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("k: foo or k: a and i: 5", [1]),  # and binds closer than or
        ("not k: foo and i: 5", [2]),
        ("not (k: foo or k: a)", [0, 2, 3, 4]),
        ("k: (foo or a)", [1, 5]),
        ("k: (a and b)", [5]),
        ("k: (not foo and not a)", [0, 2, 3, 4]),
        ("k: (not (foo or a))", [0, 2, 3, 4]),
        ("K: foo", []),
        ("k: FOO", []),  # letter case counts on keyword fields
        ("f: FOO*", [0]),
        ("t: FOO", [0]),
        ("t: FO*", [0]),
        ('t: "foo bar"', [0]),
        ("k: Foo b*", [0]),
        ("w: Foo b*", []),  # split at the blank by query_string: elastic/kibana#255223
        ("i: 5", [2]),
        ("i >= 5", [0, 2]),
        ("b: true", [0]),
        ('ip: "10.0.0.0/8"', [1, 2]),
        ("nope: x", []),
        ("not nope: x*", EVERY),
        ("i: *", [0, 1, 2, 4]),
        ("foo", [0, 1]),
        ('"foo bar"', [0]),
        ("*oo", [0, 1]),
        ("*", EVERY),
    ],
)
def test_what_is_found(kibana: Kibana, text: str, found: list[int]) -> None:
    assert rows_found(kibana, text) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("k: (a", "expected )"),
        ("k: a)", "expected an operator or the end"),
        ("k:", "expected a value"),
        ('k: "a', "expected a value"),
        ("k: a\\", "expected an operator or the end"),
        ("k: { a: b }", "nested"),
        ("i > *", "bound"),
        ("null: a", "field's name"),
        ("a* > 5", "field's name"),
        ("i: abc", "For input string"),
        ("i: 4*", "Can only use prefix queries"),
    ],
)
def test_what_cannot_be_run_says_why(kibana: Kibana, text: str, reason: str) -> None:
    assert reason in refusal(kibana, text)


def test_a_date_is_a_range() -> None:
    clause = one({"range": {"dt": {"gte": "2024", "lte": "2024"}}})
    assert to_dsl('dt: "2024"', {"dt": Column("datetime")}) == clause


def test_a_text_is_read_without_rows() -> None:
    with pytest.raises(CannotRun, match="cannot read"):
        to_dsl("a: b)", {})
    assert to_dsl("a: *", {}) == one({"exists": {"field": "a"}})


def test_it_says_what_is_ours(kibana: Kibana) -> None:
    assert kibana.start().endswith("(KQL read by sigmaq)")
