"""Random rules and events for the backends of Elasticsearch's own languages."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.passes import normalise
from transpiler.pattern import DASH, MANY, ONE, Pattern, pattern
from transpiler.regex import parse as expression

COMMAND = Field("process.command_line", "string", "wildcard")
USER = Field("cs-user", "string")
PORT = Field("port", "int")
RATIO = Field("ratio", "float")
SIGNED = Field("signed", "bool")
ADDRESS = Field("source.ip", "ip")

# fmt: off
TEXTS = (
    "a", "A", "cmd.exe", r"C:\Temp", "\\", '"', '"""', "'", "`", "*", "?", "//", "/*", "| where true", "\n", "\r", "\t",
    "\x01", "\x00", "\u202e", "-", "\u2013", "/", "[x]", "(", "$", "^", "<1-2>", "~&@#", "é", "É", "%_", "{{",
    "\\u{41}", "ß", "😀",
)
# fmt: on
"""Pieces of text that are something in one language or another."""

texts = st.lists(st.sampled_from(TEXTS), max_size=3).map("".join)
tokens = st.one_of(st.sampled_from(TEXTS), st.sampled_from([MANY, ONE, DASH, MANY]))
patterns: st.SearchStrategy[Pattern] = st.lists(tokens, max_size=4).map(lambda some: pattern(*some))
strings = st.sampled_from([COMMAND, USER])
integers = st.integers(-3, 3)

EXPRESSIONS = tuple(
    map(expression, ["cmd", "(?i)CMD", "^a", "a$", "[a-c]x", "(?i)[a-c]X?", r"\\Temp", "a|b", "(?i)é", r"\d+", "[^a]"])
) + tuple(map(expression, ["(?i)[^A]", "a.c", "[*?]", "(?s)a.", r"\bcmd\b", "(?i)c(m|n)d"]))
NETWORKS = [(ip_network("10.0.0.0/8"),), (ip_network("10.0.0.0/8"), ip_network("fe80::/10"))]
ADDRESSES = [(pattern("10.0.0.1"),), (pattern("10.0.0.1"), pattern("fe80::1")), (pattern("10.", MANY),)]
NUMBERS = [(pattern("1", MANY),), (pattern(MANY),), (pattern(ONE), pattern("-", MANY))]

several = st.lists(patterns, min_size=1, max_size=3).map(tuple)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(ast.Match, strings, several, st.booleans()),
    st.builds(ast.Regex, strings, st.sampled_from(EXPRESSIONS)),
    st.builds(ast.Equals, st.just(PORT), st.lists(integers, min_size=1, max_size=2, unique=True).map(tuple)),
    st.builds(ast.Equals, st.just(SIGNED), st.sampled_from([(True,), (False,), (True, False)])),
    st.builds(ast.Compare, st.sampled_from([PORT, RATIO]), st.sampled_from(["lt", "lte", "gt", "gte"]), integers),
    st.builds(ast.Match, st.just(PORT), st.sampled_from(NUMBERS)),
    st.builds(ast.Cidr, st.just(ADDRESS), st.sampled_from(NETWORKS)),
    st.builds(ast.Match, st.just(ADDRESS), st.sampled_from(ADDRESSES)),
    st.builds(ast.IsNull, st.sampled_from([COMMAND, PORT])),
    st.builds(ast.Exists, st.sampled_from([USER, RATIO])),
)


def _above(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    children = st.lists(below, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(ast.And, children), st.builds(ast.Or, children), st.builds(ast.Not, below))


trees: st.SearchStrategy[Node] = st.recursive(leaves, _above, max_leaves=6).map(normalise)

addresses = st.sampled_from(["10.0.0.1", "10.9.8.7", "11.0.0.1", "fe80::1", "::1"])


def events(*, lists: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Events; each field may be missing, and with ``lists`` strings may be several."""
    text: st.SearchStrategy[Any] = st.one_of(texts, st.lists(texts, min_size=2, max_size=2)) if lists else texts
    return st.fixed_dictionaries(
        {},
        optional={
            COMMAND.name: text,
            USER.name: text,
            PORT.name: integers,
            RATIO.name: st.sampled_from([-1.5, 0.0, 2.5]),
            SIGNED.name: st.booleans(),
            ADDRESS.name: addresses,
        },
    )


def near(node: Node) -> list[str]:
    """Texts that the patterns of a tree match, or nearly."""
    if isinstance(node, ast.And | ast.Or):
        return [text for child in node.children for text in near(child)]
    if isinstance(node, ast.Not):
        return near(node.child)
    if not isinstance(node, ast.Match):
        return []
    parts = {MANY: "x\ny", ONE: "z", DASH: "\u2014"}
    found = [
        "".join([token if isinstance(token, str) else parts[token] for token in each.tokens]) for each in node.patterns
    ]
    return [text for each in found for text in (each, each.swapcase(), f"{each}x", each.replace("*", "n"))]
