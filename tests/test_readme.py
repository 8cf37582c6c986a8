"""The README shows what the compiler gives, and its Python runs."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.testing import CliRunner

from tests.support.corpus import ROOT, not_run
from transpiler import Options, registry, transpile

README = (ROOT / "README.md").read_text("utf-8")
VERIFY = (ROOT / "docs" / "verify.md").read_text("utf-8")
RULE = (ROOT / "examples" / "service_failure_command.yml").read_text("utf-8")


@pytest.mark.parametrize("target", registry.targets())
def test_the_queries_shown_are_the_queries_given(target: str) -> None:
    (query,) = transpile(RULE, target)
    assert f"\n{query.text}\n```" in README


def test_the_other_forms_shown() -> None:
    (folded,) = transpile(RULE, "lucene", options=Options(strings="folded"))
    (defender,) = transpile(RULE, "kusto", "defender_xdr")
    assert f"\n{folded.text}\n```" in README
    assert f"\n{defender.text}\n```" in README


def test_the_python_shown_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {"text": RULE})
    assert "Service Failure Action" in capsys.readouterr().out


def test_the_options_shown_exist() -> None:
    from typer.main import get_command

    from transpiler.cli.app import app

    commands = get_command(app).commands.values()  # type: ignore[attr-defined]
    known = {word for command in commands for parameter in command.params for word in parameter.opts}
    for text in (README, VERIFY):
        assert set(re.findall(r"`(-{1,2}[a-z-]+)", text)) <= known


SHOWN = re.findall(r"```console\n\$ sigmaq (.*?)\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("arguments", "output"), SHOWN, ids=[arguments for arguments, _ in SHOWN])
def test_the_output_shown_is_the_output_given(arguments: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from transpiler.cli.app import app

    monkeypatch.chdir(ROOT)
    found = CliRunner().invoke(app, shlex.split(arguments), catch_exceptions=False).stdout
    if "pip install" in found:
        not_run(found)
    assert _without_versions(found) == _without_versions(output)


def _without_versions(text: str) -> str:
    return re.sub(r"\d+(\.\d+)+", "0", text).strip()
