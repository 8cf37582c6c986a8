"""The meaning of strings, wildcards and regular expressions: each case is a leaf, a value and the answer."""

from __future__ import annotations

import time

import pytest

from tests.support.meaning import (
    NO,
    YES,
    Case,
    F,
    check,
    expression,
    match,
    value_cases,
)
from transpiler import ast
from transpiler.evaluate import matches
from transpiler.pattern import DASH, DASHES, MANY, parse, pattern, surround


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
