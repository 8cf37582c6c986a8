"""Events as Winlogbeat 8 and Elastic Agent store them, in the Elastic Common Schema.

Sources, by Elastic: "Winlogbeat Reference 8.19", sections "Exported fields" and "Modules"; and what its
modules do, which is in their ingest pipelines: repository elastic/beats, x-pack/winlogbeat/module/
{routing,sysmon,security,powershell}/ingest, and winlogbeat/sys/winevent (event data without names is
``param1``, ``param2``...; empty values are left out; line ends are ``\\n``). The Agent's Windows and
System integrations have the same pipelines.

Left out are fields that no Sigma field can be asked from: ``process.args``, ``related.*``, descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.shapers import Event, Row, channel_of, data_of, is_user_data, number_of, unnamed, words
from tests.shapers.winlogbeat_sysmon import Values, file_parts, move, put_number, sysmon

_LEVELS = {0: "information", 1: "critical", 2: "error", 3: "warning", 4: "information", 5: "verbose"}


def shape(event: Event) -> list[Row]:
    """The document of an event. Every channel can be collected ("Configure Winlogbeat": ``event_logs``)."""
    values = _core(event)
    data = _event_data(event)
    module = _module(event)
    if module is not None:
        module(event, values, data)
    where = "user" if is_user_data(event) else "event"
    values |= {f"winlog.{where}_data.{name}": value for name, value in data.items()}
    return [Row("", values)]


def _core(event: Event) -> Values:
    """What Winlogbeat itself writes ("Exported fields": ``winlog``, ECS)."""
    code, channel = str(number_of(event)), channel_of(event)
    values: Values = {
        "@timestamp": event["SystemTime"],
        "event.code": code,
        "event.kind": "event",
        "event.provider": event["Provider_Name"],
        "host.name": event["Computer"],
        "winlog.channel": channel,
        "winlog.computer_name": event["Computer"],
        "winlog.event_id": code,
        "winlog.provider_name": event["Provider_Name"],
    }
    optional = {
        "winlog.provider_guid": event.get("Provider_Guid"),
        "winlog.record_id": _text(event.get("EventRecordID")),
        "winlog.version": event.get("Version"),
        "winlog.process.pid": event.get("Execution_ProcessID"),
        "winlog.process.thread.id": event.get("Execution_ThreadID"),
        "winlog.user.identifier": event.get("Security_UserID"),
        "winlog.activity_id": event.get("ActivityID"),
        "log.level": _LEVELS.get(event.get("Level", -1)),
    }
    return values | {name: value for name, value in optional.items() if value not in (None, "")}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _event_data(event: Event) -> Values:
    """The event's data: texts, without empty ones (winlogbeat/sys/winevent, ``AddPairs``)."""
    data: Values = {
        name: text.replace("\r\n", "\n") for name, text in data_of(event).items() if text != "" and name != "Data"
    }
    for number, text in enumerate(unnamed(event) if "Data" in event else (), 1):
        data[f"param{number}"] = text
    return data


_Module = Callable[[Event, Values, Values], None]


def _module(event: Event) -> _Module | None:
    """The module of an event's channel (module/routing)."""
    channel, provider = channel_of(event), event["Provider_Name"]
    if channel == "Security":
        audited = provider in ("Microsoft-Windows-Eventlog", "Microsoft-Windows-Security-Auditing")
        return _security if audited else None
    return _MODULES.get(channel)


# --- Security -----------------------------------------------------------------------------------------

_COMMON_AUTH = words(
    "1100 1102 1104 1105 1108 4624 4648 4625 4670 4673 4674 4689 4697 4719 4720 4722 4723 4724 4725 4726 4727 4728 "
    "4729 4730 4731 4732 4733 4734 4735 4737 4738 4740 4741 4742 4743 4744 4745 4746 4747 4748 4749 4750 4751 4752 "
    "4753 4754 4755 4756 4757 4758 4759 4760 4761 4762 4763 4764 4767 4768 4769 4770 4771 4798 4799 4817 4904 4905 "
    "4907 4912 5140 5145"
)
"""Events whose process, address and workstation are moved."""

_BY_SUBJECT = _COMMON_AUTH - words("1100 1102 1104 1105 1108 4624 4625 4768 4769 4770 4771") | words(
    "4657 4662 4672 4688 4698 4699 4700 4701 4702 4706 4707 4713 4716 4717 4718 4739 4781 4797 5136 5379 5380 5381 5382"
)
"""Events whose user is the subject; of logons it is the target."""

_LOGON_TYPES = {
    "2": "Interactive",
    "3": "Network",
    "4": "Batch",
    "5": "Service",
    "7": "Unlock",
    "8": "NetworkCleartext",
    "9": "NewCredentials",
    "10": "RemoteInteractive",
    "11": "CachedInteractive",
}


