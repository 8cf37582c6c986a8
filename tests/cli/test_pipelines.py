"""``-p`` on the command line, and ``sigmaq pipelines``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import GOOD, run
from tests.cli.test_imports import imported

OWN = """\
name: ours
transformations:
  - {type: field_name_mapping, mapping: {Image: process.path}}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "pipelines" / "own.yml"
    path.parent.mkdir()
    path.write_text(OWN)
    return path
