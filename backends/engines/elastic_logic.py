"""The logic and the comparisons that Elastic's own languages share: three values, of which null is None."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from transpiler.engine import CannotRun, Row

Give = Callable[[Row], Any]
"""What an expression gives for a row; for a condition True, False or None."""

HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""Sign -> the comparison of two values of one sort."""


def junction(children: Sequence[Give], stops: bool) -> Give:
    """OR (``stops`` is True) is true if a child is, AND (False) false if one is; else it is null if one is."""

    def give(row: Row) -> Any:
        found: bool | None = not stops
        for child in children:
            answer = child(row)
            if answer is stops:
                return stops
            if answer is None:
                found = None
        return found

    return give


def negation(child: Give) -> Give:
    """NOT, of null null."""
    return lambda row: None if (found := child(row)) is None else not found


def text_of(value: Any) -> str:
    """A number or boolean as Java writes it; its larger and smaller fractions have an exponent and are not read."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value and not 1e-3 <= abs(value) < 1e7:
        raise CannotRun(f"cannot read: the text that Java makes of {value!r}")
    return str(value)
