"""How Elasticsearch compares text and addresses, for the evaluators of its own languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from transpiler.engine import CannotRun

Test = Callable[[str], bool]
"""Whether a text passes."""

_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@lru_cache(maxsize=4096)
def ascii_lower(text: str) -> str:
    """Text with its ASCII letters in lower case.

    That is what ``case_insensitive`` of a query does ("Term query": "allows ASCII case insensitive
    matching of the value"), and EQL's ``:`` and ES|QL's ``TO_LOWER(f) ==`` become such queries.
    """
    return text.lower() if text.isascii() else text.translate(_UPPER)


# --- wildcards ------------------------------------------------------------------------------------

MANY, ONE = object(), object()
"""``*`` and ``?`` in a pattern that has been read."""

Glob = Sequence[object]
"""A pattern: characters, MANY and ONE."""


def glob_test(globs: Iterable[Glob], *, newlines: bool = True) -> Test:
    """Whether a text is one of the patterns. ``newlines``: the wildcards match line breaks."""
    simple: list[Test] = []
    whole: set[str] = set()
    odd: list[str] = []
    for glob in globs:
        ends, text = _simple(glob)
        if ends is None or not (newlines or ends == (False, False)):
            odd.append(_expression(glob))
        elif ends == (False, False):
            whole.add(text)
        else:
            simple.append(_SIMPLE[ends](text))
    if odd:
        fullmatch = re.compile("|".join(odd), re.DOTALL if newlines else re.NOFLAG).fullmatch
        simple.append(lambda text: fullmatch(text) is not None)
    if whole:
        simple.append(whole.__contains__)
    if len(simple) == 1:
        return simple[0]
    return lambda text: any(test(text) for test in simple)


_SIMPLE: dict[tuple[bool, bool], Callable[[str], Test]] = {
    (True, True): lambda part: lambda text: part in text,
    (True, False): lambda part: lambda text: text.endswith(part),
    (False, True): lambda part: lambda text: text.startswith(part),
}


def _simple(glob: Glob) -> tuple[tuple[bool, bool] | None, str]:
    """Whether ``*`` stands at either end, and the text between; None if there are other wildcards."""
    if not glob:
        return (False, False), ""
    before, after = glob[0] is MANY, glob[-1] is MANY
    inner = glob[before : len(glob) - after]
    if any(each is MANY or each is ONE for each in inner):
        return None, ""
    return (before, after), "".join(map(str, inner))


def _expression(glob: Glob) -> str:
    """The pattern for ``fullmatch``; an atomic group between two ``*``, see lucene_regex."""
    pieces = [""]
    for each in glob:
        if each is MANY:
            pieces.append("")
        else:
            pieces[-1] += "." if each is ONE else re.escape(str(each))
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    return first + "".join([f"(?>.*?{piece})" for piece in middle]) + ".*" + last


# --- addresses ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def address(text: str) -> int | None:
    """An address as the 128 bits that a field of type ip holds; None for what is none.

    IPv4 addresses are ``::ffff:a.b.c.d`` there (Lucene's ``InetAddressPoint``: "IPv4 addresses are
    converted to IPv6").
    """
    try:
        found = ip_address("" if "%" in text else text)
    except ValueError:
        return None
    return int(found) + (_MAPPED if found.version == 4 else 0)


_MAPPED = 0xFFFF << 32


@lru_cache(maxsize=4096)
def network(text: str) -> tuple[int, int]:
    """The first and the last address of a network. Raises CannotRun for what is none."""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        raise CannotRun(f"the server refuses the network {text!r}") from None
    extra = _MAPPED if found.version == 4 else 0
    return int(found.network_address) + extra, int(found.broadcast_address) + extra


def in_networks(texts: Iterable[str]) -> Test:
    """Whether an address is in one of the networks."""
    ranges = [network(text) for text in texts]

    def test(text: str) -> bool:
        found = address(text)
        return found is not None and any(low <= found <= high for low, high in ranges)

    return test
