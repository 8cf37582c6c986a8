"""The shipped evaluators, asked about one event."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from transpiler import stored
from transpiler.ast import Node
from transpiler.engine import Answer, Asked, Column, Engine


def run(runner: Engine, text: str, tree: Node, event: Mapping[str, Any], unmapped: Container[str] = ()) -> Answer:
    """What an engine answers for an event in the columns' types; ``unmapped`` fields have no column."""
    table = {name: Column() for name in event} | stored.columns(tree)
    table = {name: column for name, column in table.items() if name not in unmapped}
    (answer,) = runner.run(Asked(text, runner.TARGETS[0], table), [event])
    return answer
