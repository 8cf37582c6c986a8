"""The evaluator of SPL: facts of Splunk's documents, what has no answer, and what pySigma emits."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.engines.spl import Spl
from transpiler import registry
from transpiler.engine import Answer, Asked, CannotRun, Column

Events = list[dict[str, Any]]


def answers(query: str, *rows: dict[str, Any], columns: tuple[str, ...] = ()) -> list[Answer]:
    engine = Spl()
    assert engine.start().startswith("sigmaq's own")
    found = engine.run(Asked(query, "splunk", {name: Column() for name in columns}), rows)
    engine.stop()
    return found


def values(condition: str, *given_values: Any) -> list[Any]:
    """The values of ``f`` with which a query finds an event; None: the field is missing."""
    rows = [{"g": "x"} if value is None else {"f": value, "g": "x"} for value in given_values]
    return [value for value, answer in zip(given_values, answers(condition, *rows), strict=True) if answer]


def test_it_is_an_engine() -> None:
    assert registry.engine("spl") is Spl
    assert Spl.TARGETS == ("splunk",)
    assert Spl.OURS


# --- search: field and value -----------------------------------------------------------------------------

SEARCH: list[tuple[str, list[Any], list[Any]]] = [
    # "By default, searches are case-insensitive" ("Use CASE() and TERM() to match phrases")
    ("f=abc", ["abc", "ABC"], ["abcd", "", None]),
    ('f="a b"', ["a b", "A B"], ["ab"]),
    # "asterisk ( * ) character as a wildcard to match an unlimited number of characters" ("Wildcards")
    ("f=ab*", ["ab", "ABc", "ab\n"], ["xab"]),
    ("f=*ab", ["ab", "xab"], ["abx"]),
    ('f="*a b*"', ["a b", "xa by"], ["ab"]),
    ("f=*", ["x", 0, False], [None, ""]),
    # "The backslash cannot be used to escape the asterisk in search strings" ("SPL and regular expressions")
    (r'f="a\\*"', ["a\\", "a\\b"], ["a*", "ab"]),
    ('f="a?b"', ["a?b"], ["axb"]),
    # "the equal ( = ) or not equal ( != ) operator compare string values. ... "1" does not match "1.0"" ("search")
    ("f=1", [1, "1"], [1.0, "1.0", "01", True]),
    ('f="true"', [True, "TRUE"], [1]),
    # "Events that do not have a value in the field are not included" ("Difference between != and NOT")
    ("f!=a", ["b"], ["A", None, ""]),
    ("NOT f=a", ["b", None, ""], ["A"]),
    ("NOT f=*", [None, ""], ["b"]),
    ("f IN (a, b*, 3)", ["A", "bc", 3], ["ab", None]),
    ("NOT f IN (a)", ["b", None], ["A"]),
    # "numerically compare two numbers and lexicographically compare other values" ("search")
    ("f>5", [6, "10", 5.5, "a"], [5, "4", None, "-9", "+"]),
    ("f<=10", [9, 10, "10.0"], [11, "a"]),
    ("f>=10", [10, "b"], ["9"]),
    ("f<0", [-1, " "], [0]),
    # "supports IPv4 and IPv6 addresses and subnets that use CIDR notation" ("search")
    ("f=10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1", "x", "::1", None]),
    ('f IN ("10.0.0.0/8", "fe80::/10", a)', ["10.1.2.3", "fe80::1", "a"], ["fec0::1"]),
    ("f=10.0.0.1/8", ["10.0.0.1/8"], ["10.1.2.3"]),
    ("f=a/8", ["a/8"], ["a"]),
    # each of several values is looked at
    ("f=a", [["a", "b"], ["b", "A"]], [["b", "c"]]),
    ("f>5", [[1, 6]], [[1, 2]]),
    # "NOT clauses", then "OR clauses", then "AND clauses" ("Boolean expressions")
    ("f=a OR f=b g=y", [], ["a", "b"]),
    ("f=a OR f=b g=x", ["a", "b"], ["c"]),
    ("f=c OR NOT f=b", ["a", "c"], ["b"]),
    ("g=x AND f=a OR f=b", ["a", "b"], ["c"]),
    ("(g=x f=a) OR f=b", ["a", "b"], ["c"]),
    ("NOT (f=a OR f=b)", ["c", None], ["a", "b"]),
    ("search f=a | search g=x", ["a"], ["b"]),
    ('"f"=a', ["a"], ["b"]),
]


@pytest.mark.parametrize(("query", "found", "missed"), SEARCH)
def test_search(query: str, found: list[Any], missed: list[Any]) -> None:
    assert values(query, *found, *missed) == found


def test_where_events_were_read_from_is_taken_as_given_unless_they_say() -> None:
    assert answers('index=win source IN ("a", b) f=x', {"f": "x"}) == [True]
    assert answers("source=a f=x", {"f": "x"}, columns=("source",)) == [False]
    assert answers("source=a", {"source": "A"}, {"source": "b"}, columns=("source",)) == [True, False]


# --- search: words of the raw event ------------------------------------------------------------------------

RAW: list[tuple[str, list[str], list[str]]] = [
    ('"*ab*"', ["xaby", "AB"], ["a b"]),
    ("*", ["x"], []),
    # segments between breakers (segmenters.conf)
    ("ab", ["ab", "x ab-c", "abx ab", "/ab."], ["abx", "xab"]),
    ("ab*", ["abx", "c:ab"], ["xab"]),
    ("*ab", ["xab"], ["abx"]),
    ('"a b"', ["x a b", "a b;"], ["a bc"]),
    (r'"\\ab"', ["c\\ab", "c:x\\ab y"], ["c\\abc", "ab"]),
    ("NOT ab", ["x"], ["ab"]),
    ('NOT "a*b"', ["ba"], []),
]


@pytest.mark.parametrize(("query", "found", "missed"), RAW)
def test_words_are_looked_for_in_the_raw_event(query: str, found: list[str], missed: list[str]) -> None:
    assert answers(query, *[{"_raw": text} for text in [*found, *missed]]) == [True] * len(found) + [False] * len(
        missed
    )


def test_a_row_without_its_raw_event_is_its_values() -> None:
    assert answers('"*ab*" "*7*"', {"f": "xab", "g": [1, 7]}) == [True]
    assert answers("*", {}, {"f": ""}) == [True, True]
    assert answers(r'* | where match(_raw, "a\\b")', {"f": "a"}) == [True]


def test_what_hangs_on_how_an_event_was_logged_has_no_answer() -> None:
    rows = [{"f": "xa", "g": "bx"}, {"f": "ab"}, {"f": "c"}, {"_raw": "a, b"}]
    assert answers('* | where match(_raw, "(?s)a.*b")', *rows) == [None, True, False, True]
    assert answers('* | regex "(?s)a.*b"', *rows) == [None, True, False, True]


# --- where --------------------------------------------------------------------------------------------------

WHERE: list[tuple[str, list[Any], list[Any]]] = [
    # "The <eval-expression> is case-sensitive" ("where")
    ('f="a"', ["a"], ["A", None]),
    ('f=="a"', ["a"], ["b"]),
    ('f!="a"', ["b"], ["a", None]),
    ('f<"b"', ["a"], ["b"]),
    ("f=g", ["x"], ["y", None]),
    ('lower(f)="a"', ["a", "A"], ["b"]),
    ("'f'=\"a\"", ["a"], ["b"]),
    # a field in single quotes, a string in double quotes ("where")
    ("f=\"'f'\"", ["'f'"], ["f"]),
    ('in(f, "a", "b")', ["a", "b"], ["A", "a*", None]),
    ('like(f, "a%_c")', ["abc", "axxc", "a\nxc"], ["ac", "Abc"]),
    ('match(f, "^a|b$")', ["ax", "xb"], ["xay", None]),
    (r'match(f, "\\d\.")', ["1."], ["1x"]),
    # "Unrecognized backslash sequences are not altered" ("search")
    (r'f="C:\\temp\\n\x"', ["C:\\temp\\n\\x"], ["C:\temp"]),
    ('match(f, "(?i)A")', ["a"], ["b"]),
    ('cidrmatch("10.0.0.0/8", f)', ["10.9.9.9"], ["11.0.0.0", "x", None]),
    ('cidrmatch("fe80::/10", f)', ["fe80::1"], ["::1"]),
    ("isnull(f)", [None, ""], ["a", ["a", "b"]]),
    ("isnotnull(f)", ["a", ["a", "b"]], [None]),
    # "cannot parse a field value to a number ... returns NULL" ("Conversion functions")
    ("tonumber(f)>5", [6, "5.5"], [5, "a", " 6", None]),
    ("tonumber(f)>=-1", [0, "-1"], ["-2"]),
    ("len(f)=3", ["abc", 123], ["ab", None]),
    ("tonumber(len(f))>2", ["abc"], ["ab"]),
    ('substr(f, 1, len(g))="x"', ["x", "xy"], ["yx"]),
    ('substr(f, 0-1)="x"', ["x", "yx"], ["xy"]),
    ('coalesce(f, "z")="z"', ["z", None], ["a"]),
    ("isnull(coalesce(f, h))", [None], ["a"]),
    ('f."-".g="a-x"', ["a"], ["b", None]),
    # "If the <predicate> expression evaluates to TRUE ..., otherwise" ("Comparison and Conditional functions")
    ('if(f="a",1,0)=0', ["b", None], ["a"]),
    ('if(f="a" AND h="b",1,0)=0', ["a", "b", None], []),
    # "evaluate AND before OR operators" ("Boolean expressions")
    ('f="a" OR f="b" AND g="y"', ["a"], ["b"]),
    ('(f="a" OR f="b") AND g="x"', ["a", "b"], ["c", None]),
    ('NOT f="a"', ["b"], ["a"]),
    # a NULL decides nothing: neither a true OR nor a false AND
    ('h="b" OR f="a"', ["a"], ["b", None]),
    ('NOT (h="b" AND f="a")', ["b"], []),
    # "filters a multivalue field based on an arbitrary Boolean expression" ("Multivalue eval functions")
    ('isnotnull(mvfilter(lower(f)="a"))', ["A", ["b", "A"], ["a", "A"]], ["b", ["b", "c"], None]),
    ('mvfilter(f="a")="a"', ["a", ["b", "a"]], ["b"]),
]


@pytest.mark.parametrize(("expression", "found", "missed"), WHERE)
def test_where(expression: str, found: list[Any], missed: list[Any]) -> None:
    assert values(f"* | where {expression}", *found, *missed) == found


TIMES = [("%H", "03"), ("%M", "04"), ("%d", "02"), ("%m", "01"), ("%Y", "2025"), ("%V", "01")]


@pytest.mark.parametrize(("variable", "text"), TIMES)
def test_parts_of_a_time(variable: str, text: str) -> None:
    when = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    rows = [{"_time": when}, {"_time": datetime(2024, 12, 12, 12, 12, 12, tzinfo=UTC)}, {"f": 1}]
    assert answers(f'* | where strftime(_time, "{variable}")="{text}"', *rows) == [True, False, False]
    moment = 'strptime(substr(f, 1, 19), "%Y-%m-%dT%H:%M:%S")'
    query = f'* | where strftime({moment}, "{variable}")="{text}"'
    assert answers(query, {"f": when}, {"f": "2025-01-02T03:04:05Z"}) == [True, True]
    assert answers(query, {"f": "2025-01-02"}, {"f": "٢" * 19}) == [False, False]


@given(
    text=st.text(alphabet="abcdé", min_size=1, max_size=5),
    start=st.integers(-7, 7),
    length=st.one_of(st.none(), st.integers(0, 7)),
)
def test_substr_follows_sqlite(text: str, start: int, length: int | None) -> None:
    with sqlite3.connect(":memory:") as database:
        given_arguments = (text, start) if length is None else (text, start, length)
        marks = ",".join("?" * len(given_arguments))
        (expected,) = database.execute(f"select substr({marks})", given_arguments).fetchone()
    arguments = f"f, 0-{-start}" if start < 0 else f"f, {start}"
    last = "" if length is None else f", {length}"
    assert answers(f'* | where substr({arguments}{last})="{expected}"', {"f": text}) == [True]


# --- what has no answer --------------------------------------------------------------------------------------

UNDOCUMENTED: list[tuple[str, Any]] = [
    # "Wildcard characters in the middle of a word or string might cause inconsistent results" ("Wildcards")
    ("f=a*b", "axb"),
    ("f=a*b", ["c", "axb"]),
    ('"a*b"', "axb"),
    ("f=a*b OR f=c", "axb"),
    ("f=a*b NOT g=y", "axb"),
    ("f!=a", ["a", "b"]),
    ("f=10.0.0.0/8", "10.0.0.0/8"),
    ("f>5", "1e3"),
    ("f>5", [1, "0x10"]),
    ('f="aé"', "AÉ"),
    ("f=k", "\u212a"),
    ('* | where f="a"', ["a", "b"]),
    ("* | where f=1", "1"),
    ("* | where f>5", "6"),
    ('* | where lower(f)="a"', ["a", "b"]),
    ('* | where match(f, "a")', ["a", "b"]),
    ('* | where match(f, "(?i)é")', "É"),
    ("* | where tonumber(f)>5", "1e3"),
    ("* | where tonumber(f)>5", "0x10"),
    ('* | where NOT h="a"', "a"),
    ("* | where f", "a"),
    ('* | where f OR h="a"', "a"),
    ('* | where substr(f, 1, 0-1)="a"', "a"),
    ('* | where substr(f, "x")="a"', "a"),
    ('* | where cidrmatch(f, "10.0.0.0")', "x"),
    ('* | where strftime(f, "%H")="00"', "1" * 20),
    ('* | where strftime(f, "%H")="00"', "a"),
    ('* | regex f="a"', ["a", "b"]),
    ('* | regex h!="a"', "a"),
    ('* | rex field=f "(?<x>a)"', ["a", "b"]),
    ('* | rex field=f "(?<x>b*)"', "a"),
]


@pytest.mark.parametrize(("query", "value"), UNDOCUMENTED)
def test_what_is_not_documented_has_no_answer(query: str, value: Any) -> None:
    assert answers(query, {"f": value}) == [None]


DECIDED: list[tuple[str, bool]] = [
    ("f=a*b OR g=x", True),
    ("g=x OR f=a*b", True),
    ("f=a*b g=y", False),
    ('f=a*b | where g="y"', False),
    ('* | where f OR g="x"', True),
    ('* | where f AND g="y"', False),
    ('* | where g="x" OR f', True),
    ("f IN (a*b, axb)", True),
]


@pytest.mark.parametrize(("query", "expected"), DECIDED)
def test_what_decides_without_it_has_one(query: str, expected: bool) -> None:
    assert answers(query, {"f": "axb", "g": "x"}) == [expected]


def test_letters_beyond_ascii_matter_only_where_they_decide() -> None:
    assert answers('f="a*"', {"f": "aÉ"}, {"f": "É"}) == [True, False]
    assert answers('f="é"', {"f": "é"}, {"f": "É"}) == [True, None]
    assert answers("f=é*b", {"f": "É"}) == [False]


# --- what cannot be read, and what Splunk refuses ----------------------------------------------------------------

CANNOT: list[tuple[str, str]] = [
    ("", "the end"),
    ('f="x', "unbalanced"),
    ("f=it's", "unbalanced"),
    ("f=`m`", "a macro"),
    ("f=[search x]", "a subsearch"),
    ("f=x ```c```", "a comment"),
    ("f=OR", "OR as a value"),
    ("AND f=x", "AND as a term"),
    ("(f=x", "is expected"),
    ("f=x)", "left over"),
    ("f IN x", "is expected"),
    ("f=CASE(x)", "CASE as a value"),
    ("TERM(x)", "TERM as a term"),
    ("f>x", "other than a number"),
    ("earliest=-1h f=x", "earliest is no field"),
    ("f*=x", "f* is no field"),
    ("f::x", "a field that is indexed"),
    ('""', "an empty term"),
    ("f=x | stats count", "the command 'stats'"),
    ('* | where f="x" AND', "the end"),
    ("* | where f=", "the end"),
    (r'* | where f="C:\\a\temp"', "the documents disagree"),
    ("* | where 'f", "unbalanced"),
    ("* | where f+1=2", "cannot read: '+1=2'"),
    ("* | where AND", "AND as a field"),
    ("* | where 5minutes=1", "cannot read"),
    ('* | where foo(f)="x"', "the function foo()"),
    ("* | where match(f)", "the server refuses it: match() with 1 arguments"),
    ("* | where if(f)", "the server refuses it: if() with 1 arguments"),
    ("* | where if(f, 1, 2, 3)", "if() with 4 arguments"),
    ("* | where isnull(f, g)", "isnull() with 2 arguments"),
    ("* | where isnull()", "isnull() with 0 arguments"),
    ('* | where mvfilter(f="x" OR g="y")', "mvfilter() on 2 fields"),
    ('* | where mvfilter(f="x", f="y")', "mvfilter() with 2 arguments"),
    (r'* | where match(f, "\\p{L}")', r"\p in a regular expression"),
    ('* | where strftime(f, "%s")="x"', "strftime() with '%s'"),
    ('* | where strptime(f, "%s")=1', "strptime() with '%s'"),
    ('* | eval x=match(f, "a")', "eval of a Boolean"),
    ("* | eval x=len(f)", "eval of a number"),
    ("* | eval x", "eval 'x'"),
    ("* | regex f=a", "regex 'f=a'"),
    ('* | rex mode=sed "s/a/b/"', "rex 'mode=sed"),
    # "A generating command" must come first ("Types of commands")
    ('| regex f="a"', "the server refuses it: a search cannot begin with `| regex`"),
    ("(" * 20_000, "nested too deeply"),
]


@pytest.mark.parametrize(("query", "why"), CANNOT)
def test_what_cannot_be_read_says_why(query: str, why: str) -> None:
    with pytest.raises(CannotRun) as refused:
        answers(query, {"f": "1", "g": "y"})
    assert why in str(refused.value)
    assert str(refused.value).startswith(("cannot read: ", "the server refuses it: "))


# --- what pySigma emits ---------------------------------------------------------------------------------------------

PYSIGMA: list[tuple[str, Events, Events]] = [
    (
        r'Image="*\\a.exe" CommandLine IN ("*x*", "*y*") NOT (User="z" OR User="w")',
        [{"Image": "C:\\A.exe", "CommandLine": "1 X"}],
        [{"Image": "C:\\A.exe", "CommandLine": "1 X", "User": "Z"}, {"CommandLine": "x"}],
    ),
    (
        'f=1\n| regex CommandLine="-[ab]\\\\s(\\"|\')"',
        [{"f": 1, "CommandLine": '-a "'}],
        [{"f": 1, "CommandLine": "-c '"}, {"f": 1}, {"f": 2, "CommandLine": "-a '"}],
    ),
    ('*\n| regex f!="^a"', [{"f": "b"}], [{"f": "ab"}]),
    (
        'f=1\n| rex field=a "(?<aMatch>\\\\d)"\n| eval aCondition=if(isnotnull(aMatch), "true", "false")\n'
        '| rex field=b "(?<bMatch>(?i)x)"\n| eval bCondition=if(isnotnull(bMatch), "true", "false")\n'
        '| search aCondition="true" OR bCondition="true"',
        [{"f": 1, "a": "x1"}, {"f": 1, "b": "X"}],
        [{"f": 1}, {"f": 1, "a": "x", "b": "1"}, {"a": "1"}],
    ),
    ("*\n| where 'a.b'='c'", [{"a.b": "x", "c": "x"}], [{"a.b": "x", "c": "X"}, {"c": "x"}]),
    ("* | eval f=h | search f=*", [{"h": "x"}], [{"f": "x"}]),
    ('* | eval f=mvfilter(h="x") | search f="x"', [{"h": ["x", "y"]}, {"h": ["x", "x"]}], [{"h": "y"}]),
    ('* | rex "(?<x>a)(?<y>b)?" | search x="a" NOT y=*', [{"_raw": "ac"}], [{"_raw": "ab"}, {"_raw": "c"}]),
]


@pytest.mark.parametrize(("query", "found", "missed"), PYSIGMA)
def test_what_pysigma_emits_is_read(query: str, found: Events, missed: Events) -> None:
    assert answers(query, *found, *missed) == [True] * len(found) + [False] * len(missed)
