r"""ES|QL, the piped query language of Elasticsearch, 8.19 and 9.1 or later.

Sources: "ES|QL operators" and "ES|QL functions" (elastic.co/docs/reference/query-languages/esql);
for what they leave out, Elasticsearch's own code in x-pack/plugin/esql.

Letter case
    Every comparison counts it, so text is compared as ``TO_LOWER(f)`` with values in lower case. The
    optimizer turns that into a query which ignores the case of ASCII letters alone
    (``ReplaceStringCasingWithInsensitiveRegexMatch``), so a value with other letters is said as an
    RLIKE that spells both cases.
Null
    A comparison with a missing field is null, and ``NOT null`` is null and drops the row. AND and OR
    treat null as false as far as WHERE can tell, so each NOT makes what is below it two-valued:
    ``NOT COALESCE(<condition>, false)``.
Several values
    A comparison of a field with several values is null ("Multivalued fields"). Where the schema says
    that a field has several, their texts joined by line breaks are searched for one of them or a part
    of one; numbers, booleans and addresses take ``MV_CONTAINS`` (Elasticsearch 9.2). With the schema
    ``none`` nobody says, and a note states what is assumed.
Lists of patterns
    ``LIKE`` takes a list, but makes one automaton of it, and ten parts of texts are too many for that
    (``too_complex_to_determinize_exception`` on 8.19), so each stands in a LIKE of its own. The parser
    takes 400 operators in a row; more are put in groups.
Unmapped fields
    A query that names a field which no index maps is refused by the server, with the field's name.
Keywords
    The fields that the schema names for keywords are compared one by one. Where it names none, ``QSTR``
    searches all fields as Lucene does. It may stand beside AND, OR and NOT, but in no other function
    ("Full-text functions"), and so not under the COALESCE that a NOT over comparisons needs; it is
    never null, so a NOT of its own needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from backends import elastic
from backends.base import Compound, Language, Operator, TextVisitor
from backends.esql_lexis import column, has_other_case, like, like_text, lowered, one_of, quote, source
from backends.regexes import Lacks, lucene, lucene_pattern
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.pattern import PRESENT, Pattern, fold
from transpiler.query import Options, Source
from transpiler.regex import Regex

COMPARISONS: dict[ast.Comparison, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

TIME_PARTS: dict[ast.TimeUnit, str] = {
    "minute": 'DATE_EXTRACT("minute_of_hour", {})',
    "hour": 'DATE_EXTRACT("hour_of_day", {})',
    "day": 'DATE_EXTRACT("day_of_month", {})',
    # There is no ISO week. It is the week of its Thursday: that day's number in the year, by sevens.
    "week": '(DATE_EXTRACT("day_of_year", DATE_TRUNC(1 week, {}) + 3 days) + 6) / 7',
    "month": 'DATE_EXTRACT("month_of_year", {})',
    "year": 'DATE_EXTRACT("year", {})',
}
"""Unit -> a whole number. Weeks start on Monday, times are in UTC ("DATE_EXTRACT", "DATE_TRUNC")."""

REFERENCES: dict[ast.Part, str] = {
    "equals": "{} == {}",
    "startswith": "STARTS_WITH({}, {})",
    "endswith": "ENDS_WITH({}, {})",
    "contains": "LOCATE({}, {}) > 0",
}

TEXT = frozenset({"string", "unknown"})
"""Column types that the operators on text take as they are."""

ROW = 50
"""So many operands are joined on one level; a longer row is split and its parts put in parentheses."""

NUMBERS = {"int": "TO_LONG", "float": "TO_DOUBLE"}


class Esql(TextVisitor):
    """Renders a tree as an ES|QL query: FROM and one WHERE."""

    LANGUAGE: ClassVar[Language] = Language("esql", "ES|QL (Elasticsearch piped queries)", "esql", "//", ("ecs",))

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.untyped = source.index is None
        """Nobody knows the fields: their types are the rule's, and whether they hold several values is unknown."""
        self.folds = False
        """The query leaves letter case to the index."""

    def query(self, node: Node) -> str:
        """``FROM index METADATA ... | WHERE condition``; detection rules need the metadata."""
        condition = self.visit(node)
        if self.folds:
            self.say("T621", node, "the query leaves letter case to the index: its string fields are case-folded there")
        if self.untyped:
            message = "every field holds one value; an event where one holds several does not match, or passes a NOT"
            self.say("T624", node, message)
        index = source(self.options.index or self.source.index)
        return f"FROM {index} METADATA _id, _version, _index\n| WHERE {condition}"

    # --- not --------------------------------------------------------------------------------

    def visit_not(self, node: ast.Not) -> str:
        child = node.child
        if isinstance(child, ast.IsNull):
            self.is_null(child)  # for its note
            return f"{self.column(child.field, child)} IS NOT NULL"
        if isinstance(child, ast.Exists):
            self.exists(child)  # for its warning
            return f"{self.column(child.field, child)} IS NULL"
        if isinstance(child, ast.Match) and _is_any(child):
            return f"{self.column(child.field, child)} IS NULL"
        if isinstance(child, ast.Keyword | ast.KeywordRegex) and not self.source.keyword_fields:
            return Compound(self.NOT + self.visit(child), "not")
        return super().visit_not(node)

    def negate(self, part: str) -> str:
        return Compound(f"NOT COALESCE({part}, false)", "not")

    def _join(self, parts: Sequence[str], operator: Operator, glue: str) -> str:
        if len(parts) > 1 and sum([part.count(glue) + 1 for part in parts]) > ROW:
            parts = [self.nest(part) for part in parts]
            while len(parts) > ROW:
                rows = [parts[start : start + ROW] for start in range(0, len(parts), ROW)]
                parts = [f"({glue.join(row)})" for row in rows]
        return super()._join(parts, operator, glue)

    # --- fields -----------------------------------------------------------------------------

    def column(self, field: Field, node: Node) -> str:
        """The field's name as ES|QL writes it."""
        if field.type == "dynamic":  # a member of a flattened object ("Limitations", unsupported types)
            self.refuse("T601", node, f"`{field.name}` is a member of a flattened object, which ES|QL does not read")
        name = column(field.name)
        if name is None:
            self.refuse("T604", node, f"ES|QL has no way to write the field name {field.name[:60]!r}")
        return name

    def text(self, field: Field, node: Node) -> str:
        """The column as a string."""
        name = self.column(field, node)
        if field.type in TEXT:
            return name
        if field.type == "datetime":
            self.refuse("T601", node, f"`{field.name}` is a date; ES|QL does not know its text in the event")
        if field.type == "float":
            self.say("T615", node, f"`{field.name}` is compared with the text that Elasticsearch makes of the number")
        return f"TO_STRING({name})"

    def warn_many(self, field: Field, node: Node) -> None:
        if field.many:
            self.say("T614", node, f"`{field.name}` may hold several values, and then ES|QL compares null")

    # --- text -------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        field, patterns = node.field, node.patterns
        if _is_any(node):
            return f"{self.column(field, node)} IS NOT NULL"
        if field.type == "ip":
            return self.address(node)
        text = self.text(field, node)
        if not any(map(elastic.has_letters, patterns)):
            return self.values(field, text, patterns, False, node)
        if field.strings == "folded" and field.type in TEXT:
            if node.cased:
                self.say("T613", node, f"the index of `{field.name}` folds letter case, so it cannot be told apart")
            self.folds = True
            return self.values(field, text, patterns, True, node)
        if node.cased:
            return self.values(field, text, patterns, False, node)
        if field.type not in TEXT:  # the text of a number or boolean is in lower case
            return self.values(field, text, patterns, True, node)
        near, far = patterns, [pattern for pattern in patterns if has_other_case(pattern)]
        if far:
            near = tuple([pattern for pattern in patterns if pattern not in far])
        parts = [self.values(field, f"TO_LOWER({text})", near, True, node)] if near else []
        if far:
            self.warn_many(field, node)
            parts.append(self.rlike(text, [lucene_pattern(pattern, fold=True) for pattern in far], node))
        return self.any_of(parts)

    def values(self, field: Field, text: str, patterns: Sequence[Pattern], lower: bool, node: Node) -> str:
        """The text of the field matches one of the patterns, or with ``lower`` of those in lower case."""
        if field.many:
            found = list(map(lowered, patterns)) if lower else patterns
            return self.any_of([self.value_of_many(field, text, pattern, node) for pattern in found])
        whole: list[str] = []
        wild: list[str] = []
        odd: list[str] = []
        for pattern in patterns:
            if pattern.kind == "equals":
                whole.append(quote(fold(pattern.text) if lower else pattern.text))
            elif (written := like(pattern)) is not None:
                wild.append(quote(fold(written) if lower else written))
            else:
                odd.append(lucene_pattern(lowered(pattern) if lower else pattern, fold=False))
        parts = [one_of(text, "==", "IN", whole)] if whole else []
        parts += [f"{text} LIKE {each}" for each in wild]
        if odd:
            parts.append(self.rlike(text, odd, node))
        return self.any_of(parts)

    def value_of_many(self, field: Field, texts: str, pattern: Pattern, node: Node) -> str:
        """One of the field's values matches the pattern."""
        kind, value = pattern.kind, pattern.text
        if kind not in JOINED or "\n" in value:
            self.warn_many(field, node)
            return self.values(Field(field.name), texts, [pattern], False, node)
        if kind != "contains" and node.span.path:  # a schema's own predicates have no place in a file
            self.say("T624", node, f"no value of `{field.name}` holds a line break")
        joined, found = JOINED[kind]
        return f"{joined.format(texts)} LIKE {quote(found.format(like_text(value)))}"

    def rlike(self, text: str, expressions: Sequence[str], node: Node) -> str:
        """The text matches one of Lucene's regular expressions, each on its own for the reason of LIKE."""
        for expression in expressions:
            if elastic.too_long(expression):
                message = (
                    f"the expression is {len(expression)} characters long; Elasticsearch takes {elastic.MAX_REGEX}"
                )
                self.refuse("T602", node, message)
        return self.any_of([f"{text} RLIKE {quote(each)}" for each in expressions])

    def regex(self, node: ast.Regex) -> str:
        field = node.field
        folded = field.strings == "folded" and field.type in TEXT
        if folded and not node.regex.ignore_case:
            self.say("T613", node, f"the index of `{field.name}` folds letter case, so it cannot be told apart")
        self.warn_many(field, node)
        return self.expression(node.regex, self.text(field, node), folded, node)

    def expression(self, regex: Regex, text: str, folded: bool, node: Node) -> str:
        """A rule's regular expression on a text; with ``folded`` the text is in lower case."""
        try:
            found = lucene(regex, fold=folded)
        except Lacks as lacks:
            self.refuse("T603", node, f"Lucene's regular expressions have no {lacks.what}")
        return self.rlike(text, [found], node)

    # --- numbers, addresses, dates ----------------------------------------------------------

    def address(self, node: ast.Match) -> str:
        field = node.field
        name = self.column(field, node)
        found: list[str] = []
        for pattern in node.patterns:
            text = elastic.address(pattern)
            if text is None:
                message = f"`{field.name}` holds IP addresses; {str(pattern)!r} is no address and no network"
                self.refuse("T601", node, message, "write the networks with `|cidr`")
            found.append(text)
        whole = [quote(text) for text in found if "/" not in text]
        networks = [text for text in found if "/" in text]
        parts: list[str] = []
        if whole and field.many:
            parts.extend([f"MV_CONTAINS({name}, TO_IP({text}))" for text in whole])
        elif whole:
            parts.append(one_of(name, "==", "IN", whole))
        if networks:
            self.warn_many(field, node)
            parts.append(_cidr_match(name, networks))
        return self.any_of(parts)

    def equals(self, node: ast.Equals) -> str:
        field = node.field
        name = self.column(field, node)
        numbers = [self.number(value, node) for value in node.values if not isinstance(value, bool)]
        booleans = ["true" if value else "false" for value in node.values if isinstance(value, bool)]
        if field.many:
            convert = NUMBERS.get(field.type, "TO_DOUBLE")
            parts = [f"MV_CONTAINS({convert}({name}), {convert}({value}))" for value in numbers]
            return self.any_of(parts + [f"MV_CONTAINS({name}, {value})" for value in booleans])
        return self.any_of([one_of(name, "==", "IN", values) for values in (numbers, booleans) if values])

    def compare(self, node: ast.Compare) -> str:
        field = node.field
        name = self.column(field, node)
        value = self.number(node.value, node)
        if field.type == "string":
            self.warn_many(field, node)
            decimal = quote(r"-?[0-9]+(\.[0-9]+)?")
            return self.all_of([f"{name} RLIKE {decimal}", f"TO_DOUBLE({name}) {COMPARISONS[node.op]} {value}"])
        if field.type not in ("int", "float", "unknown"):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; it has no order of numbers")
        if field.many:
            name = f"MV_MAX({name})" if node.op in ("gt", "gte") else f"MV_MIN({name})"
        return f"{name} {COMPARISONS[node.op]} {value}"

    def number(self, value: int | float, node: Node) -> str:
        """A number as ES|QL writes it."""
        if abs(value) >= 1 << 64 if isinstance(value, int) else not isfinite(value):
            self.refuse("T601", node, "Elasticsearch has no number of this size")
        return repr(value)

    def cidr(self, node: ast.Cidr) -> str:
        field = node.field
        if field.type not in ("ip", "string", "unknown"):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; it holds no addresses")
        if any(map(elastic.holds_mapped, node.networks)):
            self.say("T615", node, f"`{field.name}` keeps IPv4 addresses as ::ffff:a.b.c.d; the network holds them")
        self.warn_many(field, node)
        name = self.column(field, node)
        if field.type != "ip" or self.untyped:
            name = f"TO_IP({name})"  # null for what is no address
        return _cidr_match(name, [str(network) for network in node.networks])

    def time_part(self, node: ast.TimePart) -> str:
        field = node.field
        if field.type not in ("datetime", "unknown"):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; it holds no dates")
        self.warn_many(field, node)
        part = TIME_PARTS[node.unit].format(self.column(field, node))
        return one_of(part, "==", "IN", [str(value) for value in node.values])

    # --- other fields, presence -------------------------------------------------------------

    def fieldref(self, node: ast.FieldRef) -> str:
        left, right = node.field, node.other
        self.warn_many(left, node)
        self.warn_many(right, node)
        if node.part == "equals" and left.type in NUMBERS and right.type in NUMBERS:
            return f"{self.column(left, node)} == {self.column(right, node)}"
        if node.cased and "folded" in (left.strings, right.strings):
            self.say("T613", node, "the index folds letter case of a field, so it cannot be told apart")
        sides = [self.text(field, node) for field in (left, right)]
        if not node.cased:
            sides = [f"TO_LOWER({side})" for side in sides]
        return REFERENCES[node.part].format(*sides)

    def is_null(self, node: ast.IsNull) -> str:
        if said := elastic.null_in_list(node.field, self.source):
            self.say("T625", node, said)
        return f"{self.column(node.field, node)} IS NULL"

    def exists(self, node: ast.Exists) -> str:
        self.say("T611", node, f"Elasticsearch does not index null: `{node.field.name}: null` counts as missing")
        return f"{self.column(node.field, node)} IS NOT NULL"

    # --- keywords ---------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> str:
        self.note_case(node)
        if not self.source.keyword_fields:
            folded = self.options.strings == "folded"
            terms, by_words = elastic.keyword_terms(node, folded)
            if by_words:
                self.say("T615", node, elastic.KEYWORD_WORDS)
            self.folds = self.folds or (folded and any(map(elastic.has_letters, node.patterns)))
            return self.query_string(node, terms)
        fields = self.keyword_fields(node)
        return self.any_of([self.visit(ast.Match(field, node.patterns, node.cased, node.span)) for field in fields])

    def keyword_regex(self, node: ast.KeywordRegex) -> str:
        self.note_case(node)
        if not self.source.keyword_fields:
            self.say("T615", node, elastic.KEYWORD_EXPRESSION)
            try:
                found = lucene(node.regex, fold=self.options.strings == "folded")
            except Lacks as lacks:
                self.refuse("T603", node, f"Lucene's regular expressions have no {lacks.what}")
            return self.query_string(node, [elastic.slashed(found)])
        fields = self.keyword_fields(node)
        return self.any_of([self.visit(ast.Regex(field, node.regex, node.span)) for field in fields])

    def note_case(self, node: ast.Keyword | ast.KeywordRegex) -> None:
        if not self.source.keyword_fields and self.options.strings == "folded" and elastic.loses_case(node):
            self.say("T613", node, elastic.KEYWORD_CASE)

    def query_string(self, node: Node, terms: Sequence[str]) -> str:
        """One of Lucene's terms, which name no field, finds the event."""
        if self.negations:
            message = "ES|QL takes no search over all fields inside COALESCE, which a `not` over other conditions needs"
            self.refuse("T601", node, message, "give the keyword a `not` of its own, or use the target `lucene`")
        for each in terms:
            if elastic.is_too_long(each):
                self.refuse("T602", node, elastic.about_length(each))
        if not any(said.message == elastic.DEFAULT_FIELDS for said in self.diagnostics):
            self.say("T624", node, elastic.DEFAULT_FIELDS)
            self.say("T620", node, elastic.KEYWORD_COST)
        return f"QSTR({quote(' OR '.join(terms))})"

    def keyword_fields(self, node: Node) -> Sequence[Field]:
        """Where a keyword is looked for: the schema's fields for that."""
        fields = self.source.keyword_fields
        self.say("T623", node, f"the keyword is looked for in {', '.join([field.name for field in fields])}")
        return fields


JOINED: dict[str, tuple[str, str]] = {
    "equals": ('CONCAT("\\n", MV_CONCAT({}, "\\n"), "\\n")', "*\n{}\n*"),
    "contains": ('MV_CONCAT({}, "\\n")', "*{}*"),
    "startswith": ('CONCAT("\\n", MV_CONCAT({}, "\\n"))', "*\n{}*"),
    "endswith": ('CONCAT(MV_CONCAT({}, "\\n"), "\\n")', "*{}\n*"),
}
"""Kind of pattern -> several values as one text, and the LIKE pattern that finds a value in it."""


def _is_any(node: ast.Match) -> bool:
    """Whether every value that is present matches."""
    return PRESENT in node.patterns


def _cidr_match(name: str, networks: Sequence[str]) -> str:
    return f"CIDR_MATCH({name}, {', '.join(map(quote, networks))})"
