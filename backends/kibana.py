r"""KQL, the Kibana Query Language: ``process.name: "cmd.exe" and not user.name: *admin``.

Sources: Elastic docs, "KQL"; for what they leave out, Kibana's grammar (``grammar.peggy``) and the
queries it becomes (``kuery/functions/is.ts``, ``node_types/wildcard.ts`` of ``kbn-es-query``), 9.x.

Values
    Quoted, a value is one text: ``\`` and ``"`` are escaped, ``\t \r \n \uHHHH`` are read. Unquoted,
    ``*`` is a wildcard, blanks at the ends are dropped, and `` or ``, `` and ``, ``not `` inside end
    the value; ``\not`` cannot be written, for ``\n`` is a newline, so its first letter is ``\u006e``.
    ``?`` is text, always.
Wildcards
    On a field that the data view knows as ``keyword`` and nothing else they become a wildcard query
    and take everything (right from Kibana 8.12.1 on: elastic/kibana#174464). On any other field they
    become a query_string, which splits at blanks (elastic/kibana#255223): blanks are refused there,
    and noted where the schema says keyword.
Letter case
    counts on keyword and wildcard fields; KQL has no way to ignore it.

``not`` binds closer than ``and``, ``and`` closer than ``or``; mixed, they stand in parentheses here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import ClassVar

from backends import elastic
from backends.base import Compound, Language, Operator, TextVisitor
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.pattern import ONE, PRESENT, Pattern, variants
from transpiler.query import Options, Source

RANGES: dict[ast.Comparison, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

_STRINGS = frozenset({"string", "unknown", "dynamic"})
_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_.@-]*\Z")
_WORDS = frozenset({"and", "or", "not", "null", "true", "false"})
"""What an unquoted name must not be."""

_CONTROLS = {code: f"\\u{code:04x}" for code in (*range(32), 127, 0x85, 0x2028, 0x2029)}
_CONTROLS |= {9: "\\t", 10: "\\n", 13: "\\r"}
_QUOTED = _CONTROLS | {ord('"'): '\\"', ord("\\"): "\\\\"}
_UNQUOTED = _CONTROLS | {ord(character): f"\\{character}" for character in '\\():<>"*{}'}
_BLANK = re.compile("[\t\n\r \u3000]")
"""What splits a query_string."""

_TRIMMED = re.compile("[\\s\ufeff]")
"""What is dropped at the ends of a value, and a little more."""

_OPERATOR = re.compile("((?<![^ \xa0])(?:or|and)(?![^ \xa0])|n(?=ot(?![^ \xa0])))", re.IGNORECASE)
"""What an unquoted value must not hold as it is: a whole ``or`` or ``and``, a ``not`` at a word's end."""

_SIMPLE = re.compile("[!-?A-~]+(?<!not)(?<!and)(?<!or)", re.IGNORECASE)
"""Text that needs no more than backslashes: no blank, no operator, nothing of Kibana's own."""

_AROUND = {"startswith": ("", "*"), "endswith": ("*", ""), "contains": ("*", "*")}
_FLAGS = ("@kuery-wildcard@", "@kuery-cursor@")
"""Texts that Kibana itself puts in place of wildcards and the cursor."""

HINT = "use the target `lucene`, `dsl`, `eql` or `esql`"


