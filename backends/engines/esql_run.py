r"""Runs a read ES|QL query on rows, as Elasticsearch does.

Sources: "ES|QL operators", "ES|QL multivalued fields", "ES|QL implicit casting"
(elastic.co/docs/reference/query-languages/esql), and x-pack/plugin/esql of Elasticsearch.

Null
    Logic has three values, and WHERE keeps "all the rows ... for which the provided condition
    evaluates to true".
Several values
    A comparison of several values is null, as every function is "unless otherwise documented". A
    column of keywords or addresses holds each value once ("Some field types, like keyword remove
    duplicate values on write").
Letter case
    Comparisons count it. ``TO_LOWER(f)`` compared with a literal by ``==``, LIKE or RLIKE becomes a
    query that ignores letter case, and is false if the literal is not in lower case itself
    (``ReplaceStringCasingWithInsensitiveEquals``, ``...InsensitiveRegexMatch``); anywhere else it is
    Java's ``toLowerCase``.
Text fields
    Their value is that of the event's source, whole ("Reading text fields").
Types
    Both sides of a comparison are of one sort, else the query is refused; "string literals" beside an
    address, a date or a boolean are converted ("Implicit casting").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from backends.engines.elastic_logic import HOLDS, Give, junction, negation
from backends.engines.elastic_texts import address, ascii_lower
from backends.engines.esql_functions import FUNCTIONS, Function
from backends.engines.esql_patterns import matches_all, pattern_test, without_case
from backends.engines.esql_reader import And, Binary, Call, In, IsNull, Like, Literal, Name, Node, Not, Or, Span
from transpiler.engine import CannotRun, Column


class Typed(NamedTuple):
    """An expression: the type of its values, and what gives one for a row."""

    kind: str
    give: Give
    literal: str | None = None
    """The text, if it is a string literal."""


KINDS = {
    "string": "keyword",
    "unknown": "keyword",
    "dynamic": "keyword",
    "int": "long",
    "float": "double",
    "bool": "boolean",
    "ip": "ip",
    "datetime": "datetime",
}
"""Column type -> ES|QL's type. (Text and keyword fields compare alike: both are strings.)"""

FULL_TEXT = frozenset({"QSTR", "KQL"})
"""Functions that search as another language does; they stand beside AND, OR and NOT only ("Full-text functions")."""

_SORTS = {"long": "numeric", "double": "numeric"}
_COERCED = frozenset({"ip", "datetime", "boolean"})


