"""The passes keep the meaning, and leave the tree that backends are promised."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transpiler import ast, regex
from transpiler.ast import And, Cidr, Equals, Exists, Field, IsNull, Keyword, Match, Node, Not, Or, TimePart
from transpiler.evaluate import matches
from transpiler.passes import PASSES, dedupe, flatten, merge, normalise
from transpiler.pattern import parse, surround
from transpiler.span import Span

F, G = Field("f"), Field("g")


def match(field: Field, *texts: str, cased: bool = False) -> Match:
    return Match(field, tuple(map(parse, texts)), cased)


def keyword(*texts: str) -> Keyword:
    return Keyword(tuple([surround(parse(text), before=True, after=True) for text in texts]))


A, B, C = match(F, "a"), match(F, "b"), match(G, "c")

EXAMPLES: dict[str, tuple[Node, Node]] = {
    "and in and": (And((A, And((B, C)))), And((A, B, C))),
    "or in or": (Or((A, Or((C, B)))), Or((match(F, "a", "b"), C))),
    "one child": (And((Or((A,)),)), A),
    "not not": (Not(Not(A)), A),
    "not not not": (Not(Not(Not(A))), Not(A)),
    "and under not not under and": (And((A, Not(Not(And((B, C)))))), And((A, B, C))),
    "texts of one field": (Or((A, B)), match(F, "a", "b")),
    "cased and not": (Or((A, match(F, "b", cased=True))), Or((A, match(F, "b", cased=True)))),
    "numbers of one field": (Or((Equals(F, (1,)), Equals(F, (2, True)))), Equals(F, (1, 2, True))),
    "networks of one field": (
        Or((Cidr(F, (ip_network("10.0.0.0/8"),)), Cidr(F, (ip_network("fe80::/10"),)))),
        Cidr(F, (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))),
    ),
    "keywords": (Or((keyword("x"), A, keyword("y"))), Or((keyword("x", "y"), A))),
    "hours": (Or((TimePart(F, "hour", (1,)), TimePart(F, "hour", (2,)))), TimePart(F, "hour", (1, 2))),
    "hours and days": (
        Or((TimePart(F, "hour", (1,)), TimePart(F, "day", (1,)))),
        Or((TimePart(F, "hour", (1,)), TimePart(F, "day", (1,)))),
    ),
    "texts of two fields": (Or((A, C)), Or((A, C))),
    "and does not merge": (And((A, B)), And((A, B))),
    "the same twice": (And((A, C, A)), And((A, C))),
    "the same value twice": (match(F, "a", "b", "a"), match(F, "a", "b")),
    "true is not 1": (Equals(F, (1, True, 1, True)), Equals(F, (1, True))),
    "exists is not null": (Or((Exists(F), IsNull(F))), Or((Exists(F), IsNull(F)))),
    "and is not or": (Not(And((Or((A, C)), And((A, C))))), Not(And((Or((A, C)), A, C)))),
    "merged by what was taken away": (
        Or((And((Or((A, B)), Or((A, B)))), match(F, "d"))),
        match(F, "a", "b", "d"),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_becomes_of_a_tree(name: str) -> None:
    before, after = EXAMPLES[name]
    assert normalise(before) == after


def test_a_tree_in_order_is_the_same_object() -> None:
    tree = And((A, Or((C, Not(B))), Not(Or((B, C)))))
    assert normalise(tree) is tree
    assert all(each(tree) is tree for each in PASSES)


def test_nodes_are_compared_by_content_and_class() -> None:
    here = Span("rule.yml", 1, 1)
    assert A._replace(span=here) == A
    assert hash(A._replace(span=here)) == hash(A)
    assert Exists(F) != IsNull(F)
    assert And((A, C)) != Or((A, C))
    assert Equals(F, (True,)) != Equals(F, (1,))
    assert (F, A.patterns, False, A.span) != A


def test_the_table_of_contents() -> None:
    assert (flatten, merge, dedupe) == PASSES


def test_positions_are_kept() -> None:
    here = Span("rule.yml", 3, 5, 2)
    assert normalise(Or((A._replace(span=here), B))).span == here
    assert normalise(And((Not(Not(A._replace(span=here))),))).span == here


# --- laws ---------------------------------------------------------------------------------------------

texts = st.sampled_from(["a", "A", "b", "a*", "*", "?", "", "1", "true"])
fields = st.sampled_from([F, G])
numbers = st.lists(st.sampled_from([0, 1, 1.0, True, False, 1.5]), min_size=1, max_size=3).map(tuple)
expressions = st.sampled_from([regex.parse("a"), regex.parse("^b", "i")])
leaves = st.one_of(
    st.builds(match, fields, texts, texts, cased=st.booleans()),
    st.builds(match, fields, texts),
    st.builds(Equals, fields, numbers),
    st.builds(keyword, st.sampled_from(["a", "b*", "1"])),
    st.builds(ast.Regex, fields, expressions),
    st.builds(ast.KeywordRegex, expressions),
    st.builds(ast.Compare, fields, st.sampled_from(["lt", "gte"]), st.sampled_from([1, 1.0])),
    st.builds(Cidr, fields, st.just((ip_network("10.0.0.0/8"),))),
    st.builds(TimePart, fields, st.sampled_from(["day", "month"]), st.just((1,))),
    st.builds(ast.FieldRef, fields, fields),
    st.builds(Exists, fields),
    st.builds(IsNull, fields),
)
children = st.integers(1, 3)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda nodes: And(tuple(nodes))),
        st.lists(inner, min_size=1, max_size=3).map(lambda nodes: Or(tuple(nodes))),
    ),
    max_leaves=10,
)
values = st.sampled_from(["a", "A", "B", "ab", "", None, 0, 1, 1.5, True, "true", "10.1.1.1", "2024-01-01", ["a", "b"]])
events = st.dictionaries(st.sampled_from(["f", "g", "h"]), values)


@given(trees, events)
def test_the_meaning_stays(tree: Node, event: dict[str, Any]) -> None:
    assert matches(normalise(tree), event) is matches(tree, event)


@given(trees, events)
@pytest.mark.parametrize("single", PASSES)
def test_the_meaning_stays_under_each_pass(single: Any, tree: Node, event: dict[str, Any]) -> None:
    assert matches(single(tree), event) is matches(tree, event)


@given(trees)
def test_once_is_enough(tree: Node) -> None:
    done = normalise(tree)
    assert normalise(done) is done
    assert all(each(done) is done for each in PASSES)


def below(node: Node) -> Iterator[Node]:
    yield node
    for child in getattr(node, "children", ()) or ((node.child,) if isinstance(node, Not) else ()):
        yield from below(child)


def merging_key(node: Node) -> object:
    """What two children of an Or may not share."""
    if isinstance(node, TimePart):
        return (TimePart, node.field, node.unit)
    if isinstance(node, (Match, Keyword)):
        return (type(node), getattr(node, "field", None), node.cased)
    return (type(node), node.field) if isinstance(node, (Equals, Cidr)) else node


@given(trees)
def test_what_backends_are_promised(tree: Node) -> None:
    for node in below(normalise(tree)):
        if isinstance(node, (And, Or)):
            assert len(node.children) >= 2
            assert not any(type(child) is type(node) for child in node.children)
            assert len(set(node.children)) == len(node.children)
        if isinstance(node, Or):
            keys = list(map(merging_key, node.children))
            assert len(set(keys)) == len(keys)
        if isinstance(node, Not):
            assert not isinstance(node.child, Not)
        if isinstance(node, (Match, Keyword)):
            assert len(set(node.patterns)) == len(node.patterns) > 0
        if isinstance(node, Equals):
            distinct = {(type(value) is bool, value) for value in node.values}
            assert len(distinct) == len(node.values) > 0
