"""Our query beside pySigma's: who differs, on what, and who is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.support import fakes
from transpiler import compare, registry
from transpiler.api import Compiler
from transpiler.compare import BACKENDS, Comparer, Comparison, Theirs
from transpiler.engine import Engine
from transpiler.errors import UsageError
from transpiler.verify import Verifier

RULE = """\
title: Both
id: 6b2c3d4e-0000-4000-8000-000000000006
logsource: {product: windows, category: process_creation}
detection:
  selection:
    A: bee
    C|startswith: sea
  condition: selection
"""
EVENTS = [{"A": "bee", "C": "seal"}, {"A": "BEE", "C": "sea"}, {"A": "bee"}, {"A": "x", "C": "sea"}, {"A": ["bee"]}]


class Letters:
    """A backend of pySigma's that forgets wildcards, and says ``NOT`` to nothing."""

    QUERY: ClassVar[str] = '{}="{}"'

    def convert_rule(self, rule: Any) -> list[str]:
        detection = rule.to_dict()["detection"]
        terms = [
            self.QUERY.format(key.partition("|")[0], each)
            for key, value in detection["selection"].items()
            for each in _list(value)
        ]
        return [" ".join(terms)]


class Refuses(Letters):
    def convert_rule(self, rule: Any) -> list[str]:
        raise NotImplementedError("not this")


class Unreadable(Letters):
    QUERY = "{}~{}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes one of the classes above pySigma's backend for Splunk."""

    def use(name: str) -> None:
        monkeypatch.setitem(BACKENDS, "splunk", Theirs(__name__, name, "pysigma"))

    return use


def comparisons(
    text: str = RULE, *engines: type[Engine], target: str = "splunk", schema: str = "none", events: Any = EVENTS
) -> list[Comparison]:
    wanted = {target: list(engines or (fakes.Terms,))}
    with Verifier(events=lambda *_: events, engines=wanted, isolated=False) as verifier:
        comparer = Comparer(text, verifier)
        outcomes = Compiler([target], schema=schema).compile("rule.yml", text)
        return [each for outcome in outcomes for each in comparer.compare(outcome)]


def test_two_queries_that_are_the_same() -> None:
    (found,) = comparisons()
    assert (found.status, found.query.text, found.theirs) == ("same", 'A="bee" C="sea*"', 'A="bee" C="sea*"')
    assert (found.events, found.differing, found.ours_wrong, found.theirs_wrong) == (5, 0, 0, 0)
    assert (found.engine, found.ours, found.contrast) == ("Terms 1.0", True, None)
    assert found.by.startswith("pySigma 1.")


def test_two_queries_that_are_wrong_alike() -> None:
    (found,) = comparisons(RULE, fakes.Forgets)
    assert (found.status, found.ours_wrong, found.theirs_wrong) == ("same", 2, 2)


def test_an_event_that_shows_the_difference(theirs: Any) -> None:
    theirs("Letters")
    (found,) = comparisons()
    assert (found.status, found.differing, found.ours_wrong, found.theirs_wrong) == ("differs", 1, 0, 1)
    assert found.contrast == compare.Contrast(EVENTS[0], True, True, False, 'C|startswith: "sea"')


def test_the_value_that_differs_is_named(theirs: Any) -> None:
    theirs("Letters")
    text = RULE.replace("C|startswith: sea", "C|startswith|all: [sea, s]")
    (found,) = comparisons(text, events=[{"A": "bee", "C": "sea"}, {"A": "bee", "C": "seal"}])
    assert found.contrast is not None
    assert found.contrast.part == 'C|startswith: "s"'


def test_where_ours_is_wrong_it_is_said(theirs: Any) -> None:
    class Wrong(fakes.Terms):
        def run(self, asked: Any, rows: Any) -> Any:
            return [not answer if "*" in asked.text else answer for answer in super().run(asked, rows)]

    theirs("Letters")
    (found,) = comparisons(RULE, Wrong, events=[EVENTS[1], EVENTS[2]])
    assert (found.ours_wrong, found.theirs_wrong) == (2, 0)
    assert found.contrast == compare.Contrast({"A": "bee"}, False, True, False, 'C<string> startswith "sea"')


