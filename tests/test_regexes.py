"""Dialects of regular expressions: what is printed, and that it means what the rule means."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backends.regexes import Lacks, lucene, lucene_pattern, pcre, pcre_pattern, re2, re2_pattern
from backends.regexes.effort import too_complex
from backends.regexes.plain import plain
from tests.support.corpus import rules
from tests.support.expressions import (
    MORE,
    changed,
    expressions,
    flags,
    patterns,
    texts,
    wildcard_texts,
    written,
)
from tests.support.pcre import PCRE
from transpiler.pattern import DASH, MANY, ONE, Pattern, pattern
from transpiler.regex import Regex, RegexError, parse, pattern_tree, to_python
from transpiler.regex.parser import MAX_DEPTH

# --- what is printed -------------------------------------------------------------------------------------

PRINTED = [
    # source, flags, PCRE, Kusto, Lucene
    ("abc", "", "abc", "abc", ".*abc.*"),
    ("", "", "", "", ".*"),
    ("aB/1", "i", "(?i)aB/1", "(?i)aB/1", r".*[aA][bB]\/1.*"),
    ("^a", "", "^a", "^a", "a.*"),
    ("a$", "", "a$", r"a\n?$", ".*a\n?"),
    (r"^a\z", "", r"^a\z", "^a$", "a"),
    ("^a|b", "", "^a|b", "^a|b", "(a|.*b).*"),
    ("^a$|^b$", "", "^a$|^b$", r"^(a|b)\n?$", "(a|b)\n?"),
    (r"(^|/)\.[^.]", "", r"(^|/)\.[^.]", r"(^|/)\.[^.]", r"(.*\/)?\.[^\.].*"),
    ("(?m)^a$", "", "(?m)^a$", r"(^|\n)a(\n|$)", "(.*\n)?a(\n.*)?"),
    (r"\bfoo\b", "", r"\bfoo\b", "(^|[^0-9A-Za-z_])foo([^0-9A-Za-z_]|$)", "(.*[^0-9A-Z_a-z])?foo([^0-9A-Z_a-z].*)?"),
    (r"foo\b-", "", r"foo\b-", "foo-", ".*foo-.*"),
    (r"(?:\d(?:\.|\b)){2}", "", r"(?:\d(?:\.|\b)){2}", r"[0-9]\.[0-9](\.|[^0-9A-Za-z_]|$)",
     r".*[0-9]\.[0-9](\..*|([^0-9A-Z_a-z].*)?)"),
    (r"\d\D\w\W\s\S", "", r"\d\D\w\W\s\S", "[0-9][^0-9][0-9A-Za-z_][^0-9A-Za-z_][[:space:]][^[:space:]]",
     ".*[0-9][^0-9][0-9A-Z_a-z][^0-9A-Z_a-z][\t-\r ][^\t-\r ].*"),
    (r"[\w.\S]", "", r"[\w.\S]", "[0-9A-Za-z_.[:^space:]]", ".*[^\t-\r ].*"),
    ("a.b", "", "a.b", "a.b", ".*a[^\n]b.*"),
    ("a.b", "s", "(?s)a.b", "(?s)a.b", ".*a.b.*"),
    ("(?s:a.).", "", "a(?s:.).", "a(?s:.).", ".*a.[^\n].*"),
    ("a(?i:b-)c", "", "a(?i:b-)c", "a(?i:b-)c", ".*a[bB]-c.*"),
    ("(?i)a(?-i:b)", "", "(?i)a(?-i:b)", "(?i)a(?-i:b)", ".*[aA]b.*"),
    ("[a-f]+é", "i", "(?i)[a-f]+é", "(?i)[a-f]+(?-i:[éÉ])", ".*[A-Fa-f][éÉ].*"),
    (r"[k-m]\w\W.a", "i", r"(?i)[k-m]\w\W.a", "(?i)[k-m][0-9A-Za-z_][^0-9A-Za-z_].a",
     ".*[K-Mk-m][0-9A-Z_a-z][^0-9A-Z_a-z][^\n][aA].*"),
    (r"\S[^\"-]a", "i", r'(?i)\S[^"\-]a', r'(?i)[^[:space:]][^"\-]a', ".*[^\t-\r ][^\\\"\\-][aA].*"),
    ("1(?i:[r-t])", "", "1(?i:[r-t])", "1(?i:[r-t])", ".*1[R-Tr-t].*"),
    ("1+", "i", "1+", "1+", ".*1.*"),
    ("(a|b)c", "", "(a|b)c", "(a|b)c", ".*(a|b)c.*"),
    ("x(?:ab)+?c", "", "x(?:ab)+?c", "x(ab)+?c", ".*x(ab)+c.*"),
    ("x(?:a|)y", "", "x(?:a|)y", "xa?y", ".*xa?y.*"),
    ("a+b{2,5}", "", "a+b{2,5}", "a+b{2,5}", ".*ab{2}.*"),
    (".{200,}", "", ".{200,}", ".{200,}", "(.*\n)?[^\n]{200}.*"),
    (r"\d{50}x", "", r"\d{50}x", "[0-9]{50}x", "(.*[^0-9])?[0-9]{50,}x.*"),
    ("[^\"]*+\"", "", "[^\"]*+\"", "[^\"]*\"", ".*\\\".*"),
    (r"#@&<>~\"\\{}\[-", "", r'#@&<>~"\\\{\}\[-', r'#@&<>~"\\\{\}\[-', r'.*\#\@\&\<\>\~\"\\\{\}\[-.*'),
    (r"[&&~~a\-\]\[^]", "", r"[\&\&\~\~a\-\]\[\^]", r"[\&\&\~\~a\-\]\[\^]", r".*[\&\-\[\]\^a\~].*"),
    (r"[\\-a]", "", r"[\\-a]", r"[\\-a]", r".*[\\\]\^_-a].*"),
    ("[.]", "", "[.]", "[.]", r".*\..*"),
    ("\t\x07\x85", "", r"\t\x07\x85", r"\t\x07\x85", ".*\t\x07\x85.*"),
    ("(a)\\1(?=b)(?<!c)(?>d)e++", "", r"(a)\g{1}(?=b)(?<!c)(?>d)e++", None, None),
    (r"(?m)\A^$\Z\z", "", r"(?m)\A^$\Z\z", "^$", ""),
    (r"(?:\bfoo ?)+", "", r"(?:\bfoo ?)+", "(^|[^0-9A-Za-z_])(foo ?|foo (foo )*foo ?)",
     "(.*[^0-9A-Z_a-z])?(foo|foo (foo )*foo).*"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "with_flags", "perl", "kusto", "elastic"), PRINTED, ids=[each[0] for each in PRINTED]
)
def test_printed(source: str, with_flags: str, perl: str, kusto: str | None, elastic: str | None) -> None:
    regex = parse(source, with_flags)
    assert pcre(regex) == perl
    if kusto is not None and elastic is not None:
        assert re2(regex) == kusto
        assert lucene(regex) == elastic


def test_lucene_folds_by_itself_or_is_told_to() -> None:
    assert lucene(parse("aB[c-d]é"), fold=True) == ".*[aA][bB][CDcd][éÉ].*"
    assert lucene(parse("aB[c-d]é", "i"), engine_folds=True) == ".*aB[CDcd][éÉ].*"
    assert lucene(parse("aB[c-d]é"), engine_folds=True) == ".*aB[cd]é.*"
    assert lucene(parse(r"-\b[^a]"), fold=True) == ".*-[0-9B-Z_b-z].*"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("(?=a)b", "look-ahead"),
        ("(?<!a)b", "look-behind"),
        (r"(a|b)\1", "back-references"),
        ("(?>a|ab)c", "atomic groups"),
        ("a++a", "possessive quantifiers"),
        ("a^b", "expression that never matches"),
        ("(?:^|,)*a", "way to repeat an anchor or word boundary without end"),
        (r"a$\s", "way to say `$` where a newline may follow"),
        (r"\b(?:a?){0,65}(?:b|){70}\b" + "c?" * 80 + r"\b", "short form for so many anchors"),
    ],
)
def test_what_engines_without_memory_lack(source: str, what: str) -> None:
    for dialect in (lucene, re2):
        with pytest.raises(Lacks) as caught:
            dialect(parse(source))
        assert caught.value.what == str(caught.value) == what


def test_counts_have_bounds() -> None:
    with pytest.raises(Lacks, match="counts above 1000"):
        re2(parse("(?:a{40}b){26}"))
    for source in ("(?:a{100}b){101}c", "a.{0,128} b", "powershell.{500,}"):
        with pytest.raises(Lacks, match="repetitions so long"):
            lucene(parse(source))


@pytest.mark.parametrize(
    "source", [r"a.{1,9}\.exe", "cmd.{0,5}/c.+powershell", r"\{[0-9a-f]{8}-[0-9a-f]{12}\}", ".*a.*b" * 20]
)
def test_common_expressions_are_not_too_complex(source: str) -> None:
    assert not too_complex(plain(parse(".*" + source + ".*").tree))


# --- wildcard patterns --------------------------------------------------------------------------------------

WILDCARDS: list[tuple[Pattern, bool, str, str, str]] = [
    # pattern, letter case counts, PCRE, Kusto, Lucene
    (pattern("aB"), True, r"^aB\z", "^aB$", "aB"),
    (pattern("aB"), False, r"(?i)^aB\z", "(?i)^aB$", "[aA][bB]"),
    (pattern(MANY, "\\x.", MANY), False, r"(?i)\\x\.", r"(?i)\\x\.", r".*\\[xX]\..*"),
    (pattern("a", MANY), True, "^a", "^a", "a.*"),
    (pattern(MANY, "1"), False, r"1\z", "1$", ".*1"),
    (pattern("a", MANY, "b"), False, r"(?is)^a.*b\z", "(?is)^a.*b$", "[aA].*[bB]"),
    (pattern(MANY, "a", ONE, MANY), True, "(?s)a.", "(?s)a.", ".*a..*"),
    (pattern(MANY, DASH, "e", MANY), True, r"[\-/–—―]e", r"[\-/–—―]e", r".*[\-\/–—―]e.*"),
    (pattern(MANY), False, ".*", ".*", ".*"),
    (pattern(""), False, r"^\z", "^$", ""),
    (pattern("É\n"), False, "(?i)^É\\n\\z", "(?i)^(?-i:[éÉ])\\n$", "[éÉ]\n"),
]


@pytest.mark.parametrize(
    ("given", "cased", "perl", "kusto", "elastic"), WILDCARDS, ids=[str(each[0]) for each in WILDCARDS]
)
def test_wildcards(given: Pattern, cased: bool, perl: str, kusto: str, elastic: str) -> None:
    assert pcre_pattern(given, cased=cased) == perl
    assert re2_pattern(given, cased=cased) == kusto
    assert lucene_pattern(given, fold=not cased) == elastic


# --- the printed text, read by others ------------------------------------------------------------------------

TOKEN = re.compile(
    r"""\[(?P<class>(?:\\.|[^\\\]])+)\]|\\(?P<escaped>[^a-zA-Z0-9])"""
    r"""|(?P<operator>[.()|*+?]|\{\d+(?:,\d*)?\})|(?P<text>[^"#@&<>~\\{}\[\]])""",
    re.DOTALL,
)


def read_class(given: str) -> str:
    """A class as Lucene reads it: an escaped character begins no range."""
    negated, given = given.startswith("^"), given.removeprefix("^")
    parts = re.findall(r"\\[^a-zA-Z0-9]|[^\\-]-(?:\\[^a-zA-Z0-9]|[^\\])|[^\\-]", given, re.S)
    assert "".join(parts) == given
    ends = [[end.removeprefix("\\") for end in ([part[0], part[2:]] if part[1:2] == "-" else [part])] for part in parts]
    return f"[{'^' if negated else ''}{''.join(['-'.join(map(re.escape, each)) for each in ends])}]"


def read_token(token: re.Match[str]) -> str:
    if token["class"]:
        return read_class(token["class"])
    return token["operator"] or re.escape(token["escaped"] or token["text"])


@lru_cache
def read_lucene(given: str) -> re.Pattern[str]:
    """An expression of Lucene as one of Python's: the subset that is printed, and nothing else."""
    tokens = list(TOKEN.finditer(given))
    assert "".join([token[0] for token in tokens]) == given
    return re.compile("".join(map(read_token, tokens)), re.DOTALL)


def with_end(given: str, end: str) -> str:
    """The expression with another sign for the very end than ``$``."""
    return re.sub(r"\\.|\$", lambda found: end if found[0] == "$" else found[0], given, flags=re.DOTALL)


POSIX = {"[:space:]": r"\t-\r ", "[:^digit:]": r"\D", "[:^word:]": r"\W", "[:^space:]": r"\S"}


@lru_cache
def read_re2(given: str) -> re.Pattern[str]:
    """An expression for Kusto as one of Python's; nothing in it is special to either alone."""
    for name, members in POSIX.items():
        given = given.replace(name, members)
    given = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: re.escape(chr(int(found[1], 16))), with_end(given, r"\Z"))
    return re.compile(given, re.ASCII)


