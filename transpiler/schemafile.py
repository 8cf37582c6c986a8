"""Schema files: YAML -> Schema. The format is described in docs/schema-format.md.

A shipped schema is a folder: ``schema.yml``, a file for each product, and ``any.yml`` for log sources
without one. Only the files that a rule's product needs are read, and of them only the log sources that a
rule asks for are built. A user's schema is one file, which may extend another; what it says wins.

Architecture invariant: a schema that was checked never fails later. Shipped ones are checked by tests, a
user's when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, cast

from transpiler import ast
from transpiler.ast import Field, Node, Strings
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError, SourceError
from transpiler.model import LogSource
from transpiler.schema import Columns, Route, Schema, Telemetry, shown
from transpiler.schemaparts import STRINGS, Reader
from transpiler.source import Document, MappingNode, documents
from transpiler.source import Node as Yaml
from transpiler.span import Span
from transpiler.values import text_of

Key = tuple[str | None, str | None, str | None]
"""Product, category, service; None: any."""

ANY = "any"
"""The file of the log sources without a product."""


class Part(NamedTuple):
    """One file of a schema: its name in diagnostics, and its text."""

    path: str
    text: str


@dataclass(frozen=True)
class Parts:
    """The files of a schema beside its first: the products there are, and how to read one."""

    products: tuple[str, ...] = ()
    read: Callable[[str], Part] | None = None


def load(
    path: str,
    text: str,
    *,
    parts: Parts = Parts(),
    parent: Callable[[str], Schema] | None = None,
) -> Schema:
    """The schema of a file and its parts; ``parent`` finds the one that it extends.

    Raises SchemaError (F505) or RuleError at the line at fault of the first file; the others are read
    when a rule needs them.
    """
    file = _File(_document(path, text))
    read = Reader(file.document, lambda name: None, False, "keyword")
    root = file.document.root
    top = read.map(root, "a schema")
    name, title = read.text(top.get("name")), read.text(top.get("title"))
    if not name or not title:
        read.fail(root, "a schema needs a name and a title")
    extends = read.text(top.get("extends"))
    base: Schema | None = None
    if extends:
        if parent is None:
            read.fail(top["extends"], "nothing can be extended here")
        base = parent(extends)
    keep = read.word(top["unmapped"], ("refuse", "keep"), "`unmapped`") == "keep" if "unmapped" in top else False
    strings = (
        read.word(top["strings"], STRINGS, "`strings`") if "strings" in top else base.strings if base else "keyword"
    )
    below = base.routes.layers if base and isinstance(base.routes, Book) else ()
    if "strings" in top:  # what the files below leave open, this one decides
        below = tuple([replace(layer, strings=cast(Strings, strings)) for layer in below])
    exact = read.flag(top["exact"]) if "exact" in top else bool(below and below[-1].exact)
    book = Book((*below, Layer(file, parts, exact, cast(Strings, strings))))
    whole = book.scope(None).reader(file)
    return Schema(
        name=name,
        title=title,
        targets=read.texts(top.get("targets")) or (base.targets if base else ()),
        routes=book,
        keep=keep,
        numbers=frozenset(read.texts(top.get("numbers"))),
        strings=cast(Strings, strings),
        keyword_fields=_fields_of_keywords(whole, top.get("keyword_fields")) or (base.keyword_fields if base else ()),
        index=read.text(top.get("index")) or (base.index if base else None),
        table=read.text(top.get("table")) or (base.table if base else None),
        time=read.text(top.get("time")) or (base.time if base else None),
        entities={**(base.entities if base else {}), **whole.entities(top.get("entities"))},
    )


def _fields_of_keywords(read: Reader, node: Yaml | None) -> tuple[Field, ...]:
    """Where keywords are looked for; a column that the file does not type is text."""
    return tuple([read.columns(name) or Field(name, "string", read.default) for name in read.texts(node)])


def check(schema: Schema) -> int:
    """Build everything that a schema says. Raises SchemaError at the first mistake; gives the number of log sources."""
    if isinstance(schema.routes, Book):
        schema.routes.columns()
        for scope in schema.routes.scopes():
            for file, _ in scope.files:
                _ = file.not_recorded
    return len(list(schema.routes))


def _document(path: str, text: str) -> Document:
    found = list(documents(path, text))
    if len(found) != 1 or isinstance(found[0], SourceError):
        if found and isinstance(found[0], SourceError):
            raise found[0]
        raise SchemaError(diagnostic("F505", "a schema file holds one YAML document", Span(path, 1, 1)))
    return found[0]


@dataclass(eq=False)
class _File:
    """One file, its parts not yet looked at."""

    document: Document

    @cached_property
    def parts(self) -> dict[str, Yaml]:
        return self._plain.map(self.document.root, "a schema")

    @cached_property
    def columns(self) -> dict[str, Yaml]:
        return self._plain.map(self.parts.get("columns"))

    @property
    def defaults(self) -> dict[str, Yaml]:
        """What holds for every log source of the file that does not say otherwise."""
        return {key: self.parts[key] for key in ("dropped",) if key in self.parts}

    @cached_property
    def sets(self) -> dict[str, Yaml]:
        return self._plain.map(self.parts.get("sets"))

    @cached_property
    def entries(self) -> list[tuple[Key, Yaml]]:
        """The log sources that the file names, each combination of its lists one."""
        read = self._plain
        nodes = read.list(self.parts.get("log_sources"))
        return [(key, node) for node in nodes for key in _keys(read, read.map(node, "a log source"))]

    @cached_property
    def not_recorded(self) -> list[tuple[Key, str]]:
        """The log sources that the file says the platform does not record, and why."""
        read = self._plain
        found: list[tuple[Key, str]] = []
        for node in read.list(self.parts.get("not_recorded")):
            parts = read.map(node, "what is not recorded")
            why = read.text(parts.get("why"))
            if not why:
                read.fail(node, "what is not recorded needs `why`")
            found += [(key, why) for key in _keys(read, parts)]
        return found

    @property
    def _plain(self) -> Reader:
        return Reader(self.document, lambda name: None, False, "keyword")


def _keys(read: Reader, parts: Mapping[str, Yaml]) -> list[Key]:
    """Each combination of the products, categories and services that a map names."""
    products, categories, services = (
        read.texts(parts.get(key)) or (None,) for key in ("product", "category", "service")
    )
    return [(p, c, s) for p in products for c in categories for s in services]


@dataclass(eq=False)
class Layer:
    """One schema of a row in which each extends the one before."""

    file: _File
    parts: Parts
    exact: bool
    strings: Strings
    _read: dict[str, _File] = field(default_factory=dict)

    def of(self, product: str) -> Iterator[_File]:
        """The layer's files for a product."""
        yield self.file
        if product in self.parts.products and self.parts.read is not None:
            if product not in self._read:
                self._read[product] = _File(_document(*self.parts.read(product)))
            yield self._read[product]


