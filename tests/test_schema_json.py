"""docs/schema.schema.json: what editors check is what the loader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.support import corpus
from transpiler.schemaforms import FORMS
from transpiler.schemaparts import PARTS

SCHEMA: dict[str, Any] = json.loads((corpus.ROOT / "docs" / "schema.schema.json").read_text("utf-8"))
FILES = sorted((corpus.ROOT / "backends" / "schemas").rglob("*.yml"))


def plain(node: Any) -> Any:
    """YAML as JSON has it: keys are texts."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    return [plain(each) for each in node] if isinstance(node, list) else node


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_is_valid(path: Path) -> None:
    text = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    found = [
        f"{list(error.path)}: {error.message[:200]}" for error in Draft202012Validator(SCHEMA).iter_errors(plain(text))
    ]
    assert not found


def test_the_examples_of_the_format_are_valid() -> None:
    text = (corpus.ROOT / "docs" / "schema-format.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for each in examples:
        assert not list(Draft202012Validator(SCHEMA).iter_errors(plain(yaml.safe_load(each))))


def test_it_has_the_keys_that_the_loader_has() -> None:
    defined = SCHEMA["$defs"]
    pairs = {
        "a schema": SCHEMA,
        "a column": defined["column"]["anyOf"][1],
        "a log source": defined["logSource"],
        "what is not recorded": SCHEMA["properties"]["not_recorded"]["items"],
        "a telemetry": defined["telemetry"],
        "`others`": defined["others"]["anyOf"][1],
        "a field": defined["field"]["anyOf"][1],
    }
    assert {name: set(part["properties"]) for name, part in pairs.items()} == {
        name: set(keys) for name, keys in PARTS.items()
    }
    assert defined["field"]["anyOf"][1]["properties"]["as"]["enum"] == [*FORMS]


def test_a_wrong_file_is_not_valid() -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors({"name": "x", "colums": {}}))
