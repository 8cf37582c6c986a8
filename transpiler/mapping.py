"""Mapping: a rule's condition in a platform's names, types and values.

A pure function from tree to trees, one for each place where the schema keeps events of the log source:
telemetries in one place are alternatives of one tree, others are queries of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, cast

from transpiler import ast, telemetry
from transpiler.ast import And, Field, Node, Not, Or
from transpiler.columns import fit_equals, fit_match
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import SchemaError
from transpiler.model import Rule
from transpiler.nearest import did_you_mean
from transpiler.passes import normalise
from transpiler.query import Options, Source
from transpiler.schema import Columns, Mapped, Schema, Telemetry
from transpiler.span import NOWHERE
from transpiler.telemetry import Leaf
from transpiler.untyped import Inferred
from transpiler.values import text_of

NEVER = Or(())
ALWAYS = And(())
"""What cannot hold, and what always does; neither is in a tree that is done."""


def map_rule(schema: Schema, rule: Rule, tree: Node, options: Options) -> tuple[Mapped, ...]:
    """Put a normalised condition in the schema's names.

    Raises SchemaError: no route for the log source (F501), a field the schema does not have (F502), a
    value that its column cannot hold (F503), nothing that can be recorded (F508).
    """
    if schema.keep:
        return (_keep(schema, rule, tree, options, "F504"),)
    try:
        choice = telemetry.choose(schema, rule, tree, options)
    except LookupError as error:
        said = diagnostic("F501", error.args[0], rule.logsource.span, hint=error.args[1])
        if options.unmapped != "pass":
            raise SchemaError(said) from None
        return (_keep(schema, rule, tree, options, "F510"),)
    groups: dict[tuple[str | None, ...], list[_Part]] = {}
    for each in choice.telemetries:
        part = _map_one(schema, each, tree, options, choice)
        groups.setdefault((each.index, each.table, each.model), []).append(part)
    return tuple([_together(schema, parts, choice.notes) for parts in groups.values()])


class _Part(NamedTuple):
    """The condition as one telemetry has it."""

    telemetry: Telemetry
    tree: Node
    notes: tuple[Diagnostic, ...]


def _map_one(schema: Schema, chosen: Telemetry, tree: Node, options: Options, choice: telemetry.Choice) -> _Part:
    own = _folded_tree if options.strings == "folded" else _as_it_is
    names = _Names(schema, chosen, tree, options)
    several = len(choice.telemetries) > 1
    mapper = _Mapper(names.columns, chosen, own, several, lambda: telemetry.may_hold(chosen, tree, recorded=True))
    said = choice.notes
    mapped = mapper.visit(tree)
    if mapper.lost:
        mapped = _settled(mapped)
        if mapped == NEVER:
            raise SchemaError(_nothing(mapper, chosen, said))
    if mapper.lost and mapped == ALWAYS:
        if chosen.when is None:
            raise SchemaError(_nothing(mapper, chosen, said))
        mapped = own(chosen.when)
    elif chosen.when is not None:
        mapped = _both(own(chosen.when), mapped)
    if mapper.lost or mapper.reshaped or names.shared:
        mapped = normalise(mapped)
    return _Part(chosen, mapped, (*mapper.notes.values(), *names.passed.values()))


def _both(when: Node, tree: Node) -> Node:
    """Both hold, in one And."""
    first = when.children if isinstance(when, And) else (when,)
    return And((*first, *(tree.children if isinstance(tree, And) else (tree,))))


def _together(schema: Schema, parts: Sequence[_Part], notes: tuple[Diagnostic, ...]) -> Mapped:
    """One tree of the telemetries that are kept in one place."""
    first = parts[0].telemetry
    categories = {part.telemetry.category for part in parts}
    source = Source(
        first.index or schema.index,
        first.table or schema.table,
        first.category if len(categories) == 1 else None,
        schema.time,
        tuple(dict.fromkeys(field for part in parts for field in part.telemetry.keywords)) or schema.keyword_fields,
        model=first.model,
        entities=tuple(dict.fromkeys(schema.entities_of(first).values())),
    )
    tree = parts[0].tree if len(parts) == 1 else normalise(Or(tuple([part.tree for part in parts])))
    said = dict.fromkeys([*notes, *(note for part in parts for note in part.notes)])
    return Mapped(tree, source, tuple(said), tuple([part.telemetry for part in parts]))


def _keep(schema: Schema, rule: Rule, tree: Node, options: Options, code: str) -> Mapped:
    """The rule's own names, and the diagnostic ``code`` that nothing restricts the log source."""
    inferred = Inferred(tree, "folded" if options.strings == "folded" else schema.strings, schema.numbers)
    mapper = _Mapper(inferred.columns, None, _as_it_is)
    mapped = mapper.visit(tree)
    assumed = inferred.assumed()
    message = f"any log source: {rule.logsource} is not restricted{f'; {assumed}' if assumed else ''}"
    note = diagnostic(code, message, rule.logsource.span)
    source = Source(schema.index, schema.table, None, schema.time, schema.keyword_fields, tuple(inferred.mixed.items()))
    return Mapped(normalise(mapped) if mapper.reshaped else mapped, source, (note,))