class Book:
    """The log sources of a row of layers, read when they are asked for (:class:`transpiler.schema.Routes`)."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers
        self._scopes: dict[str, _Scope] = {}
        self._found: dict[Key, tuple[Route, ...]] = {}
        self._known: tuple[str, ...] | None = None

    def scope(self, product: str | None) -> _Scope:
        """What is said of one product, or of log sources without one."""
        name = product or ANY
        if name not in self._scopes:
            self._scopes[name] = _Scope(self.layers, name)
        return self._scopes[name]

    def of(self, logsource: LogSource) -> tuple[Route, ...]:
        """The route that fits best; of a log source without a product, if need be, those of every product."""
        key = (logsource.product, logsource.category, logsource.service)
        if key not in self._found:
            self._found[key] = self._of(logsource)
        return self._found[key]

    def _of(self, logsource: LogSource) -> tuple[Route, ...]:
        scopes = [self.scope(logsource.product), *([self.scope(None)] if logsource.product else [])]
        for scope in scopes:
            found = sorted((key for key in scope.keys if _fits(key, logsource)), key=_particular, reverse=True)
            if found:
                return (scope.route(found[0]),)
        if logsource.product is None and (logsource.category or logsource.service):
            return tuple(
                scope.route(key)
                for scope in map(self.scope, self._products())
                for key in scope.keys
                if key[0] and key[1:] == (logsource.category, logsource.service)
            )
        return ()

    def known(self) -> tuple[str, ...]:
        """Every log source, as diagnostics write it."""
        if self._known is None:
            self._known = tuple([shown(*key) for _, key in self._all()])
        return self._known

    def why_not(self, logsource: LogSource) -> str | None:
        """Why the platform does not record a log source, if one of the files says so."""
        for product in dict.fromkeys((logsource.product, None)):
            for file, _ in reversed(self.scope(product).files):
                for key, why in file.not_recorded:
                    if _fits(key, logsource) or key == (logsource.product, None, None):
                        return why
        return None

    def columns(self) -> Mapping[str, Field]:
        """Every column, by name."""
        found: dict[str, Field] = {}
        for scope in self.scopes():
            for file, _ in scope.files:
                found.update({name: scope.known(name) for name in file.columns})
            for route in scope.routes():
                found.update(
                    {c.name: c for each in route.telemetries for field in each.fields.values() for c in field[0]}
                )
        return found

    def __iter__(self) -> Iterator[Route]:
        for scope, key in self._all():
            yield scope.route(key)

    def scopes(self) -> list[_Scope]:
        """What is said of each product, and of log sources without one."""
        return [self.scope(product) for product in (*self._products(), None)]

    def _products(self) -> list[str]:
        named = {key[0] for layer in self.layers for key, _ in layer.file.entries if key[0]}
        return sorted({*named, *(name for layer in self.layers for name in layer.parts.products)} - {ANY})

    def _all(self) -> Iterator[tuple[_Scope, Key]]:
        for product in self._products():
            scope = self.scope(product)
            yield from ((scope, key) for key in scope.keys if key[0])
        yield from ((self.scope(None), key) for key in self.scope(None).keys)


def _fits(key: Key, logsource: LogSource) -> bool:
    """Whether a log source of the schema covers a rule's: what either names, the other must not contradict."""
    product, category, service = key
    if product not in (None, logsource.product):
        return False
    if category not in (None, logsource.category) or service not in (None, logsource.service):
        return False
    return bool(category or service or not (logsource.category or logsource.service))


