"""Recorded Windows events in the form in which each platform stores them.

Written from the vendors' documents alone, never from the schemas that are tested with them: what the two
shared could be wrong in both. A recorded event is flat and has the names of its XML
(``../shared/corpus/events``, README.md); a shaper gives the rows that it becomes, none where the
platform does not record such an event, or where no document says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Event = Mapping[str, Any]
"""A recorded event: flat, in the names of its XML."""


class Row(NamedTuple):
    """What a platform stores: ``place`` is the table, or empty where an index pattern covers everything."""

    place: str
    values: dict[str, Any]


def words(text: str) -> frozenset[str]:
    """A table of names, as the words of a text."""
    return frozenset(text.split())


SYSMON = "microsoft-windows-sysmon/operational"
SECURITY = "security"

NEVER_RECORDED = frozenset({"", "-"})
"""What Sysmon and Windows write where there is nothing to say."""

CHANNELS = {
    "security": "Security",
    "system": "System",
    "application": "Application",
    "windows powershell": "Windows PowerShell",
    "microsoft-windows-sysmon/operational": "Microsoft-Windows-Sysmon/Operational",
    "microsoft-windows-powershell/operational": "Microsoft-Windows-PowerShell/Operational",
}
"""Channels that recorders wrote in other letters than Windows registers them in."""

_HEADER = words(
    "_id _src Provider_Name Provider_Guid EventID Version Level Task Opcode Keywords SystemTime EventRecordID "
    "Execution_ProcessID Execution_ThreadID Channel Computer Security_UserID Qualifiers ActivityID "
    "RelatedActivityID ProcessID ThreadID Binary ERROR_EVT_UNRESOLVED"
)
"""What is not of the event's data: its System element, and what recorders added.

``ProcessID`` is the logging process where a recorder did not tell it from the event's own ``ProcessId``.
"""


def channel_of(event: Event) -> str:
    """The event's channel as Windows registers it."""
    name = str(event["Channel"])
    return CHANNELS.get(name.lower(), name)


def number_of(event: Event) -> int:
    """The event's id."""
    return int(event["EventID"])


def is_sysmon(event: Event) -> bool:
    """Whether Sysmon wrote the event."""
    return str(event["Channel"]).lower() == SYSMON


def data_of(event: Event) -> dict[str, str]:
    """The event's data as text, by name; those without a name together, as ``Data``."""
    data = {
        name: text if isinstance(text, str) else str(text)
        for name, text in event.items()
        if name not in _HEADER and text is not None
    }
    # The event's own, told by recorders from the System element's of the same name.
    return {name.removeprefix("EventData_"): text for name, text in data.items()}


_USER_DATA = (
    "Microsoft-Windows-AppLocker/",
    "Microsoft-Windows-Application-Experience/",
    "Microsoft-Windows-CAPI2/",
    "Microsoft-Windows-PrintService/",
    "Microsoft-Windows-TerminalServices-LocalSessionManager/",
    "Microsoft-Windows-WMI-Activity/",
)


def is_user_data(event: Event) -> bool:
    """Whether the event's data is in the element UserData, not EventData (the providers' manifests)."""
    cleared = event["Provider_Name"] == "Microsoft-Windows-Eventlog" and number_of(event) in (104, 1102)
    return cleared or channel_of(event).startswith(_USER_DATA)


SQL_AUDIT = 33205


def unnamed(event: Event) -> list[str]:
    """The values of an event's data without names: recorders join them by line feeds.

    SQL Server writes an audit record as one value of many lines ("SQL Server Audit Records").
    """
    text = str(event.get("Data", "")).replace("\r\n", "\n")
    if number_of(event) == SQL_AUDIT:
        return [text]
    return [line for line in text.split("\n") if line]


def algorithms(text: str) -> Iterator[tuple[str, str]]:
    """``SHA1=0A,MD5=0B`` as pairs of algorithm and digest, as they are written."""
    for part in text.split(","):
        algorithm, equals, digest = part.partition("=")
        if equals and digest:
            yield algorithm, digest


def split_account(text: str) -> tuple[str, str]:
    """``DOMAIN\\name`` as domain and name; the domain is empty where there is none."""
    domain, _, name = text.rpartition("\\")
    return domain, name


def file_name(path: str) -> str:
    """What follows the last backslash."""
    return path.rpartition("\\")[2]


_DWORD = re.compile(r"DWORD \((0x[0-9a-f]{8})\)", re.IGNORECASE)
_QWORD = re.compile(r"QWORD \((0x[0-9a-f]{8})-(0x[0-9a-f]{8})\)", re.IGNORECASE)


def dword(details: str) -> int | None:
    """The number that Sysmon writes as ``DWORD (0x00000001)``."""
    found = _DWORD.fullmatch(details)
    return int(found[1], 16) if found else None


def qword(details: str) -> tuple[int, int] | None:
    """The high and the low half of ``QWORD (0x00000000-0x00000001)``."""
    found = _QWORD.fullmatch(details)
    return (int(found[1], 16), int(found[2], 16)) if found else None
