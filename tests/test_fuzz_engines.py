"""Whole rules that nobody wrote, run: what every target's query finds is what the rule says.

In the suite a few hundred rules, each on every engine that users have; SIGMAQ_FUZZ says how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, note

from tests.support import corpus
from tests.support.strategies import fuzz, rules
from transpiler import registry
from transpiler.api import Compiler
from transpiler.query import Options
from transpiler.verify import Verifier

SHAPES = {"as it is": Options(), "folded": Options(strings="folded")}


@pytest.fixture(scope="module")
def verifiers() -> Iterator[dict[str, Verifier]]:
    found = {name: Verifier(options=options, isolated=False) for name, options in SHAPES.items()}
    yield found
    for each in found.values():
        each.stop()


@pytest.mark.no_cover
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("target", registry.targets())
def test_engines_agree_with_the_rule(verifiers: dict[str, Verifier], target: str, shape: str) -> None:
    compiler = Compiler([target], schema="none", options=SHAPES[shape])
    became: Counter[str] = Counter()
    verifier = verifiers[shape]

    @fuzz
    @given(rules())
    def check(text: str) -> None:
        (made,) = compiler.compile("rule.yml", text)
        for verdict in verifier.verify(made):
            if not verdict.engine:
                corpus.not_run(verdict.reason) if "install" in verdict.reason else note(verdict.reason)
            became[verdict.status] += 1
            note(text)
            note(verdict.query.text)
            assert verdict.status != "mismatch", verdict.differences[:2]

    check()
    assert became["verified"] > 0.6 * became.total(), became
