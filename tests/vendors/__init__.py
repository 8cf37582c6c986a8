"""The vendors' own grammars, which read what the backends emit. For the tests alone; none is ever shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from tests.support import corpus
from transpiler.api import Compiler
from transpiler.engine import CannotRun, Column
from transpiler.schema import Mapped
from transpiler.stored import columns


class Emitted(NamedTuple):
    """A query of the corpus: its rule's file name, its text, and its columns if each has one type."""

    rule: str
    text: str
    columns: Mapping[str, Column] | None


def emitted(target: str, schema: str, step: int = 1) -> Iterator[Emitted]:
    """What a target's backend makes of every ``step``-th rule of the corpus, as far as it takes them."""
    compiler = Compiler([target], schema=schema)
    for path in corpus.rules()[::step]:
        for outcome in compiler.compile(path.name, path.read_bytes()):
            for query in outcome.queries:
                mapped = cast(Mapped, query.mapped)
                try:
                    found: Mapping[str, Column] | None = columns(mapped.tree, mapped.source.keyword_fields)
                except CannotRun:
                    found = None
                yield Emitted(path.name, query.text, found)
