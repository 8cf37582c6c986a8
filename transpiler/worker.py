"""An engine in a process of its own, so that one that hangs or dies costs a query and not the run.

The parent writes a request and reads an answer, both pickled; the child is this module run as a
program, and ends when its input does. What an engine prints goes to the parent's standard error.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

from transpiler.engine import Answer, Asked, CannotRun, Engine, Row

START_SECONDS = 60.0
"""How long an engine may take to start."""

RUN_SECONDS = 20.0
"""How long it may take for one query."""

STOP_SECONDS = 1.0
"""How long it may take to put its things away."""

MOST_DEATHS = 3
"""How often in a row an engine may hang or die before it is given up."""

_ROOM = 32 << 10
"""Bytes that a pipe holds whether or not somebody reads them (Linux: 64 KiB)."""

_LENGTH = struct.Struct(">Q")


class Worker:
    """A runner of an engine class in a child process.

    ``run`` raises CannotRun for a query on which the engine hangs or dies, and starts it anew for
    the next; after MOST_DEATHS of these, for every query.
    """

    def __init__(
        self, engine: type[Engine], *, seconds: float = RUN_SECONDS, start_seconds: float = START_SECONDS
    ) -> None:
        self._place = (engine.__module__, engine.__qualname__)
        self._seconds = seconds
        self._start_seconds = start_seconds
        self._deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def start(self) -> str:
        """Start the engine; gives its name and version. Raises CannotRun."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "transpiler.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C is for the parent, which then stops us
        )
        self._answers = queue.SimpleQueue()
        assert self._process.stdout
        threading.Thread(target=_listen, args=(self._process.stdout, self._answers), daemon=True).start()
        try:
            return str(self._ask(self._place, self._start_seconds))
        except CannotRun:
            self.stop()  # what did not start is not asked
            raise

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        """What the engine answers. Raises CannotRun."""
        if self._process is None:
            if self._deaths >= MOST_DEATHS:
                raise CannotRun(f"the engine hung or ended {self._deaths} times in a row and was given up")
            self.start()
        answers: list[Answer] = self._ask((asked, list(rows)), self._seconds)
        self._deaths = 0
        return answers

    def stop(self) -> None:
        """End the child: it may put its things away first, for a moment."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin
            with suppress(OSError, subprocess.TimeoutExpired):
                process.stdin.close()
                process.wait(STOP_SECONDS)
            _kill(process)
            process.wait()

    def _ask(self, request: Any, seconds: float) -> Any:
        assert self._process
        try:
            _send(self._process, request, seconds)
            kind, found = self._answers.get(timeout=seconds)
        except queue.Empty:
            kind, found = "died", f"the engine gave no answer within {seconds:g} s"
        except OSError:
            kind, found = "died", "the engine's process ended"
        if kind == "answer":
            return found
        if kind == "died":
            self._deaths += 1
            _kill(self._process)
            self.stop()
        raise CannotRun(found)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and, where processes come in groups, those it has started."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _send(process: subprocess.Popen[bytes], request: Any, seconds: float) -> None:
    """Write a request. One that does not fit the pipe needs a reader: a child that reads nothing is ended."""
    assert process.stdin
    data = pickle.dumps(request)
    watch = threading.Timer(seconds, _kill, [process]) if len(data) > _ROOM else None
    if watch is not None:
        watch.start()
    try:
        process.stdin.write(_LENGTH.pack(len(data)) + data)
        process.stdin.flush()
    finally:
        if watch is not None:
            watch.cancel()


def _listen(stream: IO[bytes], answers: queue.SimpleQueue[Any]) -> None:
    """Hand on what the child says, and at last that it says no more."""
    try:
        while True:
            answers.put(_read(stream))
    except (EOFError, OSError, pickle.UnpicklingError):
        answers.put(("died", "the engine's process ended"))
    finally:
        stream.close()


def _write(stream: IO[bytes], value: Any) -> None:
    data = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _read(stream: IO[bytes]) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S301 - only ever our own child or parent


# --- the child ------------------------------------------------------------------------------------------


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Start the engine that the first request names, then answer the others until they end."""
    engine: Engine | None = None
    while True:
        try:
            request = _read(requests)
        except EOFError:
            break
        try:
            if engine is None:
                module, name = request
                engine = getattr(import_module(module), name)()
                found: Any = engine.start()
            else:
                found = list(engine.run(*request))
            _write(answers, ("answer", found))
        except CannotRun as reason:
            _write(answers, ("cannot", str(reason)))
        except Exception as error:  # noqa: BLE001 - an engine's failure is a reason, not an end
            _write(answers, ("cannot", f"the engine failed: {type(error).__name__}: {error}"))
    if engine is not None:
        engine.stop()


def main() -> None:
    """Serve on the standard streams, keeping them from whatever the engine reads and prints."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    serve(requests, answers)


if __name__ == "__main__":
    main()