def test_no_part_is_named_where_none_is_wrong_by_itself(theirs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs("Letters")
    monkeypatch.setattr(compare, "_parts", lambda _: iter([("x", {"title": "no rule"})]))
    (found,) = comparisons()
    assert found.contrast is not None
    assert found.contrast.part == ""


def test_what_pysigma_refuses_is_its_answer(theirs: Any) -> None:
    theirs("Refuses")
    (found,) = comparisons()
    assert (found.status, found.theirs, found.reason) == ("refused", "", "NotImplementedError: not this")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("C|startswith: sea", "C|cidr: 10.0.0.0/33", ""),
        ("id: 6b2c3d4e-0000-4000-8000-000000000006", "id: no uuid", "Sigma"),
        ("title: Both", "title: Both\nlevel: odd", "Sigma"),
    ],
)
def test_a_rule_that_pysigma_does_not_read(old: str, new: str, reason: str) -> None:
    found = comparisons(RULE.replace(old, new))
    assert [each.status for each in found] == ["refused"] * bool(reason)
    assert all(reason in each.reason for each in found)


def test_a_rule_that_pysigma_does_not_find(monkeypatch: pytest.MonkeyPatch) -> None:
    from sigma.collection import SigmaCollection

    monkeypatch.setattr(SigmaCollection, "from_yaml", lambda *_, **__: SigmaCollection([]))
    (found,) = comparisons()
    assert found.reason == "LookupError: pySigma finds no such rule in the file"


def test_a_file_that_pysigma_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaCollectionError

    monkeypatch.setattr(
        SigmaCollection, "from_yaml", lambda *_, **__: SigmaCollection([], [SigmaCollectionError("broken")])
    )
    (found,) = comparisons()
    assert found.reason == "SigmaCollectionError: broken"


def test_targets_without_a_backend_of_pysigmas() -> None:
    for target in ("kibana", "dsl"):
        (found,) = comparisons(target=target)
        assert (found.status, found.reason) == ("none", f"pySigma has no backend for {target}")


def test_every_backend_is_there() -> None:
    assert set(BACKENDS) < set(registry.targets())
    for which in BACKENDS.values():
        assert which is not None
        assert "pySigma" in compare.Backend(which).by


def test_a_backend_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigma.backends.splunk", None)
    with pytest.raises(UsageError) as error:
        comparisons()
    assert error.value.diagnostic.code == "V905"
    assert error.value.diagnostic.hint == "pip install 'sigmaq[compare]'"


def test_a_query_that_no_engine_reads(theirs: Any) -> None:
    theirs("Unreadable")
    (found,) = comparisons()
    assert (found.status, found.reason) == ("cannot read", "no terms in A~bee C~sea")
    theirs("Letters")
    (found,) = comparisons(RULE, fakes.Absent)
    assert (found.status, found.reason[:12]) == ("cannot read", "nothing here")
    (found,) = comparisons(RULE.replace("A: bee\n    C|startswith: sea", "A|re: b.e"))
    assert (found.status, found.reason[:23]) == ("cannot read", "our query: no terms in ")


def test_events_that_prove_nothing() -> None:
    (found,) = comparisons(events=[])
    assert (found.status, found.reason) == ("cannot read", "no event could be judged by both queries")


def test_each_query_sees_an_event_in_its_own_names() -> None:
    text = RULE.replace("A: bee", "Image: bee").replace("C|", "CommandLine|")
    given = [
        {
            "source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
            "EventCode": 1,
            "Image": "bee",
            "CommandLine": each,
        }
        for each in ("sea", "land")
    ]
    (found,) = comparisons(text, schema="splunk", events=[*given, {"Image": "bee", "CommandLine": "sea"}])
    assert (found.theirs, found.status, found.events) == ('Image="bee" CommandLine="sea*"', "same", 2)


def test_keywords_are_looked_for_in_every_field() -> None:
    class Looks(fakes.Terms):
        def run(self, asked: Any, rows: Any) -> Any:
            assert {"X", "Z"} <= set(asked.columns)
            return ["bee" in str(row) for row in rows]

    text = RULE.replace("  selection:\n    A: bee\n    C|startswith: sea\n", "  selection: [bee]\n")
    (found,) = comparisons(text, Looks, events=[{"X": "a bee"}, {"Z": "nothing"}])
    assert (found.status, found.events) == ("same", 2)


def test_the_parts_of_a_rule_come_smallest_first() -> None:
    rule = {
        "logsource": {"product": "x"},
        "detection": {
            "a": {"F|contains|all": ["x", "y"], "G": 1},
            "b": [{"H": None}, {"|all": ["word", "none"]}],
            "timeframe": "5m",
            "condition": "a and not b",
        },
    }
    texts = [text for text, _ in compare._parts(rule)]
    assert texts[:10] == [
        'F|contains: "x"',
        'F|contains: "y"',
        'F|contains|all: ["x", "y"]',
        "G: 1",
        "H: null",
        'keyword "word"',
        'keyword "none"',
        '|all: ["word", "none"]',
        "a",
        "b",
    ]
    assert texts[10:] == [f"not {text}" for text in texts[:10]]
