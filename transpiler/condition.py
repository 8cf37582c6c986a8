"""The condition language: a Pratt parser, and the names it leads to.

    condition  = condition "or" condition | condition "and" condition | "not" condition
               | ("1" | "any" | "all") "of" ("them" | pattern) | name | "(" condition ")"

Precedence, loosest first: or, and, not, ``x of``. Source: Sigma specification 2.1.0, "Condition".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, NoReturn

from transpiler.ast import And, Node, Not, Or
from transpiler.span import Span

WORD = re.compile(r"[()|]|[^\s()|]+")
"""One word of a condition."""

MAX_DEPTH = 64
"""How deep parentheses and ``not`` may be nested."""

_OPERATORS = frozenset({"and", "or", "not", "of"})


class ConditionFault(Exception):
    """The condition is wrong at the word of number ``word`` (from 0)."""

    def __init__(self, code: str, message: str, word: int, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.word = word
        self.hint = hint


# What a condition says before its names are looked up.


class Name(NamedTuple):
    """A selection."""

    name: str
    word: int


class Some(NamedTuple):
    """``1 of`` or ``all of`` the selections that fit a pattern (``them``: None)."""

    every: bool
    pattern: str | None
    word: int


class Negated(NamedTuple):
    """``not``."""

    operand: Expression


class Joined(NamedTuple):
    """Operands of ``and`` (every) or ``or``."""

    every: bool
    operands: tuple[Expression, ...]


Expression = Name | Some | Negated | Joined


class Parsed(NamedTuple):
    """A condition; ``capitals`` are the numbers of words that are operators in upper case."""

    expression: Expression
    capitals: tuple[int, ...]


def parse(text: str, names: frozenset[str] = frozenset()) -> Parsed:
    """Parse a condition. Raises ConditionFault with the number of the word at fault.

    ``names``: selections that are called like an operator in capitals, and so are none.
    """
    # Rules share their short conditions; long ones are their own and would only fill memory.
    return _parse(text, names) if len(text) < 256 else _parse.__wrapped__(text, names)


@lru_cache(maxsize=1024)
def _parse(text: str, names: frozenset[str]) -> Parsed:
    parser = _Parser(WORD.findall(text), names)
    expression = parser.disjunction(0)
    if parser.index < len(parser.words):
        parser.unexpected()
    return Parsed(expression, tuple(parser.capitals))


class _Parser:
    def __init__(self, words: list[str], names: frozenset[str]) -> None:
        self.words = words
        self.names = names
        self.index = 0
        self.capitals: list[int] = []

    def peek(self) -> str:
        """The operator or parenthesis that comes next, or any other word, or ``""`` at the end."""
        if self.index >= len(self.words):
            return ""
        word = self.words[self.index]
        lower = word.lower()
        return lower if lower in _OPERATORS and (lower == word or word not in self.names) else word

    def take(self) -> str:
        word = self.peek()
        if word in _OPERATORS and word != self.words[self.index]:
            self.capitals.append(self.index)
        self.index += 1
        return word

    def fail(self, message: str, hint: str = "") -> NoReturn:
        raise ConditionFault("C301", message, min(self.index, max(len(self.words) - 1, 0)), hint)

    def unexpected(self) -> NoReturn:
        word = self.peek()
        if word == "|":
            raise ConditionFault("C304", "the condition holds an aggregation", self.index)
        if not word:
            self.fail("the condition ends where a selection is expected")
        if word == ")":
            self.fail("this parenthesis closes none")
        if word in _OPERATORS:
            self.fail(f"`{word}` stands where a selection is expected")
        self.fail(f"`{word}` stands where and, or, or the end is expected", "join selections by and / or")

    def disjunction(self, depth: int) -> Expression:
        return self._joined(depth, "or", self.conjunction)

    def conjunction(self, depth: int) -> Expression:
        return self._joined(depth, "and", self.operand)

    def _joined(self, depth: int, operator: str, below: Callable[[int], Expression]) -> Expression:
        operands = [below(depth)]
        while self.peek() == operator:
            self.take()
            operands.append(below(depth))
        return operands[0] if len(operands) == 1 else Joined(operator == "and", tuple(operands))

    def operand(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise ConditionFault("C305", f"the condition is nested more than {MAX_DEPTH} deep", self.index)
        word = self.peek()
        if word == "not":
            self.take()
            return Negated(self.operand(depth + 1))
        if word == "(":
            return self.group(depth)
        if word in ("", ")", "|") or word in _OPERATORS:
            self.unexpected()
        start = self.index
        self.take()
        if self.peek() == "of":
            return self.selector(word, start)
        if "*" in word:
            self.index = start
            self.fail(f"the pattern `{word}` needs a quantifier", f"write `1 of {word}` or `all of {word}`")
        return Name(word, start)

    def group(self, depth: int) -> Expression:
        opening = self.index
        self.take()
        inside = self.disjunction(depth + 1)
        if self.peek() != ")":
            if self.peek():
                self.unexpected()
            raise ConditionFault("C301", "this parenthesis is not closed", opening)
        self.take()
        return inside

    def selector(self, quantifier: str, start: int) -> Expression:
        if quantifier.lower() not in ("1", "any", "all"):
            self.index = start
            self.fail(f"`{quantifier} of` is not a quantifier", "write 1 of, any of or all of")
        self.take()
        at = self.index
        pattern = self.peek()
        if pattern in ("", "(", ")", "|") or pattern in _OPERATORS:
            self.fail("`of` needs `them` or a pattern of names")
        self.take()
        return Some(quantifier.lower() == "all", None if pattern.lower() == "them" else pattern, at)


# --- names to selections --------------------------------------------------------------------------


def selected(pattern: str | None, names: Mapping[str, object]) -> list[str]:
    """The names that ``them`` (None) or a pattern with ``*`` means, in the rule's order.

    Names that begin with ``_`` are left out, unless the pattern begins with it too.
    """
    if pattern is None:
        return [name for name in names if not name.startswith("_")]
    hidden = pattern.startswith("_")
    first, *pieces = pattern.split("*")
    return [
        name
        for name in names
        if name.startswith(first) and _fits(name, len(first), pieces) and (hidden or not name.startswith("_"))
    ]


def _fits(name: str, at: int, pieces: list[str]) -> bool:
    """Whether the rest of a name is ``*`` and a piece, again and again. Linear, unlike an expression."""
    if not pieces:
        return at == len(name)
    *middle, last = pieces
    end = len(name) - len(last)
    if end < at or not name.endswith(last):
        return False
    for piece in middle:
        at = name.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def amount(texts: Iterable[str], sizes: Mapping[str, int], limit: int) -> int:
    """What the selections that conditions name amount to, counted up to the limit."""
    total = 0
    for text in texts:
        before = ""
        for word in WORD.findall(text):
            if before == "of":
                names = selected(None if word.lower() == "them" else word, sizes)
                total += len(sizes) + sum([sizes[name] for name in names])
            else:
                total += sizes.get(word, 0)
            if total > limit:
                return total
            before = word.lower()
    return total


def resolve(expression: Expression, selections: Mapping[str, Node], span: Span, used: set[str]) -> Node:
    """Put the selections' trees in the place of their names; ``used`` collects the names.

    Raises ConditionFault (C302, C303) for names that lead nowhere.
    """
    if isinstance(expression, Name):
        return _selection(expression, selections, used)
    if isinstance(expression, Joined):
        operands = tuple([resolve(operand, selections, span, used) for operand in expression.operands])
        return And(operands, span) if expression.every else Or(operands, span)
    if isinstance(expression, Negated):
        return Not(resolve(expression.operand, selections, span, used), span)
    names = selected(expression.pattern, selections)
    if not names:
        shown = expression.pattern or "them"
        raise ConditionFault("C303", f"no selection is named like `{shown}`", expression.word, _choices(selections))
    used.update(names)
    if len(names) == 1:
        return selections[names[0]]
    trees = tuple([selections[name] for name in names])
    return And(trees, span) if expression.every else Or(trees, span)


def _selection(expression: Name, selections: Mapping[str, Node], used: set[str]) -> Node:
    tree = selections.get(expression.name)
    if tree is None:
        raise ConditionFault(
            "C302", f"the rule has no selection `{expression.name}`", expression.word, _choices(selections)
        )
    used.add(expression.name)
    return tree


def _choices(selections: Mapping[str, Node]) -> str:
    names = list(selections)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"the rule defines {', '.join(names[:8])}{more}" if names else ""
