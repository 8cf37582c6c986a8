"""A rule as pySigma has it, made from our document, so that every item knows where it stands.

Modifiers are ours: each value is what our front end makes of it, written in pySigma's types. Only a value
with placeholders is left to pySigma, whose pipelines fill them in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sigma.conditions import ConditionAND, ConditionOR
from sigma.exceptions import SigmaRuleLocation
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaLogSource, SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    TimestampPart,
)

from transpiler import condition as conditions
from transpiler import modifiers as mods
from transpiler.detection import pairs
from transpiler.diagnostics import diagnostic
from transpiler.errors import PipelineError
from transpiler.model import Rule
from transpiler.modifiers import Draft, Plan
from transpiler.pattern import DASHES, MANY, ONE, Pattern, Wildcard, variants
from transpiler.source import Document, MappingNode, ScalarNode, SequenceNode, scalar
from transpiler.source import Node as Yaml
from transpiler.span import Span

WILDCARDS: dict[Wildcard, SpecialChars] = {
    MANY: SpecialChars.WILDCARD_MULTI,
    ONE: SpecialChars.WILDCARD_SINGLE,
}
FLAGS = {
    "i": SigmaRegularExpressionFlag.IGNORECASE,
    "m": SigmaRegularExpressionFlag.MULTILINE,
    "s": SigmaRegularExpressionFlag.DOTALL,
}
OPERATORS = {
    "lt": CompareOperators.LT,
    "lte": CompareOperators.LTE,
    "gt": CompareOperators.GT,
    "gte": CompareOperators.GTE,
}


class Place(SigmaRuleLocation):
    """Where an item stands: its key, and each of its values. pySigma hands it on and puts it into errors."""

    def __init__(self, name: str, key: Span, values: tuple[Span, ...]) -> None:
        super().__init__(key.path or "-", key.line, key.column)  # type: ignore[arg-type] # it makes the path
        self.name = name
        self.key = key
        self.values = values


class Kept(NamedTuple):
    """What several spellings stand for: they are one value again if no pipeline changed them."""

    expansion: SigmaExpansion
    before: tuple[object, ...]
    drafts: tuple[Draft, ...]


class Given(NamedTuple):
    """A rule for pySigma.

    ``names`` are the rule's selections, ``places`` those of all its items; ``kept``: by the identity of
    an expansion, what it stands for.
    """

    rule: SigmaRule
    names: frozenset[str]
    places: tuple[Place, ...]
    kept: dict[int, Kept]


def given(document: Document, rule: Rule) -> Given:
    """A rule that our front end has read, as pySigma's. Raises PipelineError (P705)."""
    parts = {key: value for key, _, value in pairs(document, cast(MappingNode, document.root)).values()}
    reader = _Reader(document)
    detection = cast(MappingNode, parts.pop("detection"))
    found = {
        name: reader.detection(value)
        for name, _, value in pairs(document, detection).values()
        if name not in ("condition", "timeframe")
    }
    made = SigmaRule.from_dict({name: _plain(value) for name, value in parts.items()}, collect_errors=True)
    made.errors = []
    made.source = Place("", rule.logsource.span, (rule.logsource.span,))
    category, product, service, definition, _ = rule.logsource
    own = made.logsource.custom_attributes
    made.logsource = SigmaLogSource(category, product, service, definition, None, own)
    made.detection = SigmaDetections(found, [_condition(each.text) for each in rule.conditions])
    return Given(made, frozenset(found), tuple(reader.places), reader.kept)


def _condition(text: str) -> str:
    """A condition with its operators in lower case, the only form that pySigma reads."""
    capitals = conditions.parse(text).capitals
    if not capitals:
        return text
    words = conditions.WORD.findall(text)
    return " ".join([word.lower() if number in capitals else word for number, word in enumerate(words)])


def _plain(node: Yaml) -> Any:
    """The value of a node that is no detection."""
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(each) for each in node.value]
    try:
        return scalar(cast(ScalarNode, node))
    except ValueError:  # an odd tag, which a rule's metadata may have
        return node.value


def place_of(item: object) -> Place | None:
    """Where an item or a detection stands; None for what a pipeline has added."""
    found = getattr(item, "source", None)
    return found if isinstance(found, Place) else None


class _Items(list[Any]):
    """The items of a detection: what a pipeline puts in the place of one stands where that stood."""

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(index, slice):
            _inherit(value, place_of(self[index]))
        super().__setitem__(index, value)


def _inherit(item: Any, place: Place | None) -> None:
    if place_of(item) is None:
        item.source = place
    if isinstance(item, SigmaDetection):
        for each in item.detection_items:
            _inherit(each, place)
        item.detection_items = _Items(item.detection_items)


