"""The meaning of a rule, sentence by sentence: each case is a tree, an event and the answer."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import Any

import pytest

from transpiler import ast, evaluate, regex
from transpiler.ast import And, Field, Not, Or
from transpiler.evaluate import lookup, matches
from transpiler.pattern import DASH, DASHES, MANY, parse, pattern, surround
from transpiler.values import text_of

F = Field("f")
YES, NO = True, False


def match(*texts: str, cased: bool = False) -> ast.Match:
    return ast.Match(F, tuple([parse(text) for text in texts]), cased)


def equals(*values: int | float | bool) -> ast.Equals:
    return ast.Equals(F, values)


def expression(source: str, flags: str = "") -> ast.Regex:
    return ast.Regex(F, regex.parse(source, flags))


def compare(op: ast.Comparison, value: int | float) -> ast.Compare:
    return ast.Compare(F, op, value)


def cidr(*networks: str) -> ast.Cidr:
    return ast.Cidr(F, tuple([ip_network(network) for network in networks]))


def reference(part: ast.Part = "equals", *, cased: bool = False) -> ast.FieldRef:
    return ast.FieldRef(F, Field("g"), part, cased)


def keyword(*words: str, cased: bool = False) -> ast.Keyword:
    return ast.Keyword(tuple([surround(parse(word), before=True, after=True) for word in words]), cased)


EXISTS, IS_NULL = ast.Exists(F), ast.IsNull(F)
HOUR = ast.TimePart(F, "hour", (23, 0))

LEAVES: tuple[ast.Node, ...] = (
    match("x*"),
    match("*"),
    match(""),
    equals(1),
    equals(False),
    compare("lt", 5),
    cidr("0.0.0.0/0"),
    expression(""),
    reference(),
    HOUR,
    keyword("x"),
    ast.KeywordRegex(regex.parse("")),
)

Case = tuple[ast.Node, dict[str, Any], bool]


def check(case: Case) -> None:
    node, event, expected = case
    assert matches(node, event) is expected
    assert matches(Not(node), event) is not expected


def value_cases(*rows: tuple[ast.Node, Any, bool]) -> pytest.MarkDecorator:
    """Cases whose event has one field."""
    return pytest.mark.parametrize("case", [(node, {"f": value}, expected) for node, value, expected in rows])


# --- missing, null, empty -----------------------------------------------------------------------


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: type(leaf).__name__)
@pytest.mark.parametrize("event", [{}, {"f": None}, {"f": []}, {"f": [None, []]}], ids=str)
def test_a_leaf_on_a_missing_field_is_false_and_not_is_true(leaf: ast.Node, event: dict[str, Any]) -> None:
    check((leaf, event, NO))


@pytest.mark.parametrize(
    ("event", "is_null", "is_empty", "exists"),
    [
        ({}, YES, NO, NO),
        ({"f": None}, YES, NO, YES),
        ({"f": ""}, NO, YES, YES),
        ({"f": " "}, NO, NO, YES),
        ({"f": 0}, NO, NO, YES),
        ({"f": False}, NO, NO, YES),
        ({"f": []}, NO, NO, YES),
        ({"f": [None, "x"]}, YES, NO, YES),
        ({"f": ["", "x"]}, NO, YES, YES),
        ({"f": {}}, NO, NO, YES),
        ({"f": "null"}, NO, NO, YES),
    ],
    ids=str,
)
def test_null_empty_and_missing_are_three(event: dict[str, Any], is_null: bool, is_empty: bool, exists: bool) -> None:
    check((IS_NULL, event, is_null))
    check((match(""), event, is_empty))
    check((EXISTS, event, exists))


# --- lists --------------------------------------------------------------------------------------


@value_cases(
    (match("b"), ["a", "b"], YES),
    (match("b"), ["a", "c"], NO),
    (match("b"), ["a", ["c", ["B"]]], YES),
    (match("7"), ["a", 7], YES),
    (equals(7), ["a", 7], YES),
    (equals(7), ["a", "7"], YES),
    (compare("gt", 5), [1, 9], YES),
    (compare("gt", 5), [1, 2], NO),
    (cidr("10.0.0.0/8"), ["fe80::1", "10.1.1.1"], YES),
    (expression("^b"), ["a", "bc"], YES),
    (HOUR, ["2024-05-05T12:00:00Z", "2024-05-05T23:00:00Z"], YES),
    (And((match("a"), match("b"))), ["a", "b"], YES),
    (Not(match("a")), ["a", "b"], NO),
)
def test_a_list_matches_if_any_element_does(case: Case) -> None:
    check(case)


# --- strings ------------------------------------------------------------------------------------


@value_cases(
    (match("PowerShell.exe"), "POWERSHELL.EXE", YES),
    (match("powershell.exe"), "powershell.exe ", NO),
    (match("straße"), "STRAßE", YES),
    (match("ÄÖÜ"), "äöü", YES),
    (match("k"), "\u212a", NO),  # the Kelvin sign is no k
    (match("i"), "\u0130", NO),
    (match("\u017f"), "s", NO),
    (match("x", cased=True), "x", YES),
    (match("x", cased=True), "X", NO),
    (match("*X*", cased=True), "aXb", YES),
    (match("*X*", cased=True), "axb", NO),
    (match("a?X", cased=True), "abX", YES),
    (match("a?X", cased=True), "abx", NO),
    (match("a", "b"), "b", YES),
    (match("a*", "*b", "c", "d*e", "*f*"), "dxe", YES),
    (match("a*", "*b", "c", "d*e", "*f*"), "dxex", NO),
)
def test_strings_compare_without_case_unless_cased(case: Case) -> None:
    check(case)


@value_cases(
    (match("a*b"), "ab", YES),
    (match("a*b"), "a\n\r\n\x00b", YES),
    (match("a*b"), "a\nbc", NO),
    (match("a*b"), "a\nb\n", NO),
    (match("*"), "", YES),
    (match("*"), "\n", YES),
    (match("?"), "", NO),
    (match("?"), "\n", YES),
    (match("?"), "\U0001f600", YES),
    (match("??"), "x", NO),
    (match("a?c"), "abbc", NO),
    (match("*?"), "", NO),
    (match("*?"), "x", YES),
    (match("*a*a*"), "xax", NO),
    (match("*a*a*"), "xaxa", YES),
    (match("*a?b*c"), "a1ba2bc", YES),
    (match("*ab*abc"), "abc", NO),
    (match("ab*b"), "ab", NO),
    (match("a.c"), "abc", NO),
    (match("[a]*?"), "[A]xy", YES),
    (match("(a|b)*^$?"), "(a|b)^$x", YES),
)
def test_wildcards_match_runs_and_single_characters(case: Case) -> None:
    check(case)


@value_cases(
    (match(r"a\*b"), "a*b", YES),
    (match(r"a\*b"), "axb", NO),
    (match(r"a\?b"), "a?b", YES),
    (match(r"a\?b"), "axb", NO),
    (match(r"a\\*"), "a\\anything", YES),
    (match(r"a\\*"), "a*", NO),
    (match(r"a\\\*"), r"a\*", YES),
    (match(r"a\\\*"), r"a\x", NO),
    (match(r"a\x"), r"a\x", YES),
    (match(r"a\\x"), r"a\x", YES),
    (match(r"a\\\x"), r"a\\x", YES),
    (match(r"a\\\\x"), r"a\\x", YES),
)
def test_escapes(case: Case) -> None:
    check(case)


def test_a_modifier_adds_wildcards_as_tokens() -> None:
    r"""``contains: '\Temp\'`` ends in a backslash and then a wildcard."""
    node = ast.Match(F, (surround(parse("\\Temp\\"), before=True, after=True),))
    check((node, {"f": r"C:\Temp\x.exe"}, YES))
    check((node, {"f": r"C:\Temp*"}, NO))


