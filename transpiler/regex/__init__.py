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

from transpiler.regex.parser import parse
from transpiler.regex.python import to_python
from transpiler.regex.tree import Regex, RegexError
from transpiler.regex.wildcards import pattern_tree

__all__ = ["Regex", "RegexError", "parse", "pattern_tree", "to_python"]
