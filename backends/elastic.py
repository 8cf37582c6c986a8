r"""What Lucene's query_string, Query DSL and Kibana's KQL share: texts of Elasticsearch, no query.

Sources: Elastic docs, "Query string query", "Regular expression syntax", "IP field type";
Lucene's javadoc of ``QueryParserBase`` and ``RegExp``. Behaviour was confirmed on Elasticsearch 8.19.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from backends.regexes import lucene_pattern
from transpiler.ast import Field, Keyword, KeywordRegex
from transpiler.pattern import DASH, DASHES, MANY, ONE, Pattern
from transpiler.pattern import pattern as make_pattern
from transpiler.query import Source

MAX_REGEX = 1000
"""Default of ``index.max_regex_length``: a longer expression is an error of the server."""

MAX_CLAUSES = 1024
"""The lowest limit for the clauses of a query; it grows with the heap ("Search settings")."""

ELSEWHERE = "use a schema whose column, or a sub-field of it, is indexed whole"

USE_CIDR = "write the networks with `|cidr`"

# --- letters ------------------------------------------------------------------------------------------


def has_letters(pattern: Pattern) -> bool:
    """Whether letter case can make a difference to the pattern."""
    text = pattern.text
    if text or pattern.kind == "equals":
        return text.lower() != text.upper()
    return any(isinstance(token, str) and token.lower() != token.upper() for token in pattern.tokens)


def folded_field(field: Field) -> Field | None:
    """The field, or its sub-field, whose index folds letter case; None if there is none."""
    if field.strings == "folded":
        return field
    return Field(field.folded, "string", "folded", field.many) if field.folded else None


# --- regular expressions ------------------------------------------------------------------------------


def slashed(expression: str) -> str:
    r"""An expression between slashes, as query_string takes it.

    The parser's token for ``/.../`` takes ``\/`` for a part of the expression even where that
    backslash is itself escaped, so one that ends in a backslash ends in ``[\\]``.
    """
    if expression.endswith("\\\\"):
        return f"/{expression[:-2]}[\\\\]/"
    return f"/{expression}/"


def too_long(expression: str) -> bool:
    """Whether the server refuses the expression; it counts UTF-16 units."""
    length = len(expression)
    return length > MAX_REGEX or (2 * length > MAX_REGEX and len(expression.encode("utf-16-le")) > 2 * MAX_REGEX)


def is_too_long(text: str) -> bool:
    """Whether a term is an expression that the server refuses."""
    return len(text) > MAX_REGEX // 2 and text[0] == "/" and too_long(text[1:-1])


def about_length(expression: str) -> str:
    """Why an expression is too long."""
    return f"the regular expression is {len(expression)} characters long; Elasticsearch takes {MAX_REGEX}"


# --- query_string terms -------------------------------------------------------------------------------

_BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u2028\u2029\u3000"
_TERM = {ord(character): f"\\{character}" for character in '+-=&|><!(){}[]^"~*?:\\/' + _BLANKS}
_CONTROLS = {code: f"\\u{code:04x}" for code in (*range(32), 127, 0x85, 0x2028, 0x2029)}
_QUOTED = _CONTROLS | {ord('"'): '\\"', ord("\\"): "\\\\"}
_WILDCARDS = {MANY: "*", ONE: "?"}


def quoted(text: str) -> str:
    r"""Text as a quoted term: one exact value on a field that keeps whole values."""
    return f'"{text.translate(_QUOTED)}"'


def escaped(text: str) -> str:
    r"""Text as a part of an unquoted term; every special character and blank has its backslash."""
    return text.translate(_TERM)


def field_name(name: str) -> str:
    r"""A field's name before its colon; control characters as ``\uHHHH``, which wildcards lack."""
    text = name.translate(_CONTROLS_AND_TERM)
    return f"\\{text}" if name in ("AND", "OR", "NOT", "TO") else text


_CONTROLS_AND_TERM = _TERM | _CONTROLS


def controls(text: str) -> list[str]:
    """The control characters of a text, by name: what a line of input drops or breaks at."""
    if text.isprintable():
        return []
    return [_NAMES.get(each, f"U+{ord(each):04X}") for each in sorted(set(text)) if each < " "]


_NAMES = {"\t": "tab", "\n": "line break", "\r": "carriage return"}


