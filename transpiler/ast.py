"""The tree a rule becomes: what it looks for, and nothing about any query language.

Architecture invariant: nodes are values. They are frozen, hashable and compared by content; the
``span`` says where a node came from and takes no part in comparison. A pass returns a new tree or
the same object. (They are named tuples: a rule set makes a hundred thousand of them, and a frozen
dataclass takes three times as long to make and four times as long to define.)

What each leaf means is in :mod:`transpiler.evaluate`, which is executable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from transpiler.span import NOWHERE, Span

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from transpiler.pattern import Pattern
    from transpiler.regex import Regex as Expression

FieldType = Literal["unknown", "string", "int", "float", "bool", "ip", "datetime", "dynamic"]
"""What a column holds. ``unknown``: nobody said; ``dynamic``: a JSON value."""

Strings = Literal["keyword", "wildcard", "text", "folded"]
"""How a string column is indexed.

``keyword`` and ``wildcard``: whole values, case kept; ``text``: analysed into lower-case words;
``folded``: whole values, case-folded by the index, so that comparisons ignore case by themselves.
"""


class Field(NamedTuple):
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


class And(NamedTuple):
    """Every child holds."""

    children: tuple[Node, ...]
    span: Span = NOWHERE


class Or(NamedTuple):
    """At least one child holds."""

    children: tuple[Node, ...]
    span: Span = NOWHERE


class Not(NamedTuple):
    """The child does not hold; two-valued, so true where the child's field is missing."""

    child: Node
    span: Span = NOWHERE


class Match(NamedTuple):
    """The field's value as text matches one of the patterns; letter case counts if ``cased``."""

    field: Field
    patterns: tuple[Pattern, ...]
    cased: bool = False
    span: Span = NOWHERE


class Equals(NamedTuple):
    """The field is one of these numbers or booleans, or their text (``4688`` or ``"4688"``)."""

    field: Field
    values: tuple[int | float | bool, ...]
    span: Span = NOWHERE


Comparison = Literal["lt", "lte", "gt", "gte"]


class Compare(NamedTuple):
    """The field, as a number, is below or above ``value``."""

    field: Field
    op: Comparison
    value: int | float
    span: Span = NOWHERE


class Cidr(NamedTuple):
    """The field is an address inside one of the networks."""

    field: Field
    networks: tuple[IPv4Network | IPv6Network, ...]
    span: Span = NOWHERE


class Regex(NamedTuple):
    """The expression is found somewhere in the field's value as text."""

    field: Field
    regex: Expression
    span: Span = NOWHERE


Part = Literal["equals", "startswith", "endswith", "contains"]


class FieldRef(NamedTuple):
    """The field's value equals, starts with, ends with or contains the other field's value."""

    field: Field
    other: Field
    part: Part = "equals"
    cased: bool = False
    span: Span = NOWHERE


class Exists(NamedTuple):
    """The event has the field, whatever its value (null and ``""`` included)."""

    field: Field
    span: Span = NOWHERE


class IsNull(NamedTuple):
    """The field is missing or null."""

    field: Field
    span: Span = NOWHERE


TimeUnit = Literal["minute", "hour", "day", "week", "month", "year"]


class TimePart(NamedTuple):
    """That part of the field, a date and time in UTC, is one of the values (``hour`` 0 to 23).

    ``day`` is the day of the month, ``week`` the ISO week of the year.
    """

    field: Field
    unit: TimeUnit
    values: tuple[int, ...]
    span: Span = NOWHERE


class Keyword(NamedTuple):
    """One of the patterns occurs inside some value of the event, or in the raw event.

    The patterns already have ``*`` on both sides: a keyword is searched for, not compared.
    """

    patterns: tuple[Pattern, ...]
    cased: bool = False
    span: Span = NOWHERE


class KeywordRegex(NamedTuple):
    """The expression is found inside some value of the event, or in the raw event."""

    regex: Expression
    span: Span = NOWHERE


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


def _equal(self: Any, other: object) -> bool:
    """Nodes are equal when their classes and all but their spans, which stand last, are."""
    return type(self) is type(other) and self[:-1] == other[:-1]  # type: ignore[index]


def _equal_values(self: Equals, other: object) -> bool:
    """True == 1 in Python, and a rule's ``true`` is not its ``1``."""
    return _equal(self, other) and [*map(type, self.values)] == [*map(type, other.values)]  # type: ignore[attr-defined]


def _differ(self: Any, other: object) -> bool:
    return not self.__eq__(other)


def _hash(self: Any) -> int:
    return hash((type(self), self[:-1]))


for _class in NODES:
    _class.__eq__ = _equal_values if _class is Equals else _equal  # type: ignore[assignment, method-assign]
    _class.__ne__ = _differ  # type: ignore[method-assign]
    _class.__hash__ = _hash  # type: ignore[method-assign]
