r"""The transform ``within``: a column that holds a value among other text, as raw XML does.

Each column says how it holds it: ``{}`` is where the value stands, ``*`` is anything. ``'{}'`` is a value
in quotes, ``*<Address>{}</Address>*`` an element of a document. ``escape: xml``: the value's own ``&``, ``<`` and
``>`` are kept as ``&amp;``, ``&lt;`` and ``&gt;``, or as they are where the platform decodes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from transpiler import ast
from transpiler.ast import And, Field, Match, Node, Not, Or
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.pattern import DASH, DASHES, MANY, ONE, PRESENT, Pattern, Token, literal, parse, pattern
from transpiler.values import text_of

Event = Mapping[str, Any]

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""What an XML document writes for characters of a text (XML 1.0, 2.4, "Character Data and Markup")."""

_SPECIAL = re.compile("[&<>]")
_ENTITY = re.compile("&(?:amp|lt|gt);")
_CHARACTERS = {entity: character for character, entity in ENTITIES.items()}


class Frame(NamedTuple):
    """What stands before and after a value."""

    before: tuple[Token, ...]
    after: tuple[Token, ...]

    @property
    def plain(self) -> bool:
        """Whether nothing does."""
        return not self.before and not self.after

    @property
    def open(self) -> bool:
        """Whether anything may stand on either side of it; what ends the column cannot be left behind."""
        return bool(self.after) and (MANY in self.before or MANY in self.after)

    def needless(self, given: Pattern) -> bool:
        """Whether the pattern by itself takes in what stands around the value."""
        starts, ends = given.tokens[0] is MANY, given.tokens[-1] is MANY
        return (starts or not self.before) and (ends or not self.after)

    def around(self, given: Pattern) -> Pattern:
        """The pattern of the whole column."""
        return pattern(*self.before, *given.tokens, *self.after)


def frame(text: str) -> Frame:
    """Read ``before{}after``. Raises ValueError where ``{}`` is not there once."""
    before, found, after = text.partition("{}")
    if not found or "{}" in after:
        raise ValueError
    return Frame(_tokens(before), _tokens(after))


def _tokens(text: str) -> tuple[Token, ...]:
    return parse(text).tokens if text else ()


PLAIN = Frame((), ())
"""The column holds the value as it is."""


