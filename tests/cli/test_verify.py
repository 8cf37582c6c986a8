"""``sigmaq verify``: what a person, a program and a test report get to see."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from tests.cli.support import BAD, TWO, script
from tests.cli.test_imports import imported
from tests.cli.test_process import on_a_terminal
from tests.support import fakes
from transpiler.cli import verify_text
from transpiler.cli.app import app
from transpiler.cli.verify_junit import xml_text

RULE = """\
title: Two Fields
id: 4b2c3d4e-0000-4000-8000-000000000004
level: high
logsource: {product: windows, category: process_creation}
detection:
  selection:
    A: bee
    C|startswith: sea
  condition: selection
"""
EVENTS = [{"A": "bee", "C": "seal"}, {"A": "BEE", "C": "SEA"}, {"A": "bee"}, {"C": "sea"}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a rule, events, and the engine that is right."""
    (tmp_path / "rule.yml").write_text(RULE)
    (tmp_path / "events.ndjson").write_text("".join(f"{json.dumps(each)}\n" for each in EVENTS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "transpiler.witness", SimpleNamespace(witnesses=lambda _, **__: EVENTS))
    fakes.install(monkeypatch, "Terms")
    return tmp_path


def verify(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments], input=text, catch_exceptions=False)


def objects(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in verify(*arguments, "--json").stdout.splitlines()]


SPLUNK = ("rule.yml", "-t", "splunk", "-s", "none")

# --- a person -----------------------------------------------------------------------------------


def test_verified_on_made_events(folder: Path) -> None:
    result = verify(*SPLUNK)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "Two Fields (rule.yml)\n"
        "  splunk  verified on 4 events, 2 match; Terms 1.0 (ours)\n"
        "\n"
        "TARGET  VERIFIED  MISMATCH  NOT VERIFIED  ENGINE\n"
        "splunk  1         0         0             Terms 1.0 (ours)\n"
    )


def test_a_mismatch_is_shown_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    result = verify(*SPLUNK)
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "Two Fields (rule.yml)\n"
        "  splunk  MISMATCH on 1 of 4 events, 2 match; Terms 1.0 (ours)\n"
        '    query:  A="bee" C="sea*"\n'
        '    event:  {"A": "bee"}\n'
        "    rule:   no match        query: match\n"
        '    part:   C<string> startswith "sea"\n'
    )


def test_many_differences_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    Path("events.ndjson").write_text("".join(f'{{"A": "bee", "C": "{number}"}}\n' for number in range(12)))
    result = verify(*SPLUNK, "--events", "events.ndjson")
    assert result.stdout.count("event:  ") == 5
    assert "    and 7 events more that differ\n" in result.stdout


def test_not_verified_is_folded_by_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("second.yml").write_text(RULE.replace("Two Fields", "Another"))
    fakes.install(monkeypatch, "Absent")
    result = verify("rule.yml", "second.yml", "-t", "splunk", "-t", "eql", "-s", "none")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "not verified: nothing here (`pip install 'sigmaq[verify]'`)\n"
        "  splunk 2: rule.yml and 1 more; -v shows each\n"
        "not verified: no engine for eql is installed (`pip install 'sigmaq[verify]'`)\n"
        "  eql 2: rule.yml and 1 more; -v shows each\n"
        "\n"
        "TARGET  VERIFIED"
    )
    assert result.stdout.count("none\n") == 2
    assert "2 rules: 2 converted; 4 queries" in result.stderr


def test_verbose_folds_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Absent", "Silent")
    result = verify(*SPLUNK, "-v")
    assert "  splunk  not verified: nothing here (`pip install 'sigmaq[verify]'`)\n" in result.stdout
    assert "  splunk  verified on 3 events, 1 match, 1 set aside; Terms 1.0 (ours)\n" in result.stdout
    assert "    1 set aside: the engine has no answer\n" in result.stdout
    assert "note[F504]" in result.stderr


def test_only_so_many_reasons_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_text, "REASONS", 1)
    fakes.install(monkeypatch)
    result = verify("rule.yml", "-t", "all", "-s", "none")
    assert result.stdout.count("not verified: ") == 1
    assert "and 6 reasons more; -v shows each\n" in result.stdout


def test_each_condition_has_its_verdict(folder: Path) -> None:
    Path("two.yml").write_text(TWO)
    result = verify("two.yml", "rule.yml", "-t", "splunk", "-s", "none", "-v")
    assert "Two Conditions (two.yml, condition 1 of 2)\n" in result.stdout
    assert "\n\nTwo Conditions (two.yml, condition 2 of 2)\n" in result.stdout


