"""Pipelines of a test's own, and the rule they are run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from transpiler.api import Compiler, Outcome
from transpiler.ast import Node
from transpiler.diagnostics import Diagnostic

HEAD = """\
title: A Rule
logsource: {product: windows, category: process_creation}
detection:
"""


def rule(detection: str) -> str:
    return HEAD + "".join(f"  {line}\n" for line in detection.strip("\n").splitlines())


RULE = rule("""
selection:
  Image|endswith: '\\net.exe'
  User: joe
filter:
  CommandLine|contains: quiet
condition: selection and not filter
""")


class Pipeline:
    """Writes pipelines to files and runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str = "p.yml", /, **parts: object) -> str:
        path = self.folder / name
        path.write_text(yaml.safe_dump({"name": "ours", **parts}, sort_keys=False))
        return str(path)

    def outcome(self, text: str, *transformations: dict[str, object], targets: str = "", **parts: object) -> Outcome:
        path = self.file(transformations=[*transformations], **parts)
        (found,) = Compiler(targets.split(), pipelines=[path]).compile("rule.yml", text)
        return found

    def trees(self, text: str, *transformations: dict[str, object], **parts: object) -> tuple[Node, ...]:
        found = self.outcome(text, *transformations, **parts)  # type: ignore[arg-type] # parts of a pipeline
        assert not [each for each in found.diagnostics if each.severity == "error"]
        return found.trees

    def refused(self, text: str, *transformations: dict[str, object], **parts: object) -> Diagnostic:
        (said,) = self.outcome(text, *transformations, **parts).diagnostics  # type: ignore[arg-type]
        assert said.severity == "error"
        return said


def trees(text: str) -> tuple[Node, ...]:
    (found,) = Compiler([]).compile("rule.yml", text)
    assert found.rule is not None
    return found.trees


def leaves(node: Node) -> Iterator[Node]:
    children = getattr(node, "children", None) or [getattr(node, "child", None)]
    for child in children:
        if child is not None:
            yield from leaves(child)
    if children == [None]:
        yield node


def lines(outcome: Outcome) -> dict[str, int]:
    """Where the leaves stand, by field."""
    found = [leaf for tree in outcome.trees for leaf in leaves(tree)]
    return {getattr(getattr(leaf, "field", None), "name", ""): leaf.span.line for leaf in found}


def only(*fields: str) -> dict[str, object]:
    return {"field_name_conditions": [{"type": "include_fields", "fields": list(fields)}]}
