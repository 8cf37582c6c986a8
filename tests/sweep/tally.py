"""What was shown of many queries, counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from transpiler.verify import Verdict

Key = tuple[str, str]
"""Target and schema."""

MOST_EXAMPLES = 20
"""How many mismatches of a target are kept to be shown."""


@dataclass
class Tally:
    """The queries of one target and schema, held to events of one kind.

    A query is verified if an engine verified it and none found a mismatch.
    """

    queries: int = 0
    verified: int = 0
    mismatched: int = 0
    events: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    engines: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """(name and version, whether it is ours) -> how many queries it verified."""
    examples: list[str] = field(default_factory=list)

    def add(self, verdicts: list[Verdict]) -> None:
        """Count one query, by the verdicts of all its engines."""
        self.queries += 1
        self.events += max(each.events for each in verdicts)
        statuses = {each.status for each in verdicts}
        for each in verdicts:
            if each.engine:
                self.engines[each.engine, each.ours] += each.status == "verified"
            if each.status == "mismatch" and len(self.examples) < MOST_EXAMPLES:
                self.examples.append(told(each))
        if "mismatch" in statuses:
            self.mismatched += 1
        elif "verified" in statuses:
            self.verified += 1
        else:
            self.reasons[folded(verdicts[0].reason)] += 1

    def merge(self, other: Tally) -> None:
        """Take what another part of the run counted."""
        self.queries += other.queries
        self.verified += other.verified
        self.mismatched += other.mismatched
        self.events += other.events
        self.reasons += other.reasons
        for engine, count in other.engines.items():  # += drops an engine that verified nothing
            self.engines[engine] += count
        self.examples = (self.examples + other.examples)[:MOST_EXAMPLES]

    @property
    def share(self) -> float:
        """Verified queries, in per cent of those emitted."""
        return 100 * self.verified / self.queries if self.queries else 0.0


_NAMES = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\[[^\]]*\]")
_NUMBERS = re.compile(r"\d+")


def folded(reason: str) -> str:
    """A reason without what differs from rule to rule, so that the same ones count together."""
    return _NUMBERS.sub("n", _NAMES.sub("…", reason.partition("\n")[0]))[:160]


def told(verdict: Verdict) -> str:
    """A mismatch in a few lines."""
    query = verdict.query
    lines = [f"{query.rule.path} -t {query.target} -s {query.schema} ({verdict.engine}): {verdict.reason}", query.text]
    lines += [
        f"  {each.event!r:.600}\n  rule {each.rule}, query {each.query}; part:\n{each.part.rstrip():.400}"
        for each in verdict.differences[:2]
    ]
    return "\n".join(lines)


def merged(parts: Iterable[dict[Key, Tally]]) -> dict[Key, Tally]:
    """The tallies of all parts of a run."""
    found: dict[Key, Tally] = {}
    for part in parts:
        for key, tally in part.items():
            found.setdefault(key, Tally()).merge(tally)
    return dict(sorted(found.items()))