def _particular(key: Key) -> tuple[bool, bool, bool]:
    product, category, service = key
    return category is not None, service is not None, product is not None


class _Scope:
    """The files that speak of one product, what the later ones say winning."""

    def __init__(self, layers: Sequence[Layer], product: str) -> None:
        self.product = product
        self.files = [(file, layer) for layer in layers for file in layer.of(product)]
        self._columns: dict[str, Field | None] = {}
        self._routes: dict[Key, Route] = {}
        self._groups: dict[str, dict[str, Columns | None] | list[str] | None] = {}
        wanted = None if product == ANY else product
        self.keys: dict[Key, list[tuple[_File, Layer, Yaml]]] = {}
        for file, layer in reversed(self.files):
            for key, node in file.entries:
                if key[0] == wanted:
                    self.keys.setdefault(key, []).insert(0, (file, layer, node))

    def column(self, name: str) -> Field | None:
        """The column of that name, if there is one."""
        if name not in self._columns:
            for file, layer in reversed(self.files):
                node = file.columns.get(name)
                if node is not None:
                    self._columns[name] = self._reader(file, layer).column(name, node)
                    break
            else:
                self._columns[name] = None
        return self._columns[name]

    def known(self, name: str) -> Field:
        """The column of that name, which there is."""
        return cast(Field, self.column(name))

    def reader(self, file: _File) -> Reader:
        """Reads one of the scope's files."""
        return next(self._reader(each, layer) for each, layer in self.files if each is file)

    def _reader(self, file: _File, layer: Layer) -> Reader:
        return Reader(file.document, self.column, layer.exact, layer.strings)

    def group(self, name: str) -> dict[str, Columns | None] | list[str] | None:
        """A named group of fields: a map that later files add to, or a list of names."""
        if name not in self._groups:
            found: dict[str, Columns | None] | list[str] | None = None
            for file, layer in self.files:
                node = file.sets.get(name)
                if node is None:
                    continue
                read = self._reader(file, layer)
                if not isinstance(node, MappingNode):
                    found = [*read.texts(node)]
                else:
                    found = {**(found if isinstance(found, dict) else {}), **_fields(read, node)}
            self._groups[name] = found
        return self._groups[name]

    def routes(self) -> list[Route]:
        """Every route."""
        return [self.route(key) for key in self.keys]

    def route(self, key: Key) -> Route:
        """The route of one log source, built once."""
        if key not in self._routes:
            self._routes[key] = self._route(key)
        return self._routes[key]

    def _route(self, key: Key) -> Route:
        said: dict[str, list[tuple[Reader, dict[str, Yaml], dict[str, Yaml]]]] = {}
        prefer = "first"
        for file, layer, node in reversed(self.keys[key]):  # the last layer's telemetries come first
            read = self._reader(file, layer)
            common = {**file.defaults, **read.map(node, "a log source")}
            for each in read.list(common.get("telemetry")):
                parts = read.map(each, "a telemetry")
                name = read.text(parts.get("name"))
                if not name:
                    read.fail(each, "a telemetry needs a name")
                said.setdefault(name, []).insert(0, (read, common, parts))
            if not said:
                read.fail(node, "a log source needs at least one telemetry")
        for file, layer, node in self.keys[key]:
            read = self._reader(file, layer)
            common = read.map(node, "a log source")
            if "prefer" in common:
                prefer = read.word(common["prefer"], ("first", "all", "each"), "`prefer`")
        built = [_Telemetry(self, pieces).built(name) for name, pieces in said.items()]
        return Route(*key, tuple(built), prefer == "all", prefer == "each")


