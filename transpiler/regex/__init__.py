r"""Regular expressions: a rule's expression is parsed once, and each dialect prints it from the tree.

What an expression means, whatever engine runs it:

- it is searched for: a match may begin and end anywhere in the text;
- ``.`` is any character but U+000A; with the flag s any character;
- ``^`` is the start of the text; with m also the place after a newline that is not the last
  character. ``$`` is the end of the text or the place before a newline that is the last character;
  with m the place before any newline, or the end. ``\A`` and ``\z`` are start and end, ``\Z`` is
  ``$`` without m (PCRE's definitions);
- ``\d`` is ``[0-9]``, ``\w`` is ``[0-9A-Za-z_]``, ``\s`` is ``[\t\n\x0b\f\r ]``, and ``\b`` is where
  a ``\w`` meets something else or an end of the text. Letters and digits beyond ASCII are not in them;
- with i two letters are the same if :func:`transpiler.pattern.fold` makes them equal. A class holds
  a letter if it holds the letter in any case; a negated class leaves out every case of what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transpiler.regex.expression import Regex, RegexError

if TYPE_CHECKING:
    import re

    from transpiler.pattern import Pattern
    from transpiler.regex.tree import Node

__all__ = ["Regex", "RegexError", "parse", "pattern_tree", "to_python", "uncased"]

# Few rules have an expression, so that the parser and the nodes are imported when one is met.


def parse(source: str, flags: str = "") -> Regex:
    """Read an expression; ``flags`` holds any of the letters i, m, s.

    Raises RegexError with the offset of the character that cannot be read.
    """
    from transpiler.regex.parser import read

    return read(source, flags)


def to_python(regex: Regex) -> re.Pattern[str]:
    """The expression as a pattern whose ``search`` finds what the rule means.

    The text of the rule never reaches ``re``: the pattern is printed from the tree. A back-reference
    that ignores case folds ASCII letters alone; everything else folds as :func:`letters.cases` says.
    An expression made to be slow (``(a+)+$``) is as slow here as in any engine that backtracks.
    """
    from transpiler.regex.python import compiled

    return compiled(regex)


def uncased(regex: Regex) -> Regex:
    """The expression with letter case counting nowhere, not even where it says ``(?-i:...)``."""
    from transpiler.regex.tree import uncased

    return regex._replace(ignore_case=True, tree=uncased(regex.tree))


def pattern_tree(pattern: Pattern, *, cased: bool = False) -> Node:
    """The tree that matches what a wildcard pattern matches, the whole text from start to end.

    ``*`` and ``?`` match newlines too; letter case counts if ``cased``.
    """
    from transpiler.regex.wildcards import tree

    return tree(pattern, cased=cased)
