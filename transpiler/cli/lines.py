"""The lines of sources, for the excerpts of diagnostics."""

from __future__ import annotations

import re

from transpiler.errors import SourceError
from transpiler.source import read

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML 1.1, as libyaml counts lines."""


class Lines:
    """Gives lines by file and number. Files are read when a line is asked for, the last is kept."""

    def __init__(self) -> None:
        self._kept: dict[str, list[str]] = {}
        self._last: tuple[str, list[str]] = ("", [])

    def keep(self, path: str, text: str) -> None:
        """Remember a text that can not be read again (standard input, a pipe)."""
        self._kept[path] = _BREAK.split(text)

    def line(self, path: str, number: int) -> str | None:
        """A line, counted from 1; None when it is not there (any more)."""
        lines = self._kept.get(path)
        if lines is None:
            if self._last[0] != path:
                self._last = (path, _lines(path))
            lines = self._last[1]
        return lines[number - 1] if 0 < number <= len(lines) else None


def _lines(path: str) -> list[str]:
    if path == "-":
        return []
    try:
        return _BREAK.split(read(path))
    except SourceError:
        return []
