"""The evaluator of ES|QL: facts of Elastic's documents, errors of the server, and what pySigma emits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, ClassVar

import pytest

from backends.engines.esql import Esql
from transpiler.engine import Answer, Asked, CannotRun, Column, Row

COLUMNS = {
    "f": Column(many=True),
    "g": Column("string", "wildcard"),
    "folded": Column("string", "folded"),
    "words": Column("string", "text", many=True),
    "n": Column("int", many=True),
    "x": Column("float"),
    "b": Column("bool"),
    "ip": Column("ip", many=True),
    "when": Column("datetime"),
    "any": Column("unknown"),
}
HEAD = "FROM logs-* METADATA _id, _version, _index\n| WHERE "


def selected(query: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that the query keeps."""
    engine = Esql()
    assert engine.start().startswith("sigmaq's own")
    answers = engine.run(Asked(query, "esql", COLUMNS), rows)
    engine.stop()
    return [row for row, answer in zip(rows, answers, strict=True) if answer]


def values(condition: str, name: str, *given: Any) -> list[Any]:
    """The values of a field with which a condition is true; None: the field is missing."""
    rows = [{} if value is None else {name: value} for value in given]
    return [row.get(name) for row in selected(HEAD + condition, *rows)]


NOON = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
WEEK_DAY = 'DATE_EXTRACT("day_of_year", DATE_TRUNC(1 week, when) + 3 days)'

