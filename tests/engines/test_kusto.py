"""The Kusto engine: what Microsoft's documents say, as small tables of rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from backends.engines.kusto import Kusto
from transpiler.engine import Answer, Asked, CannotRun, Column

pytest.importorskip("duckdb_kql")

COLUMNS = {
    "f": Column(),
    "g": Column(),
    "a.b": Column(),
    "ip": Column("ip"),
    "n": Column("int"),
    "r": Column("float"),
    "b": Column("bool"),
    "t": Column("datetime"),
    "d": Column("dynamic"),
    "bag.x": Column("dynamic"),
    "bag.y.z": Column("dynamic"),
    **{f"targets[{at}].x": Column("dynamic") for at in range(3)},
    "parse_json(text).x": Column("dynamic"),
    "parse_json(text).y[1].z": Column("dynamic"),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Kusto]:
    made = Kusto()
    assert made.start().startswith("duckdb-kql 1.")
    yield made
    made.stop()


def answer(engine: Kusto, text: str, row: Mapping[str, Any]) -> Answer:
    (found,) = engine.run(Asked(text, "kusto", COLUMNS), [row])
    return found


Fact = tuple[str, Mapping[str, Any], Answer]

STRINGS: list[Fact] = [
    # "String operators": case-insensitive operators are "supported only for ASCII-text"
    ('f =~ "ABC"', {"f": "aBc"}, True),
    ('f =~ "É"', {"f": "é"}, False),
    ('f =~ "k"', {"f": "\u212a"}, False),
    ('f in~ ("x", "ABC")', {"f": "abc"}, True),
    ('f in~ ("x", "É")', {"f": "é"}, False),
    ('f !in~ ("ABC")', {"f": "abc"}, False),
    ('f contains "B\\u00c9"', {"f": "abÉ"}, True),
    ('f contains "bé"', {"f": "abÉ"}, False),
    ('f contains "100%_"', {"f": "x 100%_"}, True),
    ('f contains "a_c"', {"f": "abc"}, False),
    ('f !contains "B"', {"f": "abc"}, False),
    ('f !contains "B"', {}, True),
    ('f startswith "AB"', {"f": "abc"}, True),
    ('f startswith "BC"', {"f": "abc"}, False),
    ('f endswith @"\\C.exe"', {"f": "a\\c.EXE"}, True),
    ('f !endswith "c"', {"f": "abc"}, False),
    ('f == "A"', {"f": "a"}, False),
    ('f in ("A", "b")', {"f": "b"}, True),
    ('f contains_cs "B"', {"f": "abc"}, False),
    ('f startswith_cs "a"', {"f": "abc"}, True),
    ('f endswith_cs "C"', {"f": "abc"}, False),
    # "For non-ASCII comparison, use the tolower() function"
    ('tolower(f) == tolower("ÉCOLE")', {"f": "École"}, True),
    # no document says what becomes of the Kelvin sign and the dotted I
    ('tolower(f) == "k"', {"f": "\u212a"}, None),
    ('tolower(f) == "x"', {"f": "x", "g": "\u0130"}, None),
    # "has": whole terms
    ('f has "err"', {"f": "an err."}, True),
    ('f has "err"', {"f": "errors"}, False),
    # "The string data type": escapes, and verbatim literals, in which the quote is doubled
    ('f == "a\\tb\\n\\\\\\"\\u00e9\\x41\\U0001F986"', {"f": 'a\tb\n\\"éA🦆'}, True),
    ('f == @"a\\n""b"', {"f": 'a\\n"b'}, True),
    ("f == 'a\"b'", {"f": 'a"b'}, True),
    ('f == "\\u0000\\u2028"', {"f": "\0\u2028"}, True),
    # "Null values": "The string data type doesn't support null values"
    ("isnull(f)", {}, False),
    ("isempty(f)", {}, True),
    ("isempty(f)", {"f": ""}, True),
    ('f == ""', {}, True),
    ('f != "x"', {}, True),
    # "Entity names"
    ("['a.b'] == \"x\" // a remark", {"a.b": "x"}, True),
    ('["a.b"] == "x"', {"a.b": "x"}, True),
]

OTHERS: list[Fact] = [
    # "Null values": comparisons by < and > are null, == is false, and where drops a null
    ("n == 5", {"n": 5}, True),
    ("n == 5", {}, False),
    ("not(n == 5)", {}, True),
    ("n > 4", {}, False),
    ("not(n > 4)", {}, False),
    ("not(coalesce(n > 4, false))", {}, True),
    ("isnull(n)", {}, True),
    ("n in (4, 5)", {"n": 5}, True),
    ("n == long(-9223372036854775808)", {"n": -(2**63)}, True),
    ("r > 1", {"r": 1.5}, True),
    ("r == 2", {"r": 2}, True),
    ("b == true", {"b": True}, True),
    ("b == true", {}, False),
    # "tostring()": null gives an empty string
    ('tostring(n) startswith "46"', {"n": 4624}, True),
    ('tostring(b) =~ "true"', {"b": True}, True),
    ('tostring(n) == ""', {}, True),
    ("todouble(f) > 4", {"f": "4.5"}, True),
    # "The datetime data type": always UTC; "week_of_year()": ISO 8601
    ("hourofday(t) == 3", {"t": datetime(2024, 2, 29, 3, 4, tzinfo=UTC)}, True),
    ('datetime_part("minute", t) == 4', {"t": datetime(2024, 2, 29, 3, 4, tzinfo=UTC)}, True),
    ("week_of_year(t) == 1", {"t": datetime(2024, 12, 31, tzinfo=UTC)}, True),
    ("hourofday(todatetime(f)) == 1", {"f": "2024-02-29T03:04:05+02:00"}, True),
    # "The dynamic data type": members by path, text by tostring()
    ('tostring(bag.x) =~ "A"', {"bag.x": "a"}, True),
    ('tostring(bag.y.z) == "1"', {"bag.y.z": "1", "bag.x": "a"}, True),
    ('isempty(tostring(bag["x"]))', {"bag.y.z": "1"}, True),
    ("isempty(tostring(bag.x))", {}, True),
    ('tostring(d) == "a"', {"d": "a"}, True),
    # the same page, "Dynamic object accessors": elements by index; "parse_json()": of a string
    ('tostring(targets[0].x) == "a"', {"targets[0].x": "a", "targets[1].x": "b"}, True),
    ('tostring(targets[1].x) == "b"', {"targets[0].x": "a", "targets[1].x": "b"}, True),
    ('tostring(targets[1].x) == "b"', {"targets[0].x": "b"}, False),
    ('tostring(targets[1].x) == ""', {"targets[2].x": "b"}, True),
    ('tostring(parse_json(text).x) == "a"', {"parse_json(text).x": "a"}, True),
    ('tostring(parse_json(text).y[1].z) == "a"', {"parse_json(text).y[1].z": "a"}, True),
    ('tostring(parse_json(text).x) == ""', {}, True),
    ("tostring(d) contains '\"b\"'", {"d": ["a", "b"]}, True),
    # "Scalar data types": a scalar column holds one value
    ('f == "a"', {"f": ["a", "b"]}, None),
    ('f == "a"', {"f": "a", "g": ["a", "b"]}, None),
    ('f == "a"', {"f": "a\ud800"}, None),
]

EXPRESSIONS: list[Fact] = [
    # "Regex syntax": found anywhere; "any character except new line (includes new line with s flag)"
    ('f matches regex "b+"', {"f": "abbc"}, True),
    ('f matches regex "B"', {"f": "abc"}, False),
    ('f matches regex "(?i)B"', {"f": "abc"}, True),
    ('f matches regex "a.b"', {"f": "a\nb"}, False),
    ('f matches regex "(?s)a.b"', {"f": "a\nb"}, True),
    ('f matches regex "b$"', {"f": "b\n"}, False),
    ('f matches regex "(?m)^b"', {"f": "a\nb"}, True),
    ('f matches regex "(?<name>b)"', {"f": "abc"}, True),
    ('f matches regex @"[[:alpha:]\\]]"', {"f": "]"}, True),
    ('f matches regex @"\\$\\{a&&b--"', {"f": "${a&&b--"}, True),
    ('f matches regex "[]a]"', {"f": "]"}, True),
    # \d, \w, \s and \b know all of Unicode there, and not in DuckDB: no answer beyond ASCII
    (r'f matches regex @"^\d\w\s\b"', {"f": "1a b"}, True),
    (r'f matches regex @"\d"', {"f": "٣"}, None),
    (r'f matches regex @"[\w]"', {"f": "a", "g": "é"}, None),
    (r'f matches regex @"a\s"', {"f": "a\v"}, None),
]

ADDRESSES: list[Fact] = [
    # "ipv4_is_in_range()": its examples; "null: If conversion ... wasn't successful"
    ('ipv4_is_in_range(ip, "192.168.1.1")', {"ip": "192.168.1.1"}, True),
    ('ipv4_is_in_range(ip, "192.168.1.255/24")', {"ip": "192.168.1.1"}, True),
    ('ipv4_is_in_range(ip, "192.168.1.0/24")', {"ip": "192.168.2.1"}, False),
    ('isnull(ipv4_is_in_range(ip, "10.0.0.0/8"))', {"ip": "fe80::1"}, True),
    ('isnull(ipv4_is_in_range(ip, "10.0.0.0/8"))', {"ip": "none"}, True),
    ('isnull(ipv4_is_in_range(ip, "10.0.0.0/8"))', {}, True),
    ('isnull(ipv4_is_in_range(ip, "fe80::/10"))', {"ip": "10.0.0.1"}, True),
    ('isnull(ipv4_is_in_range(ip, "network"))', {"ip": "10.0.0.1"}, True),
    ('ipv4_is_in_any_range(ip, "10.0.0.0/8", "172.16.0.0/12")', {"ip": "172.31.0.1"}, True),
    ('ipv4_is_in_any_range(ip, "10.0.0.0/8", "172.16.0.0/12")', {"ip": "172.32.0.1"}, False),
    # "ipv6_is_in_range()": its examples
    (
        'ipv6_is_in_range(ip, "a5e:f127:8a9d:146d:e102:b5d3:c755:0000/112")',
        {"ip": "a5e:f127:8a9d:146d:e102:b5d3:c755:abcd"},
        True,
    ),
    (
        'ipv6_is_in_range(ip, "0:0:0:0:0:ffff:c0a8:ac/60")',
        {"ip": "a5e:f127:8a9d:146d:e102:b5d3:c755:abcd"},
        False,
    ),
    ('ipv6_is_in_range(ip, "fe80::1")', {"ip": "fe80:0:0::1"}, True),
    ('ipv6_is_in_any_range(ip, "::1", "fe80::/10")', {"ip": "fe90::1"}, True),
    # "ipv6_compare()": its mixed cases show an IPv4 address as ::ffff:a.b.c.d
    ('ipv6_is_in_range(ip, "::ffff:c0a8:0101")', {"ip": "192.168.1.1"}, True),
    ('ipv6_is_in_range(ip, "192.168.1.255/24")', {"ip": "::ffff:c0a8:0101"}, True),
    # what no document settles
    ('ipv4_is_in_range(ip, "10.0.0.0/8")', {"ip": "10.0.0.1/24"}, None),
    ('ipv4_is_in_range(ip, "10.0.0.0/8")', {"ip": " 10.0.0.1"}, None),
    ('ipv6_is_in_range(ip, "fe80::/10")', {"ip": "fe80::1%eth0"}, None),
]

STARS: list[Fact] = [
    # "search operator": every column
    ('* contains "B"', {"f": "x", "g": "abc"}, True),
    ('* contains "B"', {"f": "x"}, False),
    ('* contains "É"', {"f": "é"}, False),
    ('not(* contains "a") and f == "x"', {"f": "x"}, True),
    ('* contains_cs "B"', {"f": "abc"}, False),
    ('* matches regex @"^a.c$"', {"g": "abc"}, True),
    ('* contains "other"', {"not in the table": "another"}, True),
    # no document says whether it looks into columns of other types
    ('* contains "46"', {"n": 4624}, None),
    ('* contains "46" or n == 4624', {"n": 4624}, True),
    ('* contains "2024"', {"t": datetime(2024, 2, 29, tzinfo=UTC), "b": True}, None),
]

TABLES: list[Fact] = [
    ('SecurityEvent\n| where f == "a"', {"f": "a"}, True),
    ("['my-table']\n| where f == \"a\"", {"f": "a"}, True),
    ('union A, B\n| where f == "a"', {"f": "a"}, True),
    ('Events | where f == "a" | where n == 1', {"f": "a", "n": 2}, False),
    ('f == "a"', {"f": "a"}, True),
]

FACTS = {
    "strings": STRINGS,
    "others": OTHERS,
    "expressions": EXPRESSIONS,
    "addresses": ADDRESSES,
    "stars": STARS,
    "tables": TABLES,
}


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [pytest.param(*fact, id=f"{name} {number}") for name, facts in FACTS.items() for number, fact in enumerate(facts)],
)
def test_facts(engine: Kusto, text: str, row: Mapping[str, Any], expected: Answer) -> None:
    assert answer(engine, text, row) is expected


REFUSED = [
    ('f =~ "a', "could not parse"),
    ('no_such(f) == "a"', "no_such"),
    ('other == "a"', "other"),
    ('n contains "1"', "DuckDB"),
    (r'f == "\q"', r"the escape \q"),
    (r'f == "\U00ffffff"', "the escape"),
    ('_Im_ProcessEvent(starttime=ago(1d))\n| where f == "a"', "rows that come from no table"),
    ('union A B\n| where f == "a"', "rows that come from no table"),
    ('* startswith "a"', "StringStarOperatorExpression"),
    ("* contains f", "StringStarOperatorExpression"),
    ('f matches regex "[a&&b]"', "&& in a regular expression"),
    ('f matches regex "[a[b]]"', "[ in a regular expression"),
    (r'f matches regex @"\<a"', r"\< in a regular expression"),
    (r'f matches regex @"\b{start}a"', r"\b{ in a regular expression"),
    (r'f matches regex @"[\Q]"', r"\Q in a regular expression"),
    ('f matches regex "(?x)a b"', "(?x) in a regular expression"),
    ('f matches regex "a(?=b)"', "lookaround"),
    ('f matches regex "a{1001}"', "DuckDB"),
    ('ipv4_is_in_range(tolower(ip), "10.0.0.0/8")', "something else than a column"),
    ("ipv4_is_in_range(ip, f)", "something else than a column"),
    ('ipv4_is_in_range(ip, "10.0.0.0/8", "x")', "something else than a column"),
    ("ipv4_is_in_any_range(ip)", "something else than a column"),
    ('ipv4_is_in_any_range(ip, "10.0.0.0/8", "x")', "a range that is none"),
    ('ipv6_is_in_range(ip, "::ffff:10.0.0.0/104")', "the range ::ffff"),
    ("not(" * 400 + "b" + ")" * 400, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=[text[:40] for text, _ in REFUSED])
def test_what_it_cannot_run_it_refuses(engine: Kusto, text: str, why: str) -> None:
    with pytest.raises(CannotRun) as caught:
        answer(engine, text, {"f": "a"})
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_that_differ_in_letter_case_alone_are_refused(engine: Kusto) -> None:
    with pytest.raises(CannotRun, match="letter case"):
        engine.run(Asked('A == "a" or a == "a"', "kusto", {"A": Column(), "a": Column()}), [{}])


def test_each_row_has_its_answer(engine: Kusto) -> None:
    rows = [{"f": str(number % 3)} for number in range(3_000)]
    found = engine.run(Asked('f == "1"', "kusto", COLUMNS), rows)
    assert found == [number % 3 == 1 for number in range(3_000)]


def test_no_rows_have_no_answers(engine: Kusto) -> None:
    assert engine.run(Asked('f == "1"', "kusto", COLUMNS), []) == []


def test_duckdb_kql_is_left_as_it_was(engine: Kusto) -> None:
    from duckdb_kql.translate.functions import BINARY_OPERATORS, SCALAR_FUNCTIONS

    before = dict(BINARY_OPERATORS), dict(SCALAR_FUNCTIONS)
    assert answer(engine, 'f contains "A" and ipv4_is_in_range(ip, "10.0.0.0/8")', {"f": "a", "ip": "10.0.0.1"}) is True
    assert before == (BINARY_OPERATORS, SCALAR_FUNCTIONS)
    assert "ipv4_is_in_range" not in SCALAR_FUNCTIONS


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_kql", None)
    engine = Kusto()
    with pytest.raises(CannotRun, match=r"duckdb_kql is not installed \(`pip install 'sigmaq\[verify\]'`\)"):
        engine.start()
    engine.stop()


@pytest.mark.parametrize(
    ("text", "columns", "row"),
    [
        ('tostring(d.x) == "b"', {"d": "dynamic", "d.x": "dynamic"}, {"d": "a", "d.x": "b"}),
        ('tostring(d.x) == "b"', {"d.x": "dynamic", "d": "dynamic"}, {"d": "a", "d.x": "b"}),
        ('tostring(parse_json(s).x) == "b"', {"s": "string", "parse_json(s).x": "dynamic"}, {"parse_json(s).x": "b"}),
    ],
)
def test_a_column_that_is_read_whole_and_looked_into_is_not_run(
    engine: Kusto, text: str, columns: Mapping[str, Any], row: Mapping[str, str]
) -> None:
    with pytest.raises(CannotRun, match="looks into"):
        engine.run(Asked(text, "kusto", {name: Column(kind) for name, kind in columns.items()}), [row])
