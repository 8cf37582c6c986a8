"""Commands that begin a search on a data model: ``tstats`` and ``datamodel``.

Source: Splunk Enterprise 10.0 Search Reference, "tstats" (T) and "datamodel" (D); Knowledge Manager Manual,
"Define dataset fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from backends.engines.spl_record import RAW, Apart, Record, Undocumented
from backends.engines.spl_search import MODIFIERS, Equal, Search, Test, in_networks
from backends.engines.spl_text import Token
from transpiler.engine import CannotRun

DEFAULT = frozenset({"_time", "host", "source", "sourcetype"})
"""What every dataset has, under these names ("Inherited" fields)."""

_INDEXED = DEFAULT | {"index", "nodename"}
"""What WHERE may name beside fields of the dataset (T, "Filtering data using the WHERE clause" and "A child
dataset in an accelerated data model")."""

_QUOTED = r'"(?:\\.|[^"\\])*"'
_TSTATS = re.compile(
    rf"""(?P<options>(?:[a-z_]+=(?:{_QUOTED}|[^\s"]+)\s+)*)
    (?P<functions>(?:count|(?:min|max)\(_time\)\s+as\s+\w+)(?:\s+(?:min|max)\(_time\)\s+as\s+\w+)*)
    \s+from\s+datamodel=(?P<model>\w+)\.(?P<dataset>\w+)
    (?:\s+where\s+(?P<where>(?:{_QUOTED}|[^"])+?))?
    (?:\s+by\s+(?P<by>[\w.:,\s-]+))?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
_OPTION = re.compile(rf"([a-z_]+)=({_QUOTED}|[^\s\"]+)", re.IGNORECASE | re.ASCII)

_SETTINGS = frozenset({"summariesonly", "allow_old_summaries", "fillnull_value"})
"""The options whose effect on an event is known: none for the first two, where everything is summarised."""


def tstats(text: str, known: Collection[str]) -> Callable[[Record], bool]:
    """What ``tstats`` makes of an event: a row with the fields of BY, or none. Raises CannotRun."""
    parts = _TSTATS.fullmatch(text)
    if not parts:
        raise CannotRun(f"cannot read: tstats {text[:40]!r}")
    options = dict(_OPTION.findall(parts["options"]))
    if strange := options.keys() - _SETTINGS:
        raise CannotRun(f"cannot read: tstats {sorted(strange)[0]}=")
    fill = options.get("fillnull_value", "").strip('"')
    dataset = parts["dataset"]
    holds = _filter(parts["where"], known, dataset) if parts["where"] else _everything
    by = re.split(r"[\s,]+", parts["by"].strip()) if parts["by"] else []
    for name in by:
        _check(name, dataset, DEFAULT | {"index"})

    def command(record: Record) -> bool:
        unknown: Undocumented | None = None
        try:
            if not holds(record):
                return False
        except Undocumented as reason:
            unknown = reason
        if not _row(record, by, fill):
            return False
        if unknown is not None:
            raise unknown
        return True

    return command


def _everything(_: Record) -> bool:
    return True


def _row(record: Record, by: list[str], fill: str) -> bool:
    """Make the record the row of an event; False if there is none.

    T: fillnull_value is what "the tstats command substitutes for null values for any field within its
    group-by field list"; without it, "tstats omits rows for events with one or more null field values".
    """
    row: dict[str, list[str]] = {}
    for name in by:
        values = record.values(name)
        if not values and not fill:
            return False
        row[name] = values if len(values) == 1 else Apart(values) if values else [fill]
    record.become(row)
    return True


def _filter(text: str, known: Collection[str], dataset: str) -> Test:
    reader = _Where(text, known, dataset)
    test = reader.every()
    reader.finish()
    return test


def _check(name: str, dataset: str, others: Collection[str]) -> None:
    """A field is named with its dataset before it, but for those that every dataset has."""
    if not name.startswith(f"{dataset}.") and name not in others:
        raise CannotRun(f"the server finds nothing: {name} is no field of {dataset}")


class _Where(Search):
    """The filter of ``tstats``.

    T: WHERE filters "in much the same ways as you use it with the search command", and "can contain only
    indexed fields".
    """

    def __init__(self, text: str, known: Collection[str], dataset: str) -> None:
        super().__init__(text, known)
        self.dataset = dataset

    def bare(self, first: Token) -> Test:
        """The summaries have fields, and no words of the raw event."""
        raise CannotRun(f"cannot read: {first.text!r} without a field, in tstats")

    def compared(self, name: str, mark: str, *values: str) -> Test:
        """A comparison with a field of the dataset."""
        if name not in MODIFIERS:
            _check(name, self.dataset, _INDEXED)
        return super().compared(name, mark, *values)

    def equal(self, name: str, values: tuple[str, ...]) -> Equal:
        """Equality, in which networks are uncertain."""
        return _EqualOrNetwork(name, values)


class _EqualOrNetwork(Equal):
    """Equality in which networks are uncertain.

    T: "the tstats search may return more results than you want if the source data contains mixed IP and non-IP
    data", for it "uses string matching".
    """

    def inside(self, text: str) -> bool:
        if self.networks and not in_networks(text, _ANY):
            raise Undocumented("a network against what is no address, in tstats")
        return super().inside(text)


_ANY = Equal("", ("0.0.0.0/0", "::/0")).networks

_DATAMODEL = re.compile(r"\w+ \w+ search strict_fields=(?:false|f|0)", re.ASCII)


def datamodel(text: str, _: Collection[str]) -> Callable[[Record], bool]:
    """``datamodel``: every event of the dataset, with its fields. Raises CannotRun.

    D: the mode ``search`` runs the search of the dataset; fields have its name before theirs. With strict_fields=true
    only the default fields and those of the constraints are there. Whether the raw event is, is not said.
    """
    if not _DATAMODEL.fullmatch(text):
        raise CannotRun(f"cannot read: datamodel {text[:40]!r}")

    def command(record: Record) -> bool:
        record.put(RAW, Apart(record.values(RAW)))
        return True

    return command
