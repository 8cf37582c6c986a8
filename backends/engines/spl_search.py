"""``search``: what it selects.

Source: Splunk Enterprise 10.0 Search Reference, "search" (S); Search Manual, "Boolean expressions" (B),
"Difference between != and NOT" (N), "Wildcards" (W), "Use CASE() and TERM() to match phrases" (C); Admin
Manual, segmenters.conf.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from backends.engines.spl_record import RAW, Record, Undocumented, fold_ascii
from backends.engines.spl_text import SEARCH, Reader, Token, tokens
from transpiler.engine import CannotRun

Test = Callable[[Record], bool]
"""Whether a record is selected. Raises Undocumented."""

METADATA = frozenset({"index", "source", "sourcetype"})
"""Where an event was read from. A query that names one which the events do not have is taken to be asked of
events from there."""

MODIFIERS = frozenset(
    {
        *("earliest", "latest", "_index_earliest", "_index_latest", "starttime", "endtime", "timeformat"),
        *("daysago", "startdaysago", "enddaysago", "hoursago", "minutesago", "savedsearch", "savedsplunk"),
        *("searchtimespandays", "searchtimespanhours", "searchtimespanminutes", "eventtypetag", "hosttag"),
    }
)
"""Names that ``search`` reads as its own ("Search modifiers", "Time modifiers")."""

_WORDS = frozenset({"AND", "OR", "NOT", "IN"})
_DIRECTIVES = frozenset({"CASE", "TERM", "PREFIX"})


def search(text: str, known: Collection[str]) -> Test:
    """The test of a ``search``; ``known`` are the fields that events may have. Raises CannotRun."""
    reader = Search(text, known)
    test = reader.every()
    reader.finish()
    return test


class Search(Reader):
    """B: "The search command evaluates OR before AND operators", NOT before both, parentheses first."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        super().__init__(tokens(text, SEARCH))
        self.known = known

    def every(self) -> Test:
        """B: "The AND operator is always implied between terms"."""
        tests = [self.some()]
        while self.peek().kind != "end" and self.peek() != ("mark", ")"):
            self.take("word", "AND")
            tests.append(self.some())
        return tests[0] if len(tests) == 1 else _every(tests)

    def some(self) -> Test:
        tests = [self.negated()]
        while self.take("word", "OR"):
            tests.append(self.negated())
        return tests[0] if len(tests) == 1 else _some(tests)

    def negated(self) -> Test:
        """N: "every event is returned except the events that contain the value you specify".

        "This includes events that do not have a value in the field".
        """
        if self.take("word", "NOT"):
            test = self.negated()
            return lambda record: not test(record)
        if self.take("mark", "("):
            test = self.every()
            self.need("mark", ")")
            return test
        return self.term()

    def term(self) -> Test:
        """A comparison, a list, or a word of the raw event."""
        first = self.take("string") or self.need("word")
        if first.kind == "word" and (first.text in _WORDS or self._is_directive(first.text)):
            raise CannotRun(f"cannot read: {first.text} as a term")
        mark = self.peek()
        if mark.kind == "mark" and mark.text not in "(),":
            self.at += 1
            return self.compared(first.text, mark.text, self.value())
        if mark == ("word", "IN"):
            self.at += 1
            return self.compared(first.text, "=", *self.listed())
        if first.kind == "word" and "::" in first.text:
            raise CannotRun(f"cannot read: {first.text}, a field that is indexed")
        return self.bare(first)

    def bare(self, first: Token) -> Test:
        """A word or phrase of the raw event."""
        return _Occurring(first.text)

    def _is_directive(self, word: str) -> bool:
        return word in _DIRECTIVES and self.peek() == ("mark", "(")

    def listed(self) -> list[str]:
        """``(a, b*)``; wildcards count here too (S, "Comparison expression options")."""
        self.need("mark", "(")
        values = [self.value()]
        while self.take("mark", ","):
            values.append(self.value())
        self.need("mark", ")")
        return values

    def value(self) -> str:
        token = self.take("string") or self.need("word")
        if token.kind == "word" and (token.text in _WORDS or self._is_directive(token.text)):
            raise CannotRun(f"cannot read: {token.text} as a value")
        return token.text

    def compared(self, name: str, mark: str, *values: str) -> Test:
        """A comparison of a field with a value, or with any of several."""
        if name in MODIFIERS or "*" in name:
            raise CannotRun(f"cannot read: {name} is no field")
        if name in METADATA and name not in self.known:
            return lambda _: True
        if mark in {"=", "!="}:
            equal = self.equal(name, values)
            return equal if mark == "=" else equal.differs
        return _ordered(name, mark, *values)

    def equal(self, name: str, values: tuple[str, ...]) -> Equal:
        """Equality with one of the values."""
        return Equal(name, values)


def _every(tests: Sequence[Test]) -> Test:
    return lambda record: not _some_of([(test, False) for test in tests], record)


def _some(tests: Sequence[Test]) -> Test:
    return lambda record: _some_of([(test, True) for test in tests], record)


def _some_of(wanted: list[tuple[Test, bool]], record: Record) -> bool:
    """Whether some test gives what is wanted of it; one without an answer counts only if all others do not."""
    unknown = None
    for test, want in wanted:
        try:
            if test(record) is want:
                return True
        except Undocumented as found:
            unknown = found
    if unknown is not None:
        raise unknown
    return False


# --- field = value ----------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_PERHAPS_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|0x[0-9a-f]+|inf(?:inity)?|nan)\s*", re.IGNORECASE
).fullmatch
"""Text that other readers take for a number; Splunk's documents do not say which it takes."""


