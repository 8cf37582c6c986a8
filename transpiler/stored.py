"""Events as a platform's columns hold them: what an engine is given to search.

A column has one type, so a value that does not fit it cannot be in the table; such an event is set
aside, for no query could be right or wrong about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Any

from transpiler import ast, evaluate
from transpiler.ast import Field, Node
from transpiler.engine import CannotRun, Column, Row
from transpiler.values import text_of

Event = Mapping[str, Any]


def leaves(node: Node) -> Iterator[Any]:
    """Every leaf of a tree."""
    if isinstance(node, ast.And | ast.Or):
        for child in node.children:
            yield from leaves(child)
    elif isinstance(node, ast.Not):
        yield from leaves(node.child)
    else:
        yield node


def fields_of(leaf: Any) -> list[Field]:
    """The fields that a leaf names."""
    if isinstance(leaf, ast.Keyword | ast.KeywordRegex):
        return []
    return [leaf.field, leaf.other] if isinstance(leaf, ast.FieldRef) else [leaf.field]


def has_keywords(tree: Node) -> bool:
    """Whether the tree asks about the whole event."""
    return any(isinstance(leaf, ast.Keyword | ast.KeywordRegex) for leaf in leaves(tree))


def columns(tree: Node, keyword_fields: Sequence[Field] = ()) -> dict[str, Column]:
    """The columns that a mapped tree names, and those in which its keywords are looked for.

    Raises CannotRun where one is compared as two types, and where a date is compared with a field that is
    none: how its text looks is the platform's affair.
    """
    found: dict[str, list[Field]] = {}
    for leaf in leaves(tree):
        for field in fields_of(leaf) or keyword_fields:
            found.setdefault(field.name, []).append(field)
    table = {name: _column(fields) for name, fields in found.items()}
    for leaf in leaves(tree):
        if isinstance(leaf, ast.FieldRef):
            one, other = leaf.field.name, leaf.other.name
            if (table[one].type == "datetime") != (table[other].type == "datetime"):
                raise CannotRun(f"one of {one} and {other} is a date, the other is not")
    for name, fields in found.items():
        for folded in dict.fromkeys(field.folded for field in fields if field.folded):
            table[folded] = Column("string", "folded", table[name].many)
    return table


def _column(fields: Sequence[Field]) -> Column:
    """The column of a field, as the leaves of a tree see it. Raises CannotRun where it is compared as two types."""
    kinds = sorted({field.type for field in fields} - {"unknown"})
    if kinds == ["ip", "string"]:
        kinds = ["string"]  # a query of Elastic's warns of it; elsewhere an address is text
    if len(kinds) > 1:
        raise CannotRun(f"{fields[0].name} is compared as {' and as '.join(kinds)}")
    return Column(kinds[0] if kinds else "string", fields[0].strings, any(field.many for field in fields))


class Misfit(ValueError):
    """The value is none that the column can hold."""


def stored(event: Event, table: Mapping[str, Column], *, whole: bool = False) -> Row | None:
    """The event with each value in its column's type, nulls left out; None if one does not fit.

    ``whole``: with the fields that the table does not name, as text; for a query that searches all
    of the event. Whether the index of a column folds its strings is for the engine.
    """
    kept: dict[str, Any] = {}
    try:
        for name in {**event, **table} if whole else table:
            column = table.get(name, _TEXT)
            read = _READERS[column.type]
            found = [_stored(each, read) for each in _flat(evaluate.lookup(event, name))]
            present = [each for each in found if each is not None]
            if present:
                kept[name] = present if len(present) > 1 else present[0]
    except Misfit:
        return None
    return kept


_TEXT = Column()


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _stored(value: Any, read: Callable[[str], Any]) -> Any:
    if value is None:
        return None
    text = text_of(value)
    if text is None:
        raise Misfit
    return read(text)


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


def _whole(text: str) -> int:
    value: int = _exactly(int)(text)
    if not -(2**63) <= value < 2**63:
        raise Misfit  # a long holds 64 bits
    return value


def _bool(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text]
    except KeyError:
        raise Misfit from None


def _address(text: str) -> str:
    try:
        found = ip_address(text)
    except ValueError:
        raise Misfit from None
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        raise Misfit  # such a column holds IPv4 addresses in this form, and cannot tell the two apart
    return str(found)


def _date(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text if "t" not in text else "")
    except ValueError:
        raise Misfit from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _whole,
    "float": lambda text: _exactly(float if "." in text else int)(text),
    "bool": _bool,
    "ip": _address,
    "datetime": _date,
    "string": str,
    "unknown": str,
    "dynamic": str,
}
