"""Headers, JSON objects, file names, attribution."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Language
from tests.cli.support import query, rule
from transpiler import output
from transpiler.cli.sinks import json_line
from transpiler.diagnostics import diagnostic
from transpiler.span import Span

LINE = Language("kusto", "Kusto", "kusto", "//", ())
BLOCK = Language("splunk", "Splunk", "spl", "```", (), comment_end="```")
STAR = Language("c", "C", "c", "/*", (), comment_end="*/")
NONE = Language("lucene", "Lucene", "lucene", None, ())

HOSTILE = st.text(
    st.sampled_from("a`\"'[]|*/\\#-\n\r\t\x00\x1b\x85\u2028\u2029\u202e\u2066\ufeff\x9b\ud800\U000e0041é ")
)


def test_header_names_title_id_author_and_licence() -> None:
    made = query(rule("Odd Service", id="1234", author="A. Tester", license="DRL 1.1"))
    assert output.header(LINE, made) == "// Odd Service\n// id: 1234; author: A. Tester; license: DRL 1.1\n"


def test_header_says_what_the_rule_does_not_state() -> None:
    assert output.header(BLOCK, query(rule())) == (
        "``` A Rule ```\n"
        "``` id: not stated in the rule; author: not stated in the rule; license: not stated in the rule ```\n"
    )


def test_header_names_target_and_condition_where_they_are_needed() -> None:
    made = query(rule(conditions=3), number=2)
    assert output.header(LINE, made, named=True).startswith("// kusto: A Rule (condition 2 of 3)\n")


def test_a_language_without_comments_gets_a_heading() -> None:
    assert output.header(NONE, query(rule()), named=True).startswith("# lucene: A Rule\n")


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_rule_text_leaves_a_line_comment(title: str, author: str, rule_id: str, licence: str) -> None:
    text = output.header(LINE, query(rule(title, author=author, id=rule_id, license=licence)))
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert len(lines) == 2
    assert all(line.startswith("// ") for line in lines)
    assert len(text.splitlines()) == 2  # by every definition of a line end
    assert all(char.isprintable() or char == "\n" for char in text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", text)


@given(HOSTILE, HOSTILE)
def test_no_rule_text_ends_a_block_comment(title: str, author: str) -> None:
    for line in output.header(BLOCK, query(rule(title, author=author))).splitlines():
        assert line.startswith("``` ")
        assert line.endswith(" ```")
        assert not set('`"[]') & set(line[4:-4])
    for line in output.header(STAR, query(rule(title, author=author))).splitlines():
        assert line.index("*/") == len(line) - 2


def test_one_line_keeps_what_people_write() -> None:
    assert output.one_line("  Żółw,  Jan\n Müller — 日本 ") == "Żółw, Jan Müller — 日本"
    assert output.one_line("plain") == "plain"


def test_visible_keeps_the_length() -> None:
    assert output.visible("a\x1b[2Jb\nc\u202ed") == "a\ufffd[2Jb c\ufffdd"


# --- JSON ---------------------------------------------------------------------------------------


def test_query_object_has_the_promised_keys_in_order() -> None:
    said = diagnostic("T611", "message", Span("r.yml", 4, 2), target="splunk")
    made = query(rule(id="1", path="r.yml"), text="A=*")
    made = type(made)(made.text, made.rule, made.target, made.schema, 1, (said,))
    found = output.query_object(made)
    assert list(found) == ["kind", "path", "rule_id", "title", "target", "schema", "query", "warnings"]
    assert found["warnings"] == [
        {
            "kind": "diagnostic",
            "severity": "warning",
            "code": "T611",
            "message": "message",
            "hint": said.hint,
            "path": "r.yml",
            "line": 4,
            "column": 2,
            "rule_id": "1",
            "target": "splunk",
        }
    ]


def test_diagnostic_object_without_a_place() -> None:
    found = output.diagnostic_object(diagnostic("U801", "message"))
    assert (found["path"], found["line"], found["column"], found["rule_id"], found["target"]) == (None,) * 5
    found = output.diagnostic_object(diagnostic("R202", "message"), path="r.yml", rule_id="7")
    assert (found["path"], found["rule_id"]) == ("r.yml", "7")


@given(HOSTILE)
def test_json_is_one_line_and_says_the_same(text: str) -> None:
    line = json_line({"query": text})
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert json.loads(line.encode("utf-8")) == {"query": text}


# --- file names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("proc_creation_win_sc", "proc_creation_win_sc"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\a b\\c.d", "C_a_b_c_d"),
        ("..", "rule"),
        ("", "rule"),
        ("con", "rule_con"),
        ("LPT1", "rule_LPT1"),
        ("Prüfung", "Prüfung"),
        ("a\x00b\nc", "a_b_c"),
        ("-rf", "rf"),
        ("ＡＢ／Ｃ", "AB_C"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert output.slug(text) == expected


@given(st.text())
def test_slug_is_always_a_safe_name(text: str) -> None:
    made = output.slug(text)
    assert re.fullmatch(r"[\w-]+", made)
    assert made[0] not in "-."
    assert len(made.encode("utf-8")) <= output.MAX_STEM + len("rule_")
    assert output.slug(made) == made or len(made.encode()) > output.MAX_STEM


def test_names_are_the_rule_files_own() -> None:
    names = output.Names()
    assert names.stem(rule(path="a/one.yml", id="12345678-aaaa")) == "one"
    assert names.stem(rule(path="b/ONE.yml", id="87654321-aaaa")) == "ONE_87654321"
    assert names.stem(rule(path="c/one.yml", id="87654321-bbbb")) == "one_87654321_2"
    assert names.stem(rule(path="d/one.yml")) == "one_2"
    assert names.stem(rule(path="e/one.yml")) == "one_3"


def test_names_of_several_rules_in_a_file_are_their_titles() -> None:
    names = output.Names()
    assert names.stem(rule("First Rule", id="12345678-aaaa"), alone=False) == "First_Rule_12345678"
    assert names.stem(rule("First Rule", id="12345678-bbbb"), alone=False) == "First_Rule_12345678_2"
    assert names.stem(rule("First Rule", path="-")) == "First_Rule"


@given(
    st.lists(st.tuples(st.sampled_from(["a", "A", "a_2", "a_b", "é", "E\u0301"]), st.sampled_from([None, "b", "2"])))
)
def test_no_two_rules_share_a_name(given_rules: list[tuple[str, str | None]]) -> None:
    names = output.Names()
    stems = [names.stem(rule(path=f"{name}.yml", id=rule_id)).casefold() for name, rule_id in given_rules]
    assert len(set(stems)) == len(stems)


def test_file_names_number_the_queries_of_a_rule() -> None:
    assert output.file_name("x", query(rule()), "spl") == "x.spl"
    assert output.file_name("x", query(rule(conditions=2), number=2), "spl") == "x.2.spl"


# --- attribution --------------------------------------------------------------------------------


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=3))
def test_attribution_reads_back(facts: list[tuple[str, str]]) -> None:
    entries = {
        f"{number}.lucene": output.attribution_entry(f"{number}.lucene", rule(title, author=author))
        for number, (title, author) in enumerate(facts)
    }
    text = output.attribution(entries)
    assert dict(output.attribution_entries(text)) == entries
    names = [name for name, _ in output.attribution_entries(text)]
    assert all(first <= second for first, second in pairwise(names))


def test_attribution_of_nothing() -> None:
    assert list(output.attribution_entries("")) == []
