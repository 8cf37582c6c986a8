"""What a backend returns: a query, and all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transpiler.diagnostics import Diagnostic
from transpiler.span import Span

if TYPE_CHECKING:
    from transpiler.ast import Field
    from transpiler.model import Rule
    from transpiler.schema import Mapped


@dataclass(frozen=True, slots=True)
class Source:
    """Where a query looks: what a schema says of the rule's log source beyond field predicates.

    ``index``: index pattern (Elastic) or index (Splunk); ``table``: Kusto table; ``category``: EQL
    event category; ``time``: the time field; ``keyword_fields``: where a bare keyword may be
    looked for when the language has no search over all fields. ``mixed``: fields that the rule
    compares with networks and with other text, and where it does so: no column of addresses holds both.
    ``model``: data model of Splunk's (``Endpoint.Processes``); ``entities``: the columns that say which
    host, account, ... an event is about, for results that show some columns only.
    """

    index: str | None = None
    table: str | None = None
    category: str | None = None
    time: str | None = None
    keyword_fields: tuple[Field, ...] = ()
    mixed: tuple[tuple[str, Span], ...] = ()
    model: str | None = None
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller decides about the form of a query.

    ``strings``: ``folded`` declares that the deployment's string fields are case-folded by their
    index, which allows the short form. ``index`` and ``table`` name the source and win over the
    schema's. ``telemetry``: the way in which events are recorded that is preferred (a name that
    schemas use, such as ``sysmon``), or ``all``. ``unmapped``: ``pass`` keeps the names of fields and
    log sources that the schema does not know, with a warning.
    """

    strings: str | None = None
    index: str | None = None
    table: str | None = None
    telemetry: str | None = None
    unmapped: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A query and where it came from.

    ``text`` is what a user pastes. ``number`` counts the rule's queries for a target from 1: a rule with
    a list of conditions gives several, of which this is that of the one numbered ``condition``, and so does
    one whose events a schema keeps in several places; then ``place`` is the telemetry that this one looks
    at. ``mapped`` is the condition in the schema's names.
    ``diagnostics`` holds warnings and notes, never errors.
    """

    text: str
    rule: Rule
    target: str
    schema: str
    number: int = 1
    diagnostics: tuple[Diagnostic, ...] = ()
    mapped: Mapped | None = field(default=None, repr=False, compare=False)
    condition: int = 1
    place: str = ""

    @property
    def rule_id(self) -> str | None:
        """The rule's id, or None when it has none."""
        return self.rule.id

    @property
    def which(self) -> str:
        """Which of the rule's queries for a target this is; empty when it is the only one."""
        many = len(self.rule.conditions)
        parts = [f"condition {self.condition} of {many}"] if many > 1 else []
        return ", ".join([*parts, *([self.place] if self.place else [])])

    @property
    def title(self) -> str:
        """The rule's title."""
        return self.rule.title
