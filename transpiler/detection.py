"""A rule's ``detection``: fields, modifiers and values -> trees.

    map of fields        every field must fit            And
    list of maps         one of them                     Or
    list of values       keywords, one of them           Keyword
    field: list          one of the values               one leaf with several values
    field|all: list      every value                     And

Source: Sigma specification 2.1.0, "Detection".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NoReturn, cast

from transpiler import modifiers as mods
from transpiler import pattern as patterns
from transpiler.ast import (
    And,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldRef,
    IsNull,
    Keyword,
    KeywordRegex,
    Match,
    Node,
    Not,
    Or,
    Regex,
    TimePart,
)
from transpiler.diagnostics import diagnostic
from transpiler.errors import ModifierError, RuleError
from transpiler.modifiers import Draft, Misfit, Plan
from transpiler.pattern import Pattern
from transpiler.source import Document, MappingNode, Scalar, ScalarNode, SequenceNode, scalar
from transpiler.source import Node as Yaml
from transpiler.span import Span
from transpiler.values import text_of

MAX_DEPTH = 64
"""How deep lists and maps may be nested."""


@lru_cache(maxsize=8192)
def named(name: str) -> Field:
    """The field of that name, nothing else known."""
    return Field(name)


def value_of(document: Document, node: Yaml, what: str) -> Scalar:
    """The scalar a node holds. Raises RuleError (R203) when it is a list, a map or oddly tagged."""
    if not isinstance(node, ScalarNode):
        kind = "a list" if isinstance(node, SequenceNode) else "a map"
        raise RuleError(diagnostic("R203", f"{what} must be a single value, not {kind}", document.span(node)))
    try:
        return scalar(node)
    except ValueError as error:
        raise RuleError(diagnostic("R203", f"{what}: {error}", document.span(node))) from None


Pair = tuple[str, ScalarNode, Yaml]
"""A key's text, the key's node and the value's node."""


def pairs(document: Document, node: MappingNode, depth: int = 0) -> dict[str, Pair]:
    """Key -> (key, key node, value node) of a map, ``<<`` merged in.

    Raises RuleError: a tag, a key that is no scalar (R203), a key twice (S107), ``<<`` in ``<<``
    without end (S105).
    """
    if node.tag:
        untagged(document, node)
    found: dict[str, Pair] = {}
    merged: list[Pair] = []
    for key_node, value_node in node.value:
        if type(key_node) is not ScalarNode:
            raise RuleError(diagnostic("R203", "a key must be a single value", document.span(key_node)))
        key: str = key_node.value
        if key == "<<" and not key_node.style:
            merged += _merged(document, value_node, depth + 1)
        elif key in found:
            first = document.span(found[key][1])
            message = f"the key `{key}` stands twice; first on line {first.line}"
            raise RuleError(diagnostic("S107", message, document.span(key_node)))
        else:
            found[key] = (key, key_node, value_node)
    for pair in merged:
        found.setdefault(pair[0], pair)
    return found


def untagged(document: Document, node: Yaml) -> None:
    """Refuse a tag on a list or map: it asks for a meaning that a rule does not have."""
    if node.tag and node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        raise RuleError(diagnostic("R203", f"the tag {node.tag} has no meaning in a rule", document.span(node)))


def _merged(document: Document, node: Yaml, depth: int) -> list[Pair]:
    """What ``<<`` brings: the pairs of a map or of a list of maps, the first one winning."""
    if depth > MAX_DEPTH:
        raise RuleError(diagnostic("S105", "`<<` is nested too deeply", document.span(node)))
    maps = node.value if isinstance(node, SequenceNode) else [node]
    if not all(isinstance(each, MappingNode) for each in maps):
        raise RuleError(diagnostic("R203", "`<<` needs a map or a list of maps", document.span(node)))
    return [pair for each in maps for pair in pairs(document, cast(MappingNode, each), depth).values()]


def selection(document: Document, name: str, node: Yaml, depth: int = 0) -> Node:
    """The tree of one selection. Raises RuleError or ModifierError at the line at fault."""
    if depth > MAX_DEPTH:
        raise RuleError(diagnostic("S105", f"the selection `{name}` is nested too deeply", document.span(node)))
    if isinstance(node, MappingNode):
        items = [_field(document, key, key_node, value) for key, key_node, value in pairs(document, node).values()]
        return _several(document, name, node, items, And)
    if isinstance(node, SequenceNode):
        return _list(document, name, node, depth)
    return _keywords(document, [node], _PLAIN, node)


def _list(document: Document, name: str, node: SequenceNode, depth: int) -> Node:
    untagged(document, node)
    if node.value and all(isinstance(each, ScalarNode) for each in node.value):
        return _keywords(document, node.value, _PLAIN, node)
    return _several(document, name, node, [selection(document, name, each, depth + 1) for each in node.value], Or)


def _several(document: Document, name: str, node: Yaml, items: list[Node], join: type[And] | type[Or]) -> Node:
    if not items:
        raise RuleError(diagnostic("R204", f"the selection `{name}` is empty", document.span(node)))
    return items[0] if len(items) == 1 else join(tuple(items), document.span(node))


