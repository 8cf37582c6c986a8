"""The public rule corpus, found through SIGMA_CORPUS (default: ../shared/corpus beside the project)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("SIGMA_CORPUS") or ROOT.parent / "shared" / "corpus")
REQUIRED = bool(os.environ.get("SIGMAQ_REQUIRE_ALL"))
"""Whether a check that cannot run is a failure (in CI) rather than a skip."""


def rules() -> list[Path]:
    """Every rule file of the corpus; the test is skipped, or fails in CI, when it is absent."""
    folder = CORPUS / "sigmahq-rules"
    if not folder.is_dir():
        not_run("the rule corpus is absent (SIGMA_CORPUS)")
    return sorted(folder.rglob("*.yml"))


def not_run(why: str) -> None:
    """Say plainly that a check did not run; under SIGMAQ_REQUIRE_ALL that fails."""
    if REQUIRED:
        pytest.fail(f"not run: {why}")
    pytest.skip(f"not run: {why}")
