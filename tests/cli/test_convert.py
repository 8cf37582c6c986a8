"""``sigmaq convert`` as its users see it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.support import BAD, GOOD, SCRIPT, TWO, WARNS, convert, script
from transpiler import transpile
from transpiler.cli import options
from transpiler.model import LEVELS, STATUSES

TITLE = "Printer Spooler Restarted"
CREDITS = "id: 0f7a3c1e-6a70-4a6f-9d43-0a1b2c3d4e5f; author: A. Tester; license: not stated in the rule"


def text_of(rule: str, target: str) -> str:
    return transpile(rule, target, "none")[0].text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with rules in it."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, text in (("bad", BAD), ("good", GOOD), ("two", TWO), ("warns", WARNS)):
        (rules / f"{name}.yml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- text on standard output --------------------------------------------------------------------


def test_one_rule_stands_under_its_header(folder: Path) -> None:
    result = convert("rules/good.yml", "-t", "kusto", "-s", "none")
    assert result.exit_code == 0
    assert result.stdout == f"// {TITLE}\n// {CREDITS}\n{text_of(GOOD, 'kusto')}\n"


def test_a_block_comment_is_closed(folder: Path) -> None:
    lines = convert("rules/good.yml", "-t", "splunk", "-s", "none").stdout.splitlines()
    assert lines[:2] == [f"``` {TITLE} ```", f"``` {CREDITS} ```"]


def test_a_language_without_comments_gives_the_query_alone(folder: Path) -> None:
    result = convert("rules/good.yml", "-t", "lucene", "-s", "none")
    assert result.stdout == text_of(GOOD, "lucene") + "\n"


def test_several_rules_of_such_a_language_give_one_query_a_line(folder: Path) -> None:
    result = convert("rules/good.yml", "rules/warns.yml", "-t", "lucene", "-s", "none")
    assert result.stdout == f"{text_of(GOOD, 'lucene')}\n{text_of(WARNS, 'lucene')}\n"


def test_a_query_that_cannot_be_one_line_is_told(folder: Path) -> None:
    rule = GOOD.replace("Image|endswith: '\\net.exe'", "\"Image|re\": 'a.b'")
    result = convert("-", "-t", "lucene", "-s", "none", text=rule)
    lines = len(result.stdout.splitlines())
    assert ("1 of the queries hold line breaks" in result.stderr) == (lines > 1)


def test_several_targets_are_named(folder: Path) -> None:
    result = convert("rules/good.yml", "-t", "eql", "-t", "lucene", "-t", "eql", "-s", "none")
    assert result.stdout == (
        f"// eql: {TITLE}\n// {CREDITS}\n{text_of(GOOD, 'eql')}\n\n"
        f"# lucene: {TITLE}\n# {CREDITS}\n{text_of(GOOD, 'lucene')}\n"
    )


def test_all_is_every_target(folder: Path) -> None:
    result = convert("rules/good.yml", "-t", "all", "-s", "none")
    assert result.exit_code == 0
    for target in ("dsl", "eql", "esql", "kibana", "kusto", "lucene", "splunk"):
        assert f" {target}: {TITLE}" in result.stdout


def test_a_rule_with_several_conditions(folder: Path) -> None:
    result = convert("rules/two.yml", "-t", "kusto", "-s", "none")
    assert "// Two Conditions (condition 1 of 2)\n" in result.stdout
    assert "// Two Conditions (condition 2 of 2)\n" in result.stdout


def test_standard_input(folder: Path) -> None:
    assert TITLE in convert("-", "-t", "kusto", "-s", "none", text=GOOD).stdout
    result = convert("-", "-t", "kusto", "-s", "none", text=BAD)
    assert result.exit_code == 1
    assert "--> -:7:14\n" in result.stderr
    assert "condition: selektion" in result.stderr  # the text is gone, the line is not


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_the_line_is_found_whatever_ends_lines(folder: Path, end: str) -> None:
    Path("rules/bad.yml").write_bytes(BAD.replace("\n", end).encode())
    assert "7 |   condition: selektion\n" in convert("rules/bad.yml", "-t", "kusto").stderr


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="not run: there is no /dev/fd")
def test_a_pipe_as_a_rule_file(folder: Path) -> None:
    line = f'"{SCRIPT}" convert <(cat rules/bad.yml) -t kusto -s none'
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "condition: selektion" in result.stderr


def test_the_tree(folder: Path) -> None:
    result = convert("rules/two.yml", "rules/bad.yml", "--ast")
    assert result.exit_code == 1
    assert result.stdout.startswith("# Two Conditions (condition 1 of 2)\n# id: 3b2c3d4e")
    assert result.stdout.splitlines()[2] == 'A equals "b"'
    assert "C302" in result.stderr
    found = json.loads(convert("rules/good.yml", "--ast", "--json").stdout)
    assert (found["target"], found["query"]) == ("ast", 'Image endswith "\\\\net.exe"')


def test_options_reach_the_query(folder: Path) -> None:
    assert "index=main" in convert("rules/good.yml", "-t", "splunk", "-s", "none", "--index", "main").stdout
    assert "MyTable" in convert("rules/good.yml", "-t", "kusto", "-s", "none", "--table", "MyTable").stdout
    folded = convert("rules/good.yml", "-t", "lucene", "-s", "none", "--strings", "folded")
    assert "T621" in folded.stderr
    assert len(folded.stdout) < len(convert("rules/good.yml", "-t", "lucene", "-s", "none").stdout)


# --- diagnostics and exit codes -----------------------------------------------------------------


def test_the_good_are_converted_beside_the_bad(folder: Path) -> None:
    result = convert("rules", "-t", "kusto", "-s", "none")
    assert result.exit_code == 1
    assert result.stdout.count("// id: ") == 4
    assert "error[C302]" in result.stderr
    assert "7 |   condition: selektion\n" in result.stderr
    assert result.stderr.endswith("4 rules: 3 converted, 1 refused; 4 queries\n")


def test_one_rule_needs_no_summary(folder: Path) -> None:
    assert "1 rule" not in convert("rules/good.yml", "-t", "kusto", "-s", "none").stderr
    assert "1 rule: 1 refused" in convert("rules/bad.yml", "-t", "kusto", "-s", "none").stderr


def test_exact_refuses_what_is_weaker(folder: Path) -> None:
    loose = convert("rules/warns.yml", "-t", "splunk", "-s", "none")
    assert (loose.exit_code, "warning[T611]" in loose.stderr) == (0, True)
    exact = convert("rules/warns.yml", "-t", "splunk", "-s", "none", "--exact")
    assert (exact.exit_code, exact.stdout, "error[T611]" in exact.stderr) == (1, "", True)


def test_repeats_are_folded_unless_verbose(folder: Path) -> None:
    paths = ("rules/good.yml", "rules/warns.yml", "-t", "eql", "-s", "none")
    assert convert(*paths).stderr.count("note[F504]") == 1
    assert "2 of these in all; -v shows each" in convert(*paths).stderr
    assert convert(*paths, "-v").stderr.count("note[F504]") == 2


def test_a_missing_file_does_not_stop_the_others(folder: Path) -> None:
    result = convert("missing.yml", "rules/good.yml", "-t", "kusto", "-s", "none")
    assert (result.exit_code, "S101" in result.stderr, TITLE in result.stdout) == (1, True, True)


def test_a_folder_without_rules(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert convert("empty", "-t", "kusto").exit_code == 2
    result = convert("empty", "rules/good.yml", "-t", "kusto", "-s", "none")
    assert (result.exit_code, "U806" in result.stderr, TITLE in result.stdout) == (1, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rules"], "name at least one target: dsl, eql, esql, kibana, kusto, lucene, splunk, or all"),
        (["-t", "kusto"], "PATH"),
        (["rules", "-t", "kql"], "error[U804]: `kql` is two languages"),
        (["rules", "-t", "spluk"], "did you mean `splunk`?"),
        (["rules", "-t", "splunk", "-s", "esc"], "did you mean `ecs`?"),
        (["rules", "-t", "splunk", "-s", "ecs"], "error[F506]"),
        (["rules", "-t", "splunk", "-s", "./missing.yml"], "error[S101]"),
        (["rules", "-t", "splunk", "--min-level", "huge"], "--min-level"),
        (["rules", "-t", "splunk", "--status", "good"], "--status"),
        (["rules", "-t", "splunk", "--strings", "loose"], "--strings"),
        (["rules", "-t", "splunk", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage(folder: Path, arguments: list[str], said: str) -> None:
    result = convert(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_wrong_usage_as_json(folder: Path) -> None:
    result = convert("rules", "-t", "kql", "--json")
    assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, "U804")


# --- selection ----------------------------------------------------------------------------------


def rule(title: str, **facts: object) -> str:
    lines = [f"{key}: {value}" for key, value in facts.items()]
    return "\n".join([f"title: {title}", *lines, "logsource: {product: p}", "detection: {s: {A: b}, condition: s}", ""])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "ABCD"),
        (["--min-level", "high"], "AB"),
        (["--min-level", "MEDIUM"], "ABC"),
        (["--status", "stable"], "A"),
        (["--status", "stable", "--status", "test"], "AB"),
        (["--tag", "attack.t1059"], "BC"),
        (["--tag", "ATTACK.T1059.001"], "B"),
        (["--tag", "attack.t105"], ""),
        (["--tag", "attack.execution", "--tag", "attack.t1059"], "ABC"),
        (["--min-level", "high", "--tag", "attack.t1059"], "B"),
    ],
)
def test_only_some_rules(tmp_path: Path, arguments: list[str], expected: str) -> None:
    rules = [
        rule("A", level="critical", status="stable", tags="[attack.execution]"),
        rule("B", level="High", status="Test", tags="[attack.t1059.001]"),
        rule("C", level="medium", status="experimental", tags="[attack.T1059]"),
        rule("D"),
    ]
    (tmp_path / "r.yml").write_text("---\n".join(rules))
    result = convert(tmp_path / "r.yml", "-t", "kusto", "-s", "none", "--json", *arguments)
    titles = [found["title"] for line in result.stdout.splitlines() if "title" in (found := json.loads(line))]
    assert (result.exit_code, "".join(titles)) == (0, expected)
    if len(expected) < 4:
        assert f"{4 - len(expected)} not selected" in result.stderr


def test_the_options_know_the_specifications_words() -> None:
    assert tuple(options.Level) == LEVELS
    assert tuple(options.Status) == STATUSES


# --- JSON ---------------------------------------------------------------------------------------


def test_json_is_one_object_a_line(folder: Path) -> None:
    result = convert("rules", "-t", "splunk", "-t", "eql", "-s", "none", "--json")
    assert result.exit_code == 1
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    queries = [each for each in objects if each["kind"] == "query"]
    others = [each for each in objects if each["kind"] == "diagnostic"]
    assert len(queries) == 8
    assert [each["code"] for each in others] == ["C302"]
    assert (others[0]["path"], others[0]["line"], others[0]["column"]) == ("rules/bad.yml", 7, 14)
    assert others[0]["rule_id"] == "1b2c3d4e-0000-4000-8000-000000000001"
    assert queries[0]["query"] == text_of(GOOD, "splunk")
    assert {each["target"] for each in queries} == {"splunk", "eql"}
    assert any(said["code"] == "T611" for each in queries for said in each["warnings"])
    assert result.stderr == "4 rules: 3 converted, 1 refused; 8 queries\n"


# --- files and folders --------------------------------------------------------------------------


def test_one_file(folder: Path) -> None:
    result = convert("rules/good.yml", "-t", "kusto", "-s", "none", "-o", "out.txt")
    assert result.stdout == ""
    assert Path("out.txt").read_text() == f"// {TITLE}\n// {CREDITS}\n{text_of(GOOD, 'kusto')}\n"
    convert("rules/good.yml", "-t", "kusto", "-s", "none", "-o", "out.jsonl", "--json")
    assert json.loads(Path("out.jsonl").read_text())["title"] == TITLE


def test_a_folder_of_files(folder: Path) -> None:
    result = convert("rules", "-t", "kusto", "-t", "lucene", "-s", "none", "-o", "out/")
    assert (result.exit_code, result.stdout) == (1, "")
    made = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file())
    assert made == [
        *(f"kusto/{name}.kusto" for name in ("good", "two.1", "two.2", "warns")),
        "lucene/ATTRIBUTION",
        *(f"lucene/{name}.lucene" for name in ("good", "two.1", "two.2", "warns")),
    ]
    assert Path("out/kusto/good.kusto").read_text() == f"// {TITLE}\n// {CREDITS}\n{text_of(GOOD, 'kusto')}\n"
    assert Path("out/lucene/good.lucene").read_text() == text_of(GOOD, "lucene") + "\n"
    assert "good.lucene\n  title: Printer Spooler Restarted\n" in Path("out/lucene/ATTRIBUTION").read_text()


def test_attribution_outlives_the_next_run(folder: Path) -> None:
    arguments = ("-t", "lucene", "-s", "none", "-o", "out/")
    convert("rules", *arguments)
    Path("out/lucene/warns.lucene").unlink()
    convert("rules/good.yml", *arguments)
    text = Path("out/lucene/ATTRIBUTION").read_text()
    assert ("two.1.lucene" in text, "good.lucene" in text, "warns.lucene" in text) == (True, True, False)


def test_the_same_run_gives_the_same_files(folder: Path) -> None:
    def snapshot(out: str) -> dict[str, bytes]:
        convert("rules", "-t", "all", "-s", "none", "-o", out)
        return {str(path.relative_to(out)): path.read_bytes() for path in Path(out).rglob("*") if path.is_file()}

    first = snapshot("one/")
    assert first == snapshot("two/") == snapshot("one/")


def test_a_folder_of_json(folder: Path) -> None:
    convert("rules", "-t", "kusto", "-s", "none", "-o", "out/", "--json")
    assert json.loads(Path("out/kusto/good.json").read_text())["title"] == TITLE
    assert json.loads(Path("out/diagnostics.jsonl").read_text())["code"] == "C302"


def test_several_rules_of_a_file_are_named_by_title(folder: Path) -> None:
    Path("many.yml").write_text(f"{GOOD}---\n{WARNS}")
    convert("many.yml", "-t", "kusto", "-s", "none", "-o", "out/")
    names = sorted(path.name for path in Path("out/kusto").iterdir())
    assert names == ["Empty_User_2b2c3d4e.kusto", "Printer_Spooler_Restarted_0f7a3c1e.kusto"]


@pytest.mark.parametrize("out", ["rules/good.yml/x/", "rules/good.yml/x"])
def test_an_output_that_cannot_be_written(folder: Path, out: str) -> None:
    before = sorted(folder.rglob("*"))
    result = convert("rules", "-t", "kusto", "-s", "none", "-o", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[U803]: cannot write rules/good.yml/x" in result.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_target_folder_that_cannot_be_written(folder: Path) -> None:
    Path("out").mkdir()
    Path("out/kusto").write_text("a file")
    result = convert("rules", "-t", "kusto", "-s", "none", "-o", "out")
    assert (result.exit_code, "U803" in result.stderr) == (2, True)
    assert Path("out/kusto").read_text() == "a file"


def test_devices_and_standard_output_by_name(folder: Path) -> None:
    assert script("convert", "rules/good.yml", "-t", "kusto", "-s", "none", "-o", "/dev/null").returncode == 0
    for name in ("-", "/dev/stdout"):
        result = script("convert", "rules/good.yml", "-t", "kusto", "-s", "none", "-o", name)
        assert TITLE in result.stdout
    line = f'echo kept > log; "{SCRIPT}" convert rules/good.yml -t kusto -s none -o /dev/stdout >> log'
    subprocess.run(["bash", "-c", line], check=True, capture_output=True)
    assert Path("log").read_text().startswith(f"kept\n// {TITLE}\n")
    if Path("/dev/full").exists():
        result = script("convert", "rules/good.yml", "-t", "kusto", "-s", "none", "-o", "/dev/full")
        assert (result.returncode, "U803" in result.stderr) == (2, True)
