"""YAML text -> documents whose every value knows its line and column.

libyaml parses and composes; what a scalar means (text, number, boolean, null) is decided here, by
the YAML 1.1 rules that every Sigma tool shares, because only a plain scalar is typed and the
composed node still knows how it was written.
"""

from __future__ import annotations

import codecs
import math
import operator
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from transpiler.diagnostics import diagnostic
from transpiler.errors import RuleError, SourceError
from transpiler.span import Span

MAX_BYTES = 16 * 1024 * 1024
"""The largest file that is read."""

MAX_CHARACTERS = 1024 * 1024
"""The longest document that is compiled, aliases followed."""

MAX_NODES = 100_000
"""How many values a document may hold, and how many its values and selections may become."""

MAX_DEPTH = 64
"""How deep lists and maps may be nested where aliases are followed."""

MAX_ERRORS = 20_000
"""After so many broken documents the rest of a file is not read."""

Scalar = str | int | float | bool | None


class Document:
    """One YAML document: its root node, and the spans of its nodes.

    ``placeholders``: those of its values (``expand``) are filled in later, and none of the parser's business.
    """

    __slots__ = ("_budget", "_line", "_start", "_text", "path", "placeholders", "root")

    def __init__(self, path: str, text: str, root: Node, start: int = 0, line: int = 0) -> None:
        """``start`` and ``line``: where in the text the marks of ``root`` count from."""
        self.path = path
        self.root = root
        self._text = text
        self._start = start
        self._line = line
        self._budget = MAX_NODES
        self.placeholders = False

    def span(self, node: Node) -> Span:
        """Where a node begins; the length is that of the scalar, or 1."""
        mark, end = node.start_mark, node.end_mark
        column, last = mark.column, end.column
        length = last - column if end.line == mark.line and last > column else 1
        return Span(self.path, self._line + mark.line + 1, column + 1, length)

    def word(self, node: ScalarNode, number: int, words: re.Pattern[str]) -> Span:
        """Where the word of that number (from 0) stands inside a scalar, as the file shows it.

        ``words`` finds one word. YAML folds lines and indentation but keeps the order of words, so
        they are counted in the source text of the scalar, past its tag, anchor, quote or ``|``. An
        escape of a double-quoted scalar may stand for a blank: there it is the scalar's own span.
        """
        end = self._start + node.end_mark.index
        properties = _PROPERTIES.match(self._text, self._start + node.start_mark.index, end)
        begin = properties.end() if properties else 0
        if node.style in ("|", ">"):
            begin = self._text.find("\n", begin, end) + 1
        elif node.style:
            begin, end = begin + 1, end - 1
        if node.style != '"' or self._text.find("\\", begin, end) < 0:
            found = next(islice(words.finditer(self._text, begin, end), number, None), None)
            if found:
                at = self._start + node.start_mark.index
                return _place(self.path, self._text, found.start(), at, self.span(node).line, len(found.group()))
        return self.span(node)

    def spend(self, node: Node, count: int) -> None:
        """Count what the rule's values and selections become. Raises RuleError (R210) above MAX_NODES."""
        self._budget -= count
        if self._budget < 0:
            raise RuleError(diagnostic("R210", f"the rule amounts to more than {MAX_NODES:,} values", self.span(node)))


_PROPERTIES = re.compile(r"(?:[!&]\S*\s+)*")
"""The tag and the anchor before a scalar."""


def _place(path: str, text: str, offset: int, start: int, line: int, length: int = 1) -> Span:
    """The span of an offset of a text; lines are counted from ``start``, which is on that line (from 1)."""
    return Span(path, line + text.count("\n", start, offset), offset - text.rfind("\n", 0, offset), length)


class _Unusual(Document):
    """A document with U+0085, U+2028 or U+2029, where YAML 1.1 ends a line and editors do not."""

    __slots__ = ("_known",)

    def __init__(self, path: str, text: str, root: Node, start: int = 0, line: int = 0) -> None:
        """As of Document."""
        super().__init__(path, text, root, start, line)
        self._known = (start, line)

    def span(self, node: Node) -> Span:
        """Where a node begins, counting lines from the node that was asked for last."""
        begin, end = self._start + node.start_mark.index, self._start + node.end_mark.index
        known, line = self._known
        line += self._text.count("\n", known, begin) - self._text.count("\n", begin, known)
        self._known = (begin, line)
        length = end - begin if end > begin and self._text.find("\n", begin, end) < 0 else 1
        return Span(self.path, line + 1, begin - self._text.rfind("\n", 0, begin), length)


class _Composer(CParser):
    """libyaml's composer, without PyYAML's tag resolution (we type scalars ourselves).

    It calls these three for every node, so they are the cheapest callables that take the arguments:
    a third of the time of reading a rule would go into Python functions that do nothing.
    """

    nodes = 0
    resolve: Callable[..., str] = "".format  # (kind, value, implicit) -> "", the tag of an untagged node
    descend_resolver = staticmethod(operator.is_)  # (parent, index)
    ascend_resolver = staticmethod(bool)  # ()


