"""Schemas: names, types and places; what a schema file must be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rules import marked, outcomes, rule
from tests.test_passes import trees as random_trees
from transpiler import ast, registry
from transpiler.ast import Equals, Field, Match, Node
from transpiler.errors import SigmaError
from transpiler.evaluate import matches
from transpiler.mapping import map_rule
from transpiler.model import LogSource, Rule
from transpiler.passes import normalise
from transpiler.query import Options, Source
from transpiler.schema import Mapped, Schema
from transpiler.schemafile import check, load
from transpiler.span import Span
from transpiler.text import dump

SCHEMA = """\
name: demo
title: A platform
targets: [kusto, lucene]
index: all-*
table: All
time: "@ts"
keyword_fields: [message]
columns:
  cmd: string/wildcard
  image: {type: string, strings: keyword, folded: image.lower}
  name: string
  pid: int
  load: float
  up: bool
  addr: ip
  when: datetime
  extra: dynamic
  code: string
  kind: string
log_sources:
  - product: windows
    category: process_creation
    index: proc-*
    event: process
    telemetry:
      - name: Sysmon
        when: {code: "1", kind: [start, fork]}
        pins: {EventID: [1]}
        fields:
          CommandLine: cmd
          Image: [image, name]
          ProcessId: pid
          Load: load
          Up: up
          Ip: addr
          Time: when
          Extra: extra
          EventID: code
          Action: {values: {made: {kind: start}, 7: {kind: end, pid: 7}}}
      - name: Security
        table: Sec
        when: {code: 4688, extra: null, pid: [4, 5]}
        pins: {EventID: [4688]}
        fields:
          CommandLine: cmd
          Image: image
          EventID: code
          Token: extra
  - product: linux
    service: syslog
    telemetry: {name: any, fields: {CommandLine: cmd}}
"""
DEMO = load("demo.yml", SCHEMA)
NONE = registry.schema("none")
HERE = LogSource("process_creation", "windows")


def mapped(
    selection: str,
    schema: Schema = DEMO,
    *,
    strings: str | None = None,
    product: str = "windows",
    category: str | None = "process_creation",
    service: str | None = None,
) -> Mapped:
    """A rule whose selection is one line of fields, in the schema's names."""
    (outcome,) = outcomes(rule(f"s: {selection}"))
    assert outcome.rule is not None, outcome.diagnostics
    made = replace(outcome.rule, logsource=LogSource(category, product, service, span=Span("rule.yml", 2, 1)))
    (found,) = map_rule(schema, made, outcome.trees[0], Options(strings=strings))
    return found


def shown(selection: str, schema: Schema = NONE, *, strings: str | None = None) -> str:
    return dump(mapped(selection, schema, strings=strings).tree).removesuffix("\n")


# --- the schema `none` ---------------------------------------------------------------------------------

TYPES = {
    "{f: x}": 'f<string> equals "x"',
    "{f: 5}": "f<int> is 5",
    "{f: '5'}": 'f<string> equals "5"',
    "{f: [5, '6']}": "f<int> is 5 or 6",
    "{f: [5, x]}": 'f<string> equals "5" or "x"',
    "{f: 1.5}": "f<float> is 1.5",
    "{f: [1, 1.5]}": "f<float> is 1 or 1.5",
    "{f: true}": "f<bool> is true",
    "{f: 'true'}": 'f<string> equals "true"',
    "{f: [true, 1]}": 'f<string> equals "true" or "1"',
    "{f: [true, x]}": 'f<string> equals "true" or "x"',
    "{f: null}": "f is null",
    "{f|exists: true}": "f exists",
    "[{f: null}, {f: x}]": 'or\n  f<string> is null\n  f<string> equals "x"',
    "[{f: null}, {f: 5}]": "or\n  f<int> is null\n  f<int> is 5",
    "{f|contains: 5x}": 'f<string> contains "5x"',
    "{f|contains: '5'}": 'f<string> contains "5"',
    "{f|re: a}": 'f<string> matches "a"',
    "{f|gt: 5}": "f<int> gt 5",
    "{f|gt: 1.5}": "f<float> gt 1.5",
    "{f|cidr: 10.0.0.0/8}": "f<ip> in 10.0.0.0/8",
    "{f: 10.0.0.1}": 'f<string> equals "10.0.0.1"',
    "[{f|cidr: 10.0.0.0/8}, {f: '::1'}]": 'or\n  f<ip> in 10.0.0.0/8\n  f<ip> equals "::1"',
    "{f|hour: 5}": "hour of f<datetime> is 5",
    "{f|fieldref: g}": "f<string> equals field g<string>",
    "x": 'any value contains "x"',
    "{EventID: 5}": "EventID<int> is 5",
    "{EventID: '5'}": "EventID<int> is 5",
    "{EventID: ['5', '6']}": "EventID<int> is 5 or 6",
    "{event_id: '5', EventCode: '6'}": "and\n  event_id<int> is 5\n  EventCode<int> is 6",
    "{EventID|startswith: '46'}": 'EventID<int> startswith "46"',
    "{EventID: ['46*', 5]}": 'or\n  EventID<int> startswith "46"\n  EventID<int> is 5',
    "{EventID: null}": "EventID<int> is null",
    "{EventID: abc}": 'EventID<string> equals "abc"',
    "{f: 1.0e+20}": "f<float> is 100000000000000000000",
    "{f: [1.0e+20, x]}": 'f<string> equals "100000000000000000000" or "x"',
}