def meant(regex: Regex, given: list[str]) -> list[bool]:
    return [to_python(regex).search(text) is not None for text in given]


def expression(source: str, with_flags: str = "") -> Regex | None:
    try:
        return parse(source, with_flags)
    except RegexError:
        return None


some_texts = st.lists(texts, min_size=1, max_size=8)


@given(expressions(), flags, some_texts)
def test_lucene_means_the_same(source: str, with_flags: str, given: list[str]) -> None:
    regex = expression(source, with_flags)
    try:
        printed = lucene(regex) if regex else None
    except Lacks:
        return
    if regex and printed is not None:
        assert [read_lucene(printed).fullmatch(text) is not None for text in given] == meant(regex, given), printed


@given(expressions(), some_texts)
def test_lucene_means_the_same_folded(source: str, given: list[str]) -> None:
    regex = expression(source, "i")
    try:
        printed = lucene(parse(source), fold=True) if regex else None
    except Lacks:
        return
    if regex and printed is not None:
        assert [read_lucene(printed).fullmatch(text) is not None for text in given] == meant(regex, given), printed


@lru_cache
def google_re2() -> Any:
    return pytest.importorskip("re2", reason="not run: google-re2 is absent")


@pytest.mark.parametrize("engine", ["python", "re2"])
def test_kusto_means_the_same(engine: str) -> None:
    read = read_re2 if engine == "python" else google_re2().compile

    @given(expressions(), flags, some_texts)
    def check(source: str, with_flags: str, given: list[str]) -> None:
        regex = expression(source, with_flags)
        try:
            printed = re2(regex) if regex else None
        except Lacks:
            return
        if engine == "python" and "i" in with_flags and not (printed or "").isascii():
            return  # Python ignores the case of ASCII letters alone when \w is ASCII
        if regex and printed is not None:
            assert [read(printed).search(text) is not None for text in given] == meant(regex, given), printed

    check()


