"""``sigmaq convert``: the options. What they do is in ``run``."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from enum import StrEnum
from typing import Annotated

import typer

Level = StrEnum("Level", ["informational", "low", "medium", "high", "critical"])
Status = StrEnum("Status", ["unsupported", "deprecated", "experimental", "test", "stable"])
Strings = StrEnum("Strings", ["folded"])


def _targets(incomplete: str) -> list[str]:
    """The targets that begin with what was typed, for shell completion."""
    from transpiler.registry import targets

    return [name for name in (*targets(), "all") if name.startswith(incomplete)]


def _schemas(incomplete: str) -> list[str]:
    """The schemas that begin with what was typed, for shell completion."""
    from transpiler.registry import schemas

    return [name for name in schemas() if name.startswith(incomplete)]


def convert(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Rule files, folders of them (*.yml, *.yaml), or - for standard input."),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            autocompletion=_targets,
            help="Query language; repeatable; `all` means every one.",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            "-s",
            metavar="SCHEMA",
            autocompletion=_schemas,
            help="Whose field names to use: a name or a file; `none` keeps the rule's.  [default: the target's]",
        ),
    ] = None,
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
    strings: Annotated[
        Strings | None,
        typer.Option("--strings", help="Declare that the deployment indexes strings case-folded: shorter queries."),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option("--index", metavar="INDEX", help="Index (Splunk) or index pattern (Elastic) to search."),
    ] = None,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Table to search (Kusto).")] = None,
    min_level: Annotated[
        Level | None, typer.Option("--min-level", case_sensitive=False, help="Only rules of this level and above.")
    ] = None,
    status: Annotated[
        list[Status] | None,
        typer.Option("--status", case_sensitive=False, help="Only rules of this status; repeatable."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="TAG",
            help="Only rules with this tag, or one below it (attack.t1059 takes t1059.001); repeatable.",
        ),
    ] = None,
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
        options=Options(strings=strings and strings.value, index=index, table=table),
        min_level=min_level,
        statuses=frozenset(status or ()),
        tags=tuple(tag or ()),
        verbose=verbose,
    )
    raise typer.Exit(run(job))
