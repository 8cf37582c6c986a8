"""Real servers that run emitted queries, for tests alone: installed by the scripts beside this file."""

from __future__ import annotations

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.opensearch import OpenSearch
from transpiler.engine import Engine

ENGINES: list[type[Engine]] = [Elasticsearch, OpenSearch]
"""Each raises CannotRun when it is not installed."""
