r"""A user's recorded events: files of JSON, one event a line or not, and Windows event logs.

``.ndjson`` and ``.jsonl`` hold one event a line, ``.json`` events in any layout (lines, an array, a
single one over many lines); each may be packed (``.gz``, ``.zst``). ``.evtx`` is a Windows event
log. A folder gives all such files in it. Text is UTF-8, or UTF-16 with its mark.

Objects in an event become dotted names (``{"a": {"b": 1}}`` is ``a.b``), as every platform flattens
them; a record of a Windows event log, and JSON that was made from one, gets Sigma's flat names.

Bounded: an event of more than MAX_LINE characters is none, and after MAX_EVENTS events or MAX_TEXT
characters the rest is left out, which is said. What is no event is named and left out.
"""

# Paths stay the strings the user gave: diagnostics repeat them.
# ruff: noqa: PTH110, PTH112, PTH118, PTH123

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import IO, Any

from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import UsageError
from transpiler.span import Span
from transpiler.winevent import flatten_windows, is_windows

Event = dict[str, Any]
Say = Callable[[Diagnostic], object]
"""Takes what is to be said of a file."""

MAX_EVENTS = 1_000_000
"""How many events are held at once."""

MAX_TEXT = 1 << 30
"""How many characters of events are held at once; in memory they take about three times as much."""

MAX_LINE = 16 << 20
"""The longest event, in characters."""

MAX_DOCUMENT = 256 << 20
"""How much of a ``.json`` file is read, in characters: its layout is known only when it is in memory."""

MAX_BROKEN = 1_000
"""After this many faults a ``.json`` file or an event log is none, and is read no further."""

MAX_DEPTH = 64
"""How deep objects may be nested in an event."""


# --- finding ------------------------------------------------------------------------------------


def find(paths: Iterable[str]) -> list[str]:
    """The event files that paths name, those of a folder sorted. Raises UsageError (V904)."""
    found: dict[str, None] = {}
    for path in paths:
        inside = _inside(path) if os.path.isdir(path) else [path]
        if not inside:
            raise UsageError(diagnostic("V904", f"no event file in {path}", hint=_KINDS))
        for each in inside:
            if _kind(each) is None:
                raise UsageError(diagnostic("V904", f"{each} is no kind of event file", hint=_KINDS))
            if not os.path.exists(each):
                raise UsageError(diagnostic("V904", f"there is no file {each}", hint="check the path"))
            found[os.path.normpath(each)] = None
    return list(found)


def _inside(folder: str) -> list[str]:
    """The event files below a folder; hidden files and folders are left out."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        wanted = (name for name in names if not name.startswith(".") and _kind(name))
        found += [os.path.join(place, name) for name in wanted]
    return sorted(found)


def _kind(path: str) -> str | None:
    """The ending that says how a file is read, or None."""
    name = path.lower()
    inner = name.removesuffix(".gz").removesuffix(".zst")
    ending = next((ending for ending in _READERS if inner.endswith(ending)), None)
    return None if ending == ".evtx" and inner != name else ending


# --- reading ------------------------------------------------------------------------------------


class Located:
    """What stands at a place of a file: a JSON value, or why there is none."""

    __slots__ = ("length", "line", "problem", "value")

    def __init__(self, line: int, value: Any = None, problem: str = "", length: int = 0) -> None:
        self.line = line
        self.value = value
        self.problem = problem
        self.length = length


def read(paths: Iterable[str], say: Say, *, most: int = MAX_EVENTS, most_text: int = MAX_TEXT) -> list[Event]:
    """The events of files, in order; what is no event is said and left out.

    Equal values are one object in memory. Raises UsageError for a package that is missing (V905).
    """
    events: list[Event] = []
    keep = _Pool().keep
    text = 0
    for path in paths:
        with closing(_located(path, say)) as located:
            for each in located:
                if each.problem:
                    say(diagnostic("V901", each.problem, Span(path, each.line, 1)))
                    continue
                text += each.length
                if len(events) >= most or text > most_text:
                    limit = f"{most:,} events" if len(events) >= most else f"{most_text:,} characters"
                    say(diagnostic("V902", f"more than {limit}: what follows is left out", Span(path, each.line, 1)))
                    return events
                try:
                    events.append(keep(flatten(each.value)))
                except _NoEvent as problem:
                    say(diagnostic("V901", str(problem), Span(path, each.line, 1)))
    return events


def _located(path: str, say: Say) -> Generator[Located, None, None]:
    """What a file holds; where it cannot be read any further is said."""
    kind = _kind(path)
    assert kind is not None
    line = 0
    try:
        for each in _READERS[kind](path):
            line = each.line
            yield each
    except UsageError:
        raise
    except _Broken as problem:
        say(diagnostic("V903", str(problem), Span(path, line, 1)))
    except Exception as error:  # noqa: BLE001 - the unpackers' own classes: zlib.error, ZstdError, EOFError, OSError
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        say(diagnostic("V903", f"cannot be read{' any further' if line else ''}: {what}", Span(path, line, bool(line))))


class _Broken(Exception):
    """The rest of a file is not worth reading."""


def _lines(path: str) -> Iterator[Located]:
    with _open(path) as stream:
        number = 0
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                while line and not line.endswith("\n"):
                    line = stream.readline(MAX_LINE)
                yield Located(number, problem=f"longer than {MAX_LINE:,} characters")
                continue
            if line.isspace():
                continue
            try:
                yield Located(number, _decode(line.rstrip()), length=len(line))
            except (ValueError, RecursionError) as error:
                yield Located(number, problem=_why(error))


_BETWEEN = re.compile(r"[\s,\[\]]*")
"""What may stand between the events of a .json file: an array's brackets and commas say nothing."""


