"""Where something stands in a file."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A place in a source text.

    ``path`` is the name the user gave (``-`` for standard input), ``line`` and ``column`` count
    from 1 in characters, ``length`` is how many characters the caret underlines.
    """

    path: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


NOWHERE = Span("", 0, 0, 0)
"""The span of what no file holds, such as a predicate that a schema adds."""
