"""What runs an emitted query on events: the contract of an engine.

An engine is found by the entry-point group ``transpiler.engines``. It knows a query language and
nothing of Sigma: it gets a text, the columns that the text may name, and rows, and says which rows
the query selects. Importing one is cheap; what it needs is imported when it starts.

Architecture invariant: an engine that is absent, refuses, fails or is slow raises :class:`CannotRun`
(or is stopped by :mod:`transpiler.worker`); nothing of that is ever taken for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from transpiler.ast import FieldType, Strings

Row = Mapping[str, Any]
"""An event as columns hold it: column -> a str, int, float, bool, datetime (UTC), or a list of two or more
of one type. Addresses are text. What is missing, null or an empty list has no entry."""

Answer = bool | None
"""Whether a row is selected; None: the engine has no answer for such a row (say, a list in a scalar column)."""


class CannotRun(Exception):
    """The engine cannot run this query, or cannot run at all; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a platform's column holds and how its strings are indexed; see :class:`transpiler.ast.Field`."""

    type: FieldType = "string"
    strings: Strings = "keyword"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and the columns of the table it is run on.

    ``columns`` has every column that a row may have, and those the query names; a name that is in
    neither is not mapped. ``schema`` is the name of the schema the query was written for.
    """

    text: str
    target: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    schema: str = "none"


class Runner(Protocol):
    """Runs queries. It is started once, asked many times, and stopped."""

    def start(self) -> str:
        """Make ready; gives name and version, as ``Lucene 10.5.0``. Raises CannotRun, saying what to install."""
        ...

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query selects it. Raises CannotRun."""
        ...

    def stop(self) -> None:
        """Give everything back. Never raises."""
        ...


class Engine(Runner, Protocol):
    """A runner, and what is known of it before it starts."""

    TARGETS: ClassVar[tuple[str, ...]]
    """The targets whose queries it runs."""

    OURS: ClassVar[bool]
    """Whether it is an evaluator of this project, and so no independent witness."""
