r"""Whole rules, made by hypothesis: every modifier in legal company, nested conditions, nasty values.

``rules()`` gives YAML texts. Nearly all compile; a few are refused for a reason the specification has
(a condition that names nothing, too many spellings), which is as it should be. How many examples a
property sees is said by SIGMAQ_FUZZ; the same number gives the same examples.

Values are written as double-quoted scalars, so that any character reaches the compiler.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.expressions import MORE, expressions
from transpiler.pattern import DASHES, MANY, ONE, pattern

Item = tuple[str, Any]
"""A key of a selection, modifiers included, and its value."""

T = TypeVar("T")

EXAMPLES = int(os.environ.get("SIGMAQ_FUZZ") or 100)
"""How many examples each property sees."""

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""The settings of a property about whole rules."""

# --- texts ----------------------------------------------------------------------------------------------

NASTY = "aAkKsSiIzZ019 \"'`\\|/*?-_.,:;()[]{}<>=!&^$%#@~+\n\t\r\0\x1b\u2013\u2015äÄßſıİКé\u00a0\u2028\U0001f600"
"""Characters that some language, escape or folding trips over."""

WORDS = [
    *(
        "cmd.exe",
        "PowerShell",
        "\\Windows\\System32\\",
        "C:\\Temp\\",
        "\\\\server\\share",
        "/etc/passwd",
        " -enc ",
        "x",
    ),
    *(
        "4688",
        "-1",
        "0",
        "007",
        "1.5",
        "1.0",
        "1e5",
        "0x10",
        "true",
        "FALSE",
        "null",
        "~",
        "10.0.0.1",
        "::1",
        "10.0.0.0/8",
    ),
    *("and", "OR", "not", "where", "by", "in", "like", "exists", "| where 1", "| stats count", "`macro`", "[search x]"),
    *("-- x", "# x", "// x", "/* x */", ";", '"', "'", '"""', "\\", "\\\\", '\\"', "$x$", "${x}", "%x", "{{ x }}"),
    *("*", "?", "\\*", "\\?", "\\\\*", "\\\\\\*", "a*b", "*a?b*", "**", "?*", "a\\", "a\\*", "\\u0041", "\\n", "\\d+"),
    *("", " ", "a ", " a", "a  b", "a\nb", "\t", "\x00", "\x7f", "\ufeff", "\u202e", "<x>", "a=b", "a:b", "a,b", "(a)"),
]

literals: SearchStrategy[str] = st.one_of(
    st.sampled_from(WORDS),
    st.text(NASTY, max_size=10),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.builds(lambda word, times: word * times, st.sampled_from(["ab", "é\\", "x y "]), st.integers(20, 120)),
)
"""Texts as events could have them."""

_tokens = st.lists(st.one_of(st.text(NASTY, min_size=1, max_size=4), st.sampled_from([MANY, ONE])), max_size=5)
wildcards: SearchStrategy[str] = _tokens.map(lambda tokens: str(pattern(*tokens)))
"""Values with wildcards, what is literal escaped."""

texts: SearchStrategy[str] = st.one_of(literals, wildcards)
"""Values of rules: escapes in any state."""

plain: SearchStrategy[str] = st.text(
    st.sampled_from([each for each in NASTY if each not in "*?\\"]), min_size=2, max_size=8
)
"""Texts without wildcards and escapes, for encodings."""

dashed: SearchStrategy[str] = st.lists(
    st.sampled_from([" -enc", " /c", "-a", "a-b", "x", " ", *[f" {dash}q" for dash in DASHES]]), min_size=1, max_size=4
).map("".join)

_whole = st.one_of(
    st.integers(-3, 5), st.sampled_from([4624, 4688, 65_536, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, 10**15])
)
_fraction = st.sampled_from([0.5, -1.5, 1.0, 1e-3, 3.25, 12345.678])
numbers: SearchStrategy[int | float] = st.one_of(_whole, _whole, _fraction)
scalars: SearchStrategy[Any] = st.one_of(texts, texts, texts, numbers, st.booleans())

