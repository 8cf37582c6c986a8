"""Golden cases: a folder holds a rule, labelled events, and what every target makes of the rule.

    rule.yml          the rule
    events.jsonl      one event a line; "_match" says whether the rule matches it, by hand
    options.json      optional: {"schema": "ecs", "strings": "folded", "index": ..., "table": ...}
    ast.txt           the rule's trees
    diagnostics.txt   every diagnostic, target by target; absent when there is none
    <target>.<ext>    the query; absent when the target refuses the rule
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transpiler import registry
from transpiler.api import Compiler, Outcome
from transpiler.query import Options
from transpiler.text import dump

FOLDER = Path(__file__).resolve().parents[1] / "golden"


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def options(self) -> dict[str, Any]:
        path = self.folder / "options.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def events(self) -> list[tuple[bool, dict[str, Any]]]:
        """(whether the rule matches, the event)."""
        path = self.folder / "events.jsonl"
        found = []
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            event = json.loads(line)
            found.append((bool(event.pop("_match")), event))
        return found

    def compile(self) -> list[Outcome]:
        """What the compiler makes of the rule, for every target that can use the schema."""
        given = self.options()
        schema = given.pop("schema", "none")
        targets = [name for name in registry.targets() if schema in registry.fitting(name)]
        compiler = Compiler(targets, schema=schema, options=Options(**given))
        return list(compiler.compile("rule.yml", (self.folder / "rule.yml").read_text("utf-8")))

    def outputs(self) -> dict[str, str]:
        """File name -> text, as the golden files should be."""
        outcomes = self.compile()
        files: dict[str, str] = {}
        for outcome in outcomes:
            files["ast.txt"] = files.get("ast.txt", "") + "---\n".join(map(dump, outcome.trees))
            for query in outcome.queries:
                name = f"{query.target}.{registry.language(query.target).extension}"
                files[name] = files.get(name, "") + query.text + "\n"
        lines = _diagnostics(outcomes)
        if lines:
            files["diagnostics.txt"] = "".join(line + "\n" for line in lines)
        return {name: text for name, text in files.items() if text}

    def stored(self) -> dict[str, str]:
        """File name -> text, as the golden files are."""
        inputs = {"rule.yml", "events.jsonl", "options.json"}
        return {path.name: path.read_text("utf-8") for path in self.folder.iterdir() if path.name not in inputs}

    def store(self, outputs: dict[str, str]) -> None:
        """Make the golden files these."""
        for name in self.stored().keys() - outputs.keys():
            (self.folder / name).unlink()
        for name, text in outputs.items():
            (self.folder / name).write_text(text, "utf-8")


def _diagnostics(outcomes: list[Outcome]) -> list[str]:
    lines = []
    for outcome in outcomes:
        lines += [f"{each.target or '-'}: {each}" for each in outcome.diagnostics]
        for query in outcome.queries:
            lines += [f"{query.target}: {each}" for each in query.diagnostics if each.code != "F504"]
    return lines


def cases() -> list[Case]:
    """Every case, by name."""
    return [Case(path.parent) for path in sorted(FOLDER.glob("*/rule.yml"))]
