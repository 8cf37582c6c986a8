"""What a mapped field makes of a value: Elasticsearch's side of a query, field by field.

Sources: Elastic docs, "Query DSL" (term, wildcard, prefix, regexp, range, match, exists), "Field data
types", "normalizer". Each error's text is the server's; all was confirmed on Elasticsearch 8.19.

- A normalizer is applied to values and to what is asked of them: a term, a prefix, a wildcard, an
  expression ("normalizer": also "when the keyword field is searched via a query parser such as the
  match query or via a term-level query such as the term query").
- A text field's analyzer is not: term-level queries look for its words as they are written. Only
  query_string puts prefixes, wildcards and bounds in lower case (``parsed``), never expressions.
- Prefixes, wildcards and expressions need a keyword, text or wildcard field; a number, a boolean or an
  address must be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from ipaddress import ip_address, ip_network
from math import inf, nextafter
from typing import Any

from backends.engines.index import PRESENT, TOGETHER, Kind, analyzer, inet, kind_of, lower
from backends.engines.jvm import failure, java, lucene
from transpiler.engine import CannotRun, Column, Row
from transpiler.values import text_of

STRINGS = frozenset({"keyword", "folded", "text"})

MAX_REGEX = 1000
"""Default of ``index.max_regex_length``."""

MAX_STATES = 10000
"""Default of ``max_determinized_states``."""

FEW = 1000
"""So many values are held against an expression one by one, with the automaton that Lucene makes of it.

Lucene's own query would do the same with the terms of its index, but first lays the automaton out for
millions of terms, which takes some ten times as long as all the rest.
"""

Bound = tuple[Any, bool] | None
"""A bound of a range, and whether it is in it; None: there is none."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_TYPES = {"int": "long", "float": "double", "bool": "boolean", "datetime": "date", "ip": "ip"}


class Unfit(ValueError):
    """The field cannot be asked this; the message is the server's."""


