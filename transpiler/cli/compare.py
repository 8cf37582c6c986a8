"""``sigmaq compare``: the options. What they do is in ``compare_run``."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from typing import Annotated

import typer

from transpiler.cli.options import Targets, schemas_like


def compare(
    path: Annotated[str, typer.Argument(metavar="RULE", help="A rule file, or - for standard input.")],
    target: Targets = None,
    schema: Annotated[
        str,
        typer.Option(
            "--schema",
            "-s",
            metavar="SCHEMA",
            autocompletion=schemas_like,
            help="Whose field names our query uses; pySigma's, which has no pipeline, keeps the rule's.",
        ),
    ] = "none",
    as_json: Annotated[bool, typer.Option("--json", help="Print comparisons as JSON, one object a line.")] = False,
) -> None:
    """Compare our query with what pySigma's own backend emits for the same rule.

    Both are run by the same engine on events made from the rule; one on which they differ is shown
    with what the rule says of it. Exit code 0, whatever was seen; 1: the rule was not converted; 2:
    wrong usage.
    """
    from transpiler.cli.compare_run import run
    from transpiler.registry import targets

    if not target:
        raise typer.BadParameter(f"name at least one target: {', '.join(targets())}, or all", param_hint="-t")
    raise typer.Exit(run(path, target, schema, as_json=as_json))
