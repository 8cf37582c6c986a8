"""Schemas: what a platform calls the fields of a log source, and where it keeps them.

A schema is data (:mod:`transpiler.schemafile` reads it, docs/schema-format.md describes it). Mapping a
rule is a pure function from tree to trees, in :mod:`transpiler.mapping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from transpiler.ast import Field, Node, Strings
from transpiler.model import LogSource

if TYPE_CHECKING:
    from transpiler.diagnostics import Diagnostic
    from transpiler.query import Source


class Transform(Protocol):
    """How the values of a rule's field are kept, where it is not as they are (:mod:`transpiler.transforms`)."""

    columns: tuple[Field, ...]
    assumes: str
    """What must hold of events for a leaf to mean what the rule says; empty where nothing need be."""

    def leaf(self, node: Any) -> Node:
        """A leaf on the rule's field, in the platform's columns. Raises SchemaError (F503)."""
        ...

    def store(self, value: str) -> Mapping[str, Any]:
        """What the platform keeps of a value: by column."""
        ...

    def read(self, event: Mapping[str, Any]) -> str | None:
        """The value that the platform's columns stand for, or None where there is none."""
        ...


class Columns(NamedTuple):
    """What one Sigma field is on the platform.

    ``columns`` may each hold it (several: any of them). ``values``: what a value means that is not in
    a column as it is (``EventID: 1`` is ``ActionType: ProcessCreated``); a closed list, unless there
    are ``columns`` for the others. ``transform``: how the columns hold it. ``remarks``: what a query on
    the field says of itself, by the code of the diagnostic.
    """

    columns: tuple[Field, ...] = ()
    values: Mapping[str, Node] | None = None
    transform: Transform | None = None
    remarks: Mapping[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple([column.name for column in self.columns])


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One way in which a log source's events are recorded, such as Sysmon or Security auditing.

    ``when`` selects its events, ``fields`` maps the rule's names, ``absent`` are names of the log source
    that this telemetry never records, ``dropped`` values that it leaves out of every field. ``pins``
    lists, for a field, the values that its events can have (``EventID: [4688]``). ``others`` gives the
    column of a name that is not in ``fields``, where the platform keeps names as they are. ``model`` is
    a data model of Splunk's.
    """

    name: str
    fields: Mapping[str, Columns]
    title: str = ""
    when: Node | None = None
    absent: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: Callable[[str], Field] | None = None
    index: str | None = None
    table: str | None = None
    model: str | None = None
    category: str | None = None
    keywords: tuple[Field, ...] = ()
    entities: Mapping[str, str] = field(default_factory=dict)
    """Beside the schema's; ``""`` takes one of these away."""

    def __str__(self) -> str:
        return self.title or self.name


class Route(NamedTuple):
    """Where a log source's events are: its telemetries, the preferred one first.

    A part of the log source that is None here fits any. ``all``: every telemetry that has what a rule
    asks for is searched, not the first alone. ``each``: the telemetries are of different kinds of events,
    and every one is searched whose events a rule may match, whatever else it asks for.
    """

    product: str | None
    category: str | None
    service: str | None
    telemetries: tuple[Telemetry, ...]
    all: bool = False
    each: bool = False

    def __str__(self) -> str:
        return shown(self.product, self.category, self.service)


def shown(product: str | None, category: str | None, service: str | None) -> str:
    """A log source as diagnostics write it."""
    return f"{product or '-'}/{category or '-'}/{service or '-'}"


class Routes(Protocol):
    """The log sources of a schema, read when they are asked for."""

    def of(self, logsource: LogSource) -> tuple[Route, ...]:
        """The routes that fit a rule's log source, the most particular first. Raises SchemaError (F505)."""
        ...

    def known(self) -> tuple[str, ...]:
        """Every log source, as diagnostics write it."""
        ...

    def why_not(self, logsource: LogSource) -> str | None:
        """Why the platform does not record a log source, if the schema says so."""
        ...

    def columns(self) -> Mapping[str, Field]:
        """Every column, by name."""
        ...

    def __iter__(self) -> Iterator[Route]: ...


class NoRoutes:
    """The routes of a schema that has none."""

    def of(self, logsource: LogSource) -> tuple[Route, ...]:
        """None."""
        return ()

    def known(self) -> tuple[str, ...]:
        """None."""
        return ()

    def why_not(self, logsource: LogSource) -> str | None:
        """None."""

    def columns(self) -> Mapping[str, Field]:
        """None."""
        return {}

    def __iter__(self) -> Iterator[Route]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Schema:
    """A platform's names.

    ``keep``: a field or log source that is not in the schema keeps the rule's name, typed by the rule's
    values (only ``none`` does so); otherwise it is refused. ``numbers``: names of fields that hold whole
    numbers whatever the rule's quotes say. ``entities``: which column says which host, account, process,
    file, ip, url or hash an event is about.
    """

    name: str
    title: str
    targets: tuple[str, ...]
    routes: Routes = field(default_factory=NoRoutes)
    keep: bool = False
    numbers: frozenset[str] = frozenset()
    strings: Strings = "keyword"
    keyword_fields: tuple[Field, ...] = ()
    index: str | None = None
    table: str | None = None
    time: str | None = None
    entities: Mapping[str, str] = field(default_factory=dict)

    def entities_of(self, telemetry: Telemetry) -> dict[str, str]:
        """The entities of a telemetry's events: which column says which."""
        return {kind: name for kind, name in {**self.entities, **telemetry.entities}.items() if name}


class Mapped(NamedTuple):
    """A rule's condition in the platform's names.

    ``telemetries``: how its events are recorded there; the schema ``none`` does not say.
    """

    tree: Node
    source: Source
    notes: tuple[Diagnostic, ...] = ()
    telemetries: tuple[Telemetry, ...] = ()