# --- one field ------------------------------------------------------------------------------------

_PLAIN = mods.plan(())
_PLANS: dict[str, Plan] = {"": _PLAIN}


def _plan(document: Document, chain: str, key_node: ScalarNode) -> Plan:
    found = _PLANS.get(chain)
    if found is None:
        names = tuple(chain.split("|"))
        try:
            found = mods.plan(names)
        except mods.Wrong as wrong:
            span = _modifier(document, key_node, names, wrong.index)
            raise ModifierError(diagnostic(wrong.code, str(wrong), span, hint=wrong.hint)) from None
        if len(_PLANS) < 4096:
            _PLANS[chain] = found
    return found


def _modifier(document: Document, key_node: ScalarNode, names: tuple[str, ...], index: int) -> Span:
    """Where a key's modifier of that number stands; the key itself when it is not on one line."""
    span = document.span(key_node)
    if span.length == 1:
        return span
    tail = len("|".join(names[index:])) + (1 if key_node.style else 0)
    return span._replace(column=span.column + span.length - tail, length=len(names[index]) or 1)


def _field(document: Document, key: str, key_node: ScalarNode, node: Yaml) -> Node:
    name, _, chain = key.partition("|")
    plan = _plan(document, chain, key_node)
    values = [node]
    if isinstance(node, SequenceNode):
        untagged(document, node)
        values = node.value
    if plan.all_ and len(values) < 2:
        at = _modifier(document, key_node, plan.names, plan.names.index("all"))
        raise ModifierError(diagnostic("M407", "`all` has only one value", at))
    if not values:
        raise RuleError(diagnostic("R204", f"the field `{name}` has an empty list", document.span(node)))
    if not name:
        _searched_for(document, plan, key_node)
        return _keywords(document, values, plan, key_node)
    field = named(name)
    texts = _texts(values, plan.wildcards) if plan.wildcards else None
    if texts is not None and not plan.all_ and not plan.negated:  # nearly every field of nearly every rule
        return Match(field, tuple(texts), False, document.span(values[0]))
    span = document.span(key_node)
    if texts is not None:
        tree = _matches(document, field, texts, values, plan, span)
        return Not(tree, span) if plan.negated else tree
    drafts = _drafts(document, values, plan, f"the value of `{name}`", key_node)
    if plan.all_:
        tree = And(tuple([_leaf(document, field, each) for each in drafts]), span)
    else:
        leaves = _grouped(document, field, [draft for each in drafts for draft in each])
        tree = leaves[0] if len(leaves) == 1 else Or(tuple(leaves), span)
    return Not(tree, span) if plan.negated else tree


def _texts(values: Sequence[Yaml], wildcards: tuple[bool, bool]) -> list[Pattern] | None:
    """The patterns of values that are all text, which nearly all are; None when one is not."""
    found: list[Pattern] = []
    for node in values:
        if type(node) is not ScalarNode or node.tag:
            return None
        text = node.value if node.style else scalar(node)
        if type(text) is not str:
            return None
        found.append(patterns.surrounded(text, *wildcards))
    return found


def _matches(
    document: Document, field: Field, texts: list[Pattern], values: Sequence[Yaml], plan: Plan, span: Span
) -> Node:
    if not plan.all_:
        return Match(field, tuple(texts), False, document.span(values[0]))
    return And(
        tuple([Match(field, (text,), False, document.span(value)) for text, value in zip(texts, values, strict=True)]),
        span,
    )


Placed = tuple[Draft, Yaml]
"""A draft and the node of the value it was made of."""


def _drafts(document: Document, values: Sequence[Yaml], plan: Plan, what: str, key_node: Yaml) -> list[list[Placed]]:
    """The drafts of each value. What a modifier cannot do is said at the modifier, all else at the value."""
    result: list[list[Placed]] = []
    many = len(values) > 1
    for node in values:
        value = value_of(document, node, what)
        if value is None and many:
            raise RuleError(diagnostic("M408", f"{what}: null in a list", document.span(node)))
        try:
            drafts = mods.apply(plan, value, placeholders=document.placeholders)
        except mods.Wrong as wrong:
            assert isinstance(key_node, ScalarNode)
            at = _modifier(document, key_node, plan.names, wrong.index)
            which = f"{what} on line {document.span(node).line}, `{node.value[:40]}`" if many else what
            raise ModifierError(diagnostic(wrong.code, f"{which}: {wrong}", at, hint=wrong.hint)) from None
        except Misfit as misfit:
            raise ModifierError(
                diagnostic(misfit.code, f"{what}: {misfit}", document.span(node), hint=misfit.hint)
            ) from None
        if len(drafts) > 1:
            document.spend(node, len(drafts))
        result.append([(draft, node) for draft in drafts])
    return result


def _leaf(document: Document, field: Field, drafts: list[Placed]) -> Node:
    leaves = _grouped(document, field, drafts)
    return leaves[0] if len(leaves) == 1 else Or(tuple(leaves), document.span(drafts[0][1]))


