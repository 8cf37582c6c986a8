"""``sigmaq targets``: the query languages."""

import typer


def targets() -> None:
    """List the query languages, for -t."""
    from transpiler import registry
    from transpiler.cli.tables import table

    rows = []
    for name in registry.targets():
        language = registry.language(name)
        rows.append((name, language.title, f".{language.extension}", ", ".join(registry.fitting(name))))
    typer.echo(table(("TARGET", "LANGUAGE", "FILE", "SCHEMAS (default first)"), rows), nl=False)
