"""Where a query looks: which telemetry, what it never records, and several places."""

from __future__ import annotations

from typing import Any

import pytest

from transpiler.api import Compiler, Outcome
from transpiler.errors import SigmaError
from transpiler.mapping import map_rule
from transpiler.model import LogSource
from transpiler.query import Options
from transpiler.schema import Mapped
from transpiler.schemafile import load
from transpiler.text import dump

SCHEMA = """\
name: demo
title: A platform
targets: [kusto]
table: All
columns: {code: int, image: string, cmd: string, owner: string, name: string, raw: string, kind: string, port: int}
sets:
  windows: {EventID: code, Image: image}
  kept: [Raw1, Raw2]
log_sources:
  - product: windows
    category: process_creation
    telemetry:
      - name: sysmon
        title: Sysmon
        when: {code: 1}
        use: [windows, kept]
        others: data.{}
        fields: {CommandLine: cmd, OriginalFileName: name}
        absent: [Token]
      - name: security
        title: Security auditing
        when: {code: 4688}
        use: windows
        fields: {CommandLine: cmd, NewProcessName: image}
        absent: [OriginalFileName, Raw1]
      - name: forwarded
        table: Other
        when: {code: [1, 4688]}
        use: windows
        fields: {Owner: owner}
  - product: windows
    category: registry_event
    telemetry:
      name: sysmon
      when: {code: [12, 13]}
      fields:
        EventID: code
        EventType: {values: {SetValue: {kind: set, code: 13}, CreateKey: {kind: new, code: 12}}}
        Port: {values: {high: {port: 1}}, columns: port}
  - product: [windows, linux]
    category: dns
    prefer: all
    telemetry:
      - {name: one, when: {kind: a}, fields: {Query: name}}
      - {name: two, when: {kind: b}, fields: {Query: raw, Extra: owner}}
  - product: linux
    category: process_creation
    telemetry: {name: audit, fields: {Image: image}}
  - category: proxy
    telemetry: {name: proxy, fields: {c-uri: raw}}
"""
DEMO = load("demo.yml", SCHEMA)


def outcome(detection: str, logsource: str) -> Outcome:
    text = f"title: t\nlogsource: {{{logsource}}}\ndetection:\n  {detection}\n"
    (found,) = Compiler([]).compile("rule.yml", text if "condition" in detection else f"{text}  condition: s\n")
    assert found.rule is not None, found.diagnostics
    return found


PROCESS = "product: windows, category: process_creation"


def places(detection: str, logsource: str = PROCESS, schema: Any = DEMO, **options: Any) -> tuple[Mapped, ...]:
    found = outcome(detection, logsource)
    assert found.rule is not None
    return map_rule(schema, found.rule, found.trees[0], Options(**options))


def tree(detection: str, logsource: str = PROCESS, schema: Any = DEMO, **options: Any) -> str:
    (found,) = places(detection, logsource, schema, **options)
    return " ".join(dump(found.tree).split())


def names(found: tuple[Mapped, ...]) -> list[str]:
    return [each.name for place in found for each in place.telemetries]


def refusal(detection: str, logsource: str = PROCESS, **options: Any) -> Any:
    with pytest.raises(SigmaError) as caught:
        places(detection, logsource, **options)
    return caught.value.diagnostic


CHOICES = {
    "s: {CommandLine: x}": ["sysmon"],
    "s: {EventID: 4688, CommandLine: x}": ["security"],
    "s: {EventID: '4688', CommandLine: x}": ["security"],
    "s: {NewProcessName: x}": ["security"],
    "s: {Owner: x}": ["forwarded"],
    "s: {EventID|gte: 4688, CommandLine: x}": ["security"],
    "s: {EventID|re: '^46', CommandLine: x}": ["security"],
    "s: {EventID: [1, 4688], CommandLine: x}": ["sysmon", "security"],
    "s: [{EventID: 4688, CommandLine: x}, {EventID: 1, Image: y}]": ["sysmon", "security"],
    "{s: {CommandLine: x}, f: {EventID: 4688}, condition: s and not f}": ["sysmon"],
    "{s: {CommandLine: x}, f: {EventID: 1}, condition: s and not f}": ["security"],
}


@pytest.mark.parametrize("detection", CHOICES)
def test_a_rule_goes_where_its_events_are(detection: str) -> None:
    text = detection.strip("{}").replace("}, ", "}\n  ").replace(", condition", "\n  condition")
    assert names(places(text if "condition" in detection else detection)) == CHOICES[detection]


