r"""Lucene query strings, as Elasticsearch's ``query_string`` and Kibana's Lucene mode run them.

Sources: Elastic docs, "Query string query" (syntax, reserved characters, regular expressions,
default fields); Lucene's classic ``QueryParser``. What the text relies on beyond Lucene's own parser,
confirmed on Elasticsearch 8.19:

- ``_exists_:f``, and ``NOT x`` alone at any level: Elasticsearch adds ``*:*`` to what is purely
  negative, Lucene does not;
- wildcard terms, quoted terms and expressions pass the field's normalizer, so on a field that folds
  letter case the rule's spelling can stand as it is;
- a quoted term on a keyword, wildcard, number, boolean or ip field is one value; a range sign in it
  (``">5"``) is text;
- an expression is anchored at both ends and knows no case-insensitive flag.

AND, OR and NOT have no precedence in this language: everything mixed stands in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backends import elastic
from backends.base import Compound, Language, TextVisitor
from backends.regexes import Lacks, lucene
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.pattern import PRESENT, Pattern
from transpiler.query import Options, Source

RANGES: dict[ast.Comparison, str] = {"gt": "{{{} TO *}}", "gte": "[{} TO *]", "lt": "{{* TO {}}}", "lte": "[* TO {}]"}

_STRINGS = frozenset({"string", "unknown", "dynamic"})


class Lucene(TextVisitor):
    """Renders a rule as a Lucene query string."""

    LANGUAGE = Language("lucene", "Lucene (Elasticsearch query_string)", "lucene", None, ("ecs",))
    ADDRESSES = True
    UNSUPPORTED: ClassVar[dict[type[Node], str]] = {
        ast.FieldRef: "a Lucene query compares fields with values, never with each other",
        ast.TimePart: "a Lucene query has no function that takes the hour or another part out of a date",
    }

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.folded = options.strings == "folded"
        self.folds = False
        """Whether the query leaves letter case to the index."""
        self.clauses = 0
        self.unfielded = False
        """Whether the query looks for a keyword."""

    def query(self, node: Node) -> str:
        text = self.visit(node)
        if self.clauses > elastic.MAX_CLAUSES:
            self.say("T624", node, elastic.about_clauses(self.clauses))
        if self.folds:
            self.say("T621", node, elastic.FOLDS)
        return str(text)

    def negate(self, part: str) -> str:
        if isinstance(part, Compound) and part.operator == "not":
            return part[len(self.NOT) :]
        return super().negate(part)

    # --- strings ----------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        field = node.field
        if PRESENT in node.patterns:
            return f"_exists_:{self.name(field, node)}"
        if field.type == "ip":
            return self.values(self.name(field, node), [self.address(each, node) for each in node.patterns])
        if field.type not in _STRINGS:
            self.refuse("T601", node, elastic.no_wildcards(field))
        folded = elastic.folded_field(field)
        if folded is not None and node.cased:
            folded = self.cased_on_folded(node, field)
        if folded is not None:
            self.folds = self.folds or any(map(elastic.has_letters, node.patterns))
            return self.values(self.name(folded, node), self.terms(node, fold=False))
        if field.type == "string" and field.strings == "text":
            return self.values(self.name(field, node), [self.words(each, node) for each in node.patterns])
        return self.values(self.name(field, node), self.terms(node, fold=not node.cased))

    def cased_on_folded(self, node: ast.Match, field: Field) -> Field | None:
        """Where to look for exact letter case: the field itself, unless its index folds it."""
        if field.strings != "folded":
            return None
        if any(map(elastic.has_letters, node.patterns)):
            self.say("T613", node, elastic.about_folding(field))
        return field

    def terms(self, node: ast.Match, *, fold: bool) -> list[str]:
        """The values of a field that keeps whole values."""
        terms = [elastic.term(each, fold=fold) for each in node.patterns]
        self.check(terms, node)
        return terms

    def check(self, terms: Sequence[str], node: Node) -> None:
        """Refuse an expression that the server would, and say what else is odd about the terms."""
        whole = "".join(terms)
        for each in terms if len(whole) > elastic.MAX_REGEX // 2 else ():
            if elastic.is_too_long(each):
                self.refuse("T602", node, elastic.about_length(each))
        self.note_controls(whole, node)

    def words(self, pattern: Pattern, node: ast.Match) -> str:
        """A value of a text field: a word as it is, several as a phrase."""
        field = node.field
        if node.cased and elastic.has_letters(pattern):
            self.say("T613", node, elastic.about_case_of_text(field))
        if elastic.is_word(pattern):
            self.say("T624", node, elastic.about_analyzer(field))
            return elastic.wildcard(pattern)
        text = elastic.phrase(pattern)
        if text is None:
            message = f"{elastic.about_text(field)}; {str(pattern)!r} cannot be said"
            self.refuse("T601", node, message, elastic.ELSEWHERE)
        self.say("T615", node, elastic.about_text(field))
        return elastic.quoted(text)

    def address(self, pattern: Pattern, node: ast.Match) -> str:
        """A value of an ip field."""
        text = elastic.address(pattern)
        if text is None:
            self.refuse("T601", node, elastic.no_address(node.field, pattern), elastic.USE_CIDR)
        return elastic.quoted(text)

    def regex(self, node: ast.Regex) -> str:
        field = node.field
        if field.type not in _STRINGS or field.strings == "text":
            self.refuse("T601", node, elastic.no_expressions(field))
        if field.strings == "folded" and not node.regex.ignore_case:
            self.say("T613", node, elastic.about_folding(field))
        return f"{self.name(field, node)}:{self.expression(node, fold=field.strings == 'folded')}"

    def expression(self, node: ast.Regex | ast.KeywordRegex, *, fold: bool) -> str:
        try:
            text = lucene(node.regex, fold=fold)
        except Lacks as error:
            self.refuse("T603", node, f"Lucene's regular expressions have no {error.what}")
        if elastic.too_long(text):
            self.refuse("T602", node, elastic.about_length(text))
        self.note_controls(text, node)
        return elastic.slashed(text)

    def note_controls(self, text: str, node: Node) -> None:
        """Say that control characters stand in the query as they are: only a quoted term escapes them."""
        if found := elastic.controls(text):
            self.say("T624", node, elastic.about_controls(found), elastic.KEEP_CONTROLS)

    # --- numbers, addresses, presence --------------------------------------------------------------

    def equals(self, node: ast.Equals) -> str:
        if self.source.index is None and any(isinstance(value, bool) for value in node.values):
            self.say("T622", node, f"`{node.field.name}` is indexed as boolean")
        return self.values(self.name(node.field, node), [_number(value) for value in node.values])

    def compare(self, node: ast.Compare) -> str:
        if node.field.type not in ("int", "float", "unknown", "dynamic"):
            self.refuse("T601", node, elastic.no_order(node.field))
        return f"{self.name(node.field, node)}:{RANGES[node.op].format(node.value)}"

    def cidr(self, node: ast.Cidr) -> str:
        field = node.field
        name = self.name(field, node)
        if field.type in ("ip", "unknown"):
            if any(map(elastic.holds_mapped, node.networks)):
                self.say("T615", node, elastic.about_mapped(field))
            if self.source.index is None:
                self.say("T622", node, f"`{field.name}` is indexed as ip")
            return self.values(name, [elastic.quoted(str(network)) for network in node.networks])
        if field.type != "string" or field.strings == "text":
            self.refuse("T601", node, elastic.no_networks(field))
        texts: list[str] = []
        for network in node.networks:
            if network.version != 4:
                self.refuse("T601", node, elastic.about_ipv6(field))
            texts.append(elastic.slashed(elastic.network_regexp(network)))
        return self.values(name, texts)

    def exists(self, node: ast.Exists) -> str:
        self.say("T611", node, elastic.about_null(node.field))
        return f"_exists_:{self.name(node.field, node)}"

    def is_null(self, node: ast.IsNull) -> str:
        if said := elastic.null_in_list(node.field, self.source):
            self.say("T625", node, said)
        return self.negate(f"_exists_:{self.name(node.field, node)}")

    # --- keywords ---------------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> str:
        self.note_keywords(node)
        self.note_case(node)
        self.folds = self.folds or (self.folded and any(map(elastic.has_letters, node.patterns)))
        terms, by_words = elastic.keyword_terms(node, self.folded)
        if by_words:
            self.say("T615", node, elastic.KEYWORD_WORDS)
        self.check(terms, node)
        return self.any_of(terms)

    def keyword_regex(self, node: ast.KeywordRegex) -> str:
        self.note_keywords(node)
        self.note_case(node)
        self.say("T615", node, elastic.KEYWORD_EXPRESSION)
        return self.expression(node, fold=self.folded)

    def note_case(self, node: ast.Keyword | ast.KeywordRegex) -> None:
        if self.folded and elastic.loses_case(node):
            self.say("T613", node, elastic.KEYWORD_CASE)

    def note_keywords(self, node: Node) -> None:
        if not self.unfielded:
            self.unfielded = True
            self.say("T624", node, elastic.DEFAULT_FIELDS)
            self.say("T620", node, elastic.KEYWORD_COST)

    # --- names and lists ----------------------------------------------------------------------------

    def values(self, name: str, terms: Sequence[str]) -> str:
        """The field is one of the terms."""
        self.clauses += len(terms)
        return f"{name}:{terms[0]}" if len(terms) == 1 else f"{name}:({' OR '.join(terms)})"

    def name(self, field: Field, node: Node) -> str:
        name = field.name
        if name.isidentifier() and name not in _RESERVED:
            return name
        if not name or "*" in name or name in _RESERVED[4:]:
            self.refuse("T604", node, f"Elasticsearch reads the field name {name!r} in another way")
        return elastic.field_name(name)


_RESERVED = ("AND", "OR", "NOT", "TO", "_exists_")


def _number(value: float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.replace(".", "").isdigit() else elastic.quoted(text)
