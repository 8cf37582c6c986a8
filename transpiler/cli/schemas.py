"""``sigmaq schemas``: whose field names a query can use, what they say, and whether a file is right."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from typing import Annotated

import typer

from transpiler.cli.options import schemas_like

schemas = typer.Typer(help="List the schemas, show what one says, or check a file.", invoke_without_command=True)


@schemas.callback()
def _list(context: typer.Context) -> None:
    """List the schemas, for -s; `show NAME` says what maps where, `check FILE` whether a file is right."""
    if context.invoked_subcommand:
        return
    from transpiler import registry
    from transpiler.cli.tables import table

    rows = []
    for name in registry.schemas():
        schema = registry.schema(name)
        rows.append((name, schema.title, "every target" if schema.keep else ", ".join(schema.targets)))
    typer.echo(table(("SCHEMA", "NAMES", "TARGETS"), rows), nl=False)


@schemas.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=schemas_like, help="A schema, or a file.")],
    log_source: Annotated[
        str | None,
        typer.Option(
            "--log-source",
            "-l",
            metavar="PRODUCT/CATEGORY/SERVICE",
            help="Only log sources with these parts; `-` or nothing between the slashes means any.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a log source and telemetry.")] = False,
) -> None:
    """Show what a schema says: its log sources, or with -l how each is told and what its fields are called."""
    from transpiler.cli.schemas_show import run

    raise typer.Exit(run(name, log_source, as_json=as_json))


@schemas.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Schema files, or names of shipped schemas.")],
) -> None:
    """Check that schema files follow the format; the first mistake in each is shown. Exit code 1 if there is one."""
    from transpiler.cli.schemas_check import run

    raise typer.Exit(run(files))
