"""Columns that hold a word where an event has no value: what a leaf becomes, and what is stored and read."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from transpiler import registry
from transpiler.api import Compiler
from transpiler.ast import Cidr, Equals, Exists, Field, FieldRef, IsNull, Match, Node, Not, Regex
from transpiler.errors import SchemaError
from transpiler.evaluate import matches
from transpiler.filled import Filled, RegistryHex, nothing
from transpiler.pattern import MANY, ONE, literal, pattern
from transpiler.regex import parse
from transpiler.transforms import RegistryPath

F, C = Field("f"), Field("c", "string")
FILLED = Filled((C,), "unknown")
DATA = RegistryHex((C,), "unknown")


def said(*tokens: Any) -> Match:
    return Match(F, (pattern(*tokens),))


LEAVES: list[Node] = [
    IsNull(F),
    Exists(F),
    said(MANY),
    said("x"),
    said("unknown"),
    said(MANY, "know", MANY),
    said("UN", MANY),
    said(ONE, "nknown"),
    said(MANY, "x", MANY, "y"),
    Match(F, (literal("unknown"), literal("x"))),
    Match(F, (pattern("U", MANY),), True),
    Equals(F, (1,)),
    Regex(F, parse("^un|x")),
    Regex(F, parse("^y")),
    Cidr(F, (ip_network("10.0.0.0/8"),)),
]
VALUES = [None, "x", "unknowns", "u", "Under", "xzy", "1", "10.1.2.3", "y"]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_on_the_column_is_the_leaf_on_the_value(leaf: Node) -> None:
    kept = FILLED.leaf(leaf)
    for value in VALUES:
        event = FILLED.nothing if value is None else FILLED.store(value)
        assert matches(kept, event) == matches(leaf, {} if value is None else {"f": value}), value


def test_a_leaf_that_the_word_does_not_match_stays_one_leaf() -> None:
    assert FILLED.leaf(said(MANY, "x")) == Match(C, (pattern(MANY, "x"),))
    assert FILLED.leaf(IsNull(F)) == Match(C, (literal("unknown"),))
    assert FILLED.leaf(Exists(F)) == Not(Match(C, (literal("unknown"),)))


def test_two_fields_are_the_same_only_where_there_is_a_value() -> None:
    kept = FILLED.leaf(FieldRef(F, Field("d")))
    assert matches(kept, {"c": "x", "d": "X"})
    assert not matches(kept, {"c": "unknown", "d": "unknown"})


def test_what_is_stored_is_read() -> None:
    assert FILLED.store("x") == {"c": "x"}
    assert FILLED.store("") == FILLED.nothing == nothing(FILLED) == {"c": "unknown"}
    assert nothing(None) == nothing(RegistryPath((C,))) == {}
    assert FILLED.read({"c": "x"}) == "x"
    assert FILLED.read({"c": ["x", "y"]}) == "x"
    assert FILLED.read({"c": "unknown"}) is None
    assert FILLED.read({}) is None


DETAILS = [
    (said("DWORD (0x00000001)"), "0x00000001", "0x00000011"),
    (said("qword (0x00000001-0x00000002)"), "0x00000001-0x00000002", "0x00000001"),
    (said("DWORD (00000001)"), "00000001", "0x00000001"),
    (said(MANY, "DWORD (0x00000001)", MANY), "0x00000001", "x0x00000001"),
    (said("DWORD (0x0000", MANY), "0x0000000f", "0x00010000"),
    (said("(Empty)"), "(Empty)", "Empty"),
    (said(MANY, "IEX ("), "a IEX (", "a IEX"),
    (said("Binary Data"), "Binary Data", "x"),
]


@pytest.mark.parametrize(("leaf", "holds", "other"), DETAILS)
def test_numbers_of_the_registry_are_kept_without_their_type(leaf: Node, holds: str, other: str) -> None:
    kept = DATA.leaf(leaf)
    assert matches(kept, {"c": holds})
    assert not matches(kept, {"c": other})


@pytest.mark.parametrize("tokens", [("DWORD", MANY), (MANY, "qword", MANY), ("DWORD ", ONE, "0x1)")])
def test_the_type_of_a_number_cannot_be_asked_for(tokens: tuple[Any, ...]) -> None:
    with pytest.raises(SchemaError) as refused:
        DATA.leaf(said(*tokens))
    assert refused.value.diagnostic.code == "F503"


def test_the_registry_is_stored_as_the_platform_keeps_it() -> None:
    assert DATA.store("DWORD (0x00000001)") == {"c": "0x00000001"}
    assert DATA.store("(Empty)") == {"c": "(Empty)"}
    assert DATA.leaf(IsNull(F)) == Match(C, (literal("unknown"),))


# --- the shipped schema that has them ---------------------------------------------------------------------

RULE = """
title: T
logsource: {{product: windows, category: {category}}}
detection:
    s:
        {field}
    condition: s
"""


def query(category: str, field: str) -> str:
    (outcome,) = Compiler(["splunk"], schema="splunk_cim").compile("r.yml", RULE.format(category=category, field=field))
    assert [found.text for found in outcome.queries], outcome.diagnostics
    return outcome.queries[0].text


KINDS = {
    "registry_set": 'Registry.action="modified" NOT Registry.registry_value_name="unknown"',
    "registry_add": 'Registry.action="created"',
    "registry_delete": 'Registry.action="deleted"',
}


@pytest.mark.parametrize(("category", "kind"), KINDS.items())
def test_kinds_of_registry_events_are_told_apart(category: str, kind: str) -> None:
    assert f'where {kind} Registry.registry_path="x"' in query(category, "TargetObject: x")


def test_a_file_created_is_no_file_deleted() -> None:
    created = query("file_event", "TargetFilename: x")
    assert 'Filesystem.action="created"' in created
    assert 'NOT Filesystem.file_modify_time="*:*"' in created
    assert 'where Filesystem.action="deleted" Filesystem.file_path="x"' in query("file_delete", "TargetFilename: x")


def test_a_connection_made_is_no_connection_taken() -> None:
    assert 'All_Traffic.direction="outbound"' in query("network_connection", "Initiated: 'true'")
    assert 'All_Traffic.direction="inbound"' in query("network_connection", "Initiated: 'false'")


def test_every_field_is_of_the_dataset_that_is_searched() -> None:
    for route in registry.schema("splunk_cim").routes:
        for telemetry in route.telemetries:
            assert telemetry.model, telemetry
            dataset = telemetry.model.partition(".")[2]
            names = {name for columns in telemetry.fields.values() for name in columns.names}
            assert {name.partition(".")[0] for name in (*names, *telemetry.entities.values())} == {dataset}
