"""Where our rows differ from examples of stored events, and why ours are right.

The examples are beside the corpus, in ``reference/shape_examples.json``: recorded events and how each platform
stores them, simplified.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.shapers import defender, sentinel, splunk_xml, winlogbeat
from tests.support import corpus

Values = Mapping[str, Any]


class Example(NamedTuple):
    """An event's row on a platform: what the example has, and what we make."""

    name: str
    platform: str
    example: Values
    ours: Values


def examples() -> Iterator[Example]:
    """Every example. Without the file the test is skipped, or fails in CI."""
    path = corpus.CORPUS.parent / "reference" / "shape_examples.json"
    if not path.is_file():
        corpus.not_run("examples of stored events (SIGMA_CORPUS not found)")
    for name, each in json.loads(path.read_text("utf-8")).items():
        flat = each["flat"]
        yield Example(name, "ecs", each["ecs"], winlogbeat.shape(flat)[0].values)
        yield Example(name, "splunk", each["splunk"], splunk_xml.shape(flat)[0].values)
        rows = {row.place: row.values for row in sentinel.shape(flat)}
        yield Example(name, "WindowsEvent", each["windowsevent"], rows["WindowsEvent"])
        if each["sentinel"]:
            yield Example(name, "SecurityEvent", each["sentinel"], rows["SecurityEvent"])
        for row in defender.shape(flat) if each["mde"] else ():
            yield Example(name, "mde", each["mde"], {**row.values, "_table": row.place})


OTHERWISE: Mapping[str, Mapping[str, str]] = {
    "ecs": {
        "@timestamp": "Sysmon's own time",
        "file.code_signature.signed": "the pipeline compares text with a truth value; Signed stays as it is",
        "process.args": "left out",
        "process.args_count": "left out",
        "process.parent.args": "left out",
        "process.parent.args_count": "left out",
        "winlog.event_data.NewProcessId": "moved",
        "winlog.event_data.NewProcessName": "moved",
        "winlog.event_data.ParentProcessName": "moved",
        "winlog.logon.id": "the subject's",
    },
    "splunk": {
        "Creator_Process_Name": "a field of events that are no XML",
        "Execution_ProcessID": "ProcessID, as the attribute",
        "Execution_ThreadID": "ThreadID, as the attribute",
        "New_Process_Name": "a field of events that are no XML",
        "Process_Command_Line": "a field of events that are no XML",
        "Provider_Guid": "Guid, as the attribute",
        "Provider_Name": "Name, as the attribute",
        "Security_UserID": "UserID, as the attribute",
        "new_process": "an alias for data models",
        "parent_process": "an alias for data models",
        "parent_process_name": "an alias for data models",
        "parent_process_path": "an alias for data models",
        "process": "an alias for data models",
        "process_id": "an alias for data models",
        "process_name": "an alias for data models",
        "process_path": "an alias for data models",
        "source": "the add-on makes it of the channel, for XML XmlWinEventLog:Security",
        "user": "an alias for data models",
    },
    "WindowsEvent": {},
    "SecurityEvent": {},
    "mde": {
        "ProcessVersionInfoProductVersion": "Sysmon records the file's version, not the product's",
        "RegistryKey": "what is deleted is in PreviousRegistryKey",
        "RegistryValueData": "the bytes of binary data are not recorded",
        "RegistryValueName": "what is deleted is in PreviousRegistryValueName",
        "RegistryValueType": "binary data is no text",
    },
}
"""Platform -> column of the examples -> why ours has it not, or otherwise."""


def differences(each: Example) -> set[str]:
    """The columns of an example that ours does not have, or has otherwise: numbers and their text are one."""
    nothing = {None, "", "-"}  # what the platforms leave out where there is nothing to say
    return {
        column
        for column, value in each.example.items()
        if not (isinstance(value, str) and value in nothing) and str(each.ours.get(column)) != str(value)
    }
