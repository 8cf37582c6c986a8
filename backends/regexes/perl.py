"""What PCRE and Kusto's dialect have in common: flags at the front, named classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from backends.regexes.escapes import PERL, PERL_MEMBER
from transpiler.regex import Regex
from transpiler.regex.letters import cases, folded, spelled
from transpiler.regex.printer import Printer
from transpiler.regex.tree import ANY, NOT_NEWLINE, Edge, Item, Node, OneOf, Text, walk


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
        return self.under_case(node, PERL.of(node.text))

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
        first, last = PERL_MEMBER[chr(item[0])], PERL_MEMBER[chr(item[1])]
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
