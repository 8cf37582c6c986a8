"""Lucene's regular expressions as Python's: each row was run on Lucene 9.12 and 10.5."""

from __future__ import annotations

import pytest

from backends.engines.lucene_regex import MAX_LENGTH, lucene
from transpiler.engine import CannotRun

ROWS: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("a+?", ("", "a", "aa"), ()),
    ("a++", ("aa",), ()),
    ("<1-3>", ("1",), ("01",)),
    ("<01-10>", ("01", "10"), ("1",)),
    ("<10-2>", ("5",), ()),
    ("#", (), ("",)),
    ("a#b", (), ("ab",)),
    ("@", ("x\ny", ""), ()),
    ("()", ("",), ()),
    ("a||b", ("a",), ("",)),
    ("", ("",), ()),
    ("|a", (), ("a", "")),
    (r"\d", ("1",), ()),
    (r"\é", ("é",), ()),
    (r"[\d]", ("1",), ()),
    (r"[^\d]", ("a",), ("1",)),
    (r"[\w-]", ("1", "-"), ()),
    ("a{2}", ("aa",), ()),
    ("]", ("]",), ()),
    ("}", ("}",), ()),
    ("{", ("{",), ()),
    ("*a", ("*a",), ()),
    ("(?:a)", ("?:a",), ("a",)),
    ("^a$", ("^a$",), ("a",)),
    (r"\s", (" ", "\t"), ("\u000b",)),
    ("[-a]", ("-", "a"), ()),
    ("[a-c-e]", ("-", "b", "e"), ("d",)),
    (r"[\]]", ("]",), ()),
    ('["]', ('"',), ()),
    ('["a"]', ('"', "a"), ()),
    ("[(]", ("(",), ()),
    ("a\\\\", ("a\\",), ()),
    (".{2}", ("😀😀", "ab"), ()),
    ("[😀]", ("😀",), ()),
    (r"\.", (".",), ()),
    ("[.]", (".",), ("a",)),
    ('""', ("",), ()),
    ("[a&&b]", ("&", "a"), ()),
    (r"[a\-c]", ("-",), ("b",)),
    (r"[\&-+]", ("&",), ()),
    ("a?*", ("", "aa"), ()),
    ("&a", ("&a",), ("a",)),
    ("[&-+]", ("&", "'"), ("-",)),
    (r"[&-\+]", ("&", "'", "+"), ("-",)),
    (r"\1", ("1",), ()),
    (r"\_", ("_",), ()),
    ("<1-30>", ("1", "01", "001", "030"), ()),
    ("[^]a]", ("b",), ("]", "ba]")),
    (r"\W", (" ", "é"), ()),
    (r"\S", ("\u000b",), ()),
    (r"\D", ("a",), ()),
    ("a{0}", ("",), ()),
    ("(ab){2}", ("abab",), ()),
    ("a{1,2}{2}", ("aaaa",), ("a",)),
    ("[&&]", ("&",), ()),
    (r"[\D1]", ("1", "a"), ()),
    ("()a", ("a",), ()),
    ('"a\\"', ("a\\",), ()),
    ("[--a]", ("-", "a", "."), ("b",)),
    ("(|a)", ("|a",), ("a", "")),
    ("<01-5>", ("1", "01", "5", "05"), ()),
    ("-", ("-",), ()),
    ('[#@<>~"&]', ("#", "@", "<"), ()),
    ("a b", ("a b",), ()),
    (r"[\^a]", ("^",), ()),
]
"""Expression, what it matches, what it does not."""

WITHOUT_CASE: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("[a]", ("a", "A"), ()),
    ("[a-c]", ("a",), ("B",)),
    ("[^a]", (), ("a", "A")),
    ("[^a-c]", ("B", "x"), ()),
    ("[ab]", ("A", "B"), ()),
    ("k", ("K",), ("K",)),
    ("é", (), ("É",)),
    ('"ab"', ("AB", "ab"), ()),
    ("[a-zA-Z]", ("Q",), ()),
    ("[a-z]", (), ("İ",)),
    ("[^A]", (), ("a",)),
]
"""The same, with ``case_insensitive``. (Lucene 10 folds letters beyond ASCII as well.)"""

REFUSED = [
    "a|",
    r"\q",
    "[]",
    "[a",
    "a{,2}",
    "a{2",
    "a)",
    "<abc>",
    "a<b",
    "[a-]",
    "[^]",
    "a\\",
    "a{3,2}",
    r"\n",
    'a"',
    "[b-a]",
    "(a",
    "<1-3",
    "<5>",
    r"[\q]",
    r"[\n]",
    "[a--]",
    "(a|)",
]
"""What Lucene's parser throws an exception at."""


@pytest.mark.parametrize(("expression", "found", "missed"), ROWS)
def test_what_an_expression_matches(expression: str, found: tuple[str, ...], missed: tuple[str, ...]) -> None:
    match = lucene(expression).fullmatch
    assert [text for text in found if not match(text)] == []
    assert [text for text in missed if match(text)] == []


@pytest.mark.parametrize(("expression", "found", "missed"), WITHOUT_CASE)
def test_what_it_matches_without_case(expression: str, found: tuple[str, ...], missed: tuple[str, ...]) -> None:
    match = lucene(expression, fold=True).fullmatch
    assert [text for text in found if not match(text)] == []
    assert [text for text in missed if match(text)] == []


@pytest.mark.parametrize("expression", REFUSED)
def test_what_lucene_refuses(expression: str) -> None:
    with pytest.raises(CannotRun, match="the server refuses"):
        lucene(expression)


@pytest.mark.parametrize("expression", ["~a", "a&b", "(a&b)", "<1-1000000>", "a{9999999999}"])
def test_what_is_not_read(expression: str) -> None:
    with pytest.raises(CannotRun, match="cannot read"):
        lucene(expression)


def test_the_server_s_limit() -> None:
    assert lucene("a" * MAX_LENGTH).fullmatch("a" * MAX_LENGTH)
    with pytest.raises(CannotRun, match="1001 characters"):
        lucene("a" * (MAX_LENGTH + 1))


def test_many_pieces_take_time_in_proportion() -> None:
    """With plain ``.*`` between them this would not end."""
    assert lucene(".*a" * 30 + ".*b").fullmatch("a" * 3000) is None
    assert lucene(".*(ab|cd){2}.*[^x]y{3}.*z").fullmatch("-cdab--yyy--z")
    assert lucene(".*a+.*b?").fullmatch("xaax")
