"""Recorded events in the schema's names: what moves where, what is taken as given, what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import corpus
from tests.support import events as recorded
from transpiler import evaluate, events, recast, registry
from transpiler.api import Compiler
from transpiler.mapping import map_rule
from transpiler.model import Rule
from transpiler.recast import Recorded, Shape, in_sigma, shape_of
from transpiler.schema import Mapped
from transpiler.schemafile import load
from transpiler.verify import Sample, Verifier

Event = dict[str, Any]

SCHEMA = load(
    "s.yml",
    """\
name: s
title: A schema
targets: [splunk]
time: when
columns: {kind: string, code: int, path: string, other: string, user: {type: string, folded: user.low}, place: string}
log_sources:
  - product: windows
    telemetry:
      - name: t
        when: {kind: [start, begin], place: here, code: 1}
        fields:
          EventID: {values: {1: {kind: start}, 2: {kind: end, place: there}}}
          Number: code
          Path: [path, other]
          Full: path
          User: user
""",
)
EMPTY = load(
    "e.yml",
    """\
name: e
title: Empty
targets: [splunk]
columns: {a: string, b: string}
log_sources:
  - telemetry:
      - {name: t, when: {a: null}, fields: {B: b, A: a}}
""",
)


def mapped(detection: str, schema: Any = SCHEMA) -> tuple[Rule, Mapped]:
    text = f"title: t\nlogsource: {{product: windows}}\ndetection:\n  s: {detection}\n  condition: s\n"
    compiler = Compiler([])
    (outcome,) = compiler.compile("r.yml", text)
    assert outcome.rule is not None, outcome.diagnostics
    (mapped,) = map_rule(schema, outcome.rule, outcome.trees[0], compiler.options)
    return outcome.rule, mapped


def cast(detection: str, *given: Event, schema: Any = SCHEMA, shape: Shape | None = "sigma") -> list[Event]:
    return [dict(each.event) for each in Recorded(given, [schema], shape)(*mapped(detection, schema))]


def test_values_move_to_the_columns_of_their_fields() -> None:
    assert cast("{Path: x}", {"Path": "x", "Extra": 1}) == [
        {"path": "x", "other": "x", "kind": "start", "place": "here", "code": 1}
    ]


def test_what_selects_the_log_source_is_taken_as_given_where_nothing_fits() -> None:
    (event,) = cast("{Path: x}", {"Path": "x", "Number": 5})
    assert event["code"] == 1
    (event,) = cast("{Path: x}", {"Path": "x", "Number": "1"})
    assert event["code"] == "1"


def test_what_the_rule_asks_for_stays_the_events_own() -> None:
    assert cast("{Number: 1}", {"Number": 5}) == [{"code": 5, "kind": "start", "place": "here"}]
    assert cast("{Number: 1}", {}) == [{"kind": "start", "place": "here"}]


@pytest.mark.parametrize(
    ("value", "kind"),
    [(1, {"kind": "start"}), ("2", {"kind": "end", "place": "there"}), (3, {}), (None, {}), ([1], {"kind": "start"})],
)
def test_a_value_that_stands_for_predicates(value: Any, kind: Event) -> None:
    assert cast("{EventID: 1}", {"EventID": value}) == [{**kind, "code": 1}]


def test_of_fields_that_share_a_column_the_one_asked_for_stands_there() -> None:
    both = {"Path": "p", "Full": "f"}
    assert cast("{Full: x}", both)[0]["path"] == "f"
    assert cast("{Path: x}", both)[0]["path"] == "p"
    assert cast("{Full: x}", {"Path": "p"})[0]["path"] == "p"


def test_a_column_that_must_be_null_loses_its_value() -> None:
    assert cast("{B: x}", {"A": "a", "B": "b"}, schema=EMPTY) == [{"b": "b"}]


def test_a_folded_copy_is_made() -> None:
    (event,) = cast("{User: x}", {"User": "Me"})
    assert (event["user"], event["user.low"]) == ("Me", "Me")
    assert cast("{User: x}", {"user": "Me"}, shape="schema") == [{"user": "Me", "user.low": "Me"}]
    assert cast("{User: x}", {"kind": "start"}, shape="schema") == [{"kind": "start"}]


def test_events_in_the_schemas_shape_stay_as_they_are() -> None:
    assert cast("{Path: x}", {"path": "x", "kind": "end", "code": 1}, shape="schema") == [
        {"code": 1, "kind": "end", "path": "x"}
    ]


def test_keywords_see_the_whole_event() -> None:
    assert cast("[word]", {"Path": "x", "Extra": "word"}) == [
        {"path": "x", "other": "x", "kind": "start", "place": "here", "code": 1, "Extra": "word"}
    ]
    assert cast("[word]", {"path": "x", "Extra": "word"}, shape="schema") == [{"path": "x", "Extra": "word"}]


def test_the_rules_own_names_need_no_recast() -> None:
    none = registry.schema("none")
    given = Recorded([{"Path": "x", "kind": "k"}], [none])
    assert given.shapes == {}
    assert given(*mapped("{Path: x}", none)) == [Sample({"Path": "x"})]


def test_a_schema_that_was_not_named_is_taken_to_need_it() -> None:
    assert Recorded([{"Path": "x"}], [])(*mapped("{Path: x}"))[0].event["path"] == "x"


# --- counting -----------------------------------------------------------------------------------


def read(lines: Sequence[str], tmp_path: Path) -> list[Event]:
    (tmp_path / "e.ndjson").write_text("\n".join(lines))
    return events.read([str(tmp_path / "e.ndjson")], lambda _: None)


def test_events_that_look_the_same_to_the_query_are_counted(tmp_path: Path) -> None:
    lines = [
        f'{{"A": {value}, "N": {number}}}' for number, value in enumerate(['"x"', '"x"', "1", "1.0", "true", '"x"'])
    ]
    given = Recorded(read([*lines, '{"N": 9}', '{"A": null}'], tmp_path), [])
    found = given(*mapped("{A: x}", registry.schema("none")))
    assert found == [
        Sample({"A": "x"}, 3),
        Sample({"A": 1}),
        Sample({"A": 1.0}),
        Sample({"A": True}),
        Sample({}),
        Sample({"A": None}),
    ]
    assert [type(each.event.get("A")) for each in found[1:4]] == [int, float, bool]


def test_whole_events_are_counted_too(tmp_path: Path) -> None:
    given = Recorded(read(['{"A": "x"}', '{"B": "x"}', '{"A": "x"}'], tmp_path), [])
    assert given(*mapped("[x]", registry.schema("none"))) == [Sample({"A": "x"}, 2), Sample({"B": "x"})]


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ([{"Path": "x"}], "sigma"),
        ([{"path": "x"}], "schema"),
        ([{"when": "2024"}], "schema"),
        ([{"Channel": "x", "path": "y"}], "sigma"),
        ([{"unknown": 1}], "sigma"),
        ([], "sigma"),
        ([{"path": "x"}, {"path": "y"}, {"Path": "x", "Full": "y"}], "schema"),
    ],
)
def test_the_shape_is_seen_from_the_names(given: list[Event], shape: Shape) -> None:
    assert shape_of(SCHEMA, given) == shape
    assert Recorded(given, [SCHEMA]).shapes == {"s": shape}


def test_only_the_first_events_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recast, "LOOKED_AT", 1)
    assert shape_of(SCHEMA, [{"path": "x"}, {"Path": "x"}, {"Path": "x"}]) == "schema"


# --- the other way round ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detection", "event", "own"),
    [
        (
            "{Path: x, Number: 1}",
            {"other": "x", "code": 1, "kind": "begin", "place": "here"},
            {"Path": "x", "Number": 1},
        ),
        ("{EventID: 1}", {"kind": "start", "code": 1, "place": "here"}, {"EventID": "1"}),
        ("{Path: x}", {"code": 1, "kind": "begin", "place": "here"}, {}),
        ("{Path: x}", {"path": "x", "code": 2}, None),
        (
            "[word]",
            {"a": "word", "code": 1, "kind": "start", "place": "here"},
            {"a": "word", "code": 1, "kind": "start", "place": "here"},
        ),
    ],
)
def test_a_platforms_event_in_sigmas_names(detection: str, event: Event, own: Event | None) -> None:
    rule, found = mapped(detection)
    assert in_sigma(event, found.telemetries, rule) == own


def test_without_a_telemetry_names_are_sigmas() -> None:
    rule, _ = mapped("{Path: x}")
    assert in_sigma({"Path": "x"}, (), rule) == {"Path": "x"}
    assert in_sigma({"b": "x"}, mapped("{B: x}", EMPTY)[1].telemetries, rule) == {}


# --- recorded attacks ---------------------------------------------------------------------------

EXAMPLE = corpus.ROOT / "examples" / "service_failure_command.yml"


@cache
def attacks() -> list[Event]:
    """All recorded events. Tests read them, not a fixture, which ``no_cover`` does not reach."""
    folder = recorded.folder()
    return events.read(
        events.find(sorted(map(str, folder.glob("*.ndjson.zst")))), lambda found: pytest.fail(str(found))
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("schema", registry.schemas())
def test_the_example_matches_its_recorded_event_in_every_schema(schema: str) -> None:
    compiler = Compiler([])
    (outcome,) = compiler.compile_file(str(EXAMPLE))
    assert outcome.rule is not None
    found = registry.schema(schema)
    given = Recorded(attacks(), [found])
    assert set(given.shapes.values()) <= {"sigma"}
    (mapped,) = map_rule(found, outcome.rule, outcome.trees[0], compiler.options)
    samples = given(outcome.rule, mapped)
    matches = evaluate.compile(mapped.tree)
    assert sum(each.times for each in samples) == len(attacks()) > 70_000
    assert [each.times for each in samples if matches(each.event)] == [1]


WAYS = [(target, schema) for target in registry.targets() for schema in ("none", None)] + [("kusto", "defender_xdr")]


@pytest.mark.no_cover
@pytest.mark.parametrize(("target", "schema"), WAYS)
def test_the_example_is_verified_on_its_recorded_event(target: str, schema: str | None) -> None:
    near = [each for each in attacks() if each.get("EventID") == 4688]
    compiler = Compiler([target], schema=schema)
    (outcome,) = compiler.compile_file(str(EXAMPLE))
    (query,) = outcome.queries
    with Verifier(compiler.options, Recorded(near, [registry.schema(query.schema)])) as verifier:
        for verdict in verifier.verify(outcome):
            if verdict.status == "not verified" and "install" in verdict.reason:
                corpus.not_run(verdict.reason)
            assert (verdict.status, verdict.matching, verdict.events) == ("verified", 1, len(near)), verdict.reason
