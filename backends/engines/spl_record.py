"""An event as Splunk has it when a search runs: fields of text, and the event as it was logged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from transpiler.engine import Row
from transpiler.values import text_of


class Undocumented(Exception):
    """Splunk's documents do not say what happens on this event: there is no answer."""


RAW = "_raw"
TIME = "_time"


class Raw(str):
    """The raw event of a row that does not carry one: its values, one a line.

    How an event was logged is not known; ``parts`` are what surely stands in it. What is found only
    across them, or in one of them only by itself, has no answer.
    """

    __slots__ = ("parts",)

    parts: list[str]

    def __new__(cls, parts: list[str]) -> Raw:
        self = super().__new__(cls, "\n".join(parts))
        self.parts = parts
        return self


class Apart(list[str]):
    """Values of a field of which the documents do not say how a command hands them on."""

    __slots__ = ()


_ASCII = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def fold_ascii(text: str) -> str:
    """Lower case of A to Z alone."""
    return text.translate(_ASCII)


class Record:
    """Fields, each with its values, never none, as text; numbers only where a command put them.

    ``wide``: letters beyond ASCII have case too. Splunk's documents do not say whether they do, so an
    event that has such letters is judged both ways, and has an answer only if both agree.
    """

    __slots__ = ("_folded", "fields", "wide")

    def __init__(self, fields: Mapping[str, list[str]], *, wide: bool = False) -> None:
        self.fields: dict[str, list[str]] = dict(fields)
        self.wide = wide
        self._folded: dict[str, list[str]] = {}

    def values(self, name: str) -> list[str]:
        """The values of a field; none if it is missing. Raises Undocumented where it is not known."""
        found = self.fields.get(name, _NONE)
        if type(found) is Apart:
            raise Undocumented(f"the values of {name}")
        return found

    def folded(self, name: str) -> list[str]:
        """The values without letter case."""
        found = self._folded.get(name)
        if found is None:
            found = self._folded[name] = [*map(self.fold, self.values(name))]
        return found

    def fold(self, text: str) -> str:
        """A text without letter case."""
        return text.lower() if self.wide else fold_ascii(text)

    def put(self, name: str, values: list[str]) -> None:
        """Give a field these values; none takes it away."""
        self._folded.pop(name, None)
        if values:
            self.fields[name] = values
        else:
            self.fields.pop(name, None)

    def become(self, fields: Mapping[str, list[str]]) -> None:
        """Have these fields instead."""
        self.fields = dict(fields)
        self._folded.clear()


_NONE: list[str] = []


def fields_of(row: Row) -> dict[str, list[str]]:
    """What Splunk extracts from an event.

    A field with an empty value is none: KEEP_EMPTY_VALS "controls whether Splunk software keeps
    field/value pairs when the value is an empty string. ... Default: false", and automatic extraction
    "ignores field/value pairs with empty values" (transforms.conf). A row that does not carry its raw
    event gets a :class:`Raw`.
    """
    texts = {name: [_text(name, each) for each in _many(value)] for name, value in row.items()}
    fields = {name: kept for name, values in texts.items() if (kept := [each for each in values if each])}
    if RAW not in fields:
        fields[RAW] = [Raw([each for values in fields.values() for each in values])]
    return fields


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(name: str, value: Any) -> str:
    """``_time`` is "expressed in UNIX time" ("Use default fields"); other dates are text."""
    if isinstance(value, datetime):
        return f"{value.timestamp():.6f}" if name == TIME else value.isoformat()
    return str(text_of(value))
