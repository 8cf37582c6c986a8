"""Events as Microsoft Defender for Endpoint records what they tell of, in the tables of advanced hunting.

Sources, by Microsoft: "Advanced hunting schema" (DeviceProcessEvents, DeviceFileEvents, DeviceRegistryEvents,
DeviceNetworkEvents, DeviceImageLoadEvents, DeviceLogonEvents, DeviceEvents: columns, types, and the action types
that the schema reference in the portal lists). Defender's own sensor records, not the event log: an event
becomes the row that the sensor makes of the same happening. It gives hives their long names, registry numbers in
decimal, digests in lower case, accounts as domain and name; FolderPath has the file's name at its end.

No row: what the sensor does not record (opened processes but those of LSASS, changed file times, raw reads, stream
hashes, clipboards, script blocks), recorded events that lack what tells their kind, and logons of types that no
document names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.shapers import (
    NEVER_RECORDED,
    Event,
    Row,
    algorithms,
    channel_of,
    data_of,
    dword,
    file_name,
    is_sysmon,
    number_of,
    qword,
    split_account,
)

Data = Mapping[str, str]
Values = dict[str, Any]


def shape(event: Event) -> list[Row]:
    """The row of an event, if the sensor records such a thing."""
    makers = _SYSMON if is_sysmon(event) else _SECURITY if channel_of(event) == "Security" else {}
    maker = makers.get(number_of(event))
    data = {name: text for name, text in data_of(event).items() if text not in NEVER_RECORDED}
    made = maker(data) if maker else None
    if made is None:
        return []
    table, values = made
    values |= {"Timestamp": event["SystemTime"], "DeviceName": event["Computer"]}
    if "AdditionalFields" in values:  # JSON text; queries read it by this expression
        values["parse_json(AdditionalFields)"] = values["AdditionalFields"]
        values["AdditionalFields"] = json.dumps(values["AdditionalFields"])
    return [Row(table, {name: value for name, value in values.items() if value is not None})]


_Maker = Callable[[Data], tuple[str, Values] | None]


# --- parts ----------------------------------------------------------------------------------------------


def _file(path: str | None) -> Values:
    return {"FolderPath": path, "FileName": None if path is None else file_name(path)}


def _digests(data: Data) -> Values:
    """``MD5``, ``SHA1``, ``SHA256`` in lower case; the import hash has no column."""
    found = {name.upper(): digest.lower() for name, digest in algorithms(data.get("Hashes", ""))}
    return {name: found[name] for name in ("MD5", "SHA1", "SHA256") if name in found}


def _whole(text: str | None) -> int | None:
    """A number that is written in decimal, or as ``0x1F``."""
    return None if text is None else int(text, 0)


def _account(text: str | None, prefix: str) -> Values:
    if text is None:
        return {}
    domain, name = split_account(text)
    return {f"{prefix}AccountDomain": domain or None, f"{prefix}AccountName": name}


def _by(image: str | None, number: str | None, user: str | None = None) -> Values:
    """The process that did it: InitiatingProcess*."""
    return {
        "InitiatingProcessFolderPath": image,
        "InitiatingProcessFileName": None if image is None else file_name(image),
        "InitiatingProcessId": _whole(number),
        **_account(user, "InitiatingProcess"),
    }


def _by_image(data: Data) -> Values:
    return _by(data.get("Image"), data.get("ProcessId"), data.get("User"))


# --- Sysmon ---------------------------------------------------------------------------------------------


def _process(data: Data) -> tuple[str, Values]:
    """1: ProcessCreated. FileVersion is not the column ProductVersion, and is left out."""
    values = {
        "ActionType": "ProcessCreated",
        **_file(data.get("Image")),
        "ProcessId": _whole(data.get("ProcessId")),
        "ProcessCommandLine": data.get("CommandLine"),
        "ProcessIntegrityLevel": data.get("IntegrityLevel"),
        "ProcessVersionInfoCompanyName": data.get("Company"),
        "ProcessVersionInfoProductName": data.get("Product"),
        "ProcessVersionInfoOriginalFileName": data.get("OriginalFileName"),
        "ProcessVersionInfoFileDescription": data.get("Description"),
        "LogonId": _whole(data.get("LogonId")),
        **_account(data.get("User"), ""),
        **_digests(data),
        **_by(data.get("ParentImage"), data.get("ParentProcessId"), data.get("ParentUser")),
        "InitiatingProcessCommandLine": data.get("ParentCommandLine"),
    }
    return "DeviceProcessEvents", values


def _connection(data: Data) -> tuple[str, Values] | None:
    """3: ConnectionSuccess from here, InboundConnectionAccepted from there: Sysmon's source began it."""
    outbound = data.get("Initiated", "").lower()
    if outbound not in ("true", "false"):
        return None
    here, there = ("Source", "Destination") if outbound == "true" else ("Destination", "Source")
    values = {
        "ActionType": "ConnectionSuccess" if outbound == "true" else "InboundConnectionAccepted",
        "LocalIP": data.get(f"{here}Ip"),
        "LocalPort": _whole(data.get(f"{here}Port")),
        "RemoteIP": data.get(f"{there}Ip"),
        "RemotePort": _whole(data.get(f"{there}Port")),
        "RemoteUrl": data.get(f"{there}Hostname"),
        "Protocol": data["Protocol"].capitalize() if "Protocol" in data else None,
        **_by_image(data),
    }
    return "DeviceNetworkEvents", values


