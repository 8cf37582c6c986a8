"""What PCRE and Kusto's dialect have in common: flags at the front, escapes for control characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from backends.regexes.plain import Escapes
from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern, Token
from transpiler.regex.letters import cases, folded, spelled
from transpiler.regex.printer import Printer
from transpiler.regex.tree import ANY, NOT_NEWLINE, Edge, Item, Node, OneOf, Regex, Text, walk

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f"}


def _escaped(character: str, special: str) -> str:
    if character in special:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\x{{{code:x}}}")


ESCAPES = Escapes(lambda character: _escaped(character, "\\.+*?()|[]{}^$"))
"""Text outside a class."""

MEMBERS = Escapes(lambda character: _escaped(character, "\\]^[-&~"))
"""Characters of a class; ``&&``, ``--`` and ``~~`` are operators of Kusto's dialect there."""

_WILDCARDS: dict[Token, str] = {
    MANY: ".*",
    ONE: ".",
    DASH: f"[{''.join([MEMBERS[ord(dash)] for dash in DASHES])}]",
}


def wildcards(pattern: Pattern, *, cased: bool, end: str) -> str:
    """A wildcard pattern as a search: ``^`` and ``end`` stand only where the pattern has no outer ``*``."""
    tokens = pattern.tokens
    if pattern.kind == "any":
        return ".*"
    start = 1 if tokens[0] is MANY else 0
    stop = len(tokens) - 1 if tokens[-1] is MANY else len(tokens)
    inner = tokens[start:stop]
    body = "".join([token.translate(ESCAPES) if isinstance(token, str) else _WILDCARDS[token] for token in inner])
    letters = not cased and any(isinstance(token, str) and token.lower() != token.upper() for token in inner)
    flags = ("i" if letters else "") + ("s" if MANY in inner or ONE in inner else "")
    opening = f"(?{flags})" if flags else ""
    return f"{opening}{'' if start else '^'}{body}{end if stop == len(tokens) else ''}"


class PerlPrinter(Printer):
    """Prints a tree under the flags that stand at the front; a part that differs brings its own."""

    ITEMS: ClassVar[Mapping[str, str]]
    """How d, w, s, D, W and S are written in a class."""

    def __init__(self, regex: Regex, tree: Node) -> None:
        leaves = list(walk(tree))
        self.ignore_case = regex.ignore_case and any(map(_ignores_case, leaves))
        self.dot_all = regex.dot_all and ANY in leaves
        self.multiline = regex.multiline and (Edge.LINE_START in leaves or Edge.LINE_END in leaves)
        self.tree = tree

    def whole(self) -> str:
        """The expression with its flags."""
        pairs = (("i", self.ignore_case), ("m", self.multiline), ("s", self.dot_all))
        flags = "".join([letter for letter, is_set in pairs if is_set])
        return f"(?{flags}){self.show(self.tree)}" if flags else self.show(self.tree)

    def text(self, node: Text) -> str:
        return self.under_case(node, node.text.translate(ESCAPES))

    def one_of(self, node: OneOf) -> str:
        if node == ANY:
            return "." if self.dot_all else "(?s:.)"
        if node == NOT_NEWLINE and not self.dot_all:
            return "."
        return self.under_case(node, f"[{'^' if node.negated else ''}{''.join(map(self.item, node.items))}]")

    def item(self, item: Item) -> str:
        """One item of a class."""
        if isinstance(item, str):
            return self.ITEMS[item]
        first, last = MEMBERS[item[0]], MEMBERS[item[1]]
        return first if first == last else f"{first}-{last}"

    def under_case(self, node: Text | OneOf, printed: str) -> str:
        """The node as printed, in a group of its own if the flag i at the front is not its own."""
        if node.caseless == self.ignore_case or not _has_case(node):
            return printed
        return f"(?{'i' if node.caseless else '-i'}:{printed})"


def _has_case(node: Text | OneOf) -> bool:
    if isinstance(node, Text):
        return any(len(cases(character)) > 1 for character in node.text)
    ranges = spelled(node.items)
    return folded(ranges) != ranges


def _ignores_case(node: Node) -> bool:
    return isinstance(node, Text | OneOf) and node.caseless and _has_case(node)