def _documents(path: str) -> Iterator[Located]:
    with _open(path) as stream:
        text = stream.read(MAX_DOCUMENT + 1)
    at, line, broken = 0, 1, 0
    while (start := _end(_BETWEEN, text, at)) < len(text):
        line += text.count("\n", at, start)
        try:
            value, at = _DECODER.raw_decode(text, start)
            _check_text(text[start:at])
            yield Located(line, value, length=at - start)
        except (ValueError, RecursionError) as error:
            yield Located(line, problem=_why(error))
            broken += 1
            if broken >= MAX_BROKEN:
                raise _Broken(f"{broken:,} places are no JSON: the rest is not read") from None
            found = text.find("\n", start)
            at = found if found >= 0 else len(text)
        line += text.count("\n", start, at)
    if len(text) > MAX_DOCUMENT:
        raise _Broken(f"longer than {MAX_DOCUMENT:,} characters: the rest is not read")


def _end(expression: re.Pattern[str], text: str, at: int) -> int:
    found = expression.match(text, at)
    assert found is not None
    return found.end()


def _records(path: str) -> Iterator[Located]:
    try:
        from evtx import PyEvtxParser
    except ImportError:
        raise _missing("evtx", "reads Windows event logs", path) from None
    broken = number = 0
    records: Iterator[Any] = PyEvtxParser(path).records_json()
    while True:
        number += 1
        try:
            text: str = next(records)["data"]
            yield Located(number, _decode(text), length=len(text))
        except StopIteration:
            return
        except (RuntimeError, ValueError, RecursionError) as error:
            yield Located(number, problem=f"record {number}: {error}")
            broken += 1
            if broken >= MAX_BROKEN:
                raise _Broken(f"{broken:,} records cannot be read: the rest is not read") from None


_READERS: dict[str, Callable[[str], Iterator[Located]]] = {
    ".ndjson": _lines,
    ".jsonl": _lines,
    ".json": _documents,
    ".evtx": _records,
}
_KINDS = f"{', '.join(_READERS)} are read; all but .evtx also packed, as .gz or .zst"


# --- text ---------------------------------------------------------------------------------------


def _open(path: str) -> IO[str]:
    """A file as text, unpacked. What is no text in it becomes lone surrogates; see _check_text."""
    stream = _unpacked(path)
    mark = stream.peek(2)[:2]
    encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="\n")


def _unpacked(path: str) -> io.BufferedReader:
    if path.lower().endswith(".gz"):
        import gzip

        return io.BufferedReader(gzip.GzipFile(path))
    if path.lower().endswith(".zst"):
        try:
            import zstandard
        except ImportError:
            raise _missing("verify", "unpacks .zst", path) from None
        unpacker = zstandard.ZstdDecompressor().stream_reader(open(path, "rb"), read_across_frames=True)  # noqa: SIM115
        return io.BufferedReader(unpacker)
    return open(path, "rb")


