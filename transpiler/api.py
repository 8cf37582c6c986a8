"""Wires the stages together; the only place that knows their order.

source -> parse (-> pipelines) -> passes -> schema -> backend -> Query
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transpiler import registry
from transpiler.ast import Node
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import (
    ConditionError,
    ModifierError,
    PipelineError,
    RuleError,
    SchemaError,
    SigmaError,
    SourceError,
    Unsupported,
    UsageError,
)
from transpiler.mapping import map_rule
from transpiler.model import Rule
from transpiler.parse import rule as parse_rule
from transpiler.passes import normalise
from transpiler.query import Options, Query
from transpiler.registry import Backend
from transpiler.schema import Mapped, Schema
from transpiler.source import Document, decode, documents, read
from transpiler.span import Span

if TYPE_CHECKING:
    from transpiler.pipeline import Pipelines, Processed

_DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one YAML document.

    ``rule`` is None when the document is not a rule that parses. ``trees`` are its conditions,
    normalised, in the rule's own names. ``skipped``: the caller's ``accept`` did not want it.
    ``diagnostics`` belong to no query (errors, and notes of the front end); a query has its own.
    """

    path: str
    rule: Rule | None = None
    trees: tuple[Node, ...] = ()
    skipped: bool = False
    queries: tuple[Query, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Everything ``compile`` made of its sources, in their order."""

    queries: tuple[Query, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Lane:
    """One target, the backend that renders it and the schema whose names it uses."""

    target: str
    backend: type[Backend]
    schema: Schema


class Compiler:
    """Compiles documents for a fixed set of targets.

    ``schema`` None: each target's default. ``exact``: a warning is an error, and no query is
    emitted with one. ``accept``: rules for which it is false are skipped. Without targets, rules
    are parsed and normalised only. ``pipelines``: names and files of pySigma pipelines, applied to each
    rule before the schema, which is then ``none`` unless one is given.
    Raises UsageError for an unknown target, schema, telemetry or pipeline, and for those that do not fit.
    """

    def __init__(
        self,
        targets: Sequence[str],
        *,
        schema: str | None = None,
        options: Options = _DEFAULT,
        exact: bool = False,
        accept: Callable[[Rule], bool] | None = None,
        pipelines: Sequence[str] = (),
    ) -> None:
        self.options = options
        self.exact = exact
        self.accept = accept
        self._pipelines: Pipelines | None = None
        names = list(dict.fromkeys(targets))
        if pipelines:
            schema = schema or "none"
        self._lanes = tuple([_lane(target, schema) for target in names])
        if pipelines:
            from transpiler.pipeline import Pipelines  # and with it pySigma, which nothing else needs

            self._pipelines = Pipelines(pipelines, names)
        if options.telemetry:
            _check_telemetry(options.telemetry, [lane.schema for lane in self._lanes])

    def compile_file(self, path: str) -> Iterator[Outcome]:
        """Read a file (``-``: standard input) and compile it; an unreadable one is an outcome."""
        try:
            text = read(path)
        except SigmaError as error:
            yield Outcome(path, diagnostics=(error.diagnostic,))
            return
        yield from self.compile(path, text)

    def compile(self, path: str, text: str | bytes) -> Iterator[Outcome]:
        """One outcome for each document of a text, in order. Never raises on rule text."""
        if isinstance(text, bytes):
            try:
                text = decode(path, text)
            except SigmaError as error:
                yield Outcome(path, diagnostics=(error.diagnostic,))
                return
        empty = True
        for document in documents(path, text):
            empty = False
            if isinstance(document, SigmaError):
                yield Outcome(path, diagnostics=(document.diagnostic,))
            else:
                yield self._document(document)
        if empty:
            yield Outcome(path, diagnostics=(diagnostic("S108", "there is no document", Span(path, 1, 1)),))

    def _document(self, document: Document) -> Outcome:
        path = document.path
        rule: Rule | None = None
        try:
            document.placeholders = self._pipelines is not None
            rule, notes = parse_rule(document)
            if self.accept is not None and not self.accept(rule):
                return Outcome(path, rule, skipped=True)
            done = self._pipelines.apply(document, rule) if self._pipelines is not None else None
            rule = done.rule if done is not None else rule
            trees = tuple([normalise(condition.tree) for condition in rule.conditions])
            queries, found = self._queries(rule, trees, done)
        except Exception as error:  # noqa: BLE001 - one rule must never stop a batch
            said = replace(_finding(error, document.span(document.root)), rule_id=rule.id if rule else _id_of(document))
            return Outcome(path, rule, diagnostics=(said,))
        if notes or found:
            found = [*(replace(note, rule_id=rule.id) for note in notes), *found]
        return Outcome(path, rule, trees, False, tuple(queries), tuple(found))

    def _queries(
        self, rule: Rule, trees: tuple[Node, ...], done: Processed | None
    ) -> tuple[list[Query], list[Diagnostic]]:
        queries: list[Query] = []
        found: list[Diagnostic] = []
        numbers: dict[str, int] = dict.fromkeys([lane.target for lane in self._lanes], 0)
        for condition, tree in enumerate(trees, 1):
            mapped: dict[str, tuple[Mapped, ...] | Exception] = {}
            for lane in self._lanes:
                name = lane.schema.name
                if name not in mapped:
                    mapped[name] = self._map(lane.schema, rule, tree)
                places = mapped[name]
                if isinstance(places, Exception):
                    numbers[lane.target] += 1
                    found.append(self._refusal(lane, rule, places))
                    continue
                if done is not None:
                    places = tuple([done.on(place, lane.target, lane.schema, self.options) for place in places])
                for place in places:
                    numbers[lane.target] += 1
                    made = self._render(lane, rule, place, found)
                    if made is not None:
                        said = place.notes + made[1]
                        number = numbers[lane.target]
                        where = " and ".join(map(str, place.telemetries)) if len(places) > 1 else ""
                        queries.append(Query(made[0], rule, lane.target, name, number, said, place, condition, where))
        return queries, found

    def _map(self, schema: Schema, rule: Rule, tree: Node) -> tuple[Mapped, ...] | Exception:
        try:
            return map_rule(schema, rule, tree, self.options)
        except Exception as error:  # noqa: BLE001 - each target of this schema says so for itself
            return error

    def _refusal(self, lane: _Lane, rule: Rule, error: Exception) -> Diagnostic:
        return replace(_finding(error, rule.span), rule_id=rule.id, target=lane.target)

    def _render(
        self, lane: _Lane, rule: Rule, mapped: Mapped, found: list[Diagnostic]
    ) -> tuple[str, tuple[Diagnostic, ...]] | None:
        """The text of the lane's query and what it carries; or None, and what is in its way is in ``found``."""
        try:
            text, said = lane.backend.render(mapped.tree, mapped.source, self.options)
        except Exception as error:  # noqa: BLE001 - what one target cannot do costs the others nothing
            found.append(self._refusal(lane, rule, error))
            return None
        if self.exact:
            weaker = [each for each in (*mapped.notes, *said) if each.severity == "warning"]
            found += [replace(each, severity="error", rule_id=rule.id, target=lane.target) for each in weaker]
            if weaker:
                return None
        return text, said


def _lane(target: str, name: str | None) -> _Lane:
    backend = registry.backend(target)
    language = backend.LANGUAGE
    schema = registry.schema(name or language.schemas[0])
    if not schema.keep and target not in schema.targets:
        hint = f"{target} can use {', '.join(registry.fitting(target))}"
        raise UsageError(diagnostic("F506", f"the schema `{schema.name}` is not for {target}", hint=hint))
    return _Lane(target, backend, schema)


def _check_telemetry(name: str, schemas: Iterable[Schema]) -> None:
    known = sorted({each.name for schema in schemas for route in schema.routes for each in route.telemetries})
    if name != "all" and name not in known:
        hint = f"known are {', '.join([*known, 'all'])}" if known else "the schema `none` has no telemetry"
        raise UsageError(diagnostic("F512", f"there is no telemetry `{name}`", hint=hint))


def _finding(error: Exception, place: Span) -> Diagnostic:
    """What an exception says; one that is none of ours is a defect (U899) at the document's first line."""
    if isinstance(error, SigmaError):
        return error.diagnostic
    return diagnostic("U899", f"{type(error).__name__}: {error}", Span(place.path, place.line, 1))


def _id_of(document: Document) -> str | None:
    """The id of a document that is no rule, if it has one, so that a diagnostic can name it."""
    try:
        for key, value in document.root.value:
            if key.value == "id":
                return str(value.value)
    except (AttributeError, TypeError, ValueError):
        pass
    return None


def compile(  # noqa: A001 - the word users look for
    sources: Iterable[tuple[str, str | bytes]],
    targets: Sequence[str],
    *,
    schema: str | None = None,
    options: Options = _DEFAULT,
    exact: bool = False,
    pipelines: Sequence[str] = (),
) -> Result:
    """Compile (name, text) pairs for the targets.

    Never raises on rule text: what is wrong with a rule is among the diagnostics, and the others
    are compiled. Raises UsageError for an unknown target, schema or pipeline.
    """
    compiler = Compiler(targets, schema=schema, options=options, exact=exact, pipelines=pipelines)
    queries: list[Query] = []
    found: list[Diagnostic] = []
    for path, text in sources:
        for outcome in compiler.compile(path, text):
            queries += outcome.queries
            found += outcome.diagnostics
    return Result(tuple(queries), tuple(found))


def transpile(
    text: str,
    target: str,
    schema: str | None = None,
    *,
    options: Options = _DEFAULT,
    exact: bool = False,
    pipelines: Sequence[str] = (),
) -> list[Query]:
    """Compile one text for one target. Raises SigmaError at the first error."""
    result = compile([("<text>", text)], [target], schema=schema, options=options, exact=exact, pipelines=pipelines)
    for each in result.diagnostics:
        if each.severity == "error":
            raise _CLASSES.get(each.code[0], SigmaError)(each)
    return list(result.queries)


_CLASSES: dict[str, type[SigmaError]] = {
    "S": SourceError,
    "R": RuleError,
    "C": ConditionError,
    "M": ModifierError,
    "F": SchemaError,
    "P": PipelineError,
    "T": Unsupported,
    "U": UsageError,
}
"""The exception that stands for a code, by the code's first letter."""