class Compiler:
    """Makes functions of expressions. ``search(function, text)`` gives what runs a full-text function."""

    def __init__(self, columns: Mapping[str, Column], search: Callable[[str, str], Give]) -> None:
        self.columns = columns
        self.search = search
        self.single: set[str] = set()
        """The columns named that hold one value each, as far as their schema knows."""

    def condition(self, node: Node) -> Give:
        """A condition of WHERE. Raises CannotRun."""
        if isinstance(node, And | Or):
            return junction([self.condition(child) for child in node.children], isinstance(node, Or))
        if isinstance(node, Not):
            return negation(self.condition(node.child))
        if isinstance(node, Call) and node.function in FULL_TEXT:
            if len(node.arguments) != 1 or not isinstance(node.arguments[0], Literal):
                raise CannotRun(f"cannot read: the arguments of {node.function}")
            return self.search(node.function, str(node.arguments[0].value))
        return self.truth(node)

    def truth(self, node: Node) -> Give:
        """An expression that must be true or false."""
        found = self.expression(node)
        if found.kind not in ("boolean", "null"):
            raise CannotRun(f"the server refuses it: a condition needs [boolean], found [{found.kind}]")
        return found.give

    def expression(self, node: Node) -> Typed:
        """Any expression. Raises CannotRun."""
        return _METHODS[type(node)](self, node)

    # --- logic --------------------------------------------------------------------------------

    def junction(self, node: And | Or) -> Typed:
        return Typed("boolean", junction([self.truth(child) for child in node.children], isinstance(node, Or)))

    def negation(self, node: Not) -> Typed:
        return Typed("boolean", negation(self.truth(node.child)))

    def is_null(self, node: IsNull) -> Typed:
        give = self.expression(node.left).give
        return Typed("boolean", lambda row: give(row) is None)

    # --- operands -----------------------------------------------------------------------------

    def name(self, node: Name) -> Typed:
        name = node.name
        column = self.columns.get(name)
        if column is None:
            raise CannotRun(f"the server refuses it: Unknown column [{name}]")
        kind = KINDS[column.type]
        if not column.many:
            self.single.add(name)
        if kind == "ip" or (kind == "keyword" and column.strings != "text"):
            return Typed(kind, lambda row: _once(row.get(name)))
        return Typed(kind, lambda row: row.get(name))

    def literal(self, node: Literal) -> Typed:
        value = node.value
        return Typed(node.kind, lambda _: value, value if isinstance(value, str) else None)

    def span(self, node: Span) -> Typed:
        value = timedelta(**{node.unit: node.number})
        return Typed("span", lambda _: value)

    def call(self, node: Call) -> Typed:
        if node.function in FULL_TEXT:
            raise CannotRun(f"the server refuses it: [{node.function}] function can't be used in other functions")
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise CannotRun(f"cannot read: the function {node.function}")
        arguments = [self.expression(each) for each in node.arguments]
        kinds = _checked(node.function, function, arguments)
        gives, apply = [each.give for each in arguments], function.apply
        return Typed(function.gives or kinds, lambda row: apply(*[give(row) for give in gives]))

    # --- comparisons --------------------------------------------------------------------------

    def binary(self, node: Binary) -> Typed:
        if node.operator not in HOLDS:
            return self.arithmetic(node)
        if isinstance(node.right, Literal) and (cased := _cased(node.left)) and node.right.kind == "keyword":
            return self.without_case(node.operator, cased, str(node.right.value))
        return self.compared(node.operator, self.expression(node.left), self.operand(node.left, node.right))

    def operand(self, left: Node, right: Node) -> Typed:
        """What is compared with ``left``. A literal on a folded column must be in lower case.

        Else the answer hangs on whether the comparison is pushed down to the index, which folds it.
        """
        if isinstance(left, Name) and isinstance(right, Literal) and isinstance(right.value, str):
            column = self.columns.get(left.name)
            if column is not None and column.strings == "folded" and right.value != right.value.lower():
                raise CannotRun("whether the index folds this literal is up to the server's planning")
        return self.expression(right)

    def compared(self, sign: str, left: Typed, right: Typed) -> Typed:
        left, right = _coerced(left, right), _coerced(right, left)
        sorts = {_SORTS.get(each.kind, each.kind) for each in (left, right)} - {"null"}
        if len(sorts) > 1:
            message = f"first argument of [{sign}] is [{left.kind}] so second argument must be too, was [{right.kind}]"
            raise CannotRun(f"the server refuses it: {message}")
        if sorts & {"boolean", "span"} and sign not in ("==", "!="):
            raise CannotRun(f"the server refuses it: [{sign}] takes no [{left.kind}]")
        holds, one, other = HOLDS[sign], left.give, right.give
        if sorts == {"ip"}:
            return Typed("boolean", lambda row: _on_one(_on_addresses(holds), one(row), other(row)))
        return Typed("boolean", lambda row: _on_one(holds, one(row), other(row)))

    def within(self, node: In) -> Typed:
        left = self.expression(node.left)
        tests = [self.compared("==", left, self.operand(node.left, each)).give for each in node.values]
        return Typed("boolean", junction(tests, True))

    def without_case(self, sign: str, cased: tuple[Node, Callable[[str], str]], text: str) -> Typed:
        """``TO_LOWER(x) == "text"``."""
        inner, change = cased
        give = self.string(inner)
        if sign not in ("==", "!="):
            raise CannotRun("cannot read: an order of texts without case")
        if change(text) != text:
            return Typed("boolean", lambda _: sign == "!=")
        lower = ascii_lower(text)
        same = without_case(lambda value: ascii_lower(value) == lower, lambda value: value == text, change)
        found = sign == "=="
        return Typed("boolean", lambda row: _on_one(lambda value, _: same(value) is found, give(row), text))

    def like(self, node: Like) -> Typed:
        cased = _cased(node.left)
        give = self.string(cased[0] if cased else node.left)
        patterns = node.patterns
        if cased:
            patterns = tuple([each for each in patterns if cased[1](each) == each])
            if not patterns:
                return Typed("boolean", lambda _: False)
        if any(matches_all(node.operator, each) for each in patterns):
            return Typed("boolean", lambda row: give(row) is not None)
        test = pattern_test(node.operator, patterns, cased[1] if cased else None)
        return Typed("boolean", lambda row: _on_one(lambda value, _: test(value), give(row), ""))

    def string(self, node: Node) -> Give:
        found = self.expression(node)
        if found.kind not in ("keyword", "null"):
            raise CannotRun(f"the server refuses it: argument must be [string], found [{found.kind}]")
        return found.give

    def arithmetic(self, node: Binary) -> Typed:
        left, right = self.expression(node.left), self.expression(node.right)
        kinds = (left.kind, right.kind)
        if kinds == ("datetime", "span") and node.operator in "+-":
            kind = "datetime"
        elif set(kinds) <= {"long", "double"}:
            kind = "double" if "double" in kinds else "long"
        else:
            raise CannotRun(f"the server refuses it: [{node.operator}] of [{left.kind}] and [{right.kind}]")
        apply, one, other = _ARITHMETIC[node.operator], left.give, right.give
        return Typed(kind, lambda row: _on_one(apply, one(row), other(row)))


