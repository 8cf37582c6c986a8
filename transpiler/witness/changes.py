"""The events around one leaf: those in which one of its alternatives holds, and near misses.

Each is given as a change of an event in which everything else is so that the leaf decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any

from transpiler import ast, evaluate
from transpiler.pattern import fold
from transpiler.values import text_of
from transpiler.witness import expressions, texts
from transpiler.witness.leaves import alternatives, misses, ordered, others
from transpiler.witness.search import Demand, Found, Search
from transpiler.witness.texts import Piece, Sight
from transpiler.witness.values import MISSING, Value, fills, fitted, holds_text, neutral

Change = dict[str, Value]
"""Field -> its other value, MISSING if it is taken away."""

_SIGHTS = 4
"""How many of a leaf's alternatives near misses are made of."""

_SLOW = 16
"""The most characters that an expression with a repetition in a repetition is searched in."""


class Focus:
    """A leaf, and an event that it decides.

    ``number``: the leaf's number among those that are looked at; ``turn``: the kind of near miss to
    begin with; ``spare``: a field for text that no leaf is about.
    """

    def __init__(self, search: Search, leaf: Any, found: Found, number: int, turn: int, spare: str) -> None:
        self.search = search
        self.leaf = leaf
        self.found = found
        self.number = number
        self.turn = turn
        self.spare = spare
        self.name = search.names(leaf)[-1]
        self.field = search.field(self.name)
        self.beside = tuple([need for need in found.needs.get(self.name, ()) if need.node is not leaf])
        """What else is asked of the field."""
        tied = [need.node for need in self.beside if need.want and isinstance(need.node, ast.FieldRef)]
        self.tied = dict.fromkeys(name for node in tied for name in search.names(node))

    def changes(self) -> Iterator[Change]:
        """The event itself, the leaf dropped, then alternatives and near misses in turn."""
        value = self.found.values.get(self.name, MISSING)
        yield {self.name: self.in_other_case(value, 0)} if self.number % 2 else {}
        yield self.dropped()
        yield from _woven(self.positives(), self.misses(), 1)

    def misses(self) -> Iterator[Change]:
        """Near misses alone."""
        return _CHANGES[type(self.leaf)](self)

    # --- what holds -------------------------------------------------------------------------------------

    def with_need(self, want: bool, first: int = 0) -> Value | None:
        """The field's value if the leaf must hold (or not) and all else stays; None if there is none."""
        return self.search.other(self.found.values, self.name, (Demand(self.leaf, want, first), *self.beside))

    def dropped(self) -> Change:
        """The leaf does not hold, all else does, if that is possible."""
        value = self.with_need(False)
        return self.of_value(neutral(self.field)[0]) if value is None else {self.name: value}

    def positives(self) -> Iterator[Change]:
        """For each alternative but the first, the event in which it is what holds; every other one in other case."""
        for number, first in enumerate(islice(ordered(self.leaf), 1, None), self.number):
            value = self.with_need(True, first)
            if value is not None:
                yield {self.name: value if number % 2 else self.in_other_case(value, first)}

    def in_other_case(self, value: Value, first: int) -> Value:
        """A value in which an alternative holds, that part of it in other letter case if it makes no difference."""
        if not isinstance(value, str) or not holds_text(self.field):
            return value
        if not isinstance(self.leaf, ast.Match | ast.Keyword) or self.leaf.cased:
            return value
        sight = self.sight(value, first)
        return sight.with_core(sight.core.swapcase())

    def given(self, first: int) -> Value:
        """The field's value with which an alternative holds, the event's own if there is none."""
        found = self.with_need(True, first) if self.found.needs else None
        return self.found.values.get(self.name, MISSING) if found is None else found

    # --- what nearly holds --------------------------------------------------------------------------------

    def of_values(self, values: Iterable[Value]) -> Iterator[Change]:
        """Other values of the field, in the type of its column."""
        return (self.of_value(value) for value in fitted(self.field, map(self.kept, values)))

    def of_value(self, value: Value) -> Change:
        """Another value of the field, and of those that must be equal to it."""
        alike = {name: each for name in self.tied for each in fitted(self.search.field(name), [value])}
        return {self.name: value, **alike}

    def kept(self, value: Value) -> Value:
        """The value, or a longer text with it in which all else that is asked of the field still holds."""
        if not self.beside or not isinstance(value, str) or not value:
            return value
        rest = self.rest()
        for text in (value, f"{rest} {value}", f"{value} {rest}", rest + value, value + rest) if rest else ():
            values = {**self.found.values, self.name: text}
            if all(self.search.holds(need, values) for need in self.beside):
                return text
        return value

    def rest(self) -> str:
        """A text in which all holds that is asked of the field beside the leaf; empty if there is none."""
        if self._rest is None:
            value = self.search.other(self.found.values, self.name, self.beside)
            self._rest = value if isinstance(value, str) else ""
        return self._rest

    _rest: str | None = None

    def near_pattern(self) -> Iterator[Change]:
        """Near misses of patterns."""
        texts_ = [(text_of(self.given(first)), first) for first in self.shown()]
        seen = [self.sight(text, first) for text, first in texts_ if text is not None]
        aside = others(self.field, seen[0].text if seen else self.found.values.get(self.name, "x"))
        near = texts.near(seen, self.turn) if seen else iter(())
        return self.of_values(_woven(aside, near, 3))

    def shown(self) -> list[int]:
        """The alternatives that near misses are made of: of a given event those that hold in it."""
        found = ordered(self.leaf)
        if not self.found.needs:
            patterns = self.leaf.patterns
            single = [(index, self.leaf._replace(patterns=(patterns[index],))) for index in found]
            found = [index for index, leaf in single if evaluate.matches(leaf, self.found.values)]
        return found[:_SIGHTS]

    def sight(self, text: str, first: int) -> Sight:
        """A text in which an alternative holds, and where in it."""
        given = texts.piece(alternatives(self.leaf)[first])
        return Sight(text, _core(text, given, fills(self.field)), given.tokens)

    def near_expression(self) -> Iterator[Change]:
        """Near misses of a regular expression."""
        regex = self.leaf.regex
        text = text_of(self.given(0))
        samples = self.search.samples(regex)
        twisted = expressions.twisted(regex)
        near: Iterator[str] = iter(())
        if text is not None:
            cores = [sample for sample in samples if sample and sample in text] or [text]
            near = texts.near([Sight(text, core) for core in cores[:1]], self.turn)
        swapped = [text.swapcase()] if text is not None else []
        made = chain(samples[1:2], swapped, _woven(twisted, near, 1))
        if expressions.is_slow(regex):
            made = (each for each in made if len(each) <= _SLOW)  # type: ignore[assignment]
        return self.of_values(_woven(others(self.field, text or "x"), made, 3))

    def near_value(self) -> Iterator[Change]:
        """Near misses of numbers, addresses and dates."""
        value = self.given(0)
        return self.of_values(_woven(misses(self.leaf, value), others(self.field, value), 1))

    def near_reference(self) -> Iterator[Change]:
        """Two fields that are nearly as the leaf wants them."""
        one, two = self.leaf.field.name, self.leaf.other.name
        text = text_of(self.found.values.get(two)) or "x"
        for this, that in _pairs(text):
            for mine, yours in zip(fitted(self.field, [this]), fitted(self.search.field(two), [that]), strict=False):
                yield {one: mine, two: yours}

    def near_keyword(self) -> Iterator[Change]:
        """Near misses of a keyword, and the keyword elsewhere in the event."""
        make = self.near_expression if isinstance(self.leaf, ast.KeywordRegex) else self.near_pattern
        return _woven(self._elsewhere(), make(), 2)

    def _elsewhere(self) -> Iterator[Change]:
        text = text_of(self.found.values.get(self.name))
        if text is None:
            return
        half = len(text) // 2
        yield {self.name: MISSING, self.spare: text}
        yield {self.name: text[:half], self.spare: text[half:]}
        yield {self.name: "x", self.spare: text.swapcase()}


