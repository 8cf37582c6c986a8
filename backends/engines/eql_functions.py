"""EQL's functions, on values that are there: an argument that is null makes the result null.

Source: "EQL function reference" (elastic.co/docs/reference/query-languages/eql/eql-function-ref).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from backends.engines.elastic_logic import text_of
from backends.engines.elastic_texts import MANY, ONE, Glob, ascii_lower, glob_test, in_networks
from transpiler.engine import CannotRun


def number_in(text: Any) -> int | float:
    """``number``: "Converts a string to the corresponding integer or float"."""
    if re.fullmatch(r"-?[0-9]+", str(text)):
        return int(text)
    try:
        return float(text)
    except ValueError:
        raise CannotRun(f"the server fails at number({text!r})") from None


def glob_of(pattern: str) -> Glob:
    """A pattern of ``:`` and ``like``, which have no escape for their wildcards.

    "The `*` wildcard matches zero or more characters", "The `?` wildcard matches exactly one
    character" ("Wildcards"). The server makes a LIKE pattern of it whose escape is U+0001
    (``StringUtils.toLikePattern``).
    """
    if "\x01" in pattern and ("*" in pattern or "?" in pattern):
        raise CannotRun("cannot read: U+0001 in a pattern")
    return [{"*": MANY, "?": ONE}.get(each, each) for each in pattern]


def _on_strings(test: Callable[[str, str], bool]) -> Callable[[bool], Callable[..., Any]]:
    """A test of two strings that counts letter case, or with ``~`` does not."""

    def with_case(folds: bool) -> Callable[..., Any]:
        if not folds:
            return test
        return lambda one, other: test(ascii_lower(one), ascii_lower(other))

    return with_case


def _wildcard(folds: bool) -> Callable[..., Any]:
    view = ascii_lower if folds else str
    return lambda text, *patterns: glob_test([glob_of(view(each)) for each in patterns])(view(text))


FUNCTIONS: dict[str, Callable[[bool], Callable[..., Any]]] = {
    "startsWith": _on_strings(str.startswith),
    "endsWith": _on_strings(str.endswith),
    "stringContains": _on_strings(lambda text, part: part in text),
    "wildcard": _wildcard,
    "cidrMatch": lambda _: lambda text, *blocks: in_networks(blocks)(text),
    "length": lambda _: len,
    "string": lambda _: text_of,
    "number": lambda _: number_in,
    "concat": lambda _: lambda *values: "".join(map(text_of, values)),
}
"""Function -> with or without regard to letter case -> what it does."""

TESTS = frozenset({"startsWith", "endsWith", "stringContains", "wildcard", "cidrMatch"})
"""Functions that give true or false."""

TAKES: dict[str, frozenset[str]] = {
    "cidrMatch": frozenset({"ip"}),
    "number": frozenset({"string"}),
    "string": frozenset({"string", "int", "float", "bool", "ip"}),
    "concat": frozenset({"string", "int", "float", "bool", "ip"}),
}
"""The types of field a function takes, where it takes others than strings ("Parameters")."""
