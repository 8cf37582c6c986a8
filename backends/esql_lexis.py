r"""The words of ES|QL: sources, column names, strings, LIKE patterns. No query.

Source: "ES|QL syntax reference" (elastic.co/docs/reference/query-languages/esql/esql-syntax:
identifiers, literals), and the grammar in x-pack/plugin/esql of Elasticsearch, 8.19 to 9.5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from transpiler.pattern import MANY, ONE, Pattern, fold

# fmt: off
RESERVED = frozenset({
    "and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls", "on", "or",
    "rlike", "true", "where", "with",
})
# fmt: on
"""Words of the grammar in any letter case; a column of such a name stands in back-quotes."""

_name = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+").fullmatch
_index = re.compile(r"[A-Za-z0-9_.*][A-Za-z0-9_.*-]*").fullmatch


@lru_cache(maxsize=4096)
def column(name: str) -> str | None:
    """A column name, its odd parts in back-quotes, a back-quote doubled ("Identifiers").

    None for an empty name and for one with characters that do not print.
    """
    if not name or not name.isprintable():
        return None
    parts = name.split(".")
    if not all(parts):
        parts = [name]
    return ".".join([part if _is_word(part) else f"`{part.replace('`', '``')}`" for part in parts])


def _is_word(text: str) -> bool:
    return _name(text) is not None and text.lower() not in RESERVED


def source(index: str | None) -> str:
    """What stands behind FROM: index patterns, the odd ones in quotes; ``*`` if there are none."""
    patterns = [each.strip() for each in (index or "").split(",")]
    return ", ".join([each if _index(each) else quote(each) for each in patterns if each]) or "*"


_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def quote(text: str) -> str:
    r'''A string: ``"..."``; ``"""..."""`` where that spares escapes; else ``"..."`` with escapes.

    A raw string ends at three quotes and up to two more, so it is not used for text with quotes at
    its ends. The escapes are ``\t \n \r \" \\``; every other character stands for itself.
    '''
    if text.isprintable():
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        if text[0] != '"' and text[-1] != '"' and '"""' not in text:
            return f'"""{text}"""'
    return f'"{text.translate(_ESCAPES)}"'


def one_of(expression: str, one: str, many: str, values: Sequence[str]) -> str:
    """``f == "a"`` or ``f IN ("a", "b")``; the values are literals already."""
    if len(values) == 1:
        return f"{expression} {one} {values[0]}"
    return f"{expression} {many} ({', '.join(values)})"


# --- patterns -----------------------------------------------------------------------------------------

_WILD = {ord("\\"): "\\\\", ord("*"): "\\*", ord("?"): "\\?"}


def like_text(text: str) -> str:
    r"""Text as a part of a LIKE pattern: ``\``, ``*`` and ``?`` have a backslash ("LIKE")."""
    return text.translate(_WILD)


_AROUND = {"equals": ("", ""), "startswith": ("", "*"), "endswith": ("*", ""), "contains": ("*", "*")}


def like(pattern: Pattern) -> str | None:
    """The pattern as LIKE takes it; None if it holds a dash class."""
    text = pattern.text
    if text:
        before, after = _AROUND[pattern.kind]
        return before + text.translate(_WILD) + after
    parts: list[str] = []
    for token in pattern.tokens:
        if isinstance(token, str):
            parts.append(token.translate(_WILD))
        elif token is MANY or token is ONE:
            parts.append(token.value)
        else:
            return None
    return "".join(parts)


def lowered(pattern: Pattern) -> Pattern:
    """The pattern in lower case."""
    tokens = tuple([fold(token) if isinstance(token, str) else token for token in pattern.tokens])
    return Pattern(tokens, pattern.kind, fold(pattern.text))


def has_other_case(pattern: Pattern) -> bool:
    """Whether a letter of the pattern beyond ASCII has another case."""
    if pattern.text.isascii() and pattern.text:
        return False
    texts = [token for token in pattern.tokens if isinstance(token, str) and not token.isascii()]
    return any(
        letter > "\x7f" and (letter.lower() != letter or letter.upper() != letter) for text in texts for letter in text
    )
