"""Backends and schemas are found by entry point; what cannot be found is said."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from transpiler import registry
from transpiler.api import Compiler
from transpiler.errors import UsageError

CACHES = (registry._backends, registry.backend, registry._schema_files, registry.schema)
TARGETS = ["dsl", "eql", "esql", "kibana", "kusto", "lucene", "splunk"]


@pytest.fixture
def plug_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """What is installed, as a list that a test fills."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(found).select(group=group))
    for cache in CACHES:
        cache.cache_clear()
    yield found
    monkeypatch.undo()
    for cache in CACHES:
        cache.cache_clear()


def backend(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "transpiler.backends")


def code_of(name: str, what: str = "backend") -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        getattr(registry, what)(name)
    found = caught.value.diagnostic
    return found.code, found.hint


def test_what_is_shipped() -> None:
    assert registry.targets() == TARGETS
    assert {"none", "ecs", "splunk", "sentinel", "defender_xdr"} <= set(registry.schemas())
    assert registry.schemas() == sorted(registry.schemas())


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_loads_and_has_schemas(target: str) -> None:
    language = registry.language(target)
    assert language.name == target
    assert registry.backend(target).LANGUAGE is language
    fitting = registry.fitting(target)
    assert fitting[0] == language.schemas[0]
    assert fitting[-1] == "none"
    assert len(set(fitting)) == len(fitting)
    assert all(target in registry.schema(name).targets for name in fitting[:-1])


@pytest.mark.parametrize("target", TARGETS)
def test_only_schemas_that_there_are_are_offered(target: str) -> None:
    wrong = next(name for name in registry.schemas() if name not in registry.fitting(target))
    with pytest.raises(UsageError) as caught:
        Compiler([target], schema=wrong)
    offered = caught.value.diagnostic.hint.removeprefix(f"{target} can use ").split(", ")
    assert offered == registry.fitting(target)
    assert set(offered) <= set(registry.schemas())


UNKNOWN = {"lucen": "did you mean `lucene`?", "Kusto": "did you mean `kusto`?", "sql": None, "": None}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_target(name: str) -> None:
    code, hint = code_of(name)
    assert code == "U801"
    assert UNKNOWN[name] in (None, hint)


@pytest.mark.parametrize("name", ["kql", "KQL"])
def test_kql_is_two_languages(name: str) -> None:
    code, hint = code_of(name)
    assert code == "U804"
    assert "kusto" in hint
    assert "kibana" in hint


def test_an_unknown_schema() -> None:
    assert code_of("esc", "schema") == ("U802", "did you mean `ecs`?")
    assert code_of("nothing of the kind", "schema")[0] == "U802"


def test_two_plug_ins_of_one_name(plug_ins: list[EntryPoint]) -> None:
    plug_ins += [backend("x", "one:X"), backend("x", "two:X")]
    with pytest.raises(UsageError, match=r"U805.*one:X and by two:X"):
        registry.targets()


def test_the_same_plug_in_twice_is_one(plug_ins: list[EntryPoint]) -> None:
    plug_ins += [backend("x", "one:X"), backend("x", "one:X"), backend("a", "b:C")]
    assert registry.targets() == ["a", "x"]


@pytest.mark.parametrize("value", ["no_such_module_at_all:X", "transpiler.ast:NoSuchName"])
def test_a_plug_in_that_does_not_load(plug_ins: list[EntryPoint], value: str) -> None:
    plug_ins.append(backend("x", value))
    assert code_of("x")[0] == "U807"


def test_two_schemas_of_one_name(
    plug_ins: list[EntryPoint], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("one_schemas", "two_schemas"):
        folder = tmp_path_factory.mktemp("site") / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "mine.yml").write_text(f"name: mine\ntitle: {package}\n")
        monkeypatch.syspath_prepend(folder.parent)
        plug_ins.append(EntryPoint(package, package, "transpiler.schemas"))
    with pytest.raises(UsageError, match=r"U805.*`mine`"):
        registry.schemas()
    del plug_ins[1]
    assert registry.schemas() == ["mine"]
    assert registry.schema("mine").title == "one_schemas"


def test_nothing_installed(plug_ins: list[EntryPoint]) -> None:
    assert registry.targets() == registry.schemas() == []
    assert code_of("lucene") == ("U801", "`sigmaq targets` lists the names")
