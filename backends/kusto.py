r"""Kusto, the KQL of Microsoft: Sentinel, Defender XDR, Azure Data Explorer.

A query is ``Table | where <predicate>`` where the schema or ``--table`` names the table, else the
predicate alone, to be put behind the user's own ``Table | where``.

Sources: Microsoft's KQL reference (learn.microsoft.com/kusto/query), by the page named at each
fact. "Measured" is what Microsoft's own engine answers, as the open emulator comparisons of
duckdb-kql record it.

Null and missing
    Strings are never null ("null values"): a missing one reads as ``""``, which a rule tells from
    ``""`` and the query cannot (T611). On other types ``==``, ``in`` and the string operators are
    false on null ("null values"; measured), but ``<``, ``>`` and the ``ipv4_``/``ipv6_`` functions
    are null, and ``not(null)`` is null: below a Not those stand in ``coalesce(..., false)``.
Letter case
    ``=~``, ``in~``, ``contains``, ``startswith``, ``endswith`` ignore the case of ASCII letters alone
    ("String operators" says to use ``tolower`` for others). So a value beyond ASCII is compared through
    ``tolower`` on both sides or, if none of its letters has two cases, by the exact operators.
    ``has`` compares words, not parts, and is never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from ipaddress import IPv6Network
from typing import ClassVar, Literal

from backends.base import Compound, Language, TextVisitor
from backends.kusto_lexis import column, number_literal, path, source, text_literal
from backends.regexes import Lacks, re2, re2_pattern
from transpiler import ast
from transpiler.pattern import Pattern, literal
from transpiler.regex import to_python

TEXT_TYPES = frozenset({"string", "ip", "unknown"})
"""Columns that are strings in Kusto, which has no type for addresses. What nobody typed is taken
for a string where the rule compares it with one."""

NULLABLE = frozenset({"int", "float", "bool", "datetime"})
"""Columns whose missing values are null and nothing else."""

FOLDING = {"equals": "=~", "startswith": "startswith", "endswith": "endswith", "contains": "contains"}
"""Kind of pattern -> the operator that ignores the case of ASCII letters."""

EXACT = {"equals": "==", "startswith": "startswith_cs", "endswith": "endswith_cs", "contains": "contains_cs"}
"""Kind of pattern -> the operator for which case counts."""

EQUALS: dict[str, frozenset[bool]] = {
    "int": frozenset({False}),
    "float": frozenset({False}),
    "bool": frozenset({True}),
    "unknown": frozenset({False, True}),
}
"""Columns that hold numbers (False) or booleans (True); on others these are compared as text."""

COMPARISONS: dict[ast.Comparison, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

OPPOSITES = {"isempty": "isnotempty", "isnotempty": "isempty", "isnull": "isnotnull", "isnotnull": "isnull"}
"""A function of presence -> the one that is true where it is false; neither is ever null."""

TIME_PARTS: dict[ast.TimeUnit, str] = {
    "minute": 'datetime_part("minute", ',
    "hour": "hourofday(",
    "day": "dayofmonth(",
    "week": "week_of_year(",  # ISO 8601 ("week_of_year()")
    "month": "monthofyear(",
    "year": "getyear(",
}
"""Unit -> the call that takes it from a datetime, up to its last argument."""

GROUP = 100
"""How many operands stand in a row: each makes the query's syntax tree one deeper, and Microsoft's
parser refuses to analyse one deeper than 500 or so."""

_DECIMAL = '@"^-?[0-9]+([.][0-9]+)?$"'
_MAPPED = IPv6Network("::ffff:0:0/96")


class Kusto(TextVisitor):
    """Renders a tree as a Kusto predicate, behind its table if one is known."""

    LANGUAGE: ClassVar[Language] = Language(
        name="kusto",
        title="Kusto (KQL of Microsoft): Sentinel, Defender XDR, Azure Data Explorer",
        extension="kusto",
        comment="//",
        schemas=("sentinel", "asim", "defender_xdr"),
    )

    AND = " and "
    OR = " or "

    def query(self, node: ast.Node) -> str:
        """``Table | where predicate``, or the predicate alone where nothing names the table."""
        predicate = self.visit(node)
        table = self.options.table or self.source.table
        return f"{source(table)}\n| where {predicate}" if table else str(predicate)

    def not_(self, node: ast.Not, *, child: str) -> str:
        """``not(...)``; ``isempty(f)`` in place of ``not(isnotempty(f))``."""
        if isinstance(node.child, ast.IsNull | ast.Exists) or _is_any(node.child):
            name, _, rest = child.partition("(")
            return f"{OPPOSITES[name]}({rest}"
        return self.negate(child)

    def negate(self, part: str) -> str:
        """``not`` is a function."""
        return f"not({part})"

    def all_of(self, parts: Sequence[str]) -> str:
        """``a and b``, in groups if there are very many."""
        return super().all_of(self.grouped(parts, "and"))

    def any_of(self, parts: Sequence[str]) -> str:
        """``a or b``, in groups if there are very many."""
        return super().any_of(self.grouped(parts, "or"))

    def grouped(self, parts: Sequence[str], operator: Literal["and", "or"]) -> Sequence[str]:
        """The parts, or groups of them in parentheses, which mean the same and nest less deeply."""
        if len(parts) <= GROUP:
            return parts
        glue = self.AND if operator == "and" else self.OR
        starts = range(0, len(parts), GROUP)
        groups = [glue.join([self.nest(part, operator) for part in parts[at : at + GROUP]]) for at in starts]
        return self.grouped([f"({group})" for group in groups], operator)

    # --- fields -----------------------------------------------------------------------------

    def name(self, field: ast.Field, node: ast.Node) -> str:
        """The column, or the path into a dynamic one."""
        if field.many:
            self.say("T614", node, f"{field.name} may hold several values; Kusto compares the text of the whole list")
        name = path(field.name) if field.type == "dynamic" else column(field.name)
        if name is None:
            self.refuse("T604", node, f"{field.name[:40]!r} cannot be a Kusto column: a name has 1 to 1,024 characters")
        return name

    def text(self, field: ast.Field, node: ast.Node) -> str:
        """The column as a string. Null becomes ``""`` ("tostring()"; measured)."""
        name = self.name(field, node)
        if field.type in TEXT_TYPES:
            return name
        if field.type == "datetime":
            self.refuse(
                "T601",
                node,
                f"{field.name} is a datetime column, whose text is not the one of the original event",
                "compare a part of it (hour, day, ...) or a text column",
            )
        if field.type == "float":
            self.say("T615", node, f"{field.name} is compared with the text that Kusto makes of the number")
        return f"tostring({name})"

    def certain(self, predicate: str) -> str:
        """A predicate that may be null, made false there if a Not is above it."""
        return f"coalesce({predicate}, false)" if self.negations else predicate

    def warn_empty(self, node: ast.Node, name: str, treated: str) -> None:
        """Say that a missing string and an empty one are the same, and what that does here."""
        self.say("T611", node, f"{name}: Kusto's strings are never null, a missing one is empty; {treated}")

    # --- text -------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        """``f =~ "a"``, ``f in~ ("a", "b")``, ``f contains "a" or f endswith "b"``."""
        text = self.text(node.field, node)
        operators = EXACT if node.cased else FOLDING
        whole: list[str] = []
        parts: list[str] = []
        for pattern in node.patterns:
            operator = operators.get(pattern.kind)
            if operator is None:
                parts.append(self.odd(node, pattern, text))
            elif not node.cased and not pattern.text.isascii():
                parts.append(_beyond_ascii(pattern, text))
            elif pattern.kind == "equals":
                whole.append(text_literal(pattern.text))
            else:
                parts.append(f"{text} {operator} {text_literal(pattern.text)}")
        if whole:
            if '""' in whole:
                self.warn_empty(node, node.field.name, "a missing one is found too")
            equals = "==" if whole == ['""'] else operators["equals"]
            parts.insert(0, _one_of(text, whole, equals, "in" if node.cased else "in~"))
        return self.any_of(parts)

    def odd(self, node: ast.Match, pattern: Pattern, text: str) -> str:
        """A pattern that no string operator says: any value, inner wildcards, dashes."""
        if pattern.kind == "any":
            return self.present(node.field, node)
        return f"{text} matches regex {_glob(pattern, node.cased)}"

    def regex(self, node: ast.Regex) -> str:
        """``matches regex`` finds the expression anywhere in the value, as a rule means it."""
        text = self.text(node.field, node)
        found = f"{text} matches regex {self.expression(node)}"
        if to_python(node.regex).search("") is None:
            return found
        if node.field.type not in NULLABLE:
            self.warn_empty(node, node.field.name, "the expression matches the empty string, which counts as missing")
        return self.all_of([f"isnotempty({text})", found])

    def expression(self, node: ast.Regex | ast.KeywordRegex) -> str:
        """The rule's expression in Kusto's dialect, as a literal."""
        try:
            return text_literal(re2(node.regex))
        except Lacks as lack:
            self.refuse("T603", node, f"Kusto's regular expressions have no {lack.what}")

    def fieldref(self, node: ast.FieldRef) -> str:
        """Two columns of one type by value, else their texts, folded by ``tolower`` unless cased."""
        field, other = node.field, node.other
        if node.part == "equals" and _comparable(field.type, other.type):
            # null == null is null ("null values")
            return self.certain(f"{self.name(field, node)} == {self.name(other, node)}")
        text, other_text = self.text(field, node), self.text(other, node)
        if other.type not in NULLABLE:
            self.warn_empty(node, other.name, "an empty one equals nothing and is part of nothing")
        operator = EXACT[node.part]
        guard = f"isnotempty({other_text})"
        if not node.cased:
            text, other_text = f"tolower({text})", f"tolower({other_text})"
        return self.all_of([guard, f"{text} {operator} {other_text}"])

    # --- presence ---------------------------------------------------------------------------

    def exists(self, node: ast.Exists) -> str:
        """``isnotempty`` for strings, ``isnotnull`` for the rest."""
        if node.field.type in NULLABLE:
            self.say("T611", node, f"{node.field.name}: a null in the event is a missing value in Kusto")
        return self.present(node.field, node)

    def present(self, field: ast.Field, node: ast.Node) -> str:
        """The field has a value; on strings that the value is not empty, with a warning."""
        name = self.name(field, node)
        if field.type in NULLABLE:
            return f"isnotnull({name})"
        self.warn_empty(node, field.name, "an empty one counts as missing")
        return f"isnotempty({_string(field, name)})"

    def is_null(self, node: ast.IsNull) -> str:
        """``isempty`` for strings, on which ``isnull`` is always false; ``isnull`` for the rest."""
        name = self.name(node.field, node)
        if node.field.type in NULLABLE:
            return f"isnull({name})"
        self.warn_empty(node, node.field.name, "an empty one is found too")
        return f"isempty({_string(node.field, name)})"

    # --- numbers, booleans, dates -----------------------------------------------------------

    def equals(self, node: ast.Equals) -> str:
        """``f == 1``, ``f in (1, 2)``; by their text where the column holds something else."""
        kinds = {type(value) is bool for value in node.values}
        if len(kinds) == 1 and kinds <= EQUALS.get(node.field.type, frozenset()):
            return _one_of(self.name(node.field, node), self.numbers(node, node.values), "==", "in")
        patterns = tuple([literal(_decimal(value)) for value in node.values])
        return self.match(ast.Match(node.field, patterns, span=node.span))

    def numbers(self, node: ast.Node, values: tuple[int | float | bool, ...]) -> list[str]:
        """The values as literals. Raises Unsupported for one that Kusto cannot hold."""
        literals = []
        for value in values:
            literal = number_literal(value)
            if literal is None:
                self.refuse("T601", node, f"Kusto has no number {str(value)[:40]}", "use a value within 64 bits")
            literals.append(literal)
        return literals

    def compare(self, node: ast.Compare) -> str:
        """``f > 5``; on a string only where it is a decimal number."""
        field = node.field
        if field.type in ("bool", "datetime"):
            self.refuse("T601", node, f"{field.name} is a {field.type} column, and the rule compares it with a number")
        (limit,) = self.numbers(node, (node.value,))
        name = self.name(field, node)
        if field.type in ("int", "float", "unknown"):
            return self.certain(f"{name} {COMPARISONS[node.op]} {limit}")
        text = name if field.type != "dynamic" else f"tostring({name})"
        # todouble() also reads 0x10 and 1e3, which are no decimal numbers to a rule
        decimal = f"{text} matches regex {_DECIMAL} and todouble({text}) {COMPARISONS[node.op]} {limit}"
        return self.certain(Compound(decimal, "and"))

    def time_part(self, node: ast.TimePart) -> str:
        """``hourofday(f) in (1, 2)``. Kusto's datetimes are in UTC ("The datetime data type")."""
        field = node.field
        if field.type in ("int", "float", "bool"):
            self.refuse("T601", node, f"{field.name} is a {field.type} column, not a date")
        time = self.name(field, node)
        if field.type != "datetime":
            self.say("T624", node, f"{field.name} is no datetime column: its text is read by todatetime()")
            time = f"todatetime({time})"
        return _one_of(f"{TIME_PARTS[node.unit]}{time})", [str(value) for value in node.values], "==", "in")

    # --- addresses --------------------------------------------------------------------------

    def cidr(self, node: ast.Cidr) -> str:
        """``ipv4_is_in_range(f, "10.0.0.0/8")``, null on what is no address of that version."""
        if node.field.type not in TEXT_TYPES and node.field.type != "dynamic":
            self.refuse("T601", node, f"{node.field.name} is a {node.field.type} column, not an address")
        address = self.text(node.field, node)
        by_version: dict[int, list[str]] = {}
        parts: list[str] = []
        for network in node.networks:
            if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
                # the ipv6_ functions read an IPv4 address as ::ffff:a.b.c.d ("ipv6_compare()")
                parts.append(self.all_of([_in_networks(address, 6, [_range(network)]), f'{address} contains ":"']))
            else:
                by_version.setdefault(network.version, []).append(str(network))
        parts[:0] = [_in_networks(address, version, networks) for version, networks in by_version.items()]
        return self.certain(self.any_of(parts))

    # --- keywords ---------------------------------------------------------------------------

    def keyword(self, node: ast.Keyword) -> str:
        """``* contains "word"``: the documented meaning of ``search "*word*"`` ("search operator")."""
        parts = []
        for pattern in node.patterns:
            if pattern.kind == "any":
                parts.append("true")
            elif pattern.kind == "contains" and not node.cased and pattern.text.isascii():
                parts.append(f"* contains {text_literal(pattern.text)}")
            elif pattern.kind == "contains" and (node.cased or _one_case(pattern.text)):
                parts.append(f"* contains_cs {text_literal(pattern.text)}")
            else:  # tolower(*) is not allowed; (?i) folds all letters
                parts.append(f"* matches regex {_glob(pattern, node.cased)}")
        self.note_star(node)
        return self.any_of(parts)

    def keyword_regex(self, node: ast.KeywordRegex) -> str:
        """``* matches regex``: some column matches."""
        self.note_star(node)
        return f"* matches regex {self.expression(node)}"

    def note_star(self, node: ast.Node) -> None:
        """Say what ``*`` is known to look into."""
        self.say(
            "T624",
            node,
            "keywords are looked for in every column of the table (`*`); Microsoft does not document that this "
            "finds text inside columns of numbers",
        )


