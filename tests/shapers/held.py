"""Rules held against recorded events in a platform's own form: which events a schema's query finds there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from tests.shapers import Event, Row, defender, number_of, sentinel, splunk_xml, winlogbeat
from tests.support import corpus
from tests.support.events import PROCESS_CREATED
from transpiler import evaluate, registry
from transpiler.ast import And, Node, Or
from transpiler.errors import SigmaError
from transpiler.mapping import map_rule
from transpiler.model import Rule
from transpiler.parse import rule as parse_rule
from transpiler.passes import normalise
from transpiler.query import Options
from transpiler.schema import Mapped, Schema
from transpiler.source import Document, documents
from transpiler.stored import fields_of, has_keywords, leaves

SHAPERS: dict[str, Callable[[Event], list[Row]]] = {
    "ecs": winlogbeat.shape,
    "splunk": splunk_xml.shape,
    "sentinel": sentinel.shape,
    "defender_xdr": defender.shape,
}
"""Schema -> how its platform stores a recorded event."""


# --- the corpus -----------------------------------------------------------------------------------------


def recorded(folder: Path) -> list[Event]:
    """Every recorded event as it is, without the aliases of its truth."""
    found = []
    for path in sorted(folder.glob("*.ndjson.zst")):
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            found += [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    return found


class Truth(NamedTuple):
    """A rule and the events that it matches."""

    path: str
    rule: Rule
    ids: frozenset[str]


def truths(folder: Path) -> list[Truth]:
    """The rules that match something, with the ids of both columns of truth.tsv."""
    found = []
    with (folder / "truth.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            path = corpus.CORPUS / "sigmahq-rules" / row["path"].removeprefix("rules/")
            if row["rule_set"] != "sigmahq":
                path = corpus.ROOT / "examples" / "service_failure_command.yml"
            document = next(documents(str(path), path.read_text(encoding="utf-8")))
            assert isinstance(document, Document), document
            ids = f"{row['event_ids_native']},{row['event_ids_4688_via_alias']}".split(",")
            found.append(Truth(row["path"], parse_rule(document)[0], frozenset(ids) - {""}))
    return found


# --- what is stored -------------------------------------------------------------------------------------

Test = Callable[[dict[str, Any]], bool]


@dataclass(slots=True)
class Group:
    """Rows of a table that look the same to every telemetry's ``when``: one of them answers for all."""

    place: str
    sample: dict[str, Any]
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Stored:
    """The recorded events as a platform stores them, grouped by the columns that telemetries are chosen by."""

    def __init__(self, rows: Iterable[tuple[str, Row]], whens: Iterable[Node]) -> None:
        self.names = frozenset(each.name for when in whens for leaf in leaves(when) for each in fields_of(leaf))
        self.groups: dict[str, Group] = {}
        self.ids: set[str] = set()
        names = sorted(self.names)
        for event_id, (place, values) in rows:
            key = repr((place, [evaluate.lookup(values, name) for name in names]))
            self.groups.setdefault(key, Group(place, values)).rows.append((event_id, values))
            self.ids.add(event_id)
        self._selected: dict[object, frozenset[str]] = {}

    def found(self, mapped: Mapped, expected: frozenset[str]) -> set[str]:
        """The ids of the events that a mapped rule finds in its table.

        Keywords are looked for in every value of every event: of those that are not expected, one in ten is asked.
        """
        matches, possible = evaluate.compile(mapped.tree), self._possible(mapped.tree)
        every = 10 if has_keywords(mapped.tree) else 1
        return {
            event_id
            for group in self._in(mapped.source.table)
            if possible(group.sample)
            for number, (event_id, values) in enumerate(group.rows)
            if (number % every == 0 or event_id in expected) and matches(values)
        }

    def selected(self, mapped: Mapped) -> frozenset[str]:
        """The ids of the events that its telemetries are about."""
        whens = tuple([each.when for each in mapped.telemetries])
        key = (mapped.source.table, whens)
        if key not in self._selected:
            tests = [(lambda _: True) if when is None else evaluate.compile(when) for when in whens]
            groups = [group for group in self._in(mapped.source.table) if any(test(group.sample) for test in tests)]
            self._selected[key] = frozenset([event_id for group in groups for event_id, _ in group.rows])
        return self._selected[key]

    def _in(self, table: str | None) -> Iterator[Group]:
        places = ["", *(table or "").split(", ")]
        return (group for group in self.groups.values() if group.place in places)

    def _possible(self, node: Node) -> Test:
        """A test that a group's sample passes if any of its rows can match: what groups do not tell is passed over."""
        if isinstance(node, And | Or):
            tests = [self._possible(child) for child in node.children]
            quantifier = all if isinstance(node, And) else any
            return lambda values: quantifier(test(values) for test in tests)
        inside = list(leaves(node))
        told = not has_keywords(node) and all(each.name in self.names for leaf in inside for each in fields_of(leaf))
        return evaluate.compile(node) if told else lambda _: True