class Mapped:
    """The fields of an index of rows. What its methods give is a query of Lucene; they raise Unfit.

    A field that is not mapped has nothing, whatever it is asked.
    """

    def __init__(self, columns: Mapping[str, Column], rows: Sequence[Row] = ()) -> None:
        self._rows = rows
        self._terms: dict[str, list[Any]] = {}
        self.kinds: dict[str, Kind] = {name: kind_of(column) for name, column in columns.items()}
        self.columns = columns
        self.together = False
        """Whether all fields were asked at once."""

    def named(self, pattern: str) -> list[str]:
        """The fields whose names a pattern with ``*`` fits."""
        fits = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL).fullmatch
        return [name for name in self.kinds if fits(name)]

    def every(self) -> list[str]:
        """All fields, those that keep whole strings together; see :data:`index.TOGETHER`."""
        self.together = True
        kinds = set(self.kinds.values())
        whole = [name for kind, name in TOGETHER.items() if kind in kinds]
        return [*whole, *(name for name, kind in self.kinds.items() if kind not in TOGETHER)]

    def kind(self, name: str) -> Kind | None:
        """How a field is laid out; None if it is not mapped."""
        return _TOGETHER_KINDS.get(name) or self.kinds.get(name)

    # --- presence -----------------------------------------------------------------------------------

    def exists(self, name: str) -> Any:
        """The field, the fields of a pattern or of an object, has a value."""
        names = self.named(name) if "*" in name else [name] if name in self.kinds else self.named(f"{name}.*")
        return any_of([_term(PRESENT, each) for each in names])

    # --- values -------------------------------------------------------------------------------------

    def term(self, name: str, value: Any, *, fold: bool = False) -> Any:
        """The field has the value; ``fold``: ``case_insensitive``."""
        kind = self.kind(name)
        if kind is None:
            return nothing()
        if kind in STRINGS:
            text = _normalized(kind, name, _text(value), parsed=False)
            return self._expression(name, _literally(text), _NO_OPERATORS, fold=True) if fold else _term(name, text)
        if fold:
            raise Unfit(f"[{name}] field which is of type [{_TYPES[kind]}], does not support case insensitive terms")
        return _VALUES[kind](name, value)

    def match(self, name: str, value: Any, *, phrase: bool) -> Any:
        """The field has the words, in this order if they are a phrase; None: there are no words in it."""
        if self.kind(name) != "text":
            return self.term(name, value)
        builder = lucene("util.QueryBuilder")(analyzer("text"))
        text = _text(value)
        return builder.createPhraseQuery(name, text) if phrase else builder.createBooleanQuery(name, text)

    # --- parts of values ------------------------------------------------------------------------------

    def prefix(self, name: str, text: str, *, fold: bool = False, parsed: bool = False) -> Any:
        """A value, or word, of the field begins with the text."""
        kind = self._needs_strings(name, "prefix", "keyword, text and wildcard")
        if kind is None:
            return nothing()
        text = _normalized(kind, name, text, parsed)
        if fold:
            return self._expression(name, _literally(text) + ".*", _NO_OPERATORS, fold=True)
        return lucene("search.PrefixQuery")(lucene("index.Term")(name, text))

    def wildcard(self, name: str, text: str, *, fold: bool = False, parsed: bool = False) -> Any:
        """A value, or word, of the field fits the text with ``*``, ``?`` and escapes."""
        kind = self._needs_strings(name, "wildcard", "keyword, text and wildcard")
        if kind is None:
            return nothing()
        if parsed:  # what is escaped is not normalized then
            parts = re.split(r"(\\.|[*?]+)", text, flags=re.DOTALL)
            parts[::2] = [_normalized(kind, name, part, parsed) if part else part for part in parts[::2]]
            text = "".join(parts)
        else:
            text = _normalized(kind, name, text, parsed)
        if fold:
            tokens = re.findall(r"\\.|.", text, re.DOTALL)
            expression = "".join([_SIGNS.get(token) or _literally(token[-1]) for token in tokens])
            return self._expression(name, expression, _NO_OPERATORS, fold=True)
        term = lucene("index.Term")(name, text)
        return self._fitting(name, lucene("search.WildcardQuery").toAutomaton(term, MAX_STATES))

    def regexp(self, name: str, text: str, *, fold: bool = False) -> Any:
        """A value, or word, of the field is one of the expression's. Raises CannotRun for one too long."""
        check_length(text)
        kind = self._needs_strings(name, "regexp", "keyword and text")
        if kind is None:
            return nothing()
        return self._expression(name, _normalized(kind, name, text, parsed=False), _operators(), fold=fold)

    def _expression(self, name: str, text: str, operators: int, *, fold: bool) -> Any:
        try:
            expression = lucene("util.automaton.RegExp")(text, operators, _ascii() if fold else 0)
            automaton = lucene("util.automaton.Operations").determinize(expression.toAutomaton(), MAX_STATES)
        except failure() as error:
            raise Unfit(str(error).partition(": ")[2]) from error
        return self._fitting(name, automaton)

    def _fitting(self, name: str, automaton: Any) -> Any:
        """The field has a term that an automaton accepts."""
        terms = self._values(name)
        if self.kind(name) == "text" or len(terms) > FEW:
            return lucene("search.AutomatonQuery")(lucene("index.Term")(name, ""), automaton)
        accepts = lucene("util.automaton.CharacterRunAutomaton")(automaton).run
        found = [lucene("util.BytesRef")(term) for term in terms if accepts(term)]
        return lucene("search.TermInSetQuery")(name, found) if found else nothing()

    def _values(self, name: str) -> list[Any]:
        """The terms of a field that keeps whole values, as texts of Java's."""
        found = self._terms.get(name)
        if found is None:
            found = self._terms[name] = [term for each in self._distinct(name) for term in _java_text(each)]
        return found

    def _distinct(self, name: str) -> Iterable[str]:
        kind = self.kind(name)
        names = [name] if name in self.kinds else [each for each, known in self.kinds.items() if known == kind]
        values = dict.fromkeys([each for row in self._rows for one in names for each in _many(row.get(one))])
        return dict.fromkeys([lower(name, each) for each in values]) if kind == "folded" else values

    def _needs_strings(self, name: str, query: str, kinds: str) -> Kind | None:
        kind = self.kind(name)
        if kind is None or kind in STRINGS:
            return kind
        where = f"[{name}] which is of type [{_TYPES[kind]}]"
        raise Unfit(f"Can only use {query} queries on {kinds} fields - not on {where}")

    # --- ranges -------------------------------------------------------------------------------------

    def range(self, name: str, low: Bound, high: Bound, *, parsed: bool = False) -> Any:
        """The field has a value between the bounds."""
        kind = self.kind(name)
        if kind is None:
            return nothing()
        if kind == "int":
            return _whole_range(name, low, high)
        if kind == "float":
            return _fraction_range(name, low, high)
        if kind not in STRINGS:
            raise CannotRun(f"ranges of the type {_TYPES[kind]} are not run")
        texts = [None if bound is None else _normalized(kind, name, _text(bound[0]), parsed) for bound in (low, high)]
        within = [bound is not None and bound[1] for bound in (low, high)]
        return lucene("search.TermRangeQuery").newStringRange(name, *texts, *within)


