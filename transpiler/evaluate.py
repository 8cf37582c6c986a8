r"""What a tree means: the reference that every query is held against, executable.

Source: Sigma specification 2.1.0. An event is a JSON document as :func:`json.loads` gives it.

Fields
    A field is looked up by its name as it stands, then as a path: ``a.b`` is the ``b`` of the
    object ``a`` (a key that itself holds dots counts as a step, the longest first). A path through
    a list of objects gives the list of what they hold.
Lists
    A list matches if any element does; lists in lists count as one list. So an empty list matches
    no leaf but ``Exists``, and a list that holds a null matches ``IsNull``.
Missing and null
    Every leaf but ``Exists`` and ``IsNull`` is false on them; ``Not`` only negates.
Text
    A string is its own text; a number is its shortest decimal (``4688``, ``1.5``; one with a point
    keeps it, ``1.0``), never with an exponent; a boolean is ``true`` or ``false``. An object has no
    text. Letter case does not count unless the leaf is ``cased``;
    :func:`transpiler.pattern.fold` says which letters meet.
Numbers
    ``Equals`` takes the number itself, whichever way it is written in the event (``1`` is ``1.0``),
    or a string that is its text: ``"4688"``, not ``" 4688"``, ``"04688"``, ``"4688.0"`` or
    ``"0x1250"``. A boolean is no number. ``Compare`` takes a number, or a string that is a decimal
    number and nothing else; other strings are neither above nor below.
Addresses
    ``Cidr`` takes the text of an address. An IPv4 address is in IPv4 networks only, an IPv6 one,
    ``::ffff:10.0.0.1`` included, in IPv6 networks only.
Dates
    ``TimePart`` takes ISO 8601 text that begins with a whole date; without an offset it is UTC. A
    number is no date, for nothing says what it counts.
Keywords
    Searched for in the text of every value at any depth, never in names. The raw event takes part
    if the event carries it as a value (``_raw``).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from transpiler import ast
from transpiler.pattern import DASHES, MANY, ONE, Pattern, Token
from transpiler.pattern import fold as fold_text
from transpiler.regex import to_python
from transpiler.values import text_of

Event = Mapping[str, object]
Predicate = Callable[[Event], bool]
"""A compiled tree: does this event match?"""

_TextTest = Callable[[str], bool]
_ValueTest = Callable[[object], bool]


def matches(node: ast.Node, event: Event) -> bool:
    """Whether the event is one the tree describes. Use :func:`compile` for many events."""
    return compile(node)(event)


def compile(node: ast.Node) -> Predicate:  # noqa: A001 - named as re.compile is
    """Make a function of a tree; it takes an event and says whether it matches."""
    return _COMPILERS[type(node)](node)


def lookup(event: Event, name: str, default: object = None) -> object:
    """The value of a field, or ``default`` if the event does not have it."""
    if name in event:
        return event[name]
    if "." not in name:
        return default
    found = _descend(event, name)
    return default if found is _MISSING else found


_MISSING = object()

_LONG = 4000
"""From this many digits or bits on, integers are not read or written by int() and str(): Python
refuses more than 4,300 digits."""


def _descend(holder: object, path: str) -> object:
    if isinstance(holder, list):
        found = [value for item in holder if (value := _descend(item, path)) is not _MISSING]
        return found or _MISSING
    if not isinstance(holder, Mapping):
        return _MISSING
    if path in holder:
        return holder[path]
    dot = path.rfind(".")
    while dot > 0:
        if path[:dot] in holder:
            value = _descend(holder[path[:dot]], path[dot + 1 :])
            if value is not _MISSING:
                return value
        dot = path.rfind(".", 0, dot)
    return _MISSING


# --- And, Or, Not ------------------------------------------------------------------------------


def _and(node: ast.And) -> Predicate:
    children = tuple(map(compile, node.children))  # map: one frame less a level than a comprehension

    def every(event: Event) -> bool:
        for child in children:  # noqa: SIM110 - all() with a generator takes twice the time
            if not child(event):
                return False
        return True

    return every


def _or(node: ast.Or) -> Predicate:
    children = tuple(map(compile, node.children))

    def some(event: Event) -> bool:
        for child in children:  # noqa: SIM110 - see _and
            if child(event):
                return True
        return False

    return some


def _not(node: ast.Not) -> Predicate:
    child = compile(node.child)
    return lambda event: not child(event)


# --- leaves on one field -----------------------------------------------------------------------


def _getter(name: str) -> Callable[[Event], object]:
    """A function of an event that gives the field's value, None if it is missing."""
    return (lambda event: lookup(event, name)) if "." in name else operator.methodcaller("get", name)


