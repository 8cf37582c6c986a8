"""Lucene query strings, on the real Lucene as Elasticsearch uses it."""

from __future__ import annotations

from typing import Any, ClassVar

from backends.engines.mapped import Mapped
from backends.engines.on_lucene import OnLucene
from backends.engines.query_string import QueryString


class Lucene(OnLucene):
    """Runs the text as ``{"query_string": {"query": text}}`` does: without fields, so lenient."""

    TARGETS: ClassVar[tuple[str, ...]] = ("lucene",)

    def query(self, text: str, mapped: Mapped) -> Any:
        return QueryString(mapped).read(text)
