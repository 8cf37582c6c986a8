"""The Python interface: what it gives, what it raises, and in which order."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

import transpiler
from tests.support.rules import HEAD, marked, rule
from transpiler import (
    Compiler,
    Diagnostic,
    Options,
    Query,
    Result,
    SigmaError,
    api,
    compile,  # noqa: A004
    registry,
    transpile,
)
from transpiler.errors import (
    ConditionError,
    ModifierError,
    RuleError,
    SchemaError,
    SourceError,
    Unsupported,
    UsageError,
)
from transpiler.model import Rule
from transpiler.schema import Mapped, Schema
from transpiler.source import Document
from transpiler.span import Span

GOOD = "id: an-id\n" + rule("s: {f: x}")
TWO = rule("a: {f: x}\nb: {f: y}", "[a, b]")
BAD = rule("s: {f: x}", "t")
WEAK = rule("s: {f: null}")
"""Kusto cannot tell null from the empty string: a warning."""


def test_transpile() -> None:
    (query,) = transpile(GOOD, target="kusto", schema="none")
    assert isinstance(query, Query)
    assert "f =~" in query.text
    assert (query.rule_id, query.title, query.target, query.schema, query.number) == ("an-id", "T", "kusto", "none", 1)
    assert [each.code for each in query.diagnostics] == ["F504"]
    assert isinstance(query.rule, Rule)


def test_a_query_is_a_value() -> None:
    (query,) = transpile(GOOD, "kusto", "none")
    assert transpile(GOOD, "kusto", "none") == [query]
    with pytest.raises((FrozenInstanceError, AttributeError)):
        query.text = ""  # type: ignore[misc]


def test_a_list_of_conditions_gives_several() -> None:
    assert [query.number for query in transpile(TWO, "lucene", "none")] == [1, 2]


RAISED: dict[str, tuple[type[SigmaError], str]] = {
    "title: [": (SourceError, "S104"),
    "": (SourceError, "S108"),
    "a: b": (RuleError, "R201"),
    BAD: (ConditionError, "C302"),
    rule("s: {f|nope: x}"): (ModifierError, "M401"),
    rule("s: {f|exists: true}", "s | count() > 5"): (ConditionError, "C304"),
    f"{GOOD}---\n{BAD}": (ConditionError, "C302"),
}


@pytest.mark.parametrize("text", RAISED)
def test_transpile_raises_the_first_error(text: str) -> None:
    kind, code = RAISED[text]
    with pytest.raises(kind) as caught:
        transpile(text, "kusto", "none")
    assert type(caught.value) is kind
    assert caught.value.diagnostic.code == code
    assert code in str(caught.value)


def test_what_schema_and_language_refuse() -> None:
    with pytest.raises(SchemaError, match="F501"):
        transpile(rule("s: {f: x}").replace("windows", "aix"), "kusto")
    with pytest.raises(Unsupported, match="T60"):
        transpile(rule("s: {f|fieldref: g}"), "eql", "none")


@pytest.mark.parametrize(
    ("target", "schema", "code"),
    [("nope", None, "U801"), ("kql", None, "U804"), ("kusto", "nope", "U802"), ("kusto", "ecs", "F506")],
)
def test_what_the_caller_got_wrong(target: str, schema: str | None, code: str) -> None:
    for call in (lambda: transpile(GOOD, target, schema), lambda: Compiler([target], schema=schema)):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.diagnostic.code == code


def test_a_schema_that_does_not_fit_names_those_that_do() -> None:
    with pytest.raises(UsageError) as caught:
        Compiler(["kusto"], schema="ecs")
    assert all(name in caught.value.diagnostic.hint for name in ("sentinel", "none"))


def test_compile_never_raises_on_rule_text() -> None:
    found = compile(
        [("a", GOOD), ("b", b"\xff\xff"), ("c", BAD), ("d", "\0"), ("e", TWO)], ["kusto", "eql"], schema="none"
    )
    assert isinstance(found, Result)
    assert [(query.rule.path, query.target, query.number) for query in found.queries] == [
        *(("a", "kusto", 1), ("a", "eql", 1)),
        *(("e", "kusto", 1), ("e", "eql", 1), ("e", "kusto", 2), ("e", "eql", 2)),
    ]
    assert [(each.code, each.span.path) for each in found.diagnostics] == [("S103", "b"), ("C302", "c"), ("S103", "d")]
    assert all(isinstance(each, Diagnostic) for each in found.diagnostics)


def test_a_target_is_compiled_once() -> None:
    assert len(compile([("a", GOOD)], ["kusto", "kusto"], schema="none").queries) == 1


def test_without_a_schema_each_target_has_its_own() -> None:
    seed = rule("s: {Image: x}").replace("{product: windows}", "{product: windows, category: process_creation}")
    found = compile([("a", seed)], ["splunk", "lucene", "kusto"]).queries
    assert [query.schema for query in found] == ["splunk", "ecs", "sentinel"]


def test_exact_makes_warnings_errors() -> None:
    weak = compile([("a", WEAK)], ["kusto"], schema="none")
    assert [each.severity for each in weak.queries[0].diagnostics] == ["note", "warning"]
    found = compile([("a", WEAK), ("b", GOOD)], ["kusto"], schema="none", exact=True)
    assert [query.rule.path for query in found.queries] == ["b"]
    assert [(each.code, each.severity, each.target) for each in found.diagnostics] == [("T611", "error", "kusto")]
    assert found.diagnostics[0].span == Span("a", 4, 10, 4)


def test_one_target_refuses_the_others_go_on() -> None:
    text, wanted = marked("id: an-id\n" + rule("s: {f|fieldref: «g»}"))
    found = compile([("rule.yml", text)], ["eql", "kusto", "kibana"], schema="none")
    assert [query.target for query in found.queries] == ["kusto"]
    assert [(each.target, each.code[0], each.rule_id) for each in found.diagnostics] == [
        ("eql", "T", "an-id"),
        ("kibana", "T", "an-id"),
    ]
    assert {each.span for each in found.diagnostics} == {wanted}


def test_outcomes_without_targets() -> None:
    (outcome,) = Compiler([]).compile("a", TWO)
    assert outcome.rule is not None
    assert (len(outcome.trees), outcome.queries, outcome.diagnostics, outcome.skipped) == (2, (), (), False)


def test_rules_that_are_not_wanted() -> None:
    outcomes = [
        *Compiler(["kusto"], schema="none", accept=lambda rule: rule.id == "an-id").compile("a", f"{GOOD}---\n{TWO}")
    ]
    assert [(each.skipped, len(each.queries)) for each in outcomes] == [(False, 1), (True, 0)]


def test_a_defect_costs_one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Rule) -> bool:
        raise ZeroDivisionError("oops")

    (outcome,) = Compiler([], accept=fail).compile("a", "\n\n" + GOOD)
    (found,) = outcome.diagnostics
    assert (found.code, found.message, found.span) == ("U899", "ZeroDivisionError: oops", Span("a", 3, 1))


def test_a_defect_in_one_target_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(registry.backend("eql"), "render", fail)
    found = compile([("a", f"# one\n---\n{GOOD}"), ("b", TWO)], ["kusto", "eql", "lucene"], schema="none")
    assert [(query.rule.path, query.target, query.number) for query in found.queries] == [
        *(("a", "kusto", 1), ("a", "lucene", 1)),
        *(("b", "kusto", 1), ("b", "lucene", 1), ("b", "kusto", 2), ("b", "lucene", 2)),
    ]
    assert [(each.code, each.target, each.rule_id, each.span) for each in found.diagnostics] == [
        ("U899", "eql", "an-id", Span("a", 3, 1)),
        ("U899", "eql", None, Span("b", 1, 1)),
        ("U899", "eql", None, Span("b", 1, 1)),
    ]
    assert found.diagnostics[0].message == "ZeroDivisionError: oops"


def test_a_defect_in_a_schema_costs_the_other_schemas_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = api.map_rule

    def fail(schema: Schema, *others: Any) -> Mapped:
        if schema.name == "ecs":
            raise RecursionError("too deep")
        return real(schema, *others)

    monkeypatch.setattr(api, "map_rule", fail)
    seed = rule("s: {Image: x}").replace("{product: windows}", "{product: windows, category: process_creation}")
    found = compile([("a", f"id: an-id\n{seed}")], ["splunk", "lucene", "dsl", "kusto"])
    assert [query.target for query in found.queries] == ["splunk", "kusto"]
    assert [(each.code, each.target, each.rule_id) for each in found.diagnostics] == [
        ("U899", "lucene", "an-id"),
        ("U899", "dsl", "an-id"),
    ]


def test_a_defect_names_the_rule_even_before_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Document) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(api, "parse_rule", fail)
    (outcome,) = Compiler([]).compile("a", GOOD)
    assert [(each.code, each.rule_id) for each in outcome.diagnostics] == [("U899", "an-id")]


def test_a_query_can_be_sent_to_another_process() -> None:
    either = rule("a: {f: [x, y], g|re: z}\nb: {f|cidr: 10.0.0.0/8}", "a or not b")
    found = compile([("a", either)], registry.targets(), schema="none")
    assert {type(query.text) for query in found.queries} == {str}
    assert len(found.queries) >= 6
    assert pickle.loads(pickle.dumps(found)) == found


def test_options_reach_the_query() -> None:
    assert transpile(GOOD, "kusto", "none", options=Options(table="Mine"))[0].text.startswith("Mine")
    plain, folded = (transpile(GOOD, "lucene", "none", options=Options(strings=each))[0] for each in (None, "folded"))
    assert len(folded.text) < len(plain.text)
    assert "T621" in [each.code for each in folded.diagnostics]


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD)
    compiler = Compiler(["kusto"], schema="none")
    (outcome,) = compiler.compile_file(str(tmp_path / "a.yml"))
    assert len(outcome.queries) == 1
    for path in (str(tmp_path), str(tmp_path / "gone.yml"), "a\0b"):
        (outcome,) = compiler.compile_file(path)
        assert [(each.code, each.span) for each in outcome.diagnostics] == [("S101", Span(path, 1, 1))]


def test_the_same_text_gives_the_same_bytes() -> None:
    first = compile([("a", GOOD), ("b", TWO)], ["lucene", "eql"], schema="none")
    assert compile([("a", GOOD), ("b", TWO)], ["lucene", "eql"], schema="none") == first
    turned = compile([("b", TWO), ("a", GOOD)], ["eql", "lucene"], schema="none")
    assert {query.text for query in turned.queries} == {query.text for query in first.queries}


def test_the_stable_interface_is_documented() -> None:
    for name in transpiler.__all__:
        assert inspect.getdoc(getattr(transpiler, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = transpiler.nothing


def test_a_diagnostic_reads_well() -> None:
    (outcome,) = Compiler([]).compile("a.yml", BAD)
    assert str(outcome.diagnostics[0]) == (
        "a.yml:5:14: error[C302]: the rule has no selection `t` (the rule defines s)"
    )
    assert len(HEAD.splitlines()) == 3
