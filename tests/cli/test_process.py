"""The installed script as a process: pipes, signals, terminals, other commands, completion."""

from __future__ import annotations

import gc
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import BAD, GOOD, SCRIPT, command, convert, script
from transpiler.cli import codes, main, options


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a good rule and a bad one."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.yml").write_text(GOOD)
    (tmp_path / "rules" / "bad.yml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    rules = tmp_path / "many"
    rules.mkdir()
    for number in range(1500):
        (rules / f"{number:04}.yml").write_text(GOOD)
    return rules


def test_a_reader_that_has_seen_enough(many: Path) -> None:
    with subprocess.Popen(
        [str(SCRIPT), "convert", str(many), "-t", "kusto", "-s", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_ctrl_c_leaves_nothing_half_written(many: Path) -> None:
    os.mkfifo(many / "9999.yml")  # the run waits here until it is interrupted
    # A test run in the background ignores Ctrl-C, and so would what it starts.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from transpiler.cli import main; main()"
    arguments = ["convert", many, "-t", "kusto", "-s", "none", "-o", many / "out.txt"]
    with subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stderr=subprocess.PIPE) as process:
        writer = os.open(many / "9999.yml", os.O_RDWR)
        deadline = time.monotonic() + 30
        while not list(many.glob(".sigmaq-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(60) == 130
        os.close(writer)
    assert not list(many.glob("out*"))
    assert not list(many.glob(".sigmaq-*"))


def on_a_terminal(*arguments: str | Path, both: bool, **environment: str) -> tuple[int, str]:
    """Run the script with standard error (and output, if ``both``) on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(SCRIPT), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=slave if both else subprocess.DEVNULL,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(slave)
    chunks: list[bytes] = []

    def chunk() -> Iterator[bytes]:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the other end is closed (Linux)
                return
            if not data:
                return
            yield data

    reader = threading.Thread(target=lambda: chunks.extend(chunk()))
    reader.start()
    code = process.wait(60)
    reader.join(10)
    os.close(master)
    return code, b"".join(chunks).decode().replace("\r\n", "\n")


def test_colours_on_a_terminal(folder: Path) -> None:
    arguments = ("convert", "rules/good.yml", "rules/bad.yml", "-t", "kusto", "-s", "none")
    code, text = on_a_terminal(*arguments, both=True, NO_COLOR="")
    assert code == 1
    assert "\x1b[1;31merror[C302]\x1b[0m" in text
    assert "\n\n\x1b[1;36mnote[F504]" in text  # apart from the queries
    assert "\x1b" not in on_a_terminal(*arguments, both=True, NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal(*arguments, both=True, TERM="dumb")[1]


def test_a_bar_on_long_runs(many: Path) -> None:
    arguments = ("convert", many, "-t", "kusto", "-s", "none")
    code, text = on_a_terminal(*arguments, both=False)
    assert (code, "Converting" in text, "1,500 rules" in text) == (0, True, True)
    assert "Converting" not in on_a_terminal(*arguments, both=True)[1]
    assert "Converting" not in on_a_terminal(*arguments, "-v", both=False)[1]


def test_output_is_utf8_whatever_the_locale(folder: Path) -> None:
    Path("rules/umlaut.yml").write_text(GOOD.replace("A. Tester", "Jörg Müller"), "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    result = subprocess.run(
        [str(SCRIPT), "convert", "rules/umlaut.yml", "-t", "kusto", "-s", "none"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert "Jörg Müller".encode() in result.stdout


# --- the other commands -------------------------------------------------------------------------


def test_targets_and_schemas() -> None:
    lines = command("targets").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["dsl", "eql", "esql", "kibana", "kusto", "lucene", "splunk"]
    assert all(line.endswith("none") for line in lines[1:])
    lines = command("schemas").stdout.splitlines()
    assert {"ecs", "none", "splunk", "sentinel", "defender_xdr"} <= {line.split()[0] for line in lines}


def test_version_and_help() -> None:
    assert command("--version").stdout.startswith("sigmaq ")
    assert script("--version").stdout.startswith("sigmaq ")
    for arguments in ([], ["-h"], ["--help"], ["convert", "-h"]):
        result = script(*arguments)
        assert "Usage: sigmaq" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sigmaq convert -t k", ["kibana", "kusto"]),
        ("sigmaq convert -t a", ["all"]),
        ("sigmaq convert -s d", ["defender_xdr"]),
        ("sigmaq convert --min-level h", ["high"]),
        ("sigmaq codes T60", ["T601", "T602", "T603", "T604"]),
    ],
)
def test_shell_completion(words: str, expected: list[str]) -> None:
    environment = {
        **os.environ,
        "_SIGMAQ_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    assert script(env=environment).stdout.split() == expected
    assert "sigmaq" in script("--show-completion", "bash").stdout


def test_completion_offers_what_there_is() -> None:
    assert options.targets_like("k") == ["kibana", "kusto"]
    assert options.schemas_like("de") == ["defender_xdr"]
    assert codes._codes("U80") == [f"U80{number}" for number in range(1, 10)]


def test_streams_that_went_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, code in ((BrokenPipeError, 141), (KeyboardInterrupt, 130)):

        def fail(_: object, error: type[BaseException] = error) -> int:
            raise error

        monkeypatch.setattr("transpiler.cli.run._run", fail)
        result = convert("rules", "-t", "kusto")
        assert (result.exit_code, result.output) == (code, "")


def test_errors_of_the_other_commands_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from transpiler import registry
    from transpiler.diagnostics import diagnostic
    from transpiler.errors import UsageError

    def fail() -> list[str]:
        raise UsageError(diagnostic("U805", "two of one name"))

    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(registry, "targets", fail)
    monkeypatch.setattr(sys, "argv", ["sigmaq", "targets"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("error[U805]: two of one name\n")


def test_ctrl_c_outside_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr("transpiler.cli.app.app", interrupt)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
