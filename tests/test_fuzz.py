"""Properties of whole rules that nobody wrote; how many are tried is said by SIGMAQ_FUZZ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import pytest
from hypothesis import given, note

from tests.support.strategies import fuzz, quoted, rules
from transpiler import evaluate, registry
from transpiler.api import Compiler, Outcome
from transpiler.ast import Node
from transpiler.engine import CannotRun
from transpiler.errors import SchemaError
from transpiler.mapping import map_rule
from transpiler.passes import PASSES, normalise
from transpiler.query import Options
from transpiler.source import documents
from transpiler.stored import columns, has_keywords, stored
from transpiler.text import dump, parse
from transpiler.witness import near, witnesses


@lru_cache(maxsize=256)
def outcome(text: str) -> Outcome:
    """What becomes of a rule without targets."""
    (found,) = Compiler([]).compile("rule.yml", text)
    return found


def raw_trees(text: str) -> list[Node]:
    """The rule's conditions as they are read, before any pass."""
    rule = outcome(text).rule
    return [condition.tree for condition in rule.conditions] if rule else []


def mapped_trees(text: str) -> Iterator[Node]:
    """The rule's conditions in the names and types of every schema that knows them."""
    rule = outcome(text).rule
    for tree in outcome(text).trees:
        for name in registry.schemas():
            assert rule is not None
            try:
                yield from (each.tree for each in map_rule(registry.schema(name), rule, tree, Options()))
            except SchemaError:
                continue


def test_most_rules_are_rules() -> None:
    became: Counter[str] = Counter()

    @fuzz
    @given(rules())
    def count(text: str) -> None:
        codes = [each.code for each in outcome(text).diagnostics if each.severity == "error"]
        became["compiled" if outcome(text).trees else codes[0]] += 1

    count()
    assert became["compiled"] > 0.8 * became.total()
    assert not {"S103", "S104", "U899"} & set(became), became


@fuzz
@given(rules())
def test_every_target_compiles_or_refuses(text: str) -> None:
    note(text)
    for schema in (None, "none"):
        (made,) = Compiler(registry.targets(), schema=schema).compile("rule.yml", text)
        assert [str(each) for each in made.diagnostics if each.code == "U899"] == []
        said = {(each.target, each.code) for each in made.diagnostics if each.severity == "error"}
        for target in registry.targets() if made.trees else ():
            queries = [query for query in made.queries if query.target == target]
            refused = [code for name, code in said if name == target]
            assert queries or refused, f"{target} says nothing"
            assert all(query.text.strip() for query in queries)


@fuzz
@given(rules())
def test_the_text_of_a_tree_is_the_tree(text: str) -> None:
    for tree in (*raw_trees(text), *outcome(text).trees, *mapped_trees(text)):
        assert parse(dump(tree)) == tree


@fuzz
@given(rules())
def test_passes_keep_the_meaning(text: str) -> None:
    for tree in raw_trees(text):
        matches = evaluate.compile(tree)
        changed = [evaluate.compile(each) for each in (normalise(tree), *[one(tree) for one in PASSES])]
        for event in (*witnesses(tree), *witnesses(normalise(tree))):
            expected = matches(event)
            assert [other(event) for other in changed] == [expected] * len(changed), event


def test_witnesses_find_both_sides() -> None:
    sides: Counter[frozenset[bool]] = Counter()

    @fuzz
    @given(rules())
    def count(text: str) -> None:
        for tree in outcome(text).trees:
            matches = evaluate.compile(tree)
            events = witnesses(tree)
            json.dumps(events, allow_nan=False).encode()
            sides[frozenset(map(matches, events))] += 1
            assert all(isinstance(matches(event), bool) for each in events[:2] for event in near(tree, each, limit=10))

    count()
    assert sides[frozenset({True, False})] > 0.88 * sides.total(), sides


@fuzz
@given(rules())
def test_witnesses_fit_their_columns(text: str) -> None:
    for tree in mapped_trees(text):
        try:
            table = columns(tree)
        except CannotRun:
            continue
        whole = has_keywords(tree)
        events = witnesses(tree, limit=30)
        assert [event for event in events if stored(event, table, whole=whole) is None] == []


@pytest.mark.parametrize("text", ["", 'a"b\\c', "\0\x1f\x7f\x85\xa0\u2028\ufeff\U0001f600", "é\n\t"])
def test_a_quoted_text_is_read_as_it_is(text: str) -> None:
    (document,) = documents("x", quoted(text) + "\n")
    assert document.root.value == text  # type: ignore[union-attr]
