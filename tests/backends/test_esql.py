"""The ES|QL backend: exact texts, refusals, hostile input, and what the queries find on events."""

from __future__ import annotations

import re
from datetime import UTC
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.engines.elastic_words import name_of
from backends.engines.esql import Esql as Engine
from backends.engines.esql_reader import read, text_of, tokens
from backends.esql import Esql
from backends.esql_lexis import column, like, quote, source
from tests.backends import elastic_trees
from tests.backends.elastic_trees import ADDRESS, COMMAND, PORT, RATIO, SIGNED, TEXTS
from tests.support.shipped import run
from tests.vendors import esql as grammar
from transpiler import ast
from transpiler.ast import And, Cidr, Compare, Equals, Exists, Field, FieldRef, IsNull, Match, Node, Not, Or, TimePart
from transpiler.diagnostics import Diagnostic
from transpiler.errors import Unsupported
from transpiler.evaluate import matches
from transpiler.pattern import DASH, MANY, literal, parse, pattern
from transpiler.query import Options, Source
from transpiler.regex import parse as expression
from transpiler.span import Span

ENGINE = Engine()
LOGS = Source(index="logs-*")
NO_OPTIONS = Options()
HEAD = "FROM logs-* METADATA _id, _version, _index\n| WHERE "
F = Field("f", "string")
G = Field("g", "string")
FOLDED = Field("f", "string", "folded")
MANY_TEXTS = Field("f", "string", many=True)
MANY_NUMBERS = Field("f", "int", many=True)
MANY_ADDRESSES = Field("f", "ip", many=True)
SEEN = Field("seen", "datetime")


def m(field: Field, *values: str, cased: bool = False) -> Match:
    """A Match of values as a rule writes them."""
    return Match(field, tuple(map(parse, values)), cased)


def nets(*networks: str) -> tuple[Any, ...]:
    return tuple(map(ip_network, networks))


def render(node: Node, at: Source = LOGS, options: Options = NO_OPTIONS) -> tuple[str, tuple[Diagnostic, ...]]:
    text, diagnostics = Esql.render(node, at, options)
    read(text)
    return text, diagnostics


def codes(node: Node, at: Source = LOGS) -> list[str]:
    return [each.code for each in render(node, at)[1]]