class _Counting(_Composer):
    """The composer for large texts: it stops at MAX_NODES."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooManyNodes
        return ""


_SMALL = 128 * 1024
"""A text of so many characters cannot hold MAX_NODES nodes: the shortest node is two (``a,``)."""


class _TooManyNodes(Exception):
    """A document holds more than MAX_NODES nodes."""


def documents(path: str, text: str) -> Iterator[Document | SourceError]:
    """Every YAML document of a text, in order; empty ones are left out.

    A document that does not parse is given as the SourceError that says why, and the others are
    read all the same; after MAX_ERRORS such documents the rest of the text is not read, which a
    last error says.
    """
    text = _plain(text)
    if len(text) > MAX_BYTES:
        yield _too_large(path)
        return
    last = -1
    unusual = not text.isascii() and _UNUSUAL.search(text)
    if not unusual:
        try:
            for root in _roots(text):
                last = root.start_mark.line
                yield _bounded(Document(path, text, root), root)
            return
        except _BROKEN:
            pass  # libyaml reads no further: take the documents one by one, and say which are broken
    yield from _one_by_one(path, text, last, _Unusual if unusual else Document)


_BROKEN = (YAMLError, UnicodeError, RecursionError, _TooManyNodes)
_UNUSUAL = re.compile("[\x85\u2028\u2029]")
_MARKER = re.compile(r"^(?:(?:%.*\n)*---(?=\s|\Z)|\.\.\.[ \t]*(?:#.*)?(?:\n|\Z))", re.MULTILINE)
"""Where a document begins or ends: nothing in YAML can hold these lines, not even a quoted text."""


def _plain(text: str) -> str:
    """The text without byte order mark, its lines ending in newlines."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _roots(text: str) -> Iterator[Node]:
    composer = (_Composer if len(text) < _SMALL else _Counting)(text)
    while composer.check_node():
        composer.nodes = 0
        root = composer.get_node()
        if root is not None and not _is_empty(root):
            yield root


def _is_empty(root: Node) -> bool:
    return isinstance(root, ScalarNode) and not root.value and not root.style


def _one_by_one(path: str, text: str, last: int, kind: type[Document]) -> Iterator[Document | SourceError]:
    """The documents whose content begins below the line ``last``, each composed on its own."""
    start, line, broken = 0, 0, 0
    for end, following in _pieces(text):
        try:
            for root in _roots(text[start:end]):
                if line + root.start_mark.line > last:
                    yield _bounded(kind(path, text, root, start, line), root, start)
        except _BROKEN as error:
            yield _yaml_error(path, text, start, end, line + 1, error)
            broken += 1
            if broken == MAX_ERRORS and end < len(text):
                message = f"{MAX_ERRORS:,} documents of this file are broken; the rest of it was not read"
                yield SourceError(diagnostic("S109", message, _place(path, text, end, start, line + 1)))
                return
        line += text.count("\n", start, following)
        start = following


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where each document of a text ends, and where the next one begins."""
    for marker in _MARKER.finditer(text):
        yield marker.start(), marker.end() if marker[0].startswith(".") else marker.start()
    yield len(text), len(text)


# --- what is wrong with a document -----------------------------------------------------------------


def _bounded(document: Document, root: Node, start: int = 0) -> Document | SourceError:
    """The document, or the error that says that it is too large, which aliases can make it too."""
    begin, end = start + root.start_mark.index, start + root.end_mark.index
    if end - begin > MAX_CHARACTERS:
        return _too_large(document.path, document.span(root))
    text = document._text
    if text.find("&", begin, end) >= 0 and _ANCHOR.search(text, begin, end):
        try:
            _follow(document, root, {}, 0)
        except SourceError as error:
            return error
    return document


_ANCHOR = re.compile(r"(?<![^\s,:\[{])&[0-9A-Za-z_-]")

Followed = tuple[int, int, int]
"""What a node holds with its aliases followed: nodes, characters, levels."""


def _follow(document: Document, node: Node, known: dict[int, Followed | None], depth: int) -> Followed:
    """Measure a node; ``known`` has None for the nodes around it. Raises SourceError (S105, S106)."""
    key = id(node)
    if key in known:
        found = known[key]
        if found is None:
            raise SourceError(diagnostic("S106", "the alias stands inside what it repeats", document.span(node)))
        return found
    known[key] = None
    nodes, characters, levels = 1, 0, 0
    if isinstance(node, ScalarNode):
        characters = len(node.value)
    elif depth < MAX_DEPTH:
        inside = node.value if isinstance(node, SequenceNode) else [each for pair in node.value for each in pair]
        for each in inside:
            more = _follow(document, each, known, depth + 1)
            nodes, characters, levels = nodes + more[0], characters + more[1], max(levels, more[2] + 1)
    if depth >= MAX_DEPTH or levels > MAX_DEPTH:
        raise SourceError(diagnostic("S105", "the document is nested too deeply", document.span(node)))
    if nodes > MAX_NODES or characters > MAX_CHARACTERS:
        message = "the document grows too large when its aliases are followed"
        raise SourceError(diagnostic("S106", message, document.span(node)))
    known[key] = nodes, characters, levels
    return nodes, characters, levels


def _too_large(path: str, span: Span | None = None) -> SourceError:
    what, limit = ("document", MAX_CHARACTERS) if span else ("file", MAX_BYTES)
    return SourceError(diagnostic("S102", f"the {what} is larger than {limit // 2**20} MiB", span or Span(path, 1, 1)))


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no printable character: YAML 1.1, section 5.1."""


