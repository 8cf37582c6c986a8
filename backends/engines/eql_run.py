r"""Runs a read EQL query on rows, as Elasticsearch does.

Sources: "EQL syntax reference", and for what it leaves out the queries that Elasticsearch's own
tests say an EQL query becomes (``querytranslator_tests.txt`` in x-pack/plugin/eql, since 7.15).

Fields
    "If an EQL query contains a field that doesn't exist, it returns an error"; with ``?`` "the query
    replaces it with `null`" ("Optional fields"). What is computed of nulls alone is null, and a
    condition that is null selects nothing.
Missing values
    A leaf becomes a query, which finds an event if one of the field's values passes (so "the
    conjunction will be applied on different values of the multi-value field"), and ``not`` becomes
    ``must_not``, which finds the events without the field. ``not (exit_code > -1)`` is no
    ``exit_code <= -1`` (test ``notFilter``).
Functions of fields
    They become scripts, which ask the same of each value of a field, null if there is none, and are
    false where the result is null; ``not`` stands outside (``disjunctionOfFunctionAndNegatedFunction``).
Types
    ":", "like" and "regex" "can only be used to compare strings"; a text field without a
    keyword sub-field, and a comparison of two fields, are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from backends.engines.elastic_logic import HOLDS, Give, junction, negation
from backends.engines.elastic_texts import address, ascii_lower, glob_test, in_networks, network
from backends.engines.eql_functions import FUNCTIONS, TAKES, TESTS, glob_of
from backends.engines.eql_reader import Among, And, Call, Compare, Name, Node, Not, Or, Value
from backends.engines.lucene_regex import lucene
from transpiler.engine import Answer, CannotRun, Column, Row
from transpiler.pattern import fold

Passes = Callable[[Any], bool]

_KINDS = {"unknown": "string", "dynamic": "string"}


class Compiler:
    """Makes tests of conditions; ``columns`` are the fields that are mapped."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns

    def condition(self, node: Node) -> Give:
        """Whether a row meets the condition, or None. Raises CannotRun."""
        if isinstance(node, Not):
            return negation(self.condition(node.child))
        if isinstance(node, And | Or):
            return junction([self.condition(child) for child in node.children], isinstance(node, Or))
        if isinstance(node, Value) and (node.value is None or isinstance(node.value, bool)):
            constant = node.value
            return lambda _: constant
        if isinstance(node, Name):
            return self.condition(Compare("==", node, Value(True)))  # "process where bool" (fieldNoEquals)
        if isinstance(node, Compare):
            return self.comparison(node)
        if isinstance(node, Among):
            return self.among(node)
        if isinstance(node, Call) and node.function in TESTS:
            return self.test_function(node)
        raise CannotRun("the server refuses a condition that is neither true nor false")

    # --- comparisons --------------------------------------------------------------------------

    def comparison(self, node: Compare) -> Give:
        if isinstance(node.left, Value) and not isinstance(node.right, Value):
            node = Compare(_SWAPPED.get(node.operator, node.operator), node.right, node.left)
        if not isinstance(node.right, Value):
            raise CannotRun("the server refuses it: comparisons against fields are not supported")
        sign, left, value = node.operator, node.left, node.right.value
        if value is None:
            return self.null_check(left, sign)
        if isinstance(value, bool) and sign in ("==", "!=") and not isinstance(left, Name | Value):
            test = self.condition(left)  # startsWith(f, "a") == false (functionEqualsFalse)
            return test if value == (sign == "==") else self.condition(Not(left))
        if isinstance(left, Name) and self.is_mapped(left):
            test = self.on_values(left, self.compared(left, sign.replace("!=", "=="), value))
            return (lambda row: not test(row)) if sign == "!=" else test
        holds = HOLDS[sign]
        return self.script(left, lambda found: holds(found, value) if _comparable(found, value) else None)

    def null_check(self, left: Node, sign: str) -> Give:
        """``f == null``: "events that do not contain a field value" ("Check if a field exists")."""
        if sign not in ("==", "!="):
            return lambda _: None
        if not isinstance(left, Name):
            raise CannotRun("cannot read: null compared with what is no field")
        if not self.is_mapped(left):
            return lambda _: sign == "=="
        name, missing = left.name, sign == "=="
        return lambda row: (name not in row) == missing

    def compared(self, field: Name, sign: str, value: Any) -> Passes:
        """Whether one value of a field compares with a literal."""
        kind = self.kind(field)
        if kind == "ip" and isinstance(value, str) and sign == "==":
            return _same_address(value)
        fits = _LITERALS.get(kind)
        if fits is None or not isinstance(value, fits) or (isinstance(value, bool) != (kind == "bool")):
            raise CannotRun(f"the server refuses it: {field.name} is {kind}, {value!r} is not")
        if kind == "string" and isinstance(value, str) and sign == "==":
            value = self.normalised(field, value)
        holds = HOLDS[sign]
        return lambda found: holds(found, value)

    def normalised(self, field: Name, text: str) -> str:
        """A term as a folded column's index has it ("normalizer": applied "at search-time" too)."""
        return fold(text) if self.columns[field.name].strings == "folded" else text

    def as_indexed(self, field: Name, node: Node) -> Node:
        """The same of a literal, wherever it stands."""
        if isinstance(node, Value) and isinstance(node.value, str):
            return Value(self.normalised(field, node.value))
        return node

    # --- lists --------------------------------------------------------------------------------

    def among(self, node: Among) -> Give:
        sign, left = node.operator, node.left
        values = [each.value for each in node.values if isinstance(each, Value)]
        if not isinstance(left, Name):
            return self.among_computed(sign, left, values)
        if not self.is_mapped(left):
            return lambda _: None
        if sign == "in":
            if self.kind(left) == "ip":
                raise CannotRun("the server refuses `in` on a field of type ip")
            some = [self.compared(left, "==", value) for value in values]
            return self.on_values(left, lambda found: any(passes(found) for passes in some))
        if self.kind(left) != "string":
            raise CannotRun(f"the server refuses it: `{sign}` takes strings, {left.name} is {self.kind(left)}")
        texts = _strings(sign, values)
        if not sign.startswith("regex"):
            texts = [self.normalised(left, text) for text in texts]
        return self.on_values(left, _text_test(sign, texts))

    def among_computed(self, sign: str, left: Node, values: list[Any]) -> Give:
        """A list looked up by what a function gives. Its regular expressions are Java's, and not read."""
        if sign.startswith("regex"):
            raise CannotRun("cannot read: a regular expression on what is no field")
        if sign == "in":
            return self.script(left, lambda found: any(_comparable(found, each) and found == each for each in values))
        test = _text_test(sign, _strings(sign, values), newlines=False)
        return self.script(left, test)

    # --- functions ----------------------------------------------------------------------------

    def test_function(self, node: Call) -> Give:
        """A function that gives true or false; on a field and literals it becomes a query, else a script."""
        field, *others = node.arguments
        if isinstance(field, Name) and field.name in self.columns and node.function != "cidrMatch":
            node = node._replace(arguments=(field, *[self.as_indexed(field, each) for each in others]))
        return self.script(node, bool)

    def script(self, node: Node, passes: Callable[[Any], bool | None]) -> Give:
        """Whether what the node gives for some of the fields' values passes; False where that is null."""
        names: list[str] = []
        give = self.scalar(node, names)
        if not names:
            value = give(())
            constant = None if value is None else passes(value)
            return lambda _: constant

        def test(row: Row) -> Answer:
            for values in product(*[list(_values(row, name)) or [None] for name in names]):
                found = give(values)
                if found is not None and passes(found):
                    return True
            return False

        return test

    def scalar(self, node: Node, names: list[str]) -> Callable[[Sequence[Any]], Any]:
        """What a node gives for one value of each field; ``names`` gets the fields."""
        if isinstance(node, Value):
            return lambda _, value=node.value: value  # type: ignore[misc]
        if isinstance(node, Name):
            if not self.is_mapped(node):
                return lambda _: None
            self.kind(node)
            place = len(names)
            names.append(node.name)  # named twice, it is asked twice, of any two values
            return lambda chosen: chosen[place]
        if not isinstance(node, Call) or node.function not in FUNCTIONS:
            raise CannotRun(f"cannot read: {getattr(node, 'function', type(node).__name__)}")
        self.check_arguments(node)
        function = FUNCTIONS[node.function](node.folds)
        arguments = [self.scalar(each, names) for each in node.arguments]

        def give(chosen: Sequence[Any]) -> Any:
            found = [argument(chosen) for argument in arguments]
            return None if None in found else function(*found)

        return give

    def check_arguments(self, node: Call) -> None:
        takes = TAKES.get(node.function, frozenset({"string"}))
        for each in node.arguments:
            if isinstance(each, Name) and self.is_mapped(each) and self.kind(each) not in takes:
                raise CannotRun(f"the server refuses it: {node.function} takes no field of type {self.kind(each)}")
            if isinstance(each, Value) and not isinstance(each.value, str | None) and node.function != "concat":
                raise CannotRun(f"the server refuses it: {node.function} takes strings")
            if node.function == "cidrMatch" and isinstance(each, Value) and each.value is not None:
                network(str(each.value))

    # --- fields -------------------------------------------------------------------------------

    def is_mapped(self, field: Name) -> bool:
        """Whether the field is mapped. Raises CannotRun if it is neither that nor optional."""
        if field.name in self.columns:
            return True
        if not field.optional:
            raise CannotRun(f"the server refuses it: Unknown column [{field.name}]")
        return False

    def kind(self, field: Name) -> str:
        """The type of a mapped field that is compared. Raises CannotRun for a text field."""
        column = self.columns[field.name]
        if column.type == "string" and column.strings == "text":
            raise CannotRun(f"the server refuses it: {field.name} is text, not indexed as whole values")
        return _KINDS.get(column.type, column.type)

    def on_values(self, field: Name, passes: Passes) -> Give:
        """Whether one of the field's values passes."""
        name = field.name

        def test(row: Row) -> bool:
            value = row.get(name)
            if isinstance(value, list):
                return any(map(passes, value))
            return value is not None and passes(value)

        return test


