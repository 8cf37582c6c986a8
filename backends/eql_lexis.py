r"""The words of EQL: field names, event categories, strings, patterns. No query.

Source: "EQL syntax reference" (elastic.co/docs/reference/query-languages/eql/eql-syntax), and the
grammar ``EqlBase.g4`` in x-pack/plugin/eql of Elasticsearch for what may stand unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from transpiler.pattern import MANY, ONE, Pattern
from transpiler.regex import Regex
from transpiler.regex.tree import Text, walk

# fmt: off
RESERVED = frozenset({
    "and", "any", "as", "by", "const", "false", "fork", "in", "join", "like", "macro", "maxspan", "not", "null",
    "of", "or", "regex", "runs", "sample", "sequence", "true", "until", "where", "with",
})
# fmt: on
"""Words of the grammar; a field of such a name stands in back-quotes."""

_name = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*").fullmatch


@lru_cache(maxsize=4096)
def column(name: str) -> str | None:
    """A field name, its odd parts in back-quotes, a back-quote doubled ("Escape a field name").

    None for an empty name and for one with characters that do not print.
    """
    if not name or not name.isprintable():
        return None
    parts = name.split(".")
    if not all(parts):
        parts = [name]
    return ".".join([part if _is_word(part) else f"`{part.replace('`', '``')}`" for part in parts])


def _is_word(text: str) -> bool:
    return _name(text) is not None and text not in RESERVED


def category(name: str | None) -> str:
    """What stands before ``where``: ``any``, a word, or in quotes ("Escape an event category")."""
    if name is None:
        return "any"
    return name if _is_word(name) else quote(name)


_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls, line separators, and what turns the direction of text."""

_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def quote(text: str) -> str:
    r'''A string: ``"..."``; ``"""..."""`` where that spares escapes; else ``"..."`` with escapes.

    Source: "Strings". A raw string ends at three quotes and up to two more, so it is not used for
    text with quotes at its ends. What cannot be seen becomes ``\u{..}``.
    '''
    if not _UNSEEN.search(text):
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        if text[0] != '"' and text[-1] != '"' and '"""' not in text:
            return f'"""{text}"""'
    return f'"{_UNSEEN.sub(_hexadecimal, text.translate(_ESCAPES))}"'


def _hexadecimal(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found.group()):02x}}}"


def one_of(column: str, operator: str, values: Sequence[str]) -> str:
    """``f : "a"`` or ``f : ("a", "b")``."""
    if len(values) == 1:
        return f"{column} {operator} {quote(values[0])}"
    return f"{column} {operator} ({', '.join(map(quote, values))})"


def flip(text: str) -> str:
    """``f == null`` as ``f != null``, and the other way round."""
    name, operator, _ = text.rsplit(" ", 2)
    return f"{name} {'!=' if operator == '==' else '=='} null"


# --- patterns -----------------------------------------------------------------------------------------

WILD = re.compile(r"[*?\x01]")
"""What ``:`` and ``like`` read as something else, with no escape for it: the wildcards ("Wildcards"),
and U+0001, which ``StringUtils.toLikePattern`` makes the escape character of the LIKE pattern."""


def glob(pattern: Pattern) -> str | None:
    """The pattern as ``:`` and ``like`` take it; None if they would read it in another way."""
    parts: list[str] = []
    for token in pattern.tokens:
        if isinstance(token, str):
            if WILD.search(token):
                return None
            parts.append(token)
        elif token is MANY or token is ONE:
            parts.append(token.value)
        else:
            return None
    return "".join(parts)


def has_other_case(text: str) -> bool:
    """Whether a letter beyond ASCII has another case."""
    return not text.isascii() and any(
        letter > "\x7f" and (letter.lower() != letter or letter.upper() != letter) for letter in text
    )


SHAPES = {"equals": "{}", "startswith": "{}*", "endswith": "*{}", "contains": "*{}*"}
"""Kind of pattern -> its text with wildcards around it."""


class Sorted(NamedTuple):
    """The patterns of one field by the way EQL says them.

    ``plain``: for ``:`` and ``like``, wildcards included; ``whole``: for ``in~``, ``==`` and ``in``,
    which have no wildcards; ``odd``: for a regular expression; ``empty``: the empty string is one of
    them; ``any``: every value will do.
    """

    plain: list[str]
    whole: list[str]
    odd: list[Pattern]
    empty: bool
    any: bool


def sort(patterns: Sequence[Pattern], cased: bool) -> Sorted:
    """Sort patterns by the way EQL says them."""
    plain: list[str] = []
    whole: list[str] = []
    odd: list[Pattern] = []
    empty = False
    for pattern in patterns:
        kind, text = pattern.kind, pattern.text
        if kind == "any":
            return Sorted([], [], [], False, True)
        if not text and kind == "equals":
            empty = True
        elif not cased and has_other_case(text):
            odd.append(pattern)
        elif kind == "equals" and (cased or WILD.search(text)):
            whole.append(text)
        elif text and not WILD.search(text):
            plain.append(SHAPES[kind].format(text))
        elif (found := glob(pattern)) is not None and (cased or not has_other_case(found)):
            plain.append(found)
        else:
            odd.append(pattern)
    return Sorted(plain, whole, odd, empty, False)


def ignores_case(regex: Regex) -> bool:
    """Whether the case of no letter counts, so that ``regex~`` may say the expression."""
    return regex.ignore_case and all(
        node.caseless or node.text.lower() == node.text.upper() for node in walk(regex.tree) if isinstance(node, Text)
    )
