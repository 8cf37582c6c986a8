"""How Kusto writes names, texts and numbers: the lexical half of the Kusto backend.

Sources: Microsoft's KQL reference, pages "Entity names", "The string data type", "The dynamic data
type"; keywords and escapes as the lexer of Microsoft's Kusto.Language reads them.

Architecture invariant: whatever a rule says stays inside the literal or bracket it is put in. Nothing
here can be left by a quote, backslash, newline or control character of a value or name.
"""

from __future__ import annotations

import re
from functools import lru_cache

KEYWORDS = frozenset(
    """
    access accumulate alias and anomalychart areachart as asc bagexpansion barchart best_effort between bin bin_legacy
    bool boolean by byte cachingpolicy callout cancel card char columnchart consume contains contains_cs containscs
    count cycles database dataexport dataformat datascope datatable date datetime datetime_pattern decimal declare
    decodeblocks default desc distinct double dynamic earliest edges encodingpolicy endswith endswith_cs entity_group
    evaluate expandoutput extend extent_tags_retention external_data externaldata facet false filter find first flags
    float force_remote fork from getschema graph guid harddelete hardretention has has_all has_any has_cs hasprefix
    hasprefix_cs hassuffix hassuffix_cs hotcache id in inline_external_table int int16 int32 int64 int8 invoke isfuzzy
    join journal kind ladderchart last latest let like likecs limit linechart long lookup materialize matches mdm
    missing mvapply mvexpand nodes nooptimization not notcontains notcontainscs notlike notlikecs null nulls of on
    optional or order others output pack parse partition pathformat pattern piechart pivotchart plotly print project
    queries query_parameters query_results range real reduce regex relaxed render restrict restricted_view_access
    row_level_security rowstore rowstore_references rowstore_sealinfo rowstorepolicy rowstores sample scan scatterchart
    seal seals search serialize set shards simple softdelete softretention sort sql stackedareachart startswith
    startswith_cs statistics step storedqueryresultcontainers string summarize tablepurge take time timechart timeline
    timepivot timespan title to top toscalar totable treemap true typeof uint uint16 uint32 uint64 uint8 ulong union
    uniqueid unrestrictedviewers uuid verbose view viewers views where with with_itemindex with_match_id with_node_id
    with_source with_step_name withsource writeaheadlog
    """.split()  # noqa: SIM905 - a table of words reads better in lines
)
"""Words the language reads as its own in one place or another; as names they stand in brackets.

The reference promises that no keyword will begin with a capital letter or a single underscore.
"""

_NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")
_TABLES = re.compile(r"[\w.-]+( *, *[\w.-]+)*", re.ASCII)

# What must be escaped, and makes a literal an escaped one: control characters (the lexer ends a
# literal at a newline), and characters that are invisible or turn the direction of the text.
_UNSAFE = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
_SPECIAL = re.compile(rf'["\\{_UNSAFE}]')
_NEEDS_ESCAPES = re.compile(f"[{_UNSAFE}]")
_ESCAPED_IN_NAME = re.compile(rf"['\\{_UNSAFE}]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\", '"': r"\"", "'": r"\'"}

MAX_NAME = 1024
"""Characters in a name, at most ("Entity names")."""

_LONG = 2**63
"""Whole numbers end below this ("The long data type")."""


def text_literal(text: str) -> str:
    r"""A text as a string literal: ``"a"``, ``@"C:\Temp\"``, ``'say "a"'`` or, at need, ``"a\nb"``.

    A backslash alone makes it a verbatim literal, where only the quote is special and is doubled.
    """
    if _SPECIAL.search(text) is None:
        return f'"{text}"'
    quotes, apostrophes, backslashes = '"' in text, "'" in text, "\\" in text
    if _NEEDS_ESCAPES.search(text) or (quotes and apostrophes and not backslashes):
        return f'"{_SPECIAL.sub(_escape, text)}"'
    quote = "'" if quotes and not apostrophes else '"'
    if backslashes:
        return f"@{quote}{text.replace(quote, quote * 2)}{quote}"
    return f"{quote}{text}{quote}"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def number_literal(value: int | float | bool) -> str | None:
    """A number or boolean as a literal; None if Kusto's numbers cannot hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value == -_LONG:  # its digits alone are no long, and the minus is an operator
            return f"long({value})"
        return str(value) if -_LONG < value < _LONG else None
    text = repr(value)
    return text if text[-1].isdigit() else None  # not inf and nan


@lru_cache(maxsize=4096)
def column(name: str) -> str | None:
    """A column's name as a query writes it; None if no column can be called so.

    ``CommandLine`` stands as it is, ``cs-host`` and ``where`` as ``['cs-host']`` and ``['where']``.
    """
    if not 0 < len(name) <= MAX_NAME:
        return None
    if _NAME.fullmatch(name) and name not in KEYWORDS:
        return name
    return f"['{_ESCAPED_IN_NAME.sub(_escape, name)}']"


@lru_cache(maxsize=4096)
def path(name: str) -> str | None:
    """The path of a value inside a dynamic column: ``EventData.Image``, ``EventData['cs-host']``.

    ``Targets[0].type`` is of the first element of an array, and ``parse_json(Request).user`` of a string
    that holds JSON.
    """
    first, *rest = name.split(".")
    parsed = _PARSED.fullmatch(first)
    start = f"parse_json({column(parsed[1])}){parsed[2]}" if parsed else _indexed(first)
    if start is None or not all(rest):
        return column(name)
    return start + "".join([_step(step) for step in rest])


_PARSED = re.compile(r"parse_json\((\w+)\)((?:\[[0-9]+\])*)", re.ASCII)
_ELEMENT = re.compile(r"(.+?)((?:\[[0-9]+\])+)", re.DOTALL)


def _indexed(name: str) -> str | None:
    """A column, or an element of its array."""
    element = _ELEMENT.fullmatch(name)
    start = column(element[1] if element else name)
    return start + element[2] if start and element else start


def _step(name: str) -> str:
    quoted = _indexed(name) or ""
    return quoted if quoted.startswith("[") else f".{quoted}"


def source(table: str) -> str:
    """What a query reads: a table, or the ``union`` of a list ``A, B``.

    A text that is neither (a function call, say) stands as it is: it is the user's, never a rule's.
    """
    if not _TABLES.fullmatch(table):
        return table
    names = [column(part.strip()) or part for part in table.split(",")]
    return names[0] if len(names) == 1 else f"union {', '.join(names)}"