NETWORKS = [
    *("10.0.0.0/8", "192.168.4.0/22", "127.0.0.1/32", "0.0.0.0/0", "169.254.0.0/16", "8.8.8.8", "10.20.30.128/25"),
    *("::1/128", "fe80::/10", "2001:db8::/33", "::/0", "::ffff:0:0/96"),
]

# --- fields ---------------------------------------------------------------------------------------------

USUAL = [
    "Image",
    "CommandLine",
    "ParentImage",
    "User",
    "EventID",
    "DestinationIp",
    "TargetObject",
    "Hashes",
    "Initiated",
]
ODD = [
    *("a.b", "a.b.c", "a-b", "a b", "@timestamp", "_id", "c:d", "x[0]", "é", "and", "Not", "null", "1a", "a/b", "a'b"),
    *('a"b', "a`b", "a*b", "a\\b", "a$b", "a(b)", "f" * 60),
]
fields: SearchStrategy[str] = st.one_of(st.sampled_from(USUAL), st.sampled_from(USUAL), st.sampled_from(ODD))

# --- one field of a selection ---------------------------------------------------------------------------


def _ordered(names: Iterable[str]) -> SearchStrategy[list[str]]:
    return st.permutations(list(names))


def _one_or_more(values: SearchStrategy[T], most: int = 4) -> SearchStrategy[T | list[T]]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=most))


def _chain(names: Sequence[str], value: Any, extra: Sequence[str]) -> Item:
    """Modifiers and a value; ``all`` needs a list of two."""
    allowed = [each for each in extra if each != "all" or (isinstance(value, list) and len(value) > 1)]
    return "|".join(["", *names, *allowed]), value


_parts = st.sampled_from([[], [], ["contains"], ["contains"], ["startswith"], ["endswith"]])
_search_parts = st.sampled_from([[], ["contains"]])
_list_words = st.sampled_from([[], [], [], ["all"], ["neq"], ["all", "neq"]])
_maybe_cased = st.sampled_from([[], [], [], ["cased"]])

_text = st.builds(
    lambda part, cased, value, extra: _chain([*part, *cased], value, extra),
    _parts,
    _maybe_cased,
    _one_or_more(texts),
    _list_words,
)
_mixed = st.builds(lambda value, extra: _chain([], value, extra), _one_or_more(scalars), _list_words)
_null = st.sampled_from([("", None), ("|neq", None)])
_windash = st.builds(
    _chain,
    st.builds(lambda part, cased: [*part, *cased, "windash"], _parts, _maybe_cased).flatmap(_ordered),
    _one_or_more(dashed),
    _list_words,
)
_encoded = st.builds(
    lambda wide, base, part, value: _chain([*wide, base, *part], value, []),
    st.sampled_from([[], ["wide"], ["utf16"], ["utf16le"], ["utf16be"]]),
    st.sampled_from(["base64", "base64offset"]),
    _search_parts,
    _one_or_more(plain, 2),
)
_regex = st.builds(
    lambda flags, value, extra: _chain(["re", *flags], value, extra),
    st.sets(st.sampled_from(["i", "m", "s"])).map(sorted),
    _one_or_more(expressions(MORE), 2),
    _list_words,
)
_cidr = st.builds(
    lambda value, extra: _chain(["cidr"], value, extra), _one_or_more(st.sampled_from(NETWORKS), 3), _list_words
)
_compare = st.builds(lambda op, value: _chain([op], value, []), st.sampled_from(["lt", "lte", "gt", "gte"]), numbers)
_reference = st.builds(
    lambda part, cased, value, extra: _chain(["fieldref", *part, *cased], value, extra),
    _parts,
    _maybe_cased,
    st.sampled_from([*USUAL, "a.b", "a-b"]),
    st.sampled_from([[], ["neq"]]),
)
_exists = st.builds(lambda value: _chain(["exists"], value, []), st.booleans())
_RANGES = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12), "year": (1970, 2100)}
_moment = st.sampled_from(sorted(_RANGES)).flatmap(
    lambda unit: _one_or_more(st.integers(*_RANGES[unit]), 3).map(lambda value: _chain([unit], value, []))
)
_expand = st.builds(lambda value: _chain(["expand"], value, []), st.sampled_from(["a", "100%", "a*"]))