def _elements(values: list[object]) -> Iterator[object]:
    """The elements of a list and of the lists in it, in no particular order."""
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        else:
            yield value


def _on_field(field: ast.Field, test: _ValueTest) -> Predicate:
    """The field's value, or one of its values, passes the test; a missing field counts as null."""
    get = _getter(field.name)

    def leaf(event: Event) -> bool:
        value = get(event)
        return any(map(test, _elements(value))) if isinstance(value, list) else test(value)

    return leaf


def _on_text(field: ast.Field, test: _TextTest, cased: bool) -> Predicate:
    """The text of the field's value passes the test; it is given folded text unless ``cased``."""
    get = _getter(field.name)
    of_value = _text_test_of_value(test, cased)
    view = _as_it_is if cased else _fold

    def leaf(event: Event) -> bool:
        value = get(event)
        if type(value) is str:  # nearly always
            return test(view(value))
        if value is None:
            return False
        return any(map(of_value, _elements(value))) if isinstance(value, list) else of_value(value)

    return leaf


def _text_test_of_value(test: _TextTest, cased: bool) -> _ValueTest:
    view = _as_it_is if cased else _fold

    def of_value(value: object) -> bool:
        text = text_of(value)
        return text is not None and test(view(text))

    return of_value


_fold = lru_cache(maxsize=256)(fold_text)
"""Folded text. The leaves of a rule, and the rules of a log source, look at the same few values."""


def _as_it_is(text: str) -> str:
    return text


def _match(node: ast.Match) -> Predicate:
    return _on_text(node.field, _text_test(node.patterns, node.cased), node.cased)


def _regex(node: ast.Regex) -> Predicate:
    search = to_python(node.regex).search
    return _on_text(node.field, lambda text: search(text) is not None, cased=True)


def _equals(node: ast.Equals) -> Predicate:
    booleans = frozenset([value for value in node.values if isinstance(value, bool)])
    numbers = frozenset([value for value in node.values if not isinstance(value, bool)])
    texts = frozenset([text_of(value) for value in node.values])

    def test(value: object) -> bool:
        if isinstance(value, str):
            return _fold(value) in texts
        if isinstance(value, bool):
            return value in booleans
        return isinstance(value, int | float) and value in numbers

    return _on_field(node.field, test)


