"""``sigmaq schemas``: whose field names a query can use."""

import typer


def schemas() -> None:
    """List the schemas, for -s."""
    from transpiler import registry
    from transpiler.cli.tables import table

    rows = []
    for name in registry.schemas():
        schema = registry.schema(name)
        rows.append((name, schema.title, "every target" if schema.keep else ", ".join(schema.targets)))
    typer.echo(table(("SCHEMA", "NAMES", "TARGETS"), rows), nl=False)
