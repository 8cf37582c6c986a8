"""Every column that the schema `sentinel` names is in its table, and of the type that the schema says.

The second source is pySigma-backend-kusto's list of Azure Monitor's tables, taken from Microsoft's reference in
September 2024. What it does not have is below, each table with its own source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from sigma.pipelines.azuremonitor.tables import AZURE_MONITOR_TABLES

from tests.support import corpus
from tests.vendors import kusto
from transpiler import registry
from transpiler.api import Compiler
from transpiler.ast import Field, Node
from transpiler.schema import Schema, Telemetry
from transpiler.stored import fields_of, leaves

SUFFIXES = {"s": "string", "d": "real", "b": "bool", "t": "datetime", "g": "string"}
"""What the end of a column of the HTTP Data Collector API says of its type (Azure Monitor, "Record type and properties")."""

RAW = {"TimeGenerated": "datetime", "Computer": "string", "RawData": "string"}

CUSTOM: Mapping[str, Mapping[str, str] | None] = {
    # Tables of solutions, which Microsoft's reference does not list; None: a column's name ends in its type.
    "CiscoDuo_CL": None,  # solution Cisco Duo Security
    "Corelight_v2_dce_rpc_CL": None,  # solution Corelight, and the six below
    "Corelight_v2_dns_CL": None,
    "Corelight_v2_http_CL": None,
    "Corelight_v2_kerberos_CL": None,
    "Corelight_v2_smb_files_CL": None,
    "Corelight_v2_x509_CL": None,
    "Corelight_v2_rdp_CL": {
        **dict.fromkeys(
            ["cookie", "id_orig_h", "id_resp_h", "keyboard_layout", "result", "security_protocol", "uid"], "string"
        ),
        **dict.fromkeys(["id_orig_p", "id_resp_p"], "real"),
    },
    "GitHubAuditLogPolling_CL": None,  # solution GitHub, its codeless connector
    "GitHubAuditLogsV3_CL": {  # the same, GitHubAuditLogs_CCF/GitHubAuditLogs_Table.json
        **dict.fromkeys(
            [
                "Action",
                "Actor",
                "ActorIp",
                "Business",
                "CountryCode",
                "OperationType",
                "Org",
                "Repo",
                "User",
                "UserAgent",
            ],
            "string",
        ),
        "PublicRepo": "bool",
        "Visibility": "string",
    },
    "GWorkspace_ReportsAPI_admin_CL": None,  # solution Google Workspace Reports
    "GWorkspace_ReportsAPI_login_CL": None,
    "Okta_CL": None,  # solution Okta Single Sign-On, its Azure function
    "OktaV2_CL": {  # the same, OktaNativePollerConnectorV2/OktaSSOv2_Tables.json
        **dict.fromkeys(
            """ActorDisplayName ActorSessionId AuthenticationContextAuthenticationProvider
            AuthenticationContextCredentialProvider AuthenticationContextInterface EventMessage
            EventOriginalResultDetails EventOriginalType EventOriginalUid HttpUserAgent LegacyEventType LogonMethod
            OriginalActorAlternateId OriginalClientDevice OriginalOutcomeResult OriginalSeverity OriginalUserId
            OriginalUserType SecurityContextAsOrg SecurityContextDomain SrcDvcOs SrcGeoCity SrcGeoCountry SrcIpAddr SrcIsp
            SrcZone TransactionId TransactionType""".split(),
            "string",
        ),
        **dict.fromkeys(["DebugData", "OriginalTarget"], "dynamic"),
        "SecurityContextIsProxy": "bool",
    },
    "OneLogin_CL": None,  # solution OneLogin IAM
    "ApacheHTTPServer_CL": RAW,  # solution Apache HTTP Server: a line of the log in RawData
    "NGINX_CL": RAW,  # solution NGINX HTTP Server: the same
}

UNTYPED = {"IPAddress": "string"}
"""Columns of those tables that the connector writes itself, without a type behind the name."""

TYPES = {
    "int": {"int", "long"},
    "float": {"real"},
    "bool": {"bool"},
    "datetime": {"datetime"},
    "string": {"string", "guid"},
    "dynamic": {"dynamic"},
}
"""Our type -> Azure Monitor's."""

_PATH = re.compile(r"(?:parse_json\((?P<text>\w+)\)|(?P<top>\w+?))(?:\[\d+\])*(?:\..+)?")


def of_table(table: str) -> Mapping[str, str]:
    """The columns of a table that is known to pySigma, by type."""
    return {name: said["data_type"].lower() for name, said in AZURE_MONITOR_TABLES[table].items()}