@pytest.mark.parametrize("dash", DASHES)
def test_windash_is_any_of_five_dashes(dash: str) -> None:
    node = ast.Match(F, (pattern(MANY, " ", DASH, "Enc", MANY),))
    check((node, {"f": f"powershell {dash}enc x"}, YES))
    check((node, {"f": "powershell enc x"}, NO))
    check((node, {"f": "powershell _enc x"}, NO))


def test_many_wildcards_take_linear_time() -> None:
    node = match("*" + "a*" * 50 + "b")
    start = time.perf_counter()
    assert not matches(node, {"f": "a" * 20_000})
    assert time.perf_counter() - start < 1


@value_cases(
    (expression("b"), "abc", YES),
    (expression("^b"), "abc", NO),
    (expression("B"), "abc", NO),
    (expression("B", "i"), "abc", YES),
    (expression("^b", "m"), "a\nb", YES),
    (expression("a.b"), "a\nb", NO),
    (expression("a.b", "s"), "a\nb", YES),
    (expression(r"\bx\d\s\w"), "a x1 y", YES),
    (expression("^46"), 4688, YES),
    (expression("^true$"), True, YES),
    (expression("^$"), "", YES),
)
def test_a_regular_expression_is_an_unanchored_search_with_case(case: Case) -> None:
    check(case)


