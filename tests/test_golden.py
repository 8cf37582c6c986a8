"""Drop a folder into tests/golden, get a test. See tests/support/golden.py for what it holds."""

from __future__ import annotations

import pytest

from transpiler import evaluate
from transpiler.ast import NODES

from tests.support import engines, golden
from tests.support.golden import Case

CASES = golden.cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outputs(case: Case, update_golden: bool) -> None:
    outputs = case.outputs()
    if update_golden:
        check_meaning(case)
        case.store(outputs)
    assert case.stored() == outputs


@pytest.mark.parametrize("case", [case for case in CASES if case.events()], ids=lambda case: case.name)
def test_meaning(case: Case) -> None:
    check_meaning(case)


def check_meaning(case: Case) -> None:
    """The evaluator and every engine that can run a query agree with the labels of the events."""
    labels = [label for label, _ in case.events()]
    events = [event for _, event in case.events()]
    (outcome,) = case.compile()
    assert outcome.trees
    found = [any(evaluate.matches(tree, event) for tree in outcome.trees) for event in events]
    assert found == labels, "the reference evaluator and the labels"
    if case.options().get("schema", "none") != "none":
        return  # the events carry the rule's names, not the platform's
    for target, run in engines.ENGINES.items():
        queries = [query for query in outcome.queries if query.target == target]
        if not queries:
            continue
        try:
            hits = [run(query.text, events) for query in queries]
        except engines.CannotRun:
            continue
        assert [any(each) for each in zip(*hits, strict=True)] == labels, f"{target}: {queries[0].text}"


def test_every_node_class_has_a_case() -> None:
    from transpiler.passes import normalise  # noqa: F401 - the trees below are normalised

    seen: set[type] = set()
    for case in CASES:
        for outcome in case.compile():
            for tree in outcome.trees:
                _collect(tree, seen)
    assert seen == set(NODES)


def _collect(node: object, seen: set[type]) -> None:
    seen.add(type(node))
    for child in getattr(node, "children", ()) or ([node.child] if hasattr(node, "child") else []):
        _collect(child, seen)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
