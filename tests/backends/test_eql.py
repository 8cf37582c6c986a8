"""The EQL backend: exact texts, refusals, hostile input; every query parsed by Elastic's `eql` package, many run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.engines.elastic_words import Word, name_of
from backends.engines.eql import Eql as Engine
from backends.engines.eql_reader import read, text_of, tokens
from backends.eql import Eql
from backends.eql_lexis import column, quote
from tests.backends import elastic_trees
from tests.backends.elastic_trees import ADDRESS, COMMAND, PORT, RATIO, SIGNED, TEXTS, USER
from tests.support.shipped import run
from transpiler import ast
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, FieldRef, IsNull, Match, Node, Not, Or, TimePart
from transpiler.diagnostics import Diagnostic
from transpiler.errors import Unsupported
from transpiler.evaluate import matches
from transpiler.pattern import DASH, MANY, literal, parse, pattern
from transpiler.query import Options, Source
from transpiler.regex import parse as expression

eql = pytest.importorskip("eql")

ENGINE = Engine()

MAPPED = Source(index="logs-*")
F = Field("f", "string")
G = Field("g", "string")
FOLDED = Field("f", "string", "folded")
WORDS = Field("message", "string", "text")
WORDS_AND_MORE = Field("message", "string", "text", folded="message.caseless")
SEEN = Field("seen", "datetime")


def m(field: Field, *values: str, cased: bool = False) -> Match:
    """A Match of values as a rule writes them."""
    return Match(field, tuple(map(parse, values)), cased)


def rx(field: Field, text: str, flags: str = "") -> ast.Regex:
    return ast.Regex(field, expression(f"(?{flags}){text}" if flags else text))


def nets(*networks: str) -> tuple[Any, ...]:
    return tuple(map(ip_network, networks))


def render(node: Node, source: Source = MAPPED) -> tuple[str, tuple[Diagnostic, ...]]:
    text, diagnostics = Eql.render(node, source, Options())
    check(text)
    return text, diagnostics


@lru_cache(maxsize=64)
def check(text: str) -> None:
    """Elastic's own parser takes the query. One query is held against several events in a row."""
    if not any(map(misread, tokens(text))):
        with eql.parser.elasticsearch_syntax:
            eql.parse_query(text)


def misread(token: Word) -> bool:
    """Whether the package reads a word in another way than the grammar of Elasticsearch.

    It takes everything from ``\\u{`` to the last ``}`` for one escape, and knows neither doubled
    back-quotes nor names that begin with ``@``.
    """
    kind, text = token
    if kind == "text":
        return "\\u{" in text and text.count("}") > 1
    return kind == "name" and ("``" in text or "@" in text)


def codes(node: Node, source: Source = MAPPED) -> list[str]:
    return [each.code for each in render(node, source)[1]]


