"""Kusto queries run by the engine find what the tree means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.engines.kusto import Kusto as Engine
from tests.backends.kusto_trees import (
    ADDRESS,
    COMMAND,
    COUNT,
    ELEVATED,
    EVENT_ID,
    EXTRA,
    PARENT,
    PORT,
    RATIO,
    SEEN,
    USER,
    m,
    nets,
    render,
)
from transpiler.ast import (
    And,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldRef,
    IsNull,
    Match,
    Node,
    Not,
    Or,
    Regex,
    TimePart,
)
from transpiler.engine import Answer, Asked, Column, Row
from transpiler.evaluate import lookup, matches
from transpiler.pattern import DASH, MANY, literal, pattern
from transpiler.regex import parse as expression
from transpiler.stored import stored

pytest.importorskip("duckdb_kql")

FIELDS = (COMMAND, USER, PARENT, ADDRESS, EVENT_ID, PORT, RATIO, ELEVATED, SEEN, EXTRA, COUNT)
TABLE = {field.name: Column("string" if field.type == "ip" else field.type) for field in FIELDS}

EVENTS: list[dict[str, object]] = [
    {},
    {"CommandLine": "powershell.exe -enc AAAA", "User": "Admin", "ParentUser": "ADMIN", "EventID": 4624, "Port": 445},
    {"CommandLine": "POWERSHELL.EXE -ENC aaaa", "User": "admin", "ParentUser": "bob", "EventID": 4625, "Port": 4625},
    {"CommandLine": "C:\\Temp\\a.exe", "User": "5", "EventID": 1, "Elevated": True, "Ratio": 1.5},
    {"CommandLine": 'say "hi" 100% it\'s_a [x] {y}', "User": "1e3", "Elevated": False, "Ratio": 2.0},
    {"CommandLine": "line one\nline two", "User": "-7.5", "EventID": -5},
    {"CommandLine": "run \u2013enc now", "User": "École", "ParentUser": "éCOLE"},
    {"CommandLine": "bob was here", "User": "bob", "ParentUser": "bob"},
    {"CommandLine": "port 445", "Port": 445, "EventID": 445},
    {"Address": "10.1.2.3", "Seen": "2024-02-29T03:04:05Z"},
    {"Address": "192.168.1.1", "Seen": "2024-12-31T23:59:59Z"},
    {"Address": "fe80::1"},
    {"Address": "not an address"},
    {"Extra": {"cs-host": "Example.ORG", "count": 5}},
    {"Extra": {"cs-host": None, "count": "5"}},
    {"Extra": {"count": 50.5}},
    {"Extra": {"cs-host": True, "count": True}},
    {"CommandLine": "", "User": ""},
]

QUERIES: list[Node] = [
    m(COMMAND, "POWERSHELL.exe -ENC aaaa"),
    m(COMMAND, "POWERSHELL.EXE -ENC aaaa", cased=True),
    m(COMMAND, "c:\\temp\\*", "*HI*"),
    m(COMMAND, "*100% it's_a*"),
    m(COMMAND, "*_a [x] {y}"),
    m(COMMAND, "*line*two", "bob?was*"),
    m(COMMAND, "*one\nline*"),
    Match(COMMAND, (pattern(MANY, " ", DASH, "enc", MANY),)),
    m(COMMAND, *[f"*{number}*" for number in range(440, 800)]),
    m(COMMAND, "C:*\\a.exe"),
    m(USER, "école"),
    m(USER, "é*"),
    m(USER, "ADMIN", "bob"),
    m(USER, "*"),
    m(EVENT_ID, "46*"),
    m(EVENT_ID, "-?"),
    m(ELEVATED, "t*"),
    m(EXTRA, "*.org", "true"),
    Equals(EVENT_ID, (4624,)),
    Equals(EVENT_ID, (4624, -5)),
    Equals(RATIO, (1.5, 7.0)),
    Equals(ELEVATED, (True,)),
    Equals(COUNT, (5,)),
    Equals(EVENT_ID, (True,)),
    Compare(EVENT_ID, "gte", 4625),
    Compare(RATIO, "lt", 2),
    Compare(USER, "gt", -8),
    Compare(COUNT, "gt", 4.5),
    Regex(COMMAND, expression("p.w[a-z]+")),
    Regex(COMMAND, expression("P.W[A-Z]+", "i")),
    Regex(COMMAND, expression("^line (one|two)$", "m")),
    Cidr(ADDRESS, nets("10.0.0.0/8")),
    Cidr(ADDRESS, nets("172.16.0.0/12", "192.168.0.0/16")),
    FieldRef(USER, PARENT),
    FieldRef(USER, PARENT, cased=True),
    FieldRef(COMMAND, USER, "startswith"),
    FieldRef(COMMAND, PORT, "endswith"),
    FieldRef(EVENT_ID, PORT),
    IsNull(USER),
    IsNull(EVENT_ID),
    IsNull(EXTRA),
    Exists(USER),
    Exists(PORT),
    TimePart(SEEN, "hour", (3, 4)),
    TimePart(SEEN, "minute", (59,)),
    TimePart(SEEN, "day", (29,)),
    TimePart(SEEN, "week", (1,)),
    TimePart(SEEN, "month", (2,)),
    TimePart(SEEN, "year", (2024,)),
    And((m(COMMAND, "*enc*"), Not(Or((m(USER, "bob"), Compare(EVENT_ID, "lt", 4625)))))),
    Or((Not(m(COMMAND, "*e*")), And((Equals(PORT, (445,)), m(USER, "admin"))))),
    Not(And((Not(Cidr(ADDRESS, nets("10.0.0.0/8"))), Exists(ADDRESS)))),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    made.start()
    yield made
    made.stop()


def row(event: dict[str, object]) -> Row:
    """The event as the table holds it, with the JSON of dynamic values as it is."""
    plain = stored(event, {name: column for name, column in TABLE.items() if column.type != "dynamic"})
    assert plain is not None
    extra = {field.name: lookup(event, field.name) for field in (EXTRA, COUNT)}
    return {**plain, **{name: value for name, value in extra.items() if value is not None}}


ROWS = [row(event) for event in EVENTS]


def answers(engine: Engine, node: Node) -> list[Answer]:
    return engine.run(Asked(render(node)[0], "kusto", TABLE), ROWS)


@pytest.mark.parametrize("node", [pytest.param(n, id=str(i)) for i, n in enumerate(QUERIES)])
@pytest.mark.parametrize("negated", [False, True], ids=["plain", "negated"])
def test_the_engine_finds_what_the_rule_means(engine: Engine, node: Node, negated: bool) -> None:
    node = Not(node) if negated else node
    said = {each.code for each in render(node)[1]}
    found = list(zip(EVENTS, answers(engine, node), strict=True))
    if "T611" in said:  # the query says that it cannot tell these apart
        found = [(event, answer) for event, answer in found if "" not in event.values()]
    assert [(event, answer) for event, answer in found if answer != matches(node, event)] == []


def test_empty_and_missing_are_one(engine: Engine) -> None:
    empty = [not event.get("User") for event in EVENTS]
    for node in (m(USER, ""), IsNull(USER), Not(Exists(USER)), Not(m(USER, "*"))):
        assert answers(engine, node) == empty
        assert [each.code for each in render(node)[1]] == ["T611"]


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_engine_reads_the_value_back(engine: Engine, text: str) -> None:
    query, _ = render(Match(Field("User", "string"), (literal(text),), cased=True))
    rows = [{"User": text}, {"User": text + "x"}, {}]
    assert engine.run(Asked(query, "kusto", TABLE), rows) == [True, False, False]
