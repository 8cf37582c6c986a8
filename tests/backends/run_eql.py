r"""Runs the EQL that the backend emits, as Elasticsearch runs it. Written from Elastic's documents.

It reads the part of the language that a rule needs and answers for one event:

- a leaf holds if one of the field's values passes it, and not if there is none;
- ``:``, ``in~`` and ``regex~`` ignore the case of ASCII letters, ``==``, ``in``, ``like`` and ``regex`` do not;
- ``not`` is pushed through ``and`` and ``or``, and ``not f > 1`` is ``f <= 1``, as the optimizer does;
- a field of ``unmapped`` is null where it is optional (``?f``) and an error where it is not, and
  ``string(f)`` of a missing one is null. With every ``not`` at a leaf, null is as good as false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

Event = Mapping[str, Any]
Test = Callable[[Event], bool]
Node = tuple[Any, ...]

_TOKEN = re.compile(
    r"""
      (?P<raw>\"\"\"[^\r\n]*?\"\"\"\"?\"?)
    | (?P<text>"(?:\\[btnfr"'\\]|\\u\{[0-9a-fA-F]{2,8}\}|[^\r\n"\\])*")
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<operator>==|!=|<=|>=|<|>|:|in~|like~|regex~|\(|\)|,)
    | (?P<name>\??(?:[A-Za-z_@][A-Za-z0-9_]*|`(?:[^`]|``)*`)(?:\.(?:[A-Za-z_@][A-Za-z0-9_]*|`(?:[^`]|``)*`))*)
    | (?P<blank>[ \r\n\t]+)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", re.DOTALL)
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`]+)")
_OPERATORS = ("==", "!=", "<=", ">=", "<", ">", ":", "in", "in~", "like", "like~", "regex", "regex~")
_INVERSE = {">": "<=", "<=": ">", "<": ">=", ">=": "<"}


def unquote(token: str) -> str:
    """The value of a string."""
    if token.startswith('"""'):
        return token[3:-3]
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _LETTERS.get(found[2], found[2]), token[1:-1]
    )


def name_of(token: str) -> str:
    """The field that a name means."""
    parts = [(quoted or plain).replace("``", "`") for quoted, plain in _PART.findall(token.removeprefix("?"))]
    return ".".join(parts)


def tokens(query: str) -> Iterator[tuple[str, str]]:
    """Kind and text of every word; ValueError for what is none."""
    at = 0
    while at < len(query):
        found = _TOKEN.match(query, at)
        if found is None:
            raise ValueError(f"no token at {query[at : at + 20]!r}")
        at = found.end()
        if found.lastgroup != "blank":
            yield str(found.lastgroup), found.group()
    yield "end", ""


class _Reader:
    def __init__(self, query: str) -> None:
        self.tokens = list(tokens(query))
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

    def condition(self) -> Node:
        children = [self.conjunction()]
        while self.ahead == "or":
            self.take()
            children.append(self.conjunction())
        return ("or", *children) if len(children) > 1 else children[0]

    def conjunction(self) -> Node:
        children = [self.negation()]
        while self.ahead == "and":
            self.take()
            children.append(self.negation())
        return ("and", *children) if len(children) > 1 else children[0]

    def negation(self) -> Node:
        if self.ahead == "not":
            self.take()
            return ("not", self.negation())
        if self.ahead == "(":
            self.take()
            inner = self.condition()
            self.take(")")
            return inner
        return self.leaf()

    def leaf(self) -> Node:
        kind, text = self.take()
        if text in ("true", "false"):
            return ("constant", text == "true")
        assert kind == "name", (kind, text)
        if text == "cidrMatch":
            self.take("(")
            _, field = self.take()
            networks = []
            while self.take(",", ")")[1] == ",":
                networks.append(self.value())
            return ("leaf", field, "cidrMatch", networks)
        if text == "string":
            self.take("(")
            _, field = self.take()
            self.take(")")
            return ("script", field, self.take(":")[1], self.values())
        return ("leaf", text, self.take(*_OPERATORS)[1], self.values())

    def values(self) -> list[Any]:
        if self.ahead != "(":
            return [self.value()]
        self.take()
        found = [self.value()]
        while self.take(",", ")")[1] == ",":
            found.append(self.value())
        return found

    def value(self) -> Any:
        kind, text = self.take()
        if kind in ("raw", "text"):
            return unquote(text)
        if kind == "number":
            return float(text) if re.search("[.eE]", text) else int(text)
        return {"true": True, "false": False, "null": None}[text]


def read(query: str) -> tuple[str, Node]:
    """The event category and the condition."""
    reader = _Reader(query)
    kind, category = reader.take()
    reader.take("where")
    condition = reader.condition()
    assert reader.ahead == "", reader.ahead
    return unquote(category) if kind != "name" else category, condition


