"""Runs the Query DSL that the backend emits, on one event: the clauses it uses and no others.

Written after Elastic's "Query DSL" pages. ``case_insensitive`` folds ASCII letters alone and leaves
character classes as they are. Scripts and full-text clauses are not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.backends.lucene_reader import equals, expression, values, wildcard

Clause = Mapping[str, Any]


class DslError(ValueError):
    """The clause is not one that this reads."""


def finds(clause: Clause, event: Mapping[str, Any], addresses: frozenset[str] = frozenset()) -> bool:
    """Whether the clause finds the event; ``addresses`` are the fields of type ip."""
    ((kind, body),) = clause.items()
    if kind == "bool":
        return _bool(body, event, addresses)
    if kind == "exists":
        return bool(values(event.get(body["field"])))
    ((field, asked),) = body.items()
    found = values(event.get(field))
    if kind == "range":
        return any(_COMPARE[op](value, limit) for value in found for op, limit in asked.items())
    if kind == "terms":
        return any(_is(each, value, field in addresses) for each in asked for value in found)
    if kind == "term" and not isinstance(asked, Mapping):
        return any(_is(asked, value, field in addresses) for value in found)
    if kind not in _TESTS or not set(asked) <= {"value", "case_insensitive"}:
        raise DslError(f"{kind}: {body}")
    fold = asked.get("case_insensitive", False)
    return any(_test(kind, asked["value"], value, fold) for value in found)


def _bool(body: Mapping[str, Any], event: Mapping[str, Any], addresses: frozenset[str]) -> bool:
    if not set(body) <= {"filter", "must_not", "should", "minimum_should_match"}:
        raise DslError(f"bool: {list(body)}")
    if ("should" in body) != ("minimum_should_match" in body):
        raise DslError("should without minimum_should_match is optional beside filter")
    if not all(body.get(name, [True]) for name in ("filter", "must_not", "should")):
        raise DslError("an empty list")
    should = body.get("should")
    return (
        all(finds(each, event, addresses) for each in body.get("filter", ()))
        and not any(finds(each, event, addresses) for each in body.get("must_not", ()))
        and (should is None or any(finds(each, event, addresses) for each in should))
    )


def _is(asked: Any, value: Any, is_address: bool) -> bool:
    if isinstance(asked, bool) or isinstance(value, bool):
        return asked is value
    return equals(asked if isinstance(asked, str) else str(asked), value, is_address)


def _test(kind: str, asked: str, value: Any, fold: bool) -> bool:
    if not isinstance(value, str):
        raise DslError(f"{kind} on a number is an error")
    flags = re.ASCII | re.IGNORECASE if fold else 0
    if kind == "wildcard":
        return _matches(wildcard(asked, flags), value)
    if kind == "regexp":
        if fold and re.search(r"(?<!\\)(?:\\\\)*\[[^\]]*[A-Za-z]", asked):
            raise DslError("letters in a class are not folded")
        return _matches(expression(asked, flags), value)
    if fold:
        asked, value = _lower(asked), _lower(value)
    return value == asked if kind == "term" else value.startswith(asked)


def _matches(pattern: re.Pattern[str], value: str) -> bool:
    return pattern.fullmatch(value) is not None


def _lower(text: str) -> str:
    return "".join([character.lower() if character.isascii() else character for character in text])


_TESTS = ("term", "prefix", "wildcard", "regexp")
_COMPARE = {
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
}
