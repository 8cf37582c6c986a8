"""The servers, started once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.opensearch import OpenSearch
from tests.support.corpus import not_run
from transpiler.engine import CannotRun


def _started(engine: Elasticsearch) -> Iterator[Elasticsearch]:
    try:
        engine.start()
    except CannotRun as reason:
        not_run(f"{type(engine).__name__}: {reason}")
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch]:
    yield from _started(Elasticsearch())


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Elasticsearch]:
    yield from _started(OpenSearch())