# --- numbers and booleans -----------------------------------------------------------------------


@value_cases(
    (equals(4688), 4688, YES),
    (equals(4688), 4688.0, YES),
    (equals(4688), "4688", YES),
    (equals(4688), 46880, NO),
    (equals(4688), "46880", NO),
    (equals(4688), " 4688", NO),
    (equals(4688), "04688", NO),
    (equals(4688), "+4688", NO),
    (equals(4688), "4688.0", NO),
    (equals(4688), "0x1250", NO),
    (equals(4688), "4.688e3", NO),
    (equals(-1), "-1", YES),
    (equals(1.5), 1.5, YES),
    (equals(1.5), "1.5", YES),
    (equals(1.5), "1.50", NO),
    (equals(1.0), 1, YES),
    (equals(1.0), "1.0", YES),
    (equals(2**64), 2**64, YES),
    (equals(2**64), "18446744073709551616", YES),
    (equals(2**64), float(2**64), YES),
    (equals(2**53 + 1), float(2**53), NO),
    (equals(10**5000), "1" + "0" * 5000, YES),
    (equals(1, 2), 2, YES),
    (equals(0), "", NO),
    (equals(0), False, NO),
    (equals(1), True, NO),
    (equals(1), "true", NO),
)
def test_a_number_matches_the_number_or_its_decimal_string(case: Case) -> None:
    check(case)


@value_cases(
    (equals(True), True, YES),
    (equals(True), "true", YES),
    (equals(True), "TRUE", YES),
    (equals(True), False, NO),
    (equals(True), 1, NO),
    (equals(True), "1", NO),
    (equals(False), 0, NO),
    (equals(False), "", NO),
    (equals(True, 5), 5, YES),
    (equals(True, 5), 1, NO),
)
def test_a_boolean_matches_the_boolean_or_its_text(case: Case) -> None:
    check(case)


