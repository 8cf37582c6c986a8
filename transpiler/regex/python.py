"""Regular expressions for Python's ``re``: the reference meaning, executable."""

from __future__ import annotations

import re
from functools import lru_cache

from transpiler.regex.expression import Regex
from transpiler.regex.letters import LAST_CODE, cases, complement, members
from transpiler.regex.printer import Printer
from transpiler.regex.tree import Choice, Edge, Group, Look, OneOf, Range, Reference, Text

_EDGES = {
    Edge.TEXT_START: r"\A",
    Edge.LINE_START: r"(?:\A|(?<=\n)(?!\Z))",
    Edge.TEXT_END: r"\Z",
    Edge.LAST_LINE_END: r"(?=\n?\Z)",
    Edge.LINE_END: r"(?=\n|\Z)",
    Edge.WORD: r"\b",
    Edge.NOT_WORD: r"(?!\b)",  # Python's own \B never matches in an empty text
}


@lru_cache(maxsize=1024)
def compiled(regex: Regex) -> re.Pattern[str]:
    """What :func:`transpiler.regex.to_python` does."""
    return re.compile(_Python().show(regex.tree), re.ASCII | re.DOTALL)


def _character(code: int) -> str:
    character = chr(code)
    if character.isalnum() or character in "_ ":
        return character
    return f"\\{character}" if character.isascii() and character.isprintable() else f"\\U{code:08x}"


def _ranges(ranges: tuple[Range, ...]) -> str:
    return "".join(
        [_character(first) if first == last else f"{_character(first)}-{_character(last)}" for first, last in ranges]
    )


class _Python(Printer):
    def text(self, node: Text) -> str:
        letters = [cases(character) if node.caseless else character for character in node.text]
        return "".join([_character(ord(each)) if len(each) == 1 else f"[{each}]" for each in letters])

    def one_of(self, node: OneOf) -> str:
        ranges = members(node)
        if not ranges:
            return "(?!)"
        if ranges[-1][1] < LAST_CODE:
            return f"[{_ranges(ranges)}]"
        return f"[^{_ranges(complement(ranges))}]" if ranges != ((0, LAST_CODE),) else "."

    def group(self, node: Group) -> str:
        return f"(?P<g{node.number}>{self.show(node.child)})"

    def reference(self, node: Reference) -> str:
        return f"(?i:(?P=g{node.number}))" if node.caseless else f"(?P=g{node.number})"

    def look(self, node: Look) -> str:
        if node.ahead:
            return f"(?{'!' if node.negated else '='}{self.show(node.child)})"
        # Python wants one length for the whole look-behind, PCRE one for each option.
        opening, glue = ("(?<!", "") if node.negated else ("(?<=", "|")
        options = node.child.options if isinstance(node.child, Choice) else (node.child,)
        return f"(?:{glue.join([f'{opening}{self.show(option)})' for option in options])})"

    def edge(self, node: Edge) -> str:
        return _EDGES[node]
