"""A record of a Windows event log, as JSON made from its XML, in the flat names that Sigma uses.

Source: Microsoft, Event Schema (System, EventData, UserData). Attributes are ``#attributes`` and an
element's own text ``#text``, as the usual readers of .evtx files write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_OWN_NAMES = {"TimeCreated_SystemTime": "SystemTime"}
"""Attributes that are known by their own name; the others have that of their element before it."""

_BODIES = ("EventData", "UserData", "ProcessingErrorData", "BinaryEventData")


def is_windows(value: dict[str, Any]) -> bool:
    """Whether a JSON object is a Windows event."""
    event = value.get("Event")
    return type(event) is dict and type(event.get("System")) is dict


def flatten_windows(event: dict[str, Any]) -> dict[str, Any]:
    """The ``Event`` of a record: the parts of System by name, then the event's own data, System's winning."""
    flat: dict[str, Any] = {}
    for name, element in event["System"].items():
        for attribute, value in _attributes(element):
            full = f"{name}_{attribute}"
            flat[_OWN_NAMES.get(full, full)] = value
        text = _text(element)
        if text is not None:
            flat[name] = text
    for body in _BODIES:
        for name, value in _data(event.get(body)):
            flat.setdefault(name, value)
    return flat


def _attributes(element: Any) -> Iterator[tuple[str, Any]]:
    found = element.get("#attributes") if type(element) is dict else None
    if type(found) is dict:
        yield from found.items()


def _text(element: Any) -> Any:
    """The text of an element without children; None if it has none. Several texts are lines of one."""
    if type(element) is dict:
        element = element.get("#text")
    if type(element) is list:
        return "\n".join(map(str, element))
    return element


def _data(body: Any) -> Iterator[tuple[str, Any]]:
    """The innermost elements of a body, by name. An element without text holds the empty string."""
    if type(body) is not dict:
        return
    for name, element in body.items():
        if name == "#attributes":
            continue
        if type(element) is dict and not element.keys() <= {"#attributes", "#text"}:
            yield from _data(element)
        else:
            text = _text(element)
            yield name, "" if text is None else text
