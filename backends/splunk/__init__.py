r"""Splunk SPL: ``search`` terms first and, only where needed, one later ``| where`` stage.

What ``search`` can say is said there: it is what Splunk runs against the index. It cannot say ``?``, a
literal ``*``, a ``*`` inside a value, expressions, comparisons of two fields and letter case; those
leaves are for ``where`` (:mod:`backends.splunk.where`). A leaf moves there alone only if it is a
top-level conjunct; under OR and NOT the whole conjunct moves, so that the logic stays the rule's. What
``search`` can say of such a conjunct stands before it as well, lest ``where`` read every event.

Sources, Splunk Enterprise 10.0: Search Reference, "search" (S), "where" (W), "Comparison and Conditional
functions" (F); Search Manual, "Wildcards" (M), "Backslashes" (B) and "Add comments to searches" (C).
Where they speak:

- ``NOT f=v`` finds events without the field, ``f!=v`` does not; ``NOT f=*`` finds those alone (S, 6).
- ``search`` evaluates NOT, then OR, then AND; eval NOT, AND, OR (S and W, "Boolean expressions"): every mix
  is in parentheses. AND is implied between terms.
- ``=`` and IN compare text, ``< > <= >=`` numbers if both sides are (S, "Comparison expression options").
- A network as the value of ``=`` or IN matches the addresses in it (S, "CIDR matching").
- The backslash cannot escape the asterisk (B). A ``*`` inside a value is looked for within one segment of
  the index, so that it fails across punctuation and blanks (M, "Avoid using wildcards in the middle of a
  string"). ``?`` is no wildcard.
- Comments stand between three back-quotes on each side (C).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NoReturn

from backends.base import Compound, Language, Operator, TextVisitor
from backends.splunk.remarks import say_precision, say_raw, say_unfolded, say_vanishing
from backends.splunk.text import COMPARISONS, NETWORK, UNSEARCHABLE, escaped, number, quoted, search_name, texts_of
from transpiler import ast
from transpiler.ast import Node
from transpiler.pattern import Kind, Pattern, variants
from transpiler.query import Options, Source

if TYPE_CHECKING:
    from backends.splunk.where import Where

LANGUAGE = Language("splunk", "Splunk SPL", "spl", "```", ("splunk", "splunk_cim"), comment_end="```")

AFFIXES: dict[Kind, tuple[str, str]] = {
    "equals": ('"', '"'),
    "startswith": ('"', '*"'),
    "endswith": ('"*', '"'),
    "contains": ('"*', '*"'),
}
"""What stands around the text of a pattern of this kind; other kinds have no form in ``search``."""

MAX_SPELLINGS = 5
"""``search`` lists the spellings of a value with one dash; more dashes are a class in ``where``."""


class NotInSearch(Exception):
    """``search`` cannot say this leaf: the sign to try ``where``, and no error."""


class Splunk(TextVisitor):
    """Renders the ``search`` form of a tree; what has none raises NotInSearch and goes to Where."""

    LANGUAGE: ClassVar[Language] = LANGUAGE
    AND: ClassVar[str] = " "
    PLACE: ClassVar[str] = "the index and time range"

    def __init__(self, source: Source, options: Options) -> None:
        super().__init__(source, options)
        self.later: list[Node] = []
        """The conjuncts that are for ``where``."""

    # --- the pipeline -------------------------------------------------------------------------------

    def query(self, node: Node) -> str:
        """Terms, then ``| where`` if some conjunct needs it. A condition is never empty.

        Without terms the query begins with ``*``: everything, in the searching role's default indexes.
        """
        if self.source.model:
            from backends.splunk.tstats import in_model

            return in_model(self, node, self.source.model)
        terms, stage = self.parts(node)
        if index := self.options.index or self.source.index:
            terms.insert(0, index_term(index))
        text = self.all_of(terms) if terms else "*"
        return f"{text} | where {stage}" if stage else text

    def parts(self, node: Node) -> tuple[list[str], str]:
        """The terms for ``search``, and the expression for ``where``, which may be empty."""
        try:
            return [self.visit(node)], ""
        except NotInSearch:
            return self._staged(node)

    def _staged(self, node: Node) -> tuple[list[str], str]:
        """The terms for ``search``, and the expression for ``where``: each conjunct is in one of them."""
        where = self._where()
        where.diagnostics = self.diagnostics
        self.diagnostics.clear()
        terms: list[str] = []
        stage: list[str] = []
        for conjunct in node.children if isinstance(node, ast.And) else (node,):
            if (term := self._term(conjunct)) is not None:
                terms.append(term)
                continue
            here, later = self._divided(conjunct)
            if here is not None:
                terms.append(self.visit(here))
            if (wider := self._implied(later)) is not None:
                terms.append(wider)
            stage.append(where.visit(later))
            self.later.append(later)
        if not terms:
            self.say("T620", node, f"`where` says the whole condition, so Splunk reads every event of {self.PLACE}")
        return terms, where.all_of(stage)

    def _where(self) -> Where:
        """What renders the later stage. Few queries have one, and the module needs the regular expressions."""
        from backends.splunk.where import Where

        return Where(self.source, self.options)

    def _term(self, node: Node) -> str | None:
        """The node for ``search``, or None; then no diagnostic of it is left."""
        said = len(self.diagnostics)
        try:
            return self.visit(node)
        except NotInSearch:
            del self.diagnostics[said:]
            self.negations = 0
            return None

    def _divided(self, node: Node) -> tuple[Node | None, Node]:
        """What of a conjunct that ``search`` cannot say whole it can say, and the rest.

        NOT (a OR b) is two conjuncts, NOT a and NOT b: one odd filter must not take the others along.
        """
        if not (isinstance(node, ast.Not) and isinstance(node.child, ast.Or)):
            return None, node
        here: list[Node] = []
        later: list[Node] = []
        for child in node.child.children:
            said = len(self.diagnostics)
            (later if self._term(child) is None else here).append(child)
            del self.diagnostics[said:]
        return (_none_of(here, node) if here else None), _none_of(later, node)

    def _implied(self, node: Node) -> str | None:
        """A condition for ``search`` that holds wherever the node does; None if there is none."""
        if isinstance(node, ast.And):
            parts = [part for child in node.children if (part := self._implied(child)) is not None]
            return self.all_of(parts) if parts else None
        if isinstance(node, ast.Or):
            parts = [part for child in node.children if (part := self._implied(child)) is not None]
            return self.any_of(parts) if len(parts) == len(node.children) else None
        said = len(self.diagnostics)
        term = self._term(node)
        del self.diagnostics[said:]
        return term

    # --- operators ------------------------------------------------------------------------------------

    def nest(self, part: str, under: Operator | None = None) -> str:
        """NOT comes first in ``search``, so it needs no parentheses beside AND: ``a NOT (b OR c)``."""
        if under == "and" and isinstance(part, Compound) and part.operator == "not":
            return part
        return super().nest(part, under)

    def negate(self, part: str) -> str:
        """NOT; twice is not at all."""
        if isinstance(part, Compound) and part.operator == "not":
            return part[len(self.NOT) :]
        return super().negate(part)

    # --- leaves ---------------------------------------------------------------------------------------

    def match(self, node: ast.Match) -> str:
        """``f="x"``, ``f IN ("x", "*y")``; ``f=*`` for any value."""
        values = self._values(node)
        if values is None:
            say_vanishing(self, node, node.field)
            return f"{self._name(node.field)}=*"
        return self._one_of(node.field, values)

    def _values(self, node: ast.Match | ast.Keyword) -> list[str] | None:
        """The patterns as quoted values; None if one of them is ``*``. Raises NotInSearch."""
        values: list[str] = []
        plain = True
        for pattern in node.patterns:
            affixes = AFFIXES.get(pattern.kind)
            text = pattern.text
            if affixes is None:
                if pattern.kind == "any":
                    return None
                values += self._spellings(pattern, node.cased)
                continue
            if UNSEARCHABLE(text) or (node.cased and text.lower() != text.upper()):
                raise NotInSearch
            plain = plain and text.isascii()
            if pattern.kind == "equals":
                if "/" in text and NETWORK(text):
                    raise NotInSearch
                if not text and isinstance(node, ast.Match):
                    say_vanishing(self, node, node.field)
            values.append(f"{affixes[0]}{escaped(text)}{affixes[1]}")
        if not plain:
            say_unfolded(self, node)
        return values

    def _spellings(self, pattern: Pattern, cased: bool) -> list[str]:
        """Each spelling of a value with a dash. Raises NotInSearch for more, and for other wildcards."""
        spellings = variants(pattern, MAX_SPELLINGS) if pattern.kind == "dashed" else None
        if spellings is None:
            raise NotInSearch
        values: list[str] = []
        for each in spellings:
            affixes = AFFIXES.get(each.kind)
            if affixes is None or UNSEARCHABLE(each.text) or (cased and each.text.lower() != each.text.upper()):
                raise NotInSearch
            values.append(f"{affixes[0]}{escaped(each.text)}{affixes[1]}")
        return values

    def equals(self, node: ast.Equals) -> str:
        """``f=4688``, ``f IN (1, 2)``, ``f="true"``."""
        texts = [text for value in node.values for text in texts_of(value)]
        return self._one_of(node.field, [text if text.isdigit() else quoted(text) for text in texts])

    def compare(self, node: ast.Compare) -> str:
        """``f>5``; a field that holds texts too needs the ``tonumber()`` of ``where``."""
        if node.field.type == "string":
            raise NotInSearch
        name = self._name(node.field)
        self.say("T624", node, f"{name} holds numbers; Splunk compares any other text character by character")
        say_precision(self, node)
        return f"{name}{COMPARISONS[node.op]}{number(node.value)}"

    def cidr(self, node: ast.Cidr) -> str:
        """``f="10.0.0.0/8"``."""
        return self._one_of(node.field, [quoted(str(network)) for network in node.networks])

    def exists(self, node: ast.Exists) -> str:
        """``f=*``."""
        say_vanishing(self, node, node.field)
        return f"{self._name(node.field)}=*"

    def is_null(self, node: ast.IsNull) -> str:
        """``NOT f=*``."""
        say_vanishing(self, node, node.field)
        return self.negate(f"{self._name(node.field)}=*")

    def keyword(self, node: ast.Keyword) -> str:
        """``"*word*"``: without a field, ``search`` looks into the raw event (S, "Index expression options")."""
        values = self._values(node)
        if values is None:
            return "*"
        say_raw(self, node)
        return self.any_of(values)

    def regex(self, node: ast.Regex) -> NoReturn:
        """Only ``where`` has expressions."""
        raise NotInSearch

    def fieldref(self, node: ast.FieldRef) -> NoReturn:
        """``search`` reads the other field's name as a value (S, "Comparing two fields")."""
        raise NotInSearch

    def time_part(self, node: ast.TimePart) -> NoReturn:
        """Only ``where`` has functions."""
        raise NotInSearch

    def keyword_regex(self, node: ast.KeywordRegex) -> NoReturn:
        """Only ``where`` has expressions."""
        raise NotInSearch

    def _one_of(self, field: ast.Field, values: Sequence[str]) -> str:
        name = self._name(field)
        return f"{name}={values[0]}" if len(values) == 1 else f"{name} IN ({', '.join(values)})"

    def _name(self, field: ast.Field) -> str:
        name = search_name(field.name)
        if name is None:
            raise NotInSearch
        return name


def _none_of(children: Sequence[Node], node: Node) -> Node:
    child = children[0] if len(children) == 1 else ast.Or(tuple(children), node.span)
    return ast.Not(child, node.span)


_PLAIN_INDEX = re.compile(r"[\w*-]+", re.ASCII).fullmatch


def index_term(names: str) -> str:
    """``index=x``, or ``index IN (x, y)`` for a list with commas."""
    each = [name if _PLAIN_INDEX(name) else quoted(name) for part in names.split(",") if (name := part.strip())]
    return f"index={each[0]}" if len(each) == 1 else f"index IN ({', '.join(each)})"
