"""What Sigma leaves open, and platforms do not do alike, is set aside; everything else is judged."""

from __future__ import annotations

from typing import Any

import pytest

from transpiler.api import Compiler
from transpiler.query import Options
from transpiler.setaside import Warned

LETTER = "whether a letter outside ASCII is the same as one inside"
NOTHING = "whether an empty list, or a null in a list, is there"
MAPPED = "whether an IPv4-mapped address is the IPv4 address"
NO_TEXT = "whether a keyword is looked for in a column that holds no text"


def warned(
    detection: str,
    target: str = "splunk",
    schema: str = "none",
    strings: str | None = None,
    category: str = "process_creation",
) -> Warned:
    source = f"{{product: windows, category: {category}}}"
    text = f"title: t\nlogsource: {source}\ndetection:\n    a: {detection}\n    condition: a\n"
    options = Options(strings=strings)
    (made,) = Compiler([target], schema=schema, options=options).compile("rule.yml", text)
    (query,) = made.queries
    assert query.mapped is not None
    return Warned(query, query.mapped.tree)


@pytest.mark.parametrize(
    ("detection", "event", "why"),
    [
        ("{F: mask}", {"F": "ma\u017fk"}, LETTER),
        ("{F: mask}", {"F": ["x", "mas\u212a"]}, LETTER),
        ("{F|contains: i}", {"F": "x\u0130x"}, LETTER),
        ("{F|contains: sk}", {"F": "ma\u017f\u212a"}, LETTER),
        ("{F: mask}", {"F": "ma\u017ft"}, None),
        ("{F: mask}", {"F": "MASK"}, None),
        ("{F: m\u00e4sk}", {"F": "M\u00c4SK"}, "the query's warning T612"),
        ("{F: ma\u017fk}", {"F": "mask"}, LETTER),
        ("{F: ma\u017fk}", {"F": "tree"}, None),
        ("{F|exists: true}", {"F": []}, NOTHING),
        ("{F: mask}", {"F": []}, None),
        ("{F: mask}", {"F": ["mask", None]}, None),
        ("{F|cidr: 10.0.0.0/8}", {"F": "::ffff:10.0.0.1"}, MAPPED),
        ("{F|cidr: 10.0.0.0/8}", {"F": ["::ffff:10.0.0.1"]}, MAPPED),
        ("{F|cidr: 10.0.0.0/8}", {"F": "::ffff:11.0.0.1"}, None),
        ("{F|cidr: 10.0.0.0/8}", {"F": "::ffff:no"}, None),
        ("[{F|gt: 5}, {'|contains': '7'}]", {"F": 7}, NO_TEXT),
        ("[{F|gt: 5}, {'|contains': '7'}]", {"F": 6, "G": "7"}, None),
    ],
)
def test_what_is_left_open(detection: str, event: dict[str, Any], why: str | None) -> None:
    assert warned(detection).covers(event) == why


def test_case_that_an_expression_asks_for_within_counts_as_case() -> None:
    found = warned("{F|re: 'x(?-i:a)'}", "lucene", strings="folded")
    assert found.covers({"F": "xA"}) == "the query's warning T613"
    assert found.covers({"F": "xb"}) is None


def test_a_value_that_holds_what_others_are_joined_by() -> None:
    # There `registry.data.strings` may hold several values.
    found = warned("{Details: mask}", "esql", "ecs", category="registry_set")
    assert found.covers({"registry.data.strings": "\nmask"}) == "the query's warning T624"
    assert found.covers({"registry.data.strings": ["mask", "x"]}) is None
    found = warned("{Details: mask}", "eql", "ecs", category="registry_set")
    assert found.covers({"registry.data.strings": "\nmask"}) is None


def test_a_keyword_in_a_text_field_is_found_by_its_words_alone() -> None:
    found = warned("[a b]", "lucene", "ecs")  # there `message` is such a field
    assert found.covers({"message": "xa bx"}) == "the query's warning T615"
    assert found.covers({"message": "a  (b)"}) == "the query's warning T615"
    assert found.covers({"process.executable": "xa bx"}) is None
    assert found.covers({"message": "c"}) is None
    assert warned("[a b]", "esql", "ecs").covers({"message": "xa bx"}) is None
