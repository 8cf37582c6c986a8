"""``-p`` on the command line, and ``sigmaq pipelines``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import GOOD, script
from tests.cli.test_imports import imported

OWN = """\
name: ours
transformations:
  - {type: field_name_mapping, mapping: {Image: process.path}}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "pipelines" / "own.yml"
    path.parent.mkdir()
    path.write_text(OWN)
    return path


def test_pipelines_are_listed_with_title_package_and_targets() -> None:
    result = script("pipelines")
    assert result.returncode == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["PIPELINE", "TITLE", "PACKAGE", "TARGETS"]
    found = {row.split()[0]: row for row in rows}
    for name, package, targets in (
        ("ecs_windows", "pySigma-backend-elasticsearch", "dsl, eql, esql, kibana, lucene"),
        ("splunk_windows", "pysigma-backend-splunk", "splunk"),
        ("splunk_cim", "pysigma-backend-splunk", "splunk"),
        ("sysmon", "pysigma-pipeline-sysmon", "every target"),
        ("windows-logsources", "pysigma-pipeline-windows", "every target"),
    ):
        assert package.lower() in found[name].lower()
        assert found[name].endswith(f"  {targets}")
    assert "Generic Log Sources to Sysmon Transformation" in found["sysmon"]
    assert list(found) == sorted(found)


def test_pipelines_of_one_target_are_listed() -> None:
    result = script("pipelines", "-t", "splunk")
    assert "splunk_windows" in result.stdout
    assert "ecs_windows" not in result.stdout
    assert script("pipelines", "-t", "nothing").returncode == 2


def test_convert_applies_pipelines_by_name_and_file(rule: Path, own: Path) -> None:
    result = script("convert", rule, "-t", "splunk", "-p", "splunk_windows", "-p", "sysmon", "-p", own)
    assert result.returncode == 0, result.stderr
    assert 'process.path="*\\\\net.exe"' in result.stdout
    assert "EventCode=1" in result.stdout
    assert 'source="WinEventLog:Microsoft-Windows-Sysmon/Operational"' in result.stdout


def test_convert_shows_the_tree_after_pipelines(rule: Path, own: Path) -> None:
    result = script("convert", rule, "--ast", "-p", own)
    assert "process.path endswith" in result.stdout


def test_a_pipeline_and_a_schema_go_together(rule: Path) -> None:
    result = script("convert", rule, "-t", "eql", "-p", "sysmon", "-s", "ecs", "--json")
    assert result.returncode == 0, result.stderr
    assert "process.executable" in result.stdout


def test_wrong_usage_is_answered_once(rule: Path) -> None:
    for arguments, code in (
        (["-t", "eql", "-p", "ecs_window"], "P701"),
        (["-t", "eql", "-p", "splunk_windows"], "P703"),
        (["-t", "eql", "-p", "no/such.yml"], "S101"),
        (["-t", "eql", "-p", str(rule)], "P702"),
    ):
        result = script("convert", rule, *arguments)
        assert (result.returncode, result.stdout) == (2, ""), arguments
        assert result.stderr.startswith(f"error[{code}]"), arguments


def test_a_rule_that_a_pipeline_refuses_is_reported_at_its_line_and_others_go_on(rule: Path) -> None:
    other = rule.with_name("other.yml")
    other.write_text(GOOD.replace("Image|endswith", "Company"))
    result = script("convert", rule.parent, "-t", "splunk", "-p", "splunk_cim")
    assert result.returncode == 1
    assert "datamodel=Endpoint.Processes" in result.stdout
    assert "error[P704]" in result.stderr
    assert f"{other}:10:" in result.stderr


def test_verify_runs_what_pipelines_make(rule: Path) -> None:
    result = script("verify", rule, "-t", "splunk", "-p", "splunk_windows", "-p", "sysmon", "--require-verified")
    assert result.returncode == 0, result.stdout + result.stderr
    result = script("verify", rule, "-t", "splunk", "-p", "splunk_cim", "--require-verified")
    assert result.returncode == 0, result.stdout + result.stderr


def test_verify_takes_events_in_the_pipelines_names(rule: Path, own: Path) -> None:
    events = rule.with_name("events.ndjson")
    events.write_text('{"process.path": "C:\\\\net.exe"}\n{"process.path": "C:\\\\other.exe"}\n')
    result = script("verify", rule, "-t", "splunk", "-p", own, "--events", events, "--require-verified")
    assert result.returncode == 0, result.stdout + result.stderr


def test_pipelines_of_the_command_line_put_the_files_schema_aside(rule: Path, own: Path) -> None:
    config = rule.with_name("sigmaq.toml")
    config.write_text('targets = ["eql"]\nschema = "ecs"\ntelemetry = "sysmon"\n')
    result = script("convert", rule.name, "-p", "ecs_windows", cwd=rule.parent)
    assert result.returncode == 0, result.stderr
    assert "process.executable" in result.stdout
    config.write_text(f'targets = ["eql"]\npipelines = ["{own.relative_to(rule.parent)}"]\n')
    result = script("convert", rule.name, cwd=rule.parent)
    assert "process.path" in result.stdout


def test_pysigma_is_imported_for_a_pipeline_alone(rule: Path, own: Path) -> None:
    assert "sigma" not in imported("convert", rule, "-t", "all", "-s", "none")
    assert "sigma" in imported("convert", rule, "-t", "splunk", "-p", own)
    assert "transpiler.pipeline" not in imported("convert", "--help")
