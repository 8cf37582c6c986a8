"""pySigma pipelines: what they make of a rule is read back whole, and where it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pipelines import RULE, Pipeline, leaves, lines, only, rule, trees
from transpiler.api import Compiler, transpile
from transpiler.ast import Keyword, Match
from transpiler.errors import SigmaError, UsageError
from transpiler.pattern import literal


@pytest.fixture
def written(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


# --- transformations ----------------------------------------------------------------------------------

DETECTION = """
selection:
  Image: x
  Other: [a, b]
keywords: [one, two]
condition: selection or keywords
"""
MADE: dict[str, tuple[dict[str, object], str, str]] = {
    "a field is renamed": (
        {"type": "field_name_mapping", "mapping": {"Image": "process.executable"}},
        DETECTION,
        DETECTION.replace("Image", "process.executable"),
    ),
    "a field becomes several": (
        {"type": "field_name_mapping", "mapping": {"Image": ["path", "name"]}},
        "s: {Image: x}\ncondition: s",
        "s: [{path: x}, {name: x}]\ncondition: s",
    ),
    "one of several fields suffices under neq as pySigma has it": (
        {"type": "field_name_mapping", "mapping": {"Image": ["path", "name"]}},
        "s: {Image|neq: x}\ncondition: s",
        "s: [{path|neq: x}, {name|neq: x}]\ncondition: s",
    ),
    "keywords become a field": (
        {"type": "field_name_mapping", "mapping": {None: "message"}},
        "k: [one, two]\ncondition: k",
        "k: {message|contains: [one, two]}\ncondition: k",
    ),
    "fields get a prefix": (
        {"type": "field_name_prefix", "prefix": "win."},
        DETECTION,
        DETECTION.replace("Image", "win.Image").replace("Other", "win.Other"),
    ),
    "fields get a suffix": (
        {"type": "field_name_suffix", "suffix": ".raw", **only("Image")},
        DETECTION,
        DETECTION.replace("Image", "Image.raw"),
    ),
    "the prefix of fields is mapped": (
        {"type": "field_name_prefix_mapping", "mapping": {"Im": "win.im"}},
        DETECTION,
        DETECTION.replace("Image", "win.image"),
    ),
    "text is replaced": (
        {"type": "replace_string", "regex": "^a$", "replacement": "*c", **only("Other")},
        DETECTION,
        DETECTION.replace("[a, b]", "['*c', b]"),
    ),
    "a value is mapped to several": (
        {"type": "map_string", "mapping": {"a": ["c", "d"]}},
        DETECTION,
        DETECTION.replace("[a, b]", "[c, d, b]"),
    ),
    "a value is set to text, number, boolean and null": (
        {
            "type": "nest",
            "items": [
                {"type": "set_value", "value": value, **only(field)}
                for field, value in {"a": "t*", "b": 3, "c": True, "d": None}.items()
            ],
        },
        "s: {a: x, b: x, c: x, d: x}\ncondition: s",
        "s: {a: 't*', b: 3, c: true, d: null}\ncondition: s",
    ),
    "numbers become text": (
        {"type": "convert_type", "target_type": "str"},
        "s: {a: [4, five]}\ncondition: s",
        "s: {a: ['4', five]}\ncondition: s",
    ),
    "text becomes a number": (
        {"type": "convert_type", "target_type": "num"},
        "s: {a: ['4', '5']}\ncondition: s",
        "s: {a: [4, 5]}\ncondition: s",
    ),
    "text becomes an expression": (
        {"type": "regex", "method": "ignore_case_flag", **only("a")},
        "s: {a: 'b.*'}\ncondition: s",
        "s: {a|re|i: 'b\\..*'}\ncondition: s",
    ),
    "hashes are split": (
        {"type": "hashes_fields", "valid_hash_algos": ["MD5", "SHA1"], "field_prefix": "hash."},
        f"s: {{Hashes|contains: ['MD5={'a' * 32}', 'SHA1={'b' * 40}']}}\ncondition: s",
        f"s: [{{hash.MD5: '{'a' * 32}'}}, {{hash.SHA1: '{'b' * 40}'}}]\ncondition: s",
    ),
    "the parts of a value become fields": (
        {"type": "extract_fields", "regex": "(?P<kind>[a-z]+):(?P<number>[0-9]+)", "field_prefix": "v", **only("a")},
        "s: {a: ['dword:17', 'qword:0']}\ncondition: s",
        "s: [{v.kind: dword, v.number: 17}, {v.kind: qword, v.number: 0}]\ncondition: s",
    ),
    "a condition is added": (
        {"type": "add_condition", "conditions": {"EventID": 1, "Channel": ["$service", "x"]}, "template": True},
        DETECTION,
        DETECTION.replace("selection or", "added and (selection or").rstrip()
        + ")\nadded: {EventID: 1, Channel: [None, x]}",
    ),
    "a condition is added denied": (
        {"type": "add_condition", "conditions": {"EventID": 1}, "negated": True},
        "s: {a: b}\ncondition: s",
        "s: {a: b}\nadded: {EventID: 1}\ncondition: not added and s",
    ),
    "a placeholder becomes a wildcard": (
        {"type": "wildcard_placeholders"},
        "s: {a|expand: 'x%one%y'}\ncondition: s",
        "s: {a: 'x*y'}\ncondition: s",
    ),
    "a part of a date stays": (
        {"type": "field_name_mapping", "mapping": {"t": "@timestamp"}},
        "s: {t|hour: 7}\ncondition: s",
        "s: {'@timestamp|hour': 7}\ncondition: s",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_what_a_transformation_makes(written: Pipeline, name: str) -> None:
    transformation, before, after = MADE[name]
    assert written.trees(rule(before), transformation) == trees(rule(after))


EVERY_VALUE = """
s:
  text: 'a*b?c\\*\\\\*'
  empty: ''
  cased|cased|contains: Ab
  dashes|windash|contains|all: [' -a', ' /b –c']
  encoded|wide|base64offset|contains: abc
  utf|utf16|base64: abc
  number: [1, 2.5, 1152921504606846977]
  bool: true
  missing: null
  there|exists: false
  net|cidr: [10.0.0.0/8, 'fe80::/16']
  re|re|i|s: '(?:a|b)\\z.+'
  less|lte: 1.5
  reference|fieldref|startswith: number
  denied|neq: [a, b]
  all|all|contains: [a, b]
