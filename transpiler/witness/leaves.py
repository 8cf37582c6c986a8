"""What may satisfy a leaf, and what nearly does, for each kind of leaf.

Values are given as JSON has them; :func:`transpiler.witness.values.fitted` puts them in the type of
the column, or leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from itertools import islice
from typing import Any

from transpiler import ast
from transpiler.ast import Field
from transpiler.pattern import Pattern
from transpiler.values import text_of
from transpiler.witness.texts import Piece, piece
from transpiler.witness.values import MISSING, Value, neutral

Values = Mapping[str, Value]
"""The values of an event, by field; what is missing has no entry."""

_LARGEST = 2**63
"""Where whole numbers end that a column of numbers can hold."""


def number(value: int | float | bool) -> Value:
    """A number as an event has it; one that no column of numbers holds is text."""
    return value if -_LARGEST <= value < _LARGEST else text_of(value)


# --- how many ways there are, and in which order they are shown -------------------------------------


def alternatives(leaf: Any) -> Sequence[Any]:
    """The patterns, values or networks any one of which makes the leaf true."""
    held = _HELD.get(type(leaf))
    return getattr(leaf, held) if held else (leaf,)


_HELD = {
    ast.Match: "patterns",
    ast.Keyword: "patterns",
    ast.Equals: "values",
    ast.Cidr: "networks",
    ast.TimePart: "values",
}

_MOST = 2_000
"""How many alternatives of one leaf are looked at; of more, some from the whole length of the list."""


def ordered(leaf: Any) -> list[int]:
    """The alternatives' numbers: each in turn differs from those before it as much as can be seen.

    Patterns are of one sort if they have the same shape and the same signs that are no letters.
    """
    held = alternatives(leaf)
    step = -(-len(held) // _MOST)
    sorts: dict[object, list[int]] = {}
    for index in range(0, len(held), step):
        each = held[index]
        sort = (each.kind, _signs(each)) if isinstance(each, Pattern) else type(each)
        sorts.setdefault(sort, []).append(index)
    rows = list(sorts.values())
    longest = max(map(len, rows))
    return [row[turn] for turn in range(longest) for row in rows if turn < len(row)]


def _signs(given: Pattern) -> frozenset[str]:
    texts = [token for token in given.tokens if isinstance(token, str)]
    return frozenset([each for text in texts for each in text[:200] if not (each.isascii() and each.isalnum())])


def pieces(leaf: ast.Match | ast.Keyword, first: int) -> Iterator[Piece]:
    """The pieces of a leaf's patterns, that of number ``first`` first; of very many, the next ones."""
    held = leaf.patterns
    return (piece(held[(first + index) % len(held)]) for index in range(min(len(held), 24)))


# --- values with which a leaf holds -------------------------------------------------------------------


def candidates(leaf: Any, name: str, first: int, values: Values) -> Iterable[Value]:
    """Values for a field among which one is likely to satisfy a leaf that is not about patterns.

    ``first``: the alternative to begin with; ``values``: what the event's other fields are.
    """
    make = _CANDIDATES.get(type(leaf))
    return make(leaf, name, first, values) if make else ()


def _from(held: Sequence[Any], first: int) -> Iterator[Any]:
    return (held[(first + index) % len(held)] for index in range(min(len(held), 24)))


def _equals(leaf: ast.Equals, _: str, first: int, __: Values) -> Iterable[Value]:
    return map(number, _from(leaf.values, first))


def _compare(leaf: ast.Compare, _: str, __: int, ___: Values) -> Iterable[Value]:
    limit = leaf.value
    if not _finite(limit):
        return (number(limit),)
    sign = 1 if leaf.op in ("gt", "gte") else -1
    whole = int(limit)
    near = (whole + sign, whole + 2 * sign, limit, whole + 1000 * sign, whole, whole - sign, limit + sign / 2)
    return map(number, near)


def _finite(value: float) -> bool:
    return -1e300 < value < 1e300


