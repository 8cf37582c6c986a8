"""What ``sigmaq`` imports, and from where."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.support import GOOD, SCRIPT, python, script

SNIPPET = """
    import json, sys
    sys.argv = ["sigmaq", *sys.argv[1:]]
    from transpiler.cli import main
    try:
        main()
    except SystemExit as end:
        code = end.code
    print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def imported(*arguments: str | Path) -> set[str]:
    result = python(SNIPPET, *arguments)
    code, modules = json.loads(result.stderr.splitlines()[-1])
    assert code == 0, result.stderr
    return set(modules)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yml"
    path.write_text(GOOD)
    return path


def test_convert_imports_nothing_heavy(good: Path) -> None:
    modules = imported("convert", good, "-t", "all", "-s", "none")
    assert "transpiler.api" in modules
    for heavy in ("sigma", "pydantic", "rich", "jinja2", "asyncio", "urllib.request"):
        assert heavy not in modules


def test_convert_loads_the_backends_it_needs(good: Path) -> None:
    modules = imported("convert", good, "-t", "eql", "-s", "none")
    assert "backends.eql" in modules
    assert "backends.kusto" not in modules


def test_help_and_version_compile_nothing() -> None:
    for arguments in (["--help"], ["--version"], ["convert", "--help"], ["codes"]):
        assert "transpiler.api" not in imported(*arguments), arguments


def test_decoys_in_the_working_folder_are_not_read(good: Path) -> None:
    for package in ("templates", "backends", "transpiler"):
        (good.parent / package).mkdir()
        (good.parent / package / "__init__.py").write_text("raise SystemExit('the decoy was imported')\n")
    (good.parent / "templates" / "diagnostics.md").write_text("decoy")
    (good.parent / "backends" / "schemas").mkdir()
    (good.parent / "backends" / "schemas" / "none.yml").write_text("decoy")
    result = script("convert", "good.yml", "-t", "all", "-s", "none", cwd=good.parent)
    assert (result.returncode, "decoy" in result.stderr) == (0, False)
    assert result.stdout.count("Printer Spooler Restarted") == 7
    result = script("codes", "--markdown", cwd=good.parent)
    assert result.stdout.startswith("# Diagnostics\n")


def test_the_script_is_installed_beside_python() -> None:
    assert SCRIPT.exists(), f"install the project: {sys.executable} -m pip install -e ."
