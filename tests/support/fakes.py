"""Engines that behave, and engines that do not, for tests of what runs them.

They read the simplest of Splunk's searches: terms like ``Field="va*ue"``, all of which must hold.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from transpiler import registry
from transpiler.engine import Answer, Asked, CannotRun, Row

_TERM = re.compile(r'(NOT )?([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\d+))')


class Terms:
    """An engine that is right."""

    TARGETS: ClassVar[tuple[str, ...]] = ("splunk",)
    OURS: ClassVar[bool] = True

    def start(self) -> str:
        return "Terms 1.0"

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        terms = _TERM.findall(asked.text)
        if not terms:
            raise CannotRun(f"no terms in {asked.text}")
        return [all(self.holds(row, *term) for term in terms) for row in rows]

    def holds(self, row: Row, denied: str, name: str, text: str, number: str) -> bool:
        pattern = self.fold(re.sub(r"\\(.)", r"\1", text) or number)
        values = row.get(name, [])
        found = any(
            fnmatchcase(self.fold(str(each)), pattern) for each in (values if isinstance(values, list) else [values])
        )
        return found != bool(denied)

    def fold(self, text: str) -> str:
        return text.lower()

    def stop(self) -> None:
        pass


class Cased(Terms):
    """Compares letter by letter, and is not ours."""

    OURS = False

    def fold(self, text: str) -> str:
        return text


class Forgets(Terms):
    """Takes no notice of the field ``C``."""

    def holds(self, row: Row, denied: str, name: str, text: str, number: str) -> bool:
        return name == "C" or super().holds(row, denied, name, text, number)


class Absent(Terms):
    def start(self) -> str:
        raise CannotRun("nothing here (`pip install 'sigmaq[verify]'`)")


class Raises(Terms):
    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        raise ZeroDivisionError("oh")


class Few(Terms):
    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        return super().run(asked, rows)[:-1]


class Numbers(Terms):
    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        return [int(bool(each)) for each in super().run(asked, rows)]  # type: ignore[misc]


class Nothing(Terms):
    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        return None  # type: ignore[return-value]


class Silent(Terms):
    """Has no answer for the first row."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        return [None, *super().run(asked, rows)[1:]]


class Prints(Terms):
    """Prints where answers go, and reads where requests come from."""

    def start(self) -> str:
        print("a banner")
        return super().start()

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        print("chatter" * 1000)
        assert sys.stdin.read() == ""
        os.write(1, b"from below\n")
        return super().run(asked, rows)


class Hangs(Terms):
    """Sleeps when it is asked for ``sleep``."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        if "sleep" in asked.text:
            time.sleep(60)
        return super().run(asked, rows)


class HangsAtStart(Terms):
    def start(self) -> str:
        time.sleep(60)
        raise AssertionError


class Deaf(Terms):
    """Stops reading once it has answered."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        if "deaf" in asked.text:
            threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGSTOP]).start()
        return super().run(asked, rows)


class Dies(Terms):
    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        if "die" in asked.text:
            os._exit(3)
        return super().run(asked, rows)


class Parent(Terms):
    """Starts a process of its own, whose id it tells, and hangs."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        child = subprocess.Popen(["sleep", "60"])
        Path(asked.schema).write_text(str(child.pid))
        time.sleep(60)
        return []


class Tidy(Terms):
    """Leaves a mark when it is stopped in good order."""

    def run(self, asked: Asked, rows: Sequence[Row]) -> list[Answer]:
        self.place = Path(asked.schema)
        return super().run(asked, rows)

    def stop(self) -> None:
        self.place.write_text("tidy")


def install(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make these, and no others, the engines that are installed; a name that there is not is a broken one."""
    entries = {name: EntryPoint(name, f"{__name__}:{name}", "transpiler.engines") for name in names}
    monkeypatch.setattr(registry, "_engines", lambda: entries)
    registry.engine.cache_clear()
