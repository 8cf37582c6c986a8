"""Schema files: YAML -> Schema.

    name: ecs                       # how it is called: -s ecs
    title: Elastic Common Schema
    targets: [lucene, eql]          # the languages that may use it
    index: logs-*                   # defaults: index, table, time
    time: "@timestamp"
    exact: true                     # the platform writes the values of `when` in just this letter case
    columns:                        # every column that is named below, and its type
      process.command_line: string/wildcard
      process.pid: int
      host.name: {type: string, strings: keyword, many: true, folded: host.name.lower}
    log_sources:
      - product: windows            # category, service: absent means any
        category: process_creation
        event: process              # EQL's event category
        telemetry:
          - name: Sysmon
            when: {event.code: "1"} # predicates that select its events: column -> value or list
            pins: {EventID: [1]}    # a rule that asks for another value means another telemetry
            fields:
              CommandLine: process.command_line
              Image: [process.executable, process.name]     # any of several
              EventID: {1: {event.code: "1"}}                # no column: what each value means

A type is one of string, int, float, bool, ip, datetime, dynamic; a string type may say how it is
indexed after a slash: keyword (the default), wildcard, text, folded.
"""

from __future__ import annotations

from typing import NoReturn, get_args

from transpiler.ast import And, Equals, Field, FieldType, IsNull, Match, Node, Or, Strings
from transpiler.columns import fit_equals, fit_match
from transpiler.detection import pairs, value_of
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError, SourceError
from transpiler.pattern import parse
from transpiler.schema import Columns, Route, Schema, Telemetry
from transpiler.source import Document, MappingNode, SequenceNode, documents
from transpiler.source import Node as Yaml
from transpiler.span import Span

_TYPES = tuple(kind for kind in get_args(FieldType) if kind != "unknown")
_STRINGS = get_args(Strings)
_PARTS = {
    "a schema": (
        *("name", "title", "targets", "index", "table", "time", "unmapped", "strings", "numbers", "exact"),
        *("keyword_fields", "columns", "log_sources"),
    ),
    "a column": ("type", "strings", "many", "folded"),
    "a log source": ("product", "category", "service", "index", "table", "event", "telemetry"),
    "a telemetry": ("name", "when", "pins", "fields", "index", "table", "event"),
}


def load(path: str, text: str) -> Schema:
    """The schema a file holds. Raises SchemaError (F505) or RuleError at the line at fault."""
    found = list(documents(path, text))
    if len(found) != 1 or isinstance(found[0], SourceError):
        if found and isinstance(found[0], SourceError):
            raise found[0]
        raise SchemaError(diagnostic("F505", "a schema file holds one YAML document", Span(path, 1, 1)))
    return _Loader(found[0]).schema()


