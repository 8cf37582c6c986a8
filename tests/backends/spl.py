r"""A reader of the SPL that the Splunk backend emits, written from Splunk's documents alone.

It runs ``search-terms [| where expression]`` on an event and raises SplError for anything whose meaning the
documents do not state: an unbalanced quotation mark, a macro or a subsearch outside quotes, a wildcard
inside a value, a field with several values where only one is documented.

Sources, Splunk Enterprise 10.0: Search Reference, "search", "where", "eval", "Comparison and Conditional
functions", "Text functions", "Multivalue eval functions"; Search Manual, "Wildcards", "Backslashes".
It is no Splunk: it shows that a query means what those documents say, and nothing about the product.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from itertools import pairwise

Event = Mapping[str, list[str]]
"""What Splunk extracted: each field's values, never none. ``_raw`` is the event as it was logged."""


class SplError(Exception):
    """The text is no SPL, or none whose meaning is documented."""


@dataclass(frozen=True)
class Token:
    kind: str  # string, name, word, mark
    text: str


_QUOTED = r'"(?:\\.|[^"\\])*"'
_SEARCH = re.compile(
    rf"""\s+|(?P<string>{_QUOTED})|(?P<mark><=|>=|!=|[=<>(),])|(?P<word>[^\s"'`\[\]|=<>!(),]+)""", re.S
)
_EVAL = re.compile(
    rf"""\s+|(?P<string>{_QUOTED})|'(?P<name>[^']*)'|(?P<word>[A-Za-z_]\w*|\d+(?:\.\d+)?)|(?P<mark><=|>=|!=|[=<>(),.-])""",
    re.S,
)
_PIPE = re.compile(rf"""{_QUOTED}|'[^']*'|(\|)|[^"'|]""", re.S)


def fold(text: str) -> str:
    """Text without letter case; of letters beyond ASCII the documents say nothing."""
    return re.sub("[A-Z]+", lambda found: found[0].lower(), text)


def stages(query: str) -> list[str]:
    """The commands of a pipeline: split at the pipes outside quotes."""
    cuts, end = [], 0
    while end < len(query):
        found = _PIPE.match(query, end)
        if not found:
            raise SplError(f"unbalanced quotation mark: {query[end:]!r}")
        if found[1]:
            cuts.append(end)
        end = found.end()
    edges = [-1, *cuts, len(query)]
    return [query[start + 1 : stop].strip() for start, stop in pairwise(edges)]


def unescape(quoted: str) -> str:
    r"""``\"``, ``\\`` and ``\|`` are expanded; "unrecognized backslash sequences are not altered"."""
    return re.sub(r'\\(["\\|])', r"\1", quoted[1:-1])


def tokens(text: str, grammar: re.Pattern[str] = _SEARCH) -> list[Token]:
    """The words of one command."""
    found, end = [], 0
    while end < len(text):
        match = grammar.match(text, end)
        if not match:
            raise SplError(f"not SPL: {text[end:]!r}")
        if match.lastgroup:
            value = match[match.lastgroup]
            found.append(Token(match.lastgroup, unescape(value) if match.lastgroup == "string" else value))
        end = match.end()
    return found


def matches(query: str, event: Event) -> bool:
    """Whether the query finds the event."""
    if "```" in re.sub(_QUOTED, "", query):
        raise SplError("a comment")
    first, *rest = stages(query)
    if not Search(tokens(first)).parse()(event):
        return False
    for stage in rest:
        command, _, expression = stage.partition(" ")
        if command != "where":
            raise SplError(f"unknown command {command!r}")
        if Eval(tokens(expression, _EVAL)).parse()(event) is not True:
            return False
    return True


class Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("end", "")

    def take(self, kind: str | None = None, text: str | None = None) -> Token | None:
        token = self.peek()
        if (kind and token.kind != kind) or (text and token.text != text) or token.kind == "end":
            return None
        self.at += 1
        return token

    def need(self, kind: str | None = None, text: str | None = None) -> Token:
        token = self.take(kind, text)
        if token is None:
            raise SplError(f"expected {text or kind}, got {self.peek()}")
        return token


Test = Callable[[Event], bool]