TEXTS_OF: list[tuple[str, Node, str]] = [
    # strings
    ("equals", m(F, "A"), 'f : "A"'),
    ("equals one of", m(F, "a", "b"), 'f : ("a", "b")'),
    ("contains", m(F, "*a*"), 'f : "*a*"'),
    ("starts with", m(F, "a*"), 'f : "a*"'),
    ("ends with", m(F, r"*\cmd.exe"), r'f : """*\cmd.exe"""'),
    ("glob", m(F, "a*b?c"), 'f : "a*b?c"'),
    ("any of shapes", m(F, "a", "b*", "*c*"), 'f : ("a", "b*", "*c*")'),
    ("cased", m(F, "A", cased=True), 'f == "A"'),
    ("cased one of", m(F, "A", "B", cased=True), 'f in ("A", "B")'),
    ("cased wildcards", m(F, "A*", "*b", cased=True), 'f like ("A*", "*b")'),
    ("cased whole and wildcards", m(F, "A", "b*", cased=True), 'f like "b*" or f == "A"'),
    ("empty", m(F, ""), 'f == ""'),
    ("empty or not", m(F, "", "a"), 'f : "a" or f == ""'),
    ("any value", m(F, "*"), "f != null"),
    ("any value or another", m(F, "a", "*"), "f != null"),
    ("literal wildcard in a whole value", m(F, r"what\?"), 'f in~ ("what?")'),
    ("literal wildcard in a whole value, cased", m(F, r"what\?", cased=True), 'f == "what?"'),
    ("literal wildcard in a pattern", m(F, r"*what\?"), r'f regex~ """.*what\?"""'),
    ("literal wildcard in a pattern, cased", m(F, r"*\**", cased=True), r'f regex """.*\*.*"""'),
    ("U+0001 in a whole value", Match(F, (literal("a\x01"),)), r'f in~ ("a\u{01}")'),
    ("U+0001 in a pattern", Match(F, (pattern("a\x01", MANY),)), r'f regex~ "a\u{01}.*"'),
    ("letters beyond ASCII", m(F, "*É*"), 'f regex ".*[éÉ].*"'),
    ("letters beyond ASCII among others", m(F, "É", "a"), 'f : "a" or f regex "[éÉ]"'),
    ("letters beyond ASCII, cased", m(F, "É", cased=True), 'f == "É"'),
    ("other characters beyond ASCII", m(F, "*😀*"), 'f : "*😀*"'),
    ("dash", Match(F, (pattern(MANY, " ", DASH, "enc", MANY),)), r'f regex~ """.* [\-\/–—―]enc.*"""'),
    ("dynamic", m(Field("f", "dynamic"), "a"), 'f : "a"'),
    ("text field with a whole sub-field", m(WORDS_AND_MORE, "*a*"), 'message.caseless : "*a*"'),
    ("folded", m(FOLDED, "A*"), 'f : "A*"'),
    ("folded, cased", m(FOLDED, "A", cased=True), 'f : "A"'),
    # regular expressions
    ("regex", rx(F, "a.*b"), r'f regex ".*a[^\n]*b.*"'),
    ("regex with quotes", rx(F, '"a"'), r'f regex """.*\"a\".*"""'),
    ("regex without case", rx(F, "PowerShell", "i"), 'f regex~ ".*PowerShell.*"'),
    ("regex without case, a range", rx(F, "[a-c]1", "i"), 'f regex~ ".*[A-Ca-c]1.*"'),
    ("regex on a folded field", rx(FOLDED, "[A-C]x"), 'f regex~ ".*[A-Ca-c]x.*"'),
    # numbers, booleans, addresses
    ("number", Equals(PORT, (22,)), "port == 22"),
    ("numbers", Equals(PORT, (22, -1)), "port in (22, -1)"),
    ("fraction", Equals(RATIO, (1.5,)), "ratio == 1.5"),
    ("boolean", Equals(SIGNED, (True,)), "signed == true"),
    ("booleans", Equals(SIGNED, (True, False)), "signed in (true, false)"),
    ("number or boolean", Equals(Field("f"), (1, True)), "f == 1 or f == true"),
    ("number as text", m(PORT, "4*", "?6"), 'string(port) : ("4*", "?6")'),
    ("boolean as text", m(SIGNED, "T*"), 'string(signed) : "t*"'),
    ("any number", m(PORT, "*"), "port != null"),
    ("address", m(ADDRESS, "10.0.0.1"), 'source.ip == "10.0.0.1"'),
    ("addresses", m(ADDRESS, "10.0.0.1", "fe80::1"), 'cidrMatch(source.ip, "10.0.0.1/32", "fe80::1/128")'),
    ("beginning of an address", m(ADDRESS, "10.*"), 'cidrMatch(source.ip, "10.0.0.0/8")'),
    ("any address", m(ADDRESS, "*"), "source.ip != null"),
    ("network", Cidr(ADDRESS, nets("10.0.0.0/8", "fe80::/10")), 'cidrMatch(source.ip, "10.0.0.0/8", "fe80::/10")'),
    ("network of text", Cidr(F, nets("10.1.0.0/16")), r'f regex """10\.1\.<0-255>\.<0-255>"""'),
    ("compare", Compare(PORT, "gte", 5), "port >= 5"),
    # presence
    ("null", IsNull(F), "f == null"),
    ("exists", Exists(F), "f != null"),
    # logic
    ("and", And((m(F, "a"), m(G, "b"))), 'f : "a" and g : "b"'),
    ("or in and", And((Or((m(F, "a"), m(G, "b"))), m(F, "c"))), '(f : "a" or g : "b") and f : "c"'),
    ("list in and", And((m(F, "", "b"), m(G, "c"))), '(f : "b" or f == "") and g : "c"'),
    ("not", Not(m(F, "a")), 'not f : "a"'),
    ("not in and", And((m(F, "a"), Not(m(G, "b")))), 'f : "a" and (not g : "b")'),
    ("not or", Not(Or((m(F, "a"), m(G, "b")))), 'not (f : "a" or g : "b")'),
    ("not null", Not(IsNull(F)), "f != null"),
    ("not exists", Not(Exists(F)), "f == null"),
    ("not any value", Not(m(F, "*")), "f == null"),
    ("not a comparison", Not(Compare(PORT, "gt", 5)), "port == null or (not port > 5)"),
    ("not, deeper", Not(And((m(F, "a"), Compare(PORT, "gt", 5)))), 'not (f : "a" and port > 5 and port != null)'),
    (
        "not not",
        Not(And((m(F, "a"), Not(Compare(PORT, "gt", 5))))),
        'not (f : "a" and (port == null or (not port > 5)))',
    ),
    ("not a script", Not(m(PORT, "4*")), 'port == null or (not string(port) : "4*")'),
    ("not an address", Not(m(ADDRESS, "::1")), 'not source.ip == "::1"'),
    # names
    ("dash in a name", m(Field("cs-host", "string"), "a"), '`cs-host` : "a"'),
    ("part of a name", m(Field("a.cs-host.b", "string"), "a"), 'a.`cs-host`.b : "a"'),
    ("digit first", m(Field("a.6b", "string"), "a"), 'a.`6b` : "a"'),
    ("word of the grammar", m(Field("a.sequence", "string"), "a"), 'a.`sequence` : "a"'),
    ("back-quote", m(Field("a`b", "string"), "a"), '`a``b` : "a"'),
    ("dots alone", m(Field("a..b", "string"), "a"), '`a..b` : "a"'),
    ("at sign", m(Field("@f", "string"), "a"), '@f : "a"'),
    # texts
    ("quotation mark", m(F, '*"a" b*'), 'f : """*"a" b*"""'),
    ("quotation mark at the end", m(F, 'a"', cased=True), r'f == "a\""'),
    ("three quotation marks", m(F, '*"""*'), r'f : "*\"\"\"*"'),
    ("line break", m(F, "a\nb\r\t"), r'f : "a\nb\r\t"'),
    ("comment and pipe", m(F, "// a /* | head 1"), 'f : "// a /* | head 1"'),
    ("zero and bidi", Match(F, (literal("\0\u202e"),)), r'f : "\u{00}\u{202e}"'),
]


