"""Our query beside the one that pySigma's own backend emits, both run on the same events.

pySigma's backend is used as it comes, without a pipeline, so its query keeps the rule's field names;
it sees each event in those. Nothing here says which of the two is right: the rule does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, NamedTuple, cast

from transpiler import evaluate, registry
from transpiler.api import Compiler, Outcome
from transpiler.diagnostics import diagnostic
from transpiler.engine import Answer, Asked, CannotRun, Column, Row, Runner
from transpiler.errors import UsageError
from transpiler.mapping import map_rule
from transpiler.model import Rule
from transpiler.query import Query
from transpiler.recast import in_sigma
from transpiler.schema import Mapped
from transpiler.stored import Event, columns, has_keywords, stored
from transpiler.verify import Question, Verifier


class Theirs(NamedTuple):
    """A backend of pySigma: where its class is, and the package that brings it."""

    module: str
    name: str
    package: str


BACKENDS: dict[str, Theirs | None] = {
    "splunk": Theirs("sigma.backends.splunk", "SplunkBackend", "pysigma-backend-splunk"),
    "lucene": Theirs("sigma.backends.elasticsearch", "LuceneBackend", "pysigma-backend-elasticsearch"),
    "eql": Theirs("sigma.backends.elasticsearch", "EqlBackend", "pysigma-backend-elasticsearch"),
    "esql": Theirs("sigma.backends.elasticsearch", "ESQLBackend", "pysigma-backend-elasticsearch"),
    "kusto": Theirs("sigma.backends.kusto", "KustoBackend", "pysigma-backend-kusto"),
}
"""Target -> pySigma's backend for it. The other targets have none."""

Status = Literal["same", "differs", "cannot read", "refused", "none"]
"""``cannot read``: no engine runs both queries; ``refused``: pySigma gives no query; ``none``: it has no backend."""


class Contrast(NamedTuple):
    """An event on which the two queries differ: what each says of it, and the rule.

    ``event`` is in our query's names. ``part`` is the smallest part of the rule whose own query is
    wrong, as the rule has it where pySigma is wrong, or empty.
    """

    event: Event
    rule: bool
    ours: bool
    theirs: bool
    part: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was seen of two queries. ``differing`` of ``events`` got two answers; each side's wrong ones are counted."""

    query: Query
    status: Status
    theirs: str = ""
    by: str = ""
    reason: str = ""
    events: int = 0
    differing: int = 0
    ours_wrong: int = 0
    theirs_wrong: int = 0
    contrast: Contrast | None = None
    engine: str = ""
    ours: bool = False


class Comparer:
    """Compares the queries of outcomes, one after another. ``text`` is what the outcomes were compiled from.

    Raises UsageError (V905) when pySigma or its backend is not installed.
    """

    def __init__(self, text: str, verifier: Verifier) -> None:
        self._text = text
        self._verifier = verifier

    def compare(self, outcome: Outcome) -> Iterator[Comparison]:
        """A comparison for each query of an outcome."""
        for query in outcome.queries:
            yield self._compare(query, cast(Mapped, query.mapped), outcome)

    def _compare(self, query: Query, mapped: Mapped, outcome: Outcome) -> Comparison:
        which = BACKENDS.get(query.target)
        if which is None:
            return Comparison(query, "none", reason=f"pySigma has no backend for {query.target}")
        backend = Backend(which)
        try:
            rule = _theirs(self._text, query.rule)
            text = backend.convert(rule)[query.condition - 1]
        except Exception as error:  # noqa: BLE001 - whatever pySigma raises is its answer
            return Comparison(query, "refused", by=backend.by, reason=f"{type(error).__name__}: {error}")
        seen = Comparison(query, "cannot read", theirs=text, by=backend.by)
        tree = outcome.trees[query.condition - 1]
        (plain,) = map_rule(registry.schema("none"), query.rule, tree, self._verifier.options)
        try:
            stage = _Stage(query, mapped, plain, self._verifier)
            return stage.compare(replace(seen, engine=stage.engine_name, ours=stage.ours), rule, backend)
        except CannotRun as reason:
            return replace(seen, reason=str(reason))


class Backend:
    """A backend of pySigma, loaded. Raises UsageError (V905)."""

    def __init__(self, which: Theirs) -> None:
        try:
            self._backend = getattr(import_module(which.module), which.name)()
            self.by = f"pySigma {version('pysigma')}, {which.package} {version(which.package)}"
        except (ImportError, PackageNotFoundError):
            message = f"{which.package} is not installed"
            raise UsageError(diagnostic("V905", message, hint="pip install 'sigmaq[compare]'")) from None

    def convert(self, rule: Any) -> list[str]:
        """The queries of one of pySigma's rules. Raises whatever pySigma raises."""
        return [str(each) for each in self._backend.convert_rule(rule)]


def _theirs(text: str, rule: Rule) -> Any:
    """One rule of a text as pySigma reads it. Raises whatever pySigma raises."""
    from sigma.collection import SigmaCollection

    found = SigmaCollection.from_yaml(text, collect_errors=True)
    for each in found.rules:
        if each.title == rule.title and str(each.id or "") == (rule.id or ""):
            for error in each.errors:
                raise error
            return each
    for error in found.errors:
        raise error
    raise LookupError("pySigma finds no such rule in the file")


