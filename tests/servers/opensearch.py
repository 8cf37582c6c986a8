"""Lucene and DSL queries on a real OpenSearch node: a second witness, and the only one that runs scripts.

OpenSearch grew from Elasticsearch 7.10 and has its parser of query strings, its query DSL and its Painless.
Its field type `wildcard` is its own, and no witness for Elastic's: a regular expression finds parts of a
value there (issues 16754 and 19719 of its repository tell of more). The node is installed by
tests/servers/opensearch.sh and opens no port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.servers.elasticsearch import Elasticsearch


class OpenSearch(Elasticsearch):
    """An engine (transpiler.engine) for tests."""

    TARGETS: ClassVar[tuple[str, ...]] = ("lucene", "dsl")

    NAME: ClassVar[str] = "opensearch"
    MISSING: ClassVar[Mapping[str, str]] = {}
    ROOT: ClassVar[Mapping[str, Any]] = {}
