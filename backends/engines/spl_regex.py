r"""Regular expressions of ``match()``, ``regex`` and ``rex``, run by Python where it means what PCRE does.

"Regular expressions in the Splunk Search Processing Language (SPL) are Perl Compatible Regular
Expressions (PCRE)" (Search Manual, "SPL and regular expressions"). What each construct means: PCRE2,
pcre2pattern(3), default options, in UTF mode. What Python lacks or reads otherwise is refused.

Letter case: Python's ASCII mode knows the case of A to Z alone; without it, of all letters. Classes
(``\w \d \s \b``) are ASCII in both, as in PCRE without UCP.
"""

from __future__ import annotations

import re
from functools import lru_cache

from transpiler.engine import CannotRun

_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": " \\t\\n\\x0b\\x0c\\r",
    "h": " \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000",
    "v": "\\n\\x0b\\x0c\\r\\x85\\u2028\\u2029",
}
r"""``\d`` and the like, as Python's set; the capitals stand for all other characters."""

_OTHERS = {
    "D": "\\x00-/:-\\U0010ffff",
    "W": "\\x00-/:-@\\[-^`{-\\U0010ffff",
    "S": "\\x00-\\x08\\x0e-\\x1f!-\\U0010ffff",
}
"""The capitals inside a set."""

_WORD = f"[{_CLASSES['w']}]"
_PLACES = {
    "b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
    "A": "\\A",
    "z": "\\Z",
    "Z": "(?=\\n?\\Z)",
}
_LINE_START = "(?:^(?!\\Z)|\\A)"
"""With ``m`` a line begins "not after a newline that is the last character"; Python's ``^`` is there too."""

_CONTROLS = {"n": "\\n", "r": "\\r", "t": "\\t", "f": "\\x0c", "a": "\\x07", "e": "\\x1b"}

