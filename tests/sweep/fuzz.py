"""Rules that hypothesis makes, on every engine that users have."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

from tests.support.corpus import ROOT

EXAMPLES = 1500
"""Rules for each target, and as many again with folded strings: 21,000 in all."""

FILES = ("tests/test_fuzz.py", "tests/test_fuzz_engines.py")


class Fuzzed(NamedTuple):
    """What became of the properties: how many rules each saw, and the lines of those that did not hold."""

    examples: int
    failed: tuple[str, ...]


def fuzzed(examples: int = EXAMPLES) -> Fuzzed:
    """Try every property of generated rules so often, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", *FILES],
        cwd=ROOT,
        env={**os.environ, "SIGMAQ_FUZZ": str(examples), "SIGMAQ_REQUIRE_ALL": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode and not failed:
        failed = done.stdout.splitlines()[-5:]
    return Fuzzed(examples, tuple(failed))
