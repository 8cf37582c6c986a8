"""``sigmaq fields``: which fields rules use, and where schemas put them."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from typing import Annotated

import typer

from transpiler.cli.options import Paths, schemas_like


def fields(
    paths: Paths = None,
    schema: Annotated[
        list[str] | None,
        typer.Option(
            "--schema",
            "-s",
            metavar="SCHEMA",
            autocompletion=schemas_like,
            help="A schema, or a file; repeatable.  [default: every shipped one]",
        ),
    ] = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="Only fields that a schema lacks for some rule.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a field.")] = False,
) -> None:
    """List the fields that rules use, how often, and where each schema puts them; unmapped ones first."""
    from transpiler.cli.fields_run import run
    from transpiler.cli.settings import settings
    from transpiler.query import Options

    found = settings(paths, None, None, Options(), needs_target=False).paths
    raise typer.Exit(run(found, schema or [], only_unmapped=unmapped, as_json=as_json))