class Search(Parser):
    """NOT before OR before AND; AND is implied."""

    def parse(self) -> Test:
        test = self.all()
        if self.peek().kind != "end":
            raise SplError(f"left over: {self.peek()}")
        return test

    def all(self) -> Test:
        tests = [self.some()]
        while self.peek().kind != "end" and self.peek() != Token("mark", ")"):
            self.take("word", "AND")
            tests.append(self.some())
        return lambda event: all(test(event) for test in tests)

    def some(self) -> Test:
        tests = [self.none()]
        while self.take("word", "OR"):
            tests.append(self.none())
        return lambda event: any(test(event) for test in tests)

    def none(self) -> Test:
        if self.take("word", "NOT"):
            test = self.none()
            return lambda event: not test(event)
        if self.take("mark", "("):
            test = self.all()
            self.need("mark", ")")
            return test
        return self.term()

    def term(self) -> Test:
        first = self.take("string") or self.need("word")
        if first.kind == "word" and first.text in {"AND", "OR", "NOT", "IN"}:
            raise SplError(f"operator as a term: {first.text}")
        if self.take("word", "IN"):
            self.need("mark", "(")
            values = [self.value()]
            while self.take("mark", ","):
                values.append(self.value())
            self.need("mark", ")")
            return _on_values(first.text, _any_of([equal_to(value) for value in values]))
        if self.peek().kind == "mark" and self.peek().text in {"=", "<", "<=", ">", ">="}:
            sign = self.need("mark").text
            value = self.value()
            return _on_values(first.text, equal_to(value) if sign == "=" else ordered(sign, value))
        return _on_values("_raw", occurs(first.text))

    def value(self) -> str:
        token = self.take("string") or self.need("word")
        if token.kind == "word" and token.text in {"AND", "OR", "NOT", "IN"}:
            raise SplError(f"operator as a value: {token.text}")
        return token.text


def _any_of(tests: list[Callable[[str], bool]]) -> Callable[[str], bool]:
    return lambda value: any(test(value) for test in tests)


def _on_values(field: str, test: Callable[[str], bool]) -> Test:
    return lambda event: any(map(test, event.get(field, [])))


def _glob(value: str) -> str:
    if "*" in value.strip("*"):
        raise SplError(f"a wildcard inside a value gives inconsistent results: {value!r}")
    return ".*".join(map(re.escape, value.split("*")))


def equal_to(value: str) -> Callable[[str], bool]:
    """Text without case, ``*`` for any characters, a network for its addresses."""
    try:
        network = ip_network(value) if "/" in value else None
    except ValueError:
        network = None
    if network is not None:
        return lambda text: _inside(text, str(network))
    full = re.compile(_glob(value), re.I | re.S | re.A).fullmatch
    return lambda text: full(text) is not None


def occurs(value: str) -> Callable[[str], bool]:
    """A keyword; without wildcards it is a whole word, which the backend never asks for."""
    if not (value.startswith("*") and value.endswith("*")):
        raise SplError(f"a keyword without wildcards on both sides: {value!r}")
    return equal_to(value)


_SIGNS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordered(sign: str, value: str) -> Callable[[str], bool]:
    """Numbers as numbers, everything else by its characters."""

    def test(text: str) -> bool:
        try:
            return _SIGNS[sign](float(text), float(value))
        except ValueError:
            return _SIGNS[sign](text, value)

    return test


def _inside(text: str, network: str) -> bool:
    try:
        return ip_address(text) in ip_network(network)
    except ValueError:
        return False


Value = str | float | bool | list[str] | None
Expression = Callable[[Event], Value]


