"""Dialects of regular expressions that several languages share: one file each, printed from one tree.

A printer returns the expression as the engine reads it, without the quotes and escapes of the query
language around it, and raises Lacks for what the dialect cannot say.
"""

from backends.regexes.kusto import re2, re2_pattern
from backends.regexes.lucene_regexp import lucene, lucene_pattern
from backends.regexes.pcre2 import pcre, pcre_pattern
from backends.regexes.plain import Lacks

__all__ = ["Lacks", "lucene", "lucene_pattern", "pcre", "pcre_pattern", "re2", "re2_pattern"]
