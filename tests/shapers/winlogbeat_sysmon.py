"""Sysmon's events as Winlogbeat's module stores them, and the steps that its pipelines share.

Source, by Elastic: repository elastic/beats, x-pack/winlogbeat/module/sysmon/ingest, of Winlogbeat 8.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from tests.shapers import Event, algorithms, dword, number_of, qword, words

Values = dict[str, Any]

DATA = "winlog.event_data."


def move(data: Values, name: str, values: Values, column: str) -> None:
    """A pipeline's ``rename``: it fails, and is let fail, where the target is there already."""
    if name in data and column not in values:
        values[column] = data.pop(name)


def put_number(data: Values, name: str, values: Values, column: str) -> None:
    """A pipeline's ``convert`` to a long."""
    if name in data and data[name].lstrip("-").isdigit():
        values[column] = int(data[name])


def file_parts(values: Values) -> None:
    directory, slash, name = values.get("file.path", "").rpartition("\\")
    if slash:
        values["file.name"], values["file.directory"] = name, directory
        if "." in values["file.path"]:
            values["file.extension"] = values["file.path"].rpartition(".")[2]


# --- Sysmon -------------------------------------------------------------------------------------------

_NOTHING = ("", "-", "{00000000-0000-0000-0000-000000000000}")

_CATEGORIES: Mapping[int, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    1: (("process",), ("start",), "Process creation"),
    2: (("file",), ("change",), "A process changed a file creation time"),
    3: (("network",), ("start", "connection", "protocol"), "Network connection"),
    4: (("process",), ("change",), "Sysmon service state changed"),
    5: (("process",), ("end",), "Process terminated"),
    6: (("driver",), ("start",), "Driver loaded"),
    7: (("process",), ("change",), "Image loaded"),
    8: (("process",), ("change",), "CreateRemoteThread"),
    9: (("process",), ("access",), "RawAccessRead"),
    10: (("process",), ("access",), "ProcessAccess"),
    11: (("file",), ("creation",), "FileCreate"),
    12: (("configuration", "registry"), ("change",), "RegistryEvent (Object create and delete)"),
    13: (("configuration", "registry"), ("change",), "RegistryEvent (Value Set)"),
    14: (("configuration", "registry"), ("change",), "RegistryEvent (Key and Value Rename)"),
    15: (("file",), ("access",), "FileCreateStreamHash"),
    16: (("configuration",), ("change",), "ServiceConfigurationChange"),
    17: (("file",), ("creation",), "PipeEvent (Pipe Created)"),
    18: (("file",), ("access",), "PipeEvent (Pipe Connected)"),
    19: (("process",), ("info",), "WmiEvent (WmiEventFilter activity detected)"),
    20: (("process",), ("change",), "WmiEvent (WmiEventConsumer activity detected)"),
    21: (("process",), ("access",), "WmiEvent (WmiEventConsumerToFilter activity detected)"),
    22: (("network",), ("connection", "protocol", "info"), "DNSEvent (DNS query)"),
    23: (("file",), ("deletion",), "FileDelete (File Delete archived)"),
    24: ((), ("change",), "ClipboardChange (New content in the clipboard)"),
    25: (("process",), ("change",), "ProcessTampering (Process image change)"),
    26: (("file",), ("deletion",), "FileDeleteDetected (File Delete logged)"),
    27: (("file",), ("creation",), "FileBlockExecutable"),
    28: (("file",), ("deletion",), "FileBlockShredding"),
    29: (("file",), ("creation",), "FileExecutableDetected"),
    255: (("process",), (), "Error"),
}

_SYSMON_MOVED = (
    ("RuleName", "rule.name"),
    ("ProcessGuid", "process.entity_id"),
    ("Image", "process.executable"),
    ("SourceProcessGuid", "process.entity_id"),
    ("SourceProcessGUID", "process.entity_id"),
    ("SourceImage", "process.executable"),
    ("Destination", "process.executable"),
    ("CommandLine", "process.command_line"),
    ("CurrentDirectory", "process.working_directory"),
    ("ParentProcessGuid", "process.parent.entity_id"),
    ("ParentImage", "process.parent.executable"),
    ("ParentCommandLine", "process.parent.command_line"),
    ("TargetFilename", "file.path"),
    ("Device", "file.path"),
    ("PipeName", "file.name"),
    ("ImageLoaded", "file.path"),
    ("Protocol", "network.transport"),
    ("DestinationPortName", "network.protocol"),
    ("SourcePortName", "network.protocol"),
    ("SourceHostname", "source.domain"),
    ("DestinationHostname", "destination.domain"),
    ("QueryName", "dns.question.name"),
    ("QueryStatus", "sysmon.dns.status"),
    ("TargetProcessGuid", f"{DATA}TargetProcessGUID"),
)
"""Renamed, in this order."""

_SYSMON_NUMBERS = (
    ("ProcessId", "process.pid"),
    ("SourceProcessId", "process.pid"),
    ("SourceThreadId", "process.thread.id"),
    ("ParentProcessId", "process.parent.pid"),
    ("SourcePort", "source.port"),
    ("DestinationPort", "destination.port"),
)

_SYSMON_REMOVED = words(
    "ProcessId ParentProcessId SourceProcessId SourceThreadId SourceIp SourcePort SourcePortName DestinationIp "
    "DestinationPort DestinationPortName RuleName User Initiated SourceIsIpv6 DestinationIsIpv6 QueryStatus Archived "
    "IsExecutable QueryResults UtcTime Hash Hashes TargetObject Details"
)


