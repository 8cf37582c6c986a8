"""Schemas: what a platform calls the fields of a log source, and where it keeps them.

A schema is data (see :mod:`transpiler.schemafile` for the file's format). Mapping a rule is a pure
function from tree to tree: fields are renamed and typed, values fitted to the columns, and the
predicates that select the log source's events are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, cast

from transpiler import ast
from transpiler.ast import And, Field, FieldType, Node, Not, Or, Strings
from transpiler.columns import fit_equals, fit_match, is_address, number_kind
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import SchemaError
from transpiler.model import LogSource, Rule
from transpiler.nearest import did_you_mean
from transpiler.passes import normalise
from transpiler.query import Options, Source
from transpiler.span import Span
from transpiler.values import text_of


class Columns(NamedTuple):
    """What one Sigma field is on the platform.

    ``names``: the columns that may hold it (several: any of them). ``values``: for a field that
    is no column, what each of its values means (``EventID: 1`` is ``ActionType: ProcessCreated``).
    """

    names: tuple[str, ...] = ()
    values: Mapping[str, Node] | None = None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One way in which a log source's events are recorded, such as Sysmon or Security auditing.

    ``when`` selects its events, ``fields`` maps the rule's names, ``pins`` lists, for a field, the
    values that events of this telemetry can have (``EventID: [4688]``).
    """

    name: str
    fields: Mapping[str, Columns]
    when: Node | None = None
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    index: str | None = None
    table: str | None = None
    category: str | None = None


