"""The recorded events as a rule's query sees them: those of its log source, told apart by its fields alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from tests.support import corpus
from tests.support import events as recordings
from tests.support.events import Events
from transpiler import evaluate
from transpiler.model import Rule
from transpiler.schema import Mapped
from transpiler.stored import fields_of, has_keywords, leaves
from transpiler.verify import Sample

MOST = 3000
"""So many distinct events a rule is held to: all that match it, then the first that do not."""


@lru_cache(maxsize=1)
def recorded() -> Events:
    """All recorded events, in Sigma's field names."""
    return recordings.recorded(recordings.folder())


def evaluated() -> frozenset[str]:
    """The ids of the rules whose log source the recordings cover."""
    rows = recordings.table(corpus.CORPUS / "events" / "evaluated.tsv")
    return frozenset(row["rule_id"] for row in rows if not row["note"])


def of_rule(rule: Rule, mapped: Mapped) -> Iterable[Sample]:
    """The events of the rule's log source, each as often as it looks the same to the rule."""
    if rule.id not in evaluated_ids():
        return []
    scope = recorded().of(rule.logsource.category, rule.logsource.service)
    tree = mapped.tree
    whole = has_keywords(tree)
    names = sorted({field.name for leaf in leaves(tree) for field in fields_of(leaf)})
    counts: dict[str, int] = {}
    looks: dict[str, dict[str, object]] = {}
    for event in scope:
        seen = event if whole else {name: event[name] for name in names if name in event}
        key = repr(seen)
        counts[key] = counts.get(key, 0) + 1
        looks.setdefault(key, seen)
    matches = evaluate.compile(tree)
    order = sorted(looks, key=lambda key: not matches(looks[key]))  # a stable sort: those that match come first
    return [Sample(looks[key], counts[key]) for key in order[:MOST]]


evaluated_ids = lru_cache(maxsize=1)(evaluated)