@pytest.mark.parametrize(("node", "text"), [each[1:] for each in TEXTS_OF], ids=[each[0] for each in TEXTS_OF])
def test_text(node: Node, text: str) -> None:
    assert render(node)[0] == f"any where {text}"


OPTIONAL: list[tuple[str, Node, str]] = [
    ("leaf", m(F, "a"), '?f : "a"'),
    ("odd name", m(Field("cs-host", "string"), "a"), '?`cs-host` : "a"'),
    ("not", Not(m(F, "a")), '?f == null or (not ?f : "a")'),
    ("not any value", Not(m(F, "*")), "?f == null"),
    ("not null", Not(IsNull(F)), "?f != null"),
    ("not null below not", Not(And((IsNull(F), m(G, "*")))), "not (?f == null and ?g != null)"),
    (
        "not of several",
        Not(And((m(F, "a"), m(G, "b")))),
        'not (?f : "a" and ?f != null and ?g : "b" and ?g != null)',
    ),
    (
        "not of a list",
        Not(Or((m(F, "a", ""), Equals(PORT, (1,))))),
        'not (((?f : "a" or ?f == "") and ?f != null) or (?port == 1 and ?port != null))',
    ),
    (
        "not a network",
        Not(Cidr(ADDRESS, nets("10.0.0.0/8"))),
        '?source.ip == null or (not cidrMatch(?source.ip, "10.0.0.0/8"))',
    ),
    ("not a regex", Not(rx(F, "a")), '?f == null or (not ?f regex ".*a.*")'),
]


@pytest.mark.parametrize(("node", "text"), [each[1:] for each in OPTIONAL], ids=[each[0] for each in OPTIONAL])
def test_fields_nobody_knows_are_optional(node: Node, text: str) -> None:
    assert render(node, Source())[0] == f"any where {text}"


