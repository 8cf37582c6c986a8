"""Which rules a run takes, and the verdicts on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tests.support.corpus import ROOT
from tests.sweep.tally import Key, Tally
from transpiler import registry
from transpiler.api import Compiler, Outcome
from transpiler.engine import Engine
from transpiler.verify import Events, Verdict, Verifier, from_witnesses


def tree_hash() -> str:
    """A hash of the code and its tests: the seed of the sample, so that each change draws another one."""
    digest = hashlib.sha256()
    for room in ("transpiler", "backends", "tests"):
        for path in sorted((ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def sample(paths: Sequence[Path], count: int, seed: str) -> list[Path]:
    """So many of the paths, drawn by the seed, in order."""
    drawn = sorted(paths, key=lambda path: hashlib.sha256(f"{seed} {path.name}".encode()).digest())
    return sorted(drawn[:count])


def lanes(targets: Sequence[str]) -> list[Key]:
    """(target, schema) for the schema `none` and each target's default."""
    return [(target, schema) for target in targets for schema in ("none", registry.language(target).schemas[0])]


def held(
    paths: Sequence[Path],
    wanted: Sequence[Key],
    engines: dict[str, list[type[Engine]]],
    events: Events = from_witnesses,
) -> dict[Key, Tally]:
    """The tallies of the rules of some files."""
    found = {key: Tally() for key in wanted}
    by_schema: dict[str, list[str]] = {}
    for target, schema in wanted:
        by_schema.setdefault(schema, []).append(target)
    with Verifier(events=events, engines=engines) as verifier:
        for schema, targets in by_schema.items():
            compiler = Compiler(targets, schema=schema)
            for outcome in outcomes(compiler, paths):
                for verdicts in by_query(verifier.verify(outcome)):
                    found[verdicts[0].query.target, schema].add(verdicts)
    return found


def outcomes(compiler: Compiler, paths: Sequence[Path]) -> Iterator[Outcome]:
    """What the compiler makes of the files; a path is shown by its name alone."""
    for path in paths:
        yield from compiler.compile(path.name, path.read_text("utf-8"))


def by_query(verdicts: Iterator[Verdict]) -> Iterator[list[Verdict]]:
    """The verdicts of one query together."""
    for _, some in groupby(verdicts, key=lambda each: (each.query.target, each.query.number)):
        yield list(some)
