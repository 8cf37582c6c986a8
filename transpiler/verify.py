"""Holds emitted queries against the rule, by running them.

query + the tree it was rendered from -> events -> what the rule says (evaluate) and what the query
finds (an engine) -> a verdict. A query is verified only where an engine ran it, on at least one
event that the rule matches and one that it does not, and every answer agrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, cast

from transpiler import evaluate, registry
from transpiler.api import Outcome
from transpiler.ast import And, Node, Not, Or
from transpiler.engine import Answer, Asked, CannotRun, Column, Engine, Row, Runner
from transpiler.errors import SigmaError, UsageError
from transpiler.model import Rule
from transpiler.query import Options, Query, Source
from transpiler.registry import Backend
from transpiler.schema import Mapped
from transpiler.setaside import Warned
from transpiler.stored import Event, columns, has_keywords, stored
from transpiler.text import dump
from transpiler.worker import Worker

_DEFAULT = Options()

Status = Literal["verified", "mismatch", "not verified"]

SHOWN = 5
"""How many differing events a verdict keeps."""

BATCH = 2_000
"""How many events an engine is given at once, so that its time is bounded whatever their number."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An event on which rule and query disagree.

    ``event`` is in the schema's names, ``part`` the smallest part of the rule (in the text form of
    :mod:`transpiler.text`) whose own query differs on it.
    """

    event: Event
    rule: bool
    query: bool
    part: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was shown of one query.

    ``events`` were judged, ``matching`` of them match the rule; ``aside`` counts those that could
    not be, by reason. ``differences`` has the first SHOWN of ``differing``, events that look the same
    to the query once. ``engine`` is empty when none ran; ``ours``: it is an evaluator of this project.
    """

    query: Query
    status: Status
    reason: str = ""
    events: int = 0
    matching: int = 0
    differing: int = 0
    differences: tuple[Difference, ...] = ()
    aside: tuple[tuple[str, int], ...] = ()
    engine: str = ""
    ours: bool = False


class Sample(NamedTuple):
    """An event that stands for ``times`` events which look the same to the query."""

    event: Event
    times: int = 1


Events = Callable[[Rule, Mapped], Iterable[Event | Sample]]
"""The events to hold a query to: those of its rule, in the schema's names."""


def from_witnesses(_: Rule, mapped: Mapped) -> Iterable[Event]:
    """Events made from the tree itself; see :mod:`transpiler.witness`."""
    from transpiler.witness import witnesses

    # Whether a field may hold several values is known of a schema's columns alone.
    names = [field.name for field in mapped.source.keyword_fields]
    return witnesses(mapped.tree, keyword_fields=names, lists=not mapped.telemetries)


