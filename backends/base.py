"""What all backends share: one method per node, precedence in one place, capability checks.

A backend is a class derived from :class:`Visitor` (or :class:`TextVisitor` for languages of infix
operators). The class says what it is in ``LANGUAGE``, what it cannot say in ``UNSUPPORTED``, and has
a method for every other node class. Completeness is checked when the class is made.

Architecture invariant: an instance renders one query and is thrown away; the class holds no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, NoReturn, TypeVar

from transpiler import ast
from transpiler.ast import Node
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import Unsupported
from transpiler.query import Options, Source

F = TypeVar("F")
"""What rendering a node gives: text for most languages, a dictionary for Query DSL."""


@dataclass(frozen=True, slots=True)
class Language:
    """A query language as the user sees it.

    ``name`` is the target's name, ``extension`` the ending of its query files (no dot), ``comment``
    what starts a comment line (None: the language has none) and ``comment_end`` what must end it
    (empty: the line's end does), ``schemas`` the schemas whose names it can use, its default first;
    ``none`` fits every language and is not listed.
    """

    name: str
    title: str
    extension: str
    comment: str | None
    schemas: tuple[str, ...]
    comment_end: str = ""


METHODS: dict[type[Node], str] = {
    ast.And: "and_",
    ast.Or: "or_",
    ast.Not: "not_",
    ast.Match: "match",
    ast.Equals: "equals",
    ast.Compare: "compare",
    ast.Cidr: "cidr",
    ast.Regex: "regex",
    ast.FieldRef: "fieldref",
    ast.Exists: "exists",
    ast.IsNull: "is_null",
    ast.TimePart: "time_part",
    ast.Keyword: "keyword",
    ast.KeywordRegex: "keyword_regex",
}
"""The method that renders each node class."""


class Visitor(Generic[F]):
    """Renders a tree in one language.

    A subclass that is itself only a base says ``class X(Visitor[str], abstract=True)``.

    ``and_`` and ``or_`` get ``children=[...]``, ``not_`` gets ``child=...``, already rendered; a
    leaf's method gets the node alone.
    """

    LANGUAGE: ClassVar[Language]
    UNSUPPORTED: ClassVar[Mapping[type[Node], str]] = {}
    """Node class -> why the language cannot say it (a sentence for the diagnostic)."""

    ADDRESSES: ClassVar[bool] = False
    """Whether an address has a column type of its own, so that a column of addresses holds no other text."""

    _table: ClassVar[dict[type[Node], Callable[..., Any]]]

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if abstract:
            return
        table: dict[type[Node], Callable[..., Any]] = {}
        for node_class, name in METHODS.items():
            if node_class in cls.UNSUPPORTED:
                table[node_class] = Visitor._unsupported
            elif callable(method := getattr(cls, name, None)):
                table[node_class] = method
            else:
                raise TypeError(f"{cls.__name__} neither handles {node_class.__name__} nor declares it unsupported")
        table[ast.And] = cls.visit_and
        table[ast.Or] = cls.visit_or
        table[ast.Not] = cls.visit_not
        cls._table = table

    def __init__(self, source: Source, options: Options) -> None:
        self.source = source
        self.options = options
        self.diagnostics: list[Diagnostic] = []
        self.negations = 0
        """How many Not nodes the current node is below."""

    @classmethod
    def render(cls, node: Node, source: Source, options: Options) -> tuple[str, tuple[Diagnostic, ...]]:
        """The query that means ``node``, and the warnings and notes it carries.

        Raises Unsupported, with the node's span, when the language cannot say it.
        """
        visitor = cls(source, options)
        text = visitor.query(node)
        if cls.ADDRESSES:
            visitor.say_mixed()
        # A plain string, so that a query can be pickled: a Compound cannot.
        return str(text), tuple(dict.fromkeys(visitor.diagnostics))

    def query(self, node: Node) -> str:
        """The whole query: what stands around the condition, and the condition."""
        raise TypeError(f"{type(self).__name__} does not say what a whole query is")

    def visit(self, node: Node) -> F:
        """Render one node and what is below it."""
        return self._table[type(node)](self, node)  # type: ignore[no-any-return]

    # --- saying what is not exact ---------------------------------------------------------

    def refuse(self, code: str, node: Node, message: str, hint: str = "") -> NoReturn:
        """Give the query up: the language cannot say ``node``. Raises Unsupported."""
        raise Unsupported(diagnostic(code, message, node.span, hint=hint, target=self.LANGUAGE.name))

    def say(self, code: str, node: Node, message: str, hint: str = "") -> None:
        """Attach a warning or note (the code's severity decides) to the query."""
        self.diagnostics.append(diagnostic(code, message, node.span, hint=hint, target=self.LANGUAGE.name))

    def say_mixed(self) -> None:
        """Warn of fields that are compared with networks and with text that is no address."""
        others = "choose `splunk` or `kusto`, where addresses are text, `esql` if the column is text"
        for name, span in self.source.mixed:
            message = f"`{name}` is compared with networks and with other text; one column cannot hold both"
            hint = f"{others}, or drop one of the two"
            self.diagnostics.append(diagnostic("T615", message, span, hint=hint, target=self.LANGUAGE.name))

    # --- the three operators ----------------------------------------------------------------

    def visit_and(self, node: ast.And) -> F:
        return self.and_(node, children=[self.visit(child) for child in node.children])

    def visit_or(self, node: ast.Or) -> F:
        return self.or_(node, children=[self.visit(child) for child in node.children])

    def visit_not(self, node: ast.Not) -> F:
        self.negations += 1
        child = self.visit(node.child)
        self.negations -= 1
        return self.not_(node, child=child)

    def _unsupported(self, node: Node) -> NoReturn:
        self.refuse("T601", node, self.UNSUPPORTED[type(node)])

    def and_(self, node: ast.And, *, children: Sequence[F]) -> F:
        """Every child holds."""
        raise TypeError("and_ is not defined")

    def or_(self, node: ast.Or, *, children: Sequence[F]) -> F:
        """At least one child holds."""
        raise TypeError("or_ is not defined")

    def not_(self, node: ast.Not, *, child: F) -> F:
        """The child does not hold."""
        raise TypeError("not_ is not defined")


Operator = Literal["and", "or", "not"]


class Compound(str):
    """Rendered text with an operator at its top: it needs parentheses under another operator.

    Text that is a plain ``str`` stands anywhere as it is. A leaf that renders as several
    comparisons returns a Compound too (``all_of``, ``any_of``).
    """

    __slots__ = ("operator",)

    operator: Operator

    def __new__(cls, text: str, operator: Operator) -> Compound:
        self = super().__new__(cls, text)
        self.operator = operator
        return self


class TextVisitor(Visitor[str], abstract=True):
    """A language of infix operators. Mixed AND/OR/NOT is always parenthesised."""

    AND: ClassVar[str] = " AND "
    OR: ClassVar[str] = " OR "
    NOT: ClassVar[str] = "NOT "

    def all_of(self, parts: Sequence[str]) -> str:
        """Join by AND; one part stands as it is."""
        return self._join(parts, "and", self.AND)

    def any_of(self, parts: Sequence[str]) -> str:
        """Join by OR; one part stands as it is."""
        return self._join(parts, "or", self.OR)

    def negate(self, part: str) -> str:
        """Put NOT before a part."""
        return Compound(self.NOT + self.nest(part), "not")

    def nest(self, part: str, under: Operator | None = None) -> str:
        """The part as an operand of ``under`` (None: of any other operator)."""
        if isinstance(part, Compound) and part.operator != under:
            return f"({part})"
        return part

    def _join(self, parts: Sequence[str], operator: Operator, glue: str) -> str:
        if len(parts) == 1:
            return parts[0]
        return Compound(glue.join([self.nest(part, operator) for part in parts]), operator)

    def and_(self, node: ast.And, *, children: Sequence[str]) -> str:
        return self.all_of(children)

    def or_(self, node: ast.Or, *, children: Sequence[str]) -> str:
        return self.any_of(children)

    def not_(self, node: ast.Not, *, child: str) -> str:
        return self.negate(child)
