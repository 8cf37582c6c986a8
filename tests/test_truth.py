"""Our front end and evaluator against recorded events and what an independent evaluator found there.

Every rule of evaluated.tsv is compared, all event ids exactly; there is no list of exceptions.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.support import corpus
from tests.support import events as recorded
from tests.support.events import Events
from transpiler import ast, evaluate
from transpiler.evaluate import Predicate
from transpiler.model import Rule
from transpiler.parse import rule as parse_rule
from transpiler.passes import normalise
from transpiler.source import Document, documents

EXAMPLE = corpus.ROOT / "examples" / "service_failure_command.yml"


pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def source() -> Path:
    return recorded.folder()


@cache
def events_of(source: Path) -> Events:
    """All recorded events. Tests read them, not fixtures, which ``no_cover`` does not reach."""
    return recorded.recorded(source)


@cache
def rules_of(source: Path) -> dict[str, Rule]:
    """The rules that were evaluated, by id; the one that is not SigmaHQ's is among our examples."""
    found = {}
    for row in recorded.table(source / "evaluated.tsv"):
        if not row["note"]:
            sigmahq = corpus.CORPUS / "sigmahq-rules" / row["path"].removeprefix("rules/")
            found[row["rule_id"]] = _read(sigmahq if row["rule_set"] == "sigmahq" else EXAMPLE)
    return found


def _read(path: Path) -> Rule:
    document = next(documents(str(path), path.read_text(encoding="utf-8")))
    assert isinstance(document, Document), document
    return parse_rule(document)[0]


def _predicate(rule: Rule) -> Predicate:
    """The rule as backends get it, its passes run. One of several conditions is enough."""
    return evaluate.compile(normalise(ast.Or(tuple([condition.tree for condition in rule.conditions]))))


def test_every_rule_matches_the_same_recorded_events(source: Path) -> None:
    events, rules = events_of(source), rules_of(source)
    expected = dict.fromkeys(rules, frozenset[str]())
    for row in recorded.table(source / "truth.tsv"):
        expected[row["rule_id"]] = _ids(row["event_ids_native"]) | _ids(row["event_ids_4688_via_alias"])
        assert len(expected[row["rule_id"]]) == int(row["n"])
    found = _matches(events, rules)
    assert len(rules) > 2_400
    assert {
        rule_id: {"ours alone": sorted(found[rule_id] - ids), "truth alone": sorted(ids - found[rule_id])}
        for rule_id, ids in expected.items()
        if found[rule_id] != ids
    } == {}


def _matches(events: Events, rules: dict[str, Rule]) -> dict[str, set[str]]:
    """The ids of the events that each rule matches, among those of its log source."""
    by_source: dict[tuple[str | None, str | None], list[tuple[Predicate, set[str]]]] = defaultdict(list)
    found: dict[str, set[str]] = {rule_id: set() for rule_id in rules}
    for rule_id, rule in rules.items():
        source = (rule.logsource.category, rule.logsource.service)
        by_source[source].append((_predicate(rule), found[rule_id]))
    for source, searches in by_source.items():
        for event in events.of(*source):
            for predicate, ids in searches:
                if predicate(event):
                    ids.add(str(event["_id"]))
    return found


def test_every_rule_matches_its_own_samples(source: Path) -> None:
    """SigmaHQ ships recorded events that its rules must find, and a few that they must not."""
    events, rules = events_of(source), rules_of(source)
    by_id = {event["_id"]: event for at in events.by_channel.values() for some in at.values() for event in some}
    rows = recorded.table(source / "regression.tsv")
    assert len(rows) > 100
    for row in rows:
        predicate = _predicate(rules[row["rule_id"]])
        found = {event_id for event_id in _ids(row["all_event_ids"]) if predicate(by_id[event_id])}
        assert found == _ids(row["event_ids_matching"]), row["title"]


def _ids(cell: str) -> frozenset[str]:
    return frozenset(cell.split(",")) - {""}


def test_absent_events_are_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "CORPUS", tmp_path)
    monkeypatch.setattr(corpus, "REQUIRED", False)
    with pytest.raises(pytest.skip.Exception, match="recorded-event truth"):
        recorded.folder()
    monkeypatch.setattr(corpus, "REQUIRED", True)
    with pytest.raises(pytest.fail.Exception, match="recorded-event truth"):
        recorded.folder()