def _yaml_error(path: str, text: str, start: int, end: int, line: int, error: Exception) -> SourceError:
    """What is wrong with the document between two offsets of the text; it begins on that line."""
    if isinstance(error, _TooManyNodes):
        message = f"the document holds more than {MAX_NODES:,} values"
        return SourceError(diagnostic("S102", message, Span(path, line, 1)))
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None:
        found = _FORBIDDEN.search(text, start, end)
        if found:
            message = f"the character U+{ord(found.group()):04X} is not allowed in YAML"
            return SourceError(diagnostic("S103", message, _place(path, text, found.start(), start, line)))
    offset, last = start + (mark.index if mark else 0), start + len(text[start:end].rstrip()) - 1
    if offset > last >= start:
        # What is not closed ends with the document: show where it begins, or the last character.
        offset = min(start + context.index, last) if context else last
    span = _place(path, text, offset, start, line)
    problem = getattr(error, "problem", None) or str(error)
    if "nesting depth" in problem or isinstance(error, RecursionError):
        return SourceError(diagnostic("S105", "the document is nested too deeply", span))
    what = getattr(error, "context", None)
    hint = "indent with blanks, not tabs" if "cannot start any token" in problem else ""
    return SourceError(diagnostic("S104", f"{problem} ({what})" if what else problem, span, hint=hint))


# --- files ------------------------------------------------------------------------------------


def read(path: str) -> str:
    """The text of a rule file; ``-`` is standard input. At most MAX_BYTES are read.

    Raises SourceError: S101 (cannot be read), S102 (too large), S103 (not text).
    """
    span = Span(path, 1, 1)
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else _bytes_of(path)
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(diagnostic("S101", f"cannot read the file: {reason}", span)) from None
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    return decode(path, data)


_RULE = 64 * 1024
"""Bytes that hold nearly any rule; a buffer for the largest file would be made for each, and thrown away."""

_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Without waiting for the other end of a named pipe."""


def _bytes_of(path: str) -> bytes:
    """What a file holds, up to one byte more than MAX_BYTES. Raises OSError, for a folder too."""
    descriptor = os.open(path, _OPEN)  # not open(): its buffers cost more than reading a rule does
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "it is a folder")
        if not stat.S_ISREG(mode):
            os.set_blocking(descriptor, True)
        data = os.read(descriptor, _RULE)
        if len(data) < _RULE and stat.S_ISREG(mode):
            return data
        pieces = [data]
        size = len(data)
        while data and size <= MAX_BYTES:
            data = os.read(descriptor, MAX_BYTES + 1 - size)
            pieces.append(data)
            size += len(data)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


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
        return _plain(data.decode(encoding))
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
    **{
        spelling(word): value
        for value, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
        for word in words
        for spelling in (str.lower, str.title, str.upper)
    },
}
_NUMBER_START = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_BASED = re.compile(r"([-+]?)0(b[01_]+|[0-7_]+|x[0-9a-fA-F_]+)\Z")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)\Z")
_LONGEST = 300
"""The most characters of a number, so that an integer has a float near it."""

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
    return _CONSTANTS.get(value, value)


def _number(value: str) -> int | float | str:
    """The number a plain scalar is, or its text; a number that no engine can hold is text."""
    if len(value) > _LONGEST:
        return value
    if _INT.match(value):
        return int(value.replace("_", ""))
    if found := _BASED.match(value):
        sign, digits = found.groups()
        digits = digits.replace("_", "")
        base = {"b": 2, "x": 16}.get(digits[:1], 8)
        number = int(digits.lstrip("bx") or "0", base)
        return -number if sign == "-" else number
    if _FLOAT.match(value):
        real = float(value.replace("_", ""))
        return real if math.isfinite(real) else value
    return value


def _tagged(tag: str, value: str) -> Scalar:
    name = _TAGGED.get(tag)
    if name is None:
        raise ValueError(f"the tag {tag} has no meaning in a rule")
    if name == "str":
        return value
    if name in ("null", "bool"):
        constant = _CONSTANTS.get(value, value)
        if isinstance(constant, bool if name == "bool" else type(None)):
            return constant
        raise ValueError(f"{value!r} is no {'boolean' if name == 'bool' else 'null'}")
    number = _number(value)
    if isinstance(number, int):
        return number if name == "int" else float(number)
    if isinstance(number, str) or name == "int":
        raise ValueError(f"{value!r} is no {'whole ' if name == 'int' else ''}number")
    return number


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