# --- event categories -----------------------------------------------------------------------------

CATEGORY = Field("event.category", "string", many=True)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (m(F, "a"), 'process where f : "a"'),
        (And((m(CATEGORY, "process"), m(F, "a"))), 'process where f : "a"'),
        (And((m(CATEGORY, "process"), m(F, "a"), m(G, "b"))), 'process where f : "a" and g : "b"'),
        (m(CATEGORY, "process"), "process where true"),
        (And((m(CATEGORY, "file"), m(F, "a"))), 'process where event.category : "file" and f : "a"'),
        (Or((m(CATEGORY, "process"), m(F, "a"))), 'process where event.category : "process" or f : "a"'),
    ],
)
def test_category_is_said_once(node: Node, text: str) -> None:
    assert render(node, Source("logs-*", category="process"))[0] == text


@pytest.mark.parametrize(("category", "text"), [("a-b", '"a-b"'), ("any", '"any"'), ('a"', r'"a\""'), ("my_1", "my_1")])
def test_category_in_quotes(category: str, text: str) -> None:
    found, _ = Eql.render(m(F, "a"), Source("i", category=category), Options())
    assert found == f'{text} where f : "a"'
    assert read(found)[0] == category


# --- diagnostics ----------------------------------------------------------------------------------

REFUSED: list[tuple[str, Node, str]] = [
    ("reference", FieldRef(F, G), "T601"),
    ("time", TimePart(SEEN, "hour", (1,)), "T601"),
    ("keyword", ast.Keyword((pattern(MANY, "a", MANY),)), "T601"),
    ("keyword expression", ast.KeywordRegex(expression("a")), "T601"),
    ("words", m(WORDS, "*a*"), "T601"),
    ("expression on words", rx(WORDS, "a"), "T601"),
    ("text of a date", m(SEEN, "2024*"), "T601"),
    ("expression on a number", rx(PORT, "1"), "T601"),
    ("expression on an address", rx(ADDRESS, "1"), "T601"),
    ("literal wildcard on a number", m(PORT, r"*\**"), "T601"),
    ("no address", m(ADDRESS, "*.1"), "T601"),
    ("compare text", Compare(F, "gt", 1), "T601"),
    ("compare an address", Compare(ADDRESS, "gt", 1), "T601"),
    ("infinite", Compare(RATIO, "gt", float("inf")), "T601"),
    ("huge", Equals(PORT, (1 << 64,)), "T601"),
    ("network on a number", Cidr(PORT, nets("10.0.0.0/8")), "T601"),
    ("network of text, IPv6", Cidr(F, nets("fe80::/10")), "T601"),
    ("long expression", rx(F, "a" * 1000), "T602"),
    ("back-reference", rx(F, r"(a|b)\1"), "T603"),
    ("line break in a name", m(Field("a\nb", "string"), "a"), "T604"),
    ("no name", m(Field("", "string"), "a"), "T604"),
]


