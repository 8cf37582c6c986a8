"""The Splunk backend: exact texts, what goes where, and what it says of a query."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from backends.base import METHODS
from backends.splunk import Splunk
from backends.splunk.where import Where
from tests.backends.spl_trees import ODD, A, B, F, G, N, codes, match, one_of, render
from transpiler.ast import (
    And,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldRef,
    IsNull,
    Keyword,
    KeywordRegex,
    Match,
    Node,
    Not,
    Or,
    Regex,
    TimePart,
)
from transpiler.errors import Unsupported
from transpiler.pattern import DASH, MANY, ONE, literal, pattern
from transpiler.query import Options, Source
from transpiler.regex import parse

# --- exact texts -----------------------------------------------------------------------------------------

SEARCH: list[tuple[Node, str]] = [
    (one_of("x"), 'f="x"'),
    (match("x", MANY), 'f="x*"'),
    (match(MANY, r"\cmd.exe"), r'f="*\\cmd.exe"'),
    (match(MANY, "x", MANY), 'f="*x*"'),
    (match(MANY, "\\Temp\\", MANY), r'f="*\\Temp\\*"'),
    (match(MANY, "a\\"), r'f="*a\\"'),
    (match(MANY), "f=*"),
    (Match(F, (literal("a"), pattern(MANY, "b"))), 'f IN ("a", "*b")'),
    (Match(F, (literal("a"), pattern(MANY))), "f=*"),
    (one_of(""), 'f=""'),
    (one_of('say "hi"'), r'f="say \"hi\""'),
    (one_of('\\"'), r'f="\\\""'),
    (one_of("a?b"), 'f="a?b"'),
    (one_of("a | b [c] `d` $e$ %20"), 'f="a | b [c] `d` $e$ %20"'),
    (one_of("OR"), 'f="OR"'),
    (one_of("10.0.0.1"), 'f="10.0.0.1"'),
    (match("10.0.0.0/8", MANY), 'f="10.0.0.0/8*"'),
    (match("4688", cased=True), 'f="4688"'),
    (
        match(MANY, " ", DASH, "enc", MANY),
        'f IN ("* -enc*", "* /enc*", "* \u2013enc*", "* \u2014enc*", "* \u2015enc*")',
    ),
    (Equals(F, (4688,)), "f=4688"),
    (Equals(F, (4688, -1, 1.5)), 'f IN (4688, "-1", "1.5")'),
    (Equals(F, (2.0,)), 'f IN ("2.0", 2)'),
    (Equals(F, (True,)), 'f="true"'),
    (Compare(N, "gte", 1024), "n>=1024"),
    (Compare(N, "lt", 1e-7), "n<0.0000001"),
    (Cidr(F, (ip_network("10.0.0.0/8"),)), 'f="10.0.0.0/8"'),
    (Cidr(F, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))), 'f IN ("10.0.0.0/8", "fe80::/10")'),
    (Exists(F), "f=*"),
    (IsNull(F), "NOT f=*"),
    (Keyword((pattern(MANY, "mimi katz", MANY),)), '"*mimi katz*"'),
    (Keyword((pattern(MANY, "a", MANY), pattern(MANY, "b", MANY))), '"*a*" OR "*b*"'),
    (And((A, B)), 'a="a" b="b"'),
    (Or((A, B)), 'a="a" OR b="b"'),
    (Not(A), 'NOT a="a"'),
    (And((A, Or((A, B)))), 'a="a" (a="a" OR b="b")'),
    (Or((A, And((A, B)))), 'a="a" OR (a="a" b="b")'),
    (And((A, Not(B))), 'a="a" NOT b="b"'),
    (And((A, Not(Or((A, B))))), 'a="a" NOT (a="a" OR b="b")'),
    (Or((A, Not(B))), 'a="a" OR (NOT b="b")'),
    (Not(IsNull(F)), "f=*"),
    (And((A, Not(one_of("x", "y")))), 'a="a" NOT f IN ("x", "y")'),
]


@pytest.mark.parametrize(("node", "text"), SEARCH)
def test_search_form(node: Node, text: str) -> None:
    assert render(node) == text


WHERE: list[tuple[Node, str]] = [
    (one_of("X"), 'lower(f)="x"'),
    (one_of("X", "y"), 'in(lower(f), "x", "y")'),
    (match("X", cased=True), 'f="X"'),
    (Match(F, (literal("X"), literal("y")), cased=True), 'in(f, "X", "y")'),
    (one_of(r'C:\a"b'), r'lower(f)="c:\\a\"b"'),
    (match(MANY), "isnotnull(f)"),
    (match("a", ONE), r'match(f, "(?is)^a.\\z")'),
    (match(MANY, "\\*"), r'match(f, "\\\\\\*\\z")'),
    (match("a", MANY, '"b"', MANY, cased=True), r'match(f, "(?s)^a.*\"b\"")'),
    (Match(F, (literal("a"), pattern(MANY, "b", MANY))), r'match(f, "(?i)^a\\z") OR match(f, "(?i)b")'),
    (match("a\n\x00```"), r'match(f, "(?i)^a\\n\\x00\\x60\\x60\\x60\\z")'),
    (match(MANY, "/../", MANY), r'match(f, "/\\.\\./")'),
    (Keyword((pattern(MANY, "a", MANY),)), 'match(_raw, "(?i)a")'),
    (Keyword((pattern(MANY),)), "isnotnull(_raw)"),
    (Regex(F, parse(r"\d\"", "i")), r'match(f, "\\d\"")'),
    (KeywordRegex(parse("a|b")), 'match(_raw, "a|b")'),
    (Equals(F, (4688,)), 'f="4688"'),
    (Equals(F, (1, 2)), 'in(f, "1", "2")'),
    (Equals(F, (False,)), 'lower(f)="false"'),
    (Compare(N, "lte", -1.5), "tonumber(n)<=-1.5"),
    (Cidr(F, (ip_network("10.0.0.0/8"),)), 'cidrmatch("10.0.0.0/8", f)'),
    (
        Cidr(F, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))),
        'cidrmatch("10.0.0.0/8", f) OR cidrmatch("fe80::/10", f)',
    ),
    (FieldRef(F, G), "lower(f)=lower(g)"),
    (FieldRef(F, G, cased=True), "f=g"),
    (FieldRef(F, G, "startswith"), "substr(lower(f), 1, len(g))=lower(g)"),
    (FieldRef(F, G, "endswith"), "substr(lower(f), 0-len(g))=lower(g)"),
    (FieldRef(F, G, "contains", cased=True), 'like(f, "%".g."%")'),
    (Exists(F), "isnotnull(f)"),
    (IsNull(F), "isnull(f)"),
    (TimePart(Field("_time"), "hour", (3,)), 'strftime(_time, "%H")="03"'),
    (
        TimePart(F, "month", (1, 12)),
        'in(strftime(strptime(substr(f, 1, 19), "%Y-%m-%dT%H:%M:%S"), "%m"), "01", "12")',
    ),
    (And((A, Or((A, B)))), 'lower(a)="a" AND (lower(a)="a" OR lower(b)="b")'),
    (Not(A), 'if(lower(a)="a",1,0)=0'),
    (Not(Or((A, B))), 'if(lower(a)="a" OR lower(b)="b",1,0)=0'),
    (Not(Not(A)), 'if(if(lower(a)="a",1,0)=0,1,0)=0'),
    (one_of("x", field=Field("f", many=True)), 'isnotnull(mvfilter(lower(f)="x"))'),
    (one_of("x", field=Field("a.b")), "lower('a.b')=\"x\""),
    (one_of("x", field=Field("5minutes")), "lower('5minutes')=\"x\""),
    (one_of("x", field=Field("and")), "lower('and')=\"x\""),
]


@pytest.mark.parametrize(("node", "text"), WHERE)
def test_where_form(node: Node, text: str) -> None:
    assert Where(Source(), Options()).visit(node) == text


NAMES = [
    ("cs-host", 'cs-host="x"'),
    ("a.b", 'a.b="x"'),
    ("tag::host", 'tag::host="x"'),
    ("c s", '"c s"="x"'),
    ("items{}.name", '"items{}.name"="x"'),
    ("it's", '"it\'s"="x"'),
    ("AND", '"AND"="x"'),
    ("`m`", '"`m`"="x"'),
    ("a=b", '"a=b"="x"'),
    ("Größe", '"Größe"="x"'),
    ("latest", '* | where lower(latest)="x"'),
]


@pytest.mark.parametrize(("name", "text"), NAMES)
def test_field_names(name: str, text: str) -> None:
    assert render(one_of("x", field=Field(name))) == text


@pytest.mark.parametrize("name", ['a"b', "a\\", "a*", "a\nb", "```", " a", ""])
def test_field_names_that_splunk_cannot_write(name: str) -> None:
    with pytest.raises(Unsupported, match="T604"):
        render(one_of("x", field=Field(name)))


def test_a_name_that_only_search_can_write() -> None:
    with pytest.raises(Unsupported, match="T604"):
        render(match("x", ONE, field=Field("it's")))


# --- what goes where -------------------------------------------------------------------------------------

ODD_TEXT = Where(Source(), Options()).visit(ODD)

PLACES: list[tuple[Node, str]] = [
    (And((A, ODD)), f'a="a" | where {ODD_TEXT}'),
    (And((ODD, A, ODD, B)), f'a="a" b="b" | where {ODD_TEXT} AND {ODD_TEXT}'),
    (And((A, Not(ODD))), f'a="a" | where if({ODD_TEXT},1,0)=0'),
    (And((A, Or((B, ODD)))), f'a="a" | where lower(b)="b" OR {ODD_TEXT}'),
    (And((A, Or((B, ODD)), ODD)), f'a="a" | where (lower(b)="b" OR {ODD_TEXT}) AND {ODD_TEXT}'),
    (And((A, Not(And((B, ODD))))), f'a="a" | where if(lower(b)="b" AND {ODD_TEXT},1,0)=0'),
    (Or((A, ODD)), f'* | where lower(a)="a" OR {ODD_TEXT}'),
    (ODD, f"* | where {ODD_TEXT}"),
    (Not(Or((A, ODD, B))), f'NOT (a="a" OR b="b") | where if({ODD_TEXT},1,0)=0'),
    (Or((A, And((B, ODD)))), f'a="a" OR b="b" | where lower(a)="a" OR (lower(b)="b" AND {ODD_TEXT})'),
    (
        And((A, Or((And((A, B, ODD)), B)))),
        f'a="a" ((a="a" b="b") OR b="b") | where (lower(a)="a" AND lower(b)="b" AND {ODD_TEXT}) OR lower(b)="b"',
    ),
    (And((A, Not(Or((ODD, B))))), f'a="a" NOT b="b" | where if({ODD_TEXT},1,0)=0'),
]


@pytest.mark.parametrize(("node", "text"), PLACES)
def test_only_whole_conjuncts_move_to_where(node: Node, text: str) -> None:
    assert render(node) == text


NOT_IN_SEARCH: list[Node] = [
    match("a", ONE),
    one_of("a*b"),
    match(MANY, "*", MANY),
    match("a", MANY, "b"),
    match("a", MANY, "*"),
    match("a\nb"),
    match("a\x00b"),
    one_of("a```b"),
    match(MANY, "/../../etc", MANY),
    one_of("10.0.0.0/8"),
    one_of("2001:db8::/32", "x"),
    match("aB", cased=True),
    match(MANY, DASH, "a", DASH, MANY),
    Match(F, (literal("a"), pattern("b", ONE))),
    FieldRef(F, G),
    TimePart(F, "day", (1,)),
    Keyword((pattern(MANY, "a", MANY, "b", MANY),)),
    Keyword((pattern(MANY, "aB", MANY),), cased=True),
    one_of("x", field=Field("earliest")),
]


@pytest.mark.parametrize("node", NOT_IN_SEARCH)
def test_what_search_cannot_say(node: Node) -> None:
    assert render(And((A, node))).startswith('a="a" | where ')


def test_the_index_comes_first_and_options_win() -> None:
    assert render(A, index="win") == 'index=win a="a"'
    assert render(Or((A, B)), index="win") == 'index=win (a="a" OR b="b")'
    assert render(Not(A), index="win") == 'index=win NOT a="a"'
    assert render(ODD, index="win") == f"index=win | where {ODD_TEXT}"
    assert render(A, index="win", options=Options(index="other")) == 'index=other a="a"'
    assert render(A, index="a, win*") == 'index IN (a, win*) a="a"'
    assert render(A, index="a b") == 'index="a b" a="a"'


# --- diagnostics -----------------------------------------------------------------------------------------

SAID: list[tuple[Node, list[str]]] = [
    (And((A, B)), []),
    (IsNull(F), ["T611"]),
    (And((IsNull(F), Exists(G), one_of(""), match(MANY))), ["T611"]),
    (And((IsNull(F), ODD)), ["T611"]),
    (And((A, Or((IsNull(F), ODD)))), ["T611"]),
    (one_of("Ähre"), ["T612"]),
    (one_of("日本"), []),
    (one_of("Ähre", "Öl"), ["T612"]),
    (Match(F, (pattern("Ä", ONE), pattern("Ö", ONE)), cased=True), ["T620"]),
    (Keyword((pattern(MANY, "a\\b", MANY), pattern(MANY, "<b>", MANY))), ["T624"]),
    (And((A, match("Ä", ONE))), ["T612"]),
    (Compare(N, "gt", 1), ["T624"]),
    (And((A, Or((Compare(N, "gt", 1), ODD)))), []),
    (Or((A, And((Compare(N, "gt", 1), ODD)))), []),
    (Keyword((pattern(MANY, "x", MANY),)), []),
    (Keyword((pattern(MANY, "a\\b", MANY),)), ["T624"]),
    (ODD, ["T620"]),
    (And((A, Regex(F, parse("^\\s*$")))), ["T611"]),
    (And((A, ODD)), []),
    (And((A, FieldRef(F, Field("g", many=True)))), ["T614", "T611"]),
    (And((A, FieldRef(F, G, "contains"))), ["T611", "T615"]),
    (And((A, TimePart(Field("_time"), "hour", (3,)))), ["T624"]),
]


@pytest.mark.parametrize(("node", "expected"), SAID)
def test_diagnostics(node: Node, expected: list[str]) -> None:
    assert codes(node) == expected


GAP = Keyword((pattern(MANY, "a", MANY, "b", MANY),))


def test_a_keyword_with_a_gap_says_once_that_it_may_span_values() -> None:
    said = Splunk.render(And((A, GAP, Not(GAP), Keyword((pattern(MANY, "a", ONE, MANY),)))), Source(), Options())[1]
    assert [(each.code, "span several values" in each.message) for each in said] == [("T624", True)]


def test_an_odd_character_of_a_keyword_is_said_once() -> None:
    odd = Keyword((pattern(MANY, '"', MANY),))
    assert codes(And((odd, Not(odd)))) == ["T624"]


def test_a_part_of_a_time_says_whose_time_zone_counts() -> None:
    for name, words in (("_time", "the time zone of the Splunk user who runs the query is UTC"), ("f", "in UTC")):
        (said,) = Splunk.render(And((A, TimePart(Field(name), "hour", (3,)))), Source(), Options())[1]
        assert (said.code, said.severity) == ("T624", "note")
        assert words in said.message
        assert "time zone of the Splunk user" in said.message


def test_every_node_class_has_both_forms() -> None:
    assert not Splunk.UNSUPPORTED
    assert not Where.UNSUPPORTED
    assert set(Splunk._table) == set(Where._table) == set(METHODS)


def test_comments_are_blocks() -> None:
    assert (Splunk.LANGUAGE.comment, Splunk.LANGUAGE.comment_end) == ("```", "```")
