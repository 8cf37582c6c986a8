"""Fields, trees and rendering that the Kusto backend's tests share."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from backends.kusto import Kusto
from transpiler.ast import Field, Match, Node
from transpiler.diagnostics import Diagnostic
from transpiler.pattern import parse
from transpiler.query import Options, Source

COMMAND = Field("CommandLine", "string")
USER = Field("User", "string")
PARENT = Field("ParentUser", "string")
ADDRESS = Field("Address", "ip")
EVENT_ID = Field("EventID", "int")
PORT = Field("Port", "int")
RATIO = Field("Ratio", "float")
ELEVATED = Field("Elevated", "bool")
SEEN = Field("Seen", "datetime")
EXTRA = Field("Extra.cs-host", "dynamic")
COUNT = Field("Extra.count", "dynamic")
UNTYPED = Field("User")


def m(field: Field, *values: str, cased: bool = False) -> Match:
    """A Match of values as a rule writes them."""
    return Match(field, tuple(map(parse, values)), cased)


def nets(*networks: str) -> tuple[Any, ...]:
    return tuple(map(ip_network, networks))


def render(node: Node, *, table: str | None = None) -> tuple[str, tuple[Diagnostic, ...]]:
    return Kusto.render(node, Source(), Options(table=table))
