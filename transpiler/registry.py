"""Finds what is plugged in: backends, schemas and engines, by entry point.

Groups: ``transpiler.backends`` (name -> a class with ``LANGUAGE`` and ``render``),
``transpiler.schemas`` (any name -> a package whose folder holds ``*.yml`` schemas) and
``transpiler.engines`` (name -> a class of :class:`transpiler.engine.Engine`). Architecture
invariant: the compiler never imports a backend by name. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from transpiler.diagnostics import Diagnostic, diagnostic
from transpiler.errors import UsageError
from transpiler.nearest import did_you_mean

if TYPE_CHECKING:
    from transpiler.ast import Node
    from transpiler.engine import Engine
    from transpiler.query import Options, Source
    from transpiler.schema import Schema


class Language(Protocol):
    """What a backend says of its language; see :class:`backends.base.Language`."""

    name: str
    title: str
    extension: str
    comment: str | None
    comment_end: str
    schemas: tuple[str, ...]


class Backend(Protocol):
    """A query language: renders trees."""

    LANGUAGE: ClassVar[Language]

    @classmethod
    def render(cls, node: Node, source: Source, options: Options) -> tuple[str, tuple[Diagnostic, ...]]:
        """The query that means ``node``, and the warnings and notes it carries."""
        ...


@lru_cache(maxsize=1)
def _backends() -> dict[str, EntryPoint]:
    return _entries("backends", "target")


@lru_cache(maxsize=1)
def _engines() -> dict[str, EntryPoint]:
    return _entries("engines", "engine")


def _entries(group: str, kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"transpiler.{group}"):
        known = found.setdefault(entry.name, entry)
        if known.value != entry.value:
            raise UsageError(
                diagnostic("U805", f"the {kind} `{entry.name}` is registered by {known.value} and by {entry.value}")
            )
    return dict(sorted(found.items()))


def targets() -> list[str]:
    """The names of all targets, sorted. Raises UsageError (U805) when two plug-ins share one."""
    return list(_backends())


@lru_cache(maxsize=32)
def backend(name: str) -> type[Backend]:
    """The backend of a target. Raises UsageError (U801, U804) for a name that there is not."""
    entry = _backends().get(name)
    if entry is None:
        if name.lower() == "kql":
            raise UsageError(
                diagnostic("U804", "`kql` is two languages: Microsoft's Kusto and Kibana's query language")
            )
        hint = did_you_mean(name, _backends())
        raise UsageError(diagnostic("U801", f"there is no target `{name}`", hint=hint))
    try:
        loaded: type[Backend] = entry.load()
    except Exception as error:  # a plug-in is others' code: say which, and why
        raise UsageError(diagnostic("U807", f"the target `{name}` ({entry.value}): {error}")) from error
    return loaded


def engines(target: str | None = None) -> list[str]:
    """The names of all engines, or of those that run a target's queries; sorted. Raises UsageError (U805, U807)."""
    return [name for name in _engines() if target is None or target in engine(name).TARGETS]


@lru_cache(maxsize=32)
def engine(name: str) -> type[Engine]:
    """An engine by the name of its entry point. Raises UsageError (U807) when its module cannot be loaded."""
    entry = _engines()[name]
    try:
        loaded: type[Engine] = entry.load()
    except Exception as error:  # a plug-in is others' code: say which, and why
        raise UsageError(diagnostic("U807", f"the engine `{name}` ({entry.value}): {error}")) from error
    return loaded


def language(target: str) -> Language:
    """What the backend of a target says of its language. Raises UsageError as ``backend`` does."""
    return backend(target).LANGUAGE


def fitting(target: str) -> list[str]:
    """The schemas a target can use: its default first, the others by name, ``none`` last."""
    default = language(target).schemas[0]
    found = [name for name in schemas() if target in schema(name).targets]
    return [default, *(name for name in found if name != default), "none"]


@lru_cache(maxsize=1)
def _schema_files() -> dict[str, Path]:
    """Each shipped schema's file, or the folder of its files."""
    found: dict[str, Path] = {}
    for entry in entry_points(group="transpiler.schemas"):
        folder = Path(str(entry.load().__file__)).parent
        for path in sorted([*folder.glob("*.yml"), *(each.parent for each in folder.glob("*/schema.yml"))]):
            known = found.setdefault(path.stem, path)
            if known != path:
                raise UsageError(diagnostic("U805", f"the schema `{path.stem}` is registered twice"))
    return dict(sorted(found.items()))


def schemas() -> list[str]:
    """The names of all shipped schemas, sorted."""
    return list(_schema_files())


@lru_cache(maxsize=32)
def schema(name: str) -> Schema:
    """A shipped schema by name, or one from a file (a name that ends in .yml or holds a slash).

    Raises UsageError (U802) when there is none, SchemaError (F505) when the file is wrong.
    """
    from transpiler.schemafile import check, load
    from transpiler.source import read

    path = _schema_files().get(name)
    if path is not None:
        return _shipped(name, path)
    if name.endswith((".yml", ".yaml")) or "/" in name:
        made = load(name, read(name), parent=schema)
        check(made)
        return made
    hint = did_you_mean(name, _schema_files())
    raise UsageError(diagnostic("U802", f"there is no schema `{name}`", hint=hint))


def _shipped(name: str, path: Path) -> Schema:
    from transpiler.schemafile import Part, Parts, load

    if not path.is_dir():
        return load(f"{name}.yml", path.read_text("utf-8"), parent=schema)
    products = tuple(sorted(each.stem for each in path.glob("*.yml") if each.name != "schema.yml"))

    def read(product: str) -> Part:
        return Part(f"{name}/{product}.yml", (path / f"{product}.yml").read_text("utf-8"))

    return load(
        f"{name}/schema.yml", (path / "schema.yml").read_text("utf-8"), parts=Parts(products, read), parent=schema
    )
