"""What each schema makes of the public rules, beside what pySigma makes of them with its best pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tests.support import corpus
from transpiler import registry
from transpiler.api import Compiler, Outcome

TARGETS = {
    "ecs": "esql",
    "splunk": "splunk",
    "splunk_cim": "splunk",
    "sentinel": "kusto",
    "asim": "kusto",
    "defender_xdr": "kusto",
}
"""The schemas, and the language that the rules are converted to: where there are several, the one that says most."""


class Theirs(NamedTuple):
    """A backend of pySigma and the pipelines that are meant for a platform, by the functions that make them."""

    backend: str
    pipelines: tuple[str, ...]


THEIRS: dict[str, Theirs] = {
    "ecs": Theirs(
        "sigma.backends.elasticsearch.LuceneBackend",
        ("sigma.pipelines.elasticsearch.windows.ecs_windows", "sigma.pipelines.elasticsearch.zeek.ecs_zeek_beats"),
    ),
    "splunk": Theirs("sigma.backends.splunk.SplunkBackend", ("sigma.pipelines.splunk.splunk_windows_pipeline",)),
    "splunk_cim": Theirs("sigma.backends.splunk.SplunkBackend", ("sigma.pipelines.splunk.splunk_cim_data_model",)),
    "sentinel": Theirs("sigma.backends.kusto.KustoBackend", ("sigma.pipelines.azuremonitor.azure_monitor_pipeline",)),
    "asim": Theirs("sigma.backends.kusto.KustoBackend", ("sigma.pipelines.sentinelasim.sentinel_asim_pipeline",)),
    "defender_xdr": Theirs(
        "sigma.backends.kusto.KustoBackend", ("sigma.pipelines.microsoftxdr.microsoft_xdr_pipeline",)
    ),
}


@dataclass
class Coverage:
    """Of one schema: the rules of each log source, those converted, and the others by the code that refused them."""

    rules: Counter[str] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    warned: int = 0
    theirs: Counter[str] = field(default_factory=Counter)
    """What pySigma converts, by log source; empty where it was not asked."""
    why_not: dict[str, str] = field(default_factory=dict)
    """The log sources that the schema leaves out, and why."""


def ours(schema: str, paths: list[Path]) -> Coverage:
    """What the schema makes of the rules."""
    found = Coverage()
    names = registry.schema(schema)
    compiler = Compiler([TARGETS[schema]], schema=schema)
    for outcome in _outcomes(compiler, paths):
        assert outcome.rule is not None
        source = str(outcome.rule.logsource)
        found.rules[source] += 1
        errors = [each.code for each in outcome.diagnostics if each.severity == "error"]
        if not errors:
            found.converted[source] += 1
            found.warned += any(each.severity == "warning" for query in outcome.queries for each in query.diagnostics)
            continue
        found.refused[errors[0]] += 1
        found.reasons.setdefault(source, Counter())[errors[0]] += 1
        why = names.routes.why_not(outcome.rule.logsource) if errors[0] == "F501" else None
        if why:
            found.why_not[source] = why
    return found


def _outcomes(compiler: Compiler, paths: list[Path]) -> Iterator[Outcome]:
    for path in paths:
        yield from compiler.compile_file(str(path))


def theirs(schema: str, paths: list[Path]) -> Counter[str]:
    """The rules of each log source of which pySigma makes a query, with the best of its pipelines for the platform."""
    which = THEIRS[schema]
    best: Counter[str] = Counter()
    for name in which.pipelines:
        module, _, function = name.rpartition(".")
        convert = _converter(which.backend, getattr(import_module(module), function))
        found = _converted(convert, paths)
        if found.total() > best.total():
            best = found
    return best


def _converter(backend: str, pipeline: Callable[[], Any]) -> Callable[[Any], Any]:
    module, _, name = backend.rpartition(".")
    made = getattr(import_module(module), name)(processing_pipeline=pipeline())
    convert: Callable[[Any], Any] = made.convert
    return convert


def _converted(convert: Callable[[Any], Any], paths: list[Path]) -> Counter[str]:
    from sigma.collection import SigmaCollection

    found: Counter[str] = Counter()
    for path in paths:
        try:
            collection = SigmaCollection.from_yaml(path.read_text("utf-8"))
            queries = convert(collection)
        except Exception:  # noqa: BLE001 - whatever it raises, it gives no query
            continue
        source = collection.rules[0].logsource
        if any(str(query).strip() for query in queries):
            found[f"{source.product or '-'}/{source.category or '-'}/{source.service or '-'}"] += 1
    return found


def coverage(*, compare: bool) -> dict[str, Coverage]:
    """The coverage of every schema; ``compare``: beside pySigma's."""
    paths = corpus.rules()
    found = {schema: ours(schema, paths) for schema in TARGETS}
    if compare:
        for schema, each in found.items():
            each.theirs = theirs(schema, paths)
    return found
