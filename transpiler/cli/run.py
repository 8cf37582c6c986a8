"""What ``sigmaq convert`` does: find the files, compile each, hand the outcomes on, report."""

from __future__ import annotations

import gc
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import NamedTuple, TextIO

from transpiler import files
from transpiler.api import Compiler, Outcome
from transpiler.cli.lines import Lines
from transpiler.cli.sinks import Folder, Json, Sink, Text, json_line
from transpiler.cli.usage import INTERRUPTED, colored, refuse
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import SigmaError, SourceError, UsageError
from transpiler.model import LEVELS, Rule
from transpiler.output import diagnostic_object
from transpiler.query import Options, Query
from transpiler.registry import Language, language, targets
from transpiler.report import Report, Tally
from transpiler.source import read

BROKEN_PIPE = 141
"""The exit code when the reader of our output went away, as shells count it."""

ALL = "all"
"""The word for every target."""

MANY_FILES = 200
"""From how many files on a run may show a progress bar."""


class _Tree:
    """The text form of trees, as if it were a query language."""

    name: str = "ast"
    title: str = "Syntax tree"
    extension: str = "txt"
    comment: str | None = "#"
    comment_end: str = ""
    schemas: tuple[str, ...] = ()


AST = _Tree()


class Job(NamedTuple):
    """What the options of ``sigmaq convert`` say."""

    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    schema: str | None = None
    pipelines: tuple[str, ...] = ()
    output: str | None = None
    json: bool = False
    exact: bool = False
    ast: bool = False
    options: Options = Options()
    min_level: str | None = None
    statuses: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    verbose: bool = False


def run(job: Job) -> int:
    """Do the job; returns the exit code. Nothing but a defect of ours raises."""
    return guarded(lambda: _run(job), as_json=job.json and job.output is None)


def guarded(do: Callable[[], int], *, as_json: bool) -> int:
    """What a command does, with an exit code for whatever ends it early; ``as_json``: said as JSON too."""
    try:
        with collecting_rarely():
            return do()
    except SigmaError as error:  # of the options: what is wrong with a rule is an outcome
        if as_json:
            sys.stdout.write(json_line(diagnostic_object(error.diagnostic)))
        return refuse(error)
    except BrokenPipeError:
        _forget_streams()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(job: Job) -> int:
    names = () if job.ast else targets() if ALL in job.targets else job.targets
    speaks: dict[str, Language] = {name: language(name) for name in names}
    compiler = Compiler(
        list(speaks),
        schema=job.schema,
        options=job.options,
        exact=job.exact,
        accept=selection(job),
        pipelines=job.pipelines,
    )
    found = files.find(job.paths)
    if not found.files:
        raise UsageError(no_rules(", ".join(found.empty)))
    lines = Lines()
    report = Report(
        sys.stderr.write,
        lines.line,
        color=colored(sys.stderr),
        verbose=job.verbose,
        name_targets=len(speaks) > 1,
    )
    tally = Tally()
    with ExitStack() as stack:
        sink = _sink(job, {AST.name: AST} if job.ast else speaks, stack)
        for outcomes in _outcomes(found, compiler, lines, job):
            sink.take(outcomes)
            tally.add(outcomes)
            if not job.json:
                report.add(_said(outcomes))
        sink.close()
    sys.stdout.flush()
    report.close(apart=sys.stdout.isatty())
    _conclude(tally, sink)
    return int(tally.failed)


def _outcomes(found: files.Found, compiler: Compiler, lines: Lines, job: Job) -> Iterator[list[Outcome]]:
    """The outcomes of each file, in order."""
    for path in found.empty:
        yield [Outcome(path, diagnostics=(no_rules(path),))]
    for path in progress(found.files, job):
        outcomes = outcomes_of(path, compiler, lines)
        yield [as_tree(outcome) for outcome in outcomes] if job.ast else outcomes


def _conclude(tally: Tally, sink: Sink) -> None:
    """Say what became of it all, unless one rule gave what was asked for."""
    if sink.several_lines:
        sys.stderr.write(
            f"{sink.several_lines:,} of the queries hold line breaks and take several lines; "
            "--json or -o DIR/ keeps them apart\n"
        )
    if tally.failed or tally.rules > 1 or tally.skipped:
        sys.stderr.write(tally.summary() + "\n")