def in_other_case(search: Search, values: Mapping[str, Value]) -> Iterator[Change]:
    """All texts of an event in capitals, and with the case of each letter changed."""
    texts = {name: value for name, value in values.items() if isinstance(value, str) and holds_text(search.field(name))}
    yield {name: value.upper() for name, value in texts.items()}
    yield {name: value.swapcase() for name, value in texts.items()}


def _core(text: str, given: Piece, ways: Sequence[str]) -> str:
    """The part of a text that a piece asks for; all of it if it cannot be found."""
    for fill in ways:
        core = texts.written(given.tokens, fill, fill[:1] or "x")
        at = fold(text).find(fold(core))
        if at >= 0:
            return text[at : at + len(core)]
    return text


def _pairs(text: str) -> Iterator[tuple[Value, Value]]:
    """Two values that are equal, or nearly, or contain one another."""
    longer = (text + "x", "x" + text, f"x{text}x", text.upper(), text.swapcase(), text[:-1], text[1:])
    for each in longer:
        yield each, text
    yield from ((text, MISSING), (MISSING, text), (MISSING, MISSING), ("zq-7", text), (text, "zq-7"))
    yield from ((text, ""), ("", text), ("", ""), (None, None), (text, None), (None, text))
    yield from ((text, text + "x"), (text, "x" + text), (text, f"x{text}x"), (f"{text}\n", text), (f"{text} ", text))
    yield from (("axb", "a*b"), ("axb", "a?b"), ("a.b", "a.b"), ("axb", "a.b"), ("a%b", "axb"), ("a\\b", "a\\b"))
    yield from (("\u212a", "k"), ("\u00c9", "\u00e9"), (4688, "4688"), (4688, 4688), (True, "true"), (468, 4688))
    yield from (([text, "other"], text), (text, ["other", text]), (["other"], text), ([], text), ([text], [text]))


def _woven(rare: Iterable[Any], usual: Iterable[Any], every: int) -> Iterator[Any]:
    """One of the first, so many of the second, in turn, until both are at their end."""
    usual = iter(usual)
    for each in rare:
        yield each
        yield from islice(usual, every)
    yield from usual


_CHANGES: dict[type, Callable[[Focus], Iterator[Change]]] = {
    ast.Match: Focus.near_pattern,
    ast.Keyword: Focus.near_keyword,
    ast.KeywordRegex: Focus.near_keyword,
    ast.Regex: Focus.near_expression,
    ast.FieldRef: Focus.near_reference,
    **dict.fromkeys((ast.Equals, ast.Compare, ast.Cidr, ast.Exists, ast.IsNull, ast.TimePart), Focus.near_value),
}


def in_turn(rows: Iterable[Iterable[Any]]) -> Iterator[Any]:
    """The first of each, the second of each, and so on."""
    end = object()
    return (each for row in zip_longest(*rows, fillvalue=end) for each in row if each is not end)