@dataclass(slots=True)
class Verifier:
    """Verifies the queries of outcomes; engines start when they are first needed, and once.

    ``engines``: target -> the engines that run its queries (None: those that are installed). Use it
    as a context manager, or call ``stop``.
    """

    options: Options = _DEFAULT
    events: Events = from_witnesses
    engines: dict[str, list[type[Engine]]] | None = None
    isolated: bool = True
    _started: dict[type[Engine], Runner | CannotRun] = field(default_factory=dict)
    _names: dict[type[Engine], str] = field(default_factory=dict)

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop every engine that was started."""
        for engine in self._started.values():
            if not isinstance(engine, CannotRun):
                engine.stop()
        self._started.clear()

    def verify(self, outcome: Outcome) -> Iterator[Verdict]:
        """A verdict for each query of an outcome and each engine that runs its target, in order."""
        cases: dict[int, list[Event | Sample]] = {}  # targets of one schema share what was mapped
        for query in outcome.queries:
            mapped = cast(Mapped, query.mapped)
            try:
                if id(mapped) not in cases:
                    cases[id(mapped)] = list(self.events(query.rule, mapped))
                yield from list(self.judge(query, mapped, cases[id(mapped)]))
            except Exception as error:  # noqa: BLE001 - one rule must never stop a run, nor pass for that
                yield Verdict(query, "not verified", f"internal error: {type(error).__name__}: {error}")

    def judge(self, query: Query, mapped: Mapped, events: Sequence[Event | Sample]) -> Iterator[Verdict]:
        """The verdicts of the engines on one query, run on these events."""
        try:
            question = Question(query, mapped, self.options, events)
        except CannotRun as reason:
            yield Verdict(query, "not verified", str(reason))
            return
        try:
            classes = self.classes(query.target)
        except CannotRun as reason:
            yield Verdict(query, "not verified", str(reason))
            return
        for engine_class in classes:
            try:
                verdict = question.verdict(self.runner(engine_class))
            except CannotRun as reason:
                verdict = Verdict(query, "not verified", str(reason))
            yield replace(verdict, engine=self._names.get(engine_class, ""), ours=engine_class.OURS)

    def classes(self, target: str) -> list[type[Engine]]:
        """The engines that run a target's queries, one at least. Raises CannotRun where there is none."""
        if self.engines is not None:
            found, broken = self.engines.get(target, []), ""
        else:
            found, broken = _installed(target)
        if not found:
            raise CannotRun(f"no engine for {target} is installed (`pip install 'sigmaq[verify]'`){broken}")
        return found

    def name(self, engine_class: type[Engine]) -> str:
        """The name and version of an engine that was started, else empty."""
        return self._names.get(engine_class, "")

    def runner(self, engine_class: type[Engine]) -> Runner:
        """The engine, started. Raises CannotRun."""
        known = self._started.get(engine_class)
        if known is None:
            engine: Runner = Worker(engine_class) if self.isolated else engine_class()
            try:
                self._names[engine_class] = engine.start()
                known = engine
            except CannotRun as reason:
                engine.stop()
                known = reason
            self._started[engine_class] = known
        if isinstance(known, CannotRun):
            raise known
        return known


def _installed(target: str) -> tuple[list[type[Engine]], str]:
    """The engines of a target, and why others cannot be loaded: a broken one takes nothing from the rest."""
    found: list[type[Engine]] = []
    broken = ""
    for name in registry.engines():
        try:
            engine = registry.engine(name)
        except UsageError as error:
            broken = f"; {error.diagnostic.message}"
            continue
        if target in engine.TARGETS:
            found.append(engine)
    return found, broken


CATEGORY = "event.category"
"""The field that EQL's ``process where`` asks for."""


