"""``sigmaq convert``: the options. What they do is in ``run``."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from typing import Annotated

import typer

from transpiler.cli.options import (
    Index,
    MinLevel,
    Paths,
    Schema,
    Statuses,
    StringsOption,
    Table,
    Tags,
    Targets,
    Telemetry,
    Unmapped,
    UnmappedChoice,
)


def convert(
    paths: Paths,
    target: Targets = None,
    schema: Schema = None,
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
    unmapped: Unmapped = UnmappedChoice.REFUSE,
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
    from transpiler.query import Options
    from transpiler.registry import targets

    if not target and not ast:
        raise typer.BadParameter(f"name at least one target: {', '.join(targets())}, or all", param_hint="-t")
    job = Job(
        paths=tuple(paths),
        targets=tuple(target or ()),
        schema=schema,
        output=output,
        json=as_json,
        exact=exact,
        ast=ast,
        options=Options(
            strings=strings and strings.value,
            index=index,
            table=table,
            telemetry=telemetry,
            unmapped=unmapped.value,
        ),
        min_level=min_level,
        statuses=frozenset(status or ()),
        tags=tuple(tag or ()),
        verbose=verbose,
    )
    raise typer.Exit(run(job))