def _missing(extra: str, what: str, path: str) -> UsageError:
    message = f"what {what} is not installed: {path}"
    return UsageError(diagnostic("V905", message, hint=f"pip install 'sigmaq[{extra}]'"))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is beyond any number that is stored")
    return value


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _decode(text: str) -> Any:
    """A JSON value. Raises ValueError, RecursionError."""
    _check_text(text)
    return _DECODER.decode(text)


def _check_text(text: str) -> None:
    if not text.isascii():
        text.encode()  # UnicodeEncodeError is a ValueError


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


# --- one event ----------------------------------------------------------------------------------


class _NoEvent(ValueError):
    """A JSON value is no event."""


def flatten(value: Any) -> Event:
    """A JSON value as an event with flat names; the value itself if they are. Raises ValueError when it is none."""
    if type(value) is not dict:
        raise _NoEvent(f"an event is a JSON object, not {_NAMES.get(type(value), 'this')}")
    if is_windows(value):
        value = flatten_windows(value["Event"])
    for each in value.values():
        if type(each) is dict or type(each) is list:
            flat: Event = {}
            _flatten(value, "", flat, 0)
            return flat
    event: Event = value
    return event


_NAMES = {list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean", type(None): "null"}


def _flatten(value: dict[str, Any], prefix: str, flat: Event, depth: int) -> None:
    """Add what an object holds. A name that stands as it is comes before one that is a path, as in a look-up."""
    if depth > MAX_DEPTH:
        raise _NoEvent(f"objects are nested more than {MAX_DEPTH} deep")
    inner: list[tuple[str, list[dict[str, Any]], bool]] = []
    for name, each in value.items():
        if type(each) is dict:
            inner.append((name, [each], False))
        elif type(each) is list:
            plain, objects = _sort(each)
            if plain or not objects:
                flat.setdefault(prefix + name, plain)
            if objects:
                inner.append((name, objects, True))
        else:
            flat.setdefault(prefix + name, each)
    for name, objects, many in sorted(inner, key=lambda item: -len(item[0])):
        below: Event = {}
        for each in objects:
            _join(each, f"{prefix}{name}.", below, depth + 1, many=many)
        for key, found in below.items():
            flat.setdefault(key, found)


def _join(value: dict[str, Any], prefix: str, below: Event, depth: int, *, many: bool) -> None:
    """Add an object; if it is one of ``many`` in a list, its values to the lists of theirs."""
    if not many:
        _flatten(value, prefix, below, depth)
        return
    own: Event = {}
    _flatten(value, prefix, own, depth)
    for key, found in own.items():
        below.setdefault(key, []).extend(found if type(found) is list else [found])


def _sort(values: list[Any]) -> tuple[list[Any], list[dict[str, Any]]]:
    """The plain values and the objects of a list and of the lists in it, in order."""
    plain: list[Any] = []
    objects: list[dict[str, Any]] = []
    pending = list(reversed(values))
    while pending:
        each = pending.pop()
        if type(each) is list:
            pending.extend(reversed(each))
        else:
            (objects if type(each) is dict else plain).append(each)
    return plain, objects


class _Pool:
    """Makes equal values one object, so that they take memory once and are told apart by identity."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._others: dict[tuple[type, Any], Any] = {}

    def keep(self, event: Event) -> Event:
        """The event with pooled names and values. Raises ValueError for half of a surrogate pair."""
        kept: Event = {}
        for name, value in event.items():
            if type(value) is str:
                kept[self._text(name)] = self._text(value)
            elif type(value) is list:
                text = json.dumps(value, ensure_ascii=False)
                kept[self._text(name)] = self._others.setdefault((list, _checked(text)), value)
            else:
                kept[self._text(name)] = self._others.setdefault((type(value), value), value)
        return kept

    def _text(self, value: str) -> str:
        known = self._texts.get(value)
        if known is None:
            known = self._texts[_checked(value)] = value
        return known


_HALF = re.compile("[\ud800-\udfff]")


def _checked(text: str) -> str:
    if not text.isascii() and _HALF.search(text):
        raise _NoEvent("a string holds half of a surrogate pair, which is no text")
    return text
