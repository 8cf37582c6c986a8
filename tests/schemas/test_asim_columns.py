"""Every column that the schema `asim` names is in its ASIM schema, and of the type that the schema says.

Two lists say so: pySigma-backend-kusto's of the ASIM schemas (Microsoft's pages in September 2024), and Azure
Monitor's tables ASim...Logs, which hold events that are normalised when they are stored and have the columns of the
same schemas. What only one of them has is below, with the page or the parser of Microsoft's that has it.
"""

from __future__ import annotations

import pytest
from sigma.pipelines.azuremonitor.tables import AZURE_MONITOR_TABLES
from sigma.pipelines.sentinelasim.tables import SENTINEL_ASIM_COMMON_FIELDS, SENTINEL_ASIM_TABLES

from tests.schemas.columns import problem, problems, tables, tables_of
from tests.support import corpus
from tests.vendors import kusto
from transpiler import registry
from transpiler.api import Compiler
from transpiler.ast import Field
from transpiler.schema import Schema

LISTS = {
    "_Im_AuditEvent": ("imAuditEvent", "ASimAuditEventLogs"),
    "_Im_Authentication": ("imAuthentication", "ASimAuthenticationEventLogs"),
    "_Im_Dns": ("_Im_Dns", "ASimDnsActivityLogs"),
    "_Im_FileEvent": ("imFileEvent", "ASimFileEventLogs"),
    "_Im_NetworkSession": ("imNetworkSession", "ASimNetworkSessionLogs"),
    "_Im_ProcessCreate": ("imProcessCreate", "ASimProcessEventLogs"),
    "_Im_RegistryEvent": ("imRegistry", "ASimRegistryEventLogs"),
    "_Im_WebSession": ("imWebSession", "ASimWebSessionLogs"),
}
"""The unifying parsers that are built in (Microsoft, "Use ASIM parsers"): pySigma's name, and the table."""

COMMON = {"TimeGenerated": "datetime"}
"""What the list of common fields leaves out ("ASIM common fields": Azure Monitor sets it)."""

NOT_ON_PAGES = {
    # Process Event: the table's column for the name in a file's version information; where the parsers of Sysmon's
    # events put OriginalFileName (ASimProcessEventCreateMicrosoftSysmonWindowsEvent 0.4.1, vimProcessEmpty).
    ("_Im_ProcessCreate", "TargetProcessFilename"),
    # Web Session has the fields of Network Session as well ("ASIM Web Session schema", Schema overview), which
    # pySigma does not add to its list.
    ("_Im_WebSession", "DstFQDN"),
    ("_Im_WebSession", "DstIpAddr"),
    ("_Im_WebSession", "SrcIpAddr"),
    ("_Im_WebSession", "SrcUsername"),
}
"""What pySigma's list of the pages does not have."""

NOT_IN_TABLES = {
    # "ASIM Network Session schema", Destination and Source application fields; the parsers of endpoints' events.
    ("_Im_NetworkSession", "DstProcessName"),
    ("_Im_NetworkSession", "SrcProcessName"),
    # "ASIM Web Session schema", HTTP session fields: an alias of EventResultDetails, which a parser adds.
    ("_Im_WebSession", "HttpStatusCode"),
}
"""What Azure Monitor's tables do not have."""


def by_pysigma(table: str, column: str) -> str | None:
    """The type by the pages; a kind of text (a host's name, an enumeration, ...) is a string."""
    listed = SENTINEL_ASIM_TABLES[LISTS[table][0]].get(column) or SENTINEL_ASIM_COMMON_FIELDS["COMMON"].get(column)
    if listed is None:
        return COMMON.get(column)
    kind = listed["data_type"].lower()
    return {"integer": "int", "long": "int", "boolean": "bool", "dynamic": "dynamic"}.get(kind, "string")


def by_table(table: str, column: str) -> str | None:
    """The type by the table."""
    listed = AZURE_MONITOR_TABLES[LISTS[table][1]].get(column)
    return None if listed is None else str(listed["data_type"]).lower()


@pytest.fixture(scope="module")
def asim() -> Schema:
    return registry.schema("asim")


def test_every_column_is_on_the_page_of_its_schema_with_its_type(asim: Schema) -> None:
    assert problems(asim, by_pysigma) == {f"{table} has no {column}" for table, column in NOT_ON_PAGES}


def test_every_column_is_in_the_table_of_its_schema_with_its_type(asim: Schema) -> None:
    assert problems(asim, by_table) == {f"{table} has no {column}" for table, column in NOT_IN_TABLES}


def test_no_column_is_in_neither_list() -> None:
    assert set() == NOT_ON_PAGES & NOT_IN_TABLES


def test_every_parser_is_a_unifying_one_that_is_built_in(asim: Schema) -> None:
    assert tables(asim) == sorted(LISTS)


def test_every_parser_gives_the_time(asim: Schema) -> None:
    assert asim.time == "TimeGenerated"
    assert [table for table in LISTS if by_table(table, "TimeGenerated") != "datetime"] == []


def test_a_column_that_is_not_there_is_told() -> None:
    query, port = Field("DnsQuery", "string"), Field("DstPortNumber", "string")
    for listed in (by_pysigma, by_table):
        assert problem(query, "_Im_Dns", listed) is None
        assert problem(query, "_Im_FileEvent", listed) == "_Im_FileEvent has no DnsQuery"
        assert problem(port, "_Im_Dns", listed) == "_Im_Dns: DstPortNumber is int, not string"


def bindable(table: str) -> dict[str, str]:
    """The columns of a parser as Microsoft's parser of Kusto is told of them: of either list."""
    pages, stored = LISTS[table]
    names = {*SENTINEL_ASIM_TABLES[pages], *SENTINEL_ASIM_COMMON_FIELDS["COMMON"], *AZURE_MONITOR_TABLES[stored]}
    names |= {column for parser, column in NOT_ON_PAGES | NOT_IN_TABLES if parser == table}
    kinds = {name: by_table(table, name) or by_pysigma(table, name) or "string" for name in names if " " not in name}
    return {name: {"int": "long", "guid": "string"}.get(kind, kind) for name, kind in kinds.items()}


def test_the_corpus_is_bound_to_the_parsers_by_microsofts_parser() -> None:
    compiler = Compiler(["kusto"], schema="asim")
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
