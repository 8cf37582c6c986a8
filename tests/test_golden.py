"""Drop a folder into tests/golden, get a test. See tests/support/golden.py for what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import cast

import pytest

from tests.support import golden
from tests.support.golden import Case
from transpiler import registry
from transpiler.ast import NODES, And, Node, Not, Or
from transpiler.modifiers import LIST_MODIFIERS, MODIFIERS
from transpiler.schema import Mapped

CASES = golden.cases()

judge = lru_cache(maxsize=None)(golden.judge)

WORDS_WEAKER = "the query says that it is weaker"
NO_SCRIPTS = "Painless scripts are not run"
NO_MATCH = "no matching event could be judged"

_MIXED = {"cidr-beside-text": WORDS_WEAKER}
NOT_JUDGED: dict[str, dict[str, str]] = {
    "kusto": {"empty-string": NO_MATCH},
    "splunk": {
        "compare-beyond-double-precision": WORDS_WEAKER,
        "empty-string": NO_MATCH,
        "fieldref-contains": WORDS_WEAKER,
    },
    "lucene": _MIXED,
    "eql": _MIXED,
    "kibana": _MIXED | {"keyword": WORDS_WEAKER, "keyword-all": WORDS_WEAKER, "keyword-list": WORDS_WEAKER},
    "dsl": _MIXED
    | {
        "fieldref": NO_SCRIPTS,
        "fieldref-cased": NO_SCRIPTS,
        "fieldref-contains": NO_SCRIPTS,
        "fieldref-neq": NO_SCRIPTS,
        "fieldref-parts": NO_SCRIPTS,
        "time-day-month-year": NO_SCRIPTS,
        "time-hour-and-minute": NO_SCRIPTS,
        "time-week-under-not": NO_SCRIPTS,
    },
}
"""Target -> the queries that no engine could judge, and why. Every other query of a golden case was run on
events that match and on events that do not, and found the ones that its labels say."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outputs(case: Case, update_golden: bool) -> None:
    outputs = case.outputs()
    if update_golden:
        judge(case)
        case.store(outputs)
    assert case.stored() == outputs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_meaning(case: Case) -> None:
    why_not = {target: verdict.why_not for target, verdict in judge(case).items() if verdict.why_not}
    assert why_not == {target: cases[case.name] for target, cases in NOT_JUDGED.items() if case.name in cases}


def test_every_query_has_events() -> None:
    for case in CASES:
        if any(outcome.queries for outcome in case.compile()):
            labels = {label for label, _ in case.events()}
            assert labels == {True, False}, case.name


@pytest.mark.parametrize("target", registry.targets())
def test_an_engine_notices_a_wrong_query(target: str) -> None:
    right, wrong = [Case(golden.FOLDER / name) for name in ("precedence-and-before-or", "precedence-parentheses")]
    ((outcome,), (other,)) = right.compile(), wrong.compile()
    (query,), (text,) = [[each for each in found.queries if each.target == target] for found in (outcome, other)]
    events = [event for _, event in right.events()]
    answers = golden.answers_of(right, outcome, replace(query, text=text.text), events)
    assert None not in answers
    assert answers != [label for label, _ in right.events()]


# --- what the cases cover -----------------------------------------------------------------------------


def test_every_target_has_a_query_for_each_node_class_it_can_say() -> None:
    said: dict[str, set[type]] = {target: set() for target in registry.targets()}
    for case in CASES:
        for outcome in case.compile():
            for query in outcome.queries:
                said[query.target].update(map(type, _nodes(cast(Mapped, query.mapped).tree)))
    for target, classes in said.items():
        backend = registry.backend(target)
        unsaid = set(getattr(backend, "UNSUPPORTED", ())) | NO_KEYWORDS.get(target, set())
        assert classes == set(NODES) - unsaid, target


NO_KEYWORDS: dict[str, set[type]] = {
    "eql": {each for each in NODES if each.__name__.startswith("Keyword")},
}
"""No schema names fields to look for keywords in yet."""


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _nodes(child)
    elif isinstance(node, Not):
        yield from _nodes(node.child)


def test_every_modifier_has_a_case() -> None:
    rules = "".join([(case.folder / "rule.yml").read_text("utf-8") for case in CASES])
    missing = [name for name in [*MODIFIERS, *LIST_MODIFIERS] if f"|{name}" not in rules]
    assert missing == ["ignorecase", "multiline", "dotall"]  # long names of i, m, s


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({(case.folder / "rule.yml").read_text("utf-8") for case in CASES}) == len(CASES)
