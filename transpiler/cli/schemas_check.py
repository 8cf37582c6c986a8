"""What ``sigmaq schemas check`` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from transpiler import registry
from transpiler.cli.lines import Lines
from transpiler.cli.run import guarded
from transpiler.cli.usage import colored
from transpiler.errors import SigmaError
from transpiler.report import Report
from transpiler.schemafile import check


def run(files: Sequence[str]) -> int:
    """Check each file and say what is wrong, at its line; gives the exit code."""
    return guarded(lambda: _run(files), as_json=False)


def _run(files: Sequence[str]) -> int:
    report = Report(sys.stderr.write, Lines().line, color=colored(sys.stderr), verbose=True, name_targets=False)
    wrong = 0
    for name in files:
        try:
            schema = registry.schema(name)
            known = check(schema)
        except SigmaError as error:
            wrong += 1
            report.add([error.diagnostic])
            continue
        columns = len(schema.routes.columns())
        sys.stdout.write(f"{name}: {schema.name}, {known:,} log sources, {columns:,} columns\n")
    report.close()
    return 1 if wrong else 0