@value_cases(
    (match("4688"), 4688, YES),
    (match("46*"), 4688, YES),
    (match("4688"), 4688.0, NO),
    (match("1.5"), 1.5, YES),
    (match("True"), True, YES),
    (match("TRUE"), "true", YES),
    (match("True", cased=True), True, NO),
    (match("true", cased=True), True, YES),
    (match("1"), True, NO),
    (match("*"), 0, YES),
    (match("*"), False, YES),
    (match("*"), {"a": "b"}, NO),
    (match("None"), None, NO),
)
def test_quoted_numbers_and_booleans_compare_as_text(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (4688, "4688"),
        (-7, "-7"),
        (2**64, "18446744073709551616"),
        (1.5, "1.5"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e3, "1000.0"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_the_text_of_a_value(value: object, text: str | None) -> None:
    assert text_of(value) == text


@value_cases(
    (compare("lt", 5), 4, YES),
    (compare("lt", 5), 5, NO),
    (compare("lte", 5), 5, YES),
    (compare("lte", 5), 5.1, NO),
    (compare("gt", 5), 5.5, YES),
    (compare("gt", 5), 5, NO),
    (compare("gte", 5), 5, YES),
    (compare("gte", 5), 4, NO),
    (compare("gt", 5), "10", YES),
    (compare("gt", 5), "5.5", YES),
    (compare("lt", 5), "-10", YES),
    (compare("gt", 5), "010", YES),
    (compare("gt", 5), "9" * 5000, YES),
    (compare("gt", 5), " 10", NO),
    (compare("gt", 5), "0x10", NO),
    (compare("gt", 5), "1e3", NO),
    (compare("gt", 5), "ten", NO),
    (compare("gt", 5), "٩", NO),
    (compare("lt", 5), "", NO),
    (compare("gt", 0), True, NO),
    (compare("gt", 1.5), 2**60, YES),
)
def test_comparisons_need_a_number(case: Case) -> None:
    check(case)


# --- networks, fields, dates --------------------------------------------------------------------


@value_cases(
    (cidr("10.0.0.0/8"), "10.255.255.255", YES),
    (cidr("10.0.0.0/8"), "11.0.0.0", NO),
    (cidr("10.0.0.0/8", "192.168.0.0/16"), "192.168.4.4", YES),
    (cidr("127.0.0.1/32"), "127.0.0.1", YES),
    (cidr("fe80::/10"), "fe80::1", YES),
    (cidr("fe80::/10"), "FE80:0:0:0:0:0:0:1", YES),
    (cidr("::1/128"), "0:0:0:0:0:0:0:1", YES),
    (cidr("fe80::/10"), "10.0.0.1", NO),
    (cidr("10.0.0.0/8"), "::ffff:10.0.0.1", NO),
    (cidr("0.0.0.0/0"), "10.0.0.1:80", NO),
    (cidr("0.0.0.0/0"), " 10.0.0.1", NO),
    (cidr("0.0.0.0/0"), "010.0.0.1", NO),
    (cidr("0.0.0.0/0"), "host.example", NO),
    (cidr("0.0.0.0/0"), "", NO),
    (cidr("0.0.0.0/0"), 167772161, NO),
)
def test_cidr_takes_addresses_of_its_version(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "case",
    [
        (reference(), {"f": "a", "g": "A"}, YES),
        (reference(cased=True), {"f": "a", "g": "A"}, NO),
        (reference(cased=True), {"f": "A", "g": "A"}, YES),
        (reference(), {"f": "ab", "g": "a"}, NO),
        (reference("startswith"), {"f": "ABc", "g": "ab"}, YES),
        (reference("endswith"), {"f": "ABc", "g": "bC"}, YES),
        (reference("contains"), {"f": "xaBx", "g": "Ab"}, YES),
        (reference("contains"), {"f": "a", "g": "ab"}, NO),
        (reference("contains", cased=True), {"f": "xaBx", "g": "Ab"}, NO),
        (reference(), {"f": "a*", "g": "a*"}, YES),
        (reference(), {"f": "abc", "g": "a*"}, NO),
        (reference(), {"f": 4688, "g": "4688"}, YES),
        (reference(), {"f": 1, "g": 1.0}, YES),
        (reference(), {"f": True, "g": "True"}, YES),
        (reference(), {"f": True, "g": 1}, NO),
        (reference(), {"f": "", "g": ""}, YES),
        (reference(), {"f": "a"}, NO),
        (reference(), {"g": "a"}, NO),
        (reference(), {"f": None, "g": None}, NO),
        (reference(), {}, NO),
        (reference(), {"f": ["a", "b"], "g": ["c", "B"]}, YES),
        (reference(), {"f": ["a", "b"], "g": []}, NO),
    ],
)
def test_a_field_is_compared_with_another_as_text(case: Case) -> None:
    check(case)


MOMENT = "2024-12-30T23:59:58.123456789Z"


@pytest.mark.parametrize(
    ("unit", "value"), [("minute", 59), ("hour", 23), ("day", 30), ("week", 1), ("month", 12), ("year", 2024)]
)
def test_parts_of_a_date(unit: ast.TimeUnit, value: int) -> None:
    check((ast.TimePart(F, unit, (value,)), {"f": MOMENT}, YES))
    check((ast.TimePart(F, unit, (value + 1,)), {"f": MOMENT}, NO))


@value_cases(
    (HOUR, "2024-12-31T00:10:00", YES),
    (HOUR, "2024-12-31 00:10:00.5", YES),
    (HOUR, "2024-12-31", YES),
    (HOUR, "2024-12-31T01:10:00+02:00", YES),  # 23:10 UTC
    (HOUR, "2024-12-31T00:10:00+02:00", NO),  # 22:10 UTC
    (HOUR, "0001-01-01T00:00:00+10:00", NO),
    (HOUR, "2024-13-31T00:10:00", NO),
    (HOUR, "20241231", NO),
    (HOUR, "00:10", NO),
    (HOUR, "12/31/2024 00:10:00", NO),
    (HOUR, 1735603200, NO),
)
def test_dates_are_iso_texts_in_utc(case: Case) -> None:
    check(case)


# --- keywords -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        (keyword("mimikatz"), {"a": "x", "b": "run MIMIKATZ.exe"}, YES),
        (keyword("mimikatz"), {"mimikatz": "x"}, NO),
        (keyword("other", "mimikatz"), {"a": ["x", {"b": ["mimikatz"]}]}, YES),
        (keyword("mimi*katz"), {"a": "mimi", "b": "katz"}, NO),
        (keyword("mimi*katz"), {"a": "xmimi\nkatzx"}, YES),
        (keyword("mimikatz"), {"_raw": "<Data>mimikatz</Data>"}, YES),
        (keyword("468"), {"EventID": 4688}, YES),
        (keyword("TRUE"), {"a": True}, YES),
        (keyword("Mimi", cased=True), {"a": "mimi"}, NO),
        (keyword("Mimi", cased=True), {"a": "aMimib"}, YES),
        (And((keyword("a"), keyword("b"))), {"x": "a", "y": "b"}, YES),
        (And((keyword("a"), keyword("b"))), {"x": "a"}, NO),
        (ast.KeywordRegex(regex.parse("^m.m")), {"a": "x", "b": ["mim"]}, YES),
        (ast.KeywordRegex(regex.parse("^m.m")), {"a": "MIM"}, NO),
        (ast.KeywordRegex(regex.parse("^M.m", "i")), {"a": "mim"}, YES),
    ],
)
def test_a_keyword_occurs_in_any_value(case: Case) -> None:
    check(case)


