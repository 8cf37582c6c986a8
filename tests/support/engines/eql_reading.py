"""EQL, read by Elastic's own parser (the package ``eql``): a second opinion on what a query says."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tests.backends import run_eql


@lru_cache(maxsize=4096)
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
    theirs, ours = _read_lark(event_query.children[-1]), run_eql.read(query)[1]
    assert theirs == ours, f"Elastic's parser: {theirs}\nours: {ours}"


def _read_lark(node: Any) -> run_eql.Node:
    kind = str(node.data)
    if kind in ("and_expr", "or_expr"):
        return (kind[:-5], *[_read_lark(each) for each in node.children])
    if kind == "not_expr":
        found = _read_lark(node.children[-1])
        for _ in node.children[:-1]:
            found = ("not", found)
        return found
    if kind == "literal":
        return ("constant", _value(node))
    if kind == "function_call":
        name, arguments = node.children
        field, *values = arguments.children
        return ("leaf", str(field.children[0]), str(name), [_value(each) for each in values])
    subject, sign, *values = node.children
    if kind == "in_set":
        values = values[0].children
    operator = str(getattr(sign, "children", [sign])[0])
    if subject.data == "function_call":
        return ("script", str(subject.children[1].children[0].children[0]), operator, [_value(each) for each in values])
    return ("leaf", str(subject.children[0]), operator, [_value(each) for each in values])


def _value(node: Any) -> Any:
    if node.data == "value":
        return -_value(node.children[1])
    (inner,) = node.children
    text = str(inner.children[0]) if inner.children else "null"
    if inner.data == "string":
        return run_eql.unquote(text)
    return json.loads(text)