k:
  - word
  - 7
  - field: x
'_k': [one, 'tw*']
condition: s AND NOT (1 of k* OR _k)
"""


def test_every_kind_of_value_comes_back_as_it_went(written: Pipeline) -> None:
    (found,) = written.trees(rule(EVERY_VALUE))
    assert (found,) == trees(rule(EVERY_VALUE))
    assert len(list(leaves(found))) == 20


def test_every_kind_of_value_gets_the_new_name(written: Pipeline) -> None:
    renamed = (
        "\n".join(
            line if line.lstrip().startswith(("-", "condition", "s:", "k:", "'_k")) else line.replace("  ", "  win.", 1)
            for line in EVERY_VALUE.splitlines()
        )
        .replace("startswith: number", "startswith: win.number")
        .replace("- field", "- win.field")
    )
    assert written.trees(rule(EVERY_VALUE), {"type": "field_name_prefix", "prefix": "win."}) == trees(rule(renamed))


def test_a_dash_stays_one_token_unless_a_pipeline_changes_its_spellings(written: Pipeline) -> None:
    text = rule("s: {a|windash: ' -x'}\ncondition: s")
    (kept,) = written.trees(text, {"type": "field_name_mapping", "mapping": {"a": "b"}})
    assert isinstance(kept, Match)
    assert [each.kind for each in kept.patterns] == ["dashed"]
    # pySigma's strings in a group are seen by few transformations; this is one that drops all but the type.
    (changed,) = written.trees(text, {"type": "set_value", "value": "y"})
    assert isinstance(changed, Match)
    assert changed.patterns == (literal("y"),)


def test_placeholders_take_their_values_from_the_pipeline(written: Pipeline) -> None:
    text = rule("s: {a|expand|contains: 'x%names%'}\ncondition: s")
    found = written.trees(text, {"type": "value_placeholders"}, vars={"names": ["one", 2]})
    assert found == trees(rule("s: {a|contains: [xone, x2]}\ncondition: s"))


def test_log_source_and_fields_are_the_pipelines(written: Pipeline) -> None:
    text = RULE + "fields: [Image, User]\n"
    found = written.outcome(
        text,
        {"type": "change_logsource", "product": "windows", "service": "sysmon"},
        {"type": "field_name_mapping", "mapping": {"User": ["user", "domain"]}},
    )
    assert found.rule is not None
    assert str(found.rule.logsource) == "windows/-/sysmon"
    assert found.rule.fields == ("Image", "user", "domain")
    assert found.rule.logsource.span.line == 2


# --- positions ----------------------------------------------------------------------------------------


def test_a_leaf_keeps_its_line_and_an_added_one_has_the_log_sources(written: Pipeline) -> None:
    found = written.outcome(
        rule(f"s:\n  Image: x\n  Hashes: 'MD5={'a' * 32}'\n  User:\n    - a\n    - b\nk:\n  - word\ncondition: s or k"),
        {"type": "drop_detection_item", **only("Nothing")},
        {"type": "field_name_mapping", "mapping": {"Image": ["path", "name"]}},
        {"type": "hashes_fields", "valid_hash_algos": ["MD5"]},
        {"type": "field_name_prefix", "prefix": "w."},
        {"type": "add_condition", "conditions": {"EventID": 1}},
    )
    assert lines(found) == {"w.path": 5, "w.name": 5, "w.MD5": 6, "w.User": 8, "": 11, "EventID": 2}


def test_each_value_of_all_keeps_its_line(written: Pipeline) -> None:
    found = written.outcome(
        rule("s:\n  a|all:\n    - x\n    - y\ncondition: s"), {"type": "field_name_prefix", "prefix": "w."}
    )
    assert [leaf.span.line for leaf in leaves(found.trees[0])] == [6, 7]


# --- where a query looks --------------------------------------------------------------------------------


def state(key: str, value: object) -> dict[str, object]:
    return {"type": "set_state", "key": key, "val": value}


def test_the_state_says_where_a_query_looks(written: Pipeline) -> None:
    everything = {"transformations": [state("index", ["a-*", "b-*"])]}
    (query,) = transpile(RULE, "esql", pipelines=[written.file(**everything)])
    assert query.text.startswith("FROM a-*, b-* ")
    (query,) = transpile(RULE, "kusto", pipelines=[written.file(transformations=[state("query_table", "Mine")])])
    assert query.text.startswith("Mine\n")
    assert not query.diagnostics
    (query,) = transpile(RULE, "splunk", pipelines=[written.file(transformations=[state("data_model_set", "A.B")])])
    assert "from datamodel=A.B where" in query.text


def test_a_schema_wins_over_the_state_and_says_so(written: Pipeline) -> None:
    path = written.file(transformations=[state("index", "mine-*")])
    (query,) = transpile(RULE, "esql", "ecs", pipelines=[path])
    assert "mine-*" not in query.text
    assert "P707" in [each.code for each in query.diagnostics]


def test_a_dataset_below_the_root_is_asked_for_by_its_node() -> None:
    text = "title: T\nlogsource: {category: proxy}\ndetection: {s: {c-uri: x}, condition: s}\n"
    (query,) = transpile(text, "splunk", pipelines=["splunk_cim"])
    assert 'from datamodel=Web.Web where nodename="Web.Proxy" Web.url="x" by Web.url' in query.text


def test_a_pipeline_in_the_rules_names_goes_before_a_schema(written: Pipeline) -> None:
    path = written.file(transformations=[{"type": "field_name_mapping", "mapping": {"Exe": "Image"}}])
    text = RULE.replace("Image", "Exe")
    (ours,) = transpile(text, "eql", "ecs", pipelines=[path])
    (same,) = transpile(RULE, "eql", "ecs")
    assert ours.text == same.text
    with pytest.raises(SigmaError, match="F502"):
        transpile(text, "eql", "ecs")


# --- which pipelines there are --------------------------------------------------------------------------


def test_pipelines_apply_by_priority_then_name(written: Pipeline) -> None:
    mapping = {"type": "field_name_mapping"}
    late = written.file("a.yml", priority=20, transformations=[{**mapping, "mapping": {"User": "late"}}])
    early = written.file("b.yml", priority=10, transformations=[{**mapping, "mapping": {"User": "early"}}])
    (found,) = Compiler([], pipelines=[late, early]).compile("rule.yml", RULE)
    assert "early" in lines(found)


def test_the_schema_is_none_unless_one_is_given() -> None:
    (query,) = transpile(RULE, "eql", pipelines=["sysmon"])
    assert query.schema == "none"
    assert "EventID" in query.text


WRONG: dict[str, tuple[str, str]] = {
    "not yaml": ("a: [b\nc: d", "P702"),
    "no map": ("just text", "P702"),
    "empty": ("", "P702"),
    "unknown key": ("transformation: []", "P702"),
    "unknown transformation": ("transformations: [{type: guess}]", "P702"),
    "values from a file": ("transformations: [{type: file_placeholders, path: /etc/hostname}]", "P702"),
    "values from a command in a nest": (
        "transformations: [{type: nest, items: [{type: command_placeholders, command: [id]}]}]",
        "P702",
    ),
    "for another backend": ("allowed_backends: [kusto]", "P703"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_pipeline_that_is_wrong_is_refused_before_any_rule(tmp_path: Path, what: str) -> None:
    text, code = WRONG[what]
    path = tmp_path / "p.yml"
    path.write_text(text)
    with pytest.raises(SigmaError) as caught:
        Compiler(["splunk"], pipelines=[str(path)])
    assert caught.value.diagnostic.code == code


def test_values_from_outside_stay_refused_when_pysigma_is_told_to_allow_them(
    written: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYSIGMA_ALLOW_EXTERNAL_SOURCES", "1")
    path = written.file(transformations=[{"type": "file_placeholders", "path": "values.txt"}])
    with pytest.raises(UsageError, match="P702"):
        Compiler([], pipelines=[path])


def test_a_name_that_is_misspelt_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        Compiler(["eql"], pipelines=["ecs_window"])
    assert (caught.value.diagnostic.code, caught.value.diagnostic.hint) == ("P701", "did you mean `ecs_windows`?")


def test_sysmon_is_sysmons_whatever_was_imported_before() -> None:
    code = """if True:
        import sigma.pipelines.sysmon, sigma.pipelines.test
        from transpiler.pipeline import installed
        print({each.name: each.title for each in installed()}["sysmon"])
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "Generic Log Sources to Sysmon Transformation\n"


def test_keywords_of_a_pipeline_are_keywords() -> None:
    text = RULE.replace("category: process_creation", "category: process_creation, service: sysmon")
    (found,) = Compiler([], pipelines=["splunk_sysmon_acceleration"]).compile("rule.yml", text)
    (word,) = [leaf for leaf in leaves(found.trees[0]) if isinstance(leaf, Keyword)]
    assert (str(word.patterns[0]), word.span.line) == ("*ParentProcessGuid*", 2)
