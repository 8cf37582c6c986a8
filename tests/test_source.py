"""YAML text -> documents: what scalars are, where they stand, and what is said of broken text."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rules import marked, pointed
from transpiler import source
from transpiler.errors import SourceError
from transpiler.source import Document, ScalarNode, decode, documents, read, scalar
from transpiler.span import Span

LONG = "1" * 5_000


def scalar_of(text: str) -> object:
    (document,) = documents("rule.yml", f"a: {text}\n")
    assert isinstance(document, Document)
    return scalar(document.root.value[0][1])


def errors(text: str) -> list[str]:
    """The errors of a text as ``code line:column``, and ``ok`` for each document that is read."""
    found = [None if isinstance(each, Document) else each.diagnostic for each in documents("rule.yml", text)]
    return [f"{each.code} {each.span.line}:{each.span.column}" if each else "ok" for each in found]


# --- scalars: YAML 1.1, as all Sigma tools read it ------------------------------------------------

SCALARS: dict[str, object] = {
    "text": "text",
    "''": "",
    "": None,
    "~": None,
    "null": None,
    "'null'": "null",
    "true": True,
    "Yes": True,
    "OFF": False,
    "yEs": "yEs",
    "'true'": "true",
    "1": 1,
    "-1": -1,
    "+1": 1,
    "1_000": 1000,
    "0": 0,
    "010": 8,
    "0x1F": 31,
    "-0x1F": -31,
    "0b101": 5,
    "08": "08",
    "1.5": 1.5,
    "-.5": -0.5,
    "1.": 1.0,
    "1.5e+3": 1500.0,
    "1e5": "1e5",
    "1.5e3": "1.5e3",
    "1e999": "1e999",
    "1.0e+999": "1.0e+999",
    ".inf": ".inf",
    "-.INF": "-.INF",
    ".nan": ".nan",
    "12:30:45": "12:30:45",
    "2024-01-01": "2024-01-01",
    "1.2.3.4": "1.2.3.4",
    "'1'": "1",
    '"1"': "1",
    "|\n  1": "1\n",
    ">-\n  1": "1",
    LONG: LONG,
    f"0x{LONG}": f"0x{LONG}",
    f"0{LONG}": f"0{LONG}",
    f"{LONG}.0": f"{LONG}.0",
    "!!str 1": "1",
    "!!int '1'": 1,
    "!!float 1": 1.0,
    "!!float 1.5": 1.5,
    "!!bool 'yes'": True,
    "!!null ''": None,
}


@pytest.mark.parametrize("text", SCALARS)
def test_what_a_scalar_is(text: str) -> None:
    found, wanted = scalar_of(text), SCALARS[text]
    assert (type(found), found) == (type(wanted), wanted)


@pytest.mark.parametrize(
    "text",
    [
        *("!!binary aGk=", "!!python/name:os.system x", "!x 1", "!!timestamp 2024-01-01", "!!int x", "!!int 1.5"),
        *("!!int 1.0e+999", f"!!int {LONG}", "!!float x", f"!!float 1{'0' * 390}", "!!bool x", "!!bool ~", "!!null x"),
    ],
)
def test_a_tag_that_does_not_fit(text: str) -> None:
    with pytest.raises(ValueError, match=r"tag|no "):
        scalar_of(text)


@given(st.integers(-(10**290), 10**290))
def test_whole_numbers_are_read_back(number: int) -> None:
    assert scalar_of(str(number)) == number


# --- positions --------------------------------------------------------------------------------------

SPANS = {
    "plain": "a: «value»\n",
    "quoted": "a: «'value'»\n",
    "after letters beyond ASCII": "ä: 'é\U0001f600'\nb: {ö: «x»}\n",
    "a list entry": "a:\n  - b\n  - «c»\n",
    "tagged": "a: «!!str 1»\n",
    "after a line separator": "x: 'y\u2028z'\n# \x85\na: «b»\n",
    "after a document": "--- a\n---\nb: «c»\n",
    "after a broken document": "a: [\n---\nb: «c»\n",
    "after a broken document with a line separator": "a: [ # \u2028\n---\n# \u2029\nb: «c»\n",
}


@pytest.mark.parametrize("name", SPANS)
def test_where_a_node_stands(name: str) -> None:
    text, wanted = marked(SPANS[name])
    assert span_of_last(text) == wanted


@pytest.mark.parametrize("text", ["\ufeffa: bc", "x: y\r\na: bc\r\n", "x: y\ra: bc\r", "\r\ra: b\n\r"])
def test_marks_and_line_ends_are_no_characters(text: str) -> None:
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert span_of_last(text) == span_of_last(plain)


def span_of_last(text: str) -> Span:
    """Where the last scalar of the last document stands."""
    *_, last = documents("rule.yml", text)
    assert isinstance(last, Document)
    node = last.root
    while not isinstance(node, ScalarNode):
        node = node.value[-1][1] if isinstance(node.value[-1], tuple) else node.value[-1]
    return last.span(node)


WORDS = {
    "plain": "c: one two «three»\n",
    "double-quoted": 'c: "one two «three»"\n',
    "single-quoted": "c: 'it''s two «three»'\n",
    "plain, folded": "c: one\n  two\n   «three»\nd: x\n",
    "quoted, folded": 'c: "one\n\n  two «three» four"\n',
    "literal": "c: |\n  one\n\n    two\n  «three»\n",
    "folded": "c: >-  # one comment\n  one two\n  «three»\n",
    "literal with an indentation mark": "c: |2-\n   one two\n  «three»\n",
    "anchored": "c: &anchor one two «three»\n",
    "tagged and anchored": "c: !!str &anchor 'one two «three»'\n",
    "in another document": "--- x\n---\nc: one two «three»\n",
    "after a line separator": "x: \u2028\nc: one two «three»\n",
    "an escape that may be a blank": 'c: «"one\\ntwo three"»\n',
    "too few words": "c: «'one two'»\nthree: four\n",
    "too few words in a block": "c: «|»\n  one\nthree: four five six\n",
}


@pytest.mark.parametrize("name", WORDS)
def test_where_a_word_stands(name: str) -> None:
    text, wanted = marked(WORDS[name])
    *_, last = documents("rule.yml", text)
    assert isinstance(last, Document)
    (node,) = [value for key, value in last.root.value if key.value == "c"]
    assert last.word(node, 2, re.compile(r"\S+[^\s'\"]")) == wanted


# --- several documents ------------------------------------------------------------------------------

GOOD = "a: b\n"
STREAMS = {
    "two": (f"{GOOD}---\n{GOOD}", ["ok", "ok"]),
    "empty ones between": (f"---\n---\n# x\n---\n{GOOD}...\n---\n", ["ok"]),
    "an end mark alone": (f"{GOOD}...\n{GOOD}", ["ok", "ok"]),
    "broken first": (f"a: [\n---\n{GOOD}", ["S104 1:4", "ok"]),
    "broken between": (f"{GOOD}---\na: 'x\n---\n{GOOD}", ["ok", "S104 3:4", "ok"]),
    "broken on its first line": (f"{GOOD}--- {{a\n---\n{GOOD}", ["ok", "S104 2:5", "ok"]),
    "broken last": (f"{GOOD}---\na: b: c\n", ["ok", "S104 3:5"]),
    "all broken": ("a: [\n---\na: ]\n---\n- a\nb: c\n", ["S104 1:4", "S104 3:4", "S104 6:1"]),
    "a forbidden character last": (f"{GOOD}---\na: é\x00\n", ["ok", "S103 3:5"]),
    "a forbidden character between": (f"{GOOD}---\né: '\x07'\n---\n{GOOD}", ["ok", "S103 3:5", "ok"]),
    "half a surrogate pair between": (f"{GOOD}---\na: '\ud800'\n---\n{GOOD}", ["ok", "S103 3:5", "ok"]),
    "too deep between": (f"{GOOD}---\n{'[' * 5000}\n---\n{GOOD}", ["ok", "S105 3:1001", "ok"]),
    "too many values between": (f"{GOOD}---\n[{'a,' * 100_001}]\n---\n{GOOD}", ["ok", "S102 2:1", "ok"]),
    "too long between": (f"{GOOD}---\na: {'x' * 2**20}\n---\n{GOOD}", ["ok", "S102 3:1", "ok"]),
    "the mark in a longer word": (f"{GOOD}---a: b\n", ["ok"]),
    "a directive that is none": (f"{GOOD}%what\n---\n{GOOD}---\n{GOOD}", ["ok", "S104 2:6", "ok"]),
    "directives": (
        f"%YAML 1.1\n---\n{GOOD}...\n%YAML 1.1\n---\na: [\n...\n%YAML 1.1\n---\n{GOOD}",
        ["ok", "S104 7:4", "ok"],
    ),
    "an unknown alias": (f"a: *nobody\n---\n{GOOD}", ["S104 1:4", "ok"]),
    "an alias of another document": (f"a: &x 1\n---\na: *x\n---\n{GOOD}", ["ok", "S104 3:4", "ok"]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_broken_document_costs_itself_alone(name: str) -> None:
    text, wanted = STREAMS[name]
    assert errors(text) == wanted


def test_reading_stops_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_ERRORS", 3)
    broken = "a: [\n---\n"
    assert errors(broken * 3 + GOOD) == ["S104 1:4", "S104 3:4", "S104 5:4", "S109 6:1"]
    assert errors(broken * 2 + GOOD) == ["S104 1:4", "S104 3:4", "ok"]
    assert errors((broken * 3).removesuffix("---\n")) == ["S104 1:4", "S104 3:4", "S104 5:4"]


@given(
    st.lists(st.sampled_from([GOOD, "a: [\n", "'x\n", "- b\n", "\x00\n", "a: *b\n", "? [\n"]), min_size=1, max_size=6)
)
def test_as_many_documents_as_there_are(parts: list[str]) -> None:
    found = errors("---\n" + "---\n".join(parts))
    assert ["ok" if each == "ok" else "no" for each in found] == ["ok" if p in (GOOD, "- b\n") else "no" for p in parts]
    lines = [2 + sum(part.count("\n") + 1 for part in parts[:index]) for index in range(len(parts))]
    for line, each in zip(lines, found, strict=True):
        assert each == "ok" or each.split()[1].startswith(f"{line}:")


# --- what is wrong with a document -------------------------------------------------------------------

BROKEN = {
    "a quote that is not closed": ("S104", 'title: «"»abc\nx: y\n'),
    "a list that is not closed": ("S104", "title: [a, b\nx«:» y\n"),
    "a tab": ("S104", "title:\n«\t»x: y\n"),
    "an indentation": ("S104", "title: T\n «x»: y\n".replace("«x»: y", "x«:» y")),
    "an alias without anchor": ("S104", "title: «*»x\n"),
    "an unknown escape": ("S104", 'title: "a«\\»q"\n'),
    "half a pair as an escape": ("S104", 'title: "a\\u«d»800"\n'),
    "a character that is none": ("S103", "title: a«\x07»\n"),
    "a character that is none, in a comment": ("S103", "# é«\x00»\ntitle: a\n"),
    "an alias in its anchor": ("S106", "title: «&a [*a]»\n"),
    "an alias in its anchor's map": ("S106", "x: 1\ntitle: «&a {<<: *a}»\n"),
    "nothing at all": ("S108", "«#» only a comment\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_documents(name: str) -> None:
    found, wanted = pointed(*BROKEN[name])
    assert found == wanted


def bomb(last: str) -> str:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10 if n else ['x'] * 10)}]\n" for n in range(9)]
    return "".join(levels) + last


def test_aliases_are_followed_before_they_are_used() -> None:
    assert errors(bomb("title: T\n")) == ["S106 5:5"]
    assert errors("".join(bomb("").splitlines(keepends=True)[:4])) == ["ok"]
    assert errors(f"a: &a '{'x' * 200_000}'\nb: [*a, *a, *a]\n") == ["ok"]
    assert errors(f"a: &a '{'x' * 200_000}'\nb: [*a, *a, *a, *a, *a, *a]\n") == ["S106 2:4"]
    steep = "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" if n else "a0: &a0 {b: c}\n" for n in range(1000))
    assert errors(steep) == ["S105 65:6"]


def test_an_ampersand_is_no_anchor() -> None:
    assert errors(f"a: 'x && y &z'\nb: {'[' * 70}{']' * 70}\n") == ["S105 2:67"]  # looked at, for it might be one
    assert errors(f"a: 'x&y'\nb: {'[' * 70}{']' * 70}\n") == ["ok"]


# --- files -------------------------------------------------------------------------------------------

RULE = "title: é\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(RULE.encode("utf-16"))))
    assert read("-") == RULE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert decode("rule.yml", RULE.encode(encoding)) == RULE


def test_big_endian_utf_16() -> None:
    assert decode("rule.yml", b"\xfe\xff" + RULE.encode("utf-16-be")) == RULE


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [(b"a: b\nc: \xff", 2, 4), ("é\né".encode() + b"\xc3", 2, 2), (b"\xff\xfea\x00\n\x00b", 2, 1), (b"\xe9", 1, 1)],
)
def test_bytes_that_are_no_text(data: bytes, line: int, column: int) -> None:
    with pytest.raises(SourceError) as caught:
        decode("rule.yml", data)
    assert caught.value.diagnostic.code == "S103"
    assert caught.value.diagnostic.span == Span("rule.yml", line, column)


def code_of(path: str) -> str:
    with pytest.raises(SourceError) as caught:
        read(path)
    assert caught.value.diagnostic.span == Span(path, 1, 1)
    return caught.value.diagnostic.code


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in ("gone", "loop", ".", "gone/x", "x" * 5000, "a\0b", "\ud800"):
        assert code_of(str(tmp_path / path)) == "S101", path

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret").write_text(RULE)
    monkeypatch.setattr(os, "open", refuse)
    assert code_of(str(tmp_path / "secret")) == "S101"


def test_a_pipe_without_a_writer_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "pipe")) == ""


def test_a_pipe_with_a_writer_is_read_to_its_end(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, RULE.encode())
    os.close(writer)
    assert read(f"/dev/fd/{reader}") == RULE
    os.close(reader)


def test_the_size_of_a_file_is_bounded(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert code_of(str(tmp_path / "large")) == "S102"
    assert code_of("/dev/zero") == "S102"
    assert errors("x" * (source.MAX_BYTES + 1)) == ["S102 1:1"]
