"""``as`` in a schema file: the forms in which a platform keeps the values of a field; see transpiler.transforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from transpiler import transforms
from transpiler.ast import Field
from transpiler.schema import Columns, Transform
from transpiler.source import Node as Yaml

if TYPE_CHECKING:
    from transpiler.schemaparts import Reader

Parts = Mapping[str, Yaml]
Make = Callable[["Reader", Yaml, Parts], Transform]


def form(read: Reader, node: Yaml, parts: Parts) -> Columns:
    """The columns of a field with ``as``. Raises SchemaError (F505)."""
    make = FORMS.get(read.text(parts["as"]) or "")
    if make is None:
        read.fail(parts["as"], f"`as` is one of {', '.join(FORMS)}")
    if "columns" not in parts:
        read.fail(node, "`as` needs columns")
    made = make(read, node, parts)
    return Columns(made.columns, None, made)


def _columns(read: Reader, parts: Parts, *wanted: int) -> tuple[Field, ...]:
    """The columns that are named, so many of them."""
    found = read.named(parts["columns"])
    if len(found) not in wanted:
        name = read.text(parts["as"])
        read.fail(parts["columns"], f"`as: {name}` takes {' or '.join(map(str, wanted))} columns")
    return found


def _account(read: Reader, node: Yaml, parts: Parts) -> Transform:
    return transforms.Joined(_columns(read, parts, 2), "\\", 0)


def _path(read: Reader, node: Yaml, parts: Parts) -> Transform:
    return transforms.Joined(_columns(read, parts, 2), read.text(parts.get("separator")) or "\\")


def _registry_path(read: Reader, node: Yaml, parts: Parts) -> Transform:
    hives = {short: read.texts(names) for short, names in read.map(parts.get("hives")).items()}
    of_values = "of" in parts and read.word(parts["of"], ("keys", "values"), "`of`") == "values"
    return transforms.RegistryPath(_columns(read, parts, 1, 2), hives, of_values)


def _registry_data(read: Reader, node: Yaml, parts: Parts) -> Transform:
    binary = read.predicate(parts["binary"]) if "binary" in parts else None
    also = "also" in parts and read.word(parts["also"], ("sysmon",), "`also`") == "sysmon"
    return transforms.RegistryData(_columns(read, parts, 1), binary, read.text(parts.get("empty")) or "", also)


def _hashes(read: Reader, node: Yaml, parts: Parts) -> Transform:
    algorithms = read.map(parts["columns"])
    return transforms.Hashes({name: read.known(read.text(each) or "", each) for name, each in algorithms.items()})


def _word(read: Reader, node: Yaml, parts: Parts) -> str:
    """What a column that is never missing holds of an event without a value."""
    word = read.text(parts.get("missing"))
    if not word:
        read.fail(node, "`missing` is needed, the word that stands for no value")
    return word


def _filled(read: Reader, node: Yaml, parts: Parts) -> Transform:
    from transpiler.filled import Filled

    return Filled(_columns(read, parts, 1), _word(read, node, parts))


def _registry_hex(read: Reader, node: Yaml, parts: Parts) -> Transform:
    from transpiler.filled import RegistryHex

    return RegistryHex(_columns(read, parts, 1), _word(read, node, parts))


def _prefixed(read: Reader, node: Yaml, parts: Parts) -> Transform:
    """Each value behind the same text."""
    from transpiler.prefixed import Prefixed

    prefix = read.text(parts.get("prefix"))
    if not prefix:
        read.fail(node, "`prefix` is needed, the text that is before every value")
    return Prefixed(_columns(read, parts, 1), prefix)


def _within(read: Reader, node: Yaml, parts: Parts) -> Transform:
    """Each value among other text: a map of column to ``before{}after``, or a list of these."""
    from transpiler.within import Within, frame

    frames = {}
    for name, each in read.map(parts["columns"]).items():
        try:
            frames[read.known(name, each)] = tuple(map(frame, read.texts(each)))
        except ValueError:
            read.fail(each, "what a column holds has {} once, where the value stands")
    if not frames:
        read.fail(parts["columns"], "at least one column is needed")
    escape = "escape" in parts and read.word(parts["escape"], ("xml",), "`escape`") == "xml"
    return Within(frames, escape)


FORMS: dict[str, Make] = {
    "account": _account,
    "path": _path,
    "registry_path": _registry_path,
    "registry_data": _registry_data,
    "registry_hex": _registry_hex,
    "hashes": _hashes,
    "filled": _filled,
    "prefixed": _prefixed,
    "within": _within,
}
"""What ``as`` may say."""
