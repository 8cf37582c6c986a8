"""docs/verification.md, made of what a sweep found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.sweep.fuzz import Fuzzed
from tests.sweep.grammars import Grammar
from tests.sweep.tally import Key, Tally

Runs = Mapping[str, Mapping[Key, Tally]]
"""What the events were -> target and schema -> tally."""

LEAST = {"lucene": 99, "dsl": 99, "eql": 99, "splunk": 99, "kibana": 95, "kusto": 95, "esql": 95}
"""Target -> the share of its queries, in per cent, that must be verified on witnesses."""

HEAD = """# Verification

Made by `python -m tests.sweep`; do not edit.

Every rule of the public SigmaHQ set is converted, and each query is run on events by an engine that
speaks its language. What the query finds is held against what the rule says of the same events.

- **verified**: an engine ran the query on events that match and on events that do not, and every answer was right
- **mismatch**: on some event the query and the rule disagree
- **not verified**: no engine could judge the query; the reasons are listed

An engine marked *ours* is an evaluator of this project, written from the vendor's documents. It is no
independent witness. Events that a warning of the query covers are set aside, never counted as right.
"""


def page(
    runs: Runs, grammars: Sequence[Grammar] = (), absent: Mapping[str, str] | None = None, fuzzed: Fuzzed | None = None
) -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_runs(runs), *_grammars(grammars), *_fuzzed(fuzzed), *_absent(absent or {})]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join([' --- ' if number < 2 else ' ---: ' for number in range(len(head))])}|"
    for row in rows:
        yield f"| {' | '.join([str(cell).replace('|', chr(92) + '|') for cell in row])} |"
    yield ""


def _runs(runs: Runs) -> Iterator[str]:
    for title, tallies in runs.items():
        yield f"## On {title}\n"
        yield from _table(
            ["target", "schema", "queries", "verified", "share", "mismatch", "not verified", "events judged"],
            [
                (
                    *key,
                    f"{tally.queries:,}",
                    f"{tally.verified:,}",
                    f"{tally.share:.2f}%",
                    tally.mismatched,
                    f"{sum(tally.reasons.values()):,}",
                    f"{tally.events:,}",
                )
                for key, tally in tallies.items()
                if tally.queries
            ],
        )
        yield "Engines, and how many queries each verified:\n"
        yield from _table(
            ["target", "engine", "schema", "verified"],
            [
                (target, f"{name}{' (ours)' if ours else ''}", schema, f"{count:,}")
                for (target, schema), tally in tallies.items()
                for (name, ours), count in sorted(tally.engines.items())
            ],
        )
        yield "Not verified, by reason:\n"
        yield from _table(
            ["target", "reason", "schema", "queries"],
            [
                (target, reason, schema, count)
                for (target, schema), tally in tallies.items()
                for reason, count in sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0]))
            ],
        )


def _grammars(grammars: Sequence[Grammar]) -> Iterator[str]:
    if not grammars:
        return
    yield "## By the vendors' parsers\n"
    yield from _table(
        ["target", "parser", "schema", "queries", "refused"],
        [
            (each.target, each.name, each.schema, f"{each.queries:,}", each.not_run or len(each.rejected))
            for each in grammars
        ],
    )


def _fuzzed(fuzzed: Fuzzed | None) -> Iterator[str]:
    if fuzzed is None:
        return
    yield "## On generated rules\n"
    yield f"{fuzzed.examples:,} rules that nobody wrote (every modifier, nested conditions, nasty values), for each"
    yield "target as they are and for folded strings, run on the engines that users have:"
    yield f"{len(fuzzed.failed)} properties failed.\n"
    yield from [f"- {each}" for each in fuzzed.failed]


def _absent(absent: Mapping[str, str]) -> Iterator[str]:
    if absent:
        yield "## Not run\n"
        yield from [f"- {name}: {why}" for name, why in absent.items()]
        yield ""


def failures(
    runs: Runs, grammars: Sequence[Grammar], absent: Mapping[str, str], fuzzed: Fuzzed | None, *, shares: bool
) -> list[str]:
    """What did not hold, in one line each."""
    found = [f"not run: {name}: {why}" for name, why in absent.items()]
    found += [f"generated rules: {each}" for each in (fuzzed.failed if fuzzed else ())]
    for title, tallies in runs.items():
        for (target, schema), tally in tallies.items():
            place = f"{target} with schema {schema} on {title}"
            if tally.mismatched:
                found.append(f"{place}: {tally.mismatched} mismatches")
            if shares and title == "witnesses" and tally.queries and tally.share < LEAST[target]:
                found.append(f"{place}: {tally.share:.2f}% verified, not {LEAST[target]}%")
    for each in grammars:
        place = f"{each.name} on {each.target} with schema {each.schema}"
        if each.not_run:
            found.append(f"not run: {place}: {each.not_run}")
        found += [f"{place}: {error}" for error in each.rejected[:5]]
    return found
