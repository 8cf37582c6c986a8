"""Kibana's KQL, on the real Lucene: read by a reader of ours, then run as the Query DSL that Kibana sends."""

from __future__ import annotations

from typing import Any, ClassVar

from backends.engines.dsl_clauses import Clauses
from backends.engines.kql import to_dsl
from backends.engines.mapped import Mapped
from backends.engines.on_lucene import OnLucene


class Kibana(OnLucene):
    """Runs a KQL query with a data view that knows the columns."""

    TARGETS: ClassVar[tuple[str, ...]] = ("kibana",)
    READS: ClassVar[str] = " (KQL read by sigmaq)"

    def query(self, text: str, mapped: Mapped) -> Any:
        return Clauses(mapped).read(to_dsl(text, mapped.columns))