# --- rewriting leaves ---------------------------------------------------------------------------------


class _Mapper:
    """Renames and types the leaves of a tree.

    ``columns`` gives the platform's fields of a rule's field (one or several), or raises; ``telemetry``
    has those that are kept in another form, or not at all; ``own`` puts a predicate of the schema in form.
    """

    def __init__(
        self,
        columns: Callable[[Field, Node], tuple[Field, ...]],
        chosen: Telemetry | None,
        own: Callable[[Node], Node],
        several: bool = False,
        may_hold: Callable[[], bool] = bool,
    ) -> None:
        self.columns = columns
        self.several = several
        """Whether other telemetries may have the values that this one never has."""
        self.may_hold = may_hold
        """Whether some event can match, whatever a leaf that no event can have asks for."""
        self.fields: Mapping[str, Columns] = chosen.fields if chosen else {}
        self.telemetry = chosen
        self.own = own
        self.notes: dict[object, Diagnostic] = {}
        self.reshaped = False
        """Whether a leaf became something else than a leaf of its class."""
        self.gone: list[Leaf] = []
        """Leaves on fields that are never recorded."""
        self.fixed: list[Leaf] = []
        """Leaves whose outcome is known, for the values that the events can have."""
        self.lost = False
        """Whether a leaf became NEVER or ALWAYS."""

    def visit(self, node: Node) -> Node:
        """The tree in the platform's names."""
        kind = type(node)
        if kind is And or kind is Or:
            return kind(tuple([self.visit(child) for child in node.children]), node.span)  # type: ignore[union-attr]
        if kind is Not:
            return Not(self.visit(node.child), node.span)  # type: ignore[union-attr]
        if kind is ast.Keyword or kind is ast.KeywordRegex:
            return node
        if kind is ast.Match and self.telemetry is not None and self.telemetry.dropped:
            kept = self.kept(cast(ast.Match, node), self.telemetry.dropped)
            if kept is not node:
                self.reshaped = True
                return self.visit(kept)
        field: Field = node.field  # type: ignore[union-attr]
        found = self.fields.get(field.name)
        if found is not None and found.remarks:
            self.remark(cast(Leaf, node), found.remarks)
        if found is not None and (found.values is not None or found.transform is not None):
            return self.kept_otherwise(cast(Leaf, node), found)
        if self.telemetry is not None:
            if found is None and field.name in self.telemetry.absent:
                return self.absent(cast(Leaf, node))
            decided = telemetry.limited(self.telemetry, cast(Leaf, node)) if field.name in self.telemetry.pins else None
            if decided is not None:
                self.lost = True
                self.fixed.append(cast(Leaf, node))
                return ALWAYS if decided else NEVER
        try:
            columns = self.columns(field, node)
        except LookupError as error:
            raise _unknown_field(node, error) from None
        return self.on(cast(Leaf, node), columns)

    def remark(self, node: Leaf, remarks: Mapping[str, str]) -> None:
        """Say what the schema says of the field."""
        for code, text in remarks.items():
            message = f"`{node.field.name}`: {text}"
            self.notes.setdefault((code, message), diagnostic(code, message, node.span))

    def kept(self, node: ast.Match, dropped: frozenset[str]) -> Node:
        """The leaf without values that the telemetry leaves out; a missing field stands for these."""
        patterns = [each for each in node.patterns if each.kind != "equals" or each.text not in dropped]
        if len(patterns) == len(node.patterns):
            return node
        name = node.field.name
        message = f"{self.telemetry} leaves such a value of `{name}` out; the query takes a missing field for it"
        self.notes.setdefault(message, diagnostic("F514", message, node.span))
        null = ast.IsNull(node.field, node.span)
        return Or((null, node._replace(patterns=tuple(patterns))), node.span) if patterns else null

    def on(self, node: Leaf, columns: tuple[Field, ...]) -> Node:
        """A leaf on one or several columns, as they are."""
        fit = _FITTERS[type(node)]
        if len(columns) == 1 and type(node) is ast.Match and len(node.patterns) > 1 and columns[0].type != "string":
            node = self.fitting(node, columns[0])
        if len(columns) == 1:
            fitted = fit(self, node, columns[0])
            if type(fitted) is not type(node):
                self.reshaped = True
            return fitted
        # Missing means missing in every column; anything else may stand in any of them.
        self.reshaped = True
        leaves = tuple([fit(self, node, column) for column in columns])
        return And(leaves, node.span) if type(node) is ast.IsNull else Or(leaves, node.span)

    def fitting(self, node: ast.Match, column: Field) -> ast.Match:
        """The leaf without the values that the column cannot hold, if it can hold some; with a warning."""
        kept, lost = [], []
        for each in node.patterns:
            one = node._replace(patterns=(each,))
            try:
                fit_match(one, column)
                kept.append(each)
            except SchemaError as error:
                lost.append(error.diagnostic.message)
        if not kept or not lost or self.telemetry is None:
            return node
        message = f"{lost[0]}, so that it never matches"
        self.notes.setdefault(message, diagnostic("F507", message, node.span))
        return node._replace(patterns=tuple(kept))

    def kept_otherwise(self, node: Leaf, found: Columns) -> Node:
        """A leaf on a field whose values stand for predicates, or are kept in another form."""
        self.reshaped = True
        if found.transform is not None:
            self.lost = True
            if type(node) is ast.FieldRef:  # a transform knows its own field alone
                referred = _fit_reference(self, node, node.field)
                if type(referred) is not ast.FieldRef:
                    return referred if referred == NEVER else self.refuse_reference(node)
                node = referred
            if found.transform.assumes:
                said = f"`{node.field.name}` is put together again: {found.transform.assumes}"
                self.notes.setdefault(said, diagnostic("F513", said, node.span))
            made = found.transform.leaf(node)
            if _has_never(made):
                self.fixed.append(node)
                said = f"{self.telemetry} does not keep all of what `{node.field.name}` is compared with"
                self.notes.setdefault(said, diagnostic("F507", said, node.span))
            return self.own(made)
        return self.by_value(node, found)

    def refuse_reference(self, node: ast.FieldRef) -> NoReturn:
        """A comparison with a field in several columns, from one that is kept in another form."""
        message = f"`{node.other.name}` is in several columns, which `{node.field.name}` cannot be compared with here"
        raise SchemaError(diagnostic("F503", message, node.span))

    def by_value(self, node: Leaf, found: Columns) -> Node:
        """A leaf on a field that is no column: the predicates that its values stand for."""
        values = cast(Mapping[str, Node], found.values)
        if type(node) is ast.IsNull or type(node) is ast.Exists:
            trees = [self.own(each) for each in values.values()]
            if found.columns:
                trees.append(self.on(ast.Exists(node.field, node.span), found.columns))
            return Or(tuple(trees), node.span) if type(node) is ast.Exists else Not(Or(tuple(trees)), node.span)
        chosen, unknown = _asked_values(node, values, not found.columns)
        trees = [cast(Any, self.own(values[value]))._replace(span=node.span) for value in chosen]
        if found.columns:
            if unknown is not None:
                trees.append(self.on(unknown, found.columns))
        elif not chosen or unknown is not None:
            message = (
                f"events with {node.field.name} {_values_of(unknown or node)} are not where this log source is kept"
            )
            said = diagnostic("F503", message, node.span, hint=f"recorded there: {', '.join(values)}")
            if not chosen and not self.may_hold():
                raise SchemaError(said)
            if not self.several:  # else another telemetry may have the value; what none has was said
                self.notes.setdefault(message, diagnostic("F507", message, node.span, hint=said.hint))
            if not chosen:
                self.lost = True
                self.fixed.append(node)
                return NEVER
        return trees[0] if len(trees) == 1 else Or(tuple(trees), node.span)

    def absent(self, node: Leaf) -> Node:
        """A leaf on a field that is never there: as on any event without the field."""
        self.lost = True
        self.gone.append(node)
        name = node.field.name
        message = f"`{name}` is never recorded by {self.telemetry}: what asks for it cannot match there"
        self.notes.setdefault(name, diagnostic("F507", message, node.span))
        return ALWAYS if type(node) is ast.IsNull else NEVER