class Within:
    """A value that stands in one of a column's frames, in any of the columns; ``escape`` as the module says."""

    def __init__(self, frames: Mapping[Field, tuple[Frame, ...]], escape: bool = False, assumes: str = "") -> None:
        self.columns = tuple(frames)
        self.frames = frames
        self.escape = escape
        self.assumes = assumes

    def leaf(self, node: Any) -> Node:
        """A leaf on the value, as one on the columns. Raises SchemaError (F503)."""
        made = [self._on(column, frames, node) for column, frames in self.frames.items()]
        if len(made) == 1:
            return made[0]
        return And(tuple(made), node.span) if isinstance(node, ast.IsNull) else Or(tuple(made), node.span)

    def _on(self, column: Field, frames: tuple[Frame, ...], node: Any) -> Node:
        plain = PLAIN in frames
        if isinstance(node, ast.IsNull | ast.Exists) and not plain:
            there = Match(column, tuple([each.around(PRESENT) for each in frames]), False, node.span)
            return Not(there, node.span) if isinstance(node, ast.IsNull) else there
        if isinstance(node, ast.Equals):
            node = Match(node.field, tuple([literal(text_of(each) or "") for each in node.values]), False, node.span)
        if isinstance(node, Match):
            return self._match(column, frames, node)
        if isinstance(node, ast.Regex):
            return self._regex(column, frames, node)
        if isinstance(node, ast.FieldRef) or (frames != (PLAIN,) and not isinstance(node, ast.IsNull | ast.Exists)):
            raise _refusal(node)
        return node._replace(field=column)  # type: ignore[no-any-return]

    def _match(self, column: Field, frames: tuple[Frame, ...], node: Match) -> Node:
        """A `*` between texts must not take one value for another, which an expression can say and no pattern."""
        patterns: dict[Pattern, None] = {}
        others: list[Node] = []
        for each in node.patterns:
            spelled = tuple(dict.fromkeys((each, _escaped(each)))) if self.escape else (each,)
            for given in frames:
                if PLAIN in frames and not given.plain and given.needless(each):
                    continue
                if given.open and MANY in each.tokens[1:-1]:
                    others.append(_expression(given.around(spelled[-1]), column, node))
                else:
                    patterns.update(dict.fromkeys(map(given.around, spelled)))
        if patterns:
            others.insert(0, node._replace(field=column, patterns=tuple(patterns)))
        return others[0] if len(others) == 1 else Or(tuple(others), node.span)

    def _regex(self, column: Field, frames: tuple[Frame, ...], node: ast.Regex) -> Node:
        """An expression is searched for in the whole column, so it must not reach beyond the value."""
        from transpiler.regex.markup import stays_in_text, with_entities

        if frames != (PLAIN,) and not stays_in_text(node.regex.tree):
            raise _refusal(node)
        found = node.regex._replace(tree=with_entities(node.regex.tree)) if self.escape else node.regex
        return node._replace(field=column, regex=found)

    def store(self, value: str) -> Event:
        """What the platform keeps of a value, in the first column and its first frame."""
        first = self.columns[0]
        kept = _escaped(literal(value)) if self.escape else literal(value)
        whole = self.frames[first][0].around(kept)
        return {first.name: "".join([token for token in whole.tokens if isinstance(token, str)])}

    def read(self, event: Event) -> str | None:
        """The value that the platform's columns stand for."""
        for column, frames in self.frames.items():
            text = text_of(event.get(column.name))
            for each in sorted(frames, key=lambda each: each.plain) if text is not None else ():
                found = re.fullmatch(_source(each), text or "", re.DOTALL | re.IGNORECASE)
                if found:
                    return _ENTITY.sub(lambda entity: _CHARACTERS[entity[0]], found[1]) if self.escape else found[1]
        return None


def _source(given: Frame) -> str:
    sides = [
        "".join([re.escape(token) if isinstance(token, str) else ".*?" for token in side])
        for side in (given.before, given.after)
    ]
    return "(.*?)".join(sides)


_ANY = {MANY: "[^<]*", ONE: "(?:&(?:amp|lt|gt);|[^<])", DASH: f"[{DASHES[1:]}-]"}
_OPERATOR = re.compile(r"[\\.^$|?*+()\[\]{}]")


def _expression(given: Pattern, column: Field, node: Match) -> Node:
    """The pattern as an expression, whose wildcards stop at a tag."""
    from transpiler.regex import parse as expression

    tokens = given.tokens
    start, end = int(tokens[0] is MANY), len(tokens) - int(tokens[-1] is MANY)
    inner = [_OPERATOR.sub(r"\\\g<0>", token) if isinstance(token, str) else _ANY[token] for token in tokens[start:end]]
    source = ("" if start else r"\A") + "".join(inner) + ("" if end < len(tokens) else r"\z")
    return ast.Regex(column, expression(source, "" if node.cased else "i"), node.span)


def _refusal(node: Any) -> SchemaError:
    message = f"`{node.field.name}` is kept among other text here, where this cannot be looked for"
    return SchemaError(diagnostic("F503", message, node.span))


def _escaped(given: Pattern) -> Pattern:
    """The pattern as an XML document writes what it matches."""
    if not any(isinstance(token, str) and _SPECIAL.search(token) for token in given.tokens):
        return given
    return pattern(*[_written(token) if isinstance(token, str) else token for token in given.tokens])


def _written(text: str) -> str:
    return _SPECIAL.sub(lambda found: ENTITIES[found[0]], text)