_PIECE = re.compile(
    r"""\\x\{(?P<code>[0-9A-Fa-f]{1,6})\} | \\x(?P<byte>[0-9A-Fa-f]{2})
    | \\(?:(?P<back>[1-9])(?![0-9])|g\{(?P<group>[1-9])\}) | \\(?P<escape>.)
    | \(\?(?P<flags>[ims]+)\)
    | \((?P<open>\?(?:[ims]*(?:-[ims]+)?:|[=!>]|<[=!]|P?<(?P<name>[A-Za-z_]\w*)>)|(?![?*]))
    | (?P<count>\{[0-9]+(?:,[0-9]*)?\}|[*+?])[+?]? | (?P<odd>\{[0-9,\ \t]+\})
    | (?P<set>\[) | (?P<bar>\|) | (?P<close>\)) | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Expression:
    """A regular expression, in both readings of letter case. Raises CannotRun where Python's is another."""

    __slots__ = ("_made", "_source")

    def __init__(self, source: str) -> None:
        self._source = _translated(source)
        self._made: dict[bool, re.Pattern[str]] = {}
        self.search("", False)

    def search(self, text: str, wide: bool) -> re.Match[str] | None:
        """Where it is found; ``wide``: letters beyond ASCII have case."""
        made = self._made.get(wide)
        if made is None:
            made = self._made[wide] = self._compiled(wide)
        return made.search(text)

    def _compiled(self, wide: bool) -> re.Pattern[str]:
        try:
            return re.compile(self._source, 0 if wide else re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise CannotRun(f"cannot read: Python refuses the regular expression ({error})") from None


@lru_cache(maxsize=1024)
def expression(source: str) -> Expression:
    """The expression of a text. Raises CannotRun."""
    return Expression(source)


def _refuse(what: str) -> CannotRun:
    return CannotRun(f"cannot read: {what} in a regular expression")


def _translated(source: str) -> str:
    """The expression as Python writes it.

    Flags set inside hold to the end of their group: ``a(?i)b`` is ``a(?i:b)``, unless a ``|`` follows
    there; then Python has a form only for flags that stand first.
    """
    out: list[str] = []
    groups = [_Group("")]
    at, is_place = 0, False
    while at < len(source):
        piece = _PIECE.match(source, at)
        assert piece is not None  # any character is a piece
        at = piece.end()
        group = groups[-1]
        if piece["count"] and is_place:
            raise _refuse("a place that is repeated")
        is_place = piece["plain"] in {"^", "$"} or piece["escape"] in _PLACES
        if piece["flags"]:
            out.append(f"(?{piece['flags']}:")
            group.close += ")"
            group.divided |= not group.begins
            continue
        group.begins = False
        if piece["open"] is not None:
            out.append(f"(?P<{piece['name']}>" if piece["name"] else f"({piece['open']}")
            groups.append(_Group(")"))
        elif piece["close"]:
            if len(groups) == 1:
                raise _refuse("an unmatched )")
            out.append(groups.pop().close)
        elif piece["set"]:
            text, at = _set(source, at)
            out.append(text)
        elif piece["bar"] and group.divided:
            raise _refuse("flags before a |")
        else:
            out.append(_atom(piece))
    if len(groups) > 1:
        raise _refuse("an unmatched (")
    return "".join(out) + groups[0].close


class _Group:
    """A group that is open: what closes it, whether it has just begun, and whether flags stand inside it."""

    __slots__ = ("begins", "close", "divided")

    def __init__(self, close: str) -> None:
        self.close = close
        self.begins = True
        self.divided = False


def _atom(piece: re.Match[str]) -> str:
    if piece["code"] or piece["byte"]:
        return re.escape(_character(piece["code"] or piece["byte"]))
    if piece["back"] or piece["group"]:
        return f"(?:\\{piece['back'] or piece['group']})"
    if piece["escape"]:
        return _escape(piece["escape"])
    if piece["plain"] == "{":
        return "\\{"  # no count, so itself
    if piece["odd"] or piece["plain"] in {"(", "\\"}:
        raise _refuse(repr(piece[0]))
    if piece["plain"] == "^":
        return _LINE_START
    return piece[0]


def _character(code: str) -> str:
    number = int(code, 16)
    if number > 0x10FFFF:
        raise _refuse(f"U+{code}")
    return chr(number)


def _escape(letter: str) -> str:
    if letter in _PLACES:
        return _PLACES[letter]
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter.lower() in _CLASSES:
        return f"[{'^' if letter.isupper() else ''}{_CLASSES[letter.lower()]}]"
    if letter.isascii() and letter.isalnum():
        raise _refuse(f"\\{letter}")
    return re.escape(letter)


_MEMBER = re.compile(
    r"""\\x\{(?P<code>[0-9A-Fa-f]{1,6})\} | \\x(?P<byte>[0-9A-Fa-f]{2}) | \\(?P<escape>.) | (?P<plain>[^\\])""",
    re.VERBOSE | re.DOTALL,
)


def _set(source: str, at: int) -> tuple[str, int]:
    """A set in brackets from behind the ``[``, and where it ends.

    A ``]`` that stands first is itself, and so is a ``-`` that has not a single character on each side.
    """
    negated = source.startswith("^", at)
    start = at = at + negated
    out = ["[^" if negated else "["]
    single = False  # whether a range may begin with what was read last
    while at == start or not source.startswith("]", at):
        member, is_single, end = _member(source, at)
        if single and source.startswith("-", at) and not source.startswith("]", end):
            last, last_single, end = _member(source, end)
            if not last_single:
                raise _refuse("a range with a class")
            out.append(f"-{last}")
            single = False
        elif not is_single and source.startswith("-", end) and not source.startswith("]", end + 1):
            raise _refuse("a range with a class")
        else:
            out.append(member)
            single = is_single
        at = end
    return "".join([*out, "]"]), at + 1


def _member(source: str, at: int) -> tuple[str, bool, int]:
    """What stands in a set: as Python writes it, whether it is a single character, and where it ends."""
    piece = _MEMBER.match(source, at)
    if piece is None:
        raise _refuse("an unmatched [")
    if source.startswith(("[:", "[.", "[="), at):
        raise _refuse("a named class")
    letter = piece["escape"]
    if letter in _CLASSES:
        return _CLASSES[letter], False, piece.end()
    if letter in _OTHERS:
        return _OTHERS[letter], False, piece.end()
    return _single(piece), True, piece.end()


def _single(piece: re.Match[str]) -> str:
    if piece["code"] or piece["byte"]:
        return re.escape(_character(piece["code"] or piece["byte"]))
    letter = piece["escape"]
    if letter is None:
        return re.escape(piece["plain"])
    if letter == "b":
        return "\\x08"
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter.isascii() and letter.isalnum():
        raise _refuse(f"\\{letter} in a set")
    return re.escape(letter)
