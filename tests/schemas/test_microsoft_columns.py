"""Every column that the schemas `defender_xdr` and `asim` name is in its table, as pySigma-backend-kusto lists it.

For Defender the reference lists of the Device tables say the same; what pySigma does not list is below, each with
the page of Microsoft's that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sigma.pipelines.microsoftxdr.tables import MICROSOFT_XDR_TABLES
from sigma.pipelines.sentinelasim.tables import SENTINEL_ASIM_COMMON_FIELDS, SENTINEL_ASIM_TABLES

from transpiler import registry
from transpiler.ast import Field
from transpiler.schema import Telemetry
from transpiler.stored import fields_of, leaves

COMMON = {
    *SENTINEL_ASIM_COMMON_FIELDS["COMMON"],
    "TimeGenerated",  # "ASIM common fields": set by Azure Monitor
}
SAME = {"_Im_NetworkSession": "imNetworkSession", "_Im_WebSession": "imWebSession"}
"""Built-in parsers, and what pySigma calls the workspace's ("ASIM parsers": the two are named alike)."""

RENAMED = {"EntraIdSignInEvents": "AADSignInEventsBeta", "EntraIdDeviceId": "AadDeviceId"}
"""What Microsoft has renamed since ("EntraIdSignInEvents")."""

WEB = {"SrcIpAddr", "DstIpAddr"}
"""Fields of Network Session, which Web Session extends ("ASIM Web Session schema", Schema overview)."""


def named(telemetry: Telemetry) -> Iterator[Field]:
    """The columns of a telemetry: of its fields, of what they stand for, of its predicate."""
    for columns in telemetry.fields.values():
        yield from columns.columns
        for node in (columns.values or {}).values():
            yield from (field for leaf in leaves(node) for field in fields_of(leaf))
    if telemetry.when is not None:
        yield from (field for leaf in leaves(telemetry.when) for field in fields_of(leaf))


def top(name: str) -> str:
    """The column that a path begins with."""
    found = re.match(r"parse_json\((\w+)\)|(\w+)", name)
    assert found is not None, name
    return found[1] or found[2]


@pytest.mark.parametrize("schema", ["defender_xdr", "asim"])
def test_every_column_is_in_its_table(schema: str) -> None:
    tables = MICROSOFT_XDR_TABLES if schema == "defender_xdr" else SENTINEL_ASIM_TABLES
    missing = set()
    seen = 0
    for route in registry.schema(schema).routes:
        for telemetry in route.telemetries:
            assert telemetry.table is not None
            for table in [each.strip() for each in telemetry.table.split(",")]:
                known = {*tables[SAME.get(table, RENAMED.get(table, table))], *(COMMON if schema == "asim" else ())}
                known |= WEB if table == "_Im_WebSession" else set()
                columns = {RENAMED.get(name, name) for name in (top(field.name) for field in named(telemetry))}
                seen += len(columns)
                missing |= {(table, name) for name in columns - known}
    assert sorted(missing) == []
    assert seen > 100