@pytest.mark.parametrize("selection", TYPES)
def test_types_come_from_the_values(selection: str) -> None:
    assert shown(selection) == TYPES[selection]


def test_none_restricts_nothing_and_says_so() -> None:
    found = mapped("{f: x}", NONE)
    assert found.source == Source()
    assert [(note.code, note.severity, note.span) for note in found.notes] == [("F504", "note", Span("rule.yml", 2, 1))]


def test_folded_strings() -> None:
    assert shown("{f: x, g: 5, h: null}", strings="folded") == (
        'and\n  f<string, folded> equals "x"\n  g<int> is 5\n  h is null'
    )


def leaves(node: Node) -> Iterator[Any]:
    inside = getattr(node, "children", ()) or ((node.child,) if isinstance(node, ast.Not) else ())
    if not inside:
        yield node
    for child in inside:
        yield from leaves(child)


def made(tree: Node) -> Rule:
    return Rule("T", LogSource(product="p"), (), {"s": tree}, Span("rule.yml", 1, 1))


TYPED = {
    Equals: {"int", "float", "bool"},
    ast.Compare: {"int", "float", "string"},  # a string where the rule also compares the field with text
    ast.Cidr: {"ip"},
    ast.TimePart: {"datetime"},
}


@given(random_trees, st.sampled_from([None, "folded"]))
def test_what_backends_are_promised(tree: Node, strings: str | None) -> None:
    try:
        found = map_rule(NONE, made(tree), normalise(tree), Options(strings=strings))[0].tree
    except SigmaError as error:
        assert error.diagnostic.code == "F503"
        return
    assert normalise(found) is found
    for leaf in leaves(found):
        field = getattr(leaf, "field", None)
        if field is None:
            continue
        assert field.type in TYPED.get(type(leaf), {field.type})
        if isinstance(leaf, Match) and field.type in ("int", "float", "bool"):
            assert all(each.kind != "equals" or not each.text for each in leaf.patterns)
        if field.type == "string":
            assert field.strings == (strings or "keyword")
        if not isinstance(leaf, (ast.IsNull, ast.Exists)):
            assert field.type != "unknown"


strings = st.sampled_from(["a", "A", "ab", "", "1", "1.5", "true", None, ["a", "b"]])


@given(random_trees, st.dictionaries(st.sampled_from(["f", "g"]), strings))
def test_typing_keeps_the_meaning(tree: Node, event: dict[str, Any]) -> None:
    """On events of strings, where a column's type changes nothing."""
    try:
        found = map_rule(NONE, made(tree), normalise(tree), Options())[0].tree
    except SigmaError:
        return
    assert matches(found, event) is matches(tree, event)


# --- a schema's names ------------------------------------------------------------------------------------

WHEN = 'and\n  code<string> equals "1"\n  kind<string> equals "start" or "fork"\n  '
SYSMON = {
    "{CommandLine: x, ProcessId: 5}": 'cmd<string, wildcard> equals "x"\n  pid<int> is 5',
    "{Image: x, Up: true}": 'or\n    image<string, folded-as "image.lower"> equals "x"\n    name<string> equals "x"\n'
    "  up<bool> is true",
    "{Image: null}": 'image<string, folded-as "image.lower"> is null\n  name<string> is null',
    "{ProcessId: '5'}": "pid<int> is 5",
    "{ProcessId|contains: '5'}": 'pid<int> contains "5"',
    "{ProcessId: ['5', '6*']}": 'or\n    pid<int> is 5\n    pid<int> startswith "6"',
    "{ProcessId: ''}": 'pid<int> equals ""',
    "{Load: [5, '1.5']}": "load<float> is 5 or 1.5",
    "{Up: 'True'}": "up<bool> is true",
    "{ProcessId: 5, EventID: 1}": "pid<int> is 5",  # the predicate says the rest
    "{Ip: 10.0.0.1}": 'addr<ip> equals "10.0.0.1"',
    "{Time|hour: 5}": "hour of when<datetime> is 5",
    "{Extra: [5, x]}": 'extra<dynamic> equals "5" or "x"',
    "{Action: made}": 'kind<string> equals "start"',
    "{Action: 7}": 'kind<string> equals "end"\n  pid<int> is 7',
    "{Action: [made, '7']}": 'or\n    kind<string> equals "start"\n    and\n'
    '      kind<string> equals "end"\n      pid<int> is 7',
    "{CommandLine|fieldref: Image, Up: true}": (
        'or\n    cmd<string, wildcard> equals field image<string, folded-as "image.lower">\n'
        "    cmd<string, wildcard> equals field name<string>\n  up<bool> is true"
    ),
}


