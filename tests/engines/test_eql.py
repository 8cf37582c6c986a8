"""The evaluator of EQL: facts of Elastic's documents and tests, errors of the server, and what pySigma emits."""

from __future__ import annotations

from typing import Any

import pytest

from backends.engines.eql import Eql
from transpiler.engine import Asked, CannotRun, Column

COLUMNS = {
    "f": Column(),
    "g": Column("string", "wildcard"),
    "folded": Column("string", "folded"),
    "words": Column("string", "text"),
    "n": Column("int"),
    "x": Column("float"),
    "b": Column("bool"),
    "ip": Column("ip"),
    "when": Column("datetime"),
    "any": Column("unknown"),
    "event.category": Column(many=True),
}

Events = list[dict[str, Any]]


def selected(query: str, *rows: dict[str, Any], columns: dict[str, Column] = COLUMNS) -> Events:
    """The rows that the query selects."""
    engine = Eql()
    assert engine.start().startswith("sigmaq's own")
    answers = engine.run(Asked(query, "eql", columns), rows)
    engine.stop()
    return [row for row, answer in zip(rows, answers, strict=True) if answer]


def values(condition: str, name: str, *given: Any) -> list[Any]:
    """The values of a field with which a condition holds; None: the field is missing."""
    rows = [{} if value is None else {name: value} for value in given]
    return [row.get(name) for row in selected(f"any where {condition}", *rows)]


