"""Regular expressions of SPL: what Python runs means what PCRE means, and the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.engines.spl_regex import expression
from tests.support.corpus import not_run
from tests.support.pcre import PCRE
from transpiler.engine import CannotRun

FOUND = [
    (r"^a$", ["a", "a\n"], ["a\nb", "ba"]),
    (r"^a\z", ["a"], ["a\n"]),
    (r"\Aa\Z", ["a", "a\n"], ["b\na"]),
    ("(?m)^b$", ["a\nb\nc"], ["ab"]),
    ("(?m)^$", ["", "a\n\nb"], ["a\n"]),
    ("a.b", ["a-b"], ["a\nb"]),
    ("(?s)a.b", ["a\nb"], []),
    ("(?i)AB", ["ab", "aB"], ["a"]),
    ("a(?i)b", ["ab", "aB"], ["AB"]),
    ("(?:(?i)a|b)c", ["Ac", "Bc"], ["AC"]),
    ("(?i:a)b(?-i:c)", ["Abc"], ["ABc"]),
    (r"\bfoo\b", ["a foo", "foo-"], ["food", "_foo"]),
    (r"\Boo\B", ["foot"], ["oo", "foo"]),
    (r"[\w.-]\d\s", ["-1 ", "a1\t"], ["é1 "]),
    (r"[^\W]\S\D", ["abc"], ["é" * 3, "ab1"]),
    (r"[\W]", ["é", "-"], ["a", "_"]),
    (r"[]a]", ["]"], ["["]),
    (r"[^]a]", ["b"], ["]a"]),
    (r"[[&&~~]", ["[", "~"], ["a"]),
    (r"[a\-\]\\]", ["-", "]", "\\"], ["b"]),
    (r"[\b\n]", ["\x08", "\n"], ["b"]),
    (r"\x41\x{2013}[\x2d-\x{2f}]", ["A\u2013."], ["A\u2013-1"[:2]]),
    (r"\h\v", ["\xa0\n"], ["a\n"]),
    (r"a{b{1,}", ["a{bb"], ["ab"]),
    (r"(a|b)\1", ["aa"], ["ab"]),
    (r"(a)\g{1}", ["aa"], ["ab"]),
    (r"(?<x>a)(?P<y>b)(?>c)(?=d)(?<!e)", ["abcd"], ["abc"]),
    (r"a++b?+c*?", ["aa"], ["b"]),
    (r"\.\-\/\#\t\e", [".-/#\t\x1b"], [".-/#"]),
]


@pytest.mark.parametrize(("source", "found", "missed"), FOUND)
def test_an_expression_is_found_where_pcre_finds_it(source: str, found: list[str], missed: list[str]) -> None:
    pattern = expression(source)
    assert [pattern.search(text, False) is not None for text in [*found, *missed]] == [True] * len(found) + [
        False
    ] * len(missed)
    if PCRE is None:
        not_run("libpcre2-8 is absent")
    else:
        assert PCRE.found(source, "", [*found, *missed]) == [True] * len(found) + [False] * len(missed)


def test_letters_beyond_ascii_have_case_in_the_wide_reading_alone() -> None:
    pattern = expression("(?i)é")
    assert pattern.search("É", False) is None
    assert pattern.search("É", True)
    assert expression(r"\w").search("é", True) is None


REFUSED = [
    r"\p{L}",
    r"\K",
    r"\R",
    r"\Qa\E",
    r"\cA",
    r"\12",
    r"[\R]",
    "[[:alpha:]]",
    "[a",
    "[z-a]",
    r"[a-\d]",
    r"[\d-a]",
    "(a",
    "a)",
    "(?|a)",
    "(?R)",
    "(?#a)",
    "(*UTF)a",
    "(?x)a",
    "a(?i)b|c",
    "a{,2}",
    "a{ 1}",
    "^*",
    r"\b+",
    "*a",
    "a**",
    r"\x{110000}",
    "(?<=a+)b",
    "a\\",
    "(?<a>b)(?<a>c)",
]


@pytest.mark.parametrize("source", REFUSED)
def test_what_python_lacks_or_reads_otherwise_is_refused(source: str) -> None:
    with pytest.raises(CannotRun, match="cannot read: "):
        expression(source)


PIECES = r"""
    a b A 1 \n - _ . \. \d \w \s \b \B \D \W \S \h \v \A \z \Z ^ $ ( ) (?: (?i) (?s) (?m) (?im) (?i: | * + ? ++
    {2} {1,2} {,2} { } [ab] [^a] [a-b] [\w-] [\W] [^\d] []a] [^]a] [a\]] [[] [a-c-e] [a--] [\b] [\d-a] [a-\d]
    (?= (?! (?<=a) (?<!b) (?<n> (?> \1 \x41 \x{2013} – é # \- \/ \t \e \p \K [[:alpha:]]
"""
TEXTS = st.lists(st.text(alphabet="abAB1 \n-_.\té–", max_size=6), min_size=1, max_size=6)


@given(pieces=st.lists(st.sampled_from(PIECES.split()), min_size=1, max_size=7), closed=st.integers(0, 3), texts=TEXTS)
def test_pcre_agrees_or_the_expression_is_refused(pieces: list[str], closed: int, texts: list[str]) -> None:
    source = "".join(pieces) + ")" * closed
    try:
        pattern = expression(source)
    except CannotRun:
        return
    if PCRE is None:
        not_run("libpcre2-8 is absent")
    else:
        assert PCRE.found(source, "", texts) == [pattern.search(text, False) is not None for text in texts]