class _Detection(SigmaDetection):
    """A detection that watches its items, whichever list of them a pipeline gives it."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, _Items(value) if name == "detection_items" else value)


class _Reader:
    """Reads detections. ``places`` and ``kept`` are as Given has them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.places: list[Place] = []
        self.kept: dict[int, Kept] = {}

    def detection(self, node: Yaml) -> SigmaDetection:
        """What a selection is, as :func:`transpiler.detection.selection` reads it."""
        if isinstance(node, MappingNode):
            items: list[Any] = [self.item(*pair) for pair in pairs(self.document, node).values()]
            return self._made(node, items, ConditionAND)
        if isinstance(node, SequenceNode) and not all(isinstance(each, ScalarNode) for each in node.value):
            return self._made(node, [self.detection(each) for each in node.value], ConditionOR)
        values = node.value if isinstance(node, SequenceNode) else [node]
        return self._made(node, [self._item("", mods.plan(()), node, values)], ConditionAND)

    def _made(self, node: Yaml, items: list[Any], link: type[ConditionAND | ConditionOR]) -> SigmaDetection:
        span = self.document.span(node)
        return _Detection(items, source=Place("", span, (span,)), item_linking=link)

    def item(self, key: str, key_node: ScalarNode, node: Yaml) -> SigmaDetectionItem:
        """A field with its values, or values that are bound to none."""
        name, _, chain = key.partition("|")
        plan = mods.plan(tuple(chain.split("|")) if chain else ())
        return self._item(name, plan, key_node, node.value if isinstance(node, SequenceNode) else [node])

    def _item(self, name: str, plan: Plan, at: Yaml, nodes: Sequence[Yaml]) -> SigmaDetectionItem:
        values = [each for node in nodes for each in self._values(plan, node)]
        place = Place(name, self.document.span(at), tuple([self.document.span(node) for node in nodes]))
        self.places.append(place)
        return SigmaDetectionItem(
            name or None,
            [modifier_mapping[each] for each in plan.names if each in modifier_mapping],
            values,
            ConditionAND if plan.all_ else ConditionOR,
            plan.negated,
            place,
            auto_modifiers=False,
        )

    def _values(self, plan: Plan, node: Yaml) -> list[SigmaType]:
        value = scalar(cast(ScalarNode, node))
        span = self.document.span(node)
        if plan.expand and isinstance(value, str) and value.count("%") > 1:
            return _with_placeholders(plan, value, span)
        drafts = mods.apply(plan, value, placeholders=True)
        patterns = [each.pattern if isinstance(each, mods.Cased) else each for each in drafts]
        dashed = any(isinstance(each, Pattern) and each.kind == "dashed" for each in patterns)
        if len(drafts) == 1 and not dashed:
            return [_value(drafts[0], span)]
        expansion = SigmaExpansion([each for draft in drafts for each in _spellings(draft, span)])
        self.kept[id(expansion)] = Kept(expansion, inside(expansion), tuple(drafts))
        return [expansion]


def inside(expansion: SigmaExpansion) -> tuple[object, ...]:
    """What an expansion holds, to see whether it was changed."""
    return tuple([(type(each), tuple(getattr(each, "s", [id(each)]))) for each in expansion.values])


def _with_placeholders(plan: Plan, value: str, span: Span) -> list[SigmaType]:
    """A value that pipelines fill in, its modifiers applied by pySigma."""
    names = [name for name in plan.names if name not in ("all", "neq")]
    if "windash" in names and sum(map(value.count, DASHES)) > _MANY_DASHES:
        raise PipelineError(diagnostic("P705", "a placeholder beside so many dashes has too many spellings", span))
    return SigmaDetectionItem.from_mapping("|".join(["field", *names]), value, Place("", span, (span,))).value


_MANY_DASHES = 4
"""pySigma lists five spellings for each dash, before it knows the values of placeholders."""


def _spellings(draft: Draft, span: Span) -> list[SigmaType]:
    given = draft.pattern if isinstance(draft, mods.Cased) else draft
    if not isinstance(given, Pattern):
        return [_value(draft, span)]
    found = variants(given)
    if found is None:
        raise PipelineError(diagnostic("P705", "the dashes have too many spellings for a pipeline to see", span))
    cased = isinstance(draft, mods.Cased)
    return [_string(each, cased=cased) for each in found]


def _string(given: Pattern, *, cased: bool = False) -> SigmaString:
    made = SigmaCasedString() if cased else SigmaString()
    made.s = [WILDCARDS[token] if isinstance(token, Wildcard) else token for token in given.tokens if token]
    made.original = str(given)
    return made


def _value(draft: Draft, span: Span) -> SigmaType:
    """One value of a rule in pySigma's types."""
    if isinstance(draft, Pattern):
        return _string(draft)
    if isinstance(draft, mods.Cased):
        return _string(draft.pattern, cased=True)
    if isinstance(draft, mods.Expression):
        return _expression(draft)
    if isinstance(draft, mods.Network):
        return SigmaCIDRExpression(str(draft.network))
    if isinstance(draft, mods.Reference):
        if draft.cased:
            raise PipelineError(diagnostic("P705", "pySigma has no field reference whose letter case counts", span))
        starts, ends = draft.part in ("startswith", "contains"), draft.part in ("endswith", "contains")
        return SigmaFieldReference(draft.name, starts, ends)
    if isinstance(draft, mods.Threshold):
        return SigmaCompareExpression(_number(draft.value), OPERATORS[draft.op])
    if isinstance(draft, mods.Presence):
        return SigmaExists(draft.present)
    if isinstance(draft, mods.Moment):
        return SigmaTimestampPart(TimestampPart[draft.unit.upper()], draft.value)
    if isinstance(draft, bool):
        return SigmaBool(draft)
    return SigmaNull() if draft is None else _number(cast(Any, draft))


def _number(value: int | float) -> SigmaNumber:
    made = SigmaNumber(0)
    made.number = value  # set, not given: pySigma rounds large whole numbers when it reads them
    return made


def _expression(draft: mods.Expression) -> SigmaRegularExpression:
    """An expression that pySigma does not try to compile: Python's dialect is not the rule's."""
    made = SigmaRegularExpression.__new__(SigmaRegularExpression)
    made.regexp = SigmaString(draft.text, escape=False)
    made.flags = {FLAGS[letter] for letter in draft.flags}
    return made