class Kibana(TextVisitor):
    """Renders a rule as a KQL query."""

    LANGUAGE = Language("kibana", "KQL (Kibana Query Language)", "kql", None, ("ecs",))
    ADDRESSES = True
    UNSUPPORTED: ClassVar[dict[type[Node], str]] = {
        ast.Regex: "KQL has no regular expressions",
        ast.KeywordRegex: "KQL has no regular expressions",
        ast.FieldRef: "KQL compares fields with values, never with each other",
        ast.TimePart: "KQL has no function that takes the hour or another part out of a date",
    }

    AND = " and "
    OR = " or "
    NOT = "not "

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.folded = options.strings == "folded"
        self.folds = False
        self.clauses = 0
        self.exact: dict[str, None] = {}
        """Fields whose letter case counts though the rule ignores it."""
        self.blanks: dict[str, None] = {}
        """Fields compared with a wildcard beside a blank."""

    def query(self, node: Node) -> str:
        text = self.visit(node)
        if self.exact:
            self.say("T610", node, f"KQL compares {_names(self.exact)} letter by letter; other cases are missed")
        if self.blanks:
            message = f"the data view knows {_names(self.blanks)} as keyword in every index"
            self.say("T624", node, f"{message}: only there may a wildcard stand beside a blank")
        if self.clauses > elastic.MAX_CLAUSES:
            self.say("T624", node, elastic.about_clauses(self.clauses))
        if self.folds:
            self.say("T621", node, elastic.FOLDS)
        return str(text)

    def nest(self, part: str, under: Operator | None = None) -> str:
        if under is not None and isinstance(part, Compound) and part.operator == "not":
            return part
        return super().nest(part, under)

    def negate(self, part: str) -> str:
        if isinstance(part, Compound) and part.operator == "not":
            return part[len(self.NOT) :]
        return super().negate(part)

    # --- strings ----------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        field = node.field
        if PRESENT in node.patterns:
            return f"{self.name(field, node)}: *"
        if field.type == "ip":
            return self.values(self.name(field, node), [self.address(each, node) for each in node.patterns])
        if field.type not in _STRINGS:
            self.refuse("T601", node, elastic.no_wildcards(field))
        lettered = any(map(elastic.has_letters, node.patterns))
        folded = elastic.folded_field(field)
        if folded is not None and node.cased and field.strings == "folded":
            if lettered:
                self.say("T613", node, elastic.about_folding(field))
        elif node.cased:
            folded = None
        elif folded is None and field.strings != "text" and lettered:
            self.exact[field.name] = None
        if folded is None and field.strings == "text":
            return self.values(self.name(field, node), [self.words(each, node) for each in node.patterns])
        self.folds = self.folds or (folded is not None and lettered)
        column = folded or field
        terms = [term for each in node.patterns for term in self.terms(each, column, node)]
        return self.values(self.name(column, node, terms), terms)

    def terms(self, pattern: Pattern, field: Field, node: Node) -> list[str]:
        """The spellings of a value of a field that keeps whole values."""
        if pattern.kind != "dashed":
            return [self.term(pattern, field, node)]
        spellings = variants(pattern)
        if spellings is None:
            self.refuse("T602", node, f"KQL must list every dash of {str(pattern)!r}; there are too many")
        return [self.term(each, field, node) for each in spellings]

    def term(self, pattern: Pattern, field: Field, node: Node) -> str:
        if pattern.kind == "equals":
            return quoted(pattern.text)
        if _SIMPLE.fullmatch(pattern.text):
            before, after = _AROUND[pattern.kind]
            return f"{before}{pattern.text.translate(_UNQUOTED)}{after}"
        text = self.wildcard(pattern, node)
        if _has_blank(pattern):
            if field.strings == "wildcard":
                message = f"`{field.name}` is a wildcard field, where Kibana splits {str(pattern)!r} at its blanks"
                self.refuse("T601", node, message, HINT)
            self.blanks[field.name] = None
        return text

    def wildcard(self, pattern: Pattern, node: Node) -> str:
        """A pattern as an unquoted value."""
        tokens = pattern.tokens
        if ONE in tokens:
            self.refuse("T601", node, f"`?` is no wildcard in KQL, so {str(pattern)!r} cannot be said", HINT)
        first, last = tokens[0], tokens[-1]
        if (isinstance(first, str) and _TRIMMED.match(first)) or (isinstance(last, str) and _TRIMMED.match(last[-1])):
            self.refuse("T601", node, f"KQL drops the blanks at the ends of {str(pattern)!r}", HINT)
        if any(flag in token for token in tokens if isinstance(token, str) for flag in _FLAGS):
            self.refuse("T601", node, f"Kibana uses a part of {str(pattern)!r} for itself", HINT)
        parts = [
            _unquoted(token, begins=index == 0, ends=index == len(tokens) - 1) if isinstance(token, str) else "*"
            for index, token in enumerate(tokens)
        ]
        return "".join(parts)

    def words(self, pattern: Pattern, node: ast.Match) -> str:
        """A value of a text field: a word as it is, several as a phrase."""
        field = node.field
        if node.cased and elastic.has_letters(pattern):
            self.say("T613", node, elastic.about_case_of_text(field))
        if elastic.is_word(pattern):
            self.say("T624", node, elastic.about_analyzer(field))
            return self.wildcard(pattern, node)
        text = elastic.phrase(pattern)
        if text is None:
            message = f"{elastic.about_text(field)}; {str(pattern)!r} cannot be said"
            self.refuse("T601", node, message, elastic.ELSEWHERE)
        self.say("T615", node, elastic.about_text(field))
        return quoted(text)

    def address(self, pattern: Pattern, node: ast.Match) -> str:
        text = elastic.address(pattern)
        if text is None:
            self.refuse("T601", node, elastic.no_address(node.field, pattern), elastic.USE_CIDR)
        return quoted(text)

    # --- numbers, addresses, presence ---------------------------------------------------------------

    def equals(self, node: ast.Equals) -> str:
        field = node.field
        if self.source.index is None and any(isinstance(value, bool) for value in node.values):
            self.say("T622", node, f"`{field.name}` is indexed as boolean")
        return self.values(self.name(field, node), [_number(value) for value in node.values])

    def compare(self, node: ast.Compare) -> str:
        field = node.field
        if field.type not in ("int", "float", "unknown", "dynamic"):
            self.refuse("T601", node, elastic.no_order(field))
        return f"{self.name(field, node)} {RANGES[node.op]} {node.value}"

    def cidr(self, node: ast.Cidr) -> str:
        field = node.field
        name = self.name(field, node)
        if field.type in ("ip", "unknown"):
            if any(map(elastic.holds_mapped, node.networks)):
                self.say("T615", node, elastic.about_mapped(field))
            if self.source.index is None:
                self.say("T622", node, f"`{field.name}` is indexed as ip")
            return self.values(name, [quoted(str(network)) for network in node.networks])
        if field.type != "string" or field.strings == "text":
            self.refuse("T601", node, elastic.no_networks(field))
        prefixes: list[str] = []
        for network in node.networks:
            found = elastic.network_prefixes(network) if isinstance(network, IPv4Network) else None
            if found is None:
                self.refuse("T601", node, f"`{field.name}` holds text; KQL cannot say {network} of it", HINT)
            prefixes += [f"{prefix}*" for prefix in found]
        self.say("T624", node, f"`{field.name}` holds nothing but addresses")
        return self.values(name, prefixes)

    def exists(self, node: ast.Exists) -> str:
        self.say("T611", node, elastic.about_null(node.field))
        return f"{self.name(node.field, node)}: *"

    def is_null(self, node: ast.IsNull) -> str:
        if said := elastic.null_in_list(node.field, self.source):
            self.say("T625", node, said)
        return self.negate(f"{self.name(node.field, node)}: *")

    # --- keywords -----------------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> str:
        self.say("T624", node, elastic.DEFAULT_FIELDS)
        if any(map(elastic.has_letters, node.patterns)):
            if self.folded:
                self.folds = True
                if elastic.loses_case(node):
                    self.say("T613", node, elastic.KEYWORD_CASE)
            elif not node.cased:
                self.exact["the fields without a name in the query"] = None
        terms: list[str] = []
        for each in node.patterns:
            terms += self.keyword_terms(each, node)
        return self.any_of(terms)

    def keyword_terms(self, pattern: Pattern, node: ast.Keyword) -> list[str]:
        """A wildcard for whole values, a phrase for text fields; a blank leaves the phrase alone."""
        words = elastic.phrase(pattern)
        by_words = node.cased or not elastic.is_word(pattern) or not elastic.has_letters(pattern)
        terms: list[str] = []
        if not _has_blank(pattern):
            spellings = variants(pattern)
            if spellings is None:
                self.refuse("T602", node, f"KQL must list every dash of {str(pattern)!r}; there are too many")
            terms = [self.wildcard(each, node) for each in spellings]
            if by_words:
                self.say("T615", node, elastic.KEYWORD_WORDS)
        elif words is None:
            self.refuse("T601", node, f"KQL has no wildcards beside the blanks of {str(pattern)!r}", HINT)
        else:
            message = f"{str(pattern)!r} is found as whole words of text fields, and where it is a field's whole value"
            self.say("T615", node, message)
        return [*terms, quoted(words)] if by_words and words is not None else terms

    # --- names and lists ----------------------------------------------------------------------------

    def values(self, name: str, terms: Sequence[str]) -> str:
        """The field is one of the terms."""
        self.clauses += len(terms)
        return f"{name}: {terms[0]}" if len(terms) == 1 else f"{name}: ({' or '.join(terms)})"

    def name(self, field: Field, node: Node, terms: Sequence[str] = ()) -> str:
        """The field's name; it is quoted when it is no plain word."""
        name = field.name
        if _NAME.match(name) and name not in _WORDS:
            return name
        if not name or "*" in name or ("^" in name and any(term[0] != '"' for term in terms)):
            self.refuse("T604", node, f"Elasticsearch reads the field name {name!r} in another way")
        return quoted(name)


def quoted(text: str) -> str:
    """Text in quotes."""
    return f'"{text.translate(_QUOTED)}"'


def _unquoted(text: str, *, begins: bool, ends: bool) -> str:
    """Text outside quotes, at the beginning or end of its value or beside a wildcard."""
    if _OPERATOR.search(text) is None:
        return text.translate(_UNQUOTED)
    parts = _OPERATOR.split(f"{'' if begins else '*'}{text}{'' if ends else '*'}")
    parts[::2] = [part.translate(_UNQUOTED) for part in parts[::2]]
    parts[1::2] = [f"\\u{ord(part):04x}" if len(part) == 1 else f"\\{part}" for part in parts[1::2]]
    return "".join(parts)[0 if begins else 2 : None if ends else -2]


def _has_blank(pattern: Pattern) -> bool:
    return any(isinstance(token, str) and _BLANK.search(token) is not None for token in pattern.tokens)


def _number(value: float | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _names(names: dict[str, None]) -> str:
    return ", ".join([name if " " in name else f"`{name}`" for name in names])
