r"""The transform ``prefixed``: a column that holds a value behind a text that is always the same.

The pipe that Sysmon calls ``\lsass`` is kept as ``\Device\NamedPipe\lsass``. What a rule looks for
anywhere in the value must not be found in the text before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transpiler import ast
from transpiler.ast import Field, Match, Node
from transpiler.diagnostics import diagnostic
from transpiler.errors import SchemaError
from transpiler.pattern import MANY, Pattern, fold, literal, pattern
from transpiler.regex.tree import Look, Sequence, Text, walk
from transpiler.values import text_of

Event = Mapping[str, Any]


class Prefixed:
    """One column, whose values all begin with ``prefix``; empty ones too are kept behind it."""

    assumes = ""

    def __init__(self, columns: tuple[Field, ...], prefix: str) -> None:
        self.columns = columns
        self.prefix = prefix

    def leaf(self, node: Any) -> Node:
        """A leaf on the value, as one on the column. Raises SchemaError (F503)."""
        if isinstance(node, ast.IsNull | ast.Exists):
            return node._replace(field=self.columns[0])
        if isinstance(node, ast.Equals):
            node = Match(node.field, tuple([literal(text_of(each) or "") for each in node.values]), False, node.span)
        if isinstance(node, Match):
            return node._replace(field=self.columns[0], patterns=tuple(map(self._behind, node.patterns)))
        if isinstance(node, ast.Regex) and self._finds_only_behind(node.regex.tree):
            return node._replace(field=self.columns[0])
        message = f"`{node.field.name}` is kept behind {self.prefix} here, where this cannot be looked for"
        raise SchemaError(diagnostic("F503", message, node.span))

    def _behind(self, given: Pattern) -> Pattern:
        """The pattern of the whole column; one that begins with ``*`` stays, unless a part may be in the prefix."""
        if given.tokens[0] is not MANY:
            return pattern(self.prefix, *given.tokens)
        if given.kind == "any":
            return given
        text = given.tokens[1]
        return given if isinstance(text, str) and self._apart(text) else pattern(self.prefix, *given.tokens)

    def _apart(self, text: str) -> bool:
        """Whether no occurrence of the text can begin within the prefix, in any letter case."""
        prefix, wanted = fold(self.prefix), fold(text)
        return not any(_agree(prefix[at:], wanted) for at in range(len(prefix)))

    def _finds_only_behind(self, tree: Any) -> bool:
        """Whether whatever the expression finds begins behind the prefix, without looking back."""
        first = tree.items[0] if isinstance(tree, Sequence) and tree.items else tree
        looks_back = any(isinstance(each, Look) and not each.ahead for each in walk(tree))
        return isinstance(first, Text) and self._apart(first.text) and not looks_back

    def store(self, value: str) -> Event:
        """What the column holds of a value."""
        return {self.columns[0].name: self.prefix + value}

    def read(self, event: Event) -> str | None:
        """The value, or None where the column holds none."""
        text = text_of(event.get(self.columns[0].name))
        return None if text is None else text.removeprefix(self.prefix)


def _agree(one: str, other: str) -> bool:
    """Whether one text is the beginning of the other."""
    return one.startswith(other) or other.startswith(one)