# --- what is asked --------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """What a schema makes of a rule: its queries, one for each way of recording; or why there is none."""

    queries: tuple[Mapped, ...] = ()
    refused: str = ""


def asked(schema: Schema, rule: Rule) -> Asked:
    """The rule's queries: as it is asked for, and for every telemetry of its log source by name."""
    tree = normalise(Or(tuple([condition.tree for condition in rule.conditions])))
    routes = schema.routes.of(rule.logsource)
    names = dict.fromkeys(each.name for route in routes for each in route.telemetries)
    queries: dict[object, Mapped] = {}
    refused = ""
    for name in (None, *names):
        try:
            made = map_rule(schema, rule, tree, Options(telemetry=name))
        except SigmaError as error:
            refused = refused or f"{error.diagnostic.code}: {error.diagnostic.message}"
            continue
        queries |= {(mapped.source, mapped.tree): mapped for mapped in made if not _is_part(mapped, queries.values())}
    return Asked(tuple(queries.values()), "" if queries else refused)


def _is_part(mapped: Mapped, taken: Iterable[Mapped]) -> bool:
    """Whether a query's telemetries are all asked by another one already, as alternatives."""
    names = {each.name for each in mapped.telemetries}
    return any(
        each.source.table == mapped.source.table and names < {other.name for other in each.telemetries}
        for each in taken
    )


# --- held against each other ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """What a schema's queries find too much and too little of a rule's events."""

    path: str
    refused: str = ""
    extra: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``refused``, ``more``, ``fewer``, or ``both`` of these two."""
        if self.refused:
            return "refused"
        return "both" if self.extra and self.missed else "more" if self.extra else "fewer"

    def __str__(self) -> str:
        said = self.refused or f"too much: {_few(self.extra)}; too little: {_few(self.missed)}"
        return f"{self.path}: {said}"


def _few(ids: Sequence[str]) -> str:
    return f"{len(ids)} ({', '.join(ids[:3])})" if ids else "nothing"


@dataclass(slots=True)
class Report:
    """One schema's figures."""

    schema: str
    rules: int = 0
    stored: int = 0
    differing: dict[str, Difference] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    """Rules none of whose events the platform stores."""

    @property
    def same(self) -> int:
        """Rules whose stored events, and no others, are found."""
        return self.stored - len(self.differing)

    def __str__(self) -> str:
        return (
            f"{self.schema}: {self.rules} rules with matches, of which the platform stores events of {self.stored}; "
            f"{self.same} find the same, {len(self.differing)} do not"
        )


def held(name: str, events: Sequence[Event], rules: Sequence[Truth]) -> Report:
    """Hold every rule of a schema against the events."""
    schema = registry.schema(name)
    made = [asked(schema, truth.rule) for truth in rules]
    whens = [each.when for one in made for query in one.queries for each in query.telemetries if each.when is not None]
    stored = Stored(_rows(name, events), whens)
    report = Report(name, rules=len(rules))
    for truth, one in zip(rules, made, strict=True):
        expected = truth.ids & stored.ids
        if not expected:
            report.elsewhere.append(truth.path)
            continue
        report.stored += 1
        difference = _difference(truth.path, frozenset(expected), one, stored)
        if difference is not None:
            report.differing[str(truth.rule.id)] = difference
    return report


def _difference(path: str, expected: frozenset[str], one: Asked, stored: Stored) -> Difference | None:
    """The queries together find what is expected; each finds all that it selects, but where it says it cannot."""
    if one.refused:
        return Difference(path, one.refused)
    union: set[str] = set()
    missed: set[str] = set()
    for query in one.queries:
        found = stored.found(query, expected)
        union |= found
        if not any(note.code == ABSENT for note in query.notes):
            missed |= expected & stored.selected(query) - found
    missed |= expected - union
    extra = union - expected
    return Difference(path, "", tuple(sorted(extra)), tuple(sorted(missed))) if extra or missed else None


ABSENT = "F507"
"""The warning of a query that asks for what its telemetry never records."""


def _rows(name: str, events: Iterable[Event]) -> Iterator[tuple[str, Row]]:
    shape = SHAPERS[name]
    for event in events:
        if not _unsettled(event):
            for row in shape(event):
                yield str(event["_id"]), row


def _unsettled(event: Event) -> bool:
    """Whether the truth says nothing of an event: process creations whose channel is written ``security`` were not
    given the names that a log source of process creations has."""
    return event["Channel"] == "security" and number_of(event) == PROCESS_CREATED