def _asked_values(node: Leaf, values: Mapping[str, Node], closed: bool) -> tuple[list[str], Leaf | None]:
    """Which of the values a leaf asks for; and the leaf of what may be asked for beside them.

    Where the list of values is not closed, a pattern that one of them matches may match others too.
    """
    spelled = {value.lower(): value for value in values}
    if type(node) is ast.Equals:
        known = {value: spelled.get((text_of(value) or "").lower()) for value in node.values}
        chosen = [value for value in known.values() if value is not None]
        rest = tuple([value for value, found in known.items() if found is None])
        return chosen, node._replace(values=rest) if rest else None
    if type(node) is ast.Match:
        chosen, others = [], []
        for each in node.patterns:
            exact = each.kind == "equals"
            found = [spelled[each.text.lower()]] if exact and each.text.lower() in spelled else []
            if not exact:
                found = _matching(node._replace(patterns=(each,)), values)
            chosen += found
            if not found or not (exact or closed):
                others.append(each)
        return list(dict.fromkeys(chosen)), node._replace(patterns=tuple(others)) if others else None
    found = _matching(node, values)
    return found, None if found and closed else node


def _matching(node: Leaf, values: Mapping[str, Node]) -> list[str]:
    from transpiler import evaluate

    matches = evaluate.compile(node)
    return [value for value in values if matches({node.field.name: value})]


