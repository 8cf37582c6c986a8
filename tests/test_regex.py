"""Regular expressions: what is read, what it means, what is refused and where."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpus import REQUIRED
from tests.support.expressions import MORE, expressions, flags, patterns, texts, wildcard_texts
from tests.support.pcre import PCRE
from transpiler.pattern import DASHES, MANY, ONE, Pattern, Wildcard, fold
from transpiler.regex import Regex, RegexError, parse, pattern_tree, to_python
from transpiler.regex.letters import cases
from transpiler.regex.tree import NOT_NEWLINE, Choice, Edge, Group, OneOf, Repeat, Sequence, Text


def found(source: str, text: str, with_flags: str = "") -> bool:
    return to_python(parse(source, with_flags)).search(text) is not None


# --- what an expression means --------------------------------------------------------------------------

MEANING = [
    # source, flags, texts in which it is found, texts in which it is not
    ("b", "", ["b", "abc", "a\nb"], ["", "B"]),
    ("", "", ["", "a"], []),
    ("a.c", "", ["abc", "a\rc"], ["a\nc", "ac"]),
    ("a.c", "s", ["a\nc"], ["ac"]),
    ("^a", "", ["ab"], ["ba", "b\na"]),
    ("^a", "m", ["ab", "b\na"], ["ba"]),
    ("^", "m", [""], []),
    ("a\n^", "m", ["a\nb"], ["a\n"]),  # not after a newline that ends the text
    ("a$", "", ["a", "ba", "a\n"], ["ab", "a\n\n", "a\nb"]),
    ("a$", "m", ["a\nb", "a\n\n", "a"], ["ab"]),
    (r"a\z", "", ["a"], ["a\n"]),
    (r"a\Z", "m", ["a", "a\n"], ["a\nb"]),
    (r"\Aa", "m", ["a"], ["b\na"]),
    (r"\d", "", ["x7"], ["\u0663"]),
    (r"\w", "", ["_"], ["é", "-"]),
    (r"\s", "", ["\x0b", "\f", "\t"], ["\u00a0", "\x1c"]),
    (r"\bfoo\b", "", ["foo", "a-foo.", "éfoo"], ["foox", "_foo"]),
    (r"\B", "", ["", "ab"], ["a"]),
    (r"\h\v\N", "", ["\t\nx", "\u3000\u2028x"], ["\n\nx", "\t\n\n"]),
    ("K", "i", ["k", "K"], ["\u212a"]),  # ASCII letters meet ASCII letters alone
    ("ä", "i", ["Ä"], ["a"]),
    ("ß", "i", ["\u1e9e"], ["ss"]),
    ("[^a-c]", "i", ["d"], ["A", "b"]),
    ("[Z-a]", "i", ["z", "A", "_"], ["b"]),
    ("[é-ü]", "i", ["É", "ü"], ["e"]),
    ("(?i)ab", "", ["AB"], ["a"]),
    ("a(?i)b|c", "", ["aB", "C"], ["Ab"]),  # up to the end of the group, later options included
    ("a(?i:b)c", "", ["aBc"], ["aBC"]),
    ("(?-i:a)b", "i", ["aB"], ["AB"]),
    ("(?s:.).", "", ["\na"], ["a\n"]),
    ("(?#note)a", "", ["a"], ["b"]),
    ("[]a][^]a]", "", ["]b", "ax"], ["]]", "b"]),
    ("[a-]x[-a]", "", ["-x-"], ["bxb"]),
    (r"[\w-.]", "", ["-", "."], [","]),
    (r"[\d-z]", "", ["-", "z"], ["y"]),
    (r"[\b]", "", ["\b"], ["b"]),
    ("[[:alpha:][:digit:]-]", "", ["-", "7"], ["_"]),
    ("[[:^word:]]", "", ["é", " "], ["_"]),
    ("[[a]", "", ["["], ["b"]),
    ("a{2,3}b", "", ["aab", "aaab"], ["ab"]),
    ("(?:^)+a", "", ["a"], ["ba"]),
    ("a{b}{", "", ["a{b}{"], ["ab"]),
    ("}]", "", ["}]"], ["]"]),
    (r"\x41\x{263A}\u263a\t\e\0\012", "", ["A\u263a\u263a\t\x1b\0\n"], []),
    (r"(a|b)\1", "", ["aa", "bb"], ["ab"]),
    (r"(a)\1", "i", ["aA"], ["ab"]),
    (r"(?<q>['\"]).\k<q>", "", ["'x'"], ["'x\""]),
    (r"(?P<n>a)(b)\g{-1}\g1(?P=n)", "", ["abbaa"], ["abba"]),
    ("(a)0\\g{1}1", "", ["a0a1"], ["a01"]),
    ("a(?=b)", "", ["ab"], ["ac"]),
    ("a(?!b)", "", ["ac", "a"], ["ab"]),
    ("(?<=a|bc)d", "", ["ad", "bcd"], ["cd"]),
    ("(?<!a|bc)d", "", ["cd", "d"], ["ad", "bcd"]),
    ("(?>a|ab)c", "", ["ac"], ["abc"]),
    ("a*+a", "", [], ["aaa"]),
    ("(?:)", "", ["", "x"], []),
    (r"[^\s\S]", "", [], ["", "a"]),
]


@pytest.mark.parametrize(("source", "with_flags", "hits", "misses"), MEANING, ids=[each[0] for each in MEANING])
def test_meaning(source: str, with_flags: str, hits: list[str], misses: list[str]) -> None:
    assert [text for text in hits if not found(source, text, with_flags)] == []
    assert [text for text in misses if found(source, text, with_flags)] == []


def test_the_tree_says_what_the_flags_meant() -> None:
    assert parse("a.$", "i").tree == Sequence((Text("a", caseless=True), NOT_NEWLINE, Edge.LAST_LINE_END))
    assert parse("(a|[b-d]){2,}?").tree == Repeat(Group(Choice((Text("a"), OneOf(((98, 100),)))), 1), 2, None, "lazy")


def test_a_leading_flag_is_the_flag() -> None:
    hoisted = parse("(?i)a.(?s)b")
    assert (hoisted.ignore_case, hoisted.dot_all, hoisted.source) == (True, False, "(?i)a.(?s)b")
    assert parse("(?im)a") == parse("a", "im") == parse("(?m)a", "i")
    assert hash(parse("(?i)a")) == hash(parse("a", "i"))
    assert parse("a") != parse("a", "s")


# --- what is refused ------------------------------------------------------------------------------------

REFUSED = [
    # source, what the message says, the offset it points at
    ("a(b", "not closed", 1),
    ("ab)", "closing parenthesis", 2),
    ("a[b", "not closed", 1),
    ("[]", "not closed", 0),
    ("ab\\", "backslash at the end", 2),
    ("a|*", "nothing to repeat", 2),
    ("^*", "nothing to repeat", 0),
    (r"a\b+", "nothing to repeat", 1),
    ("(?i){2}", "nothing to repeat", 4),
    ("a(?s)*", "nothing to repeat", 1),
    ("a**", "after a quantifier", 2),
    ("a{2}{3}", "after a quantifier", 4),
    ("a+++", "after a quantifier", 3),
    ("a{,3}", "some engines", 1),
    ("a{2, 3}", "some engines", 1),
    ("a{3,2}", "ends before it begins", 1),
    ("a{65536}", "above 65535", 1),
    ("[b-a]", "ends before it begins", 1),
    (r"\y", r"\y", 0),
    (r"a\Q.\E", r"\Q", 1),
    (r"\p{L}", r"\p", 0),
    (r"\x", r"\x", 0),
    (r"\x{110000}", "no character", 0),
    (r"\ud800", "no character", 0),
    ("[[:alfa:]]", "alfa", 1),
    (r"(a\1)", "does not end before", 2),
    (r"\2(a)(b)", "does not end before", 0),
    (r"\k<n>", "does not end before", 0),
    ("(?<n>a)(?<n>b)", "second group", 7),
    ("(?<=a+)b", "not fixed", 0),
    (r"(a)(?<=\1)b", "not fixed", 3),
    ("a(?R)", "recursion", 1),
    ("(?|a)", "branch-reset", 0),
    ("(?(1)a)", "conditional", 0),
    ("(?x)a", "flag x", 0),
    ("(*UTF8)a", "control verb", 0),
    ("(?^:a)", "unknown kind", 0),
    ("(" * 51 + ")" * 51, "more than 50", 50),
    ("a" * 10_001, "longer than 10000", 10_000),
]


@pytest.mark.parametrize(("source", "message", "offset"), REFUSED, ids=[each[0][:12] for each in REFUSED])
def test_refusal(source: str, message: str, offset: int) -> None:
    with pytest.raises(RegexError) as caught:
        parse(source)
    assert message in caught.value.message
    assert caught.value.offset == offset
    assert str(caught.value).endswith(f"(character {offset + 1} of the expression)")


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(RegexError, match="unknown flag 'x'"):
        parse("a", "ix")


@given(st.text("ab(){}[]|*+?\\^$.-,:<=!>iPk123 \n", max_size=30), flags)
def test_any_text_is_read_or_refused_at_one_of_its_characters(source: str, with_flags: str) -> None:
    try:
        to_python(parse(source, with_flags)).search("ab a")
    except RegexError as error:
        assert 0 <= error.offset <= len(source)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "source",
    ["(?:" * 50 + "a" + "|b){0,2}x" * 50, "a?" * 5_000, "(a|b)" * 2_000, "[^\\W\\D]" * 1_250, "(a{65535}){65535}",
     "".join([f"[\\x{{{code:x}}}-\\x{{ffff}}]" for code in range(128, 600)])],
    ids=["nested", "optional", "groups", "classes", "counts", "wide classes"],
)  # fmt: skip
def test_hostile_expressions_take_little_time(source: str) -> None:
    start = time.process_time()
    to_python(parse(source, "i"))
    assert time.process_time() - start < 5


# --- the same as engines that others made ---------------------------------------------------------------


@given(expressions(edges=["^", r"\A", r"\b", "(?=a)", "(?!b)", "(?<!a)"]), st.sampled_from(["", "s"]), texts)
def test_python_reads_its_share_alike(source: str, with_flags: str, text: str) -> None:
    if "[:" in source or "\\x{" in source or "[]" in source or "[^]" in source:
        return  # not Python's syntax, or with a warning
    options = re.ASCII | (re.DOTALL if "s" in with_flags else 0)
    assert found(source, text, with_flags) == (re.compile(source, options).search(text) is not None)


@pytest.mark.skipif(PCRE is None and not REQUIRED, reason="not run: libpcre2-8 is absent")
@given(expressions(extra=MORE), flags, st.lists(texts, min_size=1, max_size=8))
def test_pcre_reads_all_of_it_alike(source: str, with_flags: str, given: list[str]) -> None:
    assert PCRE is not None
    try:
        expression = to_python(parse(source, with_flags))
    except RegexError:
        return  # two names or groups of one kind in a row, a quantifier on an edge
    real = PCRE.found(source, with_flags, given)
    assert real == [expression.search(text) is not None for text in given]


@pytest.mark.skipif(PCRE is None and not REQUIRED, reason="not run: libpcre2-8 is absent")
@pytest.mark.parametrize(("source", "with_flags", "hits", "misses"), MEANING, ids=[each[0] for each in MEANING])
def test_pcre_agrees_with_the_table(source: str, with_flags: str, hits: list[str], misses: list[str]) -> None:
    assert PCRE is not None
    if r"\u" in source or source in ("K", r"[\w-.]", r"[\d-z]"):
        return  # not PCRE's syntax; the Kelvin sign; hyphens that PCRE2 refuses and Perl takes
    assert PCRE.found(source, with_flags, hits + misses) == [True] * len(hits) + [False] * len(misses)


# --- letters and wildcards --------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_cases_are_the_classes_of_fold() -> None:
    classes: dict[str, set[str]] = {}
    characters = [chr(code) for code in range(0x1F000)]
    for character in characters:
        classes.setdefault(fold(character), set()).add(character)
    assert [each for each in characters if set(cases(each)) != classes[fold(each)]] == []
    assert [code for code in range(0x1F000, 0x110000) if chr(code).lower() != chr(code)] == []


def test_lower_case_comes_first() -> None:
    assert [cases(each) for each in "pP-éÉΩ"] == ["pP", "pP", "-", "éÉ", "éÉ", "ω\u03a9\u2126"]


def matches(tokens: tuple[str | Wildcard, ...], text: str, cased: bool) -> bool:
    """Whether the wildcards match the text, by their definition."""
    if not tokens:
        return text == ""
    token, rest = tokens[0], tokens[1:]
    if token is MANY:
        return any(matches(rest, text[at:], cased) for at in range(len(text) + 1))
    if isinstance(token, str):
        start = text[: len(token)]
        same = start == token if cased else fold(start) == fold(token)
        return same and matches(rest, text[len(token) :], cased)
    return text != "" and (token is ONE or text[0] in DASHES) and matches(rest, text[1:], cased)


@given(patterns, wildcard_texts, st.booleans())
def test_a_pattern_is_its_tree(given: Pattern, text: str, cased: bool) -> None:
    regex = Regex("", False, False, False, pattern_tree(given, cased=cased))
    assert (to_python(regex).search(text) is not None) == matches(given.tokens, text, cased)