# --- fields -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a.b.c": 1}, 1),
        ({"a": {"b": {"c": 1}}}, 1),
        ({"a.b": {"c": 1}}, 1),
        ({"a": {"b.c": 1}}, 1),
        ({"a.b.c": 1, "a": {"b": {"c": 2}}}, 1),
        ({"a.b": {"c": 1}, "a": {"b": {"c": 2}}}, 1),
        ({"a.b": {"x": 1}, "a": {"b": {"c": 2}}}, 2),
        ({"a": {"b": [{"c": 1}, {"x": 0}, {"c": 2}]}}, [1, 2]),
        ({"a": [{"b": {"c": 1}}, 5]}, [1]),
        ({"a": [{"b": {"c": None}}]}, [None]),
        ({"a": {"b": {"c": None}}}, None),
        ({"a": {"b": 1}}, "missing"),
        ({"a": [{"b": 1}]}, "missing"),
        ({"a": "b.c"}, "missing"),
        ({"A": {"B": {"C": 1}}}, "missing"),
    ],
    ids=str,
)
def test_fields_are_names_and_then_paths(event: dict[str, Any], expected: object) -> None:
    assert lookup(event, "a.b.c", "missing") == expected
    node = ast.Exists(Field("a.b.c"))
    assert matches(node, event) is (expected != "missing")
    assert matches(ast.Equals(Field("a.b.c"), (2,)), event) is (expected in (2, [1, 2]))


# --- and, or, not -------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [YES, NO])
@pytest.mark.parametrize("b", [YES, NO])
def test_and_or_not(a: bool, b: bool) -> None:
    event = {"a": a, "b": b}
    left, right = (ast.Equals(Field(name), (True,)) for name in "ab")
    check((And((left, right)), event, a and b))
    check((Or((left, right)), event, a or b))
    check((And((left, Not(right))), event, a and not b))


def test_a_tree_as_deep_as_a_rule_may_be_evaluates() -> None:
    node: ast.Node = equals(1)
    for _ in range(150):
        node = And((Not(node), EXISTS))
    assert matches(node, {"f": 1})


def test_every_node_class_has_a_meaning() -> None:
    assert set(evaluate._COMPILERS) == set(ast.NODES)