def _security(event: Event, values: Values, data: Values) -> None:
    """The Security channel (module/security, security_standard): event data keeps its names but where moved."""
    code = str(number_of(event))
    values["event.module"] = "security"
    if data.get("LogonType") in _LOGON_TYPES:
        values["winlog.logon.type"] = _LOGON_TYPES[data["LogonType"]]
    if "ServiceName" in data:
        values["service.name"] = data["ServiceName"]
    _security_lists(code, data)
    _security_user(code, values, data)
    if code in _COMMON_AUTH:
        _security_moved(values, data)
    if code == "4688":
        _security_process(values, data)
    if code in ("5140", "5145"):
        _share_file(values, data)


def _security_lists(code: str, data: Values) -> None:
    """Texts that become lists: rights and flags lose their ``%%``, privileges stand alone."""
    if "AccessList" in data:
        codes = [right.replace("%%", "") for right in data["AccessList"].split()]
        data["AccessList"] = [right for right in codes if right]
    if "AccessMask" in data:
        data["AccessMask"] = [right.replace("%%", "") for right in data["AccessMask"].split()]
    if code in ("4672", "4673", "4674", "4741", "4742", "4743") and "PrivilegeList" in data:
        data["PrivilegeList"] = data["PrivilegeList"].split()
    if data.get("NewUacValue", "-") != "-" and data.get("UserAccountControl", "-") != "-":
        flags = [flag.replace("%%", "").strip() for flag in data["UserAccountControl"].split("\n")]
        data["UserAccountControl"] = [flag for flag in flags if flag]


def _security_user(code: str, values: Values, data: Values) -> None:
    by = "Subject" if code in _BY_SUBJECT else "Target" if code in _LOGONS else None
    if by is not None:
        sid = data.get(f"{by}UserSid") or (data.get("TargetSid") if by == "Target" else None)
        name, domain = data.get(f"{by}UserName"), data.get(f"{by}DomainName")
        found = {"user.id": sid, "user.name": name, "user.domain": domain}
        values |= {column: value for column, value in found.items() if value}
        if by == "Target" and name:
            values["user.name"] = name.partition("@")[0]
    if "SubjectLogonId" in data:
        values["winlog.logon.id"] = data["SubjectLogonId"]


_LOGONS = words("4624 4625 4634 4647 4768 4769 4770 4771 4776 4964")


def _security_moved(values: Values, data: Values) -> None:
    if "ProcessId" in data:
        values["process.pid"] = int(data.pop("ProcessId"), 0)
    if "ProcessName" in data:
        values["process.executable"] = data.pop("ProcessName")
        values["process.name"] = values["process.executable"].rpartition("\\")[2]
    if data.get("IpAddress", "-") != "-":
        values["source.ip"] = re.sub(r"^::ffff:(?=\d+\.)", "", data.pop("IpAddress"))
    if data.get("IpPort", "-") != "-":
        values["source.port"] = int(data.pop("IpPort"), 0)
    if "WorkstationName" in data:
        values["source.domain"] = data.pop("WorkstationName")


def _security_process(values: Values, data: Values) -> None:
    """4688: ``CommandLine`` is copied, ``ProcessId`` (the parent's) too; the rest is moved."""
    for name, column in (("NewProcessName", "process.executable"), ("ParentProcessName", "process.parent.executable")):
        if name in data:
            values[column] = data.pop(name)
            values[f"{column.removesuffix('executable')}name"] = values[column].rpartition("\\")[2]
    if "NewProcessId" in data:
        values["process.pid"] = int(data.pop("NewProcessId"), 0)
    if "ProcessId" in data:
        values["process.parent.pid"] = int(data["ProcessId"], 0)
    if "CommandLine" in data:
        values["process.command_line"] = data["CommandLine"]
    values |= {"event.category": ["process"], "event.type": ["start"], "event.action": "created-process"}


def _share_file(values: Values, data: Values) -> None:
    if "RelativeTargetName" in data:
        values["file.name"] = data["RelativeTargetName"]
        values["file.target_path"] = f"{data.get('ShareName', '')}\\{data['RelativeTargetName']}"
    if "ShareLocalPath" in data:
        values["file.directory"] = data["ShareLocalPath"]
    if "file.name" in values and "file.directory" in values:
        values["file.path"] = f"{values['file.directory']}\\{values['file.name']}"


# --- PowerShell ---------------------------------------------------------------------------------------

