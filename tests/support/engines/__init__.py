"""Runs an emitted query on events, and says which it selects: what keeps the golden files honest.

An engine answers for each event True, False or None: None where the query itself says that it cannot
judge such an event (a warning), where the event's values do not fit the columns, or where the engine
has no answer. CannotRun: the engine cannot run the query at all. Anything else that is raised is a defect.

    kusto    duckdb-kql, which runs Kusto on DuckDB
    eql      read by Elastic's own parser and by ours, which must agree; run as Elasticsearch documents it
    splunk   the evaluator of backends.engines, written from Splunk's documents
    esql, lucene, dsl, kibana
             readers of tests/backends, written from the vendors' documents: no vendor's engine is at hand
"""

from __future__ import annotations

from tests.support.engines.elastic import dsl, eql, esql, kibana, lucene, on_index
from tests.support.engines.kusto import kusto
from tests.support.engines.question import CannotRun, Engine, Question
from tests.support.engines.splunk import splunk

__all__ = ["ENGINES", "CannotRun", "Engine", "Question"]

ENGINES: dict[str, Engine] = {
    "splunk": splunk,
    "lucene": on_index(lucene),
    "dsl": on_index(dsl),
    "eql": on_index(eql),
    "esql": on_index(esql),
    "kibana": on_index(kibana),
    "kusto": kusto,
}
"""Target -> what runs its queries."""
