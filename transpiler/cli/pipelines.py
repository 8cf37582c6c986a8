"""``sigmaq pipelines``: the installed pySigma pipelines."""

from typing import Annotated

import typer


def pipelines(
    target: Annotated[
        str | None, typer.Option("--target", "-t", metavar="TARGET", help="Only those for this target.")
    ] = None,
) -> None:
    """List the installed pySigma pipelines, for -p. A YAML file of yours is named by its path."""
    from transpiler import registry
    from transpiler.cli.tables import table
    from transpiler.pipeline import installed

    targets = registry.targets() if target is None else [registry.language(target).name]
    rows = []
    for each in installed():
        fitting = [name for name in targets if each.fits(name)]
        if each.broken or fitting:
            every = not each.backends and target is None
            title = each.broken or each.title
            rows.append((each.name, title, each.package, "every target" if every else ", ".join(fitting)))
    typer.echo(table(("PIPELINE", "TITLE", "PACKAGE", "TARGETS"), rows), nl=False)
