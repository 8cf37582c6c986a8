r"""Elastic's grammar of EQL: its Python package ``eql`` (AGPL), which the test environment holds.

It reads three things in another way than Elasticsearch's own grammar (``EqlBase.g4``), and what holds
one of them is rewritten for it: it takes everything from ``\u{`` to the last ``}`` for one escape, it
knows no name that begins with ``@``, and no doubled back-quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from backends.engines.eql_reader import tokens


def check(queries: Iterable[str]) -> list[str | None]:
    """For each query what the grammar, with its checks of types and signatures, says against it, or None."""
    from eql import EqlError, parse_query
    from eql.parser import elasticsearch_syntax, ignore_missing_functions, skip_optimizations

    found: list[str | None] = []
    with elasticsearch_syntax, skip_optimizations, ignore_missing_functions:
        for query in queries:
            try:
                parse_query(readable(query))
                found.append(None)
            except EqlError as error:
                found.append(f"{type(error).__name__}: {error}".replace("\n", " "))
    return found


def readable(query: str) -> str:
    """The query with what the package misreads written otherwise; its shape is the same."""
    if "@" not in query and "``" not in query and "\\u{" not in query:
        return query
    return " ".join([_readable(kind, text) for kind, text in tokens(query)])


def _readable(kind: str, text: str) -> str:
    if kind == "text":
        return re.sub(r"\\u\{[0-9a-fA-F]+\}", "u", text)
    if kind == "name":
        return text.replace("``", "_").replace("@", "_")
    return text
