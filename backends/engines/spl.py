"""SPL, run by an evaluator of our own: no engine of Splunk's is to be had without its licence.

Written from Splunk's documents alone, and no larger than what this project and pySigma emit. Where the
documents do not say what happens on an event, it has no answer for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import ClassVar

from backends.engines.spl_eval import Eval
from backends.engines.spl_functions import found
from backends.engines.spl_model import datamodel, tstats
from backends.engines.spl_record import RAW, Record, Undocumented, fields_of
from backends.engines.spl_regex import expression
from backends.engines.spl_search import search
from backends.engines.spl_text import commands, unescape
from transpiler.engine import Answer, Asked, CannotRun, Row

Command = Callable[[Record], bool]
"""What a command does to a record, and whether it keeps it. Raises Undocumented."""


class Spl:
    """Runs searches as Splunk Enterprise 10.0 documents them."""

    TARGETS: ClassVar[tuple[str, ...]] = ("splunk",)
    OURS: ClassVar[bool] = True

    def start(self) -> str:
        """Nothing to start."""
        return "sigmaq's own evaluator of SPL (Splunk Enterprise 10.0)"

    def stop(self) -> None:
        """Nothing to stop."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """For each row, whether the query selects it. Raises CannotRun."""
        try:
            pipeline = read(asked.text, asked.columns)
        except RecursionError:
            raise CannotRun("cannot read: nested too deeply") from None
        return [_answer(pipeline, row) for row in rows]


def _answer(pipeline: list[Command], row: Row) -> Answer:
    fields = fields_of(row)
    answer = _selected(pipeline, Record(fields))
    if all(map(str.isascii, chain(*fields.values()))):
        return answer
    return answer if answer == _selected(pipeline, Record(fields, wide=True)) else None


def _selected(pipeline: list[Command], record: Record) -> Answer:
    """Whether every command keeps the record; None if that hangs on one whose answer is not documented."""
    known = True
    for command in pipeline:
        try:
            if not command(record):
                return False
        except Undocumented:
            known = False
    return True if known else None


def read(query: str, known: Collection[str]) -> list[Command]:
    """The commands of a query; ``known`` are the fields that events may have. Raises CannotRun."""
    first, *rest = commands(query)
    pipeline: list[Command] = []
    if first or not rest:
        pipeline.append(search(_without_name(first), known))
    else:
        # "A generating command ... is the first command in the search, with a leading pipe character"
        # (Search Manual, "Types of commands").
        name, _, arguments = rest.pop(0).partition(" ")
        generate = _GENERATING.get(name)
        if generate is None:
            raise CannotRun(f"the server refuses it: a search cannot begin with `| {name}`")
        pipeline.append(generate(arguments.strip(), known))
    for text in rest:
        name, _, arguments = text.partition(" ")
        reader = _READERS.get(name)
        if reader is None:
            raise CannotRun(f"cannot read: the command {name!r}")
        pipeline.append(reader(arguments.strip(), known))
    return pipeline


def _without_name(text: str) -> str:
    """From "search": "The search command is implied at the beginning of any search"."""
    return text[len("search ") :] if text.startswith("search ") else text


def _where(text: str, _: Collection[str]) -> Command:
    """From "where": "returns only the results for which the eval expression returns true"."""
    holds = Eval(text).whole()

    def command(record: Record) -> bool:
        value = holds(record)
        if value is not None and not isinstance(value, bool):
            raise Undocumented(f"{value!r} as a condition")
        return value is True

    return command


_ASSIGNMENT = re.compile(r"(?:'([^']+)'|([A-Za-z_]\w*))\s*=(?!=)\s*(.+)", re.DOTALL | re.ASCII)


def _eval(text: str, _: Collection[str]) -> Command:
    """From "eval": "calculates an expression and puts the resulting value into a search results field"."""
    parts = _ASSIGNMENT.fullmatch(text)
    if not parts:
        raise CannotRun(f"cannot read: eval {text[:30]!r}")
    name, value_of = parts[1] or parts[2], Eval(parts[3]).whole()

    def command(record: Record) -> bool:
        value = value_of(record)
        if isinstance(value, bool):
            # "The result of an eval expression cannot be a Boolean" ("eval").
            raise CannotRun("the server refuses it: eval of a Boolean")
        if isinstance(value, float):
            raise CannotRun("cannot read: eval of a number")
        record.put(name, [] if value is None else value if isinstance(value, list) else [value])
        return True

    return command


_QUOTED = r'("(?:\\.|[^"\\])*")'
_REGEX = re.compile(rf"(?:([A-Za-z_][\w.:{{}}-]*)\s*(!?=)\s*)?{_QUOTED}", re.DOTALL | re.ASCII)


def _regex(text: str, _: Collection[str]) -> Command:
    """Keeps what a regular expression is found in, or with ``!=`` what it is not ("regex").

    A pattern stands in quotes, whose escapes come off first (:func:`backends.engines.spl_text.unescape`).
    """
    parts = _REGEX.fullmatch(text)
    if not parts:
        raise CannotRun(f"cannot read: regex {text[:30]!r}")
    name, wanted = parts[1] or RAW, parts[2] != "!="
    pattern = expression(unescape(parts[3]))

    def command(record: Record) -> bool:
        values = record.values(name)
        if len(values) > 1 or (not values and not wanted):
            raise Undocumented("regex on several values, or != on none")
        return bool(values) and found(pattern, values[0], record.wide) is wanted

    return command


_REX = re.compile(rf"(?:field=([A-Za-z_][\w.:{{}}-]*)\s+)?{_QUOTED}", re.DOTALL | re.ASCII)


def _rex(text: str, _: Collection[str]) -> Command:
    """From "rex": "Use this command to ... extract fields using regular expression named groups"."""
    parts = _REX.fullmatch(text)
    if not parts:
        raise CannotRun(f"cannot read: rex {text[:30]!r}")
    name, pattern = parts[1] or RAW, expression(unescape(parts[2]))

    def command(record: Record) -> bool:
        values = record.values(name)
        if len(values) > 1:
            raise Undocumented("rex on several values")
        match = pattern.search(values[0], record.wide) if values else None
        for group, value in match.groupdict().items() if match else ():
            if value == "":
                raise Undocumented("a group that takes no character")
            if value is not None:
                record.put(group, [value])
        return True

    return command


_GENERATING: dict[str, Callable[[str, Collection[str]], Command]] = {"tstats": tstats, "datamodel": datamodel}

_READERS: dict[str, Callable[[str, Collection[str]], Command]] = {
    "search": search,
    "where": _where,
    "eval": _eval,
    "regex": _regex,
    "rex": _rex,
}
