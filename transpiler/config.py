"""``sigmaq.toml``: what a project always says on the command line, said once.

    rules = ["rules"]
    targets = ["splunk"]
    schema = "splunk"
    telemetry = "sysmon"

Found in the current folder or the nearest one above; ``[tool.sigmaq]`` in a pyproject.toml is the same.
What the command line says wins. Paths in it are relative to its folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transpiler.diagnostics import diagnostic
from transpiler.errors import UsageError
from transpiler.nearest import did_you_mean
from transpiler.span import Span

NAME = "sigmaq.toml"
PYPROJECT = "pyproject.toml"
LISTS = ("rules", "targets", "pipelines")
WORDS = ("schema", "telemetry", "strings", "index", "table", "unmapped")
CHOICES = {"strings": ("folded",), "unmapped": ("refuse", "pass")}
"""Keys that hold lists of texts, keys that hold a text, and what some of these may be."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a file says; None and empty where it says nothing. ``path`` is empty where there is no file."""

    path: str = ""
    rules: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    schema: str | None = None
    telemetry: str | None = None
    strings: str | None = None
    index: str | None = None
    table: str | None = None
    unmapped: str | None = None


def find(folder: Path) -> Config:
    """The configuration that holds in a folder; ``Path()`` is the current one.

    Raises UsageError (U808) for a file that is wrong.
    """
    for each in (folder, *folder.absolute().parents):
        for name in (NAME, PYPROJECT):
            path = each / name
            if path.is_file():
                found = load(path)
                if found is not None:
                    return found
    return Config()


def load(path: Path) -> Config | None:
    """The configuration of a file; None for a pyproject.toml without one. Raises UsageError (U808)."""
    import tomllib

    try:
        said: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(path, str(error)) from None
    if path.name == PYPROJECT:
        tool = said.get("tool")
        said = tool.get("sigmaq") if isinstance(tool, dict) else None
        if said is None:
            return None
    if not isinstance(said, dict):
        raise _wrong(path, "a table is expected")
    values = {key: _value(path, key, value) for key, value in said.items()}
    values["rules"] = tuple([_beside(path, each) for each in values.get("rules", ())])
    schema = values.get("schema")
    if schema and schema.endswith((".yml", ".yaml")):
        values["schema"] = _beside(path, schema)
    values["pipelines"] = tuple(
        [_beside(path, each) if each.endswith((".yml", ".yaml")) else each for each in values.get("pipelines", ())]
    )
    return Config(str(path), **values)


def _beside(path: Path, name: str) -> str:
    return str(path.parent / name)


def _value(path: Path, key: str, value: Any) -> Any:
    if key in LISTS:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise _wrong(path, f"`{key}` is a list of texts")
    if key not in WORDS:
        raise _wrong(path, f"`{key}` is no setting", did_you_mean(key, (*LISTS, *WORDS)))
    if not isinstance(value, str):
        raise _wrong(path, f"`{key}` is a text")
    if value not in CHOICES.get(key, (value,)):
        raise _wrong(path, f"`{key}` is {' or '.join(CHOICES[key])}, not {value!r}")
    return value


def _wrong(path: Path, message: str, hint: str = "") -> UsageError:
    return UsageError(diagnostic("U808", message, Span(str(path), 1, 1), hint=hint))
