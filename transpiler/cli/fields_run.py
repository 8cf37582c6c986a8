"""What ``sigmaq fields`` does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from transpiler import files, registry
from transpiler.api import Compiler, Outcome
from transpiler.cli.lines import Lines
from transpiler.cli.run import guarded, no_rules, outcomes_of
from transpiler.cli.sinks import json_line
from transpiler.cli.tables import table
from transpiler.cli.usage import colored
from transpiler.errors import UsageError
from transpiler.fields import NEVER, NO_SOURCE, UNMAPPED, Placed, Use, used
from transpiler.output import visible
from transpiler.report import Report

WIDTH = 60
"""How many characters of a column's name are shown."""


def run(paths: Sequence[str], schemas: Sequence[str], *, only_unmapped: bool, as_json: bool) -> int:
    """Print the fields; gives the exit code."""
    return guarded(lambda: _run(paths, schemas, only_unmapped, as_json), as_json=as_json)


def _run(paths: Sequence[str], schemas: Sequence[str], only_unmapped: bool, as_json: bool) -> int:
    found = files.find(tuple(paths))
    if not found.files:
        raise UsageError(no_rules(", ".join(found.empty)))
    known = [registry.schema(name) for name in schemas or registry.schemas()]
    known = [schema for schema in known if schemas or not schema.keep]
    uses = used(_outcomes(found.files), known)
    if only_unmapped:
        uses = [use for use in uses if any(placed.lost for placed in use.placed)]
    names = [schema.name for schema in known]
    if as_json:
        for use in uses:
            sys.stdout.write(json_line(_object(use, names)))
    else:
        rows = [(visible(use.field), f"{use.rules:,}", *map(_cell, use.placed)) for use in uses]
        sys.stdout.write(table(("FIELD", "RULES", *(name.upper() for name in names)), rows))
    return 0


def _outcomes(paths: Sequence[str]) -> Iterator[Outcome]:
    """What the rules are; those that are none are said, and counted by nobody."""
    compiler, lines = Compiler([]), Lines()
    report = Report(sys.stderr.write, lines.line, color=colored(sys.stderr), name_targets=False)
    for path in paths:
        for outcome in outcomes_of(path, compiler, lines):
            report.add(outcome.diagnostics)
            yield outcome
    report.close(apart=sys.stdout.isatty())


def _cell(placed: Placed) -> str:
    """The place for most rules, and for how many rules there is none."""
    place = placed.places[0][0]
    text = place if len(place) <= WIDTH else place[: WIDTH - 1] + "\u2026"
    if placed.lost and place not in (UNMAPPED, NEVER, NO_SOURCE):
        text += f" (not for {placed.lost:,})"
    return text


def _object(use: Use, schemas: Sequence[str]) -> dict[str, object]:
    places = {name: dict(placed.places) for name, placed in zip(schemas, use.placed, strict=True)}
    return {"kind": "field", "field": use.field, "rules": use.rules, "schemas": places}
