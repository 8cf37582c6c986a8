"""YAML text -> documents whose every value knows its line and column.

libyaml parses and composes; what a scalar means (text, number, boolean, null) is decided here, by
the YAML 1.1 rules that every Sigma tool shares, because only a plain scalar is typed and the
composed node still knows how it was written.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from collections.abc import Iterator
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from transpiler.diagnostics import diagnostic
from transpiler.errors import SourceError
from transpiler.span import Span

MAX_BYTES = 16 * 1024 * 1024
"""The largest file that is read."""

MAX_NODES = 100_000
"""How many values a document may hold, aliases followed."""

Scalar = str | int | float | bool | None


class Document:
    """One YAML document: its root node, and the spans of its nodes."""

    __slots__ = ("_budget", "_line", "_start", "_text", "path", "root")

    def __init__(self, path: str, text: str, root: Node, start: int = 0, line: int = 0) -> None:
        """``start`` and ``line``: where in the text the marks of ``root`` count from."""
        self.path = path
        self.root = root
        self._text = text
        self._start = start
        self._line = line
        self._budget = MAX_NODES

    def span(self, node: Node) -> Span:
        """Where a node begins; the length is that of the scalar, or 1."""
        mark, end = node.start_mark, node.end_mark
        column, last = mark.column, end.column
        length = last - column if end.line == mark.line and last > column else 1
        return Span(self.path, self._line + mark.line + 1, column + 1, length)

    def word(self, node: ScalarNode, number: int, words: re.Pattern[str]) -> Span:
        """Where the word of that number (from 0) stands inside a scalar, as the file shows it.

        ``words`` finds one word. YAML folds lines and indentation but keeps the order of words, so
        they are counted in the source text from the scalar's beginning, past its quote or ``|``.
        """
        mark = node.start_mark
        offset = _offset_of(self._text, self._start, mark.line) + mark.column
        if node.style in ("|", ">"):
            offset = self._text.find("\n", offset) + 1
        elif node.style:
            offset += 1
        for index, found in enumerate(words.finditer(self._text, offset)):
            if index == number:
                begin = self._text.rfind("\n", 0, found.start()) + 1
                line = self._text.count("\n", self._start, found.start())
                column = found.start() - begin + 1
                return Span(self.path, self._line + line + 1, column, max(1, len(found.group())))
        return self.span(node)

    def spend(self, node: Node, count: int = 1) -> None:
        """Count values as they are visited. Raises SourceError (S106) when aliases make too many."""
        self._budget -= count
        if self._budget < 0:
            raise SourceError(
                diagnostic("S106", f"the document holds more than {MAX_NODES:,} values", self.span(node))
            )


class _Composer(CParser):  # type: ignore[misc]
    """libyaml's composer, without PyYAML's tag resolution (we type scalars ourselves)."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self.nodes = 0

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooManyNodes
        return ""

    def descend_resolver(self, parent: Node, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


class _TooManyNodes(Exception):
    """A document holds more than MAX_NODES nodes."""


def documents(path: str, text: str) -> Iterator[Document | SourceError]:
    """Every YAML document of a text, in order; empty ones are left out.

    A document that does not parse is given as the SourceError that says why, and reading goes on
    at the next line that begins with ``---``; after MAX_ERRORS such documents it stops.
    """
    start, line = 0, 0
    for _ in range(MAX_ERRORS):
        try:
            composer = _Composer(text[start:] if start else text)
            while composer.check_node():
                composer.nodes = 0
                root = composer.get_node()
                if not _is_empty(root):
                    yield Document(path, text, root, start, line)
            return
        except _TooManyNodes:
            message = f"the document holds more than {MAX_NODES:,} values"
            yield SourceError(diagnostic("S106", message, Span(path, line + 1, 1)))
            failed = 0
        except (YAMLError, RecursionError) as error:
            found = _yaml_error(path, text[start:], line, error)
            yield found
            failed = found.diagnostic.span.line - line - 1
        marker = _MARKER.search(text, _offset_of(text, start, failed + 1))
        if marker is None:
            return
        line += text.count("\n", start, marker.start())
        start = marker.start()


MAX_ERRORS = 100
"""How many broken documents of one file are reported."""

_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def _offset_of(text: str, start: int, lines: int) -> int:
    """Where the line begins that is so many lines below the one at ``start``."""
    for _ in range(lines):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    return start


def _is_empty(root: Node) -> bool:
    return isinstance(root, ScalarNode) and not root.value and not root.style


def _yaml_error(path: str, text: str, first_line: int, error: Exception) -> SourceError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        # A character that YAML forbids: libyaml gives its offset alone.
        before = text[:position]
        line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
        character = ord(text[position : position + 1] or "\0")
        message = f"the character U+{character:04X} is not allowed in YAML"
        return SourceError(diagnostic("S103", message, Span(path, first_line + line, column)))
    span = Span(path, first_line + mark.line + 1, mark.column + 1) if mark else Span(path, first_line + 1, 1)
    problem = getattr(error, "problem", None) or str(error)
    if "nesting depth" in problem or isinstance(error, RecursionError):
        return SourceError(diagnostic("S105", "the document is nested too deeply", span))
    context = getattr(error, "context", None)
    hint = "indent with blanks, not tabs" if "cannot start any token" in problem else ""
    return SourceError(diagnostic("S104", f"{problem} ({context})" if context else problem, span, hint=hint))


# --- files ------------------------------------------------------------------------------------


def read(path: str) -> str:
    """The text of a rule file; ``-`` is standard input. At most MAX_BYTES are read.

    Raises SourceError: S101 (cannot be read), S102 (too large), S103 (not text).
    """
    span = Span(path, 1, 1)
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(path, "rb", opener=_open_regular) as file:  # noqa: PTH123 - needs the opener
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(diagnostic("S101", f"cannot read the file: {reason}", span)) from None
    if len(data) > MAX_BYTES:
        raise SourceError(diagnostic("S102", f"the file is larger than {MAX_BYTES // 2**20} MiB", span))
    return decode(path, data)


def _open_regular(path: str, flags: int) -> int:
    """Open without waiting for the other end of a named pipe; refuse what is no file."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(21, "it is a folder")
    os.set_blocking(descriptor, True)
    return descriptor


_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(path: str, data: bytes) -> str:
    """Bytes of a file as text: UTF-8, or UTF-16 with a byte order mark, which is dropped.

    Raises SourceError (S103) with the position of the first byte that is no text.
    """
    encoding = "utf-8"
    for bom, name in _BOMS:
        if data.startswith(bom):
            data, encoding = data[len(bom) :], name
            break
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        message = f"byte 0x{data[error.start]:02X} is not {encoding.upper()} text"
        raise SourceError(diagnostic("S103", message, Span(path, line, column))) from None


# --- scalars ------------------------------------------------------------------------------------

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    **{spelling(word): value for word, value in (("true", True), ("false", False)) for spelling in (str.lower, str.title, str.upper)},
    **{spelling(word): value for word, value in (("yes", True), ("no", False), ("on", True), ("off", False)) for spelling in (str.lower, str.title, str.upper)},
}  # fmt: skip
_NUMBER_START = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_BASED = re.compile(r"([-+]?)0(b[01_]+|[0-7_]+|x[0-9a-fA-F_]+)\Z")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)\Z")
_TAGGED = {f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null")}


def scalar(node: ScalarNode) -> Scalar:
    """The value of a scalar by YAML 1.1's core types; a date, a sexagesimal or ``.inf`` is text.

    Quoted and block scalars, and plain ones that look like nothing else, are text. ValueError for
    a tag that is none of !!str, !!int, !!float, !!bool, !!null, or does not fit the text.
    """
    value: str = node.value
    if node.tag:
        return _tagged(node.tag, value)
    if node.style:
        return value
    if not value or value[0] in _NUMBER_START:
        return _number(value) if value else None
    return _CONSTANTS[value] if value in _CONSTANTS else value


def _number(value: str) -> int | float | str:
    """The number a plain scalar is, or its text."""
    if _INT.match(value) and len(value) < 400:
        return int(value.replace("_", ""))
    if found := _BASED.match(value):
        sign, digits = found.groups()
        digits = digits.replace("_", "")
        base = {"b": 2, "x": 16}.get(digits[:1], 8)
        number = int(digits.lstrip("bx") or "0", base)
        return -number if sign == "-" else number
    if _FLOAT.match(value):
        return float(value.replace("_", ""))
    return value


def _tagged(tag: str, value: str) -> Scalar:
    name = _TAGGED.get(tag)
    if name is None:
        raise ValueError(f"the tag {tag} has no meaning in a rule")
    if name == "str":
        return value
    if name == "null":
        return None
    found = _CONSTANTS.get(value, value) if name == "bool" else _number(value)
    if name == "bool" and not isinstance(found, bool):
        raise ValueError(f"{value!r} is no boolean")
    if name in ("int", "float"):
        if isinstance(found, str):
            raise ValueError(f"{value!r} is no number")
        return int(found) if name == "int" else float(found)
    return found


__all__ = [
    "MAX_BYTES",
    "MAX_NODES",
    "Document",
    "MappingNode",
    "Node",
    "Scalar",
    "ScalarNode",
    "SequenceNode",
    "decode",
    "documents",
    "read",
    "scalar",
]