class Route(NamedTuple):
    """Where a log source's events are: its telemetries, the preferred one first.

    A part of the log source that is None here fits any.
    """

    product: str | None
    category: str | None
    service: str | None
    telemetries: tuple[Telemetry, ...]

    def fits(self, logsource: LogSource) -> bool:
        """Whether the route covers the log source."""
        return (
            (self.product is None or self.product == logsource.product)
            and (self.category is None or self.category == logsource.category)
            and (self.service is None or self.service == logsource.service)
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """A platform's names.

    ``columns`` are typed fields by name. ``keep``: a field or log source that is not in the schema
    keeps the rule's name, typed by the rule's values (only ``none`` does so); otherwise it is
    refused. ``numbers``: names of fields that hold whole numbers whatever the rule's quotes say.
    """

    name: str
    title: str
    targets: tuple[str, ...]
    columns: Mapping[str, Field]
    routes: tuple[Route, ...] = ()
    keep: bool = False
    numbers: frozenset[str] = frozenset()
    strings: Strings = "keyword"
    keyword_fields: tuple[str, ...] = ()
    index: str | None = None
    table: str | None = None
    time: str | None = None


class Mapped(NamedTuple):
    """A rule's condition in the platform's names; ``telemetry``: how its events are recorded there."""

    tree: Node
    source: Source
    notes: tuple[Diagnostic, ...] = ()
    telemetry: Telemetry | None = None


def map_tree(schema: Schema, rule: Rule, tree: Node, options: Options) -> Mapped:
    """Put a normalised condition in the schema's names.

    Raises SchemaError: no route for the log source (F501), a field the schema does not have (F502),
    a value that its column cannot hold (F503).
    """
    if schema.keep:
        return _keep(schema, rule, tree, options)
    telemetry = _choose(schema, rule, tree)
    own = _folded_tree if options.strings == "folded" else _as_it_is
    mapper = _Mapper(lambda field, node: _columns(schema, telemetry, field, options), telemetry.fields, own)
    mapped = mapper.visit(tree)
    if telemetry.when is not None:
        mapped = And((own(telemetry.when), mapped))
    source = Source(
        telemetry.index or schema.index,
        telemetry.table or schema.table,
        telemetry.category,
        schema.time,
        schema.keyword_fields,
    )
    return Mapped(normalise(mapped), source, (), telemetry)


# --- the schema `none`: the rule's own names --------------------------------------------------------


def _keep(schema: Schema, rule: Rule, tree: Node, options: Options) -> Mapped:
    types: dict[str, int] = {}
    _collect(tree, types)
    strings: Strings = "folded" if options.strings == "folded" else schema.strings
    fields = {name: (_typed(name, _infer(schema, name, found), strings),) for name, found in types.items()}

    mixed: dict[str, Span] = {}

    def columns(field: Field, node: Node) -> tuple[Field, ...]:
        own = _OWN_TYPES.get(type(node))
        inferred = fields[field.name]
        if own is None or (type(node) is ast.Compare and inferred[0].type == "string"):
            return inferred
        kind = own(node)
        if kind == "ip" and inferred[0].type != "ip":
            mixed.setdefault(field.name, node.span)
        return (_typed(field.name, kind, strings),)

    mapper = _Mapper(columns, {}, _as_it_is)
    mapped = mapper.visit(tree)
    note = diagnostic("F504", f"any log source: {rule.logsource} is not restricted", rule.logsource.span)
    source = Source(schema.index, schema.table, None, schema.time, schema.keyword_fields, tuple(mixed.items()))
    return Mapped(normalise(mapped) if mapper.reshaped else mapped, source, (note,))


@lru_cache(maxsize=8192)
def _typed(name: str, kind: FieldType, strings: Strings) -> Field:
    return Field(name, kind, strings if kind == "string" else "keyword")


# What a rule compares a field with: the bits of a number, several of them for most fields.
# WHOLE, FRACTION and ADDRESS are texts that look like a number or address: the rule quoted them, so they
# are text unless something else in the rule says otherwise. PART is a piece of a text, be it a number's;
# ORDER a comparison, which only numbers have.
INT, FLOAT, BOOL, IP, DATETIME, STRING, WHOLE, FRACTION, ADDRESS, PART, ORDER = [1 << bit for bit in range(11)]

_NUMBER_KINDS = {"whole": WHOLE, "fraction": FRACTION}
_VALUE_KINDS = {int: INT, float: FLOAT, bool: BOOL}


def _collect(node: Node, types: dict[str, int]) -> None:
    """Which kinds of values a tree compares each field with."""
    kind = type(node)
    if kind is And or kind is Or:
        for child in node.children:  # type: ignore[union-attr]
            _collect(child, types)
    elif kind is Not:
        _collect(node.child, types)  # type: ignore[union-attr]
    else:
        collect = _COLLECTORS.get(kind)
        if collect is not None:
            name = node.field.name  # type: ignore[union-attr]
            types[name] = types.get(name, 0) | collect(node)
            if kind is ast.FieldRef:
                name = node.other.name  # type: ignore[union-attr]
                types[name] = types.get(name, 0) | STRING


def _kinds_of_match(node: ast.Match) -> int:
    found = 0
    for each in node.patterns:
        text = each.text
        if each.kind != "equals":
            found |= PART
        elif text and text[0] in "-0123456789abcdefABCDEF:":
            found |= _NUMBER_KINDS.get(number_kind(each) or "") or (ADDRESS if is_address(each) else STRING)
        else:
            found |= STRING
    return found


def _kinds_of_equals(node: ast.Equals) -> int:
    found = 0
    for value in node.values:
        found |= _VALUE_KINDS[type(value)]
    return found


_COLLECTORS: dict[type, Callable[[Any], int]] = {
    ast.Match: _kinds_of_match,
    ast.Equals: _kinds_of_equals,
    ast.Compare: lambda node: _VALUE_KINDS[type(node.value)] | ORDER,
    ast.Cidr: lambda node: IP,
    ast.Regex: lambda node: PART,
    ast.FieldRef: lambda node: STRING,
    ast.Exists: lambda node: 0,
    ast.IsNull: lambda node: 0,
    ast.TimePart: lambda node: DATETIME,
}


_OWN_TYPES: dict[type, Callable[[Any], FieldType]] = {
    ast.Compare: lambda node: "float" if isinstance(node.value, float) else "int",
    ast.Cidr: lambda node: "ip",
    ast.TimePart: lambda node: "datetime",
}
"""Leaves that can only be about one type, whatever else the rule compares the field with."""


def _infer(schema: Schema, name: str, found: int) -> FieldType:
    """The type of a field whose values are of these kinds."""
    if name in schema.numbers and not found & ~(INT | WHOLE | PART):
        return "int"
    if found & DATETIME:
        return "datetime"
    if found & IP and not found & ~(IP | ADDRESS):
        return "ip"
    if found & (STRING | ADDRESS | IP) or (found & PART and not found & ORDER):
        return "string"
    if found & BOOL:
        return "bool" if found == BOOL else "string"
    if not found & (INT | FLOAT):
        return "string" if found else "unknown"
    return "float" if found & (FLOAT | FRACTION) else "int"


# --- rewriting leaves ---------------------------------------------------------------------------------


class _Mapper:
    """Renames and types the leaves of a tree.

    ``columns`` gives the platform's fields of a rule's field (one or several), or raises;
    ``fields`` has those whose values stand for predicates; ``own`` puts a predicate of the schema in form.
    """

    def __init__(
        self,
        columns: Callable[[Field, Node], tuple[Field, ...]],
        fields: Mapping[str, Columns],
        own: Callable[[Node], Node],
    ) -> None:
        self.columns = columns
        self.fields = fields
        self.own = own
        self.reshaped = False
        """Whether a leaf became something else than a leaf of its class."""

    def visit(self, node: Node) -> Node:
        kind = type(node)
        if kind is And or kind is Or:
            return kind(tuple([self.visit(child) for child in node.children]), node.span)  # type: ignore[union-attr]
        if kind is Not:
            return Not(self.visit(node.child), node.span)  # type: ignore[union-attr]
        if kind is ast.Keyword or kind is ast.KeywordRegex:
            return node
        field: Field = node.field  # type: ignore[union-attr]
        found = self.fields.get(field.name)
        if found is not None and found.values is not None:
            return self.by_value(node, field, found.values)
        try:
            columns = self.columns(field, node)
        except LookupError as error:
            raise _unknown_field(field, node, error) from None
        fit = _FITTERS[kind]
        if len(columns) == 1:
            fitted = fit(self, node, columns[0])
            if type(fitted) is not kind:
                self.reshaped = True
            return fitted
        # Missing means missing in every column; anything else may stand in any of them.
        leaves = tuple([fit(self, node, column) for column in columns])
        return And(leaves, node.span) if kind is ast.IsNull else Or(leaves, node.span)

    def by_value(self, node: Node, field: Field, values: Mapping[str, Node]) -> Node:
        """A leaf on a field that is no column: the predicates that its values stand for."""
        if isinstance(node, ast.Equals):
            texts = [text_of(value) or "" for value in node.values]
        elif isinstance(node, ast.Match) and all(each.kind == "equals" for each in node.patterns):
            texts = [each.text for each in node.patterns]
        else:
            message = f"`{field.name}` is no column here; only its exact values can be said"
            raise SchemaError(diagnostic("F502", message, node.span))
        trees: list[Node] = []
        for text in texts:
            if text not in values:
                message = f"events with {field.name} {text} are not where this log source is kept"
                hint = f"recorded there: {', '.join(values)}"
                raise SchemaError(diagnostic("F503", message, node.span, hint=hint))
            trees.append(cast(Any, self.own(values[text]))._replace(span=node.span))
        return trees[0] if len(trees) == 1 else Or(tuple(trees), node.span)


def _fit_reference(mapper: _Mapper, node: ast.FieldRef, field: Field) -> Node:
    try:
        others = mapper.columns(node.other, node)
    except LookupError as error:
        raise _unknown_field(node.other, node, error) from None
    if not others:
        message = f"`{node.other.name}` is no column here; only its exact values can be said"
        raise SchemaError(diagnostic("F502", message, node.span))
    leaves = tuple([ast.FieldRef(field, other, node.part, node.cased, node.span) for other in others])
    return leaves[0] if len(leaves) == 1 else Or(leaves, node.span)


_FITTERS: dict[type, Callable[[_Mapper, Any, Field], Node]] = {
    ast.Match: lambda mapper, node, field: fit_match(node, field),
    ast.Equals: lambda mapper, node, field: fit_equals(node, field),
    ast.Compare: lambda mapper, node, field: ast.Compare(field, node.op, node.value, node.span),
    ast.Cidr: lambda mapper, node, field: ast.Cidr(field, node.networks, node.span),
    ast.Regex: lambda mapper, node, field: ast.Regex(field, node.regex, node.span),
    ast.FieldRef: _fit_reference,
    ast.Exists: lambda mapper, node, field: ast.Exists(field, node.span),
    ast.IsNull: lambda mapper, node, field: ast.IsNull(field, node.span),
    ast.TimePart: lambda mapper, node, field: ast.TimePart(field, node.unit, node.values, node.span),
}


# --- choosing a telemetry -------------------------------------------------------------------------------


def _choose(schema: Schema, rule: Rule, tree: Node) -> Telemetry:
    """The first telemetry of the log source that has every field and value the rule asks for."""
    route = next((route for route in schema.routes if route.fits(rule.logsource)), None)
    if route is None:
        known = ", ".join(_shown(route) for route in schema.routes)
        message = f"the schema `{schema.name}` does not know the log source {rule.logsource}"
        raise SchemaError(
            diagnostic("F501", message, rule.logsource.span, hint=f"it knows {known}; `-s none` keeps the rule's names")
        )
    leaves = list(_leaves(tree))
    for telemetry in route.telemetries:
        if all(_records(telemetry, leaf) for leaf in leaves):
            return telemetry
    # None has everything: the one that lacks least, so that the diagnostic is about little.
    return min(route.telemetries, key=lambda each: sum(not _records(each, leaf) for leaf in leaves))


def _shown(route: Route) -> str:
    return "/".join(part or "-" for part in (route.product, route.category, route.service))


def _leaves(node: Node) -> Iterable[Any]:
    if isinstance(node, (And, Or)):
        for child in node.children:
            yield from _leaves(child)
    elif isinstance(node, Not):
        yield from _leaves(node.child)
    elif not isinstance(node, (ast.Keyword, ast.KeywordRegex)):
        yield node


def _records(telemetry: Telemetry, leaf: Any) -> bool:
    """Whether the telemetry has the leaf's field, and can have one of the values it asks for."""
    name = leaf.field.name
    if name not in telemetry.fields or (type(leaf) is ast.FieldRef and leaf.other.name not in telemetry.fields):
        return False
    pinned = telemetry.pins.get(name)
    if pinned is None or type(leaf) not in (ast.Equals, ast.Match):
        return True
    asked = leaf.values if type(leaf) is ast.Equals else [str(each) for each in leaf.patterns]
    return any(str(value) in pinned for value in asked)


def _columns(schema: Schema, telemetry: Telemetry, field: Field, options: Options) -> tuple[Field, ...]:
    """The columns of a rule's field. Raises LookupError with the nearest names."""
    found = telemetry.fields.get(field.name)
    if found is None:
        hint = did_you_mean(field.name, telemetry.fields, 3)
        raise LookupError(
            f"the schema `{schema.name}` does not have the field `{field.name}` ({telemetry.name})",
            f"{hint} `-s none` keeps the rule's names" if hint else "",
        )
    columns = tuple([schema.columns[name] for name in found.names])
    return tuple(map(_folded, columns)) if options.strings == "folded" else columns


def _folded(field: Field) -> Field:
    return field._replace(strings="folded") if field.type == "string" else field


def _as_it_is(node: Node) -> Node:
    return node


def _folded_tree(node: Node) -> Node:
    """A schema's own predicates on folded columns, where letter case cannot count."""
    if isinstance(node, (And, Or)):
        return type(node)(tuple([_folded_tree(child) for child in node.children]), node.span)
    if isinstance(node, Not):
        return Not(_folded_tree(node.child), node.span)
    if isinstance(node, ast.Match):
        return node._replace(field=_folded(node.field), cased=False)
    return cast(Node, cast(Any, node)._replace(field=_folded(cast(Any, node).field)))


def _unknown_field(field: Field, node: Node, error: LookupError) -> SchemaError:
    message, hint = error.args
    return SchemaError(diagnostic("F502", message, node.span, hint=hint))
