"""The readable form of a tree: one node a line, and nothing in a rule can forge one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from ipaddress import ip_network
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_passes import trees
from transpiler import ast, regex
from transpiler.ast import And, Cidr, Equals, Field, FieldRef, Keyword, Match, Node, Not, Or
from transpiler.errors import SourceError
from transpiler.pattern import DASH, EMPTY, MANY, ONE, literal, parse, pattern
from transpiler.text import dump
from transpiler.text import parse as parse_text

F = Field("f")


def match(*texts: str) -> Match:
    return Match(F, tuple(map(parse, texts)))


LINES: dict[str, Node] = {
    'f equals "a"': match("a"),
    'f equals "a" or "b"': match("a", "b"),
    'f equals "a" or startswith "b" or "c" or equals "d"': match("a", "b*", "c*", "d"),
    'f endswith "a" or contains "b"': match("*a", "*b*"),
    'f like "a" * "b" ? or *': match("a*b?", "*"),
    'f like ~ "a" *': Match(F, (pattern(DASH, "a", MANY),)),
    'f like "~" ?': Match(F, (pattern("~", ONE),)),
    'f cased equals "A"': Match(F, (literal("A"),), True),
    'f equals ""': Match(F, (EMPTY,)),
    r'f equals "a\"\\\n\u0000\u00e9"': Match(F, (literal('a"\\\n\0é'),)),
    "f is 1 or true or 1.5": Equals(F, (1, True, 1.5)),
    "f lte -1": ast.Compare(F, "lte", -1),
    "f in 10.0.0.0/8 or fe80::/10": Cidr(F, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))),
    'f matches "a\\\\d" im': ast.Regex(F, regex.parse(r"a\d", "mi")),
    "f cased endswith field g": FieldRef(F, Field("g"), "endswith", True),
    "f exists": ast.Exists(F),
    "f is null": ast.IsNull(F),
    "hour of f is 1 or 2": ast.TimePart(F, "hour", (1, 2)),
    'any value contains "a"': Keyword((parse("*a*"),)),
    'any value cased contains "a"': Keyword((parse("*a*"),), True),
    'any value matches "a" s': ast.KeywordRegex(regex.parse("a", "s")),
    "f.g-h_i is null": ast.IsNull(Field("f.g-h_i")),
    '"f g" is null': ast.IsNull(Field("f g")),
    '"not" is null': ast.IsNull(Field("not")),
    '"" is null': ast.IsNull(Field("")),
    '"\\u00e9" is null': ast.IsNull(Field("é")),
    '"a\\nb" is null': ast.IsNull(Field("a\nb")),
    'f<string, folded, many, folded-as "f.x"> is null': ast.IsNull(Field("f", "string", "folded", True, "f.x")),
    "f<ip> exists": ast.Exists(Field("f", "ip")),
}


@pytest.mark.parametrize("line", LINES)
def test_a_leaf_is_a_line(line: str) -> None:
    assert dump(LINES[line]) == line + "\n"


def test_a_tree_is_indented() -> None:
    tree = And((match("a"), Not(Or((match("b"), match("c"))))))
    assert dump(tree) == 'and\n  f equals "a"\n  not\n    or\n      f equals "b"\n      f equals "c"\n'


STRING = r'"(?:[^"\\]|\\.)*"'


@given(st.text(), st.text())
def test_nothing_ends_a_line_or_a_quote(name: str, text: str) -> None:
    made = dump(Match(Field(name), (literal(text),)))
    assert made.isascii()
    found = re.fullmatch(rf"({STRING}|[\w.@-]+) equals ({STRING})\n", made)
    assert found
    assert json.loads(found[2]) == text
    assert name == (json.loads(found[1]) if found[1].startswith('"') else found[1])


def count(node: Node) -> int:
    inside = getattr(node, "children", ()) or ((node.child,) if isinstance(node, Not) else ())
    return 1 + sum(map(count, inside))


@given(trees, trees)
def test_different_trees_read_differently(one: Node, other: Node) -> None:
    assert len(dump(one).splitlines()) == count(one)
    assert (dump(one) == dump(other)) is (one == other)


# --- reading it back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_back(line: str) -> None:
    assert parse_text(line) == LINES[line]


@given(trees)
def test_a_tree_is_read_back(tree: Node) -> None:
    assert parse_text(dump(tree)) == tree


fields = st.builds(
    Field,
    st.one_of(
        st.sampled_from(["and", "or", "not", "any", "is", "in", "hour", "field", "exists", "any value"]), st.text()
    ),
    st.sampled_from(get_args(ast.FieldType)),
    st.sampled_from(get_args(ast.Strings)),
    st.booleans(),
    st.one_of(st.none(), st.text()),
)
numbers = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans())
shapes = st.lists(st.one_of(st.text(max_size=5), st.sampled_from([MANY, ONE, DASH])), max_size=6)
patterns = st.lists(shapes.map(lambda tokens: pattern(*tokens)), min_size=1, max_size=4).map(tuple)
networks = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(ip_network)
expressions = st.builds(
    regex.parse, st.sampled_from(["a", r"^\d+\"$", "(?i)x", "(a|b)", ""]), st.sampled_from(["", "im", "s"])
)
leaves = st.one_of(
    st.builds(Match, fields, patterns, st.booleans()),
    st.builds(Keyword, patterns, st.booleans()),
    st.builds(Equals, fields, st.lists(numbers, min_size=1, max_size=3).map(tuple)),
    st.builds(ast.Compare, fields, st.sampled_from(get_args(ast.Comparison)), numbers),
    st.builds(Cidr, fields, st.lists(networks, min_size=1, max_size=3).map(tuple)),
    st.builds(ast.Regex, fields, expressions),
    st.builds(ast.KeywordRegex, expressions),
    st.builds(FieldRef, fields, fields, st.sampled_from(get_args(ast.Part)), st.booleans()),
    st.builds(ast.Exists, fields),
    st.builds(ast.IsNull, fields),
    st.builds(ast.TimePart, fields, st.sampled_from(get_args(ast.TimeUnit)), st.tuples(st.integers(0, 60))),
)


@given(leaves)
def test_every_leaf_is_read_back(leaf: Node) -> None:
    assert dump(leaf).count("\n") == 1
    assert parse_text(dump(leaf)) == leaf


VALUES = {
    "5,000 digits": 10**4999,
    "-5,000 digits": -(10**4999),
    "largest": 1e308,
    "smallest": 5e-324,
    "minus nothing": -0.0,
    "an exponent": 1e16,
    "infinity": float("inf"),
    "below": float("-inf"),
}


@pytest.mark.parametrize("name", VALUES)
def test_numbers_of_any_length_are_read_back(name: str) -> None:
    value = VALUES[name]
    tree = Equals(F, (value, True, 1))
    assert parse_text(dump(tree)) == tree


def test_operators_without_children_are_read_back() -> None:
    tree = Or((And(()), Not(And((match("a"),)))))
    assert parse_text(dump(tree)) == tree


def test_a_deep_tree_is_read() -> None:
    text = "".join(f"{'  ' * depth}not\n" for depth in range(3_000)) + "  " * 3_000 + "f is null\n"
    node: Any = parse_text(text)
    for _ in range(3_000):
        node = node.child
    assert node == ast.IsNull(F)


WRONG = {
    "": (1, 1, "there is no tree"),
    "\n\n": (3, 1, "there is no tree"),
    "  f is null": (1, 3, "belongs to none"),
    "and\n   f is null": (2, 4, "belongs to none"),
    "and\n    f is null": (2, 5, "belongs to none"),
    "f is null\nf is null": (2, 1, "belongs to none"),
    "f is null\n  f is null": (2, 3, "belongs to none"),
    "and\n  f is null\nor": (3, 1, "belongs to none"),
    "not": (1, 1, "`not` has one child"),
    "and\n  not\n    f exists\n    f exists": (2, 1, "`not` has one child"),
    "f": (1, 2, "what the field is compared with is missing"),
    "f resembles": (1, 3, "what the field is compared with is missing"),
    "f equals": (1, 9, "a quoted text is missing"),
    "f equals b": (1, 10, "a quoted text is missing"),
    'f equals "b': (1, 10, "text that is not quoted"),
    r'f equals "\q"': (1, 10, "an escape that JSON does not have"),
    'f equals "b" or': (1, 16, "a quoted text is missing"),
    'f equals "b" "c"': (1, 14, "more than a leaf"),
    "f like": (1, 7, "a pattern is missing"),
    "f exists now": (1, 10, "more than a leaf"),
    "f is one": (1, 6, "a number or a boolean is missing"),
    "f is 0x10": (1, 6, "a number or a boolean is missing"),
    "f lt": (1, 5, "a number or a boolean is missing"),
    "f in 10.0.0.1/8": (1, 6, "a network is missing"),
    'f matches "("': (1, 11, "regular expression"),
    'f matches "a" q': (1, 11, "unknown flag"),
    "hour of f is 1.5": (1, 17, "a whole number is missing"),
    "hour of f 1": (1, 11, "`is` is missing"),
    "f<green> exists": (1, 3, "nothing that is known of a column"),
    "f<int exists": (1, 7, "`>` is missing"),
    "<int> exists": (1, 1, "the name of a field is missing"),
    "f equals field": (1, 15, "the name of a field is missing"),
    "f equals field <": (1, 16, "the name of a field is missing"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_tree_is_refused_where_it_stands(text: str) -> None:
    line, column, message = WRONG[text]
    with pytest.raises(SourceError) as raised:
        parse_text(text)
    said = raised.value.diagnostic
    assert said.code == "S110"
    assert (said.span.line, said.span.column) == (line, column)
    assert message in said.message


@given(st.text('andortfxis \n"\\<>,10like*?~', max_size=40))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    try:
        tree = parse_text(text)
    except SourceError:
        return
    assert parse_text(dump(tree)) == tree


def test_converting_does_not_read_trees() -> None:
    code = "import sys, transpiler.text; print('transpiler.textread' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