TEXTS_OF: list[tuple[str, Node, str]] = [
    # strings
    ("equals", m(F, "A"), 'TO_LOWER(f) == "a"'),
    ("equals one of", m(F, "A", "b"), 'TO_LOWER(f) IN ("a", "b")'),
    ("contains", m(F, "*A*"), 'TO_LOWER(f) LIKE "*a*"'),
    ("contains one of", m(F, "*A*", "*b*"), 'TO_LOWER(f) LIKE "*a*" OR TO_LOWER(f) LIKE "*b*"'),
    ("starts with", m(F, "A*"), 'TO_LOWER(f) LIKE "a*"'),
    ("ends with", m(F, r"*\Cmd.exe"), r'TO_LOWER(f) LIKE """*\\cmd.exe"""'),
    ("whole value with a backslash", m(F, r"C:\a"), r'TO_LOWER(f) == """c:\a"""'),
    ("glob", m(F, "a*b?c"), 'TO_LOWER(f) LIKE "a*b?c"'),
    ("whole values and parts", m(F, "a", "b", "*c"), 'TO_LOWER(f) IN ("a", "b") OR TO_LOWER(f) LIKE "*c"'),
    ("no letters", m(F, "4624"), 'f == "4624"'),
    ("no letters in parts", m(F, "*%%1936*"), 'f LIKE "*%%1936*"'),
    ("cased", m(F, "A", cased=True), 'f == "A"'),
    ("cased one of", m(F, "A", "B", cased=True), 'f IN ("A", "B")'),
    ("cased parts", m(F, "A*", "*B", cased=True), 'f LIKE "A*" OR f LIKE "*B"'),
    ("empty", m(F, ""), 'f == ""'),
    ("empty or not", m(F, "", "A"), 'TO_LOWER(f) IN ("", "a")'),
    ("any value", m(F, "*"), "f IS NOT NULL"),
    ("any value or another", m(F, "a", "*"), "f IS NOT NULL"),
    ("literal wildcards", m(F, r"*\*a\?*"), r'TO_LOWER(f) LIKE """*\*a\?*"""'),
    ("literal wildcards in a whole value", m(F, r"\*a\?"), 'TO_LOWER(f) == "*a?"'),
    ("letters beyond ASCII", m(F, "*É*"), 'f RLIKE ".*[éÉ].*"'),
    ("letters beyond ASCII among others", m(F, "É", "A"), 'TO_LOWER(f) == "a" OR f RLIKE "[éÉ]"'),
    ("letters beyond ASCII, cased", m(F, "É", cased=True), 'f == "É"'),
    ("dash", Match(F, (pattern(MANY, " ", DASH, "Enc", MANY),)), r'TO_LOWER(f) RLIKE """.* [\-\/–—―]enc.*"""'),
    (
        "dashes",
        Match(F, (pattern(DASH, "a"), pattern(DASH, "b"), pattern("c"))),
        r'TO_LOWER(f) == "c" OR TO_LOWER(f) RLIKE """[\-\/–—―]a""" OR TO_LOWER(f) RLIKE """[\-\/–—―]b"""',
    ),
    ("folded", m(FOLDED, "A*", "B"), 'f == "b" OR f LIKE "a*"'),
    ("folded, letters beyond ASCII", m(FOLDED, "É*"), 'f LIKE "é*"'),
    ("folded, cased", m(FOLDED, "A", cased=True), 'f == "a"'),
    ("text field", m(Field("f", "string", "text"), "*A*"), 'TO_LOWER(f) LIKE "*a*"'),
    # several values
    (
        "one of several values",
        m(MANY_TEXTS, "A"),
        'CONCAT("\\n", MV_CONCAT(TO_LOWER(f), "\\n"), "\\n") LIKE "*\\na\\n*"',
    ),
    (
        "one of several values, one of",
        m(MANY_TEXTS, "1", "2"),
        'CONCAT("\\n", MV_CONCAT(f, "\\n"), "\\n") LIKE "*\\n1\\n*" OR '
        'CONCAT("\\n", MV_CONCAT(f, "\\n"), "\\n") LIKE "*\\n2\\n*"',
    ),
    ("part of several values", m(MANY_TEXTS, "*A*"), r'MV_CONCAT(TO_LOWER(f), "\n") LIKE "*a*"'),
    ("start of several values", m(MANY_TEXTS, "A*"), r'CONCAT("\n", MV_CONCAT(TO_LOWER(f), "\n")) LIKE "*\na*"'),
    ("end of several values", m(MANY_TEXTS, r"*\A"), r'CONCAT(MV_CONCAT(TO_LOWER(f), "\n"), "\n") LIKE "*\\\\a\n*"'),
    ("glob of several values", m(MANY_TEXTS, "a*b"), 'TO_LOWER(f) LIKE "a*b"'),
    ("several numbers", Equals(MANY_NUMBERS, (1,)), "MV_CONTAINS(TO_LONG(f), TO_LONG(1))"),
    ("several booleans", Equals(Field("f", "bool", many=True), (True,)), "MV_CONTAINS(f, true)"),
    ("several numbers compared", Compare(MANY_NUMBERS, "gt", 1), "MV_MAX(f) > 1"),
    ("several numbers compared, below", Compare(MANY_NUMBERS, "lte", 1), "MV_MIN(f) <= 1"),
    ("several addresses", m(MANY_ADDRESSES, "10.0.0.1"), 'MV_CONTAINS(f, TO_IP("10.0.0.1"))'),
    # regular expressions
    ("regex", ast.Regex(F, expression("a.*b")), r'f RLIKE ".*a[^\n]*b.*"'),
    ("regex with a backslash", ast.Regex(F, expression(r"\\a\.")), r'f RLIKE """.*\\a\..*"""'),
    ("regex without case", ast.Regex(F, expression("(?i)ab[c-d]")), 'f RLIKE ".*[aA][bB][CDcd].*"'),
    ("regex on a folded field", ast.Regex(FOLDED, expression("A")), 'f RLIKE ".*[aA].*"'),
    ("regex on a number", ast.Regex(PORT, expression("^1")), 'TO_STRING(port) RLIKE "1.*"'),
    # numbers, booleans, addresses, dates
    ("number", Equals(PORT, (22,)), "port == 22"),
    ("numbers", Equals(PORT, (22, -1)), "port IN (22, -1)"),
    ("fraction", Equals(RATIO, (1.5,)), "ratio == 1.5"),
    ("boolean", Equals(SIGNED, (True,)), "signed == true"),
    ("number or boolean", Equals(Field("f"), (1, True)), "f == 1 OR f == true"),
    ("number as text", m(PORT, "4*"), 'TO_STRING(port) LIKE "4*"'),
    ("boolean as text", m(SIGNED, "T*"), 'TO_STRING(signed) LIKE "t*"'),
    ("address", m(ADDRESS, "10.0.0.1"), 'source.ip == "10.0.0.1"'),
    ("addresses", m(ADDRESS, "10.0.0.1", "fe80::1"), 'source.ip IN ("10.0.0.1", "fe80::1")'),
    (
        "address or beginning of one",
        m(ADDRESS, "10.0.0.1", "192.168.*"),
        'source.ip == "10.0.0.1" OR CIDR_MATCH(source.ip, "192.168.0.0/16")',
    ),
    ("network", Cidr(ADDRESS, nets("10.0.0.0/8", "fe80::/10")), 'CIDR_MATCH(source.ip, "10.0.0.0/8", "fe80::/10")'),
    ("network of text", Cidr(F, nets("10.0.0.0/8")), 'CIDR_MATCH(TO_IP(f), "10.0.0.0/8")'),
    ("compare", Compare(PORT, "gte", 5), "port >= 5"),
    ("compare text", Compare(F, "lt", 5), r'f RLIKE """-?[0-9]+(\.[0-9]+)?""" AND TO_DOUBLE(f) < 5'),
    ("hour", TimePart(SEEN, "hour", (1, 2)), 'DATE_EXTRACT("hour_of_day", seen) IN (1, 2)'),
    ("minute", TimePart(SEEN, "minute", (1,)), 'DATE_EXTRACT("minute_of_hour", seen) == 1'),
    ("day", TimePart(SEEN, "day", (1,)), 'DATE_EXTRACT("day_of_month", seen) == 1'),
    ("month", TimePart(SEEN, "month", (1,)), 'DATE_EXTRACT("month_of_year", seen) == 1'),
    ("year", TimePart(SEEN, "year", (2024,)), 'DATE_EXTRACT("year", seen) == 2024'),
    (
        "week",
        TimePart(SEEN, "week", (1,)),
        '(DATE_EXTRACT("day_of_year", DATE_TRUNC(1 week, seen) + 3 days) + 6) / 7 == 1',
    ),
    # two fields
    ("reference", FieldRef(F, G), "TO_LOWER(f) == TO_LOWER(g)"),
    ("reference, cased", FieldRef(F, G, cased=True), "f == g"),
    ("reference, start", FieldRef(F, G, "startswith"), "STARTS_WITH(TO_LOWER(f), TO_LOWER(g))"),
    ("reference, end", FieldRef(F, G, "endswith"), "ENDS_WITH(TO_LOWER(f), TO_LOWER(g))"),
    ("reference, part", FieldRef(F, G, "contains"), "LOCATE(TO_LOWER(f), TO_LOWER(g)) > 0"),
    ("reference, numbers", FieldRef(PORT, RATIO), "port == ratio"),
    ("reference, number and text", FieldRef(PORT, F), "TO_LOWER(TO_STRING(port)) == TO_LOWER(f)"),
    # presence
    ("null", IsNull(F), "f IS NULL"),
    ("exists", Exists(F), "f IS NOT NULL"),
    # logic
    ("and", And((m(F, "1"), m(G, "2"))), 'f == "1" AND g == "2"'),
    ("or in and", And((Or((m(F, "1"), m(G, "2"))), m(F, "3"))), '(f == "1" OR g == "2") AND f == "3"'),
    ("list in and", And((m(F, "1", "2*"), m(G, "3"))), '(f == "1" OR f LIKE "2*") AND g == "3"'),
    ("not", Not(m(F, "1")), 'NOT COALESCE(f == "1", false)'),
    ("not in and", And((m(F, "1"), Not(m(G, "2")))), 'f == "1" AND (NOT COALESCE(g == "2", false))'),
    ("not or", Not(Or((m(F, "1"), m(G, "2")))), 'NOT COALESCE(f == "1" OR g == "2", false)'),
    (
        "not not",
        Not(And((m(F, "1"), Not(m(G, "2"))))),
        'NOT COALESCE(f == "1" AND (NOT COALESCE(g == "2", false)), false)',
    ),
    ("not null", Not(IsNull(F)), "f IS NOT NULL"),
    ("not exists", Not(Exists(F)), "f IS NULL"),
    ("not exists, odd name", Not(Exists(Field("a IS NOT NULL"))), "`a IS NOT NULL` IS NULL"),
    ("not any value", Not(m(F, "*")), "f IS NULL"),
    # names
    ("dash in a name", m(Field("cs-host", "string"), "1"), '`cs-host` == "1"'),
    ("part of a name", m(Field("a.cs-host.b", "string"), "1"), 'a.`cs-host`.b == "1"'),
    ("digit first", m(Field("a.6b", "string"), "1"), 'a.`6b` == "1"'),
    ("word of the grammar", m(Field("a.Like", "string"), "1"), 'a.`Like` == "1"'),
    ("back-quote", m(Field("a`b", "string"), "1"), '`a``b` == "1"'),
    ("at sign", IsNull(Field("@timestamp")), "@timestamp IS NULL"),
    ("underscore alone", IsNull(Field("_")), "`_` IS NULL"),
    # texts
    ("quotation mark", m(F, '1"2'), 'f == """1"2"""'),
    ("quotation mark at the end", m(F, '*1"'), r'f LIKE "*1\""'),
    ("three quotation marks", m(F, '1"""2'), r'f == "1\"\"\"2"'),
    ("line break", m(F, "1\n2\r\t\\"), r'f == "1\n2\r\t\\"'),
    ("line break in a part", m(F, "*1\n\\2"), r'f LIKE "*1\n\\\\2"'),
    ("comment and pipe", m(F, r"// 1 /\* |"), 'f == "// 1 /* |"'),
]  # fmt: skip


