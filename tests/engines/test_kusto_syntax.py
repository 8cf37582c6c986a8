"""Microsoft's parser beside the Kusto engine: how it is found and asked, with a stand-in and with the parser itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.engines import kusto_syntax
from backends.engines.kusto import Kusto
from backends.engines.kusto_syntax import PACKAGE, Parser, columns_of, home
from tests.support.corpus import not_run
from tests.vendors import kusto as vendor
from transpiler.engine import Asked, CannotRun, Column

STAND_IN = """
import json, sys
if "no-version" in sys.argv[1]:
    sys.exit(1)
print(json.dumps("1.2.3"), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "die" in asked["text"]:
        sys.exit(1)
    print(json.dumps("Error:\\n" + json.dumps(asked["tables"]) if "bad" in asked["text"] else None), flush=True)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the package seems to be, and a program that speaks as the parser does."""
    package = tmp_path / PACKAGE
    package.mkdir(parents=True)
    (package / "package.json").write_text("{}")
    script = tmp_path / "script.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(kusto_syntax, "SCRIPT", script)
    monkeypatch.setattr(kusto_syntax.shutil, "which", lambda _: sys.executable)
    monkeypatch.setenv("SIGMAQ_NODE_MODULES", str(tmp_path))
    return package


@pytest.fixture
def parser(installed: Path) -> Iterator[Parser]:
    made = Parser()
    assert made.start() == "Kusto.Language 1.2.3"
    yield made
    made.stop()


def test_it_is_asked_with_the_tables(parser: Parser) -> None:
    assert parser.problem("T | where f", {"T": {"f": "string"}}) is None
    assert parser.problem("bad", {"T": {"f": "string"}}) == 'Error:\n{"T": {"f": "string"}}'


def test_its_death_is_told(parser: Parser) -> None:
    with pytest.raises(CannotRun, match="has ended"):
        parser.problem("die", {})
    with pytest.raises(CannotRun, match="has ended"):
        parser.problem("T" * 10_000_000, {})
    parser.stop()
    parser.stop()


def test_it_is_looked_for_where_node_looks(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home() == installed
    monkeypatch.delenv("SIGMAQ_NODE_MODULES")
    monkeypatch.setenv("NODE_PATH", f"/nowhere:{installed.parents[1]}")
    assert home() == installed
    monkeypatch.delenv("NODE_PATH")
    assert home() is None
    with pytest.raises(CannotRun, match="language-service-next is not installed"):
        Parser().start()
    monkeypatch.setattr(kusto_syntax.shutil, "which", lambda _: None)
    with pytest.raises(CannotRun, match="node is not installed"):
        Parser().start(installed)


def test_the_engine_asks_it_first(installed: Path) -> None:
    pytest.importorskip("duckdb_kql")
    engine = Kusto()
    assert engine.start().endswith(", read first by Kusto.Language 1.2.3")
    columns = {"f": Column(), "n": Column("int")}
    assert engine.run(Asked('f == "a"', "kusto", columns), [{"f": "a"}]) == [True]
    with pytest.raises(CannotRun) as caught:
        engine.run(Asked('A\n| where f == "bad"', "kusto", columns), [{"f": "a"}])
    assert str(caught.value) == 'Microsoft\'s parser of Kusto: Error: {"A": {"f": "string", "n": "long"}}'
    engine.stop()


def test_the_engine_runs_without_it(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb_kql")
    installed.rename(installed.with_name("no-version"))
    monkeypatch.setattr(kusto_syntax, "home", lambda: installed.with_name("no-version"))
    engine = Kusto()
    assert "Kusto.Language" not in engine.start()
    assert engine.run(Asked('f == "bad"', "kusto", {"f": Column()}), [{"f": "bad"}]) == [True]
    engine.stop()


def test_types_are_kusto_s() -> None:
    columns = {
        "f": Column(),
        "ip": Column("ip"),
        "r": Column("float"),
        "bag.x": Column("dynamic"),
        "bag.y": Column("dynamic"),
        "a.b": Column("bool"),
    }
    assert columns_of(columns) == {"f": "string", "ip": "string", "r": "real", "bag": "dynamic", "a.b": "bool"}


def test_microsoft_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb_kql")
    monkeypatch.setenv("SIGMAQ_NODE_MODULES", str(vendor.HOME.parents[1]))
    engine = Kusto()
    if "Kusto.Language 12." not in engine.start():
        not_run("Microsoft's parser of Kusto is not installed (tests/vendors/kusto.sh)")
    columns = {"f": Column(), "n": Column("int"), "bag.x": Column("dynamic")}
    assert engine.run(Asked('n == 5 and tostring(bag.x) =~ "a"', "kusto", columns), [{"n": 5, "bag.x": "A"}]) == [True]
    for text in ('other == "a"', 'n contains "5"', 'f == "a'):
        with pytest.raises(CannotRun, match="Microsoft's parser of Kusto"):
            engine.run(Asked(text, "kusto", columns), [{"f": "a"}])
    engine.stop()
