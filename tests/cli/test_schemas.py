"""``sigmaq schemas``, ``fields`` and ``init``, and what sigmaq.toml does for ``convert``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.cli.support import GOOD
from transpiler.cli.app import app

OURS = """\
name: ours
title: Ours
targets: [kusto]
table: Mine
columns: {path: string, code: int, kind: string, dom: string, usr: string, md5: string, data: string, when: datetime}
entities: {host: path}
log_sources:
  - product: windows
    category: process_creation
    telemetry:
      name: sysmon
      title: Sysmon
      when: {code: 1}
      fields:
        Image: path
        User: {as: account, columns: [dom, usr]}
        Kind: {values: {a: {kind: x}, b: {kind: y, code: 1}}, columns: kind}
        Level: {values: {high: {code: 1}}}
        Hashes: {as: hashes, columns: {MD5: md5}}
        Details: {as: registry_data, columns: data}
        TargetObject: {as: registry_path, columns: path}
        Time: when
      absent: [Nothing]
"""


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours.yml").write_text(OURS)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.yml").write_text(GOOD)
    return tmp_path


def test_the_list_is_the_default() -> None:
    result = run("schemas")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()][:1] == ["SCHEMA"]
    assert "every target" in result.stdout


def test_a_schema_is_shown(here: Path) -> None:
    result = run("schemas", "show", "./ours.yml")
    assert result.stdout == (
        "LOG SOURCE                  TELEMETRY  WHERE\nwindows/process_creation/-  sysmon     Mine\n"
    )
    lines = run("schemas", "show", "./ours.yml", "-l", "windows").stdout.splitlines()
    assert lines[:4] == ["windows/process_creation/-", "", "  sysmon: Sysmon, in Mine", "    code<int> is 1"]
    assert [" ".join(line.split()) for line in lines[4:]] == [
        "FIELD COLUMN TYPE",
        "Details data (numbers in decimal) string",
        "Hashes md5 (by algorithm) string",
        "Image path string",
        'Kind a: kind<string> equals "x"; b: kind<string> equals "y" and code<int> is\u2026 string',
        "Level high: code<int> is 1",
        "TargetObject path (hives in full) string",
        "Time when datetime",
        "User dom + usr (its parts) string",
        "Nothing never recorded",
    ]


def test_a_schema_as_json(here: Path) -> None:
    (line,) = run("schemas", "show", "./ours.yml", "--json").stdout.splitlines()
    found = json.loads(line)
    assert (found["kind"], found["telemetry"], found["where"], found["absent"]) == (
        "telemetry",
        "sysmon",
        "Mine",
        ["Nothing"],
    )
    assert found["fields"]["User"]["columns"] == ["dom", "usr"]
    assert found["entities"] == {"host": "path"}


def test_a_log_source_that_is_not_there(here: Path) -> None:
    result = run("schemas", "show", "./ours.yml", "-l", "windows/process_creatio")
    assert result.exit_code == 2
    assert "F501" in result.stderr
    assert "windows/process_creation/-" in result.stderr


def test_files_are_checked(here: Path) -> None:
    (here / "bad.yml").write_text(OURS.replace("Image: path", "Image: pth"))
    result = run("schemas", "check", "./ours.yml", "./bad.yml", "gone.yml")
    assert result.exit_code == 1
    assert result.stdout == "./ours.yml: ours, 1 log sources, 8 columns\n"
    assert "error[F505]: `pth` is not among the columns\n  --> ./bad.yml:15:16" in result.stderr
    assert "S101" in result.stderr


def test_fields_and_where_they_are(here: Path) -> None:
    (here / "rules" / "odd.yml").write_text(
        GOOD.replace("Image|endswith: '\\net.exe'", "Odd: x\n    User: y\n    Nothing: z")
    )
    result = run("fields", "rules", "-s", "./ours.yml", "-s", "none")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["FIELD", "RULES", "OURS", "NONE"],
        ["Nothing", "1", "never", "recorded", "Nothing"],
        ["Odd", "1", "unmapped", "Odd"],
        ["Image", "1", "path", "Image"],
        ["User", "1", "dom+usr", "User"],
    ]
    lines = run("fields", "rules", "-s", "./ours.yml", "--unmapped", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"kind": "field", "field": "Nothing", "rules": 1, "schemas": {"ours": {"never recorded": 1}}},
        {"kind": "field", "field": "Odd", "rules": 1, "schemas": {"ours": {"unmapped": 1}}},
    ]


def test_what_is_no_rule_is_said_by_fields(here: Path) -> None:
    (here / "rules" / "bad.yml").write_text("title: [")
    result = run("fields", "rules", "-s", "./ours.yml")
    assert result.exit_code == 0
    assert "S104" in result.stderr
    assert run("fields", "empty-folder-that-is-not").exit_code == 0
    (here / "empty").mkdir()
    assert run("fields", "empty").exit_code == 2


# --- sigmaq.toml ----------------------------------------------------------------------------------------


def test_init_writes_what_convert_reads(here: Path) -> None:
    assert run("init", "--platform", "splunk", "--rules", "rules", "--telemetry", "sysmon").exit_code == 0
    result = run("convert")
    assert result.exit_code == 0
    assert "EventCode=1" in result.stdout
    assert "rules/good.yml" in json.loads(run("convert", "--json").stdout.splitlines()[0])["path"]


def test_init_asks_for_what_it_is_not_told(here: Path) -> None:
    result = run("init", stdin="elastic\nesql\nrules\n")
    assert result.exit_code == 0, result.output
    assert 'targets = ["esql"]' in (here / "sigmaq.toml").read_text()
    assert run("init", "--platform", "elastic", "-t", "kusto", "--rules", "r", "--force").exit_code == 2


def test_init_replaces_nothing_unasked(here: Path) -> None:
    (here / "sigmaq.toml").write_text('schema = "ecs"\n')
    result = run("init", "--platform", "splunk", "--rules", "rules")
    assert (result.exit_code, "U809" in result.stderr) == (2, True)
    assert (here / "sigmaq.toml").read_text() == 'schema = "ecs"\n'
    assert run("init", "--platform", "splunk", "--rules", 'a"b', "--force").exit_code == 0
    assert 'rules = ["a\\"b"]' in (here / "sigmaq.toml").read_text()


def test_the_command_line_wins(here: Path) -> None:
    (here / "sigmaq.toml").write_text('rules = ["gone"]\ntargets = ["splunk"]\nschema = "splunk"\nindex = "main"\n')
    result = run("convert", "rules", "-t", "lucene", "-s", "none")
    assert result.exit_code == 0
    assert "main" not in result.stdout
    assert "index=main" in run("convert", "rules").stdout.replace('"', "")


def test_a_configuration_that_is_wrong_ends_the_command(here: Path) -> None:
    (here / "sigmaq.toml").write_text('shema = "ecs"\n')
    result = run("convert", "rules", "-t", "splunk")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "U808" in result.stderr


def test_nothing_to_do_is_wrong_usage(here: Path) -> None:
    assert "PATH" in run("convert").stderr
    assert "-t" in run("convert", "rules").stderr


def test_names_that_a_schema_lacks_pass(here: Path) -> None:
    (here / "rules" / "good.yml").write_text(GOOD.replace("Image|endswith", "Odd|endswith"))
    assert run("convert", "rules", "-t", "kusto", "-s", "./ours.yml").exit_code == 1
    result = run("convert", "rules", "-t", "kusto", "-s", "./ours.yml", "--unmapped", "pass")
    assert result.exit_code == 0
    assert "Odd endswith" in result.stdout
    assert "warning[F511]" in result.stderr
