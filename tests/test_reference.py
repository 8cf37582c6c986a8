"""Over the whole corpus, our tree of a rule equals pySigma's, or the difference is listed."""

from __future__ import annotations

import pytest

from tests.support import corpus
from transpiler import ast
from transpiler.ast import Node
from transpiler.parse import rule
from transpiler.passes import normalise
from transpiler.pattern import variants
from transpiler.source import Document, documents

DIFFERENT: dict[str, str] = {}
"""Rule id -> the specification's sentence by which our tree, and not pySigma's, is right."""


def ours(text: str) -> list[Node]:
    """The conditions of a rule as our front end reads them."""
    (document,) = documents("rule.yml", text)
    assert isinstance(document, Document)
    return [condition.tree for condition in rule(document)[0].conditions]


def canonical(node: Node) -> object:
    """A tree up to the order of operands, with every dashed value spelled out.

    pySigma lists the spellings of a dash where we keep one token, and keeps each value of a list in
    a leaf of its own where we keep one leaf; both are undone here.
    """
    if isinstance(node, (ast.And, ast.Or)):
        return (type(node).__name__, frozenset(map(canonical, node.children)))
    if isinstance(node, ast.Not):
        return ("Not", canonical(node.child))
    return node


def spelled(node: Node) -> Node:
    """The tree with every spelling of a dashed pattern as a pattern of its own."""
    if isinstance(node, (ast.And, ast.Or)):
        return type(node)(tuple(map(spelled, node.children)))
    if isinstance(node, ast.Not):
        return ast.Not(spelled(node.child))
    if isinstance(node, (ast.Match, ast.Keyword)):
        patterns = frozenset(each for given in node.patterns for each in variants(given) or ())
        ordered = tuple(sorted(patterns, key=str))
        return ast.Match(node.field, ordered, node.cased) if isinstance(node, ast.Match) else ast.Keyword(ordered)
    if isinstance(node, ast.Equals):
        return ast.Equals(node.field, tuple(sorted(node.values, key=repr)))
    return node


def comparable(node: Node) -> object:
    """What two trees of one meaning share."""
    return canonical(normalise(spelled(normalise(node))))


@pytest.mark.no_cover
def test_every_rule_of_the_corpus_has_the_same_tree() -> None:
    from tests.support import pysigma

    files = corpus.rules()
    different = []
    for path in files:
        text = path.read_text("utf-8")
        theirs = [comparable(tree) for tree in pysigma.trees(text)]
        if [comparable(tree) for tree in ours(text)] != theirs:
            different.append(path.name)
    assert different == sorted(DIFFERENT)
    assert len(files) >= 3000
