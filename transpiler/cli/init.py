"""``sigmaq init``: a starting sigmaq.toml."""

# No `from __future__ import annotations` here: typer would evaluate every annotation again and again (10 ms).
from enum import StrEnum
from typing import Annotated

import typer

Platform = StrEnum(
    "Platform",
    {
        "SPLUNK": "splunk",
        "SPLUNK_CIM": "splunk-cim",
        "ELASTIC": "elastic",
        "SENTINEL": "sentinel",
        "ASIM": "asim",
        "DEFENDER": "defender",
    },
)


def init(
    platform: Annotated[
        Platform | None, typer.Option("--platform", help="What the queries are for.  [default: asked for]")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", "-t", metavar="TARGET", help="Query language, where a platform has several."),
    ] = None,
    rules: Annotated[str | None, typer.Option("--rules", metavar="DIR", help="Where the rules are.")] = None,
    telemetry: Annotated[
        str | None, typer.Option("--telemetry", metavar="NAME", help="How events are recorded: sysmon, security ...")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")] = "sigmaq.toml",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a starting sigmaq.toml; what is not given as an option is asked for."""
    from transpiler.cli.init_run import PLATFORMS, run

    if platform is None:
        names = ", ".join(PLATFORMS)
        platform = typer.prompt(f"What are the queries for? ({names})", type=Platform, show_choices=False)
    languages = PLATFORMS[platform.value].targets
    if target is None:
        target = languages[0]
        if len(languages) > 1:
            target = typer.prompt(f"Which language? ({', '.join(languages)})", default=languages[0])
    if rules is None:
        rules = typer.prompt("Where are the rules?", default="rules")
    raise typer.Exit(run(platform.value, target, rules, telemetry, output, force=force))