_METHODS: dict[type[Node], Callable[[Compiler, Any], Typed]] = {
    And: Compiler.junction,
    Or: Compiler.junction,
    Not: Compiler.negation,
    IsNull: Compiler.is_null,
    Name: Compiler.name,
    Literal: Compiler.literal,
    Span: Compiler.span,
    Call: Compiler.call,
    Binary: Compiler.binary,
    In: Compiler.within,
    Like: Compiler.like,
}


def _once(value: Any) -> Any:
    """A column's values, each once."""
    if not isinstance(value, list):
        return value
    found = sorted(set(value))
    return found if len(found) > 1 else found[0]


def _on_one(holds: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """What holds of two values; null if one is missing or there are several."""
    if left is None or right is None or isinstance(left, list) or isinstance(right, list):
        return None
    return holds(left, right)


def _on_addresses(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: holds(address(left), address(right))


def _cased(node: Node) -> tuple[Node, Callable[[str], str]] | None:
    """What stands in ``TO_LOWER(...)`` or ``TO_UPPER(...)``, and what that does to a text."""
    if not isinstance(node, Call) or node.function not in _CASES or len(node.arguments) != 1:
        return None
    inner = _cased(node.arguments[0])
    return (inner[0] if inner else node.arguments[0]), _CASES[node.function]


_CASES: dict[str, Callable[[str], str]] = {"TO_LOWER": str.lower, "TO_UPPER": str.upper}


def _coerced(side: Typed, other: Typed) -> Typed:
    """A string literal beside an address, a date or a boolean is one too."""
    if side.literal is None or other.kind not in _COERCED:
        return side
    value = _literal(other.kind, side.literal)
    return Typed(other.kind, lambda _: value)


def _literal(kind: str, text: str) -> Any:
    """A string literal as another type. Raises CannotRun where the server refuses it."""
    if kind == "ip" and address(text) is not None:
        return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "datetime":
        try:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        except ValueError:
            pass
    raise CannotRun(f"the server refuses it: Cannot convert string [{text[:60]}] to [{kind}]")


def _checked(name: str, function: Function, arguments: Sequence[Typed]) -> str:
    """The type of the first argument that is not null. Raises CannotRun for one the function does not take."""
    if len(arguments) < len(function.takes):
        raise CannotRun(f"the server refuses it: error building [{name}]: too few arguments")
    found = [each.kind for each in arguments if each.kind != "null"]
    for number, each in enumerate(arguments):
        takes = function.takes[min(number, len(function.takes) - 1)]
        if each.kind not in takes and each.kind != "null":
            raise CannotRun(f"the server refuses it: argument {number + 1} of [{name}] is [{each.kind}]")
    if name in _ALIKE and len({_SORTS.get(kind, kind) for kind in found}) > 1:
        raise CannotRun(f"the server refuses it: the arguments of [{name}] are of different types")
    return found[0] if found else "null"


_ALIKE = frozenset({"COALESCE", "MV_CONTAINS"})
"""Functions whose arguments are of one type."""


def _divide(left: Any, right: Any) -> Any:
    """Of two whole numbers a whole number, rounded towards zero; by zero null."""
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


def _remainder(left: Any, right: Any) -> Any:
    return None if right == 0 else left - right * _divide(left, right) if isinstance(left, int) else left % right


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}
