"""What the command line says, and where it says nothing, what sigmaq.toml does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from transpiler import config
from transpiler.cli.usage import refuse
from transpiler.errors import UsageError
from transpiler.query import Options


class Settings(NamedTuple):
    """What to convert, and how."""

    paths: tuple[str, ...]
    targets: tuple[str, ...]
    schema: str | None
    options: Options
    pipelines: tuple[str, ...] = ()


def settings(
    paths: Sequence[str] | None,
    targets: Sequence[str] | None,
    schema: str | None,
    options: Options,
    pipelines: Sequence[str] | None = None,
    *,
    needs_target: bool = True,
) -> Settings:
    """Both together. The file's schema, telemetry and pipelines are those of its targets, and go with them.

    Pipelines of the command line give the platform's names themselves: its schema is then not the file's.
    Raises BadParameter where nothing names a path or target; a file that is wrong (U808) ends the command.
    """
    try:
        found = config.find(Path())
    except UsageError as error:
        raise typer.Exit(refuse(error)) from None
    if not paths and not found.rules:
        raise typer.BadParameter("name at least one file or folder of rules", param_hint="PATH")
    if not targets and not found.targets and needs_target:
        from transpiler.registry import targets as every

        raise typer.BadParameter(f"name at least one target: {', '.join(every())}, or all", param_hint="-t")
    same = not targets or set(targets) <= set(found.targets)
    platform = found if same else config.Config()
    return Settings(
        tuple(paths or found.rules),
        tuple(targets or found.targets),
        schema or (None if pipelines else platform.schema),
        Options(
            strings=options.strings or platform.strings,
            index=options.index or platform.index,
            table=options.table or platform.table,
            telemetry=options.telemetry or (None if pipelines and not schema else platform.telemetry),
            unmapped=options.unmapped or found.unmapped,
        ),
        tuple(pipelines or platform.pipelines),
    )
