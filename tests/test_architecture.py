"""Who may know whom, read from the imports; and that the tables are complete."""

from __future__ import annotations

import ast as python
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from backends.base import METHODS, Visitor
from transpiler import ast, registry
from transpiler.ast import NODES
from transpiler.codes import CODES

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ("transpiler", "backends")
    for path in sorted((ROOT / room).rglob("*.py"))
}
VISITORS = {entry.value.partition(":")[0] for entry in entry_points(group="transpiler.backends")}
"""The modules that hold a backend's visitor."""

OURS = ("transpiler", "backends", "templates", "tests")


@cache
def syntax(module: str) -> python.Module:
    return python.parse(MODULES[module].read_text("utf-8"))


@cache
def imports(module: str) -> set[str]:
    """What a module imports anywhere in its file, as modules of ours where they are ones."""
    found: set[str] = set()
    for node in python.walk(syntax(module)):
        if isinstance(node, python.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, python.ImportFrom):
            assert node.level == 0, f"{module}: write imports in full"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return found


def within(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "transpiler")])
def test_the_compiler_knows_no_backend(module: str) -> None:
    assert not [name for name in imports(module) if within(name, "backends", "templates", "tests")]


KNOWN_TO_BACKENDS = [
    f"transpiler.{name}" for name in ("ast", "errors", "query", "regex", "pattern", "diagnostics", "span")
]
"""Values and texts: what a rule says. Nothing that reads, maps or finds."""

SHARED = ["backends.base", "backends.regexes", "backends.elastic"]
"""What backends share: the visitor's base, regular expressions by dialect, Elastic's one engine."""


def helpers(module: str) -> list[str]:
    """The modules that belong to the backend of a module: ``eql_lexis`` to ``eql``, ``splunk.text`` to ``splunk``."""
    name = module.split(".")[1].partition("_")[0]
    return [f"backends.{name}", *(each for each in MODULES if each.startswith(f"backends.{name}_"))]


ENGINES = [name for name in MODULES if within(name, "backends.engines")]
BACKENDS = [name for name in MODULES if within(name, "backends") and name not in ENGINES]


@pytest.mark.parametrize("module", BACKENDS)
def test_a_backend_knows_rules_and_itself(module: str) -> None:
    ours = {name for name in imports(module) if within(name, *OURS)}
    assert not [name for name in ours if not within(name, *KNOWN_TO_BACKENDS, *SHARED, *helpers(module))]


@pytest.mark.parametrize("module", ENGINES)
def test_an_engine_knows_queries_and_no_rules(module: str) -> None:
    """It runs a text: what it shared with a backend could be wrong in both, and nobody would see it."""
    ours = {name for name in imports(module) if within(name, *OURS)}
    known = ("transpiler.engine", "transpiler.pattern", "transpiler.values", "backends.engines")
    assert not [name for name in ours if not within(name, *known)]


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, *SHARED)])
def test_what_backends_share_knows_none_of_them(module: str) -> None:
    assert not imports(module) & VISITORS


@pytest.mark.parametrize("module", sorted(VISITORS))
def test_no_backend_knows_another(module: str) -> None:
    assert not imports(module) & (VISITORS - {module})


CLI = {name for name in MODULES if within(name, "transpiler.cli")}
PIPELINES = {name for name in MODULES if within(name, "transpiler.pipeline")}
PROCESSES = {"transpiler.worker", "backends.engines.kusto_syntax"}
NOBODY: set[str] = set()
MAY_IMPORT = {
    # pySigma: users' pipelines and the comparison with it, never on the default path
    "sigma": PIPELINES | {"transpiler.compare"},
    # the command line alone talks to a person, and asks the clock
    "typer": CLI,
    "rich": CLI,
    "time": CLI,
    "jinja2": CLI | {name for name in MODULES if within(name, "transpiler.export", "transpiler.catalog")},
    "yaml": {"transpiler.source"},
    # files: loaders, writers and the command line
    "os": CLI | {"transpiler.source", "transpiler.files", "transpiler.events", *PROCESSES},
    "pathlib": CLI | {"transpiler.registry", "transpiler.output", "transpiler.config", *ENGINES},
    # engines run in processes of their own
    "subprocess": PROCESSES,
    # the same text gives the same bytes, and nothing leaves the machine
    **dict.fromkeys(("random", "secrets", "multiprocessing", "asyncio"), NOBODY),
    **dict.fromkeys(("socket", "ssl", "http", "urllib", "requests"), NOBODY),
}
"""Package -> the modules that may import it."""


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_who_may_import_a_package(package: str) -> None:
    found = {module for module in MODULES if any(within(name, package) for name in imports(module))}
    assert found <= MAY_IMPORT[package]


