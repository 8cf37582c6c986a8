"""ES|QL's functions, on values: null is None, several values are a list.

Sources: "ES|QL functions" (elastic.co/docs/reference/query-languages/esql), one page a function, and
"ES|QL multivalued fields": "Unless otherwise documented functions will return null when applied to a
multivalued field."
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from math import floor, inf, isfinite
from typing import Any, NamedTuple

from backends.engines.elastic_logic import text_of
from backends.engines.elastic_texts import address, in_networks
from transpiler.engine import CannotRun

STRING = frozenset({"keyword"})
NUMBER = frozenset({"long", "double"})
ANY = frozenset({"keyword", "long", "double", "boolean", "ip", "datetime"})


class Function(NamedTuple):
    """A function: what it takes, gives and does.

    ``takes`` are the types its arguments may have, the last one's for all that follow; ``gives`` is
    the type of its result, empty for that of its first argument.
    """

    takes: tuple[frozenset[str], ...]
    gives: str
    apply: Callable[..., Any]


def each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function of every value; null where it gives none."""

    def apply(value: Any) -> Any:
        if not isinstance(value, list):
            return None if value is None else function(value)
        found = [result for result in map(function, value) if result is not None]
        return found if len(found) > 1 else found[0] if found else None

    return apply


def scalar(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is null where an argument is null or has several values."""

    def apply(*values: Any) -> Any:
        for value in values:
            if value is None or isinstance(value, list):
                return None
        return function(*values)

    return apply


def values_of(value: Any) -> list[Any]:
    """The values, none of null."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _string(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    return text_of(value)


_WHOLE = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"[\x00- ]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[dDfF]?[\x00- ]*")
"""What ``Double.parseDouble`` takes, but for hexadecimal ones; what is not finite is refused."""


def _long(value: Any) -> int | None:
    """``TO_LONG``: a fraction is rounded half up (``Math.round``), a date is in milliseconds."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    double = _double(value)
    return None if double is None else floor(double + 0.5)


def _double(value: Any) -> float | None:
    """``TO_DOUBLE``: null for a string that is no number, for a date its "milliseconds since the Unix epoch"."""
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, str):
        found = _DOUBLE.fullmatch(value)
        value = float(found[1]) if found else inf
    return float(value) if isfinite(value) else None


def _coalesce(*values: Any) -> Any:
    """The page says: "Returns the first of its arguments that is not null"."""
    return next((value for value in values if value is not None), None)


def _contains_all(some: Any, wanted: Any) -> bool:
    """``MV_CONTAINS``: whether all of the second are in the first; null is a set of none."""
    return all(value in values_of(some) for value in values_of(wanted))


def _concat(values: Any, between: Any) -> Any:
    """``MV_CONCAT``: "a multivalued string expression into a single valued column ... separated by a delimiter"."""
    if not values_of(values) or not isinstance(between, str):
        return None
    return between.join(values_of(values))


_PARTS: dict[str, Callable[[datetime], int]] = {
    "minute_of_hour": lambda when: when.minute,
    "hour_of_day": lambda when: when.hour,
    "day_of_month": lambda when: when.day,
    "day_of_year": lambda when: when.timetuple().tm_yday,
    "month_of_year": lambda when: when.month,
    "year": lambda when: when.year,
}
"""``java.time.temporal.ChronoField``, which DATE_EXTRACT's page refers to."""


def _extract(part: str, when: datetime) -> int:
    try:
        return _PARTS[part.lower()](when)
    except KeyError:
        raise CannotRun(f"cannot read: DATE_EXTRACT of {part!r}") from None


def _truncate(span: timedelta, when: datetime) -> datetime:
    """``DATE_TRUNC(1 week, ...)``: weeks begin on Monday, in UTC."""
    if span != timedelta(weeks=1):
        raise CannotRun("cannot read: DATE_TRUNC by anything but one week")
    return datetime(when.year, when.month, when.day, tzinfo=when.tzinfo) - timedelta(days=when.weekday())


@lru_cache(maxsize=1024)
def _in(blocks: tuple[str, ...]) -> Callable[[str], bool]:
    return in_networks(blocks)


FUNCTIONS: dict[str, Function] = {
    "TO_LOWER": Function((STRING,), "keyword", each(str.lower)),
    "TO_UPPER": Function((STRING,), "keyword", each(str.upper)),
    "TO_STRING": Function((ANY,), "keyword", each(_string)),
    "TO_IP": Function((frozenset({"keyword", "ip"}),), "ip", each(lambda text: text if address(text) else None)),
    "TO_LONG": Function((ANY,), "long", each(_long)),
    "TO_DOUBLE": Function((ANY,), "double", each(_double)),
    "COALESCE": Function((ANY,), "", _coalesce),
    "MV_CONTAINS": Function((ANY,), "boolean", _contains_all),
    "MV_CONCAT": Function((STRING,), "keyword", _concat),
    "MV_MAX": Function((ANY,), "", lambda value: max(values_of(value), default=None)),
    "MV_MIN": Function((ANY,), "", lambda value: min(values_of(value), default=None)),
    "MV_COUNT": Function((ANY,), "long", lambda value: len(values_of(value)) or None),
    "CONCAT": Function((STRING,), "keyword", scalar(lambda *texts: "".join(texts))),
    "LENGTH": Function((STRING,), "long", scalar(len)),
    "STARTS_WITH": Function((STRING,), "boolean", scalar(str.startswith)),
    "ENDS_WITH": Function((STRING,), "boolean", scalar(str.endswith)),
    "CONTAINS": Function((STRING,), "boolean", scalar(lambda text, part: part in text)),
    "LOCATE": Function((STRING,), "long", scalar(lambda text, part: text.find(part) + 1)),
    "CIDR_MATCH": Function((frozenset({"ip"}), STRING), "boolean", scalar(lambda ip, *blocks: _in(blocks)(ip))),
    "DATE_EXTRACT": Function((STRING, frozenset({"datetime"})), "long", scalar(_extract)),
    "DATE_TRUNC": Function((frozenset({"span"}), frozenset({"datetime"})), "datetime", scalar(_truncate)),
}