def sysmon(event: Event, values: Values, data: Values) -> None:
    """Sysmon's channel (module/sysmon): most of the data is moved; the rest keeps its name."""
    code = number_of(event)
    for name in [name for name, text in data.items() if text in _NOTHING]:
        del data[name]
    values["event.module"] = "sysmon"
    if code in _CATEGORIES:
        category, kind, action = _CATEGORIES[code]
        values |= {"event.action": action}
        values |= {"event.category": list(category)} if category else {}
        values |= {"event.type": list(kind)} if kind else {}
    if "UtcTime" in data:
        values["@timestamp"] = f"{data['UtcTime'].replace(' ', 'T')}Z"
    _sysmon_hashes(code, values, data)
    for name, column in _SYSMON_MOVED:
        move(data, name, values, column)
    for name, column in _SYSMON_NUMBERS:
        put_number(data, name, values, column)
    _sysmon_image(code, values, data)
    _sysmon_network(code, values, data)
    _sysmon_registry(code, values, data)
    if "User" in data and data["User"].count("\\") == 1:
        values["user.domain"], values["user.name"] = data["User"].split("\\")
    if "winlog.user.identifier" in values:
        values["user.id"] = values["winlog.user.identifier"]
    for name, column in (("Archived", "sysmon.file.archived"), ("IsExecutable", "sysmon.file.is_executable")):
        if data.get(name) in ("true", "false"):
            values[column] = data[name] == "true"
    for name in _SYSMON_REMOVED & data.keys():
        del data[name]


def _sysmon_hashes(code: int, values: Values, data: Values) -> None:
    """Each digest in a field of its own, in lower case; ``IMPHASH`` is of the PE header."""
    owner = "process" if code in (1, 23, 24, 25, 26) else "file" if code in (6, 7, 15, 29) else None
    text = data.get("Hash") or data.get("Hashes") or ""
    for algorithm, digest in algorithms(text) if owner else ():
        if digest.strip("0"):
            group = "pe" if algorithm.lower() == "imphash" else "hash"
            values[f"{owner}.{group}.{algorithm.lower()}"] = digest.lower()


_COPIED = (("Company", "company"), ("Description", "description"), ("FileVersion", "file_version"))


def _sysmon_image(code: int, values: Values, data: Values) -> None:
    """What is known of the file: of the process, or of the loaded image (7). Signed stays as it is."""
    owner = "file" if code == 7 else "process"
    move(data, "OriginalFileName", values, f"{owner}.pe.original_file_name")
    for name, column in (*_COPIED, ("Product", "product")):
        if name in data:
            values[f"{owner}.pe.{column}"] = data[name]
    if "Signature" in data:
        values["file.code_signature.subject_name"] = data["Signature"]
    if "SignatureStatus" in data:
        values["file.code_signature.status"] = data["SignatureStatus"]
        values |= {"file.code_signature.valid": True} if data["SignatureStatus"] == "Valid" else {}
    for owner in ("process", "process.parent"):
        name = values.get(f"{owner}.executable", "").rpartition("\\")
        if name[1] and name[2]:
            values[f"{owner}.name"] = name[2]
    file_parts(values)


def _sysmon_network(code: int, values: Values, data: Values) -> None:
    for name, column in (("SourceIp", "source.ip"), ("DestinationIp", "destination.ip")):
        if name in data and _is_address(data[name]):
            values[column] = data[name]
    if data.get("Initiated") in ("true", "false"):
        values["network.direction"] = "egress" if data["Initiated"] == "true" else "ingress"
    if data.get("SourceIsIpv6") in ("true", "false"):
        values["network.type"] = "ipv6" if data["SourceIsIpv6"] == "true" else "ipv4"
    if code == 22:
        values["network.protocol"] = "dns"
        _dns_answers(values, data)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _dns_answers(values: Values, data: Values) -> None:
    answers, addresses = [], []
    for answer in filter(None, data.get("QueryResults", "").split(";")):
        if answer.startswith("type:"):
            answers += answer.split()[2:3]
        elif _is_address(plain := re.sub(r"^::ffff:(?=\d+\.)", "", answer)):
            addresses.append(plain)
    if answers or addresses:
        values["dns.answers"] = [{"data": each} for each in (*answers, *addresses)]
    if addresses:
        values["dns.resolved_ip"] = addresses


_HIVES = {
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
}


def _sysmon_registry(code: int, values: Values, data: Values) -> None:
    """``registry.*`` of 12, 13 and 14; the type of a text cannot be told and is written REG_SZ."""
    path = data.get("TargetObject", "")
    if code not in (12, 13, 14) or not path:
        return
    hive, *keys = path.split("\\")
    values["registry.path"] = path
    values["registry.value"] = keys[-1] if keys else hive
    short = _HIVES.get(hive, hive)
    if short in _HIVES.values():
        values["registry.hive"] = short
        values |= {"registry.key": "\\".join(keys)} if keys else {}
    details = data.get("Details", "")
    if details:
        halves, number = qword(details), dword(details)
        kind, text = "REG_BINARY" if details == "Binary Data" else "REG_SZ", details
        if halves is not None:
            kind, text = "SZ_QWORD", str((halves[0] << 8) + halves[1])  # by eight: so the pipeline has it
        elif number is not None:
            kind, text = "SZ_DWORD", str(number)
        values["registry.data.type"], values["registry.data.strings"] = kind, [text]
