"""ES|QL's LIKE and RLIKE, and comparisons without regard to letter case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from backends.engines.elastic_texts import MANY, ONE, Test, ascii_lower, glob_test
from backends.engines.lucene_regex import lucene
from transpiler.engine import CannotRun


class Unsure(Exception):
    """What the server answers for this row depends on its version."""


def without_case(folded: Test, plain: Test, change: Callable[[str], str]) -> Test:
    """A test of a text in ``TO_LOWER`` or ``TO_UPPER``, which ``change`` does.

    The server makes of it a query without case. That folds ASCII letters in Elasticsearch 8, and
    in 9, with Lucene 10, others too in part; ``folded`` is the one, and ``plain`` of the changed text
    as much as the other can find. Raises Unsure where they differ.
    """

    def test(text: str) -> bool:
        found = folded(text)
        if not text.isascii() and plain(change(text)) != found:
            raise Unsure
        return found

    return test


_PIECES = re.compile(r"\\(.?)|([*?])|([^\\*?])", re.DOTALL)

_Glob = tuple[object, ...]


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> _Glob:
    r"""A LIKE pattern: ``*``, ``?``, and ``\`` before one of the three ("LIKE": "use backslash to escape").

    Anything else after a backslash is refused (``StringUtils.wildcardToJavaPattern``: "escape
    character is not followed by special wildcard char").
    """
    found: list[object] = []
    for piece in _PIECES.finditer(pattern):
        escaped, wild, plain = piece.groups()
        if escaped is not None and escaped not in ("\\", "*", "?"):
            message = "[Invalid sequence - escape character is not followed by special wildcard char]"
            raise CannotRun(f"the server refuses it: Invalid pattern for LIKE [{pattern[:60]}]: {message}")
        found.append({"*": MANY, "?": ONE}[wild] if wild else escaped or plain)
    return tuple(found)


def _lower(glob: _Glob) -> _Glob:
    return tuple([ascii_lower(each) if isinstance(each, str) else each for each in glob])


def matches_all(sign: str, pattern: str) -> bool:
    """Whether a pattern matches every text: the optimizer then reads IS NOT NULL (``ReplaceRegexMatch``).

    So ``f NOT LIKE "*"`` keeps the rows without a value (test ``notLikeListAllWildcard``).
    """
    return set(pattern) == {"*"} if sign == "LIKE" else pattern in (".*", "@")


def pattern_test(sign: str, patterns: Iterable[str], change: Callable[[str], str] | None) -> Test:
    """Whether a text matches one of the patterns of LIKE or RLIKE; ``change`` as in without_case."""
    if sign == "LIKE":
        globs = [_glob(each) for each in patterns]
        plain = glob_test(globs)
        folded = glob_test(map(_lower, globs))
        return without_case(lambda text: folded(ascii_lower(text)), plain, change) if change else plain
    plain = _expressions(patterns, fold=False)
    return without_case(_expressions(patterns, fold=True), plain, change) if change else plain


def _expressions(patterns: Iterable[str], *, fold: bool) -> Test:
    tests = [lucene(each, fold=fold).fullmatch for each in patterns]
    return lambda text: any(test(text) for test in tests)
