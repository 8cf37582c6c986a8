"""Elasticsearch's Query DSL as queries of Lucene: the clauses that detection queries are made of.

Sources: Elastic docs, "Query DSL" (boolean, term, terms, wildcard, prefix, regexp, range, exists, match,
match_phrase, multi_match, query_string, constant_score); confirmed on Elasticsearch 8.19. A clause or an
option that is not here is not run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backends.engines.jvm import lucene
from backends.engines.mapped import Bound, Mapped, Unfit, any_of, everything, nothing, occur
from backends.engines.query_string import QueryString
from transpiler.engine import CannotRun

Clause = Mapping[str, Any]

MAX_DEPTH = 30
"""Default of ``indices.query.bool.max_nested_depth``; clauses in clauses count, whatever they are."""


class Clauses:
    """Makes queries of Lucene from clauses on mapped fields; they raise CannotRun."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self._depth = 0

    def read(self, clause: Any) -> Any:
        """The query that a clause is."""
        if not isinstance(clause, dict) or len(clause) != 1:
            raise CannotRun("a clause of the query is not one name with its body")
        ((name, body),) = clause.items()
        make = _CLAUSES.get(name)
        if make is None:
            raise CannotRun(f"the clause `{name}` is not run")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CannotRun("The nested depth of the query exceeds the maximum nested depth for queries")
        try:
            return make(self, body)
        except Unfit as reason:
            raise CannotRun(f"Elasticsearch answers with an error: {reason}") from reason
        finally:
            self._depth -= 1

    # --- compound -----------------------------------------------------------------------------------

    def _bool(self, body: Any) -> Any:
        """``should`` is optional beside ``filter`` and ``must``, unless ``minimum_should_match`` is given."""
        _only(body, "bool", *_OCCURS, "minimum_should_match", "boost", "adjust_pure_negative", "_name")
        builder = lucene("search.BooleanQuery$Builder")()
        parts = {name: _list(body.get(name, [])) for name in _OCCURS}
        for name, how in _OCCURS.items():
            for each in parts[name]:
                builder.add(self.read(each), occur(how))
        if not (parts["must"] or parts["filter"] or parts["should"]):
            return builder.add(everything(), occur("FILTER")).build()  # an empty bool, or "adjust_pure_negative"
        least = body.get("minimum_should_match", 0)
        if not isinstance(least, int):
            raise CannotRun(f"minimum_should_match {least!r} is not run")
        builder.setMinimumNumberShouldMatch(least)
        return builder.build()

    def _constant_score(self, body: Any) -> Any:
        _only(body, "constant_score", "filter", "boost")
        return self.read(body.get("filter"))

    def _match_all(self, _: Any) -> Any:
        return everything()

    def _match_none(self, _: Any) -> Any:
        return nothing()

    # --- term-level ---------------------------------------------------------------------------------

    def _term(self, body: Any) -> Any:
        name, value, fold = _asked(body, "term")
        return self.mapped.term(name, value, fold=fold)

    def _terms(self, body: Any) -> Any:
        fields = {name: value for name, value in body.items() if name != "boost"}
        if len(fields) != 1:
            raise CannotRun("`terms` names not one field")
        ((name, values),) = fields.items()
        if not isinstance(values, list):
            raise CannotRun("`terms` without a list is not run")
        return any_of([self.mapped.term(name, value) for value in values])

    def _wildcard(self, body: Any) -> Any:
        name, value, fold = _asked(body, "wildcard")
        return self.mapped.wildcard(name, _string(value), fold=fold)

    def _prefix(self, body: Any) -> Any:
        name, value, fold = _asked(body, "prefix")
        return self.mapped.prefix(name, _string(value), fold=fold)

    def _regexp(self, body: Any) -> Any:
        name, value, fold = _asked(body, "regexp")
        return self.mapped.regexp(name, _string(value), fold=fold)

    def _range(self, body: Any) -> Any:
        name, limits = _one_field(body, "range")
        _only(limits, "range", *_BOUNDS, "boost")
        bounds: dict[str, Bound] = {"low": None, "high": None}
        for key, (side, within) in _BOUNDS.items():
            if limits.get(key) is not None:
                bounds[side] = (limits[key], within)
        return self.mapped.range(name, bounds["low"], bounds["high"])

    def _exists(self, body: Any) -> Any:
        _only(body, "exists", "field", "boost")
        return self.mapped.exists(_string(body.get("field")))

    # --- full text ----------------------------------------------------------------------------------

    def _match(self, body: Any) -> Any:
        return self._words(body, "match", phrase=False)

    def _match_phrase(self, body: Any) -> Any:
        return self._words(body, "match_phrase", phrase=True)

    def _words(self, body: Any, clause: str, *, phrase: bool) -> Any:
        name, value = _one_field(body, clause)
        if isinstance(value, dict):
            _only(value, clause, "query", "boost")
            value = value.get("query")
        found = self.mapped.match(name, _given(value), phrase=phrase)
        return nothing() if found is None else found  # "zero_terms_query": none

    def _multi_match(self, body: Any) -> Any:
        """The words in one of the fields; all fields if none is named."""
        _only(body, "multi_match", "query", "type", "lenient", "fields")
        if body.get("type", "best_fields") not in ("best_fields", "phrase"):
            raise CannotRun(f"multi_match of the type {body['type']} is not run")
        phrase = body.get("type") == "phrase"
        found: list[Any] = []
        for name in body.get("fields") or self.mapped.every():
            try:
                found.append(self.mapped.match(name, _given(body.get("query")), phrase=phrase))
            except Unfit:
                if not body.get("lenient", "fields" not in body):
                    raise
        return any_of([query for query in found if query is not None])

    def _query_string(self, body: Any) -> Any:
        _only(body, "query_string", "query", "fields", "default_field", "lenient", "analyze_wildcard", "boost")
        if body.get("default_field", "*") != "*":
            raise CannotRun("a default field is not run")
        if body.get("analyze_wildcard") and "text" in self.mapped.kinds.values():
            raise CannotRun("analyze_wildcard on text fields is not run")
        parser = QueryString(self.mapped, body.get("fields"), lenient=body.get("lenient"))
        return parser.read(_string(body.get("query")))

    def _script(self, _: Any) -> Any:
        raise CannotRun("Painless scripts are not run")


