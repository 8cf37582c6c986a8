"""The Kusto backend: exact texts, refusals and diagnostics."""

from __future__ import annotations

import re

import pytest

from backends.kusto import Kusto
from tests.backends.kusto_trees import (
    ADDRESS,
    COMMAND,
    COUNT,
    ELEVATED,
    EVENT_ID,
    EXTRA,
    PARENT,
    PORT,
    RATIO,
    SEEN,
    UNTYPED,
    USER,
    m,
    nets,
    render,
)
from transpiler import ast
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
from transpiler.pattern import DASH, EMPTY, MANY, parse, pattern
from transpiler.query import Options, Source
from transpiler.regex import parse as expression

ANYTHING = pattern(MANY)


def codes(node: Node) -> list[str]:
    return [each.code for each in render(node)[1]]


TEXTS: list[tuple[str, Node, str]] = [
    # strings
    ("equals", m(COMMAND, "a"), 'CommandLine =~ "a"'),
    ("equals one of", m(COMMAND, "a", "b"), 'CommandLine in~ ("a", "b")'),
    ("contains", m(COMMAND, "*a*"), 'CommandLine contains "a"'),
    ("contains one of", m(COMMAND, "*a*", "*b*"), 'CommandLine contains "a" or CommandLine contains "b"'),
    ("starts with", m(COMMAND, "a*"), 'CommandLine startswith "a"'),
    ("ends with", m(COMMAND, r"*\cmd.exe"), r'CommandLine endswith @"\cmd.exe"'),
    ("whole values first", m(COMMAND, "a*", "b", "c"), 'CommandLine in~ ("b", "c") or CommandLine startswith "a"'),
    ("cased", m(COMMAND, "A", cased=True), 'CommandLine == "A"'),
    ("cased one of", m(COMMAND, "A", "B", cased=True), 'CommandLine in ("A", "B")'),
    (
        "cased parts",
        m(COMMAND, "A*", "*B*", cased=True),
        'CommandLine startswith_cs "A" or CommandLine contains_cs "B"',
    ),
    ("cased end", m(COMMAND, "*B", cased=True), 'CommandLine endswith_cs "B"'),
    ("empty", m(COMMAND, ""), 'CommandLine == ""'),
    ("empty or", m(COMMAND, "", "a"), 'CommandLine in~ ("", "a")'),
    ("any value", m(COMMAND, "*"), "isnotempty(CommandLine)"),
    ("letters beyond ASCII", m(COMMAND, "É"), 'tolower(CommandLine) == tolower("É")'),
    ("letters beyond ASCII inside", m(COMMAND, "*É*"), 'tolower(CommandLine) contains_cs tolower("É")'),
    ("no letters beyond ASCII", m(COMMAND, "*🤷*", "🦆"), 'CommandLine contains_cs "🤷" or CommandLine == "🦆"'),
    ("letters beyond ASCII, cased", m(COMMAND, "É", cased=True), 'CommandLine == "É"'),
    ("untyped", m(UNTYPED, "a"), 'User =~ "a"'),
    ("address as text", m(ADDRESS, "10.*"), 'Address startswith "10."'),
    ("number as text", m(EVENT_ID, "46*"), 'tostring(EventID) startswith "46"'),
    ("boolean as text", m(ELEVATED, "t*"), 'tostring(Elevated) startswith "t"'),
    ("dynamic", m(EXTRA, "a"), "tostring(Extra['cs-host']) =~ \"a\""),
    # numbers and booleans
    ("number", Equals(EVENT_ID, (4624,)), "EventID == 4624"),
    ("numbers", Equals(EVENT_ID, (4624, 4625)), "EventID in (4624, 4625)"),
    ("negative number", Equals(EVENT_ID, (-5,)), "EventID == -5"),
    ("fraction", Equals(RATIO, (1.5,)), "Ratio == 1.5"),
    ("boolean", Equals(ELEVATED, (True,)), "Elevated == true"),
    ("booleans", Equals(ELEVATED, (True, False)), "Elevated in (true, false)"),
    ("untyped number", Equals(Field("EventID"), (1,)), "EventID == 1"),
    ("untyped boolean", Equals(Field("Elevated"), (False,)), "Elevated == false"),
    ("number on a dynamic value", Equals(COUNT, (5, 6)), 'tostring(Extra[\'count\']) in~ ("5", "6")'),
    ("boolean on a number", Equals(EVENT_ID, (True,)), 'tostring(EventID) =~ "true"'),
    ("number on a boolean", Equals(ELEVATED, (1,)), 'tostring(Elevated) =~ "1"'),
    ("number on a string", Equals(USER, (1.5e20,)), 'User =~ "150000000000000000000"'),
    ("not a number", Not(Equals(EVENT_ID, (1,))), "not(EventID == 1)"),
    ("compare", Compare(EVENT_ID, "gte", 5), "EventID >= 5"),
    ("compare untyped", Compare(Field("N"), "lt", -2.5), "N < -2.5"),
    ("compare below not", Not(Compare(EVENT_ID, "gt", 5)), "not(coalesce(EventID > 5, false))"),
    (
        "compare below not, deeper",
        Not(And((m(USER, "a"), Not(Compare(EVENT_ID, "lte", 5))))),
        'not(User =~ "a" and not(coalesce(EventID <= 5, false)))',
    ),
    (
        "compare a string",
        Or((Compare(USER, "gt", 5), m(USER, "a"))),
        '(User matches regex @"^-?[0-9]+([.][0-9]+)?$" and todouble(User) > 5) or User =~ "a"',
    ),
    # presence
    ("null string", IsNull(COMMAND), "isempty(CommandLine)"),
    ("null untyped", IsNull(UNTYPED), "isempty(tostring(User))"),
    ("null number", IsNull(EVENT_ID), "isnull(EventID)"),
    ("null boolean", IsNull(ELEVATED), "isnull(Elevated)"),
    ("null dynamic", IsNull(EXTRA), "isempty(tostring(Extra['cs-host']))"),
    ("exists", Exists(COMMAND), "isnotempty(CommandLine)"),
    ("exists number", Exists(EVENT_ID), "isnotnull(EventID)"),
    ("exists untyped", Exists(UNTYPED), "isnotempty(tostring(User))"),
    ("any number", m(EVENT_ID, "*"), "isnotnull(EventID)"),
    # addresses
    ("network", Cidr(ADDRESS, nets("10.0.0.0/8")), 'ipv4_is_in_range(Address, "10.0.0.0/8")'),
    (
        "networks below not",
        Not(Cidr(ADDRESS, nets("10.0.0.0/8", "fe80::/10", "127.0.0.0/8"))),
        'not(coalesce(ipv4_is_in_any_range(Address, "10.0.0.0/8", "127.0.0.0/8") or '
        'ipv6_is_in_range(Address, "fe80::/10"), false))',
    ),
    ("networks", Cidr(USER, nets("::1/128", "fe80::/10")), 'ipv6_is_in_any_range(User, "::1/128", "fe80::/10")'),
    (
        "network with mapped addresses",
        Or((Cidr(ADDRESS, nets("::/0")), m(USER, "a"))),
        '(ipv6_is_in_range(Address, "::/0") and Address contains ":") or User =~ "a"',
    ),
    (
        "network of mapped addresses",
        Cidr(ADDRESS, nets("::ffff:10.0.0.0/104")),
        'ipv6_is_in_range(Address, "::ffff:a00:0/104") and Address contains ":"',
    ),
    # other columns
    ("fieldref", FieldRef(USER, PARENT), "isnotempty(ParentUser) and tolower(User) == tolower(ParentUser)"),
    (
        "fieldref part",
        FieldRef(COMMAND, USER, "contains"),
        "isnotempty(User) and tolower(CommandLine) contains_cs tolower(User)",
    ),
    (
        "fieldref cased",
        FieldRef(USER, PARENT, "endswith", True),
        "isnotempty(ParentUser) and User endswith_cs ParentUser",
    ),
    ("fieldref numbers", FieldRef(EVENT_ID, PORT), "EventID == Port"),
    ("fieldref numbers below not", Not(FieldRef(EVENT_ID, PORT)), "not(coalesce(EventID == Port, false))"),
    (
        "fieldref number in text",
        FieldRef(COMMAND, PORT, "contains"),
        "isnotempty(tostring(Port)) and tolower(CommandLine) contains_cs tolower(tostring(Port))",
    ),
    # dates
    ("minute", TimePart(SEEN, "minute", (3,)), 'datetime_part("minute", Seen) == 3'),
    ("hour", TimePart(SEEN, "hour", (1, 2)), "hourofday(Seen) in (1, 2)"),
    ("day", TimePart(SEEN, "day", (1,)), "dayofmonth(Seen) == 1"),
    ("week", TimePart(SEEN, "week", (9,)), "week_of_year(Seen) == 9"),
    ("month", TimePart(SEEN, "month", (2,)), "monthofyear(Seen) == 2"),
    ("year", TimePart(SEEN, "year", (2024,)), "getyear(Seen) == 2024"),
    ("date in a string", TimePart(USER, "year", (2024,)), "getyear(todatetime(User)) == 2024"),
    # keywords
    ("keyword", Keyword((parse("*kw*"),)), '* contains "kw"'),
    ("keywords", Keyword((parse("*a*"), parse("*b*"))), '* contains "a" or * contains "b"'),
    ("keyword cased", Keyword((parse("*A*"),), True), '* contains_cs "A"'),
    ("keyword below not", Not(Keyword((parse("*a*"),))), 'not(* contains "a")'),
    ("keyword without letters", Keyword((parse("*🦆*"),)), '* contains_cs "🦆"'),
    ("any keyword", Keyword((ANYTHING,)), "true"),
    # operators
    (
        "mixed operators",
        And((m(USER, "a"), Or((m(USER, "b"), Not(And((m(USER, "c"), m(COMMAND, "*d*")))))))),
        'User =~ "a" and (User =~ "b" or not(User =~ "c" and CommandLine contains "d"))',
    ),
    (
        "lists under and",
        And((m(COMMAND, "*a*", "*b*"), m(USER, "c"))),
        '(CommandLine contains "a" or CommandLine contains "b") and User =~ "c"',
    ),
]


