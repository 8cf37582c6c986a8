"""Drop a folder into tests/golden, get a test. See tests/support/golden.py for what it holds."""

from __future__ import annotations

from functools import lru_cache

import pytest

from transpiler.ast import NODES

from tests.support import golden
from tests.support.golden import Case, Verdict

CASES = golden.cases()

judge = lru_cache(maxsize=None)(golden.judge)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outputs(case: Case, update_golden: bool) -> None:
    outputs = case.outputs()
    if update_golden:
        judge(case)
        case.store(outputs)
    assert case.stored() == outputs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_meaning(case: Case) -> None:
    judge(case)
