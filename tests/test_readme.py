"""The README shows what the compiler gives, and its Python runs."""

from __future__ import annotations

import re

import pytest

from tests.support.corpus import ROOT
from transpiler import Options, registry, transpile

README = (ROOT / "README.md").read_text("utf-8")
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

    convert = get_command(app).commands["convert"]  # type: ignore[attr-defined]
    known = {word for parameter in convert.params for word in parameter.opts}
    assert set(re.findall(r"`(-{1,2}[a-z-]+)", README)) <= known
