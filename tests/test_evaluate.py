"""What is missing, null or a list, where a field is looked for, and how leaves are joined."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.meaning import (
    EXISTS,
    HOUR,
    IS_NULL,
    NO,
    YES,
    Case,
    check,
    cidr,
    compare,
    equals,
    expression,
    keyword,
    match,
    reference,
    value_cases,
)
from transpiler import ast, evaluate, regex
from transpiler.ast import And, Field, Not, Or
from transpiler.evaluate import lookup, matches

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
