"""``sigmaq compare``: two queries and an event that tells them apart."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.cli.support import BAD, TWO, WARNS
from tests.cli.test_imports import imported
from tests.cli.test_process import on_a_terminal
from tests.support import fakes
from tests.test_compare import EVENTS, RULE
from transpiler.api import Compiler
from transpiler.cli.app import app
from transpiler.cli.compare_text import show
from transpiler.compare import BACKENDS, Comparer, Theirs
from transpiler.verify import Verifier


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rule.yml").write_text(RULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "transpiler.witness", SimpleNamespace(witnesses=lambda _, **__: EVENTS))
    fakes.install(monkeypatch, "Terms")
    return tmp_path


@pytest.fixture
def wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, where pySigma's backend is wrong."""
    monkeypatch.setitem(BACKENDS, "splunk", Theirs("tests.test_compare", "Letters", "pysigma"))
    return folder


def compare(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["compare", *arguments], input=text, catch_exceptions=False)


def versions(text: str) -> str:
    return re.sub(r"\d+\.\d+\.\d+", "0", text)


def test_the_same(folder: Path) -> None:
    result = compare("rule.yml", "-t", "splunk")
    assert (result.exit_code, result.stderr) == (0, "")
    assert versions(result.stdout) == (
        "Both (rule.yml), splunk\n"
        "\n"
        "sigmaq\n"
        '  A="bee" C="sea*"\n'
        "pySigma 0, pysigma-backend-splunk 0\n"
        '  A="bee" C="sea*"\n'
        "\n"
        "same on 5 events, both are right; Terms 1.0 (ours)\n"
        "\n"
    )


def test_an_event_that_tells_them_apart(wrong: Path) -> None:
    result = compare("rule.yml", "-t", "splunk")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "They differ on 1 of 5 events: pySigma is wrong on 1, sigmaq on none; Terms 1.0 (ours)\n"
        '  event:   {"A": "bee", "C": "seal"}\n'
        "  rule:    match\n"
        "  sigmaq:  match\n"
        "  pySigma: no match\n"
        '  part:    C|startswith: "sea"\n'
        "\n"
    )


def test_ours_may_be_wrong_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.install(monkeypatch, "Forgets")
    assert "same on 5 events, both are wrong on 2; Terms 1.0" in compare("rule.yml", "-t", "splunk").stdout


def test_why_there_is_nothing_to_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = compare("rule.yml", "-t", "kibana")
    assert "pySigma\n  pySigma has no backend for kibana\n" in result.stdout
    assert "cannot read: no engine for eql is installed" in compare("rule.yml", "-t", "eql").stdout
    monkeypatch.setitem(BACKENDS, "splunk", Theirs("tests.test_compare", "Refuses", "pysigma"))
    assert "  refused: NotImplementedError: not this\n" in compare("rule.yml", "-t", "splunk").stdout


def test_what_our_query_warns_of_is_said(folder: Path) -> None:
    Path("rule.yml").write_text(WARNS)
    result = compare("rule.yml", "-t", "splunk")
    assert re.search(r"\nsigmaq's query warns: .* \[T611\]\n\n", result.stdout)
    (line,) = compare("rule.yml", "-t", "splunk", "--json").stdout.splitlines()
    assert "T611" in [each["code"] for each in json.loads(line)["warnings"]]


def test_each_condition_is_compared(folder: Path) -> None:
    Path("two.yml").write_text(TWO)
    result = compare("two.yml", "-t", "splunk")
    assert "Two Conditions (two.yml, condition 1 of 2), splunk\n" in result.stdout
    assert "Two Conditions (two.yml, condition 2 of 2), splunk\n" in result.stdout


def test_as_json(wrong: Path) -> None:
    (line,) = compare("rule.yml", "-t", "splunk", "--json").stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert {key: found[key] for key in ("kind", "path", "target", "schema", "status", "query", "pysigma")} == {
        "kind": "comparison",
        "path": "rule.yml",
        "target": "splunk",
        "schema": "none",
        "status": "differs",
        "query": 'A="bee" C="sea*"',
        "pysigma": 'A="bee" C="sea"',
    }
    assert (found["events"], found["differing"], found["wrong"], found["pysigma_wrong"]) == (5, 1, 0, 1)
    assert found["difference"] == {
        "event": {"A": "bee", "C": "seal"},
        "rule": True,
        "query": True,
        "pysigma": False,
        "part": 'C|startswith: "sea"',
    }


def test_a_rule_that_does_not_compile(folder: Path) -> None:
    result = compare("-", "-t", "splunk", text=BAD)
    assert (result.exit_code, "error[C302]" in result.stderr, "selektion" in result.stderr) == (1, True, True)
    result = compare("-", "-t", "splunk", "--json", text=BAD)
    assert (result.exit_code, json.loads(result.stdout)["code"]) == (1, "C302")


@pytest.mark.parametrize(
    "arguments",
    [("rule.yml",), (".", "-t", "splunk"), ("none.yml", "-t", "splunk"), ("rule.yml", "-t", "splunk", "-s", "ecs")],
)
def test_wrong_usage(arguments: tuple[str, ...], folder: Path) -> None:
    result = compare(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_nothing_hostile_reaches_the_terminal(wrong: Path) -> None:
    hostile = "\x1b[31m\u202e\u2028"
    Path("rule.yml").write_text(
        RULE.replace("Both", json.dumps(hostile)).replace("A: bee", f"A: {json.dumps(hostile)}")
    )
    for text in (
        compare("rule.yml", "-t", "splunk").stdout,
        on_a_terminal("compare", "rule.yml", "-t", "kibana", both=True, NO_COLOR="")[1],
    ):
        assert "\x1b[31m" not in text
        assert "\u202e" not in text
        assert "\\u001b" in text


def test_frames_on_a_terminal(folder: Path) -> None:
    for columns, beside in (("160", True), ("80", False)):
        _, text = on_a_terminal("compare", "rule.yml", "-t", "kibana", both=True, NO_COLOR="", COLUMNS=columns)
        lines = [line for line in text.split("\n") if "╭" in line]
        assert lines[0].count("╭") == 1 + beside
        assert "pySigma has no backend for kibana" in text
    assert "╭" not in on_a_terminal("compare", "rule.yml", "-t", "kibana", both=True, TERM="dumb")[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "frames"), [("160", 1), ("80", 2)])
def test_what_stands_in_the_frames(columns: str, frames: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COLUMNS", columns), ("NO_COLOR", ""), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    with Verifier(events=lambda *_: EVENTS, isolated=False) as verifier:
        (outcome,) = Compiler(["splunk"], schema="none").compile("rule.yml", RULE)
        (found,) = Comparer(RULE, verifier).compare(outcome)
    stream = Terminal()
    show(found, stream)
    text = stream.getvalue()
    assert sum("╭" in line for line in text.split("\n")) == frames
    assert text.count('A="bee" C="sea*"') == 2


def test_starting_imports_nothing_heavy(folder: Path) -> None:
    modules = imported("compare", "rule.yml", "-t", "kibana")
    assert "transpiler.compare" in modules
    for heavy in ("sigma", "rich", "jinja2", "duckdb", "jpype", "asyncio"):
        assert heavy not in modules
    assert "transpiler.api" not in imported("compare", "--help")
