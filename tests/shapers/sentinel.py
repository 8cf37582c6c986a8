"""Events as Microsoft Sentinel stores them.

Sources, by Microsoft: "Azure Monitor Logs reference", tables SecurityEvent, WindowsEvent and Event (columns and
types); "Windows security event sets that can be sent to Microsoft Sentinel" and the connectors "Windows Security
Events via AMA" and "Windows Forwarded Events": the Security channel goes to SecurityEvent, forwarded channels go to
WindowsEvent, and the agent's other logs to Event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from tests.shapers import Event, Row, channel_of, data_of, file_name, number_of, unnamed, words

_LEVELS = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Information", 5: "Verbose"}

_NUMBERS = frozenset({"LogonType", "KeyLength"})
"""Columns of SecurityEvent that are numbers, of those that hold event data."""

COLUMNS = words(
    """AccessMask AccountDomain AccountExpires AccountName AccountSessionIdentifier AdditionalInfo AdditionalInfo2
    AllowedToDelegateTo Attributes AuditPolicyChanges AuditsDiscarded AuthenticationLevel AuthenticationPackageName
    AuthenticationProvider AuthenticationServer AuthenticationService AuthenticationType CACertificateHash
    CAPublicKeyHash CalledStationID CallerProcessId CallerProcessName CallingStationID CategoryId
    CertificateDatabaseHash ClassId ClassName ClientAddress ClientIPAddress ClientName CommandLine CompatibleIds
    DCDNSName DeviceDescription DeviceId DisplayName Disposition DomainBehaviorVersion DomainName DomainPolicyChanged
    DomainSid EAPType ElevatedToken ErrorCode ExtendedQuarantineState FailureReason FileHash FilePath FilePathNoUser
    Filter ForceLogoff Fqbn FullyQualifiedSubjectMachineName FullyQualifiedSubjectUserName GroupMembership HandleId
    HardwareIds HomeDirectory HomePath InterfaceUuid IpAddress IpPort KeyLength LmPackageName
    LocationInformation LockoutDuration LockoutObservationWindow LockoutThreshold LoggingResult LogonGuid LogonHours
    LogonID LogonProcessName LogonType MachineAccountQuota MachineInventory MachineLogon MandatoryLabel
    MaxPasswordAge MemberName MemberSid MinPasswordAge MinPasswordLength MixedDomainMode NASIPv4Address
    NASIPv6Address NASIdentifier NASPort NASPortType NetworkPolicyName NewDate NewMaxUsers NewProcessId
    NewProcessName NewRemark NewShareFlags NewTime NewUacValue NewValue NewValueType ObjectName ObjectServer
    ObjectType ObjectValueName OemInformation OldMaxUsers OldRemark OldShareFlags OldUacValue OldValue OldValueType
    OperationType PackageName ParentProcessName PasswordHistoryLength PasswordLastSet PasswordProperties PreviousDate
    PreviousTime PrimaryGroupId PrivateKeyUsageCount PrivilegeList ProcessId ProcessName ProfilePath Properties
    ProtocolSequence ProxyPolicyName QuarantineHelpURL QuarantineSessionID QuarantineSessionIdentifier
    QuarantineState QuarantineSystemHealthResult RelativeTargetName RemoteIpAddress RemotePort RequestId Requester
    RestrictedAdminMode RowsDeleted SamAccountName ScriptPath SecurityDescriptor ServiceAccount ServiceFileName
    ServiceName ServiceStartType ServiceType SessionName ShareLocalPath ShareName SidHistory Status SubStatus
    SubcategoryGuid SubcategoryId Subject SubjectDomainName SubjectKeyIdentifier SubjectLogonId SubjectMachineName
    SubjectMachineSID SubjectUserName SubjectUserSid TableId TargetDomainName TargetInfo TargetLinkedLogonId
    TargetLogonGuid TargetLogonId TargetOutboundDomainName TargetOutboundUserName TargetServerName TargetSid
    TargetUser TargetUserName TargetUserSid TemplateContent TemplateDSObjectFQDN TemplateInternalName TemplateOID
    TemplateSchemaVersion TemplateVersion TokenElevationType TransmittedServices UserAccountControl UserParameters
    UserPrincipalName UserWorkstations VendorIds VirtualAccount Workstation WorkstationName"""
)
"""Event data that has a column of its own in SecurityEvent; the rest is in the column EventData, as XML."""


Data = Mapping[str, str]


def shape(event: Event) -> list[Row]:
    """The rows of an event, one in each table that may hold it."""
    data = data_of(event)
    other = _security_event if channel_of(event) == "Security" else _event
    return [_windows_event(event, data), other(event, data)]


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _xml(event: Event, data: Data) -> str:
    """The event's data as the XML that the event had."""
    parts = [f'<Data Name="{name}">{escape(text)}</Data>' for name, text in data.items() if name != "Data"]
    parts += [f"<Data>{escape(text)}</Data>" for text in (unnamed(event) if "Data" in data else ())]
    return f"<EventData>{''.join(parts)}</EventData>"


