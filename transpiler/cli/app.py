"""The commands of ``sigmaq`` and what they are called."""

from typing import Annotated

import typer

from transpiler.cli import codes, compare, convert, fields, init, pipelines, schemas, targets, verify

app = typer.Typer(
    name="sigmaq",
    help="Compile Sigma detection rules into queries that mean what the rule means.",
    no_args_is_help=True,
    # Plain help and plain errors: the same text in a terminal, a log and a pipe, and no rich to load.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(convert.convert)
app.command()(verify.verify)
app.command()(compare.compare)
app.command()(targets.targets)
app.add_typer(schemas.schemas, name="schemas")
app.command()(pipelines.pipelines)
app.command()(fields.fields)
app.command()(init.init)
app.command()(codes.codes)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sigmaq {version('sigmaq')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
