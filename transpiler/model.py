"""A rule as the specification defines it, its conditions already trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from transpiler.ast import Node
from transpiler.span import NOWHERE, Span

LEVELS = ("informational", "low", "medium", "high", "critical")
"""The specification's levels, least severe first."""

STATUSES = ("unsupported", "deprecated", "experimental", "test", "stable")
"""The specification's statuses, least trusted first."""


class LogSource(NamedTuple):
    """Which events the rule is about; None where the rule does not say."""

    category: str | None = None
    product: str | None = None
    service: str | None = None
    definition: str | None = None
    span: Span = NOWHERE

    def __str__(self) -> str:
        return f"{self.product or '-'}/{self.category or '-'}/{self.service or '-'}"


class Condition(NamedTuple):
    """One entry of the rule's ``condition``: its text and the tree it means."""

    text: str
    tree: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    """One Sigma rule. Texts are as written; absent ones are None or empty.

    ``selections`` maps each name under ``detection`` to its tree, ``conditions`` is never empty and
    gives one query each. ``span`` is where the document begins.
    """

    title: str
    logsource: LogSource
    conditions: tuple[Condition, ...]
    selections: dict[str, Node]
    span: Span
    id: str | None = None
    name: str | None = None
    status: str | None = None
    level: str | None = None
    description: str | None = None
    author: str | None = None
    license: str | None = None
    date: str | None = None
    modified: str | None = None
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file the rule was read from."""
        return self.span.path
