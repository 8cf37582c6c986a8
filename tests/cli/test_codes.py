"""``sigmaq codes``, and the page that is made from it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.support import command
from transpiler.codes import CODES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "diagnostics.md"


def test_the_page_is_current() -> None:
    result = command("codes", "--markdown")
    assert PAGE.read_text("utf-8") == result.stdout, "run: sigmaq codes --markdown > docs/diagnostics.md"


def test_every_code_is_on_the_page_once() -> None:
    assert re.findall(r"^### (\w+):", PAGE.read_text("utf-8"), re.MULTILINE) == list(CODES)


def test_every_code_is_listed() -> None:
    lines = command("codes").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(CODES)
    assert all(line.split()[1] in ("error", "warning", "note") for line in lines)


def test_one_code_is_explained() -> None:
    result = command("codes", "t601")
    entry = CODES["T601"]
    assert result.exit_code == 0
    assert result.stdout.startswith(f"T601 (error): {entry.title}\n\n{entry.explanation}\n")
    assert entry.hint in result.stdout


def test_a_code_that_there_is_not() -> None:
    result = command("codes", "T000")
    assert result.exit_code == 2
    assert "there is no code T000" in result.stderr


def test_every_explanation_is_a_sentence() -> None:
    for code, entry in CODES.items():
        assert re.fullmatch(r"[SRCMFPTVU]\d{3}", code)
        assert entry.explanation.endswith("."), code
        assert not entry.hint.endswith("."), code
        assert entry.hint, code
