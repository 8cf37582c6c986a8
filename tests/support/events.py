"""The recorded events and what is known about them: which rules match which.

They are not part of the project: they are in the folder ``events`` of the corpus, whose README.md
says how scopes, aliases and truth are to be read.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from tests.support import corpus

Event = dict[str, object]

PROCESS_CREATED = 4688
SYSMON = "microsoft-windows-sysmon/operational"
DEFENDER = "microsoft-windows-windows defender/operational"


def folder() -> Path:
    """The folder of the recorded events. Without it the test is skipped, or fails in CI."""
    events = corpus.CORPUS / "events"
    if not (events / "truth.tsv").is_file():
        corpus.not_run("recorded-event truth (SIGMA_CORPUS not found)")
    return events


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# --- events -------------------------------------------------------------------------------------


def load(events: Path) -> Iterator[Event]:
    """Every recorded event, with the aliases its truth was made with."""
    for path in sorted(events.glob("*.ndjson.zst")):
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            for line in io.TextIOWrapper(stream, encoding="utf-8"):
                event = json.loads(line)
                _add_aliases(event)
                yield event


def _add_aliases(event: Event) -> None:
    for name in [name for name in event if " " in name]:
        event.setdefault(name.replace(" ", ""), event[name])
    channel = channel_of(event)
    if channel == SYSMON:
        for algorithm, digest in _digests(event):
            for spelling in (algorithm.upper(), algorithm.lower(), algorithm.capitalize()):
                event.setdefault(spelling, digest)
    elif channel == DEFENDER:
        _alias(event, "Signature", "Threat Name")
        _alias(event, "Filename", "Path")
    elif event["EventID"] == PROCESS_CREATED and event["Channel"] == "Security":
        # Spelt so: the truth's own aliases skip the 4688 events whose channel reads "security".
        _alias(event, "Image", "NewProcessName")
        _alias(event, "ParentImage", "ParentProcessName")


def _alias(event: Event, alias: str, name: str) -> None:
    if name in event:
        event.setdefault(alias, event[name])


def _digests(event: Event) -> Iterator[tuple[str, str]]:
    """``MD5=0123,SHA256=4567`` as pairs."""
    for name in ("Hashes", "Hash"):
        for part in str(event.get(name, "")).split(","):
            algorithm, equals, digest = part.partition("=")
            if equals:
                yield algorithm, digest


def channel_of(event: Event) -> str:
    """The event's channel, in lower case."""
    return str(event["Channel"]).lower()


# --- scopes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Events of a channel; ``ids`` None: any, ``kind``: the Sysmon EventType, None: any."""

    channel: str
    ids: tuple[int, ...] | None = None
    kind: str | None = None


@dataclass(slots=True)
class Events:
    """Recorded events by channel and event id, and the scopes of log sources."""

    services: dict[str, list[Place]]
    categories: dict[str, list[Place]]
    by_channel: dict[str, dict[int, list[Event]]] = field(default_factory=dict)

    def of(self, category: str | None, service: str | None) -> list[Event]:
        """The events of a Windows log source.

        A category's events (those of its service if it has one), else all events of the service's
        channels, else every event. Raises KeyError for a name that scopes.json does not have.
        """
        if category:
            places = self.categories[category]
            if service in self.services:
                channels = {place.channel for place in self.services[service]}
                places = [place for place in places if place.channel in channels]
        elif service:
            places = self.services[service]
        else:
            places = [Place(channel) for channel in self.by_channel]
        return [event for place in places for event in self._at(place)]

    def _at(self, place: Place) -> Iterator[Event]:
        by_id = self.by_channel.get(place.channel, {})
        for number in by_id if place.ids is None else place.ids:
            for event in by_id.get(number, ()):
                if place.kind is None or event.get("EventType") == place.kind:
                    yield event


def recorded(source: Path) -> Events:
    """All recorded events, sorted into channels."""
    scopes = json.loads((source / "scopes.json").read_text(encoding="utf-8"))
    events = Events(
        {name: [Place(channel.lower()) for channel in channels] for name, channels in scopes["services"].items()},
        {
            name: [Place(channel.lower(), tuple(ids), kind) for channel, ids, kind in places]
            for name, places in scopes["categories"].items()
        },
    )
    for event in load(source):
        by_id = events.by_channel.setdefault(channel_of(event), {})
        by_id.setdefault(int(str(event["EventID"])), []).append(event)
    return events
