r"""How Kusto's regular expressions differ from DuckDB's, which are RE2's.

Source: Microsoft's KQL reference, page "Regex syntax". Both find an expression anywhere, ``.`` is no
newline without the flag s, ``$`` is the very end. What differs is found here and judged by the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PIECE = re.compile(
    r"""
      \\(?P<escape>b\{|.)
    | \(\?(?P<flags>[a-zA-Z-]+)[:)]
    | \[\^?\]?(?P<members>(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*)\]
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(r"\[:\^?[a-z]+:\]|\\(?P<escape>.)|(?P<operator>&&|--|~~|\[)", re.DOTALL)

_ESCAPES = frozenset("aftnrvAzbBxpPdDsSwW0123456789")
"""Letters and digits after a backslash that both have."""

_UNICODE = frozenset("dDwWsSbB")
r"""``\d``, ``\w``, ``\s`` and ``\b`` know all of Unicode in Kusto, and ASCII alone in RE2."""


@dataclass(frozen=True, slots=True)
class Found:
    """``lacked``: the first piece that RE2 reads otherwise, or empty; ``unicode``: a class that is wider in Kusto."""

    lacked: str
    unicode: bool


def differences(expression: str) -> Found:
    """How an expression of Kusto's may mean something else to DuckDB."""
    escapes: list[str] = []
    for piece in _PIECE.finditer(expression):
        if piece["escape"] is not None:
            escapes.append(piece["escape"])
        elif piece["flags"] is not None:
            if not set(piece["flags"]) <= set("imsU-"):
                return Found(piece[0], False)
        else:
            for member in _MEMBER.finditer(piece["members"]):
                if member["operator"]:
                    return Found(member["operator"], False)
                if member["escape"]:
                    escapes.append(member["escape"])
    for escape in escapes:
        if escape in ("<", ">", "b{") or (escape.isalnum() and escape not in _ESCAPES):
            return Found(f"\\{escape}", False)
    return Found("", not _UNICODE.isdisjoint(escapes))
