r"""Query text made readable for duckdb-kql: the lexical half of the Kusto engine.

Sources: Microsoft's KQL reference, pages "The string data type", "Entity names", "search operator".
duckdb-kql reads few escapes and no ``*``; both are restated here, token by token, in what it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from transpiler.engine import CannotRun

TEXTS = "#texts"
"""The column of the table run that ``*`` stands for: a list of the row's texts."""

ALONE = "Events"
"""What the table of the rows is called; whatever tables a query unites, the rows are the same."""

NUMBER = "#"
"""The column of the table run that says which row it is."""

STAR = {"contains": "any_contains", "contains_cs": "any_contains_cs", "matches regex": "any_matches"}
"""Operator after ``*`` -> the function that asks it of a list of texts."""

_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*)
    | (?P<verbatim>@"(?:[^"\r\n]|"")*"|@'(?:[^'\r\n]|'')*')
    | (?P<name>\['(?:[^'\\\r\n]|\\[^\r\n])*'\]|\["(?:[^"\\\r\n]|\\[^\r\n])*"\])
    | (?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    | (?P<word>[A-Za-z_$][A-Za-z0-9_]*)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<blank>\s+)
    | (?P<sign>=~|!~|==|!=|<>|<=|>=|\S)
    """,
    re.VERBOSE,
)

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"} | {
    each: each for each in "\\\"'"
}
_WRITTEN = str.maketrans({"\\": r"\\", '"': r"\"", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\0": r"\0"})


class Token(NamedTuple):
    """A piece of a query: its kind is the name of a group of the lexer's expression."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A query that duckdb-kql can read, and what was found in it.

    ``text`` is what duckdb-kql reads, of the table ALONE; ``asked`` the query as it was, a predicate with
    a table before it. ``tables`` are the tables it reads, ``expressions`` the regular expressions it asks
    for, ``star`` says whether it looks into every column, and ``lowers`` whether it asks for tolower().
    """

    text: str
    asked: str
    tables: tuple[str, ...]
    expressions: tuple[str, ...]
    star: bool
    lowers: bool


def readable(text: str) -> Readable:
    """A query, or a predicate alone, as a query that gives the numbers of the rows it finds.

    Raises CannotRun for what cannot be read.
    """
    tokens = [token for token in _tokens(text) if token.kind != "comment"]
    bar = next((at for at, token in enumerate(tokens) if token == ("sign", "|")), 0)
    source, rest = tokens[:bar], tokens[bar:]
    solid = [token for token in rest if token.kind != "blank"]
    head = "" if source else f"{ALONE}\n| where "
    return Readable(
        f"{head or ALONE}{_without_star(rest)}\n| project ['{NUMBER}']",
        head + text,
        _tables(source) if source else (ALONE,),
        tuple([value_of(token) for before, token in pairwise(solid) if before.text == "regex"]),
        any(token.text == "*" for token in solid),
        ("word", "tolower") in solid,
    )


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        yield Token(kind, _decoded(found[0]) if kind in ("text", "name") else found[0])


def _decoded(literal: str) -> str:
    r"""A literal or bracketed name with every ``\uHHHH`` and its kin as the character itself."""
    if "\\" not in literal:
        return literal
    edge = 2 if literal[0] == "[" else 1
    return literal[:edge] + meaning(literal[edge:-edge]).translate(_WRITTEN) + literal[-edge:]


def meaning(body: str) -> str:
    """What stands between the quotes of an escaped literal. Raises CannotRun."""
    return _ESCAPE.sub(_character, body)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    try:
        return chr(int(code, 16)) if code else _MEANT[found[4]]
    except (KeyError, ValueError, OverflowError):
        raise CannotRun(f"duckdb-kql: the escape {found[0]} of a string") from None


def value_of(token: Token) -> str:
    """The text that a literal stands for; empty for what is no literal."""
    if token.kind == "verbatim":
        quote = token.text[1]
        return token.text[2:-1].replace(quote * 2, quote)
    return meaning(token.text[1:-1]) if token.kind == "text" else ""


def _tables(source: Sequence[Token]) -> tuple[str, ...]:
    """The tables of ``T`` or ``union A, B``. Raises CannotRun for a source that is something else."""
    solid = [token for token in source if token.kind != "blank"]
    if solid[0].text == "union":
        solid = solid[1:]
    names, commas = solid[::2], solid[1::2]
    if any(each.kind not in ("word", "name") for each in names) or any(each.text != "," for each in commas):
        raise CannotRun("duckdb-kql: rows that come from no table: " + "".join([each.text for each in source]).strip())
    return tuple([meaning(each.text[2:-2]) if each.kind == "name" else each.text for each in names])


def _without_star(tokens: Sequence[Token]) -> str:
    """The text of tokens, ``* contains "a"`` as a call that asks it of a list of texts."""
    words: list[str] = []
    at = 0
    while at < len(tokens):
        found = _star(tokens, at)
        if found is None:
            words.append(tokens[at].text)
            at += 1
        else:
            function, literal, at = found
            words.append(f"{function}(['{TEXTS}'], {literal})")
    return "".join(words)


def _star(tokens: Sequence[Token], at: int) -> tuple[str, str, int] | None:
    """The function, the literal and what comes after, where ``* operator literal`` begins."""
    if tokens[at].text != "*":
        return None
    following = [place for place in range(at + 1, min(at + 7, len(tokens))) if tokens[place].kind != "blank"]
    words = [tokens[place].text for place in following]
    for operator, function in STAR.items():
        asked = operator.split()
        if words[: len(asked)] == asked and len(words) > len(asked):
            place = following[len(asked)]
            if tokens[place].kind in ("text", "verbatim"):
                return function, tokens[place].text, place + 1
    return None
