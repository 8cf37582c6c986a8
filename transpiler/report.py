r"""Diagnostics for people: the source line, a caret, and repeats folded by code.

    warning[T610]: the target compares this field exactly
      --> rules/service.yml:14:9
       |
    14 |         Image|endswith: '\sc.exe'
       |         ^^^^^^^^^^^^^^
       = target: kibana
       = hint: index the field case-folded and declare it (`--strings folded`)
       = 11 of these in all; -v shows each

Plain text; colours only when the caller says that a terminal reads them. What a rule says can not
reach the terminal as a control sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transpiler.diagnostics import Diagnostic, Severity
from transpiler.output import visible

if TYPE_CHECKING:
    from transpiler.api import Outcome

ORDER: dict[Severity, int] = {"note": 0, "warning": 1, "error": 2}
"""Folded diagnostics are shown in this order: what matters most stands nearest to the prompt."""

WIDTH = 120
"""How many characters of a source line are shown."""

MESSAGE = 600
"""How many characters of a message are shown."""

_COLORS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m", "dim": "\x1b[2m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


@dataclass(slots=True, eq=False, repr=False)
class _Fold:
    """All diagnostics of one code: the first with its targets, how many there are, and how many of each target."""

    first: Diagnostic
    targets: list[str]
    count: int = 0
    by_target: dict[str, int] = field(default_factory=dict)


class Report:
    """Collects diagnostics and writes them for people.

    ``line_of(path, number)`` gives a line of a source, or None. ``verbose`` writes every
    diagnostic as it comes; otherwise ``close`` writes one example of each code and how many more
    there are. ``name_targets``: say which target each is about.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        line_of: Callable[[str, int], str | None],
        *,
        color: bool = False,
        verbose: bool = False,
        name_targets: bool = True,
    ) -> None:
        self._write = write
        self._line_of = line_of
        self._color = color
        self._verbose = verbose
        self._name_targets = name_targets
        self._folds: dict[tuple[Severity, str], _Fold] = {}

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Take the diagnostics of one document. The same finding on several targets is one."""
        merged: dict[tuple[object, ...], tuple[Diagnostic, list[str]]] = {}
        for each in found:
            key = (each.code, each.severity, each.span, each.message)
            targets = merged.setdefault(key, (each, []))[1]
            if each.target and each.target not in targets:
                targets.append(each.target)
        for each, targets in merged.values():
            if self._verbose:
                self._write(self._block(each, targets))
                continue
            fold = self._folds.get((each.severity, each.code))
            if fold is None:
                fold = self._folds[(each.severity, each.code)] = _Fold(each, targets)
            fold.count += 1
            for target in targets:
                fold.by_target[target] = fold.by_target.get(target, 0) + 1

    def close(self, *, apart: bool = False) -> None:
        """Write what was folded, errors last; ``apart``: below an empty line."""
        if apart and self._folds:
            self._write("\n")
        for fold in sorted(self._folds.values(), key=lambda fold: (ORDER[fold.first.severity], fold.first.code)):
            self._write(self._block(fold.first, fold.targets, _more(fold)))
        self._folds.clear()

    def _block(self, found: Diagnostic, targets: list[str], more: str = "") -> str:
        span = found.span
        # A note without repeats is one thought, not a place to mend: its source line is for -v.
        with_line = span.line > 0 and (self._verbose or found.severity != "note")
        line = self._line_of(span.path, span.line) if with_line else None
        gutter = " " * len(str(span.line)) if line is not None else " "
        kind = self._paint(found.severity, f"{found.severity}[{found.code}]")
        lines = [f"{kind}: {self._paint('bold', shorten(found.message))}"]
        if span.path:
            place = visible(str(span) if span.line else span.path)
            lines.append(self._paint("dim", f"{gutter}--> {place}"))
        if line is not None:
            lines += self._excerpt(found, line, gutter)
        of = ", ".join(targets) if self._name_targets else ""
        facts = [("target: ", of), ("hint: ", shorten(found.hint)), ("", more)]
        lines += [f"{gutter} {self._paint('dim', '=')} {name}{value}" for name, value in facts if value]
        return "\n".join(lines) + "\n\n"

    def _excerpt(self, found: Diagnostic, line: str, gutter: str) -> Iterator[str]:
        shown, before, marked = excerpt(line, found.span.column, found.span.length)
        bar = self._paint("dim", f"{gutter} |")
        yield bar
        yield f"{self._paint('dim', f'{found.span.line} |')} {shown}".rstrip()
        yield f"{bar} {' ' * before}{self._paint(found.severity, '^' * marked)}"

    def _paint(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}{_RESET}" if self._color else text


def _more(fold: _Fold) -> str:
    if fold.count == 1:
        return ""
    counts = sorted(fold.by_target.items(), key=lambda item: (-item[1], item[0]))
    by_target = ", ".join(f"{name} {count:,}" for name, count in counts)
    return f"{fold.count:,} of these in all" + (f" ({by_target})" if len(counts) > 1 else "") + "; -v shows each"


def shorten(text: str) -> str:
    """A message on one line and of bounded length, without control characters."""
    text = visible(text)
    return text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"


def excerpt(line: str, column: int, length: int) -> tuple[str, int, int]:
    """What to show of a source line: the text, the cells before the caret, the caret's cells.

    ``column`` counts characters from 1. A long line is cut to a window around the column; tabs and
    wide characters are counted as the terminal shows them.
    """
    start = 0
    if len(line) > WIDTH:
        start = max(0, min(column - 1 - WIDTH // 3, len(line) - WIDTH))
    end = min(len(line), start + WIDTH)
    caret = max(start, min(column - 1, end))
    lead = "…" if start else ""
    before = lead + _cells_text(line[start:caret])
    marked = _cells_text(line[caret : min(end, caret + max(1, length))])
    shown = before + _cells_text(line[caret:end]) + ("…" if end < len(line) else "")
    return shown, cells(before), max(1, cells(marked))


def _cells_text(text: str) -> str:
    return visible(text.replace("\t", "    "))


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


# --- the last line ------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, repr=False)
class Tally:
    """What became of the documents of a run."""

    rules: int = 0
    converted: int = 0
    partly: int = 0
    refused: int = 0
    skipped: int = 0
    queries: int = 0

    @property
    def failed(self) -> bool:
        """Whether something was not converted."""
        return bool(self.partly or self.refused)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count the documents of a file."""
        for outcome in outcomes:
            self.rules += 1
            self.queries += len(outcome.queries)
            if outcome.skipped:
                self.skipped += 1
            elif any(found.severity == "error" for found in outcome.diagnostics):
                if outcome.queries:
                    self.partly += 1
                else:
                    self.refused += 1
            else:
                self.converted += 1

    def summary(self) -> str:
        """One line: ``3,141 rules: 3,100 converted, 41 refused; 3,100 queries``."""
        counts = (
            (self.converted, "converted"),
            (self.partly, "converted in part"),
            (self.refused, "refused"),
            (self.skipped, "not selected"),
        )
        said = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "none"
        return f"{_count(self.rules, 'rule')}: {said}; {_count(self.queries, 'query', 'queries')}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