_OPERATORS: dict[ast.Comparison, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def _number_of(value: object) -> int | float | None:
    """The number a value is or, being text, writes in decimal; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return None
    return float(value) if "." in value or len(value) > _LONG else int(value)


def _compare(node: ast.Compare) -> Predicate:
    holds, limit = _OPERATORS[node.op], node.value

    def test(value: object) -> bool:
        number = _number_of(value)
        return number is not None and holds(number, limit)

    return _on_field(node.field, test)


@lru_cache(maxsize=256)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _cidr(node: ast.Cidr) -> Predicate:
    networks = node.networks

    def test(value: object) -> bool:
        address = _address(value) if isinstance(value, str) else None
        return address is not None and any(address in network for network in networks)

    return _on_field(node.field, test)


_PARTS: dict[ast.Part, Callable[[str, str], bool]] = {
    "equals": operator.eq,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}


def _fieldref(node: ast.FieldRef) -> Predicate:
    get, get_other = _getter(node.field.name), _getter(node.other.name)
    holds = _PARTS[node.part]
    view = _as_it_is if node.cased else _fold
    by_number = node.part == "equals"

    def pair(value: object, other: object) -> bool:
        if by_number and _is_number(value) and _is_number(other):
            return value == other
        text, other_text = text_of(value), text_of(other)
        return text is not None and other_text is not None and holds(view(text), view(other_text))

    def leaf(event: Event) -> bool:
        others = list(_elements([get_other(event)]))
        return any(pair(value, other) for value in _elements([get(event)]) for other in others)

    return leaf


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exists(node: ast.Exists) -> Predicate:
    name = node.field.name
    return lambda event: lookup(event, name, _MISSING) is not _MISSING


def _is_null(node: ast.IsNull) -> Predicate:
    return _on_field(node.field, lambda value: value is None)


_UNITS: dict[ast.TimeUnit, Callable[[datetime], int]] = {
    "minute": lambda when: when.minute,
    "hour": lambda when: when.hour,
    "day": lambda when: when.day,
    "week": lambda when: when.isocalendar().week,
    "month": lambda when: when.month,
    "year": lambda when: when.year,
}

_WHOLE_DATE = re.compile(r"\d{4}-\d\d-\d\d(?=$|[T ])", re.ASCII)


def _time_of(value: object) -> datetime | None:
    """The date and time in UTC that a text writes, else None."""
    if not isinstance(value, str) or not _WHOLE_DATE.match(value):
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.astimezone(UTC) if when.tzinfo else when
    except (ValueError, OverflowError):
        return None


def _time_part(node: ast.TimePart) -> Predicate:
    part, values = _UNITS[node.unit], frozenset(node.values)

    def test(value: object) -> bool:
        when = _time_of(value)
        return when is not None and part(when) in values

    return _on_field(node.field, test)


# --- leaves on the whole event -----------------------------------------------------------------


def _all_values(event: Event) -> Iterator[object]:
    """Every value of the event that is no object and no list, in no particular order."""
    pending = list(event.values())
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
        else:
            yield value


def _keyword(node: ast.Keyword) -> Predicate:
    test = _text_test_of_value(_text_test(node.patterns, node.cased), node.cased)
    return lambda event: any(map(test, _all_values(event)))


def _keyword_regex(node: ast.KeywordRegex) -> Predicate:
    search = to_python(node.regex).search
    test = _text_test_of_value(lambda text: search(text) is not None, cased=True)
    return lambda event: any(map(test, _all_values(event)))


# --- patterns ----------------------------------------------------------------------------------


def _text_test(patterns: tuple[Pattern, ...], cased: bool) -> _TextTest:
    """A function that says whether a text, folded unless ``cased``, matches one of the patterns."""
    view = _as_it_is if cased else fold_text
    simple: dict[str, list[str]] = {}
    globs: list[str] = []
    for pattern in patterns:
        if pattern.kind in _SIMPLE_TESTS:
            simple.setdefault(pattern.kind, []).append(view(pattern.text))
        else:
            globs.append(_expression(pattern, view))
    tests = [_SIMPLE_TESTS[kind](tuple(texts)) for kind, texts in simple.items()]
    if globs:
        fullmatch = re.compile("|".join(globs), re.DOTALL).fullmatch
        tests.append(lambda text: fullmatch(text) is not None)
    if len(tests) == 1:
        return tests[0]
    return lambda text: any(test(text) for test in tests)


def _contains(parts: tuple[str, ...]) -> _TextTest:
    if len(parts) == 1:
        part = parts[0]
        return lambda text: part in text

    def some(text: str) -> bool:
        for part in parts:  # noqa: SIM110 - see _and
            if part in text:
                return True
        return False

    return some


_SIMPLE_TESTS: dict[str, Callable[[tuple[str, ...]], _TextTest]] = {
    "equals": lambda texts: frozenset(texts).__contains__,
    "startswith": lambda texts: lambda text: text.startswith(texts),
    "endswith": lambda texts: lambda text: text.endswith(texts),
    "contains": _contains,
    "any": lambda _: lambda _text: True,
}


def _expression(pattern: Pattern, view: Callable[[str], str]) -> str:
    """The pattern as a Python regular expression that must match the whole text, with DOTALL.

    Between two ``*`` the leftmost occurrence is as good as any, so each is an atomic group: a
    pattern with many ``*`` takes time in proportion to the text, not to its power.
    """
    pieces: list[list[str]] = [[]]
    for token in pattern.tokens:
        if token is MANY:
            pieces.append([])
        else:
            pieces[-1].append(_piece(token, view))
    first, *middle = ["".join(piece) for piece in pieces]
    if not middle:
        return first
    last = middle.pop()
    return first + "".join([f"(?>.*?{piece})" for piece in middle]) + ".*" + last


def _piece(token: Token, view: Callable[[str], str]) -> str:
    if isinstance(token, str):
        return re.escape(view(token))
    return "." if token is ONE else f"[{re.escape(DASHES)}]"


_COMPILERS: dict[type[ast.Node], Callable[..., Predicate]] = {
    ast.And: _and,
    ast.Or: _or,
    ast.Not: _not,
    ast.Match: _match,
    ast.Equals: _equals,
    ast.Compare: _compare,
    ast.Cidr: _cidr,
    ast.Regex: _regex,
    ast.FieldRef: _fieldref,
    ast.Exists: _exists,
    ast.IsNull: _is_null,
    ast.TimePart: _time_part,
    ast.Keyword: _keyword,
    ast.KeywordRegex: _keyword_regex,
}