def wildcard(pattern: Pattern) -> str:
    """A pattern as an unquoted term with ``*`` and ``?``. It holds no DASH."""
    return "".join([escaped(token) if isinstance(token, str) else _WILDCARDS[token] for token in pattern.tokens])


def term(pattern: Pattern, *, fold: bool) -> str:
    """A pattern as a term on a field that keeps whole values; ``fold``: letter case must not count.

    A value without letters needs no expression.
    """
    if (fold and has_letters(pattern)) or pattern.kind == "dashed":
        return slashed(lucene_pattern(pattern, fold=fold))
    if pattern.kind == "equals":
        return pattern.text if pattern.text.isdigit() and pattern.text.isascii() else quoted(pattern.text)
    return wildcard(pattern)


# --- what is not exact, in words ------------------------------------------------------------------------

FOLDS = "the query leaves letter case to the index: the string fields it names are case-folded there"
DEFAULT_FIELDS = "keywords are looked for in the fields of `index.query.default_field`, by default all"
KEYWORD_CASE = "the index folds letter case of every string field, so that of the keyword cannot be told apart"
KEYWORD_COST = "a keyword without a field is compared with every value of every field"
KEYWORD_WORDS = "in text fields the keyword is found as whole words only, in any letter case"
KEYWORD_EXPRESSION = "in text fields the expression is held against single words, in lower case"


def null_in_list(field: Field, source: Source) -> str | None:
    """What an absent field relies on, where it may hold a list or nobody says that it does not.

    Of ``[null, "a"]`` the index has the ``a`` alone, and a rule's ``null`` is an element of the list.
    """
    if field.many or source.index is None:
        return f"no list in `{field.name}` holds null beside values; Elasticsearch would index the values alone"
    return None


def about_null(field: Field) -> str:
    """What the presence of a field leaves out."""
    return f"Elasticsearch does not index null: a `{field.name}` that is null counts as missing"


def about_clauses(count: int) -> str:
    """What a query with very many values relies on."""
    return f"the cluster takes {count} clauses in a query: its limit is {MAX_CLAUSES} or more, by the size of its heap"


def about_folding(field: Field) -> str:
    """Why letter case cannot be asked for."""
    return f"the index of `{field.name}` folds letter case, so it cannot be told apart"


def about_case_of_text(field: Field) -> str:
    """Why letter case cannot be asked for on a text field."""
    return f"`{field.name}` is a text field: its words are indexed in lower case"


def about_controls(names: Sequence[str]) -> str:
    """What a query relies on that holds control characters outside quotes."""
    return f"the query reaches the server with its control characters ({', '.join(names)}); Lucene has no escape here"


KEEP_CONTROLS = "send the query through the API, or choose the target `dsl`, which writes them as escapes"


def about_analyzer(field: Field) -> str:
    """What the form for one word of a text field relies on."""
    return f"the analyzer of `{field.name}` keeps letters and digits together in lower case, as the standard one does"


def no_expressions(field: Field) -> str:
    """Why a field has no regular expressions."""
    kind = field.strings if field.type == "string" else field.type
    return f"`{field.name}` is a column of type {kind}; regular expressions need one that keeps whole texts"


def no_wildcards(field: Field) -> str:
    """Why a field has no wildcards."""
    return f"`{field.name}` is a column of type {field.type}; Elasticsearch has wildcards for texts alone"


def no_order(field: Field) -> str:
    """Why a field has no order of numbers."""
    return f"`{field.name}` is a column of type {field.type}; it has no order of numbers"


def no_networks(field: Field) -> str:
    """Why a field cannot be compared with networks."""
    kind = field.strings if field.type == "string" else field.type
    return f"`{field.name}` is a column of type {kind}; networks need one of type ip"


# --- text fields --------------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z0-9_]+\Z")
_ANY_WORD = re.compile(r"[^\W_]")


def is_word(pattern: Pattern) -> bool:
    """Whether the pattern asks for letters and digits that no analyzer splits, somewhere inside."""
    return pattern.kind == "contains" and _WORD.match(pattern.text) is not None


