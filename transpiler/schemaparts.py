"""Schema files, piece by piece: typed values out of YAML nodes, or a complaint at the line at fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn, get_args

from transpiler.ast import And, Equals, Field, FieldType, IsNull, Match, Node, Not, Or, Strings
from transpiler.columns import fit_equals, fit_match
from transpiler.detection import pairs, value_of
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.passes import normalise
from transpiler.pattern import parse
from transpiler.schema import Columns
from transpiler.source import Document, MappingNode, SequenceNode
from transpiler.source import Node as Yaml

TYPES = tuple(kind for kind in get_args(FieldType) if kind != "unknown")
STRINGS = get_args(Strings)
ENTITIES = ("host", "account", "process", "file", "ip", "url", "hash")

REMARKS = {"assumes": "F513", "wider": "F515"}
"""What a field may say of queries that use it, and the diagnostic that it becomes."""

PARTS = {
    "a schema": (
        *("name", "title", "targets", "extends", "index", "table", "time", "unmapped", "strings", "numbers", "exact"),
        *("keyword_fields", "entities", "dropped", "columns", "sets", "log_sources", "not_recorded"),
    ),
    "a column": ("type", "strings", "many", "folded"),
    "a log source": (
        *("product", "category", "service", "index", "table", "model", "event", "prefer", "dropped", "telemetry"),
    ),
    "what is not recorded": ("product", "category", "service", "why"),
    "a telemetry": (
        *("name", "title", "when", "pins", "use", "others", "fields", "absent", "keywords", "entities"),
        *("index", "table", "model", "event", "dropped"),
    ),
    "`others`": ("column", "type", "strings", "many"),
    "a field": (
        *("columns", "values", "as", "of", "hives", "binary", "empty", "also"),
        *("separator", "missing", "prefix", "escape"),
        *REMARKS,
    ),
}
"""What each map of a schema file may hold."""


class Reader:
    """Reads the pieces of one file. ``columns`` finds a column by name, or gives None."""

    def __init__(self, document: Document, columns: Callable[[str], Field | None], exact: bool, strings: Strings):
        self.document = document
        self.columns = columns
        self.exact = exact
        self.default = strings

    def fail(self, node: Yaml, message: str) -> NoReturn:
        """Raise SchemaError (F505) at the node."""
        raise SchemaError(diagnostic("F505", message, self.document.span(node)))

    # --- shapes ---------------------------------------------------------------------------------------

    def map(self, node: Yaml | None, what: str = "") -> dict[str, Yaml]:
        """A map's values by key; its keys must be those of ``what``, a key of PARTS."""
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            self.fail(node, "a map is expected here")
        found = pairs(self.document, node)
        for key, key_node, _ in found.values() if what else ():
            if key not in PARTS[what]:
                self.fail(key_node, f"`{key}` is no part of {what}; it has {', '.join(PARTS[what])}")
        return {key: value for key, _, value in found.values()}

    def list(self, node: Yaml | None) -> list[Yaml]:
        """The items of a list, or the one node."""
        if node is None:
            return []
        return list(node.value) if isinstance(node, SequenceNode) else [node]

    def text(self, node: Yaml | None) -> str | None:
        """A scalar as text; null is None."""
        if node is None:
            return None
        value = value_of(self.document, node, "this")
        return None if value is None else str(value)

    def flag(self, node: Yaml | None) -> bool:
        """True or false; false where there is none."""
        value = False if node is None else value_of(self.document, node, "this")
        if node is not None and not isinstance(value, bool):
            self.fail(node, "true or false is expected here")
        return bool(value)

    def texts(self, node: Yaml | None) -> tuple[str, ...]:
        """A scalar or a list of them, as texts."""
        return tuple([str(value_of(self.document, each, "this")) for each in self.list(node)])

    def word(self, node: Yaml, words: tuple[str, ...], what: str) -> str:
        """One of the words."""
        value = self.text(node)
        if value not in words:
            self.fail(node, f"{what} is one of {', '.join(words)}")
        return value

    # --- columns --------------------------------------------------------------------------------------

    def column(self, name: str, node: Yaml) -> Field:
        """A column and its type: ``int``, ``string/wildcard``, or a map that says more."""
        parts = self.map(node, "a column") if isinstance(node, MappingNode) else {"type": node}
        kind, _, indexed = (self.text(parts.get("type")) or "").partition("/")
        return self.typed(name, node, parts, kind, indexed)

    def typed(self, name: str, node: Yaml, parts: Mapping[str, Yaml], kind: str, indexed: str = "") -> Field:
        """A column of that type; ``parts`` may say how strings are indexed and that there are many."""
        if kind not in TYPES:
            self.fail(node, f"a column's type is one of {', '.join(TYPES)}")
        said = self.word(parts["strings"], STRINGS, "how strings are indexed") if "strings" in parts else indexed
        if said and said not in STRINGS:
            self.fail(node, f"how strings are indexed is one of {', '.join(STRINGS)}")
        if kind != "string" and said:
            self.fail(node, "only a string says how it is indexed")
        strings = said or (self.default if kind == "string" else "keyword")
        return Field(name, kind, strings, self.flag(parts.get("many")), self.text(parts.get("folded")))  # type: ignore[arg-type]

    def known(self, name: str, node: Yaml) -> Field:
        """The column of that name."""
        found = self.columns(name)
        if found is None:
            self.fail(node, f"`{name}` is not among the columns")
        return found

    def named(self, node: Yaml | None) -> tuple[Field, ...]:
        """The columns that a scalar or a list names."""
        return tuple([self.known(self.text(each) or "", each) for each in self.list(node)])

    def entities(self, node: Yaml | None) -> dict[str, str]:
        """Which column says which host, account, ... an event is about; "" for one that the file takes away."""
        found = self.map(node)
        for kind, each in found.items():
            if kind not in ENTITIES:
                self.fail(each, f"`{kind}` is no entity; there are {', '.join(ENTITIES)}")
        names = {kind: self.text(each) for kind, each in found.items()}
        return {kind: self.known(name, found[kind]).name if name else "" for kind, name in names.items()}

    def others(self, node: Yaml) -> Callable[[str], Field]:
        """How a name is spelled that is kept as it is: ``winlog.event_data.{}``."""
        parts = self.map(node, "`others`") if isinstance(node, MappingNode) else {"column": node}
        pattern = self.text(parts.get("column")) or ""
        if pattern.count("{}") != 1:
            self.fail(node, "`others` holds {} once, where the name goes")
        model = self.typed("", node, parts, self.text(parts.get("type")) or "string")
        return lambda name: (
            self.columns(pattern.replace("{}", name)) or model._replace(name=pattern.replace("{}", name))
        )

    # --- fields ---------------------------------------------------------------------------------------

    def field(self, node: Yaml) -> Columns:
        """What a rule's field is: a column, several, values that stand for predicates, or a transform."""
        if not isinstance(node, MappingNode):
            columns = self.named(node)
            if not columns:
                self.fail(node, "a field needs at least one column")
            return _numbered(Columns(columns))
        parts = self.map(node, "a field")
        made = _numbered(self.kept(node, parts))
        remarks = {code: self.text(parts[key]) or "" for key, code in REMARKS.items() if key in parts}
        return made._replace(remarks={**(made.remarks or {}), **remarks}) if remarks else made

    def kept(self, node: Yaml, parts: Mapping[str, Yaml]) -> Columns:
        """How the field's values are kept."""
        if "as" in parts:
            from transpiler.schemaforms import form

            return form(self, node, parts)
        if "values" not in parts:
            columns = self.named(parts.get("columns"))
            if not columns:
                self.fail(node, "a field is a column, a list of columns, or a map with `columns`, `values` or `as`")
            return Columns(columns)
        values = {value: self.predicate(tree) for value, tree in self.map(parts["values"]).items()}
        if not values:
            self.fail(node, "`values` needs at least one value")
        return Columns(self.named(parts.get("columns")), values)

    # --- predicates -----------------------------------------------------------------------------------

    def predicate(self, node: Yaml) -> Node:
        """A map of column to value or list of values: all of them, any of a list; ``any`` and ``not`` hold more."""
        found = [self.condition(name, value) for name, value in self.map(node).items()]
        if not found:
            self.fail(node, "a predicate needs at least one column")
        return normalise(found[0] if len(found) == 1 else And(tuple(found)))

    def condition(self, name: str, node: Yaml) -> Node:
        """One entry of a predicate."""
        if name == "any":
            options = tuple([self.predicate(each) for each in self.list(node)])
            return options[0] if len(options) == 1 else Or(options)
        if name == "not":
            return Not(self.predicate(node))
        return self.leaf(self.known(name, node), node)

    def leaf(self, column: Field, node: Yaml) -> Node:
        """A column and its value, or any of a list of them."""
        leaves: list[Node] = []
        exact = self.exact and column.strings != "folded"  # there letter case cannot count
        for each in self.list(node):
            value = value_of(self.document, each, "this")
            try:
                if value is None:
                    leaves.append(IsNull(column))
                elif isinstance(value, str):
                    leaves.append(fit_match(Match(column, (parse(value),), exact), column))
                else:
                    leaves.append(fit_equals(Equals(column, (value,)), column))
            except SchemaError as error:
                self.fail(each, error.diagnostic.message)
        if not leaves:
            self.fail(node, "a predicate needs at least one value")
        return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))


_MEMBER = re.compile(r"\[(\d+)\]|\.(\d+)\.")
"""A member of a list in a column's path, by its number."""


def _numbered(columns: Columns) -> Columns:
    """The columns; where they are the first members of a list, queries say so."""
    names = [*columns.names, *(field.name for node in (columns.values or {}).values() for field in _fields(node))]
    found = {match[1] or match[2] for name in names for match in _MEMBER.finditer(name)}
    if len(found) < 2:
        return columns
    most = max(map(int, found)) + 1
    return columns._replace(remarks={"F513": f"of a list, at most the first {most} members are looked at"})


def _fields(node: Node) -> Iterator[Field]:
    """The columns of a predicate."""
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _fields(child)
    elif isinstance(node, Not):
        yield from _fields(node.child)
    else:
        yield node.field  # type: ignore[union-attr] # a schema's leaves are all about columns
