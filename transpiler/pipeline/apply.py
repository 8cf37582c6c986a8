"""Applies pipelines to a rule, and says what of them cannot be carried over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sigma.exceptions import SigmaError as TheirError
from sigma.processing.finalization import finalizers
from sigma.processing.postprocessing import query_postprocessing_transformations
from sigma.rule import SigmaRule

from transpiler.ast import And, Field, Match, Node
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import PipelineError, SigmaError
from transpiler.model import LogSource, Rule
from transpiler.passes import normalise
from transpiler.pattern import literal
from transpiler.pipeline.find import ELASTIC, load, said
from transpiler.pipeline.given import Given, Place, given
from transpiler.pipeline.taken import Reader
from transpiler.query import Options
from transpiler.schema import Mapped, Schema
from transpiler.source import Document

_ELASTIC = (ELASTIC - {"elasticsearch", "opensearch", "elastalert"}) | {"dsl", "kibana"}

STATE: Mapping[str, frozenset[str]] = {
    "index": _ELASTIC,
    "query_table": frozenset({"kusto"}),
    "data_model_set": frozenset({"splunk"}),
    "fields": frozenset({"splunk"}),
}
"""What pipelines leave for pySigma's backends, and the targets whose queries take it from here."""

_PLACES = frozenset({"query_table", "data_model_set"})
"""What restricts a query to the events of a log source."""

_CARRIED = {"PrependQueryTablePostprocessingTransformation": "query_table"}
"""Changes of the query that are in ours already where the pipeline set this."""


class Processed(NamedTuple):
    """A rule after the pipelines.

    ``notes`` go with each of its queries; ``state`` is what the pipelines leave for backends;
    ``restricted``: they added a condition, as pipelines do for the log source, or named a table or model.
    """

    rule: Rule
    notes: tuple[Diagnostic, ...]
    state: Mapping[str, Any]
    restricted: bool

    def on(self, mapped: Mapped, target: str, schema: Schema, options: Options) -> Mapped:
        """What was mapped, with what the pipelines say of where a query looks.

        A schema other than ``none`` says that itself, and so do options.
        """
        notes = [*self.notes]
        tree, source = mapped.tree, mapped.source
        for key, value in self.state.items():
            if not schema.keep:
                message = f"the pipeline set `{key}`; the schema `{schema.name}` says where events are"
                notes.append(diagnostic("P707", message, self.rule.logsource.span))
            elif target not in STATE.get(key, ()):
                message = f"the pipeline set `{key}`, which queries for {target} do not use"
                notes.append(diagnostic("P707", message, self.rule.logsource.span))
            elif key == "index":
                source = replace(source, index=options.index or _listed(value))
            elif key == "query_table":
                source = replace(source, table=options.table or _listed(value))
            elif key == "data_model_set":
                model, dataset = self._model(str(value))
                source = replace(source, model=model)
                tree = tree if dataset is None else normalise(And((dataset, tree)))
            else:
                source = replace(source, entities=tuple(map(str, value)))
        said = [note for each in mapped.notes for note in self._restricted(each)]
        return mapped._replace(tree=tree, source=source, notes=(*notes, *said))

    def _model(self, name: str) -> tuple[str, Node | None]:
        """Splunk's data model to search, by its root dataset, and what selects a dataset below that.

        Fields are named after the dataset that has them, so those of the state tell the root (Search
        Reference, "tstats": `FROM datamodel` takes a root dataset, `nodename` one below it).
        """
        head, _, dataset = name.partition(".")
        roots = {str(field).partition(".")[0] for field in self.state.get("fields", ())}
        if not dataset or len(roots) != 1 or dataset in roots:
            return name, None
        chosen = Match(Field("nodename", "string"), (literal(name),), False, self.rule.logsource.span)
        return f"{head}.{roots.pop()}", chosen

    def _restricted(self, note: Diagnostic) -> Iterator[Diagnostic]:
        """A note, corrected where it says that nothing restricts the log source and a pipeline does."""
        if note.code != "F504" or not self.restricted:
            yield note
        elif assumed := note.message.partition("; ")[2]:
            yield replace(note, message=f"the log source is restricted by the pipeline alone; {assumed}")


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)


class Pipelines:
    """Pipelines by name or file, for the targets that will be given what they make of rules.

    Raises UsageError (P701, P702, P703), PipelineError (P702), SourceError.
    """

    def __init__(self, specs: Sequence[str], targets: Sequence[str]) -> None:
        self._names = ", ".join([f"`{spec}`" for spec in specs])
        self._pipeline = load(specs, targets)

    def apply(self, document: Document, rule: Rule) -> Processed:
        """The rule that the pipelines make of one which our front end has read.

        Raises PipelineError: P704 (a pipeline refuses it), P705 (it makes of it what we have no form for),
        P709 (it leaves nothing); ModifierError for a placeholder that is left (M406).
        """
        made = given(document, rule)
        before = dict(made.rule.custom_attributes)
        try:
            self._pipeline.apply(made.rule)
            later = list(self._later(made.rule))
        except SigmaError:
            raise
        except Exception as error:  # a plug-in's code may raise anything
            raise self._refused(error, rule) from error
        reader = Reader(made, rule)
        selections = reader.selections()
        found = reader.conditions(selections)
        attributes = [key for key, value in made.rule.custom_attributes.items() if before.get(key) != value]
        notes = [*reader.notes, *_unused(attributes, rule), *_not_applied(later, rule)]
        source = made.rule.logsource
        where = LogSource(source.category, source.product, source.service, source.definition, rule.logsource.span)
        after = replace(rule, logsource=where, conditions=found, selections=selections, fields=_fields(made))
        state = dict(self._pipeline.state)
        added = made.rule.detection.detections.keys() - made.names
        return Processed(after, tuple(notes), state, bool(added or state.keys() & _PLACES))

    def _refused(self, error: Exception, rule: Rule) -> PipelineError:
        """An exception of pySigma at the item that it names, or else at the log source."""
        place = error.source if isinstance(error, TheirError) else None
        span = place.key if isinstance(place, Place) else rule.logsource.span
        return PipelineError(diagnostic("P704", said(error), span, hint=f"said by {self._names}"))

    def _later(self, rule: SigmaRule) -> Iterator[str]:
        """What pySigma would do to the query's text, and to all queries together."""
        kinds = {kind: name for name, kind in query_postprocessing_transformations.items()}
        for item in self._pipeline.postprocessing_items:
            kind = type(item.transformation)
            if item.match_rule_conditions(rule) and _CARRIED.get(kind.__name__) not in self._pipeline.state:
                yield f"the postprocessing `{kinds.get(kind, kind.__name__)}`"
        outputs = {kind: name for name, kind in finalizers.items()}
        for finalizer in self._pipeline.finalizers:
            yield f"the finalizer `{outputs.get(type(finalizer), type(finalizer).__name__)}`"


def _unused(attributes: Sequence[str], rule: Rule) -> Iterator[Diagnostic]:
    for name in attributes:
        yield diagnostic("P707", f"the pipeline set the attribute `{name}`, which no query uses", rule.logsource.span)


def _not_applied(later: Sequence[str], rule: Rule) -> Iterator[Diagnostic]:
    for what in dict.fromkeys(later):
        yield diagnostic("P706", f"{what} of the pipeline was not applied to the query", rule.logsource.span)


def _fields(made: Given) -> tuple[str, ...]:
    return tuple(map(str, made.rule.fields))