def test_what_a_telemetry_pins_is_said_once() -> None:
    assert tree("s: {EventID: 4688, CommandLine: x}") == 'and code<int> is 4688 cmd<string> equals "x"'
    assert tree("s: [{EventID: 4688, CommandLine: x}, {EventID: 1, Image: y}]") == (
        'or and code<int> is 1 image<string> equals "y" and code<int> is 4688 cmd<string> equals "x"'
    )
    (found,) = places("s: {EventID: 4688, Owner: x}")
    assert " ".join(dump(found.tree).split()) == 'and code<int> is 1 or 4688 code<int> is 4688 owner<string> equals "x"'


def test_a_value_that_no_telemetry_has_is_warned_of() -> None:
    (found,) = places("s: {EventID: [1, 5], CommandLine: x}")
    assert [(note.code, note.message) for note in found.notes] == [("F507", "Sysmon never has EventID 5")]
    said = refusal("s: {EventID: 5, CommandLine: x}")
    assert (said.code, said.message) == ("F508", "the rule hangs on `EventID`, which Sysmon never has with such values")


def test_the_hint_names_who_may_have_the_value() -> None:
    said = refusal("s: {EventID: 4688, Raw1: x, Raw2: y}")
    assert said.code == "F508"
    assert said.hint == "Security auditing, forwarded may have, but does not record all that the rule asks for"


def test_another_telemetry_is_preferred() -> None:
    assert names(places("s: {CommandLine: x}", telemetry="security")) == ["security"]
    assert names(places("s: {EventID: 1, CommandLine: x}", telemetry="security")) == ["sysmon"]
    (found,) = places("s: {EventID: 1, CommandLine: x}", telemetry="security")
    assert [note.code for note in found.notes] == ["F509"]
    assert names(places("s: {CommandLine: x}", telemetry="nothing")) == ["sysmon"]


def test_every_telemetry_that_has_it_all() -> None:
    found = places("s: {Image: x}", telemetry="all")
    assert [(place.source.table, names((place,))) for place in found] == [
        ("All", ["sysmon", "security"]),
        ("Other", ["forwarded"]),
    ]
    assert " ".join(dump(found[0].tree).split()) == (
        'or and code<int> is 1 image<string> equals "x" and code<int> is 4688 image<string> equals "x"'
    )
    assert names(places("s: {Query: x}", "product: linux, category: dns")) == ["one", "two"]
    assert names(places("s: {Extra: x}", "product: linux, category: dns")) == ["two"]


def test_a_service_beside_a_category_names_the_telemetry() -> None:
    assert names(places("s: {Image: x}", f"{PROCESS}, service: security")) == ["security"]
    assert names(places("s: {Image: x}", f"{PROCESS}, service: unknown")) == ["sysmon"]


def test_a_category_without_product_is_every_products() -> None:
    assert names(places("s: {Image: x}", "category: process_creation", schema=DEMO)) == [
        "audit",
        "sysmon",
        "security",
        "forwarded",
    ]
    assert names(places("s: {c-uri: x}", "category: proxy")) == ["proxy"]
    assert names(places("s: {c-uri: x}", "product: zeek, category: proxy")) == ["proxy"]


@pytest.mark.parametrize("logsource", ["product: windows", "service: dns", "product: windows, category: dns_query"])
def test_a_log_source_that_is_not_there(logsource: str) -> None:
    assert refusal("s: {Image: x}", logsource).code == "F501"


def test_a_log_source_that_the_platform_does_not_record_says_why() -> None:
    said = load("demo.yml", SCHEMA + "not_recorded: [{product: [azure, gcp], service: pim, why: nobody sends it}]\n")
    with pytest.raises(SigmaError) as caught:
        places("s: {Image: x}", "product: azure, service: pim", schema=said)
    assert caught.value.diagnostic.message == "A platform does not record azure/-/pim: nobody sends it"
    with pytest.raises(SigmaError, match="`why`"):
        load("demo.yml", SCHEMA + "not_recorded: [{product: azure}]\n").routes.why_not(LogSource(product="x"))


# --- fields that are never there ------------------------------------------------------------------------

