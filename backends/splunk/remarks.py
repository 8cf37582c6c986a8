"""What a Splunk query has to say of itself, whichever form a leaf takes."""

from __future__ import annotations

from backends.base import TextVisitor
from transpiler import ast
from transpiler.ast import Node
from transpiler.pattern import MANY

RAW = "_raw"
"""The field that holds the event as it was logged."""

_AS_LOGGED = r'JSON writes `\` as `\\` and `"` as `\"`, XML writes `&`, `<`, `>` as entities'
_OTHERWISE = frozenset("\\\"&<>'")


def say_vanishing(visitor: TextVisitor, node: Node, field: ast.Field) -> None:
    """Warn, once a query, that Splunk does not keep null and empty values apart from missing ones."""
    if not any(said.code == "T611" for said in visitor.diagnostics):
        message = f"Splunk does not keep a null, and seldom an empty string: {field.name} is missing there"
        visitor.say("T611", node, message)


def say_unfolded(visitor: TextVisitor, node: ast.Match | ast.Keyword) -> None:
    """Warn if case is to be ignored for letters beyond ASCII; Splunk documents nothing about theirs."""
    if node.cased:
        return
    beyond = {character for text in _texts(node) if not text.isascii() for character in text if character > "\x7f"}
    letters = "".join(sorted(character for character in beyond if character.lower() != character.upper()))
    if letters:
        message = f"Splunk ignores letter case, but its documents do not say so for letters such as {letters[:20]!r}"
        visitor.say("T612", node, message)


def say_raw(visitor: TextVisitor, node: ast.Keyword) -> None:
    r"""Note, each once a query, that the raw event holds all values, and may write a character otherwise."""
    if any(MANY in pattern.tokens[1:-1] for pattern in node.patterns):
        message = f"`*` inside a keyword may span several values of the event as it was logged ({RAW})"
        if not any(said.message == message for said in visitor.diagnostics):
            visitor.say("T624", node, message)
    for text in _texts(node):
        if not (text.isascii() and text.isprintable() and _OTHERWISE.isdisjoint(text)):
            if not any(said.message.endswith(_AS_LOGGED) for said in visitor.diagnostics):
                message = f"{text[:40]!r} is looked for in the event as it was logged ({RAW}); {_AS_LOGGED}"
                visitor.say("T624", node, message)
            return


def say_raw_regex(visitor: TextVisitor, node: ast.KeywordRegex) -> None:
    """Note that an expression is tried on the raw event; warn if it asks for the ends of a value."""
    from transpiler.regex.tree import Edge, walk  # few rules have an expression

    ends = {Edge.TEXT_START, Edge.TEXT_END, Edge.LAST_LINE_END, Edge.LINE_START, Edge.LINE_END}
    visitor.say("T624", node, f"the expression is tried on the event as it was logged ({RAW}); {_AS_LOGGED}")
    if not ends.isdisjoint(walk(node.regex.tree)):
        message = (
            f"the expression asks where a value begins or ends; {RAW} holds all values, and only its own ends count"
        )
        visitor.say("T615", node, message, "bind the expression to a field")


def _texts(node: ast.Match | ast.Keyword) -> list[str]:
    return [token for pattern in node.patterns for token in pattern.tokens if isinstance(token, str)]


def say_precision(visitor: TextVisitor, node: ast.Compare) -> None:
    """Warn of a whole number that a double-precision number does not tell from its neighbours."""
    if isinstance(node.value, int) and abs(node.value) >= 1 << 53:
        message = f"Splunk compares numbers in double precision, which does not tell {node.value} from its neighbours"
        visitor.say("T615", node, message)
