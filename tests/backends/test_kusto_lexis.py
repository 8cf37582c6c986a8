"""Kusto's literals and names: what is written, and that hostile values and names stay data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.kusto_lexis import column, number_literal, path, source, text_literal
from tests.backends.kusto_trees import COMMAND, render
from transpiler.ast import Field, Match
from transpiler.pattern import MANY, ONE, pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("a", '"a"'),
        ("it's // a | b", '"it\'s // a | b"'),
        ("C:\\Temp\\", '@"C:\\Temp\\"'),
        ('say "a"', "'say \"a\"'"),
        ('"a" isn\'t', '"\\"a\\" isn\'t"'),
        ('C:\\"a b"', "@'C:\\\"a b\"'"),
        ('C:\\"a" isn\'t', '@"C:\\""a"" isn\'t"'),
        ('a\n\r\t\\"', '"a\\n\\r\\t\\\\\\""'),
        ("\0\x1b\u2028\u202e\ud800", '"\\u0000\\u001b\\u2028\\u202e\\ud800"'),
        ("Привет", '"Привет"'),
    ],
)
def test_text_literal(text: str, expected: str) -> None:
    assert text_literal(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CommandLine", "CommandLine"),
        ("_x1", "_x1"),
        ("cs-host", "['cs-host']"),
        ("a.b", "['a.b']"),
        ("a b", "['a b']"),
        ("1a", "['1a']"),
        ("__x", "['__x']"),
        ("where", "['where']"),
        ("true", "['true']"),
        ("title", "['title']"),
        ("a'b\\c", "['a\\'b\\\\c']"),
        ("a']\n| take 1 //", "['a\\']\\n| take 1 //']"),
        ('a"b', "['a\"b']"),
        ("", None),
    ],
)
def test_column(name: str, expected: str | None) -> None:
    assert column(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EventData.Image", "EventData.Image"),
        ("EventData.cs-host", "EventData['cs-host']"),
        ("EventData.where.x", "EventData['where'].x"),
        ("odd name.x", "['odd name'].x"),
        ("Plain", "Plain"),
        ("a..b", "['a..b']"),
        ("Targets[0].type", "Targets[0].type"),
        ("Targets[10].changes[1].new-value", "Targets[10].changes[1]['new-value']"),
        ("a.b-c[2]", "a['b-c'][2]"),
        ("a[b].c", "['a[b]'].c"),
        ("parse_json(Request).user.name", "parse_json(Request).user.name"),
        ("parse_json(targets)[0].type", "parse_json(targets)[0].type"),
        ("parse_json(where).x", "parse_json(['where']).x"),
        ("parse_json(a b).x", "['parse_json(a b)'].x"),
        ("", None),
    ],
)
def test_path(name: str, expected: str | None) -> None:
    assert path(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (-(2**63), "long(-9223372036854775808)"),
        (2**63 - 1, "9223372036854775807"),
        (2**63, None),
        (1.0, "1.0"),
        (1e22, "1e+22"),
        (float("nan"), None),
        (True, "true"),
    ],
)
def test_number_literal(value: float, expected: str | None) -> None:
    assert number_literal(value) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("SecurityEvent", "SecurityEvent"),
        ("my-table", "['my-table']"),
        ("DeviceEvents, DeviceProcessEvents", "union DeviceEvents, DeviceProcessEvents"),
        ("union A, B", "union A, B"),
        ("_Im_ProcessEvent(starttime=ago(1d))", "_Im_ProcessEvent(starttime=ago(1d))"),
    ],
)
def test_source(table: str, expected: str) -> None:
    assert source(table) == expected


# --- hostile input -----------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<verbatim>@"(?:[^"\r\n]|"")*"|@'(?:[^'\r\n]|'')*')
    | (?P<bracket>\['(?:[^'\\\r\n]|\\[^\r\n])*'\])
    | (?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*~?)
    | (?P<number>-?[0-9][0-9.e+-]*)
    | (?P<sign>=~|==|<=|>=|[<>(),*.|])
    | (?P<blank>\s+)
    """,
    re.VERBOSE,
)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def tokens(query: str) -> Iterator[tuple[str, str]]:
    """Kind and meaning of each token, by the rules of Microsoft's page on string literals."""
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        assert found, query[position:]
        position = found.end()
        kind, text = str(found.lastgroup), found[0]
        if kind == "verbatim":
            yield "text", text[2:-1].replace(text[1] * 2, text[1])
        elif kind == "text":
            yield "text", unescaped(text[1:-1])
        elif kind == "bracket":
            yield "name", unescaped(text[2:-2])
        elif kind != "blank":
            yield kind, text


def unescaped(body: str) -> str:
    def meaning(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _SHORT[found[2]]

    return re.sub(r"\\(?:u([0-9a-f]{4})|(.))", meaning, body)


NASTY = [
    "\"'",
    "\\",
    "@",
    "//",
    "|",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "']",
    '"]',
    "`",
    "```",
    "h",
    "*",
    "a",
    "É",
    "\ud800",
    ")",
]
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.characters()), max_size=8).map("".join)


@given(texts)
def test_a_literal_is_one_token_that_means_the_text(text: str) -> None:
    assert list(tokens(text_literal(text))) == [("text", text)]


@given(texts.filter(bool))
def test_a_name_is_one_token_that_means_the_name(name: str) -> None:
    [(_, found)] = tokens(str(column(name)))
    assert found == name


@given(texts.filter(bool), texts.filter(str.isascii), st.sampled_from(["equals", "startswith", "endswith", "contains"]))
def test_values_and_names_stay_data(name: str, text: str, kind: str) -> None:
    tail = (MANY,) if kind in ("startswith", "contains") else ()
    head = (MANY,) if kind in ("endswith", "contains") else ()
    given_pattern = pattern(*head, text, *tail)
    if given_pattern.kind != kind:
        return
    found = list(tokens(render(Match(Field(name, "string"), (given_pattern,)), table="Tab")[0]))
    operator = "=~" if kind == "equals" else kind
    operator = "==" if not text else operator
    kinds = ["word", "sign", "word", found[3][0], "sign" if kind == "equals" else "word", "text"]
    assert [kind for kind, _ in found] == kinds
    assert found[3][0] in ("word", "name")
    assert [meaning for _, meaning in found] == ["Tab", "|", "where", name, operator, text]


@given(texts)
def test_a_hostile_glob_is_one_literal(text: str) -> None:
    query, _ = render(Match(COMMAND, (pattern("a", MANY, text, ONE, "b"),)))
    assert [kind for kind, _ in tokens(query)] == ["word", "word", "word", "text"]
