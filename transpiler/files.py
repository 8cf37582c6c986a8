"""Finding rule files, and writing outputs that are whole or not there.

Architecture invariant: a regular output file is written beside its final place and renamed, so a
reader never sees half of it and a failed run leaves what was there before. What exists and is not
a regular file (a pipe, a device) is written through and never replaced.
"""

# Paths stay the strings the user gave: diagnostics repeat them, and a run reads thousands of them.
# ruff: noqa: PTH101, PTH103, PTH105, PTH108, PTH112, PTH116, PTH118, PTH120, PTH123

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import NamedTuple

from transpiler.diagnostics import diagnostic
from transpiler.errors import UsageError

ENDINGS = (".yml", ".yaml")
"""How the names of rule files end, in any letter case."""


class Found(NamedTuple):
    """The rule files that paths name, in order, and the folders that hold none."""

    files: list[str]
    empty: list[str]


def find(paths: Iterable[str]) -> Found:
    """The files to read: each path that is no folder as given, each folder searched.

    A folder gives its ``*.yml`` and ``*.yaml`` sorted by path; hidden files and folders (``.git``)
    are left out and linked folders followed, each once. ``-`` is standard input. A path given
    twice is read once. A folder that cannot be listed stands in ``files`` itself: reading it gives
    the reason.
    """
    files: dict[str, None] = {}
    empty: list[str] = []
    for path in paths:
        if path != "-" and os.path.isdir(path):
            inside = list(_walk(path))
            files.update(dict.fromkeys(inside))
            if not inside:
                empty.append(path)
        else:
            files[path if path == "-" else os.path.normpath(path)] = None
    return Found(list(files), empty)


def _walk(root: str) -> Iterator[str]:
    """The rule files below a folder."""
    seen: set[tuple[int, int]] = set()
    """The folders already searched: links may lead back."""
    stack = [os.path.normpath(root)]
    while stack:
        path = stack.pop()
        if not os.path.isdir(path):
            yield path
            continue
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                wanted = sorted(entry.name for entry in entries if _wanted(entry))
        except OSError:
            yield path
            continue
        prefix = "" if path == os.curdir else path
        stack += [os.path.join(prefix, name) for name in reversed(wanted)]


def _wanted(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    try:
        return entry.name.lower().endswith(ENDINGS) or entry.is_dir()
    except OSError:  # a link to itself
        return False


# --- writing ------------------------------------------------------------------------------------


class Output:
    """A text file under construction, used as a context manager.

    It appears under its name when the block ends without an exception, and not at all otherwise.
    Links are resolved first; a pipe or a device is written through. Opening, ``write`` and the end
    of the block raise UsageError (U803) when the place cannot be written; BrokenPipeError passes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._final: str | None = None
        self._beside = ""
        try:
            self._stream = self._open()
        except OSError as error:
            raise unwritable(path, error) from None

    def _open(self) -> io.TextIOBase:
        mode = _mode(self.path)
        if mode is not None and not stat.S_ISREG(mode):
            # os.O_TRUNC and os.O_CREAT are absent on purpose: this is not ours to replace.
            descriptor = os.open(self.path, os.O_WRONLY)
        else:
            self._final = os.path.realpath(self.path)
            if mode is not None and not os.access(self._final, os.W_OK):
                raise PermissionError(13, "Permission denied")
            self._beside, descriptor = _create_beside(self._final)
            if mode is not None:
                os.chmod(self._beside, stat.S_IMODE(mode))
        return open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n")

    def write(self, text: str) -> None:
        """Add text. Raises UsageError (U803)."""
        try:
            self._stream.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(self.path, error) from None

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._finish(whole=kind is None)
        except BrokenPipeError:
            raise
        except OSError as problem:
            if kind is None:
                raise unwritable(self.path, problem) from None

    def _finish(self, *, whole: bool) -> None:
        try:
            self._stream.close()
            if whole and self._final is not None:
                os.replace(self._beside, self._final)
                self._beside = ""
        finally:
            if self._beside:
                os.unlink(self._beside)


def _mode(path: str) -> int | None:
    """The mode of what a path leads to, or None when there is nothing."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _create_beside(path: str) -> tuple[str, int]:
    """A new file in the folder of ``path``: its name and descriptor."""
    folder = os.path.dirname(path)
    number = 0
    while True:
        beside = os.path.join(folder, f".sigmaq-{os.getpid()}-{number}.tmp")
        try:
            return beside, os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            number += 1


def read_text(path: str) -> str:
    """The text of one of our own files; empty when there is none or it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def write(path: str, text: str) -> None:
    """Write a whole file at once. Raises UsageError (U803)."""
    with Output(path) as output:
        output.write(text)


def is_folder(path: str) -> bool:
    """Whether an output path means a folder: one that exists, or a name that ends like one."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)


def make_folder(path: str) -> None:
    """Make a folder and those above it, and see that files can be made in it.

    Raises UsageError (U803).
    """
    try:
        os.makedirs(path, exist_ok=True)
        beside, descriptor = _create_beside(os.path.join(path, "x"))
        os.close(descriptor)
        os.unlink(beside)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: str, error: OSError) -> UsageError:
    """The error that says why a place cannot be written."""
    return UsageError(diagnostic("U803", f"cannot write {path}: {error.strerror or error}"))
