"""Elasticsearch's Query DSL, on the real Lucene."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from backends.engines.dsl_clauses import Clauses
from backends.engines.mapped import Mapped
from backends.engines.on_lucene import OnLucene
from transpiler.engine import CannotRun


class Dsl(OnLucene):
    """Runs the body of a search request."""

    TARGETS: ClassVar[tuple[str, ...]] = ("dsl",)
    READS: ClassVar[str] = " (the DSL's clauses put on it by sigmaq)"

    def query(self, text: str, mapped: Mapped) -> Any:
        try:
            body = json.loads(text)
        except ValueError as error:
            raise CannotRun(f"the body is no JSON: {error}") from error
        if not isinstance(body, dict) or set(body) != {"query"}:
            raise CannotRun("the body is not a query alone")
        return Clauses(mapped).read(body["query"])
