"""The Lucene backend: exact texts, refusals, hostile input; queries are read back and held against the rule."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.lucene import Lucene
from tests.backends import elastic_trees
from tests.backends.elastic_trees import ADDRESS, COMMAND
from tests.backends.lucene_reader import Junction, Leaf, LuceneError, expression, finds, parse, tokens
from transpiler import ast
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, IsNull, Keyword, Match, Node, Not, Or, Regex
from transpiler.errors import Unsupported
from transpiler.evaluate import matches
from transpiler.pattern import DASH, MANY, ONE, Pattern, literal, pattern
from transpiler.pattern import parse as sigma
from transpiler.query import Options, Source
from transpiler.regex import parse as regex

MAPPED = Source(index="logs-*")
PLAIN = Options()
F = Field("f", "string")
W = Field("w", "string", "wildcard")
FOLDED = Field("f", "string", "folded")
TEXT = Field("t", "string", "text")
EVENT_ID = Field("EventID", "int")
IP = Field("ip", "ip")
A, B = Match(F, (literal("1"),)), Match(F, (literal("2"),))


def render(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> str:
    return Lucene.render(node, source, options)[0]


def codes(node: Node, source: Source = MAPPED, options: Options = PLAIN) -> list[str]:
    return [each.code for each in Lucene.render(node, source, options)[1]]


def refusal(node: Node) -> str:
    with pytest.raises(Unsupported) as caught:
        render(node)
    return caught.value.diagnostic.code


def match(*values: str, field: Field = F, cased: bool = False) -> Match:
    return Match(field, tuple(map(sigma, values)), cased)


# --- letter case --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (match("po"), "f:/[pP][oO]/"),
        (match(r"*\po.exe"), r"f:/.*\\[pP][oO]\.[eE][xX][eE]/"),
        (match("po*"), "f:/[pP][oO].*/"),
        (match("*po*", field=W), "w:/.*[pP][oO].*/"),
        (match("p?o*x"), "f:/[pP].[oO].*[xX]/"),
        (match("é"), "f:/[éÉ]/"),
        (match("po", cased=True), 'f:"po"'),
        (match(r"*\po", cased=True), r"f:*\\po"),
        (match("*a b*", cased=True), r"f:*a\ b*"),
        (match("4688"), "f:4688"),
        (match("10.0.0.1"), 'f:"10.0.0.1"'),
        (match(""), 'f:""'),
        (match("*"), "_exists_:f"),
        (match("*46*"), "f:*46*"),
        (match("46*"), "f:46*"),
        (match("?*"), "f:?*"),
        (match("po", "*x", "4"), "f:(/[pP][oO]/ OR /.*[xX]/ OR 4)"),
        (match("po", "*"), "_exists_:f"),
    ],
)
def test_strings(node: Node, text: str) -> None:
    assert render(node) == text
    assert codes(node) == []


def test_a_value_that_ends_in_a_backslash_does_not_escape_the_slash() -> None:
    assert render(match(r"*\Tmp\\")) == r"f:/.*\\[tT][mM][pP][\\]/"
    regexps = [each for each in tokens(render(match(r"x\\", r"y\\"))) if each.kind == "regexp"]
    assert [each.text for each in regexps] == [r"/[xX][\\]/", r"/[yY][\\]/"]
    assert render(Regex(F, regex(r"x\\\z"))) == r"f:/.*x[\\]/"


def test_a_folded_index_takes_the_rules_own_spelling_and_says_so() -> None:
    node = match(r"*\PowerShell.exe", "Cmd", field=FOLDED)
    assert render(node) == r'f:(*\\PowerShell.exe OR "Cmd")'
    assert codes(Or((node, match("x", field=FOLDED)))) == ["T621"]
    assert codes(match("4688", field=FOLDED)) == []
    assert codes(match("a", field=FOLDED, cased=True)) == ["T613", "T621"]


def test_a_folded_sub_field_is_used_for_what_ignores_case_alone() -> None:
    field = Field("f", "string", folded="f.lc")
    assert render(match("*Po*", field=field)) == "f.lc:*Po*"
    assert render(match("*Po*", field=field, cased=True)) == "f:*Po*"
    assert render(match("*Po*", field=Field("t", "string", "text", folded="t.lc"))) == "t.lc:*Po*"


def test_dashes_are_a_class() -> None:
    dashed = pattern(MANY, " ", DASH, "enc", MANY)
    assert render(Match(F, (dashed,))) == r"f:/.* [\-\/–—―][eE][nN][cC].*/"
    assert render(Match(F, (dashed,), True)) == r"f:/.* [\-\/–—―]enc.*/"
    assert render(Match(FOLDED, (dashed,))) == r"f:/.* [\-\/–—―]enc.*/"


def test_more_clauses_than_every_cluster_takes_are_noted() -> None:
    many = match(*[f"{number}x*" for number in range(1025)])
    assert codes(many) == ["T624"]
    assert codes(match(*[f"{number}x*" for number in range(1000)])) == []


def test_an_expression_over_the_servers_limit_is_refused() -> None:
    assert render(match("a" * 250)).count("[aA]") == 250
    assert refusal(match("a" * 251)) == "T602"
    assert refusal(match("é" * 251)) == "T602"
    assert refusal(Regex(F, regex("a{3}" * 300))) == "T602"
    assert len(render(match("a" * 250, "b" * 250))) > 2000


# --- operators ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (And((A, B)), "f:1 AND f:2"),
        (Or((A, And((A, B)))), "f:1 OR (f:1 AND f:2)"),
        (And((A, Not(B))), "f:1 AND (NOT f:2)"),
        (Or((A, Not(B))), "f:1 OR (NOT f:2)"),
        (Not(A), "NOT f:1"),
        (Not(And((A, Not(B)))), "NOT (f:1 AND (NOT f:2))"),
        (Not(IsNull(F)), "_exists_:f"),
        (And((A, IsNull(F))), "f:1 AND (NOT _exists_:f)"),
    ],
)
def test_operators_are_always_in_parentheses(node: Node, text: str) -> None:
    assert render(node) == text


# --- other columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Equals(EVENT_ID, (4688,)), "EventID:4688"),
        (Equals(EVENT_ID, (1, -5)), 'EventID:(1 OR "-5")'),
        (Equals(Field("r", "float"), (1.5,)), "r:1.5"),
        (Equals(Field("b", "bool"), (True,)), "b:true"),
        (Compare(EVENT_ID, "gt", 1), "EventID:{1 TO *}"),
        (Compare(EVENT_ID, "gte", -1), "EventID:[-1 TO *]"),
        (Compare(EVENT_ID, "lt", 1), "EventID:{* TO 1}"),
        (Compare(EVENT_ID, "lte", 1.5), "EventID:[* TO 1.5]"),
        (Cidr(IP, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))), 'ip:("10.0.0.0/8" OR "fe80::/10")'),
        (Cidr(F, (ip_network("10.0.0.0/8"),)), r"f:/10\.<0-255>\.<0-255>\.<0-255>/"),
        (Cidr(F, (ip_network("172.16.0.0/12"),)), r"f:/172\.<16-31>\.<0-255>\.<0-255>/"),
        (match("10.0.0.1", "192.168.*", "FE80::1", field=IP), 'ip:("10.0.0.1" OR "192.168.0.0/16" OR "fe80::1")'),
        (match("fe80:*", field=IP), 'ip:"fe80::/16"'),
        (match("*", field=IP), "_exists_:ip"),
        (match("*", field=EVENT_ID), "_exists_:EventID"),
    ],
)
def test_columns(node: Node, text: str) -> None:
    assert render(node) == text
    assert codes(node) == []


def test_null_and_presence() -> None:
    assert render(IsNull(F)) == "NOT _exists_:f"
    assert codes(IsNull(F)) == []
    assert render(Exists(F)) == "_exists_:f"
    assert codes(Exists(F)) == ["T611"]


def test_types_that_nobody_knows_are_noted() -> None:
    assert codes(Cidr(IP, (ip_network("10.0.0.0/8"),)), Source()) == ["T622"]
    assert codes(Equals(Field("b", "bool"), (True,)), Source()) == ["T622"]
    assert codes(Equals(EVENT_ID, (1,)), Source()) == []


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (match("46*", field=EVENT_ID), "T601"),
        (match("", field=EVENT_ID), "T601"),
        (match("*.1", field=IP), "T601"),
        (match("-", field=IP), "T601"),
        (match("10.*.1", field=IP), "T601"),
        (match("2*", field=Field("d", "datetime")), "T601"),
        (Regex(EVENT_ID, regex("1")), "T601"),
        (Regex(TEXT, regex("a")), "T601"),
        (Compare(F, "gt", 1), "T601"),
        (Cidr(F, (ip_network("fe80::/10"),)), "T601"),
        (Cidr(EVENT_ID, (ip_network("10.0.0.0/8"),)), "T601"),
        (ast.FieldRef(F, W), "T601"),
        (ast.TimePart(Field("d", "datetime"), "hour", (1,)), "T601"),
        (Regex(F, regex(r"(a)\1")), "T603"),
        (match("x", field=Field("", "string")), "T604"),
        (match("x", field=Field("a*", "string")), "T604"),
        (match("x", field=Field("_exists_", "string")), "T604"),
    ],
)
def test_refusals(node: Node, code: str) -> None:
    assert refusal(node) == code


def test_an_ipv6_network_that_holds_ipv4_addresses_is_said_to_be_wider() -> None:
    assert codes(Cidr(IP, (ip_network("::/0"),))) == ["T615"]


# --- text fields --------------------------------------------------------------------------------------


def test_text_fields_answer_with_words() -> None:
    assert render(match("*Mimi*", field=TEXT)) == "t:*Mimi*"
    assert codes(match("*Mimi*", field=TEXT)) == ["T624"]
    assert render(match("*foo bar*", "a-b", field=TEXT)) == 't:("foo bar" OR "a-b")'
    assert codes(match("*foo bar*", field=TEXT)) == ["T615"]
    assert codes(match("*Mimi*", field=TEXT, cased=True)) == ["T613", "T624"]
    assert render(Match(TEXT, (pattern(MANY, DASH, "enc"),))) == 't:"-enc"'
    assert refusal(match(r"*\*\*", field=TEXT)) == "T601"
    assert refusal(match("*a*b*", field=TEXT)) == "T601"
    assert refusal(match("", field=TEXT)) == "T601"


# --- keywords -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "text", "said"),
    [
        (["*Foo*"], "/.*[fF][oO][oO].*/", ["T624", "T620"]),
        (["*a b*"], '/.*[aA] [bB].*/ OR "a b"', ["T624", "T620", "T615"]),
        (["*46*"], '*46* OR "46"', ["T624", "T620", "T615"]),
        (["*->*"], r"*\-\>*", ["T624", "T620", "T615"]),
    ],
)
def test_keywords(patterns: list[str], text: str, said: list[str]) -> None:
    node = Keyword(tuple(map(sigma, patterns)))
    assert render(node) == text
    assert codes(node) == said
    assert render(And((node, A))) == (f"({text}) AND f:1" if " OR " in text else f"{text} AND f:1")


def test_keywords_by_case() -> None:
    assert render(Keyword((sigma("*Foo*"),), True)) == '*Foo* OR "Foo"'
    assert render(Keyword((sigma("*Foo*"),)), options=Options(strings="folded")) == "*Foo*"
    assert codes(Keyword((sigma("*Foo*"),)), options=Options(strings="folded")) == ["T624", "T620", "T621"]
    assert render(ast.KeywordRegex(regex("fo+"))) == "/.*fo.*/"


# --- regular expressions --------------------------------------------------------------------------------


def test_expressions() -> None:
    assert render(Regex(F, regex(r"\\Tmp\\$"))).startswith("f:/")
    assert render(Regex(F, regex("(?i)po"))) == "f:/.*[pP][oO].*/"
    assert render(Regex(F, regex("a/b"))) == r"f:/.*a\/b.*/"
    assert codes(Regex(FOLDED, regex("a"))) == ["T613"]
    assert codes(Regex(FOLDED, regex("(?i)a"))) == []


# --- hostile input --------------------------------------------------------------------------------------

nasty = st.lists(
    st.one_of(
        st.sampled_from(["AND", "OR", "NOT", " OR *:*", "/", "\\", '"', "*", "?", "\n", "\x00", ":", "(", "é", ">"]),
        st.text(max_size=3),
    ),
    max_size=5,
).map("".join)


@given(nasty)
@settings(max_examples=500)
def test_a_value_stays_data(value: str) -> None:
    exact = parse(render(Match(F, (literal(value),), True)))
    assert exact == Leaf("f", "exact", value)
    folded = parse(render(Match(F, (literal(value),))))
    assert isinstance(folded, Leaf)
    assert folded.kind == "exact" or expression(folded.text).fullmatch(value)


@given(nasty)
@settings(max_examples=500)
def test_a_name_stays_data(name: str) -> None:
    field = Field(name, "string")
    try:
        text = render(Match(field, (literal("1"),)))
    except Unsupported as error:
        assert error.diagnostic.code == "T604"
        return
    assert parse(text) == Leaf(name, "exact", "1")
    assert parse(render(IsNull(field))) == Junction("NOT", (Leaf("_exists_", "exact", name),))


# --- meaning --------------------------------------------------------------------------------------------


def holds(node: Node, event: dict[str, Any]) -> None:
    try:
        text = render(node)
    except Unsupported:
        return
    assert finds(parse(text), event, frozenset({ADDRESS.name})) == matches(node, event), text


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


@pytest.mark.parametrize("text", ["a OR b AND c", "a AND NOT b", "NOT a OR b", "f:\\>5", "f:/a\\/ OR f:/b/x", "f:(a"])
def test_the_reader_refuses_what_is_read_in_two_ways(text: str) -> None:
    with pytest.raises((LuceneError, KeyError)):
        parse(text)


def test_one_wildcard_is_one_character() -> None:
    node = Match(F, (pattern("a", ONE, "\n", MANY),))
    holds(node, {"f": "Ax\ny"})
    holds(node, {"f": "A\ny"})