def _values(row: Row, name: str) -> Iterator[Any]:
    value = row.get(name)
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _strings(sign: str, values: list[Any]) -> list[str]:
    texts = [each for each in values if isinstance(each, str)]
    if len(texts) < len(values):
        raise CannotRun(f"the server refuses it: `{sign}` takes strings")
    return texts


def _text_test(sign: str, texts: list[str], *, newlines: bool = True) -> Passes:
    """What ``: in~ like like~ regex regex~`` ask of a text ("Lookup operators").

    The server joins the expressions of ``regex`` with ``|`` (regexMultiArg), and its limit is for all of them.
    """
    if sign.startswith("regex"):
        fullmatch = lucene("|".join(texts), fold=sign == "regex~").fullmatch
        return lambda text: fullmatch(text) is not None
    if sign == "in~":  # "test*" is itself here (inFilterInsensitiveVerbatimMatch)
        wanted = frozenset(map(ascii_lower, texts))
        return lambda text: ascii_lower(text) in wanted
    if sign == "like":
        return glob_test(map(glob_of, texts), newlines=newlines)
    test = glob_test([glob_of(ascii_lower(text)) for text in texts], newlines=newlines)
    return lambda text: test(ascii_lower(text))


def _same_address(text: str) -> Passes:
    """A term on a field of type ip, which may be a network ("IP field type", querying)."""
    if "/" in text:
        return in_networks([text])
    wanted = address(text)
    if wanted is None:
        raise CannotRun(f"the server refuses it: {text!r} is no IP address")
    return lambda found: address(found) == wanted


def _comparable(left: Any, right: Any) -> bool:
    """Whether two values are of one sort."""
    sorts = [str if isinstance(each, str) else bool if isinstance(each, bool) else float for each in (left, right)]
    return sorts[0] is sorts[1]


_LITERALS: dict[str, tuple[type, ...]] = {"string": (str,), "int": (int, float), "float": (int, float), "bool": (bool,)}
"""Column type -> the literals that compare with it."""
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
