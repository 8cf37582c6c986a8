"""The Query DSL backend: exact JSON, refusals, hostile input; queries are run and held against the rule."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.dsl import Dsl
from tests.backends import elastic_trees
from tests.backends.elastic_trees import ADDRESS, COMMAND
from tests.backends.run_dsl import finds
from transpiler import ast
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, FieldRef, IsNull, Keyword, Match, Node, Not, Or
from transpiler.errors import Unsupported
from transpiler.evaluate import matches
from transpiler.pattern import DASH, MANY, Pattern, literal, pattern
from transpiler.pattern import parse as sigma
from transpiler.query import Options, Source
from transpiler.regex import parse as regex

MAPPED = Source(index="logs-*")
PLAIN = Options()
F = Field("f", "string")
FOLDED = Field("f", "string", "folded")
TEXT = Field("t", "string", "text")
EVENT_ID = Field("EventID", "int")
IP = Field("ip", "ip")
DATE = Field("d", "datetime")
A, B = Match(F, (literal("1"),)), Match(F, (literal("2"),))
ONE, TWO = {"term": {"f": "1"}}, {"term": {"f": "2"}}


def render(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> Any:
    text = Dsl.render(node, source, options)[0]
    assert "\n" not in text
    return json.loads(text)["query"]


def clause(node: Node) -> Any:
    """The query of a single leaf, without the filter around it."""
    query = render(node)
    return query["bool"]["filter"][0] if list(query["bool"]) == ["filter"] else query


def codes(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> list[str]:
    return [each.code for each in Dsl.render(node, source, options)[1]]


def refusal(node: Node) -> str:
    with pytest.raises(Unsupported) as caught:
        render(node)
    return caught.value.diagnostic.code


def match(*values: str, field: Field = F, cased: bool = False) -> Match:
    return Match(field, tuple(map(sigma, values)), cased)


def folding(kind: str, value: str, field: str = "f") -> dict[str, Any]:
    return {kind: {field: {"value": value, "case_insensitive": True}}}


def any_of(*clauses: Any) -> Any:
    return {"bool": {"filter": [{"bool": {"should": list(clauses), "minimum_should_match": 1}}]}}


# --- strings ------------------------------------------------------------------------------------------


def test_the_text_is_one_line_of_json() -> None:
    text = Dsl.render(match('é"', cased=True), MAPPED, PLAIN)[0]
    assert text == '{"query": {"bool": {"filter": [{"term": {"f": "é\\""}}]}}}'


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (match("po"), folding("term", "po")),
        (match("po*"), folding("prefix", "po")),
        (match(r"*\po?"), folding("wildcard", r"*\\po?")),
        (match(r"*\*po\?*"), folding("wildcard", r"*\*po\?*")),
        (match("*po*x"), folding("wildcard", "*po*x")),
        (match("po", cased=True), {"term": {"f": "po"}}),
        (match("po*", cased=True), {"prefix": {"f": {"value": "po"}}}),
        (match("*po", cased=True), {"wildcard": {"f": {"value": "*po"}}}),
        (match("4688"), {"term": {"f": "4688"}}),
        (match("1", "2"), {"terms": {"f": ["1", "2"]}}),
        (match("", field=FOLDED), {"term": {"f": ""}}),
        (match("*"), {"exists": {"field": "f"}}),
        (match("é"), {"regexp": {"f": {"value": "[éÉ]"}}}),
        (match("*aé"), {"regexp": {"f": {"value": ".*[aA][éÉ]"}}}),
        (match("漢a"), folding("term", "漢a")),
        (match("*é", cased=True), {"wildcard": {"f": {"value": "*é"}}}),
        (match("po*", field=Field("t", "string", "text", folded="t.lc")), folding("prefix", "po", "t.lc")),
        (Match(F, (pattern(MANY, DASH, "enc"),)), folding("regexp", r".*[\-\/–—―]enc")),
        (Match(F, (pattern(MANY, DASH, "é"),)), {"regexp": {"f": {"value": r".*[\-\/–—―][éÉ]"}}}),
    ],
)
def test_strings(node: Node, expected: Any) -> None:
    assert clause(node) == expected
    assert codes(node) == []


def test_more_clauses_than_every_cluster_takes_are_noted() -> None:
    many = match(*[f"{number}x*" for number in range(1025)])
    assert codes(many) == ["T624"]
    assert codes(match(*[f"{number}x*" for number in range(1000)])) == []


def test_several_values() -> None:
    expected = [{"terms": {"f": ["1", "2"]}}, folding("term", "a"), folding("wildcard", "*b")]
    assert clause(match("1", "a", "2", "*b")) == {"bool": {"should": expected, "minimum_should_match": 1}}


def test_folded_indices_are_relied_upon_for_other_letters_alone() -> None:
    assert clause(match("po", field=FOLDED)) == folding("term", "po")
    assert codes(match("po", field=FOLDED)) == []
    assert clause(match("é", field=FOLDED)) == folding("term", "é")
    assert codes(match("é", field=FOLDED)) == ["T621"]
    assert codes(match("po", field=FOLDED, cased=True)) == ["T613"]


# --- and, or, not ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (A, {"bool": {"filter": [ONE]}}),
        (And((A, B)), {"bool": {"filter": [ONE, TWO]}}),
        (And((A, Not(B))), {"bool": {"filter": [ONE], "must_not": [TWO]}}),
        (And((Not(A), Not(B))), {"bool": {"must_not": [ONE, TWO]}}),
        (And((A, Not(Or((A, B))))), {"bool": {"filter": [ONE], "must_not": [ONE, TWO]}}),
        (Not(A), {"bool": {"must_not": [ONE]}}),
        (Not(And((A, B))), {"bool": {"must_not": [{"bool": {"filter": [ONE, TWO]}}]}}),
        (Not(IsNull(F)), {"bool": {"filter": [{"exists": {"field": "f"}}]}}),
        (Or((A, B)), any_of(ONE, TWO)),
        (Or((A, match("x"), match("y", "z"))), any_of(ONE, *[folding("term", each) for each in "xyz"])),
        (Or((A, Not(B))), any_of(ONE, {"bool": {"must_not": [TWO]}})),
    ],
)
def test_operators(node: Node, expected: Any) -> None:
    assert render(node) == expected


def test_a_query_nested_too_deeply_is_refused() -> None:
    node: Node = A
    for _ in range(13):
        node = Or((And((node, B)), match("3")))
    assert render(node)
    assert refusal(Or((And((And((node, B)), Or((node, B)))), A))) == "T602"


# --- other columns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Equals(EVENT_ID, (4688,)), {"term": {"EventID": 4688}}),
        (Equals(EVENT_ID, (1, 3)), {"terms": {"EventID": [1, 3]}}),
        (Equals(Field("b", "bool"), (True,)), {"term": {"b": True}}),
        (Compare(EVENT_ID, "gte", 1.5), {"range": {"EventID": {"gte": 1.5}}}),
        (Cidr(IP, (ip_network("10.0.0.0/8"),)), {"term": {"ip": "10.0.0.0/8"}}),
        (Cidr(IP, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))), {"terms": {"ip": ["10.0.0.0/8", "fe80::/10"]}}),
        (Cidr(F, (ip_network("10.1.0.0/16"),)), {"regexp": {"f": {"value": r"10\.1\.<0-255>\.<0-255>"}}}),
        (match("10.*", field=IP), {"term": {"ip": "10.0.0.0/8"}}),
        (ast.Regex(F, regex("(?i)po")), {"regexp": {"f": {"value": ".*[pP][oO].*"}}}),
    ],
)
def test_columns(node: Node, expected: Any) -> None:
    assert clause(node) == expected
    assert codes(node) == []


def test_null_and_presence() -> None:
    assert render(IsNull(F)) == {"bool": {"must_not": [{"exists": {"field": "f"}}]}}
    assert clause(Exists(F)) == {"exists": {"field": "f"}}
    assert codes(Exists(F)) == ["T611"]


def test_types_that_nobody_knows_are_noted() -> None:
    assert codes(Cidr(IP, (ip_network("10.0.0.0/8"),)), Source()) == ["T622"]
    assert codes(Equals(Field("b", "bool"), (True,)), Source()) == ["T622"]
    assert codes(ast.TimePart(DATE, "hour", (1,)), Source()) == ["T622", "T624", "T620"]


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (match("46*", field=EVENT_ID), "T601"),
        (match("", field=EVENT_ID), "T601"),
        (match("*.1", field=IP), "T601"),
        (ast.Regex(EVENT_ID, regex("1")), "T601"),
        (ast.Regex(TEXT, regex("a")), "T601"),
        (Compare(F, "gt", 1), "T601"),
        (Cidr(F, (ip_network("fe80::/10"),)), "T601"),
        (ast.TimePart(F, "hour", (1,)), "T601"),
        (FieldRef(F, TEXT), "T601"),
        (match("é" * 400), "T602"),
        (ast.Regex(F, regex(r"(a)\1")), "T603"),
        (match("x", field=Field("", "string")), "T604"),
        (Exists(Field("a*", "string")), "T604"),
    ],
)
def test_refusals(node: Node, code: str) -> None:
    assert refusal(node) == code


# --- scripts ----------------------------------------------------------------------------------------------


def test_fields_are_compared_by_a_script_that_gets_their_names_as_data() -> None:
    name = '"); System.exit(0); //'
    node = FieldRef(F, Field(name, "string"), "endswith")
    script = clause(node)["script"]["script"]
    assert script["params"] == {"field": "f", "other": name}
    assert script["source"] == (
        "if (!doc.containsKey(params.field) || !doc.containsKey(params.other)) { return false; } "
        "for (def x : doc[params.field]) { for (def y : doc[params.other]) { "
        "if (x.toString().toLowerCase().endsWith(y.toString().toLowerCase())) { return true; } } } return false;"
    )
    assert codes(node) == ["T624", "T620"]
    assert "toLowerCase" not in clause(FieldRef(F, F, "equals", True))["script"]["script"]["source"]
    assert codes(FieldRef(F, FOLDED, "equals", True)) == ["T613", "T624", "T620"]


def test_parts_of_dates_are_taken_by_a_script() -> None:
    script = clause(ast.TimePart(DATE, "week", (1, 53)))["script"]["script"]
    assert script == {
        "lang": "painless",
        "source": "if (!doc.containsKey(params.field)) { return false; } for (def t : doc[params.field]) { "
        "if (params.values.contains(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR))) { return true; } } return false;",
        "params": {"field": "d", "values": [1, 53]},
    }
    assert codes(And((ast.TimePart(DATE, "hour", (1,)), ast.TimePart(DATE, "day", (1,))))) == ["T624", "T620"]


# --- words and keywords -----------------------------------------------------------------------------------


def test_text_fields_answer_with_words() -> None:
    assert clause(match("*Mimi*", field=TEXT)) == folding("wildcard", "*Mimi*", "t")
    assert codes(match("*Mimi*", field=TEXT)) == ["T624"]
    assert clause(match("*foo bar*", field=TEXT)) == {"match_phrase": {"t": "foo bar"}}
    assert codes(match("*foo bar*", field=TEXT)) == ["T615"]
    assert codes(match("a", field=TEXT, cased=True)) == ["T613", "T615"]
    assert refusal(match("*a*b*", field=TEXT)) == "T601"


def test_keywords_are_a_query_string() -> None:
    node = Keyword((sigma("*Foo*"), sigma("*a b*")))
    assert clause(node) == {"query_string": {"query": '/.*[fF][oO][oO].*/ OR /.*[aA] [bB].*/ OR "a b"'}}
    assert codes(node) == ["T624", "T620", "T615"]
    assert codes(Or((Keyword((sigma("*Foo*"),)), Not(Keyword((sigma("*Bar*"),)))))) == ["T624", "T620"]
    folded = render(node, options=Options(strings="folded"))["bool"]["filter"][0]
    assert folded == {"query_string": {"query": '*Foo* OR *a\\ b* OR "a b"'}}
    assert clause(ast.KeywordRegex(regex("fo"))) == {"query_string": {"query": "/.*fo.*/"}}
    assert refusal(Keyword((sigma(f"*{'a' * 251}*"),))) == "T602"


# --- hostile input and meaning ----------------------------------------------------------------------------

nasty = st.one_of(st.text(max_size=6), elastic_trees.texts)


@given(nasty, nasty)
@settings(max_examples=500)
def test_names_and_values_stay_data(name: str, value: str) -> None:
    node = Match(Field(name, "string"), (literal(value),), True)
    try:
        found = clause(node)
    except Unsupported as error:
        assert error.diagnostic.code == "T604"
        return
    assert found == {"term": {name: value}}


def holds(node: Node, event: dict[str, Any]) -> None:
    try:
        query = render(node)
    except Unsupported:
        return
    assert finds(query, event, frozenset({ADDRESS.name})) == matches(node, event), query


@given(elastic_trees.trees, elastic_trees.events(lists=True))
@settings(max_examples=500)
def test_meaning(node: Node, event: dict[str, Any]) -> None:
    holds(node, event)


@given(elastic_trees.several, st.booleans(), elastic_trees.texts)
@settings(max_examples=500)
def test_meaning_of_patterns(patterns: tuple[Pattern, ...], cased: bool, text: str) -> None:
    node = Match(COMMAND, patterns, cased)
    for value in (text, *elastic_trees.near(node)):
        holds(node, {COMMAND.name: value})