def type_in(table: str, column: str) -> str | None:
    """The type of a column, or None if the table does not have it."""
    if table not in CUSTOM:
        return of_table(table).get(column)
    own = CUSTOM[table]
    if own is not None:
        return own.get(column)
    return UNTYPED.get(column) or SUFFIXES.get(column.rpartition("_")[2])


def columns_of(telemetry: Telemetry, schema: Schema) -> Iterator[Field]:
    """Every column that the telemetry's queries may name."""
    nodes: list[Node] = [telemetry.when] if telemetry.when is not None else []
    for field in telemetry.fields.values():
        yield from field.columns
        nodes += (field.values or {}).values()
    for node in nodes:
        for leaf in leaves(node):
            yield from fields_of(leaf)
    known = schema.routes.columns()
    yield from (known[name] for name in (*telemetry.entities.values(), *telemetry.keywords))


def problem(field: Field, table: str) -> str | None:
    """What is wrong with a column in a table, or None."""
    path = _PATH.fullmatch(field.name)
    if path is None:
        return f"{table}: {field.name} is no path"
    if path["text"] is not None:
        found, wanted = type_in(table, path["text"]), {"string"}
    else:
        found, wanted = type_in(table, path["top"]), TYPES[field.type]
    if found is None:
        return f"{table} has no {field.name}"
    if path["text"] is not None and field.type != "dynamic":
        return f"{table}: what is inside of {field.name} is dynamic"
    return None if found in wanted else f"{table}: {field.name} is {found}, not {field.type}"


def tables_of(telemetry: Telemetry) -> list[str]:
    assert telemetry.table, f"{telemetry.name} has no table"
    return [each.strip() for each in telemetry.table.split(",")]


@pytest.fixture(scope="module")
def sentinel() -> Schema:
    return registry.schema("sentinel")


def test_every_column_is_in_its_table_with_its_type(sentinel: Schema) -> None:
    problems = {
        said
        for route in sentinel.routes
        for telemetry in route.telemetries
        for table in tables_of(telemetry)
        for field in columns_of(telemetry, sentinel)
        if (said := problem(field, table))
    }
    assert sorted(problems) == []


def test_every_table_is_known_and_each_exception_is_needed(sentinel: Schema) -> None:
    used = {table for route in sentinel.routes for each in route.telemetries for table in tables_of(each)}
    assert sorted(used - AZURE_MONITOR_TABLES.keys()) == sorted(CUSTOM)


def test_every_table_has_the_time(sentinel: Schema) -> None:
    used = {table for route in sentinel.routes for each in route.telemetries for table in tables_of(each)}
    known = used - CUSTOM.keys()
    assert sentinel.time == "TimeGenerated"
    assert [table for table in sorted(known) if type_in(table, "TimeGenerated") != "datetime"] == []


def test_a_column_that_is_not_there_is_told() -> None:
    assert problem(Field("NoSuchColumn", "string"), "SecurityEvent") == "SecurityEvent has no NoSuchColumn"
    assert problem(Field("EventID", "string"), "SecurityEvent") == "SecurityEvent: EventID is int, not string"
    assert problem(Field("EventData.Image", "dynamic"), "WindowsEvent") is None
    assert problem(Field("EventData.Image", "string"), "WindowsEvent") == (
        "WindowsEvent: EventData.Image is dynamic, not string"
    )
    assert problem(Field("parse_json(RequestParameters).a[0].b", "dynamic"), "AWSCloudTrail") is None
    assert problem(Field("parse_json(target_s)[0].a", "dynamic"), "Okta_CL") is None


def bindable(table: str) -> Mapping[str, str]:
    """The columns of a table as Microsoft's parser is told of them."""
    names = {"int": "long", "guid": "string", "boolean": "bool"}
    own = CUSTOM.get(table)
    if table not in CUSTOM:
        return {name: names.get(kind, kind) for name, kind in of_table(table).items()}
    if own is not None:
        return own
    columns = {
        _PATH.fullmatch(name)[0] if "(" not in name else str(_PATH.fullmatch(name)["text"])  # type: ignore[index]
        for name in registry.schema("sentinel").routes.columns()
    }
    return UNTYPED | {name: kind for name in columns if (kind := type_in(table, name)) is not None}


def test_the_corpus_is_bound_to_the_tables_by_microsofts_parser() -> None:
    compiler = Compiler(["kusto"], schema="sentinel")
    queries = [
        (path.name, query)
        for path in corpus.rules()[::10]
        for outcome in compiler.compile(path.name, path.read_bytes())
        for query in outcome.queries
    ]
    checked = [
        (query.text, {table: bindable(table) for table in tables_of(query.mapped.telemetries[0])})
        for _, query in queries
        if query.mapped is not None
    ]
    assert len(checked) == len(queries) > 250
    said = kusto.check(checked)
    assert [(name, error) for (name, _), error in zip(queries, said, strict=True) if error] == []
