"""``sigmaq codes``: every diagnostic explained."""

from typing import Annotated

import typer


def _codes(incomplete: str) -> list[str]:
    """The codes that begin with what was typed, for shell completion."""
    from transpiler.codes import CODES

    return [code for code in CODES if code.startswith(incomplete)]


def codes(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", autocompletion=_codes, help="Explain this code only.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the whole catalogue as Markdown.")] = False,
) -> None:
    """List the codes of diagnostics, or explain one."""
    from transpiler.codes import CODES

    if markdown:
        typer.echo(as_markdown(), nl=False)
    elif code is None:
        for name, each in CODES.items():
            typer.echo(f"{name}  {each.severity:<7}  {each.title}")
    elif entry := CODES.get(code.upper()):
        typer.echo(f"{code.upper()} ({entry.severity}): {entry.title}\n\n{entry.explanation}\nWay out: {entry.hint}.")
    else:
        raise typer.BadParameter(f"there is no code {code}; `sigmaq codes` lists them", param_hint="CODE")


def as_markdown() -> str:
    """docs/diagnostics.md, from the catalogue and its template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from transpiler.codes import CODES
    from transpiler.output import TEMPLATES

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown, and every value is our own
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("diagnostics.md").render(codes=CODES)
