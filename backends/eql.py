r"""EQL, the Event Query Language of Elasticsearch: ``process where process.name : "cmd.exe"``.

Sources: "EQL syntax reference" and "EQL function reference" (elastic.co/docs/reference/query-languages/
eql); for what they leave out, Elasticsearch's own code in x-pack/plugin/eql (``ExpressionBuilder``,
``Analyzer``, ``Optimizer``) and the queries it becomes, which were tried on Elasticsearch 8.19.

Letter case
    ``:``, ``in~`` and ``regex~`` ignore it, ``==``, ``in``, ``like`` and ``regex`` do not
    ("Comparison operators"). They ignore it for ASCII letters alone, so a value with other letters
    is said as a ``regex`` that spells both cases.
Wildcards
    ``:`` and ``like`` cannot escape ``*`` and ``?``, so a literal one in a pattern is said with
    ``regex~``, and in a whole value with ``in~`` or ``==``, which have no wildcards.
Missing fields
    ``not`` becomes ``must_not`` and so finds events without the field, with one exception: the
    optimizer rewrites ``not (a > 1)`` to ``a <= 1``, and pushes ``not`` through and/or to do so.
    Right under a Not a comparison reads ``a == null or not a > 1``, deeper ``a > 1 and a != null``.
    The same holds for what runs as a script.
Unmapped fields
    A query that names a field which no index maps is refused ("Optional fields"). With the schema
    ``none`` nobody knows what is mapped, so every field is optional: ``?Image``. Unmapped, it is the
    literal null (``ResolveOrReplaceOptionalRefs``), ``not null`` is null, and the leaf carries the
    test for null too. A schema that knows the fields knows them mapped: they have plain names.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from backends import elastic
from backends.base import Language, TextVisitor
from backends.eql_lexis import category, column, flip, glob, has_other_case, ignores_case, one_of, quote, sort
from backends.regexes import Lacks, lucene, lucene_pattern
from transpiler import ast
from transpiler.ast import Field, Node
from transpiler.pattern import PRESENT, Pattern, fold
from transpiler.query import Options, Source
from transpiler.regex import Regex

COMPARISONS: dict[ast.Comparison, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

CONVERTED = frozenset({"int", "float", "bool"})
"""Column types that the operators on text refuse; ``string()`` makes text of them."""

GUARDED = (ast.Match, ast.Equals, ast.Compare, ast.Cidr, ast.Regex)
"""Leaves that may be null where their field is missing."""

Expression = tuple[str, str]
"""``regex`` or ``regex~``, and the regular expression behind it."""


class Eql(TextVisitor):
    """Renders a tree as an EQL event query."""

    LANGUAGE: ClassVar[Language] = Language("eql", "EQL (Elastic Event Query Language)", "eql", "//", ("ecs",))
    ADDRESSES = True
    UNSUPPORTED: ClassVar[dict[type[Node], str]] = {
        ast.FieldRef: "EQL cannot compare a field with another field",
        ast.TimePart: "EQL has no function that takes the hour or another part out of a date",
    }

    AND = " and "
    OR = " or "
    NOT = "not "

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.optional = source.index is None
        """Nobody knows which fields are mapped."""

    def query(self, node: Node) -> str:
        """``category where condition``; ``any`` where the log source has no event category."""
        name = self.source.category
        rest = node if name is None else _without_category(node, name)
        return f"{category(name)} where {'true' if rest is None else self.visit(rest)}"

    # --- not, and what is null under it -----------------------------------------------------

    def visit_not(self, node: ast.Not) -> str:
        child = node.child
        if isinstance(child, ast.IsNull | ast.Exists):
            return flip(self.visit(child))
        if not isinstance(child, GUARDED):
            return super().visit_not(node)
        above, self.negations = self.negations, 0  # the test for null stands beside `not`, not under it
        text = self.visit(child)
        self.negations = above
        name = self.text_column(child.field, child)
        if text == f"{name} != null":
            return flip(text)
        if isinstance(child, ast.Compare):
            self.warn_many(child)
        if self.needs_guard(child):
            return self.any_of([f"{name} == null", self.negate(text)])
        return self.negate(text)

    def needs_guard(self, leaf: Node) -> bool:
        """Whether ``not leaf`` alone would miss events without the field."""
        if self.optional or isinstance(leaf, ast.Compare):
            return True
        return isinstance(leaf, ast.Match) and leaf.field.type in CONVERTED

    def guarded(self, leaf: Node, name: str, text: str) -> str:
        """The leaf's text, made false instead of null if a Not is above and needs it."""
        if self.negations and self.needs_guard(leaf) and text != f"{name} != null":
            return self.all_of([text, f"{name} != null"])
        return text

    def warn_many(self, node: ast.Compare) -> None:
        if node.field.many:
            message = f"`{node.field.name}` may hold several values; below not, one that does not compare is enough"
            self.say("T614", node, message)

    # --- fields -----------------------------------------------------------------------------

    def column(self, field: Field, node: Node) -> str:
        """The field's name as EQL writes it."""
        name = column(field.name)
        if name is None:
            self.refuse("T604", node, f"EQL has no way to write the field name {field.name[:60]!r}")
        return f"?{name}" if self.optional else name

    def text_column(self, field: Field, node: Node) -> str:
        """The column, or in place of a text field its sub-field that keeps whole values."""
        if field.strings != "text" or field.type != "string":
            return self.column(field, node)
        if field.folded is None:
            message = f"`{field.name}` is a text field, indexed by its words; EQL does not search those"
            self.refuse("T601", node, message, elastic.ELSEWHERE)
        return self.column(Field(field.folded), node)

    # --- text -------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        field = node.field
        kind = field.type
        if kind in CONVERTED:
            return self.converted(node)
        if kind == "ip":
            return self.address(node)
        if kind == "datetime":
            self.refuse("T601", node, f"`{field.name}` is a date; EQL does not know its text in the event")
        name = self.text_column(field, node)
        cased = node.cased
        if cased and _is_folded(field):
            cased = False
            if any(map(elastic.has_letters, node.patterns)):
                self.say("T613", node, f"the index of `{field.name}` folds letter case, so it cannot be told apart")
        return self.guarded(node, name, self.texts(name, node.patterns, cased, node))

    def texts(self, name: str, patterns: Sequence[Pattern], cased: bool, node: Node) -> str:
        """The column matches one of the patterns."""
        plain, whole, odd, empty, anything = sort(patterns, cased)
        if anything:
            return f"{name} != null"
        parts: list[str] = []
        if plain:
            parts.append(one_of(name, "like" if cased else ":", plain))
        if whole and cased:
            parts.append(one_of(name, "==" if len(whole) == 1 else "in", whole))
        elif whole:
            parts.append(f"{name} in~ ({', '.join(map(quote, whole))})")
        if odd:
            parts.append(self.regexes(name, [as_regex(each, cased) for each in odd], node))
        if empty:
            parts.append(f'{name} == ""')
        return self.any_of(parts)

    def regexes(self, name: str, expressions: Sequence[Expression], node: Node) -> str:
        """The column matches one of the expressions."""
        parts: list[str] = []
        for operator in ("regex~", "regex"):
            group: list[str] = []
            for text in [text for which, text in expressions if which == operator]:
                if elastic.too_long(text):
                    message = f"the expression is {len(text)} characters long; Elasticsearch takes {elastic.MAX_REGEX}"
                    self.refuse("T602", node, message)
                # The server joins a list with `|`, and then the limit is that of all of them.
                if group and elastic.too_long("|".join([*group, text])):
                    parts.append(one_of(name, operator, group))
                    group = []
                group.append(text)
            if group:
                parts.append(one_of(name, operator, group))
        return self.any_of(parts)

    def regex(self, node: ast.Regex) -> str:
        field = node.field
        if field.type in CONVERTED or field.type in {"datetime", "ip"}:
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; EQL's regex takes only text")
        name = self.text_column(field, node)
        folded = _is_folded(field)
        if folded and not node.regex.ignore_case:
            self.say("T613", node, f"the index of `{field.name}` folds letter case, so it cannot be told apart")
        return self.guarded(node, name, self.regexes(name, [self.expression(node.regex, folded, node)], node))

    def expression(self, regex: Regex, folded: bool, node: Node) -> Expression:
        """A rule's regular expression; with ``folded`` the column's values are in lower case."""
        try:
            if folded or ignores_case(regex):
                return "regex~", lucene(regex, fold=True, engine_folds=True)
            return "regex", lucene(regex)
        except Lacks as lacks:
            self.refuse("T603", node, f"Lucene's regular expressions have no {lacks.what}")

    # --- columns that are no text -----------------------------------------------------------

    def converted(self, node: ast.Match) -> str:
        """Patterns on the text that ``string()`` makes of a column."""
        field = node.field
        name = self.column(field, node)
        if PRESENT in node.patterns:
            return f"{name} != null"
        texts = [fold(text) for pattern in node.patterns if (text := glob(pattern)) is not None]
        if len(texts) < len(node.patterns):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; EQL cannot say this of it")
        if field.type == "float":
            self.say("T615", node, f"`{field.name}` is compared with the text that Elasticsearch makes of the number")
        if field.many:
            self.say("T614", node, f"`{field.name}` may hold several values; only one of them is compared")
        self.say("T620", node, f"a script turns `{field.name}` into text")
        return self.guarded(node, name, one_of(f"string({name})", ":", texts))

    def address(self, node: ast.Match) -> str:
        """Addresses. ``in`` refuses a column of addresses, ``cidrMatch`` takes a list."""
        field = node.field
        name = self.column(field, node)
        if PRESENT in node.patterns:
            return f"{name} != null"
        found: list[str] = []
        for pattern in node.patterns:
            text = elastic.address(pattern)
            if text is None:
                message = f"`{field.name}` holds IP addresses; {str(pattern)!r} is no address and no network"
                self.refuse("T601", node, message, "write the networks with `|cidr`")
            found.append(text)
        if len(found) == 1 and "/" not in found[0]:
            return self.guarded(node, name, f"{name} == {quote(found[0])}")
        networks = [text if "/" in text else f"{text}/{128 if ':' in text else 32}" for text in found]
        return self.guarded(node, name, _cidr_match(name, networks))

    def equals(self, node: ast.Equals) -> str:
        name = self.column(node.field, node)
        numbers = [self.number(value, node) for value in node.values if not isinstance(value, bool)]
        booleans = ["true" if value else "false" for value in node.values if isinstance(value, bool)]
        parts: list[str] = []
        for values in (numbers, booleans):
            if len(values) == 1:
                parts.append(f"{name} == {values[0]}")
            elif values:
                parts.append(f"{name} in ({', '.join(values)})")
        return self.guarded(node, name, self.any_of(parts))

    def compare(self, node: ast.Compare) -> str:
        field = node.field
        if field.type not in ("int", "float", "unknown", "dynamic"):
            self.refuse("T601", node, f"`{field.name}` is a column of type {field.type}; it has no order of numbers")
        if self.negations:
            self.warn_many(node)
        name = self.column(field, node)
        return self.guarded(node, name, f"{name} {COMPARISONS[node.op]} {self.number(node.value, node)}")

    def number(self, value: int | float, node: Node) -> str:
        """A number as EQL writes it."""
        if abs(value) >= 1 << 64 if isinstance(value, int) else not isfinite(value):
            self.refuse("T601", node, "Elasticsearch has no number of this size")
        return repr(value)

    def cidr(self, node: ast.Cidr) -> str:
        field = node.field
        if field.type == "string" and field.strings != "text":
            return self.networks_of_text(node)
        if field.type not in ("ip", "unknown"):
            self.refuse("T601", node, f"`{field.name}` is not indexed as ip; networks cannot be said of it")
        if any(map(elastic.holds_mapped, node.networks)):
            self.say("T615", node, f"`{field.name}` keeps IPv4 addresses as ::ffff:a.b.c.d; the network holds them")
        if self.optional:
            self.say("T622", node, f"`{field.name}` is indexed as ip")
        name = self.column(field, node)
        return self.guarded(node, name, _cidr_match(name, [str(network) for network in node.networks]))

    def networks_of_text(self, node: ast.Cidr) -> str:
        """IPv4 networks of addresses that are kept as text, as expressions with ranges of numbers."""
        field = node.field
        expressions: list[Expression] = []
        for network in node.networks:
            if network.version != 4:
                self.refuse("T601", node, f"`{field.name}` holds text, where an IPv6 address has many spellings")
            expressions.append(("regex", elastic.network_regexp(network)))
        name = self.column(field, node)
        return self.guarded(node, name, self.regexes(name, expressions, node))

    # --- presence ---------------------------------------------------------------------------

    def is_null(self, node: ast.IsNull) -> str:
        if said := elastic.null_in_list(node.field, self.source):
            self.say("T625", node, said)
        return f"{self.text_column(node.field, node)} == null"

    def exists(self, node: ast.Exists) -> str:
        self.say("T611", node, f"Elasticsearch does not index null: `{node.field.name}: null` counts as missing")
        return f"{self.text_column(node.field, node)} != null"

    # --- keywords ---------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> str:
        fields = self.keyword_fields(node)
        return self.any_of([self.visit(ast.Match(field, node.patterns, node.cased, node.span)) for field in fields])

    def keyword_regex(self, node: ast.KeywordRegex) -> str:
        fields = self.keyword_fields(node)
        return self.any_of([self.visit(ast.Regex(field, node.regex, node.span)) for field in fields])

    def keyword_fields(self, node: Node) -> Sequence[Field]:
        """Where a keyword is looked for: the schema's fields for that."""
        fields = self.source.keyword_fields
        if not fields:
            message = "EQL has no search over all fields, and the schema names none to look for keywords in"
            self.refuse("T601", node, message, "bind the keyword to a field, or use the target `lucene`")
        self.say("T623", node, f"the keyword is looked for in {', '.join([field.name for field in fields])}")
        return fields