_OCCURS = {"filter": "FILTER", "must": "MUST", "should": "SHOULD", "must_not": "MUST_NOT"}
_BOUNDS = {"gt": ("low", False), "gte": ("low", True), "lt": ("high", False), "lte": ("high", True)}

_CLAUSES: dict[str, Callable[[Clauses, Any], Any]] = {
    "bool": Clauses._bool,
    "constant_score": Clauses._constant_score,
    "match_all": Clauses._match_all,
    "match_none": Clauses._match_none,
    "term": Clauses._term,
    "terms": Clauses._terms,
    "wildcard": Clauses._wildcard,
    "prefix": Clauses._prefix,
    "regexp": Clauses._regexp,
    "range": Clauses._range,
    "exists": Clauses._exists,
    "match": Clauses._match,
    "match_phrase": Clauses._match_phrase,
    "multi_match": Clauses._multi_match,
    "query_string": Clauses._query_string,
    "script": Clauses._script,
}


def _only(body: Any, clause: str, *known: str) -> None:
    """Raise CannotRun for an option that is not known."""
    if not isinstance(body, dict):
        raise CannotRun(f"the body of `{clause}` is no object")
    for name in body:
        if name not in known:
            raise CannotRun(f"the option `{name}` of `{clause}` is not run")


def _one_field(body: Any, clause: str) -> tuple[str, Any]:
    if not isinstance(body, dict) or len(body) != 1:
        raise CannotRun(f"`{clause}` names not one field")
    ((name, value),) = body.items()
    return name, value


def _asked(body: Any, clause: str) -> tuple[str, Any, bool]:
    """A field, the value asked for, and whether letter case does not count."""
    name, value = _one_field(body, clause)
    fold = False
    if isinstance(value, dict):
        _only(value, clause, "value", "case_insensitive", "boost")
        fold, value = bool(value.get("case_insensitive")), value.get("value")
    return name, _given(value), fold


def _given(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise CannotRun("Elasticsearch answers with an error: value cannot be null")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise CannotRun(f"{value!r} stands where a text belongs")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