@pytest.mark.parametrize("selection", SYSMON)
def test_names_types_and_predicates(selection: str) -> None:
    assert shown(selection, DEMO) == WHEN + SYSMON[selection]


def test_the_first_telemetry_that_has_everything() -> None:
    assert mapped("{CommandLine: x}").source == Source("proc-*", "All", "process", "@ts", (Field("message", "string"),))
    for selection in ("{EventID: 4688}", "{CommandLine: x, Token: y}", "{EventID: ['4688', 5]}"):
        assert mapped(selection).source.table == "Sec", selection
    syslog = mapped("{CommandLine: x}", product="linux", category=None, service="syslog")
    assert syslog.source.index == "all-*"
    assert dump(syslog.tree) == 'cmd<string, wildcard> equals "x"\n'


def test_a_predicate_of_null_and_numbers() -> None:
    assert dump(mapped("{CommandLine: x, Token: y}").tree) == (
        'and\n  code<string> equals "4688"\n  extra<dynamic> is null\n  pid<int> is 4 or 5\n'
        '  cmd<string, wildcard> equals "x"\n  extra<dynamic> equals "y"\n'
    )


def test_folding_reaches_every_string() -> None:
    found = mapped("{CommandLine: x, Image: y, Action: [made, 7]}", strings="folded").tree
    assert {leaf.field.strings for leaf in leaves(found) if leaf.field.type == "string"} == {"folded"}


REFUSED = {
    "{CommandLin: x}": ("F502", "`CommandLin`", "CommandLine"),
    "{CommandLine|fieldref: Imag}": ("F502", "`Imag`", "Image"),
    "{CommandLine: x, Token: y, Load: 1}": ("F502", "`Token`", ""),
    "{CommandLine|fieldref: Action}": ("F502", "exact values", ""),
    "{Action: gone}": ("F503", "Action gone", "made, 7"),
    "{Action: true}": ("F503", "Action true", "made, 7"),
    "{ProcessId: abc}": ("F503", "`pid` holds whole numbers; 'abc'", ""),
    "{ProcessId: 1.5}": ("F503", "`pid` holds whole numbers; 1.5", ""),
    "{Load: x}": ("F503", "`load` holds numbers", ""),
    "{Up: 1}": ("F503", "`up` holds true or false; 1", ""),
}


@pytest.mark.parametrize("selection", REFUSED)
def test_what_a_schema_refuses(selection: str) -> None:
    code, message, hint = REFUSED[selection]
    with pytest.raises(SigmaError) as caught:
        mapped(selection)
    found = caught.value.diagnostic
    assert (found.code, found.span.line) == (code, 4)
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    ("code", "selection"),
    [
        ("F502", "{ProcessId: [5, 6], Parent: «x»}"),
        ("F503", "{ProcessId: [5, «x»]}"),
        ("F503", "{Action: [«gone»]}"),
    ],
)
def test_a_refusal_points_at_the_value(code: str, selection: str) -> None:
    text, wanted = marked(rule(f"s: {selection}"))
    (outcome,) = outcomes(text)
    assert outcome.rule is not None
    with pytest.raises(SigmaError) as caught:
        map_rule(DEMO, replace(outcome.rule, logsource=HERE), outcome.trees[0], Options())
    assert (caught.value.diagnostic.code, caught.value.diagnostic.span) == (code, wanted)


def test_what_nothing_types_is_said_to_be_assumed() -> None:
    (note,) = mapped("{A: 5, B: true, C|gt: 1.5, D|cidr: 10.0.0.0/8, E|hour: 4, F: x, EventID: 1}", NONE).notes
    assert note.code == "F504"
    assert note.message.partition("; ")[2] == (
        "`A` is taken for a whole number, `B` is taken for true or false, `C` is taken for a number, "
        "`D` is taken for an address, `E` is taken for a date"
    )


def test_an_unknown_log_source() -> None:
    with pytest.raises(SigmaError) as caught:
        mapped("{CommandLine: x}", category="file_event")
    assert (caught.value.diagnostic.code, caught.value.diagnostic.span) == ("F501", Span("rule.yml", 2, 1))
    assert "windows/process_creation" in caught.value.diagnostic.hint


