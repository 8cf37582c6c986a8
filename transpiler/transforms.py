r"""Transforms: values that a platform keeps in another form than the rule writes them.

``account``: ``DOMAIN\name`` in a column for each. ``path``: folder and name apart. ``registry_path``: a
registry key, with the value's name apart if there are two columns, and hives spelled long.
``registry_data``: ``DWORD (0x00000001)`` as ``1``. ``hashes``: ``MD5=...,SHA256=...`` in a column each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from transpiler import ast
from transpiler.ast import And, Field, IsNull, Match, Node, Or
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.pattern import EMPTY, MANY, PRESENT, Pattern, Token, literal, pattern
from transpiler.values import text_of

Event = Mapping[str, Any]


def _text(event: Event, column: Field) -> str | None:
    value = event.get(column.name)
    return text_of(value[0] if isinstance(value, list) and value else value)


def _refuse(node: Any, message: str) -> NoReturn:
    raise SchemaError(diagnostic("F503", message, node.span))


def _as_match(node: Any) -> Match:
    """A leaf as one that compares text. Raises SchemaError for one that cannot be."""
    if isinstance(node, ast.Equals):
        return Match(node.field, tuple([literal(text_of(value) or "") for value in node.values]), False, node.span)
    if not isinstance(node, Match):
        _refuse(node, f"`{node.field.name}` is kept in another form here, which only texts and wildcards can be put in")
    return node


def _any(nodes: Iterable[Node], node: Any) -> Node:
    """One of the nodes holds; none of them: never."""
    found = list(dict.fromkeys(nodes))
    return found[0] if len(found) == 1 else Or(tuple(found), node.span)


# --- two columns joined by a separator -------------------------------------------------------------------


class _Way(NamedTuple):
    """One way in which a joined value matches: a pattern for each part; None: anything, "" : missing."""

    first: Pattern | None
    second: Pattern | None


class Joined:
    r"""A value whose two parts are kept apart: the second is what follows the last separator.

    ``missing`` says which part an event may lack (0, 1 or neither), and then the separator too.
    ``deep``: the second part may hold what a pattern contains, separators and all. ``unnamed``: what the
    whole value has for a second part that the platform may leave empty.
    """

    assumes = ""

    def __init__(
        self,
        columns: tuple[Field, ...],
        separator: str = "\\",
        missing: int | None = None,
        deep: bool = False,
        unnamed: str | None = None,
    ) -> None:
        self.columns = columns
        self.separator = separator
        self.missing = missing
        self.deep = deep
        self.unnamed = unnamed

    def leaf(self, node: Any) -> Node:
        """A leaf on the whole value, as one on its parts."""
        if isinstance(node, IsNull):
            return And(tuple([IsNull(column, node.span) for column in self.columns]), node.span)
        if isinstance(node, ast.Exists):
            return Or(tuple([ast.Exists(column, node.span) for column in self.columns]), node.span)
        match = _as_match(node)
        ways = dict.fromkeys(way for each in match.patterns for way in self.ways(each))
        return _any([self.said(way, match) for way in ways], node)

    def said(self, way: _Way, node: Match) -> Node:
        """A way, in leaves."""
        leaves: list[Node] = []
        for column, each in zip(self.columns, way, strict=True):
            if each is not None and each is EMPTY:
                leaves.append(Or((IsNull(column, node.span), Match(column, (EMPTY,), False, node.span)), node.span))
            elif each is not None:
                leaves.append(Match(column, (each,), node.cased, node.span))
        return leaves[0] if len(leaves) == 1 else And(tuple(leaves), node.span)

    def ways(self, given: Pattern) -> Iterator[_Way]:
        """The ways in which the two parts can make up a text that the pattern matches."""
        tokens = given.tokens
        last = max(
            (at for at, token in enumerate(tokens) if isinstance(token, str) and self.separator in token), default=-1
        )
        for at, token in enumerate(tokens):
            if token is MANY and (at > last or (self.deep and tokens[0] is MANY is tokens[-1])):
                yield _Way(_unless_any(tokens[: at + 1]), _unless_any(tokens[at:]))
        if last >= 0:
            head, _, tail = str(tokens[last]).rpartition(self.separator)
            way = _Way(_unless_any((*tokens[:last], head)), _unless_any((tail, *tokens[last + 1 :])))
            if self.missing is None or way[self.missing] is not EMPTY:  # a part that is missing has no separator
                yield way
                if way.second is not None and way.second.kind == "equals" and way.second.text == self.unnamed:
                    yield _Way(way.first, EMPTY)
        if self.missing == 1 and tokens[-1] is not MANY:
            yield _Way(given, EMPTY)
        if self.missing == 0 and last < 0 and tokens[0] is not MANY:
            yield _Way(EMPTY, given)

    def store(self, value: str) -> Event:
        """The parts of a value."""
        first, found, second = value.rpartition(self.separator)
        if not found:
            return {self.columns[1 if self.missing == 0 else 0].name: value}
        return {self.columns[0].name: first, self.columns[1].name: second}

    def read(self, event: Event) -> str | None:
        """The parts put together."""
        parts = [text for column in self.columns if (text := _text(event, column))]
        return self.separator.join(parts) if parts else None


def _unless_any(tokens: tuple[Token, ...]) -> Pattern | None:
    """The pattern of the tokens, or None for ``*``; an empty text stands for the empty value."""
    made = pattern(*tokens)
    return None if made.kind == "any" else made


# --- the registry ---------------------------------------------------------------------------------------

_HIVES = {
    "hklm": "HKEY_LOCAL_MACHINE",
    "hku": "HKEY_USERS",
    "hkcr": "HKEY_CLASSES_ROOT",
    "hkcu": "HKEY_CURRENT_USER",
    "hkcc": "HKEY_CURRENT_CONFIG",
}
"""How the hives are called in full (Microsoft, "Predefined Keys")."""

_HIVE = re.compile(r"\A(hklm|hku|hkcr|hkcu|hkcc)(?=\\|$)", re.IGNORECASE)
_LONG = re.compile(r"\A(HKEY_[A-Z_]+)(?=\\|$)", re.IGNORECASE)


class RegistryPath:
    """A registry key, hives spelled in full; the name of the value in a column of its own if there are two.

    ``hives``: other names that the platform has for a hive, the usual one first. ``values``: every event is
    about a value, so that one without a name is about the default value.
    """

    def __init__(
        self,
        columns: tuple[Field, ...],
        hives: Mapping[str, tuple[str, ...]] | None = None,
        values: bool = False,
    ) -> None:
        self.columns = columns
        own = {short.lower(): names for short, names in (hives or {}).items()}
        self.hives = {short: (long,) for short, long in _HIVES.items()} | own
        spelled = [*self.hives.items(), *own.items()]
        self._short = {long.lower(): short.upper() for short, names in spelled for long in names}
        self._joined = Joined(columns, "\\", None if values else 1, True, "(Default)") if len(columns) == 2 else None
        self.assumes = "a value's name holds no backslash that the rule looks across" if self._joined else ""

    def leaf(self, node: Any) -> Node:
        """A leaf on the path."""
        if isinstance(node, Match | ast.Equals):
            match = _as_match(node)
            node = match._replace(patterns=tuple([long for each in match.patterns for long in self._spelled(each)]))
        elif not isinstance(node, IsNull | ast.Exists):
            _as_match(node)  # refused
        return self._joined.leaf(node) if self._joined else node._replace(field=self.columns[0])

    def store(self, value: str) -> Event:
        """The path as the platform spells it."""
        spelled = _HIVE.sub(lambda found: self.hives[found[1].lower()][0], value, count=1)
        return self._joined.store(spelled) if self._joined else {self.columns[0].name: spelled}

    def read(self, event: Event) -> str | None:
        """The path as Sysmon spells it."""
        value = self._joined.read(event) if self._joined else _text(event, self.columns[0])
        if value is None:
            return None
        return _LONG.sub(lambda found: self._short.get(found[1].lower(), found[1]), value, count=1)

    def _spelled(self, given: Pattern) -> Iterator[Pattern]:
        """The pattern with the hive that it begins with spelled in full, in each way there is."""
        tokens = list(given.tokens)
        first = next((at for at, token in enumerate(tokens) if token is not MANY), None)
        text = tokens[first] if first is not None and first <= 1 else None
        found = _HIVE.match(text) if isinstance(text, str) else None
        if first is None or found is None or (found.end() == len(str(text)) and first + 1 < len(tokens)):
            yield given  # `HKU*` may be the beginning of another word
            return
        for long in self.hives[found[1].lower()]:
            tokens[first] = long + str(text)[found.end() :]
            yield pattern(*tokens)


_WORD = re.compile(r"(?:dword )?\(?0x([0-9a-f]{8})\)", re.IGNORECASE)
_LONG_WORD = re.compile(r"(?:qword )?\(?0x([0-9a-f]{8})-0x([0-9a-f]{8})\)", re.IGNORECASE)
_BINARY = "binary data"


class RegistryData:
    """The data of a registry value: numbers in decimal, ``Binary Data`` as a predicate of the schema's.

    ``empty``: what the column has where Sysmon writes ``(Empty)``. ``also``: the column may as well hold the
    data as Sysmon writes it, where events of several recorders come together.
    Source: how Sysmon writes Details (event 13), against how the platform's column keeps it.
    """

    assumes = ""

    def __init__(
        self, columns: tuple[Field, ...], binary: Node | None = None, empty: str = "", also: bool = False
    ) -> None:
        self.columns = columns
        self.binary = binary
        self.empty = empty
        self.also = also

    def leaf(self, node: Any) -> Node:
        """A leaf on the data."""
        column = self.columns[0]
        if not isinstance(node, Match | ast.Equals):
            return node._replace(field=column)  # type: ignore[no-any-return]
        match = _as_match(node)
        kept: dict[Pattern, None] = {}
        others: list[Node] = []
        for each in match.patterns:
            if each.text.lower() == _BINARY:
                others.append(Or(()) if self.binary is None else self.binary)
            else:
                kept.update(dict.fromkeys((self.spelled(each), each) if self.also else (self.spelled(each),)))
        same = [match._replace(field=column, patterns=tuple(kept))] if kept else []
        return _any([*same, *others], node)

    def store(self, value: str) -> Event:
        """The data as the platform writes it."""
        return {self.columns[0].name: self.spelled(literal(value)).text}

    def read(self, event: Event) -> str | None:
        """The data, a number in decimal."""
        return _text(event, self.columns[0])

    def spelled(self, given: Pattern) -> Pattern:
        """The pattern, or the decimal text of the number that it spells as Sysmon does."""
        word = _WORD.fullmatch(given.text)
        if word:
            return literal(str(int(word[1], 16)))
        long = _LONG_WORD.fullmatch(given.text)
        if long:
            return literal(str(int(long[1] + long[2], 16)))
        return literal(self.empty) if given.kind == "equals" and given.text == "(Empty)" else given


# --- hashes ---------------------------------------------------------------------------------------------

_LENGTHS = {"MD5": 32, "SHA1": 40, "SHA256": 64, "IMPHASH": 32}
"""How many hexadecimal digits a hash of each algorithm has."""

_HASH = re.compile(r"(?:(\w+)=)?([0-9a-f]*)", re.IGNORECASE)


class Hashes:
    """Hashes that Sysmon writes in one field, ``MD5=...,SHA256=...``, each algorithm's in a column of its own."""

    assumes = ""

    def __init__(self, algorithms: Mapping[str, Field]) -> None:
        self.algorithms = {name.upper(): column for name, column in algorithms.items()}
        self.columns = tuple(self.algorithms.values())

    def leaf(self, node: Any) -> Node:
        """A leaf on all of the hashes; one of an algorithm that is not kept never holds."""
        if isinstance(node, IsNull):
            return And(tuple([IsNull(column, node.span) for column in self.columns]), node.span)
        if isinstance(node, ast.Exists):
            return Or(tuple([ast.Exists(column, node.span) for column in self.columns]), node.span)
        match = _as_match(node)
        if match.cased:
            _refuse(node, "the letter case of hashes is not kept")
        leaves: dict[Field, list[Pattern]] = {}
        whole: list[Node] = []
        for each in match.patterns:
            asked = [self.one(part, each, node) for part in each.text.split(",")] if each.text else []
            if not asked:
                _refuse(node, f"`{each}` is no hash")
            if len(asked) == 1 and asked[0]:
                for column, said in asked[0]:
                    leaves.setdefault(column, []).append(said)
            else:
                each_of = [_any([Match(c, (p,), False, node.span) for c, p in one], node) for one in asked]
                whole.append(each_of[0] if len(each_of) == 1 else And(tuple(each_of)))
        apart = [Match(column, tuple(patterns), False, node.span) for column, patterns in leaves.items()]
        return _any([*apart, *whole], node)

    def one(self, part: str, given: Pattern, node: Any) -> list[tuple[Field, Pattern]]:
        """The columns that may hold one hash of a rule, and what to compare each with."""
        found = _HASH.fullmatch(part.strip())
        if found is None or not (found[1] or found[2]):
            _refuse(node, f"`{given}` is no hash")
        name, digits = (found[1] or "").upper(), found[2]
        if name:
            column = self.algorithms.get(name)
            if column is None:
                return []
            if not digits:  # `contains: 'IMPHASH='`: there is one
                return [(column, PRESENT)]
            whole = len(digits) == _LENGTHS.get(name, 0)
            return [(column, literal(digits) if whole else pattern(digits, MANY))]
        fitting = [column for name, column in self.algorithms.items() if _LENGTHS.get(name, len(digits)) >= len(digits)]
        return [(column, pattern(MANY, digits, MANY)) for column in fitting]

    def store(self, value: str) -> Event:
        """The hash of each algorithm."""
        parts = [part.partition("=") for part in value.split(",")]
        return {
            self.algorithms[name.strip().upper()].name: digits
            for name, _, digits in parts
            if name.strip().upper() in self.algorithms
        }

    def read(self, event: Event) -> str | None:
        """The hashes in one text."""
        found = [f"{name}={text}" for name, column in self.algorithms.items() if (text := _text(event, column))]
        return ",".join(found) or None