def as_tree(outcome: Outcome) -> Outcome:
    """The outcome with the text form of the rule's trees in the place of its queries."""
    from transpiler.text import dump

    if outcome.rule is None:
        return outcome
    texts = (dump(tree).rstrip("\n") for tree in outcome.trees)
    rule = outcome.rule
    return replace(
        outcome,
        queries=tuple(
            Query(text, rule, AST.name, "none", number, condition=number) for number, text in enumerate(texts, 1)
        ),
    )


def _said(outcomes: list[Outcome]) -> Iterator[Diagnostic]:
    for outcome in outcomes:
        yield from outcome.diagnostics
        for query in outcome.queries:
            yield from query.diagnostics


def selection(job: Job) -> Callable[[Rule], bool] | None:
    """What ``--min-level``, ``--status`` and ``--tag`` take; None when they take every rule."""
    if not (job.min_level or job.statuses or job.tags):
        return None
    levels = LEVELS[LEVELS.index(job.min_level) :] if job.min_level else ()
    tags = tuple(tag.lower() for tag in job.tags)
    below = tuple(f"{tag}." for tag in tags)

    def accept(rule: Rule) -> bool:
        if levels and (rule.level or "").lower() not in levels:
            return False
        if job.statuses and (rule.status or "").lower() not in job.statuses:
            return False
        own = [tag.lower() for tag in rule.tags]
        return not tags or any(tag in tags or tag.startswith(below) for tag in own)

    return accept


# --- reading ------------------------------------------------------------------------------------


def outcomes_of(path: str, compiler: Compiler, lines: Lines) -> list[Outcome]:
    """What became of the documents of a file. The text of what is no file is kept for excerpts."""
    if path != "-" and not _is_stream(path):
        return list(compiler.compile_file(path))
    try:
        text = read(path)
    except SourceError as error:
        return [Outcome(path, diagnostics=(error.diagnostic,))]
    lines.keep(path, text)
    return list(compiler.compile(path, text))


def _is_stream(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - once a file, and fast
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


# --- writing ------------------------------------------------------------------------------------


def _sink(job: Job, speaks: Mapping[str, Language], stack: ExitStack) -> Sink:
    """Where the queries go. Files it opens are closed, or given up, by the stack."""
    if job.output and files.is_folder(job.output):
        return Folder(job.output, speaks, as_json=job.json)
    if job.output in (None, "-") or _is_stdout(job.output):
        utf8(sys.stdout)
        write: Callable[[str], object] = sys.stdout.write
    else:
        write = stack.enter_context(files.Output(job.output)).write
    return Json(write) if job.json else Text(write, speaks)


def _is_stdout(path: str) -> bool:
    """Whether a path leads to where standard output goes already (``/dev/stdout``)."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(sys.stdout.fileno()))  # noqa: PTH116
    except (OSError, ValueError):
        return False


def utf8(stream: TextIO) -> None:
    """The same bytes on every machine."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def no_rules(paths: str) -> Diagnostic:
    """What is said of folders without rules."""
    return diagnostic("U806", f"no *.yml or *.yaml file in {paths}")


def _forget_streams() -> None:
    """Nobody reads us any more: keep Python from trying again, and complaining, at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())


# --- long runs ----------------------------------------------------------------------------------


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Trees are freed by counting references; looking for cycles all the time only costs."""
    enabled, threshold = gc.isenabled(), gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
        if not enabled:
            gc.disable()


def progress(paths: list[str], job: Job, doing: str = "Converting", many: int = MANY_FILES) -> Iterable[str]:
    """The paths, with a bar on standard error when a person waits and nothing else is written there."""
    to_screen = job.output in (None, "-") and sys.stdout.isatty()
    if len(paths) < many or job.verbose or to_screen or not sys.stderr.isatty():
        return paths
    from rich.console import Console
    from rich.progress import track

    return track(paths, doing, console=Console(stderr=True), transient=True, update_period=0.2)
