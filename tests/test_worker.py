"""An engine in a process of its own: whatever it does, the run goes on."""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import fakes
from transpiler.engine import Asked, CannotRun, Engine
from transpiler.worker import MOST_DEATHS, Worker, serve

YES, NO = {"A": "b"}, {"A": "c"}

Make = Callable[..., Worker]


@pytest.fixture
def made() -> Iterator[Make]:
    """Makes workers and stops them."""
    workers: list[Worker] = []

    def make(engine: type[Engine], **times: float) -> Worker:
        workers.append(Worker(engine, **times))
        return workers[-1]

    yield make
    for worker in workers:
        worker.stop()


def asked(text: str = 'A="b"', schema: str = "none") -> Asked:
    return Asked(text, "splunk", schema=schema)


def test_it_answers_as_the_engine_does(made: Make) -> None:
    worker = made(fakes.Terms)
    assert worker.start() == "Terms 1.0"
    assert worker.run(asked(), [YES, NO]) == [True, False]
    assert worker.run(asked('A="c"'), [YES, NO]) == [False, True]
    assert worker.run(asked(), []) == []


def test_what_the_engine_cannot_run_is_a_reason(made: Make) -> None:
    worker = made(fakes.Terms)
    worker.start()
    with pytest.raises(CannotRun, match="no terms in x"):
        worker.run(asked("x"), [YES])
    assert worker.run(asked(), [YES]) == [True]


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (fakes.Raises, "the engine failed: ZeroDivisionError: oh"),
        (fakes.Nothing, "the engine failed: TypeError"),
    ],
)
def test_an_engine_that_fails_is_a_reason_and_lives_on(made: Make, engine: type[Engine], reason: str) -> None:
    worker = made(engine)
    worker.start()
    for _ in range(MOST_DEATHS + 1):
        with pytest.raises(CannotRun, match=reason):
            worker.run(asked(), [YES])


def test_an_engine_that_does_not_start_is_a_reason(made: Make) -> None:
    with pytest.raises(CannotRun, match="nothing here"):
        made(fakes.Absent).start()
    with pytest.raises(CannotRun, match=r"no answer within 0\.2 s"):
        made(fakes.HangsAtStart, start_seconds=0.2).start()


def test_prints_and_reads_do_not_reach_the_protocol(made: Make, capfd: pytest.CaptureFixture[str]) -> None:
    worker = made(fakes.Prints)
    worker.start()
    assert worker.run(asked(), [YES, NO]) == [True, False]
    out, err = capfd.readouterr()
    assert out == ""
    assert "from below" in err


def test_an_engine_that_hangs_costs_the_query_alone(made: Make) -> None:
    worker = made(fakes.Hangs, seconds=0.5)
    worker.start()
    begun = time.monotonic()
    with pytest.raises(CannotRun, match=r"no answer within 0\.5 s"):
        worker.run(asked('A="sleep"'), [YES])
    assert time.monotonic() - begun < 10
    assert worker.run(asked(), [YES]) == [True]


def test_an_engine_that_dies_is_started_anew_a_few_times(made: Make) -> None:
    worker = made(fakes.Dies)
    worker.start()
    for _ in range(MOST_DEATHS):
        with pytest.raises(CannotRun, match="the engine's process ended"):
            worker.run(asked('A="die"'), [YES])
    with pytest.raises(CannotRun, match=f"hung or ended {MOST_DEATHS} times in a row and was given up"):
        worker.run(asked(), [YES])


def test_an_engine_that_reads_no_more_is_ended(made: Make) -> None:
    worker = made(fakes.Deaf, seconds=1.0)
    worker.start()
    many = [{"A": "x" * 1000}] * 1000  # more than a pipe holds
    assert worker.run(asked('A="deaf*"'), [{"A": "deaf"}]) == [True]
    time.sleep(0.3)
    with pytest.raises(CannotRun, match=r"ended|no answer"):
        worker.run(asked(), many)
    assert worker.run(asked(), many) == [False] * 1000


def test_what_a_hanging_engine_started_ends_with_it(made: Make, tmp_path: Path) -> None:
    worker = made(fakes.Parent, seconds=1.0)
    worker.start()
    with pytest.raises(CannotRun):
        worker.run(asked(schema=str(tmp_path / "pid")), [YES])
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_an_engine_may_put_its_things_away(made: Make, tmp_path: Path) -> None:
    worker = made(fakes.Tidy)
    worker.start()
    worker.run(asked(schema=str(tmp_path / "mark")), [YES])
    worker.stop()
    assert (tmp_path / "mark").read_text() == "tidy"
    worker.stop()


def test_an_engine_that_does_not_end_is_ended(made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("transpiler.worker.STOP_SECONDS", 0.2)
    worker = made(fakes.Tidy)
    worker.start()
    worker.run(asked(schema=str(tmp_path)), [YES])  # stop() fails: a folder is no file
    worker.stop()
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_was_ended_by_others_is_a_reason(made: Make) -> None:
    worker = made(fakes.Terms)
    worker.start()
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(CannotRun, match="the engine's process ended"):
        worker.run(asked(), [YES] * 10_000)
    assert worker.run(asked(), [YES]) == [True]


# --- what the child does, in this process -------------------------------------------------------


def served(engine: type[Engine], *requests: object) -> list[object]:
    """What the child answers to requests after the first, which names the engine."""

    def packed(value: object) -> bytes:
        data = pickle.dumps(value)
        return struct.pack(">Q", len(data)) + data

    answers = io.BytesIO()
    serve(io.BytesIO(b"".join(map(packed, [(engine.__module__, engine.__qualname__), *requests]))), answers)
    found, data = [], answers.getvalue()
    while data:
        size = struct.unpack(">Q", data[:8])[0]
        found.append(pickle.loads(data[8 : 8 + size]))
        data = data[8 + size :]
    return found


def test_the_child_answers_each_request(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    assert served(fakes.Tidy, (asked(schema=mark), [YES]), (asked("x", mark), [YES])) == [
        ("answer", "Terms 1.0"),
        ("answer", [True]),
        ("cannot", "no terms in x"),
    ]
    assert (tmp_path / "mark").read_text() == "tidy"


def test_the_child_survives_its_engine() -> None:
    assert served(fakes.Absent) == [("cannot", "nothing here (`pip install 'sigmaq[verify]'`)")]
    assert served(fakes.Raises, (asked(), [YES]))[1:] == [("cannot", "the engine failed: ZeroDivisionError: oh")]


def test_the_child_of_nothing_ends() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(), answers)
    assert answers.getvalue() == b""