@pytest.mark.parametrize(("node", "expected"), [pytest.param(n, t, id=name) for name, n, t in TEXTS])
def test_text(node: Node, expected: str) -> None:
    assert render(node)[0] == expected


REGEXES: list[tuple[str, Node, list[str]]] = [
    ("inner wildcard", m(COMMAND, "a*b"), ["^a", "b$", "(?is"]),
    ("outer wildcards", m(COMMAND, "*a?b*"), ["a.b", "(?is"]),
    ("cased", m(COMMAND, "a*b", cased=True), ["^a", "b$", "(?s"]),
    ("dash", Match(COMMAND, (pattern(MANY, " ", DASH, "enc", MANY),)), ["enc", "\u2013", "\u2014", "\u2015"]),
    ("expression", Regex(COMMAND, expression("a[0-9]+", "i")), ["a[0-9]+", "i"]),
    ("keyword", Keyword((parse("*a*b*"),)), ["a.*b"]),
]


@pytest.mark.parametrize(("node", "pieces"), [pytest.param(n, p, id=name) for name, n, p in REGEXES])
def test_regex(node: Node, pieces: list[str]) -> None:
    text, _ = render(node)
    assert re.match(r'(CommandLine|\*) matches regex @?"', text)
    assert all(piece in text for piece in pieces), text


