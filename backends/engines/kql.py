r"""KQL as Kibana reads it, and the Query DSL that Kibana makes of it.

Written after Kibana's grammar (kbn-es-query, ``grammar.peggy``) and the ``toElasticsearchQuery`` of its
functions ``is`` and ``range``, as of Kibana 8.12.1 to 9. As there, the first alternative that fits is
taken, and an unquoted value goes on until a special character or an operator between blanks. The one
parser of KQL for Python (``kibana-ql``) is not used: it is unchanged since 2023, and its trees do not
say which values stood in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transpiler.engine import CannotRun, Column

STAR = None
"""A wildcard among the characters of a value."""

Characters = tuple[str | None, ...]
Clause = dict[str, Any]
Literal = str | bool | Characters | None
"""A text, true or false, characters with a wildcard among them, or null."""

_BLANKS = " \t\r\n\xa0"
_SPECIAL = frozenset('\\():<>"*{}')
_TRIMMED = "\t\n\x0b\x0c\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript's ``trim`` takes away."""

_ESCAPED = re.compile(r"\\(?:([trn])|u([0-9a-fA-F]{4}))")
_WHITE = {"t": "\t", "r": "\r", "n": "\n"}
_OPERATORS = {word: re.compile(rf"[{_BLANKS}]+{word}[{_BLANKS}]+", re.IGNORECASE | re.ASCII) for word in ("or", "and")}
_NOT = re.compile(rf"not[{_BLANKS}]+", re.IGNORECASE | re.ASCII)
_KEYWORD = re.compile(rf"[{_BLANKS}](?:or|and)[{_BLANKS}]|not[{_BLANKS}]", re.IGNORECASE | re.ASCII)
_ESCAPED_WORD = re.compile(r"\\(or|and|not)", re.IGNORECASE | re.ASCII)
_RANGES = {"<=": "lte", ">=": "gte", "<": "lt", ">": "gt"}
_WORDS: dict[str, bool | None] = {"null": None, "true": True, "false": False}


def to_dsl(text: str, columns: Mapping[str, Column]) -> Clause:
    """The query that Kibana sends for a text and a data view of these columns. Raises CannotRun."""
    reader = _Reader(text, columns)
    reader.blanks()
    clause = reader.query() if reader.at < len(text) else {"match_all": {}}
    reader.blanks()
    if reader.at != len(text):
        reader.stop("an operator or the end")
    return clause


@dataclass(slots=True)
class _Reader:
    text: str
    columns: Mapping[str, Column]
    at: int = 0

    def stop(self, expected: str) -> None:
        rest = self.text[self.at :][:30]
        raise CannotRun(f"Kibana cannot read the query: expected {expected} at {self.at}: {rest!r}")

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _BLANKS:
            self.at += 1

    def take(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def takes(self, pattern: re.Pattern[str]) -> bool:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
            return True
        return False

    # --- operators ------------------------------------------------------------------------------------

    def query(self) -> Clause:
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word: str, operand: Callable[[], Clause]) -> Clause:
        operands = [operand()]
        while self.takes(_OPERATORS[word]):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return _any(operands) if word == "or" else {"bool": {"filter": operands}}

    def negation(self) -> Clause:
        return _none(self.simple()) if self.takes(_NOT) else self.simple()

    def simple(self) -> Clause:
        if self.take("("):
            self.blanks()
            clause = self.query()
            self.closing()
            return clause
        return self.expression()

    def closing(self) -> None:
        self.blanks()
        if not self.take(")"):
            self.stop(")")

    # --- expressions ----------------------------------------------------------------------------------

    def expression(self) -> Clause:
        value, quoted = self.literal()
        end = self.at
        self.blanks()
        for sign, name in _RANGES.items():
            if self.take(sign):
                self.blanks()
                limit = self.literal()[0]
                return _any([{"range": {_name(value): {name: _plain(limit)}}}])
        if self.take(":"):
            self.blanks()
            if self.text.startswith("{", self.at):
                raise CannotRun("nested fields are not run")
            return self.values(value)
        self.at = end
        return _anywhere(value, quoted)

    def values(self, field: Literal) -> Clause:
        """A value, or a list of values in parentheses."""
        if not self.take("("):
            return _is(field, *self.literal(), self.columns)
        self.blanks()
        clause = self.joined("or", lambda: self.joined("and", lambda: self.listed(field)))
        self.closing()
        return clause

    def listed(self, field: Literal) -> Clause:
        return _none(self.values(field)) if self.takes(_NOT) else self.values(field)

    # --- literals -------------------------------------------------------------------------------------

    def literal(self) -> tuple[Literal, bool]:
        """A value, and whether it stands in quotes."""
        start = self.at
        if self.take('"'):
            found = self.quoted()
            if found is not None:
                return found, True
            self.at = start
        characters: list[str | None] = []
        while self.unquoted(characters):
            pass
        if not characters:
            self.stop("a value")
        wild = STAR in characters
        while characters and characters[0] is not STAR and characters[0] in _TRIMMED:
            del characters[0]
        while characters and characters[-1] is not STAR and characters[-1] in _TRIMMED:
            del characters[-1]
        if wild:
            return tuple(characters), False
        text = "".join(map(str, characters))
        return _WORDS.get(text, text), False

    def escape(self) -> str | None:
        if match := _ESCAPED.match(self.text, self.at):
            self.at = match.end()
            return _WHITE[match[1]] if match[1] else chr(int(match[2], 16))
        return None

    def quoted(self) -> str | None:
        characters: list[str] = []
        while not self.take('"'):
            if (meant := self.escape()) is not None:
                characters.append(meant)
                continue
            if self.text.startswith(("\\\\", '\\"'), self.at):
                self.at += 1
            if self.at >= len(self.text):
                return None
            characters.append(self.text[self.at])
            self.at += 1
        return "".join(characters)

    def unquoted(self, characters: list[str | None]) -> bool:
        """Read one more character of a value; False at its end."""
        if (meant := self.escape()) is not None:
            characters.append(meant)
            return True
        here = self.text[self.at : self.at + 1]
        if here == "\\":
            if self.text[self.at + 1 : self.at + 2] in _SPECIAL:
                characters.append(self.text[self.at + 1])
                self.at += 2
            elif match := _ESCAPED_WORD.match(self.text, self.at):
                characters.extend(match[1])
                self.at = match.end()
            else:
                return False
            return True
        if here == "*":
            characters.append(STAR)
        elif not here or here in _SPECIAL or _KEYWORD.match(self.text, self.at):
            return False
        else:
            characters.append(here)
        self.at += 1
        return True


