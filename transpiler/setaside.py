"""Events that a query cannot be held to: the query itself, or nobody, says what it does on them.

A warning on a query (transpiler.codes, T610 to T615) names a way in which it is weaker or wider than
the rule, and the note T625 what it takes for granted of lists. An event on which that way shows is set
aside and counted, never taken for a pass. So is one on which the outcome hangs on what Sigma leaves
open and platforms do not do alike: whether ``ſ`` is an ``s``, and what an empty list, or a null in a list, is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import IPv6Address
from itertools import product
from typing import Any

from transpiler import ast, evaluate, regex
from transpiler.ast import Node
from transpiler.engine import CannotRun
from transpiler.pattern import EMPTY, fold, pattern
from transpiler.query import Query
from transpiler.stored import Event, columns, fields_of, leaves
from transpiler.text import dump

_ON_TEXT_FIELDS = ("in text fields the keyword is found", "in text fields the expression is held")
"""Warnings that hold for analysed text fields alone."""

_VANISHING = {"kusto": "", "splunk": ""}
"""What a target does not keep apart from a missing field, beside null."""

_INTO_ASCII = tuple(
    str.maketrans({letter: lower for letter, lower in zip("\u017f\u212a\u0130", each, strict=True) if lower})
    for each in product(("", "s"), ("", "k"), ("", "i", "i\u0307"))
    if any(each)
)
"""Letters outside ASCII whose lower case begins in ASCII, one way or another: ``ſ``, the Kelvin sign, ``İ``.