FACTS: list[tuple[str, str, str, list[Any], list[Any]]] = [
    # why, condition, field, values it finds, values it does not
    ("`:` is case-insensitive", 'f : "aB"', "f", ["aB", "AB", "ab"], ["a", "", None]),
    ("... for ASCII letters", 'f : "É"', "f", ["É"], ["é"]),
    ("`==` is case-sensitive", 'f == "aB"', "f", ["aB"], ["ab", None]),
    ("== : Wildcards are not supported", 'f == "a*"', "f", ["a*"], ["ab"]),
    ("!= finds what has no value (must_not)", 'f != "a"', "f", ["b", "A", None], ["a", ["a", "b"]]),
    ("`*` matches zero or more characters", 'f : "d*c"', "f", ["dc", "DOC", "d\nc"], ["xdc", "dcx"]),
    ("`?` matches exactly one", 'f : "d?c"', "f", ["doc", "d\nc"], ["dc", "dooc"]),
    ("a backslash escapes nothing", r'f : """a\*"""', "f", ["a\\", "A\\b"], ["a*"]),
    ("list lookups", 'f : ("doc*", "ba?")', "f", ["docs", "BAR"], ["ba"]),
    ("`like` is case-sensitive", 'f like "DOC*"', "f", ["DOCs"], ["docs"]),
    ("`like~` is not", 'f like~ ("doc?", "x")', "f", ["DOCs", "X"], ["doc"]),
    ("`in`", 'f in ("a", "b*")', "f", ["a", "b*"], ["A", "bc", None]),
    ("`in~` takes wildcards verbatim", 'f in~ ("A", "b*")', "f", ["a", "B*"], ["bc"]),
    ("`not in`", 'f not in ("a")', "f", ["b", None], ["a"]),
    ("`not in~`", 'f not in~ ("a")', "f", ["b", None], ["A"]),
    ("`regex` is the whole value", 'f regex "a.b"', "f", ["axb", "a\nb"], ["xaxb", "AXB", None]),
    ("`regex~` folds no range", 'f regex~ "a[x-z]"', "f", ["ax", "Ax"], ["aX"]),
    ("`regex` with a list", 'f regex ("a", "b+")', "f", ["a", "bb"], ["ab"]),
    ("one value of several is enough", 'f == "a"', "f", [["a", "b"]], [["b", "c"]]),
    ("not one", 'not f == "a"', "f", ["b", None, ["b", "c"]], ["a", ["a", "b"]]),
    ("not is no inverse (notFilter)", "not (n > 1)", "n", [0, 1, None], [2, [0, 2]]),
    ("two ranges on one field take different values", "n > 100 and n < 50", "n", [[20, 200]], [20, 200]),
    ("isNull", "f == null", "f", [None], ["", "a"]),
    ("is not null", "f != null", "f", ["", ["a", "b"]], [None]),
    ("null on the left", "null == f", "f", [None], ["a"]),
    ("an order with null is null", "n > null or not n > null", "n", [], [1, None]),
    ("a literal on the left", "2 > n", "n", [1], [2, None]),
    ("... or right of ==", '"a" == f', "f", ["a"], ["b"]),
    ("numbers", "n == 1", "n", [1], [2, None]),
    ("negative numbers", "n in (-1, 2.0)", "n", [-1, 2], [1]),
    ("fractions", "x >= 1.5", "x", [1.5, 2.0], [1.4]),
    ("booleans", "b == true", "b", [True], [False, None]),
    ("a boolean alone (fieldNoEquals)", "b", "b", [True], [False, None]),
    ("a boolean that is not", "b != true", "b", [False, None], [True]),
    ("an address", 'ip == "10.0.0.1"', "ip", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2"]),
    ("a network as a term", 'ip == "10.0.0.0/8"', "ip", ["10.1.2.3"], ["11.0.0.1"]),
    ("cidrMatch", 'cidrMatch(ip, "192.168.0.0/16", "fe80::/10")', "ip", ["192.168.1.1", "fe80::1"], ["10.0.0.1", None]),
    ("IPv4 is held as IPv6", 'cidrMatch(ip, "::/0")', "ip", ["10.0.0.1", "::1"], [None]),
    ("not cidrMatch", 'not cidrMatch(ip, "10.0.0.0/8")', "ip", ["11.0.0.1", None], ["10.0.0.1"]),
    ("functionEqualsFalse", 'cidrMatch(ip, "10.0.0.0/8") == false', "ip", ["11.0.0.1", None], ["10.0.0.1"]),
    ("functionNotEqualsFalse", 'cidrMatch(ip, "10.0.0.0/8") != false', "ip", ["10.0.0.1"], ["11.0.0.1", None]),
    ("an order of texts", 'f >= "b"', "f", ["b", "c", "bb"], ["a", "B", None]),
    ("startsWith", 'startsWith(f, "reg")', "f", ["regsvr32.exe"], ["REG", None]),
    ("startsWith~", 'startsWith~(f, "reg")', "f", ["REGsvr32"], ["xreg"]),
    ("endsWith", 'endsWith(f, ".exe")', "f", ["a.exe", ["b", "a.exe"]], ["a.EXE"]),
    ("stringContains~", 'stringContains~(f, "SV")', "f", ["regsvr"], ["reg"]),
    ("wildcard", 'wildcard(f, "a*", "?b")', "f", ["a", "xb"], ["A", "b"]),
    ("wildcard~", 'wildcard~(f, "a*")', "f", ["A"], ["b"]),
    ("length", "length(f) == 2", "f", ["ab", ["abc", "ab"]], ["a", None]),
    ("not of a script (disjunctionOfFunctionAndNegatedFunction)", "not length(f) == 2", "f", ["a", None], ["ab"]),
    ("!= of a script is null without a value", "length(f) != 2", "f", ["a"], ["ab", None]),
    ("string", 'string(n) : "12*"', "n", [12, 123], [112, None]),
    ("string of a fraction", 'string(x) == "1.5"', "x", [1.5], [2.0]),
    ("string of a boolean", 'string(b) : "TRUE"', "b", [True], [False]),
    ("wildcards of a script are Java's", 'concat(f, "") : "a*"', "f", ["ab"], ["a\nb"]),
    ("a script in a list", 'string(n) in ("1", "2")', "n", [1], [3, None]),
    ("a script in a list without case", 'concat(f, "x") in~ ("AX")', "f", ["a"], ["b"]),
    ("number", "number(f) == 12", "f", ["12", "12.0"], ["13", None]),
    ("concat", 'concat(f, "-", 1, true) == "a-1true"', "f", ["a"], ["b", None]),
    ("a field named twice", 'concat(f, f) == "ab"', "f", [["a", "b"]], ["a"]),
    ("concat with null is null", 'not concat(f, null) == "a"', "f", ["a", None], []),
    ("length compared with text is false", 'length(f) == "1"', "f", [], ["a"]),
    ("precedence", 'f == "a" or f == "b" and f == "c"', "f", ["a"], ["b", "c"]),
    ("parentheses", 'not (f == "a" or f == "b")', "f", ["c", None], ["a", "b"]),
    ("not not", 'not not f == "a"', "f", ["a"], ["b", None]),
    ("escapes", r'f == "a\tb\"\u{41}\\"', "f", ['a\tb"A\\'], []),
    ("a raw string", r'f == """C:\a"b"""', "f", [r'C:\a"b'], []),
    ("comments", 'f == "a" // b\n and /* c */ true', "f", ["a"], ["b"]),
    ("folded: the index's case", 'folded == "A" or folded like "B*"', "folded", ["a", "bc"], ["c"]),
    ("folded in a function", 'startsWith(folded, "A")', "folded", ["ab"], ["b"]),
    ("unknown types are text", 'any : "a"', "any", ["A"], ["b"]),
    ("text fields have values", "words != null", "words", ["a"], [None]),
]


@pytest.mark.parametrize(
    ("condition", "name", "found", "missed"), [each[1:] for each in FACTS], ids=[f[0] for f in FACTS]
)
def test_facts(condition: str, name: str, found: list[Any], missed: list[Any]) -> None:
    condition = condition.replace("any :", "`any` :")
    assert values(condition, name, *found, *missed) == found


OPTIONAL: list[tuple[str, bool]] = [
    ("?no == null", True),
    ("?no != null", False),
    ('?no : "a"', False),
    ('not ?no : "a"', False),
    ('?no == null or not ?no : "a"', True),
    ('not (?no : "a" and ?no != null)', True),
    ('not (?no : "a" and f == "b")', True),
    ('?no in ("a")', False),
    ('?no regex "a"', False),
    ("?no > 1", False),
    ('not cidrMatch(?no, "10.0.0.0/8")', False),
    ('string(?no) : "1"', False),
    ("length(?no) > 0 or true", True),
    ("null", False),
    ("not null", False),
]


@pytest.mark.parametrize(("condition", "found"), OPTIONAL)
def test_a_field_that_is_not_mapped_is_null(condition: str, found: bool) -> None:
    """ "If an optional field doesn't exist, the query replaces it with `null`" ("Optional fields")."""
    assert bool(selected(f"any where {condition}", {"f": "a"})) == found


def test_an_optional_field_that_is_mapped_is_a_field() -> None:
    assert selected('any where ?f : "a"', {"f": "A"}) == [{"f": "A"}]


def test_categories_are_values_of_event_category() -> None:
    """ "An event category is a valid, indexed value of the event category field" ("Event categories")."""
    one, many, other, none = (
        {"event.category": "process"},
        {"event.category": ["process", "file"]},
        {"event.category": "Process"},
        {},
    )
    assert selected("process where true", one, many, other, none) == [one, many]
    assert selected('"process" where true', one, other) == [one]
    assert selected("any where true", one, none) == [one, none]
    with pytest.raises(CannotRun, match=r"Unknown column \[event.category\]"):
        selected("process where true", {}, columns={})


REFUSED: list[tuple[str, str]] = [
    ('no : "a"', r"Unknown column \[no\]"),
    ("f == 1", "f is string"),
    ('n == "1"', "n is int"),
    ("b == 1", "b is bool"),
    ("n == true", "n is int"),
    ("n > true", "n is int"),
    ('n : "1"', "takes strings, n is int"),
    ("f : 1", "takes strings"),
    ("f like~ (1, 2)", "takes strings"),
    ('ip : "10.*"', "n?ip is ip"),
    ('ip in ("10.0.0.1")', "refuses `in`"),
    ('ip == "x"', "no IP address"),
    ('ip > "10.0.0.1"', "ip is ip"),
    ('words : "a"', "words is text"),
    ('when == "2024"', "when is datetime"),
    ("f == g", "comparisons against fields"),
    ("length(f) == g", "comparisons against fields"),
    ('cidrMatch(f, "10.0.0.0/8")', "no field of type string"),
    ('cidrMatch(ip, "10/99")', "refuses the network"),
    ("length(n) == 1", "no field of type int"),
    ("startsWith(f, 1)", "takes strings"),
    ("length(f)", "neither true nor false"),
    ('"a"', "neither true nor false"),
    ("1", "neither true nor false"),
    (f'f regex "{"a" * 1001}"', "1001 characters"),
    ('f regex "[a"', "regular expression"),
    ('string(f) regex "a"', "cannot read"),
    ("length(f) == null", "cannot read"),
    ('substring(f, 1) == "a"', "cannot read: substring"),
    ('length(f == "a") == 1', "cannot read: Compare"),
    ('f : "a\\u{01}*"', "cannot read"),
    ("n == - f", "arithmetic"),
    ("n == 1 + 1", "no word"),
    ("f == 'a'", "no word"),
    ('f : "a" "b"', "the end expected"),
    ('f : ("a" "b")', "`\\)` expected"),
    ("f :", "a value expected"),
    ("f : and", "a value expected"),
    ("(f == 1", "`\\)` expected"),
    ("not", "a value expected"),
]


@pytest.mark.parametrize(("condition", "why"), REFUSED)
def test_what_is_refused_or_not_read(condition: str, why: str) -> None:
    with pytest.raises(CannotRun, match=why):
        selected(f"any where {condition}", {})


@pytest.mark.parametrize("query", ["", "any", "sequence where true", "[any where true]", "sample by f", "1 where true"])
def test_what_is_no_event_query(query: str) -> None:
    with pytest.raises(CannotRun, match="cannot read"):
        selected(query, {})


def test_a_value_that_a_function_cannot_take() -> None:
    with pytest.raises(CannotRun, match="number"):
        selected("any where number(f) == 1", {"f": "one"})
    with pytest.raises(CannotRun, match="Java"):
        selected('any where string(x) == "1"', {"x": 1e9})


def test_deep_nesting_is_not_read() -> None:
    with pytest.raises(CannotRun, match="deeply"):
        selected(f"any where {'(' * 5000}true{')' * 5000}", {})


PYSIGMA: list[tuple[str, dict[str, Any], bool]] = [
    (r'any where Image:"*\\certutil.exe" and CommandLine like~ ("* -f *", "* /f *")', {}, True),
    (r'any where Image:"*\\certutil.exe" and CommandLine like~ ("* -f *", "* /f *")', {"CommandLine": "x"}, False),
    (r'any where (Image like~ ("*\\a.exe", "*\\CERTUTIL.exe")) and (not CommandLine:"*/f *")', {}, False),
    ("any where ?ParentImage == null", {}, True),
    ("any where ?Image != null", {}, True),
    ('any where `cs-host`:"a*" and CommandLine==""', {"cs-host": "ABC", "CommandLine": ""}, True),
    (r'any where CommandLine regex~ "c.*\\s/f .*"', {"CommandLine": "C /f x"}, True),
    (r'any where CommandLine regex~ "/f"', {}, False),  # the expression is the whole value
    ('any where cidrMatch(Ip, "10.0.0.0/8") or cidrMatch(Ip, "::1/128")', {"Ip": "10.1.1.1"}, True),
]


@pytest.mark.parametrize(("query", "event", "found"), PYSIGMA)
def test_what_pysigma_emits_is_read(query: str, event: dict[str, Any], found: bool) -> None:
    event = {"Image": r"C:\Windows\certutil.exe", "CommandLine": "certutil /f x"} | event
    columns = {name: Column() for name in event} | {"ParentImage": Column(), "Ip": Column("ip")}
    assert bool(selected(query, event, columns=columns)) == found
