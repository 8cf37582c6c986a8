"""Golden cases: a folder holds a rule, labelled events, and what every target makes of the rule.

rule.yml          the rule
events.jsonl      one event a line; "_match" says whether the rule matches it, by hand
platform.jsonl    optional, beside a schema: such events in the schema's own names
options.json      optional: {"schema": "ecs", "strings": "folded", "index": ..., "table": ...}
ast.txt           the rule's trees
diagnostics.txt   every diagnostic, target by target; absent when there is none
<target>.<ext>    the query; absent when the target refuses the rule
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from transpiler import evaluate, registry
from transpiler.api import Compiler, Outcome
from transpiler.ast import Node
from transpiler.engine import Answer, CannotRun, Engine
from transpiler.query import Options, Query
from transpiler.schema import Mapped
from transpiler.text import dump
from transpiler.verify import Question

FOLDER = Path(__file__).resolve().parents[1] / "golden"
INPUTS = {"rule.yml", "events.jsonl", "platform.jsonl", "options.json"}

Labelled = list[tuple[bool, dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    # --- what is in the folder ------------------------------------------------------------------------

    def options(self) -> dict[str, Any]:
        path = self.folder / "options.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    @property
    def schema(self) -> str:
        return str(self.options().get("schema", "none"))

    def render_options(self) -> Options:
        return Options(**{key: value for key, value in self.options().items() if key != "schema"})

    def events(self) -> Labelled:
        """(whether the rule matches, the event), in the rule's names."""
        return _read(self.folder / "events.jsonl")

    def platform(self) -> Labelled:
        """The same in the schema's names; with the schema `none` they are the rule's."""
        return _read(self.folder / "platform.jsonl") if self.schema != "none" else self.events()

    def stored(self) -> dict[str, str]:
        """File name -> text, as the golden files are."""
        return {path.name: path.read_bytes().decode() for path in self.folder.iterdir() if path.name not in INPUTS}

    def store(self, outputs: dict[str, str]) -> None:
        """Make the golden files these."""
        for name in self.stored().keys() - outputs.keys():
            (self.folder / name).unlink()
        for name, text in outputs.items():
            (self.folder / name).write_bytes(text.encode())

    # --- what the compiler makes of it ----------------------------------------------------------------

    def compile(self) -> list[Outcome]:
        """What the compiler makes of the rule, for every target that can use the schema."""
        targets = [name for name in registry.targets() if self.schema in registry.fitting(name)]
        compiler = Compiler(targets, schema=self.schema, options=self.render_options())
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


def _read(path: Path) -> Labelled:
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        event = json.loads(line)
        found.append((bool(event.pop("_match")), event))
    return found


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


# --- judging --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What an engine could judge of a case's queries for one target.

    ``events``: how many it answered for; ``why_not``: empty if they hold one that matches and one that
    does not, so that the target counts as judged.
    """

    events: int
    why_not: str


def judge(case: Case) -> dict[str, Verdict]:
    """Hold the reference evaluator, and every query of the case, against the labels; target -> verdict.

    Raises AssertionError for an event on which they differ.
    """
    outcomes = case.compile()
    labelled = case.events()
    if not labelled:
        return {}
    (outcome,) = outcomes
    assert outcome.trees, outcome.diagnostics
    _check(outcome.trees, labelled, "the reference evaluator")
    verdicts = {}
    for target in dict.fromkeys(query.target for query in outcome.queries):
        queries = [query for query in outcome.queries if query.target == target]
        trees = [cast(Mapped, query.mapped).tree for query in queries]
        _check(trees, case.platform(), "the reference evaluator, after mapping")
        verdicts[target] = _run(case, outcome, queries, case.platform())
    return verdicts


def _check(trees: Sequence[Node], labelled: Labelled, who: str) -> None:
    for label, event in labelled:
        assert any(evaluate.matches(tree, event) for tree in trees) == label, f"{who} and the label of {event}"


@cache
def engine(target: str) -> Engine:
    """The engine of a target that users have, started. Raises CannotRun."""
    (name,) = registry.engines(target)
    found = registry.engine(name)()
    found.start()
    return found


def answers_of(case: Case, outcome: Outcome, query: Query, events: list[dict[str, Any]]) -> list[Answer]:
    """What the engine answers for each event; None for what it cannot be asked. Raises CannotRun."""
    question = Question(query, cast(Mapped, query.mapped), case.render_options(), events)
    answers = question.answers(engine(query.target), query.text)
    known = {id(event): answer for event, answer in zip(question.events, answers, strict=True)}
    return [known.get(id(event)) for event in events]


def _run(case: Case, outcome: Outcome, queries: list[Query], labelled: Labelled) -> Verdict:
    """A rule of several queries is found where one of them finds it."""
    if not labelled:
        return Verdict(0, "no events in the schema's names")
    target = queries[0].target
    events = [event for _, event in labelled]
    try:
        answers = list(zip(*[answers_of(case, outcome, query, events) for query in queries], strict=True))
    except CannotRun as reason:
        return Verdict(0, str(reason).partition(":")[0])
    judged: list[bool] = []
    for (label, event), found in zip(labelled, answers, strict=True):
        if True in found or None not in found:
            assert (True in found) == label, f"{target} and the label of {event}: {queries[0].text}"
            judged.append(label)
    missing = [word for label, word in ((True, "matching"), (False, "other")) if label not in judged]
    return Verdict(len(judged), f"no {' and no '.join(missing)} event could be judged" if missing else "")
