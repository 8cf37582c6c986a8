"""``sigmaq convert``: the options. What they do is in ``run``."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from typing import Annotated

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


def convert(
    paths: Paths = None,
    target: Targets = None,
    schema: Schema = None,
    pipeline: Pipelines = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            help="A file for all, or a folder (one that exists, or DIR/) for one file a query.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print queries and diagnostics as JSON, one object a line.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Refuse a rule whose query would be weaker or wider: warnings are errors.")
    ] = False,
    ast: Annotated[bool, typer.Option("--ast", help="Print the rule's tree instead of queries.")] = False,
    strings: StringsOption = None,
    telemetry: Telemetry = None,
    unmapped: Unmapped = None,
    index: Index = None,
    table: Table = None,
    min_level: MinLevel = None,
    status: Statuses = None,
    tag: Tags = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every diagnostic, not one of each kind.")
    ] = False,
) -> None:
    """Convert rules to queries.

    Queries go to standard output, diagnostics to standard error. Exit code 0: every rule was
    converted; 1: some rule was not; 2: wrong usage.
    """
    from transpiler.cli.run import Job, run
    from transpiler.cli.settings import settings
    from transpiler.query import Options

    options = Options(strings and strings.value, index, table, telemetry, unmapped and unmapped.value)
    asked = settings(paths, target, schema, options, pipeline, needs_target=not ast)
    job = Job(
        paths=asked.paths,
        targets=asked.targets,
        schema=asked.schema,
        pipelines=asked.pipelines,
        output=output,
        json=as_json,
        exact=exact,
        ast=ast,
        options=asked.options,
        min_level=min_level,
        statuses=frozenset(status or ()),
        tags=tuple(tag or ()),
        verbose=verbose,
    )
    raise typer.Exit(run(job))