def _is_any(node: ast.Node) -> bool:
    """Whether every value that is present matches."""
    return isinstance(node, ast.Match) and [pattern.kind for pattern in node.patterns] == ["any"]


def _one_of(left: str, values: list[str], equals: str, among: str) -> str:
    if len(values) == 1:
        return f"{left} {equals} {values[0]}"
    return f"{left} {among} ({', '.join(values)})"


def _glob(pattern: Pattern, cased: bool) -> str:
    """A pattern as the literal of a regular expression."""
    return text_literal(re2_pattern(pattern, cased=cased))


def _one_case(text: str) -> bool:
    """Whether no letter of the text has another case."""
    return text.lower() == text.upper()


def _beyond_ascii(pattern: Pattern, text: str) -> str:
    """A caseless comparison with a value for which the operators that ignore case are not made."""
    operator, value = EXACT[pattern.kind], text_literal(pattern.text)
    if _one_case(pattern.text):
        return f"{text} {operator} {value}"
    return f"tolower({text}) {operator} tolower({value})"


def _string(field: ast.Field, name: str) -> str:
    """A column as an argument of isempty() and isnotempty(), which are documented for strings."""
    return name if field.type in ("string", "ip") else f"tostring({name})"


def _comparable(one: ast.FieldType, other: ast.FieldType) -> bool:
    """Whether ``==`` compares two columns by their values, neither of them a string."""
    numbers = ("int", "float")
    return (one == other and one in NULLABLE) or (one in numbers and other in numbers)


def _decimal(value: int | float | bool) -> str:
    """The text of a number as a rule means it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _range(network: IPv6Network) -> str:
    """A network as ``::ffff:a00:0/104``; with a dotted end (Python 3.13) the length would count 32 bits."""
    if network.network_address not in _MAPPED:
        return str(network)
    low = int(network.network_address) & 0xFFFF_FFFF
    return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}/{network.prefixlen}"


def _in_networks(address: str, version: int, networks: list[str]) -> str:
    function = f"ipv{version}_is_in_range" if len(networks) == 1 else f"ipv{version}_is_in_any_range"
    return f"{function}({', '.join([address, *map(text_literal, networks)])})"
