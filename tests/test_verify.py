"""Verdicts: a query is verified only where an engine ran it and every answer is what the rule says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.support import fakes
from transpiler import verify
from transpiler.api import Compiler, Outcome
from transpiler.engine import Engine
from transpiler.model import Rule
from transpiler.query import Query
from transpiler.schema import Mapped
from transpiler.verify import SHOWN, Sample, Verdict, Verifier

RULE = """\
title: Both
logsource: {product: windows}
detection:
  selection:
    A: bee
    C|startswith: sea
  condition: selection
"""
EVENTS = [{"A": "bee", "C": "seal"}, {"A": "BEE", "C": "SEA"}, {"A": "bee"}, {"C": "sea"}, {"A": "bee", "C": "lion"}]


def outcome(text: str = RULE, target: str = "splunk") -> Outcome:
    (found,) = Compiler([target], schema="none").compile("rule.yml", text)
    assert found.queries, found.diagnostics
    return found


def verdicts(
    *engines: type[Engine], events: Iterable[Any] = EVENTS, isolated: bool = False, of: Outcome | None = None
) -> list[Verdict]:
    given = list(events)

    def those(_: Rule, __: Mapped) -> list[Any]:
        return given

    with Verifier(events=those, engines={"splunk": list(engines)}, isolated=isolated) as verifier:
        return list(verifier.verify(of or outcome()))


def test_verified() -> None:
    (verdict,) = verdicts(fakes.Terms)
    assert (verdict.status, verdict.reason) == ("verified", "")
    assert (verdict.events, verdict.matching, verdict.differing) == (5, 2, 0)
    assert (verdict.engine, verdict.ours) == ("Terms 1.0", True)
    assert (verdict.differences, verdict.aside) == ((), ())


def test_the_same_in_a_process_of_its_own() -> None:
    assert verdicts(fakes.Terms, isolated=True) == verdicts(fakes.Terms)


def test_each_engine_gives_a_verdict() -> None:
    right, wrong = verdicts(fakes.Terms, fakes.Cased)
    assert (right.status, right.ours) == ("verified", True)
    assert (wrong.status, wrong.ours) == ("mismatch", False)


def test_a_mismatch_names_the_part_that_differs() -> None:
    (verdict,) = verdicts(fakes.Forgets)
    assert (verdict.status, verdict.reason, verdict.differing) == ("mismatch", "2 of 5 events differ", 2)
    first, second = verdict.differences
    assert (first.event, first.rule, first.query) == ({"A": "bee"}, False, True)
    assert first.part == second.part == 'C<string> startswith "sea"\n'


def test_the_part_is_found_below_and_or_and_not() -> None:
    text = RULE.replace("condition: selection", "condition: selection and not filter").replace(
        "  condition", "  filter:\n    D: dee\n  condition"
    )
    (verdict,) = verdicts(fakes.Cased, events=[{"A": "bee", "C": "sea", "D": "DEE"}], of=outcome(text))
    (difference,) = verdict.differences
    assert (difference.rule, difference.query, difference.part) == (False, True, 'D<string> equals "dee"\n')


def test_a_part_that_cannot_be_asked_is_not_blamed() -> None:
    class Whole(fakes.Forgets):
        def run(self, asked: Any, rows: Any) -> Any:
            return super().run(replace(asked, text=asked.text if "A=" in asked.text else ""), rows)

    (verdict,) = verdicts(Whole)
    assert verdict.differences[0].part.startswith("and\n")


def test_few_differences_are_kept() -> None:
    (verdict,) = verdicts(fakes.Forgets, events=[{"A": "bee", "C": str(each)} for each in range(20)])
    assert (verdict.differing, len(verdict.differences)) == (20, SHOWN)


def test_an_event_may_stand_for_several() -> None:
    (verdict,) = verdicts(fakes.Terms, events=[Sample(EVENTS[0], 10), Sample(EVENTS[2], 100), EVENTS[3]])
    assert (verdict.events, verdict.matching) == (111, 10)
    (verdict,) = verdicts(fakes.Forgets, events=[Sample(EVENTS[0], 10), Sample(EVENTS[2], 100)])
    assert (verdict.reason, len(verdict.differences)) == ("100 of 110 events differ", 1)


def test_many_events_are_asked_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    class Counts(fakes.Terms):
        def run(self, asked: Any, rows: Any) -> Any:
            sizes.append(len(rows))
            return super().run(asked, rows)

    monkeypatch.setattr(verify, "BATCH", 2)
    (verdict,) = verdicts(Counts)
    assert (verdict.status, sizes) == ("verified", [2, 2, 1])


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], "no event could be judged"),
        (EVENTS[:2], "no event that does not match could be judged"),
        (EVENTS[2:], "no event that matches could be judged"),
        ([{"A": {"x": 1}, "C": "sea"}], "no event could be judged (1 set aside: a value does not fit its column)"),
    ],
)
def test_agreeing_on_too_little_is_no_proof(events: list[Any], reason: str) -> None:
    (verdict,) = verdicts(fakes.Terms, events=events)
    assert (verdict.status, verdict.reason) == ("not verified", reason)


def test_events_without_an_answer_are_set_aside() -> None:
    (verdict,) = verdicts(fakes.Silent, events=[Sample(EVENTS[0], 7), *EVENTS])
    assert (verdict.status, verdict.events, verdict.aside) == ("verified", 5, (("the engine has no answer", 7),))
    (verdict,) = verdicts(fakes.Silent, events=EVENTS[:1])
    assert verdict.reason == "no event could be judged (1 set aside: the engine has no answer)"


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (fakes.Absent, "nothing here (`pip install 'sigmaq[verify]'`)"),
        (fakes.Few, "the engine answered for 4 of 5 events"),
        (fakes.Numbers, "the engine answered neither yes nor no"),
    ],
)
def test_an_engine_that_misbehaves_proves_nothing(engine: type[Engine], reason: str) -> None:
    (verdict,) = verdicts(engine)
    assert (verdict.status, verdict.reason, verdict.events) == ("not verified", reason, 0)


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (fakes.Raises, "the engine failed: ZeroDivisionError: oh"),
        (fakes.Nothing, "the engine failed: TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_an_engine_that_fails_proves_nothing(engine: type[Engine], reason: str) -> None:
    broken, right = verdicts(engine, fakes.Terms, isolated=True)
    assert (broken.status, broken.reason) == ("not verified", reason)
    assert right.status == "verified"


def test_an_engine_is_started_once_also_when_it_is_absent() -> None:
    starts = []

    class Counts(fakes.Absent):
        def start(self) -> str:
            starts.append(1)
            return super().start()

    with Verifier(events=lambda *_: EVENTS, engines={"splunk": [Counts]}, isolated=False) as verifier:
        assert [each.status for _ in range(3) for each in verifier.verify(outcome())] == ["not verified"] * 3
        assert verifier.name(Counts) == ""
    assert starts == [1]


def test_no_engine_says_what_to_install() -> None:
    (verdict,) = verdicts()
    assert verdict.reason == "no engine for splunk is installed (`pip install 'sigmaq[verify]'`)"


def test_engines_that_are_installed_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Cased", "Terms")
    with Verifier(events=lambda *_: EVENTS, isolated=False) as verifier:
        assert [each.status for each in verifier.verify(outcome())] == ["mismatch", "verified"]
        (verdict,) = verifier.verify(outcome(target="eql"))
        assert verdict.reason.startswith("no engine for eql is installed")


def test_a_broken_engine_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "NoSuch", "Terms")
    with Verifier(events=lambda *_: EVENTS, isolated=False) as verifier:
        assert [each.status for each in verifier.verify(outcome())] == ["verified"]
        (verdict,) = verifier.verify(outcome(target="eql"))
        assert "the engine `NoSuch` (tests.support.fakes:NoSuch): " in verdict.reason


def test_a_query_that_says_it_is_weaker_is_not_verified() -> None:
    found = outcome()
    (query,) = found.queries
    weaker = replace(query, diagnostics=(_warning("T615", "a part is left out"),))
    (verdict,) = verdicts(fakes.Terms, of=replace(found, queries=(weaker,)))
    assert (verdict.status, verdict.reason) == (
        "not verified",
        "the query says that it is weaker: a part is left out",
    )


def _warning(code: str, message: str) -> Any:
    from transpiler.diagnostics import diagnostic

    return diagnostic(code, message)


@pytest.mark.parametrize(
    ("code", "event", "target"),
    [
        ("T610", {"A": "BEE", "C": "sea"}, "splunk"),
        ("T614", {"A": ["bee"], "C": "sea"}, "splunk"),
        ("T625", {"A": ["bee", None], "C": "sea"}, "splunk"),
    ],
)
def test_what_a_warning_covers_is_set_aside(code: str, event: dict[str, Any], target: str) -> None:
    found = outcome()
    warned = replace(found.queries[0], diagnostics=(_warning(code, "beware"),))
    (verdict,) = verdicts(fakes.Terms, events=[event, *EVENTS[2:], EVENTS[0]], of=replace(found, queries=(warned,)))
    assert verdict.aside == ((f"the query's warning {code}", 1),)
    assert (verdict.status, verdict.events) == ("verified", 4)


def aside(code: str, detection: str, event: dict[str, Any]) -> int:
    """Whether a warning of that code covers the event."""
    text = f"title: t\nlogsource: {{product: windows}}\ndetection:\n  s: {detection}\n  condition: s\n"
    found = outcome(text)
    warned = replace(found.queries[0], diagnostics=(_warning(code, "beware"),))
    question = verify.Question(warned, _mapped(found), verify.Options(), [event])
    return dict(question.aside).get(f"the query's warning {code}", 0)


@pytest.mark.parametrize(
    ("detection", "event", "covered"),
    [
        ("{A: null}", {"A": ""}, 1),
        ("{A: ''}", {"A": ""}, 1),
        ("{A|exists: true}", {"A": None}, 1),
        ("{A|exists: true}", {"A": ["bee", ""]}, 0),
        ("{A: '*'}", {"A": ""}, 1),
        ("{A: null, B: bee}", {"A": "x", "B": ""}, 0),
        ("{A: null, B: bee}", {"A": "", "B": "sea"}, 0),
        ("{A: null, B: bee}", {"A": "", "B": "bee"}, 1),
    ],
)
def test_what_vanishes_is_set_aside_where_the_outcome_hangs_on_it(
    detection: str, event: dict[str, Any], covered: int
) -> None:
    assert aside("T611", detection, event) == covered


@pytest.mark.parametrize(
    ("value", "event", "covered"),
    [
        ("straße Ä", "straße ä", 1),
        ("straße Ä", "STRAßE Ä", 0),
        ("powershell", "POWERSHELL", 0),
        ("ä", "b", 0),
    ],
)
@pytest.mark.parametrize("modifier", ["", "|startswith", "|contains"])
def test_letters_beyond_ascii_are_set_aside_where_their_case_decides(
    modifier: str, value: str, event: str, covered: int
) -> None:
    assert aside("T612", f'{{A{modifier}: "{value}"}}', {"A": event}) == covered


def test_letter_case_that_cannot_be_told_apart_is_set_aside() -> None:
    text = RULE.replace("A: bee", "A|cased: bee").replace("C|startswith: sea", "B|re: sea")
    found = outcome(text, "esql")
    query = Query('A="bee"', found.queries[0].rule, "splunk", "none", 1, (_warning("T613", "beware"),), _mapped(found))
    events = [{"A": "BEE", "B": "sea"}, {"A": "bee", "B": "SEA"}, {"A": "bee", "B": "sea"}, {"A": "x", "B": "x"}]
    (verdict,) = verdicts(fakes.Terms, events=events, of=replace(found, queries=(query,)))
    assert (verdict.aside, verdict.status) == ((("the query's warning T613", 2),), "verified")


def test_what_kusto_finds_under_an_empty_string_is_set_aside() -> None:
    text = RULE.replace("A: bee", "A: ''").replace("    C|startswith: sea\n", "")
    found = outcome(text, "kusto")
    warned = replace(found.queries[0], diagnostics=(_warning("T611", "beware"),))
    question = verify.Question(warned, _mapped(found), verify.Options(), [{}, {"A": "x"}, {"A": ""}, {"A": None}])
    assert dict(question.aside) == {"the query's warning T611": 3}
    assert question.events == [{"A": "x"}]


def _mapped(found: Outcome) -> Mapped:
    from transpiler import registry
    from transpiler.mapping import map_rule

    assert found.rule is not None
    (mapped,) = map_rule(registry.schema("none"), found.rule, found.trees[0], verify.Options())
    return mapped


def test_a_date_is_not_compared_with_a_text() -> None:
    text = RULE.replace("    A: bee\n", "    A|day: 1\n    A|fieldref: B\n")
    (verdict,) = verdicts(fakes.Terms, events=[{"A": "2024-01-01T00:00:00Z", "B": "x"}], of=outcome(text))
    assert (verdict.status, verdict.reason) == ("not verified", "one of A and B is a date, the other is not")


def test_a_rule_with_keywords_is_asked_about_every_field() -> None:
    seen: dict[str, Any] = {}

    class Looks(fakes.Terms):
        def run(self, asked: Any, rows: Any) -> Any:
            seen.update(asked.columns)
            return ["bee" in str(row) for row in rows]

    text = RULE.replace("  selection:\n    A: bee\n    C|startswith: sea\n", "  selection: [bee]\n")
    (verdict,) = verdicts(Looks, events=[{"X": "a bee", "Y": 4}, {"Z": "nothing"}], of=outcome(text))
    assert (verdict.status, sorted(seen)) == ("verified", ["X", "Y", "Z"])


def test_a_defect_of_ours_costs_the_query_alone() -> None:
    def fail(*_: object) -> list[Any]:
        raise ZeroDivisionError("oh")

    with Verifier(events=fail, engines={"splunk": [fakes.Terms]}, isolated=False) as verifier:
        (verdict,) = verifier.verify(outcome())
    assert (verdict.status, verdict.reason) == ("not verified", "internal error: ZeroDivisionError: oh")
    first, second = verdicts(fakes.Raises, fakes.Terms)[:1], verdicts(fakes.Terms)
    assert (first[0].reason, second[0].status) == ("internal error: ZeroDivisionError: oh", "verified")


def test_every_condition_is_verified() -> None:
    text = RULE.replace("condition: selection", "condition: [selection, not selection]")
    found = outcome(text)
    assert [each.query.number for each in verdicts(fakes.Terms, of=found)] == [1, 2]