@pytest.mark.parametrize(("node", "text"), [each[1:] for each in TEXTS_OF], ids=[each[0] for each in TEXTS_OF])
def test_text(node: Node, text: str) -> None:
    assert render(node)[0] == HEAD + text


@pytest.mark.parametrize("version", grammar.VERSIONS)
def test_elastic_s_own_grammar_takes_every_text(version: str) -> None:
    asked = [(version, render(node)[0], None) for _, node, _ in TEXTS_OF]
    said = dict(zip([name for name, _, _ in TEXTS_OF], grammar.check(asked), strict=True))
    assert {name: error for name, error in said.items() if error} == {}


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (None, "*"),
        ("", "*"),
        ("logs-*", "logs-*"),
        ("logs-*,winlogbeat-*", "logs-*, winlogbeat-*"),
        ("logs-*, .alerts", "logs-*, .alerts"),
        ("far:logs-*", '"far:logs-*"'),
        ("-logs", '"-logs"'),
        ("<logs-{now/d}>", '"<logs-{now/d}>"'),
        ('a" | DROP b // ', '"""a" | DROP b //"""'),
        ("a\nb", r'"a\nb"'),
    ],
)
def test_source(index: str | None, text: str) -> None:
    assert source(index) == text
    assert read(Esql.render(m(F, "1"), Source(index), Options())[0]).source == text