@pytest.mark.parametrize("module", [name for name in MODULES if not within(name, "transpiler.cli")])
def test_only_the_command_line_prints_and_asks_the_clock(module: str) -> None:
    for node in python.walk(syntax(module)):
        if isinstance(node, python.Call) and isinstance(node.func, python.Name):
            assert node.func.id not in ("print", "input", "breakpoint", "exit", "eval", "exec"), module
        if isinstance(node, python.Attribute):
            assert node.attr not in ("now", "utcnow", "today"), module
            own = python.unparse(node) not in ("sys.stdout", "sys.stderr")
            assert own or module == "transpiler.worker", module  # the child's, which its parent reads


@pytest.mark.parametrize("module", MODULES)
def test_a_module_holds_tables_and_definitions(module: str) -> None:
    """No work at import: no call on its own, no try, no with; a loop only over a table's rows."""
    allowed = (python.Import, python.ImportFrom, python.FunctionDef, python.ClassDef, python.Assign, python.AnnAssign)
    for node in syntax(module).body:
        text = python.unparse(node)
        if isinstance(node, python.Expr):
            registered = module == "transpiler.cli.app" and text.startswith(("app.command()", "app.add_typer("))
            assert isinstance(node.value, python.Constant) or registered, text
        elif isinstance(node, python.If):
            program = module == "transpiler.worker" and text.startswith("if __name__ == '__main__':")
            assert text.startswith("if TYPE_CHECKING:") or program, text
        elif isinstance(node, (python.For, python.AugAssign)):
            assert len(text.splitlines()) <= 5, text
        else:
            assert isinstance(node, allowed), text


def test_importing_the_package_costs_nothing() -> None:
    code = "import json, sys, transpiler; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {"yaml", "typer", "rich", "jinja2", "sigma", "asyncio"}
    assert [name for name in json.loads(found.stdout) if within(name, *OURS, *heavy)] == ["transpiler"]


# --- tables ---------------------------------------------------------------------------------------------


def test_every_node_has_a_method() -> None:
    assert set(METHODS) == set(NODES)
    classes = {value for value in vars(ast).values() if hasattr(value, "_fields") and value.__module__ == ast.__name__}
    assert classes - set(NODES) == {ast.Field}


@pytest.mark.parametrize("target", registry.targets())
def test_every_backend_handles_or_refuses_every_node(target: str) -> None:
    backend = registry.backend(target)
    assert issubclass(backend, Visitor)
    assert set(backend._table) == set(NODES)
    assert set(backend.UNSUPPORTED) <= set(NODES)
    assert all(isinstance(why, str) and why for why in backend.UNSUPPORTED.values())


def test_a_backend_without_a_method_is_no_class() -> None:
    with pytest.raises(TypeError, match="neither handles Match nor declares it unsupported"):
        type("Incomplete", (Visitor,), {})


def codes_used() -> Iterator[tuple[str, str]]:
    """Codes as they stand in the sources, and the modules they stand in."""
    for module in set(MODULES) - {"transpiler.codes"}:
        for text in [node.value for node in python.walk(syntax(module)) if isinstance(node, python.Constant)]:
            if isinstance(text, str) and re.fullmatch(r"[A-Z]\d{3}", text):
                yield text, module


def test_every_code_is_explained_and_used() -> None:
    used = dict(codes_used())
    assert not set(used) - set(CODES), "codes that the catalogue does not have"
    assert not set(CODES) - set(used), "codes that nothing says"


STAGES = {
    "S": ["transpiler.source", "transpiler.detection", "transpiler.api", "transpiler.textread"],
    "R": ["transpiler.source", "transpiler.parse", "transpiler.detection"],
    "C": ["transpiler.condition", "transpiler.parse"],
    "M": ["transpiler.modifiers", "transpiler.detection"],
    "F": [
        *("transpiler.schemafile", "transpiler.schemaparts", "transpiler.schemaforms", "transpiler.columns"),
        *("transpiler.mapping", "transpiler.telemetry", "transpiler.api", "transpiler.pipeline", "transpiler.cli"),
        *("transpiler.transforms", "transpiler.filled", "transpiler.prefixed", "transpiler.within"),
    ],
    "P": ["transpiler.pipeline"],
    "T": ["backends", "transpiler.setaside"],
    "V": ["transpiler.events", "transpiler.compare", "transpiler.cli"],
    "U": ["transpiler.registry", "transpiler.files", "transpiler.api", "transpiler.config", "transpiler.cli"],
}


def test_a_code_is_said_by_its_stage() -> None:
    assert not [(code, module) for code, module in codes_used() if not within(module, *STAGES[code[0]])]