Unicode folds ``İ`` to two characters (CaseFolding.txt), Java to one (``Character.toLowerCase``).
"""

_MEETING = re.compile("[sSkKiI\x80-\U0010ffff]")
"""Letters that one of _INTO_ASCII in a rule may meet."""

_TEXTS = frozenset({"string", "unknown", "dynamic"})
"""Column types that keep what an event says as text."""


class Warned:
    """What the warnings of one query cover.

    Raises CannotRun for a query with a warning that no event can be checked under.
    """

    def __init__(self, query: Query, tree: Node) -> None:
        said = [each for each in query.diagnostics if each.severity == "warning" or each.code == "T625"]
        self.said = frozenset(each.code for each in said)
        for each in query.diagnostics:
            if each.code == "T615" and not each.message.startswith(_ON_TEXT_FIELDS):
                raise CannotRun(f"the query says that it is weaker: {each.message}")
        # Where a keyword is found by words, and not by parts of them.
        fields = query.mapped.source.keyword_fields if query.mapped is not None else ()
        self._analysed = sorted(field.name for field in fields if field.strings == "text" and "T615" in self.said)
        self._by_words = [
            evaluate.compile(_in_words(leaf))
            for leaf in leaves(tree)
            if isinstance(leaf, ast.Keyword | ast.KeywordRegex)
        ]
        self._target = query.target
        self._names = sorted({field.name for leaf in leaves(tree) for field in fields_of(leaf)})
        self._asked_empty = _asked_empty(tree)
        self._joined = sorted({field.name for leaf in leaves(tree) for field in fields_of(leaf) if field.many})
        self._keywords = [
            evaluate.compile(leaf) for leaf in leaves(tree) if isinstance(leaf, ast.Keyword | ast.KeywordRegex)
        ]
        self._no_text = sorted(name for name, column in columns(tree).items() if column.type not in _TEXTS)
        shown = dump(tree)  # in ASCII, other letters as \uHHHH
        self._asks_open = any(letter in shown for letter in ("\\u017f", "\\u212a", "\\u0130", "\\u0307"))
        self._matches = evaluate.compile(tree)
        self._cased = evaluate.compile(_with_case(tree, True)) if "T610" in self.said else None
        self._apart = evaluate.compile(_in_exact_letters(tree)) if "T612" in self.said else None
        self._uncased = evaluate.compile(_with_case(tree, False)) if "T613" in self.said else None

    def covers(self, event: Event) -> str | None:
        """Why an event is set aside, or None."""
        code = self._code(event) if self.said or self._joined else None
        if code:
            return f"the query's warning {code}"
        found = self._matches(event)
        readings = [self._matches, *([self._uncased] if self._uncased else [])]
        for change, why in _OPEN:
            other = change(event)
            if other != event and any(reading(other) != found for reading in readings):
                return why
        if self._asks_open and _MEETING.search(str(event)):
            return "whether a letter outside ASCII is the same as one inside"
        if self._keywords and self._no_text:
            texts = {name: value for name, value in event.items() if name not in self._no_text}
            if any(keyword(texts) != keyword(event) for keyword in self._keywords):
                return "whether a keyword is looked for in a column that holds no text"
        return None

    def _code(self, event: Event) -> str | None:
        if self._cased is not None and self._cased(event) != self._matches(event):
            return "T610"
        if self._apart is not None and self._apart(_exact_letters(event)) != self._matches(event):
            return "T612"
        if self._uncased is not None and self._uncased(event) != self._matches(event):
            return "T613"
        if self._analysed:
            others = {name: value for name, value in event.items() if name not in self._analysed}
            if any(keyword(others) != keyword(event) for keyword in self._keywords):
                return "T615"
            loose = {name: _words(value) if name in self._analysed else value for name, value in event.items()}
            if any(one(event) != other(loose) for one, other in zip(self._keywords, self._by_words, strict=True)):
                return "T615"
        if "T611" in self.said and self._vanishes(event):
            return "T611"
        if self._target == "esql" and any(_holds_break(evaluate.lookup(event, name)) for name in self._joined):
            return "T624"
        if "T614" in self.said and any(isinstance(evaluate.lookup(event, name), list) for name in self._names):
            return "T614"
        if "T625" in self.said and any(self._null_in_list(event, name) for name in self._names):
            return "T625"
        return None

    def _null_in_list(self, event: Event, name: str) -> bool:
        value = evaluate.lookup(event, name)
        return isinstance(value, list) and None in value

    def _vanishes(self, event: Event) -> bool:
        """Whether the outcome hangs on the difference of values that the target does not keep apart."""
        lost = [None, _VANISHING.get(self._target)]
        names = [
            name for name in self._names if any(each in lost for each in _many(evaluate.lookup(event, name, True)))
        ]
        if self._target == "kusto":  # there "" finds a missing field too
            names += [name for name in self._asked_empty if evaluate.lookup(event, name) is None]
        found = self._matches(event)
        changed = [other for some in [*([name] for name in names), names] for other in _without(event, some, lost)]
        return any(self._matches(other) != found for other in changed)


def _without(event: Event, names: Sequence[str], lost: Sequence[object]) -> Iterator[Event]:
    """The event without the lost values of these fields, and with each of them as null and as an empty text."""
    for instead in ([], [None], [""]):
        changed = dict(event)
        for name in names:
            value = evaluate.lookup(event, name)
            kept = [*(each for each in _many(value) if each not in lost), *instead]
            changed.pop(name, None)
            if kept:
                changed[name] = kept if isinstance(value, list) else kept[0]
        yield changed


def _holds_break(value: Any) -> bool:
    """Whether a value holds what ES|QL's several values are joined by."""
    return any(isinstance(each, str) and "\n" in each for each in _many(value))


_BETWEEN = re.compile(r"[\W_]+")
"""What stands between words, about; an analyser splits in more places still."""


def _words(value: Any) -> Any:
    """A value of a text field as its words alone tell it."""
    if isinstance(value, list):
        return list(map(_words, value))
    return f" {_BETWEEN.sub(' ', value)} " if isinstance(value, str) else value


def _in_words(node: ast.Keyword | ast.KeywordRegex) -> Node:
    """A keyword that looks for words, whatever stands between them."""
    if isinstance(node, ast.KeywordRegex):
        return node
    patterns = []
    for each in node.patterns:
        tokens = [_BETWEEN.sub(" ", token) if isinstance(token, str) else token for token in each.tokens]
        patterns.append(pattern(*[token.strip() if isinstance(token, str) else token for token in tokens]))
    return node._replace(patterns=tuple(patterns))


