"""Runs an emitted query on events, and says which it selects: what keeps the golden files honest.

An engine answers for each event True, False or None: None where the query itself says that it cannot
judge such an event (a warning), where the event's values do not fit the columns, or where the engine
has no answer. CannotRun: the engine cannot run the query at all. Anything else that is raised is a defect.

    kusto    duckdb-kql, which runs Kusto on DuckDB
    eql      read by Elastic's own parser and by ours, which must agree; run as Elasticsearch documents it
    esql, lucene, dsl, kibana, splunk
             readers of tests/backends, written from the vendors' documents: no vendor's engine is at hand
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from tests.backends import kql_reader, lucene_reader, run_dsl, run_eql, run_esql, spl
from transpiler import ast, evaluate, regex
from transpiler.ast import Field, Node
from transpiler.pattern import EMPTY, fold
from transpiler.query import Query
from transpiler.values import text_of

Event = Mapping[str, Any]
Answer = bool | None


class CannotRun(Exception):
    """The engine cannot run this query; the message says why."""


@dataclass(frozen=True)
class Question:
    """A query, and the tree it was rendered from: in the schema's names, its fields typed."""

    query: Query
    tree: Node

    def said(self, code: str) -> bool:
        return any(each.code == code for each in self.query.diagnostics)


Engine = Callable[[Question, Sequence[Event]], list[Answer]]

# --- what a tree asks about ---------------------------------------------------------------------------


def leaves(node: Node) -> Iterator[Any]:
    """Every leaf of a tree."""
    if isinstance(node, ast.And | ast.Or):
        for child in node.children:
            yield from leaves(child)
    elif isinstance(node, ast.Not):
        yield from leaves(node.child)
    else:
        yield node


def columns(tree: Node) -> dict[str, str]:
    """The columns that a tree names, and their types. CannotRun where one has two types."""
    types: dict[str, set[str]] = {}
    for leaf in leaves(tree):
        for field in _fields(leaf):
            types.setdefault(field.name, set()).add(field.type)
    found = {}
    for name, kinds in types.items():
        kinds -= {"unknown"} if len(kinds) > 1 else set()
        if len(kinds) > 1:
            raise CannotRun(f"{name} is compared as {' and as '.join(sorted(kinds))}")
        found[name] = kinds.pop()
    return found


def _fields(leaf: Any) -> list[Field]:
    if isinstance(leaf, ast.Keyword | ast.KeywordRegex):
        return []
    return [leaf.field, leaf.other] if isinstance(leaf, ast.FieldRef) else [leaf.field]


def has_keywords(tree: Node) -> bool:
    """Whether the tree asks about the whole event."""
    return any(isinstance(leaf, ast.Keyword | ast.KeywordRegex) for leaf in leaves(tree))


def with_case(node: Node, cased: bool) -> Node:
    """The tree with letter case counting everywhere, or nowhere."""
    if isinstance(node, ast.And | ast.Or):
        return type(node)(tuple([with_case(child, cased) for child in node.children]))
    if isinstance(node, ast.Not):
        return ast.Not(with_case(node.child, cased))
    if isinstance(node, ast.Match | ast.Keyword | ast.FieldRef):
        return node._replace(cased=cased)
    if isinstance(node, ast.Regex | ast.KeywordRegex) and not cased:
        return node._replace(regex=regex.parse(f"(?i){node.regex.source}"))
    return node


# --- events as a column stores them -------------------------------------------------------------------


class Misfit(ValueError):
    """The value is none that the column can hold."""


def stored(event: Event, tree: Node) -> Event | None:
    """The event with each value in its column's type, nulls left out; None if one does not fit.

    Fields that the tree does not name are text. An empty list is a missing field.
    """
    types = columns(tree)
    kept: dict[str, Any] = {}
    try:
        for name in {**event, **types} if has_keywords(tree) else types:
            kind = types.get(name, "string")
            value = evaluate.lookup(event, name)
            values = [_stored(each, kind) for each in _many(value)]
            present = [each for each in values if each is not None]
            if present:
                kept[name] = present if len(present) > 1 else present[0]
    except Misfit:
        return None
    return kept


def _stored(value: Any, kind: str) -> Any:
    if value is None:
        return None
    text = text_of(value)
    if text is None:
        raise Misfit
    return _READERS[kind](text)