def test_the_caller_s_index_wins() -> None:
    text, _ = render(m(F, "1"), LOGS, Options(index="mine"))
    assert text == 'FROM mine METADATA _id, _version, _index\n| WHERE f == "1"'


# --- diagnostics ----------------------------------------------------------------------------------

REFUSED: list[tuple[str, Node, str]] = [
    ("keyword among others under not", Not(Or((ast.Keyword((pattern(MANY, "a", MANY),)), m(F, "1")))), "T601"),
    ("keyword expression under not", Not(And((ast.KeywordRegex(expression("a")), m(F, "1")))), "T601"),
    ("keyword too long", ast.Keyword((pattern(MANY, "a" * 400, MANY),)), "T602"),
    ("keyword expression that Lucene lacks", ast.KeywordRegex(expression("(?=a)")), "T603"),
    ("text of a date", m(SEEN, "2024*"), "T601"),
    ("member of a flattened object", m(Field("a.b", "dynamic"), "x"), "T601"),
    ("expression on a date", ast.Regex(SEEN, expression("a")), "T601"),
    ("no address", m(ADDRESS, "*.1"), "T601"),
    ("compare an address", Compare(ADDRESS, "gt", 1), "T601"),
    ("infinite", Compare(RATIO, "gt", float("inf")), "T601"),
    ("huge", Equals(PORT, (1 << 64,)), "T601"),
    ("network on a number", Cidr(PORT, nets("10.0.0.0/8")), "T601"),
    ("hour of a number", TimePart(PORT, "hour", (1,)), "T601"),
    ("long expression", ast.Regex(F, expression("a" * 1000)), "T602"),
    ("back-reference", ast.Regex(F, expression(r"(a|b)\1")), "T603"),
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
    ("not exists", Not(Exists(F)), ["T611"]),
    ("folded", And((m(FOLDED, "a"), m(FOLDED, "b"))), ["T621"]),
    ("folded, no letter", m(FOLDED, "1"), []),
    ("folded, cased", m(FOLDED, "A", cased=True), ["T613", "T621"]),
    ("folded, expression", ast.Regex(FOLDED, expression("a")), ["T613"]),
    ("folded, caseless expression", ast.Regex(FOLDED, expression("(?i)a")), []),
    ("folded, reference, cased", FieldRef(FOLDED, G, cased=True), ["T613"]),
    ("fraction as text", m(RATIO, "1*"), ["T615"]),
    ("one of several values", m(MANY_TEXTS, "a", "*b*"), []),
    ("start of several values", m(MANY_TEXTS, "a*")._replace(span=Span("rule.yml", 1, 1)), ["T624"]),
    ("glob of several values", m(MANY_TEXTS, "a*b"), ["T614"]),
    ("line break in several values", m(MANY_TEXTS, "*\n*"), ["T614"]),
    ("letters beyond ASCII in several values", m(MANY_TEXTS, "É"), ["T614"]),
    ("expression on several values", ast.Regex(MANY_TEXTS, expression("a")), ["T614"]),
    ("network on several values", Cidr(MANY_ADDRESSES, nets("10.0.0.0/8")), ["T614"]),
    ("several values in a reference", FieldRef(F, MANY_TEXTS), ["T614"]),
    ("mapped addresses", Cidr(ADDRESS, nets("::/0")), ["T615"]),
]


