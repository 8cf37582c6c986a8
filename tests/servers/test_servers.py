"""What the servers themselves say: facts of Elastic's languages that backends rely on, and the golden queries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from tests import servers
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.node import Node
from tests.servers.opensearch import OpenSearch
from tests.support import golden
from tests.support.corpus import not_run
from transpiler.engine import Asked, CannotRun, Column
from transpiler.schema import Mapped
from transpiler.verify import Question

COLUMNS = {
    "k": Column(),
    "f": Column(strings="folded"),
    "t": Column(strings="text"),
    "i": Column("int"),
    "x": Column("float"),
    "b": Column("bool"),
    "ip": Column("ip"),
    "d": Column("datetime"),
}
ROWS: list[dict[str, Any]] = [
    {"k": "Foo", "f": "foo", "t": "Foo bar", "i": 4, "x": 1.5, "b": True, "ip": "10.0.0.1"},
    {"k": "foo", "i": 15, "d": datetime(2024, 12, 30, 23, 30, tzinfo=UTC)},
    {"k": "", "i": -1, "ip": "2001:db8::1"},
    {"k": ["a", "foo\nbar"]},
    {},
]

QUERY_STRINGS: dict[str, list[int]] = {
    "k:foo": [1],
    "k:FOO": [],
    "f:FOO": [0],
    "f:/FOO/": [0],
    "t:foo": [0],
    't:"foo bar"': [0],
    r"t:*foo\ bar*": [],
    'k:""': [2],
    "_exists_:k": [0, 1, 2, 3],
    "k:/oo/": [],
    "k:/.oo/": [0, 1],
    r"k:/foo.bar/": [3],
    "k:/[f]oo\n?/": [1],
    "k:/^foo$/": [],
    "NOT k:foo": [0, 2, 3, 4],
    "i:4 OR NOT k:foo": [0],
    "i:15 AND (NOT k:Foo)": [1],
    "i:4 AND NOT k:x OR i:15": [0],
    "i:>=4": [0, 1],
    "i:[* TO 3]": [2],
    'ip:"10.0.0.0/8"': [0],
    'ip:"2001:db8::/32"': [2],
    "b:true": [0],
    "x:1.5": [0],
    "nothing:foo": [],
    "NOT nothing:foo": [0, 1, 2, 3, 4],
}
"""query_string -> the rows that Elasticsearch finds."""

BROKEN: dict[str, str] = {
    "i:four": "number_format_exception",
    "i:1*": "query_shard_exception",
    "i:/1.*/": "query_shard_exception",
    "ip:10.*": "query_shard_exception",
    "k:/(/": "illegal_argument_exception",
    "k:/.*(a|b).{12}c.*/": "too_complex_to_determinize_exception",
}
"""query_string -> what Elasticsearch says against it. It says so only if asked: a query without fields of its
own, as all of ours are, is "lenient", and such a clause finds nothing."""

CLAUSES: list[tuple[dict[str, Any], list[int] | str]] = [
    ({"term": {"k": {"value": "FOO", "case_insensitive": True}}}, [0, 1]),
    ({"term": {"k": "FOO"}}, []),
    ({"wildcard": {"k": {"value": "FO?", "case_insensitive": True}}}, [0, 1]),
    ({"wildcard": {"k": {"value": "foo?bar"}}}, [3]),
    ({"regexp": {"k": {"value": "FO.", "case_insensitive": True}}}, [0, 1]),
    ({"wildcard": {"i": {"value": "1*"}}}, "query_shard_exception"),
    ({"term": {"i": "4"}}, [0]),
    ({"exists": {"field": "k"}}, [0, 1, 2, 3]),
    ({"bool": {"must_not": [{"exists": {"field": "k"}}]}}, [4]),
    ({"range": {"x": {"gt": 1}}}, [0]),
]

ESQL: dict[str, list[int] | str] = {
    'k == "FOO"': [],
    'TO_LOWER(k) == "foo"': [0, 1],
    'TO_LOWER(k) LIKE "fo?"': [0, 1],
    'NOT k == "foo"': [0, 2],
    'NOT COALESCE(k == "foo", false)': [0, 2, 4],
    'k RLIKE "oo"': [],
    'k == ""': [2],
    "k IS NULL": [4],
    'CIDR_MATCH(ip, "10.0.0.0/8")': [0],
    'i == "4"': "verification_exception",
    'nothing == "x"': "verification_exception",
    'DATE_EXTRACT("hour_of_day", d) == 23': [1],
    " OR ".join([f'k == "{number}" AND i == 1' for number in range(400)]): "parsing_exception",
    "k LIKE (" + ", ".join([f'"*{chr(97 + number)}-value*"' for number in range(26)]) + ")": "too_complex",
    " OR ".join([f'k LIKE "*{chr(97 + number)}-value*"' for number in range(26)]): [],
}
"""Condition -> the rows of one value a field that ES|QL finds, or what it says against the query."""


def ask(engine: Elasticsearch, target: str, text: str, columns: Mapping[str, Column] = COLUMNS) -> list[int] | str:
    """The rows that a query finds, or why it cannot run."""
    try:
        answers = engine.run(Asked(text, target, columns), ROWS)
    except CannotRun as reason:
        return str(reason)
    return [number for number, answer in enumerate(answers) if answer]


def differing(pairs: Iterable[tuple[Any, list[int] | str, list[int] | str]]) -> dict[str, Any]:
    """What is not as said: query -> (found, said)."""
    return {
        str(asked): (found, said)
        for asked, found, said in pairs
        if not (str(found).startswith(said) if isinstance(said, str) else found == said)
    }


def test_elasticsearch_says_what_it_is(elasticsearch: Elasticsearch) -> None:
    assert elasticsearch.start().startswith("Elasticsearch 8.19.")
    assert not elasticsearch.OURS


def test_query_strings_on_elasticsearch(elasticsearch: Elasticsearch) -> None:
    assert not differing((text, ask(elasticsearch, "lucene", text), said) for text, said in QUERY_STRINGS.items())


def test_a_broken_clause_of_a_query_string_finds_nothing_unsaid(elasticsearch: Elasticsearch) -> None:
    strict = {text: json.dumps({"query": {"query_string": {"query": text, "lenient": False}}}) for text in BROKEN}
    assert not differing((text, ask(elasticsearch, "dsl", strict[text]), said) for text, said in BROKEN.items())
    assert not differing((text, ask(elasticsearch, "lucene", text), []) for text in BROKEN)
    assert ask(elasticsearch, "lucene", "k:foo OR i:1*") == [1]
    assert ask(elasticsearch, "lucene", "k:foo AND (NOT i:1*)") == [1]


def test_the_query_dsl_on_elasticsearch(elasticsearch: Elasticsearch) -> None:
    asked = [(clause, ask(elasticsearch, "dsl", json.dumps({"query": clause})), said) for clause, said in CLAUSES]
    assert not differing(asked)


def test_esql_on_elasticsearch(elasticsearch: Elasticsearch) -> None:
    asked = [
        (text, ask(elasticsearch, "esql", f"FROM * METADATA _id | WHERE {text}"), said) for text, said in ESQL.items()
    ]
    assert not differing(asked)


def test_scripts_on_opensearch(opensearch: Elasticsearch) -> None:
    def script(source: str) -> str:
        return json.dumps({"query": {"script": {"script": {"source": source}}}})

    assert ask(opensearch, "dsl", script("doc['k'].size() > 0 && doc['k'].value == 'foo'")) == [1]
    assert str(ask(opensearch, "dsl", script("doc['k'].value == 'foo'"))).startswith("illegal_state_exception")


@pytest.mark.parametrize("server", [each.__name__.lower() for each in servers.ENGINES])
def test_a_row_without_its_place_in_an_index_has_no_answer(server: str, request: pytest.FixtureRequest) -> None:
    engine = request.getfixturevalue(server)
    rows = [{"k": "x" * 40_000}, {"k": "x"}, {"k": "y"}]
    assert engine.run(Asked("k:x*", "lucene", {"k": Column()}), rows) == [None, True, False]


def test_a_folded_column_beside_its_own_is_filled_from_it(elasticsearch: Elasticsearch) -> None:
    columns = {"k": Column(strings="wildcard"), "k.low": Column(strings="folded"), "k.other": Column()}
    assert elasticsearch.run(Asked("k.low:FOO", "lucene", columns), [{"k": "Foo"}, {"k.other": "foo"}]) == [True, False]


def test_a_node_that_is_not_installed_cannot_run() -> None:
    with pytest.raises(CannotRun, match="was not run"):
        Node("no-such-server")


def test_an_engine_whose_node_ended_starts_another() -> None:
    engine = OpenSearch()
    try:
        engine.start()
    except CannotRun as reason:
        not_run(str(reason))
    try:
        assert engine._node is not None
        engine._node.stop()
        assert ask(engine, "lucene", "k:foo") == [1]
    finally:
        engine.stop()


# --- the golden queries -------------------------------------------------------------------------------

WEAKER = "the query says that it is weaker"
NO_PAINLESS = "Painless is not among the published parts"
NOT_JUDGED: dict[str, dict[str, str]] = {
    "elasticsearch": {
        "cidr-beside-text dsl": WEAKER,
        "cidr-beside-text lucene": WEAKER,
        "fieldref dsl": NO_PAINLESS,
        "fieldref-cased dsl": NO_PAINLESS,
        "fieldref-contains dsl": NO_PAINLESS,
        "fieldref-neq dsl": NO_PAINLESS,
        "fieldref-parts dsl": NO_PAINLESS,
        "index-given esql": "invalid_index_name_exception",
        "time-day-month-year dsl": NO_PAINLESS,
        "time-hour-and-minute dsl": NO_PAINLESS,
        "time-week-under-not dsl": NO_PAINLESS,
    },
    "opensearch": {
        "cidr-beside-text dsl": WEAKER,
        "cidr-beside-text lucene": WEAKER,
    },
}
"""Server -> the queries that it does not answer, and how its reason begins."""


@pytest.mark.parametrize("server", NOT_JUDGED)
def test_golden_queries(server: str, request: pytest.FixtureRequest) -> None:
    engine: Elasticsearch = request.getfixturevalue(server)
    why_not: dict[str, str] = {}
    wrong: list[Any] = []
    for case in golden.cases():
        options = case.render_options()
        for outcome in case.compile():
            for query in outcome.queries:
                if query.target not in engine.TARGETS:
                    continue
                name = f"{case.name} {query.target}"
                try:
                    question = Question(
                        query, cast(Mapped, query.mapped), options, [event for _, event in case.platform()]
                    )
                    answers = question.answers(engine, query.text)
                except CannotRun as reason:
                    why_not[name] = str(reason)
                    continue
                for event, label, answer in zip(question.events, question.labels, answers, strict=True):
                    if answer not in (label, None):
                        wrong.append((name, event, label, query.text))
    assert not wrong
    said = NOT_JUDGED[server]
    assert {name: said[name] if why.startswith(said.get(name, "?")) else why for name, why in why_not.items()} == said
