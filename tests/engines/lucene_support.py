"""Rows and columns that the tests of the engines on Lucene share, and how they ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backends.engines.dsl import Dsl
from backends.engines.kibana import Kibana
from backends.engines.lucene import Lucene
from backends.engines.on_lucene import OnLucene
from tests.support import corpus
from transpiler.engine import Asked, CannotRun, Column

COLUMNS = {
    "k": Column("string", "keyword"),
    "w": Column("string", "wildcard"),
    "f": Column("string", "folded"),
    "t": Column("string", "text"),
    "i": Column("int"),
    "d": Column("float"),
    "b": Column("bool"),
    "ip": Column("ip"),
    "o.k": Column("string"),
}

ROWS: list[dict[str, Any]] = [
    {"k": "Foo bar", "w": "Foo bar", "f": "Foo Bar", "t": "The Foo-bar baz", "i": 4688, "d": 1.5, "b": True},
    {"k": "foo", "i": [1, 2], "ip": "::ffff:10.0.0.2", "o.k": "x"},
    {"k": ">5", "i": 5, "ip": "10.0.0.1"},
    {"k": "", "f": "K"},  # the Kelvin sign
    {"i": 0, "b": False, "d": -2.0},
    {"k": ["a", "b"], "ip": "fe80::1"},
]
"""The rows that Elasticsearch 8.19 was asked about; the numbers in the tests' tables are theirs."""

EVERY = [0, 1, 2, 3, 4, 5]


def started(engine: type[OnLucene]) -> OnLucene:
    """The engine, ready; the test is skipped, or fails in CI, where Lucene is not installed."""
    found = engine()
    try:
        found.start()
    except CannotRun as reason:
        corpus.not_run(str(reason))
    return found


def rows_found(engine: OnLucene, text: str, rows: list[dict[str, Any]] = ROWS) -> list[int]:
    """The numbers of the rows that a query finds."""
    return [number for number, found in enumerate(engine.run(Asked(text, "", COLUMNS), rows)) if found]


def refusal(engine: OnLucene, text: str) -> str:
    """Why a query cannot be run."""
    with pytest.raises(CannotRun) as caught:
        engine.run(Asked(text, "", COLUMNS), ROWS)
    return str(caught.value)


def body(clause: Any) -> str:
    """The body of a search request."""
    return json.dumps({"query": clause})


__all__ = ["COLUMNS", "EVERY", "ROWS", "Dsl", "Kibana", "Lucene", "body", "refusal", "rows_found", "started"]
