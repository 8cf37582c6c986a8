"""Over public rules: what pipelines make of a rule is what pySigma makes of it, in trees and in events found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sigma.backends.elasticsearch.elasticsearch_eql import EqlBackend
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.pipelines.elasticsearch.windows import ecs_windows
from sigma.pipelines.splunk.splunk import splunk_cim_data_model, splunk_windows_pipeline
from sigma.pipelines.sysmon.sysmon import sysmon_pipeline
from sigma.pipelines.windows.windows import windows_logsource_pipeline
from sigma.processing.pipeline import ProcessingPipeline

from tests.support import corpus
from tests.test_reference import comparable
from transpiler.api import Compiler, Outcome
from transpiler.ast import Keyword, KeywordRegex, Node, Regex
from transpiler.engine import CannotRun, Runner
from transpiler.verify import Question, Verifier

OURS = """\
name: a pipeline of one's own
priority: 30
transformations:
  - {id: names, type: field_name_mapping, mapping: {Image: [process.path, process.name], CommandLine: process.args}}
  - {type: field_name_prefix, prefix: win., rule_conditions: [{type: logsource, product: windows}]}
  - type: add_condition
    conditions: {event.module: ["$product", "$category"]}
    template: true
    rule_cond_not: true
    rule_conditions: [{type: logsource, service: security}]
  - type: hashes_fields
    valid_hash_algos: [MD5, SHA1, SHA256, IMPHASH]
    field_prefix: hash.
    field_to_parse: [win.Hashes]
  - type: replace_string
    regex: '^\\\\'
    replacement: /
    skip_special: true
    field_name_conditions: [{type: include_fields, fields: [win.process.path]}]
  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [win.Provider_Name]}]}
  - {type: convert_type, target_type: str, field_name_conditions: [{type: include_fields, fields: [win.EventID]}]}
  - type: rule_failure
    message: no such product here
    rule_conditions: [{type: logsource, product: macos}]
"""

REFERENCE: dict[str, Callable[[], ProcessingPipeline]] = {
    "ecs_windows": ecs_windows,
    "splunk_windows": splunk_windows_pipeline,
    "splunk_cim": splunk_cim_data_model,
    "sysmon": sysmon_pipeline,
    "windows-logsources": windows_logsource_pipeline,
    "ours.yml": lambda: ProcessingPipeline.from_yaml(OURS),
}
"""Name -> pySigma's own pipeline, taken from its package and not through us."""

MANY = 300
"""Every tenth rule of the corpus."""


@cache
def texts(step: int) -> list[tuple[str, str]]:
    return [(path.name, path.read_text("utf-8")) for path in corpus.rules()[::step]]


def named(names: tuple[str, ...], folder: Path) -> list[str]:
    """The pipelines as the option -p has them."""
    path = folder / "ours.yml"
    path.write_text(OURS)
    return [str(path) if name == "ours.yml" else name for name in names]


def joined(names: tuple[str, ...]) -> ProcessingPipeline:
    pipelines = sorted([(REFERENCE[name](), name) for name in names], key=lambda pair: (pair[0].priority, pair[1]))
    first, *others = [pipeline for pipeline, _ in pipelines]
    for each in others:
        first += each
    return first


def leaves(node: Node) -> Iterator[Node]:
    for child in getattr(node, "children", None) or [getattr(node, "child", None)]:
        if child is None:
            yield node
        else:
            yield from leaves(child)