def phrase(pattern: Pattern) -> str | None:
    """The words of a pattern as text for a phrase; None if it has no words or wildcards between them.

    An analyzer drops dashes at the start of a word, whichever they are.
    """
    if pattern.kind == "dashed":
        pattern = make_pattern(*[DASHES[0] if token is DASH else token for token in pattern.tokens])
    return pattern.text if _ANY_WORD.search(pattern.text) else None


def about_text(field: Field) -> str:
    """Why a text field answers with words."""
    return (
        f"`{field.name}` is a text field: Elasticsearch compares its words, whatever stands between and around them, "
        "and never parts of words"
    )


def loses_case(node: Keyword | KeywordRegex) -> bool:
    """Whether a keyword's letter case counts and there are letters to tell it by; folded fields cannot."""
    if isinstance(node, KeywordRegex):
        return not node.regex.ignore_case
    return node.cased and any(map(has_letters, node.patterns))


def keyword_terms(node: Keyword, folded: bool) -> tuple[list[str], bool]:
    """The terms without a field that find a keyword, and whether some find it by its words alone.

    An expression or wildcard is held against whole values, and against each word of a text field;
    what is not within one word needs a phrase there as well. Numbers are found by their whole text.
    """
    terms: list[str] = []
    by_words = False
    for each in node.patterns:
        terms.append(term(each, fold=not (folded or node.cased)))
        if is_word(each) and has_letters(each) and not node.cased:
            continue
        by_words = True
        words = phrase(each)
        if words is not None:
            terms.append(quoted(words))
    return terms, by_words


# --- addresses ----------------------------------------------------------------------------------------

_OCTETS = re.compile(r"(?:[0-9]{1,3}\.){1,3}\Z")
_GROUPS = re.compile(r"(?:[1-9a-fA-F][0-9a-fA-F]{3}:){1,7}\Z")
_MAPPED = IPv6Network("::ffff:0:0/96")


def address(pattern: Pattern) -> str | None:
    """The address, or the network, of exactly the addresses whose text the pattern matches; or None.

    ``10.*`` is 10.0.0.0/8, ``fe80:*`` is fe80::/16; most other wildcards have no network.
    """
    text = pattern.text
    try:
        if pattern.kind == "equals":
            return str(ip_address(text)) if "%" not in text else None
        if pattern.kind == "startswith" and _OCTETS.match(text):
            octets = text.count(".")
            return str(ip_network(f"{text}{'0.' * (3 - octets)}0/{8 * octets}"))
        if pattern.kind == "startswith" and _GROUPS.match(text):
            return str(ip_network(f"{text}:/{16 * text.count(':')}"))
    except ValueError:
        return None
    return None


def no_address(field: Field, pattern: Pattern) -> str:
    """Why an ip field cannot be compared with the pattern."""
    return f"`{field.name}` holds IP addresses; {str(pattern)!r} is no address, nor are those a network"


def about_ipv6(field: Field) -> str:
    """Why a field of text cannot be compared with an IPv6 network."""
    return f"`{field.name}` holds text, in which an IPv6 address has many spellings"


def about_mapped(field: Field) -> str:
    """What a network finds beside its own addresses."""
    return f"`{field.name}` keeps IPv4 addresses as ::ffff:a.b.c.d, so the IPv6 network finds them too"


def holds_mapped(network: IPv4Network | IPv6Network) -> bool:
    """Whether an IPv6 network holds what an ip field keeps IPv4 addresses as (``::ffff:a.b.c.d``)."""
    return isinstance(network, IPv6Network) and network.overlaps(_MAPPED)


def network_regexp(network: IPv4Network) -> str:
    """An IPv4 network as an expression for the text of an address: ``10.<0-255>...`` and the like.

    Source: "Regular expression syntax", optional operators: ``<>`` is a numeric range.
    """
    pairs = zip(network.network_address.packed, network.broadcast_address.packed, strict=True)
    return r"\.".join([str(low) if low == high else f"<{low}-{high}>" for low, high in pairs])


def network_prefixes(network: IPv4Network) -> list[str] | None:
    """An IPv4 network as beginnings of an address' text (``10.``); None if there are more than 32."""
    whole = -(-network.prefixlen // 8) or 1
    if whole == 4 or 8 * whole - network.prefixlen > 5:
        return None
    subnets = network.subnets(new_prefix=8 * whole)
    return ["".join([f"{octet}." for octet in subnet.network_address.packed[:whole]]) for subnet in subnets]
