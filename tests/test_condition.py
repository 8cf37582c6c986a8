"""Conditions: what they mean, and where a wrong one is wrong."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rules import codes, diagnostics, marked, pointed, rule, tree, trees
from transpiler.condition import selected
from transpiler.span import Span

NAMES = "a: {a: null}\nb: {b: null}\nc: {c: null}"
"""Three selections, each one leaf, so that a tree shows the condition alone."""

LEAVES = {"a": "a is null", "b": "b is null", "c": "c is null"}


def shape(condition: str, selections: str = NAMES) -> str:
    """The tree on one line: ``or(a, and(b, c))``."""
    lines = tree(selections, condition).splitlines()

    def read(depth: int) -> str:
        line = lines.pop(0).strip()
        if line not in ("and", "or", "not"):
            return line.removesuffix(" is null")
        inside = []
        while lines and len(lines[0]) - len(lines[0].lstrip()) == 2 * (depth + 1):
            inside.append(read(depth + 1))
        return f"{line}({', '.join(inside)})"

    return read(0)


MEANS = {
    "a": "a",
    "a and b or c": "or(and(a, b), c)",
    "a or b and c": "or(a, and(b, c))",
    "not a and b": "and(not(a), b)",
    "not a or b": "or(not(a), b)",
    "not (a or b)": "not(or(a, b))",
    "not not a": "a",
    "not not not a": "not(a)",
    "(a or b) and c": "and(or(a, b), c)",
    "((a))": "a",
    "a and not b and c": "and(a, not(b), c)",
    "a and not (b or c)": "and(a, not(or(b, c)))",
    "not 1 of them": "not(or(a, b, c))",
    "not all of them and a": "and(not(and(a, b, c)), a)",
    "1 of them": "or(a, b, c)",
    "any of them": "or(a, b, c)",
    "all of them": "and(a, b, c)",
    "all of a*": "a",
    "1 of a": "a",
    "all of *": "and(a, b, c)",
    "a or 1 of b* and c": "or(a, and(b, c))",
    "(a)or(b)": "or(a, b)",
    "a\tand  b": "and(a, b)",
}


@pytest.mark.parametrize("condition", MEANS)
def test_precedence(condition: str) -> None:
    assert shape(condition) == MEANS[condition]


@pytest.mark.parametrize("condition", ["a AND NOT b OR c", "a And Not b Or c"])
def test_capitals_are_operators_with_one_note(condition: str) -> None:
    text = rule(NAMES, condition)
    assert trees(text) == trees(rule(NAMES, condition.lower()))
    (note,) = diagnostics(text)
    assert (note.code, note.span) == ("C306", Span("rule.yml", 7, 16, 3))


def test_capitals_that_name_a_selection() -> None:
    names = "OR: {a: null}\nNot: {b: null}\nof: {c: null}"
    assert shape("OR or Not", names) == "or(a, b)"
    assert codes(rule(names, "OR or Not")) == ["C307"]
    assert codes(rule(names, "OR OR Not"))[0] == "C301"


def test_quantifiers_in_any_case() -> None:
    assert shape("1 OF THEM") == shape("Any of Them") == "or(a, b, c)"
    assert shape("ALL of them") == "and(a, b, c)"


# --- patterns -------------------------------------------------------------------------------------

SELECTIONS = dict.fromkeys(["sel", "sel_a", "sel_b", "_sel", "_sel_c", "filter_sel", "a.b", "x*"])
PATTERNS = {
    None: ["sel", "sel_a", "sel_b", "filter_sel", "a.b", "x*"],
    "sel*": ["sel", "sel_a", "sel_b"],
    "sel_*": ["sel_a", "sel_b"],
    "*sel": ["sel", "filter_sel"],
    "*sel*": ["sel", "sel_a", "sel_b", "filter_sel"],
    "s*l_*": ["sel_a", "sel_b"],
    "*_*": ["sel_a", "sel_b", "filter_sel"],
    "_*": ["_sel", "_sel_c"],
    "_sel*": ["_sel", "_sel_c"],
    "_sel": ["_sel"],
    "sel": ["sel"],
    "SEL": [],
    "s": [],
    "a.b": ["a.b"],
    "a.*": ["a.b"],
    "a?b": [],
    "*": ["sel", "sel_a", "sel_b", "filter_sel", "a.b", "x*"],
    "sel*sel": [],
    "*e*e*": ["filter_sel"],
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_names_that_a_pattern_means(pattern: str | None) -> None:
    assert selected(pattern, SELECTIONS) == PATTERNS[pattern]


@given(st.text("ab*", max_size=8), st.text("ab", min_size=1, max_size=8))
def test_patterns_are_what_the_textbook_says(pattern: str, name: str) -> None:
    def fits(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return any(fits(pattern[1:], name[at:]) for at in range(len(name) + 1))
        return name[:1] == pattern[0] and fits(pattern[1:], name[1:])

    assert selected(pattern, {name: None}) == ([name] if fits(pattern, name) else [])


def test_patterns_take_linear_time() -> None:
    begin = time.process_time()
    assert selected("*a" * 60 + "b", {"a" * 10_000: None}) == []
    assert time.process_time() - begin < 2


def test_hidden_selections_are_used_by_name() -> None:
    names = "a: {a: null}\n_b: {b: null}"
    assert shape("a and _b", names) == "and(a, b)"
    assert shape("1 of them or _b", names) == "or(a, b)"
    found, wanted = pointed("C303", rule("_a: {a: null}", "1 of «them»"))
    assert found == wanted


# --- what is wrong, and at which word -----------------------------------------------------------------

WRONG = {
    "an unknown name": ("C302", "a and «d» or b"),
    "an unknown name twice": ("C302", "a and «d» or d"),
    "a part of a name": ("C302", "a or «aa» or b"),
    "a pattern for nothing": ("C303", "a or 1 of «d*»"),
    "a name in a row": ("C301", "a «b»"),
    "an operator at the start": ("C301", "«and» a"),
    "two operators": ("C301", "a and «or» b"),
    "an operator at the end": ("C301", "a «and»"),
    "not at the end": ("C301", "a and «not»"),
    "an opening parenthesis too many": ("C301", "a and «(»b or c"),
    "the outer of two parentheses": ("C301", "a and «(»(b or c)"),
    "a closing parenthesis too many": ("C301", "a or b«)» and c"),
    "empty parentheses": ("C301", "a and («)»"),
    "a pattern without quantifier": ("C301", "a and «b*»"),
    "a quantifier that is none": ("C301", "a and «2» of them"),
    "a quantifier without pattern": ("C301", "a and 1 «of»"),
    "a quantifier before a parenthesis": ("C301", "a and 1 of «(»a)"),
    "of alone": ("C301", "«of» a"),
    "an aggregation": ("C304", "a «|» count() by b > 5"),
    "an old near": ("C304", "a «|» near b"),
    "a parenthesis at the start": ("C301", "«)»"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_word_at_fault(name: str) -> None:
    code, condition = WRONG[name]
    found, wanted = pointed(code, rule(NAMES, condition))
    assert found == wanted


STYLES = {
    "double-quoted": '"a and «d» or b"',
    "single-quoted": "'a and «d» or b'",
    "the first word in quotes": '"«d» or b"',
    "the last word in quotes": "'a and «d»'",
    "plain on two lines": "a\n    and «d» or b",
    "quoted on three lines": '"a\n    and\n\n    «d» or b"',
    "literal": "|\n    a\n    and «d»\n    or b",
    "literal with a mark": "|-\n     a and\n     «d»",
    "folded": ">\n    a and\n    «d»\n    or b",
    "anchored": "&c a and «d»",
    "in a list": "\n    - a\n    - b and «d»",
    "after letters beyond ASCII": "a and «éd»",
}


@pytest.mark.parametrize("name", STYLES)
def test_the_word_at_fault_in_every_style(name: str) -> None:
    found, wanted = pointed("C302", rule(NAMES, STYLES[name]))
    assert found == wanted


CAPITALS = [
    "a or b «AND» c",
    '"a or b\n    «AND»\n    c"',
    "|\n    a or b\n    «AND» c",
    ">-\n    a\n    or b «AND» c OR a",
]


@pytest.mark.parametrize("condition", CAPITALS)
def test_the_first_capitals_in_every_style(condition: str) -> None:
    found, wanted = pointed("C306", rule(NAMES, condition))
    assert found == wanted


EMPTY = {"''": "C301", '" "': "C301", "|": "C301", "": "R203", "~": "R203", "1": "R203", "true": "R203", "[]": "R204"}


@pytest.mark.parametrize("condition", EMPTY)
def test_conditions_that_say_nothing(condition: str) -> None:
    (found,) = diagnostics(rule(NAMES, condition) + "# and a comment\n")
    assert found.code == EMPTY[condition]
    assert (found.span.line, found.span.column) == (7, 14 if condition else 13)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("not " * 64 + "a", None),
        ("not " * 65 + "a", "C305"),
        ("(" * 64 + "a" + ")" * 64, None),
        ("(" * 65 + "a" + ")" * 65, "C305"),
        ("(not " * 32 + "a" + ")" * 32, None),
        ("not " * 10_000 + "a", "C305"),
        ("(" * 10_000 + "a" + ")" * 10_000, "C305"),
        ("(" * 10_000, "C305"),
    ],
)
def test_depth_is_bounded(condition: str, code: str | None) -> None:
    found = [each.code for each in diagnostics(rule("a: {a: null}", condition))]
    assert found == ([code] if code else [])


def test_depth_points_at_the_word() -> None:
    found, wanted = pointed("C305", rule("a: {a: null}", "not " * 65 + "«not» not a"))
    assert found == wanted


def test_length_is_bounded() -> None:
    fine = "a" + " or b" * 13_000
    assert codes(rule(NAMES, fine)) == ["C307"]
    found, _ = pointed("R210", rule(NAMES, f"'«a»{' or b' * 13_200}'"))
    assert found == [("R210", Span("rule.yml", 7, 14, 66_003))]


def test_use_is_bounded() -> None:
    large = "a: {a: [" + ", ".join(f"value{n}" for n in range(5_000)) + "]}"
    assert codes(rule(large, "a or " * 10 + "a")) == []
    assert codes(rule(large, "a or " * 200 + "a")) == ["R210"]
    kinds = "s: {f|neq: x, g|re: y, h|exists: true, i: [1, 2], j|cidr: 10.0.0.0/8}\nk: [x, y]\nr: {'|re': z}\n"
    assert codes(rule(kinds + large, "s and a" + " or k or r" * 2_000)) == []
    assert codes(rule(kinds + large, "s and a" + " or k or r" * 1_000 + " or s" * 1_000 + " or a" * 12)) == ["R210"]
    many = "\n".join(f"a{n}: {{a: b}}" for n in range(5_000))
    assert codes(rule(many, "1 of them")) == []
    assert codes(rule(many, "1 of them or " * 2_000 + "a1")) == ["R210"]
    assert codes(rule(many, "\n" + "    - 1 of them\n" * 2_000)) == ["R210"]


# --- the rest of the detection ------------------------------------------------------------------------


def test_a_list_gives_one_tree_each() -> None:
    assert trees(rule(NAMES, "[a or b, c]")) == ["or\n  a is null\n  b is null\n", "c is null\n"]


def test_unused_selections_are_named() -> None:
    text, span = marked(rule("a: {a: null}\n«bc»: {b: null}\nd: {d: null}", "[a, d]"))
    assert [(each.code, each.span) for each in diagnostics(text)] == [("C307", span)]
    assert codes(rule(NAMES, "1 of them")) == []


@given(st.text("ab()1*| \nnotradfhem", max_size=30))
def test_nothing_is_raised(condition: str) -> None:
    quoted = condition.replace("\n", "\n\n    ")
    for found in diagnostics(rule(NAMES, f"'{quoted}'")):
        assert found.code[0] in "CR"
        assert found.span.line >= 7 or found.code == "C307"
