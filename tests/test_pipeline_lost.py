"""pySigma pipelines: what of them cannot be carried over is refused or warned of, never silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pipelines import RULE, Pipeline, only, rule, trees
from transpiler.api import compile as compile_all
from transpiler.api import transpile
from transpiler.errors import SigmaError


@pytest.fixture
def written(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


# --- what is lost, and said -----------------------------------------------------------------------------

WARNED: dict[str, tuple[dict[str, object], str, int, str]] = {
    "a dropped field": (
        {"transformations": [{"type": "drop_detection_item", **only("User")}]},
        "P708",
        6,
        "`User`",
    ),
    "all values of a field": (
        {"transformations": [{"type": "map_string", "mapping": {"joe": []}}]},
        "P708",
        6,
        "reads it as null",
    ),
    "a change of the query": (
        {"postprocessing": [{"type": "embed", "prefix": "index=win "}]},
        "P706",
        2,
        "the postprocessing `embed`",
    ),
    "a form of the output": ({"finalizers": [{"type": "concat"}]}, "P706", 2, "the finalizer `concat`"),
    "an attribute": (
        {"transformations": [{"type": "set_custom_attribute", "attribute": "note", "value": 1}]},
        "P707",
        2,
        "`note`",
    ),
    "a state": ({"transformations": [{"type": "set_state", "key": "note", "val": 1}]}, "P707", 2, "`note`"),
    "a state of another target": (
        {"transformations": [{"type": "set_state", "key": "query_table", "val": "T"}]},
        "P707",
        2,
        "splunk",
    ),
}


@pytest.mark.parametrize("what", WARNED)
def test_what_is_not_carried_over_is_a_warning_of_the_query(written: Pipeline, what: str) -> None:
    parts, code, line, words = WARNED[what]
    path = written.file(**parts)
    (query,) = transpile(RULE, "splunk", pipelines=[path])
    (warning,) = [each for each in query.diagnostics if each.code.startswith("P")]
    assert warning.severity == "warning"
    assert (warning.code, warning.span.line) == (code, line)
    assert words in warning.message
    with pytest.raises(SigmaError, match=code):
        transpile(RULE, "splunk", pipelines=[path], exact=True)


def test_a_dropped_part_takes_no_part_in_the_condition(written: Pipeline) -> None:
    drop = {"type": "drop_detection_item", **only("CommandLine")}
    assert written.trees(RULE, drop) == trees(RULE.replace("selection and not filter", "selection"))


def test_a_query_is_not_changed_where_the_postprocessing_is_for_other_rules(written: Pipeline) -> None:
    linux = {"type": "logsource", "product": "linux"}
    path = written.file(postprocessing=[{"type": "embed", "prefix": "x", "rule_conditions": [linux]}])
    (query,) = transpile(RULE, "splunk", pipelines=[path])
    assert [each.code for each in query.diagnostics] == ["F504"]


EXPANDED = rule("s: {a|expand: '%one%'}\ncondition: s")
REFUSED: dict[str, tuple[str, dict[str, object], str, int, str]] = {
    "a rule failure": (RULE, {"type": "rule_failure", "message": "not this one"}, "P704", 2, "not this one"),
    "a failure at an item": (
        RULE,
        {"type": "detection_item_failure", "message": "no user", **only("User")},
        "P704",
        6,
        "no user",
    ),
    "text of a query": (
        EXPANDED,
        {"type": "query_expression_placeholders", "expression": "{field} in list({id})"},
        "P705",
        4,
        "{field} in list({id})",
    ),
    "a placeholder that is left": (EXPANDED, {"type": "field_name_prefix", "prefix": "x"}, "M406", 4, "%one%"),
    "a value that does not exist": (EXPANDED, {"type": "value_placeholders"}, "P704", 2, "one"),
    "no number": (RULE, {"type": "convert_type", "target_type": "num", **only("User")}, "P704", 2, "joe"),
    "nothing left": (
        rule("s: {User: x}\ncondition: not s"),
        {"type": "drop_detection_item", **only("User")},
        "P709",
        5,
        "everything",
    ),
    "a reference whose case counts": (
        rule("s: {a|fieldref|cased: b}\ncondition: s"),
        {"type": "field_name_prefix", "prefix": "x"},
        "P705",
        4,
        "letter case",
    ),
    "dashes without end": (
        rule("s: {a|windash: '-a -b -c -d -e'}\ncondition: s"),
        {"type": "field_name_prefix", "prefix": "x"},
        "P705",
        4,
        "dashes",
    ),
    "a keyword that is null": (
        rule("k: [word]\ncondition: k"),
        {"type": "set_value", "value": None},
        "P705",
        4,
        "SigmaNull",
    ),
    "an empty keyword": (
        rule("k: {'|expand': '%one%'}\ncondition: k"),
        {"type": "wildcard_placeholders"},
        "P705",
        4,
        "empty keyword",
    ),
    "a name that no condition can have": (
        RULE,
        {"type": "add_condition", "conditions": {"a": 1}, "name": "two words"},
        "P705",
        9,
        "two words",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_carried_over_is_refused_where_it_stands(written: Pipeline, what: str) -> None:
    text, transformation, code, line, words = REFUSED[what]
    said = written.refused(text, transformation)
    assert (said.code, said.span.path, said.span.line) == (code, "rule.yml", line)
    assert words in said.message


def test_an_expression_that_is_none_of_the_rule_languages_is_refused(written: Pipeline) -> None:
    text = rule("s: {a|re|expand: '%one%'}\ncondition: s")
    said = written.refused(text, {"type": "value_placeholders"}, vars={"one": "(x)(?(1)a|b)"})
    assert (said.code, said.span.line) == ("P705", 4)
    assert "the regular expression that the pipeline made, `(x)(?(1)a|b)`" in said.message


def test_a_rule_that_is_refused_stops_no_other(written: Pipeline) -> None:
    linux = {"rule_conditions": [{"type": "logsource", "product": "linux"}]}
    path = written.file(transformations=[{"type": "rule_failure", "message": "no", **linux}])
    text = f"{RULE.replace('windows', 'linux')}---\n{RULE}"
    result = compile_all([("r.yml", text)], ["splunk", "eql"], pipelines=[path])
    assert [each.code for each in result.diagnostics] == ["P704"]
    assert [query.target for query in result.queries] == ["splunk", "eql"]
