r"""A rule's strings: escapes and wildcards (specification 2.1.0, "Wildcards" and "Escaping")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transpiler.pattern import (
    DASH,
    DASHES,
    EMPTY,
    MANY,
    ONE,
    Pattern,
    Token,
    escape,
    fold,
    literal,
    parse,
    pattern,
    surround,
    surrounded,
    variants,
)

READ: dict[str, tuple[Token, ...]] = {
    r"plain": ("plain",),
    r"a*b": ("a", MANY, "b"),
    r"a?b": ("a", ONE, "b"),
    r"\*": ("*",),
    r"\?": ("?",),
    r"\\*": ("\\", MANY),
    r"\\\*": (r"\*",),
    r"\\\\*": (r"\\", MANY),
    r"C:\x": (r"C:\x",),
    r"C:\\x": (r"C:\x",),
    r"\\\x": (r"\\x",),
    r"\\\\x": (r"\\x",),
    r"\Temp" + "\\": ("\\Temp\\",),
    r"\Temp" + "\\\\": ("\\Temp\\",),
    r"\n\t": (r"\n\t",),
    r"**": (MANY,),
    r"a***b": ("a", MANY, "b"),
    r"*?*": (MANY, ONE, MANY),
    r"??": (ONE, ONE),
    "": ("",),
    "a\nb": ("a\nb",),
}


@pytest.mark.parametrize("text", READ)
def test_escapes_and_wildcards(text: str) -> None:
    assert parse(text).tokens == READ[text]


KINDS = {
    "": ("equals", ""),
    "a": ("equals", "a"),
    "a*": ("startswith", "a"),
    "*a": ("endswith", "a"),
    "*a*": ("contains", "a"),
    r"*\*a\**": ("contains", "*a*"),
    "*": ("any", ""),
    "a*b": ("glob", ""),
    "?a": ("glob", ""),
    "*a*b": ("glob", ""),
}


@pytest.mark.parametrize("text", KINDS)
def test_kind_and_text(text: str) -> None:
    assert parse(text)[1:] == KINDS[text]


def test_a_modifier_adds_tokens_not_text() -> None:
    assert surrounded("\\Temp\\", before=True, after=True).tokens == (MANY, "\\Temp\\", MANY)
    assert surrounded("\\Temp\\\\", before=False, after=True).tokens == ("\\Temp\\", MANY)


# --- laws ---------------------------------------------------------------------------------------

texts = st.text("ab*?\\-/é\n", max_size=8)
tokens = st.lists(st.one_of(texts, st.sampled_from([MANY, ONE])), max_size=6)
sides = st.booleans()


@given(tokens)
def test_what_is_written_is_read_back(given_tokens: list[Token]) -> None:
    made = pattern(*given_tokens)
    assert parse(str(made)) == made


@given(texts)
def test_escaped_text_is_literal(text: str) -> None:
    assert parse(escape(text)) == literal(text)


@given(texts, texts)
def test_an_escape_holds_wherever_it_stands(text: str, other: str) -> None:
    assert parse(escape(text) + "?" + escape(other)) == pattern(text, ONE, other)


@given(texts, sides, sides)
def test_the_short_way_is_the_long_way(text: str, before: bool, after: bool) -> None:
    assert surrounded(text, before, after) == surround(parse(text), before, after)


@given(tokens, sides, sides)
def test_surrounding_twice_changes_nothing(given_tokens: list[Token], before: bool, after: bool) -> None:
    once = surround(pattern(*given_tokens), before, after)
    assert surround(once, before, after) == once


@given(tokens)
def test_tokens_are_canonical(given_tokens: list[Token]) -> None:
    made = pattern(*given_tokens)
    assert made == EMPTY or "" not in made.tokens
    for one, next_one in zip(made.tokens, made.tokens[1:], strict=False):
        assert not (isinstance(one, str) and isinstance(next_one, str))
        assert not (one is MANY and next_one is MANY)
    assert pattern(*made.tokens) == made


# --- dashes ---------------------------------------------------------------------------------------


def test_every_spelling_of_a_dash() -> None:
    made = pattern(DASH, "a")
    assert made.kind == "dashed"
    assert variants(made) == tuple(literal(f"{dash}a") for dash in "-/\u2013\u2014\u2015")


@pytest.mark.parametrize(("dashes", "spellings"), [(0, 1), (1, 5), (4, 625), (5, None), (40, None), (10_000, None)])
def test_spellings_are_bounded(dashes: int, spellings: int | None) -> None:
    found = variants(pattern(*["x", DASH] * dashes))
    assert (found and len(found)) == spellings
    assert len(DASHES) == 5


# --- letter case -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"), [("ABC", "abc"), ("ÄÉЖ", "äéж"), ("\u212a", "\u212a"), ("\u0130", "\u0130"), ("ß", "ß")]
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=20))
def test_folding_keeps_length_and_is_final(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_patterns_are_values() -> None:
    assert {parse("a*"), parse("a*"), Pattern(("a", MANY), "startswith", "a")} == {pattern("a", MANY)}
