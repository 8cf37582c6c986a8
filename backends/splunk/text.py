r"""How SPL writes strings and field names, in ``search`` and in eval expressions (``where``).

Sources: Splunk Enterprise 10.0 Search Reference, "search", section "Quotes and escaping characters",
"eval", section "Field names", and "where"; Search Manual, "Backslashes"; Knowledge Manager Manual,
"Use search macros in searches". They say:

- Inside double quotes ``\\`` is a backslash, ``\"`` a quotation mark and ``\|`` a pipe; any other
  backslash stays as it is. So a text with ``\`` and ``"`` escaped is read back exactly, and pipes,
  commas, brackets and back-quoted macro names in it are data.
- A backslash cannot escape ``*`` in ``search``, and nothing else can.
- In eval a field name with other than letters, digits and ``_`` stands in single quotes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

SPECIAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|```|\.\./")
"""What no string of ours holds as it is; a regular expression spells it otherwise.

Control characters and line ends: a query is one line, and nothing names them in a string. The comment marker: nobody
documents that it is data in quotes. ``../``: Splunk Web takes it out of a query pasted into its search bar
(reported and confirmed in SigmaHQ/pySigma-backend-splunk, issue 15)."""

UNSEARCHABLE = re.compile(rf"\*|{SPECIAL.pattern}").search
"""Finds what a value in ``search`` cannot hold as itself; a regular expression can."""

NETWORK = re.compile(r"[0-9A-Fa-f.:]+/[0-9]+").fullmatch
"""A value that ``search`` takes for a network and not for text ("search", section "CIDR matching")."""


def quoted(text: str) -> str:
    """Text as a string in double quotes, for ``search`` and eval alike."""
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """Text as it stands between double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


_BY_CODE = frozenset("`\x7f") | frozenset(map(chr, range(32)))
_REGEX_PIECE = re.compile(r"\\(.)|([`\x00-\x1f\x7f])", re.DOTALL)


def quoted_regex(regex: str) -> str:
    r"""A regular expression as a string of eval, which takes one level of escapes off.

    Control characters and back-quotes become ``\xhh``. Source: Search Reference, "Text functions",
    replace(): the eval expression performs one level of escaping before PCRE performs its own.
    """
    return quoted(regex if _BY_CODE.isdisjoint(regex) else _REGEX_PIECE.sub(_by_code, regex))


def _by_code(found: re.Match[str]) -> str:
    character = found[1] or found[2]
    return f"\\x{ord(character):02x}" if character in _BY_CODE else found[0]


FILL = "null"
"""What stands for a missing value in a row of ``tstats``."""


# --- field names ------------------------------------------------------------------------------------

_MODIFIERS = frozenset(
    {
        *("earliest", "latest", "_index_earliest", "_index_latest", "starttime", "endtime", "timeformat"),
        *("daysago", "startdaysago", "enddaysago", "hoursago", "minutesago"),
        *("searchtimespandays", "searchtimespanhours", "searchtimespanminutes"),
        *("savedsearch", "savedsplunk", "eventtypetag", "hosttag"),
    }
)
"""Names that ``search`` reads as its own modifiers instead of fields of the event."""

_WORDS = frozenset({"AND", "OR", "NOT", "XOR", "IN", "LIKE", "AS", "BY", "TRUE", "FALSE", "NULL"})

_BARE_IN_SEARCH = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*").fullmatch
_BARE_IN_EVAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_NO_NAME = re.compile(rf'\A\s|["\\*]|\A\Z|{SPECIAL.pattern}').search
"""Names that cannot be written: nothing is documented to escape these characters in a name, and eval
does not read names that begin with a blank."""


@lru_cache(maxsize=4096)
def search_name(name: str) -> str | None:
    """A field name for ``search``; None when ``search`` cannot compare a field of that name."""
    if _BARE_IN_SEARCH(name) and name not in _WORDS:
        return None if name in _MODIFIERS else name
    return None if _NO_NAME(name) else f'"{name}"'


@lru_cache(maxsize=4096)
def eval_name(name: str) -> str | None:
    """A field name for eval; None when there is no way to write it."""
    if _BARE_IN_EVAL(name) and name.upper() not in _WORDS:
        return name
    return None if _NO_NAME(name) or "'" in name else f"'{name}'"


# --- numbers ------------------------------------------------------------------------------------------


COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def number(value: int | float) -> str:
    """A number's decimal digits, without an exponent."""
    text = str(value)
    if "e" not in text:
        return text
    return format(Decimal(text), "f")


def texts_of(value: int | float | bool) -> tuple[str, ...]:
    """How events write a number or boolean. ``search`` compares text: "1" does not match "1.0"."""
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    if isinstance(value, float) and value.is_integer():
        return (number(value), number(int(value)))
    return (number(value),)