class Equal:
    """The field has one of the values, whatever the letter case.

    "Comparison expressions with the equal ( = ) or not equal ( != ) operator compare string values. For
    example, "1" does not match "1.0"" (S). "By default, searches are case-insensitive" (C).
    """

    def __init__(self, name: str, values: Sequence[str]) -> None:
        self.name = name
        self.anything = any(value and not value.strip("*") for value in values)
        self.networks = [network for value in values if (network := _network(value)) is not None]
        self.network_texts = frozenset([fold_ascii(value) for value in values if _network(value) is not None])
        plain = [value for value in values if _network(value) is None]
        self.tests = {wide: _any_glob(plain, wide) for wide in (False, True)}

    def __call__(self, record: Record) -> bool:
        texts = record.folded(self.name)
        if not texts:
            return False  # `f=*` wants a value too
        if self.anything:
            return True
        test = self.tests[record.wide]
        return _some_value(lambda text: test(text) or self.inside(text), texts)

    def inside(self, text: str) -> bool:
        """S: "supports IPv4 and IPv6 addresses and subnets that use CIDR notation"."""
        if not self.networks:
            return False
        if text in self.network_texts:
            raise Undocumented("a network as text")
        return in_networks(text, self.networks)

    def differs(self, record: Record) -> bool:
        """N: "every event that has a value in the field, where that value does not match ..., is returned"."""
        texts = record.values(self.name)
        if len(texts) > 1:
            raise Undocumented("!= on several values")
        return bool(texts) and not self(record)


def _some_value(test: Callable[[str], bool], texts: list[str]) -> bool:
    """Whether some value passes: each is a field-value pair of the event, and a search is for such pairs."""
    unknown = None
    for text in texts:
        try:
            if test(text):
                return True
        except Undocumented as found:
            unknown = found
    if unknown is not None:
        raise unknown
    return False


def _network(value: str) -> IPv4Network | IPv6Network | None:
    if "/" not in value:
        return None
    try:
        return ip_network(value)
    except ValueError:
        return None


def in_networks(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether a text is an address of one of the networks."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _any_glob(values: Sequence[str], wide: bool) -> Callable[[str], bool]:
    """A test of folded text for one of the values, ``*`` standing for any characters.

    "Wildcard characters in the middle of a word or string might cause inconsistent results" (W): a text
    that matches only with them has no answer.
    """
    exact: set[str] = set()
    starts: list[str] = []
    ends: list[str] = []
    parts: list[str] = []
    inner: list[str] = []
    for value in values:
        folded = value.lower() if wide else fold_ascii(value)
        core = folded.strip("*")
        open_start, open_end = folded.startswith("*"), folded.endswith("*")
        if "*" in core:
            glob = ".*".join(map(re.escape, re.split(r"\*+", folded)))
            inner.append(glob)
        elif open_start and open_end:
            parts.append(core)
        elif open_start or open_end:
            (ends if open_start else starts).append(core)
        else:
            exact.add(core)
    beginnings, endings = tuple(starts), tuple(ends)
    middle = re.compile("|".join(inner), re.DOTALL).fullmatch if inner else None

    def test(text: str) -> bool:
        if text in exact or text.startswith(beginnings) or text.endswith(endings):
            return True
        if any(map(text.__contains__, parts)):
            return True
        if middle is not None and middle(text):
            raise Undocumented("a wildcard inside a value")
        return False

    return test


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _ordered(name: str, mark: str, value: str) -> Test:
    """S: these "numerically compare two numbers and lexicographically compare other values"."""
    holds = _SIGNS[mark]
    if not _NUMBER(value):
        raise CannotRun(f"cannot read: {mark} with other than a number")
    limit = float(value)

    def test(text: str) -> bool:
        if _NUMBER(text):
            return holds(float(text), limit)
        if _PERHAPS_NUMBER(text):
            raise Undocumented("what is a number")
        return holds(text, value)

    return lambda record: _some_value(test, record.values(name))


# --- words of the raw event ----------------------------------------------------------------------------------

_BREAKERS = frozenset("[]<>(){}|!;,'\"*\n\r \t&?+/:=@.-$#%\\_")
"""Major and minor breakers of one character (segmenters.conf, MAJOR and MINOR)."""


class _Occurring:
    """The text occurs in the raw event, as whole words unless a wildcard stands at its end.

    "Splunk software searches the _raw field for the matching events" (Search Manual, "Search command
    primer"). What is indexed, and found, are the segments between breakers (segmenters.conf).
    """

    def __init__(self, text: str) -> None:
        self.core = text.strip("*")
        self.open_start = text.startswith("*") or self.core[:1] in _BREAKERS
        self.open_end = text.endswith("*") or self.core[-1:] in _BREAKERS
        self.everything = bool(text) and not self.core
        if not text:
            raise CannotRun("cannot read: an empty term")
        self.tests = {wide: self._test(wide) for wide in (False, True)}

    def __call__(self, record: Record) -> bool:
        return self.everything or _some_value(self.tests[record.wide], record.folded(RAW))

    def _test(self, wide: bool) -> Callable[[str], bool]:
        core = self.core.lower() if wide else fold_ascii(self.core)
        if "*" in core:
            middle = re.compile(".*".join(map(re.escape, re.split(r"\*+", core))), re.DOTALL).search

            def perhaps(text: str) -> bool:
                if middle(text):
                    raise Undocumented("a wildcard inside a term")
                return False

            return perhaps
        if self.open_start and self.open_end:
            return lambda text: core in text
        return lambda text: self._as_words(core, text)

    def _as_words(self, core: str, text: str) -> bool:
        at = text.find(core)
        while at >= 0:
            before, after = text[at - 1 : at] if at else "", text[at + len(core) :][:1]
            if (self.open_start or not before or before in _BREAKERS) and (
                self.open_end or not after or after in _BREAKERS
            ):
                return True
            at = text.find(core, at + 1)
        return False