FACTS: list[tuple[str, str, str, list[Any], list[Any]]] = [
    # why, condition, field, values with which it is true, values with which it is not
    ("== counts case", 'f == "aB"', "f", ["aB"], ["ab", "AB", None]),
    ("!= of null is null", 'f != "a"', "f", ["b"], ["a", None]),
    ("NOT null is null", 'NOT f == "a"', "f", ["b"], ["a", None]),
    ("COALESCE makes it false", 'NOT COALESCE(f == "a", false)', "f", ["b", None], ["a"]),
    ("... of a whole condition", 'COALESCE(f == "a" OR NOT f == "b", false)', "f", ["a", "c"], ["b", None]),
    ("null OR true is true", 'f == "a" OR n IS NULL', "f", ["a", "b", None], []),
    ("null AND false is false", 'NOT (f == "a" AND n IS NOT NULL)', "f", ["a", "b", None], []),
    ("false AND null is false", 'NOT (n IS NOT NULL AND f == "a")', "f", ["a", "b", None], []),
    ("several values compare null", 'f == "a" OR NOT f == "a"', "f", ["a", "b"], [["a", "b"]]),
    ("keywords are kept once", 'f == "a"', "f", ["a", ["a", "a"]], [["a", "b"]]),
    ("numbers are not", "n == 1", "n", [1], [[1, 1]]),
    ("text is not", 'words == "a"', "words", ["a"], [["a", "a"], "A"]),
    ("IS NULL", "f IS NULL", "f", [None], ["", ["a", "b"]]),
    ("IS NOT NULL", "f IS NOT NULL", "f", ["", ["a", "b"]], [None]),
    ("IN", 'f IN ("a", "b")', "f", ["a", "b"], ["A", None, ["a", "b"]]),
    ("NOT IN", 'f NOT IN ("a")', "f", ["b"], ["a", None]),
    ("IN with a null among the values", 'NOT f IN ("a", null)', "f", [], ["a", "b"]),
    ("LIKE is the whole value", 'f LIKE "a*c"', "f", ["ac", "a\nc"], ["xac", "Ac", None]),
    ("LIKE anything is IS NOT NULL", 'f LIKE "*"', "f", ["a", "", ["a", "b"]], [None]),
    ("... and NOT LIKE anything IS NULL", 'f NOT LIKE ("a", "*")', "f", [None], ["a", "b"]),
    ("... and RLIKE", 'NOT TO_LOWER(f) RLIKE ".*"', "f", [None], ["a", "B"]),
    ("LIKE nothing", 'f LIKE ""', "f", [""], ["a"]),
    ("? is one character", 'f LIKE "a?"', "f", ["ab", "a\n"], ["a"]),
    ("a backslash escapes", 'f LIKE "a\\\\*"', "f", ["a*"], ["ab", "a\\b"]),
    ("a backslash for itself", 'f LIKE """*\\\\b"""', "f", ["a\\b"], ["ab"]),
    ("a list of patterns", 'f LIKE ("a*", "*b")', "f", ["ax", "xb"], ["x"]),
    ("NOT LIKE", 'f NOT LIKE "a*"', "f", ["b"], ["a", None]),
    ("RLIKE is the whole value", 'f RLIKE "a."', "f", ["ab"], ["xab", "AB", None]),
    ("a list of expressions", 'f RLIKE ("a+", "b")', "f", ["aa", "b"], ["ab"]),
    ("TO_LOWER", 'TO_LOWER(f) == "ab"', "f", ["AB", "ab"], ["x", None]),
    ("... of letters beyond ASCII", 'TO_LOWER(f) == "éa"', "f", ["éa", "éA"], ["ea"]),
    ("... false for what is not in lower case", 'NOT TO_LOWER(f) == "A"', "f", ["a", "b", None], []),
    ("... != likewise", 'TO_LOWER(f) != "a"', "f", ["b"], ["A", None]),
    ("TO_LOWER LIKE", 'TO_LOWER(f) LIKE "a*"', "f", ["AB"], ["b"]),
    ("TO_LOWER LIKE what is not in lower case", 'NOT TO_LOWER(f) LIKE "A*"', "f", ["AB", None], []),
    ("TO_LOWER LIKE several", 'TO_LOWER(f) LIKE ("a*", "B*")', "f", ["AB"], ["B"]),
    ("TO_LOWER RLIKE", 'TO_LOWER(f) RLIKE "a[b]"', "f", ["AB"], ["AC"]),
    ("TO_LOWER RLIKE folds no range", 'TO_LOWER(f) RLIKE "[a-c]b"', "f", ["ab", "aB"], ["Ab"]),
    ("TO_UPPER LIKE", 'TO_UPPER(f) LIKE "A*"', "f", ["ab", "AB"], ["b"]),
    ("TO_LOWER IN is Java's", 'TO_LOWER(f) IN ("é", "x")', "f", ["É", "X"], ["e"]),
    ("TO_UPPER", 'TO_UPPER(f) == "A"', "f", ["a", "A"], ["b"]),
    ("TO_LOWER of TO_UPPER", 'TO_LOWER(TO_UPPER(f)) == "a"', "f", ["A"], ["b"]),
    ("numbers", "n == 1", "n", [1], [2, None]),
    ("a long beside a double", "n == 1.0", "n", [1], [2]),
    ("negative", "n IN (-1, 2)", "n", [-1, 2], [1]),
    ("an order of texts", 'f > "b"', "f", ["c"], ["b", "a"]),
    ("booleans", "b == true", "b", [True], [False, None]),
    ("a boolean alone", "b", "b", [True], [False, None]),
    ("a string beside a boolean", 'b == "TRUE"', "b", [True], [False]),
    ("addresses", 'ip == "10.0.0.1"', "ip", ["10.0.0.1"], ["10.0.0.2", None]),
    ("an order of addresses", 'ip > "10.0.0.1"', "ip", ["10.0.0.2"], ["10.0.0.1", "9.0.0.1"]),
    ("addresses in a list", 'ip IN ("10.0.0.1", "::1")', "ip", ["::1"], ["10.0.0.2"]),
    ("CIDR_MATCH", 'CIDR_MATCH(ip, "10.0.0.0/8", "fe80::/10")', "ip", ["10.1.1.1", "fe80::1"], ["11.0.0.1", None]),
    ("CIDR_MATCH of several", 'CIDR_MATCH(ip, "10.0.0.0/8")', "ip", [], [["10.1.1.1", "10.1.1.2"]]),
    ("IPv4 is held as IPv6", 'CIDR_MATCH(ip, "::/0")', "ip", ["10.0.0.1"], []),
    ("TO_IP is null for what is none", 'CIDR_MATCH(TO_IP(f), "10.0.0.0/8") IS NULL', "f", ["x", None], ["10.0.0.1"]),
    ("dates", 'when > "2024-06-01"', "when", [NEW_YEAR], [NOON, None]),
    ("dates with an offset", 'when == "2024-02-29T13:30:00+01:00"', "when", [NOON], [NEW_YEAR]),
    ("DATE_EXTRACT", 'DATE_EXTRACT("hour_of_day", when) == 12', "when", [NOON], [NEW_YEAR, None]),
    ("... of the minute", 'DATE_EXTRACT("MINUTE_OF_HOUR", when) == 30', "when", [NOON], [NEW_YEAR]),
    ("... of the month", 'DATE_EXTRACT("month_of_year", when) == 2', "when", [NOON], [NEW_YEAR]),
    ("... of the day", 'DATE_EXTRACT("day_of_month", when) == 29', "when", [NOON], [NEW_YEAR]),
    ("... of the year", 'DATE_EXTRACT("year", when) == 2025', "when", [NEW_YEAR], [NOON]),
    ("the ISO week", f"({WEEK_DAY} + 6) / 7 == 1", "when", [NEW_YEAR], [NOON]),
    ("a span taken away", 'when - 1 day == "2024-12-31"', "when", [NEW_YEAR], [NOON]),
    ("arithmetic", "n * 2 - 1 == 5", "n", [3], [2, None, [3, 4]]),
    ("division of whole numbers", "n / 2 == -1", "n", [-3, -2], [-4, 2]),
    ("division of fractions", "x / 2 == 0.75", "x", [1.5], [1.0]),
    ("division by zero is null", "n / 0 IS NULL", "n", [1], []),
    ("remainder", "n % 2 == -1", "n", [-3], [3, 2]),
    ("remainder of fractions", "x % 2 == 1.5", "x", [1.5], [2.0]),
    ("remainder by zero", "n % 0 IS NULL", "n", [1], []),
    ("STARTS_WITH", 'STARTS_WITH(f, "a")', "f", ["ab"], ["Ab", None]),
    ("ENDS_WITH", 'ENDS_WITH(f, "b")', "f", ["ab"], ["aB"]),
    ("CONTAINS", 'CONTAINS(f, "b")', "f", ["abc"], ["ac"]),
    ("LOCATE begins at 1", 'LOCATE(f, "b") == 2', "f", ["ab"], ["ba"]),
    ("LENGTH", "LENGTH(f) == 1", "f", ["a"], ["ab", None]),
    ("CONCAT", 'CONCAT(f, "x", f) == "axa"', "f", ["a"], ["b", None]),
    ("MV_CONCAT", 'MV_CONCAT(f, "|") LIKE "*a|b*"', "f", [["a", "b"], ["b", "a"]], ["a", None]),
    ("MV_CONTAINS", 'MV_CONTAINS(f, "a")', "f", ["a", ["a", "b"]], ["b", None]),
    ("MV_CONTAINS of nothing", "MV_CONTAINS(f, null)", "f", ["a", None], []),
    ("MV_MAX", "MV_MAX(n) > 2", "n", [3, [1, 3]], [1, None]),
    ("MV_MIN", "MV_MIN(n) < 2", "n", [1, [1, 3]], [3, None]),
    ("MV_COUNT", "MV_COUNT(n) == 2", "n", [[1, 1]], [1, None]),
    ("TO_LOWER of several", 'MV_CONTAINS(TO_LOWER(f), "a")', "f", [["A", "b"]], [["c", "b"]]),
    ("TO_STRING", 'TO_STRING(n) LIKE "1*"', "n", [1, 12], [21, None]),
    ("TO_STRING of a boolean", 'TO_STRING(b) == "true"', "b", [True], [False]),
    ("TO_STRING of a date", 'TO_STRING(when) == "2024-02-29T12:30:00.000Z"', "when", [NOON], [NEW_YEAR]),
    ("TO_LONG", "TO_LONG(f) == 2", "f", ["2", "2.2"], ["3", "x", None]),
    ("TO_LONG of a date", "TO_LONG(when) == 1735689600000", "when", [NEW_YEAR], [NOON]),
    ("TO_LONG rounds half up", "TO_LONG(f) == 3", "f", ["2.5", "3"], ["2.4", "1_0"]),
    ("TO_DOUBLE of what Java reads", "TO_DOUBLE(f) == 9", "f", ["9", " 9.", "0.9e1", "9d"], ["0x9", "NaN", "9 9"]),
    ("TO_DOUBLE of what is no number", "TO_DOUBLE(f) IS NULL", "f", ["Infinity", "1e999", "NaN", ""], ["1"]),
    ("TO_DOUBLE of a date", "TO_DOUBLE(when) == 1735689600000", "when", [NEW_YEAR], [NOON]),
    ("TO_LONG of a fraction", "TO_LONG(x) == 2", "x", [1.8], [1.2]),
    ("TO_DOUBLE", "TO_DOUBLE(f) > 1.5", "f", ["2"], ["1", "x", None]),
    ("names of functions in any case", 'ends_with(f, "b") and not starts_with(f, "x")', "f", ["ab"], ["xb"]),
    ("unknown types are text", 'any == "a"', "any", ["a"], ["A"]),
    ("folded columns hold lower case", 'folded == "a"', "folded", ["a"], ["b"]),
    ("null compared is null", "f == null OR NOT f == null", "f", [], ["a", None]),
    ("precedence", 'f == "a" OR f == "b" AND f == "c"', "f", ["a"], ["b", "c"]),
    ("escapes", r'f == "a\tb\"\\"', "f", ['a\tb"\\'], []),
    ("a raw string", r'f == """C:\a"b"""', "f", [r'C:\a"b'], []),
    ("comments", 'f == "a" // b\n AND /* c */ true', "f", ["a"], ["b"]),
    ("several commands", 'f LIKE "a*" | WHERE f LIKE "*b"', "f", ["ab"], ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "name", "found", "missed"), [each[1:] for each in FACTS], ids=[f[0] for f in FACTS]
)
def test_facts(condition: str, name: str, found: list[Any], missed: list[Any]) -> None:
    assert values(condition, name, *found, *missed) == found


