"""EQL, read by Elastic's own parser (the package ``eql``): a second opinion on what a query says."""

from __future__ import annotations

import json
from typing import Any

from backends.engines.elastic_words import name_of
from backends.engines.eql_reader import Among, And, Call, Compare, Name, Node, Not, Or, Value, read, text_of


def agree_on_reading(query: str) -> None:
    """Elastic's own parser reads the query as the reader does that runs it."""
    if "@" in query or "``" in query:
        return  # Elastic's Python parser knows neither, Elasticsearch does
    from eql import parse_query
    from eql.parser import elasticsearch_syntax, ignore_missing_functions, lark_parser, skip_optimizations

    if query.count("\\u{") < 2:  # it cannot read two of these in one string
        with elasticsearch_syntax, skip_optimizations, ignore_missing_functions:
            parse_query(query)  # types and signatures
    tree = lark_parser.parse(f"{query}\n", start="piped_query")
    (event_query,) = tree.find_data("event_query")
    theirs, ours = _read_lark(event_query.children[-1]), read(query)[1]
    assert theirs == ours, f"Elastic's parser: {theirs}\nours: {ours}"


def _read_lark(node: Any) -> Node:
    kind = str(node.data)
    if kind == "and_expr":
        return And(tuple(map(_read_lark, node.children)))
    if kind == "or_expr":
        return Or(tuple(map(_read_lark, node.children)))
    if kind == "not_expr":
        found = _read_lark(node.children[-1])
        for _ in node.children[:-1]:
            found = Not(found)
        return found
    if kind in ("literal", "function_call", "field"):
        return _operand(node)
    subject, sign, *values = node.children
    if kind == "in_set":
        values = values[0].children
    operator = str(getattr(sign, "children", [sign])[0])
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return Compare(operator, _operand(subject), _operand(values[0]))
    return Among(operator, _operand(subject), tuple(map(_operand, values)))


def _operand(node: Any) -> Node:
    if node.data == "function_call":
        name, arguments = node.children
        return Call(str(name).removesuffix("~"), tuple(map(_operand, arguments.children)), str(name).endswith("~"))
    if node.data == "field":
        text = str(node.children[0])
        return Name(name_of(text.removeprefix("?")), text.startswith("?"))
    return Value(_value(node))


def _value(node: Any) -> Any:
    if node.data == "value":
        return -_value(node.children[1])
    (inner,) = node.children
    text = str(inner.children[0]) if inner.children else "null"
    return text_of(text) if inner.data == "string" else json.loads(text)
