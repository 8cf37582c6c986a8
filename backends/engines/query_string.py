r"""Elasticsearch's query_string on Lucene's own classic ``QueryParser``.

Lucene reads the text; what it reads is then put on the mapped fields as Elasticsearch does in the
parser's hooks. Sources: Elastic docs, "Query string query"; Lucene's ``QueryParserBase``. Where both
differ, Elasticsearch 8.19 was asked:

- ``_exists_:f``, and ``f:*`` for any type of field;
- a query of nothing but NOT finds what is left of everything, at every level of parentheses;
- an unquoted value that begins with ``<`` or ``>`` is a range, escaped or not (but not without a field
  where the default fields are listed);
- a value without a field is looked for in the default fields, in each as its type wants;
- where those are all fields, as by default, "format-based errors" are ignored (``lenient``): the
  comparison finds nothing, and NOT before it everything. An expression that is too long is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from backends.engines.index import analyzer
from backends.engines.jvm import failure, java, lucene
from backends.engines.mapped import Bound, Mapped, Unfit, any_of, check_length, everything, nothing, occur
from transpiler.engine import CannotRun

DEFAULT = ""
"""The parser's name for the default fields."""


class QueryString:
    """One query text over mapped fields; ``fields``: the default ones (None: all)."""

    def __init__(self, mapped: Mapped, fields: Sequence[str] | None = None, *, lenient: bool | None = None) -> None:
        self.mapped = mapped
        self.fields = fields
        self.lenient = fields is None if lenient is None else lenient
        self._tokens: list[_Token] = []
        self._quotes: dict[str, list[bool]] | None = None
        self._words = "text" in mapped.kinds.values()

    def read(self, text: str) -> Any:
        """The query of Lucene. Raises CannotRun where the server answers with an error."""
        if not text.strip():
            return nothing()
        try:
            self._tokens = _tokens(text)
            if any(token.kind == "FUZZY_SLOP" for token in self._tokens):
                raise CannotRun("fuzzy terms and phrases with slop are not run")
            tree = _parser().parse(_shortened(text, self._tokens))
        except failure() as error:
            raise CannotRun(f"Lucene's parser refuses the query: {_first_line(error)}") from error
        found = self._put(tree)
        return nothing() if found is None else found

    # --- the tree ---------------------------------------------------------------------------------------

    def _put(self, query: Any) -> Any:
        """A query of the parser's on the fields; None where nothing is left of it."""
        return _PUT[type(query).__name__.rpartition(".")[2]](self, query)

    def _boost(self, query: Any) -> Any:
        return self._put(query.getQuery())

    def _as_it_is(self, query: Any) -> Any:
        return query

    def _clauses(self, query: Any) -> Any:
        builder = lucene("search.BooleanQuery$Builder")()
        unwanted = occur("MUST_NOT")
        kept, negative = 0, True
        for clause in query.clauses():
            found, how = self._put(clause.query()), clause.occur()
            if found is not None:
                builder.add(found, how)
                kept += 1
                negative = negative and bool(how == unwanted)
        if not kept:
            return None
        if negative:
            builder.add(everything(), occur("FILTER"))
        return builder.build()

    # --- leaves -----------------------------------------------------------------------------------------

    def _term(self, query: Any) -> Any:
        name, text = _name_and_text(query.getTerm())
        quoted = (self._words or text[:1] in _RANGES) and self._was_quoted(text)
        if name == "_exists_":
            return self.mapped.exists(text)
        if (name != DEFAULT or self.fields is None) and len(text) > 1 and text[0] in _RANGES and not quoted:
            within = len(text) > 2 and text[1] == "="
            bound = (text[2 if within else 1 :], within)
            low, high = (bound, None) if text[0] == ">" else (None, bound)
            return self._each(name, lambda each: self.mapped.range(each, low, high, parsed=True))
        return self._each(name, lambda each: self.mapped.match(each, text, phrase=quoted))

    def _prefix(self, query: Any) -> Any:
        name, text = _name_and_text(query.getPrefix())
        return self._each(name, lambda each: self.mapped.prefix(each, text, parsed=True))

    def _wildcard(self, query: Any) -> Any:
        name, text = _name_and_text(query.getTerm())
        if text == "*":
            if name == DEFAULT and self.fields is None:
                return everything()
            return any_of([self.mapped.exists(each) for each in self._names(name)])
        text = self._tokens[int(text[:-1])].image
        return self._each(name, lambda each: self.mapped.wildcard(each, text, parsed=True))

    def _regexp(self, query: Any) -> Any:
        name, number = _name_and_text(query.getRegexp())
        text = self._tokens[int(number)].image[1:-1]
        check_length(text)
        return self._each(name, lambda each: self.mapped.regexp(each, text))

    def _range(self, query: Any) -> Any:
        low = _bound(query.getLowerTerm(), query.includesLower())
        high = _bound(query.getUpperTerm(), query.includesUpper())
        return self._each(str(query.getField()), lambda each: self.mapped.range(each, low, high, parsed=True))

    # --- fields -----------------------------------------------------------------------------------------

    def _names(self, name: str) -> Sequence[str]:
        if name == DEFAULT:
            return self.mapped.every() if self.fields is None else self.fields
        return self.mapped.named(name) if "*" in name else [name]

    def _each(self, name: str, ask: Callable[[str], Any]) -> Any:
        """What one of the fields of a name answers; None: there is nothing to ask."""
        names = self._names(name)
        found = [query for query in [self._lenient(ask, each) for each in names] if query is not None]
        return None if names and not found else any_of(found)

    def _lenient(self, ask: Callable[[str], Any], name: str) -> Any:
        try:
            return ask(name)
        except Unfit as reason:
            if self.lenient:
                return nothing()
            raise CannotRun(f"Elasticsearch answers with an error: {reason}") from reason

    # --- quotes -----------------------------------------------------------------------------------------

    def _was_quoted(self, text: str) -> bool:
        """Whether the next value of this text stood in quotes, which the parser's tree no longer says."""
        if self._quotes is None:
            self._quotes = _quotes(self._tokens)
        found = self._quotes.get(text)
        return found.pop(0) if found else False