class Question:
    """One query, and the events it is held to. Raises CannotRun where no event can be."""

    def __init__(self, query: Query, mapped: Mapped, options: Options, events: Sequence[Event | Sample]) -> None:
        self.query = query
        self.mapped = mapped
        self.options = options
        self.columns = columns(mapped.tree, mapped.source.keyword_fields)
        self.events: list[Event] = []
        self.rows: list[Row] = []
        self.counts: list[int] = []
        self.labels: list[bool] = []
        self.aside: Counter[str] = Counter()
        self._sort(events)

    def _sort(self, events: Sequence[Event | Sample]) -> None:
        """Put each event among the rows, or aside."""
        warned = Warned(self.query, self.mapped.tree)
        matches = evaluate.compile(self.mapped.tree)
        whole = has_keywords(self.mapped.tree)
        for each in events:
            event, count = each if isinstance(each, Sample) else (each, 1)
            covered = warned.covers(event)
            row = None if covered else stored(event, self.columns, whole=whole)
            if row is None:
                self.aside[covered or "a value does not fit its column"] += count
                continue
            self.events.append(event)
            self.rows.append(row)
            self.counts.append(count)
            self.labels.append(matches(event))
        # A schema that names the event category says that the telemetry's events have it.
        if self.query.target == "eql" and self.mapped.source.category and CATEGORY not in self.columns:
            self.rows = [{**row, CATEGORY: self.mapped.source.category} for row in self.rows]
            self.columns = {**self.columns, CATEGORY: Column()}
        if whole:
            other = Column("string", self.options.strings or "keyword")  # type: ignore[arg-type] # "folded"
            self.columns = dict.fromkeys([name for row in self.rows for name in row], other) | self.columns

    def asked(self, text: str) -> Asked:
        """The query with its columns, as an engine is asked."""
        return Asked(text, self.query.target, self.columns, self.query.schema)

    def answers(self, engine: Runner, text: str) -> list[Answer]:
        """What an engine answers to a query text, for each row. Raises CannotRun."""
        asked = self.asked(text)
        answers: list[Answer] = []
        for start in range(0, len(self.rows), BATCH):
            rows = self.rows[start : start + BATCH]
            answers += _checked(engine.run(asked, rows), len(rows))
        return answers

    def verdict(self, engine: Runner) -> Verdict:
        """What the engine says of the query. Raises CannotRun."""
        answers = self.answers(engine, self.query.text)
        judged = [index for index, answer in enumerate(answers) if answer is not None]
        wrong = [index for index in judged if answers[index] != self.labels[index]]
        aside = self.aside.copy()
        aside["the engine has no answer"] += sum(self.counts) - self._sum(judged)
        matching = self._sum(index for index in judged if self.labels[index])
        status, reason = _status(self._sum(judged), matching, self._sum(wrong), aside)
        return Verdict(
            self.query,
            status,
            reason,
            self._sum(judged),
            matching,
            self._sum(wrong),
            tuple([self._difference(engine, index, answers[index]) for index in wrong[:SHOWN]]),
            tuple([(why, count) for why, count in sorted(aside.items()) if count]),
        )

    def _sum(self, indices: Iterable[int]) -> int:
        return sum([self.counts[index] for index in indices])

    def _difference(self, engine: Runner, index: int, answer: Answer) -> Difference:
        return Difference(self.events[index], self.labels[index], bool(answer), self.blame(engine, index))

    def blame(self, engine: Runner, index: int) -> str:
        """The smallest part of the rule whose own query is wrong on an event, as text; all of it if none is."""
        return dump(_blame(self, engine, index))


def _checked(answers: Sequence[Answer], wanted: int) -> Sequence[Answer]:
    """Answers that are some: one for each row, and nothing that merely looks like yes or no. Raises CannotRun."""
    if len(answers) != wanted:
        raise CannotRun(f"the engine answered for {len(answers)} of {wanted} events")
    if any(answer is not None and type(answer) is not bool for answer in answers):
        raise CannotRun("the engine answered neither yes nor no")
    return answers


def _status(judged: int, matching: int, wrong: int, aside: Counter[str]) -> tuple[Status, str]:
    if wrong:
        return "mismatch", f"{wrong} of {judged} events differ"
    if judged and matching and matching < judged:
        return "verified", ""
    missing = "no event" if not judged else "no event that matches" if not matching else "no event that does not match"
    why = ", ".join(f"{count} set aside: {reason}" for reason, count in sorted(aside.items()) if count)
    return "not verified", f"{missing} could be judged{f' ({why})' if why else ''}"


def _blame(question: Question, engine: Runner, index: int) -> Node:
    """The smallest part of the tree whose own query differs from it on a row."""
    backend = registry.backend(question.query.target)
    event, row = question.events[index], question.rows[index]
    source, options = question.mapped.source, question.options

    def differs(node: Node) -> bool:
        try:
            (found,) = _checked(engine.run(question.asked(_render(backend, node, source, options)), [row]), 1)
        except (CannotRun, SigmaError):
            return False
        return found is not None and found != evaluate.matches(node, event)

    node = question.mapped.tree
    while True:
        children: tuple[Node, ...] = ()
        if isinstance(node, And | Or):
            children = node.children
        elif isinstance(node, Not):
            children = (node.child,)
        worse = next((child for child in children if differs(child)), None)
        if worse is None:
            return node
        node = worse


def _render(backend: type[Backend], node: Node, source: Source, options: Options) -> str:
    text, _ = backend.render(node, source, options)
    return text