_TOGETHER_KINDS = {name: kind for kind, name in TOGETHER.items()}


def nothing() -> Any:
    """A query that finds nothing."""
    return lucene("search.MatchNoDocsQuery")()


def everything() -> Any:
    """A query that finds every row."""
    return lucene("search.MatchAllDocsQuery")()


def any_of(queries: Iterable[Any]) -> Any:
    """A query that finds what one of the queries does."""
    found = list(queries)
    if len(found) == 1:
        return found[0]
    builder = lucene("search.BooleanQuery$Builder")()
    for each in found:
        builder.add(each, occur("SHOULD"))
    return builder.build() if found else nothing()


@cache
def occur(name: str) -> Any:
    """MUST, SHOULD, MUST_NOT or FILTER, as Lucene has them."""
    return getattr(lucene("search.BooleanClause$Occur"), name)


# --- strings ------------------------------------------------------------------------------------------


def _term(name: str, text: str) -> Any:
    return lucene("search.TermQuery")(lucene("index.Term")(name, text))


def _text(value: Any) -> str:
    text = text_of(value)
    if text is None:
        raise CannotRun("a value is neither text, a number nor a boolean")
    return text


def _normalized(kind: Kind, name: str, text: str, parsed: bool) -> str:
    return lower(name, text) if kind == "folded" or (parsed and kind == "text") else text


_SIGNS = {"*": ".*", "?": "."}
_NOT_ALPHANUMERIC = re.compile(r"([^A-Za-z0-9])", re.DOTALL)


def _literally(text: str) -> str:
    """Text as an expression."""
    return _NOT_ALPHANUMERIC.sub(r"\\\1", text)


_NO_OPERATORS = 0


@cache
def _operators() -> int:
    """``ALL``, with the complement that Lucene 10 keeps apart and Elasticsearch still counts in."""
    found = lucene("util.automaton.RegExp")
    return int(found.ALL) | int(found.DEPRECATED_COMPLEMENT)


@cache
def _ascii() -> int:
    """The flag by which letters of ASCII meet, those of classes and ranges excepted."""
    return int(lucene("util.automaton.RegExp").ASCII_CASE_INSENSITIVE)


def _many(value: Any) -> Iterator[str]:
    if value is not None:
        yield from value if isinstance(value, list) else (value,)


def _java_text(text: str) -> Iterator[Any]:
    """The text, once; not at all if it holds half of a character, which no index has either."""
    try:
        yield java("java.lang.String")(text)
    except UnicodeEncodeError:
        return


