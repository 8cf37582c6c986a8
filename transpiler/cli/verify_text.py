r"""Verdicts for people.

    Printer Spooler Restarted (rules/spooler.yml)
      eql     verified on 41 events, 6 match; EQL evaluator 1 (ours)
      kusto   MISMATCH on 1 of 41 events, 6 match; DuckDB 1.4.2
        query:  SecurityEvent | where NewProcessName endswith @"\net.exe"
        event:  {"NewProcessName": "C:\\Windows\\net.exe\n"}
        rule:   no match        query: match
        part:   NewProcessName endswith "\\net.exe"

What was not verified is folded by its reason. What a rule or an event holds can not reach the terminal as
a control sequence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from transpiler.cli.tables import table
from transpiler.output import visible
from transpiler.verify import Difference, Status, Verdict

VALUE = 200
"""How many characters of a value are shown."""

FIELDS = 40
"""How many fields of an event are shown."""

TEXT = 4_000
"""How many characters of a query are shown."""

REASONS = 20
"""How many reasons are shown."""

_COLORS = {"verified": "\x1b[32m", "mismatch": "\x1b[1;31m", "not verified": "\x1b[33m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


# --- pieces -------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """A text of which nothing is hidden: characters that do not print as JSON escapes them."""
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def told_apart(text: str) -> str:
    """A text in which letters that look like others (the Kelvin sign, a long s) are escaped too."""
    text = escaped(text)
    if text.isascii():
        return text
    from unicodedata import normalize

    return "".join(c if c.isascii() or normalize("NFKC", c) == c else json.dumps(c)[1:-1] for c in text)


def event_text(event: Mapping[str, Any]) -> str:
    """An event as JSON, long values shortened in their middle."""
    shown = {name: _short(event[name]) for name in list(event)[:FIELDS]}
    more = f" and {len(event) - FIELDS:,} fields more" if len(event) > FIELDS else ""
    return told_apart(json.dumps(shown, ensure_ascii=False, default=str)) + more


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > VALUE:
        half = VALUE // 2
        return f"{value[:half]}({len(value) - 2 * half:,} characters more){value[-half:]}"
    if isinstance(value, list):
        return [_short(each) for each in value[:FIELDS]]
    return value


def found_line(verdict: Verdict) -> str:
    """What was found and by whom, on one line."""
    engine = f"; {verdict.engine}{' (ours)' if verdict.ours else ''}" if verdict.engine else ""
    if verdict.status == "not verified":
        return f"not verified: {verdict.reason}{engine}"
    what = "verified on" if verdict.status == "verified" else f"MISMATCH on {verdict.differing:,} of"
    aside = sum(count for _, count in verdict.aside)
    left = f", {aside:,} set aside" if aside else ""
    return f"{what} {verdict.events:,} event{'s' * (verdict.events != 1)}, {verdict.matching:,} match{left}{engine}"


def difference_lines(found: Difference) -> Iterator[str]:
    """An event on which rule and query differ: the event, the two answers beside each other, the part."""
    yield f"event:  {event_text(found.event)}"
    yield f"rule:   {_ANSWER[found.rule]:<15} query: {_ANSWER[found.query]}"
    part = found.part.rstrip("\n").split("\n")
    yield f"part:   {escaped(part[0])}"
    yield from (f"        {escaped(line)}" for line in part[1:])


_ANSWER = {True: "match", False: "no match"}


# --- totals -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Total:
    """The verdicts of one target by status, and its engines."""

    by_status: Counter[Status] = field(default_factory=Counter)
    engines: dict[str, None] = field(default_factory=dict)


class Totals:
    """Counts verdicts by target."""

    def __init__(self, targets: list[str]) -> None:
        self.by_target = {name: Total() for name in targets}

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        total = self.by_target[verdict.query.target]
        total.by_status[verdict.status] += 1
        if verdict.engine:
            total.engines[f"{verdict.engine} (ours)" if verdict.ours else verdict.engine] = None

    def count(self, status: Status) -> int:
        """How many verdicts there are of a status."""
        return sum(total.by_status[status] for total in self.by_target.values())

    def table(self) -> str:
        """The table of totals."""
        rows = []
        for name, total in self.by_target.items():
            counts = [f"{total.by_status[status]:,}" for status in ("verified", "mismatch", "not verified")]
            rows.append((name, *counts, visible(", ".join(total.engines)) or "none"))
        return table(("TARGET", "VERIFIED", "MISMATCH", "NOT VERIFIED", "ENGINE"), rows)


# --- the report ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fold:
    """Queries that were not verified for one reason: the first, and how many of each target."""

    first: Verdict
    by_target: Counter[str] = field(default_factory=Counter)


_NUMBER = re.compile(r"\d+")


class Text:
    """Writes verdicts as they come; ``close`` writes the reasons that were folded and the totals.

    ``verbose``: nothing is folded.
    """

    def __init__(
        self, write: Callable[[str], object], targets: list[str], *, color: bool = False, verbose: bool = False
    ) -> None:
        self._write = write
        self._color = color
        self._verbose = verbose
        self._width = max(map(len, targets))
        self._rule: tuple[object, str] | None = None
        self._folds: dict[str, _Fold] = {}
        self._written = False

    def add(self, verdict: Verdict) -> None:
        """Take a verdict."""
        if verdict.status == "not verified" and not self._verbose:
            fold = self._folds.setdefault(_NUMBER.sub("0", verdict.reason), _Fold(verdict))
            fold.by_target[verdict.query.target] += 1
            return
        self._head(verdict)
        line = visible(found_line(verdict))
        self._write(f"  {visible(verdict.query.target):<{self._width}}  {self._paint(verdict.status, line)}\n")
        if verdict.status == "mismatch":
            self._mismatch(verdict)
        if self._verbose:
            self._write("".join(f"    {count:,} set aside: {visible(reason)}\n" for reason, count in verdict.aside))

    def _head(self, verdict: Verdict) -> None:
        """Name the rule, once for all its targets."""
        rule, which = verdict.query.rule, verdict.query.which
        if self._rule == (rule.span, which):
            return
        self._rule = (rule.span, which)
        which = f", {which}" if which else ""
        space = "\n" * self._written
        self._written = True
        self._write(f"{space}{self._paint('bold', visible(rule.title))} ({visible(rule.path)}{which})\n")

    def _mismatch(self, verdict: Verdict) -> None:
        text = str(verdict.query.text)
        shown = text if len(text) <= TEXT else f"{text[:TEXT]}…"
        first, *rest = [escaped(line) for line in shown.split("\n")]
        lines = [f"query:  {first}", *(f"        {line}" for line in rest)]
        for found in verdict.differences:
            lines += difference_lines(found)
        if verdict.differing > len(verdict.differences):
            lines.append(f"and {verdict.differing - len(verdict.differences):,} events more that differ")
        self._write("".join([f"    {line}\n" for line in lines]))

    def close(self, totals: Totals) -> None:
        """Write what was folded, most first, and the totals."""
        folds = sorted(self._folds.values(), key=lambda fold: -fold.by_target.total())
        blocks = [self._folded(fold) for fold in folds[:REASONS]]
        if len(folds) > REASONS:
            blocks.append(f"and {len(folds) - REASONS:,} reasons more; -v shows each\n")
        if blocks and self._written:
            self._write("\n")
        self._write("".join(blocks) + "\n" * bool(blocks or self._written) + totals.table())

    def _folded(self, fold: _Fold) -> str:
        counts = sorted(fold.by_target.items(), key=lambda item: (-item[1], item[0]))
        queries = fold.by_target.total()
        by_target = ", ".join(
            [f"{visible(name)} {count:,}" if queries > 1 else visible(name) for name, count in counts]
        )
        more = f" and {queries - 1:,} more; -v shows each" if queries > 1 else ""
        line = self._paint("not verified", visible(f"not verified: {fold.first.reason}"))
        return f"{line}\n  {by_target}: {visible(fold.first.query.rule.path)}{more}\n"

    def _paint(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}{_RESET}" if self._color else text
