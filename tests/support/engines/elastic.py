"""The targets of Elastic: EQL and ES|QL by the evaluators that are shipped, the others by the readers of
tests/backends; all follow Elastic's documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from backends.engines.eql import CATEGORY, Eql
from backends.engines.esql import Esql
from tests.backends import kql_reader, lucene_reader, run_dsl
from tests.support.engines.eql_reading import agree_on_reading
from tests.support.engines.question import (
    Answer,
    CannotRun,
    Engine,
    Event,
    Question,
    columns,
    each_event,
    fields_of,
    has_keywords,
    leaves,
    many,
)
from transpiler import engine, stored
from transpiler.ast import Node
from transpiler.engine import Asked, Column
from transpiler.pattern import fold


def on_index(run: Callable[[Question, Event], Answer]) -> Engine:
    """An engine of Elastic: a field that the query takes for folded holds its values in lower case."""

    def run_folded(question: Question, event: Event) -> Answer:
        folded = _folded(question.tree)
        return run(question, {name: _lower(value) if name in folded else value for name, value in event.items()})

    return each_event(run_folded)


def _folded(tree: Node) -> set[str]:
    return {field.name for leaf in leaves(tree) for field in fields_of(leaf) if field.strings == "folded"}


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(each) for each in value]
    return fold(value) if isinstance(value, str) else value


def _addresses(tree: Node) -> frozenset[str]:
    return frozenset(name for name, kind in columns(tree).items() if kind == "ip")


def lucene(question: Question, event: Event) -> Answer:
    tree = lucene_reader.parse(question.query.text)
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None  # which numbers a word without a field finds is said by a warning
    tree = _spread(tree, list(event), _folded(question.tree))
    return lucene_reader.finds(tree, event, _addresses(question.tree))


def _is_text(value: Any) -> bool:
    return all(isinstance(each, str) for each in many(value))


def _spread(tree: lucene_reader.Tree, names: list[str], folded: Container[str] = ()) -> lucene_reader.Tree:
    """A term without a field is looked for in every field; one on a folded field is folded as its values are."""
    if isinstance(tree, lucene_reader.Junction):
        return lucene_reader.Junction(tree.op, tuple([_spread(each, names, folded) for each in tree.operands]))
    if tree.field is not None:
        return replace(tree, text=fold(tree.text)) if tree.field in folded else tree
    return lucene_reader.Junction("OR", tuple([replace(tree, field=name) for name in names]))


def dsl(question: Question, event: Event) -> Answer:
    clause = json.loads(question.query.text)["query"]
    if '"script"' in question.query.text:
        raise CannotRun("Painless scripts are not run")
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None
    known = dict(event)
    clause = _answered(clause, event, known, _folded(question.tree))
    return run_dsl.finds(clause, known, _addresses(question.tree))


def _answered(clause: Any, event: Event, known: dict[str, Any], folded: Container[str]) -> Any:
    """The clause with each query_string replaced by the presence of a field that is there if it finds the event.

    Values on a folded field are folded, as the field's normalizer does.
    """
    if isinstance(clause, list):
        return [_answered(each, event, known, folded) for each in clause]
    if not isinstance(clause, dict):
        return clause
    if next(iter(clause)) in folded:
        ((name, asked),) = clause.items()
        return {name: {**asked, "value": fold(asked["value"])} if isinstance(asked, dict) else _lower(asked)}
    if "query_string" in clause:
        text = clause["query_string"]["query"]
        if lucene_reader.finds(_spread(lucene_reader.parse(text), list(event)), event):
            known[f"found {text}"] = "yes"
        return {"exists": {"field": f"found {text}"}}
    return {key: _answered(value, event, known, folded) for key, value in clause.items()}


def kibana(question: Question, event: Event) -> Answer:
    tree = _fold_kql(kql_reader.parse(question.query.text), _folded(question.tree))
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None
    return _finds_kql(tree, event, _addresses(question.tree))


def _fold_kql(tree: kql_reader.Tree, folded: Container[str]) -> kql_reader.Tree:
    if isinstance(tree, kql_reader.Junction):
        return kql_reader.Junction(tree.op, tuple([_fold_kql(each, folded) for each in tree.operands]))
    if isinstance(tree, kql_reader.Is) and tree.field in folded:
        return replace(tree, value=tuple([each if each is kql_reader.STAR else fold(each) for each in tree.value]))
    return tree


def _finds_kql(tree: kql_reader.Tree, event: Event, addresses: frozenset[str]) -> bool:
    """One of a field's values will do; a value that stands alone is looked for in every field."""
    if isinstance(tree, kql_reader.Junction):
        found = [_finds_kql(each, event, addresses) for each in tree.operands]
        return not found[0] if tree.op == "not" else all(found) if tree.op == "and" else any(found)
    if isinstance(tree, kql_reader.Is) and tree.field in addresses and tree.value != (kql_reader.STAR,):
        text = "".join(map(str, tree.value))
        return any(lucene_reader.equals(text, each, True) for each in many(event.get(tree.field)) if each)
    names = list(event) if isinstance(tree, kql_reader.Is) and tree.field is None else [tree.field]
    for name in names:
        value = event.get(str(name))
        for each in many(value):
            if kql_reader.finds(replace(tree, field=name), {str(name): each}):
                return True
    return False


def run(runner: Eql | Esql, text: str, tree: Node, event: Event, unmapped: Container[str] = ()) -> Answer:
    """What a shipped evaluator answers for an event in the columns' types; ``unmapped`` fields have no column."""
    table = {name: Column() for name in event} | stored.columns(tree)
    table = {name: column for name, column in table.items() if name not in unmapped}
    (answer,) = runner.run(Asked(text, runner.TARGETS[0], table), [event])
    return answer


def esql(question: Question, event: Event) -> Answer:
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None
    return _reported(_ESQL, question, event)


def eql(question: Question, event: Event) -> Answer:
    """The answer with every field mapped, which must be the one without a mapping for those that are missing."""
    text = question.query.text
    agree_on_reading(text)
    answer = _reported(_EQL, question, event)
    if "?" in text and question.query.schema == "none":
        unmapped = [name for name in columns(question.tree) if name not in event and name != CATEGORY]
        assert run(_EQL, text, question.tree, event, unmapped) == answer, f"{unmapped} not mapped: {text}"
    return answer


def _reported(runner: Eql | Esql, question: Question, event: Event) -> Answer:
    try:
        return run(runner, question.query.text, question.tree, event)
    except engine.CannotRun as reason:
        raise CannotRun(str(reason)) from None


_EQL, _ESQL = Eql(), Esql()
