"""The functions of eval, on values that are there.

Source: Splunk Enterprise 10.0 Search Reference, "Comparison and Conditional functions" (F), "Text
functions" (T), "Conversion functions" (V), "Date and Time functions" (D), "Date and time format variables".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import NamedTuple

from backends.engines.spl_record import Raw, Record, Undocumented
from backends.engines.spl_regex import Expression, expression
from backends.engines.spl_search import in_networks
from transpiler.engine import CannotRun

Value = str | float | bool | list[str] | None
"""A string, a number, a boolean, several strings, or NULL."""


def text(value: Value) -> str:
    """The value as the string it must be. Raises Undocumented."""
    if not isinstance(value, str):
        raise Undocumented(f"a string is needed, not {value!r}")
    return value


_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_PERHAPS_NUMBER = re.compile(r"[-+]?[0-9.]*[0-9][0-9.]*(?:e[-+]?[0-9]+)?|[-+]?(?:0x[0-9a-f]+|inf(?:inity)?|nan)", re.I)


def number(value: Value) -> float:
    """The value as a number: itself, or a field's text that is one. Raises Undocumented."""
    if isinstance(value, float):
        return value
    if isinstance(value, str) and _DECIMAL(value):
        return float(value)
    raise Undocumented(f"a number is needed, not {value!r}")


def found(pattern: Expression, subject: str, wide: bool) -> bool:
    """Whether a regular expression is found in a text. Raises Undocumented for a raw event that is not known."""
    answer = pattern.search(subject, wide) is not None
    if isinstance(subject, Raw) and answer is not any(pattern.search(part, wide) for part in subject.parts):
        raise Undocumented("how the event was logged")
    return answer


def _match(record: Record, subject: Value, regex: Value) -> bool:
    """F: "returns TRUE if the regular expression <regex> finds a match against any substring"."""
    return found(expression(text(regex)), text(subject), record.wide)


@lru_cache(maxsize=1024)
def _like_pattern(pattern: str) -> re.Pattern[str]:
    pieces = {"%": ".*", "_": "."}
    return re.compile("".join([pieces.get(each, re.escape(each)) for each in pattern]), re.DOTALL)


def _like(_: Record, subject: Value, pattern: Value) -> bool:
    """F: "%" is "a wildcard for matching multiple characters", "_" "to match a single character"."""
    return _like_pattern(text(pattern)).fullmatch(text(subject)) is not None


def _cidrmatch(_: Record, network: Value, address: Value) -> bool:
    """F: "returns TRUE when an IP address, <ip>, belongs to a particular CIDR subnet, <cidr>"."""
    try:
        return in_networks(text(address), [ip_network(text(network))])
    except ValueError:
        raise Undocumented("what is no network") from None


def _tonumber(_: Record, value: Value) -> float | None:
    """V: what "cannot [be parsed] to a number", for example with a blank before or behind it, is NULL."""
    if isinstance(value, float):
        return value
    if _DECIMAL(text(value)):
        return float(text(value))
    if _PERHAPS_NUMBER.fullmatch(text(value)):
        raise Undocumented("what is a number")
    return None


def _substr(_: Record, subject: Value, start: Value, length: Value = None) -> str:
    """T: the indexes follow "SQLite semantics; they start at 1", negative ones count from the end.

    In SQLite what lies before the string counts as length.
    """
    whole, first = text(subject), int(number(start))
    size = None if length is None else int(number(length))
    if size is not None and size < 0:
        raise Undocumented("a negative length")
    begin = first - 1 if first > 0 else first + len(whole) if first < 0 else -1
    if size is None:
        return whole[max(begin, 0) :]
    return whole[max(begin, 0) : max(begin + size, 0)]


_ISO = "%Y-%m-%dT%H:%M:%S"


def _strptime(_: Record, subject: Value, form: Value) -> float | None:
    """The Unix time that a text writes (D). The time zone is the user's, taken here to be UTC."""
    if text(form) != _ISO:
        raise CannotRun(f"cannot read: strptime() with {text(form)!r}")
    if not text(subject).isascii():
        return None
    try:
        return datetime.strptime(text(subject), _ISO).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


_VARIABLES: dict[str, Callable[[datetime], str]] = {
    "%M": lambda when: f"{when.minute:02}",
    "%H": lambda when: f"{when.hour:02}",
    "%d": lambda when: f"{when.day:02}",
    "%V": lambda when: f"{when.isocalendar().week:02}",
    "%m": lambda when: f"{when.month:02}",
    "%Y": lambda when: f"{when.year:04}",
}
"""``%V`` is the week of ISO 8601 ("Date and time format variables")."""


def _strftime(_: Record, time: Value, form: Value) -> str:
    """A Unix time as text (D), in the user's time zone, taken here to be UTC."""
    variable = _VARIABLES.get(text(form))
    if variable is None:
        raise CannotRun(f"cannot read: strftime() with {text(form)!r}")
    try:
        return variable(datetime.fromtimestamp(number(time), UTC))
    except (ValueError, OverflowError, OSError):
        raise Undocumented("a time far away") from None


class Function(NamedTuple):
    """What a function does with its arguments, and how many it takes. A NULL among them makes it NULL."""

    call: Callable[..., Value]
    least: int
    most: int = 0

    def takes(self, count: int) -> bool:
        """Whether it takes so many arguments."""
        return self.least <= count <= max(self.least, self.most)


FUNCTIONS: dict[str, Function] = {
    "null": Function(lambda _: None, 0),
    "match": Function(_match, 2),
    "like": Function(_like, 2),
    "cidrmatch": Function(_cidrmatch, 2),
    "lower": Function(lambda record, subject: record.fold(text(subject)), 1),
    "len": Function(lambda _, subject: float(len(text(subject))), 1),
    "substr": Function(_substr, 2, 3),
    "tonumber": Function(_tonumber, 1),
    "strptime": Function(_strptime, 2),
    "strftime": Function(_strftime, 2),
}
