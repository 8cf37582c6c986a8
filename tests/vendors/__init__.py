"""The vendors' own grammars, which read what the backends emit. For the tests alone; none is ever shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.support import corpus
from transpiler import registry
from transpiler.api import Compiler
from transpiler.engine import CannotRun, Column
from transpiler.query import Options
from transpiler.schema import map_tree
from transpiler.stored import columns


class Emitted(NamedTuple):
    """A query of the corpus: its rule's file name, its text, and its columns if each has one type."""

    rule: str
    text: str
    columns: Mapping[str, Column] | None


def emitted(target: str, schema: str, step: int = 1) -> Iterator[Emitted]:
    """What a target's backend makes of every ``step``-th rule of the corpus, as far as it takes them."""
    compiler = Compiler([target], schema=schema)
    names = registry.schema(schema)
    for path in corpus.rules()[::step]:
        for outcome in compiler.compile(path.name, path.read_bytes()):
            for query in outcome.queries:
                mapped = map_tree(names, query.rule, outcome.trees[query.number - 1], Options())
                try:
                    found: Mapping[str, Column] | None = columns(mapped.tree)
                except CannotRun:
                    found = None
                yield Emitted(path.name, query.text, found)