@pytest.mark.parametrize(("node", "code"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_refusal(node: Node, code: str) -> None:
    with pytest.raises(Unsupported) as caught:
        render(node)
    assert caught.value.diagnostic.code == code
    assert caught.value.diagnostic.hint


SAID: list[tuple[str, Node, list[str]]] = [
    ("plain", m(F, "a"), []),
    ("null", IsNull(F), []),
    ("exists", Exists(F), ["T611"]),
    ("folded, cased", m(FOLDED, "A", cased=True), ["T613"]),
    ("folded, cased, no letter", m(FOLDED, "1", cased=True), []),
    ("folded, expression", rx(FOLDED, "a"), ["T613"]),
    ("number as text", m(PORT, "1*"), ["T620"]),
    ("fraction as text", m(RATIO, "1*"), ["T615", "T620"]),
    ("several numbers as text", m(Field("f", "int", many=True), "1*"), ["T614", "T620"]),
    ("several numbers compared", Compare(Field("f", "int", many=True), "gt", 1), []),
    ("several numbers compared below not", Not(Compare(Field("f", "int", many=True), "gt", 1)), ["T614"]),
    ("deeper", Not(And((m(F, "a"), Compare(Field("f", "int", many=True), "gt", 1)))), ["T614"]),
    ("mapped addresses", Cidr(ADDRESS, nets("::/0")), ["T615"]),
]


@pytest.mark.parametrize(("node", "expected"), [each[1:] for each in SAID], ids=[each[0] for each in SAID])
def test_notes_and_warnings(node: Node, expected: list[str]) -> None:
    assert codes(node) == expected


def test_the_type_of_a_network_s_column_is_the_rule_s() -> None:
    assert codes(Cidr(ADDRESS, nets("10.0.0.0/8")), Source()) == ["T622"]


KEYWORDS = Source("logs-*", keyword_fields=(Field("message", "string"), Field("process.command_line", "string")))


def test_keywords_are_looked_for_in_the_schema_s_fields() -> None:
    text, diagnostics = render(ast.Keyword((pattern(MANY, "a", MANY), pattern(MANY, "b", MANY))), KEYWORDS)
    assert text == 'any where message : ("*a*", "*b*") or process.command_line : ("*a*", "*b*")'
    assert [(each.code, each.message) for each in diagnostics] == [
        ("T623", "the keyword is looked for in message, process.command_line")
    ]
    text, _ = render(And((ast.KeywordRegex(expression("(?i)a")), m(F, "b"))), KEYWORDS)
    assert text == 'any where (message regex~ ".*a.*" or process.command_line regex~ ".*a.*") and f : "b"'


def test_long_lists_of_expressions_are_split() -> None:
    patterns = tuple([pattern(MANY, "*", "x" * 300, str(number), MANY) for number in range(4)])
    text, _ = render(Match(F, patterns))
    assert text.count(" regex~ (") == 1
    assert text.count(" or f regex~ ") == 1
    assert run(ENGINE, text, Match(F, patterns), {"f": f"*{'X' * 300}3"})


# --- hostile input --------------------------------------------------------------------------------

nasty = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(TEXTS), max_size=4).map("".join))


def constants(text: str) -> Iterator[Any]:
    """The strings in a query, as Elastic's parser reads them."""
    with eql.parser.elasticsearch_syntax:
        query = eql.parse_query(text)
    for each in query:
        if isinstance(each, eql.ast.String):
            yield each.value


@given(nasty)
@settings(max_examples=400)
def test_a_string_stays_a_string(text: str) -> None:
    quoted = quote(text)
    [token, end] = tokens(quoted)
    assert end == ("end", "")
    assert text_of(token[1]) == text
    if not misread(token):
        assert list(constants(f"any where f == {quoted}")) == [text]


@given(nasty)
@settings(max_examples=400)
def test_a_name_stays_a_name(name: str) -> None:
    written = column(name)
    if written is None:
        assert not name or not name.isprintable()
        return
    [token, end] = tokens(written)
    assert (token[0], end) == ("name", ("end", ""))
    assert name_of(token[1]) == name
    if "`" not in name and "@" not in name:
        with eql.parser.elasticsearch_syntax:
            eql.parse_query(f"any where {written} == 1 and ?{written} != null")


# --- meaning --------------------------------------------------------------------------------------


def holds(node: Node, event: dict[str, Any], source: Source, unmapped: frozenset[str]) -> None:
    try:
        text, _ = Eql.render(node, source, Options())
    except Unsupported:
        return
    check(text)
    assert run(ENGINE, text, node, event, unmapped) == matches(node, event), text


@given(elastic_trees.trees, elastic_trees.events(lists=True))
@settings(max_examples=500)
def test_meaning(node: Node, event: dict[str, Any]) -> None:
    holds(node, event, MAPPED, frozenset())


@given(elastic_trees.trees, elastic_trees.events(lists=True))
@settings(max_examples=500)
def test_meaning_with_unmapped_fields(node: Node, event: dict[str, Any]) -> None:
    unmapped = {field.name for field in (COMMAND, USER, PORT, RATIO, SIGNED, ADDRESS)} - event.keys()
    holds(node, event, Source(), frozenset(unmapped))


@given(elastic_trees.several, st.booleans(), elastic_trees.texts)
@settings(max_examples=500)
def test_meaning_of_patterns(patterns: Any, cased: bool, text: str) -> None:
    node = Match(COMMAND, patterns, cased)
    for value in (text, *elastic_trees.near(node)):
        holds(node, {COMMAND.name: value}, MAPPED, frozenset())