def _exact_letters(value: Any) -> Any:
    """An event, or a value of one, with letters beyond ASCII that no folding brings together."""
    if isinstance(value, str):
        return value if value.isascii() else "".join(map(_apart, value))
    if isinstance(value, Mapping):
        return {name: _exact_letters(each) for name, each in value.items()}
    return [_exact_letters(each) for each in value] if isinstance(value, list) else value


def _apart(letter: str) -> str:
    """A letter beyond ASCII as a character of its own without case (of the private planes)."""
    return letter if letter.isascii() or fold(letter) == letter.upper() else chr(0xF0000 + ord(letter) % 0x1FFFE)


def _in_exact_letters(node: Node) -> Node:
    """The tree that finds, in such events, letters beyond ASCII in the rule's own case alone."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([_in_exact_letters(child) for child in node.children]))
    if isinstance(node, ast.Not):
        return ast.Not(_in_exact_letters(node.child))
    if isinstance(node, ast.Match | ast.Keyword):
        patterns = [pattern(*map(_exact_letters, each.tokens)) for each in node.patterns]
        return node._replace(patterns=tuple(patterns))
    return node


def _in_ascii(value: Any, table: dict[int, str]) -> Any:
    """An event, or a value of one, with some letters of _INTO_ASCII as their lower case is."""
    if isinstance(value, str):
        return value if value.isascii() else value.translate(table)
    if isinstance(value, Mapping):
        return {name: _in_ascii(each, table) for name, each in value.items()}
    return [_in_ascii(each, table) for each in value] if isinstance(value, list) else value


def _in_ipv4(event: Event) -> Event:
    return {name: _as_ipv4(value) for name, value in event.items()}


def _as_ipv4(value: Any) -> Any:
    """An IPv4-mapped address as the IPv4 address that it is for (RFC 4291, 2.5.5.2)."""
    if isinstance(value, list):
        return [_as_ipv4(each) for each in value]
    if isinstance(value, str) and value.lower().startswith("::ffff:"):
        try:
            return str(IPv6Address(value).ipv4_mapped or value)
        except ValueError:
            return value
    return value


def _without_nothings(event: Event) -> Event:
    """An event as an index keeps it: a null among values is lost, and a list of nothing is no value."""
    kept = {
        name: [each for each in value if each is not None] if isinstance(value, list) and None in value else value
        for name, value in event.items()
    }
    return {name: value for name, value in kept.items() if value != []}


_OPEN: tuple[tuple[Callable[[Event], Event], str], ...] = (
    *[
        (partial(_in_ascii, table=table), "whether a letter outside ASCII is the same as one inside")
        for table in _INTO_ASCII
    ],
    (_in_ipv4, "whether an IPv4-mapped address is the IPv4 address"),
    (_without_nothings, "whether an empty list, or a null in a list, is there"),
)
"""What Sigma leaves open, as a change of the event that must not matter, and how it is told."""


def _many(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    else:
        yield value


def _asked_empty(tree: Node) -> list[str]:
    """The columns that are compared with the empty string."""
    return sorted({leaf.field.name for leaf in leaves(tree) if isinstance(leaf, ast.Match) and EMPTY in leaf.patterns})


def _with_case(node: Node, cased: bool) -> Node:
    """The tree with letter case counting everywhere, or nowhere."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([_with_case(child, cased) for child in node.children]))
    if isinstance(node, ast.Not):
        return ast.Not(_with_case(node.child, cased))
    if isinstance(node, ast.Match | ast.Keyword | ast.FieldRef):
        return node._replace(cased=cased)
    if isinstance(node, ast.Regex | ast.KeywordRegex) and not cased:
        return node._replace(regex=regex.uncased(node.regex))
    return node