class Eval(Parser):
    """NOT before AND before OR; NULL is None, and no comparison with it is true or false."""

    def parse(self) -> Expression:
        expression = self.some()
        if self.peek().kind != "end":
            raise SplError(f"left over: {self.peek()}")
        return expression

    def some(self) -> Expression:
        parts = [self.all()]
        while self.take("word", "OR"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else lambda event: _or([part(event) for part in parts])

    def all(self) -> Expression:
        parts = [self.comparison()]
        while self.take("word", "AND"):
            parts.append(self.comparison())
        return parts[0] if len(parts) == 1 else lambda event: _and([part(event) for part in parts])

    def comparison(self) -> Expression:
        left = self.sum()
        if self.peek().kind == "mark" and self.peek().text in _SIGNS:
            sign, right = self.need("mark").text, self.sum()
            return lambda event: _compare(sign, left(event), right(event))
        return left

    def sum(self) -> Expression:
        left = self.primary()
        while self.take("mark", "."):
            left = _concatenated(left, self.primary())
        if self.take("mark", "-"):
            start, right = left, self.primary()
            return lambda event: _difference(start(event), right(event))
        return left

    def primary(self) -> Expression:
        if self.take("mark", "("):
            inner = self.some()
            self.need("mark", ")")
            return inner
        if text := self.take("string"):
            return lambda _event: text.text
        if name := self.take("name"):
            return _field(name.text)
        if self.take("mark", "-"):
            negative = -float(self.need("word").text)
            return lambda _event: negative
        word = self.need("word").text
        if word[0].isdigit():
            return lambda _event: float(word)
        if not self.take("mark", "("):
            return _field(word)
        if word == "mvfilter":
            return self.filtered()
        arguments = [self.some()]
        while self.take("mark", ","):
            arguments.append(self.some())
        self.need("mark", ")")
        return lambda event: FUNCTIONS[word](*[argument(event) for argument in arguments])

    def filtered(self) -> Expression:
        """mvfilter(): the expression may name one field only."""
        start = self.at
        inner = self.some()
        self.need("mark", ")")
        inside = self.tokens[start : self.at]
        calls = {a.text for a, b in pairwise(inside) if b == Token("mark", "(")}
        fields = {
            token.text
            for token in inside
            if token.kind == "name"
            or (token.kind == "word" and not token.text[0].isdigit() and token.text not in calls | {"AND", "OR"})
        }
        if len(fields) != 1:
            raise SplError(f"mvfilter on {fields}")
        (field,) = fields

        def kept(event: Event) -> Value:
            values = [value for value in event.get(field, []) if inner({field: [value]}) is True]
            return values or None

        return kept


def _field(name: str) -> Expression:
    def value(event: Event) -> Value:
        values = event.get(name)
        return None if not values else values[0] if len(values) == 1 else values

    return value


def _concatenated(left: Expression, right: Expression) -> Expression:
    def joined(event: Event) -> Value:
        one, other = left(event), right(event)
        return None if one is None or other is None else _text(one) + _text(other)

    return joined


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise SplError(f"a string is needed, not {value!r}")
    return value


def _number(value: Value) -> float:
    if not isinstance(value, float):
        raise SplError(f"a number is needed, not {value!r}")
    return value


def _difference(left: Value, right: Value) -> Value:
    return None if left is None or right is None else _number(left) - _number(right)


def _compare(sign: str, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    if type(left) is not type(right) or isinstance(left, list | bool):
        raise SplError(f"comparison of {left!r} and {right!r}: two numbers or two strings")
    return _SIGNS[sign](left, right)


def _and(values: list[Value]) -> bool | None:
    return False if False in values else None if None in values else True


def _or(values: list[Value]) -> bool | None:
    return True if True in values else None if None in values else False


def _null_safe(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *arguments: None if None in arguments else function(*arguments)


def _match(text: Value, regex: Value) -> bool:
    pattern = re.sub(r"\\(?:x\{([0-9a-f]+)\}|(.))", _python, _text(regex), flags=re.S)
    return re.search(pattern, _text(text), re.A) is not None


def _python(found: re.Match[str]) -> str:
    r"""PCRE's ``\x{2013}`` and ``\z`` as Python writes them."""
    if found[1]:
        return re.escape(chr(int(found[1], 16)))
    return {"z": r"\Z", "Z": r"(?=\n?\Z)"}.get(found[2], found[0])


def _like(text: Value, pattern: Value) -> bool:
    regex = "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in _text(pattern))
    return re.fullmatch(regex, _text(text), re.S) is not None


def _in(value: Value, *texts: Value) -> bool:
    return _text(value) in texts


def _tonumber(value: Value) -> float | None:
    return float(_text(value)) if re.fullmatch(r"-?\d+(\.\d+)?", _text(value)) else None


def _substr(text: Value, start: Value, length: Value = None) -> str:
    """SQLite: from 1; a negative start counts from the end, and what lies before the text is nothing."""
    whole, first = _text(text), int(_number(start))
    size = len(whole) if length is None else int(_number(length))
    if first < 0:
        return whole[first:] if -first <= len(whole) else whole
    return whole[max(first - 1, 0) :][:size]


def _strptime(text: Value, form: Value) -> float | None:
    """Seconds since 1970 of a time in UTC."""
    try:
        return datetime.strptime(_text(text), _text(form)).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _strftime(time: Value, form: Value) -> str:
    return datetime.fromtimestamp(_number(time), UTC).strftime(_text(form))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "if": lambda condition, yes, no: yes if condition is True else no,
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "lower": _null_safe(lambda text: _text(text).lower()),
    "len": _null_safe(lambda text: float(len(_text(text)))),
    "match": _null_safe(_match),
    "like": _null_safe(_like),
    "in": _null_safe(_in),
    "tonumber": _null_safe(_tonumber),
    "strptime": _null_safe(_strptime),
    "strftime": _null_safe(_strftime),
    "substr": lambda *arguments: None if None in arguments else _substr(*arguments),
    "cidrmatch": _null_safe(lambda network, text: _inside(_text(text), _text(network))),
}