def test_outer_wildcards_have_no_anchor() -> None:
    text, _ = render(m(COMMAND, "*a?b*"))
    assert "^" not in text
    assert "$" not in text


@pytest.mark.parametrize(
    ("node", "code"),
    [
        pytest.param(m(SEEN, "2024*"), "T601", id="text of a datetime"),
        pytest.param(Equals(SEEN, (5,)), "T601", id="number on a datetime"),
        pytest.param(Compare(SEEN, "gt", 5), "T601", id="datetime above a number"),
        pytest.param(Compare(ELEVATED, "gt", 5), "T601", id="boolean above a number"),
        pytest.param(Cidr(EVENT_ID, nets("10.0.0.0/8")), "T601", id="network of a number"),
        pytest.param(TimePart(EVENT_ID, "hour", (1,)), "T601", id="hour of a number"),
        pytest.param(Equals(EVENT_ID, (2**63,)), "T601", id="number beyond 64 bits"),
        pytest.param(Compare(RATIO, "lt", float("inf")), "T601", id="infinity"),
        pytest.param(m(Field("", "string"), "a"), "T604", id="no name"),
        pytest.param(m(Field("x" * 1025, "string"), "a"), "T604", id="long name"),
        pytest.param(Regex(COMMAND, expression("a(?=b)")), "T603", id="lookahead"),
    ],
)
def test_refused(node: Node, code: str) -> None:
    with pytest.raises(Unsupported) as caught:
        render(node)
    assert caught.value.diagnostic.code == code
    assert caught.value.diagnostic.target == "kusto"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        pytest.param(m(COMMAND, "a", "*É*", "a*b"), [], id="plain"),
        pytest.param(Not(Cidr(ADDRESS, nets("10.0.0.0/8"))), [], id="exact below not"),
        pytest.param(IsNull(COMMAND), ["T611"], id="null string"),
        pytest.param(IsNull(EVENT_ID), [], id="null number"),
        pytest.param(Exists(COMMAND), ["T611"], id="exists"),
        pytest.param(Exists(EVENT_ID), ["T611"], id="exists number"),
        pytest.param(m(COMMAND, ""), ["T611"], id="empty"),
        pytest.param(m(EVENT_ID, ""), ["T611"], id="empty number"),
        pytest.param(m(COMMAND, "*"), ["T611"], id="any value"),
        pytest.param(m(EVENT_ID, "*"), [], id="any number"),
        pytest.param(FieldRef(USER, PARENT), ["T611"], id="fieldref"),
        pytest.param(FieldRef(EVENT_ID, PORT), [], id="fieldref numbers"),
        pytest.param(Regex(COMMAND, expression("^$")), ["T611"], id="expression that takes nothing"),
        pytest.param(Regex(EXTRA, expression("a?")), ["T611"], id="expression that takes nothing, dynamic"),
        pytest.param(Regex(EVENT_ID, expression("^4?")), [], id="expression that takes nothing, number"),
        pytest.param(m(Field("Users", "string", many=True), "a"), ["T614"], id="several values"),
        pytest.param(m(RATIO, "1*"), ["T615"], id="text of a fraction"),
        pytest.param(TimePart(USER, "hour", (1,)), ["T624"], id="date in a string"),
        pytest.param(Keyword((parse("*a*"),)), ["T624"], id="keyword"),
        pytest.param(And((IsNull(COMMAND), Not(IsNull(COMMAND)))), ["T611"], id="said once"),
    ],
)
def test_diagnostics(node: Node, expected: list[str]) -> None:
    assert codes(node) == expected


@pytest.mark.parametrize("count", [100, 101, 25_000])
def test_long_lists_nest_in_groups(count: int) -> None:
    text, _ = render(And((m(COMMAND, *[f"*{number}*" for number in range(count)]), m(USER, "a"))))
    assert text.count("CommandLine contains") == count
    assert text.endswith(' and User =~ "a"')
    longest = max(row.count(" or ") for row in re.split("[()]", text))
    assert longest == 99


def test_table_of_the_options_wins() -> None:
    node = m(USER, "a")
    assert Kusto.render(node, Source(table="Schema"), Options())[0] == 'Schema\n| where User =~ "a"'
    assert Kusto.render(node, Source(table="Schema"), Options(table="Mine"))[0] == 'Mine\n| where User =~ "a"'
    assert type(Kusto.render(m(USER, "*a*", "*b*"), Source(), Options())[0]) is str


def test_every_node_class_is_tried() -> None:
    tried = {type(node) for _, node, _ in (*TEXTS, *REGEXES)} | {KeywordRegex}
    assert tried == set(ast.NODES)
    assert render(KeywordRegex(expression("a[0-9]")))[0].startswith("* matches regex")
    assert EMPTY.text == ""
