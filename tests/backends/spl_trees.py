"""Trees to render for Splunk, and what their queries find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.engines.spl import Spl
from backends.splunk import Splunk
from transpiler.ast import Field, Match, Node
from transpiler.engine import Answer, Asked, Column
from transpiler.pattern import ONE, Token, literal, pattern
from transpiler.query import Options, Source

F, G, N = Field("f"), Field("g"), Field("n")


def render(node: Node, *, index: str | None = None, options: Options | None = None) -> str:
    return Splunk.render(node, Source(index=index), options or Options())[0]


def codes(node: Node) -> list[str]:
    return [said.code for said in Splunk.render(node, Source(), Options())[1]]


def match(*tokens: Token, field: Field = F, cased: bool = False) -> Match:
    return Match(field, (pattern(*tokens),), cased)


def one_of(*texts: str, field: Field = F) -> Match:
    return Match(field, tuple(literal(text) for text in texts))


A, B, ODD = one_of("a", field=Field("a")), one_of("b", field=Field("b")), match("x", ONE, field=Field("o"))


def found(query: str, event: Mapping[str, Any], *names: str) -> Answer:
    """Whether the query, which may name these columns beside the event's, finds it; null is no value there."""
    row = {name: value for name, value in event.items() if value is not None}
    columns = {name: Column() for name in [*event, *names]}
    return Spl().run(Asked(query, "splunk", columns), [row])[0]