# --- running --------------------------------------------------------------------------------------


def run(query: str, unmapped: Collection[str] = ()) -> Test:
    """A function that says whether an event matches the condition; the category is left aside."""
    return _compile(read(query)[1], unmapped, False)


def _compile(node: Node, unmapped: Collection[str], negated: bool) -> Test:
    kind = node[0]
    if kind == "not":
        return _compile(node[1], unmapped, not negated)
    if kind in ("and", "or"):
        children = [_compile(child, unmapped, negated) for child in node[1:]]
        if (kind == "and") != negated:
            return lambda event: all(child(event) for child in children)
        return lambda event: any(child(event) for child in children)
    if kind == "constant":
        return lambda event: node[1] != negated
    _, token, operator, values = node
    name = name_of(token)
    if values == [None]:
        missing = (operator == "==") != negated
        return lambda event: (not _values(event, name)) == missing
    if name in unmapped:
        assert token.startswith("?"), f"{name} is not mapped"
        return lambda event: False
    if negated and operator in _INVERSE:
        operator, negated = _INVERSE[operator], False
    test = _TESTS[operator](values)
    if kind == "script":
        return lambda event: any(test(_text(value)) != negated for value in _values(event, name)[:1])
    return lambda event: any(map(test, _values(event, name))) != negated


def _values(event: Event, name: str) -> list[Any]:
    value = event.get(name)
    return [each for each in value if each is not None] if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def ascii_lower(text: str) -> str:
    return re.sub("[A-Z]+", lambda found: found.group().lower(), text)


def _same(values: list[Any]) -> Callable[[Any], bool]:
    wanted = [(isinstance(value, bool), value) for value in values]
    return lambda value: (isinstance(value, bool), value) in wanted


def _same_but_case(values: list[Any]) -> Callable[[Any], bool]:
    wanted = {ascii_lower(each) for each in values}
    return lambda value: ascii_lower(value) in wanted


def _wildcards(values: list[Any], fold: bool) -> Callable[[Any], bool]:
    view = ascii_lower if fold else str
    assert not any("\x01" in each for each in values if re.search("[*?]", each)), "U+0001 in a pattern"
    parts = {"*": ".*", "?": "."}
    texts = ["".join([parts.get(each) or re.escape(each) for each in view(value)]) for value in values]
    fullmatch = re.compile("|".join(texts), re.DOTALL).fullmatch
    return lambda value: fullmatch(view(value)) is not None


@lru_cache(maxsize=10_000)
def lucene(expression: str, *, fold: bool) -> re.Pattern[str]:
    """A regular expression of Lucene, for a whole value: ``^`` and ``$`` are text, ``<1-9>`` is a number."""
    assert len(expression) <= 1000
    text = _LUCENE.sub(_as_python, expression)
    return re.compile(text, re.DOTALL | (re.IGNORECASE | re.ASCII if fold else 0))


_LUCENE = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|<([0-9]+)-([0-9]+)>|[$^]", re.DOTALL)


def _as_python(found: re.Match[str]) -> str:
    kept, low, high = found.groups()
    return kept or (_numbers(int(low), int(high)) if low else f"\\{found.group()}")


def _numbers(low: int, high: int) -> str:
    return f"(?:{'|'.join(map(str, range(high, low - 1, -1)))})"


def _regexes(values: list[Any], fold: bool) -> Callable[[Any], bool]:
    assert len("|".join(values)) <= 1000, "the server joins a list"
    tests = [lucene(each, fold=fold).fullmatch for each in values]
    return lambda value: any(test(value) for test in tests)


def _in_networks(values: list[Any]) -> Callable[[Any], bool]:
    networks = [ip_network(each) for each in values]
    return lambda value: any(ip_address(value) in network for network in networks)


def _order(holds: Callable[[Any, Any], bool]) -> Callable[[list[Any]], Callable[[Any], bool]]:
    return lambda values: lambda value: holds(value, values[0])


_TESTS: dict[str, Callable[[list[Any]], Callable[[Any], bool]]] = {
    "==": _same,
    "in": _same,
    "in~": _same_but_case,
    ":": lambda values: _wildcards(values, True),
    "like~": lambda values: _wildcards(values, True),
    "like": lambda values: _wildcards(values, False),
    "regex": lambda values: _regexes(values, False),
    "regex~": lambda values: _regexes(values, True),
    "cidrMatch": _in_networks,
    "<": _order(lambda left, right: left < right),
    "<=": _order(lambda left, right: left <= right),
    ">": _order(lambda left, right: left > right),
    ">=": _order(lambda left, right: left >= right),
}