def only(outcomes: Iterator[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


@pytest.mark.no_cover
def test_a_pipeline_that_does_nothing_changes_no_tree_and_no_position(tmp_path: Path) -> None:
    path = tmp_path / "nothing.yml"
    path.write_text("name: nothing\n")
    plain, piped = Compiler([]), Compiler([], pipelines=[str(path)])
    seen = 0
    for name, text in texts(10):
        before, after = only(plain.compile(name, text)), only(piped.compile(name, text))
        assert before.trees == after.trees
        assert before.diagnostics == after.diagnostics
        for first, second in zip(before.trees, after.trees, strict=True):
            assert [leaf.span for leaf in leaves(first)] == [leaf.span for leaf in leaves(second)], name
        seen += len(after.trees)
    assert seen >= MANY


TOGETHER = [*[(name,) for name in REFERENCE], ("splunk_windows", "sysmon", "windows-logsources")]


@pytest.mark.no_cover
@pytest.mark.parametrize("names", TOGETHER, ids="+".join)
def test_the_tree_is_pysigmas(names: tuple[str, ...], tmp_path: Path) -> None:
    """PySigma reads the same text, applies the same pipelines and resolves its own conditions."""
    from tests.support import pysigma

    compiler, pipeline = Compiler([], pipelines=named(names, tmp_path)), joined(names)
    seen: Counter[str] = Counter()
    for name, text in texts(10):
        outcome = only(compiler.compile(name, text))
        try:
            theirs = [comparable(tree) for tree in pysigma.processed(text, pipeline)]
        except Exception:  # noqa: BLE001 - a pipeline that refuses a rule raises what it likes
            assert [each.code for each in outcome.diagnostics] == ["P704"], name
            seen["refused"] += 1
            continue
        assert [comparable(tree) for tree in outcome.trees] == theirs, name
        seen["same"] += 1
    assert seen.total() >= MANY
    assert seen["same"] > MANY // 3


OTHERWISE: dict[str, tuple[type, ...]] = {"splunk": (Keyword, KeywordRegex), "eql": (Keyword, KeywordRegex, Regex)}
"""Leaves that mean something else in pySigma's queries: keywords are whole words in its SPL, and its EQL has
expressions with anchors, which EQL takes literally, and without letter case."""

EACH = 60
"""Every so manieth rule is run."""

RUN: list[tuple[str, tuple[str, ...], Any, str]] = [
    ("splunk", ("splunk_windows",), SplunkBackend, "default"),
    ("splunk", ("sysmon", "splunk_windows"), SplunkBackend, "default"),
    ("splunk", ("splunk_cim",), SplunkBackend, "data_model"),
    ("eql", ("ecs_windows",), EqlBackend, "default"),
    ("splunk", ("ours.yml",), SplunkBackend, "default"),
]
"""Target, pipelines, pySigma's backend, and the format of its query."""


def answers(question: Question, runner: Runner, text: str) -> list[bool | None] | None:
    try:
        return question.answers(runner, text)
    except CannotRun:
        return None


@pytest.mark.no_cover
@pytest.mark.parametrize(("target", "names", "backend", "form"), RUN, ids=["+".join(each[1]) for each in RUN])
def test_our_query_finds_what_pysigmas_does(
    target: str, names: tuple[str, ...], backend: Any, form: str, tmp_path: Path
) -> None:
    """One engine runs both on made events; ours must be right, and theirs must say the same.

    Not compared are rules with leaves that pySigma's backend says otherwise whatever the pipeline.
    """
    compiler = Compiler([target], pipelines=named(names, tmp_path))
    theirs = backend(joined(names))
    same = events = 0
    with Verifier() as verifier:
        runner = verifier.runner(verifier.classes(target)[0])
        for name, text in texts(EACH):
            outcome = only(compiler.compile(name, text))
            if not outcome.queries or any(isinstance(leaf, OTHERWISE[target]) for leaf in leaves(outcome.trees[0])):
                continue
            query = outcome.queries[0]
            assert query.mapped is not None
            made = list(verifier.events(query.rule, query.mapped))
            question = Question(query, query.mapped, verifier.options, made)
            ours = question.answers(runner, query.text)
            assert all(answer in (None, label) for answer, label in zip(ours, question.labels, strict=True)), name
            (rule,) = SigmaCollection.from_yaml(text).rules
            found = answers(question, runner, _readable(theirs.convert_rule(rule, form)[0]))
            if found is not None:
                both = [pair for pair in zip(ours, found, strict=True) if None not in pair]
                assert all(first == second for first, second in both), name
                same, events = same + 1, events + len(both)
    assert same >= 15
    assert events >= 15 * 20


def _readable(text: str) -> str:
    """The data model's query without the presentation at its end, a macro and dates for people."""
    return text.partition(" | `drop_dm_object_name(")[0]
