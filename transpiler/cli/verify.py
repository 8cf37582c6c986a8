"""``sigmaq verify``: the options. What they do is in ``verify_run``."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from enum import StrEnum
from typing import Annotated, Literal

import typer

from transpiler.cli.options import (
    Index,
    MinLevel,
    Paths,
    Pipelines,
    Schema,
    Statuses,
    StringsOption,
    Table,
    Tags,
    Targets,
    Telemetry,
    Unmapped,
)

Shape = StrEnum("Shape", ["sigma", "schema"])


def verify(
    paths: Paths = None,
    target: Targets = None,
    schema: Schema = None,
    pipeline: Pipelines = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--events",
            metavar="FILE|DIR",
            help="Your own events instead of made ones: .ndjson, .jsonl, .json (also .gz, .zst), .evtx; repeatable.",
        ),
    ] = None,
    shape: Annotated[
        Shape | None,
        typer.Option("--shape", help="Whose field names your events use.  [default: seen from the events]"),
    ] = None,
    require_verified: Annotated[
        bool, typer.Option("--require-verified", help="A query that is not verified fails the run too.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print verdicts and diagnostics as JSON, one object a line.")
    ] = False,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Write the verdicts as JUnit XML too.")
    ] = None,
    strings: StringsOption = None,
    telemetry: Telemetry = None,
    unmapped: Unmapped = None,
    index: Index = None,
    table: Table = None,
    min_level: MinLevel = None,
    status: Statuses = None,
    tag: Tags = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every reason and diagnostic, not one of each kind.")
    ] = False,
) -> None:
    """Run the queries of rules and hold them to what the rules say.

    Each query is run by an engine on events made from its rule (or on yours): those the rule matches
    and near misses. Verified: all answers agree, and some event matches and some does not. Exit code
    0: no query differs from its rule; 1: some query does, or some rule was not converted; 2: wrong
    usage.
    """
    from transpiler.cli.run import Job
    from transpiler.cli.settings import settings
    from transpiler.cli.verify_run import VerifyJob, run
    from transpiler.query import Options

    options = Options(strings and strings.value, index, table, telemetry, unmapped and unmapped.value)
    asked = settings(paths, target, schema, options, pipeline)
    if shape and not events:
        raise typer.BadParameter("it is about your own events: give --events too", param_hint="--shape")
    job = Job(
        paths=asked.paths,
        targets=asked.targets,
        schema=asked.schema,
        pipelines=asked.pipelines,
        json=as_json,
        options=asked.options,
        min_level=min_level,
        statuses=frozenset(status or ()),
        tags=tuple(tag or ()),
        verbose=verbose,
    )
    known: Literal["sigma", "schema"] | None = None
    if shape is not None:
        known = "schema" if shape is Shape.schema else "sigma"
    raise typer.Exit(run(VerifyJob(job, tuple(events or ()), known, require_verified, junit)))
