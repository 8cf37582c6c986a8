"""The options that commands share, as types of their parameters."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from enum import StrEnum
from typing import Annotated

import typer

Level = StrEnum("Level", ["informational", "low", "medium", "high", "critical"])
Status = StrEnum("Status", ["unsupported", "deprecated", "experimental", "test", "stable"])
Strings = StrEnum("Strings", ["folded"])
UnmappedChoice = StrEnum("UnmappedChoice", {"REFUSE": "refuse", "PASS": "pass"})


def targets_like(incomplete: str) -> list[str]:
    """The targets that begin with what was typed, for shell completion."""
    from transpiler.registry import targets

    return [name for name in (*targets(), "all") if name.startswith(incomplete)]


def schemas_like(incomplete: str) -> list[str]:
    """The schemas that begin with what was typed, for shell completion."""
    from transpiler.registry import schemas

    return [name for name in schemas() if name.startswith(incomplete)]


def pipelines_like(incomplete: str) -> list[str]:
    """The pipelines that begin with what was typed, for shell completion."""
    from transpiler.pipeline import installed

    return [each.name for each in installed() if each.name.startswith(incomplete)]


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        help="Rule files, folders of them (*.yml, *.yaml), or - for standard input.  [default: those of sigmaq.toml]",
    ),
]

Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="TARGET",
        autocompletion=targets_like,
        help="Query language; repeatable; `all` means every one.",
    ),
]

Schema = Annotated[
    str | None,
    typer.Option(
        "--schema",
        "-s",
        metavar="SCHEMA",
        autocompletion=schemas_like,
        help="Whose field names to use: a name or a file; `none` keeps the rule's.  [default: the target's]",
    ),
]

Pipelines = Annotated[
    list[str] | None,
    typer.Option(
        "--pipeline",
        "-p",
        metavar="NAME|FILE",
        autocompletion=pipelines_like,
        help="A pySigma pipeline to apply before the schema: a name or a YAML file; repeatable."
        "  The schema is then `none` unless -s names one.",
    ),
]

StringsOption = Annotated[
    Strings | None,
    typer.Option("--strings", help="Declare that the deployment indexes strings case-folded: shorter queries."),
]

Index = Annotated[
    str | None,
    typer.Option("--index", metavar="INDEX", help="Index (Splunk) or index pattern (Elastic) to search."),
]

Telemetry = Annotated[
    str | None,
    typer.Option(
        "--telemetry",
        metavar="NAME",
        help="How events are recorded: a name that the schema uses (sysmon, security ...), or `all`."
        "  [default: the first that has what the rule asks for]",
    ),
]

Unmapped = Annotated[
    UnmappedChoice | None,
    typer.Option(
        "--unmapped",
        help="A field or log source that the schema lacks: refuse the rule, or keep its name.  [default: refuse]",
    ),
]

Table = Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Table to search (Kusto).")]

MinLevel = Annotated[
    Level | None, typer.Option("--min-level", case_sensitive=False, help="Only rules of this level and above.")
]

Statuses = Annotated[
    list[Status] | None,
    typer.Option("--status", case_sensitive=False, help="Only rules of this status; repeatable."),
]

Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Only rules with this tag, or one below it (attack.t1059 takes t1059.001); repeatable.",
    ),
]