_RANGES = ("<", ">")

_PUT: dict[str, Callable[[QueryString, Any], Any]] = {
    "BooleanQuery": QueryString._clauses,
    "BoostQuery": QueryString._boost,
    "TermQuery": QueryString._term,
    "PrefixQuery": QueryString._prefix,
    "WildcardQuery": QueryString._wildcard,
    "RegexpQuery": QueryString._regexp,
    "TermRangeQuery": QueryString._range,
    "MatchAllDocsQuery": QueryString._as_it_is,
}


def _name_and_text(term: Any) -> tuple[str, str]:
    return str(term.field()), str(term.text())


def _bound(term: Any, within: Any) -> Bound:
    return None if term is None else (str(term.utf8ToString()), bool(within))


def _first_line(error: Exception) -> str:
    return str(error).partition(": ")[2].partition("\n")[0]


# --- Lucene's parser and its tokens ---------------------------------------------------------------------


@cache
def _parser() -> Any:
    """Lucene's parser as query_string sets it up; its analyzer leaves every value whole."""
    parser = lucene("queryparser.classic.QueryParser")(DEFAULT, analyzer("keyword"))
    parser.setAllowLeadingWildcard(True)
    lucene("search.IndexSearcher").setMaxClauseCount(2**20)  # the server's grows with its heap
    return parser


class _Token(NamedTuple):
    """A token of Lucene's; ``begin`` and ``end`` count UTF-16 units, and are 0 where nobody asks."""

    kind: str
    image: str
    begin: int = 0
    end: int = 0


_KINDS = ("TERM", "QUOTED", "COLON", "WILDTERM", "REGEXPTERM", "FUZZY_SLOP")


@cache
def _kinds() -> dict[int, str]:
    """The kinds of tokens that matter here."""
    constants = lucene("queryparser.classic.QueryParserConstants")
    return {int(getattr(constants, name)): name for name in _KINDS}


def _tokens(text: str) -> list[_Token]:
    """The tokens that Lucene's parser sees."""
    stream = lucene("queryparser.charstream.FastCharStream")(java("java.io.StringReader")(text))
    manager = lucene("queryparser.classic.QueryParserTokenManager")(stream)
    known = _kinds()
    found: list[_Token] = []
    while kind := int((token := manager.getNextToken()).kind):
        name = known.get(kind, "")
        if name in _SHORT:
            found.append(_Token(name, str(token.image), int(token.beginColumn), int(token.endColumn)))
        else:
            found.append(_Token(name, str(token.image) if name else ""))
    return found


_SHORT = {"WILDTERM": "{}?", "REGEXPTERM": "/{}/"}
"""What stands for a wildcard or expression while the parser reads: the number of its token."""


def _shortened(text: str, tokens: Sequence[_Token]) -> str:
    """The text with something short for each wildcard and expression.

    Lucene's parser makes an automaton of each as it reads, for fields that nobody asks about, and ends at
    the first that it cannot make; see also :data:`mapped.FEW`.
    """
    units = text.encode("utf-16-le")
    parts, last = [], 0
    for number, token in enumerate(tokens):
        if token.kind in _SHORT:
            parts += [units[2 * last : 2 * token.begin], _SHORT[token.kind].format(number).encode("utf-16-le")]
            last = token.end
    return b"".join([*parts, units[2 * last :]]).decode("utf-16-le")


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def _quotes(tokens: Sequence[_Token]) -> dict[str, list[bool]]:
    """Each value, and for each time it stands in the text whether it stands in quotes."""
    found: dict[str, list[bool]] = {}
    for token, after in zip(tokens, [*tokens[1:], _Token("", "")], strict=True):
        if token.kind == "QUOTED" or (token.kind == "TERM" and after.kind != "COLON"):
            value = token.image[1:-1] if token.kind == "QUOTED" else token.image
            value = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], value)
            found.setdefault(value, []).append(token.kind == "QUOTED")
    return found
