"""Schemas against recorded events, which shapers of our own put in the form that each platform stores.

The shapers are written from the vendors' documents, never from the schemas (``tests/shapers``). For every rule
that matches recorded events, the events that the schema's queries find must be those of truth.tsv that the
platform stores: for the query as it is asked for, and for every way of recording by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import pytest

from tests.shapers import Event, examples, held
from tests.support import events as recordings

pytestmark = pytest.mark.no_cover

LEAST = 95
"""Of a hundred rules whose events a platform stores, so many must find exactly those."""

_LEVEL = "more: process creations of Security auditing by MandatoryLabel, which is their level; the truth has no alias"
_USER = "more: process creations of Security auditing by the account they ran as; the truth has no alias for User"
_EMPTY = "fewer: an empty text is not stored, so the field is missing"
_DONE = "more: 1117, which says what was done about a detection, is an event of antivirus too; the truth leaves it out"
_BINARY = "fewer: binary data is not kept, so that the rule's filter of missing data takes the event"
_UNSAID = "refused: the rule hangs on what the sensor does not record"

EXPLAINED: Mapping[str, Mapping[str, str]] = {
    "ecs": {
        "238527ad-3c2c-4e4f-a1f6-92fd63adb864": _DONE,
        "c9a88268-0047-4824-ba6e-4d81ce0b907c": _DONE,
        "fa0c05b6-8ad3-468d-8231-c1cbccb64fba": _DONE,
        "fdf135a2-9241-4f96-a114-bb404948f736": _DONE,
        "100ef69e-3327-481c-8e5c-6d80d9507556": "fewer: the rule means the cleared log, which recorders lost; the truth"
        " has the log of the event itself",
        "3037d961-21e9-4732-b27a-637bcc7bf539": _LEVEL,
        "bbb80e91-5746-4fbe-8898-122e2cafdbf4": "more: ContextInfo is kept in the message alone, beside the payload",
        "cde0a575-7d3d-4a49-9817-b8004a7bf105": _EMPTY,
        "dcdbc940-0bff-46b2-95f3-2d73f848e33b": _LEVEL,
    },
    "splunk": {
        "238527ad-3c2c-4e4f-a1f6-92fd63adb864": _DONE,
        "c9a88268-0047-4824-ba6e-4d81ce0b907c": _DONE,
        "fa0c05b6-8ad3-468d-8231-c1cbccb64fba": _DONE,
        "fdf135a2-9241-4f96-a114-bb404948f736": _DONE,
        "3037d961-21e9-4732-b27a-637bcc7bf539": _LEVEL,
        "cde0a575-7d3d-4a49-9817-b8004a7bf105": _EMPTY,
        "d21374ff-f574-44a7-9998-4a8c8bf33d7d": "more: process creations of Security auditing by their logon; the truth"
        " has no alias for LogonId",
        "dcdbc940-0bff-46b2-95f3-2d73f848e33b": _LEVEL,
        "f239b326-2f41-4d6b-9dfa-c846a60ef505": _EMPTY,
    },
    "sentinel": {
        "2617e7ed-adb7-40ba-b0f3-8f9945fe6c09": _USER,
        "3037d961-21e9-4732-b27a-637bcc7bf539": _LEVEL,
        "79ce34ca-af29-4d0e-b832-fc1b377020db": _USER,
        "d21374ff-f574-44a7-9998-4a8c8bf33d7d": "more: a process that a service's account started as another; the"
        " truth has no alias for User, by which the rule leaves that account's own processes out",
        "d522eca2-2973-4391-a3e0-ef0374321dae": _USER,
        "dcdbc940-0bff-46b2-95f3-2d73f848e33b": _LEVEL,
    },
    "defender_xdr": {
        "06d71506-7beb-4f22-8888-e2e5e2ca7fd8": "refused: no table has every event of Windows",
        "24e3e58a-646b-4b50-adef-02ef935b9fc8": _UNSAID,
        "b5de0c9a-6f19-43e0-af4e-55ad01f550af": _UNSAID,
        "d21374ff-f574-44a7-9998-4a8c8bf33d7d": "refused: no logon has the number `null` that the rule asks for",
        "f239b326-2f41-4d6b-9dfa-c846a60ef505": _UNSAID,
        "f59c3faf-50f3-464b-9f4c-1b67ab512d99": _BINARY,
    },
}
"""Schema -> rule -> how its queries find something else, and why: right so, not to be had, or not known."""


JUSTIFIED: Mapping[str, Callable[[Event], bool]] = {
    _LEVEL: lambda event: str(event.get("MandatoryLabel", "")).startswith("S-1-16-"),
    _USER: lambda event: event.get("TargetUserName", "-") == "-",  # it ran as the account that started it
    _DONE: lambda event: event["EventID"] == 1117,
}
"""What must be so of every event that is found beyond the truth, by the reason that is given."""


@cache
def recorded() -> list[Event]:
    """The recorded events. Tests read them, not fixtures, which ``no_cover`` does not reach."""
    return held.recorded(recordings.folder())


@cache
def report_of(name: str) -> held.Report:
    """A schema's report."""
    return held.held(name, recorded(), held.truths(recordings.folder()))


@pytest.mark.parametrize("name", held.SHAPERS)
def test_queries_find_the_recorded_events_in_the_form_of_the_platform(name: str) -> None:
    report, explained = report_of(name), EXPLAINED[name]
    assert {
        rule_id: str(difference)
        for rule_id, difference in report.differing.items()
        if explained.get(rule_id, "").partition(":")[0] != difference.kind
    } == {}
    assert sorted(explained.keys() - report.differing.keys()) == [], "these find the same now"
    assert report.same * 100 >= report.stored * LEAST, str(report)


@pytest.mark.parametrize("name", held.SHAPERS)
def test_what_is_found_beyond_the_truth_is_what_the_reason_says(name: str) -> None:
    by_id = {event["_id"]: event for event in recorded()}
    assert {
        f"{difference.path}: {event_id}"
        for rule_id, difference in report_of(name).differing.items()
        for event_id in difference.extra
        if not JUSTIFIED.get(EXPLAINED[name].get(rule_id, ""), bool)(by_id[event_id])
    } == set()


@pytest.mark.parametrize(
    ("name", "least"), [("ecs", 494), ("splunk", 494), ("sentinel", 494), ("defender_xdr", 390)], ids=str
)
def test_the_platform_stores_events_of_most_rules(name: str, least: int) -> None:
    assert report_of(name).stored >= least


def test_shapers_agree_with_examples_of_stored_events() -> None:
    """All columns of the examples are as they say, but those that a document says otherwise of; each is needed."""
    found: dict[str, set[str]] = {platform: set() for platform in examples.OTHERWISE}
    for each in examples.examples():
        found[each.platform] |= examples.differences(each)
    assert found == {platform: set(columns) for platform, columns in examples.OTHERWISE.items()}


def test_a_difference_is_told_by_its_kind() -> None:
    kinds = [
        held.Difference("rule.yml", refused="F501: unknown"),
        held.Difference("rule.yml", extra=("a",)),
        held.Difference("rule.yml", missed=("b",)),
        held.Difference("rule.yml", extra=("a",), missed=("b",)),
    ]
    assert [each.kind for each in kinds] == ["refused", "more", "fewer", "both"]
    assert str(kinds[3]) == "rule.yml: too much: 1 (a); too little: 1 (b)"