class _Loader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.columns: dict[str, Field] = {}
        self.exact = False

    def fail(self, node: Yaml, message: str) -> NoReturn:
        raise SchemaError(diagnostic("F505", message, self.document.span(node)))

    # --- reading pieces -----------------------------------------------------------------------------

    def map(self, node: Yaml | None, what: str = "") -> dict[str, Yaml]:
        """A map's values by key; its keys must be those of ``what``, a key of _PARTS."""
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            self.fail(node, "a map is expected here")
        found = pairs(self.document, node)
        for key, key_node, _ in found.values() if what else ():
            if key not in _PARTS[what]:
                self.fail(key_node, f"`{key}` is no part of {what}; it has {', '.join(_PARTS[what])}")
        return {key: value for key, _, value in found.values()}

    def list(self, node: Yaml | None) -> list[Yaml]:
        if node is None:
            return []
        return list(node.value) if isinstance(node, SequenceNode) else [node]

    def text(self, node: Yaml | None) -> str | None:
        if node is None:
            return None
        value = value_of(self.document, node, "this")
        return None if value is None else str(value)

    def flag(self, node: Yaml | None) -> bool:
        value = False if node is None else value_of(self.document, node, "this")
        if node is not None and not isinstance(value, bool):
            self.fail(node, "true or false is expected here")
        return bool(value)

    def texts(self, node: Yaml | None) -> tuple[str, ...]:
        return tuple([str(value_of(self.document, each, "this")) for each in self.list(node)])

    # --- the parts of a schema ----------------------------------------------------------------------

    def schema(self) -> Schema:
        root = self.document.root
        parts = self.map(root, "a schema")
        name, title = self.text(parts.get("name")), self.text(parts.get("title"))
        if not name or not title:
            self.fail(root, "a schema needs a name and a title")
        unmapped = self.text(parts.get("unmapped")) or "refuse"
        if unmapped not in ("refuse", "keep"):
            self.fail(parts["unmapped"], "`unmapped` is refuse or keep")
        strings = self.strings(parts["strings"]) if "strings" in parts else "keyword"
        self.exact = self.flag(parts.get("exact"))
        for column, node in self.map(parts.get("columns")).items():
            self.columns[column] = self.column(column, node)
        return Schema(
            name=name,
            title=title,
            targets=self.texts(parts.get("targets")),
            columns=self.columns,
            routes=tuple([self.route(each) for each in self.list(parts.get("log_sources"))]),
            keep=unmapped == "keep",
            numbers=frozenset(self.texts(parts.get("numbers"))),
            strings=strings,
            keyword_fields=self.texts(parts.get("keyword_fields")),
            index=self.text(parts.get("index")),
            table=self.text(parts.get("table")),
            time=self.text(parts.get("time")),
        )

    def strings(self, node: Yaml) -> Strings:
        value = self.text(node)
        if value not in _STRINGS:
            self.fail(node, f"strings are indexed as one of {', '.join(_STRINGS)}")
        return value  # type: ignore[return-value] # checked against the literal's words

    def column(self, name: str, node: Yaml) -> Field:
        parts = self.map(node, "a column") if isinstance(node, MappingNode) else {"type": node}
        kind, _, indexed = (self.text(parts.get("type")) or "").partition("/")
        if kind not in _TYPES:
            self.fail(node, f"a column's type is one of {', '.join(_TYPES)}")
        strings = self.strings(parts["strings"]) if "strings" in parts else indexed or "keyword"
        if strings not in _STRINGS:
            self.fail(node, f"strings are indexed as one of {', '.join(_STRINGS)}")
        if kind != "string" and (indexed or "strings" in parts):
            self.fail(node, "only a string says how it is indexed")
        return Field(name, kind, strings, self.flag(parts.get("many")), self.text(parts.get("folded")))  # type: ignore[arg-type]

    def route(self, node: Yaml) -> Route:
        parts = self.map(node, "a log source")
        common = {key: self.text(parts.get(key)) for key in ("index", "table")}
        event = self.text(parts.get("event"))
        telemetries = [
            self.telemetry(each, common["index"], common["table"], event) for each in self.list(parts.get("telemetry"))
        ]
        if not telemetries:
            self.fail(node, "a log source needs at least one telemetry")
        product, category, service = (self.text(parts.get(key)) for key in ("product", "category", "service"))
        return Route(product, category, service, tuple(telemetries))

    def telemetry(self, node: Yaml, index: str | None, table: str | None, event: str | None) -> Telemetry:
        parts = self.map(node, "a telemetry")
        name = self.text(parts.get("name"))
        if not name:
            self.fail(node, "a telemetry needs a name")
        when = self.predicate(parts["when"]) if "when" in parts else None
        pins = {field: frozenset(self.texts(values)) for field, values in self.map(parts.get("pins")).items()}
        fields = {field: self.field(value) for field, value in self.map(parts.get("fields")).items()}
        return Telemetry(
            name=name,
            fields=fields,
            when=when,
            pins=pins,
            index=self.text(parts.get("index")) or index,
            table=self.text(parts.get("table")) or table,
            category=self.text(parts.get("event")) or event,
        )

    def field(self, node: Yaml) -> Columns:
        if isinstance(node, MappingNode):
            return Columns((), {value: self.predicate(tree) for value, tree in self.map(node).items()})
        names = [(self.text(each) or "", each) for each in self.list(node)]
        if not names:
            self.fail(node, "a field needs at least one column")
        for name, each in names:
            self.known(name, each)
        return Columns(tuple([name for name, _ in names]))

    def known(self, name: str, node: Yaml) -> Field:
        if name not in self.columns:
            self.fail(node, f"`{name}` is not among the columns")
        return self.columns[name]

    def predicate(self, node: Yaml) -> Node:
        """A map of column to value or list of values: all of them, any of a list."""
        leaves = [self.leaf(self.known(name, value), value) for name, value in self.map(node).items()]
        if not leaves:
            self.fail(node, "a predicate needs at least one column")
        return leaves[0] if len(leaves) == 1 else And(tuple(leaves))

    def leaf(self, column: Field, node: Yaml) -> Node:
        leaves: list[Node] = []
        for each in self.list(node):
            value = value_of(self.document, each, "this")
            try:
                if value is None:
                    leaves.append(IsNull(column))
                elif isinstance(value, str):
                    leaves.append(fit_match(Match(column, (parse(value),), self.exact), column))
                else:
                    leaves.append(fit_equals(Equals(column, (value,)), column))
            except SchemaError as error:
                self.fail(each, error.diagnostic.message)
        return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))