class _Telemetry:
    """One telemetry out of what each layer says of it, the later winning."""

    def __init__(self, scope: _Scope, pieces: list[tuple[Reader, dict[str, Yaml], dict[str, Yaml]]]) -> None:
        self.scope = scope
        self.pieces = pieces

    def last(self, name: str, *, common: bool = False) -> tuple[Reader, Yaml] | None:
        """What the last layer says under a key, of the telemetry or else (``common``) of its log source."""
        for read, outer, own in reversed(self.pieces):
            for parts in (own, outer) if common else (own,):
                if name in parts:
                    return read, parts[name]
        return None

    def text(self, name: str) -> str | None:
        """The text under a key, of the telemetry or of its log source."""
        found = self.last(name, common=True)
        return found[0].text(found[1]) if found else None

    def built(self, name: str) -> Telemetry:
        """The telemetry."""
        others = self.others()
        when = self.last("when")
        predicate = when[0].predicate(when[1]) if when else None
        fields = self.fields(others)
        absent = {each for read, _, own in self.pieces for each in read.texts(own.get("absent"))}
        title, keywords, entities = self.last("title"), self.last("keywords"), self.last("entities")
        dropped = self.last("dropped", common=True)
        return Telemetry(
            name=name,
            fields=fields,
            title=(title[0].text(title[1]) or "") if title else "",
            when=predicate,
            absent=frozenset(absent - fields.keys()),
            dropped=frozenset(dropped[0].texts(dropped[1])) if dropped else frozenset(),
            pins={**_pins(predicate, fields), **self.pins()},
            others=others,
            index=self.text("index"),
            table=self.text("table"),
            model=self.text("model"),
            category=self.text("event"),
            keywords=keywords[0].named(keywords[1]) if keywords else (),
            entities=entities[0].entities(entities[1]) if entities else {},
        )

    def others(self) -> Callable[[str], Field] | None:
        """How names are spelled that are kept as they are."""
        found = self.last("others")
        return found[0].others(found[1]) if found else None

    def fields(self, others: Callable[[str], Field] | None) -> dict[str, Columns]:
        """The rule's names and what they are, sets first."""
        found: dict[str, Columns | None] = {}
        for read, _, own in self.pieces:
            for node in read.list(own.get("use")):
                group = self.scope.group(read.text(node) or "")
                if group is None:
                    read.fail(node, f"there is no set `{read.text(node)}`")
                if isinstance(group, dict):
                    found.update(group)
                elif others is None:
                    read.fail(node, "a list of names needs `others`, which says how they are spelled")
                else:
                    found.update({name: Columns((others(name),)) for name in group})
            found.update(_fields(read, own.get("fields")))
        return {name: columns for name, columns in found.items() if columns is not None}

    def pins(self) -> dict[str, frozenset[str]]:
        """The pins that the file spells out."""
        found: dict[str, frozenset[str]] = {}
        for read, _, own in self.pieces:
            for name, values in read.map(own.get("pins")).items():
                found[name] = frozenset(read.texts(values))
        return found


def _fields(read: Reader, node: Yaml | None) -> dict[str, Columns | None]:
    """A map of fields; null takes one away."""
    return {name: _field(read, value) for name, value in read.map(node).items()}


def _field(read: Reader, node: Yaml) -> Columns | None:
    if not isinstance(node, MappingNode) and read.list(node) == [node] and read.text(node) is None:
        return None
    return read.field(node)


def _pins(when: Node | None, fields: Mapping[str, Columns]) -> dict[str, frozenset[str]]:
    """For each field, the values that ``when`` leaves to it."""
    limits: dict[str, frozenset[str]] = {}
    for node in when.children if isinstance(when, ast.And) else (when,) if when else ():
        found = _limit(node)
        if found is not None:
            limits[found[0]] = found[1]
    pins = {}
    for name, columns in fields.items():
        if columns.values is not None and not columns.columns:
            pins[name] = frozenset(columns.values)
        elif columns.transform is None and len(columns.columns) == 1 and columns.columns[0].name in limits:
            pins[name] = limits[columns.columns[0].name]
    return pins


def _limit(node: Node) -> tuple[str, frozenset[str]] | None:
    """The column and the exact values that a part of ``when`` restricts it to."""
    leaves = node.children if isinstance(node, ast.Or) else (node,)
    names: set[str] = set()
    values: set[str] = set()
    for leaf in leaves:
        if isinstance(leaf, ast.Equals):
            values.update([text_of(value) or "" for value in leaf.values])
        elif isinstance(leaf, ast.Match) and all(each.kind == "equals" for each in leaf.patterns):
            values.update([each.text for each in leaf.patterns])
        else:
            return None
        names.add(leaf.field.name)
    return (names.pop(), frozenset(values)) if len(names) == 1 else None