_SHARES: list[tuple[SearchStrategy[Item], int]] = [
    *((_text, 8), (_mixed, 5), (_windash, 1), (_encoded, 1), (_regex, 2), (_cidr, 1), (_compare, 1)),
    *((_reference, 1), (_exists, 1), (_null, 1), (_moment, 1), (_expand, 1)),
]
items: SearchStrategy[Item] = st.builds(
    lambda name, chain: (name + chain[0], chain[1]),
    fields,
    st.one_of([strategy for strategy, share in _SHARES for _ in range(share)]),
)

# --- selections -----------------------------------------------------------------------------------------

maps: SearchStrategy[dict[str, Any]] = st.lists(items, min_size=1, max_size=3, unique_by=lambda item: item[0]).map(dict)
_words = texts.filter(lambda text: bool(text.strip("*")))
_keyword_lists = st.lists(st.one_of(_words, _words, numbers), min_size=1, max_size=3)
_keyword_chains = st.one_of(
    st.builds(lambda value: {"|all": value}, st.lists(_words, min_size=2, max_size=3)),
    st.builds(lambda chain, value: {chain: value}, st.sampled_from(["|contains", "|cased", "|windash"]), _words),
    st.builds(lambda flag, value: {f"|re{flag}": value}, st.sampled_from(["", "|i"]), expressions()),
    st.builds(lambda value: {"|base64offset|contains": value}, plain),
)
selections: SearchStrategy[Any] = st.one_of(
    maps,
    maps,
    maps,
    st.lists(maps, min_size=1, max_size=3),
    st.lists(st.one_of(maps, st.lists(maps, min_size=1, max_size=2)), min_size=1, max_size=2),
    _keyword_lists,
    _keyword_chains,
)

# --- conditions -----------------------------------------------------------------------------------------


def conditions(names: Sequence[str]) -> SearchStrategy[str]:
    """Conditions over selections of these names."""
    leaves = st.sampled_from([*names, *names, "1 of sel*", "all of sel*", "1 of them", "all of them", "any of them"])

    def larger(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        return st.one_of(
            st.builds(" and ".join, st.lists(inner, min_size=2, max_size=3)),
            st.builds(" or ".join, st.lists(inner, min_size=2, max_size=3)),
            inner.map("not {}".format),
            inner.map("({})".format),
            inner.map("not ({})".format),
        )

    return st.recursive(leaves, larger, max_leaves=5)


LOG_SOURCES = [
    *({"product": "windows", "category": each} for each in ("process_creation", "file_event", "network_connection")),
    *({"product": "windows", "service": each} for each in ("security", "system")),
    {"product": "linux", "category": "process_creation"},
    {"category": "webserver"},
    {"product": 'odd "|\\ name'},
]


@st.composite
def rules(draw: Callable[[SearchStrategy[Any]], Any]) -> str:
    """The YAML text of a rule."""
    count = draw(st.integers(1, 3))
    names = [f"sel{'' if number else '_a'}{number or ''}" for number in range(count)]
    found = {name: draw(selections) for name in names}
    if draw(st.booleans()):
        found["filter_x"] = draw(maps)
        names.append("filter_x")
    condition = draw(
        st.one_of(
            conditions(names),
            conditions(names),
            st.lists(conditions(names), min_size=1, max_size=2),
            st.just("all of sel* and not 1 of filter_*" if "filter_x" in found else "1 of sel*"),
        )
    )
    rule = {"title": draw(literals.filter(str.strip)), "logsource": draw(st.sampled_from(LOG_SOURCES))}
    return written({**rule, "detection": {**found, "condition": condition}}) + "\n"


# --- YAML -----------------------------------------------------------------------------------------------


def written(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join([f"{_key(key)}: {written(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, float) else str(value)


def _key(key: str) -> str:
    text = quoted(key)
    return text if len(text) < 128 else f"? {text} "  # YAML gives up on a longer key without the mark


def quoted(text: str) -> str:
    """A text as a double-quoted scalar, everything but plain ASCII escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