def _security_event(event: Event, data: Data) -> Row:
    """Table SecurityEvent: a column for each known name of event data; numbers are int, the rest text."""
    values: dict[str, Any] = {
        "TimeGenerated": event["SystemTime"],
        "Computer": event["Computer"],
        "Channel": channel_of(event),
        "EventID": number_of(event),
        "EventSourceName": event["Provider_Name"],
        "Task": event.get("Task"),
        "Level": None if event.get("Level") is None else str(event["Level"]),
        "Keywords": event.get("Keywords"),
        "EventRecordId": None if event.get("EventRecordID") is None else str(event["EventRecordID"]),
        "EventData": _xml(event, data),
    }
    for name in COLUMNS & data.keys():
        values[name] = int(data[name]) if name in _NUMBERS and data[name].isdigit() else data[name]
    for kind in ("Subject", "Target"):
        if f"{kind}UserName" in data:
            values[f"{kind}Account"] = f"{data.get(f'{kind}DomainName', '')}\\{data[f'{kind}UserName']}"
    values["Account"] = values.get("SubjectAccount", values.get("TargetAccount"))
    process = data.get("NewProcessName") or data.get("ProcessName")
    values["Process"] = file_name(process) if process else None
    return Row("SecurityEvent", _present(values))


def _windows_event(event: Event, data: Data) -> Row:
    """Table WindowsEvent: event data under its names in the dynamic column EventData, all as text."""
    values = {
        "TimeGenerated": event["SystemTime"],
        "Provider": event["Provider_Name"],
        "Channel": channel_of(event),
        "Computer": event["Computer"],
        "EventID": number_of(event),
        "EventLevel": event.get("Level"),
        "EventLevelName": _LEVELS.get(event.get("Level", -1)),
        "Task": event.get("Task"),
        "Opcode": None if event.get("Opcode") is None else str(event["Opcode"]),
        "Keywords": event.get("Keywords"),
        "Version": event.get("Version"),
        "EventRecordId": None if event.get("EventRecordID") is None else str(event["EventRecordID"]),
        "SystemProcessId": event.get("Execution_ProcessID"),
        "SystemThreadId": event.get("Execution_ThreadID"),
        "SystemUserId": event.get("Security_UserID"),
        "EventData": dict(data),
    }
    return Row("WindowsEvent", _present(values))


def _event(event: Event, data: Data) -> Row:
    """Table Event: the log's name, the source and the data as XML.

    RenderedDescription is the message with the data in it; the words around the data are not recorded.
    """
    values = {
        "TimeGenerated": event["SystemTime"],
        "Source": event["Provider_Name"],
        "EventLog": channel_of(event),
        "Computer": event["Computer"],
        "EventID": number_of(event),
        "EventLevel": event.get("Level"),
        "EventLevelName": _LEVELS.get(event.get("Level", -1)),
        "EventData": _xml(event, data),
        "RenderedDescription": "\n".join([*data.values()]),
    }
    return Row("Event", _present(values))