def test_no_answer_for_several_values_where_one_is_expected() -> None:
    rows = [{"g": ["a", "b"]}, {"g": "a"}, {"g": "a", "any": ["a", "b"]}]
    asked = Asked(HEAD + 'g == "a"', "esql", COLUMNS)
    assert Esql().run(asked, rows) == [None, True, True]


@pytest.mark.parametrize("condition", ['== "é"', '!= "é"', 'LIKE "é*"', 'RLIKE "[é]"', '== "k"'])
def test_no_answer_where_versions_of_the_server_differ(condition: str) -> None:
    """Elasticsearch 8 folds ASCII letters alone; from 9 on RLIKE folds others too."""
    rows = [{"f": "É"}] if "é" in condition else [{"f": "\N{KELVIN SIGN}"}]
    assert Esql().run(Asked(f"{HEAD}TO_LOWER(f) {condition}", "esql", COLUMNS), rows) == [None]


REFUSED: list[tuple[str, str]] = [
    ('no == "a"', r"Unknown column \[no\]"),
    ("f == 1", r"first argument of \[==\] is \[keyword\]"),
    ('n == "1"', r"is \[long\]"),
    ('n IN (1, "2")', r"is \[long\]"),
    ("f == n", r"is \[keyword\]"),
    ("b > true", r"\[>\] takes no \[boolean\]"),
    ('b == "yes"', r"Cannot convert string \[yes\] to \[boolean\]"),
    ('ip == "10.0.0.0/8"', r"to \[ip\]"),
    ('when == "noon"', r"to \[datetime\]"),
    ("ip == f", r"is \[ip\]"),
    ('n LIKE "1*"', r"must be \[string\], found \[long\]"),
    ('TO_LOWER(n) == "1"', r"found \[long\]"),
    ('STARTS_WITH(n, "1")', r"argument 1 of \[STARTS_WITH\] is \[long\]"),
    ("STARTS_WITH(f, 1)", r"argument 2 of"),
    ('CIDR_MATCH(f, "10.0.0.0/8")', r"argument 1 of \[CIDR_MATCH\] is \[keyword\]"),
    ("CIDR_MATCH(ip)", "too few arguments"),
    ('COALESCE(f, 1) == "a"', "different types"),
    ("MV_CONTAINS(n, f)", "different types"),
    ("f AND b", r"needs \[boolean\]"),
    ("NOT n", r"needs \[boolean\]"),
    ("n", r"needs \[boolean\]"),
    ("f + 1 == 2", r"\[\+\] of \[keyword\]"),
    ("when * 2 == 2", r"\[\*\] of \[datetime\]"),
    (r'f LIKE """a\b"""', "not followed by special wildcard char"),
    ('f LIKE """a\\"""', "not followed by special wildcard char"),
    ('f RLIKE "[a"', "regular expression"),
    ('COALESCE(QSTR("a"), false)', "can't be used in other functions"),
    ("QSTR(f)", "arguments of QSTR"),
    ('folded == "A"', "folds"),
    ('folded IN ("A", "b")', "folds"),
    ('TO_LOWER(f) > "a"', "cannot read: an order"),
    ('SUBSTRING(f, 1) == "a"', "cannot read: the function SUBSTRING"),
    ('f : "a"', "`|` expected"),
    ('f NOT "a"', "IN or LIKE expected"),
    ("f LIKE 1", "a string expected"),
    ("f == - f", "no number"),
    ("f == 1 fortnight", "span of time"),
    ("f == [1, 2]", "no word"),
    ("f == 'a'", "no word"),
    ("f == ", "a value expected"),
    ("f IS 1", "`NULL` expected"),
    ('(f == "a"', "`\\)` expected"),
    ('f IN "a"', "`\\(` expected"),
    ('f LIKE ("a" "b")', "`\\)` expected"),
    ("LENGTH(f 1)", "`\\)` expected"),
    ("NOW() > when", "cannot read: the function NOW"),
    ('f == "a" | LIMIT 1', "cannot read: the command LIMIT"),
    ("-", "ends too early"),
]