SECURITY = {"telemetry": "security"}
WITHOUT = {
    "s: [{Image: x}, {OriginalFileName: y}]": 'and code<int> is 4688 image<string> equals "x"',
    "s: {Image: x, OriginalFileName: null}": 'and code<int> is 4688 image<string> equals "x"',
    "s: [{Image: x}, {OriginalFileName|exists: true}]": 'and code<int> is 4688 image<string> equals "x"',
    "s: {Image: x}\n  f: {OriginalFileName: y}\n  condition: s and not f": (
        'and code<int> is 4688 image<string> equals "x"'
    ),
    "s: [{Image: x}, {Image|fieldref: OriginalFileName}]": 'and code<int> is 4688 image<string> equals "x"',
    "s: {OriginalFileName: null}": "code<int> is 4688",
}


@pytest.mark.parametrize("detection", WITHOUT)
def test_what_is_never_recorded_cannot_match(detection: str) -> None:
    (found,) = places(detection, **SECURITY)
    assert " ".join(dump(found.tree).split()) == WITHOUT[detection]
    assert [(note.code, note.severity) for note in found.notes] == [("F507", "warning")]


def test_a_rule_that_hangs_on_it_is_refused() -> None:
    said = refusal("s: {Image: x, OriginalFileName: y}", **SECURITY)
    assert (said.code, said.message) == (
        "F508",
        "the rule hangs on `OriginalFileName`, which Security auditing never records",
    )
    assert said.span.line == 4


def test_the_one_that_records_it_comes_first() -> None:
    assert names(places("s: {NewProcessName: x, Raw1: null}")) == ["security"]
    assert names(places("s: [{Image: x}, {OriginalFileName: y}]")) == ["sysmon"]


def test_a_value_that_is_left_out_is_a_missing_field() -> None:
    dropping = load(
        "demo.yml",
        SCHEMA.replace(
            "    telemetry:\n      - name: sysmon\n",
            "    dropped: ['', '-']\n    telemetry:\n      - name: sysmon\n",
            1,
        ),
    )
    (found,) = places("s: {Image: ['', '-', x], CommandLine: '-'}", schema=dropping)
    assert " ".join(dump(found.tree).split()) == (
        'and code<int> is 1 or image<string> is null image<string> equals "x" cmd<string> is null'
    )
    assert [note.code for note in found.notes] == ["F514", "F514"]
    assert tree("s: {Image|contains: '-'}", schema=dropping) == 'and code<int> is 1 image<string> contains "-"'


# --- values that stand for predicates -------------------------------------------------------------------

REGISTRY = "product: windows, category: registry_event"
VALUES = {
    "s: {EventType: SetValue}": 'kind<string> equals "set" code<int> is 13',
    "s: {EventType: setvalue}": 'kind<string> equals "set" code<int> is 13',
    "s: {EventType|startswith: Create}": 'kind<string> equals "new" code<int> is 12',
    "s: {EventType|re: ^Set}": 'kind<string> equals "set" code<int> is 13',
    "s: {Port: high}": "port<int> is 1",
    "s: {Port: 5}": "port<int> is 5",
    "s: {Port: [high, 5]}": "port<int> is 1 or 5",
    "s: {Port: null}": "not or port<int> is 1 port<int> exists",
}


@pytest.mark.parametrize("detection", VALUES)
def test_values_that_are_no_columns(detection: str) -> None:
    assert tree(detection, REGISTRY) == f"and code<int> is 12 or 13 {VALUES[detection]}"


def test_a_value_beyond_the_closed_list_is_warned_of() -> None:
    (found,) = places("s: {EventType: [SetValue, Gone]}", REGISTRY)
    assert [note.code for note in found.notes] == ["F507"]
    assert refusal("s: {EventType: Gone}", REGISTRY).code == "F503"


def test_values_that_the_column_cannot_hold_are_left_out_where_others_can() -> None:
    (found,) = places("s: {Port: [5, 'null', '7']}", REGISTRY)
    assert " ".join(dump(found.tree).split()) == "and code<int> is 12 or 13 port<int> is 5 or 7"
    assert [note.code for note in found.notes] == ["F507"]
    assert refusal("s: {Port: ['null', 'x']}", REGISTRY).code == "F503"


def test_the_first_members_of_a_list_are_said_to_be_the_first() -> None:
    listed = load(
        "demo.yml",
        "name: d\ntitle: D\ntargets: [kusto]\ncolumns: {'a[0].b': dynamic, 'a[1].b': dynamic}\n"
        "log_sources: [{product: windows, category: process_creation, telemetry: "
        "{name: t, fields: {A: ['a[0].b', 'a[1].b'], "
        "B: {values: {x: {'a[0].b': x}, y: {'a[1].b': y}}}, C: 'a[0].b'}}}]\n",
    )
    for field, said in (("A", True), ("B", True), ("C", False)):
        (found,) = places(f"s: {{{field}: x}}", schema=listed)
        assert [note.code for note in found.notes] == ["F513"] * said


