"""What ``sigmaq verify`` does: compile each rule, run its queries, hand the verdicts on, report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from transpiler import files
from transpiler.api import Compiler, Outcome
from transpiler.cli.lines import Lines
from transpiler.cli.run import ALL, Job, guarded, no_rules, outcomes_of, progress, selection, utf8
from transpiler.cli.sinks import json_line
from transpiler.cli.usage import colored
from transpiler.cli.verify_json import diagnostic_lines, summary_object, verdict_object
from transpiler.cli.verify_junit import JUnit
from transpiler.cli.verify_text import Text, Totals
from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import UsageError
from transpiler.output import diagnostic_object
from transpiler.registry import language, schema, targets
from transpiler.report import Report, Tally
from transpiler.verify import Verdict, Verifier

if TYPE_CHECKING:
    from transpiler.recast import Recorded, Shape

MANY_FILES = 20
"""From how many files on a run may show a progress bar."""


class VerifyJob(NamedTuple):
    """What the options of ``sigmaq verify`` say. ``rules``: those it shares with ``sigmaq convert``."""

    rules: Job
    events: tuple[str, ...] = ()
    shape: Shape | None = None
    require_verified: bool = False
    junit: str | None = None


def run(job: VerifyJob) -> int:
    """Do the job; returns the exit code. Nothing but a defect of ours raises."""
    return guarded(lambda: _run(job), as_json=job.rules.json)


def _run(job: VerifyJob) -> int:
    rules = job.rules
    names = list(dict.fromkeys(targets() if ALL in rules.targets else rules.targets))
    compiler = Compiler(
        names, schema=rules.schema, options=rules.options, accept=selection(rules), pipelines=rules.pipelines
    )
    found = files.find(rules.paths)
    if not found.files:
        raise UsageError(no_rules(", ".join(found.empty)))
    utf8(sys.stdout)
    with ExitStack() as stack:
        # Opened first: a run may be long, and a place that cannot be written is known now.
        output = stack.enter_context(files.Output(job.junit)) if job.junit else None
        run = _Run(job, names)
        recorded = run.recorded()
        verifier = Verifier(rules.options) if recorded is None else Verifier(rules.options, recorded)
        stack.enter_context(verifier)
        for path in found.empty:
            run.take(Outcome(path, diagnostics=(no_rules(path),)), [])
        for path in progress(found.files, rules, "Verifying", MANY_FILES):
            for outcome in outcomes_of(path, compiler, run.lines):
                run.take(outcome, verifier.verify(outcome))
        if output is not None:
            output.write(run.junit.text())
        run.close(recorded)
    return int(run.failed)


class _Run:
    """Where the verdicts of a run go, and what became of them."""

    def __init__(self, job: VerifyJob, names: list[str]) -> None:
        rules = job.rules
        self.job = job
        self.names = names
        self.lines = Lines()
        self.tally = Tally()
        self.totals = Totals(names)
        self.junit = JUnit(names, require_verified=job.require_verified)
        self.text = Text(sys.stdout.write, names, color=colored(sys.stdout), verbose=rules.verbose)
        self.report = Report(
            sys.stderr.write,
            self.lines.line,
            color=colored(sys.stderr),
            verbose=rules.verbose,
            name_targets=len(names) > 1,
        )
        self.events: tuple[int, int] | None = None

    @property
    def failed(self) -> bool:
        """Whether the exit code is 1."""
        unproved = self.job.require_verified and self.totals.count("not verified")
        return bool(self.tally.failed or self.totals.count("mismatch") or unproved)

    def say(self, found: Diagnostic) -> None:
        """Report what is about events, and no rule."""
        if self.job.rules.json:
            sys.stdout.write(json_line(diagnostic_object(found)))
        else:
            self.report.add([found])

    def recorded(self) -> Recorded | None:
        """The user's own events; None when events are to be made. Raises UsageError."""
        if not self.job.events:
            return None
        from transpiler import events
        from transpiler.recast import Recorded

        paths = events.find(self.job.events)
        found = events.read(paths, self.say)
        rules = self.job.rules
        given = rules.schema or ("none" if rules.pipelines else None)
        schemas = dict.fromkeys(given or language(name).schemas[0] for name in self.names)
        recorded = Recorded(found, [schema(name) for name in schemas], self.job.shape)
        self.events = (len(paths), len(found))
        for note in _notes(recorded, len(found), len(paths)):
            self.say(note)
        return recorded

    def take(self, outcome: Outcome, verdicts: Iterator[Verdict] | list[Verdict]) -> None:
        """Write what became of a document, verdict by verdict."""
        self.tally.add([outcome])
        self.junit.refused(outcome)
        for verdict in verdicts:
            self.totals.add(verdict)
            self.junit.add(verdict)
            if self.job.rules.json:
                sys.stdout.write(json_line(verdict_object(verdict)))
            else:
                self.text.add(verdict)
        if self.job.rules.json:
            for line in diagnostic_lines(outcome):
                sys.stdout.write(json_line(line))
        else:
            self.report.add(_shown(outcome, verbose=self.job.rules.verbose))

    def close(self, recorded: Recorded | None) -> None:
        """Say what became of it all."""
        if self.job.rules.json:
            shapes = None if recorded is None else recorded.shapes
            sys.stdout.write(json_line(summary_object(self.tally, self.totals, self.events, shapes)))
            sys.stdout.flush()
            return
        self.text.close(self.totals)
        sys.stdout.flush()
        self.report.close(apart=sys.stdout.isatty())
        if self.tally.failed or self.tally.rules > 1 or self.tally.skipped:
            sys.stderr.write(self.tally.summary() + "\n")


def _notes(recorded: Recorded, events: int, count: int) -> Iterator[Diagnostic]:
    """What is taken for granted of the user's events."""
    many = f"{events:,} event{'s' * (events != 1)} from {count:,} file{'s' * (count != 1)}"
    if not recorded.shapes:
        yield diagnostic(
            "V906", f"{many}: taken to be in the field names of the rules", hint="a schema (-s) renames fields"
        )
        return
    own = [name for name, shape in recorded.shapes.items() if shape == "schema"]
    cast = [name for name, shape in recorded.shapes.items() if shape == "sigma"]
    said = [f"in the shape of `{name}`" for name in own] + ["in Sigma's field names"] * bool(cast)
    yield diagnostic("V906", f"{many}: {' and '.join(said)}")
    if cast:
        yield diagnostic("V907", f"the log source is taken as given in {', '.join(f'`{name}`' for name in cast)}")


def _shown(outcome: Outcome, *, verbose: bool) -> Iterator[Diagnostic]:
    """What is wrong with a rule; with ``verbose`` also what its queries say of themselves."""
    yield from (each for each in outcome.diagnostics if verbose or each.severity == "error")
    for query in outcome.queries if verbose else ():
        yield from query.diagnostics