@pytest.mark.parametrize(("condition", "why"), REFUSED)
def test_what_is_refused_or_not_read(condition: str, why: str) -> None:
    with pytest.raises(CannotRun, match=why):
        selected(HEAD + condition, {})


@pytest.mark.parametrize(
    "query", ["", "ROW a = 1", "SHOW INFO", "FROM", "FROM a:b | WHERE true", 'FROM a WHERE f == "a"']
)
def test_what_does_not_begin_with_from(query: str) -> None:
    with pytest.raises(CannotRun, match="cannot read"):
        selected(query, {})


@pytest.mark.parametrize("query", ["FROM *", "from a,b-*", 'FROM "c:a", b METADATA _id', "FROM a | WHERE true"])
def test_sources(query: str) -> None:
    assert selected(query, {}) == [{}]


def test_what_no_value_can_be_made_of() -> None:
    for condition in ('DATE_EXTRACT("era", when) == 1', "DATE_TRUNC(2 days, when) == when"):
        with pytest.raises(CannotRun, match="cannot read: DATE_"):
            selected(HEAD + condition, {"when": NOON})
    with pytest.raises(CannotRun, match="Java"):
        selected(HEAD + 'TO_STRING(x) == "1"', {"x": 1e9})


def test_deep_nesting_is_not_read() -> None:
    with pytest.raises(CannotRun, match="deeply"):
        selected(f"{HEAD}{'(' * 5000}true{')' * 5000}", {})


