"""The tree a rule becomes: what it looks for, and nothing about any query language.

Architecture invariant: nodes are values. They are frozen, hashable and compared by content; the
``span`` says where a node came from and takes no part in comparison. A pass returns a new tree or
the same object.

What each leaf means is in :mod:`transpiler.evaluate`, which is executable.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from transpiler.pattern import Pattern
from transpiler.regex import Regex as Expression
from transpiler.span import NOWHERE, Span

FieldType = Literal["unknown", "string", "int", "float", "bool", "ip", "datetime", "dynamic"]
"""What a column holds. ``unknown``: nobody said; ``dynamic``: a JSON value."""

Strings = Literal["keyword", "wildcard", "text", "folded"]
"""How a string column is indexed.

``keyword`` and ``wildcard``: whole values, case kept; ``text``: analysed into lower-case words;
``folded``: whole values, case-folded by the index, so that comparisons ignore case by themselves.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field, and what is known about it.

    The parser knows the name alone; a schema replaces it by the platform's name and fills in the
    rest. ``many``: an event may hold several values. ``folded``: the name of a sub-field that holds
    the same values case-folded, if there is one.
    """

    name: str
    type: FieldType = "unknown"
    strings: Strings = "keyword"
    many: bool = False
    folded: str | None = None


@dataclass(frozen=True, slots=True)
class And:
    """Every child holds."""

    children: tuple[Node, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one child holds."""

    children: tuple[Node, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The child does not hold; two-valued, so true where the child's field is missing."""

    child: Node
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """The field's value as text matches one of the patterns; letter case counts if ``cased``."""

    field: Field
    patterns: tuple[Pattern, ...]
    cased: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is one of these numbers or booleans, or their text (``4688`` or ``"4688"``)."""

    field: Field
    values: tuple[int | float | bool, ...]
    span: Span = attribute(default=NOWHERE, compare=False)

    def __eq__(self, other: object) -> bool:
        # True == 1 in Python, and a rule's `true` is not its `1`.
        if not isinstance(other, Equals):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.field, tuple((type(value) is bool, value) for value in self.values))


Comparison = Literal["lt", "lte", "gt", "gte"]


@dataclass(frozen=True, slots=True)
class Compare:
    """The field, as a number, is below or above ``value``."""

    field: Field
    op: Comparison
    value: int | float
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Cidr:
    """The field is an address inside one of the networks."""

    field: Field
    networks: tuple[IPv4Network | IPv6Network, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Regex:
    """The expression is found somewhere in the field's value as text."""

    field: Field
    regex: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


Part = Literal["equals", "startswith", "endswith", "contains"]


@dataclass(frozen=True, slots=True)
class FieldRef:
    """The field's value equals, starts with, ends with or contains the other field's value."""

    field: Field
    other: Field
    part: Part = "equals"
    cased: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """The event has the field, whatever its value (null and ``""`` included)."""

    field: Field
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """The field is missing or null."""

    field: Field
    span: Span = attribute(default=NOWHERE, compare=False)


TimeUnit = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class TimePart:
    """That part of the field, a date and time in UTC, is one of the values (``hour`` 0 to 23).

    ``day`` is the day of the month, ``week`` the ISO week of the year.
    """

    field: Field
    unit: TimeUnit
    values: tuple[int, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of the patterns occurs inside some value of the event, or in the raw event.

    The patterns already have ``*`` on both sides: a keyword is searched for, not compared.
    """

    patterns: tuple[Pattern, ...]
    cased: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class KeywordRegex:
    """The expression is found inside some value of the event, or in the raw event."""

    regex: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


Leaf = Match | Equals | Compare | Cidr | Regex | FieldRef | Exists | IsNull | TimePart | Keyword | KeywordRegex
Node = And | Or | Not | Leaf

NODES: tuple[type[Node], ...] = (
    And,
    Or,
    Not,
    Match,
    Equals,
    Compare,
    Cidr,
    Regex,
    FieldRef,
    Exists,
    IsNull,
    TimePart,
    Keyword,
    KeywordRegex,
)
"""Every node class; a backend handles each or declares it unsupported."""