def _values_of(node: Leaf) -> str:
    if isinstance(node, ast.Equals):
        return ", ".join([text_of(value) or "" for value in node.values])
    if isinstance(node, ast.Match):
        return ", ".join([str(each) for each in node.patterns])
    return "as the rule asks for"


def _fit_reference(mapper: _Mapper, node: ast.FieldRef, field: Field) -> Node:
    found = mapper.fields.get(node.other.name)
    if found is not None and not found.columns:
        message = f"`{node.other.name}` is no column here; only its exact values can be said"
        raise SchemaError(diagnostic("F502", message, node.span))
    if mapper.telemetry is not None and found is None and node.other.name in mapper.telemetry.absent:
        return mapper.absent(node._replace(field=node.other))
    try:
        others = mapper.columns(node.other, node)
    except LookupError as error:
        raise _unknown_field(node, error) from None
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


def _has_never(node: Node) -> bool:
    """Whether a part of the tree cannot hold."""
    if isinstance(node, Not):
        return _has_never(node.child)
    return node == NEVER or (isinstance(node, And | Or) and any(map(_has_never, node.children)))


def _settled(node: Node) -> Node:
    """The tree without NEVER and ALWAYS in it, or one of the two."""
    if isinstance(node, Not):
        child = _settled(node.child)
        return ALWAYS if child == NEVER else NEVER if child == ALWAYS else Not(child, node.span)
    if not isinstance(node, And | Or):
        return node
    decides, idle = (NEVER, ALWAYS) if isinstance(node, And) else (ALWAYS, NEVER)
    children: list[Node] = []
    for child in map(_settled, node.children):
        if child == decides:
            return decides
        if child != idle:
            children.append(child)
    return idle if not children else children[0] if len(children) == 1 else type(node)(tuple(children), node.span)


