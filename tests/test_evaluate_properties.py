"""What holds for the meaning of every tree, event and text."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transpiler import ast, regex
from transpiler.ast import Field, Not
from transpiler.evaluate import matches
from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern, fold, literal, pattern, surround
from transpiler.values import text_of

F = Field("f")

ALPHABET = "aAbB*?\\-/. \n\u2013äÄ\u0130ß"
texts = st.text(ALPHABET, max_size=8)
scalars = st.one_of(texts, st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2, allow_nan=False))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
patterns = st.lists(
    st.one_of(st.text(ALPHABET, min_size=1, max_size=3), st.sampled_from([MANY, ONE, DASH])), max_size=6
)
leaves = st.one_of(
    st.builds(ast.Match, st.just(F), st.tuples(patterns.map(lambda p: pattern(*p))), st.booleans()),
    st.builds(ast.Equals, st.just(F), st.tuples(st.one_of(st.integers(-3, 3), st.booleans()))),
    st.builds(ast.Compare, st.just(F), st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(-3, 3)),
    st.sampled_from(
        [
            ast.Cidr(F, (ip_network("0.0.0.0/0"),)),
            ast.Regex(F, regex.parse("a", "")),
            ast.TimePart(F, "hour", (0,)),
            ast.IsNull(F),
        ]
    ),
)


@given(leaves, values)
def test_not_flips(node: ast.Node, value: object) -> None:
    assert matches(Not(node), {"f": value}) is not matches(node, {"f": value})


@given(leaves, st.lists(values, max_size=4))
def test_a_list_is_the_or_of_its_elements(node: ast.Node, elements: list[object]) -> None:
    assert matches(node, {"f": elements}) is any(matches(node, {"f": element}) for element in elements)


@given(leaves, values)
def test_a_path_finds_what_a_name_finds(node: Any, value: object) -> None:
    moved = node._replace(field=Field("x.y"))
    assert matches(moved, {"x.y": value}) is matches(moved, {"x": {"y": value}}) is matches(node, {"f": value})


@given(patterns, texts)
def test_ascii_case_does_not_matter(tokens: list[Any], text: str) -> None:
    node = ast.Match(F, (pattern(*tokens),))
    swapped = "".join([c.swapcase() if c.isascii() else c for c in text])
    assert matches(node, {"f": text}) is matches(node, {"f": swapped})


@given(patterns, texts, st.booleans())
def test_patterns_mean_what_the_textbook_says(tokens: list[Any], text: str, cased: bool) -> None:
    made = pattern(*tokens)
    view = str if cased else fold
    assert matches(ast.Match(F, (made,), cased), {"f": text}) is _textbook(_characters(made, view), view(text))


def _characters(made: Pattern, view: Callable[[str], str]) -> list[Any]:
    return [part for token in made.tokens for part in (view(token) if isinstance(token, str) else [token])]


def _textbook(tokens: list[Any], text: str) -> bool:
    """Glob matching by dynamic programming: the set of tokens that may come next."""
    reached = {0}
    for character in [*text, None]:
        for start in sorted(reached):
            at = start
            while at < len(tokens) and tokens[at] is MANY:
                at += 1
                reached.add(at)
        if character is None:
            break
        following = set()
        for at in reached:
            if at == len(tokens):
                continue
            token = tokens[at]
            if token is MANY:
                following.add(at)
            elif token is ONE or (token is DASH and character in DASHES) or token == character:
                following.add(at + 1)
        reached = following
    return len(tokens) in reached


@given(st.lists(patterns, min_size=1, max_size=4), texts)
def test_several_patterns_are_an_or(several: list[list[Any]], text: str) -> None:
    made = tuple([pattern(*tokens) for tokens in several])
    one_by_one = any(matches(ast.Match(F, (each,)), {"f": text}) for each in made)
    assert matches(ast.Match(F, made), {"f": text}) is one_by_one


@given(texts)
def test_a_literal_matches_itself(text: str) -> None:
    assert matches(ast.Match(F, (literal(text),), True), {"f": text})


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_is_found_as_number_and_as_its_text(number: int | float) -> None:
    node = ast.Equals(F, (number,))
    assert matches(node, {"f": number})
    assert matches(node, {"f": text_of(number)})
    assert matches(node, json.loads(json.dumps({"f": number})))
    assert "e" not in str(text_of(number))


@given(values, texts)
def test_a_keyword_is_a_contains_over_all_values(value: object, word: str) -> None:
    made = surround(literal(word), before=True, after=True)
    node, field = ast.Keyword((made,)), ast.Match(F, (made,))
    assert matches(node, {"x": 1, "y": {"f": value}}) is (matches(field, {"f": value}) or matches(field, {"f": 1}))
