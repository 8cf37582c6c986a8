"""What ``sigmaq compare`` does: compile a rule, have pySigma do so, run both queries, show what was seen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from transpiler.api import Compiler
from transpiler.cli.compare_text import comparison_object, show
from transpiler.cli.lines import Lines
from transpiler.cli.run import ALL, guarded, utf8
from transpiler.cli.sinks import json_line
from transpiler.cli.usage import colored
from transpiler.cli.verify_json import diagnostic_lines
from transpiler.compare import Comparer
from transpiler.diagnostics import diagnostic
from transpiler.errors import UsageError
from transpiler.registry import targets
from transpiler.report import Report, Tally
from transpiler.source import read
from transpiler.verify import Verifier


def run(path: str, wanted: Iterable[str], schema: str, *, as_json: bool = False) -> int:
    """Do it; returns the exit code. Nothing but a defect of ours raises."""
    return guarded(lambda: _run(path, list(wanted), schema, as_json=as_json), as_json=as_json)


def _run(path: str, wanted: list[str], schema: str, *, as_json: bool) -> int:
    names = list(dict.fromkeys(targets() if ALL in wanted else wanted))
    compiler = Compiler(names, schema=schema)
    if os.path.isdir(path):  # noqa: PTH112 - the path stays as it was given
        raise UsageError(diagnostic("U806", f"{path} is a folder; one rule file is compared"))
    text = read(path)
    lines = Lines()
    lines.keep(path, text)
    report = Report(sys.stderr.write, lines.line, color=colored(sys.stderr), name_targets=len(names) > 1)
    tally = Tally()
    utf8(sys.stdout)
    with Verifier() as verifier:
        comparer = Comparer(text, verifier)
        for outcome in compiler.compile(path, text):
            tally.add([outcome])
            for found in comparer.compare(outcome):
                if as_json:
                    sys.stdout.write(json_line(comparison_object(found)))
                else:
                    show(found, sys.stdout)
            if as_json:
                for line in diagnostic_lines(outcome):
                    sys.stdout.write(json_line(line))
            else:
                report.add(each for each in outcome.diagnostics if each.severity == "error")
    sys.stdout.flush()
    report.close(apart=sys.stdout.isatty())
    return int(tally.failed)
