"""What a backend returns: a query, and all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transpiler.diagnostics import Diagnostic
from transpiler.span import Span

if TYPE_CHECKING:
    from transpiler.model import Rule


@dataclass(frozen=True, slots=True)
class Source:
    """Where a query looks: what a schema says of the rule's log source beyond field predicates.

    ``index``: index pattern (Elastic) or index (Splunk); ``table``: Kusto table; ``category``: EQL
    event category; ``time``: the time field; ``keyword_fields``: where a bare keyword may be
    looked for when the language has no search over all fields. ``mixed``: fields that the rule
    compares with networks and with other text, and where it does so: no column of addresses holds both.
    """

    index: str | None = None
    table: str | None = None
    category: str | None = None
    time: str | None = None
    keyword_fields: tuple[str, ...] = ()
    mixed: tuple[tuple[str, Span], ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller decides about the form of a query.

    ``strings``: ``folded`` declares that the deployment's string fields are case-folded by their
    index, which allows the short form. ``index`` and ``table`` name the source and win over the
    schema's.
    """

    strings: str | None = None
    index: str | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A query and where it came from.

    ``text`` is what a user pastes. ``number`` counts the rule's queries from 1 (a rule with a list
    of conditions gives several). ``diagnostics`` holds warnings and notes, never errors.
    """

    text: str
    rule: Rule
    target: str
    schema: str
    number: int = 1
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def rule_id(self) -> str | None:
        """The rule's id, or None when it has none."""
        return self.rule.id

    @property
    def title(self) -> str:
        """The rule's title."""
        return self.rule.title
