"""The text a value has: what a rule's strings are compared with."""

from __future__ import annotations

_LONG = 13_000
"""Bits of the largest whole number that ``str`` writes; Python limits it to 4,300 digits."""


def text_of(value: object) -> str | None:
    """The text of a JSON value; None for null, lists, objects and whatever JSON does not have.

    Booleans are ``true`` and ``false``, numbers decimal without exponent.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < _LONG else _without_exponent(value)
    if isinstance(value, float):
        text = repr(value)
        return _without_exponent(text) if "e" in text else text
    return None


def _without_exponent(value: int | str) -> str:
    from decimal import Decimal

    return format(Decimal(value), "f")
