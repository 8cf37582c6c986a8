"""Teragrep's grammar of DPL, which is its dialect of SPL: not Splunk's own, which is not to be had, but not ours.

Installed by tests/vendors/dpl.sh at SIGMAQ_VENDORS/dpl (default: .vendors/dpl in the project). It reads
what Splunk's documents describe of ``search`` and ``where``, and more: it passes an unbalanced quotation
mark, which our own reader refuses. IN with ``host``, ``source`` or ``sourcetype`` it lacks, though Splunk
knows it for every field; these are renamed before.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.support.corpus import ROOT, not_run

HOME = Path(os.environ.get("SIGMAQ_VENDORS") or ROOT / ".vendors") / "dpl"

_GIVEN = re.compile(r'("(?:\\.|[^"\\])*")|\b(host|source|sourcetype)(?= IN \()')


def renamed(query: str) -> str:
    """A query whose lists are all of fields that DPL takes for ordinary ones."""
    return _GIVEN.sub(lambda found: found[1] or f"x_{found[2]}", query)


def check(queries: Iterable[str]) -> list[str | None]:
    """For each query, of one line, what the grammar says against it, or None. Skips the test if it is not installed."""
    java = shutil.which("java")
    if java is None or not (HOME / "Dpl.class").is_file():
        not_run(f"Teragrep's grammar of DPL: {HOME.name if java else 'java'} is not installed (tests/vendors/dpl.sh)")
    lines = "".join([renamed(each) + "\n" for each in queries])
    path = os.pathsep.join([*map(str, sorted(HOME.glob("*.jar"))), str(HOME)])
    found = subprocess.run(
        [str(java), "-cp", path, "Dpl"], input=lines, capture_output=True, encoding="utf-8", check=True
    )
    return [line or None for line in found.stdout.splitlines()]
