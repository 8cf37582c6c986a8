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
"""What the end of a column says of its type (Azure Monitor, HTTP Data Collector API, "Record type and properties")."""


def table(names: str, **others: str) -> Mapping[str, str]:
    """A table of a solution's: columns whose names end in their types, and ``others``, whose do not."""
    return {name: SUFFIXES[name.rpartition("_")[2]] for name in names.split()} | others


def strings(names: str) -> dict[str, str]:
    """Columns of text."""
    return dict.fromkeys(names.split(), "string")


CONNECTION = "uid_s id_orig_h_s id_orig_p_d id_resp_h_s id_resp_p_d "

CUSTOM: Mapping[str, Mapping[str, str]] = {
    # Tables of Sentinel's solutions, which Microsoft's reference does not list: the columns that the solution's
    # own table definitions, parsers and data collection rules have of those that a rule may ask for.
    "CiscoDuo_CL": table(  # Cisco Duo Security
        "access_device_ip_s application_name_s email_s event_type_s eventtype_s factor_s reason_s result_s user_name_s"
    ),
    "Corelight_v2_dce_rpc_CL": table(CONNECTION + "rtt_d named_pipe_s endpoint_s operation_s"),  # Corelight
    "Corelight_v2_dns_CL": table(
        CONNECTION + "proto_s trans_id_d rtt_d query_s qclass_name_s qtype_name_s rcode_name_s AA_b TC_b RD_b RA_b Z_d "
        "answers_s TTLs_s rejected_b"
    ),
    "Corelight_v2_http_CL": table(
        CONNECTION + "method_s host_s uri_s referrer_s version_s user_agent_s status_code_d username_s "
        "orig_filenames_s orig_mime_types_s resp_filenames_s resp_mime_types_s"
    ),
    "Corelight_v2_kerberos_CL": table(
        CONNECTION + "request_type_s client_s service_s success_b error_msg_s cipher_s forwardable_b renewable_b"
    ),
    "Corelight_v2_rdp_CL": {
        **strings("uid id_orig_h id_resp_h cookie result security_protocol keyboard_layout client_name"),
        "id_orig_p": "real",
        "id_resp_p": "real",
    },
    "Corelight_v2_smb_files_CL": table(CONNECTION + "fuid_s action_s path_s name_s size_d prev_name_s"),
    "Corelight_v2_x509_CL": table(
        "fingerprint_s certificate_serial_s certificate_subject_s certificate_issuer_s certificate_sig_alg_s san_dns_s"
    ),
    "GitHubAuditLogPolling_CL": table(  # GitHub
        "action_s actor_s actor_ip_s actor_location_country_code_s business_s operation_type_s org_s public_repo_b "
        "repo_s user_s user_agent_s visibility_s"
    ),
    "GitHubAuditLogsV3_CL": {
        **strings("Action Actor ActorIp Business CountryCode OperationType Org Repo User UserAgent Visibility"),
        "PublicRepo": "bool",
    },
    "GWorkspace_ReportsAPI_admin_CL": table(  # Google Workspace Reports
        "APPLICATION_NAME_s ORG_UNIT_NAME_s SETTING_NAME_s ROLE_NAME_s OLD_VALUE_s NEW_VALUE_s PRODUCT_NAME_s "
        "USER_EMAIL_s id_applicationName_s actor_email_s event_name_s event_type_s",
        IPAddress="string",
    ),
    "GWorkspace_ReportsAPI_login_CL": table(
        "login_challenge_method_s login_type_s id_applicationName_s actor_email_s event_name_s event_type_s",
        IPAddress="string",
    ),
    "Okta_CL": table(  # Okta Single Sign-On
        "actor_id_s actor_type_s actor_alternateId_s actor_displayName_s client_device_s client_ipAddress_s "
        "client_userAgent_os_s client_userAgent_rawUserAgent_s debugContext_debugData_logOnlySecurityData_s "
        "debugContext_debugData_requestUri_s debugContext_debugData_threatSuspected_s debugContext_debugData_url_s "
        "displayMessage_s eventType_s legacyEventType_s outcome_reason_s outcome_result_s securityContext_asOrg_s "
        "securityContext_domain_s securityContext_isProxy_b securityContext_isp_s severity_s target_s"
    ),
    "OktaV2_CL": {
        **strings(
            "ActorDisplayName ActorSessionId AuthenticationContextAuthenticationProvider LogonMethod "
            "OriginalUserId AuthenticationContextCredentialProvider AuthenticationContextInterface EventMessage "
            "EventOriginalResultDetails EventOriginalType EventOriginalUid HttpUserAgent LegacyEventType "
            "OriginalActorAlternateId SecurityContextAsOrg OriginalClientDevice OriginalOutcomeResult "
            "OriginalSeverity OriginalUserType SecurityContextDomain SrcDvcOs SrcGeoCity SrcGeoCountry SrcIpAddr "
            "SrcIsp SrcZone TransactionId TransactionType"
        ),
        "DebugData": "dynamic",
        "OriginalTarget": "dynamic",
        "SecurityContextIsProxy": "bool",
    },
    "OneLogin_CL": table(  # OneLogin IAM
        "actor_user_name_s app_name_s custom_message_s event_type_id_d ipaddr_s notes_s role_name_s user_name_s"
    ),
    "ApacheHTTPServer_CL": strings("Computer RawData"),  # Apache HTTP Server
    "NGINX_CL": strings("RawData"),  # NGINX HTTP Server
}

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
    return (CUSTOM.get(table) or of_table(table)).get(column)


def columns_of(telemetry: Telemetry, known: Mapping[str, Field]) -> Iterator[Field]:
    """Every column that the telemetry's queries may name."""
    nodes: list[Node] = [telemetry.when] if telemetry.when is not None else []
    for field in telemetry.fields.values():
        yield from field.columns
        nodes += (field.values or {}).values()
    for node in nodes:
        for leaf in leaves(node):
            yield from fields_of(leaf)
    yield from telemetry.keywords
    yield from (known[name] for name in telemetry.entities.values())


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
    known = sentinel.routes.columns()
    problems = {
        said
        for route in sentinel.routes
        for telemetry in route.telemetries
        for table in tables_of(telemetry)
        for field in columns_of(telemetry, known)
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
    names = {"int": "long", "guid": "string"}
    return {name: names.get(kind, kind) for name, kind in (CUSTOM.get(table) or of_table(table)).items()}


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