def _without_category(node: Node, name: str) -> Node | None:
    """The tree without what ``category where`` says already; None if nothing is left.

    The event category field is ``event.category`` unless the request names another ("Event categories").
    """
    if isinstance(node, ast.And):
        rest = tuple([child for child in node.children if not _is_category(child, name)])
        return (ast.And(rest, node.span) if len(rest) > 1 else rest[0]) if rest else None
    return None if _is_category(node, name) else node


def _is_category(node: Node, name: str) -> bool:
    if not isinstance(node, ast.Match) or node.field.name != "event.category":
        return False
    return any(pattern.kind == "equals" and pattern.text == name for pattern in node.patterns)


def _is_folded(field: Field) -> bool:
    """Whether the values that the query sees are in lower case."""
    return field.strings == "folded" or (field.strings == "text" and field.folded is not None)


def _cidr_match(name: str, networks: Sequence[str]) -> str:
    return f"cidrMatch({name}, {', '.join(map(quote, networks))})"


def as_regex(pattern: Pattern, cased: bool) -> Expression:
    """A pattern that wildcards cannot say."""
    if cased:
        return "regex", lucene_pattern(pattern, fold=False)
    if any(isinstance(token, str) and has_other_case(token) for token in pattern.tokens):
        return "regex", lucene_pattern(pattern, fold=True)
    return "regex~", lucene_pattern(pattern, fold=False)
