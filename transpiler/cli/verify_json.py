"""Verdicts as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from transpiler.api import Outcome
from transpiler.output import diagnostic_object
from transpiler.report import Tally
from transpiler.verify import Difference, Verdict

if TYPE_CHECKING:
    from transpiler.cli.verify_text import Totals


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """The JSON object of a verdict."""
    query = verdict.query
    return {
        "kind": "verdict",
        "path": query.rule.path,
        "rule_id": query.rule.id,
        "title": query.rule.title,
        "target": query.target,
        "schema": query.schema,
        "status": verdict.status,
        "reason": verdict.reason,
        "events": verdict.events,
        "matching": verdict.matching,
        "differing": verdict.differing,
        "engine": verdict.engine,
        "ours": verdict.ours,
        "aside": [{"reason": reason, "events": count} for reason, count in verdict.aside],
        "differences": [_difference(each) for each in verdict.differences],
        "query": str(query.text),
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {"event": dict(found.event), "rule": found.rule, "query": found.query, "part": found.part.rstrip("\n")}


def diagnostic_lines(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """The JSON objects of the diagnostics that belong to no query."""
    for found in outcome.diagnostics:
        yield diagnostic_object(found, path=outcome.path, rule_id=outcome.rule.id if outcome.rule else None)


def summary_object(
    tally: Tally, totals: Totals, events: tuple[int, int] | None, shapes: Mapping[str, str] | None
) -> dict[str, Any]:
    """The last JSON object of a run. ``events``: how many files of the user's events, and how many events."""
    return {
        "kind": "summary",
        "rules": tally.rules,
        "refused": tally.refused + tally.partly,
        "skipped": tally.skipped,
        "queries": tally.queries,
        "verified": totals.count("verified"),
        "mismatch": totals.count("mismatch"),
        "not_verified": totals.count("not verified"),
        "targets": {
            name: {
                "verified": total.by_status["verified"],
                "mismatch": total.by_status["mismatch"],
                "not_verified": total.by_status["not verified"],
                "engines": list(total.engines),
            }
            for name, total in totals.by_target.items()
        },
        "events": events and {"files": events[0], "events": events[1], "shapes": dict(shapes or {})},
    }
