"""Every column that the schema `defender_xdr` names is in its table, and of the type that the schema says.

Two lists say so: pySigma-backend-kusto's, taken from Microsoft's reference of the advanced hunting schema in
September 2024, and for the Device tables the names beside the corpus. Where they say otherwise than Microsoft's page
does now, the difference is below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from sigma.pipelines.microsoftxdr.tables import MICROSOFT_XDR_TABLES

from tests.schemas.columns import named, problem, problems, tables, tables_of
from tests.support import corpus
from tests.vendors import kusto
from transpiler import registry
from transpiler.api import Compiler
from transpiler.ast import Field
from transpiler.schema import Schema

RENAMED = {"EntraIdSignInEvents": "AADSignInEventsBeta"}
"""Tables that have another name since (Microsoft, "EntraIdSignInEvents": it replaces the beta)."""

SINCE: Mapping[str, Mapping[str, str]] = {
    "EntraIdSignInEvents": {"EntraIdDeviceId": "string"},  # "EntraIdSignInEvents": AadDeviceId in the beta
}
"""Columns that the list of 2024 does not have, by Microsoft's page of the table."""

NAMES = {"boolean": "bool"}


def type_in(table: str, column: str) -> str | None:
    """The type by Microsoft's pages, as far as they are known here."""
    since = SINCE.get(table, {}).get(column)
    if since:
        return since
    said = MICROSOFT_XDR_TABLES[RENAMED.get(table, table)].get(column)
    return None if said is None else NAMES.get(said["data_type"], said["data_type"])


@pytest.fixture(scope="module")
def defender() -> Schema:
    return registry.schema("defender_xdr")


def test_every_column_is_in_its_table_with_its_type(defender: Schema) -> None:
    assert sorted(problems(defender, type_in)) == []


def test_each_difference_from_the_list_is_needed(defender: Schema) -> None:
    assert sorted(set(tables(defender)) - MICROSOFT_XDR_TABLES.keys()) == sorted(RENAMED)
    used = {
        (table, field.name)
        for route in defender.routes
        for telemetry in route.telemetries
        for table in tables_of(telemetry)
        for field in named(defender, telemetry)
    }
    for table, columns in SINCE.items():
        for column in columns:
            assert (table, column) in used
            assert column not in MICROSOFT_XDR_TABLES[RENAMED.get(table, table)]


def test_every_table_has_the_time(defender: Schema) -> None:
    assert defender.time == "Timestamp"
    assert [table for table in tables(defender) if type_in(table, "Timestamp") != "datetime"] == []


def test_the_names_of_the_device_tables_are_in_a_second_list(defender: Schema) -> None:
    path = corpus.CORPUS.parent / "reference" / "xdr_Device_columns.json"
    if not path.is_file():
        corpus.not_run("the list of Device tables is absent (SIGMA_CORPUS)")
    listed = {table: set(map(str.strip, columns)) for table, columns in json.loads(path.read_text("utf-8")).items()}

    def second(table: str, column: str) -> str | None:
        return type_in(table, column) if table not in listed or column in listed[table] else None

    assert sum(table in listed for table in tables(defender)) == 7
    assert sorted(problems(defender, second)) == []


def test_a_column_that_is_not_there_is_told() -> None:
    events = "DeviceEvents"
    assert problem(Field("NoSuchColumn", "string"), events, type_in) == "DeviceEvents has no NoSuchColumn"
    assert problem(Field("ProcessId", "string"), events, type_in) == "DeviceEvents: ProcessId is long, not string"
    assert problem(Field("parse_json(AdditionalFields).A.b", "dynamic"), events, type_in) is None
    assert problem(Field("parse_json(AdditionalFields).A", "string"), events, type_in) == (
        "DeviceEvents: what is inside of parse_json(AdditionalFields).A is dynamic"
    )
    assert problem(Field("a b", "string"), events, type_in) == "DeviceEvents: a b is no path"


def bindable(table: str) -> dict[str, str]:
    """The columns of a table as Microsoft's parser is told of them."""
    listed = MICROSOFT_XDR_TABLES[RENAMED.get(table, table)]
    kinds = {name.strip(): type_in(table, name) or "string" for name in listed} | SINCE.get(table, {})
    return {name: "long" if kind == "int" else kind for name, kind in kinds.items()}


def test_the_corpus_is_bound_to_the_tables_by_microsofts_parser() -> None:
    compiler = Compiler(["kusto"], schema="defender_xdr")
    queries = [
        (path.name, query.text, tables_of(query.mapped.telemetries[0]))
        for path in corpus.rules()[::10]
        for outcome in compiler.compile(path.name, path.read_bytes())
        for query in outcome.queries
        if query.mapped is not None
    ]
    assert len(queries) > 190
    said = kusto.check([(text, {table: bindable(table) for table in names}) for _, text, names in queries])
    assert [(name, error) for (name, _, _), error in zip(queries, said, strict=True) if error] == []
