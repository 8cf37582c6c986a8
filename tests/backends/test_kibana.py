"""The KQL backend: exact texts, refusals, hostile input; queries are read back and held against the rule."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.kibana import Kibana
from tests.backends import elastic_trees
from tests.backends.kql_reader import Is, Junction, KqlError, finds, parse
from transpiler import ast
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, IsNull, Keyword, Match, Node, Not, Or, Regex
from transpiler.errors import Unsupported
from transpiler.evaluate import matches
from transpiler.passes import normalise
from transpiler.pattern import DASH, MANY, Pattern, literal, pattern
from transpiler.pattern import parse as sigma
from transpiler.query import Options, Source
from transpiler.regex import parse as regex

MAPPED = Source(index="logs-*")
PLAIN = Options()
F = Field("f", "string")
G = Field("cs host", "string")
W = Field("w", "string", "wildcard")
FOLDED = Field("f", "string", "folded")
TEXT = Field("t", "string", "text")
EVENT_ID = Field("EventID", "int")
IP = Field("ip", "ip")
A, B = Match(F, (literal("1"),)), Match(F, (literal("2"),))


def render(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> str:
    return Kibana.render(node, source, options)[0]


def codes(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> list[str]:
    return [each.code for each in Kibana.render(node, source, options)[1]]


def refusal(node: Node) -> str:
    with pytest.raises(Unsupported) as caught:
        render(node)
    return caught.value.diagnostic.code


def match(*values: str, field: Field = F, cased: bool = True) -> Match:
    return Match(field, tuple(map(sigma, values)), cased)


# --- strings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (match("po"), 'f: "po"'),
        (match("a\nb"), r'f: "a\nb"'),
        (match('a"\\b'), r'f: "a\"\\b"'),
        (match("\x1b"), r'f: "\u001b"'),
        (match(""), 'f: ""'),
        (match("true"), 'f: "true"'),
        (match("*"), "f: *"),
        (match("po", "*"), "f: *"),
        (match(r"*\po.exe"), r"f: *\\po.exe"),
        (match("po*", "x"), 'f: (po* or "x")'),
        (match("(a:b)*"), r"f: \(a\:b\)*"),
        (match(r"*\**"), r"f: *\**"),
        (match("*{1}*"), r"f: *\{1\}*"),
        (match("*not"), r"f: *\u006eot"),
        (match("or*"), "f: or*"),
        (match("*\ta"), r"f: *\ta"),
        (match("po", field=W), 'w: "po"'),
        (match("*po*", field=W), "w: *po*"),
    ],
)
def test_strings(node: Node, text: str) -> None:
    assert render(node) == text
    assert set(codes(node)) <= {"T624"}


def test_more_clauses_than_every_cluster_takes_are_noted() -> None:
    many = match(*[f"{number}x*" for number in range(1025)])
    assert codes(many) == ["T624"]
    assert codes(match(*[f"{number}x*" for number in range(1000)])) == []


def test_dashes_are_listed() -> None:
    node = Match(F, (pattern(MANY, DASH, "enc"),), True)
    assert render(node) == "f: (*-enc or */enc or *–enc or *—enc or *―enc)"
    assert refusal(Match(F, (pattern(DASH, DASH, DASH, DASH, DASH),), True)) == "T602"


def test_letter_case_is_warned_of_once_with_the_fields() -> None:
    node = And((match("a", "b", cased=False), match("c", field=W, cased=False), A))
    _, (said,) = Kibana.render(node, MAPPED, PLAIN)
    assert said.code == "T610"
    assert "`f`, `w`" in said.message
    assert codes(match("4688", cased=False)) == []


def test_a_folded_index_needs_no_warning() -> None:
    assert render(match("*Po", field=FOLDED, cased=False)) == "f: *Po"
    assert codes(match("*Po", field=FOLDED, cased=False)) == ["T621"]
    assert codes(match("Po", field=FOLDED)) == ["T613", "T621"]
    field = Field("f", "string", folded="f.lc")
    assert render(match("Po", field=field, cased=False)) == 'f.lc: "Po"'
    assert render(match("Po", field=field)) == 'f: "Po"'


def test_a_wildcard_beside_a_blank_works_on_keyword_fields_alone() -> None:
    node = match("* -enc *")
    assert render(node) == "f: * -enc *"
    assert codes(node) == ["T624"]
    assert codes(And((node, match("*a b", "a\tb*")))) == ["T624"]
    assert refusal(match("* -enc *", field=W)) == "T601"
    assert refusal(match("*a\u3000b*", field=W)) == "T601"
    assert render(match("a b", field=W)) == 'w: "a b"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("*a or b*", r"f: *a \or b*"),
        ("*a AND b*", r"f: *a \AND b*"),
        ("*cannot be*", r"f: *can\u006eot be*"),
        ("*Not x*", r"f: *\u004eot x*"),
        ("*a or", r"f: *a \or"),
        ("*order nothing*", "f: *order nothing*"),
        ("*\not x*", r"f: *\not x*"),
        ("*\\not x*", r"f: *\\\u006eot x*"),
    ],
)
def test_words_that_are_operators(value: str, text: str) -> None:
    node = match(value)
    assert render(node) == text
    assert finds(parse(f"{text} and g: *"), {"f": value.replace("*", ""), "g": "1"})


# --- operators and other columns --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (And((A, Or((A, B)))), 'f: "1" and (f: "1" or f: "2")'),
        (Or((A, And((A, Not(B))))), 'f: "1" or (f: "1" and not f: "2")'),
        (Not(Or((A, B))), 'not (f: "1" or f: "2")'),
        (Not(IsNull(F)), "f: *"),
        (IsNull(F), "not f: *"),
        (And((Not(A), IsNull(F))), 'not f: "1" and not f: *'),
        (Equals(EVENT_ID, (4688,)), "EventID: 4688"),
        (Equals(EVENT_ID, (1, -5)), "EventID: (1 or -5)"),
        (Equals(Field("b", "bool"), (False,)), "b: false"),
        (Compare(EVENT_ID, "gt", 1), "EventID > 1"),
        (Compare(EVENT_ID, "lte", -1.5), "EventID <= -1.5"),
        (Cidr(IP, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))), 'ip: ("10.0.0.0/8" or "fe80::/10")'),
        (match("10.*", "::1", field=IP), 'ip: ("10.0.0.0/8" or "::1")'),
        (match("x", field=G), '"cs host": "x"'),
        (match("x", field=Field("null", "string")), '"null": "x"'),
        (match("x", field=Field("@timestamp", "string")), '@timestamp: "x"'),
        (match("x", field=Field('a":b', "string")), r'"a\":b": "x"'),
    ],
)
def test_queries(node: Node, text: str) -> None:
    assert render(node) == text
    assert codes(node) == []
    parse(text)


def test_networks_on_texts() -> None:
    node = Cidr(F, (ip_network("10.0.0.0/8"), ip_network("192.168.0.0/23")))
    assert render(node) == "f: (10.* or 192.168.0.* or 192.168.1.*)"
    assert codes(node) == ["T624"]
    assert refusal(Cidr(F, (ip_network("10.0.0.0/30"),))) == "T601"
    assert refusal(Cidr(F, (ip_network("10.0.0.0/9"),))) == "T601"
    assert refusal(Cidr(F, (ip_network("fe80::/10"),))) == "T601"


def test_presence_and_types() -> None:
    assert codes(Exists(F)) == ["T611"]
    assert codes(Cidr(IP, (ip_network("10.0.0.0/8"),)), Source()) == ["T622"]
    assert codes(Equals(Field("b", "bool"), (True,)), Source()) == ["T622"]


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (match("a?"), "T601"),
        (match(" a*"), "T601"),
        (match("*a "), "T601"),
        (match("*\n"), "T601"),
        (match("*@kuery-wildcard@"), "T601"),
        (match("46*", field=EVENT_ID), "T601"),
        (match("-", field=IP), "T601"),
        (Regex(F, regex("a")), "T601"),
        (ast.KeywordRegex(regex("a")), "T601"),
        (ast.FieldRef(F, W), "T601"),
        (ast.TimePart(Field("d", "datetime"), "hour", (1,)), "T601"),
        (Compare(F, "gt", 1), "T601"),
        (match("x", field=Field("", "string")), "T604"),
        (match("x", field=Field("a*", "string")), "T604"),
        (match("x*", field=Field("a^2", "string", "wildcard")), "T604"),
    ],
)
def test_refusals(node: Node, code: str) -> None:
    assert refusal(node) == code


# --- words and keywords -----------------------------------------------------------------------------------


def test_text_fields_answer_with_words() -> None:
    assert render(match("*Mimi*", field=TEXT, cased=False)) == "t: *Mimi*"
    assert codes(match("*Mimi*", field=TEXT, cased=False)) == ["T624"]
    assert render(match("*foo bar*", field=TEXT, cased=False)) == 't: "foo bar"'
    assert codes(match("*foo bar*", field=TEXT, cased=False)) == ["T615"]
    assert codes(match("x", field=TEXT)) == ["T613", "T615"]
    assert refusal(match("*a*b*", field=TEXT)) == "T601"


@pytest.mark.parametrize(
    ("node", "text", "said"),
    [
        (Keyword((sigma("*Foo*"),)), "*Foo*", ["T624", "T610"]),
        (Keyword((sigma("*a-b*"),)), '*a-b* or "a-b"', ["T624", "T615", "T610"]),
        (Keyword((sigma("*a b*"),)), '"a b"', ["T624", "T615", "T610"]),
        (Keyword((sigma("*46*"),)), '*46* or "46"', ["T624", "T615"]),
        (Keyword((sigma("*Foo*"),), True), '*Foo* or "Foo"', ["T624", "T615"]),
    ],
)
def test_keywords(node: Node, text: str, said: list[str]) -> None:
    assert render(node) == text
    assert codes(node) == said


def test_keywords_that_cannot_be_said() -> None:
    assert refusal(Keyword((sigma("*a*b c*"),))) == "T601"
    assert refusal(Keyword((sigma("*a?b*"),))) == "T601"
    assert codes(Keyword((sigma("*Foo*"),)), options=Options(strings="folded")) == ["T624", "T621"]


# --- hostile input and meaning ----------------------------------------------------------------------------

PIECES = ("or", "and", "not", "nOt", " ", "\xa0", "\t", "\n", "\\", '"', "*", "(", ":", "{", "<", "\\u0041", "x", "\0")
pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=6).map("".join)
values = st.one_of(pieces.map(literal), st.tuples(pieces, pieces).map(lambda two: pattern(two[0], MANY, two[1], MANY)))
several = st.lists(st.one_of(values, elastic_trees.patterns), min_size=1, max_size=3).map(tuple)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Match, st.sampled_from([F, G]), several, st.just(True)),
    st.builds(Equals, st.just(EVENT_ID), st.just((1, -2))),
    st.builds(Compare, st.just(EVENT_ID), st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(-3, 3)),
    st.builds(IsNull, st.sampled_from([F, G, EVENT_ID])),
)
trees = st.recursive(leaves, elastic_trees._above, max_leaves=5).map(normalise)
events = st.fixed_dictionaries({}, optional={"f": pieces, "cs host": pieces, "EventID": st.integers(-3, 3)})


def holds(node: Node, event: dict[str, Any]) -> None:
    try:
        text = render(node)
    except Unsupported:
        return
    assert "\n" not in text
    assert finds(parse(text), event) == matches(node, event), text


@given(trees, events)
@settings(max_examples=500)
def test_meaning(node: Node, event: dict[str, Any]) -> None:
    holds(node, event)


@given(several, st.lists(pieces, max_size=2))
@settings(max_examples=500)
def test_meaning_of_patterns(patterns: tuple[Pattern, ...], others: list[str]) -> None:
    node = Match(F, patterns, True)
    for value in (*others, *elastic_trees.near(node)):
        holds(node, {"f": value})


@given(pieces, pieces)
@settings(max_examples=500)
def test_names_and_values_stay_data(name: str, value: str) -> None:
    try:
        text = render(Match(Field(name, "string"), (literal(value),), True))
    except Unsupported as error:
        assert error.diagnostic.code == "T604"
        return
    leaf = Is(name, tuple(value), quoted=True)
    assert parse(f"not {text} and ({text})") == Junction("and", (Junction("not", (leaf,)), leaf))


@pytest.mark.parametrize("text", ["f: not x", "f: (a", 'f: "a', "f: a)", r"f: \x", "f: {a}", "a: b: c", "f:"])
def test_the_reader_refuses_what_kibana_refuses(text: str) -> None:
    with pytest.raises(KqlError):
        parse(text)
