r"""A comparison for people, and as a JSON object.

    Printer Spooler Restarted (rules/spooler.yml), lucene

    sigmaq
      Image:/.*\\[nN][eE][tT]\.[eE][xX][eE]/
    pySigma 1.5.1, pysigma-backend-elasticsearch 2.1.0
      Image:*\\net.exe

    They differ on 3 of 41 events: pySigma is wrong on 3, sigmaq on none; Lucene 10.5
      event:   {"Image": "C:\\NET.EXE"}
      rule:    match
      sigmaq:  match
      pySigma: no match
      part:    Image|endswith: "\\net.exe"

What a rule or an event holds can not reach the terminal as a control sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

from transpiler.cli.usage import colored
from transpiler.cli.verify_text import TEXT, escaped, event_text
from transpiler.compare import Comparison
from transpiler.output import diagnostic_object, visible
from transpiler.report import shorten

SIDE_BY_SIDE = 120
"""From how many columns of a terminal on two queries may stand beside each other."""

_ANSWER = {True: "match", False: "no match"}


def comparison_object(found: Comparison) -> dict[str, Any]:
    """The JSON object of a comparison."""
    rule, contrast = found.query.rule, found.contrast
    return {
        "kind": "comparison",
        "path": rule.path,
        "rule_id": rule.id,
        "title": rule.title,
        "target": found.query.target,
        "schema": found.query.schema,
        "status": found.status,
        "reason": found.reason,
        "query": str(found.query.text),
        "warnings": [diagnostic_object(each, found.query) for each in found.query.diagnostics],
        "pysigma": found.theirs or None,
        "by": found.by or None,
        "events": found.events,
        "differing": found.differing,
        "wrong": found.ours_wrong,
        "pysigma_wrong": found.theirs_wrong,
        "engine": found.engine,
        "ours": found.ours,
        "difference": contrast
        and {
            "event": dict(contrast.event),
            "rule": contrast.rule,
            "query": contrast.ours,
            "pysigma": contrast.theirs,
            "part": contrast.part or None,
        },
    }


def show(found: Comparison, stream: TextIO) -> None:
    """Write a comparison; on a terminal the queries stand in frames, beside each other where there is room."""
    rule = found.query.rule
    which = f", {found.query.which}" if found.query.which else ""
    stream.write(f"{visible(rule.title)} ({visible(rule.path)}{which}), {visible(found.query.target)}\n\n")
    theirs = found.theirs or said(found)
    if colored(stream):
        _frames(str(found.query.text), theirs, found.by or "pySigma", stream)
    else:
        for name, text in (("sigmaq", str(found.query.text)), (found.by or "pySigma", theirs)):
            stream.write(f"{visible(name)}\n" + "".join(f"  {line}\n" for line in _lines(text)))
    for each in found.query.diagnostics:
        if each.severity == "warning":
            stream.write(f"sigmaq's query warns: {shorten(each.message)} [{each.code}]\n")
    stream.write("\n")
    if found.theirs:
        stream.write("".join(f"{line}\n" for line in _seen(found)) + "\n")


def said(found: Comparison) -> str:
    """Why there is no query of pySigma's."""
    return found.reason if found.status == "none" else f"refused: {found.reason}"


def _seen(found: Comparison) -> Iterator[str]:
    engine = f"; {visible(found.engine)}{' (ours)' if found.ours else ''}" if found.engine else ""
    if found.status == "cannot read":
        yield f"cannot read: {visible(found.reason)}{engine}"
    elif found.contrast is None:
        right = "both are right" if not found.ours_wrong else f"both are wrong on {found.ours_wrong:,}"
        yield f"same on {found.events:,} events, {right}{engine}"
    else:
        wrong = f"pySigma is wrong on {found.theirs_wrong or 'none'}, sigmaq on {found.ours_wrong or 'none'}"
        yield f"They differ on {found.differing:,} of {found.events:,} events: {wrong}{engine}"
        contrast = found.contrast
        yield f"  event:   {event_text(contrast.event)}"
        yield f"  rule:    {_ANSWER[contrast.rule]}"
        yield f"  sigmaq:  {_ANSWER[contrast.ours]}"
        yield f"  pySigma: {_ANSWER[contrast.theirs]}"
        if contrast.part:
            first, *rest = contrast.part.split("\n")
            yield f"  part:    {escaped(first)}"
            yield from (f"           {escaped(line)}" for line in rest)


def _lines(text: str) -> list[str]:
    shown = text if len(text) <= TEXT else f"{text[:TEXT]}…"
    return [escaped(line) for line in shown.split("\n")]


def _frames(ours: str, theirs: str, by: str, stream: TextIO) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream)
    panels = [
        Panel(Text("\n".join(_lines(text)), overflow="fold"), title=Text(visible(name)), title_align="left")
        for name, text in (("sigmaq", ours), (by, theirs))
    ]
    if console.width < SIDE_BY_SIDE:
        console.print(*panels)
        return
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(*panels)
    console.print(grid)
