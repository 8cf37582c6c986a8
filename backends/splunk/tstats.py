r"""Splunk SPL on a data model: ``| tstats`` over its summaries and, only where needed, a later ``| where``.

Sources, Splunk Enterprise 10.0: Search Reference, "tstats" (T), "datamodel" (D), "Comparison and Conditional
functions". Where they speak:

- WHERE takes what ``search`` takes, "in much the same ways", on fields of the model and indexed ones (T,
  "Filtering data using the WHERE clause"). The model does not hold the event as it was logged.
- "The tstats command may not correctly filter" networks where other text than addresses is in the field; the
  remedy is the same comparison in a later stage (T, "Limitations of CIDR matching with tstats").
- A later stage sees the fields of BY alone. An event without one of them gives no row, unless
  ``fillnull_value`` says what stands for a missing value (T, "fillnull_value").
- ``summariesonly=false`` also searches what is not summarised (T, "summariesonly").
- ``datamodel`` in its mode ``search`` gives the events with the fields of the model, all of them with
  ``strict_fields=false`` (D): for what BY cannot hand on, as fields of several values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from backends.splunk import NotInSearch, Splunk, index_term
from backends.splunk.text import FILL, search_name
from transpiler import ast
from transpiler.ast import Field, Node

if TYPE_CHECKING:
    from backends.splunk.where import Where

_FUNCTIONS = "count min(_time) as firstTime max(_time) as lastTime"
_NODE = "nodename"
"""How WHERE asks for a dataset below the one that FROM names; no field of an event."""

LOGGED = "a data model holds fields, not the event as it was logged, so no keyword can be looked for there"


def in_model(visitor: Splunk, node: Node, model: str) -> str:
    """The query of a visitor whose source is the data model; it gets what there is to say of the query."""
    inner = Tstats(visitor.source, visitor.options)
    inner.diagnostics = visitor.diagnostics
    terms, stage = inner.parts(node)
    for later in inner.later:
        if not all(map(_in_rows, _fields(later).values())):
            return _on_events(inner, node, later, model)
    if index := inner.options.index or inner.source.index:
        terms.insert(0, index_term(index))
    where = f" where {inner.all_of(terms)}" if terms else ""
    by = " ".join(_by(inner, node, model.rpartition(".")[2]))
    text = f'| tstats summariesonly=false fillnull_value="{FILL}" {_FUNCTIONS} from datamodel={model}{where} by {by}'
    return f"{text} | where {stage}" if stage else text


def _in_rows(field: Field) -> bool:
    """Whether a row can have a field as the event has it: one value, under a name that BY can write."""
    return not field.many and field.name != "_time" and search_name(field.name) == field.name


def _on_events(visitor: Splunk, node: Node, later: Node, model: str) -> str:
    """The query on the model's events, which have every field as it is; a row has not what ``later`` asks for."""
    if _NODE in _fields(node):
        visitor.refuse("T601", later, "a field of several values cannot be handed on beside the dataset's name")
    plain = Splunk(replace(visitor.source, model=None), visitor.options)
    plain.diagnostics = visitor.diagnostics
    plain.diagnostics.clear()
    text = plain.query(node)
    plain.say("T620", later, "`tstats` hands one value of a field on; Splunk reads the model's events instead")
    name, _, dataset = model.partition(".")
    return f"| datamodel {name} {dataset} search strict_fields=false | search {text}"


def _by(visitor: Splunk, node: Node, dataset: str) -> Iterator[str]:
    """The fields of the rows: what the event is about, what the rule asks for, what the later stage needs."""
    asked = [name for name in _fields(node) if name.startswith(f"{dataset}.")]
    needed = [name for later in visitor.later for name in _fields(later)]
    for name in dict.fromkeys([*visitor.source.entities, *asked, *needed]):
        if name != _NODE and search_name(name) == name:
            yield name


class Tstats(Splunk):
    """Renders the WHERE clause; what it cannot say is for the later stage."""

    PLACE: ClassVar[str] = "the data model in the time range"

    def _where(self) -> Where:
        from backends.splunk.rows import Rows

        return Rows(self.source, self.options)

    def _implied(self, node: Node) -> str | None:
        """Networks too: more may be found than the rule means, and the later stage looks again."""
        return super().cidr(node) if isinstance(node, ast.Cidr) else super()._implied(node)

    def cidr(self, node: ast.Cidr) -> NoReturn:
        """Not exactly."""
        raise NotInSearch

    def keyword(self, node: ast.Keyword) -> NoReturn:
        """Not there."""
        self.refuse("T601", node, LOGGED)

    def keyword_regex(self, node: ast.KeywordRegex) -> NoReturn:
        """Not there."""
        self.refuse("T601", node, LOGGED)


def _fields(node: Node) -> dict[str, Field]:
    """Every field that a tree names, in order, by name."""
    found: dict[str, Field] = {}
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind is ast.And or kind is ast.Or:
            waiting += reversed(each.children)
        elif kind is ast.Not:
            waiting.append(each.child)
        elif kind is not ast.Keyword and kind is not ast.KeywordRegex:
            found[each.field.name] = each.field
            if kind is ast.FieldRef:
                found[each.other.name] = each.other
    return found