@pytest.mark.parametrize(
    "source", ["s", "k", "é", "å", "σ", "[a-z]", r"\w", r"\W", "[^a-z]", r"\S", "(?i:s)k", "x|[^k]"]
)
@pytest.mark.parametrize("with_flags", ["", "i"])
def test_kusto_ignores_the_case_of_no_more_letters(source: str, with_flags: str) -> None:
    letters = [*"sSkKeEéÉåÅσΣxX1_ ", "\u212b", "\u03c2", "sk"]  # the long s and the Kelvin sign are left open
    regex = parse(f"{source}q?", with_flags)
    read = google_re2().compile(re2(regex))
    assert [read.search(text) is not None for text in letters] == meant(regex, letters), re2(regex)


@given(expressions(extra=MORE), flags, some_texts)
def test_pcre_reads_back_the_same(source: str, with_flags: str, given: list[str]) -> None:
    regex = expression(source, with_flags)
    if regex:
        printed = pcre(regex)
        assert meant(parse(printed), given) == meant(regex, given), printed
        if PCRE is not None:
            assert PCRE.found(printed, "", given) == meant(regex, given), printed


@given(patterns, st.booleans(), st.lists(wildcard_texts, min_size=1, max_size=8))
def test_wildcards_mean_the_same(given: Pattern, cased: bool, some: list[str]) -> None:
    wanted = meant(Regex("", False, False, False, pattern_tree(given, cased=cased)), some)
    printed = lucene_pattern(given, fold=not cased)
    assert [read_lucene(printed).fullmatch(text) is not None for text in some] == wanted
    assert meant(parse(pcre_pattern(given, cased=cased)), some) == wanted
    assert meant(parse(with_end(re2_pattern(given, cased=cased), r"\z")), some) == wanted