def _driver(data: Data) -> tuple[str, Values]:
    """6: DriverLoad."""
    return "DeviceEvents", {"ActionType": "DriverLoad", **_file(data.get("ImageLoaded")), **_digests(data)}


def _image(data: Data) -> tuple[str, Values]:
    """7: ImageLoaded."""
    values = {"ActionType": "ImageLoaded", **_file(data.get("ImageLoaded")), **_digests(data), **_by_image(data)}
    return "DeviceImageLoadEvents", values


def _thread(data: Data) -> tuple[str, Values]:
    """8: CreateRemoteThreadApiCall; the process that got the thread is the row's own."""
    values = {
        "ActionType": "CreateRemoteThreadApiCall",
        **_file(data.get("TargetImage")),
        "ProcessId": _whole(data.get("TargetProcessId")),
        **_by(data.get("SourceImage"), data.get("SourceProcessId"), data.get("SourceUser")),
    }
    return "DeviceEvents", values


def _file_event(action: str) -> _Maker:
    def make(data: Data) -> tuple[str, Values]:
        values = {"ActionType": action, **_file(data.get("TargetFilename")), **_digests(data), **_by_image(data)}
        return "DeviceFileEvents", values

    return make


_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


def _long(path: str) -> str:
    hive, slash, key = path.partition("\\")
    return f"{_HIVES.get(hive.upper(), hive)}{slash}{key}"


def _value(path: str, prefix: str = "") -> Values:
    """A value's key and name; a key's default value has no name."""
    key, _, name = _long(path).rpartition("\\")
    return {f"{prefix}RegistryKey": key, f"{prefix}RegistryValueName": "" if name == "(Default)" else name}


_KEY_ACTIONS = {"CreateKey": "RegistryKeyCreated", "DeleteKey": "RegistryKeyDeleted", "RenameKey": "RegistryKeyRenamed"}


def _registry(data: Data) -> tuple[str, Values] | None:
    """12 and 14: keys created, deleted and renamed, and values deleted; told apart by Sysmon's EventType.

    What is gone is in the columns Previous* (so Microsoft's own parser reads it: repository Azure/Azure-Sentinel,
    Parsers/ASimRegistryEvent, "Registry Event ASIM parser for Microsoft 365 Defender for Endpoint").
    """
    kind, path = data.get("EventType"), data.get("TargetObject", "")
    if kind == "DeleteValue":
        values: Values = {"ActionType": "RegistryValueDeleted", **_value(path, "Previous")}
    elif kind == "DeleteKey":
        values = {"PreviousRegistryKey": _long(path)}
    elif kind == "RenameKey":
        values = {"RegistryKey": _long(data.get("NewName", "")), "PreviousRegistryKey": _long(path)}
    elif kind in _KEY_ACTIONS:
        values = {"RegistryKey": _long(path)}
    else:
        return None
    values.setdefault("ActionType", _KEY_ACTIONS.get(kind))
    return "DeviceRegistryEvents", values | _by_image(data)