def _cidr(leaf: ast.Cidr, _: str, first: int, __: Values) -> Iterator[Value]:
    for network in _from(leaf.networks, first):
        low, high = int(network.network_address), int(network.broadcast_address)
        kind = type(network.network_address)
        for each in dict.fromkeys((low + (high - low) // 2, low, high, min(low + 1, high))):
            yield str(kind(each))


def _exists(_: ast.Exists, __: str, ___: int, ____: Values) -> Iterable[Value]:
    return ()


def _is_null(_: ast.IsNull, __: str, ___: int, ____: Values) -> Iterable[Value]:
    return MISSING, None


def _reference(leaf: ast.FieldRef, name: str, _: int, values: Values) -> Iterator[Value]:
    """What the one field has to be for what the other one is."""
    forwards = name == leaf.field.name
    given = values.get(leaf.other.name if forwards else leaf.field.name)
    if leaf.part == "equals" and given is not None:
        yield given
    text = text_of(given)
    if text is None:
        return
    yield from _LONGER[leaf.part](text) if forwards else (text, *_SHORTER[leaf.part](text))


_LONGER: dict[str, Callable[[str], tuple[str, ...]]] = {
    "equals": lambda text: (text,),
    "startswith": lambda text: (text + "x", text),
    "endswith": lambda text: ("x" + text, text),
    "contains": lambda text: ("x" + text + "x", text),
}
_SHORTER: dict[str, Callable[[str], tuple[str, ...]]] = {
    "equals": lambda _: (),
    "startswith": lambda text: (text[:1], text[: len(text) // 2]),
    "endswith": lambda text: (text[-1:], text[len(text) // 2 :]),
    "contains": lambda text: (text[1:-1], text[:1]),
}


def _time_part(leaf: ast.TimePart, _: str, first: int, __: Values) -> Iterator[Value]:
    for value in _from(leaf.values, first):
        yield from dates({leaf.unit: value})


_CANDIDATES: dict[type, Callable[[Any, str, int, Values], Iterable[Value]]] = {
    ast.Equals: _equals,
    ast.Compare: _compare,
    ast.Cidr: _cidr,
    ast.Exists: _exists,
    ast.IsNull: _is_null,
    ast.FieldRef: _reference,
    ast.TimePart: _time_part,
}


# --- dates -------------------------------------------------------------------------------------------


def dates(parts: Mapping[str, int]) -> Iterator[str]:
    """A date with these parts (minute, hour, day, week, month, year), if there is one in any usual year."""
    years = [parts["year"]] if "year" in parts else [2024, 2023, 2020, 2021]
    for year in years:
        day = next((each for each in _days(year, parts) if _fits(each, parts)), None)
        if day is not None:
            yield f"{day:%Y-%m-%d}".zfill(10) + f"T{parts.get('hour', 12):02}:{parts.get('minute', 30):02}:00Z"
            return


def _days(year: int, parts: Mapping[str, int]) -> Iterator[datetime]:
    months = [parts["month"]] if "month" in parts else range(1, 13)
    days = [parts["day"]] if "day" in parts else [15, *range(1, 32)]
    for month in months:
        for day in days:
            try:
                yield datetime(year, month, day)
            except ValueError:
                continue


def _fits(day: datetime, parts: Mapping[str, int]) -> bool:
    return "week" not in parts or day.isocalendar().week == parts["week"]


def _around(text: str) -> Iterator[Value]:
    """Dates near a date, and other ways to write it."""
    try:
        when = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return
    steps = (
        timedelta(hours=1), -timedelta(hours=1), timedelta(minutes=1), -timedelta(minutes=1), timedelta(days=1),
        -timedelta(days=1), timedelta(days=7), timedelta(days=31), -timedelta(days=366),
    )  # fmt: skip
    for step in steps:
        try:
            yield (when + step).isoformat() + "Z"
        except OverflowError:
            continue
    yield when.isoformat()
    yield when.isoformat() + "+05:00"
    yield when.isoformat() + "-09:30"
    yield when.isoformat(" ") + ".999999+00:00"
    yield when.isoformat()[:10]
    yield from ("yesterday", "2024-13-01T00:00:00Z", 1721040000)


# --- values with which it nearly holds ----------------------------------------------------------------


def misses(leaf: Any, value: Value) -> Iterable[Value]:
    """Values near one with which a leaf holds that is not about patterns."""
    make = _MISSES.get(type(leaf))
    return make(leaf, value) if make else ()


def _near_number(leaf: ast.Equals | ast.Compare, value: Value) -> Iterator[Value]:
    held = leaf.values[0] if isinstance(leaf, ast.Equals) else leaf.value
    given = value if isinstance(value, int | float) else held
    if isinstance(given, bool):
        yield from (not given, text_of(given), str(given), str(given).upper(), int(given), text_of(not given), "1")
        return
    text = text_of(given) or ""
    if not _finite(given):
        yield from (f" {text}", f"0{text}", text[:-1], f"{text}0", 1, -1)
        return
    yield from (number(given + 1), number(given - 1), text, f" {text}", f"0{text}", f"{text}.0", f"{text}x")
    yield from (number(-given), number(given * 10), text[:-1], f"{text}0", f"{given:e}", given == 1, f"{text}.5", "x")
    yield from (float(given), number(given + 0.5))


def _near_bound(leaf: ast.Compare, value: Value) -> Iterator[Value]:
    limit = leaf.value
    if _finite(limit):
        whole = int(limit)
        for each in (limit, whole - 1, whole + 1, limit - 0.5, limit + 0.5, -whole, whole * 10, 0):
            yield number(each)
            yield text_of(number(each))
    yield from _near_number(leaf, value)


def _near_address(leaf: ast.Cidr, value: Value) -> Iterator[Value]:
    for network in islice(leaf.networks, 8):
        kind, last = type(network.network_address), 2**network.max_prefixlen - 1
        low, high = int(network.network_address), int(network.broadcast_address)
        for each in (low - 1, high + 1, low, high, low + (high - low) // 3):
            if 0 <= each <= last:
                yield str(kind(each))
        yield str(network)
    address = _address_of(value)
    if address is not None:
        yield from (address.exploded.upper(), f" {value}", f"{value}x", f"{value}:80", value[:-1], f"0{value}")
        yield f"::ffff:{value}" if address.version == 4 else "10.0.0.1"
        yield int(address)
    yield from ("::1", "192.0.2.1", "2001:db8::1", "localhost")


def _address_of(value: Value) -> Any:
    try:
        return ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _near_presence(_: ast.Exists | ast.IsNull, __: Value) -> Iterable[Value]:
    return "", None, "x", "null", "None", " ", 0, False, [], ["x"], [None], ["x", None], "-", "N/A", "\u00e9"


def _near_date(_: ast.TimePart, value: Value) -> Iterable[Value]:
    return _around(value) if isinstance(value, str) else ()


_MISSES: dict[type, Callable[[Any, Value], Iterable[Value]]] = {
    ast.Equals: _near_number,
    ast.Compare: _near_bound,
    ast.Cidr: _near_address,
    ast.Exists: _near_presence,
    ast.IsNull: _near_presence,
    ast.TimePart: _near_date,
}


def others(field: Field, value: Value) -> Iterator[Value]:
    """Other things a field can be where it could be this value: nothing, lists, the value in another type."""
    other = neutral(field)[0]
    yield from (MISSING, None, "")
    yield from ([other, value], [], [other])
    if isinstance(value, str):
        if len(value) > 1:
            yield [value[: len(value) // 2], value[len(value) // 2 :]]
        yield [value.upper(), "zq-7"]
        if value.lstrip("-").isdecimal() and value.isascii() and len(value) < 18:
            yield int(value)
            yield from (f"{value}.0", f"0{value}", int(value) + 1)
        elif value.lower() in ("true", "false"):
            yield value.lower() == "true"
    yield [value]
    yield [value, value]
    yield [neutral(field)[-1], other, value, other]
    yield [None, value]
