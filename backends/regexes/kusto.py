r"""Kusto's regular expressions (``matches regex``).

Source: Microsoft, Kusto documentation, page "Regex syntax" (for years "RE2 syntax"). The page
describes the dialect of Rust's ``regex``; what is printed here means the same in RE2.

- No look-around, back-references, atomic groups, possessive quantifiers; counts up to 1,000.
- ``\d \w \s \b`` know all of Unicode (in RE2 only ASCII): written as ``[0-9]``, ``[0-9A-Za-z_]``,
  ``[[:space:]]``, and boundaries by what may stand beside them.
- ``$`` is the very end: the rule's ``$`` is ``\n?$``. The flag m is not needed, nor used.
- In a class ``&&``, ``--`` and ``~~`` are operators and ``[`` opens another; outside, ``\<`` and
  ``\>`` are word boundaries: neither is ever printed.
- ``(?i)`` folds as Unicode does: letters beyond ASCII meet a few more than in the reference meaning, and are
  spelled in their cases, without the flag. That ``s`` finds the long s too, and ``k`` the Kelvin sign, is
  left: Sigma does not say, and the expression could hardly be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from backends.regexes.edges import closing, opening, pieces, united
from backends.regexes.escapes import PERL, perl_caseless
from backends.regexes.lacks import Lacks
from backends.regexes.perl import PerlPrinter
from backends.regexes.plain import plain, sequence
from transpiler.regex import Regex
from transpiler.regex.letters import LAST_CODE, folded, spelled
from transpiler.regex.tree import ANY, EMPTY, NOT_NEWLINE, Edge, Node, OneOf, Range, Repeat, Text, children

MAX_COUNT = 1000
"""The highest count, and product of nested counts; RE2's limit, named by the page's older version."""


def printed(regex: Regex) -> str:
    """What :func:`backends.regexes.re2` does."""
    tree = united(
        [
            sequence(opening(before, EMPTY, Edge.TEXT_START), node, closing(after, EMPTY, Edge.TEXT_END))
            for before, node, after in pieces(plain(regex.tree))
        ]
    )
    if _count(tree) > MAX_COUNT:
        raise Lacks(f"counts above {MAX_COUNT}")
    return _Re2(regex, tree).whole()


def _count(node: Node) -> int:
    """The highest product of counts on one way from the top to a leaf."""
    below = max(map(_count, children(node)), default=1)
    return below * max(node.low, node.high or 1, 1) if isinstance(node, Repeat) else below


class _Re2(PerlPrinter):
    OPEN = "("
    ITEMS: ClassVar[Mapping[str, str]] = {
        "d": "0-9", "w": "0-9A-Za-z_", "s": "[:space:]", "D": "[:^digit:]", "W": "[:^word:]", "S": "[:^space:]",
    }  # fmt: skip

    def text(self, node: Text) -> str:
        return self.under_case(node, perl_caseless(node.text) if node.caseless else PERL.of(node.text))

    def one_of(self, node: OneOf) -> str:
        ranges = spelled(node.items)
        if node in (ANY, NOT_NEWLINE) or not (node.caseless or self.ignore_case) or not _meets_others(ranges):
            return super().one_of(node)
        items = folded(ranges) if node.caseless and folded(ranges) != ranges else node.items
        printed = f"[{'^' if node.negated else ''}{''.join(map(self.item, items))}]"
        return f"(?-i:{printed})" if self.ignore_case else printed

    def edge(self, node: Edge) -> str:
        return "^" if node is Edge.TEXT_START else "$"


def _meets_others(ranges: tuple[Range, ...]) -> bool:
    """Whether the flag i may add to a class, or to what it leaves out, characters that are no case of one in it."""
    return any(first >= 0x80 or 0x80 <= last < LAST_CODE for first, last in ranges)
