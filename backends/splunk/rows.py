"""Splunk SPL: the ``where`` stage on rows of ``tstats``."""

from __future__ import annotations

from typing import Any, NoReturn

from backends.splunk.text import FILL
from backends.splunk.tstats import LOGGED
from backends.splunk.where import Where
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.regex import to_python


class Rows(Where):
    """Renders the later stage, in which FILL is a missing value."""

    def keyword(self, node: ast.Keyword) -> NoReturn:
        """Not there."""
        self.refuse("T601", node, LOGGED)

    def keyword_regex(self, node: ast.KeywordRegex) -> NoReturn:
        """Not there."""
        self.refuse("T601", node, LOGGED)

    def _name(self, field: Field, node: Node) -> str:
        name = super()._name(field, node)
        if not _holds_for_fill(node):
            return name
        message = f"no {field.name} is the text {FILL!r}, which stands for a missing value in the rows of `tstats`"
        if not any(said.message == message for said in self.diagnostics):
            self.say("T624", node, message)
        return f'if({name}="{FILL}",null(),{name})'


def _holds_for_fill(leaf: Any) -> bool:
    """Whether a leaf may tell FILL from a missing value; one that is false for both need not be told."""
    if isinstance(leaf, ast.Match):
        return any(
            all(not isinstance(token, str) or token.lower() in FILL for token in pattern.tokens)
            for pattern in leaf.patterns
        )
    if isinstance(leaf, ast.Regex):
        return to_python(leaf.regex).search(FILL) is not None
    return isinstance(leaf, ast.Exists | ast.IsNull | ast.FieldRef)