def _grouped(document: Document, field: Field, drafts: list[Placed]) -> list[Node]:
    """The leaves of a list of alternatives: values that one leaf can hold stand in one leaf."""
    groups: dict[object, list[Placed]] = {}
    for placed in drafts:
        kind = _GROUPS.get(type(placed[0]))
        groups.setdefault(kind or id(placed), []).append(placed)
    return [_make(document, field, group) for group in groups.values()]


_GROUPS: dict[type, str] = {
    Pattern: "match",
    mods.Cased: "cased",
    int: "number",
    float: "number",
    bool: "number",
    mods.Network: "cidr",
}
"""Drafts of which one leaf holds several. Each other draft makes a leaf of its own."""


def _make(document: Document, field: Field, group: list[Placed]) -> Node:
    draft, node = group[0]
    span = document.span(node)
    return _MAKERS[type(draft)](field, [each for each, _ in group], span)


def _regex(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    try:
        return Regex(field, mods.expression(drafts[0]), span)  # type: ignore[arg-type]
    except Misfit as misfit:
        _misfit(misfit, span)


def _misfit(misfit: Misfit, span: Span) -> NoReturn:
    raise ModifierError(diagnostic(misfit.code, str(misfit), span, hint=misfit.hint)) from None


def _match(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    return Match(field, tuple(drafts), False, span)  # type: ignore[arg-type]


def _cased(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    return Match(field, tuple([draft.pattern for draft in drafts]), True, span)  # type: ignore[union-attr]


def _equals(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    return Equals(field, tuple(drafts), span)  # type: ignore[arg-type]


def _cidr(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    return Cidr(field, tuple([draft.network for draft in drafts]), span)  # type: ignore[union-attr]


def _is_null(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    return IsNull(field, span)


def _reference(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    (draft,) = drafts
    assert isinstance(draft, mods.Reference)
    return FieldRef(field, named(draft.name), draft.part, draft.cased, span)


def _threshold(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    (draft,) = drafts
    assert isinstance(draft, mods.Threshold)
    return Compare(field, draft.op, draft.value, span)


def _presence(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    (draft,) = drafts
    assert isinstance(draft, mods.Presence)
    return Exists(field, span) if draft.present else Not(Exists(field, span), span)


def _moment(field: Field, drafts: Sequence[Draft], span: Span) -> Node:
    (draft,) = drafts
    assert isinstance(draft, mods.Moment)
    return TimePart(field, draft.unit, (draft.value,), span)


_MAKERS: dict[type, Callable[[Field, Sequence[Draft], Span], Node]] = {
    Pattern: _match,
    mods.Cased: _cased,
    int: _equals,
    float: _equals,
    bool: _equals,
    type(None): _is_null,
    mods.Expression: _regex,
    mods.Network: _cidr,
    mods.Reference: _reference,
    mods.Threshold: _threshold,
    mods.Presence: _presence,
    mods.Moment: _moment,
}


# --- keywords ---------------------------------------------------------------------------------------


def _searched_for(document: Document, plan: Plan, key_node: ScalarNode) -> None:
    """Refuse modifiers that make no keyword of a value, which is text to be found anywhere inside values."""
    for index, name in enumerate(plan.names):
        if name in mods.NEED_FIELD:
            at = _modifier(document, key_node, plan.names, index)
            raise ModifierError(diagnostic("M403", f"`{name}` needs a field", at))


def _keywords(document: Document, nodes: Sequence[Yaml], plan: Plan, at: Yaml) -> Node:
    """Values that are bound to no field: each is looked for in the whole event."""
    drafts = _drafts(document, nodes, plan, "the keyword", at)
    if plan.all_:
        tree: Node = And(tuple([_keyword(document, each) for each in drafts]), document.span(at))
    else:
        tree = _keyword(document, [draft for each in drafts for draft in each])
    return Not(tree, document.span(at)) if plan.negated else tree


def _keyword(document: Document, drafts: list[Placed]) -> Node:
    leaves: list[Node] = []
    groups: dict[bool, list[Pattern]] = {}
    span = document.span(drafts[0][1])
    for draft, node in drafts:
        if isinstance(draft, mods.Expression):
            try:
                leaves.append(KeywordRegex(mods.expression(draft), document.span(node)))
            except Misfit as misfit:
                _misfit(misfit, document.span(node))
            continue
        if draft is None:
            raise RuleError(diagnostic("R205", "null is no keyword", document.span(node)))
        cased = isinstance(draft, mods.Cased)
        groups.setdefault(cased, []).append(_word(document, draft, node))
    leaves += [Keyword(tuple(words), cased, span) for cased, words in groups.items()]
    return leaves[0] if len(leaves) == 1 else Or(tuple(leaves), span)


def _word(document: Document, draft: Draft, node: Yaml) -> Pattern:
    if isinstance(draft, mods.Cased):
        draft = draft.pattern
    if isinstance(draft, (int, float)):
        draft = patterns.literal(text_of(draft) or "")
    assert isinstance(draft, Pattern)  # every other draft is made by a modifier that needs a field
    found = patterns.surround(draft, True, True)
    if found.kind == "any":
        raise RuleError(diagnostic("R204", "an empty keyword occurs in every event", document.span(node)))
    return found