def test_colours_on_a_terminal(folder: Path) -> None:
    arguments = ("verify", "rule.yml", "-t", "kusto", "-s", "none", "--events", "events.ndjson", "-v")
    _, text = on_a_terminal(*arguments, both=True, NO_COLOR="")
    assert "\x1b[1mTwo Fields\x1b[0m (rule.yml)\n" in text
    assert "\x1b" not in on_a_terminal(*arguments, both=True, NO_COLOR="1")[1]


def test_a_bar_on_long_runs(folder: Path) -> None:
    Path("many").mkdir()
    for number in range(30):
        Path(f"many/{number}.yml").write_text(RULE.replace("A: bee", "A: 1" if number % 2 else "A: null"))
    Path("few.ndjson").write_text('{"A": {}}\n')
    _, text = on_a_terminal("verify", "many", "-t", "kusto", "-s", "none", "--events", "few.ndjson", both=False)
    assert "Verifying" in text


HOSTILE = "\x1b[31mred\u202e\u2028<b>&\ud7ff]]>"


def test_nothing_hostile_reaches_the_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    Path("rule.yml").write_text(RULE.replace("Two Fields", json.dumps(HOSTILE)).replace("A: bee", 'A: "bee*"'))
    Path("events.ndjson").write_text(json.dumps({"A": f"bee{HOSTILE}", "C": "x" * 1000}) + "\n")
    result = verify(*SPLUNK, "--events", "events.ndjson")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "\u2028" not in result.stdout
    assert r'{"A": "bee\u001b[31mred\u202e\u2028<b>&' in result.stdout
    assert f"{'x' * 100}(800 characters more){'x' * 100}" in result.stdout


def test_letters_that_look_alike_are_told_apart() -> None:
    assert verify_text.event_text(
        {"A": "\u212aey \u017fc \u00e9 \u65e5"}
    ) == r'{"A": "\u212aey \u017fc \u00e9 \u65e5"}'.replace(r"\u00e9 \u65e5", "\u00e9 \u65e5")


def test_long_things_are_shortened() -> None:
    event = {f"f{number:02}": ["x" * 300] * 60 if number == 1 else number for number in range(50)}
    shown = verify_text.event_text(event)
    assert shown.endswith("and 10 fields more")
    assert shown.count("(100 characters more)") == 40


# --- a program ----------------------------------------------------------------------------------


def test_verdicts_as_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    verdict, summary = objects(*SPLUNK)
    assert verdict == {
        "kind": "verdict",
        "path": "rule.yml",
        "rule_id": "4b2c3d4e-0000-4000-8000-000000000004",
        "title": "Two Fields",
        "target": "splunk",
        "schema": "none",
        "status": "mismatch",
        "reason": "1 of 4 events differ",
        "events": 4,
        "matching": 2,
        "differing": 1,
        "engine": "Terms 1.0",
        "ours": True,
        "aside": [],
        "differences": [{"event": {"A": "bee"}, "rule": False, "query": True, "part": 'C<string> startswith "sea"'}],
        "query": 'A="bee" C="sea*"',
    }
    assert summary == {
        "kind": "summary",
        "rules": 1,
        "refused": 0,
        "skipped": 0,
        "queries": 1,
        "verified": 0,
        "mismatch": 1,
        "not_verified": 0,
        "targets": {"splunk": {"verified": 0, "mismatch": 1, "not_verified": 0, "engines": ["Terms 1.0 (ours)"]}},
        "events": None,
    }


def test_diagnostics_and_events_as_json(folder: Path) -> None:
    Path("bad.yml").write_text(BAD)
    Path("events.ndjson").write_text(json.dumps(EVENTS[0]) + "\nfault\n" + json.dumps(EVENTS[2]))
    found = objects("bad.yml", "rule.yml", "-t", "splunk", "-t", "lucene", "-s", "none", "--events", "events.ndjson")
    assert [each.get("code") or each["kind"] for each in found] == [
        *("V901", "V906", "C302"),
        *("verdict", "verdict", "summary"),
    ]
    assert (found[0]["path"], found[0]["line"]) == ("events.ndjson", 2)
    assert found[-1]["events"] == {"files": 1, "events": 2, "shapes": {}}
    assert (found[-1]["rules"], found[-1]["refused"], found[-1]["not_verified"]) == (2, 1, 1)


def test_wrong_usage_as_json(folder: Path) -> None:
    result = verify(*SPLUNK, "--json", "--events", "none.ndjson")
    assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, "V904")