@pytest.mark.parametrize(("node", "expected"), [each[1:] for each in SAID], ids=[each[0] for each in SAID])
def test_notes_and_warnings(node: Node, expected: list[str]) -> None:
    assert codes(node) == expected


def test_without_a_schema_one_note_says_what_is_assumed() -> None:
    assert codes(And((m(F, "a"), Not(m(G, "b")))), Source()) == ["T624"]


def test_without_a_schema_an_address_may_be_text() -> None:
    text, _ = render(Cidr(ADDRESS, nets("10.0.0.0/8")), Source())
    assert text.endswith('| WHERE CIDR_MATCH(TO_IP(source.ip), "10.0.0.0/8")')


def test_keywords_are_looked_for_in_all_fields() -> None:
    keyword = ast.Keyword((pattern(MANY, "a-1", MANY),))
    text, diagnostics = render(Or((keyword, m(F, "1"))))
    assert text == HEAD + 'QSTR("/.*[aA]-1.*/ OR \\"a-1\\"") OR f == "1"'
    assert [each.code for each in diagnostics] == ["T615", "T624", "T620"]
    text, _ = render(Not(keyword), options=Options(strings="folded"))
    assert text == HEAD + 'NOT QSTR("*a\\\\-1* OR \\"a-1\\"")'
    text, _ = render(ast.KeywordRegex(expression("a")))
    assert text == HEAD + 'QSTR("/.*a.*/")'