def _exactly(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader that takes only the text that its result has."""

    def exact(text: str) -> Any:
        try:
            value = read(text)
        except ValueError:
            raise Misfit from None
        if text_of(value) != text:
            raise Misfit
        return value

    return exact


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Misfit from None


def _date(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misfit from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _exactly(int),
    "float": lambda text: _exactly(float if "." in text else int)(text),
    "bool": lambda text: {"true": True, "false": False}[text] if text in ("true", "false") else _exactly(int)(""),
    "ip": _address,
    "datetime": _date,
    "string": str,
    "unknown": str,
    "dynamic": str,
}


# --- what a query says it cannot judge ----------------------------------------------------------------

_WITHOUT_TEXT_FIELDS = ("in text fields the keyword is found", "in text fields the expression is held")
"""Warnings about text fields; the columns here keep whole values."""


def beyond(question: Question, event: Event) -> bool:
    """Whether a warning of the query covers the event, so that the query may be wrong on it."""
    tree, said = question.tree, question.said
    if said("T610") or said("T612"):
        # Letter case counts, of some letters at least.
        if evaluate.matches(with_case(tree, True), event) != evaluate.matches(tree, event):
            return True
    if said("T613") and evaluate.matches(with_case(tree, False), event) != evaluate.matches(tree, event):
        return True
    values = [each for name in columns(tree) for each in _many(evaluate.lookup(event, name, True))]
    target = question.query.target
    if said("T611") and any(each is None or each == _VANISHING.get(target) for each in values):
        return True
    if said("T611") and target == "kusto" and any(evaluate.lookup(event, name) is None for name in _asked_empty(tree)):
        return True  # "" finds a missing field too
    return said("T614") and any(isinstance(evaluate.lookup(event, name), list) for name in columns(tree))


def _asked_empty(tree: Node) -> set[str]:
    """The columns that are compared with the empty string."""
    return {leaf.field.name for leaf in leaves(tree) if isinstance(leaf, ast.Match) and EMPTY in leaf.patterns}


_VANISHING = {"kusto": "", "splunk": ""}
"""What a target does not keep apart from a missing field, beside null."""


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refuse_weaker(question: Question) -> None:
    """CannotRun for a query that says of itself that it is weaker in a way not known here."""
    for each in question.query.diagnostics:
        if each.code == "T615" and not each.message.startswith(_WITHOUT_TEXT_FIELDS):
            raise CannotRun(f"the query is weaker: {each.message}")


def each_event(run: Callable[[Question, Event], Answer]) -> Engine:
    """An engine of a function that answers for one event as stored."""

    def engine(question: Question, events: Sequence[Event]) -> list[Answer]:
        refuse_weaker(question)
        answers: list[Answer] = []
        for event in events:
            kept = None if beyond(question, event) else stored(event, question.tree)
            answers.append(None if kept is None else run(question, kept))
        return answers

    return engine


def elastic(run: Callable[[Question, Event], Answer]) -> Engine:
    """An engine of Elastic: a field that the query takes for folded holds its values in lower case."""

    def on_index(question: Question, event: Event) -> Answer:
        folded = _folded(question.tree)
        return run(question, {name: _lower(value) if name in folded else value for name, value in event.items()})

    return each_event(on_index)


def _folded(tree: Node) -> set[str]:
    return {field.name for leaf in leaves(tree) for field in _fields(leaf) if field.strings == "folded"}


def _lower(value: Any) -> Any:
    return [_lower(each) for each in value] if isinstance(value, list) else fold(value) if isinstance(value, str) else value


def _several(event: Event) -> bool:
    return any(isinstance(value, list) for value in event.values())


def _addresses(tree: Node) -> frozenset[str]:
    return frozenset(name for name, kind in columns(tree).items() if kind == "ip")


# --- Elastic ------------------------------------------------------------------------------------------


def _lucene(question: Question, event: Event) -> Answer:
    tree = lucene_reader.parse(question.query.text)
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None  # which numbers a word without a field finds is said by a warning
    tree = _spread(tree, list(event), _folded(question.tree))
    return lucene_reader.finds(tree, event, _addresses(question.tree))


def _is_text(value: Any) -> bool:
    return all(isinstance(each, str) for each in _many(value))


def _spread(tree: lucene_reader.Tree, names: list[str], folded: Container[str] = ()) -> lucene_reader.Tree:
    """A term without a field is looked for in every field; one on a folded field is folded as its values are."""
    if isinstance(tree, lucene_reader.Junction):
        return lucene_reader.Junction(tree.op, tuple([_spread(each, names, folded) for each in tree.operands]))
    if tree.field is not None:
        return replace(tree, text=fold(tree.text)) if tree.field in folded else tree
    return lucene_reader.Junction("OR", tuple([replace(tree, field=name) for name in names]))


def _dsl(question: Question, event: Event) -> Answer:
    clause = json.loads(question.query.text)["query"]
    if '"script"' in question.query.text:
        raise CannotRun("Painless scripts are not run")
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None
    known = dict(event)
    clause = _answered(clause, event, known, _folded(question.tree))
    return run_dsl.finds(clause, known, _addresses(question.tree))


def _answered(clause: Any, event: Event, known: dict[str, Any], folded: Container[str]) -> Any:
    """The clause with each query_string replaced by the presence of a field that is there if it finds the event.

    Values on a folded field are folded, as the field's normalizer does.
    """
    if isinstance(clause, list):
        return [_answered(each, event, known, folded) for each in clause]
    if not isinstance(clause, dict):
        return clause
    if next(iter(clause)) in folded:
        ((name, asked),) = clause.items()
        return {name: {**asked, "value": fold(asked["value"])} if isinstance(asked, dict) else _lower(asked)}
    if "query_string" in clause:
        text = clause["query_string"]["query"]
        if lucene_reader.finds(_spread(lucene_reader.parse(text), list(event)), event):
            known[f"found {text}"] = "yes"
        return {"exists": {"field": f"found {text}"}}
    return {key: _answered(value, event, known, folded) for key, value in clause.items()}


def _kibana(question: Question, event: Event) -> Answer:
    tree = _fold_kql(kql_reader.parse(question.query.text), _folded(question.tree))
    if has_keywords(question.tree) and not all(map(_is_text, event.values())):
        return None
    return _finds_kql(tree, event, _addresses(question.tree))


def _fold_kql(tree: kql_reader.Tree, folded: Container[str]) -> kql_reader.Tree:
    if isinstance(tree, kql_reader.Junction):
        return kql_reader.Junction(tree.op, tuple([_fold_kql(each, folded) for each in tree.operands]))
    if isinstance(tree, kql_reader.Is) and tree.field in folded:
        return replace(tree, value=tuple([each if each is kql_reader.STAR else fold(each) for each in tree.value]))
    return tree


def _finds_kql(tree: kql_reader.Tree, event: Event, addresses: frozenset[str]) -> bool:
    """One of a field's values will do; a value that stands alone is looked for in every field."""
    if isinstance(tree, kql_reader.Junction):
        found = [_finds_kql(each, event, addresses) for each in tree.operands]
        return not found[0] if tree.op == "not" else all(found) if tree.op == "and" else any(found)
    if isinstance(tree, kql_reader.Is) and tree.field in addresses and tree.value != (kql_reader.STAR,):
        text = "".join(map(str, tree.value))
        return any(lucene_reader.equals(text, each, True) for each in _many(event.get(tree.field)) if each)
    names = list(event) if isinstance(tree, kql_reader.Is) and tree.field is None else [tree.field]
    for name in names:
        value = event.get(str(name))
        for each in _many(value):
            if kql_reader.finds(replace(tree, field=name), {str(name): each}):
                return True
    return False


def _esql(question: Question, event: Event) -> Answer:
    return None if _several(event) else run_esql.run(question.query.text)(event)


def _eql(question: Question, event: Event) -> Answer:
    """The answer with every field mapped, which must be the one without a mapping for those that are missing."""
    text = question.query.text
    agree_on_reading(text)
    category = run_eql.read(text)[0]
    answer = run_eql.run(text)(event) and category in ("any", *_many(event.get("event.category")))
    if "?" in text and question.query.schema == "none":
        unmapped = [name for name in columns(question.tree) if name not in event]
        assert run_eql.run(text, unmapped)(event) == answer, f"{unmapped} not mapped: {text}"
    return answer


# --- EQL, read by Elastic's parser --------------------------------------------------------------------


@lru_cache(maxsize=4096)
def agree_on_reading(query: str) -> None:
    """Elastic's own parser reads the query as the reader does that runs it."""
    if "@" in query or "``" in query:
        return  # Elastic's Python parser knows neither, Elasticsearch does
    from eql import parse_query
    from eql.parser import elasticsearch_syntax, ignore_missing_functions, lark_parser, skip_optimizations

    if query.count("\\u{") < 2:  # it cannot read two of these in one string
        with elasticsearch_syntax, skip_optimizations, ignore_missing_functions:
            parse_query(query)  # types and signatures
    tree = lark_parser.parse(f"{query}\n", start="piped_query")
    (event_query,) = tree.find_data("event_query")
    theirs, ours = _read_lark(event_query.children[-1]), run_eql.read(query)[1]
    assert theirs == ours, f"Elastic's parser: {theirs}\nours: {ours}"


def _read_lark(node: Any) -> run_eql.Node:
    kind = str(node.data)
    if kind in ("and_expr", "or_expr"):
        return (kind[:-5], *[_read_lark(each) for each in node.children])
    if kind == "not_expr":
        found = _read_lark(node.children[-1])
        for _ in node.children[:-1]:
            found = ("not", found)
        return found
    if kind == "literal":
        return ("constant", _value(node))
    if kind == "function_call":
        name, arguments = node.children
        field, *values = arguments.children
        return ("leaf", str(field.children[0]), str(name), [_value(each) for each in values])
    subject, sign, *values = node.children
    if kind == "in_set":
        values = values[0].children
    operator = str(getattr(sign, "children", [sign])[0])
    if subject.data == "function_call":
        return ("script", str(subject.children[1].children[0].children[0]), operator, [_value(each) for each in values])
    return ("leaf", str(subject.children[0]), operator, [_value(each) for each in values])


def _value(node: Any) -> Any:
    if node.data == "value":
        return -_value(node.children[1])
    (inner,) = node.children
    text = str(inner.children[0]) if inner.children else "null"
    if inner.data == "string":
        return run_eql.unquote(text)
    return json.loads(text)


# --- Splunk -------------------------------------------------------------------------------------------


def _splunk(question: Question, event: Event) -> Answer:
    """Splunk drops empty values. The raw event is its values, one a line."""
    texts = {name: [_spl_text(each) for each in _many(value)] for name, value in event.items()}
    fields = {name: kept for name, values in texts.items() if (kept := [each for each in values if each])}
    fields["_raw"] = ["\n".join([each for values in texts.values() for each in values])]
    text = _INDEX.sub("", question.query.text)
    try:
        return spl.matches(text, fields)
    except KeyError as error:
        raise CannotRun(f"the reader has no function {error}") from None
    except spl.SplError:
        if _several(event) and "| where" in question.query.text:
            return None  # nothing is documented for several values there
        raise


_INDEX = re.compile(r"^index(=\S+| IN \([^)]*\)) ")
"""Where a query looks; the events are there."""


def _spl_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(text_of(value))


# --- Kusto --------------------------------------------------------------------------------------------

_COLUMNS = {"int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "datetime": "TIMESTAMP"}

_MACROS = """
    CREATE MACRO v4(s) AS CASE WHEN regexp_full_match(s, '([0-9]{1,3}[.]){3}[0-9]{1,3}') THEN
        list_reduce(list_transform(str_split(s, '.'), lambda x: x::BIGINT), lambda a, b: a * 256 + b) END;
    CREATE MACRO v4_in(s, r) AS (v4(s) >> (32 - split_part(r, '/', 2)::INT))
        = (v4(split_part(r, '/', 1)) >> (32 - split_part(r, '/', 2)::INT));
    CREATE MACRO v4_in_any(l) AS list_bool_or(list_transform(l[2:], lambda r: v4_in(l[1], r)));
"""
"""The functions for addresses that duckdb-kql lacks; as documented they are null on what is no address."""


@lru_cache(maxsize=1)
def _database() -> Any:
    try:
        import duckdb_kql
        from duckdb_kql.translate.functions import SCALAR_FUNCTIONS, FunctionSpec
    except ImportError as error:
        raise CannotRun(str(error)) from None

    one, some = "ipv4_is_in_range", "ipv4_is_in_any_range"
    SCALAR_FUNCTIONS.setdefault(one, FunctionSpec(one, "template", "v4_in({0}, {1})", (2,), ()))
    SCALAR_FUNCTIONS.setdefault(some, FunctionSpec(some, "template", "v4_in_any([{}])", (), (), "variadic"))
    connection = duckdb_kql.connect()
    connection.execute(_MACROS)
    return connection


def _kusto(question: Question, events: Sequence[Event]) -> list[Answer]:
    refuse_weaker(question)
    types = columns(question.tree)
    rows = {
        number: kept
        for number, event in enumerate(events)
        if not beyond(question, event)
        and (kept := stored(event, question.tree)) is not None
        and not any(isinstance(value, list) for value in kept.values())
    }
    if has_keywords(question.tree):
        types = dict.fromkeys([name for row in rows.values() for name in row], "string") | types
    found = _rows_of(question.query.text, types, rows)
    return [number in found if number in rows else None for number in range(len(events))]


def _rows_of(text: str, types: Mapping[str, str], rows: Mapping[int, Event]) -> set[int]:
    from duckdb_kql import kql
    from duckdb_kql.errors import KqlUnsupportedError

    predicate = _STAR.sub(lambda found: _in_any(found, list(types)), text.partition("\n| where ")[2] or text)
    asked = dict.fromkeys(found["ipv6"] for found in _IPV6.finditer(predicate) if found["ipv6"])
    calls = {call: f"ipv6 {number}" for number, call in enumerate(asked)}
    predicate = _IPV6.sub(lambda found: f"['{calls[found[0]]}']" if found["ipv6"] else found[0], predicate)
    types = {**types, **dict.fromkeys(calls.values(), "bool")}
    rows = {number: {**row, **_ipv6_answers(calls, row)} for number, row in rows.items()}
    connection = _database()
    names = ['"#" BIGINT', *[f"{_sql_name(name)} {_COLUMNS.get(kind, 'VARCHAR')}" for name, kind in types.items()]]
    connection.execute(f"CREATE OR REPLACE TABLE Events({', '.join(names)})")
    for number, event in rows.items():
        row = [number, *[_kusto_value(event.get(name), kind) for name, kind in types.items()]]
        connection.execute(f"INSERT INTO Events VALUES (?{', ?' * len(types)})", row)
    query = f"Events\n| where {_LITERAL.sub(_decoded, predicate)}\n| project ['#']"
    try:
        return {row[0] for row in kql(connection, query).fetchall()}
    except KqlUnsupportedError as error:
        raise CannotRun(f"duckdb-kql: {error}") from None


_LITERAL = re.compile(r"""@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_STAR = re.compile(rf"{_LITERAL.pattern}|\* (?P<test>contains_cs|contains|matches regex) (?P<value>{_LITERAL.pattern})")
_IPV6 = re.compile(
    rf"(?P<ipv6>ipv6_is_in_(?:any_)?range\((?P<name>\w+|\['[^'\\]*'\]), (?P<networks>\"[0-9a-f:/]+\"(?:, \"[0-9a-f:/]+\")*)\))"
    rf"|{_LITERAL.pattern}"
)
_CODE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")


def _in_any(found: re.Match[str], names: Sequence[str]) -> str:
    """``* contains "x"`` for every column: duckdb-kql has no ``*``."""
    if not found["test"]:
        return found[0]
    tests = [f"['{name}'] {found['test']} {found['value']}" for name in names]
    return f"({' or '.join(tests)})"


def _ipv6_answers(calls: Mapping[str, str], row: Event) -> dict[str, bool | None]:
    """What the functions for IPv6 say, which duckdb-kql lacks: null on what is no address.

    An IPv4 address is read as ::ffff:a.b.c.d ("ipv6_compare()").
    """
    answers: dict[str, bool | None] = {}
    for call, column in calls.items():
        found = _IPV6.fullmatch(call)
        assert found
        try:
            address = ip_address(str(row.get(found["name"].strip("[]'"), "")))
        except ValueError:
            answers[column] = None
            continue
        if isinstance(address, IPv4Address):
            address = ip_address(f"::ffff:{address}")
        networks = [ip_network(each.strip('"')) for each in found["networks"].split(", ")]
        answers[column] = any(address in network for network in networks)
    return answers


def _decoded(literal: re.Match[str]) -> str:
    r"""A literal with ``\uHHHH`` as the character itself: duckdb-kql cannot read the escape."""
    if literal[0][0] == "@":
        return literal[0]
    return _CODE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], literal[0])


def _sql_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _kusto_value(value: Any, kind: str) -> Any:
    """A missing string is empty; datetimes are in UTC."""
    if value is None:
        return None if kind in _COLUMNS else ""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


ENGINES: dict[str, Engine] = {
    "splunk": each_event(_splunk),
    "lucene": elastic(_lucene),
    "dsl": elastic(_dsl),
    "eql": elastic(_eql),
    "esql": elastic(_esql),
    "kibana": elastic(_kibana),
    "kusto": _kusto,
}
"""Target -> what runs its queries."""