# --- names that a schema lacks --------------------------------------------------------------------------


def test_a_name_passes_with_a_warning() -> None:
    (found,) = places("s: {Image: x, Odd: 5}", unmapped="pass")
    assert (
        " ".join(dump(found.tree).split()) == 'and code<int> is 1 image<string> equals "x" data.Odd<string> equals "5"'
    )
    assert [(note.code, note.severity) for note in found.notes] == [("F511", "warning")]
    (found,) = places("s: {c-uri: x, Odd: 5}", "category: proxy", unmapped="pass")
    assert " ".join(dump(found.tree).split()) == 'and raw<string> equals "x" Odd<int> is 5'


def test_a_log_source_passes_with_a_warning() -> None:
    (found,) = places("s: {Image: x}", "product: bsd", unmapped="pass")
    assert [note.code for note in found.notes] == ["F510"]
    assert found.source.table == "All"


def test_names_that_are_kept_are_spelled_as_the_platform_does() -> None:
    assert tree("s: {Raw2: x}") == 'and code<int> is 1 data.Raw2<string> equals "x"'


# --- extending ------------------------------------------------------------------------------------------

OURS = """\
name: ours
title: Ours
extends: demo
table: Mine
columns: {badge: string, image: string/wildcard}
sets: {windows: {Badge: badge}}
log_sources:
  - product: windows
    category: process_creation
    telemetry:
      - {name: edr, when: {badge: "1"}, fields: {Image: image, CommandLine: cmd}}
      - {name: sysmon, fields: {OriginalFileName: null, Extra: raw}}
  - product: bsd
    service: audit
    telemetry: {name: audit, fields: {Image: image}}
"""


def test_a_schema_that_extends_another() -> None:
    ours = load("ours.yml", OURS, parent=lambda name: DEMO)
    assert ours.targets == ("kusto",)
    assert names(places("s: {CommandLine: x}", schema=ours)) == ["edr"]
    assert names(places("s: {Badge: x}", schema=ours)) == ["sysmon"]
    assert names(places("s: {Extra: x}", schema=ours)) == ["sysmon"]
    assert names(places("s: {Image: x, NewProcessName: y}", schema=ours)) == ["security"]
    assert places("s: {Extra: x}", schema=ours)[0].source.table == "Mine"
    assert tree("s: {Extra: x, Image: y}", schema=ours) == (
        'and code<int> is 1 raw<string> equals "x" image<string, wildcard> equals "y"'
    )
    with pytest.raises(SigmaError, match="F502"):
        places("s: {OriginalFileName: x, Extra: y}", schema=ours)
    assert names(places("s: {Image: x}", "product: bsd, service: audit", schema=ours)) == ["audit"]
    assert names(places("s: {Query: x}", "product: linux, category: dns", schema=ours)) == ["one", "two"]


def test_how_strings_are_indexed_is_decided_last() -> None:
    folded = load("ours.yml", "name: o\ntitle: O\nextends: demo\nstrings: folded\n", parent=lambda name: DEMO)
    assert tree("s: {CommandLine: x}", schema=folded) == 'and code<int> is 1 cmd<string, folded> equals "x"'
    assert tree("s: {CommandLine: x}") == 'and code<int> is 1 cmd<string> equals "x"'
    exact = SCHEMA.replace("table: All", "table: All\nexact: true").replace("{EventID: code", "{EventID: kind")
    base = load("demo.yml", exact.replace("when: {code: 1}", "when: {kind: One}"))
    assert tree("s: {CommandLine: x}", schema=base).startswith('and kind<string> cased equals "One"')
    over = load("ours.yml", "name: o\ntitle: O\nextends: demo\nstrings: folded\n", parent=lambda name: base)
    assert tree("s: {CommandLine: x}", schema=over).startswith('and kind<string, folded> equals "One"')


def test_a_telemetry_that_nobody_knows_is_wrong_usage() -> None:
    with pytest.raises(SigmaError, match="F512"):
        Compiler(["kusto"], schema="sentinel", options=Options(telemetry="nothing"))
    with pytest.raises(SigmaError, match="F512"):
        Compiler(["kusto"], schema="none", options=Options(telemetry="sysmon"))
