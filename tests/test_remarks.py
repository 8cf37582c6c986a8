"""What a query says beside its text: what it relies on, and where else to go."""

from __future__ import annotations

import pytest

from tests.support.rules import outcomes, rule
from transpiler.diagnostics import Diagnostic
from transpiler.query import Query

ELASTIC = ("dsl", "eql", "esql", "kibana", "lucene")


def query(text: str, target: str, schema: str = "none") -> Query:
    """The one query of a rule."""
    (outcome,) = outcomes(text, target, schema=schema)
    assert len(outcome.queries) == 1, outcome.diagnostics
    return outcome.queries[0]


def said(code: str, text: str, target: str, schema: str = "none") -> list[Diagnostic]:
    """What a query says under one code."""
    return [each for each in query(text, target, schema).diagnostics if each.code == code]


# --- null inside a list ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ELASTIC)
@pytest.mark.parametrize("condition", ["s", "not s"])
def test_a_null_inside_a_list_is_not_in_the_index(target: str, condition: str) -> None:
    (found,) = said("T625", rule("s: {f: null}", condition), target)
    assert found.severity == "note"
    assert "`f`" in found.message
    assert found.span.line == 4


@pytest.mark.parametrize("target", ["kusto", "splunk"])
def test_elsewhere_a_warning_covers_null_wherever_it_is(target: str) -> None:
    text = rule("s: {f: null}")
    assert said("T611", text, target)
    assert not said("T625", text, target)


@pytest.mark.parametrize("target", ELASTIC)
def test_a_schema_knows_which_fields_hold_lists(target: str) -> None:
    process = rule("s: {Image: null}").replace("{product: windows}", "{product: windows, category: process_creation}")
    assert not said("T625", process, target, "ecs")


@pytest.mark.parametrize("target", ELASTIC)
def test_other_questions_do_not_ask_for_null(target: str) -> None:
    assert not said("T625", rule("s: {f: x, g|exists: true, h: ''}"), target)


# --- networks beside text -------------------------------------------------------------------------------

MIXED = rule("s:\n- f|cidr: 10.0.0.0/8\n- f: localhost")


@pytest.mark.parametrize("target", ["dsl", "eql", "kibana", "lucene"])
def test_networks_beside_text_name_the_languages_that_can_say_both(target: str) -> None:
    (found,) = [each for each in said("T615", MIXED, target) if "networks" in each.message]
    assert all(f"`{name}`" in found.hint for name in ("splunk", "kusto", "esql"))


@pytest.mark.parametrize("target", ["splunk", "kusto", "esql"])
def test_those_languages_say_both(target: str) -> None:
    assert not said("T615", MIXED, target)


def test_esql_reads_addresses_out_of_text() -> None:
    """Elastic, "TO_IP": the input may be a string; what is no address becomes null."""
    assert 'CIDR_MATCH(TO_IP(f), "10.0.0.0/8") OR TO_LOWER(f) == "localhost"' in query(MIXED, "esql").text


# --- control characters ---------------------------------------------------------------------------------

HELD = {
    "f|re: a.b": "line break",
    "f|re: a\\sb": "tab, carriage return",
    'f: "a*\\n"': "line break",
    'f: "a\\ab"': "U+0007",
    'f|cased: "a\\r?"': "carriage return",
    "'|re': a.b": "line break",
}
"""Field -> the control characters that its query holds as they are."""


@pytest.mark.parametrize("field", HELD)
def test_lucene_says_which_control_characters_it_holds(field: str) -> None:
    (found,) = [each for each in said("T624", rule(f"s:\n  {field}"), "lucene") if "control" in each.message]
    assert f"({HELD[field]})" in found.message
    assert "`dsl`" in found.hint


@pytest.mark.parametrize("field", ["f|re: a", 'f: "1\\n2"', "f|re: '[^é\xa0]'", "f\xa0g: x", "f|re: '\u2028'"])
def test_what_lucene_escapes_or_a_line_takes_is_not_mentioned(field: str) -> None:
    assert not [each for each in said("T624", rule(f"s:\n  {field}"), "lucene") if "control" in each.message]


@pytest.mark.parametrize("field", HELD)
def test_query_dsl_escapes_them(field: str) -> None:
    text = query(rule(f"s:\n  {field}"), "dsl").text
    assert all(ord(character) > 31 or character == "\n" for character in text)
