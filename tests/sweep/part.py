"""What one process of a sweep does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.sweep import engines, recorded, rules
from tests.sweep.tally import Key, Tally
from transpiler.verify import from_witnesses


def part(paths: Sequence[Path], targets: Sequence[str], kind: str) -> dict[Key, Tally]:
    """The tallies of some rules, on events of a kind (``witnesses``, ``recorded``)."""
    if kind == "recorded":
        lanes = [(target, "none") for target in targets]
        return rules.held(paths, lanes, engines.of(targets, light=True), recorded.of_rule)
    return rules.held(paths, rules.lanes(targets), engines.of(targets), from_witnesses)