def check_length(expression: str) -> None:
    """Raise CannotRun for an expression that the server refuses, lenient or not."""
    length = len(expression.encode("utf-16-le", "surrogatepass")) // 2
    if length > MAX_REGEX:
        raise CannotRun(f"The length of regex [{length}] has exceeded the allowed maximum of [{MAX_REGEX}]")


# --- numbers, booleans, addresses -----------------------------------------------------------------------

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")


def _decimal(value: Any) -> Decimal:
    text = _text(value)
    if not _DECIMAL.fullmatch(text):
        raise Unfit(f'For input string: "{text}"')
    return Decimal(text)


def _is_whole(value: Decimal) -> bool:
    return value.adjusted() < 20 and value == value.to_integral_value() and _LEAST <= value <= _MOST


def _whole_value(name: str, value: Any) -> Any:
    number = _decimal(value)
    return lucene("document.LongPoint").newExactQuery(name, int(number)) if _is_whole(number) else nothing()


def _fraction_value(name: str, value: Any) -> Any:
    return lucene("document.DoublePoint").newExactQuery(name, float(_decimal(value)))


def _truth_value(name: str, value: Any) -> Any:
    text = _text(value)
    if text not in ("true", "false"):
        raise Unfit(f"Can't parse boolean value [{text}], expected [true] or [false]")
    return _term(name, "T" if text == "true" else "F")


def _place_value(name: str, value: Any) -> Any:
    """An address, or the addresses of a network ("IP field type", querying ip fields)."""
    text = _text(value)
    address, slash, _ = text.partition("/")
    try:
        if "%" in text or "\x00" in text:
            raise ValueError
        if not slash:
            return lucene("document.InetAddressPoint").newExactQuery(name, inet(address))
        if ip_address(address).version == 6 and ip_address(address).packed[:12] == _MAPPED:
            raise Unfit(f"CIDR notation is not allowed with IPv6-mapped IPv4 address [{address}]")
        network = ip_network(text, strict=False)
        return lucene("document.InetAddressPoint").newPrefixQuery(name, inet(address), network.prefixlen)
    except Unfit:
        raise
    except ValueError:
        raise Unfit(f"'{text}' is not an IP string literal.") from None


_MAPPED = bytes(10) + b"\xff\xff"


def _date_value(name: str, value: Any) -> Any:
    if _text(value)[:1].isdigit():
        raise CannotRun(f"dates are not compared, as `{name}` would be")
    raise Unfit(f"failed to parse date field [{_text(value)}]")


_VALUES = {
    "int": _whole_value,
    "float": _fraction_value,
    "bool": _truth_value,
    "ip": _place_value,
    "datetime": _date_value,
}


def _whole_range(name: str, low: Bound, high: Bound) -> Any:
    least, most = _LEAST, _MOST
    if low is not None:
        value = _in_range(low[0])
        least = int(value.to_integral_value("ROUND_CEILING"))
        least += not low[1] and least == value
    if high is not None:
        value = _in_range(high[0])
        most = int(value.to_integral_value("ROUND_FLOOR"))
        most -= not high[1] and most == value
    empty = least > most or least > _MOST or most < _LEAST
    return nothing() if empty else lucene("document.LongPoint").newRangeQuery(name, least, most)


def _in_range(value: Any) -> Decimal:
    number = _decimal(value)
    if number.adjusted() >= 20 or not _LEAST <= number <= _MOST:
        raise Unfit(f"Value [{value}] is out of range for a long")
    return number


def _fraction_range(name: str, low: Bound, high: Bound) -> Any:
    least, most = -inf, inf
    if low is not None:
        least = float(_decimal(low[0]))
        least = least if low[1] else nextafter(least, inf)
    if high is not None:
        most = float(_decimal(high[0]))
        most = most if high[1] else nextafter(most, -inf)
    return lucene("document.DoublePoint").newRangeQuery(name, least, most)