# --- a test report ------------------------------------------------------------------------------


def suites(path: str = "report.xml") -> dict[str, ElementTree.Element]:
    return {each.attrib["name"]: each for each in ElementTree.parse(path).getroot()}


def test_a_report_of_tests(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets", "Terms")
    Path("bad.yml").write_text(BAD)
    Path("two.yml").write_text(TWO)
    arguments = ("rule.yml", "bad.yml", "two.yml", "-t", "splunk", "-t", "eql", "-s", "none", "--junit", "report.xml")
    result = verify(*arguments)
    assert (result.exit_code, "Two Fields (rule.yml)" in result.stdout) == (1, True)
    splunk, eql = suites()["sigmaq.splunk"], suites()["sigmaq.eql"]
    assert splunk.attrib == {"name": "sigmaq.splunk", "tests": "7", "failures": "2", "errors": "1", "skipped": "3"}
    assert eql.attrib["skipped"] == "3"
    names = [(each.attrib["classname"], each.attrib["name"]) for each in splunk.iter("testcase")]
    assert names[:3] == [("rule.yml", "Two Fields")] * 2 + [("bad.yml", "bad.yml")]
    assert names[3] == ("two.yml", "Two Conditions (condition 1 of 2)")
    failure, _ = splunk.iter("failure")
    assert failure.attrib["message"] == "1 of 4 events differ"
    assert failure.text == (
        'query:\nA="bee" C="sea*"\nevent:  {"A": "bee"}\nrule:   no match        query: match\n'
        'part:   C<string> startswith "sea"'
    )
    (passed,) = splunk.iter("system-out")
    assert passed.text == "verified on 4 events, 2 match; Terms 1.0 (ours)"
    (engine,) = splunk.iter("property")
    assert engine.attrib == {"name": "engine", "value": "Terms 1.0 (ours)"}
    first = Path("report.xml").read_bytes()
    verify(*arguments)
    assert Path("report.xml").read_bytes() == first


def test_what_is_required_and_not_verified_is_a_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Absent")
    result = verify(*SPLUNK, "--require-verified", "--junit", "report.xml")
    assert result.exit_code == 1
    assert suites()["sigmaq.splunk"].attrib["failures"] == "1"
    fakes.install(monkeypatch, "Terms")
    assert verify(*SPLUNK, "--require-verified").exit_code == 0


def test_a_refusal_stands_in_its_targets_suite(folder: Path) -> None:
    Path("rule.yml").write_text(RULE.replace("A: bee", "A|re: 'b.e'"))
    verify("rule.yml", "-t", "kibana", "-t", "splunk", "-s", "none", "--junit", "report.xml")
    assert suites()["sigmaq.kibana"].attrib["errors"] == "1"
    assert suites()["sigmaq.splunk"].attrib["errors"] == "0"


def test_a_report_is_xml_whatever_it_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    Path("rule.yml").write_text(
        RULE.replace("Two Fields", json.dumps(HOSTILE)).replace("A: bee", f"A: {json.dumps('bee' + HOSTILE)}")
    )
    Path("events.ndjson").write_text(json.dumps({"A": f"bee{HOSTILE}"}) + "\n")
    verify(*SPLUNK, "--events", "events.ndjson", "--junit", "report.xml")
    (case,) = suites()["sigmaq.splunk"].iter("testcase")
    assert "red" in case.attrib["name"]
    (failure,) = case.iter("failure")
    assert r"\u001b[31mred" in str(failure.text)
    assert xml_text("a\x00b\x0bc\ud800d\ufffee\rf\x85g\U0001f600h\ti\n") == (
        "a\\u0000b\\u000bc\\ud800d\\ufffee\\rf\\u0085g\U0001f600h\ti\n"
    )


def test_a_report_that_cannot_be_written_is_known_at_once(folder: Path) -> None:
    result = verify(*SPLUNK, "--junit", "no/such/folder.xml")
    assert (result.exit_code, "U803" in result.stderr, result.stdout) == (2, True, "")


def test_a_run_that_ends_early_leaves_no_report(folder: Path) -> None:
    assert verify(*SPLUNK, "--junit", "report.xml", "--events", "none.ndjson").exit_code == 2
    assert not Path("report.xml").exists()


# --- one's own events ---------------------------------------------------------------------------


def test_ones_own_events(folder: Path) -> None:
    Path("events.ndjson").write_text("".join(f"{json.dumps(each)}\n" for each in EVENTS * 100) + "fault\n{\n")
    result = verify(*SPLUNK, "--events", "events.ndjson")
    assert "splunk  verified on 400 events, 200 match; Terms 1.0 (ours)\n" in result.stdout
    assert "note[V906]: 400 events from 1 file: taken to be in the field names of the rules" in result.stderr
    assert "warning[V901]: not JSON" in result.stderr
    assert "--> events.ndjson:401:1" in result.stderr
    assert "2 of these in all" in result.stderr


MAPPED = RULE.replace("A: bee", "Image: bee").replace("C|startswith: sea", "CommandLine: sea*")
SIGMA = [{"EventID": 1, "Image": "bee", "CommandLine": "seal"}, {"EventID": 1, "Image": "bee"}]
OWN = [{"EventCode": 1, "Image": "bee", "CommandLine": "seal", "source": "x"}, {"EventCode": 1, "Image": "bee"}]


@pytest.mark.parametrize(
    ("events", "options", "said", "matching"),
    [
        (SIGMA, (), "2 events from 1 file: in Sigma's field names", 1),
        (OWN, (), "2 events from 1 file: in the shape of `splunk`", 0),
        (OWN, ("--shape", "sigma"), "2 events from 1 file: in Sigma's field names", 1),
        (SIGMA, ("--shape", "schema"), "2 events from 1 file: in the shape of `splunk`", 0),
    ],
)
def test_the_shape_of_events_is_said(
    events: list[Any], options: tuple[str, ...], said: str, matching: int, folder: Path
) -> None:
    Path("rule.yml").write_text(MAPPED)
    Path("events.json").write_text(json.dumps(events))
    result = verify("rule.yml", "-t", "splunk", "--events", "events.json", *options)
    assert said in result.stderr
    assert ("V907" in result.stderr) == ("Sigma" in said)
    (verdict, summary) = objects("rule.yml", "-t", "splunk", "--events", "events.json", *options)[-2:]
    assert verdict["matching"] == matching
    assert list(summary["events"]["shapes"]) == ["splunk"]


def test_no_event_that_matches_is_no_proof(folder: Path) -> None:
    Path("events.ndjson").write_text('{"A": "x"}\n')
    result = verify(*SPLUNK, "--events", "events.ndjson")
    assert result.stdout.startswith("not verified: no event that matches could be judged\n  splunk: rule.yml\n\n")
    assert result.exit_code == 0


# --- rules and usage ----------------------------------------------------------------------------


def test_rules_that_do_not_compile_fail_the_run(folder: Path) -> None:
    Path("empty").mkdir()
    Path("bad.yml").write_text(BAD)
    result = verify("bad.yml", "rule.yml", "empty", "-t", "splunk", "-s", "none")
    assert result.exit_code == 1
    assert "error[C302]" in result.stderr
    assert "error[U806]" in result.stderr
    assert "verified on 4 events" in result.stdout


def test_rules_are_selected_as_for_converting(folder: Path) -> None:
    result = verify(*SPLUNK, "--min-level", "critical")
    assert (result.exit_code, "1 rule: 1 not selected; 0 queries" in result.stderr) == (0, True)
    assert "splunk  0         0         0             none\n" in result.stdout
    assert "verified on" in verify(*SPLUNK, "--min-level", "high").stdout


def test_rules_from_standard_input(folder: Path) -> None:
    assert "Two Fields (-)" in verify("-", "-t", "splunk", "-s", "none", text=RULE).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("rule.yml",),
        ("rule.yml", "-t", "nothing"),
        ("rule.yml", "-t", "splunk", "-s", "ecs"),
        ("rule.yml", "-t", "splunk", "--shape", "sigma"),
        ("rule.yml", "-t", "splunk", "--events", "rule.yml"),
        ("none", "-t", "splunk", "--events", "."),
        ("-t", "splunk"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], folder: Path) -> None:
    Path("none").mkdir()
    result = verify(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_starting_imports_nothing_heavy(folder: Path) -> None:
    modules = imported("verify", "rule.yml", "-t", "kusto", "-s", "none", "--events", "events.ndjson")
    assert "transpiler.verify" in modules
    for heavy in ("sigma", "rich", "jinja2", "duckdb", "jpype", "zstandard", "evtx", "xml.etree", "asyncio"):
        assert heavy not in modules
    assert "transpiler.api" not in imported("verify", "--help")


def test_the_script_runs_it(folder: Path) -> None:
    result = script("verify", "rule.yml", "-t", "kusto", "-s", "none", "--events", "events.ndjson", cwd=folder)
    assert (result.returncode, "TARGET  VERIFIED" in result.stdout) == (0, True)