class _Stage:
    """The events, as each query sees them, and an engine that runs both. Raises CannotRun where there is none."""

    def __init__(self, query: Query, mapped: Mapped, plain: Mapped, verifier: Verifier) -> None:
        events = list(verifier.events(query.rule, mapped))
        self._ours = Question(replace(query, diagnostics=()), mapped, verifier.options, events)
        self._columns = columns(plain.tree)
        self._keywords = has_keywords(plain.tree)
        self._rows: list[Row | None] = []
        for event in self._ours.events:
            own = in_sigma(event, mapped.telemetries, query.rule)
            self._rows.append(None if own is None else stored(own, self._columns, whole=self._keywords))
        if self._keywords:
            names = [name for row in self._rows if row is not None for name in row]
            self._columns = dict.fromkeys(names, Column()) | self._columns
        engine = verifier.classes(query.target)[0]
        self._engine: Runner = verifier.runner(engine)
        self._target = query.target
        self.engine_name, self.ours = verifier.name(engine), engine.OURS

    def compare(self, seen: Comparison, rule: Any, backend: Backend) -> Comparison:
        """Both queries on every event. Raises CannotRun."""
        try:
            ours = self._ours.answers(self._engine, self._ours.query.text)
        except CannotRun as reason:
            raise CannotRun(f"our query: {reason}") from None
        theirs = self._ask(seen.theirs)
        labels = self._ours.labels
        both = [each for each in range(len(labels)) if ours[each] is not None and theirs[each] is not None]
        if not both:
            raise CannotRun("no event could be judged by both queries")
        differing = [each for each in both if ours[each] != theirs[each]]
        seen = replace(
            seen,
            status="differs" if differing else "same",
            events=len(both),
            differing=len(differing),
            ours_wrong=sum(ours[each] != labels[each] for each in both),
            theirs_wrong=sum(theirs[each] != labels[each] for each in both),
        )
        if not differing:
            return seen
        # Whoever is wrong, the plainest event shows it: the one with the least in it.
        index = min(differing, key=lambda each: (ours[each] != labels[each], len(str(self._rows[each]))))
        if ours[index] != labels[index]:
            part = self._ours.blame(self._engine, index).rstrip("\n")
        else:
            part = self._blame(index, rule, backend)
        event = self._ours.events[index]
        return replace(seen, contrast=Contrast(event, labels[index], bool(ours[index]), bool(theirs[index]), part))

    def _ask(self, text: str, only: int | None = None) -> list[Answer]:
        """What the engine answers to pySigma's query; None where an event cannot be put in its names."""
        wanted = range(len(self._rows)) if only is None else [only]
        rows = [(each, row) for each in wanted if (row := self._rows[each]) is not None]
        found = self._engine.run(Asked(text, self._target, self._columns), [row for _, row in rows])
        answers: list[Answer] = [None] * len(self._rows)
        for (each, _), answer in zip(rows, found, strict=True):
            answers[each] = answer
        return answers

    def _blame(self, index: int, rule: Any, backend: Backend) -> str:
        """The smallest part of the rule whose query of pySigma's is wrong by itself on an event."""
        row = self._rows[index]
        assert row is not None
        for text, small in _parts(rule.to_dict()):
            try:
                (answer,) = [self._ask(query, index)[index] for query in backend.convert(_rule(small))]
                (outcome,) = Compiler([]).compile("part", json.dumps(small))
                (tree,) = outcome.trees
            except Exception:  # noqa: BLE001, S112 - a part that is no rule by itself shows nothing
                continue
            if answer is not None and answer != evaluate.matches(tree, row):
                return text
        return ""


def _rule(small: dict[str, Any]) -> Any:
    from sigma.rule import SigmaRule

    return SigmaRule.from_dict(small)


def _parts(rule: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parts of a rule as rules by themselves, the smallest first; then each denied."""
    detection: dict[str, Any] = rule["detection"]
    selections = {name: each for name, each in detection.items() if name not in ("condition", "timeframe")}
    parts = [part for each in selections.values() for part in _items(each)] + list(selections.items())
    for condition, shown in (("selection", "{}"), ("not selection", "not {}")):
        for text, selection in parts:
            small = {"selection": selection, "condition": condition}
            yield shown.format(text), {"title": "part", "logsource": rule["logsource"], "detection": small}


def _items(selection: Any) -> Iterator[tuple[str, Any]]:
    """Each value with its field, then each field with all its values."""
    if isinstance(selection, list):
        for each in selection:
            yield from _items(each)
    elif not isinstance(selection, dict):
        yield f"keyword {json.dumps(selection, ensure_ascii=False)}", [selection]
    else:
        whole: list[tuple[str, Any]] = []
        for key, value in selection.items():
            if isinstance(value, list):
                alone = key.removesuffix("|all")
                for each in value:
                    yield from [(_shown(alone, each), {alone: each})] if alone else _items([each])
            whole.append((_shown(key, value), {key: value}))
        yield from whole


def _shown(key: str, value: Any) -> str:
    return f"{key}: {json.dumps(value, ensure_ascii=False, default=str)}"