KEYWORDS = Source("logs-*", keyword_fields=(Field("message", "string"), Field("process.command_line", "string")))


def test_keywords_are_looked_for_in_the_schema_s_fields() -> None:
    text, diagnostics = render(ast.Keyword((pattern(MANY, "A", MANY), pattern(MANY, "b", MANY))), KEYWORDS)
    assert text == HEAD + (
        'TO_LOWER(message) LIKE "*a*" OR TO_LOWER(message) LIKE "*b*" OR '
        'TO_LOWER(process.command_line) LIKE "*a*" OR TO_LOWER(process.command_line) LIKE "*b*"'
    )
    assert [(each.code, each.message) for each in diagnostics] == [
        ("T623", "the keyword is looked for in message, process.command_line")
    ]
    text, _ = render(And((ast.KeywordRegex(expression("a")), m(F, "1"))), KEYWORDS)
    assert text == HEAD + '(message RLIKE ".*a.*" OR process.command_line RLIKE ".*a.*") AND f == "1"'


@pytest.mark.parametrize("count", [1, 50, 51, 120, 2500])
def test_long_lists_of_patterns_are_put_in_groups(count: int) -> None:
    node = Match(F, tuple([parse(f"*x{number}y*") for number in range(count)]))
    text, _ = render(node)
    row = 'LIKE "[^"]*" OR TO_LOWER[(]f[)] '
    assert text.count(" LIKE ") == count
    assert not re.search(f"(?:{row}){{50}}", text), "the parser takes no more in a row"
    assert run(ENGINE, text, node, {"f": f"aX{count - 1}Y"})
    assert not run(ENGINE, text, node, {"f": f"x{count}y"})


def test_groups_in_a_row_are_kept_apart() -> None:
    lists = [Match(F._replace(name=f"f{each}"), tuple([parse(f"*{each}x{n}*") for n in range(30)])) for each in "abc"]
    text, _ = render(Or(tuple(lists)))
    assert ") OR (" in text
    assert run(ENGINE, text, Or(tuple(lists)), {"fc": "cx7"})


# --- hostile input --------------------------------------------------------------------------------

nasty = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(TEXTS), max_size=4).map("".join))


@given(nasty)
@settings(max_examples=400)
def test_a_string_stays_a_string(text: str) -> None:
    [token, end] = tokens(quote(text))
    assert token[0] in ("raw", "text")
    assert end == ("end", "")
    assert text_of(token[1]) == text


@given(elastic_trees.patterns, nasty)
@settings(max_examples=400)
def test_a_pattern_stays_a_pattern(given_pattern: Any, text: str) -> None:
    written = like(given_pattern)
    if written is None:
        assert DASH in given_pattern.tokens
        return
    query, _ = render(Match(F, (pattern(MANY, *given_pattern.tokens),), cased=True))
    for value in (text, *elastic_trees.near(Match(F, (given_pattern,)))):
        expected = matches(Match(F, (pattern(MANY, *given_pattern.tokens),), cased=True), {"f": value})
        assert run(ENGINE, query, m(F, "1"), {"f": value}) == expected


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


@given(st.text(max_size=12))
def test_an_index_stays_an_index(index: str) -> None:
    text, _ = render(m(F, "1"), Source(index))
    assert text.endswith(' METADATA _id, _version, _index\n| WHERE f == "1"')


# --- meaning --------------------------------------------------------------------------------------