# --- schema files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.schemas())
def test_every_shipped_schema_loads(name: str) -> None:
    found = registry.schema(name)
    assert found.name == name
    assert set(found.targets) <= set(registry.targets())
    for route in found.routes:
        for telemetry in route.telemetries:
            assert telemetry.name
            for columns in telemetry.fields.values():
                assert columns.values or columns.names
    assert all(field == Field(name, *field[1:]) for name, field in found.routes.columns().items())


@pytest.mark.parametrize("name", registry.schemas())
def test_everything_that_a_shipped_schema_says_is_right(name: str) -> None:
    assert check(registry.schema(name)) or name == "none"


BROKEN = {
    "an unknown part": ("F505", "name: d\ntitle: D\n«colums»: {}\n"),
    "no name": ("F505", "«t»itle: D\n"),
    "no title": ("F505", "«n»ame: d\n"),
    "a list": ("F505", "«-» a\n"),
    "unmapped": ("F505", "name: d\ntitle: D\nunmapped: «drop»\n"),
    "strings": ("F505", "name: d\ntitle: D\nstrings: «words»\n"),
    "exact": ("F505", "name: d\ntitle: D\nexact: «often»\n"),
    "columns as a list": ("F505", "name: d\ntitle: D\ncolumns: «[a]»\n"),
    "a type": ("F505", "name: d\ntitle: D\ncolumns: {a: «number»}\n"),
    "an index of strings": ("F505", "name: d\ntitle: D\ncolumns: {a: «string/words»}\n"),
    "an index of strings, beside the type": (
        "F505",
        "name: d\ntitle: D\ncolumns: {a: {type: string, strings: «words»}}\n",
    ),
    "an index of numbers": ("F505", "name: d\ntitle: D\ncolumns: {a: «int/keyword»}\n"),
    "an unknown part of a column": ("F505", "name: d\ntitle: D\ncolumns: {a: {type: int, «mny»: true}}\n"),
    "many": ("F505", "name: d\ntitle: D\ncolumns: {a: {type: int, many: «two»}}\n"),
    "a type that is a list": ("R203", "name: d\ntitle: D\ncolumns: {a: «[int]»}\n"),
    "an unknown part of a log source": ("F505", "name: d\ntitle: D\nlog_sources: [{«products»: w}]\n"),
    "no telemetry": ("F505", "name: d\ntitle: D\nlog_sources: [«{product: w}»]\n"),
    "an unknown part of a telemetry": (
        "F505",
        "name: d\ntitle: D\nlog_sources: [{telemetry: [{name: t, «field»: {}}]}]\n",
    ),
    "a telemetry without name": ("F505", "name: d\ntitle: D\nlog_sources: [{telemetry: [«{fields: {}}»]}]\n"),
    "a telemetry that is text": ("F505", "name: d\ntitle: D\nlog_sources: [{telemetry: [«t»]}]\n"),
    "an unknown column": (
        "F505",
        "name: d\ntitle: D\nlog_sources: [{telemetry: {name: t, fields: {A: «a»}}}]\n",
    ),
    "an unknown column in a predicate": (
        "F505",
        "name: d\ntitle: D\nlog_sources: [{telemetry: {name: t, when: {a: «1»}}}]\n",
    ),
    "an empty predicate": ("F505", "name: d\ntitle: D\nlog_sources: [{telemetry: {name: t, when: «{}»}}]\n"),
    "a value that does not fit": (
        "F505",
        "name: d\ntitle: D\ncolumns: {a: int}\nlog_sources: [{telemetry: {name: t, when: {a: «x»}}}]\n",
    ),
    "an empty field": (
        "F505",
        "name: d\ntitle: D\nlog_sources: [{telemetry: {name: t, fields: {A: «[]»}}}]\n",
    ),
    "a key twice": ("S107", "name: d\ntitle: D\n«name»: e\n"),
    "two documents": ("F505", "«n»ame: d\ntitle: D\n---\nname: e\n"),
    "no document": ("F505", "«#» nothing\n"),
    "broken YAML": ("S104", "name: «[»\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_schema_file(name: str) -> None:
    code, text = BROKEN[name]
    plain, wanted = marked(text)
    with pytest.raises(SigmaError) as caught:
        check(load("rule.yml", plain))
    assert (caught.value.diagnostic.code, caught.value.diagnostic.span) == (code, wanted)


def test_a_file_is_a_schema_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "demo.yml"
    path.write_text(SCHEMA)
    assert list(registry.schema(str(path)).routes) == list(DEMO.routes)
    with pytest.raises(SigmaError, match=re.escape("S101")):
        registry.schema(str(tmp_path / "gone.yml"))
    with pytest.raises(SigmaError, match="U802"):
        registry.schema("demo")
