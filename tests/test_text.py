"""The readable form of a tree: one node a line, and nothing in a rule can forge one."""

from __future__ import annotations

import json
import re
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_passes import trees
from transpiler import ast, regex
from transpiler.ast import And, Cidr, Equals, Field, FieldRef, Keyword, Match, Node, Not, Or
from transpiler.pattern import DASH, EMPTY, MANY, ONE, literal, parse, pattern
from transpiler.text import dump

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