def holds(node: Node, event: dict[str, Any]) -> None:
    try:
        text, diagnostics = render(node)
    except Unsupported:
        return
    assert not {each.code for each in diagnostics} - {"T611"}
    assert run(ENGINE, text, node, event) == matches(node, event), text


@given(elastic_trees.trees, elastic_trees.events(lists=False))
@settings(max_examples=500)
def test_meaning(node: Node, event: dict[str, Any]) -> None:
    holds(node, event)


@given(elastic_trees.several, st.booleans(), elastic_trees.texts)
@settings(max_examples=500)
def test_meaning_of_patterns(patterns: Any, cased: bool, text: str) -> None:
    node = Match(COMMAND, patterns, cased)
    for value in (text, *elastic_trees.near(node)):
        holds(node, {COMMAND.name: value})


lines = st.sampled_from(["a", "A", "ab", "xab", "b\\", "", "*"])
shapes = st.sampled_from(["{}", "{}*", "*{}", "*{}*"])
simple = st.builds(lambda text, shape: parse(shape.format(text)), st.sampled_from(["a", "ab", "B\\\\", ""]), shapes)


@given(st.lists(simple, min_size=1, max_size=2), st.lists(lines, max_size=3), st.booleans())
def test_meaning_with_several_values(some: list[Any], values: list[str], negated: bool) -> None:
    leaf: Node = Match(MANY_TEXTS, tuple(some))
    node = Not(leaf) if negated else leaf
    event = {"f": values if len(values) > 1 else values[0]} if values else {}
    text, _ = render(node)
    assert run(ENGINE, text, node, event) == matches(node, event), text


@given(st.integers(-3, 3), st.sampled_from(["lt", "lte", "gt", "gte"]), st.lists(st.integers(-3, 3), max_size=3))
def test_meaning_with_several_numbers(limit: int, op: Any, values: list[int]) -> None:
    event = {"f": values} if values else {}
    for leaf in (Compare(MANY_NUMBERS, op, limit), Equals(MANY_NUMBERS, (limit,))):
        for node in (leaf, Not(leaf)):
            assert run(ENGINE, render(node)[0], node, event) == matches(node, event)


@given(st.datetimes(), st.sampled_from(["minute", "hour", "day", "week", "month", "year"]), st.integers(0, 60))
@settings(max_examples=300)
def test_meaning_of_dates(when: Any, unit: Any, value: int) -> None:
    node = TimePart(SEEN, unit, (value, when.isocalendar().week, when.year))
    kept = run(ENGINE, render(node)[0], node, {"seen": when.replace(tzinfo=UTC)})
    assert kept == matches(node, {"seen": when.isoformat()})


ascii_texts = elastic_trees.texts.filter(str.isascii)  # two columns in lower case are compared as they are


@given(
    ascii_texts,
    ascii_texts,
    st.sampled_from(["equals", "startswith", "endswith", "contains"]),
    st.booleans(),
)
def test_meaning_of_references(one: str, other: str, part: Any, cased: bool) -> None:
    node = FieldRef(F, G, part, cased)
    text, _ = render(node)
    for event in ({"f": one, "g": other}, {"f": one + other, "g": other}, {"f": one, "g": one.swapcase()}, {"f": one}):
        assert run(ENGINE, text, node, event) == matches(node, event)


@pytest.mark.parametrize("text", ["4", "5", "6", "5.5", "-7", "abc", "", "0x9", "9e9", "NaN", " 9"])
def test_meaning_of_numbers_in_text(text: str) -> None:
    node = Compare(F, "gt", 5)
    assert run(ENGINE, render(node)[0], node, {"f": text}) == matches(node, {"f": text})


@pytest.mark.parametrize("text", ["10.0.0.1", "11.0.0.1", "fe80::1", "abc", ""])
def test_meaning_of_networks_of_text(text: str) -> None:
    node = Cidr(F, nets("10.0.0.0/8", "fe80::/10"))
    assert run(ENGINE, render(node)[0], node, {"f": text}) == matches(node, {"f": text})


def test_literal_of_the_empty_text_is_no_wildcard() -> None:
    assert render(Match(F, (literal(""),)))[0] == HEAD + 'f == ""'
