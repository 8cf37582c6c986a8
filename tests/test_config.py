"""sigmaq.toml: found, read, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpiler.config import Config, find, load
from transpiler.errors import UsageError


def written(folder: Path, text: str, name: str = "sigmaq.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


EVERYTHING = """\
rules = ["rules", "more/one.yml"]
targets = ["kusto"]
pipelines = ["sysmon", "own.yml"]
schema = "schemas/ours.yml"
telemetry = "sysmon"
strings = "folded"
index = "logs-*"
table = "T"
unmapped = "pass"
"""


def test_everything_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    assert load(path) == Config(
        path=str(path),
        rules=(str(tmp_path / "rules"), str(tmp_path / "more/one.yml")),
        targets=("kusto",),
        pipelines=("sysmon", str(tmp_path / "own.yml")),
        schema=str(tmp_path / "schemas/ours.yml"),
        telemetry="sysmon",
        strings="folded",
        index="logs-*",
        table="T",
        unmapped="pass",
    )


def test_the_nearest_file_holds(tmp_path: Path) -> None:
    written(tmp_path, 'schema = "ecs"')
    written(tmp_path / "a", '[tool.sigmaq]\nschema = "splunk"\n', "pyproject.toml")
    written(tmp_path / "a" / "b", "[tool.other]\n", "pyproject.toml")
    assert find(tmp_path / "a" / "b").schema == "splunk"
    assert find(tmp_path).schema == "ecs"


def test_paths_of_the_current_folder_stay_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 'rules = ["rules"]')
    monkeypatch.chdir(tmp_path)
    assert find(Path()).rules == ("rules",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = ", "Invalid value"),
        ('shema = "ecs"', "`shema` is no setting"),
        ("schema = 5", "`schema` is a text"),
        ('targets = "kusto"', "`targets` is a list of texts"),
        ("rules = [1]", "`rules` is a list of texts"),
        ('strings = "words"', "`strings` is folded, not 'words'"),
        ('unmapped = "keep"', "`unmapped` is refuse or pass, not 'keep'"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(written(tmp_path, text))
    found = caught.value.diagnostic
    assert found.code == "U808"
    assert message in found.message
    assert found.span.path.endswith("sigmaq.toml")


def test_a_pyproject_whose_table_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a table is expected"):
        load(written(tmp_path, "[tool]\nsigmaq = 5\n", "pyproject.toml"))


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "sigmaq.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="U808"):
        load(path)
