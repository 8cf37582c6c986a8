"""Running the command line, and the rules it is run on."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from transpiler.ast import Exists, Field
from transpiler.cli.app import app
from transpiler.model import Condition, LogSource, Rule
from transpiler.query import Query
from transpiler.span import Span

SCRIPT = Path(sys.executable).with_name("sigmaq")

GOOD = """\
title: Printer Spooler Restarted
id: 0f7a3c1e-6a70-4a6f-9d43-0a1b2c3d4e5f
status: test
level: medium
author: A. Tester
tags: [attack.execution, attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\net.exe'
  condition: selection
"""
BAD = """\
title: No Such Selection
id: 1b2c3d4e-0000-4000-8000-000000000001
logsource: {product: windows}
detection:
  selection:
    A: b
  condition: selektion
"""
WARNS = """\
title: Empty User
id: 2b2c3d4e-0000-4000-8000-000000000002
logsource: {product: windows}
detection:
  selection:
    User: null
  condition: selection
"""
TWO = """\
title: Two Conditions
id: 3b2c3d4e-0000-4000-8000-000000000003
logsource: {product: windows}
detection:
  one:
    A: b
  two:
    C: d
  condition: [one, two]
"""


def convert(*arguments: str | Path, text: str | bytes | None = None) -> Result:
    """Run ``sigmaq convert`` in this process."""
    return CliRunner().invoke(app, ["convert", *map(str, arguments)], input=text, catch_exceptions=False)


def command(*arguments: str) -> Result:
    """Run another command in this process."""
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def script(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed ``sigmaq`` script."""
    return subprocess.run(
        [str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, **options
    )


def python(code: str, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a snippet in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": ""},
        **options,
    )


def rule(title: str = "A Rule", *, path: str = "rules/a_rule.yml", conditions: int = 1, **facts: Any) -> Rule:
    """A rule made by hand."""
    tree = Exists(Field("A"))
    span = Span(path, 1, 1)
    return Rule(
        title,
        LogSource(),
        tuple(Condition("s", tree, span) for _ in range(conditions)),
        {"s": tree},
        span,
        **facts,
    )


def query(of: Rule, *, text: str = "A=b", target: str = "splunk", number: int = 1) -> Query:
    """A query made by hand."""
    return Query(text, of, target, "none", number, condition=number)
