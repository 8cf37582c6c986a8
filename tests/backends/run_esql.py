r"""Runs the ES|QL that the backend emits, as Elasticsearch runs it. Written from Elastic's documents.

It reads ``FROM ... METADATA ... | WHERE condition`` and answers for one event. Logic has three values;
a comparison of a missing field, or of one with several values, is null; WHERE keeps what is true.
Text is compared with its letter case. TO_LOWER is taken at its weakest: what the optimizer makes of it
ignores the case of ASCII letters alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from tests.backends import lucene_reader
from tests.backends.run_eql import ascii_lower, lucene

Event = Mapping[str, Any]
Expression = Callable[[Event], Any]

_NAME = r"(?:[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+|`(?:[^`]|``)+`)"
_TOKEN = re.compile(
    rf"""
      (?P<raw>\"\"\"[^\r\n]*?\"\"\"\"?\"?)
    | (?P<text>"(?:\\[tnr"\\]|[^\r\n"\\])*")
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<operator>==|<=|>=|<|>|\(|\)|,|\||\+|-|/|\*)
    | (?P<name>{_NAME}(?:\.{_NAME})*)
    | (?P<blank>[ \r\n\t]+)
    """,
    re.VERBOSE,
)
_PATTERN = r"""(?:\"{3}[^\r\n]*?\"{3,5}|"(?:\\.|[^"\\])*"|[A-Za-z0-9_.*-]+)"""
_SOURCE = re.compile(rf"FROM ({_PATTERN}(?:, {_PATTERN})*)")
_METADATA = " METADATA _id, _version, _index\n| WHERE "
_LETTERS = {"t": "\t", "n": "\n", "r": "\r"}
_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")
_WORDS = frozenset(
    {
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "LIKE",
        "RLIKE",
        "NULL",
        "TRUE",
        "FALSE",
        "ASC",
        "BY",
        "DESC",
        "FIRST",
        "LAST",
        "NULLS",
    }
    | {"ON", "WITH", "WHERE"}
)


def unquote(token: str) -> str:
    """The value of a string."""
    if token.startswith('"""'):
        return token[3:-3]
    return re.sub(r"\\(.)", lambda found: _LETTERS.get(found[1], found[1]), token[1:-1])


def name_of(token: str) -> str:
    """The column that a name means."""
    return ".".join([(quoted or plain).replace("``", "`") for quoted, plain in _PART.findall(token)])


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of every word; ValueError for what is none. A word of the grammar is a ``word``."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"no token at {text[at : at + 20]!r}")
        at = found.end()
        kind = str(found.lastgroup)
        if kind == "name" and found.group().upper() in _WORDS:
            yield "word", found.group().upper()
        elif kind != "blank":
            yield kind, found.group()
    yield "end", ""


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.at = 0

    @property
    def ahead(self) -> str:
        return self.tokens[self.at][1]

    def take(self, *expected: str) -> tuple[str, str]:
        kind, text = self.tokens[self.at]
        if expected and text not in expected:
            raise ValueError(f"{text!r} where {expected} should be")
        self.at += 1
        return kind, text

    def condition(self) -> Expression:
        found = [self.conjunction()]
        while self.ahead == "OR":
            self.take()
            found.append(self.conjunction())
        return found[0] if len(found) == 1 else lambda event: _some([each(event) for each in found])

    def conjunction(self) -> Expression:
        found = [self.negation()]
        while self.ahead == "AND":
            self.take()
            found.append(self.negation())
        return found[0] if len(found) == 1 else lambda event: _every([each(event) for each in found])

    def negation(self) -> Expression:
        if self.ahead != "NOT":
            return self.comparison()
        self.take()
        inner = self.negation()
        return lambda event: None if (value := inner(event)) is None else not value

    def comparison(self) -> Expression:
        left = self.sum()
        if self.ahead == "IS":
            self.take()
            wanted = self.ahead != "NOT"
            self.take(*(["NULL"] if wanted else ["NOT"]))
            if not wanted:
                self.take("NULL")
            return lambda event: (left(event) is None) == wanted
        if self.ahead in _COMPARISONS:
            _, operator = self.take()
            holds, right = _COMPARISONS[operator], self.sum()
            return lambda event: _on_one(holds, left(event), right(event))
        if self.ahead in ("IN", "LIKE", "RLIKE"):
            _, operator = self.take()
            values = self.list() if operator == "IN" or self.ahead == "(" else [self.sum()]
            assert operator != "RLIKE" or len(values) == 1
            holds = _TESTS[operator]
            return lambda event: _some([_on_one(holds, left(event), value(event)) for value in values])
        return left

    def list(self) -> list[Expression]:
        self.take("(")
        found = [self.sum()]
        while self.take(",", ")")[1] == ",":
            found.append(self.sum())
        return found

    def sum(self) -> Expression:
        left = self.product()
        while self.ahead == "+":
            self.take()
            left = _applied(lambda one, other: one + other, left, self.product())
        return left

    def product(self) -> Expression:
        left = self.primary()
        while self.ahead == "/":
            self.take()
            left = _applied(lambda one, other: one // other, left, self.primary())
        return left

    def primary(self) -> Expression:
        kind, text = self.take()
        if text == "(":
            inner = self.condition()
            self.take(")")
            return inner
        if kind in ("raw", "text"):
            value: Any = unquote(text)
            return lambda event: value
        if text == "-":
            number = -self.number(*self.take())
            return lambda event: number
        if kind == "number":
            value = self.number(kind, text)
            if self.tokens[self.at] in (("name", "week"), ("name", "days")):
                value = timedelta(**{"weeks" if self.take()[1] == "week" else "days": value})
            return lambda event: value
        if text in ("TRUE", "FALSE"):
            return lambda event: text == "TRUE"
        assert kind == "name", (kind, text)
        if self.ahead == "(":
            return self.call(text)
        name = name_of(text)
        return lambda event: event.get(name)

    def number(self, kind: str, text: str) -> int | float:
        assert kind == "number"
        return float(text) if re.search("[.eE]", text) else int(text)

    def call(self, name: str) -> Expression:
        self.take("(")
        arguments = [self.condition()]
        while self.take(",", ")")[1] == ",":
            arguments.append(self.condition())
        if name == "QSTR":
            return lambda event: query_string(arguments[0](event), event)
        function = _FUNCTIONS[name]
        return lambda event: function(*[each(event) for each in arguments])


def query_string(text: str, event: Event) -> bool:
    """``QSTR``: Lucene's query string; a term without a field is looked for in every field."""
    return lucene_reader.finds(_in_every_field(lucene_reader.parse(text), event), event)


def _in_every_field(tree: lucene_reader.Tree, event: Event) -> lucene_reader.Tree:
    if isinstance(tree, lucene_reader.Junction):
        return lucene_reader.Junction(tree.op, tuple([_in_every_field(each, event) for each in tree.operands]))
    return lucene_reader.Junction("OR", tuple([replace(tree, field=name) for name in event]))


def read(query: str) -> tuple[str, Expression]:
    """What stands behind FROM, and the condition."""
    found = _SOURCE.match(query)
    assert found, query
    assert query.startswith(_METADATA, found.end()), query
    reader = _Reader(query[found.end() + len(_METADATA) :])
    condition = reader.condition()
    assert reader.ahead == "", reader.ahead
    return found[1], condition


def run(query: str) -> Callable[[Event], bool]:
    """A function that says whether an event is kept."""
    condition = read(query)[1]
    return lambda event: condition(event) is True


# --- values ---------------------------------------------------------------------------------------


def _every(values: list[Any]) -> bool | None:
    return False if False in values else None if None in values else True


def _some(values: list[Any]) -> bool | None:
    return True if True in values else None if None in values else False


def _on_one(holds: Callable[[Any, Any], bool], left: Any, right: Any) -> bool | None:
    if left is None or right is None or isinstance(left, list) or isinstance(right, list):
        return None
    return holds(left, right)


def _applied(function: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    def apply(event: Event) -> Any:
        one, other = left(event), right(event)
        return None if one is None or other is None else function(one, other)

    return apply


def _equal(left: Any, right: Any) -> bool:
    assert isinstance(left, bool) == isinstance(right, bool), "types differ"
    assert isinstance(left, str) == isinstance(right, str), "types differ"
    return bool(left == right)


@lru_cache(maxsize=10_000)
def _wildcards(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for escaped, wild, plain in re.findall(r"\\(.)|([*?])|([^\\*?])", pattern, re.DOTALL):
        assert not escaped or escaped in "\\*?", pattern
        parts.append({"*": ".*", "?": "."}[wild] if wild else re.escape(escaped or plain))
    return re.compile("".join(parts), re.DOTALL)


def _like(value: str, pattern: str) -> bool:
    return _wildcards(pattern).fullmatch(value) is not None


def _rlike(value: str, pattern: str) -> bool:
    return lucene(pattern, fold=False).fullmatch(value) is not None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {"IN": _equal, "LIKE": _like, "RLIKE": _rlike}


# --- functions ------------------------------------------------------------------------------------


def _each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function of every value; null where it gives none."""

    def apply(value: Any) -> Any:
        if not isinstance(value, list):
            return None if value is None else function(value)
        found = [each for each in map(function, value) if each is not None]
        return found if len(found) > 1 else found[0] if found else None

    return apply


def _scalar(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is null where an argument is null or has several values."""
    return lambda *values: None if any(each is None or isinstance(each, list) for each in values) else function(*values)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _string(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _address(value: str) -> str | None:
    try:
        return str(ip_address(value))
    except ValueError:
        return None


def _double(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _first_present(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


_PARTS: dict[str, Callable[[datetime], int]] = {
    "minute_of_hour": lambda when: when.minute,
    "hour_of_day": lambda when: when.hour,
    "day_of_month": lambda when: when.day,
    "day_of_year": lambda when: when.timetuple().tm_yday,
    "month_of_year": lambda when: when.month,
    "year": lambda when: when.year,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "TO_LOWER": _each(ascii_lower),
    "TO_STRING": _each(_string),
    "TO_IP": _each(_address),
    "TO_LONG": _each(int),
    "TO_DOUBLE": _each(_double),
    "COALESCE": _first_present,
    "MV_CONTAINS": lambda some, wanted: all(each in _many(some) for each in _many(wanted)),
    "MV_CONCAT": lambda values, between: between.join(_many(values)) if _many(values) else None,
    "MV_MAX": lambda values: max(_many(values), default=None),
    "MV_MIN": lambda values: min(_many(values), default=None),
    "CONCAT": _scalar(lambda *texts: "".join(texts)),
    "STARTS_WITH": _scalar(str.startswith),
    "ENDS_WITH": _scalar(str.endswith),
    "LOCATE": _scalar(lambda text, part: text.find(part) + 1),
    "CIDR_MATCH": _scalar(lambda value, *blocks: any(ip_address(value) in ip_network(each) for each in blocks)),
    "DATE_EXTRACT": _scalar(lambda part, value: _PARTS[part](_date(value))),
    "DATE_TRUNC": _scalar(lambda unit, value: _monday(_date(value))),
}


def _date(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _monday(when: datetime) -> datetime:
    return datetime(when.year, when.month, when.day, tzinfo=when.tzinfo) - timedelta(days=when.weekday())