def public_expressions() -> Iterator[Regex]:
    """The expressions of the public rules."""
    for path in rules():
        text = path.read_text("utf-8")
        if "|re" in text:
            for document in yaml.load_all(text, yaml.CSafeLoader):
                yield from below(document["detection"])


def below(node: object) -> Iterator[Regex]:
    for key, value in node.items() if isinstance(node, dict) else ():
        modifiers = key.split("|")[1:]
        if "re" in modifiers:
            letters = "".join([each for each in modifiers if each in ("i", "m", "s")])
            yield from [parse(str(each), letters) for each in (value if isinstance(value, list) else [value])]
        else:
            yield from below(value)
    for each in node if isinstance(node, list) else ():
        yield from below(each)


@pytest.mark.no_cover
def test_public_expressions_mean_the_same_everywhere() -> None:
    lacking = []
    for number, regex in enumerate(dict.fromkeys(public_expressions())):
        random = Random(number)
        found = [written(regex.tree, random) for _ in range(20)]
        given = [changed(text, random) for text in found] + found
        wanted = meant(regex, given)
        assert [read_re2(re2(regex)).search(text) is not None for text in given] == wanted, regex.source
        assert meant(parse(pcre(regex)), given) == wanted, regex.source
        try:
            printed = lucene(regex)
        except Lacks as lacks:
            lacking.append((regex.source, lacks.what))
            continue
        assert [read_lucene(printed).fullmatch(text) is not None for text in given] == wanted, regex.source
    assert len(lacking) < 5, lacking


# --- hostile expressions -----------------------------------------------------------------------------------------


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "source",
    ["a?" * 3_000 + r"\b", r"(\b|^|$|a)" * 60, r"(?:\b.)" * 250, r"(?:\B.?|a)" * 120,
     "|".join([f"^a{n}$" for n in range(120)]),
     "(?:" * MAX_DEPTH + r"\ba" + "|b){0,2}x" * MAX_DEPTH, "(?:" * MAX_DEPTH + r"\ba" + "|b)?x" * MAX_DEPTH,
     "(?:(?:(?:(?:\\ba?){0,8}){0,8}){0,8}){0,8}", "a.{1,9}" * 100, "(?:a{1,1000}){1,1000}", r"\b(?:a{1000}b){10}\b"],
    ids=["optional", "choices", "boundaries", "optional boundaries", "anchors", "nested", "nested options", "unrolled",
         "gaps", "counts", "long"],
)  # fmt: skip
def test_hostile_expressions_take_little_time(source: str) -> None:
    for dialect in (lucene, re2, pcre):
        start = time.process_time()
        try:
            dialect(parse(source, "i"))
        except Lacks as lacks:
            assert lacks.what
        assert time.process_time() - start < 5