# --- the functions of KQL -------------------------------------------------------------------------------

_ES_TYPES = {"int": "long", "float": "double", "bool": "boolean", "ip": "ip", "datetime": "date"}
_RESERVED = re.compile(r'([+\-=&|><!(){}\[\]^"~*?:\\/])')


def _is(field: Literal, value: Literal, quoted: bool, columns: Mapping[str, Column]) -> Clause:
    """``field: value``, by the field's type in the data view."""
    names = _names(field, columns)
    if value == (STAR,):
        # A name with wildcards that takes every field means every event too; a data view always has
        # `_id` and other fields of its own ("metaFields") beside the mapped ones, so that none but `*` does.
        everything = field == (STAR,)
        return {"match_all": {}} if everything else _any([{"exists": {"field": name}} for name in names])
    return _any([_is_in(name, value, quoted, _es_type(columns.get(name))) for name in names])


def _is_in(name: str, value: Literal, quoted: bool, es_type: str) -> Clause:
    if isinstance(value, tuple):
        text = query_string(value)
        if es_type == "keyword":
            return {"wildcard": {name: {"value": text}}}
        return {"query_string": {"fields": [name], "query": text}}
    if es_type == "date":
        return {"range": {name: {"gte": value, "lte": value}}}
    if es_type == "keyword":
        return {"term": {name: {"value": value}}}
    return {"match_phrase" if quoted else "match": {name: value}}


def _anywhere(value: Literal, quoted: bool) -> Clause:
    """A value without a field."""
    if isinstance(value, tuple):
        return {"query_string": {"query": query_string(value)}}
    return {"multi_match": {"type": "phrase" if quoted else "best_fields", "query": value, "lenient": True}}


def query_string(value: Characters) -> str:
    """Characters with wildcards as Kibana hands them to a query_string, or to a wildcard query."""
    return "".join(["*" if each is STAR else _RESERVED.sub(r"\\\1", each) for each in value])


def _es_type(column: Column | None) -> str:
    if column is None:
        return ""
    return _ES_TYPES.get(column.type) or ("keyword" if column.strings == "folded" else column.strings)


def _names(field: Literal, columns: Mapping[str, Column]) -> list[str]:
    """The fields of a name or pattern; one that no field has is sent as it is."""
    if not isinstance(field, tuple):
        return [_name(field)]
    fits = re.compile("".join([".*" if each is STAR else re.escape(each) for each in field]), re.DOTALL).fullmatch
    return [name for name in columns if fits(name)] or ["".join(["*" if each is STAR else each for each in field])]


def _name(value: Literal) -> str:
    if not isinstance(value, str):
        raise CannotRun("a wildcard, null or boolean as a field's name is not run")
    return value


def _plain(value: Literal) -> str | bool:
    if not isinstance(value, str | bool):
        raise CannotRun("a wildcard or null as a bound is not run")
    return value


def _any(clauses: list[Clause]) -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _none(clause: Clause) -> Clause:
    return {"bool": {"must_not": clause}}
