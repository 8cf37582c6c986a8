r"""Elasticsearch's Query DSL: the body of a search request as one line of JSON.

Sources: Elastic docs, "Query DSL" (boolean, term, terms, prefix, wildcard, regexp, range, exists,
match_phrase, query_string and script queries); "Painless API reference". Confirmed on Elasticsearch
8.19 (scripts on 7.10):

- ``case_insensitive`` (since 7.10) folds ASCII letters alone and leaves character classes as they
  are, so a value with other letters is a ``regexp`` that spells each letter in its cases;
- it agrees with a normalizer that folds case: both together ignore case, neither is relied upon;
- ``*`` in a field's name is a pattern for ``exists``, so such names are refused everywhere.

Everything stands in filter context: no scores, and clauses can be cached.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from backends import elastic
from backends.base import Language, Visitor
from backends.regexes import Lacks, lucene, lucene_pattern
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.pattern import MANY, ONE, PRESENT, Pattern
from transpiler.query import Options, Source

Clause = dict[str, Any]
"""One query clause, as JSON will show it."""

MAX_DEPTH = 28
"""Levels of bool in a query: ``indices.query.bool.max_nested_depth`` is 30, what they hold included."""

_json = json.JSONEncoder(ensure_ascii=False).encode
_STRINGS = frozenset({"string", "unknown", "dynamic"})
_QUERIES = {"equals": "term", "startswith": "prefix"}
_WILDCARDS = {MANY: "*", ONE: "?"}
_LITERAL = str.maketrans({"*": "\\*", "?": "\\?", "\\": "\\\\"})

# --- scripts ------------------------------------------------------------------------------------------

_TESTS = {"equals": "equals", "startswith": "startsWith", "endswith": "endsWith", "contains": "contains"}
_PARTS = {
    "minute": "getMinute()",
    "hour": "getHour()",
    "day": "getDayOfMonth()",
    "week": "get(IsoFields.WEEK_OF_WEEK_BASED_YEAR)",
    "month": "getMonthValue()",
    "year": "getYear()",
}


def _compare_fields(part: str, cased: bool) -> str:
    """Painless: some value of params.field equals (starts with ...) some value of params.other."""
    case = "" if cased else ".toLowerCase()"
    return (
        "if (!doc.containsKey(params.field) || !doc.containsKey(params.other)) { return false; } "
        "for (def x : doc[params.field]) { for (def y : doc[params.other]) { "
        f"if (x.toString(){case}.{_TESTS[part]}(y.toString(){case})) {{ return true; }} }} }} return false;"
    )


def _take_part(unit: str) -> str:
    """Painless: that part of some value of params.field is one of params.values."""
    return (
        "if (!doc.containsKey(params.field)) { return false; } "
        f"for (def t : doc[params.field]) {{ if (params.values.contains(t.{_PARTS[unit]})) {{ return true; }} }} "
        "return false;"
    )


class Dsl(Visitor[Clause]):
    """Renders a rule as a search request body."""

    LANGUAGE = Language("dsl", "Elasticsearch Query DSL", "json", None, ("ecs",))
    ADDRESSES = True

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.folded = options.strings == "folded"
        self.clauses = 0
        self.said: set[str] = set()

    def query(self, node: Node) -> str:
        clause = self.visit(node)
        if self.clauses > elastic.MAX_CLAUSES:
            self.say("T624", node, elastic.about_clauses(self.clauses))
        body = clause.get("bool")
        if body is None or "should" in body:
            clause = {"bool": {"filter": [clause]}}
        text = _json({"query": clause})
        if text.count('"bool"') > MAX_DEPTH and _depth(clause) > MAX_DEPTH:
            self.refuse("T602", node, "the query is nested deeper than Elasticsearch takes")
        return text

    # --- and, or, not -----------------------------------------------------------------------------

    def and_(self, node: ast.And, *, children: Sequence[Clause]) -> Clause:
        wanted: list[Clause] = []
        unwanted: list[Clause] = []
        for child in children:
            negated = _negated(child)
            if negated is None:
                wanted.append(child)
            else:
                unwanted += negated
        body: Clause = {"filter": wanted} if wanted else {}
        if unwanted:
            body["must_not"] = unwanted
        return {"bool": body}

    def or_(self, node: ast.Or, *, children: Sequence[Clause]) -> Clause:
        return _any(children)

    def not_(self, node: ast.Not, *, child: Clause) -> Clause:
        negated = _negated(child)
        if negated is not None and len(negated) == 1:
            return negated[0]
        body = child.get("bool")
        return {"bool": {"must_not": body["should"] if body is not None and "should" in body else [child]}}

    # --- strings ----------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> Clause:
        field = node.field
        if PRESENT in node.patterns:
            return {"exists": {"field": self.name(field, node)}}
        if field.type == "ip":
            return _term(self.name(field, node), [self.address(each, node) for each in node.patterns])
        if field.type not in _STRINGS:
            self.refuse("T601", node, elastic.no_wildcards(field))
        text = field.type == "string" and field.strings == "text"
        if text and field.folded and not node.cased:
            field, text = Field(field.folded, "string", "folded"), False
        name = self.name(field, node)
        if text:
            return _any([self.words(name, each, node) for each in node.patterns])
        if node.cased and field.strings == "folded" and any(map(elastic.has_letters, node.patterns)):
            self.say("T613", node, elastic.about_folding(field))
        exact: list[Any] = []
        others: list[Clause] = []
        fold, folded = not node.cased, field.strings == "folded"
        for each in node.patterns:
            if each.kind == "equals" and (node.cased or not elastic.has_letters(each)):
                exact.append(each.text)
            else:
                others.append(self.whole(name, each, fold, folded, node))
        self.clauses += len(others) + 1
        return _any(([_term(name, exact)] if exact else []) + others)

    def whole(self, name: str, pattern: Pattern, fold: bool, folded: bool, node: Node) -> Clause:
        """A pattern on a field that keeps whole values; ``folded``: its index ignores case by itself."""
        letters = fold and elastic.has_letters(pattern)
        spelled = letters and not (pattern.text and pattern.text.isascii()) and _letters_beyond_ascii(pattern)
        if spelled and folded:
            self.once("T621", node, elastic.FOLDS)
            spelled = False
        if pattern.kind == "dashed" or spelled:
            return self.regexp(name, lucene_pattern(pattern, fold=spelled), letters and not spelled, node)
        query = _QUERIES.get(pattern.kind, "wildcard")
        value = pattern.text if query != "wildcard" else _wildcard(pattern)
        return {query: {name: {"value": value, "case_insensitive": True} if letters else {"value": value}}}

    def regexp(self, name: str, expression: str, fold: bool, node: Node) -> Clause:
        if elastic.too_long(expression):
            self.refuse("T602", node, elastic.about_length(expression))
        options = {"case_insensitive": True} if fold else {}
        return {"regexp": {name: {"value": expression, **options}}}

    def words(self, name: str, pattern: Pattern, node: ast.Match) -> Clause:
        """A value of a text field: a word as it is, several as a phrase."""
        field = node.field
        if node.cased and elastic.has_letters(pattern):
            self.say("T613", node, elastic.about_case_of_text(field))
        if elastic.is_word(pattern):
            self.say("T624", node, elastic.about_analyzer(field))
            return {"wildcard": {name: {"value": f"*{pattern.text}*", "case_insensitive": True}}}
        text = elastic.phrase(pattern)
        if text is None:
            message = f"{elastic.about_text(field)}; {str(pattern)!r} cannot be said"
            self.refuse("T601", node, message, elastic.ELSEWHERE)
        self.say("T615", node, elastic.about_text(field))
        return {"match_phrase": {name: text}}

    def address(self, pattern: Pattern, node: ast.Match) -> str:
        text = elastic.address(pattern)
        if text is None:
            self.refuse("T601", node, elastic.no_address(node.field, pattern), elastic.USE_CIDR)
        return text

    def regex(self, node: ast.Regex) -> Clause:
        field = node.field
        if field.type not in _STRINGS or field.strings == "text":
            self.refuse("T601", node, elastic.no_expressions(field))
        folded = field.strings == "folded"
        if folded and not node.regex.ignore_case:
            self.say("T613", node, elastic.about_folding(field))
        try:
            expression = lucene(node.regex, fold=folded)
        except Lacks as error:
            self.refuse("T603", node, f"Lucene's regular expressions have no {error.what}")
        return self.regexp(self.name(field, node), expression, False, node)

    # --- numbers, addresses, presence ---------------------------------------------------------------

    def equals(self, node: ast.Equals) -> Clause:
        if self.source.index is None and any(isinstance(value, bool) for value in node.values):
            self.say("T622", node, f"`{node.field.name}` is indexed as boolean")
        return _term(self.name(node.field, node), list(node.values))

    def compare(self, node: ast.Compare) -> Clause:
        field = node.field
        if field.type not in ("int", "float", "unknown", "dynamic"):
            self.refuse("T601", node, elastic.no_order(field))
        return {"range": {self.name(field, node): {node.op: node.value}}}

    def cidr(self, node: ast.Cidr) -> Clause:
        field = node.field
        name = self.name(field, node)
        if field.type in ("ip", "unknown"):
            if any(map(elastic.holds_mapped, node.networks)):
                self.say("T615", node, elastic.about_mapped(field))
            if self.source.index is None:
                self.say("T622", node, f"`{field.name}` is indexed as ip")
            return _term(name, [str(network) for network in node.networks])
        if field.type != "string" or field.strings == "text":
            self.refuse("T601", node, elastic.no_networks(field))
        clauses: list[Clause] = []
        for network in node.networks:
            if network.version != 4:
                self.refuse("T601", node, elastic.about_ipv6(field))
            clauses.append(self.regexp(name, elastic.network_regexp(network), False, node))
        return _any(clauses)

    def exists(self, node: ast.Exists) -> Clause:
        self.say("T611", node, elastic.about_null(node.field))
        return {"exists": {"field": self.name(node.field, node)}}

    def is_null(self, node: ast.IsNull) -> Clause:
        if said := elastic.null_in_list(node.field, self.source):
            self.say("T625", node, said)
        return {"bool": {"must_not": [{"exists": {"field": self.name(node.field, node)}}]}}

    # --- scripts ------------------------------------------------------------------------------------

    def fieldref(self, node: ast.FieldRef) -> Clause:
        for field in (node.field, node.other):
            if field.type == "string" and field.strings == "text":
                self.refuse("T601", node, f"`{field.name}` is a text field; scripts see no values of those")
            if node.cased and field.strings == "folded":
                self.say("T613", node, elastic.about_folding(field))
        params = {"field": self.name(node.field, node), "other": self.name(node.other, node)}
        return self.script(_compare_fields(node.part, node.cased), params, node)

    def time_part(self, node: ast.TimePart) -> Clause:
        field = node.field
        if field.type not in ("datetime", "unknown"):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}, not a date")
        if self.source.index is None:
            self.say("T622", node, f"`{field.name}` is indexed as date")
        params = {"field": self.name(field, node), "values": list(node.values)}
        return self.script(_take_part(node.unit), params, node)

    def script(self, source: str, params: dict[str, Any], node: Node) -> Clause:
        self.once("T624", node, "the cluster allows inline Painless scripts, and the fields have doc values")
        self.once("T620", node, "a script runs for every event that the rest of the query leaves")
        return {"script": {"script": {"lang": "painless", "source": source, "params": params}}}

    # --- keywords -----------------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> Clause:
        self.note_keywords(node)
        self.note_case(node)
        terms, by_words = elastic.keyword_terms(node, self.folded)
        if by_words:
            self.say("T615", node, elastic.KEYWORD_WORDS)
        for each in terms:
            if elastic.is_too_long(each):
                self.refuse("T602", node, elastic.about_length(each))
        if self.folded and any(map(elastic.has_letters, node.patterns)):
            self.once("T621", node, elastic.FOLDS)
        return {"query_string": {"query": " OR ".join(terms)}}

    def keyword_regex(self, node: ast.KeywordRegex) -> Clause:
        self.note_keywords(node)
        self.note_case(node)
        self.say("T615", node, elastic.KEYWORD_EXPRESSION)
        try:
            expression = lucene(node.regex, fold=self.folded)
        except Lacks as error:
            self.refuse("T603", node, f"Lucene's regular expressions have no {error.what}")
        if elastic.too_long(expression):
            self.refuse("T602", node, elastic.about_length(expression))
        return {"query_string": {"query": elastic.slashed(expression)}}

    def note_case(self, node: ast.Keyword | ast.KeywordRegex) -> None:
        if self.folded and elastic.loses_case(node):
            self.say("T613", node, elastic.KEYWORD_CASE)

    def note_keywords(self, node: Node) -> None:
        self.once("T624", node, elastic.DEFAULT_FIELDS)
        self.once("T620", node, elastic.KEYWORD_COST)

    # --- names and notes ----------------------------------------------------------------------------

    def name(self, field: Field, node: Node) -> str:
        name = field.name
        if not name or "*" in name:
            self.refuse("T604", node, f"Elasticsearch takes the field name {name!r} for a pattern of names")
        return name

    def once(self, code: str, node: Node, message: str) -> None:
        """Say something about the whole query."""
        if message not in self.said:
            self.said.add(message)
            self.say(code, node, message)


def _wildcard(pattern: Pattern) -> str:
    """A pattern as a wildcard query has it."""
    if pattern.kind == "contains":
        return f"*{pattern.text.translate(_LITERAL)}*"
    if pattern.kind == "endswith":
        return f"*{pattern.text.translate(_LITERAL)}"
    return "".join([t.translate(_LITERAL) if isinstance(t, str) else _WILDCARDS[t] for t in pattern.tokens])


def _letters_beyond_ascii(pattern: Pattern) -> bool:
    """Whether the pattern holds letters that ``case_insensitive`` does not fold."""
    texts = [token for token in pattern.tokens if isinstance(token, str) and not token.isascii()]
    return any(not letter.isascii() and letter.lower() != letter.upper() for text in texts for letter in text)


def _term(name: str, values: Sequence[Any]) -> Clause:
    """The field is one of the values."""
    return {"term": {name: values[0]}} if len(values) == 1 else {"terms": {name: values}}


def _any(clauses: Sequence[Clause]) -> Clause:
    """At least one of the clauses."""
    if len(clauses) == 1:
        return clauses[0]
    flat: list[Clause] = []
    for clause in clauses:
        body = clause.get("bool")
        if body is not None and "should" in body:
            flat += body["should"]
        else:
            flat.append(clause)
    return {"bool": {"should": flat, "minimum_should_match": 1}}


def _depth(clause: Clause) -> int:
    """How many levels of bool a clause has."""
    body = clause.get("bool")
    if body is None:
        return 0
    return 1 + max([_depth(each) for part in body.values() if isinstance(part, list) for each in part])


def _negated(clause: Clause) -> list[Clause] | None:
    """What a clause that only excludes excludes; None for another clause."""
    body = clause.get("bool")
    return body["must_not"] if body is not None and len(body) == 1 and "must_not" in body else None