def _nothing(mapper: _Mapper, chosen: Telemetry, said: tuple[Diagnostic, ...]) -> Diagnostic:
    gone = mapper.gone or mapper.fixed
    fields = ", ".join(dict.fromkeys([f"`{each.field.name}`" for each in gone])) or "nothing"
    what = "never records" if mapper.gone else "never has with such values"
    place = gone[0].span if gone else NOWHERE
    return diagnostic(
        "F508", f"the rule hangs on {fields}, which {chosen} {what}", place, hint=said[0].hint if said else ""
    )


# --- fields ---------------------------------------------------------------------------------------------


class _Names:
    """The columns of a rule's fields in one telemetry; ``passed`` fills with those that keep their name unasked."""

    def __init__(self, schema: Schema, chosen: Telemetry, tree: Node, options: Options) -> None:
        self.schema = schema
        self.chosen = chosen
        self.tree = tree
        self.folded = options.strings == "folded"
        self.passing = options.unmapped == "pass"
        self.passed: dict[str, Diagnostic] = {}
        self.taken: dict[tuple[Field, ...], str] = {}
        self.shared = False
        """Whether two fields of the rule stand in one column."""

    def columns(self, field: Field, node: Node) -> tuple[Field, ...]:
        """The columns of a field. Raises LookupError, with a message and the nearest names."""
        found = self.chosen.fields.get(field.name)
        columns = found.columns if found is not None else self.unknown(field, node)
        if self.taken.setdefault(columns, field.name) != field.name:
            self.shared = True
        return tuple(map(_folded, columns)) if self.folded else columns

    def unknown(self, field: Field, node: Node) -> tuple[Field, ...]:
        """What a field is called that the schema does not have."""
        message = f"the schema `{self.schema.name}` does not have the field `{field.name}` ({self.chosen})"
        if not self.passing:
            hint = did_you_mean(field.name, self.chosen.fields, 3)
            raise LookupError(message, f"{hint} `-s none` keeps the rule's names" if hint else "")
        self.passed.setdefault(field.name, diagnostic("F511", message, node.span))
        if self.chosen.others is not None:
            return (self.chosen.others(field.name),)
        return Inferred(self.tree, self.schema.strings, self.schema.numbers).columns(field, node)


def _folded(field: Field) -> Field:
    return field._replace(strings="folded") if field.type == "string" else field


def _as_it_is(node: Node) -> Node:
    return node


def _folded_tree(node: Node) -> Node:
    """A schema's own predicates on folded columns, where letter case cannot count."""
    if isinstance(node, And | Or):
        return type(node)(tuple([_folded_tree(child) for child in node.children]), node.span)
    if isinstance(node, Not):
        return Not(_folded_tree(node.child), node.span)
    if isinstance(node, ast.Match):
        return node._replace(field=_folded(node.field), cased=False)
    return cast(Node, cast(Any, node)._replace(field=_folded(cast(Any, node).field)))


def _unknown_field(node: Node, error: LookupError) -> SchemaError:
    message, hint = error.args
    return SchemaError(diagnostic("F502", message, node.span, hint=hint))
