"""Exit codes, and how a command says that it cannot begin."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from transpiler.errors import SigmaError

WRONG = 2
"""The exit code for wrong usage, as click has it."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count it."""


def refuse(error: SigmaError) -> int:
    """Say on standard error why nothing was done; the exit code."""
    from transpiler.cli.lines import Lines
    from transpiler.report import Report

    report = Report(sys.stderr.write, Lines().line, color=colored(sys.stderr))
    report.add([error.diagnostic])
    report.close()
    return WRONG


def colored(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that shows them, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
