r"""Sigma's wildcards in each dialect, straight from the pattern: most values of most rules are that."""

from __future__ import annotations

from collections.abc import Callable

from backends.regexes.escapes import LUCENE, LUCENE_BOTH, LUCENE_MEMBER, PERL, PERL_MEMBER, Escapes, perl_caseless
from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern, Token


def _signs(members: Escapes) -> dict[Token, str]:
    return {MANY: ".*", ONE: ".", DASH: f"[{''.join([members[dash] for dash in DASHES])}]"}


_LUCENE, _PERL = _signs(LUCENE_MEMBER), _signs(PERL_MEMBER)
_AROUND = {"equals": ("", ""), "startswith": ("", ".*"), "endswith": (".*", ""), "contains": (".*", ".*")}


def lucene_pattern(pattern: Pattern, *, fold: bool) -> str:
    """A pattern for the whole value; ``fold`` spells each letter in all its cases (``[pP]``)."""
    table = LUCENE_BOTH if fold else LUCENE
    around = _AROUND.get(pattern.kind)
    if around is not None:
        return f"{around[0]}{table.of(pattern.text)}{around[1]}"
    return "".join([table.of(each) if isinstance(each, str) else _LUCENE[each] for each in pattern.tokens])


def pcre_pattern(pattern: Pattern, *, cased: bool) -> str:
    r"""A pattern as a search: ``(?is)^a.*b\z``, without ``^`` or ``\z`` where it has an outer ``*``."""
    return _search(pattern, cased, r"\z", PERL.of)


def re2_pattern(pattern: Pattern, *, cased: bool) -> str:
    """A pattern as a search: ``(?is)^a.*b$``, without ``^`` or ``$`` where it has an outer ``*``."""
    return _search(pattern, cased, "$", PERL.of if cased else perl_caseless)


def _search(pattern: Pattern, cased: bool, end: str, write: Callable[[str], str]) -> str:
    tokens = pattern.tokens
    if pattern.kind == "any":
        return ".*"
    start = 1 if tokens[0] is MANY else 0
    stop = len(tokens) - 1 if tokens[-1] is MANY else len(tokens)
    inner = tokens[start:stop]
    body = "".join([write(each) if isinstance(each, str) else _PERL[each] for each in inner])
    letters = not cased and any(isinstance(each, str) and each.lower() != each.upper() for each in inner)
    flags = ("i" if letters else "") + ("s" if MANY in inner or ONE in inner else "")
    opening = f"(?{flags})" if flags else ""
    return f"{opening}{'' if start else '^'}{body}{end if stop == len(tokens) else ''}"
