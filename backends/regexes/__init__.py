"""Dialects of regular expressions that several languages share, printed from one tree.

A printer returns the expression as the engine reads it, without the quotes and escapes of the query
language around it, and raises Lacks for what the dialect cannot say. What is assumed of each dialect
is told in lucene_regexp, pcre2 and kusto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.regexes.lacks import Lacks
from backends.regexes.wildcards import lucene_pattern, pcre_pattern, re2_pattern

if TYPE_CHECKING:
    from transpiler.regex import Regex

__all__ = ["Lacks", "lucene", "lucene_pattern", "pcre", "pcre_pattern", "re2", "re2_pattern"]

# Few rules have an expression, so that the printers are imported when one is met.


def lucene(regex: Regex, *, fold: bool = False, engine_folds: bool = False) -> str:
    """The Lucene expression that a whole value matches where ``regex`` finds something in it.

    Parts that ignore letter case are spelled in both cases (``[pP]``, ``[A-Za-z]``); ``fold`` does so
    for every part. ``engine_folds``: the engine ignores the case of ASCII letters by itself, and only
    classes and other letters are spelled. A slash is escaped: query_string needs that, all take it.

    Raises Lacks.
    """
    from backends.regexes.lucene_regexp import printed

    return printed(regex, fold=fold, engine_folds=engine_folds)


def pcre(regex: Regex) -> str:
    """The PCRE expression for a search. It can say all of the subset."""
    from backends.regexes.pcre2 import printed

    return printed(regex)


def re2(regex: Regex) -> str:
    """The expression for Kusto's ``matches regex``, a search. Raises Lacks."""
    from backends.regexes.kusto import printed

    return printed(regex)
