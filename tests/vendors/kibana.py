r"""Kibana's own parser of KQL, under node.

Installed by tests/vendors/kibana.sh at SIGMAQ_VENDORS/kibana (default: .vendors/kibana in the project).
The package is of Kibana 7, whose grammar has two spellings less than today's: braces are ordinary
characters there, without a backslash, and ``\uHHHH`` is not read. So a query is put in the older
spelling first: ``\{`` becomes ``{``, and ``\uHHHH`` the letter ``u``, which leaves the form of the query
as it is, though not the value.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.corpus import ROOT, not_run
from tests.vendors import emitted

HOME = (
    Path(os.environ.get("SIGMAQ_VENDORS") or ROOT / ".vendors") / "kibana" / "node_modules" / "@cybernetex/kbn-es-query"
)

_ESCAPE = re.compile(r"\\(?:(u)[0-9a-fA-F]{4}|([{}])|(.))", re.DOTALL)


def older(query: str) -> str:
    """A query as Kibana 7 spells it."""
    return _ESCAPE.sub(lambda found: found[1] or found[2] or found[0], query)


def read(queries: Iterable[str]) -> list[tuple[list[Any], str | None]]:
    """The values each query asks for, and what is said against it. Skips the test where the parser cannot run."""
    node = shutil.which("node")
    if node is None or not HOME.is_dir():
        not_run(f"Kibana's parser: {HOME.name if node else 'node'} is not installed (tests/vendors/kibana.sh)")
    lines = "".join([json.dumps(older(each)) + "\n" for each in queries])
    child = Path(__file__).with_suffix(".js")
    found = subprocess.run([str(node), child, HOME], input=lines, capture_output=True, text=True, check=True)
    return [(values, error) for values, error in map(json.loads, found.stdout.splitlines())]


def check(queries: Iterable[str]) -> list[str | None]:
    """For each query what the parser says against it, or None."""
    return [error for _, error in read(queries)]


def refused(schema: str, step: int = 1) -> tuple[int, list[tuple[str, str, str]]]:
    """How many queries of every ``step``-th rule were read; and rule, error and text of those that were not."""
    queries = list(emitted("kibana", schema, step))
    said = zip(queries, check([query.text for query in queries]), strict=True)
    return len(queries), [(query.rule, error, query.text) for query, error in said if error]
