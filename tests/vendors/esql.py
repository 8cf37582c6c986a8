"""Elastic's grammars of ES|QL, 8.19 to 9.5, with its checks of columns and types.

They live in an environment of their own (tests/vendors/esql.sh), found at SIGMAQ_VENDORS/esql
(default: .vendors/esql in the project), and run there as a child process.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.corpus import ROOT, not_run
from transpiler.engine import Column

HOME = Path(os.environ.get("SIGMAQ_VENDORS") or ROOT / ".vendors") / "esql"
VERSIONS = ("8.19.0", "9.5.0")
"""The oldest and the newest grammar that the package holds."""

TYPES = {
    "string": "keyword",
    "unknown": "keyword",
    "dynamic": "keyword",
    "int": "long",
    "float": "double",
    "bool": "boolean",
    "ip": "ip",
    "datetime": "date",
}
"""Column type -> the type of field in Elasticsearch."""

Checked = tuple[str, str, Mapping[str, str] | None]
"""Version, query, and the fields (name -> type) that it may name; None: any."""


def fields(columns: Mapping[str, Column] | None) -> dict[str, str] | None:
    """The fields of a query's columns, as a mapping has them."""
    if columns is None:
        return None
    return {name: "text" if column.strings == "text" else TYPES[column.type] for name, column in columns.items()}


def check(queries: Iterable[Checked]) -> list[str | None]:
    """For each query what the grammar says against it, or None. Skips the test if it is not installed."""
    python = HOME / "bin" / "python"
    if not python.exists():
        not_run("Elastic's grammar of ES|QL is not installed (tests/vendors/esql.sh)")
    lines = "".join([json.dumps(each) + "\n" for each in queries])
    child = Path(__file__).with_name("esql_child.py")
    found = subprocess.run([python, "-I", child], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in found.stdout.splitlines()]