_POWERSHELL_MOVED = (
    ("HostID", "process.entity_id"),
    ("HostId", "process.entity_id"),
    ("HostApplication", "process.command_line"),
    ("HostName", "process.title"),
    ("ShellID", "powershell.id"),
    ("EngineVersion", "powershell.engine.version"),
    ("NewEngineState", "powershell.engine.new_state"),
    ("PreviousEngineState", "powershell.engine.previous_state"),
    ("NewProviderState", "powershell.provider.new_state"),
    ("ProviderName", "powershell.provider.name"),
    ("PipelineID", "powershell.pipeline_id"),
    ("PipelineId", "powershell.pipeline_id"),
    ("RunspaceID", "powershell.runspace_id"),
    ("RunspaceId", "powershell.runspace_id"),
    ("HostVersion", "powershell.process.executable_version"),
    ("CommandLine", "powershell.command.value"),
    ("CommandPath", "powershell.command.path"),
    ("CommandName", "powershell.command.name"),
    ("CommandType", "powershell.command.type"),
    ("ScriptBlockId", "powershell.file.script_block_id"),
    ("ScriptBlockText", "powershell.file.script_block_text"),
    ("ScriptName", "file.path"),
)

_POWERSHELL_REMOVED = words(
    "SequenceNumber User ConnectedUser UserId ContextInfo Severity MessageTotal MessageNumber Payload DetailTotal "
    "DetailSequence param1 param2 param3"
)


def _pairs(text: str, separator: str) -> Values:
    """``Name = value`` lines as names without blanks and values."""
    found = (line.partition(separator) for line in text.split("\n"))
    pairs = {re.sub(r"\s", "", name): value.strip(" \n\t") for name, equals, value in found if equals}
    return {name: value for name, value in pairs.items() if value}


_DETAIL = re.compile(r"(.+)\((.+)\):\s*(.+)?", re.DOTALL)
_BINDING = re.compile(r"name=(.+);\s*value=(.+)", re.DOTALL)


def _details(text: str) -> list[Values]:
    """The lines of a command's invocation: type, command, name and value."""
    details = []
    for line in text.split("\n"):
        found = _DETAIL.fullmatch(line)
        if not found:
            details.append({"value": line})
            continue
        detail = {"type": found[1], "related_command": found[2], "value": found[3]}
        bound = _BINDING.fullmatch(found[3] or "") if found[1] == "ParameterBinding" else None
        if bound:
            detail |= {"name": bound[1], "value": bound[2]}
        details.append(detail)
    return details


def _powershell_operational(event: Event, values: Values, data: Values) -> None:
    """PowerShell's Operational channel (module/powershell, powershell_operational): the context of 4103 is taken apart
    and removed, its payload becomes invocation details; a script block is ``powershell.file.*``."""
    if number_of(event) == 4103:
        # The message of 4103 has the data as it is (the provider's manifest); pipelines leave it.
        parts = [data.get(name, "") for name in ("Payload", "ContextInfo", "UserData")]
        values["message"] = "{}\n\nContext:\n{}\n\nUser Data:\n{}".format(*parts)
        data |= _pairs(data.get("ContextInfo", ""), "=")
        values["powershell.command.invocation_details"] = _details(data.get("Payload", ""))
    move(data, "Path", data, "ScriptName")
    _powershell_fields(values, data, data.get("User", ""))
    values["event.type"] = {4105: ["start"], 4106: ["end"]}.get(number_of(event), ["info"])


def _powershell_classic(event: Event, values: Values, data: Values) -> None:
    """The channel "Windows PowerShell" (module/powershell): the last text of an event is lines of ``Name=value``,
    of 800 the second, before the invocation's details."""
    text = str(event.get("Data", "")).replace("\r\n", "\n")
    details = re.search(r"^\w+\([^)]*\): ", text, re.MULTILINE) if number_of(event) == 800 else None
    context = text[: details.start()] if details else text
    data |= _pairs(re.sub(r"\n(?!\t)", " ", context), "=")
    if details:
        values["powershell.command.invocation_details"] = _details(text[details.start() :].rstrip("\n"))
    for name in [name for name in data if name.startswith("param")]:
        del data[name]
    values["event.module"] = "powershell"
    _powershell_fields(values, data, data.get("UserId", ""))
    values["event.type"] = {400: ["start"], 403: ["end"]}.get(number_of(event), ["info"])


def _powershell_fields(values: Values, data: Values, user: str) -> None:
    values["event.category"] = ["process"]
    for name, column in (("MessageNumber", "powershell.sequence"), ("MessageTotal", "powershell.total")):
        put_number(data, name, values, column)
    for name, column in _POWERSHELL_MOVED:
        move(data, name, values, column)
    file_parts(values)
    if user.count("\\") == 1:
        values["user.domain"], values["user.name"] = user.split("\\")
    for name in _POWERSHELL_REMOVED & data.keys():
        del data[name]


_MODULES: Mapping[str, _Module] = {
    "Microsoft-Windows-Sysmon/Operational": sysmon,
    "Microsoft-Windows-PowerShell/Operational": _powershell_operational,
    "Windows PowerShell": _powershell_classic,
}
