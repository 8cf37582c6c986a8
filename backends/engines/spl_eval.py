"""Expressions of eval and ``where``: three-valued, and exact in letter case.

Source: Splunk Enterprise 10.0 Search Reference, "eval" (E), "where" (W), "Comparison and Conditional
functions" (F), "Multivalue eval functions" (M); Search Manual, "Boolean expressions" (B), "Types of
expressions" (X).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from backends.engines.spl_functions import FUNCTIONS, Value, number, text
from backends.engines.spl_record import Record, Undocumented
from backends.engines.spl_text import EVAL, Reader, tokens
from transpiler.engine import CannotRun

Expression = Callable[[Record], Value]
"""The value of an expression on a record. Raises Undocumented."""

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_WORDS = frozenset({"AND", "OR", "NOT", "XOR", "LIKE", "IN"})


class Eval(Reader):
    """Reads an expression. "The eval and where commands evaluate AND before OR operators", NOT before both (B)."""

    def __init__(self, source: str) -> None:
        super().__init__(tokens(source, EVAL))

    def whole(self) -> Expression:
        """All of the text as one expression. Raises CannotRun."""
        expression = self.some()
        self.finish()
        return expression

    def some(self) -> Expression:
        parts = [self.every()]
        while self.take("word", "OR"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else _decided(parts, True)

    def every(self) -> Expression:
        parts = [self.negated()]
        while self.take("word", "AND"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else _decided(parts, False)

    def negated(self) -> Expression:
        if not self.take("word", "NOT"):
            return self.comparison()
        part = self.negated()

        def opposite(record: Record) -> Value:
            value = _boolean(part(record))
            if value is None:
                raise Undocumented("NOT of NULL")
            return not value

        return opposite

    def comparison(self) -> Expression:
        left = self.sum()
        mark = self.peek()
        if mark.kind != "mark" or mark.text not in _SIGNS:
            return left
        self.at += 1
        right = self.sum()
        return lambda record: _compared(mark.text, left(record), right(record))

    def sum(self) -> Expression:
        """Strings joined by ``.``, or a difference; which binds more closely is not needed here."""
        left = self.primary()
        if self.peek() == ("mark", "."):
            parts = [left]
            while self.take("mark", "."):
                parts.append(self.primary())
            return lambda record: _joined([part(record) for part in parts])
        if self.take("mark", "-"):
            right = self.primary()
            return lambda record: _difference(left(record), right(record))
        return left

    def primary(self) -> Expression:
        if self.take("mark", "("):
            inner = self.some()
            self.need("mark", ")")
            return inner
        if self.take("mark", "-"):
            return _constant(-float(self.need("number").text))
        if string := self.take("string"):
            return _constant(string.text)
        if digits := self.take("number"):
            return _constant(float(digits.text))
        name = self.take("name")
        word = name or self.need("word")
        if name is None and self.peek() == ("mark", "("):
            return self.call(word.text)
        if name is None and word.text.upper() in _WORDS:
            raise CannotRun(f"cannot read: {word.text} as a field")
        return _field(word.text)

    def call(self, function: str) -> Expression:
        """A function and its arguments."""
        start = self.at
        self.need("mark", "(")
        arguments = [] if self.peek() == ("mark", ")") else [self.some()]
        while arguments and self.take("mark", ","):
            arguments.append(self.some())
        self.need("mark", ")")
        if function == "mvfilter":
            return _filtered(self._only_field(start, self.at), arguments)
        if function in _SPECIAL:
            most, make = _SPECIAL[function]
            if not 1 <= len(arguments) <= most:
                raise CannotRun(f"the server refuses it: {function}() with {len(arguments)} arguments")
            return make(arguments)
        known = FUNCTIONS.get(function)
        if known is None:
            raise CannotRun(f"cannot read: the function {function}()")
        if not known.takes(len(arguments)):
            raise CannotRun(f"the server refuses it: {function}() with {len(arguments)} arguments")
        return _on_values(known.call, arguments)

    def _only_field(self, start: int, end: int) -> str:
        """The field that mvfilter() is about: its expression "can reference ONLY ONE field at a time" (M)."""
        inside = self.tokens[start:end]
        calls = {one for one, other in pairwise(inside) if other == ("mark", "(")}
        fields = {
            token.text
            for token in inside
            if token.kind == "name" or (token.kind == "word" and token not in calls and token.text not in _WORDS)
        }
        if len(fields) != 1:
            raise CannotRun(f"the server refuses it: mvfilter() on {len(fields)} fields")
        return fields.pop()


def _constant(value: Value) -> Expression:
    return lambda _: value


def _field(name: str) -> Expression:
    def value(record: Record) -> Value:
        values = record.values(name)
        return None if not values else values[0] if len(values) == 1 else values

    return value


def _boolean(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Undocumented(f"{value!r} as a condition")


def _decided(parts: list[Expression], by: bool) -> Expression:
    """OR is decided by a part that is true, AND by one that is false, whatever the others are."""

    def value(record: Record) -> Value:
        null, unknown = False, None
        for part in parts:
            try:
                found = _boolean(part(record))
            except Undocumented as reason:
                unknown = reason
                continue
            if found is by:
                return by
            null = null or found is None
        if unknown is not None:
            raise unknown
        return None if null else not by

    return value


def _compared(sign: str, left: Value, right: Value) -> bool | None:
    """A comparison; one with NULL is neither true nor false.

    E, "Operators that produce booleans": these "accept two numbers or two strings".
    """
    if left is None or right is None:
        return None
    if type(left) is not type(right) or isinstance(left, list | bool):
        raise Undocumented(f"a comparison of {left!r} and {right!r}")
    return _SIGNS[sign](left, right)


def _joined(values: list[Value]) -> Value:
    return None if None in values else "".join(map(text, values))


def _difference(left: Value, right: Value) -> Value:
    return None if left is None or right is None else number(left) - number(right)


def _on_values(call: Callable[..., Value], arguments: list[Expression]) -> Expression:
    def value(record: Record) -> Value:
        values = [argument(record) for argument in arguments]
        return None if None in values else call(record, *values)

    return value


# --- functions that see NULL, several values, or not all of their arguments ----------------------------------


def _if(arguments: list[Expression]) -> Expression:
    """F: the second argument if the first "evaluates to TRUE", "otherwise" the third; so that NULL takes the third."""
    if len(arguments) != 3:
        raise CannotRun(f"the server refuses it: if() with {len(arguments)} arguments")
    condition, yes, no = arguments
    return lambda record: yes(record) if _boolean(condition(record)) is True else no(record)


def _coalesce(arguments: list[Expression]) -> Expression:
    """F: "takes one or more values and returns the first value that is not NULL"."""

    def value(record: Record) -> Value:
        for argument in arguments:
            found = argument(record)
            if found is not None:
                return found
        return None

    return value


def _in(arguments: list[Expression]) -> Expression:
    """F: "returns TRUE if one of the values in the list matches a value that you specify"."""
    subject, *listed = arguments

    def value(record: Record) -> Value:
        found = subject(record)
        if found is None:
            return None
        return text(found) in [each(record) for each in listed]

    return value


def _is_null(arguments: list[Expression]) -> Expression:
    return lambda record: arguments[0](record) is None


def _is_not_null(arguments: list[Expression]) -> Expression:
    return lambda record: arguments[0](record) is not None


_MANY = 10_000

_SPECIAL: dict[str, tuple[int, Callable[[list[Expression]], Expression]]] = {
    "if": (3, _if),
    "coalesce": (_MANY, _coalesce),
    "in": (_MANY, _in),
    "isnull": (1, _is_null),
    "isnotnull": (1, _is_not_null),
}
"""Function -> how many arguments it takes at most, and what makes it."""


def _filtered(field: str, arguments: list[Expression]) -> Expression:
    """M: "filters a multivalue field based on an arbitrary Boolean expression"."""
    if len(arguments) != 1:
        raise CannotRun(f"the server refuses it: mvfilter() with {len(arguments)} arguments")
    (predicate,) = arguments

    def value(record: Record) -> Value:
        kept = [
            each
            for each in record.values(field)
            if _boolean(predicate(Record({field: [each]}, wide=record.wide))) is True
        ]
        return None if not kept else kept[0] if len(kept) == 1 else kept

    return value
