r"""PCRE2, which Splunk's ``match()``, ``replace()``, ``rex`` and ``regex`` run.

Sources: Splunk Search Reference, "regex" and "Evaluation functions" (PCRE); pcre2pattern(3).
Assumed: the library's defaults but for UTF-8. ``\d \w \s \b`` are ASCII, a newline is U+000A, ``$``
matches before a newline that ends the text. ``(?i)`` folds as Unicode does: a few letters more than
the reference meaning (``k`` finds the Kelvin sign, ``s`` the long s).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from backends.regexes.perl import PerlPrinter
from transpiler.regex import Regex
from transpiler.regex.tree import Edge, Group, Look, OneOf, Reference


def printed(regex: Regex) -> str:
    """What :func:`backends.regexes.pcre` does."""
    return _Pcre(regex, regex.tree).whole()


_EDGES = {Edge.TEXT_START: "^", Edge.LAST_LINE_END: "$", Edge.LINE_START: "(?m:^)", Edge.LINE_END: "(?m:$)"}
"""Without the flag m; with it every edge is written as it is called."""


class _Pcre(PerlPrinter):
    ITEMS: ClassVar[Mapping[str, str]] = {letter: f"\\{letter}" for letter in "dwsDWS"}

    def one_of(self, node: OneOf) -> str:
        if len(node.items) == 1 and isinstance(node.items[0], str):
            letter = node.items[0]
            return f"\\{letter.swapcase() if node.negated else letter}"
        return super().one_of(node)

    def group(self, node: Group) -> str:
        return f"({self.show(node.child)})"

    def reference(self, node: Reference) -> str:
        printed = f"\\g{{{node.number}}}"
        if node.caseless == self.ignore_case:
            return printed
        return f"(?{'i' if node.caseless else '-i'}:{printed})"

    def look(self, node: Look) -> str:
        return f"(?{'' if node.ahead else '<'}{'!' if node.negated else '='}{self.show(node.child)})"

    def edge(self, node: Edge) -> str:
        if self.multiline:
            return str(node.value)
        return _EDGES.get(node) or str(node.value)
