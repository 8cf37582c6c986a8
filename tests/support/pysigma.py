"""pySigma's reading of a rule, as our tree: the reference the front end is tested against."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.processing.pipeline import ProcessingPipeline
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
    SpecialChars,
)

from transpiler import ast, regex
from transpiler.ast import Field, Node
from transpiler.pattern import MANY, ONE, Pattern, literal, pattern, surround

_OPERATORS = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}
_WILD = {SpecialChars.WILDCARD_MULTI: MANY, SpecialChars.WILDCARD_SINGLE: ONE}


def trees(text: str) -> list[Node]:
    """The conditions of the first rule of a text, as pySigma parses them."""
    (rule,) = SigmaCollection.from_yaml(text).rules
    return [_node(condition.parsed) for condition in rule.detection.parsed_condition]


def processed(text: str, pipeline: ProcessingPipeline) -> list[Node]:
    """The conditions of the first rule of a text, as pySigma has them after a pipeline. Raises what it raises."""
    (rule,) = SigmaCollection.from_yaml(text).rules
    pipeline.apply(rule)
    return [_node(_left(condition.parsed)) for condition in rule.detection.parsed_condition]


def _left(item: Any) -> Any:
    """A condition without the parts that a pipeline dropped, which pySigma's conversion skips; None if that is all."""
    if not isinstance(item, ConditionAND | ConditionOR | ConditionNOT):
        return item
    item.args = [left for left in map(_left, item.args) if left is not None]
    return item if item.args else None


def _node(item: Any) -> Node:
    if isinstance(item, ConditionAND):
        return ast.And(tuple(_node(each) for each in item.args))
    if isinstance(item, ConditionOR):
        return ast.Or(tuple(_node(each) for each in item.args))
    if isinstance(item, ConditionNOT):
        return ast.Not(_node(item.args[0]))
    if isinstance(item, ConditionFieldEqualsValueExpression):
        return _leaf(Field(item.field), item.value)
    assert isinstance(item, ConditionValueExpression)
    return _keyword(item.value)


def _pattern(value: SigmaString) -> Pattern:
    return pattern(*(_WILD[part] if isinstance(part, SpecialChars) else str(part) for part in value.s))


def _regex(value: SigmaRegularExpression) -> regex.Regex:
    flags = {
        SigmaRegularExpressionFlag.IGNORECASE: "i",
        SigmaRegularExpressionFlag.MULTILINE: "m",
        SigmaRegularExpressionFlag.DOTALL: "s",
    }
    return regex.parse(str(value.regexp.original), "".join(sorted(flags[flag] for flag in value.flags)))


def _leaf(field: Field, value: Any) -> Node:
    if isinstance(value, SigmaExpansion):
        return ast.Or(tuple(_leaf(field, each) for each in value.values))
    if isinstance(value, SigmaString):
        return ast.Match(field, (_pattern(value),), isinstance(value, SigmaCasedString))
    if isinstance(value, SigmaBool):
        return ast.Equals(field, (value.boolean,))
    if isinstance(value, SigmaNumber):
        return ast.Equals(field, (value.number,))
    if isinstance(value, SigmaNull):
        return ast.IsNull(field)
    if isinstance(value, SigmaExists):
        return ast.Exists(field) if value.exists else ast.Not(ast.Exists(field))
    if isinstance(value, SigmaRegularExpression):
        return ast.Regex(field, _regex(value))
    if isinstance(value, SigmaCIDRExpression):
        return ast.Cidr(field, (ip_network(value.cidr, strict=False),))
    if isinstance(value, SigmaCompareExpression):
        return ast.Compare(field, _OPERATORS[value.op], value.number.number)
    if isinstance(value, SigmaTimestampPart):
        return ast.TimePart(field, value.timestamp_part.name.lower(), (value.number,))
    assert isinstance(value, SigmaFieldReference)
    part = {(False, False): "equals", (True, False): "startswith", (False, True): "endswith"}
    return ast.FieldRef(field, Field(value.field), part.get((value.starts_with, value.ends_with), "contains"))


def _keyword(value: Any) -> Node:
    if isinstance(value, SigmaExpansion):
        return ast.Or(tuple(_keyword(each) for each in value.values))
    if isinstance(value, SigmaRegularExpression):
        return ast.KeywordRegex(_regex(value))
    if isinstance(value, SigmaString):
        return ast.Keyword((surround(_pattern(value), True, True),), isinstance(value, SigmaCasedString))
    return ast.Keyword((surround(literal(str(value)), True, True),))