# --- QSTR and KQL ---------------------------------------------------------------------------------


class Other:
    """Stands in for the engine of another language: it finds rows whose ``f`` is the text asked for."""

    asked: ClassVar[list[Asked]] = []
    running = 0

    def start(self) -> str:
        Other.running += 1
        return "other"

    def stop(self) -> None:
        Other.running -= 1

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        Other.asked.append(asked)
        return [None if row.get("f") == "unknown" else row.get("f") == asked.text for row in rows]


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> type[Other]:
    for name, attribute in (("lucene", "Lucene"), ("kibana", "Kibana")):
        module = ModuleType(name)
        setattr(module, attribute, Other)
        monkeypatch.setitem(sys.modules, f"backends.engines.{name}", module)
    Other.asked, Other.running = [], 0
    return Other


def test_qstr_and_kql_are_asked_of_their_engines(other: type[Other]) -> None:
    engine = Esql()
    rows = [{"f": "a", "n": 1}, {"f": "b"}, {"f": "c", "n": 2}, {"f": "unknown"}, {}]
    query = HEAD + 'QSTR("a") OR KQL("b") OR (NOT QSTR("a") AND n == 2)'
    assert engine.run(Asked(query, "esql", COLUMNS, "ecs"), rows) == [True, True, True, None, False]
    assert [(asked.text, asked.target, asked.schema) for asked in other.asked] == [
        ("a", "lucene", "ecs"),
        ("b", "kibana", "ecs"),
    ]
    assert engine.run(Asked(HEAD + 'QSTR("c")', "esql", COLUMNS), rows[2:3]) == [True]
    assert other.running == 2
    engine.stop()
    assert other.running == 0


def test_qstr_without_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backends.engines.lucene", None)
    with pytest.raises(CannotRun, match="QSTR needs the engine for lucene"):
        selected(HEAD + 'QSTR("a")', {})


# --- pySigma --------------------------------------------------------------------------------------

FROM = "from * metadata _id, _index, _version | where "
PYSIGMA: list[tuple[str, dict[str, Any], bool]] = [
    (r'ends_with(f, "\\a.exe") or f=="x"', {"f": r"C:\a.exe"}, True),
    (r'ends_with(f, "\\a.exe") or f=="x"', {"f": r"C:\A.EXE"}, False),  # letter case counts
    ('f in ("a", "b") and not f like "*c*"', {"f": "a"}, True),
    ('not g like "*c*"', {"f": "a"}, False),  # null
    ('n==4624 and not (cidr_match(ip, "10.0.0.0/8") or g is null)', {"n": 4624, "ip": "11.0.0.1", "g": "x"}, True),
    ("g is null", {}, True),
    ('`f`=="a"', {"f": "a"}, True),
    (r'f rlike "a.*\\.b"', {"f": "ax.b"}, True),
]


@pytest.mark.parametrize(("condition", "event", "found"), PYSIGMA)
def test_what_pysigma_emits_is_read(condition: str, event: dict[str, Any], found: bool) -> None:
    assert bool(selected(FROM + condition, event)) == found


def test_pysigma_s_patterns_with_a_backslash_are_refused_by_the_server() -> None:
    with pytest.raises(CannotRun, match="Invalid pattern for LIKE"):
        selected(FROM + r'f like "*\\Temp\\*"', {})
