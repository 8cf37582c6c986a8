"""Values that a field can have: what its column takes, and what no rule asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import Enum
from ipaddress import ip_address
from typing import Any, Final

from transpiler.ast import Field
from transpiler.values import text_of


class Missing(Enum):
    """The field is not in the event."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

Value = Any
"""A JSON value, or MISSING."""

LONGEST = 100_000
"""The most characters of a text made for an event, unless the rule itself asks for more."""

_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_WHOLE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def merged(fields: Iterable[Field]) -> dict[str, Field]:
    """The fields by name; what only some of a field's leaves know of it, the others know too.

    A column that is compared with addresses and with other text holds text.
    """
    found: dict[str, Field] = {}
    for field in fields:
        known = found.setdefault(field.name, field)
        if known is not field and known != field:
            found[field.name] = _both(known, field)
    return found


def _both(one: Field, other: Field) -> Field:
    kinds = [each.type for each in (one, other) if each.type != "unknown"]
    kind = "string" if {*kinds} == {"ip", "string"} else kinds[0] if kinds else "unknown"
    return one._replace(type=kind, many=one.many or other.many, folded=one.folded or other.folded)


def several(field: Field) -> bool:
    """Whether an event may have a list there; so it may where nothing is known of the column."""
    return field.many or field.type == "unknown"


def holds_text(field: Field) -> bool:
    """Whether the column takes any text."""
    return field.type in ("string", "unknown", "dynamic")


def fitted(field: Field, values: Iterable[Value]) -> Iterator[Value]:
    """The values as the column has them; those that it cannot have are left out."""
    read = _READERS.get(field.type)
    for value in values:
        if value is MISSING or value is None:
            yield value
        elif isinstance(value, list):
            if several(field) and MISSING not in value:
                each = list(fitted(field, value))
                if len(each) == len(value) and (field.type == "unknown" or None not in each):
                    yield each
        elif read is None:
            yield value
        else:
            found = read(value)
            if found is not None:
                yield found


def _text(value: Value) -> Value | None:
    return text_of(value)


def _int(value: Value) -> Value | None:
    text = text_of(value)
    return int(text) if text is not None and _INT.fullmatch(text) and text != "-0" else None


def _float(value: Value) -> Value | None:
    text = text_of(value)
    if text is None or not _FRACTION.fullmatch(text):
        return _int(value)
    return float(text) if text_of(float(text)) == text else None


def _bool(value: Value) -> Value | None:
    text = text_of(value)
    return {"true": True, "false": False}.get(text) if text is not None else None


def _ip(value: Value) -> Value | None:
    try:
        address = ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if address is None or (address.version == 6 and address.ipv4_mapped):
        return None  # a column of addresses does not tell ::ffff:10.0.0.1 from 10.0.0.1
    return str(address)


def _date(value: Value) -> Value | None:
    if not isinstance(value, str) or not _WHOLE_DATE.match(value) or "t" in value:
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return None
    return value


_READERS: dict[str, Callable[[Value], Value | None]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "ip": _ip,
    "datetime": _date,
    "string": _text,
}
"""Type -> the value as such a column has it, None if it has none such."""

_TEXTS = ("other", "zq-7", "7", "_", "\u00b6", "")

_NEUTRAL: dict[str, tuple[Value, ...]] = {
    "int": (7, 0, 1000003, -5),
    "float": (0.5, 7, -1000.25, 0),
    "bool": (False, True),
    "ip": ("192.0.2.7", "2001:db8::7", "10.1.2.3", "203.0.113.9", "127.0.0.1", "::1"),
    "datetime": ("2001-02-03T04:05:06Z", "2019-11-30T23:59:59Z", "2024-07-16T12:30:00Z"),
}


def neutral(field: Field) -> tuple[Value, ...]:
    """Values that a rule hardly asks for, of the column's type."""
    return _NEUTRAL.get(field.type, _TEXTS)


_FILLS: dict[str, tuple[str, ...]] = {
    "int": ("1", "", "0", "77"),
    "float": ("1", "", "0.5", ".5"),
    "ip": (
        *("1", "", "0.1", ".1", "0.0.1", ".0.0.1", "1.0.0.1", "::1", ":1"),
        *("1.", "10.", "10.0.", "10.0.0.", "2001:db8::"),
    ),
    "datetime": ("", "T12:30:00Z", "-15T12:30:00Z", "-07-15T12:30:00Z", "2024-", "2024-07-", "2024-07-15T"),
}
_TEXT_FILLS = ("x", "", " ", "q7", "\\", "_0")


def fills(field: Field) -> tuple[str, ...]:
    """What may stand where a pattern has ``*``, so that the whole is a value of the column."""
    return _FILLS.get(field.type, _TEXT_FILLS)
