"""Broken backends are found by running what they emit: three mutants of every target, none by its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support import corpus
from transpiler import ast, pattern, registry
from transpiler.api import Compiler, Outcome
from transpiler.mapping import map_rule
from transpiler.query import Options
from transpiler.verify import Verdict, Verifier

RULE = r"""
title: A copy of a driver is loaded by a service
logsource: {product: windows, category: process_creation}
detection:
    program:
        Image|endswith: '\copy.exe'
        CommandLine|contains: 'drivers\*.sys'
    expected:
        User|startswith: 'LOCAL'
    condition: program and not expected
""".replace(r"\*.sys", r"\\\*.sys")

Mutant = Callable[[ast.Node], ast.Node]
"""What a broken backend takes a node for."""


def lost_not(node: ast.Node) -> ast.Node:
    """``not x`` is said as ``x``."""
    return node.child if isinstance(node, ast.Not) else node


def wrong_escape(node: ast.Node) -> ast.Node:
    """A literal ``*`` goes out as a wildcard."""
    return node._replace(patterns=tuple(map(_loose, node.patterns))) if isinstance(node, ast.Match) else node


def case_counts(node: ast.Node) -> ast.Node:
    """A comparison that ignores letter case is said with an operator that does not."""
    return node._replace(cased=True) if isinstance(node, ast.Match) else node


def whole_values(node: ast.Node) -> ast.Node:
    """``contains`` is said as equality: the third mutant where no operator heeds letter case."""
    if isinstance(node, ast.Match):
        return node._replace(patterns=tuple([pattern.literal(each.text) for each in node.patterns]))
    return node


def _loose(given: pattern.Pattern) -> pattern.Pattern:
    tokens: list[pattern.Token] = []
    for token in given.tokens:
        if isinstance(token, str):
            first, *others = token.split("*")
            tokens.append(first)
            for each in others:
                tokens += [pattern.MANY, each]
        else:
            tokens.append(token)
    return pattern.pattern(*tokens)


def mutated(node: ast.Node, mutant: Mutant) -> ast.Node:
    """The tree as the broken backend takes it."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([mutated(child, mutant) for child in node.children]), node.span)
    if isinstance(node, ast.Not):
        return mutant(ast.Not(mutated(node.child, mutant), node.span))
    return mutant(node)


MUTANTS: list[tuple[str, Mutant]] = [
    (target, mutant)
    for target in registry.targets()
    for mutant in (lost_not, wrong_escape, whole_values if target == "kibana" else case_counts)
]
OPTIONS = {"kibana": Options(strings="folded")}
"""Kibana's language has no operator that ignores letter case: there the index must."""


@pytest.fixture(scope="module")
def verifier() -> Any:
    with Verifier(isolated=False) as found:
        yield found


def outcome(target: str) -> Outcome:
    (found,) = Compiler([target], schema="none", options=OPTIONS.get(target, Options())).compile("rule.yml", RULE)
    return found


def judged(verifier: Verifier, target: str, mutant: Mutant | None) -> list[Verdict]:
    """The verdicts on the rule's query, as the backend writes it, or one that takes the tree wrongly."""
    options = OPTIONS.get(target, Options())
    made = outcome(target)
    (query,) = made.queries
    (mapped,) = map_rule(registry.schema("none"), query.rule, made.trees[0], options)
    if mutant is not None:
        tree = mutated(mapped.tree, mutant)
        text, _ = registry.backend(target).render(tree, mapped.source, options)
        assert text != query.text, "the mutant says the same"
        query = replace(query, text=text)
    verifier.options = options
    verdicts = list(verifier.judge(query, mapped, list(verifier.events(query.rule, mapped))))
    for each in verdicts:
        if not each.engine:
            corpus.not_run(each.reason)
    return verdicts


@pytest.mark.parametrize("target", registry.targets())
def test_the_backend_itself_is_right(verifier: Verifier, target: str) -> None:
    assert {each.status for each in judged(verifier, target, None)} == {"verified"}


@pytest.mark.parametrize(("target", "mutant"), MUTANTS, ids=[f"{target}-{each.__name__}" for target, each in MUTANTS])
def test_a_mutant_is_caught(verifier: Verifier, target: str, mutant: Mutant) -> None:
    assert {each.status for each in judged(verifier, target, mutant)} == {"mismatch"}