def _registry_set(data: Data) -> tuple[str, Values]:
    """13: RegistryValueSet. The bytes of binary data are not in the recorded event; ``(Empty)`` is Sysmon's word."""
    details = data.get("Details", "").replace("(Empty)", "")
    number, halves = dword(details), qword(details)
    kind: str = "String"
    text: str | None = details
    if details == "Binary Data":
        kind, text = "Binary", None
    elif number is not None:
        kind, text = "Dword", str(number)
    elif halves is not None:
        kind, text = "Qword", str((halves[0] << 32) + halves[1])
    values = {"ActionType": "RegistryValueSet", **_value(data.get("TargetObject", "")), **_by_image(data)}
    return "DeviceRegistryEvents", values | {"RegistryValueData": text, "RegistryValueType": kind}


def _pipe(operation: str) -> _Maker:
    """17 and 18: NamedPipeEvent; the pipe is in AdditionalFields, by its device name."""

    def make(data: Data) -> tuple[str, Values]:
        fields = {"PipeName": f"\\Device\\NamedPipe{data.get('PipeName', '')}", "FileOperation": operation}
        return "DeviceEvents", {"ActionType": "NamedPipeEvent", "AdditionalFields": fields, **_by_image(data)}

    return make


def _dns(data: Data) -> tuple[str, Values]:
    """22: DnsQueryResponse; the question is in AdditionalFields."""
    fields = {"DnsQueryString": data.get("QueryName")}
    return "DeviceEvents", {"ActionType": "DnsQueryResponse", "AdditionalFields": fields, **_by_image(data)}


_SYSMON: Mapping[int, _Maker] = {
    1: _process,
    3: _connection,
    6: _driver,
    7: _image,
    8: _thread,
    11: _file_event("FileCreated"),
    12: _registry,
    13: _registry_set,
    14: _registry,
    17: _pipe("File created"),
    18: _pipe("File opened"),
    22: _dns,
    23: _file_event("FileDeleted"),
    26: _file_event("FileDeleted"),
}


# --- Security -------------------------------------------------------------------------------------------


def _created(data: Data) -> tuple[str, Values]:
    """4688: ProcessCreated."""
    values = {
        "ActionType": "ProcessCreated",
        **_file(data.get("NewProcessName")),
        "ProcessId": _whole(data.get("NewProcessId")),
        "ProcessCommandLine": data.get("CommandLine"),
        "AccountDomain": data.get("SubjectDomainName"),
        "AccountName": data.get("SubjectUserName"),
        "AccountSid": data.get("SubjectUserSid"),
        **_by(data.get("ParentProcessName"), data.get("ProcessId")),
    }
    return "DeviceProcessEvents", values


_LOGON_TYPES = {"2": "Interactive", "3": "Network", "4": "Batch", "5": "Service", "10": "RemoteInteractive"}
"""The types that the document of DeviceLogonEvents lists."""


def _logon(action: str) -> _Maker:
    """4624 and 4625: LogonSuccess and LogonFailed; the type by its name, the logon as a number."""

    def make(data: Data) -> tuple[str, Values] | None:
        if data.get("LogonType") not in _LOGON_TYPES:
            return None
        values = {
            "ActionType": action,
            "AccountDomain": data.get("TargetDomainName"),
            "AccountName": data.get("TargetUserName"),
            "AccountSid": data.get("TargetUserSid"),
            "LogonType": _LOGON_TYPES[data["LogonType"]],
            "LogonId": _whole(data.get("TargetLogonId")),
            "Protocol": data.get("AuthenticationPackageName"),
            "RemoteIP": data.get("IpAddress"),
            "RemotePort": _whole(data.get("IpPort")),
            "RemoteDeviceName": data.get("WorkstationName"),
            **_by(data.get("ProcessName"), data.get("ProcessId")),
        }
        return "DeviceLogonEvents", values

    return make


_SECURITY: Mapping[int, _Maker] = {
    4624: _logon("LogonSuccess"),
    4625: _logon("LogonFailed"),
    4688: _created,
}
