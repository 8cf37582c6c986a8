"""The events made of the public rules: of both kinds, and fit for the columns of every schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.corpus import rules
from transpiler import evaluate, registry
from transpiler.api import Compiler
from transpiler.ast import Node
from transpiler.errors import SchemaError
from transpiler.mapping import map_rule
from transpiler.query import Options
from transpiler.stored import columns, has_keywords, stored
from transpiler.witness import witnesses


def corpus_trees(step: int) -> Iterator[tuple[str, Node]]:
    compiler = Compiler([])
    for path in rules()[::step]:
        for outcome in compiler.compile(path.name, path.read_text("utf-8")):
            for tree in outcome.trees:
                yield path.name, tree


def test_public_rules_have_an_event_that_matches_and_one_that_does_not() -> None:
    missed = []
    for name, tree in corpus_trees(10):
        matches = evaluate.compile(tree)
        if {matches(event) for event in witnesses(tree)} != {True, False}:
            missed.append(name)
    assert missed == []


@pytest.mark.parametrize("schema", ["none", "ecs", "splunk", "sentinel", "defender_xdr"])
def test_events_of_mapped_public_rules_fit_their_columns(schema: str) -> None:
    compiler, judged = Compiler([]), 0
    for path in rules()[1::40]:
        for outcome in compiler.compile(path.name, path.read_text("utf-8")):
            for tree in outcome.trees:
                assert outcome.rule is not None
                try:
                    places = map_rule(registry.schema(schema), outcome.rule, tree, Options())
                except SchemaError:
                    continue
                for mapped in [each.tree for each in places]:
                    events = witnesses(mapped)
                    judged += 1
                    assert {evaluate.matches(mapped, event) for event in events} == {True, False}, path.name
                whole = has_keywords(mapped)
                assert not [e for e in events if stored(e, columns(mapped), whole=whole) is None], path.name
    assert judged > 5
