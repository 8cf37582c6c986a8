"""Events as Splunk keeps them: rendered as XML, with the add-ons for Windows and Sysmon.

Sources: "Splunk Add-on for Microsoft Windows", section "Source types", and its props.conf and transforms.conf
(``XmlWinEventLog``: the channel goes to ``source``; the System element's parts and attributes and every named
Data element are fields of their names; ``EventCode`` is ``EventID``; what has no name stays in ``EventData_Xml``,
UserData whole in ``UserData_Xml``; fields are cut from the XML as it is, with its ``&gt;``, ``&lt;``, ``&amp;``);
"Splunk Add-on for Sysmon", section "Lookups and field extraction" (each digest of Hashes is a field);
"transforms.conf", CLEAN_KEYS (a field's name has underscores for other signs).
Splunk keeps no field without a value.
"""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from tests.shapers import Event, Row, algorithms, channel_of, data_of, is_sysmon, is_user_data, number_of, unnamed


def shape(event: Event) -> list[Row]:
    """The event. Every channel can be an input (``WinEventLog://<channel>``, ``renderXml = true``)."""
    data = data_of(event)
    values: dict[str, Any] = {
        "EventID": number_of(event),
        "EventCode": number_of(event),
        "Channel": channel_of(event),
        "Computer": event["Computer"],
        "host": event["Computer"],
        "dest": event["Computer"],
        "Name": event["Provider_Name"],
        "Guid": event.get("Provider_Guid"),
        "SystemTime": event["SystemTime"],
        "_time": event["SystemTime"],
        "UserID": event.get("Security_UserID"),
        "ProcessID": event.get("Execution_ProcessID"),
        "ThreadID": event.get("Execution_ThreadID"),
        "source": f"XmlWinEventLog:{channel_of(event)}",
        "sourcetype": "XmlWinEventLog",
    }
    values |= {name: event.get(name) for name in ("Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID")}
    lines = unnamed(event) if "Data" in data else []
    data.pop("Data", None)
    texts = {name: escape(text) for name, text in data.items()}
    if is_user_data(event):
        values["UserData_Xml"] = "".join([f"<{name}>{text}</{name}>" for name, text in texts.items()])
    else:
        named = [f"<Data Name='{name}'>{text}</Data>" for name, text in texts.items()]
        values["EventData_Xml"] = "".join([*named, *(f"<Data>{escape(line)}</Data>" for line in lines)])
        for name, text in texts.items():
            field = name if name.isalnum() else re.sub(r"\W", "_", name).lstrip("_")
            # A name that the System element has too (WMI's Name, Windows Error Reporting's Version): both values.
            values[field] = text if values.get(field) is None else [values[field], text]
    if is_sysmon(event):
        values |= {algorithm.upper(): digest for algorithm, digest in algorithms(data.get("Hashes", ""))}
    return [Row("", {name: value for name, value in values.items() if value not in (None, "")})]
