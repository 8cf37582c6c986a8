"""What a pipeline has made of a rule, as our trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sigma.conditions import ConditionAND
from sigma.rule import SigmaDetection, SigmaDetectionItem
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaQueryExpression,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
)

from transpiler import ast, regex
from transpiler import condition as conditions
from transpiler import modifiers as mods
from transpiler.ast import And, Field, Node, Not, Or
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import ModifierError, PipelineError
from transpiler.model import Condition, Rule
from transpiler.pattern import Pattern, literal, pattern, surround
from transpiler.pipeline.given import FLAGS, OPERATORS, WILDCARDS, Given, Place, inside, place_of
from transpiler.span import Span
from transpiler.values import text_of

NOTHING = And(())
"""What a pipeline dropped altogether: it takes no part in what is around it."""

_TOKENS = {special: token for token, special in WILDCARDS.items()}
_LETTERS = {flag: letter for letter, flag in FLAGS.items()}
_COMPARISONS = {operator: name for name, operator in OPERATORS.items()}
_PARTS = {
    (False, False): "equals",
    (True, False): "startswith",
    (False, True): "endswith",
    (True, True): "contains",
}


class Reader:
    """Reads what a pipeline left of ``given``, which was made from ``rule``. ``notes``: what there is to say."""

    def __init__(self, given: Given, rule: Rule) -> None:
        self.given = given
        self.rule = rule
        self.notes: list[Diagnostic] = []
        self._seen: set[int] = set()

    def selections(self) -> dict[str, Node]:
        """The tree of each selection, those that were added too. Raises PipelineError (P705), ModifierError."""
        own = self.rule.logsource.span
        added = Place("", own, (own,))
        found = {name: self._detection(each, added) for name, each in self.given.rule.detection.detections.items()}
        for place in self.given.places:
            if id(place) not in self._seen:
                what = f"`{place.name}`" if place.name else "the keywords"
                self.notes.append(diagnostic("P708", f"the pipeline dropped {what} from the rule", place.key))
        return found

    def conditions(self, selections: dict[str, Node]) -> tuple[Condition, ...]:
        """The conditions, each as text and tree. Raises PipelineError: P705, P709 (nothing is left)."""
        odd = frozenset([name for name in selections if name.lower() in ("and", "or", "not", "of")])
        found = []
        for before, after in zip(self.rule.conditions, self.given.rule.detection.parsed_condition, strict=True):
            try:
                parsed = conditions.parse(after.condition, odd)
                tree = _pruned(conditions.resolve(parsed.expression, selections, before.span, set()))
            except conditions.ConditionFault as fault:
                message = f"the condition that the pipeline made, `{after.condition}`: {fault}"
                raise PipelineError(diagnostic("P705", message, before.span)) from None
            if tree == NOTHING:
                message = "the pipeline dropped everything that the condition asks for"
                raise PipelineError(diagnostic("P709", message, before.span))
            found.append(Condition(after.condition, tree, before.span))
        return tuple(found)

    def _detection(self, detection: SigmaDetection, around: Place) -> Node:
        place = place_of(detection) or around
        trees = [
            self._detection(each, place) if isinstance(each, SigmaDetection) else self._item(each, place)
            for each in detection.detection_items
        ]
        join = And if detection.item_linking is ConditionAND else Or
        return trees[0] if len(trees) == 1 else join(tuple(trees), place.key)

    def _item(self, item: SigmaDetectionItem, around: Place) -> Node:
        place = place_of(item) or around
        self._seen.add(id(place))
        values: list[SigmaType] = item.value
        if not values:
            # pySigma reads a field without values as one that must be missing.
            message = f"the pipeline dropped all values of `{item.field}`: pySigma reads it as null"
            self.notes.append(diagnostic("P708", message, place.key))
            values = [SigmaNull()]
        exactly = len(values) == len(place.values)
        leaves = [
            self._value(item.field, value, place.values[number if exactly else 0])
            for number, value in enumerate(values)
        ]
        join = And if item.value_linking is ConditionAND else Or
        tree = leaves[0] if len(leaves) == 1 else join(tuple(leaves), place.key)
        return Not(tree, place.key) if item.negated else tree

    def _value(self, name: Any, value: SigmaType, span: Span) -> Node:
        if isinstance(value, SigmaExpansion):
            return self._expansion(name, value, span)
        make = next((make for kind, make in (_KEYWORDS if name is None else _LEAVES) if isinstance(value, kind)), None)
        if make is None or not isinstance(name, str | None):
            raise _cannot(_what(value) if make is None else f"the field name {name!r}", span)
        return make(None if name is None else Field(name), value, span)

    def _expansion(self, name: Any, value: SigmaExpansion, span: Span) -> Node:
        kept = self.given.kept.get(id(value))
        if kept is None or kept.before != inside(value):
            return Or(tuple([self._value(name, each, span) for each in value.values]), span)
        leaves = []
        for draft in kept.drafts:
            cased = isinstance(draft, mods.Cased)
            given = cast(Pattern, cast(mods.Cased, draft).pattern if cased else draft)
            leaves.append(_text(None if name is None else Field(name), given, span, cased=cased))
        return Or(tuple(leaves), span)


def _pruned(node: Node) -> Node:
    """The tree without what was dropped; NOTHING where that is all. pySigma leaves it out of AND, OR and NOT."""
    if isinstance(node, And | Or):
        children = [each for each in map(_pruned, node.children) if each != NOTHING]
        if not children:
            return NOTHING
        return children[0] if len(children) == 1 else type(node)(tuple(children), node.span)
    if isinstance(node, Not):
        child = _pruned(node.child)
        return NOTHING if child == NOTHING else Not(child, node.span)
    return node


def _cannot(what: str, span: Span) -> PipelineError:
    return PipelineError(diagnostic("P705", f"the pipeline made {what} of it, which no target can be given", span))


def _what(value: SigmaType) -> str:
    if isinstance(value, SigmaQueryExpression):
        return f"the query text `{value.expr}`"
    return f"a {type(value).__name__}"


# --- leaves -------------------------------------------------------------------------------------------


def _pattern(value: SigmaString, span: Span) -> Pattern:
    for part in value.s:
        if isinstance(part, Placeholder):
            misfit = mods.unresolved(part.name)
            raise ModifierError(diagnostic(misfit.code, str(misfit), span, hint="give it values with `-p`"))
    return pattern(*[part if isinstance(part, str) else _TOKENS[cast(Any, part)] for part in value.s])


def _text(field: Field | None, given: Pattern, span: Span, *, cased: bool) -> Node:
    if field is not None:
        return ast.Match(field, (given,), cased, span)
    word = surround(given, before=True, after=True)
    if word.kind == "any":
        raise _cannot("an empty keyword", span)
    return ast.Keyword((word,), cased, span)


def _string(field: Field | None, value: SigmaString, span: Span) -> Node:
    return _text(field, _pattern(value, span), span, cased=isinstance(value, SigmaCasedString))


def _regex(field: Field | None, value: SigmaRegularExpression, span: Span) -> Node:
    _pattern(value.regexp, span)  # for its placeholders
    letters = "".join(sorted([_LETTERS[flag] for flag in value.flags]))
    try:
        parsed = regex.parse(str(value.regexp), letters)
    except regex.RegexError as error:
        message = f"the regular expression that the pipeline made, `{value.regexp}`: {error}"
        raise PipelineError(diagnostic("P705", message, span)) from None
    return ast.KeywordRegex(parsed, span) if field is None else ast.Regex(field, parsed, span)


def _compare(field: Field, value: SigmaCompareExpression, span: Span) -> Node:
    number = value.number.number
    if value.op is CompareOperators.NEQ:
        return Not(ast.Equals(field, (number,), span), span)
    return ast.Compare(field, cast(Any, _COMPARISONS[value.op]), number, span)


def _exists(field: Field, value: SigmaExists, span: Span) -> Node:
    return ast.Exists(field, span) if value.exists else Not(ast.Exists(field, span), span)


def _reference(field: Field, value: SigmaFieldReference, span: Span) -> Node:
    part = _PARTS[value.starts_with, value.ends_with]
    return ast.FieldRef(field, Field(value.field), cast(Any, part), False, span)


def _moment(field: Field, value: SigmaTimestampPart, span: Span) -> Node:
    unit = cast(Any, value.timestamp_part.name.lower())
    return ast.TimePart(field, unit, (cast(int, value.number),), span)


def _spelled(value: SigmaBool | SigmaNumber) -> Pattern:
    return literal(text_of(value.boolean if isinstance(value, SigmaBool) else value.number) or "")


Makers = tuple[tuple[type, Callable[[Any, Any, Span], Node]], ...]

_LEAVES: Makers = (
    (SigmaString, _string),
    (SigmaBool, lambda field, value, span: ast.Equals(field, (value.boolean,), span)),
    (SigmaTimestampPart, _moment),
    (SigmaNumber, lambda field, value, span: ast.Equals(field, (value.number,), span)),
    (SigmaNull, lambda field, value, span: ast.IsNull(field, span)),
    (SigmaExists, _exists),
    (SigmaRegularExpression, _regex),
    (SigmaCIDRExpression, lambda field, value, span: ast.Cidr(field, (value.network,), span)),
    (SigmaCompareExpression, _compare),
    (SigmaFieldReference, _reference),
)
"""pySigma's type -> the leaf on a field; the first that fits."""

_KEYWORDS: Makers = (
    (SigmaString, _string),
    (SigmaRegularExpression, _regex),
    (SigmaTimestampPart, lambda field, value, span: _refuse(value, span)),
    (SigmaBool, lambda field, value, span: _text(None, _spelled(value), span, cased=False)),
    (SigmaNumber, lambda field, value, span: _text(None, _spelled(value), span, cased=False)),
)
"""pySigma's type -> the leaf that is bound to no field."""


def _refuse(value: SigmaType, span: Span) -> Node:
    raise _cannot(_what(value), span)
